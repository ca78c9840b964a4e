"""Known answers of both models, and every option of a problem changes an answer."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import InfeasibleError
from optimize.solution import Status
from optimize.solve import solve
from tests.optimize.toys import coverage, median

# Demand 0, 1, 2 along a street; site-00 beside 0, site-01 beside 1, site-02 beside 2.
STREET: list[list[float | None]] = [[0.0, 300.0, 900.0], [300.0, 0.0, 600.0], [900.0, 600.0, 0.0]]


def test_the_site_that_covers_most_weight_is_chosen() -> None:
    solution = solve(coverage(STREET, [1.0, 2.0, 9.0], standard_s=300.0))
    assert solution.status is Status.OPTIMAL
    assert solution.selected == solution.new == ("site-02",)
    assert solution.objective == solution.best_bound == 9.0
    assert solution.gap == 0.0


def test_demand_exactly_at_the_standard_is_covered() -> None:
    table: list[list[float | None]] = [[600.0], [600.0000001]]
    solution = solve(coverage(table, [3.0, 5.0], standard_s=600.0))
    assert solution.objective == 3.0
    assert solution.allocation.demand.tolist() == [0]


def test_a_stored_zero_covers_even_at_a_standard_of_zero() -> None:
    assert solve(coverage([[0.0]], [4.0], standard_s=0.0)).objective == 4.0


def test_a_pair_that_is_not_stored_never_covers() -> None:
    solution = solve(coverage([[None, 500.0], [None, None]], [1.0, 7.0]))
    assert solution.new == ("site-01",)
    assert solution.objective == 1.0


def test_the_median_is_the_site_of_least_weighted_time() -> None:
    solution = solve(median(STREET, [1.0, 1.0, 1.0]))
    assert solution.new == ("site-01",)
    assert solution.objective == 900.0
    assert solution.allocation.candidate.tolist() == [1, 1, 1]


def test_the_weight_moves_the_median() -> None:
    assert solve(median(STREET, [1.0, 1.0, 9.0])).new == ("site-02",)


def test_a_standard_changes_the_plan() -> None:
    weight = [3.0, 1.0, 3.5]
    assert solve(coverage(STREET, weight, standard_s=0.0)).new == ("site-02",)
    assert solve(coverage(STREET, weight, standard_s=300.0)).new == ("site-00",)


def test_a_fixed_site_serves_and_does_not_count_as_new() -> None:
    solution = solve(coverage(STREET, [1.0, 2.0, 9.0], standard_s=300.0, fixed=("site-02",)))
    assert solution.new == ("site-00",)
    assert solution.selected == ("site-00", "site-02")
    assert solution.objective == 12.0


def test_a_required_site_is_new_and_counts() -> None:
    solution = solve(coverage(STREET, [1.0, 2.0, 9.0], standard_s=300.0, required=("site-00",)))
    assert solution.selected == solution.new == ("site-00",)
    assert solution.objective == 3.0


def test_a_forbidden_site_is_in_no_plan() -> None:
    solution = solve(coverage(STREET, [1.0, 2.0, 9.0], standard_s=300.0, forbidden=("site-02",)))
    assert solution.objective == 3.0


def test_more_new_sites_cover_more() -> None:
    assert solve(coverage(STREET, [1.0, 2.0, 9.0], standard_s=300.0, new=2)).objective == 12.0


def test_new_is_exact_even_where_further_sites_add_nothing() -> None:
    solution = solve(coverage([[0.0, 0.0, None, None]], [1.0], new=3))
    assert solution.new == ("site-00", "site-01", "site-02")
    assert solution.objective == 1.0


def test_no_new_sites_tell_what_the_fixed_ones_do() -> None:
    solution = solve(coverage(STREET, [1.0, 2.0, 9.0], standard_s=300.0, new=0, fixed=("site-01",)))
    assert solution.status is Status.OPTIMAL
    assert (solution.selected, solution.new, solution.objective) == (("site-01",), (), 3.0)


def test_no_site_at_all_covers_nothing() -> None:
    solution = solve(coverage(STREET, new=0))
    assert (solution.selected, solution.objective, solution.gap) == ((), 0.0, 0.0)


def test_every_free_candidate_may_be_opened() -> None:
    assert solve(median(STREET, new=3)).objective == 0.0


def test_unserved_demand_counts_as_told() -> None:
    table: list[list[float | None]] = [[100.0, 800.0], [None, 700.0]]
    near = solve(median(table, [2.0, 1.0], unserved_impedance_s=400.0))
    assert (near.new, near.objective) == (("site-00",), 2 * 100.0 + 400.0)
    far = solve(median(table, [2.0, 1.0], unserved_impedance_s=10_000.0))
    assert (far.new, far.objective) == (("site-01",), 2 * 800.0 + 700.0)


def test_without_a_value_for_the_unserved_every_demand_is_served() -> None:
    table: list[list[float | None]] = [[100.0, 800.0], [None, 700.0]]
    assert solve(median(table, [50.0, 1.0])).new == ("site-01",)


def test_only_a_site_nearer_than_unserved_serves() -> None:
    solution = solve(median([[400.0], [399.0]], [1.0, 1.0], unserved_impedance_s=400.0))
    assert solution.objective == 799.0
    assert solution.allocation.demand.tolist() == [1]


def test_demand_without_weight_needs_no_service_but_is_allocated() -> None:
    solution = solve(median([[100.0, 200.0], [None, 50.0]], [1.0, 0.0]))
    assert solution.new == ("site-00",)
    also = solve(median([[100.0, 200.0], [70.0, 50.0]], [1.0, 0.0]))
    assert also.allocation.demand.tolist() == [0, 1]


def test_demand_is_allocated_to_the_nearest_selected_site() -> None:
    solution = solve(coverage(STREET, [1.0, 1.0, 1.0], standard_s=900.0, new=2, required=("site-00", "site-02")))
    assert solution.allocation.demand.tolist() == [0, 1, 2]
    assert solution.allocation.candidate.tolist() == [0, 0, 2]


def test_of_equally_near_sites_the_first_id_serves() -> None:
    names = ("b", "a")
    solution = solve(coverage([[60.0, 60.0]], candidate_ids=names, new=2))
    assert solution.allocation.candidate.tolist() == [1]


def test_of_equal_plans_the_first_ids_are_chosen() -> None:
    for names in (("c", "a", "b"), ("a", "b", "c")):
        solution = solve(coverage([[60.0, 60.0, 60.0]], candidate_ids=names))
        assert solution.new == ("a",)
        assert solution.is_tie_broken


def test_a_tie_between_whole_plans_is_broken_by_the_least_sum_of_positions() -> None:
    # One of sites 0 and 1 covers the first row, one of sites 2 and 3 the second: four plans are equal.
    table: list[list[float | None]] = [[0.0, 0.0, None, None], [None, None, 0.0, 0.0]]
    assert solve(coverage(table, new=2)).new == ("site-00", "site-02")
    assert solve(coverage(table, new=2, candidate_ids=("d", "c", "b", "a"))).new == ("c", "a")
    assert solve(median(table, new=2)).new == ("site-00", "site-02")


def test_the_selected_sites_stand_in_the_order_of_the_candidates() -> None:
    solution = solve(coverage(STREET, candidate_ids=("c", "a", "b"), standard_s=0.0, new=3))
    assert solution.selected == ("c", "a", "b")


def test_more_required_than_new_is_infeasible() -> None:
    with pytest.raises(InfeasibleError, match="2 sites are required, but new = 1"):
        solve(coverage(STREET, required=("site-00", "site-01")))


def test_more_new_than_free_candidates_is_infeasible() -> None:
    problem = coverage(STREET, new=2, fixed=("site-00",), forbidden=("site-01",))
    with pytest.raises(
        InfeasibleError, match=r"new = 2, but only 1 of 3 candidates are neither fixed \(1\) nor forbidden \(1\)"
    ):
        solve(problem)


def test_demand_that_nobody_reaches_is_listed() -> None:
    with pytest.raises(InfeasibleError) as caught:
        solve(median([[10.0], [None], [None]]))
    assert "reached by no site that may be open (2: 1, 2)" in str(caught.value)
    assert "unserved_impedance_s" in str(caught.value)


def test_demand_reached_by_a_forbidden_site_alone_is_listed() -> None:
    with pytest.raises(InfeasibleError, match="1: 1"):
        solve(median([[10.0, None], [None, 10.0]], forbidden=("site-01",)))


def test_demand_without_any_site_is_listed() -> None:
    with pytest.raises(InfeasibleError, match="reached by no site"):
        solve(median(STREET, new=0))


def test_too_few_sites_to_serve_all_are_infeasible() -> None:
    diagonal: list[list[float | None]] = [[0.0 if i == j else None for j in range(4)] for i in range(4)]
    with pytest.raises(InfeasibleError, match="no 3 of the sites that may be chosen serve all 4 demand rows"):
        solve(median(diagonal, new=3))


def test_weights_far_from_one_are_as_exact() -> None:
    # HiGHS cuts off what is within 1e-6 of the best plan, whatever gap is asked for.
    rng = np.random.default_rng(5)
    table = rng.integers(1, 1200, (40, 10)).astype(float).tolist()
    weight = rng.random(40)
    plain = solve(coverage(table, weight.tolist(), new=3, standard_s=400.0))
    for factor in (1e-12, 1e12):
        scaled = solve(coverage(table, (weight * factor).tolist(), new=3, standard_s=400.0))
        assert scaled.new == plain.new
        assert scaled.objective == pytest.approx(plain.objective * factor, rel=1e-12)
