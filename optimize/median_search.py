"""The p-median where bounds leave much: prices by cuts at its relaxation, then a proof by branching on sites."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock, Share
from optimize.core_search import best_of_core
from optimize.highs import SolverOptions
from optimize.lagrange import Bounds, improve, possible_cost, with_better_plan, with_prices, without_idle
from optimize.median_cuts import MedianMaster, broken_cuts, cuts_at
from optimize.median_tree import Found, MedianTree, Question
from optimize.near_part import near_cap, near_part, raised_cap
from optimize.pricing import row_lists
from optimize.siting import Siting

MOST_ROUNDS = 60
LEAST_GAIN = 0.01
"""Share of the gap that a round has to close, two times in a row at least, so that another follows."""

LEAST_USE = 1e-3
"""How far the relaxation must open a site for it to belong to the core, the sites that are solved as a problem of their own."""

LARGEST_WHOLE = 2_000_000
"""Pairs up to which cuts are sought on all of them."""

SMALLEST_FOR_BRANCHING, FEWEST_PER_ROW = 5_000, 6
"""Pairs that are left, in all and on average of a row, up to which the model over radius classes is the quicker way.

Rows with few pairs have few radii: pmed16 with 64 a row takes 19 s by the model and 1.5 s by branching, rl1304 with p = 300 and
5 a row 2.9 s and 5.5 s.
"""


def is_branched(siting: Siting, bounds: Bounds, *, options: SolverOptions) -> bool:
    """Return whether a problem is to be answered by branching: a median that the bounds leave open, asked for so or large."""
    if not bounds.is_feasible or bounds.upper - bounds.lower <= siting.tolerance or not 0 < siting.n_open < siting.n_sites:
        return False
    if options.solver != "highs" or not siting.pair_cost.any():
        return False
    n_pairs = siting.pair_row.size
    is_large = n_pairs > SMALLEST_FOR_BRANCHING and n_pairs > FEWEST_PER_ROW * siting.n_rows
    return options.method == "cuts" or (options.method == "auto" and is_large)


def price_by_cuts(
    siting: Siting, bounds: Bounds, *, options: SolverOptions, clock: Clock, share: Share
) -> tuple[Siting, Bounds]:
    """Return the problem and its bounds after rounds of cuts: better prices, perhaps a better plan, and less of the rest.

    Parameters
    ----------
    siting, bounds
        The problem, and what is known of it: a plan that serves all that must be served, and prices.
    options, clock
        How to ask HiGHS, and how long.
    share
        Of the whole time, after which to stop.
    """
    deadline = clock.deadline(share)
    part = _all_may_miss(_cut_part(siting, bounds), bounds)
    lists, n_slow = row_lists(part), 0
    master = MedianMaster(part, options=options, limit_s=_left_s(deadline))
    master.add(cuts_at(part, lists, np.arange(part.n_rows), np.minimum(bounds.price, part.unserved_cost)))
    use = np.zeros(siting.n_sites)
    for _ in range(MOST_ROUNDS):
        if not master.solve(limit_s=_left_s(deadline)):
            break
        before, use = bounds, master.openings()
        bounds = with_prices(siting, bounds, master.prices())
        opened = np.sort(np.argsort(-use, kind="stable")[: siting.n_open])
        bounds = with_better_plan(siting, bounds, improve(siting, opened, deadline=deadline))
        n_slow = n_slow + 1 if bounds.lower - before.lower < LEAST_GAIN * (bounds.upper - bounds.lower) else 0
        broken = broken_cuts(part, lists, use, master.row_costs())
        if not broken.row.size or n_slow > 1 or bounds.upper - bounds.lower <= siting.tolerance:
            break
        master.add(broken)
    if bounds.upper - bounds.lower > siting.tolerance:
        plan = best_of_core(siting, bounds, is_core=use >= LEAST_USE, options=options, clock=clock)
        bounds = with_better_plan(siting, bounds, plan)
    return without_idle(siting, bounds)


def best_by_branching(siting: Siting, bounds: Bounds, *, slack: float, options: SolverOptions, clock: Clock) -> Found:
    """Return what a tree finds below the best plan known.

    Parameters
    ----------
    siting, bounds
        The problem, and what is known of it: a plan that serves all that must be served, and prices.
    slack
        By how much a plan has to undercut another, to be looked for.
    options, clock
        How to ask HiGHS, and how long.
    """
    question = Question(cutoff=bounds.upper - slack, slack=slack)
    tree = MedianTree(_all_may_miss(siting, bounds), bounds.price, question=question, options=options, clock=clock)
    return tree.search()


def earlier_by_branching(
    siting: Siting, bounds: Bounds, *, plan: NDArray[np.intp], options: SolverOptions, clock: Clock
) -> Found:
    """Return what a tree finds as cheap as the best plan known, with a smaller sum of ranks than another plan has."""
    question = Question(
        cutoff=float(np.nextafter(bounds.upper + siting.tolerance, np.inf)),
        slack=siting.tolerance,
        rank_limit=float(siting.rank[plan].sum() - 1),
    )
    quiet = replace(options, tell=None)
    tree = MedianTree(_all_may_miss(siting, bounds), bounds.price, question=question, options=quiet, clock=clock)
    return tree.search()


def _cut_part(siting: Siting, bounds: Bounds) -> Siting:
    """Return the problem, or its near part where it is large: its prices are as good, and most pairs are far."""
    if siting.pair_row.size <= LARGEST_WHOLE:
        return siting
    return near_part(siting, raised_cap(siting, near_cap(siting, bounds.plan), bounds.price))


def _all_may_miss(siting: Siting, bounds: Bounds) -> Siting:
    """Return the problem with a cost for each row that must be served, which no plan as good as the best one known pays."""
    limit = possible_cost(siting, bounds)
    if limit is None:
        return siting
    dear = np.minimum(siting.unserved_cost, limit + 2 * siting.tolerance)
    served = np.zeros(siting.n_rows)
    np.maximum.at(served, siting.pair_row, siting.pair_cost)
    missed = np.where(siting.is_must, np.maximum(dear, served), siting.unserved_cost)
    return replace(siting, unserved_cost=missed, is_must=np.zeros(siting.n_rows, dtype=np.bool_))


def _left_s(deadline: float | None) -> float | None:
    return None if deadline is None or np.isinf(deadline) else max(0.0, deadline - time.monotonic())
