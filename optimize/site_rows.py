"""The rules on sites as rows of a linear model: each a sum over the sites that may be chosen, with limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules
from optimize.spacing import cover_by_cliques

COST_ROOM = 1e-9
"""By which share of a budget rounding may pass it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteRow:
    """One limit: lower ≤ Σ coefficient × open ≤ upper, what is open in every plan taken off already.

    Parameters
    ----------
    rule
        What the planner calls the rule.
    key
        Which field of the problem it comes from.
    site
        Positions in `SiteRules.free`, shape (n,), each once.
    coefficient
        Shape (n,).
    lower, upper
        The limits; infinite for none.
    """

    rule: str
    key: str
    site: NDArray[np.intp]
    coefficient: NDArray[np.float64]
    lower: float
    upper: float


def site_rows(problem: LocationProblem, sites: SiteRules) -> tuple[SiteRow, ...]:
    """Return the rows of every rule on sites: their number, budget, places, pairs, groups, spacing.

    Parameters
    ----------
    problem
        The problem.
    sites
        What `site_rules` says of it.
    """
    rows = _Rows(problem, sites)
    parts = (_number_rows, _closing_rows, _budget_rows, _place_rows, _pair_rows, _group_rows, _spacing_rows)
    return tuple(row for part in parts for row in part(rows))


def is_counted_new(problem: LocationProblem) -> NDArray[np.bool_]:
    """Return which candidates count as a new site when they are open: in whose place nothing is open now."""
    open_now = {*problem.fixed, *problem.rules.open_now}
    names = np.array(problem.candidate_ids, dtype=object)
    is_open = np.array([name in open_now for name in names], dtype=np.bool_)
    if problem.rules.place is None:
        return ~is_open
    taken = {place for place, is_now in zip(problem.rules.place, is_open.tolist(), strict=True) if is_now}
    return np.array([place not in taken for place in problem.rules.place], dtype=np.bool_)


def tie_places(problem: LocationProblem, sites: SiteRules) -> NDArray[np.float64]:
    """Return what each free site adds to the sum by which the tie rule takes one of equal plans, shape (n_sites,).

    Notes
    -----
    A new one adds its position in the sorted list. One that is open now takes off more than all positions: what need not
    close stays open.
    """
    places = np.arange(1.0, sites.free.size + 1.0)
    stays = [problem.candidate_ids[j] in set(problem.rules.open_now) for j in sites.free.tolist()]
    places[stays] = -places.sum()
    return places


def closed_sites(problem: LocationProblem, selected: Collection[str]) -> tuple[str, ...]:
    """Return the sites that are open now in whose place nothing is open any more, in the order of the candidates."""
    place = problem.rules.place or problem.candidate_ids
    still = {spot for name, spot in zip(problem.candidate_ids, place, strict=True) if name in selected}
    pairs = zip(problem.candidate_ids, place, strict=True)
    return tuple(name for name, spot in pairs if name in problem.rules.open_now and spot not in still)


class _Rows:
    """Makes rows over the free sites from sums over all candidates."""

    def __init__(self, problem: LocationProblem, sites: SiteRules) -> None:
        self.problem, self.rules, self.sites = problem, problem.rules, sites
        self.column_of = {name: j for j, name in enumerate(problem.candidate_ids)}

    def row(
        self, rule: str, key: str, coefficient: NDArray[np.float64], *, lower: float = -np.inf, upper: float = np.inf
    ) -> SiteRow:
        """Return the row of a sum over all candidates, shape (n_candidates,); forbidden ones are never open."""
        already = float(coefficient[self.sites.given].sum())
        over_free = coefficient[self.sites.free]
        site = np.flatnonzero(over_free)
        return SiteRow(rule=rule, key=key, site=site, coefficient=over_free[site], lower=lower - already, upper=upper - already)

    def count(self, ids: tuple[str, ...]) -> NDArray[np.float64]:
        """Return 1 for each of some ids, 0 for the others."""
        counted = np.zeros(self.problem.n_candidates)
        counted[[self.column_of[name] for name in ids]] = 1.0
        return counted

    def is_open_in_place_of(self, name: str) -> NDArray[np.float64]:
        """Return 1 for each candidate in the place of one: itself, where there are no places."""
        place = self.rules.place
        if place is None:
            return self.count((name,))
        own = place[self.column_of[name]]
        return np.array([1.0 if other == own else 0.0 for other in place])


