"""The Adjusted Mazziotta-Pareto Index of shares that are shrunk towards their quarter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.errors import CountError, Faults
from data.risk import RiskFactor

Floats = NDArray[np.float64]
LOWEST, HIGHEST = 70.0, 130.0
"""The scale of the index: the goalposts of each factor stand at its ends."""


def shrink_shares(numerator: Floats, denominator: Floats, group: NDArray[np.intp]) -> Floats:
    """Return shares drawn towards the share of their group by as much as chance makes them uncertain.

    Parameters
    ----------
    numerator, denominator
        Counts of each unit, shape (n_units,); somewhere the denominator is above 0.
    group
        Group of each unit, as whole numbers from 0; shape (n_units,).

    Returns
    -------
    numpy.ndarray
        Shape (n_units,), in [0, 1]. A unit without a denominator has the share of its group, a group without one that of all.

    Notes
    -----
    Empirical Bayes by moments, in two steps of the same form: groups towards all, then units towards their shrunk group.
    With share p = y/n of a unit, m of its group, and A the variance of true shares within groups, common to all groups:
    shrunk = m + A / (A + m(1−m)/n) · (p − m), and
    A = max(0, (Σ n(p−m)² − Σ m(1−m)) / (Σ n − Σ_g Σ n² / Σ n)), in which Σ m(1−m) counts each group one unit less.
    A is common to all groups because many have too few units for a variance of their own.

    References
    ----------
    Marshall, R. J. (1991): Mapping disease and mortality rates using empirical Bayes estimators. Applied Statistics 40(2),
    283–294. doi:10.2307/2347593.
    """
    n_groups = int(group.max()) + 1
    group_numerator = np.bincount(group, weights=numerator, minlength=n_groups).astype(np.float64)
    group_denominator = np.bincount(group, weights=denominator, minlength=n_groups).astype(np.float64)
    whole = np.full(n_groups, numerator.sum() / denominator.sum())
    targets = _shrink(group_numerator, group_denominator, whole, group=np.zeros(n_groups, dtype=np.intp))
    return _shrink(numerator, denominator, targets[group], group=group)


def _shrink(numerator: Floats, denominator: Floats, target: Floats, *, group: NDArray[np.intp]) -> Floats:
    has_any = denominator > 0
    share = np.divide(numerator, denominator, out=target.copy(), where=has_any)
    variance = _variance_within(share, denominator, group=group)
    chance = np.divide(target * (1 - target), denominator, out=np.full(len(share), np.inf), where=has_any)
    # Where neither chance nor truth varies every share is its target.
    keep = np.divide(variance, variance + chance, out=np.zeros(len(share)), where=variance + chance > 0)
    return np.asarray(target + keep * (share - target), dtype=np.float64)


def _variance_within(share: Floats, denominator: Floats, *, group: NDArray[np.intp]) -> float:
    """Return the variance of true shares within groups, by moments; 0 where chance alone explains the differences."""
    total = np.bincount(group, weights=denominator)
    mean = np.divide(np.bincount(group, weights=denominator * share), total, out=np.zeros(len(total)), where=total > 0)
    seen = float((denominator * (share - mean[group]) ** 2).sum())
    n_units = np.bincount(group, weights=denominator > 0)
    by_chance = float((mean * (1 - mean) * np.maximum(n_units - 1, 0)).sum())
    squares = np.bincount(group, weights=denominator**2)
    free = float((total - np.divide(squares, total, out=np.zeros(len(total)), where=total > 0)).sum())
    # One unit a group leaves rounding noise here, and no variance to measure.
    return max(0.0, (seen - by_chance) / free) if free > 1e-9 * float(total.sum()) else 0.0


def normalise_share(share: Floats, *, low: float, high: float, direction: int) -> Floats:
    """Return a share on the scale of the index: 70 at the goalpost of least risk, 130 at that of most, clipped to both.

    Examples
    --------
    >>> normalise_share(np.array([0.0, 0.1, 0.9]), low=0.0, high=0.2, direction=1)
    array([ 70., 100., 130.])
    """
    part = np.clip((share - low) / (high - low), 0.0, 1.0)
    return LOWEST + (HIGHEST - LOWEST) * (part if direction > 0 else 1.0 - part)


def score_factors(numerator: Floats, denominator: Floats, group: NDArray[np.intp], factors: Sequence[RiskFactor]) -> Floats:
    """Return each factor of each unit on the scale of the index.

    Parameters
    ----------
    numerator, denominator
        Counts, shape (n_units, n_factors).
    group
        Quarter of each unit, as whole numbers from 0.

    Returns
    -------
    numpy.ndarray
        Shape (n_units, n_factors), 70 to 130; more is a higher risk.

    Raises
    ------
    CountError
        If a factor has nobody in its denominator, more in its numerator somewhere, or the same score everywhere: all at once.
    """
    scores = np.empty_like(numerator)
    faults = Faults()
    for column, factor in enumerate(factors):
        above, below = numerator[:, column], denominator[:, column]
        where = f"risk factor {factor.key}"
        if (above > below).any():
            what = f"shares above 1 in {int((above > below).sum())} sections"
            faults.add(CountError(what, where=where, remedy="Its numerator must be a part of its denominator"))
        elif not below.sum() > 0:
            faults.add(CountError("nobody is in the denominator", where=where, remedy="Switch it off, or fill its columns"))
        else:
            share = shrink_shares(above, below, group)
            scores[:, column] = normalise_share(share, low=factor.low, high=factor.high, direction=factor.direction)
            if np.ptp(scores[:, column]) == 0:
                what = f"is the same everywhere: share {share[0]:.3g}, goalposts {factor.low:g} and {factor.high:g}"
                faults.add(CountError(what, where=where, remedy="Switch it off: it tells no place from another"))
    faults.raise_if_any()
    return scores


def ampi(scores: Floats, weights: Floats) -> Floats:
    """Return the Adjusted Mazziotta-Pareto Index with positive penalty (AMPI+), for what is worse the higher it is.

    Parameters
    ----------
    scores
        Factors on the scale of the index, shape (…, n_factors), 70 to 130.
    weights
        Weights of the factors, 0 or more, shape (n_factors,) or one row of them per draw, shape (n_draws, n_factors); they
        are made to sum to 1.

    Returns
    -------
    numpy.ndarray
        Shape (…,), or (n_draws, …) for weights per draw.

    Notes
    -----
    AMPI+ = M + S·cv with M the mean of the scores, S their standard deviation over the factors and cv = S/M: of two places of
    equal mean the one with the more uneven factors has the higher risk. A higher score never lowers it: the derivative by
    score x of weight w is w (1 + 2(x−M)/M − S²/M²); as S² ≤ (M−70)(130−M) and x ≥ 70 the bracket is at least
    (9100 − 60 M)/M², above 0 for every M ≤ 130.

    References
    ----------
    Mazziotta, M., Pareto, A. (2016): On a generalized non-compensatory composite index for measuring socio-economic phenomena.
    Social Indicators Research 127(3), 983–1003. doi:10.1007/s11205-015-0998-2.

    Examples
    --------
    >>> ampi(np.array([[100.0, 100.0], [90.0, 110.0]]), np.array([1.0, 1.0]))
    array([100., 101.])
    """
    share = weights / weights.sum(axis=-1, keepdims=True)
    mean = share @ np.moveaxis(scores, -1, 0).reshape(scores.shape[-1], -1)
    square = share @ np.moveaxis(scores**2, -1, 0).reshape(scores.shape[-1], -1)
    variance = np.maximum(square - mean**2, 0.0)
    shape = (*weights.shape[:-1], *scores.shape[:-1])
    return np.asarray(np.reshape(mean + variance / mean, shape), dtype=np.float64)
