"""A good plan of whole rows in a moment: rows to open sites, moved and swapped, sites moved within their loads.

It gives a limit and never the last word.

References
----------
Mulvey, Beck (1984), Solving capacitated clustering problems, European Journal of Operational Research 18: 339-348: by regret,
then alternately the sites of the loads and the loads of the sites.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.capacity_case import CapacityCase
from optimize.solution import Allocation

MOST_MOVES_OF_SITES = 10
MOST_PASSES = 20
MOST_MOVES_FOR_ROOM = 50
MOST_ROWS_TO_SWAP = 2_000
"""Rows up to which each is tried in the place of each other."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WholePlan:
    """A plan of whole rows.

    Parameters
    ----------
    opened
        The open sites, those open in every plan included, shape (n_open,).
    owner
        Place in `opened` of the site of each row, shape (n_rows,); n_open where nobody serves it.
    cost
        What it costs.
    """

    opened: NDArray[np.intp]
    owner: NDArray[np.intp]
    cost: float


def plan_near(case: CapacityCase, chosen: NDArray[np.intp]) -> WholePlan | None:
    """Return the best plan of whole rows met on the way from a choice of sites; None if none was.

    Parameters
    ----------
    case
        The case.
    chosen
        Free sites to begin from, shape (n_chosen,).
    """
    best, opened = None, np.concatenate([chosen, np.arange(case.n_free, case.n_sites)])
    for _ in range(MOST_MOVES_OF_SITES):
        owner = _assign(case, opened)
        if owner is None:
            break
        plan = WholePlan(opened=opened, owner=owner, cost=_cost(case, opened, owner))
        best = plan if best is None or plan.cost < best.cost else best
        opened = _move_sites(case, opened, owner)
        if np.array_equal(opened, plan.opened):
            break
    return best


def plan_allocation(case: CapacityCase, plan: WholePlan) -> Allocation:
    """Return a plan as an allocation of demand points, those of each row together."""
    owner = np.repeat(plan.owner, np.diff(case.member_start))
    is_served = owner < plan.opened.size
    demand = case.member[is_served]
    order = np.argsort(demand)
    return Allocation(demand=demand[order], candidate=case.column[plan.opened[owner[is_served]]][order])


