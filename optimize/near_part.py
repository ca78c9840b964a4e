"""The near part of a problem: for bounds and searches, what a row can cost is capped, and pairs beyond the cap are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.interchange import two_nearest
from optimize.siting import Siting

ROOM = 1.5
"""How much dearer than the second nearest site of a plan a pair may be, to be still near."""

AT_CAP = 0.999
"""Share of the cap from which on a price would go higher if it could."""


def near_cap(siting: Siting, plan: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return up to what cost a site is near each row, shape (n_rows,), by what is second nearest in a good plan.

    Notes
    -----
    A row whose two nearest sites cost nothing has no measure of what is near: all its sites are.
    """
    if not siting.pair_cost.any():
        return siting.unserved_cost
    _, _, second = two_nearest(siting, plan)
    return np.where(second > 0, np.minimum(ROOM * second, siting.unserved_cost), siting.unserved_cost)


def raised_cap(siting: Siting, cap: NDArray[np.float64], price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cap, doubled for the rows whose price it holds down."""
    return np.where(price >= AT_CAP * cap, np.minimum(2.0 * cap, siting.unserved_cost), cap)


def near_part(siting: Siting, cap: NDArray[np.float64]) -> Siting:
    """Return a problem with fewer pairs in which no plan costs more than in the whole one.

    Parameters
    ----------
    siting
        The whole problem.
    cap
        What each row costs at most in the near part, shape (n_rows,), no more than it costs unserved.

    Notes
    -----
    What undercuts every plan of the near part undercuts every plan of the whole. And as prices above the cap are not
    asked for, the pairs left out are worth nothing at them: the bound is that of the whole problem at the same prices.
    """
    is_near = siting.pair_cost < cap[siting.pair_row]
    if is_near.all() and np.array_equal(cap, siting.unserved_cost):
        return siting
    return replace(
        siting,
        pair_site=siting.pair_site[is_near],
        pair_row=siting.pair_row[is_near],
        pair_cost=siting.pair_cost[is_near],
        unserved_cost=cap,
        is_must=siting.is_must & (cap >= siting.unserved_cost),
    )
