"""The cheapest cover: a good one to begin from, the model with PuLP, the tie rule by a second solve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.clock import Clock
from optimize.cover_model import CoverModel, linear_row, power_of_two
from optimize.cover_need import CoverNeed
from optimize.cover_start import start_cover
from optimize.exact import CLASSES_PER_SECOND, Answer
from optimize.highs import Outcome, Proof, SolverOptions, run_solver
from optimize.siting import RELATIVE_TOLERANCE


def find_cover(need: CoverNeed, *, given_cost: float, options: SolverOptions, clock: Clock, gap: float) -> Answer:
    """Return the cheapest cover with its proof.

    Parameters
    ----------
    need
        What to cover, and by which sites.
    given_cost
        What the sites cost that are in every plan.
    options, clock
        How to ask the solver, and how long; its gap and time are set here.
    gap
        Relative gap at which to stop.

    Raises
    ------
    SolverError
        The solver failed.
    """
    start, floor = start_cover(need, options=options, clock=clock), need.least_cost()
    model = build_cover_lp(need)
    answer = _first_answer(need, start, model=model, floor=floor, given_cost=given_cost)
    if not start.size:
        return replace(answer, is_optimal=gap == 0, is_tie_broken=True, is_cut=False)
    left_s = clock.left_s()
    if left_s is not None and need.siting.n_rows > CLASSES_PER_SECOND * left_s:
        return answer
    allowed = gap * (floor + given_cost) * model.factor
    outcome = run_solver(model.lp, replace(options, gap_abs=allowed, time_limit_s=left_s), start=model.start(start))
    answer = _judged(answer, need, start, model=model, outcome=outcome, given_cost=given_cost, is_exact=gap == 0)
    if not answer.is_optimal or not clock.has_time_for(need.siting.n_rows, per_second=CLASSES_PER_SECOND):
        return answer
    first = _first_of_equals(need, answer.rank, options=options, clock=clock)
    return answer if first is None else replace(answer, rank=first, is_tie_broken=True)


def build_cover_lp(need: CoverNeed) -> CoverModel:
    """Return the model of a cover; a site that covers nothing stays closed."""
    lp = pulp.LpProblem("cover", pulp.LpMinimize)
    is_open = [
        lp.add_variable(f"y{j:07d}", 0, int(useful), cat=pulp.LpInteger) for j, useful in enumerate(need.is_useful.tolist())
    ]
    factor = power_of_two(float(need.cost.sum()))
    lp.setObjective(pulp.LpAffineExpression(list(zip(is_open, (need.cost * factor).tolist(), strict=True))))
    siting = need.siting
    order = np.lexsort((siting.pair_site, siting.pair_row))
    site = siting.pair_site[order].tolist()
    begin = np.searchsorted(siting.pair_row[order], np.arange(siting.n_rows + 1)).tolist()
    missed = [lp.add_variable(f"z{i:07d}", 0, 1) for i in range(0 if need.may_miss is None else siting.n_rows)]
    for i in range(siting.n_rows):
        terms = [(is_open[j], 1.0) for j in site[begin[i] : begin[i + 1]]]
        terms += [(missed[i], 1.0)] if missed else []
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=1.0), f"c{i:07d}")
    if need.may_miss is not None and missed:
        _limit_missed(lp, missed, weight=siting.unserved_cost, may_miss=need.may_miss)
    return CoverModel(lp=lp, is_open=is_open, factor=factor, constant=0.0)


def _limit_missed(lp: Any, missed: list[Any], *, weight: NDArray[np.float64], may_miss: float) -> None:
    """Add the limit on the uncovered weight, in units in which the tolerances of the solver are small."""
    factor = power_of_two(float(weight.sum()))
    terms = list(zip(missed, (weight * factor).tolist(), strict=True))
    lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=may_miss * factor), "missed")


def _first_answer(need: CoverNeed, start: NDArray[np.intp], *, model: CoverModel, floor: float, given_cost: float) -> Answer:
    """Return what the first cover and the bound alone say, and the size of the model."""
    n_missed = 0 if need.may_miss is None else need.siting.n_rows
    upper = need.cost_of(start) + given_cost
    return Answer(
        rank=need.siting.rank[start],
        upper=upper,
        lower=min(floor + given_cost, upper),
        is_optimal=False,
        is_cut=True,
        is_tie_broken=False,
        n_sites=int(need.is_useful.sum()),
        n_classes=need.siting.n_rows,
        n_rows=model.lp.numConstraints(),
        n_columns=need.siting.n_sites + n_missed,
        n_nonzeros=need.siting.pair_site.size + 2 * n_missed,
    )


def _judged(
    answer: Answer,
    need: CoverNeed,
    start: NDArray[np.intp],
    *,
    model: CoverModel,
    outcome: Outcome,
    given_cost: float,
    is_exact: bool,
) -> Answer:
    """Return the answer with what the solver found and proved."""
    if outcome.proof is Proof.INFEASIBLE:
        raise SolverError("the solver finds no plan where one is known", where="solver")
    plan = start if outcome.proof is Proof.NOTHING else model.plan()
    if not need.is_met(plan):
        raise SolverError("the plan of the solver breaks the rules of its own model", where="solver")
    if need.cost_of(plan) > need.cost_of(start):
        plan = start
    upper = need.cost_of(plan) + given_cost
    proven = -np.inf if outcome.bound is None else outcome.bound / model.factor + given_cost
    lower = min(upper, max(answer.lower, proven))
    is_close = upper - lower <= RELATIVE_TOLERANCE * upper
    return replace(
        answer,
        rank=need.siting.rank[plan],
        upper=upper,
        lower=lower,
        is_optimal=outcome.proof is Proof.OPTIMAL and is_exact and is_close,
        is_cut=outcome.proof is not Proof.OPTIMAL,
    )


def _first_of_equals(
    need: CoverNeed, rank: NDArray[np.intp], *, options: SolverOptions, clock: Clock
) -> NDArray[np.intp] | None:
    """Return the ranks of the cover with the least sum of positions among the cheapest; None if not proven in time."""
    plan = np.searchsorted(need.siting.rank, rank)
    limit = need.cost_of(plan) * (1.0 + RELATIVE_TOLERANCE)
    model = build_cover_lp(need)
    lp, position = model.lp, (need.siting.rank + 1).astype(np.float64)
    cost = list(zip(model.is_open, (need.cost * model.factor).tolist(), strict=True))
    lp.addConstraint(linear_row(cost, sense=pulp.LpConstraintLE, rhs=limit * model.factor), "cost")
    lp.setObjective(pulp.LpAffineExpression(list(zip(model.is_open, position.tolist(), strict=True))))
    asked = replace(options, gap_abs=0.0, time_limit_s=clock.left_s())
    outcome = run_solver(lp, asked, start=model.start(plan))
    found = model.plan()
    if outcome.proof is not Proof.OPTIMAL or not need.is_met(found):
        return None
    return need.siting.rank[found]
