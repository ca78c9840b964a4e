"""The best plan of a p-median by branching on sites, with cuts at the relaxation of each branch.

Notes
-----
For problems whose model over radius classes is too large: where few sites open, each row has many radii. A branch holds some
sites open and some closed; its bound is Lagrangian, by the prices that the duals of its relaxation say, so it is counted here
and no tolerance of a solver is in it. By the same prices more sites are held. The branch with the least bound is next.

References
----------
As of `optimize.median_cuts`; Land, Doig (1960), An automatic method of solving discrete programming problems,
doi:10.2307/1910129.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.median_cuts import MedianMaster, broken_cuts, cuts_at
from optimize.pricing import pricing_of, row_lists
from optimize.siting import Siting

FREE, CLOSED, OPEN = -1, 0, 1
"""What a branch says of a site."""

BRANCHES_PER_WORD = 50
"""Between two of which it is told how far the search is."""

MOST_ROUNDS = 20
"""Rounds of cuts of a branch."""

LEAST_GAIN = 0.01
"""Share of the gap that a round has to close, so that another follows before the branch is split."""

WHOLE = 1e-6
"""How near to 0 or 1 an opening is whole."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """Which plans a tree looks for.

    Parameters
    ----------
    cutoff
        Only plans that cost less.
    slack
        By how much a plan has to undercut one that was found, to be looked for still.
    rank_limit
        The most that the ranks of the open sites may sum to, and then the first such plan is enough; None for any sum.
    """

    cutoff: float
    slack: float
    rank_limit: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What a tree found.

    Parameters
    ----------
    plan
        The best plan met that the question asks for, ascending; None for none.
    lower
        What no plan can undercut that keeps to the limit of ranks.
    is_done
        Whether all branches were looked at.
    n_cuts, n_nonzeros, n_branches
        Size of the last relaxation, and how many branches were looked at.
    """

    plan: NDArray[np.intp] | None
    lower: float
    is_done: bool
    n_cuts: int
    n_nonzeros: int
    n_branches: int


