"""Pricing, near parts and searches of large problems: they say what the plain way says, and make no plan worse."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError
from optimize import core_search, lagrange, pricing
from optimize.clock import Clock
from optimize.core_search import best_of_core
from optimize.exact import find_answer
from optimize.highs import METHODS, SolverOptions
from optimize.interchange import add_greedily
from optimize.lagrange import narrow
from optimize.near_part import near_cap, near_part, raised_cap
from optimize.open_sites import NOBODY, close_site, open_site, pairs_of, state_of
from optimize.pricing import ArrayPricing, ListPricing, pricing_of
from optimize.siting import Siting, build_siting, sorted_order
from optimize.swap_search import anneal, descend

OPTIONS = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)


def no_limit() -> Clock:
    return Clock(began=time.monotonic(), limit_s=None)


def draw_siting(seed: int, *, n_rows: int, n_sites: int, n_open: int, is_cover: bool) -> Siting:
    """Return a problem of uniform points: their distances, or zeros within a radius and a weight beyond it."""
    rng = np.random.default_rng(seed)
    demand, place = rng.random((n_rows, 2)), rng.random((n_sites, 2))
    length = np.hypot(*(demand[:, None] - place[None]).transpose(2, 0, 1))
    row, site = np.nonzero(length < (0.3 if is_cover else 0.6))
    weight = rng.integers(1, 9, n_rows).astype(float)
    cost = np.zeros(row.size) if is_cover else np.round(weight[row] * length[row, site], 2)
    return build_siting(
        n_open=n_open,
        n_sites=n_sites,
        row=row,
        site=site,
        cost=cost,
        unserved_cost=weight,
        is_must=np.zeros(n_rows, dtype=np.bool_),
        scale=float(weight.sum()),
    )


@st.composite
def sitings(draw: st.DrawFn) -> Siting:
    n_sites = draw(st.integers(2, 9))
    return draw_siting(
        draw(st.integers(0, 10_000)),
        n_rows=draw(st.integers(1, 30)),
        n_sites=n_sites,
        n_open=draw(st.integers(1, n_sites - 1)),
        is_cover=draw(st.booleans()),
    )


def all_plans(siting: Siting) -> list[np.ndarray]:
    return [np.array(plan, dtype=np.intp) for plan in combinations(range(siting.n_sites), siting.n_open)]


def best_value(siting: Siting) -> float:
    return min(siting.value(plan) for plan in all_plans(siting))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 3), st.integers(0, 2**40)), max_size=50))
def test_sorting_by_digits_is_sorting(listed: list[tuple[int, int, int]]) -> None:
    keys = np.array(listed, dtype=np.intp).reshape(-1, 3).T
    assert sorted_order(*keys).tolist() == np.lexsort(keys).tolist()


@settings(max_examples=80)
@given(sitings(), st.integers(0, 1000))
def test_both_pricings_say_the_same(siting: Siting, seed: int) -> None:
    rng = np.random.default_rng(seed)
    price = rng.random(siting.n_rows) * siting.unserved_cost
    opened = np.sort(rng.permutation(siting.n_sites)[: siting.n_open])
    arrays, lists = ArrayPricing(siting), ListPricing(siting)
    assert lists.worth(price) == pytest.approx(arrays.worth(price), abs=1e-9)
    assert lists.n_served(price, opened).tolist() == arrays.n_served(price, opened).tolist()


def test_many_pairs_are_priced_along_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    siting = draw_siting(1, n_rows=20, n_sites=6, n_open=2, is_cover=False)
    assert isinstance(pricing_of(siting), ArrayPricing)
    monkeypatch.setattr(pricing, "LARGEST_FOR_ARRAYS", siting.pair_row.size - 1)
    assert isinstance(pricing_of(siting), ListPricing)


@settings(max_examples=80)
@given(sitings())
def test_lazy_greedy_adds_what_saves_most(siting: Siting) -> None:
    chosen: list[int] = []
    while len(chosen) < siting.n_open:
        values = [np.inf if j in chosen else siting.value(np.array([*chosen, j])) for j in range(siting.n_sites)]
        chosen.append(int(np.argmin(values)))
    assert siting.value(add_greedily(siting)) == pytest.approx(siting.value(np.array(chosen)), rel=0.05)
    if len(chosen) == 1:
        assert siting.value(add_greedily(siting)) == pytest.approx(siting.value(np.array(chosen)))


@settings(max_examples=80)
@given(sitings(), st.lists(st.integers(0, 8), max_size=12))
def test_the_state_says_what_every_change_would_save(siting: Siting, changes: list[int]) -> None:
    pairs, plan = pairs_of(siting), add_greedily(siting)
    state = state_of(siting, pairs, plan)
    for j in (change % siting.n_sites for change in changes):
        before = siting.value(np.flatnonzero(state.is_open))
        moved = close_site(pairs, state, j) if state.is_open[j] else -open_site(pairs, state, j)
        assert siting.value(np.flatnonzero(state.is_open)) == pytest.approx(before + moved, abs=1e-9)
    opened = np.flatnonzero(state.is_open)
    value = siting.value(opened)
    assert state.first_cost == pytest.approx(siting.row_cost(opened))
    assert ((state.first == NOBODY) == (siting.row_cost(opened) >= siting.unserved_cost)).all()
    for j in range(siting.n_sites):
        if state.is_open[j]:
            assert state.loss[j] == pytest.approx(siting.value(opened[opened != j]) - value, abs=1e-9)
        else:
            assert state.gain[j] == pytest.approx(value - siting.value(np.append(opened, j)), abs=1e-9)


@settings(max_examples=80)
@given(sitings())
def test_descent_ends_where_no_swap_saves(siting: Siting) -> None:
    begun = np.arange(siting.n_open)
    plan = descend(siting, begun)
    assert plan.size == np.unique(plan).size == siting.n_open
    assert siting.value(plan) <= siting.value(begun) + siting.tolerance
    for place in range(plan.size):
        for site in set(range(siting.n_sites)) - set(plan.tolist()):
            swapped = plan.copy()
            swapped[place] = site
            assert siting.value(swapped) >= siting.value(plan) - 2 * siting.tolerance


@settings(max_examples=40)
@given(sitings(), st.integers(0, 5))
def test_annealing_returns_the_best_plan_it_met(siting: Siting, seed: int) -> None:
    begun = np.arange(siting.n_open)
    plan = anneal(siting, begun, n_moves=3000, seed=seed)
    assert plan.size == np.unique(plan).size == siting.n_open
    assert siting.value(plan) <= siting.value(begun)
    assert plan.tolist() == anneal(siting, begun, n_moves=3000, seed=seed).tolist()


def test_annealing_mostly_finds_the_optimum_where_descent_stops_short() -> None:
    short = [
        siting
        for seed in range(20)
        for siting in [draw_siting(seed, n_rows=60, n_sites=12, n_open=4, is_cover=True)]
        if siting.value(descend(siting, np.arange(4))) > best_value(siting)
    ]
    assert short
    found = [siting.value(anneal(siting, np.arange(4), n_moves=20_000, seed=0)) == best_value(siting) for siting in short]
    assert sum(found) > len(found) / 2  # descent found it in none of them


def test_searches_stop_at_the_deadline() -> None:
    siting, begun = draw_siting(3, n_rows=60, n_sites=12, n_open=4, is_cover=True), np.arange(4)
    past = time.monotonic() - 1.0
    assert descend(siting, begun, deadline=past).tolist() == begun.tolist()
    assert anneal(siting, begun, n_moves=1000, seed=0, deadline=past).tolist() == begun.tolist()


@settings(max_examples=80)
@given(sitings())
def test_no_plan_costs_more_in_the_near_part(siting: Siting) -> None:
    plan = add_greedily(siting)
    cap = near_cap(siting, plan)
    near = near_part(siting, cap)
    assert near.pair_row.size <= siting.pair_row.size
    assert near.value(plan) == pytest.approx(siting.value(plan))
    for other in all_plans(siting)[:20]:
        assert near.value(other) <= siting.value(other) + siting.tolerance
    assert near_part(siting, siting.unserved_cost) is siting


def test_far_pairs_are_left_out_of_the_near_part() -> None:
    siting = draw_siting(0, n_rows=200, n_sites=50, n_open=15, is_cover=False)
    near = near_part(siting, near_cap(siting, add_greedily(siting)))
    assert near.pair_row.size < 0.5 * siting.pair_row.size


def test_a_cap_that_holds_a_price_down_is_raised_up_to_the_cost_unserved() -> None:
    siting = draw_siting(0, n_rows=30, n_sites=9, n_open=3, is_cover=False)
    cap = siting.unserved_cost * np.where(np.arange(siting.n_rows) % 2 == 0, 0.25, 0.75)
    raised = raised_cap(siting, cap, cap)
    assert raised == pytest.approx(np.minimum(2 * cap, siting.unserved_cost))
    assert raised_cap(siting, cap, 0.5 * cap).tolist() == cap.tolist()


@settings(max_examples=60)
@given(sitings())
def test_the_way_of_large_problems_rules_out_no_best_plan(siting: Siting) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "LARGEST_FOR_ARRAYS", 0)
        patch.setattr(lagrange, "LARGEST_FOR_INTERCHANGE", 0)
        narrowed, bounds = narrow(siting)
    best = best_value(siting)
    assert bounds.lower <= best + siting.tolerance
    assert bounds.upper >= best - siting.tolerance
    kept = set(narrowed.rank.tolist())
    for plan in all_plans(siting):
        if siting.value(plan) <= best + 1e-12 * siting.scale:
            assert set(plan.tolist()) <= kept
            assert narrowed.value(np.searchsorted(narrowed.rank, plan)) == pytest.approx(best, abs=siting.tolerance)


@settings(max_examples=25)
@given(sitings())
def test_every_method_gives_the_same_optimum_and_the_same_plan(siting: Siting) -> None:
    answers = [
        find_answer(siting, options=replace(OPTIONS, method=method), clock=no_limit(), absolute_gap=None) for method in METHODS
    ]
    best = best_value(siting)
    for answer in answers:
        assert answer.is_optimal
        assert answer.upper == pytest.approx(best, abs=siting.tolerance)
        assert answer.rank.tolist() == answers[0].rank.tolist()


def test_the_size_decides_what_auto_does(monkeypatch: pytest.MonkeyPatch) -> None:
    siting, calls = draw_siting(0, n_rows=80, n_sites=12, n_open=4, is_cover=True), []

    def noted(*args: object, **fields: object) -> object:
        calls.append(True)
        return core_search.improve_further(*args, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr("optimize.exact.improve_further", noted)
    find_answer(siting, options=OPTIONS, clock=no_limit(), absolute_gap=None)
    find_answer(siting, options=replace(OPTIONS, method="direct"), clock=no_limit(), absolute_gap=None)
    assert not calls
    find_answer(siting, options=replace(OPTIONS, method="search"), clock=no_limit(), absolute_gap=None)
    monkeypatch.setattr("optimize.exact.SMALLEST_FOR_SEARCH", -1)
    find_answer(siting, options=OPTIONS, clock=no_limit(), absolute_gap=None)
    find_answer(siting, options=replace(OPTIONS, method="direct"), clock=no_limit(), absolute_gap=None)
    assert len(calls) == 2


def test_the_core_holds_the_best_plan_of_its_sites() -> None:
    siting = draw_siting(4, n_rows=60, n_sites=12, n_open=3, is_cover=False)
    _, bounds = narrow(siting)
    begun = max(map(np.array, combinations(range(7), 3)), key=siting.value)
    bounds = replace(bounds, plan=begun, upper=siting.value(begun))
    is_core = np.arange(12) < 7
    plan = best_of_core(siting, bounds, is_core=is_core, options=OPTIONS, clock=no_limit())
    assert plan.tolist() != begun.tolist()
    near = near_part(siting, near_cap(siting, begun))
    assert near.value(plan) == pytest.approx(min(near.value(np.array(part)) for part in combinations(range(7), 3)))
    too_small = best_of_core(siting, bounds, is_core=np.zeros(12, np.bool_), options=OPTIONS, clock=no_limit())
    assert too_small.tolist() == begun.tolist()


def test_a_search_without_a_feasible_plan_leaves_the_proof_to_the_model() -> None:
    siting = build_siting(
        n_open=1,
        n_sites=3,
        row=np.array([0, 1, 2]),
        site=np.array([0, 1, 2]),
        cost=np.zeros(3),
        unserved_cost=np.full(3, 9.0),
        is_must=np.ones(3, dtype=np.bool_),
        scale=3.0,
    )
    with pytest.raises(InfeasibleError):
        find_answer(siting, options=replace(OPTIONS, method="search"), clock=no_limit(), absolute_gap=None)
