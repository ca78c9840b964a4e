"""A bound without a solver: Lagrangian relaxation, and what it proves to be in no optimal plan.

Notes
-----
Every row may be served any number of times, at a price: with prices :math:`λ_i`, site :math:`j` is worth
:math:`ρ_j = Σ_i max(0, λ_i − c_ij)`, and no plan costs less than :math:`Σ_i λ_i` − the `n_open` largest
:math:`ρ_j`, whatever the prices. A site whose worth is so small that any plan with it costs more than a plan already
known is in no optimal plan; a pair so dear that the row's price and the gap do not pay for it serves in none. Plans as
good as the best one are never ruled out, so the tie rule sees them all.

References
----------
Geoffrion (1974), Lagrangean relaxation for integer programming, doi:10.1007/BFb0120690; Beasley (1993), Lagrangean
heuristics for location problems, doi:10.1016/0377-2217(93)90118-7; deflected subgradients after Camerini, Fratta,
Maffioli (1975), doi:10.1007/BFb0120697.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.interchange import add_greedily, interchange, two_nearest
from optimize.near_part import near_cap, near_part, raised_cap
from optimize.pricing import ArrayPricing, pricing_of
from optimize.siting import Siting, restrict
from optimize.swap_search import descend

MAX_ROUNDS = 8
STEPS_PER_ROUND = 200
STEPS_PER_PLAN = 25
STEPS_WITHOUT_GAIN = 30
FIRST_STEP = 1.0
SMALLEST_STEP = 1e-3
STEP_SHRINK = 0.7
DEFLECTION = 0.9
USE_DECAY = 0.98
LARGEST_FOR_INTERCHANGE = 8_000_000
"""Open sites × (pairs and savings of swaps) up to which the best of all swaps is sought; above it, compiling pays back."""

SLOW = 0.95  # a round that leaves more of the gap and of the pairs than this is the last: the solver does better


@dataclass(frozen=True, kw_only=True, eq=False)
class Bounds:
    """The best plan met, and the prices of the best bound.

    Parameters
    ----------
    plan
        Positions of the open sites, ascending, shape (n_open,).
    is_feasible
        Whether the plan serves every row that must be served.
    upper
        What the plan costs, penalties included.
    lower
        What no plan can undercut.
    price
        Prices that prove it, or nearly: a solver may have proven more, shape (n_rows,).
    step
        How far the next step goes, as a share of the way that would close the gap if the slope stayed.
    use
        How often each site was open in the relaxed plans of late, in [0, 1], shape (n_sites,).
    """

    plan: NDArray[np.intp]
    is_feasible: bool
    upper: float
    lower: float
    price: NDArray[np.float64]
    step: float
    use: NDArray[np.float64]


def narrow(siting: Siting, *, deadline: float | None = None) -> tuple[Siting, Bounds]:
    """Return the problem without the sites and pairs that serve in no optimal plan, and its bounds.

    Parameters
    ----------
    siting
        The problem, of which every optimal plan stays, at the same cost.
    deadline
        Moment of `time.monotonic` at which to stop; the result is valid, only less narrow.

    Notes
    -----
    Prices are sought on the near part of the problem: they are as good there, and a large p-median is mostly far.
    """
    return narrow_on(siting, _first_bounds(siting, deadline), deadline=deadline)


def narrow_on(siting: Siting, bounds: Bounds, *, deadline: float | None) -> tuple[Siting, Bounds]:
    """Return the problem narrowed from known bounds on, and its bounds; as `narrow` does from none."""
    tried, cap = {siting.rank[bounds.plan].tobytes()}, near_cap(siting, bounds.plan)
    for _ in range(MAX_ROUNDS):
        before, n_before = bounds.upper - bounds.lower, siting.pair_row.size
        bounds = _climb(siting, bounds, cap=cap, tried=tried, deadline=deadline)
        cap = raised_cap(siting, cap, bounds.price)
        siting, bounds = without_idle(siting, bounds)
        is_slow = bounds.upper - bounds.lower > SLOW * before and siting.pair_row.size > SLOW * n_before
        if is_slow or _is_done(siting, bounds, deadline):
            break
    return siting, bounds


def without_idle(siting: Siting, bounds: Bounds) -> tuple[Siting, Bounds]:
    """Return the problem without the sites and pairs that by its bounds serve in no optimal plan, and the bounds in it."""
    kept = possible_sites(siting, bounds)
    smaller = restrict(siting, kept, limit=possible_cost(siting, bounds))
    return smaller, replace(bounds, plan=(np.cumsum(kept) - 1)[bounds.plan], use=bounds.use[kept])


def possible_sites(siting: Siting, bounds: Bounds) -> NDArray[np.bool_]:
    """Return which sites may be in an optimal plan, shape (n_sites,); without a plan to compare with, all."""
    if not bounds.is_feasible:
        return np.ones(siting.n_sites, dtype=np.bool_)
    worth, opened, lower = _priced(siting, bounds.price)
    last_in = worth[opened].min(initial=np.inf)
    kept = lower + last_in - worth <= bounds.upper + siting.tolerance
    kept[opened] = True
    kept[bounds.plan] = True  # as the bound says too, but for the rounding of sums
    return np.asarray(kept)


def possible_cost(siting: Siting, bounds: Bounds) -> NDArray[np.float64] | None:
    """Return what each row may cost in an optimal plan, shape (n_rows,); without a plan to compare with, None.

    Notes
    -----
    A plan costs at least what the prices prove, and for a row that costs more than its price the difference besides. So in
    a plan that is as good as the known one no row costs more than its price and the gap. The bound is counted by these prices
    here: `Bounds.lower` may be better than they prove, found by a solver, and the gap to it would rule out too much.
    """
    if not bounds.is_feasible:
        return None
    _, _, lower = _priced(siting, bounds.price)
    return np.asarray(bounds.price + (bounds.upper - lower + 2 * siting.tolerance))


def _priced(siting: Siting, price: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp], float]:
    """Return the worth of the sites at prices, the sites of most worth, and the bound that the prices prove."""
    worth = ArrayPricing(siting).worth(price)
    return worth, *_relaxed_plan(siting, price, worth)


def _is_done(siting: Siting, bounds: Bounds, deadline: float | None) -> bool:
    """Return whether more steps are of no use, or of no right."""
    is_past = deadline is not None and time.monotonic() >= deadline
    is_closed = bounds.upper - bounds.lower <= siting.tolerance
    return is_past or is_closed or siting.n_sites == siting.n_open or bounds.step < SMALLEST_STEP


def _first_bounds(siting: Siting, deadline: float | None) -> Bounds:
    """Return the plan of greedy addition and interchange, and prices between its nearest and second nearest site."""
    plan = improve(siting, add_greedily(siting), deadline=deadline)
    nearest, _, second = two_nearest(siting, plan)
    return Bounds(
        plan=plan,
        is_feasible=siting.is_feasible(plan),
        upper=siting.value(plan),
        lower=-np.inf,
        price=(nearest + second) / 2,
        step=FIRST_STEP,
        use=np.zeros(siting.n_sites),
    )


def improve(siting: Siting, plan: NDArray[np.intp], *, near: Siting | None = None, deadline: float | None) -> NDArray[np.intp]:
    """Return the plan after swaps that save, sought by the quicker of two searches, by the second on the near part alone."""
    if siting.n_open * (siting.pair_row.size + siting.n_sites * siting.n_open) <= LARGEST_FOR_INTERCHANGE:
        return interchange(siting, plan, deadline=deadline)
    return descend(near_part(siting, near_cap(siting, plan)) if near is None else near, plan, deadline=deadline)


def _climb(siting: Siting, best: Bounds, *, cap: NDArray[np.float64], tried: set[bytes], deadline: float | None) -> Bounds:
    """Return the bounds after one round of steps along the deflected slope."""
    near = near_part(siting, cap)
    pricing = pricing_of(near)
    price, direction, stalled = np.minimum(best.price, near.unserved_cost), np.zeros(siting.n_rows), 0
    use = best.use.copy()
    for count in range(STEPS_PER_ROUND):
        opened, lower = _relaxed_plan(siting, price, pricing.worth(price))
        use *= USE_DECAY
        use[opened] += 1 - USE_DECAY
        if count % STEPS_PER_PLAN == 0:
            best = _with_plan(siting, best, opened, near=near, tried=tried, deadline=deadline)
        stalled = 0 if lower > best.lower + 1e-6 * abs(best.upper - best.lower) else stalled + 1
        if lower > best.lower:
            best = replace(best, lower=lower, price=price)
        if stalled >= STEPS_WITHOUT_GAIN:
            best = replace(best, step=STEP_SHRINK * best.step)
            price, direction, stalled = np.minimum(best.price, near.unserved_cost), np.zeros(siting.n_rows), 0
            opened, lower = _relaxed_plan(siting, price, pricing.worth(price))
        if _is_done(siting, best, deadline):
            break
        slope = _slope(near, price, pricing.n_served(price, opened))
        direction = DEFLECTION * direction + (1 - DEFLECTION) * slope
        length = math.fsum(direction * direction)
        if length == 0:
            break
        way = best.step * (best.upper - lower) / length
        price = np.clip(price + way * direction, 0.0, near.unserved_cost)
    return replace(best, use=use)


def _relaxed_plan(siting: Siting, price: NDArray[np.float64], worth: NDArray[np.float64]) -> tuple[NDArray[np.intp], float]:
    """Return the sites of most worth, ascending, and the bound that the prices prove."""
    opened = np.sort(np.argsort(-worth, kind="stable")[: siting.n_open])
    return opened, siting.constant + float(price.sum()) - float(worth[opened].sum())


def _slope(siting: Siting, price: NDArray[np.float64], n_served: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how the bound rises with each price: 1 less the number of times that the row is served."""
    slope = 1.0 - n_served
    slope[(price >= siting.unserved_cost) & (slope > 0)] = 0.0
    slope[(price <= 0) & (slope < 0)] = 0.0
    return slope


def _with_plan(
    siting: Siting,
    best: Bounds,
    opened: NDArray[np.intp],
    *,
    near: Siting,
    tried: set[bytes],
    deadline: float | None,
) -> Bounds:
    """Return the bounds with the plan that interchange finds from the relaxed one, if it is better."""
    key = siting.rank[opened].tobytes()
    if key in tried:
        return best
    tried.add(key)
    return with_better_plan(siting, best, improve(siting, opened, near=near, deadline=deadline))


def with_prices(siting: Siting, best: Bounds, price: NDArray[np.float64]) -> Bounds:
    """Return the bounds with other prices, if they prove more."""
    _, _, lower = _priced(siting, price)
    return replace(best, lower=lower, price=price) if lower > best.lower else best


def with_better_plan(siting: Siting, best: Bounds, plan: NDArray[np.intp]) -> Bounds:
    """Return the bounds with another plan, if it is better."""
    upper, is_feasible = siting.value(plan), siting.is_feasible(plan)
    if upper >= best.upper - siting.tolerance or (best.is_feasible and not is_feasible):
        return best
    return replace(best, plan=plan, upper=upper, is_feasible=is_feasible)
