"""A good plan and a bound where sites have a cost and their number is free, and the sites and pairs that both rule out.

Notes
-----
With prices :math:`λ_i` of the rows no plan costs less than :math:`Σ_i λ_i − Σ_j max(0, ρ_j − f_j)`, where site :math:`j` gains
:math:`ρ_j = Σ_i max(0, λ_i − c_ij)`. The rest is as in `optimize.lagrange`, but that a site stands for itself: it is in no
optimal plan where what it costs more than it gains passes the gap.

References
----------
Erlenkotter (1978), A dual-based procedure for uncapacitated facility location, Operations Research 26: 992-1009,
doi:10.1287/opre.26.6.992. Geoffrion (1974), doi:10.1007/BFb0120690. Teitz, Bart (1968), doi:10.1287/opre.16.5.955.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.interchange import swap_savings, two_nearest
from optimize.siting import Siting, restrict

MOST_STEPS = 1_000
STEPS_PER_PLAN = 25
STEPS_WITHOUT_GAIN = 20
STEP_SHRINK = 0.7
SMALLEST_STEP = 1e-3
DEFLECTION = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class ChargeBounds:
    """The best plan met, and the prices of the best bound.

    Parameters
    ----------
    plan
        Positions of the open sites, ascending.
    upper, lower
        What the plan costs, and what no plan can undercut.
    price
        The prices that prove it, shape (n_rows,).
    """

    plan: NDArray[np.intp]
    upper: float
    lower: float
    price: NDArray[np.float64]


def plan_cost(siting: Siting, cost: NDArray[np.float64], plan: NDArray[np.intp]) -> float:
    """Return what a plan costs, its sites included."""
    return siting.value(plan) + float(cost[plan].sum())


def narrow_charge(
    siting: Siting, cost: NDArray[np.float64], *, deadline: float | None
) -> tuple[Siting, NDArray[np.float64], ChargeBounds]:
    """Return the problem without sites and pairs that serve in no optimal plan, the costs that are left, and the bounds.

    Parameters
    ----------
    siting, cost
        The travel, and what opening each site costs, shape (n_sites,).
    deadline
        Moment of `time.monotonic` at which to stop; the result is valid, only less narrow.
    """
    bounds = _climb(siting, cost, _first_bounds(siting, cost, deadline), deadline=deadline)
    net = _worth(siting, bounds.price) - cost
    gap = bounds.upper - bounds.lower + 2 * siting.tolerance
    kept = np.minimum(net, 0.0) >= -gap
    kept[bounds.plan] = True  # as the bound says too, but for the rounding of sums
    narrowed = restrict(siting, kept, limit=bounds.price + gap)
    return narrowed, cost[kept], replace(bounds, plan=(np.cumsum(kept) - 1)[bounds.plan])


def improve_plan(
    siting: Siting, cost: NDArray[np.float64], plan: NDArray[np.intp], *, deadline: float | None
) -> NDArray[np.intp]:
    """Return the plan after the best of opening, closing and swapping sites, repeated until none saves anything."""
    current = plan.copy()
    while not (deadline is not None and time.monotonic() >= deadline):
        opening = _opening_savings(siting, cost, current)
        best_site = int(np.argmax(opening))
        saving, change = float(opening[best_site]), np.append(current, best_site)
        if current.size:
            nearest, place, second = two_nearest(siting, current)
            closing = cost[current] - np.bincount(place, weights=second - nearest, minlength=current.size)
            worst = int(np.argmax(closing))
            if closing[worst] > saving:
                saving, change = float(closing[worst]), np.delete(current, worst)
            swaps = swap_savings(siting, current) + cost[current] - cost[:, None]
            site, at = divmod(int(np.argmax(swaps)), current.size)
            if swaps[site, at] > saving:
                saving, change = float(swaps[site, at]), np.append(np.delete(current, at), site)
        if saving <= siting.tolerance:
            break
        current = change
    return np.sort(current)


def _opening_savings(siting: Siting, cost: NDArray[np.float64], plan: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what opening each site besides saves, shape (n_sites,)."""
    row_cost = siting.row_cost(plan)
    saving = siting.sum_by_site(np.maximum(row_cost[siting.pair_row] - siting.pair_cost, 0.0)) - cost
    saving[plan] = -np.inf
    return np.asarray(saving)


def _first_bounds(siting: Siting, cost: NDArray[np.float64], deadline: float | None) -> ChargeBounds:
    """Return the plan that improving nothing finds, and prices between its nearest and second nearest site."""
    plan = improve_plan(siting, cost, np.zeros(0, dtype=np.intp), deadline=deadline)
    nearest, _, second = two_nearest(siting, plan)
    farthest = np.minimum(second, 2.0 * nearest + siting.tolerance)  # an unserved row's penalty is no price to begin from
    return ChargeBounds(
        plan=plan, upper=plan_cost(siting, cost, plan), lower=-np.inf, price=np.clip((nearest + farthest) / 2, 0.0, second)
    )


def _worth(siting: Siting, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each site gains at the prices, shape (n_sites,)."""
    return siting.sum_by_site(np.maximum(price[siting.pair_row] - siting.pair_cost, 0.0))


def _climb(siting: Siting, cost: NDArray[np.float64], best: ChargeBounds, *, deadline: float | None) -> ChargeBounds:
    """Return the bounds after steps along the deflected slope."""
    price, direction, stalled, step = best.price, np.zeros(siting.n_rows), 0, 1.0
    tried = {best.plan.tobytes()}
    for count in range(MOST_STEPS):
        net = _worth(siting, price) - cost
        opened = np.flatnonzero(net > 0)
        lower = siting.constant + float(price.sum()) - float(net[opened].sum())
        if count % STEPS_PER_PLAN == 0 and opened.tobytes() not in tried:
            tried.add(opened.tobytes())
            plan = improve_plan(siting, cost, opened, deadline=deadline)
            if plan_cost(siting, cost, plan) < best.upper:
                best = replace(best, plan=plan, upper=plan_cost(siting, cost, plan))
        stalled = 0 if lower > best.lower + 1e-4 * (best.upper - best.lower) else stalled + 1
        if lower > best.lower:
            best = replace(best, lower=lower, price=price)
        is_past = deadline is not None and time.monotonic() >= deadline
        if is_past or best.upper - best.lower <= siting.tolerance or step < SMALLEST_STEP:
            break
        if stalled >= STEPS_WITHOUT_GAIN:
            step, stalled = STEP_SHRINK * step, 0
            price, direction = best.price, np.zeros(siting.n_rows)
            continue
        direction = DEFLECTION * direction + (1 - DEFLECTION) * _slope(siting, price, opened)
        length = math.fsum(direction * direction)
        if length == 0:
            break
        price = np.clip(price + step * (best.upper - lower) / length * direction, 0.0, siting.unserved_cost)
    return best


def _slope(siting: Siting, price: NDArray[np.float64], opened: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how the bound rises with each price: 1 less the number of times that the row is served."""
    slope = np.ones(siting.n_rows)
    for site in opened.tolist():
        pairs = slice(siting.start[site], siting.start[site + 1])
        rows = siting.pair_row[pairs]
        slope[rows] -= siting.pair_cost[pairs] < price[rows]
    slope[(price >= siting.unserved_cost) & (slope > 0)] = 0.0
    slope[(price <= 0) & (slope < 0)] = 0.0
    return slope
