"""The next best plans of a model that is answered by a row of questions: regions of plans, the best one of each known.

Notes
-----
A plan that is met splits its region: in one part some of its sites is not open, in the other all of them are, and one more
besides. Both are rules on groups of sites, so any model takes them (Lawler 1972). The best plan of all regions is the next one.

References
----------
Lawler (1972), A procedure for computing the K best solutions to discrete optimization problems and its application to the
shortest path problem, Management Science 18: 401-405, doi:10.1287/mnsc.18.7.401.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from optimize.clock import Clock
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.rules import SiteGroup
from optimize.site_rows import tie_places
from optimize.site_rules import site_rules
from optimize.solution import Solution, Status
from optimize.variants import NoPlan, is_number_fixed, try_variant, with_groups

DIGITS = 9
"""To how many digits of the best objective two objectives are the same."""

Key: TypeAlias = tuple[float, tuple[float, ...], float, tuple[str, ...]]
"""What plans are sorted by: the objective, what tells equal ones apart, the sum of the tie rule, the ids."""


@dataclass(frozen=True, order=True)
class _Region:
    """A region of plans by its best one; regions are compared by the key, in which the ids are part of no other."""

    key: Key
    best: Solution
    groups: tuple[SiteGroup, ...]


def next_plans_by_regions(
    problem: LocationProblem, best: Solution, *, within: float, clock: Clock
) -> Iterator[Solution | None]:
    """Yield the next best plans within a share of the best objective, best first; None, and no more, where the time is over.

    Parameters
    ----------
    problem, best
        A problem of any objective, and its best plan.
    within
        By which share of the best objective a plan may be worse.
    clock
        How long the search may take.
    """
    scale = abs(best.objective) or 1.0
    side = -1.0 if problem.objective in MAXIMISED else 1.0
    most = round(side * best.objective / scale + within * abs(best.objective) / scale, DIGITS)
    open_regions: list[_Region] = []
    last = _Region(key=_key_of(problem, best, scale=scale), best=best, groups=())
    while True:
        for groups in _parts_of(problem, last):
            found = try_variant(with_groups(problem, groups), clock=clock)
            if isinstance(found, NoPlan) and found.is_infeasible:
                continue
            if isinstance(found, NoPlan) or found.status is not Status.OPTIMAL:
                yield None
                return
            heapq.heappush(open_regions, _Region(key=_key_of(problem, found, scale=scale), best=found, groups=groups))
        if not open_regions or open_regions[0].key[0] > most:
            return
        last = heapq.heappop(open_regions)
        yield last.best


def _parts_of(problem: LocationProblem, region: _Region) -> Iterator[tuple[SiteGroup, ...]]:
    """Yield the two parts of a region without its best plan, as limits on groups of sites."""
    sites = site_rules(problem)
    free = [problem.candidate_ids[j] for j in sites.free.tolist()]
    opened = tuple(name for name in free if name in region.best.selected)
    others = tuple(name for name in free if name not in region.best.selected)
    name = f"other plan {len(region.groups) + 1}"
    if opened:
        yield (*region.groups, SiteGroup(name=f"{name}: not all of these", ids=opened, at_most=len(opened) - 1))
    if others and not is_number_fixed(problem):
        all_of = (SiteGroup(name=f"{name}: all of these", ids=opened, at_least=len(opened)),) if opened else ()
        yield (*region.groups, *all_of, SiteGroup(name=f"{name}: and another", ids=others, at_least=1))


def _key_of(problem: LocationProblem, plan: Solution, *, scale: float) -> Key:
    """Return what a plan is sorted by: the smaller, the better."""
    side = -1.0 if problem.objective in MAXIMISED else 1.0
    sites = site_rules(problem)
    is_open = np.isin(np.array(problem.candidate_ids)[sites.free], plan.selected)
    places = float(tie_places(problem, sites)[is_open].sum())
    times = _worst_first(problem, plan) if problem.objective == "lexicographic_center" else ()
    return round(side * plan.objective / scale, DIGITS), times, places, plan.selected


def _worst_first(problem: LocationProblem, plan: Solution) -> tuple[float, ...]:
    """Return the impedances of the demand that has a weight, from the worst on."""
    served = plan.allocation
    seconds = np.asarray(problem.impedance_s[served.demand, served.candidate]).ravel()
    return tuple(sorted(seconds[problem.weight[served.demand] > 0].tolist(), reverse=True))
