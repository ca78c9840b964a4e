"""A cheaper cover of all rows by a walk of single sites: too few are open, what stays uncovered grows heavy, and comes next.

References
----------
Gao, Weise, Li (2015), An efficient local search heuristic with row weighting for the unicost set covering problem, European
Journal of Operational Research 246: 750-761, doi:10.1016/j.ejor.2015.05.038; with costs, what a site covers is divided by what
it costs, and sites are opened while they are cheaper together than the best cover.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.cover_need import CoverNeed
from optimize.pricing import row_lists

STEPS_PER_STAGE = 500
"""Between two stages the clock is asked."""

STAGES, STAGES_PER_SITE = 20, 1
"""How many stages there are, and how many more for each site of the first cover."""

DRAWS_PER_STEP = 4
ROOM = 1e-9
NO_SITE = -1


class Walk(NamedTuple):
    """A set of open sites and what follows from it; the arrays change with it.

    Parameters
    ----------
    start, row
        Rows that each site covers.
    row_start, site
        Sites that cover each row.
    cost
        Of each site.
    is_open, since
        Of each site: whether it is open, and the step at which that changed.
    may_open
        Whether a site is good to be opened: not before another site of one of its rows changed since it was closed.
    n_covers, weight
        Of each row: how many open sites cover it, and how heavy it has grown.
    score
        Weight that would be covered by opening each closed site, or uncovered by closing each open one.
    uncovered, place
        Rows, those that no site covers first; and where each of them is there.
    n
        How many of those there are, and how many steps were made.
    total
        Cost of the open sites, and the least cost of a cover so far.
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    row_start: NDArray[np.int64]
    site: NDArray[np.int64]
    cost: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    since: NDArray[np.int64]
    may_open: NDArray[np.bool_]
    n_covers: NDArray[np.int64]
    weight: NDArray[np.float64]
    score: NDArray[np.float64]
    uncovered: NDArray[np.int64]
    place: NDArray[np.int64]
    n: NDArray[np.int64]
    total: NDArray[np.float64]


def walk_to_cheaper(need: CoverNeed, plan: NDArray[np.intp], *, seed: int, deadline: float | None = None) -> NDArray[np.intp]:
    """Return the cheapest cover met on a walk from a cover, ascending; that cover itself where none is cheaper.

    Parameters
    ----------
    need
        What to cover: every row.
    plan
        Positions of the sites of a cover.
    seed
        Of the draws.
    deadline
        Moment of `time.monotonic` at which to stop.
    """
    if not plan.size:
        return plan
    walk, random = _walk_from(need, plan), np.random.default_rng(seed)
    best = walk.is_open.copy()
    for _ in range(STAGES + STAGES_PER_SITE * plan.size):
        if deadline is not None and time.monotonic() >= deadline:
            break
        _go(walk, best, random.random((STEPS_PER_STAGE, DRAWS_PER_STEP)))
    found = np.flatnonzero(best)
    return found if need.is_met(found) and need.cost_of(found) < need.cost_of(plan) else plan


def _walk_from(need: CoverNeed, plan: NDArray[np.intp]) -> Walk:
    """Return the state of a cover."""
    siting, lists = need.siting, row_lists(need.siting)
    walk = Walk(
        start=siting.start,
        row=siting.pair_row,
        row_start=lists.start,
        site=lists.site,
        cost=need.cost,
        is_open=np.zeros(siting.n_sites, dtype=np.bool_),
        since=np.zeros(siting.n_sites, dtype=np.int64),
        may_open=np.ones(siting.n_sites, dtype=np.bool_),
        n_covers=np.zeros(siting.n_rows, dtype=np.int64),
        weight=np.ones(siting.n_rows),
        score=siting.sum_by_site(np.ones(siting.pair_row.size)),
        uncovered=np.arange(siting.n_rows),
        place=np.arange(siting.n_rows),
        n=np.array([siting.n_rows, 0]),
        total=np.array([0.0, np.inf]),
    )
    for site in plan.tolist():
        _change(walk, site)
    return walk


@njit(nogil=True)
def _go(walk: Walk, best: NDArray[np.bool_], draws: NDArray[np.float64]) -> None:
    """Make a step for each draw: close sites until something is uncovered, one more, then open others."""
    newest = NO_SITE
    for step in range(draws.shape[0]):
        walk.n[1] += 1
        has_more = True
        while has_more:
            if walk.n[0] == 0 and walk.total[0] < walk.total[1] - ROOM * abs(walk.total[0]):
                walk.total[1] = walk.total[0]
                best[:] = walk.is_open
            has_more = walk.n[0] == 0
            site = _least_useful(walk, newest)
            if site == NO_SITE:
                break
            _change(walk, site)
        for k in range(DRAWS_PER_STEP):
            if walk.n[0] == 0:
                break
            site = _most_useful(walk, walk.uncovered[int(draws[step, k] * walk.n[0])])
            if walk.total[0] + walk.cost[site] >= walk.total[1] - ROOM * abs(walk.total[1]):
                break
            _change(walk, site)
            newest = site
        for k in range(walk.n[0]):
            row = walk.uncovered[k]
            walk.weight[row] += 1.0
            for site in walk.site[walk.row_start[row] : walk.row_start[row + 1]]:
                walk.score[site] += 1.0


@njit(nogil=True)
def _least_useful(walk: Walk, kept: int) -> int:
    """Return the open site that uncovers the least weight for its cost, the one open longest of equal ones."""
    best = NO_SITE
    for site in range(walk.is_open.size):
        if not walk.is_open[site] or site == kept:
            continue
        if best == NO_SITE:
            best = site
            continue
        one, other = walk.score[site] * walk.cost[best], walk.score[best] * walk.cost[site]
        if one < other or (one == other and walk.since[site] < walk.since[best]):
            best = site
    return best


@njit(nogil=True)
def _most_useful(walk: Walk, row: int) -> int:
    """Return the site that covers a row, and the most weight for its cost: of those good to be opened where there are any."""
    best = walk.site[walk.row_start[row]]
    for site in walk.site[walk.row_start[row] + 1 : walk.row_start[row + 1]]:
        if walk.may_open[site] != walk.may_open[best]:
            best = site if walk.may_open[site] else best
            continue
        one, other = walk.score[site] * walk.cost[best], walk.score[best] * walk.cost[site]
        if one > other or (one == other and walk.since[site] < walk.since[best]):
            best = site
    return int(best)


@njit(nogil=True)
def _change(walk: Walk, site: int) -> None:
    """Open a closed site, or close an open one."""
    by = -1 if walk.is_open[site] else 1
    walk.is_open[site] = by > 0
    walk.since[site] = walk.n[1]
    walk.total[0] += by * walk.cost[site]
    walk.score[site] = 0.0
    for row in walk.row[walk.start[site] : walk.start[site + 1]]:
        fewer = min(walk.n_covers[row], walk.n_covers[row] + by)
        walk.n_covers[row] += by
        if fewer > 1:
            continue
        own = walk.weight[row]
        for other in walk.site[walk.row_start[row] : walk.row_start[row + 1]]:
            if other == site:
                continue
            if fewer == 0:
                walk.may_open[other] = True
                walk.score[other] -= by * own
            elif walk.is_open[other]:
                walk.score[other] -= by * own
        if fewer == 0:
            walk.score[site] += own
            walk.n[0] -= by
            at = walk.n[0] if by > 0 else walk.n[0] - 1
            moved = walk.uncovered[at]
            walk.uncovered[walk.place[row]], walk.place[moved] = moved, walk.place[row]
            walk.uncovered[at], walk.place[row] = row, at
    walk.may_open[site] = by > 0
