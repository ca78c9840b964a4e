"""The recount: a solution against the arrays of its problem, by code that shares nothing with what made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import VerificationError
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.solution import Solution, Status
from optimize.verify_rules import recount_rules

TOLERANCE = 1e-9


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
    nearest_s, nearest = _nearest_selected(problem, solution)
    is_served = _is_served(problem, nearest_s)
    _check_allocation(solution, demand=np.flatnonzero(is_served), candidate=nearest[is_served], checks=checks)
    _check_service(problem, is_served=is_served, checks=checks)
    objective = _objective(problem, solution, nearest_s=nearest_s, is_served=is_served)
    _check_figures(problem, solution, objective=objective, checks=checks)
    if checks.failed:
        raise VerificationError(
            "the solution does not agree with its recount: " + "; ".join(checks.failed),
            where="solution",
            remedy="Do not use this solution; the figures contradict the problem",
        )
    return Verification(
        objective=objective,
        covered_weight=float(problem.weight[is_served].sum()),
        n_served=int(is_served.sum()),
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


def _nearest_selected(problem: LocationProblem, solution: Solution) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return impedance and column of the nearest selected site of each demand row; infinite where none is reachable."""
    nearest_s = np.full(problem.weight.size, np.inf)
    nearest = np.zeros(problem.weight.size, dtype=np.intp)
    by_column = problem.impedance_s.tocsc()
    column_of = {name: j for j, name in enumerate(problem.candidate_ids)}
    for name in sorted(set(solution.selected) & set(column_of)):  # by id, so that the first one wins a tie
        column = column_of[name]
        stored = slice(by_column.indptr[column], by_column.indptr[column + 1])
        row, seconds = by_column.indices[stored], by_column.data[stored]
        is_nearer = seconds < nearest_s[row]
        nearest_s[row[is_nearer]] = seconds[is_nearer]
        nearest[row[is_nearer]] = column
    return nearest_s, nearest


def _is_served(problem: LocationProblem, nearest_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the nearest selected site of each demand row serves it."""
    if problem.decay is not None:
        return np.asarray(problem.decay.share(nearest_s) > 0)
    if problem.standard_s is not None:
        return np.asarray(nearest_s <= problem.standard_s)
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    return np.asarray(nearest_s < limit_s)


def _check_allocation(solution: Solution, *, demand: NDArray[np.intp], candidate: NDArray[np.intp], checks: _Checks) -> None:
    """Check who is served, and by which site."""
    claimed = solution.allocation
    is_same = np.array_equal(claimed.demand, demand)
    seen = f"{claimed.demand.size} rows, {demand.size} by the recount"
    checks.check("the allocation has exactly the served demand rows, ascending", holds=is_same, seen=seen)
    if is_same and claimed.candidate.shape == candidate.shape:
        other = demand[claimed.candidate != candidate]
        checks.check("each is served by the nearest site", holds=not other.size, seen=f"others in rows {other[:5].tolist()}")
    elif is_same:
        checks.check("each is served by the nearest site", holds=False, seen=f"{claimed.candidate.size} sites")


def _check_service(problem: LocationProblem, *, is_served: NDArray[np.bool_], checks: _Checks) -> None:
    """Check that whoever must be served is."""
    if problem.target_share is not None:
        share = float(problem.weight[is_served].sum() / problem.weight.sum())
        checks.check("the target share is covered", holds=share >= problem.target_share - TOLERANCE, seen=share)
    elif problem.objective not in MAXIMISED and problem.unserved_impedance_s is None:
        lost = np.flatnonzero(~is_served & (problem.weight > 0))
        checks.check("every demand row with a weight is served", holds=not lost.size, seen=lost[:5].tolist())


def _objective(
    problem: LocationProblem, solution: Solution, *, nearest_s: NDArray[np.float64], is_served: NDArray[np.bool_]
) -> float:
    """Return the objective from the nearest impedances, or from the new sites."""
    if problem.objective == "set_cover":
        is_new = np.isin(np.array(problem.candidate_ids), np.array(solution.new, dtype=str))
        return float(is_new.sum() if problem.site_cost is None else problem.site_cost[is_new].sum())
    if problem.decay is not None:
        return float(np.sum(problem.weight * problem.decay.share(nearest_s)))
    if problem.objective == "p_center":
        return float(nearest_s[problem.weight > 0].max())
    if problem.objective == "max_coverage":
        return float(problem.weight[is_served].sum())
    unserved_s = 0.0 if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    return float(np.sum(problem.weight * np.where(is_served, nearest_s, unserved_s)))


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
