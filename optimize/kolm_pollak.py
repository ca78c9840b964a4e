"""Kolm-Pollak median: the plan whose impedances are as good as the least same impedance for everybody, by an aversion.

Notes
-----
The equally distributed equivalent (EDE) of the impedances :math:`s_i` of demand with the weights :math:`w_i` is the impedance
that, had everybody the same, would be as good: with an aversion :math:`κ` per second::

    EDE = (1/κ) log( Σ_i w_i exp(κ s_i) / Σ_i w_i )

It is never below the mean, and nears the worst impedance as κ grows. A logarithm rises with what it is of, so the best plan
is that of a p-median whose costs are :math:`w_i exp(κ s_i)` (Horton et al. 2024), here in the radius formulation::

    minimise    Σ_i w_i c(s_i)     s_i: impedance from i to the nearest selected site
    subject to  Σ_j y_j = new,  y_j ∈ {0, 1}

with :math:`c(s) = (e^{κs} − 1) / (e^{κr} − 1)`, which is the same but for constants, keeps its digits where κ is small, and
does not overflow where κ is large: r is the worst impedance of a good plan, and what alone costs more than all of that plan
serves nobody.

References
----------
Horton, Logan, Murrell, Skipper, Speakman (2024), A scalable optimization approach for equitable facility location,
doi:10.48550/arXiv.2401.15452. Sheriff, Maguire (2020), Health risk, inequality indexes, and environmental justice, Risk
Analysis 40: 2661-2674, doi:10.1111/risa.13562, for the EDE of a burden.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data.errors import InfeasibleError, ProblemError
from optimize.clock import Clock
from optimize.equivalent import Scale, equivalent_s
from optimize.exact import FOR_BOUNDS, Answer, find_answer
from optimize.highs import SolverOptions
from optimize.interchange import add_greedily, interchange
from optimize.model import Model
from optimize.p_center import solve_p_center, solve_ruled_p_center
from optimize.p_median import absolute_gap, build_p_median
from optimize.problem import LocationProblem
from optimize.reach import nearest_impedance_s
from optimize.ruled import Refuse, solve_ruled
from optimize.site_model import SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE, Siting, restrict

FORMULATION = "p-median of exp(aversion × impedance) (Horton et al. 2024), radius formulation (Elloumi 2010)"
STEEP = 30.0
"""Aversion × the largest impedance from which on costs are scaled to the plan of the p-center, not to that impedance."""

MAX_ROUNDS = 20
"""How often a plan under rules may be improved by costs scaled to it; two are the rule."""


def solve_kolm_pollak(
    problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float
) -> Answer:
    """Return the plan of the least equally distributed equivalent, with its proof.

    Parameters
    ----------
    problem
        With the objective ``kolm_pollak``.
    rules
        What `site_rules` says of the problem.
    options, clock
        How to ask the solver, and how long.
    gap
        Relative gap at which to stop.

    Raises
    ------
    InfeasibleError
        Demand that must be served is reached by no site that may be open, or so few sites cannot reach all of it.
    ProblemError
        The problem has no aversion.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    center = partial(solve_p_center, rules=rules, options=options, clock=clock, gap=gap)
    scale = _first_scale(problem, rules, center)
    siting = _build(problem, rules, scale=scale)
    plan = interchange(siting, add_greedily(siting), deadline=clock.deadline(FOR_BOUNDS))
    if siting.is_feasible(plan) and siting.value(plan) < scale.limit:
        scale = _scale_to(problem, rules, plan)
        siting = _build(problem, rules, scale=scale)
    allowed = partial(absolute_gap, gap=_gap_of_costs(problem, gap)) if gap > 0 else None
    return _in_seconds(find_answer(siting, options=options, clock=clock, absolute_gap=allowed), scale)


def solve_ruled_kolm_pollak(
    problem: LocationProblem, rules: SiteRules, *, refuse: Refuse, options: SolverOptions, clock: Clock, gap: float
) -> Answer:
    """Return that plan under any rules; parameters and errors are those of `solve_kolm_pollak`.

    Notes
    -----
    Costs are scaled to the worst impedance there is first, or to the p-center, and then to that of the plan found: until the
    proof holds, or a plan is no better than the one before.
    """
    center = partial(solve_ruled_p_center, rules=rules, refuse=_no_center, options=options, clock=clock, gap=gap)
    scale = _first_scale(problem, rules, center)
    found_s = math.inf
    for _ in range(MAX_ROUNDS):
        model = Model(formulation=FORMULATION, build=partial(_build_ruled, scale=scale), value=partial(_cost, scale=scale))
        asked = partial(solve_ruled, problem, rules, model=model, refuse=refuse, options=options, clock=clock)
        costs = asked(gap=_gap_of_costs(problem, gap))
        answer = _in_seconds(costs, scale)
        if answer.is_optimal or answer.is_cut or gap > 0 or answer.upper >= found_s * (1 - RELATIVE_TOLERANCE):
            break
        found_s = answer.upper
        scale = _scale_to(problem, rules, costs.rank)
    return answer


