"""A good plan of market capture in a moment: greedy addition, then swaps. It gives the start and never the last word."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from optimize.huff import Market
from optimize.problem import LocationProblem
from optimize.rule_search import BROKEN, RuleTable, find_plan, rule_table
from optimize.site_rows import site_rows
from optimize.site_rules import SiteRules

MOST_TRIES = 50
"""How many of the sites that would capture more are held against the rules, the best first."""


def find_start(
    problem: LocationProblem, rules: SiteRules, market: Market, *, seed: int, deadline: float | None
) -> NDArray[np.intp] | None:
    """Return positions of open sites that meet every rule and that no swap or addition betters; None where none is found.

    Parameters
    ----------
    problem, rules, market
        The problem, what `site_rules` says of it, and its pulls.
    seed
        Of the search for a plan that meets rules.
    deadline
        Moment of `time.monotonic` at which to stop bettering, None for never.
    """
    if problem.rules.is_empty:
        return _better(market, _add_greedily(market, rules.n_open), None, deadline=deadline)
    table = rule_table(problem, rules, rows=site_rows(problem, rules), limits=problem.rules.covers)
    plan = None if table is None else find_plan(table, rng=np.random.default_rng(seed))
    return None if plan is None else _better(market, plan, table, deadline=deadline)


def _add_greedily(market: Market, n_open: int) -> NDArray[np.intp]:
    """Return the plan to which the site that adds most was added, again and again; the first of equal ones."""
    plan = np.zeros(0, dtype=np.intp)
    for _ in range(n_open):
        values = market.values_with(plan)
        values[plan] = -np.inf
        plan = np.append(plan, np.argmax(values))
    return np.sort(plan)


def _better(market: Market, plan: NDArray[np.intp], table: RuleTable | None, *, deadline: float | None) -> NDArray[np.intp]:
    """Return the plan after swaps, and additions under rules, that capture more, until there are none or the time is over."""
    best, is_better = market.value(plan), True
    while is_better:
        is_better = False
        for dropped in ([] if table is None else [-1]) + plan.tolist():
            if deadline is not None and time.monotonic() >= deadline:
                return plan
            base = plan[plan != dropped]
            values = market.values_with(base)
            values[plan] = -np.inf
            added = _first_allowed(np.argsort(-values, kind="stable"), values, base, table, least=best + market.tolerance)
            if added is not None:
                plan = np.sort(np.append(base, added))
                best, is_better = market.value(plan), True
                break
    return plan


def _first_allowed(
    order: NDArray[np.intp],
    values: NDArray[np.float64],
    base: NDArray[np.intp],
    table: RuleTable | None,
    *,
    least: float,
) -> int | None:
    """Return the first site that captures more than so much and meets the rules; None where there is none."""
    for site in order[:MOST_TRIES].tolist():
        if values[site] <= least:
            return None
        if table is None or _meets(table, np.append(base, site)):
            return int(site)
    return None


def _meets(table: RuleTable, plan: NDArray[np.intp]) -> bool:
    activity = table.rows[:, plan].sum(axis=1)
    is_covered = np.asarray(table.covers[plan].sum(axis=0)).ravel() > 0
    covered = table.given + table.share.T @ is_covered.astype(np.float64)
    return bool(table.broken(activity[:, None], covered[None, :])[0] <= BROKEN)
