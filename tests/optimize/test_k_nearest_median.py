"""The p-median over the nearest candidates alone: the same optimum, however few the model begins with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, ProblemError
from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.k_nearest_median import near_pairs, solve_k_nearest
from optimize.p_median import build_p_median
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from tests.optimize.model_toys import as_objective, model_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.test_properties import solve_or_none
from tests.optimize.toys import median, problems


@settings(max_examples=60, deadline=None)
@given(problems(max_candidates=12), st.integers(1, 5), st.sampled_from([None, 700.0]))
def test_it_has_the_plan_of_the_p_median(problem: LocationProblem, k: int, unserved_s: float | None) -> None:
    near = as_objective(problem, "k_nearest_median", k_nearest=k, unserved_impedance_s=unserved_s)
    check_against_all_sets(near)
    whole = solve_or_none(as_objective(problem, "p_median", unserved_impedance_s=unserved_s))
    found = solve_or_none(near)
    assert (found is None) == (whole is None)
    if found is not None and whole is not None:
        assert (found.new, found.objective, found.status) == (whole.new, whole.objective, Status.OPTIMAL)
        assert found.is_tie_broken == whole.is_tie_broken


def random_table(n_demand: int, n_candidates: int, seed: int) -> list[list[float | None]]:
    rng = np.random.default_rng(seed)
    demand, sites = rng.random((n_demand, 1, 2)), rng.random((1, n_candidates, 2))
    return np.round(np.hypot(*np.moveaxis(demand - sites, 2, 0)) * 1500).tolist()


def test_more_near_candidates_make_a_larger_model_of_the_same_plan() -> None:
    table = random_table(80, 30, 4)
    small, large = (solve(model_problem("k_nearest_median", table, k_nearest=k, new=8)) for k in (2, 30))
    assert small.new == large.new == solve(median(table, new=8)).new
    rules = Rules(groups=(SiteGroup(name="group", ids=small.new[:2], at_most=1),))
    small, large = (solve(model_problem("k_nearest_median", table, k_nearest=k, new=8, rules=rules)) for k in (2, 30))
    assert small.new == large.new == solve(median(table, new=8, rules=rules)).new
    assert small.model.nonzeros < large.model.nonzeros


def test_the_far_option_costs_what_the_next_candidate_costs() -> None:
    problem = median([[10.0, 30.0, 20.0], [5.0, None, None]], [2.0, 1.0])
    near = near_pairs(build_p_median(problem, site_rules(problem)), np.array([1, 1]))
    assert sorted(near.pair_cost.tolist()) == [5.0, 20.0]
    assert 40.0 in near.unserved_cost.tolist()
    assert near.is_must.tolist().count(True) == 1  # the row that one candidate reaches


def test_a_gap_is_kept() -> None:
    problem = model_problem("k_nearest_median", random_table(120, 40, 1), k_nearest=2, new=5)
    solution = solve(problem, gap=0.3)
    assert solution.status is Status.FEASIBLE
    assert solution.gap <= 0.3
    assert solution.best_bound <= solve(problem).objective <= solution.objective


def test_the_unserved_count_what_is_said() -> None:
    table: list[list[float | None]] = [[100.0, None], [None, 100.0]]
    with pytest.raises(InfeasibleError):
        solve(model_problem("k_nearest_median", table, k_nearest=1, new=1))
    solution = solve(model_problem("k_nearest_median", table, [1.0, 2.0], k_nearest=1, new=1, unserved_impedance_s=500.0))
    assert (solution.new, solution.objective) == (("site-01",), 700.0)


def test_the_number_of_near_candidates_is_needed_and_a_count() -> None:
    with pytest.raises(ProblemError, match="k_nearest_median needs k_nearest"):
        model_problem("k_nearest_median", [[1.0]], new=1)
    with pytest.raises(ProblemError, match="0 is no count"):
        model_problem("k_nearest_median", [[1.0]], new=1, k_nearest=0)
    with pytest.raises(ProblemError, match="p_median has no use for k_nearest"):
        median([[1.0]], k_nearest=3)


def test_a_problem_without_that_number_is_refused_by_the_model() -> None:
    problem = median([[1.0]])
    options = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)
    with pytest.raises(ProblemError, match="p_median is not solved without a number"):
        solve_k_nearest(problem, site_rules(problem), options=options, clock=Clock(began=0.0, limit_s=None), gap=0.0)
