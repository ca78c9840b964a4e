"""k-nearest p-median: the p-median, solved over the nearest candidates of each demand point alone, and more where needed.

Notes
-----
Demand :math:`i` may be served by its :math:`k_i` nearest candidates, or by the far option, which costs what the next candidate
after them costs; with :math:`d_{i(1)} ≤ d_{i(2)} ≤ …` the sorted impedances::

    minimise    Σ_i w_i (Σ_{k ≤ k_i} d_i(k) x_ik + d_i(k_i + 1) g_i)
    subject to  Σ_{k ≤ k_i} x_ik + g_i = 1,  x_ik ≤ y_j(i,k),  Σ_j y_j = new,  y_j ∈ {0, 1}

in the radius formulation. No plan costs more in it than in the p-median. Where the best plan uses the far option, :math:`k_i`
grows for that demand, and the model is solved again, until the best plan costs the same in both: then it is the optimum of the
p-median. So it is with equal plans, for the tie rule: one that is first here and costs the same there is first there.

References
----------
Church (2018), Tobler's law and spatial optimization: why Bakersfield?, International Regional Science Review 41: 287-310.
Elloumi (2010), doi:10.1007/s10878-008-9162-0, for the radius formulation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from data.errors import ProblemError, SolverError
from optimize.clock import Clock
from optimize.exact import Answer, find_answer
from optimize.highs import SolverOptions
from optimize.model import Model
from optimize.p_median import absolute_gap, build_p_median
from optimize.problem import LocationProblem
from optimize.ruled import Refuse, solve_ruled
from optimize.site_model import SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import Siting, restrict

FORMULATION = "k-nearest p-median (Church 2018), radius formulation (Elloumi 2010), grown until it is the p-median"
GROWTH = 2
"""By what the number of near candidates grows at least where the far option is used; at most to the site that serves."""


class Solve(Protocol):
    """Solves a model of near pairs; whether the tie rule is asked for."""

    def __call__(self, near: Siting, *, breaks_ties: bool) -> Answer:
        """Return the answer."""
        ...


def solve_k_nearest(problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float) -> Answer:
    """Return the best plan of the p-median with its proof.

    Parameters
    ----------
    problem
        With the objective ``k_nearest_median``.
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
        The problem has no number of near candidates.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    allowed = partial(absolute_gap, gap=gap) if gap > 0 else None

    def solve_near(near: Siting, *, breaks_ties: bool) -> Answer:
        return find_answer(near, options=options, clock=clock, absolute_gap=allowed)

    return _grow(problem, rules, solve_near, clock=clock, gap=gap)


def solve_ruled_k_nearest(
    problem: LocationProblem, rules: SiteRules, *, refuse: Refuse, options: SolverOptions, clock: Clock, gap: float
) -> Answer:
    """Return the best plan of the p-median under any rules; parameters and errors are those of `solve_k_nearest`."""

    def solve_near(near: Siting, *, breaks_ties: bool) -> Answer:
        def value(_problem: LocationProblem, selected: Collection[str]) -> float:
            return near.value(_plan(problem, rules, selected))

        def build(_problem: LocationProblem, sites: SiteRules) -> SiteModel:
            left = restrict(near, np.isin(rules.free, sites.free))  # the way with rules may ask for some of the sites alone
            return model_of_siting(left, n_sites=sites.free.size, total=0.0)

        model = Model(formulation=FORMULATION, build=build, value=value)
        return solve_ruled(
            problem, rules, model=model, refuse=refuse, options=options, clock=clock, gap=gap, breaks_ties=breaks_ties
        )

    return _grow(problem, rules, solve_near, clock=clock, gap=gap)


def near_pairs(siting: Siting, n_near: NDArray[np.intp]) -> Siting:
    """Return the problem in which each row has its cheapest pairs alone, and is unserved at what the next one costs.

    Parameters
    ----------
    siting
        The whole problem.
    n_near
        How many pairs each row keeps, shape (n_rows,). A row that keeps all of them stays as it is.
    """
    order = np.lexsort((siting.pair_site, siting.pair_cost, siting.pair_row))
    row = siting.pair_row[order]
    start = np.searchsorted(row, np.arange(siting.n_rows))
    place = np.empty(row.size, dtype=np.intp)
    place[order] = np.arange(row.size) - start[row]
    is_next = place == n_near[siting.pair_row]
    unserved, is_must = siting.unserved_cost.copy(), siting.is_must.copy()
    unserved[siting.pair_row[is_next]] = siting.pair_cost[is_next]
    is_must[siting.pair_row[is_next]] = False
    kept = (place < n_near[siting.pair_row]) & (siting.pair_cost < unserved[siting.pair_row])
    return replace(
        siting,
        pair_site=siting.pair_site[kept],
        pair_row=siting.pair_row[kept],
        pair_cost=siting.pair_cost[kept],
        unserved_cost=unserved,
        is_must=is_must,
    )


def _grow(problem: LocationProblem, rules: SiteRules, solve_near: Solve, *, clock: Clock, gap: float) -> Answer:
    """Return the answer of the model of the near pairs, grown until its best plan uses no far option."""
    if problem.k_nearest is None:
        raise ProblemError(f"{problem.objective} is not solved without a number of near candidates", where="k_nearest")
    whole = build_p_median(problem, rules)
    n_near = np.full(whole.n_rows, problem.k_nearest, dtype=np.intp)
    best: Answer | None = None
    is_last = False
    while True:
        near = near_pairs(whole, n_near)
        try:
            answer = solve_near(near, breaks_ties=is_last)
        except SolverError:
            if best is None:
                raise
            return best  # the time was over: what the smaller model found
        is_far = whole.row_cost(answer.rank) > near.row_cost(answer.rank)
        if not is_far.any():
            if answer.is_tie_broken or is_last or not answer.is_optimal:
                return answer
            is_last = True
            continue
        is_last = False
        n_near = np.where(is_far, np.maximum(n_near * GROWTH, _place_of_service(whole, answer.rank)), n_near)
        if whole.is_feasible(answer.rank):
            best = _better(best, _not_proven(whole, answer))
        if best is not None and (0 < best.upper - best.lower <= gap * best.upper or clock.left_s() == 0):
            return replace(best, is_cut=clock.left_s() == 0)


def _place_of_service(whole: Siting, plan: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how many pairs of each row are as cheap as the one that serves it in a plan, shape (n_rows,)."""
    is_as_cheap = whole.pair_cost <= whole.row_cost(plan)[whole.pair_row]
    return np.bincount(whole.pair_row[is_as_cheap], minlength=whole.n_rows)


def _not_proven(whole: Siting, answer: Answer) -> Answer:
    """Return the answer of a model of near pairs as one to the whole problem: its bound holds, its plan costs more."""
    return replace(answer, upper=whole.value(answer.rank), is_optimal=False, is_tie_broken=False, is_cut=True)


def _better(best: Answer | None, found: Answer) -> Answer:
    """Return the cheaper of two plans with the better of two bounds."""
    if best is None:
        return found
    cheaper = best if best.upper <= found.upper else found
    return replace(cheaper, lower=max(best.lower, found.lower))


def _plan(problem: LocationProblem, rules: SiteRules, selected: Collection[str]) -> NDArray[np.intp]:
    """Return the positions of the open sites among those that may be chosen."""
    names = set(selected)
    return np.flatnonzero([problem.candidate_ids[j] in names for j in rules.free])
