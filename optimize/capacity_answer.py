"""The exact answer of a case with capacities: what a bound leaves of it, solved under every rule.

Notes
-----
1. Prices of the rows give a bound, and a plan of whole rows near the cheapest choices. 2. A limit is guessed a little above the
bound, at most what the plan costs. 3. What no plan within the limit holds is left out, and the rest is solved as one integer
programme. 4. If its optimum is within the limit it is that of the whole; else the limit rises, and 3 is done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from data.errors import InfeasibleError, SolverError
from optimize.capacity_bounds import CapacityBounds, NumberOfSites, bound_case, everything, possible_within
from optimize.capacity_case import CapacityCase, merge_rows
from optimize.capacity_checks import check_capacities
from optimize.capacity_model import build_capacity_model
from optimize.capacity_plan import plan_allocation, plan_near
from optimize.capacity_solve import CapacityQuestion, best_of, first_of_equal_plans
from optimize.clock import Clock, Share
from optimize.exact import Answer
from optimize.highs import SolverOptions
from optimize.model import Model
from optimize.problem import LocationProblem
from optimize.rule_sums import check_rule_sums
from optimize.ruled import Refuse
from optimize.site_rows import is_counted_new, site_rows
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE

PAIRS_TO_NARROW = 1_000
"""Pairs of rows and sites from which on it pays to leave some out."""

FOR_START = Share(0.1, least_s=6.0, most=0.4)
"""How much of the time the case without capacities may take."""

FOR_BOUNDS, FOR_PLANS = Share(0.3, least_s=12.0, most=0.6), Share(0.4, least_s=18.0, most=0.8)
"""When the prices have to be done, and then the search for a plan of whole rows."""

FIRST_REACH = 0.002
"""How far above the bound the first limit lies, as a share of the scale."""

LEAST_OF_GAP, MOST_OF_GAP = 0.1, 0.3
"""How much of the way from the bound to a known plan that is at least and at most."""

REACH_GROWTH = 3.0
LAST_REACH = 0.2
"""From which share of the scale on nothing is left out any more."""

SHARE_OF_SCALE = 0.02
"""The scale is the bound, or this share of the largest cost where that is more."""

PAIRS_MODELLED_PER_SECOND = 30_000
"""What is built as a model and presolved at least, and no clock is looked at meanwhile (two busy cores of 2024)."""

MOST_PAIRS_TO_TRY = 50_000_000
"""Pairs × choices of sites near which a plan is sought."""


def refuse_capacities(problem: LocationProblem, sites: SiteRules) -> InfeasibleError:
    """Return the error of a problem of which no choice of sites serves the demand within the capacities."""
    n_given = int(sites.given.sum())
    what = "no choice of sites serves the demand within their capacities"
    if problem.min_use is not None:
        what += " and gives each open one its min_use"
    return InfeasibleError(
        f"{what} ({sites.free.size} sites may be chosen, {n_given} are open in every plan)",
        where="capacity",
        remedy="Raise capacities, open more sites, let demand be split, or say what the unserved count",
    )


def capacitated_model(
    *,
    formulation: str,
    build_case: Callable[[LocationProblem, SiteRules], CapacityCase],
    measure: Callable[..., float],
) -> Model:
    """Return a published model with capacities.

    Parameters
    ----------
    formulation
        The model in a few words, with its source.
    build_case
        ``build_case(problem, sites) -> CapacityCase``: the case of its objective.
    measure
        ``measure(problem, allocation, *, new) -> float``: the objective, counted from the arrays.
    """
    answer = partial(answer_capacitated, build_case=build_case, measure=measure)
    return Model(
        formulation=formulation,
        build=lambda problem, sites: build_capacity_model(problem, merge_rows(build_case(problem, sites))),
        answer=answer,
        answer_ruled=answer,
        measure=measure,
    )


def answer_capacitated(
    problem: LocationProblem,
    sites: SiteRules,
    *,
    build_case: Callable[[LocationProblem, SiteRules], CapacityCase],
    measure: Callable[..., float],
    options: SolverOptions,
    clock: Clock,
    gap: float,
    refuse: Refuse = refuse_capacities,
) -> Answer:
    """Return the best plan under all rules with its proof.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    build_case, measure
        What makes the case of its objective, and what counts its objective.
    options, clock, gap
        How to ask the solver, how long, and the relative gap at which to stop.
    refuse
        Makes the error where there is no plan.

    Raises
    ------
    InfeasibleError
        No plan meets the rules, or the capacities.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    check_rule_sums(problem, sites, site_rows(problem, sites))
    case = build_case(problem, sites)
    check_capacities(problem, sites, case)
    case = merge_rows(case)
    question = CapacityQuestion(problem=problem, sites=sites, measure=measure, options=options, clock=clock, gap=gap)
    narrow = _answer_whole if case.pair_row.size < PAIRS_TO_NARROW else _answer_narrowed
    answer = narrow(question, case)
    if answer is None:
        error = refuse(problem, sites)
        # Each demand point was found to be reached: where it is not rules that stand against one another, it is capacities.
        is_of_reach = isinstance(error, InfeasibleError) and error.where == "impedance_s"
        raise refuse_capacities(problem, sites) if is_of_reach else error
    return answer


