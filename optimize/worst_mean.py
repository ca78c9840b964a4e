"""Mean of the worst-served: the least mean impedance of that share of the weight that has it worst.

Notes
-----
With :math:`K` the share of all weight, the mean of the worst impedances :math:`s_i` is the least of a function of one threshold
(k-centrum: Ogryczak, Tamir 2003; conditional value at risk: Rockafellar, Uryasev 2000)::

    minimise    θ + (1/K) Σ_i w_i u_i
    subject to  u_i ≥ s_i − θ,  u_i ≥ 0,  a ≤ θ ≤ b
                s_i = D_i1 + Σ_k (D_i,k+1 − D_ik) z_S    as in the radius formulation of the p-median
                Σ_j y_j = new,  y_j ∈ {0, 1}

With all of the weight it is the mean of the p-median, and as the share nears nothing the p-center. What of :math:`s_i` is
above b costs the same whatever θ is, so it stands in the objective by sets of sites that demand shares, and only what is
between a and b needs a row of its own.

At one θ the model is a p-median of what is above it, and θ is one of the impedances. So without rules the range of θ is
narrowed first: on a part of it no plan costs less than its lower end and the p-median of what is above its upper end, of which
Lagrangian prices give a bound. If few impedances are left, each is a p-median, solved where its bound does not pass the best
plan; if many, the model above is solved on what is left.

References
----------
Ogryczak, Tamir (2003), Minimizing the sum of the k largest functions in linear time, Information Processing Letters 85:
117-122, doi:10.1016/S0020-0190(02)00370-8. Rockafellar, Uryasev (2000), Optimization of conditional value-at-risk, Journal of
Risk 2: 21-41.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.errors import InfeasibleError, ProblemError, SolverError
from optimize.clock import Clock
from optimize.evaluate import demand_rows, serving_pairs
from optimize.exact import Answer, find_answer
from optimize.highs import SolverOptions
from optimize.lagrange import narrow
from optimize.model import Model
from optimize.p_median import build_p_median
from optimize.problem import LocationProblem
from optimize.reach import nearest_impedance_s
from optimize.ruled import solve_ruled
from optimize.site_model import SiteModel
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE
from optimize.threshold_model import Tail, build_threshold_model

FORMULATION = "mean of the worst by one threshold (Ogryczak, Tamir 2003), radius formulation (Elloumi 2010)"
N_PARTS = 8
"""Into how many parts the range of the threshold is cut at a time."""

N_CUTS = 3
"""How often what is left of the range is cut into parts."""

MOST_VALUES = 100
"""With no more impedances than that in the range each is a p-median of its own."""

SHARE_OF_TIME_FOR_RANGE = 0.5
ROOM = 1e-6
"""By which share a bound must pass the best plan before its part of the range is left out: far more than rounding."""


def solve_worst_mean(problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float) -> Answer:
    """Return the plan of the least mean of the worst-served, with its proof.

    Parameters
    ----------
    problem
        With the objective ``worst_mean``.
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
        The problem has no share.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    low_s, high_s = _narrow_range(problem, rules, clock=clock)
    values = _values_between(problem, low_s, high_s)
    if values.size <= MOST_VALUES and gap == 0:
        answer = _best_of_medians(problem, rules, values, options=options, clock=clock)
        if answer is not None:
            return answer
    build = partial(_build_between, low_s=low_s, high_s=high_s)
    model = Model(formulation=FORMULATION, build=build, value=worst_mean_of_plan_s)
    return solve_ruled(problem, rules, model=model, refuse=_no_plan, options=options, clock=clock, gap=gap)


