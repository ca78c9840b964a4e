"""The recount: a solution against the arrays of its problem, by code that shares nothing with what made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data.errors import VerificationError
from optimize.objectives import MAXIMISED, Objective
from optimize.problem import LocationProblem
from optimize.recount import TOLERANCE, Recount
from optimize.recount_capacitated import recount_capacitated, recount_fixed_charge
from optimize.recount_models import (
    recount_backup,
    recount_capture,
    recount_dispersion,
    recount_kolm_pollak,
    recount_weighted_backup,
    recount_worst,
    recount_worst_mean,
)
from optimize.recount_nearest import recount_nearest
from optimize.solution import Solution, Status
from optimize.verify_rules import recount_rules

RECOUNTS: Mapping[Objective, Callable[[LocationProblem, Solution], Recount]] = MappingProxyType(
    {
        "max_coverage": recount_nearest,
        "p_median": recount_nearest,
        "set_cover": recount_nearest,
        "p_center": recount_nearest,
        "gradual_coverage": recount_nearest,
        "backup_coverage": recount_backup,
        "weighted_backup_coverage": recount_weighted_backup,
        "fixed_charge": recount_fixed_charge,
        "capacitated_fixed_charge": recount_capacitated,
        "capacitated_p_median": recount_capacitated,
        "capacitated_max_coverage": recount_capacitated,
        "k_nearest_median": recount_nearest,
        "max_attendance": recount_nearest,
        "p_dispersion": recount_dispersion,
        "kolm_pollak": recount_kolm_pollak,
        "market_capture": recount_capture,
        "lexicographic_center": recount_worst,
        "worst_mean": recount_worst_mean,
    }
)
"""The recount of every objective: where that of a new model is entered."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What the recount found.

    Parameters
    ----------
    objective
        The objective, recounted.
    covered_weight
        Weight of the demand that is served: within the standard, or nearer than unserved.
    n_served
        How many demand points are served, those without weight among them.
    checks
        What was checked and holds, a sentence each.
    """

    objective: float
    covered_weight: float
    n_served: int
    checks: tuple[str, ...]


class _Checks:
    """Gather what holds and what does not."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []

    def check(self, rule: str, *, holds: bool, seen: object) -> None:
        """Keep a rule with its result; `seen` says what was found where it does not hold."""
        if holds:
            self.passed.append(rule)
        else:
            self.failed.append(f"{rule} (seen: {seen})")


def verify_solution(problem: LocationProblem, solution: Solution) -> Verification:
    """Return the recount of a solution.

    Parameters
    ----------
    problem
        The problem.
    solution
        What is claimed to solve it.

    Raises
    ------
    VerificationError
        Anything of the solution does not agree with the recount; the message lists all of it.
    """
    checks = _Checks()
    _check_sites(problem, solution, checks)
    recount = RECOUNTS[problem.objective](problem, solution)
    for rule, holds, seen in recount.findings:
        checks.check(rule, holds=holds, seen=seen)
    _check_figures(problem, solution, objective=recount.objective, checks=checks)
    if checks.failed:
        raise VerificationError(
            "the solution does not agree with its recount: " + "; ".join(checks.failed),
            where="solution",
            remedy="Do not use this solution; the figures contradict the problem",
        )
    return Verification(
        objective=recount.objective,
        covered_weight=recount.covered_weight,
        n_served=recount.n_served,
        checks=tuple(checks.passed),
    )


def _check_sites(problem: LocationProblem, solution: Solution, checks: _Checks) -> None:
    """Check the sites against the rules."""
    selected, new, fixed = set(solution.selected), set(solution.new), set(problem.fixed)
    unknown = sorted((selected | new) - set(problem.candidate_ids))
    checks.check("every site is a candidate", holds=not unknown, seen=unknown)
    for name, ids in (("selected", solution.selected), ("new", solution.new)):
        in_order = tuple(value for value in problem.candidate_ids if value in set(ids))
        checks.check(f"{name} stands in the order of the candidates, each once", holds=in_order == ids, seen=ids)
    open_now = set(problem.rules.open_now)
    apart = selected - open_now
    checks.check(
        "beside what is open now, selected is fixed and new", holds=apart == fixed | new, seen=sorted(apart ^ (fixed | new))
    )
    standing = sorted(new & (fixed | open_now))
    checks.check("no new site is open already", holds=not standing, seen=standing)
    for rule, holds, seen in recount_rules(problem, solution):
        checks.check(rule, holds=holds, seen=seen)
    missing = sorted(set(problem.required) - new)
    checks.check("every required site is new", holds=not missing, seen=missing)
    forbidden = sorted(selected & set(problem.forbidden))
    checks.check("no forbidden site is selected", holds=not forbidden, seen=forbidden)


def _check_figures(problem: LocationProblem, solution: Solution, *, objective: float, checks: _Checks) -> None:
    """Check objective, bound, gap and status against each other and the recount."""
    claimed, bound = solution.objective, solution.best_bound
    room = TOLERANCE * max(abs(objective), abs(bound))
    checks.check(
        "the objective is the recounted one", holds=abs(claimed - objective) <= room, seen=f"{claimed!r}, {objective!r}"
    )
    beyond = claimed - bound if problem.objective in MAXIMISED else bound - claimed
    checks.check("no plan passes the bound, not this one either", holds=beyond <= room, seen=f"{claimed!r}, {bound!r}")
    larger = max(claimed, bound)
    gap = abs(bound - claimed) / larger if larger > 0 else 0.0
    checks.check("the gap is that of bound and objective", holds=abs(gap - solution.gap) <= TOLERANCE, seen=solution.gap)
    is_proven = solution.status is not Status.OPTIMAL or gap <= TOLERANCE
    checks.check("optimal only where the bound meets the objective", holds=is_proven, seen=f"{claimed!r}, {bound!r}")
