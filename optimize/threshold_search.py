"""Between which thresholds that of the least mean of the worst-served lies: parts of the range, the most promising one first.

Notes
-----
On a part from a to b no plan has a mean below a + L(b), with L(b) a Lagrangian bound of the p-median of what is above b: what
is above a lower threshold is no less. The part with the least of these is cut in two, at the threshold of the best plan where
that is within it. Each p-median gives a plan besides, whose mean is counted.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock, Deadline
from optimize.evaluate import demand_rows, serving_pairs
from optimize.interchange import add_greedily, interchange
from optimize.near_part import near_cap, near_part
from optimize.p_median import build_p_median
from optimize.pricing import pricing_of
from optimize.problem import LocationProblem
from optimize.reach import nearest_impedance_s
from optimize.site_rules import SiteRules
from optimize.siting import Siting

ROOM = 1e-6
"""By which share a bound must pass the best plan before its part of the range is left out: far more than rounding."""

FIRST_STEP = 0.2
"""How far the first step of the prices goes, as a share of the way that would close the gap if the slope stayed."""

MOST_STEPS, STEPS_WITHOUT_GAIN, LEAST_GAIN, DEFLECTION = 400, 20, 1e-5, 0.9
MOST_PLANS = 5
SLICES, LEAST_SLICE_S = 12, 0.4
"""The bound of one threshold may take the time that is left through so many, and so much where there is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Above:
    """What is known of the p-median above a threshold.

    Parameters
    ----------
    bound
        What every plan pays for above it at least, in seconds of the mean.
    plan, mean_s
        A plan, as positions of open sites, and its mean of the worst-served; infinite where it leaves out who must be served.
    """

    bound: float
    plan: NDArray[np.intp]
    mean_s: float


@dataclass(frozen=True, kw_only=True, order=True)
class _Part:
    """Positions in the thresholds, first and last, with a bound of the means there, and of what is above the last one."""

    lower: float
    first: int
    last: int
    above: float


