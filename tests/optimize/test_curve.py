"""The points of a trade-off curve are the plans of their problems; those without a plan say so."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, ProblemError
from optimize import curve
from optimize.curve import CurvePoint, iter_trade_off, trade_off
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules
from optimize.solution import Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.model_toys import plane_problem
from tests.optimize.ruled_toys import try_all_ruled
from tests.optimize.test_rules import ruled_problems
from tests.optimize.toys import cover, coverage

APART: list[list[float | None]] = [[0.0 if i == j else 900.0 for j in range(4)] for i in range(4)]
WEIGHT = [8.0, 4.0, 2.0, 1.0]


def floor(name: str, rows: list[int], at_least: float) -> CoverLimit:
    return CoverLimit(name=name, rows=np.array(rows), standard_s=600.0, at_least=at_least)


def objectives(points: tuple[CurvePoint, ...]) -> list[float | None]:
    return [point.objective for point in points]


def keep_each(problem: LocationProblem, kept: list[CurvePoint]) -> None:
    for point in iter_trade_off(problem, values=(1, 2, 3, 4)):
        kept.append(point)  # noqa: PERF402  # what is there when the loop breaks


def test_over_the_number_of_sites_each_point_is_the_best_plan_of_so_many() -> None:
    points = trade_off(coverage(APART, WEIGHT), values=(0, 2, 1, 5))
    assert objectives(points) == [0.0, 12.0, 8.0, None]
    assert [point.value for point in points] == [0, 2, 1, 5]
    assert points[1].selected == ("site-00", "site-01")
    assert (points[1].status, points[1].best_bound, points[1].gap) == (Status.OPTIMAL, 12.0, 0.0)


def test_a_point_without_a_plan_says_so_with_the_reason() -> None:
    last = trade_off(coverage(APART, WEIGHT), values=(5,))[0]
    assert last.is_infeasible
    assert last.reason is not None
    assert "only 4 of 4 candidates" in last.reason
    assert (last.solution, last.status, last.best_bound, last.gap, last.selected) == (None, None, None, None, ())


def test_a_number_takes_the_place_of_a_range() -> None:
    problem = replace(coverage(APART, WEIGHT), new=None, rules=Rules(new_at_most=1))
    assert objectives(trade_off(problem, values=(1, 3))) == [8.0, 14.0]


def test_over_the_budget() -> None:
    problem = replace(
        coverage(APART, WEIGHT), new=None, site_cost=np.array([5.0, 1.0, 1.0, 1.0]), rules=Rules(budget=1.0, new_at_most=4)
    )
    assert objectives(trade_off(problem, over="budget", values=(0, 2.0, 5.0, 6.0))) == [0.0, 6.0, 8.0, 12.0]


def test_over_the_floor_every_district_that_has_one_gets_it() -> None:
    ceiling = CoverLimit(name="ceiling", rows=np.array([0]), standard_s=600.0, at_most=0.9)
    rules = Rules(covers=(floor("west", [0, 1], 0.1), floor("east", [2, 3], 0.1), ceiling))
    points = trade_off(coverage(APART, WEIGHT, new=2, rules=rules), over="floor", values=(0.0, 0.3, 0.5))
    assert objectives(points) == [6.0, 6.0, None]
    free = replace(coverage(APART, WEIGHT, new=2), rules=Rules(covers=(floor("east", [2, 3], 0.1),)))
    assert objectives(trade_off(free, over="floor", values=(0.0, 0.5, 1.0))) == [12.0, 10.0, 3.0]


def test_over_the_standard() -> None:
    points = trade_off(coverage(APART, WEIGHT), over="standard_s", values=(600.0, 899.999, 900.0))
    assert objectives(points) == [8.0, 8.0, 15.0]


def test_why_there_is_no_plan_is_explained_only_where_that_is_asked_for() -> None:
    problem = coverage(APART, WEIGHT, new=1, rules=Rules(covers=(floor("west", [0], 1.0), floor("east", [3], 1.0))))
    brief, long = (trade_off(problem, values=(1,), explains=explains)[0].reason or "" for explains in (False, True))
    assert "2 new sites instead of 1" not in brief
    assert "2 new sites instead of 1" in long


def test_a_gap_that_is_asked_for_is_told_with_each_point() -> None:
    points = trade_off(coverage(APART, WEIGHT), values=(1, 2), gap=0.5)
    assert [point.status for point in points] == [Status.FEASIBLE, Status.FEASIBLE]
    for point in points:
        assert point.objective is not None
        assert point.best_bound is not None
        assert point.best_bound >= point.objective


def test_when_the_time_of_a_point_is_over_before_a_plan_it_says_so() -> None:
    rules = Rules(covers=(floor("west", [0], 1.0),))
    point = trade_off(coverage(APART, WEIGHT, rules=rules), values=(1,), time_limit_s=1e-9)[0]
    assert point.solution is None
    assert not point.is_infeasible
    assert "the time was over" in (point.reason or "")


def test_what_is_done_survives_an_interruption_and_is_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, asked = coverage(APART, WEIGHT), []
    whole = curve.try_variant

    def interrupted(variant: LocationProblem, **options: Any) -> Any:
        asked.append(variant.new)
        if variant.new == 3:
            raise KeyboardInterrupt
        return whole(variant, **options)

    monkeypatch.setattr(curve, "try_variant", interrupted)
    kept: list[CurvePoint] = []
    with pytest.raises(KeyboardInterrupt):
        keep_each(problem, kept)
    assert [point.value for point in kept] == [1, 2]
    monkeypatch.setattr(curve, "try_variant", lambda variant, **options: asked.append(variant.new) or whole(variant, **options))
    points = trade_off(problem, values=(1, 2, 3, 4), done=kept)
    assert objectives(points) == [8.0, 12.0, 14.0, 15.0]
    assert asked == [1, 2, 3, 3, 4]
    assert points[0] is kept[0]


@pytest.mark.usefixtures("hears_ctrl_c")
def test_the_first_ctrl_c_ends_the_curve_after_the_point_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = curve.try_variant

    def pressed(variant: LocationProblem, **options: Any) -> Any:
        found = whole(variant, **options)
        if variant.new == 2:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(curve, "try_variant", pressed)
    assert objectives(trade_off(coverage(APART, WEIGHT), values=(1, 2, 3))) == [8.0, 12.0]


def test_progress_is_told_after_each_point() -> None:
    told: list[tuple[int, int]] = []
    trade_off(coverage(APART, WEIGHT), values=(1, 2, 9), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("over", "values", "said"),
    [
        ("sites", (1,), "unknown 'sites'"),
        ("new", (), "there are no values"),
        ("new", (1.5,), "values are no counts of sites"),
        ("new", (True,), "values are no counts of sites"),
        ("new", (1, 1), "values repeat"),
        ("budget", (1.0,), "no effect without site_cost"),
        ("floor", (0.5,), "no district has a floor"),
        ("standard_s", (-1.0, float("nan")), "values are no finite numbers"),
    ],
)
def test_a_curve_that_means_nothing_is_refused_before_its_first_point(over: Any, values: Any, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        iter_trade_off(coverage(APART, WEIGHT), over=over, values=values)


def test_all_faults_are_told_at_once_and_the_objectives_that_could_do_it() -> None:
    with pytest.raises(FaultsError) as caught:
        trade_off(cover(APART), values=("a",))  # type: ignore[arg-type]
    assert "set_cover has no use for new" in str(caught.value)
    assert "max_coverage" in str(caught.value)
    rules = Rules(covers=(floor("west", [0], 0.5),))
    with pytest.raises(ProblemError, match="no shares"):
        trade_off(coverage(APART, rules=rules), over="floor", values=(1.5,))
    both = replace(floor("west", [0], 0.2), at_most=0.4)
    with pytest.raises(ProblemError, match=r"0\.6 is above the ceiling of west"):
        trade_off(coverage(APART, rules=Rules(covers=(both,))), over="floor", values=(0.1, 0.6))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ruled_problems("max_coverage"))
def test_under_any_rules_each_point_is_the_best_of_every_set_tried(problem: LocationProblem) -> None:
    for point in trade_off(problem, values=(0, 1, 2)):
        at = replace(problem, new=int(point.value), rules=replace(problem.rules, new_at_most=None, new_at_least=None))
        best = try_all_ruled(at, is_more_better=True)
        assert point.is_infeasible == (best is None)
        if best is not None:
            assert point.objective == pytest.approx(best.objective)
            assert point.solution is not None
            verify_solution(at, point.solution)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 30), st.integers(3, 9))
def test_coverage_never_falls_as_sites_or_the_standard_grow(seed: int, n_demand: int, n_sites: int) -> None:
    problem = plane_problem("max_coverage", seed, n_demand=n_demand, n_sites=n_sites, new=2, standard_s=300.0)
    by_number = [value or 0.0 for value in objectives(trade_off(problem, values=range(n_sites + 1)))]
    by_standard = [value or 0.0 for value in objectives(trade_off(problem, over="standard_s", values=(0.0, 200.0, 400.0)))]
    assert by_number == sorted(by_number)
    assert by_standard == sorted(by_standard)
    assert by_number[2] == solve(problem).objective
