"""Market capture: the most people drawn from competitors, when each site is chosen by its attraction and its impedance.

Notes
-----
A site of attraction :math:`A_j` pulls demand :math:`i` by :math:`a_ij = A_j / max(s_ij, 60 s)^β` (Huff 1964; the floor keeps a
site at the door from pulling without end), and competitors pull it by :math:`c_i` in the same unit. Of the weight :math:`w_i`
the share of all pull that the open sites have is captured, none of it where nothing pulls::

    maximise    Σ_i w_i U_i / (U_i + c_i)       with  U_i = Σ_j a_ij y_j
    subject to  Σ_j y_j = new,  y_j ∈ {0, 1}

The objective is concave in U, and submodular. So it is solved by rounds of integer programmes over the captured weight
:math:`θ_g` of groups of demand, each bounded from above by tangents and by submodular cuts at the plans of the rounds before,
the first ones at those of the linear relaxation (Ljubić, Moreno 2018). Demand without competitors is covered or not, by
one row each. A plan once counted is cut off, so that the bound is that of all others.

References
----------
Huff (1964), Defining and estimating a trading area, Journal of Marketing 28: 34-38. Ljubić, Moreno (2018), Outer approximation
and submodular cuts for maximum capture facility location problems with random utilities, European Journal of Operational
Research 266: 46-56.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.capture_master import Master, build_master
from optimize.clock import Clock
from optimize.exact import Answer
from optimize.highs import Proof, SolverOptions, run_relaxation, run_solver
from optimize.huff import Cut, Market, build_market
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE

FORMULATION = "Huff market capture (1964), outer approximation and submodular cuts in rounds (Ljubić, Moreno 2018)"

RELAXED_ROUNDS = 40
"""How many rounds of tangents the linear relaxation is given at most."""

SHARE_OF_TIME_FOR_RELAXATION = 0.3
"""After which part of the time the integer programmes begin, however near the relaxation is: they alone give a plan."""

CLOSE = 1e-4
"""Share of the objective by which the relaxation may pass its tangents when its rounds end."""

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
        The solver failed, or the time was over before there was a plan.
    """
    market = build_market(problem, rules)
    cuts = _relaxed_cuts(problem, rules, market, options=options, clock=clock)
    found = _rounds(problem, rules, market, cuts, options=options, clock=clock, gap=gap)
    if found.is_cut and not np.isfinite(found.best):
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    if not np.isfinite(found.best):
        raise refuse(problem, rules)
    is_proven = gap == 0 and found.bound <= found.best + market.tolerance
    first = _first_of_equals(problem, rules, market, found, options=options, clock=clock) if is_proven else None
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


def _relaxed_cuts(
    problem: LocationProblem, rules: SiteRules, market: Market, *, options: SolverOptions, clock: Clock
) -> tuple[Cut, ...]:
    """Return the tangents that bound the linear relaxation; none where it has no plan, or no time."""
    cuts: tuple[Cut, ...] = ()
    deadline = clock.deadline(SHARE_OF_TIME_FOR_RELAXATION)
    for _ in range(RELAXED_ROUNDS):
        if deadline is not None and time.monotonic() >= deadline:
            break
        master = build_master(problem, rules, market, cuts)
        outcome = run_relaxation(master.lp, replace(options, time_limit_s=clock.left_s()))
        if outcome.bound is None:
            break
        opened = np.clip(master.opened(), 0.0, 1.0)
        new = [cut for cut in market.tangents(opened) if master.excess(cut) > CLOSE * market.total / market.n_groups]
        if not new:
            break
        cuts = (*cuts, *new)
    return cuts


def _rounds(
    problem: LocationProblem,
    rules: SiteRules,
    market: Market,
    cuts: tuple[Cut, ...],
    *,
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> _Search:
    """Return the search after the rounds of integer programmes."""
    counted: tuple[NDArray[np.intp], ...] = ()
    best, plan, bound = -np.inf, np.zeros(0, dtype=np.intp), market.total
    while True:
        master = build_master(problem, rules, market, cuts, banned=counted)
        slack = 0.0 if not np.isfinite(best) else PART_OF_GAP * max(bound - best, 0.0)
        slack = 0.0 if slack <= np.sqrt(RELATIVE_TOLERANCE) * market.total else slack
        asked = replace(options, gap_abs=slack * master.factor, time_limit_s=clock.left_s())
        outcome = run_solver(master.lp, asked)
        is_cut = outcome.proof in (Proof.PLAN, Proof.NOTHING)
        if outcome.proof is Proof.INFEASIBLE:  # every plan was counted, or there is none
            bound = best
        elif outcome.bound is not None:
            bound = max(best, min(bound, master.captured(outcome.bound)))
        if outcome.proof in (Proof.OPTIMAL, Proof.PLAN):
            tried = master.plan()
            value = market.value(tried)
            counted = (*counted, tried)
            if value > best:
                best, plan = value, tried
            cuts = (*cuts, *market.tangents(_as_vector(tried, rules)), *market.submodular(tried))
        found = _Search(cuts=cuts, counted=counted, best=best, plan=plan, bound=bound, is_cut=is_cut, master=master)
        if is_cut or outcome.proof is Proof.INFEASIBLE or _is_enough(found, market, gap=gap):
            return found


def _is_enough(found: _Search, market: Market, *, gap: float) -> bool:
    """Return whether the bound meets the best plan, as near as is asked for."""
    return found.bound - found.best <= max(gap * found.bound, market.tolerance / 2)


def _as_vector(plan: NDArray[np.intp], rules: SiteRules) -> NDArray[np.float64]:
    opened = np.zeros(rules.free.size)
    opened[plan] = 1.0
    return opened


def _first_of_equals(
    problem: LocationProblem, rules: SiteRules, market: Market, found: _Search, *, options: SolverOptions, clock: Clock
) -> NDArray[np.intp] | None:
    """Return the plan with the least sum of positions among those as good as the best one; None if not proven in time."""
    cuts = found.cuts
    banned: tuple[NDArray[np.intp], ...] = ()
    while True:
        master = build_master(problem, rules, market, cuts, banned=banned, at_least=found.best - market.tolerance)
        outcome = run_solver(master.lp, replace(options, gap_abs=0.0, time_limit_s=clock.left_s()))
        if outcome.proof is not Proof.OPTIMAL:
            return None
        tried = master.plan()
        if market.value(tried) >= found.best - 2 * market.tolerance:
            return tried
        cuts = (*cuts, *market.tangents(_as_vector(tried, rules)), *market.submodular(tried))
        banned = (*banned, tried)