def _table(case: CapacityCase, opened: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what each row costs at each open site, and unserved, shape (n_rows, n_open + 1); infinite where it cannot be."""
    place = np.full(case.n_sites, -1, dtype=np.intp)
    place[opened] = np.arange(opened.size)
    table = np.full((case.n_rows, opened.size + 1), np.inf)
    at = place[case.pair_site]
    table[case.pair_row[at >= 0], at[at >= 0]] = case.pair_cost[at >= 0]
    table[:, -1] = case.unserved_cost
    return table


def _assign(case: CapacityCase, opened: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """Return the place of the open site of each row (n_open: unserved); None if no way was found."""
    table = _table(case, opened)
    capacity = np.append(case.capacity[opened], np.inf)
    two = np.partition(np.column_stack([table, np.full(case.n_rows, np.inf)]), 1, axis=1)[:, :2]
    with np.errstate(invalid="ignore"):
        regret = np.nan_to_num(two[:, 1] - two[:, 0], nan=0.0, posinf=np.inf)
    orders = (np.lexsort((-case.weight, -regret)), np.lexsort((-regret, -case.weight)))
    found, least = None, np.inf
    for order in orders:
        left, owner = capacity.copy(), np.full(case.n_rows, -1, dtype=np.intp)
        if not _place_rows(table, case.weight, order, left, owner):
            continue
        _move_rows(table, case.weight, left, owner, case.n_rows <= MOST_ROWS_TO_SWAP)
        cost = float(table[np.arange(case.n_rows), owner].sum())
        is_viable = _has_least_uses(case, opened, owner)
        if cost < least and is_viable:
            found, least = owner, cost
    return found


def _has_least_uses(case: CapacityCase, opened: NDArray[np.intp], owner: NDArray[np.intp]) -> bool:
    load = np.bincount(owner, weights=case.weight, minlength=opened.size + 1)[: opened.size]
    return bool((load >= case.min_use[opened]).all())


def _cost(case: CapacityCase, opened: NDArray[np.intp], owner: NDArray[np.intp]) -> float:
    """Return what a plan costs."""
    served = _table(case, opened)[np.arange(case.n_rows), owner]
    return float(served.sum()) + float(case.open_cost[opened].sum())


def _move_sites(case: CapacityCase, opened: NDArray[np.intp], owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the sites with each moved to where its load costs least, the place of another one excepted."""
    load = np.bincount(owner, weights=case.weight, minlength=opened.size + 1)
    n_rows = np.bincount(owner, minlength=opened.size + 1)
    of_pair = owner[case.pair_row]
    key = of_pair * case.n_sites + case.pair_site
    size = (opened.size + 1) * case.n_sites
    served = np.bincount(key, weights=case.pair_cost, minlength=size).reshape(-1, case.n_sites)
    reached = np.bincount(key, minlength=size).reshape(-1, case.n_sites)
    cost = served + case.open_cost
    can_hold = (reached == n_rows[:, None]) & (load[:, None] <= case.capacity) & (load[:, None] >= case.min_use)
    cost[~can_hold] = np.inf
    moved = opened.copy()
    for k in range(opened.size):
        if opened[k] >= case.n_free:
            continue
        cost[k, moved[np.arange(moved.size) != k]] = np.inf
        best = int(np.argmin(cost[k]))
        if cost[k, best] < cost[k, moved[k]]:
            moved[k] = best
    return moved


@njit(nogil=True)
def _make_room(
    table: NDArray[np.float64], weight: NDArray[np.float64], row: int, left: NDArray[np.float64], owner: NDArray[np.intp]
) -> int:
    """Move one row elsewhere so that another one finds room where it was, at the least cost; return that place, or -1."""
    best, best_other, best_to, least = -1, -1, -1, np.inf
    for other in range(owner.size):
        place = owner[other]
        if place < 0 or left[place] + weight[other] < weight[row]:
            continue
        for to in range(left.size):
            cost = table[row, place] + table[other, to] - table[other, place]
            if to != place and weight[other] <= left[to] and cost < least:
                best, best_other, best_to, least = place, other, to, cost
    if best >= 0:
        left[best] += weight[best_other]
        left[best_to] -= weight[best_other]
        owner[best_other] = best_to
    return best


@njit(nogil=True)
def _place_rows(
    table: NDArray[np.float64],
    weight: NDArray[np.float64],
    order: NDArray[np.intp],
    left: NDArray[np.float64],
    owner: NDArray[np.intp],
) -> bool:
    """Give each row in turn to the cheapest place that has room; return whether all found one."""
    n_moved = 0
    for row in order:
        best = -1
        for place in range(left.size):
            if weight[row] <= left[place] and table[row, place] < np.inf and (best < 0 or table[row, place] < table[row, best]):
                best = place
        if best < 0 and n_moved < MOST_MOVES_FOR_ROOM:
            n_moved += 1
            best = _make_room(table, weight, row, left, owner)
        if best < 0:
            return False
        owner[row] = best
        left[best] -= weight[row]
    return True


@njit(nogil=True)
def _move_rows(
    table: NDArray[np.float64],
    weight: NDArray[np.float64],
    left: NDArray[np.float64],
    owner: NDArray[np.intp],
    may_swap: bool,  # noqa: FBT001  # numba takes it by position
) -> None:
    """Move rows to cheaper places with room, and swap two of them, until nothing is saved."""
    for _ in range(MOST_PASSES):
        is_better = False
        for row in range(owner.size):
            for place in range(left.size):
                if table[row, place] < table[row, owner[row]] and weight[row] <= left[place]:
                    left[owner[row]] += weight[row]
                    left[place] -= weight[row]
                    owner[row] = place
                    is_better = True
        if may_swap:
            for one in range(owner.size):
                for other in range(one):
                    a, b = owner[one], owner[other]
                    if a == b or table[one, b] + table[other, a] >= table[one, a] + table[other, b] - 1e-12:
                        continue
                    more = weight[one] - weight[other]
                    if left[b] >= more and left[a] >= -more:
                        left[b] -= more
                        left[a] += more
                        owner[one], owner[other] = b, a
                        is_better = True
        if not is_better:
            return