def _answer_whole(question: CapacityQuestion, case: CapacityCase) -> Answer | None:
    """Return the answer of a case of which nothing is left out; None if there is no plan."""
    answer = best_of(question, everything(case))
    if answer is None or not answer.is_optimal:
        return answer
    return first_of_equal_plans(question, everything(case), answer) or answer


def _answer_narrowed(question: CapacityQuestion, case: CapacityCase) -> Answer | None:
    """Return the answer of a case of which a bound and a limit leave less; None if there is no plan."""
    clock, number = question.clock, number_of_sites(question.problem, question.sites, case)
    bounds = bound_case(
        case,
        number,
        deadline=clock.deadline(FOR_BOUNDS),
        start_deadline=clock.deadline(FOR_START),
    )
    known = _known_plan(question, bounds)
    if known is not None and question.gap > 0 and _is_near_enough(known, case, gap=question.gap):
        return replace(known, is_cut=False)
    try:
        answer = _search(question, bounds, known)
    except SolverError:
        if known is None or clock.left_s() != 0:
            raise
        return known
    if answer is None or not answer.is_optimal:
        return answer
    possible = possible_within(bounds, answer.upper)
    if not clock.has_time_for(possible.case.pair_row.size, per_second=PAIRS_MODELLED_PER_SECOND):
        return answer
    return first_of_equal_plans(question, possible, answer) or answer


def _best_so_far(best: Answer | None, bounds: CapacityBounds) -> Answer:
    """Return the best plan so far where no time is left to build what is left of the case.

    Raises
    ------
    SolverError
        There is none.
    """
    if best is None:
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    return replace(best, lower=min(max(best.lower, bounds.lower), best.upper), is_optimal=False, is_cut=True)


def _search(question: CapacityQuestion, bounds: CapacityBounds, known: Answer | None) -> Answer | None:
    """Return the answer, by a rising limit; None if there is no plan."""
    scale = max(abs(bounds.lower), SHARE_OF_SCALE * _largest_cost(bounds.case))
    best, upper, reach = known, np.inf, FIRST_REACH * scale
    if known is not None:
        upper, way = known.upper, known.upper - bounds.lower
        reach = min(max(reach, LEAST_OF_GAP * way), MOST_OF_GAP * way)
    while True:
        limit = min(bounds.lower + reach if reach < LAST_REACH * scale else np.inf, upper)
        possible = possible_within(bounds, limit)
        if not question.clock.has_time_for(possible.case.pair_row.size, per_second=PAIRS_MODELLED_PER_SECOND):
            return _best_so_far(best, bounds)
        answer = best_of(question, possible, start=best.rank if best is not None and limit >= upper else None)
        if answer is None and possible.is_all:
            return None
        if answer is None:
            if limit >= upper:
                raise SolverError("the solver finds no plan where one is known", where="solver")
            reach *= REACH_GROWTH
            continue
        is_whole = possible.is_all or answer.upper <= limit + RELATIVE_TOLERANCE * abs(limit)
        lower = max(answer.lower if is_whole else min(answer.lower, limit), bounds.lower)
        answer = replace(answer, lower=min(lower, answer.upper), is_optimal=answer.is_optimal and is_whole)
        if known is not None and answer.upper > known.upper:
            answer = replace(known, lower=min(lower, known.upper), is_cut=answer.is_cut)
        if is_whole or answer.is_cut or _is_near_enough(answer, bounds.case, gap=question.gap):
            return answer
        best, upper, reach = answer, min(upper, answer.upper), np.inf