def equivalent_of_plan_s(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the equally distributed equivalent of the impedances to the nearest open sites; infinite where one is."""
    nearest_s = _counted_s(problem, nearest_impedance_s(problem, selected))
    if np.isinf(nearest_s[problem.weight > 0]).any():
        return math.inf
    return equivalent_s(nearest_s, problem.weight, aversion=_aversion(problem))


def _aversion(problem: LocationProblem) -> float:
    if problem.aversion is None:
        raise ProblemError(f"{problem.objective} is not solved without an aversion", where="aversion")
    return problem.aversion


def _counted_s(problem: LocationProblem, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the impedances as they count: no more than that of the unserved."""
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    return np.minimum(seconds, limit_s)


def _worst_of_all_s(problem: LocationProblem) -> float:
    """Return the largest impedance that any plan may count."""
    if problem.unserved_impedance_s is not None:
        return problem.unserved_impedance_s
    return float(problem.impedance_s.data.max(initial=0.0))


def _gap_of_costs(problem: LocationProblem, gap: float) -> float:
    """Return the relative gap of the costs that makes sure of one of the equivalent.

    Notes
    -----
    A plan whose costs are within g of a bound is within −log(1 − g) / κ seconds of it, and no plan is better than all sites.
    """
    best_s = equivalent_of_plan_s(problem, set(problem.candidate_ids) - set(problem.forbidden))
    return -math.expm1(-_aversion(problem) * gap * best_s) if math.isfinite(best_s) else 0.0


def _first_scale(problem: LocationProblem, rules: SiteRules, center: Callable[[LocationProblem], Answer]) -> Scale:
    """Return the scale of the largest impedance, or where that is too steep of the plan whose worst impedance is least."""
    worst_s = _worst_of_all_s(problem)
    scale = Scale(aversion=_aversion(problem), reference_s=worst_s, total=math.fsum(problem.weight))
    if scale.aversion * worst_s <= STEEP:
        return scale
    try:
        answer = center(replace(problem, objective="p_center", aversion=None, unserved_impedance_s=None))
    except InfeasibleError:  # someone stays unserved in every plan, or there is none
        return scale
    return _scale_to(problem, rules, answer.rank)


def _no_center(_problem: LocationProblem, _rules: SiteRules) -> InfeasibleError:
    return InfeasibleError("no plan reaches all demand", where="impedance_s")


def _scale_to(problem: LocationProblem, rules: SiteRules, plan: NDArray[np.intp]) -> Scale:
    """Return the scale that a plan sets: its worst impedance, and what it costs in all."""
    columns = np.concatenate([rules.free[plan], np.flatnonzero(rules.given)])
    chosen = {problem.candidate_ids[j] for j in columns.tolist()}
    counts = problem.weight > 0
    seconds = _counted_s(problem, nearest_impedance_s(problem, chosen))[counts]
    scale = Scale(aversion=_aversion(problem), reference_s=float(seconds.max()), total=math.fsum(problem.weight))
    return replace(scale, limit=math.fsum(problem.weight[counts] * scale.cost(seconds)))


def _build(problem: LocationProblem, rules: SiteRules, *, scale: Scale) -> Siting:
    """Return the p-median of the costs; what costs more than a plan that is known serves nobody."""
    siting = build_p_median(problem, rules, price=scale.counted_cost)
    if math.isinf(scale.limit):
        return siting
    limit = np.full(siting.n_rows, scale.limit * (1 + RELATIVE_TOLERANCE) - siting.constant)
    every = np.ones(siting.n_sites, dtype=np.bool_)
    siting = restrict(siting, every, limit=limit)
    size = max(scale.limit, math.ulp(0.0))
    # The price of not serving who must be served is of the size of the plans: sums with a larger one would lose their digits.
    return replace(siting, scale=size, unserved_cost=np.where(siting.is_must, 2 * size, siting.unserved_cost))


def _build_ruled(problem: LocationProblem, rules: SiteRules, *, scale: Scale) -> SiteModel:
    return model_of_siting(_build(problem, rules, scale=scale), n_sites=rules.free.size, total=0.0)


def _cost(problem: LocationProblem, selected: Collection[str], *, scale: Scale) -> float:
    """Return the sum of the costs of a plan."""
    nearest_s = _counted_s(problem, nearest_impedance_s(problem, selected))
    counts = problem.weight > 0
    return math.fsum(problem.weight[counts] * scale.cost(nearest_s[counts]))


def _in_seconds(answer: Answer, scale: Scale) -> Answer:
    """Return an answer in costs as one in seconds."""
    upper, lower = scale.equivalent_s(answer.upper), scale.equivalent_s(answer.lower)
    return replace(answer, upper=upper, lower=min(lower, upper))
