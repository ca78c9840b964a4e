"""The trade-off curve: what the best plan reaches as the number of sites, the budget, a floor or the standard changes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from data.errors import Faults, ProblemError, suggest_name
from optimize.clock import Clock, stop_by_hand
from optimize.objectives import FIELDS, objectives_with
from optimize.problem import LocationProblem
from optimize.solution import Solution, Status
from optimize.variants import NoPlan, try_variant

Over: TypeAlias = Literal["new", "budget", "floor", "standard_s"]

OVERS: tuple[Over, ...] = get_args(Over)

Progress = Callable[[int, int], None]
"""Called with how many points are done, and how many there are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CurvePoint:
    """One point of a trade-off curve.

    Parameters
    ----------
    value
        The number of new sites, the budget, the floor or the standard.
    solution
        The best plan, verified; None where there is none.
    reason
        Why there is none.
    is_infeasible
        Whether no plan meets the rules at this value; else, without a plan, the time was over.
    """

    value: float
    solution: Solution | None
    reason: str | None = None
    is_infeasible: bool = False

    @property
    def status(self) -> Status | None:
        """Return how far the point is proven, None without a plan."""
        return None if self.solution is None else self.solution.status

    @property
    def objective(self) -> float | None:
        """Return the objective, None without a plan."""
        return None if self.solution is None else self.solution.objective

    @property
    def best_bound(self) -> float | None:
        """Return what no plan can pass, None without a plan."""
        return None if self.solution is None else self.solution.best_bound

    @property
    def gap(self) -> float | None:
        """Return the relative gap, 0 where the point is proven, None without a plan."""
        return None if self.solution is None else self.solution.gap

    @property
    def selected(self) -> tuple[str, ...]:
        """Return the open sites, none without a plan."""
        return () if self.solution is None else self.solution.selected


def trade_off(
    problem: LocationProblem,
    *,
    values: Sequence[float],
    over: Over = "new",
    time_limit_s: float | None = None,
    gap: float = 0.0,
    explains: bool = False,
    done: Sequence[CurvePoint] = (),
    progress: Progress | None = None,
) -> tuple[CurvePoint, ...]:
    """Return the points of a trade-off curve, in the order of the values; fewer where Ctrl-C ended it.

    Parameters
    ----------
    problem
        The problem, of which one number is changed from point to point; everything else holds at each.
    values
        The numbers; each once.
    over
        Which number. ``new``: the exact number of new sites, which takes the place of a range. ``budget``: that of the rules.
        ``floor``: the covered share of every district that has a floor. ``standard_s``: the standard of the objective.
    time_limit_s
        When to stop at one point, in seconds; without it each is proven.
    gap
        Relative gap at which to stop at each point, in [0, 1).
    explains
        Whether a point without a plan says which rules stand against one another, which may take minutes a point.
    done
        Points that are there already: those of their values are not solved again.
    progress
        Called after each point.

    Raises
    ------
    ProblemError
        The number has no effect on the problem, or a value is out of its range; `FaultsError` where there are several faults.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> problem = LocationProblem(
    ...     objective="max_coverage",
    ...     weight=np.array([5.0, 3.0]),
    ...     impedance_s=sparse.csr_array(np.diag([60.0, 60.0])),
    ...     candidate_ids=("library", "school"),
    ...     new=1,
    ...     standard_s=600.0,
    ... )
    >>> for point in trade_off(problem, values=(0, 1, 2, 3)):
    ...     print(point.value, point.objective, point.selected, point.is_infeasible)
    0 0.0 () False
    1 5.0 ('library',) False
    2 8.0 ('library', 'school') False
    3 None () True
    """
    return tuple(
        iter_trade_off(
            problem,
            values=values,
            over=over,
            time_limit_s=time_limit_s,
            gap=gap,
            explains=explains,
            done=done,
            progress=progress,
        )
    )


def iter_trade_off(
    problem: LocationProblem,
    *,
    values: Sequence[float],
    over: Over = "new",
    time_limit_s: float | None = None,
    gap: float = 0.0,
    explains: bool = False,
    done: Sequence[CurvePoint] = (),
    progress: Progress | None = None,
) -> Iterator[CurvePoint]:
    """Return the points of `trade_off` one after the other, as each is solved.

    Notes
    -----
    The first Ctrl-C lets the point at work come to its end, which is the last one then; a second one interrupts. Either way the
    points that were yielded are whole, and given as `done` they are not solved again. Within a run that listens itself
    (`optimize.clock.stop_by_hand`) the point at work ends with its best plan so far.
    """
    _check(problem, over=over, values=values)
    return _points(
        problem,
        values=values,
        over=over,
        time_limit_s=time_limit_s,
        gap=gap,
        explains=explains,
        known={point.value: point for point in done},
        progress=progress,
    )