class ThresholdSearch:
    """The search.

    Parameters
    ----------
    problem, rules
        The problem, and what `site_rules` says of it.
    whole
        The weight of which the mean is taken.
    mean_s
        Returns the mean of the worst-served of a set of open sites.
    clock
        How long all of it may take.
    """

    def __init__(
        self,
        problem: LocationProblem,
        rules: SiteRules,
        *,
        whole: float,
        mean_s: Callable[[Collection[str]], float],
        clock: Clock,
    ) -> None:
        self._problem, self._rules, self._clock = problem, rules, clock
        self._whole, self._mean_s = whole, mean_s
        self._values = values_between(problem, *whole_range(problem, rules, whole=whole))
        self.best = self._first_plan()
        n_below = int(np.searchsorted(self._values, self.best.mean_s * (1 + ROOM), side="right"))
        last = max(n_below - 1, 0)  # no mean is below its threshold
        self._parts = [_Part(lower=float(self._values[0]), first=0, last=last, above=0.0)]

    @property
    def lower(self) -> float:
        """What no plan's mean is below."""
        return min(self._parts[0].lower, self.best.mean_s)

    @property
    def ends(self) -> tuple[float, float]:
        """The thresholds between which that of every plan as good as the best one lies."""
        kept = [part for part in self._parts if part.lower <= self.best.mean_s * (1 + ROOM)] or [self._parts[0]]
        low_s = float(self._values[min(part.first for part in kept)])
        return low_s, max(low_s, min(float(self._values[max(part.last for part in kept)]), self.best.mean_s))

    def is_within(self, gap: float) -> bool:
        """Return whether the best plan is within a gap of the bound that is more than nothing."""
        return 0 < self.best.mean_s - self.lower <= gap * self.best.mean_s

    def cut_parts(self, *, most: float, share: float, gap: float) -> None:
        """Cut parts in two.

        Parameters
        ----------
        most
            How many, infinite for any number.
        share
            Part of the time after which to stop.
        gap
            Relative gap between the best plan and the bound at which to stop.
        """
        deadline, n_cut = self._clock.deadline(share), 0
        while n_cut < most and not self.is_within(gap) and not (deadline is not None and time.monotonic() >= deadline):
            part = self._parts[0]
            if part.first == part.last or part.lower > self.best.mean_s * (1 + ROOM):
                break
            middle = self._middle(part)
            found = self.above(float(self._values[middle]))
            self.best = min(self.best, found, key=lambda one: one.mean_s)
            above = max(found.bound, part.above)
            lower = max(part.lower, float(self._values[part.first]) + above)
            heapq.heapreplace(self._parts, _Part(lower=lower, first=part.first, last=middle, above=above))
            lower = max(part.lower, float(self._values[middle + 1]) + part.above)
            heapq.heappush(self._parts, _Part(lower=lower, first=middle + 1, last=part.last, above=part.above))
            n_cut += 1

    def above(self, threshold_s: float) -> Above:
        """Return a bound of what is paid above a threshold, and the plan that was found on the way."""
        siting = self._siting(threshold_s)
        bound, opened = _climb(siting, self.best.plan, slice_of=self._slice)
        plan = interchange(siting, opened, deadline=self._slice())
        return Above(bound=max(bound, 0.0), plan=plan, mean_s=self._mean_of(siting, plan))

    def _siting(self, threshold_s: float) -> Siting:
        price = partial(excess, threshold_s=threshold_s, whole=self._whole)
        return build_p_median(self._problem, self._rules, price=price)

    def _mean_of(self, siting: Siting, plan: NDArray[np.intp]) -> float:
        return self._mean_s(self._names(plan)) if siting.is_feasible(plan) else math.inf

    def _first_plan(self) -> Above:
        """Return a good plan: swaps at its own threshold, again and again, until its mean falls no more."""
        siting = self._siting(float(self._values[0]))
        plan = add_greedily(siting)
        best = Above(bound=0.0, plan=plan, mean_s=self._mean_of(siting, plan))
        for _ in range(MOST_PLANS):
            siting = self._siting(self._threshold_of(best.plan))
            plan = interchange(siting, best.plan, deadline=self._slice())
            found = Above(bound=0.0, plan=plan, mean_s=self._mean_of(siting, plan))
            if found.mean_s >= best.mean_s or self._clock.left_s() == 0:
                return min(best, found, key=lambda one: one.mean_s)
            best = found
        return best

    def _slice(self) -> Deadline | None:
        left_s = self._clock.left_s()
        return (
            None
            if left_s is None
            else Deadline(time.monotonic() + min(left_s, max(left_s / SLICES, LEAST_SLICE_S)), self._clock.is_stopped)
        )

    def _names(self, plan: NDArray[np.intp]) -> set[str]:
        columns = np.concatenate([self._rules.free[plan], np.flatnonzero(self._rules.given)])
        return {self._problem.candidate_ids[j] for j in columns.tolist()}

    def _middle(self, part: _Part) -> int:
        """Return where to cut: at the threshold of the best plan if it is inside, else in the middle of the seconds."""
        values = self._values
        own_s = self._threshold_of(self.best.plan)
        if values[part.first] < own_s < values[part.last]:
            cut = int(np.searchsorted(values, own_s))
        else:
            cut = int(np.searchsorted(values, (values[part.first] + values[part.last]) / 2, side="right")) - 1
        return min(max(cut, part.first), part.last - 1)

    def _threshold_of(self, plan: NDArray[np.intp]) -> float:
        problem = self._problem
        limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
        counts = problem.weight > 0
        seconds = np.minimum(nearest_impedance_s(problem, self._names(plan)), limit_s)[counts]
        return threshold(seconds, problem.weight[counts], self._whole)


