"""Rules on small problems, the strategy that draws them, and the answer by trying every set of sites."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import strategies as st

from data.errors import FaultsError, InfeasibleError
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules, SiteGroup, Spacing
from optimize.solution import Solution, Status
from optimize.solve import solve
from tests.optimize.model_toys import VALUES, sorted_times
from tests.optimize.toys import dense, ids, value_of


@dataclass(frozen=True)
class Best:
    """The best objective under the rules, and every set of open sites that has it."""

    objective: float
    plans: tuple[frozenset[str], ...]


def try_all_ruled(problem: LocationProblem, *, is_more_better: bool) -> Best | None:
    """Return the best of all sets of open sites that meet every rule, by trying each; None if there is none."""
    free = sorted(set(problem.candidate_ids) - {*problem.fixed, *problem.required, *problem.forbidden})
    values: dict[frozenset[str], float] = {}
    for size in range(len(free) + 1):
        for chosen in combinations(free, size):
            selected = frozenset({*problem.fixed, *problem.required, *chosen})
            if meets_rules(problem, selected):
                value = ruled_value(problem, selected)
                if value is not None:
                    values[selected] = value
    if not values:
        return None
    best = (max if is_more_better else min)(values.values())
    near = tuple(plan for plan, value in values.items() if abs(value - best) <= 1e-9 * max(1.0, abs(best)))
    if problem.objective == "lexicographic_center":
        least = min(sorted_times(problem, plan) for plan in near)
        near = tuple(plan for plan in near if sorted_times(problem, plan) == least)
    return Best(objective=best, plans=near)


def check_against_all_sets(problem: LocationProblem) -> Solution | None:
    """Solve a problem and compare with every set tried; return the solution, or None where there is none."""
    best = try_all_ruled(problem, is_more_better=problem.objective in MAXIMISED)
    if best is None:
        with pytest.raises((InfeasibleError, FaultsError)):
            solve(problem)
        return None
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(best.objective, rel=1e-9, abs=1e-9)
    assert frozenset(solution.selected) in best.plans
    return solution


def ruled_value(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    """Return the objective of a set of open sites; None where demand that must be served is not."""
    if problem.objective in VALUES:
        return VALUES[problem.objective](problem, selected)
    if problem.objective != "set_cover":
        return value_of(problem, set(selected))
    columns = [j for j, name in enumerate(problem.candidate_ids) if name in selected]
    nearest = dense(problem)[:, columns].min(axis=1, initial=np.inf)
    covered = problem.weight[nearest <= problem.standard_s].sum()
    if covered < (problem.target_share or 1.0) * problem.weight.sum() - 1e-9:
        return None
    cost = dict(zip(problem.candidate_ids, np.ones(99) if problem.site_cost is None else problem.site_cost, strict=False))
    return float(sum(cost[name] for name in selected - {*problem.fixed, *problem.rules.open_now}))


def places_of(problem: LocationProblem, plan: frozenset[str]) -> int:
    """Return the sum of the positions of a plan's new sites in the sorted list of free ones; what stays open comes first."""
    free = sorted(set(problem.candidate_ids) - {*problem.fixed, *problem.required, *problem.forbidden})
    stays = len(free) * (len(free) + 1) // 2
    return sum(-stays if name in problem.rules.open_now else k + 1 for k, name in enumerate(free) if name in plan)


