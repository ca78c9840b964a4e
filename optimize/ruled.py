"""The exact answer of any model under any rule: one integer programme, and a second one for the tie rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.clock import Clock
from optimize.core_sites import Core, find_core, start_of
from optimize.cover_limits import add_cover_limits
from optimize.cover_model import linear_row
from optimize.evaluate import serving_pairs
from optimize.exact import Answer
from optimize.highs import Outcome, Proof, SolverOptions, convert_told, run_solver
from optimize.interchange import add_greedily
from optimize.max_coverage import build_max_coverage
from optimize.model import Model
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.rule_search import find_plan, rule_table
from optimize.rule_sums import check_rule_sums
from optimize.site_model import PAIRS_BUILT_PER_SECOND, SiteModel, add_site_rows
from optimize.site_rows import site_rows, tie_places
from optimize.site_rules import SiteRules, keep_sites
from optimize.siting import RELATIVE_TOLERANCE
from optimize.solution import Allocation

Refuse = Callable[[LocationProblem, SiteRules], Exception]
"""What makes the error of a problem that no plan meets."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """A plan of the solver: its sites, who is served where the model says it, and its cost counted from the arrays."""

    plan: NDArray[np.intp]
    allocation: Allocation | None
    cost: float


def solve_ruled(
    problem: LocationProblem,
    sites: SiteRules,
    *,
    model: Model,
    refuse: Refuse,
    options: SolverOptions,
    clock: Clock,
    gap: float,
    breaks_ties: bool = True,
    n_pairs: int | None = None,
) -> Answer:
    """Return the best plan under all rules with its proof.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    model
        The model of its objective.
    refuse
        Makes the error where there is no plan.
    options, clock
        How to ask the solver, and how long; its gap and time are set here.
    gap
        Relative gap at which to stop.
    breaks_ties
        Whether the plan is to be the one that the tie rule names, which takes a second solve.
    n_pairs
        How many pairs the model is built of; None for all that serve.

    Raises
    ------
    InfeasibleError
        No plan meets the rules.
    SolverError
        The solver failed, or the time was over before there was a plan.

    Notes
    -----
    Building a model looks at no clock. Where it would take longer than the time that is left, the plan is one that local search
    finds to meet the rules, and nothing is proven of it.
    """
    check_rule_sums(problem, sites, site_rows(problem, sites))
    build = partial(build_ruled, problem, model=model)
    seek = partial(seek_plan, problem, sites, model=model, seed=options.seed)
    n_pairs = int(serving_pairs(problem).sum()) if n_pairs is None else n_pairs
    if not clock.has_time_for(n_pairs, per_second=PAIRS_BUILT_PER_SECOND):
        return _sought(problem, sites, None, model=model, seed=options.seed)
    core = find_core(sites, build=build, seek=seek, options=options, clock=clock)
    if core.is_infeasible:
        raise refuse(problem, sites)
    if clock.left_s() == 0:
        return _sought(problem, sites, core, model=model, seed=options.seed)
    built = build(core.sites)
    offset = (built.constant - built.total) * built.factor
    asked = replace(options, gap_rel=gap, gap_abs=0.0, offset=offset, time_limit_s=clock.left_s())
    tell = convert_told(options.tell, built.objective_of)
    outcome = run_solver(built.lp, asked, start=start_of(built, core.sites, core.start), tell=tell)
    if outcome.proof is Proof.INFEASIBLE:
        raise refuse(problem, sites)
    if outcome.proof is Proof.NOTHING and (not core.start.size or built.allocation is not None):
        return _sought(problem, sites, core, model=model, seed=options.seed)
    is_read = outcome.proof is not Proof.NOTHING
    plan = built.plan() if is_read else np.flatnonzero(np.isin(core.sites.free, core.start))
    found = _found(problem, core.sites, plan, built=built, model=model)
    answer = _judged(found, core, built=built, outcome=outcome, is_exact=gap == 0)
    if answer.is_optimal and breaks_ties and clock.has_time_for(n_pairs, per_second=PAIRS_BUILT_PER_SECOND):
        places = tie_places(problem, sites)[sites.site[core.sites.free]]
        first = _first_of_equals(problem, core.sites, found, places=places, model=model, options=options, clock=clock)
        if first is not None:
            found = first
            answer = replace(answer, upper=min(first.cost, answer.upper), is_tie_broken=True)
    return replace(answer, rank=sites.site[core.sites.free[found.plan]], allocation=found.allocation)


def seek_plan(problem: LocationProblem, sites: SiteRules, *, model: Model, seed: int) -> NDArray[np.intp] | None:
    """Return the columns of sites that meet every rule, by local search; None where it finds none, or is of no use.

    Notes
    -----
    Without limits on covered shares a core of the relaxation has a plan, or the solver quickly says that it has none.
    """
    if model.start is not None and problem.rules.is_empty:
        return np.asarray(sites.free[model.start(problem, sites)])
    return seek_any_plan(problem, sites, model=model, seed=seed) if problem.rules.covers else None


def seek_any_plan(problem: LocationProblem, sites: SiteRules, *, model: Model, seed: int) -> NDArray[np.intp] | None:
    """Return the columns of sites that meet every rule, however good, by local search; None where it finds none."""
    if model.needs is None:
        return None
    limits = (*problem.rules.covers, *model.needs(problem))
    table = rule_table(problem, sites, rows=site_rows(problem, sites), limits=limits)
    if table is None:
        return None
    # Of sites that the rules do not tell apart the search takes the first.
    order = np.arange(sites.free.size) if limits else _by_promise(problem, sites)
    ordered = replace(table, rows=table.rows[:, order], covers=table.covers[order])
    plan = find_plan(ordered, rng=np.random.default_rng(seed))
    return None if plan is None else np.sort(sites.free[order[plan]])


def _by_promise(problem: LocationProblem, sites: SiteRules) -> NDArray[np.intp]:
    """Return the free sites, those first that reach the most weight together, as many as are opened at least."""
    first = add_greedily(build_max_coverage(problem, sites))
    return np.concatenate([first, np.setdiff1d(np.arange(sites.free.size), first)])


def _sought(problem: LocationProblem, sites: SiteRules, core: Core | None, *, model: Model, seed: int) -> Answer:
    """Return a plan of which the solver proved nothing: that of the core, or one that meets the rules.

    Raises
    ------
    SolverError
        None is known.
    """
    columns: NDArray[np.intp] | None = None if core is None or not core.start.size else core.start
    if columns is None and model.start is not None and problem.rules.is_empty:
        columns = sites.free[model.start(problem, sites)]
    if columns is None and core is not None and core.best.size:
        part = keep_sites(sites, np.isin(sites.free, core.best))
        columns = seek_any_plan(problem, part, model=model, seed=seed)
    if columns is None:
        columns = seek_any_plan(problem, sites, model=model, seed=seed)
    if columns is None:
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    plan = np.flatnonzero(np.isin(sites.free, columns))
    chosen = names_of(problem, sites, plan)
    selected = {*chosen, *problem.fixed}
    new = chosen - set(problem.rules.open_now)
    objective = model.objective(problem, model.allocate(problem, selected), selected=selected, new=new)
    if math.isinf(objective):
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    is_more_better = problem.objective in MAXIMISED
    total = math.fsum(problem.weight) if core is None or not core.total else core.total
    upper = total - objective if is_more_better else objective
    return Answer(
        rank=plan,
        upper=upper,
        lower=min(max(0.0 if core is None else core.lower, 0.0), upper),  # no cost is below nothing
        is_optimal=False,
        is_cut=True,
        is_tie_broken=False,
        n_sites=int(sites.free.size if core is None else core.sites.free.size),
        n_classes=0,
        n_rows=0,
        n_columns=0,
        n_nonzeros=0,
    )


def build_ruled(problem: LocationProblem, sites: SiteRules, *, model: Model) -> SiteModel:
    """Return the model of the objective with the rows of every rule."""
    if model.build is None:
        raise SolverError(f"{problem.objective} has no model of its own", where="objective")
    built = model.build(problem, sites)
    add_cover_limits(built, problem, sites, problem.rules.covers)
    add_site_rows(built.lp, built.is_open, site_rows(problem, sites))
    return built


def _found(problem: LocationProblem, sites: SiteRules, plan: NDArray[np.intp], *, built: SiteModel, model: Model) -> _Found:
    """Return a plan with its cost, and who is served by which site where the solved model says it."""
    chosen = names_of(problem, sites, plan)
    allocation = built.allocation() if built.allocation is not None else None
    selected = {*chosen, *problem.fixed}
    served = allocation if allocation is not None else model.allocate(problem, selected)
    objective = model.objective(problem, served, selected=selected, new=chosen - set(problem.rules.open_now))
    return _Found(plan=plan, allocation=allocation, cost=built.total - objective if built.total else objective)


def names_of(problem: LocationProblem, sites: SiteRules, plan: NDArray[np.intp]) -> set[str]:
    """Return the ids that a plan opens beside the fixed ones."""
    return {problem.candidate_ids[j] for j in sites.free[plan].tolist()} | set(problem.required)


def _judged(found: _Found, core: Core, *, built: SiteModel, outcome: Outcome, is_exact: bool) -> Answer:
    """Return the answer with what the solver proved; optimal only where the bound meets the cost counted from the arrays."""
    proven = -np.inf if outcome.bound is None else outcome.bound / built.factor + built.constant
    lower = max(core.lower, proven)
    scale = max(abs(found.cost), abs(built.total))
    is_close = found.cost - proven <= RELATIVE_TOLERANCE * scale
    return Answer(
        rank=found.plan,
        upper=found.cost,
        lower=min(lower, found.cost),
        is_optimal=outcome.proof is Proof.OPTIMAL and is_exact and is_close,
        is_cut=outcome.proof is not Proof.OPTIMAL,
        is_tie_broken=False,
        n_sites=int(core.sites.free.size),
        n_classes=built.n_classes,
        n_rows=built.lp.numConstraints(),
        n_columns=built.lp.numVariables(),
        n_nonzeros=sum(len(row) for row in built.lp.constraints()),
        allocation=found.allocation,
    )


def _first_of_equals(
    problem: LocationProblem,
    sites: SiteRules,
    best: _Found,
    *,
    places: NDArray[np.float64],
    model: Model,
    options: SolverOptions,
    clock: Clock,
) -> _Found | None:
    """Return the plan with the least sum of places among those as good as the best one; None if not proven in time."""
    built = build_ruled(problem, sites, model=model)
    room = RELATIVE_TOLERANCE * max(abs(best.cost), abs(built.total))
    limit_cost(built, best.cost + room)
    rank_objective(built, places=places)
    outcome = run_solver(built.lp, replace(options, gap_abs=0.0, time_limit_s=clock.left_s()))
    if outcome.proof is not Proof.OPTIMAL:
        return None
    found = _found(problem, sites, built.plan(), built=built, model=model)
    return found if found.cost <= best.cost + 2 * room else None


def limit_cost(built: SiteModel, most: float) -> None:
    """Add that a plan costs no more than so much; without costs there is nothing to limit."""
    terms: list[tuple[Any, float]] = list(built.lp.objective.items())
    if terms:
        rhs = (most - built.constant) * built.factor
        built.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=rhs), "cost")


def rank_objective(built: SiteModel, *, places: NDArray[np.float64]) -> None:
    """Turn the objective into the sum of what each open site adds by the tie rule, as `tie_places` says it."""
    terms = list(zip(built.is_open, places.tolist(), strict=True))
    built.lp.setObjective(pulp.LpAffineExpression(terms))