def _points(
    problem: LocationProblem,
    *,
    values: Sequence[float],
    over: Over,
    time_limit_s: float | None,
    gap: float,
    explains: bool,
    known: dict[float, CurvePoint],
    progress: Progress | None,
) -> Iterator[CurvePoint]:
    """Yield the points of checked values."""
    for count, value in enumerate(values, start=1):
        is_stopped = False
        if value in known:
            point = known[value]
        else:
            with stop_by_hand(reaches_inner=False) as was_stopped:  # not while the caller is at work with a point
                clock = Clock(began=time.monotonic(), limit_s=time_limit_s)
                found = try_variant(variant_at(problem, value, over=over), clock=clock, gap=gap, explains=explains)
                is_stopped = was_stopped()
            point = _point(value, found)
        yield point
        if progress is not None:
            progress(count, len(values))
        if is_stopped:
            return


def _point(value: float, found: Solution | NoPlan) -> CurvePoint:
    if isinstance(found, NoPlan):
        return CurvePoint(value=value, solution=None, reason=found.reason, is_infeasible=found.is_infeasible)
    return CurvePoint(value=value, solution=found)


def variant_at(problem: LocationProblem, value: float, *, over: Over) -> LocationProblem:
    """Return the problem at one value of the curve."""
    rules = problem.rules
    if over == "new":
        return replace(problem, new=int(value), rules=replace(rules, new_at_least=None, new_at_most=None))
    if over == "budget":
        return replace(problem, rules=replace(rules, budget=value))
    if over == "floor":
        covers = tuple(limit if limit.at_least is None else replace(limit, at_least=value) for limit in rules.covers)
        return replace(problem, rules=replace(rules, covers=covers))
    return replace(problem, standard_s=value)


def _check(problem: LocationProblem, *, over: object, values: Sequence[object]) -> None:
    """Raise if the curve means nothing, before its first point is solved."""
    if over not in OVERS:
        raise ProblemError(f"unknown {over!r}", where="over", remedy=suggest_name(str(over), OVERS))
    faults = Faults()
    _check_use(problem, over=str(over), faults=faults)
    if not values:
        faults.add(ProblemError("there are no values", where="values"))
    wrong = [value for value in values if not _is_value(value, over=str(over))]
    if wrong:
        kind = {"new": "counts of sites", "floor": "shares in [0, 1]"}.get(str(over), "finite numbers ≥ 0")
        faults.add(ProblemError(f"values are no {kind}", where="values", n=len(wrong), examples=map(repr, wrong)))
    elif len(set(values)) < len(values):
        faults.add(ProblemError("values repeat", where="values", n=len(values) - len(set(values))))
    elif over == "floor" and values:
        _check_ceilings(problem, max(value for value in values if isinstance(value, int | float)), faults=faults)
    faults.raise_if_any()


def _check_use(problem: LocationProblem, *, over: str, faults: Faults) -> None:
    """Add a fault where the number has no effect on the problem."""
    if over == "budget" and problem.site_cost is None:
        faults.add(ProblemError("a budget has no effect without site_cost", where="over", remedy="Give site_cost"))
    if over == "floor" and all(limit.at_least is None for limit in problem.rules.covers):
        what = "no district has a floor, so that there is none to change"
        faults.add(ProblemError(what, where="over", remedy="Give rules.covers with at_least"))
    if over in ("new", "standard_s") and over not in FIELDS[problem.objective]:
        what = f"{problem.objective} has no use for {over}"
        faults.add(ProblemError(what, where="over", remedy=f"Choose {' or '.join(objectives_with(over))}"))


def _check_ceilings(problem: LocationProblem, highest: float, *, faults: Faults) -> None:
    """Add a fault for each district of which the highest floor would be above its ceiling."""
    for limit in problem.rules.covers:
        if limit.at_least is not None and limit.at_most is not None and highest > limit.at_most:
            faults.add(ProblemError(f"{highest:g} is above the ceiling of {limit.name}, {limit.at_most:g}", where="values"))


def _is_value(value: object, *, over: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return False
    return value == int(value) if over == "new" else over != "floor" or value <= 1
