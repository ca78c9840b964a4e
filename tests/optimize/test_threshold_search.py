"""The search for the threshold of the worst-served: its bound holds, its ends hold the best plan, and it stops when told."""

from __future__ import annotations

import math
import time
from functools import partial

import numpy as np
import pytest

from data.errors import SolverError
from optimize.clock import Clock
from optimize.problem import LocationProblem
from optimize.reach import nearest_impedance_s
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from optimize.threshold_search import ThresholdSearch, threshold
from optimize.worst_mean import worst_mean_of_plan_s
from tests.optimize.model_toys import model_problem, plane_problem

SHARE = 0.2


def search(problem: LocationProblem, *, limit_s: float | None = None) -> ThresholdSearch:
    return ThresholdSearch(
        problem,
        site_rules(problem),
        whole=SHARE * math.fsum(problem.weight),
        mean_s=partial(worst_mean_of_plan_s, problem),
        clock=Clock(began=time.monotonic(), limit_s=limit_s),
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_holds_and_the_best_plan_is_between_the_ends(seed: int) -> None:
    problem = plane_problem("worst_mean", seed, n_demand=50, n_sites=18, new=4, worst_share=SHARE)
    exact = solve(problem)
    assert exact.status is Status.OPTIMAL
    found = search(problem)
    before = found.lower
    found.cut_parts(most=12, share=1.0, gap=0.0)
    assert before <= found.lower <= exact.objective * (1 + 1e-9)
    assert found.best.mean_s >= exact.objective * (1 - 1e-9)
    nearest_s = nearest_impedance_s(problem, exact.selected)
    low_s, high_s = found.ends
    assert low_s <= threshold(nearest_s, problem.weight, SHARE * math.fsum(problem.weight)) <= high_s


def test_more_cuts_give_a_better_bound_until_the_gap_is_small_enough() -> None:
    problem = plane_problem("worst_mean", 8, n_demand=80, n_sites=30, new=6, worst_share=SHARE)
    few, many = search(problem), search(problem)
    few.cut_parts(most=2, share=1.0, gap=0.0)
    many.cut_parts(most=math.inf, share=1.0, gap=0.1)
    assert few.lower < many.lower
    assert many.is_within(0.1)
    assert not many.is_within(0.001)


def test_without_time_nothing_is_cut_and_there_is_a_plan() -> None:
    problem = plane_problem("worst_mean", 8, n_demand=80, n_sites=30, new=6, worst_share=SHARE)
    found = search(problem, limit_s=1e-9)
    found.cut_parts(most=math.inf, share=0.5, gap=0.0)
    assert found.lower < found.best.mean_s < math.inf
    quick = solve(problem, time_limit_s=1e-9)
    assert quick.status is Status.FEASIBLE
    assert quick.best_bound <= solve(problem).objective <= quick.objective * (1 + 1e-9)


def test_no_time_and_no_plan_that_serves_all_is_said() -> None:
    table: list[list[float | None]] = [[100.0, None], [None, 300.0]]
    with pytest.raises(SolverError, match="the time was over"):
        solve(model_problem("worst_mean", table, worst_share=0.5, new=1), time_limit_s=1e-9)


def test_the_threshold_is_where_the_worst_weigh_more_than_the_whole() -> None:
    seconds, weight = np.array([100.0, 900.0, 500.0]), np.array([2.0, 1.0, 1.0])
    assert [threshold(seconds, weight, whole) for whole in (0.5, 1.0, 2.0, 4.0)] == [900.0, 500.0, 100.0, 100.0]
