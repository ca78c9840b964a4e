"""The exact answer of a fixed-charge problem without rules: narrow it by bounds, prove the rest with a solver, break ties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.clock import Clock
from optimize.exact import Answer
from optimize.fixed_charge import build_fixed_charge, opening_costs, with_site_costs
from optimize.fixed_charge_bounds import ChargeBounds, narrow_charge, plan_cost
from optimize.highs import Outcome, Proof, SolverOptions, convert_told, run_solver
from optimize.problem import LocationProblem
from optimize.ruled import limit_cost, rank_objective
from optimize.site_model import PAIRS_BUILT_PER_SECOND, SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import Siting

SHARE_OF_TIME_FOR_BOUNDS = 0.5


def answer_fixed_charge(
    problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float
) -> Answer:
    """Return the cheapest plan with its proof.

    Parameters
    ----------
    problem
        With the objective ``fixed_charge`` and no rules.
    rules
        What `site_rules` says of it.
    options, clock, gap
        How to ask the solver, how long, and the relative gap at which to stop.

    Raises
    ------
    InfeasibleError
        Demand that must be served is reached by no site that may be open.
    SolverError
        The solver failed.
    """
    whole = build_fixed_charge(problem, rules)
    cost = opening_costs(problem)[rules.free]
    siting, cost, bounds = narrow_charge(whole, cost, deadline=clock.deadline(SHARE_OF_TIME_FOR_BOUNDS))
    is_late = not clock.has_time_for(siting.pair_row.size, per_second=PAIRS_BUILT_PER_SECOND)
    if is_late or (gap > 0 and bounds.upper - bounds.lower <= gap * bounds.upper):
        return replace(_first_answer(siting, bounds), is_cut=is_late)
    built = _build(siting, cost)
    start = list(zip(built.is_open, np.isin(np.arange(siting.n_sites), bounds.plan).astype(float).tolist(), strict=True))
    offset = built.constant * built.factor
    asked = replace(options, gap_rel=gap, gap_abs=0.0, offset=offset, time_limit_s=clock.left_s())
    outcome = run_solver(built.lp, asked, start=start, tell=convert_told(options.tell, built.objective_of))
    answer = _judged(siting, cost, bounds, built=built, outcome=outcome, is_exact=gap == 0)
    if not answer.is_optimal or not clock.has_time_for(siting.pair_row.size, per_second=PAIRS_BUILT_PER_SECOND):
        return answer
    first = _first_of_equals(siting, cost, answer.upper, options=replace(options, time_limit_s=clock.left_s()))
    return answer if first is None else replace(answer, rank=siting.rank[first], is_tie_broken=True)


def _build(siting: Siting, cost: NDArray[np.float64]) -> SiteModel:
    return with_site_costs(model_of_siting(siting, n_sites=siting.n_sites, total=0.0), cost)


def _first_answer(siting: Siting, bounds: ChargeBounds) -> Answer:
    """Return what the bounds alone say."""
    return Answer(
        rank=siting.rank[bounds.plan],
        upper=bounds.upper,
        lower=min(bounds.lower, bounds.upper),
        is_optimal=False,
        is_cut=True,
        is_tie_broken=False,
        n_sites=siting.n_sites,
        n_classes=0,
        n_rows=0,
        n_columns=0,
        n_nonzeros=0,
    )


def _judged(
    siting: Siting, cost: NDArray[np.float64], bounds: ChargeBounds, *, built: SiteModel, outcome: Outcome, is_exact: bool
) -> Answer:
    """Return the answer with what the solver found and proved."""
    if outcome.proof is Proof.INFEASIBLE:
        raise SolverError("the solver finds no plan where one is known", where="solver")
    plan = built.plan() if outcome.proof is not Proof.NOTHING else bounds.plan
    if plan_cost(siting, cost, plan) > bounds.upper:
        plan = bounds.plan
    upper = plan_cost(siting, cost, plan)
    proven = -np.inf if outcome.bound is None else outcome.bound / built.factor + built.constant
    lower = min(upper, max(bounds.lower, proven))
    return replace(
        _first_answer(siting, bounds),
        rank=siting.rank[plan],
        upper=upper,
        lower=lower,
        is_optimal=outcome.proof is Proof.OPTIMAL and is_exact and upper - lower <= siting.tolerance,
        is_cut=outcome.proof is not Proof.OPTIMAL,
        n_classes=built.n_classes,
        n_rows=built.lp.numConstraints(),
        n_columns=built.lp.numVariables(),
        n_nonzeros=sum(len(row) for row in built.lp.constraints()),
    )


def _first_of_equals(
    siting: Siting, cost: NDArray[np.float64], upper: float, *, options: SolverOptions
) -> NDArray[np.intp] | None:
    """Return the plan of the least sum of positions among those as good; None if not proven in time."""
    built = _build(siting, cost)
    limit_cost(built, upper + siting.tolerance)
    rank_objective(built, places=(siting.rank + 1).astype(np.float64))
    if run_solver(built.lp, replace(options, gap_abs=0.0)).proof is not Proof.OPTIMAL:
        return None
    plan = built.plan()
    return plan if plan_cost(siting, cost, plan) <= upper + 2 * siting.tolerance else None
