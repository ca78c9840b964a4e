"""The rules of a release: the least count, how numbers are rounded, and what an outsider then knows of each.

The rule of protection is one: **a part with people, but with fewer than the minimum count, is protected when all that is
released leaves an interval for it that is at least as wide as the minimum count.** As no count is negative, the part may then
be as large as the minimum count itself: nobody can tell it from one that need not be hidden. This is the sliding protection
level of cell suppression with the minimum count as its value.

References
----------
Fischetti, M. and Salazar, J. J. (2001). Solving the cell suppression problem on tabular data with linear constraints.
Management Science 47(7), 1008-1027. doi:10.1287/mnsc.47.7.1008.9832

Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley. doi:10.1002/9781118348239
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import ScenarioError

Floats = NDArray[np.float64]

DEFAULT_MIN_COUNT = 10
LEAST_MIN_COUNT, LARGEST_MIN_COUNT = 3, 1_000
"""Three is the least threshold that the code of conduct of the Italian statistical system allows (docs/need.md)."""
RATE_BREAKS = (0.0, 0.025, 0.05, 0.075, 0.10, 0.15, 0.20, 0.30, 0.50, 1.0)
"""Ends of the classes in which a modelled rate is released."""
SHARE_STEP = 0.05
"""Shares of need beyond the cutoff go out in steps of this."""


@dataclass(frozen=True)
class Rules:
    """The rules of one release.

    Parameters
    ----------
    min_count
        People of the base group below which a figure is not released.
    """

    min_count: int = DEFAULT_MIN_COUNT

    def __post_init__(self) -> None:
        """Check the minimum count.

        Raises
        ------
        ScenarioError
            If it is out of bounds.
        """
        if not LEAST_MIN_COUNT <= self.min_count <= LARGEST_MIN_COUNT:
            what = f"a minimum count of {self.min_count} is not from {LEAST_MIN_COUNT} to {LARGEST_MIN_COUNT}"
            raise ScenarioError(what, where="--min-count", remedy="Ten is usual")

    @property
    def step(self) -> float:
        """Return to what multiples counts of squares, quarters and districts are rounded: half of the minimum count."""
        return self.min_count / 2

    @property
    def city_step(self) -> float:
        """Return to what multiples counts of the city are rounded, which are never hidden: a 0 may be a minimum count."""
        return 2.0 * self.min_count

    @property
    def hidden_most(self) -> float:
        """Return what a hidden square holds at most: those hidden with others, so that none is alone, are no larger."""
        return 2.0 * self.min_count

    def coarse_step(self, total: float) -> float:
        """Return to what multiples counts go out whose region the plan folder does not hold: a hundredth of the city."""
        return float(max(10.0 * self.min_count, np.ceil(total / 100.0)))

    def is_small(self, people: Floats) -> NDArray[np.bool_]:
        """Return which counts have people, but fewer than the minimum count."""
        return (people > TINY) & (people < self.min_count - TINY)


TINY = 1e-4
"""People: counts are written to six decimals, and sums of many are off by less than this."""


def round_count(people: Floats, step: float) -> Floats:
    """Return counts rounded to multiples of a step, halves up.

    Examples
    --------
    >>> round_count(np.array([0.0, 12.4, 12.5]), 5.0)
    array([ 0., 10., 15.])
    """
    return np.asarray(np.floor(people / step + 0.5) * step, dtype=np.float64)


def known_bounds(value: Floats, step: float, *, least: float = 0.0) -> tuple[Floats, Floats]:
    """Return between what counts an outsider knows the true ones to lie, of which a rounded one is released.

    Parameters
    ----------
    value
        Released counts.
    step
        To what multiples they were rounded.
    least
        The smallest count, beside none at all, that is not hidden; 0 where none is hidden. A released 0 is then exact.

    Examples
    --------
    >>> low, high = known_bounds(np.array([0.0, 10.0, 15.0]), 5.0, least=10.0)
    >>> low.tolist(), high.tolist()
    ([0.0, 10.0, 12.5], [0.0, 12.5, 17.5])
    """
    low, high = np.maximum(value - step / 2, least), value + step / 2
    is_exact = (value == 0) & (least > 0)
    return np.where(is_exact, 0.0, low), np.where(is_exact, 0.0, high)


def rate_class(rate: Floats) -> Floats:
    """Return the middle of the class of each rate; NaN stays.

    Examples
    --------
    >>> rate_class(np.array([0.081, 0.149, np.nan])).round(4).tolist()
    [0.0875, 0.125, nan]
    """
    breaks = np.array(RATE_BREAKS)
    position = np.clip(np.searchsorted(breaks, rate, side="right") - 1, 0, len(breaks) - 2)
    middle = (breaks[position] + breaks[position + 1]) / 2
    return np.where(np.isnan(rate), np.nan, middle)
