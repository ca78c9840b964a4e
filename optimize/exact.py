"""The exact answer: narrow the choice by bounds, prove the rest with a solver, break ties by the rule."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Never

import numpy as np
from numpy.typing import NDArray

from data.errors import InfeasibleError, SolverError
from optimize.aggregate import CoverClasses
from optimize.clock import Clock, Share
from optimize.core_search import improve_further
from optimize.cover_model import CoverModel
from optimize.cut_rounds import cut_down, rest_of
from optimize.highs import Outcome, Proof, SolverOptions, convert_told, run_solver
from optimize.lagrange import Bounds, narrow
from optimize.median_search import best_by_branching, earlier_by_branching, is_branched, price_by_cuts
from optimize.part_search import has_parts
from optimize.siting import Siting
from optimize.solution import Allocation
from optimize.ties import first_of_equals, first_sought

FOR_BOUNDS = Share(0.25, least_s=20.0, most=0.5)
"""How much of the time the bounds may take: in a short run much of it, since all that follows rests on them."""

FOR_PRICES = Share(0.4, least_s=40.0, most=0.7)
"""When the cuts at the relaxation of a p-median have to be done."""

FOR_PLAN = Share(0.5, least_s=50.0, most=0.8)
"""When the longer search for a plan has to be done."""

SMALLEST_FOR_SEARCH = 50_000
"""Pairs up to which the model needs no better plan to begin from: it is built and solved within a minute."""

ROUGH, ROUGH_IN_PARTS = 0.005, 0.001
"""Gaps, as shares of the costs, from which on a longer search for a plan comes before the branching.

The second is for plans that fall into parts: there the search finds much, and a tree with a poor plan is large.
"""

PART_SECONDS = 5.0
"""What one part of a plan may take."""

SMALLEST_FOR_CUTS = 500
"""Classes up to which the model needs no cuts: it is solved within a second."""

CLASSES_PER_SECOND = 10_000
"""What PuLP builds and HiGHS presolves at least, and HiGHS looks at no clock meanwhile (two cores of 2024: 20,000)."""

PAIRS_PER_SECOND = 300_000
"""What is sorted into classes at least, and no clock is looked at meanwhile (two busy cores of 2024: 24 million in 80 s)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """The best plan found of a siting problem, and what is proven of it.

    Parameters
    ----------
    rank
        Ranks of the open sites, ascending, shape (n_open,).
    upper, lower
        What the plan costs, and what no plan can undercut.
    is_optimal
        Whether the solver was asked for no gap, says optimal, and its bound meets the plan.
    is_cut
        Whether the clock cut the run.
    is_tie_broken
        Whether the tie rule is proven.
    n_sites, n_classes, n_rows, n_columns, n_nonzeros
        Size of the model that was solved.
    allocation
        Who is served by which site, where the model says it; None where the nearest open site serves.
    """

    rank: NDArray[np.intp]
    upper: float
    lower: float
    is_optimal: bool
    is_cut: bool
    is_tie_broken: bool
    n_sites: int
    n_classes: int
    n_rows: int
    n_columns: int
    n_nonzeros: int
    allocation: Allocation | None = None


def find_answer(
    siting: Siting,
    *,
    options: SolverOptions,
    clock: Clock,
    absolute_gap: Callable[[Siting, Bounds], float] | None,
) -> Answer:
    """Return the best plan of a siting problem with its proof.

    Parameters
    ----------
    siting
        The problem.
    options
        How to ask the solver, and by which method; its gap and time are set here.
    clock
        How long all of it may take.
    absolute_gap
        The difference between plan and bound that is allowed, from what the bounds say of the objective; None where the
        proof is asked for.

    Raises
    ------
    InfeasibleError
        No plan serves every row that must be served.
    SolverError
        The solver failed, or the time was over before there was a plan, or the plan does not cost in the whole problem what was
        proven in what was left of it.
    """
    return _recounted(siting, _find_answer(siting, options=options, clock=clock, absolute_gap=absolute_gap))


