"""Lexicographic center: the least worst impedance, of such plans the fewest that bear it, then the least next worst, and so on.

Notes
-----
Plans are compared by the impedances of all demand points that have a weight, sorted from the worst on (Ogryczak 1997); each
counts once, whatever it weighs. The p-center gives the worst. Then, level by level, with :math:`v` the next impedance of the
best plan known, :math:`c_t` the number of rows farther than t in it, and :math:`S_i(t)` the free candidates within t::

    minimise    Σ_i z_i(v⁻)                                      how many rows are at v or farther
    subject to  Σ_i z_i(t) ≤ c_t           for every level before     (v⁻: the impedance before v)
                z_i(t) + Σ_{j ∈ S_i(t)} y_j ≥ 1,  0 ≤ z_i(t) ≤ 1
                y is none of the plans met,  the rules,  y_j ∈ {0, 1}

Only impedances of the best plan are levels, and one that all sites together cannot lower needs no question. Where all other
plans are worse at a level, or there are none, the best plan is proven, without the levels after. Rows are counted as they come
to matter: a model of some of the rows bounds that of all of them, and a plan that it finds is counted in all of them.

References
----------
Ogryczak (1997), On the lexicographic minimax approach to location problems, European Journal of Operational Research 100:
566-585, doi:10.1016/S0377-2217(96)00154-3.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock
from optimize.exact import Answer
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.p_center import build_radii, solve_p_center, solve_ruled_p_center
from optimize.problem import LocationProblem
from optimize.reach import nearest_impedance_s
from optimize.ruled import Refuse
from optimize.site_rows import tie_places
from optimize.site_rules import SiteRules
from optimize.threshold_counts import CountModel, Times, build_counts

FORMULATION = "lexicographic center (Ogryczak 1997), by counts beyond each impedance of the best plan"

FIRST_ROWS = 300
"""How many rows, the worst-served ones, are counted at first; with no more than that, all."""

MORE_ROWS = 100
"""How many rows are added that a plan shows to matter."""

WHOLE = 1e-4
"""By how much a bound of a count may miss a whole number."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """Where the search stands.

    Parameters
    ----------
    best
        The best plan.
    times_s
        Its impedances, from the worst on, shape (n_rows,).
    equal
        All plans met that are as good, itself among them.
    banned
        All plans met.
    levels
        Thresholds and how many rows may be farther.
    rows
        The rows that are counted.
    """

    best: NDArray[np.intp]
    times_s: NDArray[np.float64]
    equal: tuple[NDArray[np.intp], ...]
    banned: tuple[NDArray[np.intp], ...]
    levels: tuple[tuple[float, int], ...]
    rows: NDArray[np.intp]

    def meet(self, plan: NDArray[np.intp], times_s: NDArray[np.float64]) -> _Search:
        """Return the search after a plan whose impedances are given, from the worst on."""
        met = replace(self, banned=(*self.banned, plan))
        differs = np.flatnonzero(times_s != self.times_s)
        if not differs.size:
            return replace(met, equal=(*self.equal, plan))
        if times_s[differs[0]] > self.times_s[differs[0]]:
            return met
        return replace(met, best=plan, times_s=times_s, equal=(plan,))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """What the solver says of a level: how it ended, the plan, the count that others have at least, and the model."""

    proof: Proof
    plan: NDArray[np.intp]
    least: int
    model: CountModel
    rows: NDArray[np.intp]


def solve_lexicographic_center(
    problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float
) -> Answer:
    """Return the plan whose impedances, sorted from the worst on, are the least.

    Parameters
    ----------
    problem
        With the objective ``lexicographic_center``.
    rules
        What `site_rules` says of the problem.
    options, clock
        How to ask the solver, and how long.
    gap
        Relative gap at which to stop: with one the worst impedance alone is sought.

    Raises
    ------
    InfeasibleError
        Demand that has a weight is reached by no site that may be open, or so few sites cannot reach all of it.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    center = solve_p_center(replace(problem, objective="p_center"), rules, options=options, clock=clock, gap=gap)
    return _follow_up(problem, rules, center, options=options, clock=clock)


def solve_ruled_lexicographic_center(
    problem: LocationProblem, rules: SiteRules, *, refuse: Refuse, options: SolverOptions, clock: Clock, gap: float
) -> Answer:
    """Return that plan under any rules; parameters and errors are those of `solve_lexicographic_center`."""
    center = solve_ruled_p_center(
        replace(problem, objective="p_center"), rules, refuse=refuse, options=options, clock=clock, gap=gap
    )
    return _follow_up(problem, rules, center, options=options, clock=clock)