def build_worst_mean(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the model that takes any rule; its threshold may be whatever it is in any plan."""
    low_s, high_s = _whole_range(problem, rules)
    return _build_between(problem, rules, low_s=low_s, high_s=high_s)


def worst_mean_of_plan_s(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the mean impedance of the worst-served share of the weight; infinite where demand must be served and is not."""
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    counts = problem.weight > 0
    seconds = np.minimum(nearest_impedance_s(problem, selected)[counts], limit_s)
    return mean_of_worst_s(seconds, problem.weight[counts], share=_share(problem))


def mean_of_worst_s(seconds: NDArray[np.float64], weight: NDArray[np.float64], *, share: float) -> float:
    """Return the mean of that share of the weight that has the largest impedances, in seconds.

    Parameters
    ----------
    seconds, weight
        Impedances and weights, shape (n,); of demand on the edge of the share a part counts.
    share
        In (0, 1].

    Examples
    --------
    >>> mean_of_worst_s(np.array([100.0, 900.0, 500.0]), np.array([2.0, 1.0, 1.0]), share=0.375)
    766.6666666666666
    """
    order = np.argsort(-seconds, kind="stable")
    whole = math.fsum(weight) * share
    before = np.cumsum(weight[order]) - weight[order]
    part = np.clip(whole - before, 0.0, weight[order])
    if np.isinf(seconds[order][part > 0]).any():
        return math.inf
    return math.fsum(part[part > 0] * seconds[order][part > 0]) / whole


def _share(problem: LocationProblem) -> float:
    if problem.worst_share is None:
        raise ProblemError(f"{problem.objective} is not solved without a share", where="worst_share")
    return problem.worst_share


def _build_between(problem: LocationProblem, rules: SiteRules, *, low_s: float, high_s: float) -> SiteModel:
    tail = Tail(low_s=low_s, high_s=high_s, weight=_share(problem) * math.fsum(problem.weight))
    return build_threshold_model(problem, rules, tail)


def _no_plan(_problem: LocationProblem, rules: SiteRules) -> InfeasibleError:
    return InfeasibleError(
        f"no {rules.n_open} of the sites that may be chosen serve all demand that must be served",
        where="new",
        remedy="Raise new, give unserved_impedance_s, or search with a larger cutoff",
    )


def _whole_range(problem: LocationProblem, rules: SiteRules) -> tuple[float, float]:
    """Return the thresholds between which that of every plan is: those of all sites open, and of each row at its farthest."""
    serves = serving_pairs(problem)
    row, column = demand_rows(problem)[serves], problem.impedance_s.indices[serves]
    seconds = problem.impedance_s.data[serves]
    usable = rules.is_free[column] | rules.given[column]
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    nearest_s, farthest_s = np.full(problem.n_demand, limit_s), np.zeros(problem.n_demand)
    np.minimum.at(nearest_s, row[usable], seconds[usable])
    np.maximum.at(farthest_s, row[usable], seconds[usable])
    if problem.unserved_impedance_s is not None:
        farthest_s[:] = problem.unserved_impedance_s
    counts = (problem.weight > 0) & np.isfinite(nearest_s)
    weight, whole = problem.weight[counts], _share(problem) * math.fsum(problem.weight)
    return _threshold(nearest_s[counts], weight, whole), float(farthest_s[counts].max(initial=0.0))


def _threshold(seconds: NDArray[np.float64], weight: NDArray[np.float64], whole: float) -> float:
    """Return the impedance at which the weight of the worst exceeds so much, or the least of all; 0 where there is none."""
    order = np.argsort(-seconds, kind="stable")
    is_in = np.cumsum(weight[order]) > whole
    return float(seconds[order][np.argmax(is_in)]) if is_in.any() else float(seconds.min(initial=0.0))


def _narrow_range(problem: LocationProblem, rules: SiteRules, *, clock: Clock) -> tuple[float, float]:
    """Return the range of the threshold that bounds do not rule out."""
    low_s, high_s = _whole_range(problem, rules)
    best_s, bounds = math.inf, dict[float, float]()
    for _ in range(N_CUTS):
        ends = np.linspace(low_s, high_s, N_PARTS + 1).tolist()
        for end in ends:
            if end in bounds:
                continue
            above = _above(problem, rules, end, clock=clock)
            bounds[end], best_s = above.bound, min(best_s, above.mean_s)
        kept = [(one, other) for one, other in pairwise(ends) if one + bounds[other] <= best_s * (1 + ROOM)]
        if not kept:  # never, but for rounding
            break
        is_slow = kept[-1][1] - kept[0][0] > (high_s - low_s) / 2
        low_s, high_s = kept[0][0], kept[-1][1]
        if is_slow or low_s == high_s:
            break
    return low_s, max(low_s, min(high_s, best_s))


def _values_between(problem: LocationProblem, low_s: float, high_s: float) -> NDArray[np.float64]:
    """Return the impedances within a range, the lower end and that of the unserved among them, ascending."""
    own = [] if problem.unserved_impedance_s is None else [problem.unserved_impedance_s]
    values = np.unique(np.concatenate([problem.impedance_s.data, own, [low_s]]))
    return np.asarray(values[(values >= low_s) & (values <= high_s)])


def _best_of_medians(
    problem: LocationProblem, rules: SiteRules, values: NDArray[np.float64], *, options: SolverOptions, clock: Clock
) -> Answer | None:
    """Return the best plan of the p-medians above each threshold, the most promising first; None if nothing was solved.

    Notes
    -----
    The plan of a p-median has no larger mean of the worst than that says, and every best plan is one of the p-median at its
    own threshold: so the first of equal plans is the first of those of the thresholds that are as good.
    """
    whole = _share(problem) * math.fsum(problem.weight)
    tried = [_above(problem, rules, value, clock=clock) for value in values.tolist()]
    known = min(tried, key=lambda one: one.mean_s)
    solved: list[tuple[float, Answer]] = []
    least_s, best_s, is_cut = math.inf, known.mean_s, False
    for value, one in sorted(zip(values.tolist(), tried, strict=True), key=lambda pair: pair[0] + pair[1].bound):
        if value + one.bound > best_s * (1 + ROOM):
            break
        if is_cut:
            least_s = min(least_s, value + one.bound)
            continue
        siting = build_p_median(problem, rules, price=partial(_excess, threshold_s=value, whole=whole))
        try:
            answer = find_answer(siting, options=options, clock=clock, absolute_gap=None)
        except SolverError:
            is_cut, least_s = True, min(least_s, value + one.bound)
            continue
        solved.append((value + answer.upper, answer))
        is_cut = not answer.is_optimal
        least_s = min(least_s, value + answer.lower)
        best_s = min(best_s, value + answer.upper)
    if not solved:
        return None
    if is_cut:
        rank = known.plan if known.mean_s <= best_s else min(solved, key=lambda pair: pair[0])[1].rank
        return replace(
            solved[0][1],
            rank=rank,
            upper=best_s,
            lower=min(least_s, best_s),
            is_optimal=least_s >= best_s * (1 - RELATIVE_TOLERANCE),
            is_cut=True,
            is_tie_broken=False,
        )
    equal = [answer for cost, answer in solved if cost <= best_s * (1 + RELATIVE_TOLERANCE)]
    first = min(equal, key=lambda answer: int(answer.rank.sum()))
    is_first = all(answer.is_tie_broken for answer in equal)
    return replace(first, upper=best_s, lower=best_s, is_tie_broken=is_first)


def _excess(seconds: NDArray[np.float64], *, threshold_s: float, whole: float) -> NDArray[np.float64]:
    """Return what a unit of weight adds to the mean over the whole by what is above a threshold."""
    return np.maximum(seconds - threshold_s, 0.0) / whole


@dataclass(frozen=True, kw_only=True, eq=False)
class _Above:
    """What is known of the p-median above a threshold: a bound, and a plan with its mean of the worst."""

    bound: float
    plan: NDArray[np.intp]
    mean_s: float


def _above(problem: LocationProblem, rules: SiteRules, threshold_s: float, *, clock: Clock) -> _Above:
    """Return a bound of what is paid above a threshold, and the plan that was found on the way."""
    whole = _share(problem) * math.fsum(problem.weight)
    siting = build_p_median(problem, rules, price=partial(_excess, threshold_s=threshold_s, whole=whole))
    left, bounds = narrow(siting, deadline=clock.deadline(SHARE_OF_TIME_FOR_RANGE))
    plan, bound = left.rank[bounds.plan], max(bounds.lower, 0.0)
    if not bounds.is_feasible:
        return _Above(bound=bound, plan=plan, mean_s=math.inf)
    columns = np.concatenate([rules.free[plan], np.flatnonzero(rules.given)])
    chosen = {problem.candidate_ids[j] for j in columns.tolist()}
    return _Above(bound=bound, plan=plan, mean_s=worst_mean_of_plan_s(problem, chosen))
