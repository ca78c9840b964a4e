"""Market capture: the most people drawn from competitors, when each site is chosen by its attraction and its impedance.

Notes
-----
A site of attraction :math:`A_j` pulls demand :math:`i` by :math:`a_ij = A_j / max(s_ij, 60 s)^β` (Huff 1964; the floor keeps a
site at the door from pulling without end), and competitors pull it by :math:`c_i` in the same unit. Of the weight :math:`w_i`
the share of all pull that the open sites have is captured, none of it where nothing pulls::

    maximise    Σ_i w_i U_i / (U_i + c_i)       with  U_i = Σ_j a_ij y_j
    subject to  Σ_j y_j = new,  y_j ∈ {0, 1}

The objective is concave in U, and submodular. A plan is found by greedy addition and swaps. The captured weight :math:`θ_g` of
groups of demand is bounded from above by tangents, first at the linear relaxation, and by submodular cuts at plans (Ljubić,
Moreno 2018). The tangents are lifted where a site alone passes them, as `optimize.huff.Market.tangents` says: at 5,000 × 340
with p = 5 the relaxation is 1.7 % above the best plan, and 21 % without. Sites that by it are in no plan as good are
closed; rounds of integer programmes prove the rest. Demand without competitors is covered or not, by one row each. A plan once
counted is cut off, so that the bound is that of all others.

References
----------
Huff (1964), Defining and estimating a trading area, Journal of Marketing 28: 34-38. Ljubić, Moreno (2018), Outer approximation
and submodular cuts for maximum capture facility location problems with random utilities, European Journal of Operational
Research 266: 46-56.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.capture_master import Master, build_master
from optimize.capture_relaxation import Relaxed, relax
from optimize.capture_search import find_start
from optimize.clock import Clock
from optimize.exact import Answer
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.huff import Cut, Market, build_market
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE

FORMULATION = "Huff market capture (1964), lifted tangents and submodular cuts in rounds (Ljubić, Moreno 2018)"

SHARE_OF_TIME_FOR_START, SHARE_OF_TIME_FOR_RELAXATION = 0.2, 0.4
"""When the search for a plan and the rounds of the relaxation have to be done."""

PART_OF_GAP = 0.1
"""Which part of the gap between bound and plan a round need not close: the cuts matter more than its proof."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """Where the rounds stand.

    Parameters
    ----------
    cuts, counted
        The cuts so far, and the plans that were counted and cut off.
    best, plan
        Captured weight of the best plan, and its sites; −inf without one.
    bound
        What no plan captures more than.
    is_cut
        Whether the clock cut the rounds.
    master
        The last model.
    """

    cuts: tuple[Cut, ...]
    counted: tuple[NDArray[np.intp], ...]
    best: float
    plan: NDArray[np.intp]
    bound: float
    is_cut: bool
    master: Master

    def with_plan(self, plan: NDArray[np.intp], rules: SiteRules, market: Market) -> _Search:
        """Return the search after a plan was counted: cut off, and its cuts added."""
        value = market.value(plan)
        cuts = (*self.cuts, *market.tangents(_as_vector(plan, rules)), *market.submodular(plan))
        best, kept = (value, plan) if value > self.best else (self.best, self.plan)
        return replace(self, cuts=cuts, counted=(*self.counted, plan), best=best, plan=kept, bound=max(self.bound, best))


def solve_market_capture(
    problem: LocationProblem,
    rules: SiteRules,
    *,
    refuse: Callable[[LocationProblem, SiteRules], Exception],
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> Answer:
    """Return the plan that captures most, with its proof.

    Parameters
    ----------
    problem
        With the objective ``market_capture``.
    rules
        What `site_rules` says of the problem.
    refuse
        Makes the error where no plan meets the rules.
    options, clock
        How to ask the solver, and how long.
    gap
        Relative gap at which to stop.

    Raises
    ------
    InfeasibleError
        No plan meets the rules.
    SolverError
        The solver failed, or the time was over before a plan was found that meets the rules.
    """
    market = build_market(problem, rules)
    deadline = clock.deadline(SHARE_OF_TIME_FOR_START)
    start = find_start(problem, rules, market, seed=options.seed, deadline=deadline)
    points = [
        np.full(rules.free.size, rules.n_open / max(rules.free.size, 1)),
        *([] if start is None else [_as_vector(start, rules)]),
    ]
    relaxed = relax(problem, rules, market, points, options=options, clock=clock, share=SHARE_OF_TIME_FOR_RELAXATION)
    found = _rounds(problem, rules, market, relaxed, start, options=options, clock=clock, gap=gap)
    if found.is_cut and not np.isfinite(found.best):
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    if not np.isfinite(found.best):
        raise refuse(problem, rules)
    is_proven = gap == 0 and found.bound <= found.best + market.tolerance
    closed = relaxed.closed(found.best, market)
    equals = partial(_first_of_equals, problem, rules, market, found, closed=closed, options=options, clock=clock)
    first = equals() if is_proven else None
    lp = found.master.lp
    return Answer(
        rank=found.plan if first is None else first,
        upper=max(found.bound - found.best, 0.0),
        lower=0.0,
        is_optimal=is_proven,
        is_cut=found.is_cut,
        is_tie_broken=first is not None,
        n_sites=int(rules.free.size),
        n_classes=market.n_groups,
        n_rows=lp.numConstraints(),
        n_columns=lp.numVariables(),
        n_nonzeros=sum(len(row) for row in lp.constraints()),
    )


def _rounds(
    problem: LocationProblem,
    rules: SiteRules,
    market: Market,
    relaxed: Relaxed,
    start: NDArray[np.intp] | None,
    *,
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> _Search:
    """Return the search after the rounds of integer programmes, from a plan on where there is one."""
    found = _first_search(problem, rules, market, relaxed, start)
    while not _is_enough(found, market, gap=gap):
        closed = relaxed.closed(found.best, market)
        if clock.left_s() == 0:
            return replace(found, is_cut=True)
        master = build_master(problem, rules, market, found.cuts, banned=found.counted, closed=closed)
        slack = 0.0 if not np.isfinite(found.best) else PART_OF_GAP * max(found.bound - found.best, 0.0)
        slack = 0.0 if slack <= np.sqrt(RELATIVE_TOLERANCE) * market.total else slack
        asked = replace(options, gap_abs=slack * master.factor, time_limit_s=clock.left_s())
        outcome = run_solver(master.lp, asked)
        found = replace(found, master=master, is_cut=outcome.proof in (Proof.PLAN, Proof.NOTHING))
        if outcome.proof is Proof.INFEASIBLE:  # every plan that may be as good was counted, or there is none
            return replace(found, bound=found.best)
        if outcome.bound is not None:
            found = replace(found, bound=max(found.best, min(found.bound, master.captured(outcome.bound))))
        if outcome.proof in (Proof.OPTIMAL, Proof.PLAN):
            found = found.with_plan(master.plan(), rules, market)
        if found.is_cut:
            return found
    return found


def _first_search(
    problem: LocationProblem, rules: SiteRules, market: Market, relaxed: Relaxed, start: NDArray[np.intp] | None
) -> _Search:
    """Return the search before the rounds."""
    nothing = _Search(
        cuts=relaxed.cuts,
        counted=(),
        best=-np.inf,
        plan=np.zeros(0, dtype=np.intp),
        bound=relaxed.bound,
        is_cut=False,
        master=build_master(problem, rules, market, ()),
    )
    return nothing if start is None else nothing.with_plan(start, rules, market)


def _is_enough(found: _Search, market: Market, *, gap: float) -> bool:
    """Return whether the bound meets the best plan, as near as is asked for."""
    return found.bound - found.best <= max(gap * found.bound, market.tolerance / 2)


def _as_vector(plan: NDArray[np.intp], rules: SiteRules) -> NDArray[np.float64]:
    opened = np.zeros(rules.free.size)
    opened[plan] = 1.0
    return opened


def _first_of_equals(
    problem: LocationProblem,
    rules: SiteRules,
    market: Market,
    found: _Search,
    *,
    closed: NDArray[np.bool_],
    options: SolverOptions,
    clock: Clock,
) -> NDArray[np.intp] | None:
    """Return the plan with the least sum of positions among those as good as the best one; None if not proven in time."""
    cuts = found.cuts
    banned: tuple[NDArray[np.intp], ...] = ()
    while True:
        master = build_master(
            problem, rules, market, cuts, banned=banned, closed=closed, at_least=found.best - market.tolerance
        )
        outcome = run_solver(master.lp, replace(options, gap_abs=0.0, time_limit_s=clock.left_s()))
        if outcome.proof is not Proof.OPTIMAL:
            return None
        tried = master.plan()
        if market.value(tried) >= found.best - 2 * market.tolerance:
            return tried
        cuts = (*cuts, *market.tangents(_as_vector(tried, rules)), *market.submodular(tried))
        banned = (*banned, tried)
