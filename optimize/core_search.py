"""A better plan for large problems: annealing, then an exact model of the core, the few sites that good plans are made of.

References
----------
Balas, Zemel (1980), An algorithm for large zero-one knapsack problems, doi:10.1287/opre.28.5.1130, for the core; Angelelli,
Mansini, Speranza (2010), Kernel search, doi:10.1016/j.cor.2010.02.002.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.aggregate import radius_classes
from optimize.clock import Clock, Share
from optimize.cover_anneal import anneal_cover
from optimize.cover_model import build_model
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.lagrange import Bounds, narrow_on, with_better_plan
from optimize.near_part import near_cap, near_part
from optimize.part_search import SolvePart, has_parts, improve_by_parts
from optimize.siting import Siting, restrict
from optimize.swap_search import anneal

MOVES_PER_SITE, MOST_MOVES, MOST_MOVES_BEFORE_PARTS = 100_000, 10_000_000, 2_000_000

USES = (0.05, 0.01)
"""Shares of the last relaxed plans in which a site was open, from which on it belongs to the first and to the second core."""

CORE_SECONDS, CORE_SHARE = 30.0, 0.1
"""What the solver may take for a core, in seconds and as a share of the time that is left."""

LARGEST_CORE = 100_000
"""Classes up to which a core is solved."""


def improve_further(
    siting: Siting, bounds: Bounds, *, options: SolverOptions, clock: Clock, share: Share, solve_part: SolvePart
) -> tuple[Siting, Bounds]:
    """Return the problem and its bounds after a longer search for a good plan.

    Parameters
    ----------
    siting, bounds
        The problem and what is known of it.
    options, clock
        How to ask the solver, and how long.
    share
        Of the time, after which to stop.
    solve_part
        Solves a small problem.
    """
    deadline = clock.deadline(share)
    if _is_settled(siting, bounds):
        return siting, bounds
    is_in_parts = bool(siting.pair_cost.any()) and has_parts(siting)
    n_moves = min(MOVES_PER_SITE * siting.n_open, MOST_MOVES_BEFORE_PARTS if is_in_parts else MOST_MOVES)
    near = near_part(siting, near_cap(siting, bounds.plan))
    search = anneal if siting.pair_cost.any() else anneal_cover
    plan = search(near, bounds.plan, n_moves=n_moves, seed=options.seed, deadline=deadline)
    if is_in_parts:
        better = plan if siting.value(plan) < bounds.upper else bounds.plan
        plan = improve_by_parts(siting, better, solve_part=solve_part, deadline=deadline)
    siting, bounds = narrow_on(siting, with_better_plan(siting, bounds, plan), deadline=deadline)
    for use in USES if siting.pair_cost.any() else ():  # the relaxation with cuts tells the core of coverage better
        if _is_settled(siting, bounds):
            break
        plan = best_of_core(siting, bounds, is_core=bounds.use >= use, options=options, clock=clock)
        siting, bounds = narrow_on(siting, with_better_plan(siting, bounds, plan), deadline=deadline)
    return siting, bounds


def _is_settled(siting: Siting, bounds: Bounds) -> bool:
    """Return whether nothing is left to find, or there is no plan to begin from."""
    return bounds.upper - bounds.lower <= siting.tolerance or not bounds.is_feasible


def best_of_core(
    siting: Siting, bounds: Bounds, *, is_core: NDArray[np.bool_], options: SolverOptions, clock: Clock
) -> NDArray[np.intp]:
    """Return the best plan that the solver finds of some sites and those of the best plan so far."""
    kept = is_core.copy()
    kept[bounds.plan] = True
    own = (np.cumsum(kept) - 1)[bounds.plan]
    core = restrict(siting, kept)
    core = near_part(core, near_cap(core, own))
    classes = radius_classes(core)
    if classes.n > LARGEST_CORE or core.n_sites == core.n_open:
        return bounds.plan
    model = build_model(classes, n_sites=core.n_sites, n_open=core.n_open)
    left_s = clock.left_s()
    limit_s = CORE_SECONDS if left_s is None else min(CORE_SECONDS, CORE_SHARE * left_s)
    asked = replace(options, solver="highs", gap_abs=0.0, time_limit_s=limit_s)
    outcome = run_solver(model.lp, asked, start=model.start(own))
    plan = model.plan()
    is_plan = outcome.proof in (Proof.OPTIMAL, Proof.PLAN) and plan.size == core.n_open
    return np.flatnonzero(kept)[plan] if is_plan else bounds.plan
