"""What holds for every problem: the solver, trying every plan and the recount agree; order and units change nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError
from optimize.problem import LocationProblem
from optimize.solution import Solution, Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.toys import coverage, first_plans, median, problems, try_all


def solve_or_none(problem: LocationProblem) -> Solution | None:
    try:
        return solve(problem)
    except InfeasibleError:
        return None


def check_against_all_plans(problem: LocationProblem, solution: Solution | None) -> None:
    tried = try_all(problem)
    assert (solution is None) == (tried is None)
    if solution is None or tried is None:
        return
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(tried.objective, rel=1e-9, abs=1e-9)
    assert solution.is_tie_broken
    assert tuple(sorted(solution.new)) in first_plans(problem, tried)
    assert verify_solution(problem, solution).objective == pytest.approx(tried.objective, rel=1e-9, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(problems())
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem) -> None:
    check_against_all_plans(problem, solve_or_none(problem))


@settings(max_examples=40, deadline=None)
@given(problems(max_candidates=12))
def test_the_solver_agrees_with_trying_every_plan_of_twelve_candidates(problem: LocationProblem) -> None:
    check_against_all_plans(problem, solve_or_none(problem))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_the_model_alone_agrees_with_trying_every_plan(problem: LocationProblem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("optimize.lagrange.possible_sites", lambda siting, _bounds: np.ones(siting.n_sites, dtype=np.bool_))
        patch.setattr("optimize.lagrange.possible_cost", lambda _siting, _bounds: None)
        check_against_all_plans(problem, solve_or_none(problem))


def graph_problem(seed: int, *, objective: str, new: int = 3) -> LocationProblem:
    """Return a problem on random points in the plane, large enough that a solver has something to do."""
    rng = np.random.default_rng(seed)
    demand, sites = rng.random((60, 1, 2)), rng.random((1, 10, 2))
    table = np.round(np.hypot(*np.moveaxis(demand - sites, 2, 0)) * 1500).tolist()
    weight = rng.integers(0, 20, 60).astype(float).tolist()
    return coverage(table, weight, new=new, standard_s=400.0) if objective == "max_coverage" else median(table, weight, new=new)


@pytest.mark.parametrize("objective", ["max_coverage", "p_median"])
@pytest.mark.parametrize("seed", range(4))
def test_both_solvers_and_trying_every_plan_agree_on_points_in_the_plane(objective: str, seed: int) -> None:
    problem = graph_problem(seed, objective=objective)
    check_against_all_plans(problem, solve(problem))
    check_against_all_plans(problem, solve(problem, solver="cbc"))


def shuffled(problem: LocationProblem, seed: int) -> LocationProblem:
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(problem.n_demand), rng.permutation(problem.n_candidates)
    return replace(
        problem,
        weight=problem.weight[rows],
        impedance_s=problem.impedance_s[rows][:, columns],
        candidate_ids=tuple(problem.candidate_ids[j] for j in columns),
    )


@settings(max_examples=150, deadline=None)
@given(problems(), st.integers(0, 1000))
def test_shuffling_rows_and_columns_changes_nothing(problem: LocationProblem, seed: int) -> None:
    solution, other = solve_or_none(problem), solve_or_none(shuffled(problem, seed))
    assert (solution is None) == (other is None)
    if solution is not None and other is not None:
        assert set(other.selected) == set(solution.selected)
        assert (other.objective, other.best_bound) == (solution.objective, solution.best_bound)
        assert other.model == solution.model


@settings(max_examples=150, deadline=None)
@given(problems(), st.sampled_from([1e-6, 0.3, 1e6]))
def test_scaling_the_weights_scales_the_objective(problem: LocationProblem, factor: float) -> None:
    solution = solve_or_none(problem)
    assume(solution is not None)
    assert solution is not None
    scaled = solve(replace(problem, weight=problem.weight * factor))
    assert scaled.objective == pytest.approx(solution.objective * factor, rel=1e-9, abs=1e-9 * factor)


@settings(max_examples=80, deadline=None)
@given(problems())
def test_covered_demand_never_falls_as_new_grows(problem: LocationProblem) -> None:
    assume(problem.objective == "max_coverage")
    free = problem.n_candidates - len(problem.fixed) - len(problem.forbidden)
    values = [solve(replace(problem, new=new)).objective for new in range(len(problem.required), free + 1)]
    assert all(more >= less - 1e-9 * problem.weight.sum() for less, more in pairwise(values))


@settings(max_examples=40, deadline=None)
@given(problems(), st.floats(0, 1300), st.floats(0, 1300))
def test_covered_demand_never_falls_as_the_standard_grows(problem: LocationProblem, one: float, other: float) -> None:
    assume(problem.objective == "max_coverage")
    less, more = (solve(replace(problem, standard_s=standard)).objective for standard in sorted((one, other)))
    assert more >= less - 1e-9 * problem.weight.sum()


@settings(max_examples=80, deadline=None)
@given(problems())
def test_travel_never_grows_as_new_grows(problem: LocationProblem) -> None:
    assume(problem.objective == "p_median" and problem.unserved_impedance_s is not None)
    free = problem.n_candidates - len(problem.fixed) - len(problem.forbidden)
    values = [solve(replace(problem, new=new)).objective for new in range(len(problem.required), free + 1)]
    assert all(more <= less * (1 + 1e-9) + 1e-9 for less, more in pairwise(values))


def test_two_runs_give_the_same_solution() -> None:
    problem = graph_problem(9, objective="p_median")
    one, other = solve(problem), solve(problem)
    assert (one.selected, one.objective, one.best_bound, one.model) == (
        other.selected,
        other.objective,
        other.best_bound,
        other.model,
    )