class MedianTree:
    """The search for the plans of one question.

    Parameters
    ----------
    siting
        The problem; rows that must be served cost so much unserved that no plan below the cutoff leaves one.
    price
        Good prices to begin from, shape (n_rows,).
    question
        What is looked for.
    options, clock
        How to ask HiGHS, and how long.
    """

    def __init__(
        self, siting: Siting, price: NDArray[np.float64], *, question: Question, options: SolverOptions, clock: Clock
    ) -> None:
        self._siting, self._question, self._clock, self._tell = siting, question, clock, options.tell
        self._cutoff, self._pruned = question.cutoff, np.inf
        self._plan: NDArray[np.intp] | None = None
        self._lists, self._pricing = row_lists(siting), pricing_of(siting)
        self._master = MedianMaster(siting, options=options, limit_s=clock.left_s(), rank_limit=question.rank_limit)
        self._master.add(cuts_at(siting, self._lists, np.arange(siting.n_rows), price))

    def search(self) -> Found:
        """Return what is found until all branches were looked at, the time is over, or the first plan is enough."""
        number = itertools.count()
        waiting = [(-np.inf, next(number), np.full(self._siting.n_sites, FREE, dtype=np.int8))]
        n_branches = 0
        while waiting and not self._is_enough() and self._clock.left_s() != 0.0:
            lower, _, state = waiting[0]
            at = None
            if lower < self._cutoff:
                explored = self._explore(lower, state)
                if explored is None:
                    break
                lower, state, at = explored
            heapq.heappop(waiting)
            n_branches += 1
            if at is None:
                self._pruned = min(self._pruned, lower)
                continue
            for value in (OPEN, CLOSED):
                held = state.copy()
                held[at] = value
                heapq.heappush(waiting, (lower, next(number), held))
            if self._tell is not None and n_branches % BRANCHES_PER_WORD == 0:
                self._tell(self._cutoff, waiting[0][0])
        lower = min(self._pruned, waiting[0][0] if waiting else np.inf, self._cutoff)  # dearer plans were held out
        return Found(
            plan=self._plan,
            lower=lower,
            is_done=not waiting,
            n_cuts=self._master.n_cuts,
            n_nonzeros=self._master.n_nonzeros,
            n_branches=n_branches,
        )

    def _is_enough(self) -> bool:
        return self._question.rank_limit is not None and self._plan is not None

    def _explore(self, lower: float, state: NDArray[np.int8]) -> tuple[float, NDArray[np.int8], int | None] | None:
        """Return bound and held sites of a branch after rounds of cuts, and the site to split it by; None without time.

        Notes
        -----
        A branch that need not be split has no such site: its bound is at the cutoff, or it is one plan.
        """
        last = -np.inf
        for _ in range(MOST_ROUNDS):
            if not self._is_possible(state):
                return np.inf, state, None
            self._master.fix(state)
            if not self._master.solve(limit_s=self._clock.left_s()):
                return None
            value, state = self._held(self._master.prices(), self._master.charge(), state)
            lower, use = max(lower, value), self._master.openings()
            if lower < self._cutoff:
                self._try(np.sort(np.argsort(-use, kind="stable")[: self._siting.n_open]))
            if lower >= self._cutoff:
                return lower, state, None
            if not np.any(state == FREE):
                plan = np.flatnonzero(state == OPEN)
                self._try(plan)
                return max(lower, min(self._siting.value(plan), self._cutoff)), state, None
            at = int(np.argmax(np.where(state == FREE, np.minimum(use, 1.0 - use), -1.0)))
            is_slow, last = value - last < LEAST_GAIN * (self._cutoff - lower), value
            if (is_slow and WHOLE < use[at] < 1.0 - WHOLE) or not self._add_broken(use):
                break
        return lower, state, at

    def _is_possible(self, state: NDArray[np.int8]) -> bool:
        """Return whether a branch has a plan of as many sites, and ranks, as the question asks."""
        is_open, free, limit = state == OPEN, np.flatnonzero(state == FREE), self._question.rank_limit
        n_left, rank = self._siting.n_open - int(is_open.sum()), self._siting.rank  # ascending
        if not 0 <= n_left <= free.size:
            return False
        return limit is None or bool(rank[is_open].sum() + rank[free[:n_left]].sum() <= limit)

    def _add_broken(self, use: NDArray[np.float64]) -> bool:
        """Add the cuts that the relaxation breaks; return whether there are any."""
        broken = broken_cuts(self._siting, self._lists, use, self._master.row_costs())
        if broken.row.size:
            self._master.add(broken)
        return broken.row.size > 0

    def _try(self, plan: NDArray[np.intp]) -> None:
        """Keep a plan if it is what is looked for; look for better ones only from then on."""
        value, limit = self._siting.value(plan), self._question.rank_limit
        if value < self._cutoff and (limit is None or self._siting.rank[plan].sum() <= limit):
            self._plan, self._cutoff = plan, value - self._question.slack

    def _held(self, price: NDArray[np.float64], charge: float, state: NDArray[np.int8]) -> tuple[float, NDArray[np.int8]]:
        """Return the bound of a branch by prices, and its state with what all its plans below the cutoff open or close."""
        siting, limit = self._siting, self._question.rank_limit
        worth, base = self._pricing.worth(price), siting.constant + float(price.sum())
        if limit is not None:
            worth, base = worth - charge * siting.rank, base - charge * limit
        is_open, free = state == OPEN, np.flatnonzero(state == FREE)
        n_left = siting.n_open - int(is_open.sum())
        order = free[np.argsort(-worth[free], kind="stable")]
        top, rest = order[:n_left], order[n_left:]
        lower, state = base - float(worth[is_open].sum()) - float(worth[top].sum()), state.copy()
        state[rest[lower + worth[top].min(initial=np.inf) - worth[rest] >= self._cutoff]] = CLOSED
        state[top[lower + worth[top] - worth[rest].max(initial=-np.inf) >= self._cutoff]] = OPEN
        return lower, state
