"""Plans of coverage by annealing and merging: never worse than what they began from, mostly the best, the same each time."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize import cover_plans
from optimize.clock import Clock
from optimize.core_search import improve_further
from optimize.cover_anneal import anneal_cover
from optimize.cover_plans import merge_plans
from optimize.cut_rounds import cut_down, rest_of
from optimize.highs import SolverOptions
from optimize.lagrange import Bounds, narrow
from optimize.siting import Siting, build_siting
from optimize.swap_search import descend

OPTIONS = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)


def no_limit() -> Clock:
    return Clock(began=time.monotonic(), limit_s=None)


def discs(seed: int, *, n_rows: int = 60, n_sites: int = 12, n_open: int = 4, radius: float = 0.3) -> Siting:
    """Return uniform points that uniform discs cover."""
    rng = np.random.default_rng(seed)
    demand, place = rng.random((n_rows, 2)), rng.random((n_sites, 2))
    row, site = np.nonzero(np.hypot(*(demand[:, None] - place[None]).transpose(2, 0, 1)) < radius)
    weight = rng.integers(1, 9, n_rows).astype(float)
    return build_siting(
        n_open=n_open,
        n_sites=n_sites,
        row=row,
        site=site,
        cost=np.zeros(row.size),
        unserved_cost=weight,
        is_must=np.zeros(n_rows, dtype=np.bool_),
        scale=float(weight.sum()),
    )


@st.composite
def small_discs(draw: st.DrawFn) -> Siting:
    n_sites = draw(st.integers(2, 9))
    return discs(
        draw(st.integers(0, 10_000)),
        n_rows=draw(st.integers(1, 20)),
        n_sites=n_sites,
        n_open=draw(st.integers(1, n_sites)),
        radius=draw(st.sampled_from([0.1, 0.3, 0.6])),
    )


def best_value(siting: Siting) -> float:
    return min(siting.value(np.array(plan, dtype=np.intp)) for plan in combinations(range(siting.n_sites), siting.n_open))


def bounds_of(siting: Siting, plan: np.ndarray, *, lower: float = -np.inf) -> Bounds:
    return Bounds(
        plan=plan,
        is_feasible=True,
        upper=siting.value(plan),
        lower=lower,
        price=np.zeros(siting.n_rows),
        step=1.0,
        use=np.zeros(siting.n_sites),
    )


@settings(max_examples=60)
@given(small_discs(), st.integers(0, 100))
def test_annealing_returns_a_plan_of_as_many_sites_and_the_same_each_time(siting: Siting, seed: int) -> None:
    begun = np.arange(siting.n_open)
    plan = anneal_cover(siting, begun, n_moves=2000, seed=seed)
    assert plan.size == np.unique(plan).size == siting.n_open
    assert plan.tolist() == sorted(plan.tolist())
    assert plan.tolist() == anneal_cover(siting, begun, n_moves=2000, seed=seed).tolist()


def test_annealing_mostly_finds_the_optimum_where_descent_stops_short() -> None:
    short = [siting for siting in map(discs, range(12)) if siting.value(descend(siting, np.arange(4))) > best_value(siting)]
    assert short
    found = [siting.value(anneal_cover(siting, np.arange(4), n_moves=20_000, seed=0)) == best_value(siting) for siting in short]
    assert sum(found) > len(found) / 2  # descent found it in none of them


def test_the_seed_and_the_number_of_moves_change_the_plan_that_annealing_finds() -> None:
    siting, begun = discs(1, n_rows=400, n_sites=80, n_open=12, radius=0.12), np.arange(12)
    plans = {anneal_cover(siting, begun, n_moves=5000, seed=seed).tobytes() for seed in range(4)}
    assert len(plans) > 1
    value = [siting.value(anneal_cover(siting, begun, n_moves=n_moves, seed=0)) for n_moves in (200, 50_000)]
    assert value[1] < value[0]


def test_annealing_stops_at_the_deadline_and_where_there_is_nothing_to_swap() -> None:
    siting, begun = discs(3), np.arange(4)
    assert anneal_cover(siting, begun, n_moves=1000, seed=0, deadline=time.monotonic() - 1.0).tolist() == begun.tolist()
    for n_open in (0, 12):
        every = np.arange(n_open)
        assert anneal_cover(replace(siting, n_open=n_open), every, n_moves=10, seed=0).tolist() == every.tolist()


@settings(max_examples=25)
@given(small_discs())
def test_merged_plans_are_the_best_of_few_sites(siting: Siting) -> None:
    begun = np.arange(siting.n_open)
    bounds = merge_plans(siting, bounds_of(siting, begun), options=OPTIONS, clock=no_limit(), deadline=None)
    assert bounds.upper == pytest.approx(siting.value(bounds.plan))
    assert bounds.upper == pytest.approx(best_value(siting))


def test_merging_finds_what_no_annealed_plan_alone_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two halves of a city: one plan has the best of the first, the other the best of the second."""
    halves = [discs(5), discs(6)]
    parts = [siting.n_sites * k for k, siting in enumerate(halves)]
    siting = build_siting(
        n_open=8,
        n_sites=24,
        row=np.concatenate([half.pair_row + 1000 * k for k, half in enumerate(halves)]),
        site=np.concatenate([half.pair_site + part for half, part in zip(halves, parts, strict=True)]),
        cost=np.zeros(sum(half.pair_row.size for half in halves)),
        unserved_cost=np.concatenate([np.pad(half.unserved_cost, (0, 1000 - half.n_rows)) for half in halves]),
        is_must=np.zeros(2000, dtype=np.bool_),
        scale=1.0,
    )
    best = [min(combinations(range(12), 4), key=lambda plan, half=half: half.value(np.array(plan))) for half in halves]
    poor = (0, 1, 2, 3)
    plans = [np.array([*best[0], *(12 + j for j in poor)]), np.array([*poor, *(12 + j for j in best[1])])]
    monkeypatch.setattr(cover_plans, "anneal_cover", lambda *_args, seed, **_options: plans[seed % 2])
    begun = np.array([*poor, *(12 + j for j in poor)])
    bounds = merge_plans(siting, bounds_of(siting, begun), options=OPTIONS, clock=no_limit(), deadline=None)
    assert bounds.upper == pytest.approx(siting.value(np.array([*best[0], *(12 + j for j in best[1])])))
    assert bounds.upper < min(siting.value(plan) for plan in plans)


