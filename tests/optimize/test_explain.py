"""A refusal says which rules stand against one another, and what would make a plan possible."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from data.errors import FaultsError, InfeasibleError
from optimize.clock import Clock
from optimize.explain import find_conflict
from optimize.highs import SolverOptions
from optimize.models import MODELS
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules, SiteGroup, Spacing
from optimize.site_rules import site_rules
from optimize.solve import solve
from tests.optimize.ruled_toys import try_all_ruled
from tests.optimize.test_rules import ruled_problems
from tests.optimize.toys import center, cover, coverage, median

# Four demand points in a row of 500 s each, a site beside each.
ROW: list[list[float | None]] = [[abs(i - j) * 500.0 for j in range(4)] for i in range(4)]


def district(name: str, rows: list[int], *, standard_s: float = 400.0, **limits: float) -> CoverLimit:
    return CoverLimit(name=name, rows=np.array(rows), standard_s=standard_s, **limits)


def refusal(problem: LocationProblem) -> str:
    with pytest.raises((InfeasibleError, FaultsError)) as caught:
        solve(problem)
    return str(caught.value)


def test_floors_that_need_more_sites_say_how_many_and_which_floor_or_standard_would_do() -> None:
    floors = (district("west", [0], at_least=1.0), district("east", [3], at_least=1.0))
    said = refusal(coverage(ROW, new=1, rules=Rules(covers=floors)))
    assert "no plan meets these rules together: 1 new sites" in said
    assert "at least 100.0% of west within 6.66667 minutes; at least 100.0% of east within 6.66667 minutes" in said
    assert "2 new sites instead of 1 (the least)" in said
    assert "a floor of 0.0% instead of 100.0% for west" in said
    assert "25 instead of 6.66667 minutes for west" in said
    assert "a floor of 0.0% instead of 100.0% for all 2 districts" in said


def test_a_rule_without_a_part_in_the_conflict_is_not_told() -> None:
    floors = (district("west", [0], at_least=1.0), district("east", [3], at_least=1.0))
    group = SiteGroup(name="one in the middle at most", ids=("site-01", "site-02"), at_most=1)
    said = refusal(coverage(ROW, new=1, rules=Rules(covers=floors, groups=(group,))))
    assert "middle" not in said


def test_a_floor_says_the_share_that_is_possible_to_a_tenth_of_a_percent() -> None:
    said = refusal(coverage(ROW, new=1, rules=Rules(covers=(district("city", [0, 1, 2, 3], at_least=0.6),))))
    assert "a floor of 25.0% instead of 60.0% for city" in said
    assert "9 instead of 6.66667 minutes for city" in said
    assert "3 new sites instead of 1 (the least)" in said


def test_a_ceiling_says_the_share_that_is_possible() -> None:
    said = refusal(coverage(ROW, new=2, rules=Rules(covers=(district("city", [0, 1, 2, 3], at_most=0.3),))))
    assert "a ceiling of 50.0% instead of 30.0% for city" in said
    assert "1 new sites instead of 2 (the least)" in said


def test_a_budget_says_what_would_do() -> None:
    rules = Rules(budget=9.0, covers=(district("west", [0], at_least=1.0), district("east", [3], at_least=1.0)))
    said = refusal(coverage(ROW, new=2, site_cost=np.array([6.0, 1.0, 1.0, 6.0]), rules=rules))
    assert "a budget of 9" in said
    assert "a budget of 12 instead of 9" in said


def test_a_group_says_how_many_more_it_would_take() -> None:
    group = SiteGroup(name="none in the west", ids=("site-00", "site-01"), at_most=0)
    rules = Rules(groups=(group,), covers=(district("west", [0], at_least=1.0),))
    said = refusal(coverage(ROW, new=1, rules=rules))
    assert "1 more than in the rule 'none in the west' (the least)" in said


def test_rules_that_have_to_give_way_together_are_told_together() -> None:
    west, east = (SiteGroup(name=name, ids=ids, at_most=0) for name, ids in (("w", ("site-00",)), ("e", ("site-03",))))
    floors = (district("west", [0], at_least=1.0), district("east", [3], at_least=1.0))
    problem = coverage(ROW, new=2, rules=Rules(groups=(west, east), covers=floors))
    said = refusal(problem)
    told = said.split("a plan becomes possible without these together: ")[1].rstrip(".").split("; ")
    kept = replace(
        problem.rules,
        groups=tuple(group for group in (west, east) if group.name not in told),
        covers=tuple(limit for limit in floors if not any(f"of {limit.name} " in text for text in told)),
    )
    assert len(told) == 2
    assert len(kept.groups) + len(kept.covers) == 2
    assert solve(replace(problem, rules=kept)).objective > 0
    assert "No change of one rule is enough" in said


def test_spacing_and_pairs_are_told_as_a_whole() -> None:
    rules = Rules(
        spacing=Spacing(name="600 s apart", pairs=np.array([[0, 1], [1, 2], [2, 3]])),
        covers=(district("west", [0, 1], at_least=1.0),),
    )
    said = refusal(coverage(ROW, new=2, rules=rules))
    assert "the rule '600 s apart' left out" in said
    together = Rules(together=(("site-00", "site-01"),), covers=(district("ends", [0, 3], at_least=1.0),))
    assert "the rule 'site-00 together with site-01' left out" in refusal(coverage(ROW, new=2, rules=together))


@pytest.mark.parametrize(
    ("make", "fields"), [(median, {}), (center, {}), (cover, {"standard_s": 400.0})], ids=["median", "center", "cover"]
)
def test_what_must_be_served_counts_in_every_model(make: Any, fields: dict[str, Any]) -> None:
    table: list[list[float | None]] = [[0.0, None, None], [None, 0.0, None], [None, None, 0.0]]
    group = SiteGroup(name="two at most", ids=("site-00", "site-01", "site-02"), at_most=2)
    number = {} if make is cover else {"new": None}
    said = refusal(make(table, rules=Rules(groups=(group,), new_at_most=3), **fields, **number))
    assert "no plan meets these rules together: two at most." in said
    assert "1 more than in the rule 'two at most' (the least)" in said


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ruled_problems("max_coverage"))
def test_the_rules_that_are_told_leave_no_plan_and_each_of_them_is_needed(problem: LocationProblem) -> None:
    if try_all_ruled(problem, is_more_better=True) is not None:
        return
    options = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)
    conflict = find_conflict(
        problem, site_rules(problem), model=MODELS["max_coverage"], options=options, clock=Clock(began=0.0, limit_s=None)
    )
    assert conflict.rules
    assert conflict.is_smallest
