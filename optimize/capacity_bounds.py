"""A bound without a solver for a case with capacities, and what it proves to be in no plan that is as good as asked.

Notes
-----
Every row may be served any number of times, at a price: with prices :math:`λ_i`, site :math:`j` gains :math:`ρ_j` by its best
load, and no plan costs less than :math:`Σ_i λ_i − Σ_{j ∈ S} (ρ_j − f_j)`, with :math:`S` the best sites in the number that is
allowed, whatever the prices. A site, or a pair, with which this passes a limit is in no plan within the limit; a site without
which it does is in every one. Least uses are left out of the bound.

References
----------
Geoffrion (1974), Lagrangean relaxation for integer programming, doi:10.1007/BFb0120690. Pirkul (1987), Efficient algorithms for
the capacitated concentrator location problem, Computers and Operations Research 14: 197-208. Ceselli, Righini (2005),
doi:10.1002/net.20059.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.capacity_case import CapacityCase
from optimize.capacity_knapsack import Loads, Packing, best_loads, pack_case
from optimize.capacity_start import start_without_capacities

PAIRS_TO_START_WITHOUT = 10_000
"""Pairs from which on a round takes so long that it pays to begin from the prices of the case without capacities."""

MOST_ROUNDS = 3_000
ROUNDS_WITHOUT_GAIN = 20
ROUNDS_PER_CHOICE = 10
CHOICES_KEPT = 60
FIRST_REACH = 0.1  # how far above the best bound the first steps aim, as a share of the first prices
LAST_REACH = 1e-6
REACH_SHRINK = 0.7
DEFLECTION = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberOfSites:
    """How many of the free sites a plan opens: at least and at most."""

    least: int
    most: int


@dataclass(frozen=True, kw_only=True, eq=False)
class CapacityBounds:
    """The best bound of a case and the prices that prove it.

    Parameters
    ----------
    case, packing, number
        The case, its pairs by site, and how many sites may be open.
    lower
        What no plan can undercut.
    price
        Of each row, shape (n_rows,).
    choices
        The free sites that were cheapest at some of the prices on the way, the latest last.
    """

    case: CapacityCase
    packing: Packing
    number: NumberOfSites
    lower: float
    price: NDArray[np.float64]
    choices: tuple[NDArray[np.intp], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Relaxed:
    """The cheapest choice at some prices: gain of each site less its cost, the free sites that are open, the bound."""

    loads: Loads
    net: NDArray[np.float64]
    chosen: NDArray[np.intp]
    lower: float


def bound_case(
    case: CapacityCase, number: NumberOfSites, *, deadline: float | None, start_deadline: float | None = None
) -> CapacityBounds:
    """Return the best bound that steps along the deflected slope of the prices find.

    Parameters
    ----------
    case, number
        The case, and how many free sites may be open.
    deadline
        Moment of `time.monotonic` at which to stop; the bound holds, it is only less near.
    start_deadline
        Moment at which to stop seeking prices without capacities, from which a large case begins.
    """
    packing = pack_case(case)
    best = CapacityBounds(case=case, packing=packing, number=number, lower=-np.inf, price=np.zeros(case.n_rows))
    if case.pair_row.size > PAIRS_TO_START_WITHOUT:
        best = _started(best, deadline=start_deadline)
        price = best.price
    else:
        price = _first_prices(case, number)
    reach, direction, stalled = FIRST_REACH * float(price.sum()), np.zeros(case.n_rows), 0
    for count in range(MOST_ROUNDS):
        if deadline is not None and time.monotonic() >= deadline and np.isfinite(best.lower):
            break
        relaxed = _relax(best, price)
        stalled = 0 if relaxed.lower > best.lower + 1e-3 * reach else stalled + 1
        if relaxed.lower > best.lower:
            best = replace(best, lower=relaxed.lower, price=price)
        if count % ROUNDS_PER_CHOICE == 0:
            best = _with_choice(best, relaxed)
        if stalled >= ROUNDS_WITHOUT_GAIN:
            reach *= REACH_SHRINK
            if reach < LAST_REACH * max(abs(best.lower), 1e-300):
                break
            price, direction, stalled = best.price, np.zeros(case.n_rows), 0
            relaxed = _relax(best, price)
        direction = DEFLECTION * direction + (1 - DEFLECTION) * _slope(best, relaxed, price)
        length = math.fsum(direction * direction)
        if length == 0:
            break
        price = np.clip(price + (best.lower + reach - relaxed.lower) / length * direction, 0.0, case.unserved_cost)
    return best


def _started(bounds: CapacityBounds, *, deadline: float | None) -> CapacityBounds:
    """Return the bounds that the case without capacities gives, with its sites as the first choice."""
    case, number = bounds.case, bounds.number
    chosen, price = start_without_capacities(case, least=number.least, most=number.most, deadline=deadline)
    price = np.minimum(price, case.unserved_cost)
    relaxed = _relax(bounds, price)
    return replace(bounds, lower=relaxed.lower, price=price, choices=(chosen,))


def _with_choice(bounds: CapacityBounds, relaxed: _Relaxed) -> CapacityBounds:
    """Return the bounds with the sites that are the cheapest choice now."""
    chosen = np.sort(relaxed.chosen)
    others = tuple(other for other in bounds.choices if not np.array_equal(other, chosen))
    return replace(bounds, choices=(*others, chosen)[-CHOICES_KEPT:])


def _first_prices(case: CapacityCase, number: NumberOfSites) -> NDArray[np.float64]:
    """Return what each row costs at a site of middle distance: one of those that a plan leaves it to choose from."""
    by_cost = np.lexsort((case.pair_cost, case.pair_row))
    start = case.row_start
    n_pairs = np.diff(start)
    place = np.minimum(n_pairs - 1, np.maximum(1, n_pairs // (2 * max(number.least, 1))))
    price = np.zeros(case.n_rows)
    has_pair = n_pairs > 0
    price[has_pair] = case.pair_cost[by_cost][(start[:-1] + place)[has_pair]]
    optional = ~case.is_must
    price[optional] = np.clip(price[optional], case.unserved_cost[optional] / 2, case.unserved_cost[optional])
    return price


def _relax(bounds: CapacityBounds, price: NDArray[np.float64], *, has_pairs: bool = False) -> _Relaxed:
    """Return the cheapest choice at the prices."""
    case, number = bounds.case, bounds.number
    loads = best_loads(bounds.packing, price, has_pairs=has_pairs)
    net = loads.worth - case.open_cost
    order = np.argsort(-net[: case.n_free], kind="stable")
    n_open = min(max(int((net[: case.n_free] > 0).sum()), number.least), number.most)
    chosen = order[:n_open]
    lower = float(price.sum()) - float(net[chosen].sum()) - float(net[case.n_free :].sum())
    return _Relaxed(loads=loads, net=net, chosen=chosen, lower=lower)


def _is_open(case: CapacityCase, relaxed: _Relaxed) -> NDArray[np.bool_]:
    is_open = np.ones(case.n_sites, dtype=np.bool_)
    is_open[: case.n_free] = False
    is_open[relaxed.chosen] = True
    return is_open


def _slope(bounds: CapacityBounds, relaxed: _Relaxed, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how the bound rises with each price: 1 less the number of times that the row is served."""
    case, packing = bounds.case, bounds.packing
    counted = relaxed.loads.share * np.repeat(_is_open(case, relaxed), np.diff(packing.start))
    slope = np.ones(case.n_rows) - np.bincount(packing.row, weights=counted, minlength=case.n_rows)
    slope[(price >= case.unserved_cost) & (slope > 0)] = 0.0
    slope[(price <= 0) & (slope < 0)] = 0.0
    return np.asarray(slope)


