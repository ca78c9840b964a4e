"""Aggregation, bounds and the model: what they promise to each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.aggregate import fingerprint, merge_equal, radius_classes
from optimize.cover_model import build_model
from optimize.interchange import add_greedily, interchange
from optimize.lagrange import narrow
from optimize.max_coverage import build_max_coverage
from optimize.p_median import build_p_median
from optimize.problem import LocationProblem
from optimize.site_rules import site_rules
from optimize.siting import Siting, restrict
from tests.optimize.toys import coverage, median


def siting_of(problem: LocationProblem) -> Siting:
    build = build_max_coverage if problem.objective == "max_coverage" else build_p_median
    return build(problem, site_rules(problem))


@st.composite
def sitings(draw: st.DrawFn) -> Siting:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n_demand, n_candidates = int(rng.integers(2, 30)), int(rng.integers(2, 9))
    new = int(rng.integers(1, n_candidates))
    table = rng.integers(0, draw(st.sampled_from([4, 40, 1200])), (n_demand, n_candidates)).astype(float)
    keep = rng.random(table.shape) < draw(st.sampled_from([0.4, 1.0]))
    listed = [
        [float(value) if kept else None for value, kept in zip(*pair, strict=True)] for pair in zip(table, keep, strict=True)
    ]
    weight = (rng.integers(0, 5, n_demand) + rng.random() * (rng.random(n_demand) < 0.5) + 0.25).tolist()
    if draw(st.booleans()):
        return siting_of(coverage(listed, weight, new=new, standard_s=float(np.median(table))))
    return siting_of(median(listed, weight, new=new, unserved_impedance_s=float(table.max()) + 1.0))


def all_plans(siting: Siting) -> list[np.ndarray]:
    return [np.array(plan, dtype=np.intp) for plan in combinations(range(siting.n_sites), siting.n_open)]


def test_demand_with_the_same_cover_is_one_class() -> None:
    table: list[list[float | None]] = [[10.0, None], [20.0, 900.0], [None, 30.0], [500.0, 600.1]]
    siting = siting_of(coverage(table, [1.0, 2.0, 4.0, 8.0]))
    assert sorted(siting.unserved_cost.tolist()) == [4.0, 11.0]
    assert siting.pair_row.size == 2


def test_demand_covered_by_a_fixed_or_required_site_is_not_in_the_model() -> None:
    table: list[list[float | None]] = [[0.0, 0.0, None], [None, 0.0, 0.0], [0.0, None, 0.0]]
    siting = siting_of(coverage(table, fixed=("site-00",)))
    assert (siting.n_rows, siting.n_sites, siting.n_open) == (1, 2, 1)
    siting = siting_of(coverage(table, fixed=("site-00",), required=("site-01",)))
    assert (siting.n_rows, siting.n_sites, siting.n_open) == (0, 1, 0)


def test_demand_that_no_candidate_covers_is_a_constant() -> None:
    siting = siting_of(coverage([[0.0], [None], [601.0]], [1.0, 2.0, 4.0]))
    assert (siting.n_rows, siting.constant) == (1, 6.0)


def test_a_site_farther_than_what_serves_already_is_no_pair() -> None:
    siting = siting_of(median([[100.0, 50.0, 300.0]], [2.0], fixed=("site-00",)))
    assert siting.pair_cost.tolist() == [100.0]
    assert siting.unserved_cost.tolist() == [200.0]


def test_radii_that_hold_the_same_sites_are_one_class() -> None:
    table: list[list[float | None]] = [[10.0, 20.0, 30.0], [40.0, 50.0, 90.0], [5.0, 99.0, 7.0]]
    classes = radius_classes(siting_of(median(table, new=1)))
    # {0} three times, {0, 1} twice, {0, 2} once; the set of all three is hit by every plan.
    assert sorted(classes.cost.tolist()) == [10.0 + 10.0 + 2.0, 10.0 + 40.0, 92.0]
    assert classes.constant == 10.0 + 40.0 + 5.0


def test_a_class_stands_on_its_parent() -> None:
    classes = radius_classes(siting_of(median([[10.0, 20.0, 30.0]], new=1)))
    alone = int(np.flatnonzero(classes.parent == np.arange(classes.n))[0])
    both = 1 - alone
    assert classes.parent[both] == alone
    assert classes.step_site[classes.step_start[both] : classes.step_start[both + 1]].tolist() == [1]


def test_equal_codes_are_merged_and_the_first_is_named() -> None:
    label, first = merge_equal(np.array([[5, 3, 5, 3], [1, 1, 1, 2]], dtype=np.uint64))
    assert label.tolist() == [2, 0, 2, 1]
    assert first.tolist() == [1, 3, 0]


def test_codes_of_sites_differ() -> None:
    codes = fingerprint(np.arange(100_000))
    assert np.unique(codes).size == 200_000


@settings(max_examples=150, deadline=None)
@given(sitings())
def test_the_classes_cost_what_the_plan_costs(siting: Siting) -> None:
    classes = radius_classes(siting)
    for plan in all_plans(siting)[:20]:
        missed = np.zeros(classes.n, dtype=np.bool_)
        for k in np.argsort([_depth(classes.parent, k) for k in range(classes.n)], kind="stable"):
            steps = classes.step_site[classes.step_start[k] : classes.step_start[k + 1]]
            is_root = classes.parent[k] == k
            missed[k] = (is_root or missed[classes.parent[k]]) and not np.isin(steps, plan).any()
        assert classes.constant + classes.cost[missed].sum() == pytest.approx(siting.value(plan), abs=1e-6)


def _depth(parent: np.ndarray, k: int) -> int:
    return 0 if parent[k] == k else 1 + _depth(parent, int(parent[k]))


@settings(max_examples=150, deadline=None)
@given(sitings())
def test_the_bound_undercuts_every_plan_and_no_best_plan_is_ruled_out(siting: Siting) -> None:
    narrowed, bounds = narrow(siting)
    values = {tuple(siting.rank[plan].tolist()): siting.value(plan) for plan in all_plans(siting)}
    best = min(values.values())
    assert bounds.lower <= best + siting.tolerance
    assert bounds.upper >= best - siting.tolerance
    kept = set(narrowed.rank.tolist())
    for plan in (plan for plan, value in values.items() if value <= best + 1e-12 * siting.scale):
        assert set(plan) <= kept
        position = np.searchsorted(narrowed.rank, plan)
        assert narrowed.is_feasible(position)
        assert narrowed.value(position) == pytest.approx(best, abs=siting.tolerance)


@settings(max_examples=100, deadline=None)
@given(sitings())
def test_interchange_ends_where_no_swap_is_better(siting: Siting) -> None:
    plan = interchange(siting, add_greedily(siting))
    assert plan.size == np.unique(plan).size == siting.n_open
    value = siting.value(plan)
    for place in range(plan.size):
        for site in set(range(siting.n_sites)) - set(plan.tolist()):
            swapped = plan.copy()
            swapped[place] = site
            assert siting.value(swapped) >= value - 2 * siting.tolerance


@settings(max_examples=50, deadline=None)
@given(sitings())
def test_fewer_sites_cost_the_same_in_plans_of_theirs(siting: Siting) -> None:
    kept = np.arange(siting.n_sites) % 2 == 0
    smaller = restrict(siting, kept)
    for site in range(smaller.n_sites):
        assert smaller.value(np.array([site])) == siting.value(np.flatnonzero(kept)[[site]])


def test_costs_of_any_unit_become_one_size_by_a_power_of_two() -> None:
    for unit in (1e-9, 1.0, 1e9):
        siting = siting_of(median([[10.0, 20.0, 30.0], [30.0, 10.0, 50.0]], [unit, unit]))
        model = build_model(radius_classes(siting), n_sites=3, n_open=1)
        assert np.frexp(model.factor)[0] == 0.5
        assert 2**19 <= sum(model.lp.objective.values()) <= 2**20


def test_the_model_is_sparse_and_its_columns_keep_their_order() -> None:
    table = np.random.default_rng(0).integers(1, 1200, (200, 40)).astype(float).tolist()
    siting = siting_of(median(table, new=2))
    classes = radius_classes(siting)
    model = build_model(classes, n_sites=siting.n_sites, n_open=siting.n_open)
    n_coefficients = sum(len(row) for row in model.lp.constraints())
    assert n_coefficients == classes.n_coefficients + siting.n_sites
    assert n_coefficients <= 3 * classes.n + 40 + siting.pair_row.size // 10
    names = [variable.name for variable in model.lp.variables()]
    assert names == sorted(names)
    assert [variable.name for variable in model.is_open] == names[:40]
