"""One integer programme with capacities: what a limit leaves of a case, under every rule; and the tie rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.capacity_bounds import Possible
from optimize.capacity_model import build_capacity_model
from optimize.clock import Clock
from optimize.cover_limits import add_cover_limits
from optimize.exact import Answer
from optimize.highs import Outcome, Proof, SolverOptions, run_solver
from optimize.problem import LocationProblem
from optimize.ruled import limit_cost, names_of, rank_objective
from optimize.site_model import SiteModel, add_site_rows
from optimize.site_rows import site_rows
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE
from optimize.solution import Allocation


@dataclass(frozen=True, kw_only=True, eq=False)
class CapacityQuestion:
    """What is asked of the solver, and how.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    measure
        ``measure(problem, allocation, *, new) -> float``: the objective, counted from the arrays.
    options, clock, gap
        How to ask the solver, how long, and the relative gap at which to stop.
    """

    problem: LocationProblem
    sites: SiteRules
    measure: Callable[..., float]
    options: SolverOptions
    clock: Clock
    gap: float


def best_of(question: CapacityQuestion, possible: Possible) -> Answer | None:
    """Return the best plan of what is left, with its proof; None if there is none.

    Raises
    ------
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    built = _build(question, possible)
    asked = replace(
        question.options,
        gap_rel=question.gap,
        gap_abs=0.0,
        offset=(built.constant - built.total) * built.factor,
        time_limit_s=question.clock.left_s(),
    )
    outcome = run_solver(built.lp, asked)
    if outcome.proof is Proof.INFEASIBLE:
        return None
    if outcome.proof is Proof.NOTHING:
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    plan, allocation, cost = _read(question, built)
    lower = -np.inf if outcome.bound is None else outcome.bound / built.factor + built.constant
    return Answer(
        rank=plan,
        upper=cost,
        lower=min(lower, cost),
        is_optimal=_is_proven(question, built, outcome, cost=cost, lower=lower),
        is_cut=outcome.proof is not Proof.OPTIMAL,
        is_tie_broken=False,
        n_sites=int(possible.is_possible.sum()),
        n_classes=built.n_classes,
        n_rows=built.lp.numConstraints(),
        n_columns=built.lp.numVariables(),
        n_nonzeros=sum(len(row) for row in built.lp.constraints()),
        allocation=allocation,
    )


def first_of_equal_plans(question: CapacityQuestion, possible: Possible, best: Answer) -> Answer | None:
    """Return the answer with the plan of the least sum of positions among those as good; None if not proven in time.

    Raises
    ------
    SolverError
        The solver failed.
    """
    built = _build(question, possible)
    room = RELATIVE_TOLERANCE * max(abs(best.upper), abs(built.total))
    limit_cost(built, best.upper + room)
    rank_objective(built, rank=np.arange(len(built.is_open)))
    outcome = run_solver(built.lp, replace(question.options, gap_abs=0.0, time_limit_s=question.clock.left_s()))
    if outcome.proof is not Proof.OPTIMAL:
        return None
    plan, allocation, cost = _read(question, built)
    if cost > best.upper + 2 * room:
        return None
    return replace(best, rank=plan, allocation=allocation, upper=min(cost, best.upper), is_tie_broken=True)


def _build(question: CapacityQuestion, possible: Possible) -> SiteModel:
    """Return the model of what is left, with the rows of every rule."""
    problem, sites = question.problem, question.sites
    built = build_capacity_model(problem, possible.case, is_possible=possible.is_possible, is_sure=possible.is_sure)
    add_cover_limits(built, problem, sites, problem.rules.covers)
    add_site_rows(built.lp, built.is_open, site_rows(problem, sites))
    return built


def _read(question: CapacityQuestion, built: SiteModel) -> tuple[NDArray[np.intp], Allocation, float]:
    """Return the plan that the solved model holds, who is served by whom in it, and its cost counted from the arrays."""
    if built.allocation is None:
        raise SolverError("a model with capacities says who is served by whom", where="solver")
    plan, allocation = built.plan(), built.allocation()
    new = names_of(question.problem, question.sites, plan) - set(question.problem.rules.open_now)
    objective = question.measure(question.problem, allocation, new=new)
    return plan, allocation, built.total - objective if built.total else objective


def _is_proven(question: CapacityQuestion, built: SiteModel, outcome: Outcome, *, cost: float, lower: float) -> bool:
    """Return whether the solver was asked for no gap, says optimal, and its bound meets the cost."""
    is_close = cost - lower <= RELATIVE_TOLERANCE * max(abs(cost), abs(built.total))
    return outcome.proof is Proof.OPTIMAL and question.gap == 0 and is_close
