"""How much of a demand point's weight a site covers by its impedance: in steps, along a line, or along a smooth curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from data.errors import Faults, ProblemError


@dataclass(frozen=True, kw_only=True)
class StepDecay:
    """A share within each of some limits, and none beyond the last.

    Parameters
    ----------
    steps
        Pairs of a limit in seconds and the share in (0, 1] within it; limits ascend and shares descend. At the limit itself
        the share still holds.

    Raises
    ------
    ProblemError
        The steps are not what this docstring asks for.

    Examples
    --------
    >>> StepDecay(steps=((300.0, 1.0), (600.0, 0.5))).share(np.array([300.0, 301.0, 601.0])).tolist()
    [1.0, 0.5, 0.0]
    """

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        limits, shares = [limit for limit, _ in self.steps], [share for _, share in self.steps]
        is_sound = all(math.isfinite(limit) and limit >= 0 for limit in limits) and all(0 < share <= 1 for share in shares)
        if not limits or not is_sound or sorted(set(limits)) != limits or sorted(set(shares), reverse=True) != shares:
            what = f"the steps {self.steps!r} are not ascending seconds ≥ 0 with descending shares in (0, 1]"
            raise ProblemError(what, where="decay.steps")

    def share(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share at each impedance, in [0, 1]."""
        limits = np.array([limit for limit, _ in self.steps])
        shares = np.array([*(share for _, share in self.steps), 0.0])
        return shares[np.searchsorted(limits, seconds, side="left")]


@dataclass(frozen=True, kw_only=True)
class LinearDecay:
    """All within one limit, nothing from another on, along a line between.

    Parameters
    ----------
    full_s, zero_s
        Seconds up to which all is covered, and from which nothing is; 0 ≤ full < zero.

    Raises
    ------
    ProblemError
        The limits are not what this docstring asks for.

    Examples
    --------
    >>> LinearDecay(full_s=300.0, zero_s=900.0).share(np.array([300.0, 600.0, 900.0])).tolist()
    [1.0, 0.5, 0.0]
    """

    full_s: float
    zero_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.full_s < self.zero_s < math.inf:
            what = f"full_s = {self.full_s!r} and zero_s = {self.zero_s!r} are not seconds with 0 ≤ full_s < zero_s"
            raise ProblemError(what, where="decay")

    def share(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share at each impedance, in [0, 1]."""
        return np.clip((self.zero_s - seconds) / (self.zero_s - self.full_s), 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class LogisticDecay:
    """A share of 1 / (1 + exp((t − middle) / spread)): half at the middle, never all and never nothing.

    Parameters
    ----------
    middle_s
        Seconds at which half is covered, ≥ 0.
    spread_s
        Seconds over which the share falls, > 0: from 0.73 one spread before the middle to 0.27 one after.

    Raises
    ------
    ProblemError
        A value is not what this docstring asks for; `FaultsError` where both are not.

    Examples
    --------
    >>> LogisticDecay(middle_s=600.0, spread_s=60.0).share(np.array([540.0, 600.0, 660.0])).round(2).tolist()
    [0.73, 0.5, 0.27]
    """

    middle_s: float
    spread_s: float

    def __post_init__(self) -> None:
        faults = Faults()
        if not 0 <= self.middle_s < math.inf:
            faults.add(ProblemError(f"{self.middle_s!r} is no number of seconds ≥ 0", where="decay.middle_s"))
        if not 0 < self.spread_s < math.inf:
            faults.add(ProblemError(f"{self.spread_s!r} is no number of seconds > 0", where="decay.spread_s"))
        faults.raise_if_any()

    def share(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share at each impedance, in [0, 1]."""
        return np.asarray(expit((self.middle_s - seconds) / self.spread_s), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class PowerDecay:
    """All within one limit, and (limit / t) to a power beyond it: never nothing.

    Parameters
    ----------
    full_s
        Seconds up to which all is covered, > 0.
    exponent
        The power, > 0: the larger, the faster the share falls.

    Raises
    ------
    ProblemError
        A value is not what this docstring asks for; `FaultsError` where both are not.

    Examples
    --------
    >>> PowerDecay(full_s=300.0, exponent=2.0).share(np.array([0.0, 300.0, 600.0])).tolist()
    [1.0, 1.0, 0.25]
    """

    full_s: float
    exponent: float

    def __post_init__(self) -> None:
        faults = Faults()
        if not 0 < self.full_s < math.inf:
            faults.add(ProblemError(f"{self.full_s!r} is no number of seconds > 0", where="decay.full_s"))
        if not 0 < self.exponent < math.inf:
            faults.add(ProblemError(f"{self.exponent!r} is no power > 0", where="decay.exponent"))
        faults.raise_if_any()

    def share(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share at each impedance, in [0, 1]."""
        return np.asarray((self.full_s / np.maximum(seconds, self.full_s)) ** self.exponent, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class ExponentialDecay:
    """A share of exp(−t / scale): all at the site itself, and never nothing.

    Parameters
    ----------
    scale_s
        Seconds over which the share falls to 0.37 of what it was, > 0.

    Raises
    ------
    ProblemError
        The scale is not what this docstring asks for.

    Examples
    --------
    >>> ExponentialDecay(scale_s=600.0).share(np.array([0.0, 600.0])).round(2).tolist()
    [1.0, 0.37]
    """

    scale_s: float

    def __post_init__(self) -> None:
        if not 0 < self.scale_s < math.inf:
            raise ProblemError(f"{self.scale_s!r} is no number of seconds > 0", where="decay.scale_s")

    def share(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share at each impedance, in [0, 1]."""
        return np.asarray(np.exp(-np.asarray(seconds) / self.scale_s), dtype=np.float64)


Decay: TypeAlias = StepDecay | LinearDecay | LogisticDecay | PowerDecay | ExponentialDecay
