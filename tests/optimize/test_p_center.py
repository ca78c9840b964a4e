"""The plan with the least worst impedance: known answers, every plan tried, covers of the same radius, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, ProblemError, SolverError, VerificationError
from optimize import radius_search
from optimize.highs import Outcome, Proof
from optimize.problem import LocationProblem
from optimize.solution import TIE_RULE_OPEN, Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.test_properties import check_against_all_plans, shuffled, solve_or_none
from tests.optimize.toys import center, problems

STREET: list[list[float | None]] = [[0.0, 300.0, 900.0], [300.0, 0.0, 600.0], [900.0, 600.0, 0.0]]


def as_center(problem: LocationProblem) -> LocationProblem:
    return replace(problem, objective="p_center", standard_s=None, unserved_impedance_s=None)


def points(seed: int, *, n_demand: int = 60, n_sites: int = 10, new: int = 3) -> LocationProblem:
    rng = np.random.default_rng(seed)
    demand, sites = rng.random((n_demand, 1, 2)), rng.random((1, n_sites, 2))
    return center(np.round(np.hypot(*np.moveaxis(demand - sites, 2, 0)) * 1500).tolist(), new=new)


@settings(max_examples=200, deadline=None)
@given(problems().map(as_center))
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem) -> None:
    check_against_all_plans(problem, solve_or_none(problem))


@settings(max_examples=30, deadline=None)
@given(problems(max_candidates=12).map(as_center))
def test_the_model_alone_agrees_with_trying_every_plan(problem: LocationProblem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("optimize.p_center.quick_probe", lambda _radii, _position: None)
        check_against_all_plans(problem, solve_or_none(problem))


@pytest.mark.parametrize("seed", range(4))
def test_both_solvers_and_trying_every_plan_agree_on_points_in_the_plane(seed: int) -> None:
    check_against_all_plans(points(seed), solve(points(seed)))
    check_against_all_plans(points(seed), solve(points(seed), solver="cbc"))


@settings(max_examples=60, deadline=None)
@given(problems().map(as_center), st.integers(0, 1000))
def test_shuffling_rows_and_columns_changes_nothing(problem: LocationProblem, seed: int) -> None:
    solution, other = solve_or_none(problem), solve_or_none(shuffled(problem, seed))
    assert (solution is None) == (other is None)
    if solution is not None and other is not None:
        assert (set(other.selected), other.objective) == (set(solution.selected), solution.objective)


@pytest.mark.parametrize("seed", range(3))
def test_the_worst_is_within_a_radius_exactly_when_so_many_sites_cover_all(seed: int) -> None:
    problem = points(seed, n_demand=80, n_sites=25, new=4)
    worst_s = solve(problem).objective
    cover = replace(problem, objective="set_cover", new=None, standard_s=worst_s)
    assert solve(cover).objective <= 4
    assert solve(replace(cover, standard_s=worst_s - 0.5)).objective > 4


def test_the_center_is_not_the_median() -> None:
    solution = solve(center(STREET, [1.0, 1.0, 1.0]))
    assert (solution.new, solution.objective, solution.best_bound) == (("site-01",), 600.0, 600.0)
    assert solution.status is Status.OPTIMAL


def test_weights_say_only_who_counts() -> None:
    assert solve(center(STREET, [900.0, 1.0, 1.0])).objective == 600.0
    assert solve(center(STREET, [900.0, 1.0, 0.0])).objective == 300.0


def test_more_new_sites_make_the_worst_less() -> None:
    assert solve(center(STREET, new=2)).objective == 300.0
    assert solve(center(STREET, new=3)).objective == 0.0


def test_fixed_required_and_forbidden_sites_change_the_plan() -> None:
    assert solve(center(STREET, fixed=("site-00",))).new == ("site-02",)
    assert solve(center(STREET, required=("site-00",))).objective == 900.0
    assert solve(center(STREET, forbidden=("site-01",))).objective == 900.0


def test_no_new_sites_tell_what_the_fixed_ones_do() -> None:
    solution = solve(center(STREET, new=0, fixed=("site-01",)))
    assert (solution.new, solution.objective, solution.is_tie_broken) == ((), 600.0, True)


def test_demand_that_nobody_reaches_is_listed() -> None:
    with pytest.raises(InfeasibleError) as caught:
        solve(center([[10.0], [None], [None]]))
    assert "reached by no site that may be open (2: 1, 2)" in str(caught.value)


def test_too_few_sites_to_reach_all_are_infeasible() -> None:
    diagonal: list[list[float | None]] = [[0.0 if i == j else None for j in range(4)] for i in range(4)]
    with pytest.raises(InfeasibleError, match="no 3 of the sites that may be chosen reach all demand"):
        solve(center(diagonal, new=3))


def test_fields_of_other_objectives_are_refused() -> None:
    with pytest.raises(ProblemError, match="p_center has no use for standard_s"):
        center(STREET, standard_s=600.0)
    with pytest.raises(ProblemError, match="is no count of sites"):
        center(STREET, new=None)


def test_a_run_without_time_gives_the_quick_plan_with_its_gap() -> None:
    solution = solve(points(1, n_demand=120, n_sites=60, new=6), time_limit_s=1e-9)
    assert solution.status is Status.FEASIBLE
    assert solution.best_bound < solution.objective
    assert solution.notes == ("The time limit cut the run: another run may give another plan.",)


def test_a_run_without_time_and_without_a_plan_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimize.p_center.quick_probe", lambda _radii, _position: None)  # as where greed finds none
    is_stored = np.random.default_rng(4).random((80, 40)) < 0.2
    problem = center([[60.0 if pair else None for pair in row] for row in is_stored.tolist()], new=9)
    with pytest.raises(SolverError, match="time was over before there was a plan"):
        solve(problem, time_limit_s=1e-9)


def test_a_gap_stops_the_bisection_early() -> None:
    problem = points(1, n_demand=120, n_sites=60, new=6)
    solution = solve(problem, gap=0.9)
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.gap <= 0.9
    assert solution.best_bound <= solve(problem).objective <= solution.objective


def test_the_tie_rule_is_only_claimed_where_it_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    run = radius_search.run_solver

    def unproven(lp: Any, options: Any, *, start: Any = ()) -> Outcome:
        outcome = run(lp, options, start=start)
        return replace(outcome, proof=Proof.PLAN) if start else outcome  # only the last question has a start

    monkeypatch.setattr(radius_search, "run_solver", unproven)
    solution = solve(points(1))
    assert (solution.status, solution.tie_rule) == (Status.OPTIMAL, TIE_RULE_OPEN)


def test_the_recount_refuses_another_worst_impedance() -> None:
    problem = center(STREET)
    with pytest.raises(VerificationError, match="the objective is the recounted one"):
        verify_solution(problem, replace(solve(problem), objective=599.0, best_bound=599.0))