def _climb(
    siting: Siting, plan: NDArray[np.intp], *, slice_of: Callable[[], Deadline | None]
) -> tuple[float, NDArray[np.intp]]:
    """Return what no plan costs less than, and the sites of most worth at the prices that prove it.

    Notes
    -----
    As in `optimize.lagrange`, but without a search for plans, from what each row costs in a plan on, and with short steps:
    where few rows pay anything, long ones leave the good prices behind. At 5,000 × 340 with p = 5, two seconds gave half of
    the optimum with them, and 99 % with these.
    """
    near = near_part(siting, near_cap(siting, plan))
    pricing, upper = pricing_of(near), siting.value(plan)
    price = best_price = np.minimum(near.row_cost(plan), near.unserved_cost)
    direction, lower, step, n_stalled, best = np.zeros(near.n_rows), -np.inf, FIRST_STEP, 0, plan
    worth = pricing.worth(price)
    deadline = slice_of()  # from here on: the first time `worth` may be compiled
    for _ in range(MOST_STEPS):
        opened = np.sort(np.argsort(-worth, kind="stable")[: near.n_open])
        here = siting.constant + float(price.sum()) - float(worth[opened].sum())
        n_stalled = 0 if here > lower + LEAST_GAIN * abs(upper - lower) else n_stalled + 1
        if here > lower:
            lower, best_price, best = here, price, opened
        if upper - lower <= siting.tolerance or (deadline is not None and time.monotonic() >= deadline):
            break
        direction = DEFLECTION * direction + (1 - DEFLECTION) * (1.0 - pricing.n_served(price, opened))
        if n_stalled >= STEPS_WITHOUT_GAIN:
            step, n_stalled = step / 2, 0
            price, direction = best_price, np.zeros(near.n_rows)
        else:
            length = float(direction @ direction)
            if length == 0:
                break
            price = np.clip(price + step * (upper - here) / length * direction, 0.0, near.unserved_cost)
        worth = pricing.worth(price)
    return lower, best


def excess(seconds: NDArray[np.float64], *, threshold_s: float, whole: float) -> NDArray[np.float64]:
    """Return what a unit of weight adds to the mean over the whole by what is above a threshold."""
    return np.maximum(seconds - threshold_s, 0.0) / whole


def whole_range(problem: LocationProblem, rules: SiteRules, *, whole: float) -> tuple[float, float]:
    """Return the thresholds between which that of every plan is: those of all sites open, and of each row at its farthest."""
    serves = serving_pairs(problem)
    row, column = demand_rows(problem)[serves], problem.impedance_s.indices[serves]
    seconds = problem.impedance_s.data[serves]
    usable = rules.is_free[column] | rules.given[column]
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    nearest_s, farthest_s = np.full(problem.n_demand, limit_s), np.zeros(problem.n_demand)
    np.minimum.at(nearest_s, row[usable], seconds[usable])
    np.maximum.at(farthest_s, row[usable], seconds[usable])
    if problem.unserved_impedance_s is not None:
        farthest_s[:] = problem.unserved_impedance_s
    counts = (problem.weight > 0) & np.isfinite(nearest_s)
    return threshold(nearest_s[counts], problem.weight[counts], whole), float(farthest_s[counts].max(initial=0.0))


def threshold(seconds: NDArray[np.float64], weight: NDArray[np.float64], whole: float) -> float:
    """Return the impedance at which the weight of the worst exceeds so much, or the least of all; 0 where there is none."""
    order = np.argsort(-seconds, kind="stable")
    is_in = np.cumsum(weight[order]) > whole
    if is_in.any():
        return float(seconds[order][np.argmax(is_in)])
    return float(seconds.min()) if seconds.size else 0.0


def values_between(problem: LocationProblem, low_s: float, high_s: float) -> NDArray[np.float64]:
    """Return the impedances within a range, the lower end and that of the unserved among them, ascending."""
    own = [] if problem.unserved_impedance_s is None else [problem.unserved_impedance_s]
    values = np.unique(np.concatenate([problem.impedance_s.data, own, [low_s]]))
    return np.asarray(values[(values >= low_s) & (values <= high_s)])
