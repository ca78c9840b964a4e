"""The recount of every rule from ids and arrays, by code that shares nothing with what made the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from optimize.problem import LocationProblem
from optimize.rules import CoverLimit
from optimize.solution import Solution

TOLERANCE = 1e-9

Finding: TypeAlias = tuple[str, bool, object]
"""A rule in words, whether it holds, and what was seen."""


def recount_rules(problem: LocationProblem, solution: Solution) -> Iterator[Finding]:
    """Yield each rule of the problem with whether the solution meets it."""
    selected, rules = set(solution.selected), problem.rules
    yield from _numbers(problem, solution)
    yield from _budget(problem, solution)
    yield from _places(problem, selected)
    for one, other in rules.together:
        yield f"{one} and {other} are together", (one in selected) == (other in selected), sorted(selected & {one, other})
    for one, other in rules.apart:
        is_broken = {one, other} <= selected and not {one, other} <= set(problem.fixed)
        yield f"{one} and {other} are apart", not is_broken, sorted(selected & {one, other})
    for group in rules.groups:
        n_open = len(selected & set(group.ids))
        if group.at_least is not None:
            yield f"{group.name}: at least {group.at_least}", n_open >= group.at_least, n_open
        if group.at_most is not None:
            yield f"{group.name}: at most {group.at_most}", n_open <= group.at_most, n_open
    yield from _spacing(problem, selected)
    for limit in rules.covers:
        yield from _cover(problem, selected, limit)


def _numbers(problem: LocationProblem, solution: Solution) -> Iterator[Finding]:
    """Recount the new sites, in whose place nothing is open now, and the closings."""
    rules = problem.rules
    place = dict(zip(problem.candidate_ids, rules.place or problem.candidate_ids, strict=True))
    taken = {place[name] for name in (*problem.fixed, *rules.open_now)}
    n_new = sum(place[name] not in taken for name in solution.new if name in place)
    if problem.new is not None:
        yield f"exactly {problem.new} sites are new", n_new == problem.new, n_new
    if rules.new_at_least is not None:
        yield f"at least {rules.new_at_least} sites are new", n_new >= rules.new_at_least, n_new
    if rules.new_at_most is not None:
        yield f"at most {rules.new_at_most} sites are new", n_new <= rules.new_at_most, n_new
    still = {place[name] for name in solution.selected if name in place}
    closed = [name for name in problem.candidate_ids if name in rules.open_now and place[name] not in still]
    yield "closed is what was open and has nothing in its place", list(solution.closed) == closed, solution.closed
    if rules.close_at_least is not None:
        yield f"at least {rules.close_at_least} close", len(closed) >= rules.close_at_least, len(closed)
    if rules.close_at_most is not None:
        yield f"at most {rules.close_at_most} close", len(closed) <= rules.close_at_most, len(closed)


def _budget(problem: LocationProblem, solution: Solution) -> Iterator[Finding]:
    rules = problem.rules
    if rules.budget is None or problem.site_cost is None:
        return
    cost_of = dict(zip(problem.candidate_ids, problem.site_cost.tolist(), strict=True))
    spent = sum(cost_of[name] for name in solution.new if name in cost_of)
    if rules.closing_cost is not None:
        closing = dict(zip(problem.candidate_ids, np.asarray(rules.closing_cost, dtype=float).tolist(), strict=True))
        spent += sum(closing[name] for name in solution.closed if name in closing)
    room = 1e-6 * max(rules.budget, 1.0)
    yield "the budget is kept", spent <= rules.budget + room, f"{spent:,.2f} of {rules.budget:,.2f}"


def _places(problem: LocationProblem, selected: set[str]) -> Iterator[Finding]:
    if problem.rules.place is None:
        return
    pairs = zip(problem.candidate_ids, problem.rules.place, strict=True)
    counted = Counter(spot for name, spot in pairs if name in selected)
    twice = sorted(spot for spot, n in counted.items() if n > 1)
    yield "no place has two sizes", not twice, twice


def _spacing(problem: LocationProblem, selected: set[str]) -> Iterator[Finding]:
    spacing = problem.rules.spacing
    if spacing is None:
        return
    names = problem.candidate_ids
    near = [(names[one], names[other]) for one, other in np.asarray(spacing.pairs).tolist()]
    broken = [pair for pair in near if set(pair) <= selected and not set(pair) <= set(problem.fixed)]
    yield spacing.name, not broken, broken[:5]


def _cover(problem: LocationProblem, selected: set[str], limit: CoverLimit) -> Iterator[Finding]:
    """Recount the covered share of a district, row by row."""
    matrix = problem.impedance_s
    is_selected = [name in selected for name in problem.candidate_ids]
    covered, total = [], []
    for row in np.asarray(limit.rows).tolist():
        pairs = slice(matrix.indptr[row], matrix.indptr[row + 1])
        near = zip(matrix.indices[pairs].tolist(), matrix.data[pairs].tolist(), strict=True)
        total.append(float(problem.weight[row]))
        if any(is_selected[j] and seconds <= limit.standard_s for j, seconds in near):
            covered.append(float(problem.weight[row]))
    share = sum(covered) / sum(total)
    if limit.at_least is not None:
        yield f"{limit.name}: at least {limit.at_least:.2%} covered", share >= limit.at_least - 2 * TOLERANCE, share
    if limit.at_most is not None:
        yield f"{limit.name}: at most {limit.at_most:.2%} covered", share <= limit.at_most + 2 * TOLERANCE, share
