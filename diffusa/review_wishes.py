"""The wishes of quarters in the choice: of plans that are nearly as good, the one that meets most of them.

Notes
-----
With v* the best objective and w the share that may be given up, the plan is the best one among those whose number of avoided
open sites is the least m for which some plan is at most w worse than v*, and whose number of preferred open sites is then the
largest k. m and k are found by exact solves under one more limit each, from the best plan on, one step at a time: plans under a
tighter limit are plans under a looser one, so the first step that costs too much ends the search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from data.errors import InfeasibleError, SolverError
from diffusa.question import Question
from diffusa.review_rules import Wishes
from optimize.objectives import MAXIMISED
from optimize.rules import SiteGroup
from optimize.solution import Solution

AVOIDED, PREFERRED = "review: places that quarters would rather not have", "review: places that quarters prefer"
_ROOM = 1e-9


def with_wishes(question: Question, best: Solution, *, solve: Callable[[Question], Solution]) -> Solution:
    """Return the plan that the wishes of a question make of its best plan; the best one where there are none.

    Parameters
    ----------
    question
        What is asked.
    best
        Its solution without wishes.
    solve
        Solves a question.
    """
    wishes = question.wishes
    if wishes.is_empty:
        return best
    is_max = question.scenario.choose.objective in MAXIMISED
    limit = best.objective * (1 - wishes.within) if is_max else best.objective * (1 + wishes.within)
    room = _ROOM * max(abs(best.objective), 1.0)

    def is_near(found: Solution) -> bool:
        return found.objective >= limit - room if is_max else found.objective <= limit + room

    def attempt(groups: tuple[SiteGroup, ...]) -> Solution | None:
        asked = replace(question, rules=replace(question.rules, groups=(*question.rules.groups, *groups)))
        try:
            found = solve(asked)
        except (InfeasibleError, SolverError):  # no such plan, or none before the time was over
            return None
        return found if is_near(found) else None

    plan, n_avoided = _fewest_avoided(wishes, best, attempt)
    kept = (SiteGroup(name=AVOIDED, ids=wishes.avoided, at_most=n_avoided),) if wishes.avoided else ()
    return _most_preferred(wishes, plan, kept, attempt)


Attempt = Callable[[tuple[SiteGroup, ...]], Solution | None]


def _fewest_avoided(wishes: Wishes, plan: Solution, attempt: Attempt) -> tuple[Solution, int]:
    n = count_open(plan, wishes.avoided)
    while n:
        found = attempt((SiteGroup(name=AVOIDED, ids=wishes.avoided, at_most=n - 1),))
        if found is None:
            break
        plan, n = found, count_open(found, wishes.avoided)
    return plan, n


def _most_preferred(wishes: Wishes, plan: Solution, kept: tuple[SiteGroup, ...], attempt: Attempt) -> Solution:
    n = count_open(plan, wishes.preferred)
    while n < len(wishes.preferred):
        found = attempt((*kept, SiteGroup(name=PREFERRED, ids=wishes.preferred, at_least=n + 1)))
        if found is None:
            break
        plan, n = found, count_open(found, wishes.preferred)
    return plan


def count_open(plan: Solution, sites: tuple[str, ...]) -> int:
    """Return how many of some sites a plan opens or keeps open."""
    return len({*sites} & {*plan.selected})