def _recounted(whole: Siting, answer: Answer) -> Answer:
    """Return the answer if its plan costs in the whole problem what it is said to cost; ties were broken in a part of it."""
    cost = whole.value(np.searchsorted(whole.rank, answer.rank))
    if abs(cost - answer.upper) > 2 * whole.tolerance:
        raise SolverError(
            f"the plan costs {cost:.12g} in the whole problem, and {answer.upper:.12g} in what was left of it",
            where="solver",
            remedy="Report it with the problem; another method or time limit may go another way",
        )
    return answer


def _find_answer(
    siting: Siting,
    *,
    options: SolverOptions,
    clock: Clock,
    absolute_gap: Callable[[Siting, Bounds], float] | None,
) -> Answer:
    """Return what `find_answer` returns, without the recount in the whole problem."""
    method = options.method
    siting, bounds = narrow(siting, deadline=clock.deadline(FOR_BOUNDS))
    is_rough, branches = True, is_branched(siting, bounds, options=options)
    if branches:
        siting, bounds = price_by_cuts(siting, bounds, options=options, clock=clock, share=FOR_PRICES)
        rough = ROUGH_IN_PARTS if has_parts(siting) else ROUGH
        is_rough = bounds.upper - bounds.lower > rough * abs(bounds.upper)
    if method == "search" or (method != "direct" and is_rough and siting.pair_row.size > SMALLEST_FOR_SEARCH):
        siting, bounds = improve_further(
            siting,
            bounds,
            options=options,
            clock=clock,
            share=FOR_PLAN,
            solve_part=partial(_best_of_part, options=options, clock=clock),
        )
    allowed = 0.0 if absolute_gap is None else absolute_gap(siting, bounds)
    if _has_too_many_pairs(siting, clock):
        return _bare_answer(siting, bounds) if bounds.is_feasible else _without_a_plan()
    if branches:
        return _answer_by_branching(siting, bounds, allowed=allowed, options=options, clock=clock)
    rest = rest_of(siting, bounds)
    if method == "cuts" or (method == "auto" and rest.classes.n > SMALLEST_FOR_CUTS):
        rest = cut_down(rest, options=options, clock=clock)
    siting, bounds, classes = rest.siting, rest.bounds, rest.classes
    answer = _first_answer(siting, bounds, classes)
    if siting.n_sites == 0:  # nothing to choose
        return replace(answer, is_optimal=absolute_gap is None, is_tie_broken=True, is_cut=False)
    if _is_too_large(classes, clock):
        return answer if bounds.is_feasible else _without_a_plan()
    model = rest.model()
    asked = replace(options, gap_abs=allowed * model.factor, time_limit_s=clock.left_s())
    tell = convert_told(options.tell, lambda value: value / model.factor + model.constant)
    outcome = run_solver(model.lp, asked, start=model.start(bounds.plan) if bounds.is_feasible else (), tell=tell)
    answer = _judged(answer, siting=siting, bounds=bounds, model=model, outcome=outcome, is_exact=absolute_gap is None)
    if not answer.is_optimal:
        return answer
    rest = replace(rest, bounds=replace(bounds, upper=answer.upper))
    first = first_of_equals(siting, answer.rank, build=rest.model, options=options, clock=clock)
    return answer if first is None else replace(answer, rank=first, is_tie_broken=True)


def _best_of_part(part: Siting, *, options: SolverOptions, clock: Clock) -> NDArray[np.intp] | None:
    """Return the best plan found of a small problem in a few seconds."""
    left_s = clock.left_s()
    limit_s = PART_SECONDS if left_s is None else min(PART_SECONDS, left_s)
    own = Clock(began=time.monotonic(), limit_s=limit_s, is_stopped=clock.is_stopped)
    try:
        answer = _find_answer(part, options=replace(options, method="auto", tell=None), clock=own, absolute_gap=lambda *_: 0.0)
    except SolverError:  # no time
        return None
    return answer.rank


