"""Near-equal plans: other sets of sites that are nearly as good as the best one, and the sites that stand in all of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data.errors import Faults, ProblemError, VerificationError
from optimize.clock import Clock, stop_by_hand
from optimize.models import MODELS
from optimize.near_plans import next_plans
from optimize.objectives import MAXIMISED
from optimize.plan_regions import next_plans_by_regions
from optimize.problem import LocationProblem
from optimize.solution import Solution, Status
from optimize.verify import verify_solution

Progress = Callable[[int, int], None]
"""Called with how many plans there are, and how many are sought at most."""

TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Alternatives:
    """Plans that are nearly as good as the best one.

    Parameters
    ----------
    plans
        The best plan and the next best ones, each proven to be the best of those not listed before it, with another set of open
        sites. Of equal plans that comes first which the tie rule names.
    is_complete
        Whether it is proven that no other plan is within the limit.
    share
        The share of the plans in which each site is open, of those that are open in one, in the order of the candidates.
    notes
        Why the list is not complete, a sentence.
    """

    plans: tuple[Solution, ...]
    is_complete: bool
    share: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def core(self) -> tuple[str, ...]:
        """Return the sites that are open in all plans, the fixed ones among them, in the order of the candidates."""
        return tuple(site for site, share in self.share.items() if share == 1)


def near_equal_plans(
    problem: LocationProblem,
    solution: Solution,
    *,
    within: float,
    k: int,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Alternatives:
    """Return the best plans within a share of the best objective, each proven.

    Parameters
    ----------
    problem, solution
        The problem, and its proven best plan.
    within
        By which share of the best objective a plan may be worse, in [0, 1).
    k
        How many plans to list at most, the best one among them.
    time_limit_s
        When to stop, in seconds; the plans that were proven until then are listed. The first Ctrl-C does the same.
    progress
        Called after each plan.

    Raises
    ------
    ProblemError
        An option is out of its range, or the plan is not proven to be the best; `FaultsError` where there are several faults.
    VerificationError
        The plan is none of this problem, or another one is better.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from optimize.solve import solve
    >>> problem = LocationProblem(
    ...     objective="max_coverage",
    ...     weight=np.array([100.0, 5.0, 4.0]),
    ...     impedance_s=sparse.csr_array(np.diag([60.0, 60.0, 60.0])),
    ...     candidate_ids=("library", "school", "yard"),
    ...     new=2,
    ...     standard_s=600.0,
    ... )
    >>> found = near_equal_plans(problem, solve(problem), within=0.05, k=10)
    >>> [(plan.selected, plan.objective) for plan in found.plans]
    [(('library', 'school'), 105.0), (('library', 'yard'), 104.0)]
    >>> found.is_complete, found.core
    (True, ('library',))
    """
    _check_options(solution, within=within, k=k)
    verify_solution(problem, solution)
    plans, is_complete = [solution], False
    notes: tuple[str, ...] = ()
    with stop_by_hand() as is_stopped:
        clock = Clock(began=time.monotonic(), limit_s=time_limit_s, is_stopped=is_stopped)
        seek = next_plans_by_regions if MODELS[problem.objective].build is None else next_plans
        more = seek(problem, solution, within=within, clock=clock)
        for found in more:
            if found is None:
                notes = ("The run ended before it was proven which plan is the next best.",)
            elif len(plans) == k:
                notes = (f"More than {k} plans are within the limit.",)
            if found is None or len(plans) == k:
                break
            _check_order(problem, solution, found)
            plans.append(found)
            if progress is not None:
                progress(len(plans), k)
        else:
            is_complete = True
    return Alternatives(plans=tuple(plans), is_complete=is_complete, share=_shares(problem, plans), notes=notes)


def _check_options(solution: Solution, *, within: object, k: object) -> None:
    """Raise if an option is out of its range, or the plan is not proven to be the best."""
    faults = Faults()
    if not isinstance(within, int | float) or isinstance(within, bool) or not 0 <= within < 1:
        faults.add(ProblemError(f"{within!r} is no share in [0, 1)", where="within"))
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        faults.add(ProblemError(f"{k!r} is no count of plans", where="k", remedy="Use 1, 2, 3, …"))
    if solution.status is not Status.OPTIMAL:
        what = "the plan is not proven to be the best, so that nothing is known to be near it"
        faults.add(ProblemError(what, where="solution", remedy="Solve it without a gap, and give it more time"))
    faults.raise_if_any()


def _check_order(problem: LocationProblem, best: Solution, found: Solution) -> None:
    """Raise if a plan is better than the best one."""
    gain = found.objective - best.objective if problem.objective in MAXIMISED else best.objective - found.objective
    if gain <= TOLERANCE * max(abs(found.objective), abs(best.objective)):
        return
    raise VerificationError(
        f"a plan of {found.objective:g} is better than the one of {best.objective:g} that is said to be the best",
        where="solution",
        remedy="Solve the problem again",
    )


def _shares(problem: LocationProblem, plans: list[Solution]) -> Mapping[str, float]:
    counted = Counter(site for plan in plans for site in plan.selected)
    return MappingProxyType({name: counted[name] / len(plans) for name in problem.candidate_ids if name in counted})
