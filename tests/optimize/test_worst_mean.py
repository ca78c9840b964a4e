"""The mean of the worst-served: between the mean of all and the worst, whatever way it is solved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, ProblemError, SolverError
from optimize import worst_mean
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from optimize.worst_mean import build_worst_mean, mean_of_worst_s
from tests.optimize.model_toys import as_objective, model_problem, plane_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.toys import center, median, problems

# site-00 is beside three of four demand points and far from the last; site-01 is in between; site-02 is beside the last.
TABLE: list[list[float | None]] = [[0.0, 500.0, 900.0], [0.0, 500.0, 900.0], [0.0, 450.0, 900.0], [950.0, 500.0, 0.0]]


def tail(table: list[list[float | None]] = TABLE, weight: list[float] | None = None, **fields: object) -> LocationProblem:
    return model_problem("worst_mean", table, weight, **{"worst_share": 0.5, "new": 1, **fields})


@pytest.mark.parametrize(
    ("share", "new", "objective"), [(1.0, "site-00", 237.5), (0.5, "site-00", 475.0), (0.25, "site-01", 500.0)]
)
def test_the_share_changes_the_plan(share: float, new: str, objective: float) -> None:
    solution = solve(tail(worst_share=share))
    assert solution.status is Status.OPTIMAL
    assert (solution.new, solution.objective) == ((new,), pytest.approx(objective, rel=1e-12))


def test_of_demand_on_the_edge_of_the_share_a_part_counts() -> None:
    assert mean_of_worst_s(np.array([100.0, 900.0]), np.array([3.0, 1.0]), share=0.5) == 500.0


@pytest.mark.parametrize("most", [0, 100])
def test_the_solver_agrees_with_trying_every_plan(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_mean, "MOST_VALUES", most)  # 0: one model with a threshold; 100: a median for each threshold

    @settings(max_examples=40, deadline=None)
    @given(problems(max_candidates=12), st.sampled_from([0.05, 0.3, 0.7, 1.0]), st.sampled_from([None, 700.0]))
    def agree(problem: LocationProblem, share: float, unserved_s: float | None) -> None:
        question = as_objective(problem, "worst_mean", worst_share=share, unserved_impedance_s=unserved_s)
        solution = check_against_all_sets(question)
        assert solution is None or solution.is_tie_broken

    agree()


def test_all_of_the_weight_is_the_median_and_nearly_nothing_the_center() -> None:
    problem = plane_problem("p_center", 4, n_demand=40, n_sites=14, new=4)
    whole = solve(as_objective(problem, "worst_mean", worst_share=1.0))
    assert whole.objective == pytest.approx(solve(as_objective(problem, "p_median")).objective / problem.weight.sum())
    least = solve(as_objective(problem, "worst_mean", worst_share=1e-6))
    assert least.objective == pytest.approx(solve(problem).objective, rel=1e-12)


def test_a_larger_share_has_no_larger_mean() -> None:
    problem = plane_problem("p_median", 6, n_demand=40, n_sites=14, new=4)
    means = [solve(as_objective(problem, "worst_mean", worst_share=share)).objective for share in (0.05, 0.2, 0.6, 1.0)]
    assert means == sorted(means, reverse=True)
    assert means[0] > means[-1]


@pytest.mark.parametrize("most", [0, 100])
def test_a_larger_problem_has_the_same_mean_both_ways(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_mean, "MOST_VALUES", most)
    table = (plane_problem("p_median", 9, n_demand=70, n_sites=65, new=12).impedance_s.toarray() // 60 * 60).tolist()
    solution = solve(tail(table, new=12, worst_share=0.2))
    assert solution.status is Status.OPTIMAL
    columns = [int(name[-2:]) for name in solution.selected]
    nearest = np.sort(np.array(table)[:, columns].min(axis=1))[::-1]
    assert solution.objective == pytest.approx(nearest[:14].mean(), rel=1e-12)


def test_a_rule_changes_the_plan() -> None:
    rules = Rules(groups=(SiteGroup(name="east", ids=("site-01",), at_most=0),))
    assert solve(tail(worst_share=0.25, rules=rules)).new == ("site-02",)


@pytest.mark.parametrize("most", [0, 100])
def test_the_unserved_count_what_is_said(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_mean, "MOST_VALUES", most)
    table: list[list[float | None]] = [[100.0, None], [None, 300.0]]
    with pytest.raises(InfeasibleError, match="no 1 of the sites that may be chosen serve all"):
        solve(tail(table))
    solution = solve(tail(table, unserved_impedance_s=900.0))
    assert (solution.new, solution.objective) == (("site-00",), 900.0)


def test_a_gap_is_kept() -> None:
    problem = plane_problem("worst_mean", 3, n_demand=60, n_sites=25, new=5, worst_share=0.2)
    rough = solve(problem, gap=0.3)
    assert rough.status is Status.FEASIBLE
    assert rough.gap <= 0.3
    assert rough.best_bound * (1 - 1e-9) <= solve(problem).objective <= rough.objective * (1 + 1e-9)


def test_a_clock_that_stops_between_thresholds_leaves_a_plan_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = plane_problem("worst_mean", 14, n_demand=24, n_sites=10, new=3, worst_share=0.2)
    exact, solve_median, asked = solve(problem), worst_mean.find_answer, []

    def once(*given: object, **named: object) -> object:
        asked.append(given)
        if len(asked) > 1:
            raise SolverError("the time was over before there was a plan", where="time_limit_s")
        return solve_median(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(worst_mean, "find_answer", once)
    cut = solve(problem)
    assert len(asked) > 1
    assert cut.status is Status.FEASIBLE
    assert cut.best_bound <= exact.objective <= cut.objective


def test_the_share_is_needed_by_this_objective_alone_and_no_more_than_all() -> None:
    with pytest.raises(ProblemError, match="worst_mean needs worst_share"):
        tail(worst_share=None)
    with pytest.raises(ProblemError, match=r"1\.5 is no share in \(0, 1\]"):
        tail(worst_share=1.5)
    with pytest.raises(ProblemError, match="p_center has no use for worst_share"):
        center(TABLE, worst_share=0.5)


def test_a_problem_without_a_share_is_refused_by_the_model() -> None:
    problem = median(TABLE)
    with pytest.raises(ProblemError, match="p_median is not solved without a share"):
        build_worst_mean(problem, site_rules(problem))