def _known_plan(question: CapacityQuestion, bounds: CapacityBounds) -> Answer | None:
    """Return the best plan of whole rows near the cheapest choices; None if none is known that meets every rule."""
    case = bounds.case
    if not question.problem.rules.is_empty:
        return None
    n_tried = max(1, MOST_PAIRS_TO_TRY // max(case.pair_row.size, 1))
    found, deadline = [], question.clock.deadline(FOR_PLANS)
    for chosen in (*bounds.choices[:1], *reversed(bounds.choices[1:][-n_tried:])):
        plan = plan_near(case, chosen)
        found += [] if plan is None else [plan]
        if found and deadline is not None and time.monotonic() >= deadline:
            break
        if question.clock.left_s() == 0:
            break
    if not found:
        return None
    best = min(found, key=lambda plan: plan.cost)
    return Answer(
        rank=np.sort(best.opened[best.opened < case.n_free]),
        upper=best.cost,
        lower=min(bounds.lower, best.cost),
        is_optimal=False,
        is_cut=True,
        is_tie_broken=False,
        n_sites=case.n_free,
        n_classes=case.n_rows,
        n_rows=0,
        n_columns=0,
        n_nonzeros=0,
        allocation=plan_allocation(case, best),
    )


def _is_near_enough(answer: Answer, case: CapacityCase, *, gap: float) -> bool:
    """Return whether plan and bound are within a relative gap of the objective."""
    missing = answer.upper - answer.lower
    larger = case.total - answer.lower if case.total else answer.upper
    return missing <= gap * larger


def _largest_cost(case: CapacityCase) -> float:
    """Return what the demand costs where each row is served by the dearest of its sites, or not at all."""
    cost = np.zeros(case.n_rows)
    np.maximum.at(cost, case.pair_row, case.pair_cost)
    return float(np.where(case.is_must, cost, np.maximum(cost, np.where(case.is_must, 0.0, case.unserved_cost))).sum())


def number_of_sites(problem: LocationProblem, sites: SiteRules, case: CapacityCase) -> NumberOfSites:
    """Return how many free sites a plan opens, as far as the number of new ones and the capacities tell.

    Parameters
    ----------
    problem, sites, case
        The problem, what `site_rules` says of it, and its case.
    """
    is_counted = is_counted_new(problem)
    n_free_counted = int(is_counted[sites.free].sum())
    required = np.array([name in set(problem.required) for name in problem.candidate_ids], dtype=np.bool_)
    n_required = int((required & is_counted).sum())
    least = problem.new if problem.new is not None else problem.rules.new_at_least or 0
    most = problem.new if problem.new is not None else problem.rules.new_at_most
    n_most = n_free_counted if most is None else min(max(most - n_required, 0), n_free_counted)
    must = float(case.weight[case.is_must].sum()) - float(case.capacity[case.n_free :].sum())
    held = np.cumsum(np.sort(case.capacity[: case.n_free])[::-1])
    n_to_hold = int(np.searchsorted(held, must * (1 - RELATIVE_TOLERANCE))) + 1 if must > 0 else 0
    largest = n_most + case.n_free - n_free_counted
    return NumberOfSites(least=min(max(least - n_required, n_to_hold, 0), largest), most=largest)
