"""The tie rule: of equal plans, the one whose ids stand first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.aggregate import CoverClasses
from optimize.clock import Clock
from optimize.cover_model import build_model, prefer_first_ids, seek_earlier_plan
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.siting import Siting


def first_of_equals(
    siting: Siting, rank: NDArray[np.intp], *, classes: CoverClasses, options: SolverOptions, clock: Clock
) -> NDArray[np.intp] | None:
    """Return the ranks of the plan with the least sum of ranks among the optimal ones; None if not proven in time.

    Parameters
    ----------
    siting
        The problem, with all sites that are in an optimal plan.
    rank
        Ranks of the sites of an optimal plan.
    classes
        Cover classes of the problem.
    options, clock
        How to ask the solver, and how long.

    Notes
    -----
    Most optimal plans have no equal: that is asked first, and is as quick as the proof of the optimum was. Only where
    there is an equal plan with a smaller sum is the least sum looked for.
    """
    if siting.n_sites == siting.n_open:  # the bound left one plan
        return rank
    plan = np.searchsorted(siting.rank, rank)
    earlier = _earlier_plan(siting, plan, classes=classes, options=options, clock=clock)
    if earlier is None:
        return None
    if siting.rank[earlier].sum() < rank.sum():
        limit = siting.value(plan) + siting.tolerance
        earlier = _first_plan(siting, earlier, cost_limit=limit, classes=classes, options=options, clock=clock)
    return None if earlier is None else siting.rank[earlier]


def _earlier_plan(
    siting: Siting, plan: NDArray[np.intp], *, classes: CoverClasses, options: SolverOptions, clock: Clock
) -> NDArray[np.intp] | None:
    """Return an equal plan with a smaller sum of ranks, the plan itself if there is none; None if not proven."""
    model = build_model(classes, n_sites=siting.n_sites, n_open=siting.n_open)
    is_lifted = seek_earlier_plan(model, rank=siting.rank, plan=plan, advantage=siting.tolerance)
    asked = replace(options, gap_abs=0.0, time_limit_s=clock.left_s())
    outcome = run_solver(model.lp, asked, start=[*model.start(plan), (is_lifted, 1.0)])
    if outcome.proof is not Proof.OPTIMAL:
        return None
    return model.plan() if is_lifted.varValue < 0.5 else plan


def _first_plan(
    siting: Siting,
    plan: NDArray[np.intp],
    *,
    cost_limit: float,
    classes: CoverClasses,
    options: SolverOptions,
    clock: Clock,
) -> NDArray[np.intp] | None:
    """Return the plan with the least sum of ranks among those within a limit of cost, one of which is given; None if not proven."""
    model = build_model(classes, n_sites=siting.n_sites, n_open=siting.n_open)
    prefer_first_ids(model, rank=siting.rank, cost_limit=cost_limit)
    asked = replace(options, gap_abs=0.0, time_limit_s=clock.left_s())
    outcome = run_solver(model.lp, asked, start=model.start(plan))
    return model.plan() if outcome.proof is Proof.OPTIMAL else None