def test_a_proven_plan_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []

    def noted(_siting: Siting, plan: np.ndarray, *, seed: int, **_options: object) -> np.ndarray:
        seeds.append(seed)
        return plan

    monkeypatch.setattr(cover_plans, "anneal_cover", noted)
    siting = discs(3)
    _, bounds = narrow(siting)
    proven = replace(bounds, lower=bounds.upper)
    cut_down(rest_of(siting, proven), options=OPTIONS, clock=no_limit())
    assert not seeds
    begun = bounds_of(siting, np.arange(4))
    merge_plans(siting, begun, options=replace(OPTIONS, seed=7), clock=no_limit(), deadline=None)
    assert seeds[: cover_plans.PLANS_PER_ROUND] == list(range(7, 7 + cover_plans.PLANS_PER_ROUND))
    assert len(seeds) == len(set(seeds)) >= cover_plans.PLANS_PER_ROUND * cover_plans.IDLE_ROUNDS
    seeds.clear()
    merge_plans(siting, begun, options=OPTIONS, clock=no_limit(), deadline=no_limit_over())
    assert len(seeds) == cover_plans.PLANS_PER_ROUND


def no_limit_over() -> object:
    """Return a deadline that is past."""
    return Clock(began=time.monotonic() - 10.0, limit_s=1.0).deadline(1.0)


def test_coverage_is_searched_by_counting_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def noted(_siting: Siting, plan: np.ndarray, **_options: object) -> np.ndarray:
        calls.append(plan.size)
        return plan

    monkeypatch.setattr("optimize.core_search.anneal_cover", noted)
    siting = discs(3)
    known = bounds_of(siting, np.arange(4))
    improve_further(siting, known, options=OPTIONS, clock=no_limit(), share=1.0, solve_part=lambda _part, plan, _deadline: plan)
    assert calls == [4]
