"""Sites and prices to begin from in a case with capacities: those of the same case without them, which is quickly bounded.

Notes
-----
The prices of the rows prove a bound of the case without capacities; with them each site gains no more at the same prices, so
the bound of the case is no lower.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimize.capacity_case import CapacityCase
from optimize.fixed_charge_bounds import narrow_charge
from optimize.interchange import add_greedily, interchange
from optimize.lagrange import narrow
from optimize.siting import Siting


def start_without_capacities(
    case: CapacityCase, *, least: int, most: int, deadline: float | None
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return free sites of a good plan without capacities, ascending, and a price of each row, shape (n_rows,).

    Parameters
    ----------
    case
        The case.
    least, most
        How many of the free sites a plan opens.
    deadline
        Moment of `time.monotonic` at which to stop.
    """
    if least == most and not case.open_cost[: case.n_free].any():
        siting = _without_capacities(case, n_open=most)
        left, bounds = narrow(siting, deadline=deadline)
        return left.rank[bounds.plan], bounds.price
    cost = case.open_cost[: case.n_free]
    left, _, charge = narrow_charge(_without_capacities(case, n_open=0), cost, deadline=deadline)
    chosen = left.rank[charge.plan]
    if not least <= chosen.size <= most:
        siting = _without_capacities(case, n_open=min(max(chosen.size, least), most))
        chosen = interchange(siting, add_greedily(siting), deadline=deadline)
    return chosen, charge.price


def _without_capacities(case: CapacityCase, *, n_open: int) -> Siting:
    """Return the case without capacities; what is open in every plan serves at no more than it costs there."""
    largest = np.where(case.is_must, 0.0, case.unserved_cost)
    np.maximum.at(largest, case.pair_row, case.pair_cost)
    scale = float(np.sort(largest).sum())
    base = np.where(case.is_must, 2.0 * scale, case.unserved_cost)
    is_given = case.pair_site >= case.n_free
    np.minimum.at(base, case.pair_row[is_given], case.pair_cost[is_given])
    gains = ~is_given & (case.pair_cost < base[case.pair_row])
    row, site, cost = case.pair_row[gains], case.pair_site[gains], case.pair_cost[gains]
    order = np.lexsort((row, site))
    return Siting(
        n_open=n_open,
        rank=np.arange(case.n_free),
        pair_site=site[order],
        pair_row=row[order],
        pair_cost=cost[order],
        unserved_cost=base,
        is_must=np.zeros(case.n_rows, dtype=np.bool_),
        constant=0.0,
        scale=max(scale, np.finfo(np.float64).tiny),
    )
