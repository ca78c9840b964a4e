"""A cover to begin from: greedy, then cheaper where the problem is large enough for a search to pay."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock
from optimize.cover_need import CoverNeed, greedy_cover
from optimize.cover_walk import walk_to_cheaper
from optimize.highs import SolverOptions
from optimize.interchange import interchange
from optimize.siting import Siting

PAIRS_TO_WALK = 10_000
"""Pairs up to which the solver has the best cover before the walk is compiled: those of scp51 to scp55 are 8,000."""

LEAST_TIME_S = 10.0
"""The walk is compiled in four seconds, and no clock is looked at meanwhile."""

SHARE_OF_TIME = 0.3
"""When the search has to be done."""


def start_cover(need: CoverNeed, *, options: SolverOptions, clock: Clock) -> NDArray[np.intp]:
    """Return a cover, ascending: the cheapest that is quickly found.

    Parameters
    ----------
    need
        What to cover.
    options, clock
        Whose seed draws, and how long all of it may take.

    Notes
    -----
    Where all must be covered, a walk closes and opens single sites (3,000 x 700 discs of 2 %: 88 sites by greed, 71 after two
    seconds, 73 by HiGHS after a minute). Where a share must be and sites are only counted, one of them is closed and others are
    swapped until the share is covered again, until that fails.
    """
    plan = greedy_cover(need)
    deadline = clock.deadline(SHARE_OF_TIME)
    if need.may_miss is not None:
        return fewer_sites(need, plan, deadline=deadline)
    left_s = clock.left_s()
    if need.siting.pair_row.size <= PAIRS_TO_WALK or (left_s is not None and left_s < LEAST_TIME_S):
        return plan
    return walk_to_cheaper(need, plan, seed=options.seed, deadline=deadline)


def fewer_sites(need: CoverNeed, plan: NDArray[np.intp], *, deadline: float | None) -> NDArray[np.intp]:
    """Return a cover of fewer sites, found by swaps; that cover itself where none is found, or sites differ in their cost.

    Parameters
    ----------
    need
        What to cover: a share.
    plan
        Positions of the sites of a cover.
    deadline
        Moment of `time.monotonic` at which to stop.
    """
    if np.ptp(need.cost[need.is_useful]) > 0 if need.is_useful.any() else True:
        return plan
    best = plan
    while best.size > 1 and not (deadline is not None and time.monotonic() >= deadline):
        siting = replace(need.siting, n_open=best.size - 1)
        found = interchange(siting, _without_least(siting, best), deadline=deadline)
        if not need.is_met(found):
            break
        best = found
    return best


def _without_least(siting: Siting, plan: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the plan without the site that covers the least weight which no other one of it covers."""
    n_covers = np.zeros(siting.n_rows, dtype=np.intp)
    for site in plan.tolist():
        n_covers[siting.pair_row[siting.start[site] : siting.start[site + 1]]] += 1
    own = siting.sum_by_site(np.where(n_covers == 1, siting.unserved_cost, 0.0)[siting.pair_row])
    return np.delete(plan, int(np.argmin(own[plan])))
