"""Covering with cuts: cuts at the relaxation, the best plan of the sites that it opens, and the rest without the idle ones."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.aggregate import CoverClasses, radius_classes
from optimize.clock import Clock, Deadline
from optimize.cover_cuts import MARGIN, CoverCuts, add_cuts, find_cuts, has_cuts
from optimize.cover_model import CoverModel, build_model
from optimize.cover_plans import merge_plans
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.lagrange import Bounds, with_better_plan
from optimize.siting import Siting, restrict

MOST_PASSES = 3
LEAST_IDLE = 0.1
"""Share of the sites that must be idle for the rest to be aggregated and cut anew."""

LEAST_USE = 1e-3
"""How far the relaxation must open a site for it to belong to the core."""

PLAN_SHARE, CUT_SHARE, CORE_SHARE = 0.3, 0.7, 0.1
"""Shares of the time that is left for plans that are merged, for the cuts of a pass, and for its core."""

CORE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Rest:
    """What is left of a problem, and how its model is written.

    Parameters
    ----------
    siting, bounds, classes
        The problem, what is known of it, and its classes.
    cuts
        Cuts of the classes, None where there are none.
    """

    siting: Siting
    bounds: Bounds
    classes: CoverClasses
    cuts: CoverCuts | None

    def model(self, *, is_closed: NDArray[np.bool_] | None = None) -> CoverModel:
        """Return the model, in which idle sites are closed and others besides."""
        model = build_model(self.classes, n_sites=self.siting.n_sites, n_open=self.siting.n_open)
        if self.cuts is not None:
            idle = self.cuts.is_idle(self.bounds.upper)
            add_cuts(model, self.classes, self.cuts, is_closed=idle if is_closed is None else idle | is_closed)
        return model


def rest_of(siting: Siting, bounds: Bounds) -> Rest:
    """Return a problem that is to be solved as it is."""
    return Rest(siting=siting, bounds=bounds, classes=radius_classes(siting), cuts=None)


def cut_down(rest: Rest, *, options: SolverOptions, clock: Clock) -> Rest:
    """Return what is left after rounds of cuts; a problem whose classes stand on each other stays as it is.

    Parameters
    ----------
    rest
        The problem, with a plan that serves all that must be served.
    options, clock
        How to ask the solver, and how long.
    """
    rest = _with_merged_plan(rest, options=options, clock=clock)
    for _ in range(MOST_PASSES):
        if not has_cuts(rest.classes) or not rest.bounds.is_feasible or _is_closed(rest):
            break
        rest = _with_cuts(rest, options=options, clock=clock)
        if rest.cuts is None or _is_closed(rest):
            break
        idle = rest.cuts.is_idle(rest.bounds.upper)
        idle[rest.bounds.plan] = False
        if idle.mean() < LEAST_IDLE:
            break
        rest = _without(rest, idle)
    if rest.cuts is None and has_cuts(rest.classes) and rest.bounds.is_feasible and not _is_closed(rest):
        rest = _with_cuts(rest, options=options, clock=clock)
    return rest


def _with_merged_plan(rest: Rest, *, options: SolverOptions, clock: Clock) -> Rest:
    """Return the problem with a better plan of many short searches, where it is one of coverage that is not proven yet."""
    if rest.siting.pair_cost.any() or not rest.bounds.is_feasible or _is_closed(rest):
        return rest
    left_s = clock.left_s()
    deadline = clock.deadline(1.0) if left_s is None else Deadline(time.monotonic() + PLAN_SHARE * left_s, clock.is_stopped)
    return replace(rest, bounds=merge_plans(rest.siting, rest.bounds, options=options, clock=clock, deadline=deadline))


def _is_closed(rest: Rest) -> bool:
    return rest.bounds.upper - rest.bounds.lower <= rest.siting.tolerance or rest.siting.n_sites == rest.siting.n_open


def _with_cuts(rest: Rest, *, options: SolverOptions, clock: Clock) -> Rest:
    """Return the problem with cuts, and with the best plan of the sites that its relaxation opens, if that is better."""
    siting, bounds = rest.siting, rest.bounds
    cuts = find_cuts(
        rest.classes,
        n_sites=siting.n_sites,
        n_open=siting.n_open,
        upper=bounds.upper,
        options=options,
        clock=clock,
        share=CUT_SHARE,
    )
    if not np.isfinite(cuts.lower):
        return rest
    bounds = replace(bounds, lower=max(bounds.lower, cuts.lower - MARGIN * max(abs(bounds.upper), abs(cuts.lower))))
    rest = replace(rest, bounds=bounds, cuts=cuts)
    is_out = cuts.use < LEAST_USE
    is_out[bounds.plan] = False
    if cuts.lower >= bounds.upper or int((~is_out).sum()) <= siting.n_open:
        return rest
    model, left_s = rest.model(is_closed=is_out), clock.left_s()
    limit_s = CORE_SECONDS if left_s is None else min(CORE_SECONDS, CORE_SHARE * left_s)
    asked = replace(options, solver="highs", gap_abs=0.0, time_limit_s=limit_s)
    outcome = run_solver(model.lp, asked, start=model.start(bounds.plan))
    plan = model.plan()
    if outcome.proof not in (Proof.OPTIMAL, Proof.PLAN) or plan.size != siting.n_open:
        return rest
    return replace(rest, bounds=with_better_plan(siting, bounds, plan))


def _without(rest: Rest, idle: NDArray[np.bool_]) -> Rest:
    """Return the problem without idle sites, aggregated anew."""
    siting, bounds = rest.siting, rest.bounds
    bounds = replace(bounds, plan=(np.cumsum(~idle) - 1)[bounds.plan], use=bounds.use[~idle])
    return rest_of(restrict(siting, ~idle), bounds)
