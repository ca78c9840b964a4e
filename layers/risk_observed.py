"""Observed rates of quarters: what they must be to be compared with an estimate, or to fit one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import CountError, Faults, IdError
from layers.risk_totals import find_rate_fault
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ObservedRates:
    """Rates of quarters that somebody counted.

    Parameters
    ----------
    definition
        Key of the definition that they count by.
    nil
        Quarter of each rate, shape (n_areas,).
    rate
        Shares in [0, 1].
    n
        People that each rate is of; NaN where that is not said, and all people of the base are meant.
    """

    definition: str
    nil: NDArray[np.int64]
    rate: Floats
    n: Floats

    def take(self, rows: NDArray[np.intp]) -> ObservedRates:
        """Return some of the rates."""
        return ObservedRates(self.definition, self.nil[rows], self.rate[rows], self.n[rows])


def check_observed(observed: ObservedRates, units: RiskUnits) -> None:
    """Check that observed rates can be held against units.

    Raises
    ------
    CountError
        If they are of another definition, outside [0, 1] or perhaps in percent, of a quarter where nobody of the base
        lives, or of no people; all faults at once.
    IdError
        If a quarter is unknown to the city, or stands twice.
    """
    faults = Faults()
    if observed.definition != units.definition.key:
        what = f"rates count by {observed.definition!r}, while {units.definition.key!r} is estimated"
        faults.add(CountError(what, where="observed", remedy="Rates of different definitions are never mixed"))
    known = np.isin(observed.nil, units.zones)
    if not known.all():
        unknown = observed.nil[~known].tolist()
        what = "areas do not overlap the city: it has no such quarters"
        faults.add(IdError(what, where="observed", n=len(unknown), examples=unknown))
    ids, times = np.unique(observed.nil, return_counts=True)
    if (times > 1).any():
        faults.add(IdError("quarters stand twice", where="observed", examples=ids[times > 1].tolist()))
    wrong = [nil for nil, rate in zip(observed.nil.tolist(), observed.rate.tolist(), strict=True) if not 0 <= rate <= 1]
    if wrong:
        first = next(rate for rate in observed.rate.tolist() if not 0 <= rate <= 1)
        fault = find_rate_fault(first, "observed")
        said, remedy = (fault.what, fault.remedy) if fault else ("", None)
        faults.add(CountError(f"{said}; quarters", where="observed", n=len(wrong), examples=wrong, remedy=remedy))
    unusable = [
        f"{nil}: {n:g}" for nil, n in zip(observed.nil, observed.n, strict=True) if not (np.isnan(n) or 1 <= n < np.inf)
    ]
    if unusable:
        faults.add(CountError("rates are of less than one person", where="observed", n=len(unusable), examples=unusable))
    base = dict(zip(units.zones.tolist(), units.zone_base.tolist(), strict=True))
    empty = [nil for nil in observed.nil.tolist() if base.get(nil, 1.0) <= 0]
    if empty:
        what, remedy = "rates of quarters where nobody of the base lives", "Leave these rows out, or look at their quarters"
        faults.add(CountError(what, where="observed", n=len(empty), examples=empty, remedy=remedy))
    faults.raise_if_any()
