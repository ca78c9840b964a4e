"""A better plan of coverage by merging: several annealed plans, and the best plan that is made of their sites.

References
----------
Cook, Seymour (2003), Tour merging via branch-decomposition, INFORMS Journal on Computing 15: 233-248,
doi:10.1287/ijoc.15.3.233.16078: the good solutions of several runs as one small exact problem.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock, Deadline
from optimize.core_search import best_of_core
from optimize.cover_anneal import anneal_cover
from optimize.highs import SolverOptions
from optimize.lagrange import Bounds, with_better_plan
from optimize.siting import Siting

PLANS_PER_ROUND = 8

FIRST_MOVES, MOST_MOVES = 400_000, 12_800_000
"""Swaps for each plan of the first round at most, and of any: each round draws twice as many as the one before."""

MOVES_PER_SWAP = 100
"""For each swap that a plan has, so many are drawn in the first round: few where there are few to try."""

MOST_ROUNDS = 12

IDLE_ROUNDS = 2
"""Rounds without a better plan, after which to stop."""

KEPT_PLANS = 16
"""The best plans of all rounds that are merged."""


def merge_plans(siting: Siting, bounds: Bounds, *, options: SolverOptions, clock: Clock, deadline: Deadline | None) -> Bounds:
    """Return the bounds with the best plan of the sites of many annealed ones, if it is better.

    Parameters
    ----------
    siting, bounds
        A problem in which a row costs nothing once it is covered, and what is known of it.
    options, clock
        How to ask the solver, and how long.
    deadline
        Moment of `time.monotonic` at which to stop.
    """
    kept: dict[bytes, tuple[float, NDArray[np.intp]]] = {}
    n_idle, n_moves, seed = 0, min(FIRST_MOVES, MOVES_PER_SWAP * siting.n_sites * siting.n_open), options.seed
    for _ in range(MOST_ROUNDS):
        before = bounds.upper
        for _ in range(PLANS_PER_ROUND):
            plan = anneal_cover(siting, bounds.plan, n_moves=n_moves, seed=seed, deadline=deadline)
            kept[plan.tobytes()] = (siting.value(plan), plan)
            bounds, seed = with_better_plan(siting, bounds, plan), seed + 1
        kept = dict(sorted(kept.items(), key=lambda item: (item[1][0], item[0]))[:KEPT_PLANS])
        if _is_over(siting, bounds, deadline):
            break
        is_core = np.zeros(siting.n_sites, dtype=np.bool_)
        is_core[np.concatenate([plan for _, plan in kept.values()])] = True
        plan = best_of_core(siting, bounds, is_core=is_core, options=options, clock=clock)
        bounds = with_better_plan(siting, bounds, plan)
        n_idle = n_idle + 1 if bounds.upper >= before else 0
        if n_idle == IDLE_ROUNDS or _is_over(siting, bounds, deadline):
            break
        n_moves = min(2 * n_moves, MOST_MOVES)
    return bounds


def _is_over(siting: Siting, bounds: Bounds, deadline: Deadline | None) -> bool:
    """Return whether nothing is left to find, or no time to find it."""
    return bounds.upper - bounds.lower <= siting.tolerance or (deadline is not None and time.monotonic() >= deadline)
