"""Variants of a problem, and what comes of solving one: a plan, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from data.errors import FaultsError, InfeasibleError, SolverError
from optimize.clock import Clock
from optimize.problem import LocationProblem
from optimize.rules import SiteGroup
from optimize.solution import Solution
from optimize.solve import solve

OUT_OF_TIME = "the time was over, or the run stopped by hand, before there was a plan"


@dataclass(frozen=True, kw_only=True)
class NoPlan:
    """Why there is no plan.

    Parameters
    ----------
    reason
        The reason in words.
    is_infeasible
        Whether no plan meets the rules; else the time was over.
    """

    reason: str
    is_infeasible: bool


def try_variant(problem: LocationProblem, *, clock: Clock, gap: float = 0.0, explains: bool = False) -> Solution | NoPlan:
    """Return the best plan of a variant, verified, or the reason why there is none.

    Parameters
    ----------
    problem
        The variant.
    clock
        How long all variants may take together.
    gap
        Relative gap at which to stop.
    explains
        Whether the reason names the rules that stand against one another, which may take minutes.
    """
    left_s = clock.left_s()
    if left_s == 0:
        return NoPlan(reason=OUT_OF_TIME, is_infeasible=False)
    try:
        return solve(problem, time_limit_s=left_s, gap=gap, explains=explains)
    except InfeasibleError as error:
        return NoPlan(reason=str(error), is_infeasible=True)
    except FaultsError as error:
        if not all(isinstance(fault, InfeasibleError) for fault in error.faults):
            raise
        return NoPlan(reason="; ".join(str(fault) for fault in error.faults), is_infeasible=True)
    except SolverError as error:
        if error.where != "time_limit_s":
            raise
        return NoPlan(reason=OUT_OF_TIME, is_infeasible=False)


def with_groups(problem: LocationProblem, groups: Iterable[SiteGroup]) -> LocationProblem:
    """Return a problem with more limits on groups of sites; a name that is taken already is counted on."""
    kept = list(problem.rules.groups)
    for group in groups:
        taken, name, count = {other.name for other in kept}, group.name, 1
        while name in taken:
            count += 1
            name = f"{group.name} ({count})"
        kept.append(replace(group, name=name))
    return replace(problem, rules=replace(problem.rules, groups=tuple(kept)))


def is_number_fixed(problem: LocationProblem) -> bool:
    """Return whether every plan opens as many of the sites that may be chosen as any other."""
    return problem.new is not None and not problem.rules.open_now and problem.rules.place is None
