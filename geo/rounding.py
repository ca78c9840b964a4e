"""Whole people: fractions rounded so that the total of every quarter and of the city stays what it is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import CountError, Faults, IdError
from geo.checks import add_if_any

NOISE = 1e-9
"""Relative difference from a whole number that is rounding noise: 159.99999999999 people are 160."""
REMAINDER_DECIMALS = 9

Floats = NDArray[np.float64]


def round_keeping_totals(
    values: ArrayLike, *, groups: ArrayLike, ids: ArrayLike, limits: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Return whole numbers that add up, group by group, to what the values add up to.

    Parameters
    ----------
    values
        Numbers of people, shape (n,), 0 or more.
    groups
        What totals are kept of, such as the quarter of each piece, shape (n,).
    ids
        One id for each value, shape (n,): they decide between equal remainders, so that the order of rows does not matter.
    limits
        Whole numbers that values should not exceed, shape (n,), such as the rounded people of whom these are a part. Where not
        all can be met, the total of the group comes first. None sets no limits.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64; each value becomes one of the two whole numbers beside it, and a whole one stays.

    Raises
    ------
    CountError
        If values are missing, infinite or negative, or arrays differ in length.
    IdError
        If ids repeat.

    Notes
    -----
    The method of largest remainders, twice. The total of each group is rounded down, and the groups with the largest
    remainders are rounded up until the sum is the total of all values, rounded. Then each value is rounded down, and in each
    group those with the largest remainders are rounded up. Equal remainders (to `REMAINDER_DECIMALS`) go by id. The total of a
    group that is whole is kept exactly; another moves by less than one.

    Examples
    --------
    >>> round_keeping_totals([0.4, 0.4, 0.2, 1.5, 1.5], groups=[1, 1, 1, 2, 2], ids=["a", "b", "c", "d", "e"]).tolist()
    [1, 0, 0, 2, 1]
    """
    numbers, names = np.asarray(values, dtype=np.float64), np.asarray(ids)
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    top = np.full(len(numbers), np.inf) if limits is None else np.asarray(limits, dtype=np.float64)
    _check(numbers, group, names, top)
    if not len(numbers):
        return np.empty(0, dtype=np.int64)
    numbers = _drop_noise(numbers)
    rank = np.argsort(np.argsort(names, kind="stable"), kind="stable")
    totals = _drop_noise(np.array([math.fsum(numbers[group == one]) for one in range(group.max() + 1)]))
    down = np.floor(totals)
    n_up = round(math.fsum(totals)) - int(down.sum())
    totals = down + _choose_largest(
        totals - down, np.zeros(len(totals), dtype=np.intp), np.arange(len(totals)), np.array([n_up])
    )
    low = np.floor(numbers)
    wanted = (totals - np.bincount(group, weights=low)).astype(np.int64)
    up = _choose_largest(numbers - low, group, rank, wanted, is_last=low + 1 > top)
    return (low + up).astype(np.int64)


def _check(numbers: Floats, group: NDArray[np.intp], names: NDArray[np.generic], top: Floats) -> None:
    if not numbers.shape == group.shape == names.shape == top.shape or numbers.ndim != 1:
        shapes = f"{numbers.shape}, {group.shape}, {names.shape} and {top.shape}"
        raise CountError(f"values, groups, ids and limits differ in shape: {shapes}", where="rounding")
    faults = Faults()
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    add_if_any(faults, CountError, "values are missing, infinite or negative", where="rounding", examples=names[wrong])
    unique, times = np.unique(names, return_counts=True)
    add_if_any(faults, IdError, "ids repeat", where="rounding", examples=unique[times > 1])
    faults.raise_if_any()


def _drop_noise(numbers: Floats) -> Floats:
    whole = np.rint(numbers)
    return np.where(np.abs(numbers - whole) <= NOISE * np.maximum(1.0, whole), whole, numbers)


def _choose_largest(
    remainders: Floats,
    group: NDArray[np.intp],
    rank: NDArray[np.intp],
    wanted: NDArray[np.int64],
    *,
    is_last: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Return which values are rounded up: in each group as many as are wanted, those with the largest remainders."""
    late = np.zeros(len(remainders), dtype=bool) if is_last is None else is_last
    order = np.lexsort((rank, -np.round(remainders, REMAINDER_DECIMALS), late, remainders <= 0, group))
    starts = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=len(wanted)))[:-1]])
    place = np.arange(len(order)) - starts[group[order]]
    chosen = np.zeros(len(remainders), dtype=bool)
    chosen[order] = place < wanted[group[order]]
    return chosen
