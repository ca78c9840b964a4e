"""The next best plans of a model that takes every rule, one after the other, from one model that is kept.

Notes
-----
A plan that is met is cut off: of its sites S not all stay open, or one beside them opens, Σ_S y − Σ_∉S y ≤ |S| − 1 (Balas,
Jeroslow 1972). First the sites are left out that are in no plan within the limit: a bound of every plan with the site is
beyond it, from Lagrangian prices where the problem has the form of a siting, else from the reduced costs of the linear
relaxation. The limit is widened in steps, in a siting to the cheapest plan that is a swap away from those that were met, so
that few sites are searched for each plan.

References
----------
Balas, Jeroslow (1972), Canonical cuts on the unit hypercube, SIAM Journal on Applied Mathematics 23: 61-69,
doi:10.1137/0123007.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.clock import Clock
from optimize.cover_model import linear_row
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.model import Model
from optimize.models import MODELS
from optimize.objectives import MAXIMISED
from optimize.plan_narrowing import SITINGS, Narrowed, narrow_by_prices, narrow_by_relaxation
from optimize.plan_swaps import SwapLimits
from optimize.problem import LocationProblem
from optimize.ruled import limit_cost, names_of, rank_objective
from optimize.site_model import SiteModel
from optimize.site_rows import closed_sites
from optimize.site_rules import SiteRules, keep_sites, site_rules
from optimize.siting import RELATIVE_TOLERANCE
from optimize.solution import TIE_RULE, TIE_RULE_OPEN, ModelFacts, Solution, Status
from optimize.variants import is_number_fixed
from optimize.verify import verify_solution

STEPS = (1 / 16, 1 / 4, 1.0)
"""Up to which share of the limit plans are sought, one step after the other, where no plan is known to come next."""

SHARE_OF_TIME_FOR_BOUNDS = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """What does not change during a search, and the plans that were met, as columns of free sites."""

    problem: LocationProblem
    model: Model
    sites: SiteRules
    best: Solution
    options: SolverOptions
    clock: Clock
    met: list[NDArray[np.intp]] = field(default_factory=list)


def next_plans(problem: LocationProblem, best: Solution, *, within: float, clock: Clock) -> Iterator[Solution | None]:
    """Yield the next best plans within a share of the best objective, best first; None, and no more, where the time is over.

    Parameters
    ----------
    problem, best
        A problem whose model takes every rule, and its best plan.
    within
        By which share of the best objective a plan may be worse.
    clock
        How long the search may take.

    Notes
    -----
    Of equal plans that comes first which the tie rule names.
    """
    options = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1, is_stopped=clock.is_stopped)
    model, sites = MODELS[problem.objective], site_rules(problem)
    search = _Search(problem=problem, model=model, sites=sites, best=best, options=options, clock=clock)
    search.met.append(_columns(search, best))
    if not sites.free.size:
        return
    narrowed = _narrow(search)
    total = narrowed.total
    limit = total - best.objective * (1.0 - within) if total else best.objective * (1.0 + within)
    for step in _steps(search, narrowed, limit):
        most = step + RELATIVE_TOLERANCE * max(abs(step), abs(total))
        kept = (narrowed.least <= most) | np.isin(sites.free, np.concatenate(search.met))
        for found in _plans_up_to(search, narrowed, keep_sites(sites, kept), most=most):
            yield found
            if found is None:
                return


def _steps(search: _Search, narrowed: Narrowed, limit: float) -> Iterator[float]:
    """Yield the costs up to which plans are sought, one step after the other: the last one is the limit."""
    if narrowed.siting is None:
        least = narrowed.total - search.best.objective if narrowed.total else search.best.objective
        yield from (least + share * (limit - least) for share in STEPS)
        return
    swaps, n_met = SwapLimits(narrowed.siting, most=limit), 0
    while len(search.met) > n_met:  # else the solver finds no plan where the swaps know one, but for rounding
        n_met = len(search.met)
        step = swaps.next_at_most([search.sites.site[columns] for columns in search.met])
        if step >= limit:
            break
        yield step
    yield limit


def _plans_up_to(search: _Search, narrowed: Narrowed, part: SiteRules, *, most: float) -> Iterator[Solution | None]:
    """Yield the plans of some sites that cost no more and were not met yet; None where the time is over.

    Notes
    -----
    A plan is yielded when the one after it is known: where that is dearer there is no other one as good.
    """
    if not part.free.size:
        return
    model_of = partial(_model_of, search, narrowed, part, most)
    built = model_of()
    found = _next_plan(search, part, built, most=most)
    while isinstance(found, Solution):
        columns = _columns(search, found)
        _cut_off(built, part, columns, number=len(search.met), is_number_fixed=is_number_fixed(search.problem))
        after = _next_plan(search, part, built, most=most)
        limit = _cost_of(built, found) + RELATIVE_TOLERANCE * max(abs(_cost_of(built, found)), abs(built.total))
        is_equal = isinstance(after, Solution) and _cost_of(built, after) <= limit
        first = _first_of_equals(search, part, model_of(), most=limit) if is_equal else None
        found = found if first is None else first
        is_first = first is not None or (after is not Proof.NOTHING and not is_equal)
        yield replace(found, is_tie_broken=is_first, tie_rule=TIE_RULE if is_first else TIE_RULE_OPEN)
        search.met.append(_columns(search, found))
        if is_equal:  # either of both may have been the first, and the other one is still to come
            built = model_of()
            after = _next_plan(search, part, built, most=most)
        found = after
    if found is Proof.NOTHING:
        yield None


def _model_of(search: _Search, narrowed: Narrowed, part: SiteRules, most: float) -> SiteModel:
    """Return the model of some sites, without the plans that were met."""
    built = narrowed.build(part, most)
    is_fixed = is_number_fixed(search.problem)
    for number, columns in enumerate(search.met):
        _cut_off(built, part, columns, number=number, is_number_fixed=is_fixed)
    return built


def _cut_off(built: SiteModel, part: SiteRules, columns: NDArray[np.intp], *, number: int, is_number_fixed: bool) -> None:
    """Add that another plan is sought than one that was met."""
    is_open = np.isin(part.free, columns)
    terms = [(built.is_open[j], 1.0) for j in np.flatnonzero(is_open).tolist()]
    if not is_number_fixed:
        terms += [(built.is_open[j], -1.0) for j in np.flatnonzero(~is_open).tolist()]
    row = linear_row(terms, sense=pulp.LpConstraintLE, rhs=float(is_open.sum() - 1))
    built.lp.addConstraint(row, f"n{number:07d}")


def _next_plan(search: _Search, part: SiteRules, built: SiteModel, *, most: float) -> Solution | Proof:
    """Return the best plan that is not cut off; else that there is none up to the limit, or that none is proven in time."""
    asked = replace(search.options, time_limit_s=search.clock.left_s())
    if asked.time_limit_s == 0:
        return Proof.NOTHING
    outcome = run_solver(built.lp, asked)
    if outcome.proof is Proof.INFEASIBLE:
        return Proof.INFEASIBLE
    if outcome.proof is not Proof.OPTIMAL or outcome.bound is None:
        return Proof.NOTHING
    found = _read(search, part, built)
    cost = _cost_of(built, found)
    room = RELATIVE_TOLERANCE * max(abs(cost), abs(built.total))
    if cost - (outcome.bound / built.factor + built.constant) > room:  # what the tolerances of the solver hide
        return Proof.NOTHING
    return found if cost <= most else Proof.INFEASIBLE


def _first_of_equals(search: _Search, part: SiteRules, built: SiteModel, *, most: float) -> Solution | None:
    """Return the plan that the tie rule names among those that are no dearer; None where that is not proven in time."""
    limit_cost(built, most)
    rank_objective(built, rank=search.sites.site[part.free])
    outcome = run_solver(built.lp, replace(search.options, time_limit_s=search.clock.left_s()))
    if outcome.proof is not Proof.OPTIMAL:
        return None
    found = _read(search, part, built)
    cost = _cost_of(built, found)
    return found if cost <= most + RELATIVE_TOLERANCE * max(abs(cost), abs(built.total)) else None


def _read(search: _Search, part: SiteRules, built: SiteModel) -> Solution:
    """Return the plan that a solved model holds, verified; its bound is that of all plans that were not met before."""
    problem, model = search.problem, search.model
    opened = names_of(problem, part, built.plan())
    selected = tuple(name for name in problem.candidate_ids if name in opened or name in problem.fixed)
    new = tuple(name for name in selected if name in opened and name not in problem.rules.open_now)
    allocation = model.allocate(problem, selected) if built.allocation is None else built.allocation()
    objective = model.objective(problem, allocation, selected=selected, new=new)
    found = replace(
        search.best,
        status=Status.OPTIMAL,
        selected=selected,
        new=new,
        closed=closed_sites(problem, selected),
        objective=objective,
        best_bound=objective,
        gap=0.0,
        is_tie_broken=False,
        tie_rule=TIE_RULE_OPEN,
        allocation=allocation,
        model=_facts(search, part, built),
        notes=(),
    )
    verify_solution(problem, found)
    return found


def _facts(search: _Search, part: SiteRules, built: SiteModel) -> ModelFacts:
    return ModelFacts(
        formulation=search.model.formulation,
        solver="highs",
        rows=built.lp.numConstraints(),
        columns=built.lp.numVariables(),
        nonzeros=sum(len(row) for row in built.lp.constraints()),
        n_classes=built.n_classes,
        n_candidates_left=int(part.free.size),
    )


def _cost_of(built: SiteModel, found: Solution) -> float:
    return built.total - found.objective if built.total else found.objective


def _columns(search: _Search, found: Solution) -> NDArray[np.intp]:
    """Return the columns of the free sites that a plan opens."""
    selected = set(found.selected)
    return np.array([j for j in search.sites.free.tolist() if search.problem.candidate_ids[j] in selected], dtype=np.intp)


def _narrow(search: _Search) -> Narrowed:
    """Return what leaves sites out of the search of a problem."""
    problem, sites = search.problem, search.sites
    build = SITINGS.get(problem.objective)
    if problem.rules.is_empty and build is not None:
        total = math.fsum(problem.weight) if problem.objective in MAXIMISED else 0.0
        deadline = search.clock.deadline(SHARE_OF_TIME_FOR_BOUNDS)
        return narrow_by_prices(problem, sites, build(problem, sites), total=total, deadline=deadline)
    options = replace(search.options, time_limit_s=search.clock.left_s())
    return narrow_by_relaxation(problem, sites, model=search.model, options=options)