@dataclass(frozen=True, kw_only=True, eq=False)
class Possible:
    """What plans within a limit may hold.

    Parameters
    ----------
    case
        The case with the pairs that may serve, and no others.
    is_possible, is_sure
        Free sites that may be open, and those that are in every such plan, shape (n_free,).
    is_all
        Whether nothing was left out.
    limit
        The limit; infinite for none.
    """

    case: CapacityCase
    is_possible: NDArray[np.bool_]
    is_sure: NDArray[np.bool_]
    is_all: bool
    limit: float = np.inf


def everything(case: CapacityCase) -> Possible:
    """Return a case of which nothing is left out."""
    return Possible(
        case=case,
        is_possible=np.ones(case.n_free, dtype=np.bool_),
        is_sure=np.zeros(case.n_free, dtype=np.bool_),
        is_all=True,
    )


def possible_within(bounds: CapacityBounds, limit: float) -> Possible:
    """Return what plans may hold that cost no more than a limit.

    Notes
    -----
    A pair is left out where its row would have to be served whole; where rows may be split, any small part could still be.
    """
    case, packing = bounds.case, bounds.packing
    relaxed = _relax(bounds, bounds.price, has_pairs=not case.is_split)
    is_open, net = _is_open(case, relaxed), relaxed.net
    place_cost, spare = _place_costs(bounds, relaxed)
    most = limit + 1e-9 * max(abs(limit), abs(relaxed.lower))
    into = np.where(is_open, net, place_cost)  # what the choice loses for a site that is open for sure
    is_possible = relaxed.lower + into - net <= most
    is_possible[is_open] = True
    is_sure = is_open & (relaxed.lower + net - spare > most)
    kept = is_possible[case.pair_site]
    if not case.is_split:
        site = np.repeat(np.arange(case.n_sites), np.diff(packing.start))
        forced = relaxed.loads.with_pair - case.open_cost[site]
        may_serve = np.empty(site.size, dtype=np.bool_)
        may_serve[packing.order] = relaxed.lower + into[site] - forced <= most
        kept &= may_serve
    return Possible(
        case=replace(case, pair_row=case.pair_row[kept], pair_site=case.pair_site[kept], pair_cost=case.pair_cost[kept]),
        is_possible=is_possible[: case.n_free],
        is_sure=is_sure[: case.n_free],
        is_all=bool(kept.all() and is_possible.all() and not is_sure[: case.n_free].any()),
        limit=limit,
    )


def _place_costs(bounds: CapacityBounds, relaxed: _Relaxed) -> tuple[float, float]:
    """Return what the choice loses if it gives a place to another site, and what it gains by one that takes a free place."""
    case, number, n_open = bounds.case, bounds.number, relaxed.chosen.size
    net = relaxed.net[: case.n_free]
    last = float(net[relaxed.chosen[-1]]) if n_open else 0.0
    place_cost = last if n_open == number.most or last < 0 else 0.0
    is_closed = np.ones(case.n_free, dtype=np.bool_)
    is_closed[relaxed.chosen] = False
    following = float(net[is_closed].max(initial=-np.inf))
    spare = following if following > 0 or n_open == number.least else 0.0
    return place_cost, spare