def meets_rules(problem: LocationProblem, selected: frozenset[str]) -> bool:
    """Return whether a set of open sites meets every rule, told from ids alone."""
    rules = problem.rules
    place = dict(zip(problem.candidate_ids, rules.place or problem.candidate_ids, strict=True))
    was_open = {place[name] for name in (*problem.fixed, *rules.open_now)}
    is_open = {place[name] for name in selected}
    n_new = len(is_open - was_open)
    n_closed = sum(place[name] not in is_open for name in rules.open_now)
    spent = 0.0
    if rules.budget is not None:
        cost = dict(zip(problem.candidate_ids, problem.site_cost, strict=True))
        closing = dict(zip(problem.candidate_ids, _closing(problem), strict=True))
        spent = sum(cost[name] for name in selected - {*problem.fixed, *rules.open_now})
        spent += sum(closing[name] for name in rules.open_now if place[name] not in is_open)
    columns = [j for j, name in enumerate(problem.candidate_ids) if name in selected]
    checks = [
        problem.new is None or n_new == problem.new,
        rules.new_at_least is None or n_new >= rules.new_at_least,
        rules.new_at_most is None or n_new <= rules.new_at_most,
        rules.close_at_least is None or n_closed >= rules.close_at_least,
        rules.close_at_most is None or n_closed <= rules.close_at_most,
        rules.budget is None or spent <= rules.budget,
        len(is_open) == len(selected),
        all((a in selected) == (b in selected) for a, b in rules.together),
        all(not {a, b} <= selected or {a, b} <= set(problem.fixed) for a, b in rules.apart),
        all(_within(len(selected & set(g.ids)), g.at_least, g.at_most) for g in rules.groups),
        rules.spacing is None or all(not _both(problem, pair, selected) for pair in rules.spacing.pairs.tolist()),
    ]
    for limit in rules.covers:
        nearest = dense(problem)[limit.rows][:, columns].min(axis=1, initial=np.inf)
        weight = problem.weight[limit.rows]
        share = weight[nearest <= limit.standard_s].sum() / weight.sum()
        checks.append(_within(share, limit.at_least, limit.at_most, room=1e-9))
    return all(checks)


def _closing(problem: LocationProblem) -> np.ndarray:
    cost = problem.rules.closing_cost
    return np.zeros(problem.n_candidates) if cost is None else cost


def _both(problem: LocationProblem, pair: list[int], selected: frozenset[str]) -> bool:
    names = {problem.candidate_ids[j] for j in pair}
    return names <= selected and not names <= set(problem.fixed)


def _within(value: float, least: float | None, most: float | None, *, room: float = 0.0) -> bool:
    return (least is None or value >= least - room) and (most is None or value <= most + room)


@st.composite
def some_rules(draw: st.DrawFn, *, n_demand: int, n_candidates: int, open_now: tuple[str, ...]) -> Rules:
    """Draw rules of every kind for a problem of so many rows and columns; most problems keep a plan."""
    names = ids(n_candidates)
    maybe = st.booleans()
    pair = st.permutations(range(n_candidates)).map(lambda order: tuple(order[:2]))
    of_names = pair.map(lambda two: (names[two[0]], names[two[1]]))
    groups = ()
    if draw(maybe):
        members = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)))
        least = draw(st.integers(0, 1))
        groups = (SiteGroup(name="group", ids=members, at_least=least, at_most=draw(st.integers(least, 2))),)
    covers = ()
    if draw(maybe):
        rows = np.array(sorted(draw(st.sets(st.integers(0, n_demand - 1), min_size=1))), dtype=np.intp)
        share = draw(st.sampled_from([0.0, 0.3, 0.5, 0.9]))
        is_floor = draw(maybe)
        standard_s = draw(st.sampled_from([300.0, 600.0]))
        limits = {"at_least": share} if is_floor else {"at_most": 1.0 - share / 2}
        covers = (CoverLimit(name="district", rows=rows, standard_s=standard_s, **limits),)
    together = (draw(of_names),) if draw(maybe) else ()
    apart = tuple(two for two in ((draw(of_names),) if draw(maybe) else ()) if set(two) not in map(set, together))
    return Rules(
        open_now=open_now,
        close_at_most=draw(st.sampled_from([None, 0, 1])) if open_now else None,
        close_at_least=None,
        together=together,
        apart=apart,
        groups=groups,
        covers=covers,
        spacing=Spacing(name="apart", pairs=np.array([draw(pair)], dtype=np.intp)) if draw(maybe) else None,
        place=_places(draw, names, open_now) if draw(maybe) else None,
    )


def _places(draw: st.DrawFn, names: tuple[str, ...], open_now: tuple[str, ...]) -> tuple[str, ...]:
    """Draw places of which at most one candidate is open now."""
    spots = [draw(st.sampled_from(["north", "south", "east"])) if draw(st.booleans()) else name for name in names]
    taken: set[str] = set()
    for k, name in enumerate(names):
        if name in open_now:
            spots[k] = name if spots[k] in taken else spots[k]
            taken.add(spots[k])
    return tuple(spots)
