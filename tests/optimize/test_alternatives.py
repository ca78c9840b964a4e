"""Near-equal plans are those that trying every plan finds, best first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from data.errors import FaultsError, InfeasibleError, ProblemError, VerificationError
from optimize.alternatives import Alternatives, near_equal_plans
from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.models import MODELS
from optimize.near_plans import next_plans
from optimize.objectives import MAXIMISED
from optimize.plan_narrowing import SITINGS, narrow_by_prices, narrow_by_relaxation
from optimize.plan_regions import next_plans_by_regions
from optimize.plan_swaps import SwapLimits
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.site_rules import site_rules
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.capacity_toys import capacity_problems, whole_value
from tests.optimize.model_toys import plane_problem, sorted_times
from tests.optimize.ruled_toys import meets_rules, places_of, ruled_value
from tests.optimize.test_rules import FIELDS, ruled_problems
from tests.optimize.toys import coverage, median, problems

Value = Callable[[LocationProblem, frozenset[str]], float | None]
WITHIN = 0.1234567
# Six demand points of which each site covers one: the best two are the first two.
APART: list[list[float | None]] = [[0.0 if i == j else None for j in range(6)] for i in range(6)]
WEIGHT = [100.0, 90.0, 85.0, 80.0, 40.0, 20.0]


def near(problem: LocationProblem, **options: Any) -> Alternatives:
    return near_equal_plans(problem, solve(problem), **{"within": 0.1, "k": 20, **options})


def objectives(found: Alternatives) -> list[float]:
    return [plan.objective for plan in found.plans]


def test_plans_within_the_limit_come_best_first_and_the_list_says_that_it_is_complete() -> None:
    found = near(coverage(APART, WEIGHT, new=2))
    assert objectives(found) == [190.0, 185.0, 180.0, 175.0]
    assert found.plans[1].selected == ("site-00", "site-02")
    assert found.is_complete
    assert found.notes == ()


def test_a_plan_exactly_at_the_limit_is_listed() -> None:
    assert objectives(near(coverage(APART, WEIGHT, new=2), within=5 / 190)) == [190.0, 185.0]
    assert objectives(near(coverage(APART, WEIGHT, new=2), within=4.99 / 190)) == [190.0]


def test_a_wider_limit_lists_more_plans_and_k_limits_their_number() -> None:
    problem = coverage(APART, WEIGHT, new=2)
    assert len(near(problem, within=0.5).plans) > len(near(problem, within=0.1).plans)
    first = near(problem, k=2)
    assert objectives(first) == [190.0, 185.0]
    assert not first.is_complete
    assert first.notes == ("More than 2 plans are within the limit.",)
    assert near(problem, k=4).is_complete


def test_shares_say_in_how_many_plans_a_site_stands_and_the_core_is_in_all() -> None:
    found = near(coverage(APART, WEIGHT, new=2, fixed=("site-05",)), within=0.04)
    assert objectives(found) == [210.0, 205.0]
    assert dict(found.share) == {"site-00": 1.0, "site-01": 0.5, "site-02": 0.5, "site-05": 1.0}
    assert found.core == ("site-00", "site-05")


def test_of_equal_plans_that_comes_first_which_the_tie_rule_names() -> None:
    found = near(coverage(APART, [1.0] * 6, new=1), within=0.0, k=4)
    assert [plan.selected for plan in found.plans] == [("site-00",), ("site-01",), ("site-02",), ("site-03",)]
    assert all(plan.is_tie_broken for plan in found.plans)


def test_rules_hold_in_every_plan() -> None:
    group = SiteGroup(name="one of the last", ids=("site-04", "site-05"), at_least=1)
    found = near(coverage(APART, WEIGHT, new=2, rules=Rules(groups=(group,))), within=0.2)
    assert objectives(found) == [140.0, 130.0, 125.0, 120.0, 120.0]
    assert [plan.selected[0] for plan in found.plans[3:]] == ["site-00", "site-03"]


def test_where_the_number_of_sites_is_open_plans_of_more_and_of_fewer_sites_count() -> None:
    found = near(coverage(APART, [8.0, 0.0, 0.0, 0.0, 0.0, 1.0], new=None, rules=Rules(new_at_most=1)), within=0.0)
    assert [plan.selected for plan in found.plans] == [("site-00",)]
    found = near(coverage(APART, [8.0, 0.0, 0.0, 0.0, 0.0, 1.0], new=None, fixed=("site-00",), rules=Rules(new_at_most=1)))
    assert [plan.selected for plan in found.plans[:1]] == [("site-00", "site-05")]
    wide = near(replace(coverage(APART, WEIGHT), new=None, rules=Rules(new_at_most=2)), within=0.5)
    assert {len(plan.selected) for plan in wide.plans} == {1, 2}


def test_plans_that_were_proven_when_the_time_was_over_are_listed() -> None:
    problem = coverage(APART, WEIGHT, new=2)
    for question in (problem, plane_problem("p_center", 1, n_demand=20, n_sites=8, new=2)):
        found = near(question, time_limit_s=1e-9)
        assert len(found.plans) == 1
        assert not found.is_complete
        assert found.notes == ("The run ended before it was proven which plan is the next best.",)


def test_progress_is_told_after_each_plan() -> None:
    told: list[tuple[int, int]] = []
    near(coverage(APART, WEIGHT, new=2), progress=lambda done, most: told.append((done, most)))
    assert told == [(2, 20), (3, 20), (4, 20)]


def test_options_out_of_range_and_a_plan_without_proof_are_refused_at_once() -> None:
    problem = coverage(APART, WEIGHT, new=2)
    unproven = solve(problem, gap=0.5)
    with pytest.raises(FaultsError) as caught:
        near_equal_plans(problem, unproven, within=1.5, k=0)
    assert [fault.where for fault in caught.value.faults] == ["within", "k", "solution"]
    with pytest.raises(ProblemError, match="no share"):
        near_equal_plans(problem, solve(problem), within=True, k=1)


def test_a_plan_that_is_not_the_best_or_none_of_the_problem_is_refused() -> None:
    problem = coverage(APART, WEIGHT, new=2)
    with pytest.raises(VerificationError, match="does not agree"):
        near_equal_plans(problem, solve(replace(problem, new=3)), within=0.1, k=3)
    worse = solve(replace(problem, forbidden=("site-00",)))
    with pytest.raises(VerificationError, match="is better than"):
        near_equal_plans(problem, worse, within=0.1, k=3)


def test_bounds_by_prices_and_by_the_relaxation_pass_no_plan_with_the_site() -> None:
    options = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)
    for make in (coverage, median):
        given = plane_problem("p_median", 3, n_demand=40, n_sites=9, new=3)
        fields: dict[str, Any] = {"standard_s": 300.0} if make is coverage else {}
        problem = LocationProblem(
            objective="max_coverage" if make is coverage else "p_median",
            weight=given.weight,
            impedance_s=given.impedance_s,
            candidate_ids=given.candidate_ids,
            new=3,
            **fields,
        )
        sites = site_rules(problem)
        model, siting = MODELS[problem.objective], SITINGS[problem.objective](problem, sites)
        total = float(problem.weight.sum()) if make is coverage else 0.0
        by_prices = narrow_by_prices(problem, sites, siting, total=total, deadline=None).least
        by_relaxation = narrow_by_relaxation(problem, sites, model=model, options=options).least
        assert (by_prices > by_prices.min()).any()
        for k, j in enumerate(sites.free.tolist()):
            value = solve(replace(problem, required=(problem.candidate_ids[j],))).objective
            cost = total - value if total else value
            assert by_prices[k] <= cost * (1 + 1e-9)
            assert by_relaxation[k] <= cost * (1 + 1e-9)


def test_the_cheapest_swap_is_at_least_as_dear_as_the_next_plan_and_counts_only_up_to_the_limit() -> None:
    problem = coverage(APART, WEIGHT, new=2)
    siting = SITINGS["max_coverage"](problem, site_rules(problem))
    uncovered = sum(WEIGHT) - 185.0
    met = [np.array([0, 1])]
    cost, plan = SwapLimits(siting, most=uncovered).next_known(met) or (None, None)
    assert (cost, list(plan)) == (pytest.approx(uncovered), [0, 2])
    assert SwapLimits(siting, most=uncovered - 1.0).next_known(met) is None
    swaps = SwapLimits(siting, most=1000.0)
    assert swaps.next_known(met) is not None
    cost, plan = swaps.next_known([*met, np.array([0, 2])]) or (None, None)
    assert (cost, list(plan)) == (pytest.approx(uncovered + 5.0), [0, 3])


def every_plan(problem: LocationProblem, *, value: Value) -> dict[frozenset[str], float]:
    """Return the objective of every set of open sites that meets the rules."""
    free = sorted(set(problem.candidate_ids) - {*problem.fixed, *problem.required, *problem.forbidden})
    found = {}
    for chosen in (chosen for n in range(len(free) + 1) for chosen in combinations(free, n)):
        plan = frozenset({*problem.fixed, *problem.required, *chosen})
        own = value(problem, plan) if meets_rules(problem, plan) else None
        if own is not None:
            found[plan] = own
    return found


def agrees_with_every_plan(problem: LocationProblem, *, value: Value, k: int = 6) -> None:
    """Compare the list with every plan tried, sorted by objective and tie rule."""
    try:
        best = solve(problem, explains=False)
    except (InfeasibleError, FaultsError):
        return
    found = near_equal_plans(problem, best, within=WITHIN, k=k)
    side = -1.0 if problem.objective in MAXIMISED else 1.0
    tried = {plan: side * own for plan, own in every_plan(problem, value=value).items()}
    limit = side * best.objective + WITHIN * abs(best.objective) + 1e-9

    def key(plan: frozenset[str]) -> tuple[float, list[float], int]:
        times = sorted_times(problem, plan) if problem.objective == "lexicographic_center" else []
        return round(tried[plan], 6), times, places_of(problem, plan)

    expected = sorted(key(plan) for plan in tried if tried[plan] <= limit)
    listed = [frozenset(plan.selected) for plan in found.plans]
    assert len(set(listed)) == len(listed)
    assert [key(plan) for plan in listed] == expected[:k]
    assert found.is_complete == (len(expected) <= k)
    for plan in found.plans:
        assert verify_solution(problem, plan).objective == pytest.approx(plan.objective)
        assert plan.is_tie_broken


@pytest.mark.parametrize("objective", list(FIELDS))
def test_under_any_rules_the_plans_are_those_of_every_set_tried(objective: str) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ruled_problems(objective))
    def agree(problem: LocationProblem) -> None:
        agrees_with_every_plan(problem, value=ruled_value)

    agree()


@pytest.mark.parametrize(
    "objective", ["fixed_charge", "capacitated_fixed_charge", "capacitated_p_median", "capacitated_max_coverage"]
)
def test_under_any_rules_the_plans_with_costs_and_capacities_are_those_of_every_set_tried(objective: str) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(capacity_problems(objective, has_rules=True, max_candidates=4))
    def agree(problem: LocationProblem) -> None:
        agrees_with_every_plan(problem, value=whole_value)

    agree()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(max_candidates=6))
def test_without_rules_the_plans_are_those_of_every_set_tried(problem: LocationProblem) -> None:
    agrees_with_every_plan(problem, value=ruled_value)


def test_regions_and_cuts_list_the_same_plans() -> None:
    problem = plane_problem("p_median", 5, n_demand=30, n_sites=10, new=3)
    best = solve(problem)
    clock = Clock(began=0.0, limit_s=None)
    by_cuts = [plan and plan.selected for plan in next_plans(problem, best, within=0.1, clock=clock)]
    by_regions = [plan and plan.selected for plan in next_plans_by_regions(problem, best, within=0.1, clock=clock)]
    assert by_cuts == by_regions
    assert len(by_cuts) > 2