def _answer_by_branching(siting: Siting, bounds: Bounds, *, allowed: float, options: SolverOptions, clock: Clock) -> Answer:
    """Return the best plan of a p-median with its proof, by cuts at its relaxation and branching on sites."""
    slack = max(allowed, siting.tolerance / 2)
    found = best_by_branching(siting, bounds, slack=slack, options=options, clock=clock)
    plan = bounds.plan if found.plan is None else found.plan
    upper = siting.value(plan)
    bounds = replace(bounds, plan=plan, upper=upper, lower=min(upper, max(bounds.lower, found.lower)))
    answer = replace(
        _bare_answer(siting, bounds),
        is_optimal=found.is_done and allowed == 0 and upper - bounds.lower <= siting.tolerance,
        is_cut=not found.is_done,
        n_classes=siting.n_rows,
        n_rows=found.n_cuts + 1,
        n_columns=siting.n_sites + siting.n_rows,
        n_nonzeros=found.n_nonzeros,
    )
    if not answer.is_optimal:
        return answer

    def seek(_optimal: NDArray[np.intp], earliest: NDArray[np.intp]) -> tuple[bool, NDArray[np.intp] | None]:
        earlier = earlier_by_branching(siting, bounds, plan=earliest, options=options, clock=clock)
        return earlier.is_done or earlier.plan is not None, earlier.plan

    first = first_sought(siting, answer.rank, seek=seek)
    return answer if first is None else replace(answer, rank=first, is_tie_broken=True)


def _bare_answer(siting: Siting, bounds: Bounds) -> Answer:
    """Return what the bounds alone say, of no model."""
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


def _first_answer(siting: Siting, bounds: Bounds, classes: CoverClasses) -> Answer:
    """Return what the bounds alone say, and the size of the model that is left."""
    return replace(
        _bare_answer(siting, bounds),
        n_classes=classes.n,
        n_rows=classes.n + 1,
        n_columns=siting.n_sites + classes.n,
        n_nonzeros=siting.n_sites + classes.n_coefficients,
    )


def _is_too_large(classes: CoverClasses, clock: Clock) -> bool:
    """Return whether the time is over, or would be before a model of so many classes is built and presolved."""
    left_s = clock.left_s()
    return left_s is not None and classes.n > CLASSES_PER_SECOND * left_s


def _has_too_many_pairs(siting: Siting, clock: Clock) -> bool:
    """Return whether the time is over, or would be before so many pairs are sorted into classes."""
    left_s = clock.left_s()
    return left_s is not None and siting.pair_row.size > PAIRS_PER_SECOND * left_s


def _without_a_plan() -> Never:
    raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")


def _judged(answer: Answer, *, siting: Siting, bounds: Bounds, model: CoverModel, outcome: Outcome, is_exact: bool) -> Answer:
    """Return the answer with what the solver found and proved."""
    if outcome.proof is Proof.INFEASIBLE and not bounds.is_feasible:
        raise InfeasibleError(
            f"no {siting.n_open} of the sites that may be chosen serve all {int(siting.is_must.sum())} demand rows that "
            "must be served, though each row is reached by one",
            where="new",
            remedy="Raise new, give unserved_impedance_s, or search with a larger cutoff",
        )
    if outcome.proof is Proof.INFEASIBLE:
        raise SolverError("the solver finds no plan where one is known", where="solver")
    has_plan = outcome.proof in (Proof.OPTIMAL, Proof.PLAN)
    if not (has_plan or bounds.is_feasible):
        _without_a_plan()
    plan = model.plan() if has_plan else bounds.plan
    if bounds.is_feasible and siting.value(plan) > bounds.upper:
        plan = bounds.plan
    if plan.size != siting.n_open or not siting.is_feasible(plan):
        raise SolverError("the plan of the solver breaks the rules of its own model", where="solver")
    upper = siting.value(plan)
    proven = -np.inf if outcome.bound is None else outcome.bound / model.factor + model.constant
    lower = min(upper, max(bounds.lower, proven))
    return replace(
        answer,
        rank=siting.rank[plan],
        upper=upper,
        lower=lower,
        is_optimal=outcome.proof is Proof.OPTIMAL and is_exact and upper - lower <= siting.tolerance,
        is_cut=outcome.proof is not Proof.OPTIMAL,
    )
