"""The Kolm-Pollak equivalent: between the mean and the worst impedance, and never an overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, ProblemError
from optimize.equivalent import aversion_per_s, equivalent_s
from optimize.kolm_pollak import solve_kolm_pollak
from optimize.problem import LocationProblem
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.model_toys import as_objective, kolm_pollak, model_problem, plane_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.toys import center, median, problems

# site-00 is beside two of three demand points and far from the third; site-01 is as far from all.
TABLE: list[list[float | None]] = [[0.0, 420.0], [0.0, 420.0], [1200.0, 420.0]]


def equal(table: list[list[float | None]] = TABLE, weight: list[float] | None = None, **fields: object) -> LocationProblem:
    return model_problem("kolm_pollak", table, weight, **{"aversion": 1 / 600, "new": 1, **fields})


@pytest.mark.parametrize(("aversion", "new"), [(1e-6, "site-00"), (1 / 600, "site-01"), (1.0, "site-01")])
def test_the_aversion_changes_the_plan(aversion: float, new: str) -> None:
    problem = equal(aversion=aversion)
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.new == (new,)
    assert solution.objective == pytest.approx(kolm_pollak(problem, frozenset({new})), rel=1e-12)


def test_the_same_impedance_for_all_is_its_own_equivalent() -> None:
    assert solve(equal(required=("site-01",))).objective == pytest.approx(420.0, rel=1e-13)


@settings(max_examples=80, deadline=None)
@given(
    problems(max_candidates=12),
    st.sampled_from([1e-9, 1e-5, 1 / 600, 1 / 60, 1.0]),
    st.sampled_from([None, 700.0]),
)
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem, aversion: float, unserved_s: float | None) -> None:
    check_against_all_sets(as_objective(problem, "kolm_pollak", aversion=aversion, unserved_impedance_s=unserved_s))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0.1, 1e4)), min_size=1, max_size=9), st.floats(1e-9, 10.0))
def test_the_equivalent_lies_between_the_mean_and_the_worst(pairs: list[tuple[float, float]], aversion: float) -> None:
    seconds, weight = np.array(pairs).T
    found = equivalent_s(seconds, weight, aversion=aversion)
    room = 1e-9 * seconds.max()
    assert np.average(seconds, weights=weight) - room <= found <= seconds.max() + room


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 5000), min_size=2, max_size=6), st.floats(1e-5, 0.1), st.floats(0, 1000))
def test_a_minute_more_for_all_is_a_minute_more(times: list[float], aversion: float, more_s: float) -> None:
    seconds, weight = np.array(times), np.ones(len(times))
    later = equivalent_s(seconds + more_s, weight, aversion=aversion)
    assert later == pytest.approx(equivalent_s(seconds, weight, aversion=aversion) + more_s, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("aversion", [1e-7, 0.01, 5.0])
def test_little_aversion_is_the_median_and_much_of_it_the_center(aversion: float) -> None:
    problem = plane_problem("p_center", 5, n_demand=40, n_sites=15, new=4)
    solution = solve(as_objective(problem, "kolm_pollak", aversion=aversion))
    assert solution.status is Status.OPTIMAL
    mean_s = solve(as_objective(problem, "p_median")).objective / problem.weight.sum()
    worst_s = solve(problem).objective
    assert solution.objective >= mean_s * (1 - 1e-9)
    if aversion < 1e-6:
        assert solution.objective == pytest.approx(mean_s, rel=1e-2)
    if aversion > 1:
        assert solution.objective == pytest.approx(worst_s, rel=1e-2)


def test_costs_beyond_every_number_do_not_overflow() -> None:
    table: list[list[float | None]] = [[0.0, 90_000.0, 40_000.0], [80_000.0, 0.0, 40_000.0], [10.0, 10.0, 10.0]]
    problem = equal(table, [1e6, 1e6, 1.0], aversion=1.0)
    solution = solve(problem)
    assert (solution.new, solution.status) == (("site-02",), Status.OPTIMAL)
    assert solution.objective == pytest.approx(kolm_pollak(problem, frozenset({"site-02"})), rel=1e-12)
    two = solve(equal(table, [1e6, 1e6, 1.0], aversion=1.0, new=2))
    assert two.new == ("site-00", "site-01")


def test_the_unserved_count_what_is_said() -> None:
    table: list[list[float | None]] = [[100.0, None], [None, 300.0]]
    with pytest.raises(InfeasibleError):
        solve(equal(table))
    solution = solve(equal(table, unserved_impedance_s=900.0, aversion=0.1))
    assert solution.new == ("site-00",)
    assert solution.allocation.demand.tolist() == [0]
    assert verify_solution(equal(table, unserved_impedance_s=900.0, aversion=0.1), solution).n_served == 1


def test_a_gap_is_kept_in_seconds() -> None:
    problem = as_objective(plane_problem("p_center", 3, n_demand=90, n_sites=30, new=6), "kolm_pollak", aversion=1 / 200)
    rough, exact = solve(problem, gap=0.1), solve(problem)
    assert rough.status is Status.FEASIBLE
    assert rough.gap <= 0.1
    assert rough.best_bound * (1 - 1e-9) <= exact.objective <= rough.objective * (1 + 1e-9)


def test_an_aversion_without_a_unit_does_not_depend_on_the_unit_of_time() -> None:
    seconds, weight = np.array([60.0, 300.0, 1500.0]), np.array([3.0, 2.0, 1.0])
    in_seconds = equivalent_s(seconds, weight, aversion=aversion_per_s(seconds, weight, epsilon=2.0))
    minutes = seconds / 60
    in_minutes = equivalent_s(minutes, weight, aversion=aversion_per_s(minutes, weight, epsilon=2.0))
    assert in_seconds == pytest.approx(60 * in_minutes, rel=1e-12)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan, np.inf])
def test_an_aversion_without_a_unit_is_above_nothing(epsilon: float) -> None:
    with pytest.raises(ProblemError, match="is no number above 0"):
        aversion_per_s(np.ones(2), np.ones(2), epsilon=epsilon)


def test_no_impedance_gives_no_aversion() -> None:
    with pytest.raises(ProblemError, match="all impedances are 0"):
        aversion_per_s(np.zeros(2), np.ones(2), epsilon=1.0)


def test_the_aversion_is_needed_by_this_objective_alone_and_above_nothing() -> None:
    with pytest.raises(ProblemError, match="kolm_pollak needs aversion"):
        equal(aversion=None)
    with pytest.raises(ProblemError, match="0 is no number above 0"):
        equal(aversion=0)
    with pytest.raises(ProblemError, match="p_center has no use for aversion"):
        center(TABLE, aversion=1.0)


def test_a_problem_without_an_aversion_is_refused_by_the_model() -> None:
    problem = median(TABLE)
    with pytest.raises(ProblemError, match="p_median is not solved without an aversion"):
        solve_kolm_pollak(problem, site_rules(problem), options=None, clock=None, gap=0.0)  # type: ignore[arg-type]
