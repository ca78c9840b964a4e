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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

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
from optimize.site_rows import closed_sites, tie_places
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
    held: Solution | None = None  # until the one after it is dearer, another one may be as good
    for step in _steps(search, narrowed, within=within):
        question = _Question(search, narrowed, step)
        while isinstance(found := question.next_plan(), Solution):
            if held is not None and not _is_equal(held, found, total=narrowed.total):
                yield _as_first(held)
                held = None
            if held is None:
                held = found
                search.met.append(_columns(search, held))
                if question.is_reached_by(held):
                    break
                continue
            search.met.pop()
            first = question.first_of_equals(held)
            if first is None:
                break
            yield _as_first(first)
            held = None
            search.met.append(_columns(search, first))
            question = _Question(search, narrowed, step)  # either of both may be the first; the other one is still to come
        if question.is_open:
            yield from () if held is None else (held,)
            yield None
            return
    if held is not None:
        yield _as_first(held)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Step:
    """Up to which cost plans are sought, and a plan of that cost where one is known, as columns."""

    most: float
    known: NDArray[np.intp] | None = None


def _steps(search: _Search, narrowed: Narrowed, *, within: float) -> Iterator[_Step]:
    """Yield one step after the other: the last one goes up to the limit."""
    best, total, sites = search.best.objective, narrowed.total, search.sites
    limit = total - best * (1.0 - within) if total else best * (1.0 + within)
    if narrowed.siting is None:
        least = total - best if total else best
        yield from (_Step(most=least + share * (limit - least)) for share in STEPS)
        return
    swaps, n_met = SwapLimits(narrowed.siting, most=limit), 0
    while len(search.met) > n_met:  # else the solver finds no plan where the swaps know one, but for rounding
        n_met = len(search.met)
        known = swaps.next_known([sites.site[columns] for columns in search.met])
        if known is None:
            break
        yield _Step(most=known[0], known=sites.free[known[1]])
    yield _Step(most=limit)


class _Question:
    """Which plans up to a cost were not met yet, of the sites that may be in one; asked of one model."""

    def __init__(self, search: _Search, narrowed: Narrowed, step: _Step) -> None:
        self._search, self._narrowed, self._step = search, narrowed, step
        self._most = step.most + _room(step.most, total=narrowed.total)
        kept = (narrowed.least <= self._most) | np.isin(search.sites.free, np.concatenate(search.met))
        self._part = keep_sites(search.sites, kept)
        self._built, self._n_cut = self._model(), 0
        self.is_open = False
        """Whether the last answer was not proven in time."""

    def _model(self) -> SiteModel:
        return self._narrowed.build(self._part, self._most)

    def is_reached_by(self, found: Solution) -> bool:
        """Return whether a plan costs as much as the one that is known: what is as good comes in the next step."""
        cost, total = _cost_of(found, total=self._narrowed.total), self._narrowed.total
        return self._step.known is not None and cost >= self._step.most - _room(cost, total=total)

    def next_plan(self) -> Solution | None:
        """Return the best plan that was not met; None where none is within the cost, or none is proven in time."""
        search, built = self._search, self._built
        _cut_off(
            built, self._part, search.met[self._n_cut :], first=self._n_cut, is_number_fixed=is_number_fixed(search.problem)
        )
        self._n_cut = len(search.met)
        proof = self._run(built)
        if proof is not Proof.OPTIMAL:
            self.is_open = proof is not Proof.INFEASIBLE
            return None
        found = _read(search, self._part, built)
        return found if _cost_of(found, total=built.total) <= self._most else None

    def _run(self, built: SiteModel) -> Proof:
        """Ask the solver, and say optimal only where its bound meets the plan."""
        asked = replace(self._search.options, time_limit_s=self._search.clock.left_s())
        if asked.time_limit_s == 0:
            return Proof.NOTHING
        outcome = run_solver(built.lp, asked, start=self._start(built))
        if outcome.proof is not Proof.OPTIMAL or outcome.bound is None:
            return Proof.INFEASIBLE if outcome.proof is Proof.INFEASIBLE else Proof.NOTHING
        cost, proven = built.cost(), outcome.bound / built.factor + built.constant
        return Proof.OPTIMAL if cost - proven <= _room(cost, total=built.total) else Proof.NOTHING

    def _start(self, built: SiteModel) -> list[tuple[Any, float]]:
        """Return the plan that is known, as values of the site variables; nothing where it was met."""
        known = self._step.known
        if known is None or any(np.array_equal(known, met) for met in self._search.met):
            return []
        return list(zip(built.is_open, np.isin(self._part.free, known).astype(np.float64).tolist(), strict=True))

    def first_of_equals(self, found: Solution) -> Solution | None:
        """Return the plan that the tie rule names among those as good as one; None where that is not proven in time."""
        search, built = self._search, self._model()
        _cut_off(built, self._part, search.met, first=0, is_number_fixed=is_number_fixed(search.problem))
        cost = _cost_of(found, total=built.total)
        room = _room(cost, total=built.total)
        limit_cost(built, cost + room)
        rank_objective(built, places=tie_places(search.problem, search.sites)[search.sites.site[self._part.free]])
        outcome = run_solver(built.lp, replace(search.options, time_limit_s=search.clock.left_s()))
        self.is_open = outcome.proof is not Proof.OPTIMAL
        if self.is_open:
            return None
        first = _read(search, self._part, built)
        self.is_open = _cost_of(first, total=built.total) > cost + 2 * room  # never, but for the tolerances of the solver
        return None if self.is_open else first


def _cut_off(
    built: SiteModel, part: SiteRules, plans: Sequence[NDArray[np.intp]], *, first: int, is_number_fixed: bool
) -> None:
    """Add that other plans are sought than some that were met; `first` is the number of the first of them."""
    for number, columns in enumerate(plans, start=first):
        is_open = np.isin(part.free, columns)
        terms = [(built.is_open[j], 1.0) for j in np.flatnonzero(is_open).tolist()]
        if not is_number_fixed:
            terms += [(built.is_open[j], -1.0) for j in np.flatnonzero(~is_open).tolist()]
        row = linear_row(terms, sense=pulp.LpConstraintLE, rhs=float(is_open.sum() - 1))
        built.lp.addConstraint(row, f"n{number:07d}")


def _room(cost: float, *, total: float) -> float:
    """Return up to what difference two costs are equal."""
    return RELATIVE_TOLERANCE * max(abs(cost), abs(total))


def _is_equal(one: Solution, other: Solution, *, total: float) -> bool:
    cost = _cost_of(one, total=total)
    return abs(_cost_of(other, total=total) - cost) <= _room(cost, total=total)


def _as_first(found: Solution) -> Solution:
    """Return a plan as the one that the tie rule names."""
    return replace(found, is_tie_broken=True, tie_rule=TIE_RULE)


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


def _cost_of(found: Solution, *, total: float) -> float:
    return total - found.objective if total else found.objective


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
