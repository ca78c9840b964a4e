"""One integer programme with capacities: what a limit leaves of a case, under every rule; and the tie rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.capacity_bounds import Possible
from optimize.capacity_model import CapacityModel, add_links, as_site_model, build_model_of_case, largest_shares
from optimize.clock import Clock
from optimize.cover_limits import add_cover_limits
from optimize.exact import Answer
from optimize.highs import Outcome, Proof, SolverOptions, Tell, run_relaxation, run_solver
from optimize.problem import LocationProblem
from optimize.ruled import limit_cost, names_of, rank_objective
from optimize.site_model import SiteModel, add_site_rows
from optimize.site_rows import site_rows, tie_places
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE
from optimize.solution import Allocation

PAIRS_TO_LINK_BY_NEED = 5_000
"""Pairs from which on only those are linked to their site that the relaxation asks for: of the 17,000 pairs of a case of the
OR-Library every sixth, and the proof took a quarter of the time."""

MOST_ROUNDS_OF_LINKS = 30
LINK_ROOM = 1e-6


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


def best_of(question: CapacityQuestion, possible: Possible, *, start: NDArray[np.intp] | None = None) -> Answer | None:
    """Return the best plan of what is left, with its proof; None if there is none.

    Parameters
    ----------
    question, possible
        What is asked, and what is left.
    start
        Free sites of a plan to begin from.

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
    tell = _tell(question, built, possible)
    outcome = run_solver(built.lp, asked, start=[] if start is None else _as_start(built, start), tell=tell)
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
    rank_objective(built, places=tie_places(question.problem, question.sites))
    asked = replace(question.options, gap_abs=0.0, time_limit_s=question.clock.left_s())
    outcome = run_solver(built.lp, asked, start=_as_start(built, best.rank))
    if outcome.proof is not Proof.OPTIMAL:
        return None
    plan, allocation, cost = _read(question, built)
    if cost > best.upper + 2 * room:
        return None
    return replace(best, rank=plan, allocation=allocation, upper=min(cost, best.upper), is_tie_broken=True)


def _tell(question: CapacityQuestion, built: SiteModel, possible: Possible) -> Tell | None:
    """Return who is told objectives of the problem; what was left out may cost no less than the limit."""
    told, most = question.options.tell, (possible.limit - built.constant) * built.factor
    if told is None:
        return None

    def tell(cost: float, bound: float) -> None:
        told(built.objective_of(cost), built.objective_of(min(bound, most)))

    return tell


def _as_start(built: SiteModel, plan: NDArray[np.intp]) -> list[tuple[Any, float]]:
    """Return a plan as values of the site variables."""
    is_open = np.zeros(len(built.is_open))
    is_open[plan] = 1.0
    return list(zip(built.is_open, is_open.tolist(), strict=True))


def _build(question: CapacityQuestion, possible: Possible) -> SiteModel:
    """Return the model of what is left, with the rows of every rule and the links that its relaxation needs."""
    problem, sites = question.problem, question.sites
    model = build_model_of_case(possible.case)
    built = as_site_model(problem, model)
    for j in np.flatnonzero(~possible.is_possible).tolist():
        model.is_open[j].upBound = 0
    for j in np.flatnonzero(possible.is_sure).tolist():
        model.is_open[j].lowBound = 1
    add_cover_limits(built, problem, sites, problem.rules.covers)
    add_site_rows(built.lp, built.is_open, site_rows(problem, sites))
    _add_needed_links(question, model)
    return built


def _add_needed_links(question: CapacityQuestion, model: CapacityModel) -> None:
    """Add the links that the relaxation breaks, again and again; of a small model all of them."""
    case = model.case
    if case.pair_row.size < PAIRS_TO_LINK_BY_NEED:
        add_links(model, np.arange(case.pair_row.size))
        return
    is_linked = case.pair_site >= case.n_free
    most = largest_shares(case)
    for _ in range(MOST_ROUNDS_OF_LINKS):
        relaxed = run_relaxation(model.lp, replace(question.options, time_limit_s=question.clock.left_s()))
        if relaxed.proof is not Proof.OPTIMAL:
            return
        broken = model.share_now() > most * model.open_now()[case.pair_site] + LINK_ROOM
        new = np.flatnonzero(broken & ~is_linked)
        if not new.size:
            return
        add_links(model, new)
        is_linked[new] = True


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
