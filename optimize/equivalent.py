"""The equally distributed equivalent of impedances, and costs whose sum says the same without ever overflowing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import ProblemError

LARGEST_EXPONENT = 600.0
"""Of a cost that is still a number when it is multiplied by a weight; what costs so much serves nobody."""

SMALLEST_SHARE = 1e-13
"""Which part of the costs of a known plan the rows may lose in all: smaller ones are nothing, far below every tolerance."""


def aversion_per_s(seconds: NDArray[np.float64], weight: NDArray[np.float64], *, epsilon: float) -> float:
    """Return the aversion per second that a number without a unit stands for, by the impedances of a plan to compare with.

    Parameters
    ----------
    seconds, weight
        Impedance of each demand point in that plan, such as today's, and its weight, shape (n_demand,).
    epsilon
        Aversion without a unit, above 0; 1 is usual in the literature.

    Raises
    ------
    ProblemError
        The aversion is no number above 0, or all impedances are 0.

    Notes
    -----
    κ = ε Σ w s / Σ w s², as in the paper. Plans can only be compared at the same κ.

    Examples
    --------
    >>> aversion_per_s(np.array([300.0, 900.0]), np.array([1.0, 1.0]), epsilon=1.0) == 1200 / 900_000
    True
    """
    if not 0 < epsilon < math.inf:
        raise ProblemError(f"{epsilon!r} is no number above 0", where="epsilon")
    squares = math.fsum(weight * seconds * seconds)
    if squares == 0:
        raise ProblemError("all impedances are 0", where="seconds", remedy="Give the aversion per second itself")
    return epsilon * math.fsum(weight * seconds) / squares


def equivalent_s(seconds: NDArray[np.float64], weight: NDArray[np.float64], *, aversion: float) -> float:
    """Return the equally distributed equivalent of impedances, in seconds.

    Parameters
    ----------
    seconds, weight
        Impedances and weights, shape (n,); at least one weight is not 0.
    aversion
        Per second.

    Examples
    --------
    >>> round(equivalent_s(np.array([0.0, 600.0]), np.array([1.0, 1.0]), aversion=1 / 600), 3)
    372.069
    """
    counts = weight > 0
    seconds, share = seconds[counts], weight[counts] / math.fsum(weight)
    worst_s = float(seconds.max())
    return worst_s + math.log1p(math.fsum(share * np.expm1(aversion * (seconds - worst_s)))) / aversion


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """How impedances become costs, and back.

    Parameters
    ----------
    aversion
        Per second.
    reference_s
        The impedance that costs 1, ≥ 0.
    total
        Sum of the weights.
    limit
        What a demand point may cost in a plan as good as one that is known; infinite where none is.
    """

    aversion: float
    reference_s: float
    total: float
    limit: float = math.inf

    def cost(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a unit of weight costs at each impedance."""
        if self.reference_s == 0:
            return np.expm1(np.minimum(self.aversion * seconds, LARGEST_EXPONENT))
        steep = np.exp(np.minimum(self.aversion * (seconds - self.reference_s), LARGEST_EXPONENT))
        return np.asarray(steep * np.expm1(-self.aversion * seconds) / math.expm1(-self.aversion * self.reference_s))

    def counted_cost(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return that cost, and nothing where it is so small that it cannot matter."""
        cost = self.cost(seconds)
        whole = self.total if math.isinf(self.limit) else self.limit
        return np.where(cost < SMALLEST_SHARE * whole / self.total, 0.0, cost)

    def equivalent_s(self, cost: float) -> float:
        """Return the equally distributed equivalent of a sum of costs."""
        exponent, mean = self.aversion * self.reference_s, max(cost, 0.0) / self.total
        if exponent < 1:
            return math.log1p(mean * (math.expm1(exponent) if exponent > 0 else 1.0)) / self.aversion
        inner = math.exp(-exponent) - mean * math.expm1(-exponent)
        return self.reference_s + math.log(max(inner, math.ulp(0.0))) / self.aversion