def worst_of_plan_s(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the impedance of the worst-served demand point that has a weight; infinite where one is out of reach."""
    return float(nearest_impedance_s(problem, selected)[problem.weight > 0].max())


def _times(problem: LocationProblem, rules: SiteRules) -> Times:
    """Return the impedances of the rows that have a weight."""
    radii = build_radii(problem, replace(rules, n_open=int(rules.free.size)))
    counts = problem.weight > 0
    order = np.lexsort((radii.site, radii.seconds, radii.row))
    order = order[counts[radii.row[order]]]
    new_row = np.cumsum(counts) - 1
    return Times(
        row=new_row[radii.row[order]], site=radii.site[order], seconds=radii.seconds[order], base_s=radii.base_s[counts]
    )


def _follow_up(problem: LocationProblem, rules: SiteRules, center: Answer, *, options: SolverOptions, clock: Clock) -> Answer:
    """Return the answer after the levels below the worst."""
    if not center.is_optimal:
        return center
    times = _times(problem, rules)
    of_plan_s = times.of_plan(center.rank)
    found = _Search(
        best=center.rank,
        times_s=np.sort(of_plan_s)[::-1],
        equal=(center.rank,),
        banned=(center.rank,),
        levels=((center.upper, 0),),
        rows=np.sort(np.argsort(-of_plan_s, kind="stable")[:FIRST_ROWS]),
    )
    ask = partial(_ask, problem, rules, times, options=options, clock=clock)
    least_s = np.sort(times.least())
    level_s, asked = center.upper, None
    while level_s >= 0:
        n_now, n_always = _n_from(found.times_s, level_s), int((least_s >= level_s).sum())
        before_s = times.below(level_s)
        if n_now > n_always:
            asked = ask(found, before_s)
            if asked.proof in (Proof.PLAN, Proof.NOTHING):
                return _as_answer(center, found, asked, is_cut=True)
            found = replace(found, rows=asked.rows)
            if asked.proof is Proof.INFEASIBLE or asked.least > n_now:
                return _as_answer(center, found, asked, is_unique=True)
            found = found.meet(asked.plan, np.sort(times.of_plan(asked.plan))[::-1])
            n_now = _n_from(found.times_s, level_s)
        below = found.times_s[found.times_s < level_s]
        if not below.size:
            break
        level_s = float(below[0])
        found = replace(found, levels=(*found.levels, (level_s, n_now)))
    last = ask(replace(found, banned=()), None)
    return _as_answer(center, found, last, is_ranked=last.proof is Proof.OPTIMAL)


def _n_from(times_s: NDArray[np.float64], level_s: float) -> int:
    return int((times_s >= level_s).sum())


def _ask(
    problem: LocationProblem,
    rules: SiteRules,
    times: Times,
    found: _Search,
    threshold: float | None,
    *,
    options: SolverOptions,
    clock: Clock,
) -> _Asked:
    """Return the plan with the fewest rows beyond a threshold, in all of the rows; without one the first by the tie rule.

    Notes
    -----
    A plan that breaks a level, or has more rows beyond the threshold than its model says, shows rows that have to be counted.
    """
    rows = found.rows
    while True:
        thresholds = dict.fromkeys([*(level for level, _ in found.levels), *([] if threshold is None else [threshold])])
        model = build_counts(problem, rules, times, list(thresholds), rows=rows)
        for level, most in found.levels:
            model.limit(level, most)
        for plan in found.banned:
            model.ban(plan)
        if threshold is None:
            model.minimise_places(tie_places(problem, rules))
        else:
            model.minimise_count(threshold)
        outcome = run_solver(model.lp, replace(options, gap_abs=0.0, time_limit_s=clock.left_s()))
        plan = model.plan()
        if outcome.proof is not Proof.OPTIMAL:
            return _Asked(proof=outcome.proof, plan=plan, least=0, model=model, rows=rows)
        least = 0 if threshold is None else int(np.ceil((outcome.bound or 0.0) - WHOLE)) + model.always[threshold]
        more = _rows_that_matter(times.of_plan(plan), found.levels, threshold, least=least, rows=rows)
        if not more.size:
            return _Asked(proof=Proof.OPTIMAL, plan=plan, least=least, model=model, rows=rows)
        rows = np.union1d(rows, more)


def _rows_that_matter(
    of_plan_s: NDArray[np.float64],
    levels: tuple[tuple[float, int], ...],
    threshold: float | None,
    *,
    least: int,
    rows: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Return rows to count that a plan has beyond a level, or beyond the threshold, where they are too many."""
    limits = list(levels) if threshold is None else [*levels, (threshold, least)]
    for level, most in limits:
        beyond = np.flatnonzero(of_plan_s > level)
        if beyond.size > most:
            others = np.setdiff1d(beyond, rows)
            others = others[np.argsort(-of_plan_s[others], kind="stable")]
            return others[:: max(1, others.size // MORE_ROWS)]
    return np.zeros(0, dtype=np.intp)


def _as_answer(
    center: Answer, found: _Search, asked: _Asked, *, is_cut: bool = False, is_unique: bool = False, is_ranked: bool = False
) -> Answer:
    """Return the answer; the worst impedance of the p-center is that of every plan met."""
    first = min(found.equal, key=lambda plan: int(plan.sum()))
    lp = asked.model.lp
    return replace(
        center,
        rank=asked.plan if is_ranked else first,
        is_optimal=not is_cut,
        is_cut=is_cut,
        is_tie_broken=is_unique or is_ranked,
        n_classes=int(asked.rows.size),
        n_rows=lp.numConstraints(),
        n_columns=lp.numVariables(),
        n_nonzeros=sum(len(row) for row in lp.constraints()),
    )
