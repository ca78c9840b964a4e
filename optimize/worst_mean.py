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
narrowed first, as `optimize.threshold_search` says. If few impedances are left, each is a p-median, solved where its bound does
not pass the best plan; if many, the model above is solved on what is left; and where that is too large for the time, the range
is narrowed on, which gives a plan with its gap.

References
----------
Ogryczak, Tamir (2003), Minimizing the sum of the k largest functions in linear time, Information Processing Letters 85:
117-122, doi:10.1016/S0020-0190(02)00370-8. Rockafellar, Uryasev (2000), Optimization of conditional value-at-risk, Journal of
Risk 2: 21-41.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data.errors import InfeasibleError, ProblemError, SolverError
from optimize.aggregate import radius_classes
from optimize.clock import Clock
from optimize.exact import CLASSES_PER_SECOND, Answer, find_answer
from optimize.highs import SolverOptions
from optimize.model import Model
from optimize.p_median import build_p_median
from optimize.problem import LocationProblem
from optimize.reach import nearest_impedance_s
from optimize.ruled import solve_ruled
from optimize.site_model import SiteModel
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE
from optimize.threshold_model import Tail, build_threshold_model
from optimize.threshold_search import ROOM, ThresholdSearch, excess, values_between, whole_range

FORMULATION = "mean of the worst by one threshold (Ogryczak, Tamir 2003), radius formulation (Elloumi 2010)"
MOST_PARTS = 24
"""How often the range of the threshold is cut in two before what is left of it is solved, where it can be in the time."""

MOST_VALUES = 100
"""With no more impedances than that in the range each is a p-median of its own."""

SHARE_OF_TIME_FOR_RANGE, SHARE_OF_TIME_FOR_PARTS = 0.5, 0.95
"""When the cutting has to be done, and where the rest is too large for the time."""

TIMES_BUILT = 3
"""How many times a model is built, for its relaxation, its core and its proof."""


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
    mean_s = partial(worst_mean_of_plan_s, problem)
    search = ThresholdSearch(problem, rules, whole=_whole(problem), mean_s=mean_s, clock=clock)
    search.cut_parts(most=MOST_PARTS, share=SHARE_OF_TIME_FOR_RANGE, gap=gap)
    low_s, high_s = search.ends
    if search.is_within(gap):
        return _as_answer(problem, rules, search, is_cut=False)
    if _is_too_large(problem, rules, low_s, clock=clock):
        search.cut_parts(most=math.inf, share=SHARE_OF_TIME_FOR_PARTS, gap=gap)
        return _as_answer(problem, rules, search, is_cut=not search.is_within(gap))
    values = values_between(problem, low_s, high_s)
    if values.size <= MOST_VALUES and gap == 0:
        answer = _best_of_medians(problem, rules, values, search, options=options, clock=clock)
        if answer is not None:
            return answer
    build = partial(_build_between, low_s=low_s, high_s=high_s)
    model = Model(formulation=FORMULATION, build=build, value=worst_mean_of_plan_s)
    try:
        answer = solve_ruled(problem, rules, model=model, refuse=_no_plan, options=options, clock=clock, gap=gap, n_pairs=0)
    except SolverError:
        if clock.left_s() != 0:
            raise
        return _as_answer(problem, rules, search, is_cut=True)
    if answer.is_cut and search.best.mean_s < answer.upper:
        answer = replace(answer, rank=search.best.plan, upper=search.best.mean_s)
    return replace(answer, lower=min(max(answer.lower, search.lower), answer.upper)) if answer.is_cut else answer


def build_worst_mean(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the model that takes any rule; its threshold may be whatever it is in any plan."""
    low_s, high_s = whole_range(problem, rules, whole=_whole(problem))
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
    tail = Tail(low_s=low_s, high_s=high_s, weight=_whole(problem))
    return build_threshold_model(problem, rules, tail)


def _no_plan(_problem: LocationProblem, rules: SiteRules) -> InfeasibleError:
    return InfeasibleError(
        f"no {rules.n_open} of the sites that may be chosen serve all demand that must be served",
        where="new",
        remedy="Raise new, give unserved_impedance_s, or search with a larger cutoff",
    )


def _whole(problem: LocationProblem) -> float:
    """Return the weight of which the mean is taken."""
    return _share(problem) * math.fsum(problem.weight)


def _is_too_large(problem: LocationProblem, rules: SiteRules, low_s: float, *, clock: Clock) -> bool:
    """Return whether the time is over, or would be before the model of what is above a threshold is built and presolved."""
    left_s = clock.left_s()
    if left_s is None:
        return False
    siting = build_p_median(problem, rules, price=partial(excess, threshold_s=low_s, whole=_whole(problem)))
    is_quick = TIMES_BUILT * siting.pair_row.size <= CLASSES_PER_SECOND * left_s  # there are no more classes than pairs
    return not is_quick and TIMES_BUILT * radius_classes(siting).n > CLASSES_PER_SECOND * left_s


def _as_answer(problem: LocationProblem, rules: SiteRules, search: ThresholdSearch, *, is_cut: bool) -> Answer:
    """Return the best plan of the search with its bound.

    Raises
    ------
    SolverError
        It has none that serves all who must be served.
    """
    if math.isinf(search.best.mean_s):
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    return Answer(
        rank=search.best.plan,
        upper=search.best.mean_s,
        lower=search.lower,
        is_optimal=False,
        is_cut=is_cut,
        is_tie_broken=False,
        n_sites=int(rules.free.size),
        n_classes=int((problem.weight > 0).sum()),
        n_rows=0,
        n_columns=0,
        n_nonzeros=0,
    )


def _best_of_medians(
    problem: LocationProblem,
    rules: SiteRules,
    values: NDArray[np.float64],
    search: ThresholdSearch,
    *,
    options: SolverOptions,
    clock: Clock,
) -> Answer | None:
    """Return the best plan of the p-medians above each threshold, the most promising first; None if nothing was solved.

    Notes
    -----
    The plan of a p-median has no larger mean of the worst than that says, and every best plan is one of the p-median at its
    own threshold: so the first of equal plans is the first of those of the thresholds that are as good.
    """
    tried = [search.above(value) for value in values.tolist()]
    known = min([search.best, *tried], key=lambda one: one.mean_s)
    solved: list[tuple[float, Answer]] = []
    least_s, best_s, is_cut = math.inf, known.mean_s, False
    for value, one in sorted(zip(values.tolist(), tried, strict=True), key=lambda pair: pair[0] + pair[1].bound):
        if value + one.bound > best_s * (1 + ROOM):
            break
        if is_cut:
            least_s = min(least_s, value + one.bound)
            continue
        siting = build_p_median(problem, rules, price=partial(excess, threshold_s=value, whole=_whole(problem)))
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
