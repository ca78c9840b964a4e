"""After the worst, the next worst: plans of the same worst impedance are told apart by all the others."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError
from optimize import lexicographic_center
from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.lexicographic_center import solve_lexicographic_center
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from optimize.threshold_counts import Times, build_counts
from tests.optimize.model_toys import as_objective, model_problem, plane_problem, sorted_times
from tests.optimize.ruled_toys import check_against_all_sets, try_all_ruled
from tests.optimize.toys import center, problems

# Both sites leave the first demand point at 900 s; the second one is nearer to the others.
TABLE: list[list[float | None]] = [[900.0, 900.0], [600.0, 300.0], [100.0, 500.0]]


def lexicographic(
    table: list[list[float | None]] = TABLE, weight: list[float] | None = None, **fields: object
) -> LocationProblem:
    return model_problem("lexicographic_center", table, weight, **{"new": 1, **fields})


def test_the_next_worst_decides_where_the_worst_is_the_same() -> None:
    solution = solve(lexicographic())
    assert solution.status is Status.OPTIMAL
    assert solution.is_tie_broken
    assert (solution.new, solution.objective, solution.best_bound) == (("site-01",), 900.0, 900.0)
    assert solve(center(TABLE)).new == ("site-00",)  # by the tie rule alone


def test_fewer_bear_the_worst() -> None:
    solution = solve(lexicographic([[900.0, 900.0], [900.0, 800.0], [0.0, 850.0]]))
    assert solution.new == ("site-01",)


def test_a_weight_counts_once_and_none_not_at_all() -> None:
    assert solve(lexicographic(weight=[1.0, 1.0, 99.0])).new == ("site-01",)
    assert solve(lexicographic(weight=[1.0, 0.0, 1.0])).new == ("site-00",)


def test_equal_plans_are_told_apart_by_the_tie_rule() -> None:
    solution = solve(lexicographic([[300.0, 200.0, 300.0], [200.0, 300.0, 200.0]], forbidden=()))
    assert (solution.new, solution.is_tie_broken) == (("site-00",), True)


def test_a_rule_changes_the_plan() -> None:
    rules = Rules(groups=(SiteGroup(name="west", ids=("site-00",), at_least=1),))
    assert solve(lexicographic(rules=rules)).new == ("site-00",)


@pytest.mark.parametrize("n_rows", [1, 300])
def test_the_solver_agrees_with_trying_every_plan(n_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicographic_center, "FIRST_ROWS", n_rows)
    monkeypatch.setattr(lexicographic_center, "MORE_ROWS", n_rows)

    @settings(max_examples=60, deadline=None)
    @given(problems(max_candidates=12))
    def agree(problem: LocationProblem) -> None:
        solution = check_against_all_sets(as_objective(problem, "lexicographic_center"))
        assert solution is None or solution.is_tie_broken

    agree()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(1, 4))
def test_points_in_the_plane_are_sorted_as_low_as_any_plan(seed: int, p: int) -> None:
    problem = plane_problem("lexicographic_center", seed, n_demand=30, n_sites=10, new=p)
    solution, best = solve(problem), try_all_ruled(problem, is_more_better=False)
    assert best is not None
    assert sorted_times(problem, frozenset(solution.selected)) == sorted_times(problem, best.plans[0])


def test_its_worst_is_that_of_the_center() -> None:
    problem = plane_problem("lexicographic_center", 8, n_demand=60, n_sites=20, new=4)
    assert solve(problem).objective == solve(as_objective(problem, "p_center")).objective


def test_with_a_gap_the_worst_alone_is_sought() -> None:
    problem = plane_problem("lexicographic_center", 8, n_demand=80, n_sites=30, new=5)
    solution = solve(problem, gap=0.3)
    assert solution.status is Status.FEASIBLE
    assert solution.gap <= 0.3


def test_a_clock_that_stops_after_the_worst_leaves_the_order_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = plane_problem("lexicographic_center", 2, n_demand=50, n_sites=20, new=4)
    center_answer = lexicographic_center.solve_p_center

    def then_stop(*given: object, **named: object) -> object:
        answer = center_answer(*given, **named)  # type: ignore[arg-type]
        monkeypatch.setattr(Clock, "left_s", lambda _self: 0.0)
        return answer

    monkeypatch.setattr(lexicographic_center, "solve_p_center", then_stop)
    options = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)
    clock = Clock(began=time.monotonic(), limit_s=1000.0)
    answer = solve_lexicographic_center(problem, site_rules(problem), options=options, clock=clock, gap=0.0)
    assert answer.is_cut
    assert not answer.is_optimal
    assert answer.upper == answer.lower


def test_demand_out_of_reach_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="reached by no site"):
        solve(lexicographic([[None, None], [1.0, 2.0]]))


def test_counts_are_those_of_the_rows() -> None:
    problem = lexicographic([[10.0, 20.0, None], [None, 30.0, 5.0]], new=1)
    times = Times(
        row=np.array([0, 0, 1, 1]),
        site=np.array([0, 1, 2, 1]),
        seconds=np.array([10.0, 20.0, 5.0, 30.0]),
        base_s=np.array([np.inf, np.inf]),
    )
    model = build_counts(problem, site_rules(problem), times, [5.0, 20.0], rows=np.array([0, 1]))
    assert model.always == {5.0: 1, 20.0: 0}
    assert [len(model.farther[t]) for t in (5.0, 20.0)] == [1, 2]
    assert times.of_plan(np.array([1])).tolist() == [20.0, 30.0]
    assert (times.below(10.0), times.below(5.0)) == (5.0, -1.0)