def _number_rows(rows: _Rows) -> Iterator[SiteRow]:
    problem, rules = rows.problem, rows.rules
    counted = is_counted_new(problem).astype(np.float64)
    if problem.new is not None:
        yield rows.row(f"{problem.new} new sites", "new", counted, lower=problem.new, upper=problem.new)
    if rules.new_at_least is not None:
        yield rows.row(f"at least {rules.new_at_least} new sites", "new_at_least", counted, lower=rules.new_at_least)
    if rules.new_at_most is not None:
        yield rows.row(f"at most {rules.new_at_most} new sites", "new_at_most", counted, upper=rules.new_at_most)


def _closing_rows(rows: _Rows) -> Iterator[SiteRow]:
    rules = rows.rules
    staying = np.zeros(rows.problem.n_candidates)
    for name in rules.open_now:
        staying += rows.is_open_in_place_of(name)
    n_now = len(rules.open_now)
    if rules.close_at_least is not None:
        what = f"at least {rules.close_at_least} closings"
        yield rows.row(what, "close_at_least", staying, upper=n_now - rules.close_at_least)
    if rules.close_at_most is not None:
        what = f"at most {rules.close_at_most} closings"
        yield rows.row(what, "close_at_most", staying, lower=n_now - rules.close_at_most)


def _budget_rows(rows: _Rows) -> Iterator[SiteRow]:
    """Yield the budget: what is opened and changed, and what closes, which is 1 less what is open in its place."""
    problem, rules = rows.problem, rows.rules
    if rules.budget is None or problem.site_cost is None:
        return
    cost = problem.site_cost.copy()
    cost[np.array([name in {*problem.fixed, *rules.open_now} for name in problem.candidate_ids], dtype=np.bool_)] = 0.0
    closing = 0.0
    if rules.closing_cost is not None:
        for name in rules.open_now:
            each = float(np.asarray(rules.closing_cost, dtype=np.float64)[rows.column_of[name]])
            cost = cost - each * rows.is_open_in_place_of(name)
            closing += each
    room = COST_ROOM * max(rules.budget, 1.0)
    yield rows.row(f"a budget of {rules.budget:,.0f}", "budget", cost, upper=rules.budget - closing + room)


def _place_rows(rows: _Rows) -> Iterator[SiteRow]:
    place = rows.rules.place
    if place is None:
        return
    names = np.array(place, dtype=str)
    known, label, size = np.unique(names, return_inverse=True, return_counts=True)
    for k in np.flatnonzero(size > 1).tolist():
        yield rows.row(f"one size in {known[k]}", "place", (label == k).astype(np.float64), upper=1.0)


def _pair_rows(rows: _Rows) -> Iterator[SiteRow]:
    for one, other in rows.rules.together:
        difference = rows.count((one,)) - rows.count((other,))
        yield rows.row(f"{one} together with {other}", "together", difference, lower=0.0, upper=0.0)
    for one, other in rows.rules.apart:
        if {one, other} <= set(rows.problem.fixed):  # they stand already, as in a spacing
            continue
        yield rows.row(f"{one} not with {other}", "apart", rows.count((one, other)), upper=1.0)


def _group_rows(rows: _Rows) -> Iterator[SiteRow]:
    for group in rows.rules.groups:
        lower = -np.inf if group.at_least is None else group.at_least
        upper = np.inf if group.at_most is None else group.at_most
        yield rows.row(group.name, "groups", rows.count(tuple(dict.fromkeys(group.ids))), lower=lower, upper=upper)


def _spacing_rows(rows: _Rows) -> Iterator[SiteRow]:
    """Yield a row for each set of sites that are all too near one another, so that the sets have every such pair."""
    spacing, sites = rows.rules.spacing, rows.sites
    if spacing is None:
        return
    n = rows.problem.n_candidates
    may_open = sites.is_free | sites.given
    is_fixed = np.array([name in set(rows.problem.fixed) for name in rows.problem.candidate_ids], dtype=np.bool_)
    pairs = np.asarray(spacing.pairs, dtype=np.intp).reshape(-1, 2)
    counted = may_open[pairs].all(axis=1) & ~is_fixed[pairs].all(axis=1)
    is_near = np.zeros((n, n), dtype=np.bool_)
    is_near[pairs[counted, 0], pairs[counted, 1]] = True
    for clique in cover_by_cliques(is_near | is_near.T):
        near = np.zeros(n)
        near[clique] = 1.0
        yield rows.row(spacing.name, "spacing", near, upper=1.0)
