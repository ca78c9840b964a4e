"""What each site of a plan is worth: whom it serves alone, what is lost without it, and what would replace it best.

Notes
-----
Both losses are answers of `optimize.solve`, so each is verified: the plan without the site is the problem in which nothing is
left to choose; the best replacement is that in which all other sites of the plan are required and this one is forbidden. With
one site left to choose that takes about a tenth of a second in a city.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from optimize.clock import Clock, stop_by_hand
from optimize.evaluate import demand_rows, serving_pairs
from optimize.objectives import FIELDS, MAXIMISED
from optimize.problem import LocationProblem
from optimize.rules import NO_RULES, SiteGroup
from optimize.solution import Solution, Status
from optimize.variants import NoPlan, try_variant, with_groups
from optimize.verify import verify_solution

Progress = Callable[[int, int], None]
"""Called with how many are done, and how many there are."""


@dataclass(frozen=True, kw_only=True)
class SiteWorth:
    """What one site of a plan is worth.

    Parameters
    ----------
    site
        Its id.
    is_new
        Whether the plan opens it; else it stands already.
    weight_alone
        Weight that it serves alone: with a standard, what no other open site covers; else what the plan allocates to it.
    loss
        By how much the objective is worse without it and with nothing in its place; negative where it is better. None where the
        others are no plan, or the time was over.
    replacement
        The sites that replace it best while all others stay: one, where the number of new sites is exact; none, where the
        others alone are best and are allowed. None where nothing may replace it.
    replacement_loss
        By how much the objective is worse with the replacement.
    is_proven
        Whether the replacement is proven to be the best one.
    reasons
        Why there is no loss, no replacement, or no proof, a sentence each.
    """

    site: str
    is_new: bool
    weight_alone: float
    loss: float | None
    replacement: tuple[str, ...] | None
    replacement_loss: float | None
    is_proven: bool
    reasons: tuple[str, ...] = ()


def site_worth(
    problem: LocationProblem, solution: Solution, *, time_limit_s: float | None = None, progress: Progress | None = None
) -> tuple[SiteWorth, ...]:
    """Return what each selected site is worth, in the order of the candidates.

    Parameters
    ----------
    problem, solution
        The problem, and a plan of it.
    time_limit_s
        When to stop, in seconds; what could not be answered until then is None, with the reason.
    progress
        Called after each site.

    Raises
    ------
    VerificationError
        The plan is none of this problem.

    Notes
    -----
    Where a site falls through that stands already, one more new site may be opened than before. The first Ctrl-C ends the
    search as the time limit does; a second one interrupts.

    Examples
    --------
    >>> from scipy import sparse
    >>> from optimize.solve import solve
    >>> problem = LocationProblem(
    ...     objective="max_coverage",
    ...     weight=np.array([5.0, 3.0]),
    ...     impedance_s=sparse.csr_array(np.array([[60.0, 900.0, 60.0], [900.0, 60.0, 900.0]])),
    ...     candidate_ids=("library", "school", "yard"),
    ...     new=2,
    ...     standard_s=600.0,
    ... )
    >>> for worth in site_worth(problem, solve(problem)):
    ...     print(worth.site, worth.weight_alone, worth.loss, worth.replacement, worth.replacement_loss)
    library 5.0 5.0 ('yard',) 0.0
    school 3.0 3.0 ('yard',) 3.0
    """
    verify_solution(problem, solution)
    alone = weight_alone(problem, solution)
    found = []
    with stop_by_hand() as is_stopped:
        clock = Clock(began=time.monotonic(), limit_s=time_limit_s, is_stopped=is_stopped)
        for count, site in enumerate(solution.selected, start=1):
            found.append(_worth_of(problem, solution, site, alone=alone[site], clock=clock))
            if progress is not None:
                progress(count, len(solution.selected))
    return tuple(found)


def weight_alone(problem: LocationProblem, solution: Solution) -> dict[str, float]:
    """Return the weight that each selected site serves alone: what no other one covers, or what is allocated to it."""
    if problem.standard_s is not None:
        column = problem.impedance_s.indices
        is_open = np.array([name in set(solution.selected) for name in problem.candidate_ids], dtype=np.bool_)
        covers = is_open[column] & serving_pairs(problem)
        demand = demand_rows(problem)[covers]
        is_only = np.bincount(demand, minlength=problem.n_demand)[demand] == 1
        candidate = column[covers][is_only].astype(np.intp)
        weight = problem.weight[demand[is_only]]
    else:
        served = solution.allocation
        candidate = served.candidate
        weight = problem.weight[served.demand] * (1.0 if served.share is None else served.share)
    columns = {name: j for j, name in enumerate(problem.candidate_ids)}
    return {name: math.fsum(weight[candidate == columns[name]]) for name in solution.selected}


def _worth_of(problem: LocationProblem, solution: Solution, site: str, *, alone: float, clock: Clock) -> SiteWorth:
    """Return what one site is worth."""
    without = try_variant(others_alone(problem, solution, site), clock=clock)
    replaced = try_variant(others_and_a_replacement(problem, solution, site), clock=clock)
    reasons, others = [], set(solution.selected) - {site}
    if isinstance(without, NoPlan):
        reasons.append(f"No plan without it: {without.reason}")
    if isinstance(replaced, NoPlan):
        reasons.append(f"Nothing replaces it: {replaced.reason}")
        opened = None
    else:
        opened = tuple(name for name in replaced.selected if name not in others)
        if replaced.status is not Status.OPTIMAL:
            reasons.append("The run ended before the replacement was proven to be the best.")
    return SiteWorth(
        site=site,
        is_new=site in solution.new,
        weight_alone=alone,
        loss=_loss(problem, solution, without),
        replacement=opened,
        replacement_loss=_loss(problem, solution, replaced),
        is_proven=isinstance(replaced, Solution) and replaced.status is Status.OPTIMAL,
        reasons=tuple(reasons),
    )


def _loss(problem: LocationProblem, solution: Solution, other: Solution | NoPlan) -> float | None:
    """Return by how much the objective of another plan is worse; None where there is none."""
    if isinstance(other, NoPlan):
        return None
    worse, better = (other, solution) if problem.objective in MAXIMISED else (solution, other)
    return better.objective - worse.objective


def others_alone(problem: LocationProblem, solution: Solution, site: str) -> LocationProblem:
    """Return the problem in which exactly the other sites of a plan are open, whatever the rules say."""
    read = FIELDS[problem.objective]
    others = [name for name in solution.selected if name != site]
    # Where new sites are counted, those open now are taken for new: they cost nothing there, and p-dispersion tells them
    # from fixed ones. Where new sites cost, those open now are fixed.
    is_new = {name for name in others if (name not in problem.fixed if "new" in read else name in solution.new)}
    return replace(
        problem,
        fixed=tuple(name for name in others if name not in is_new),
        required=tuple(name for name in others if name in is_new),
        forbidden=tuple(name for name in problem.candidate_ids if name not in others),
        rules=NO_RULES,
        new=len(is_new) if "new" in read else None,
        site_cost=problem.site_cost if "site_cost" in read else None,
    )


def others_and_a_replacement(problem: LocationProblem, solution: Solution, site: str) -> LocationProblem:
    """Return the problem in which the other sites of a plan stay, this one is not there, and all rules hold.

    Notes
    -----
    With a site all sizes of its place fall through, but for what is open there now. A new site in the place of one that is open
    now cannot be required, for the old one counts as open; so a group says it.
    """
    standing = problem if site in solution.new else _with_one_more(problem, site)
    rules, names = standing.rules, standing.candidate_ids
    place = dict(zip(names, rules.place or names, strict=True))
    held_places = {place[name] for name in rules.open_now}
    gone = {site} | {name for name in names if place[name] == place[site] and name not in rules.open_now}
    others = [name for name in solution.selected if name != site and name not in problem.fixed]
    held = tuple(name for name in others if place[name] in held_places)
    varied = replace(
        standing,
        required=tuple(name for name in others if name not in held),
        forbidden=tuple(dict.fromkeys((*standing.forbidden, *(name for name in names if name in gone)))),
    )
    if not held:
        return varied
    return with_groups(varied, [SiteGroup(name="what else is open stays", ids=held, at_least=len(held))])


def _with_one_more(problem: LocationProblem, site: str) -> LocationProblem:
    """Return the problem in which a standing site is no more, and one more new site may be opened."""
    rules = problem.rules
    open_now = tuple(name for name in rules.open_now if name != site)
    rules = replace(
        rules,
        open_now=open_now,
        new_at_most=None if rules.new_at_most is None else rules.new_at_most + 1,
        closing_cost=rules.closing_cost if open_now else None,
        close_at_least=rules.close_at_least if open_now else None,
        close_at_most=rules.close_at_most if open_now else None,
    )
    return replace(
        problem,
        fixed=tuple(name for name in problem.fixed if name != site),
        rules=rules,
        new=None if problem.new is None else problem.new + 1,
    )
