"""Cuts and branches of the p-median: they say what brute force says, with what must be served, the tie rule and the clock."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import combinations
from typing import Any

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SolverError
from optimize import exact, median_search
from optimize.clock import Clock, Share
from optimize.exact import find_answer
from optimize.highs import SolverOptions
from optimize.lagrange import Bounds, without_idle
from optimize.median_cuts import MedianMaster, broken_cuts, critical_price, cuts_at
from optimize.median_search import best_by_branching, earlier_by_branching, is_branched, price_by_cuts
from optimize.median_tree import MedianTree, Question
from optimize.pricing import row_lists
from optimize.siting import Siting, build_siting

OPTIONS = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)
ALL = Share(1.0, least_s=0.0, most=1.0)
CUTS = replace(OPTIONS, method="cuts")


def no_limit() -> Clock:
    return Clock(began=time.monotonic(), limit_s=None)


def draw_median(seed: int, *, n_rows: int, n_sites: int, n_open: int, reach: float, steps: int, must: float) -> Siting:
    """Return a p-median of points on a grid of so many steps; that share of the rows must be served."""
    rng = np.random.default_rng(seed)
    demand, place = rng.integers(0, steps, (n_rows, 2)) / steps, rng.integers(0, steps, (n_sites, 2)) / steps
    length = np.abs(demand[:, None] - place[None]).sum(axis=2)
    row, site = np.nonzero(length < reach)
    weight, is_reached = rng.integers(1, 4, n_rows).astype(float), np.zeros(n_rows, dtype=np.bool_)
    is_reached[row] = True
    is_must = is_reached & (rng.random(n_rows) < must)
    return build_siting(
        n_open=n_open,
        n_sites=n_sites,
        row=row,
        site=site,
        cost=weight[row] * length[row, site],
        unserved_cost=np.where(is_must, 10.0 * weight.sum(), 2.0 * weight),
        is_must=is_must,
        scale=float(weight.sum()),
    )


@st.composite
def medians(draw: st.DrawFn) -> Siting:
    n_sites = draw(st.integers(3, 9))
    return draw_median(
        draw(st.integers(0, 10_000)),
        n_rows=draw(st.integers(1, 25)),
        n_sites=n_sites,
        n_open=draw(st.integers(1, n_sites - 1)),
        reach=draw(st.sampled_from([0.5, 1.0, 2.1])),
        steps=draw(st.sampled_from([3, 50])),  # few steps make many equal plans
        must=draw(st.sampled_from([0.0, 0.5])),
    )


def all_plans(siting: Siting) -> list[np.ndarray]:
    plans = map(np.array, combinations(range(siting.n_sites), siting.n_open))
    return [plan for plan in plans if siting.is_feasible(plan)]


def is_open_question(siting: Siting) -> bool:
    """Return whether there are pairs to choose by, and a plan that serves all that must be served."""
    return siting.pair_row.size > 0 and len(all_plans(siting)) > 0


def rough_bounds(siting: Siting) -> Bounds:
    """Return the dearest plan and no price, so that all is left to find."""
    plan = max(all_plans(siting), key=siting.value)
    return Bounds(
        plan=plan,
        is_feasible=True,
        upper=siting.value(plan),
        lower=-np.inf,
        price=np.zeros(siting.n_rows),
        step=1.0,
        use=np.zeros(siting.n_sites),
    )


@settings(max_examples=60)
@given(medians(), st.integers(0, 1000))
def test_a_cut_is_never_above_a_plan_and_meets_it_at_the_critical_price(siting: Siting, seed: int) -> None:
    rng, lists, rows = np.random.default_rng(seed), row_lists(siting), np.arange(siting.n_rows)
    is_open = np.zeros(siting.n_sites)
    is_open[rng.permutation(siting.n_sites)[: siting.n_open]] = 1.0
    cost = siting.row_cost(np.flatnonzero(is_open))
    any_price = cuts_at(siting, lists, rows, rng.random(siting.n_rows) * siting.unserved_cost)
    assert np.all(any_price.least(is_open) <= cost + 1e-9)
    critical = cuts_at(siting, lists, rows, critical_price(siting, lists, is_open))
    assert critical.least(is_open) == pytest.approx(cost)
    part = rng.random(siting.n_sites)
    best = cuts_at(siting, lists, rows, critical_price(siting, lists, part)).least(part)
    for price in (rng.random(siting.n_rows) * siting.unserved_cost for _ in range(5)):
        assert np.all(cuts_at(siting, lists, rows, price).least(part) <= best + 1e-9)


def test_only_broken_cuts_are_added_and_slack_ones_go() -> None:
    siting = draw_median(3, n_rows=20, n_sites=8, n_open=2, reach=2.1, steps=50, must=0.0)
    lists, use = row_lists(siting), np.full(8, 0.25)
    exactly = cuts_at(siting, lists, np.arange(siting.n_rows), critical_price(siting, lists, use)).least(use)
    assert not broken_cuts(siting, lists, use, exactly).row.size
    lowered = np.where(np.arange(siting.n_rows) == 4, exactly - 0.1, exactly)
    assert broken_cuts(siting, lists, use, lowered).row.tolist() == [4]
    master = MedianMaster(siting, options=OPTIONS, limit_s=None)
    for _ in range(30):
        broken = broken_cuts(siting, lists, master.openings(), master.row_costs())
        if not broken.row.size:
            break
        master.add(broken)
        assert master.solve(limit_s=None)
    assert master.n_cuts < 30 * siting.n_rows
    assert master.row_costs().sum() <= min(siting.value(plan) for plan in all_plans(siting)) + 1e-6


@settings(max_examples=60, deadline=None)
@given(medians().filter(is_open_question))
def test_branching_finds_the_best_plan_and_the_first_of_equal_ones(siting: Siting) -> None:
    plans = all_plans(siting)
    best = min(siting.value(plan) for plan in plans)
    bounds = rough_bounds(siting)
    found = best_by_branching(siting, bounds, slack=siting.tolerance / 2, options=OPTIONS, clock=no_limit())
    assert found.is_done
    plan = bounds.plan if found.plan is None else found.plan
    assert siting.value(plan) == pytest.approx(best, abs=siting.tolerance)
    assert best - siting.tolerance <= found.lower <= best + siting.tolerance
    known = replace(bounds, plan=plan, upper=siting.value(plan))
    earlier = earlier_by_branching(siting, known, plan=plan, options=OPTIONS, clock=no_limit())
    sums = [int(one.sum()) for one in plans if siting.value(one) <= siting.value(plan) + siting.tolerance]
    assert (earlier.plan is None) == (min(sums) == plan.sum())
    if earlier.plan is not None:
        assert earlier.plan.sum() < plan.sum()
        assert siting.value(earlier.plan) == pytest.approx(best, abs=2 * siting.tolerance)


@settings(max_examples=40, deadline=None)
@given(medians().filter(is_open_question))
def test_prices_by_cuts_keep_every_best_plan(siting: Siting) -> None:
    best = min(siting.value(plan) for plan in all_plans(siting))
    left, bounds = price_by_cuts(siting, rough_bounds(siting), options=OPTIONS, clock=no_limit(), share=ALL)
    assert bounds.lower <= best + siting.tolerance
    assert bounds.upper >= best - siting.tolerance
    kept = set(left.rank.tolist())
    for plan in all_plans(siting):
        if siting.value(plan) <= best + 1e-12 * siting.scale:
            assert set(plan.tolist()) <= kept
            assert left.value(np.searchsorted(left.rank, plan)) == pytest.approx(best, abs=siting.tolerance)


@settings(max_examples=60, deadline=None)
@given(medians().filter(is_open_question), st.integers(0, 1000))
def test_a_bound_that_the_prices_do_not_prove_rules_out_no_best_plan(siting: Siting, seed: int) -> None:
    best = min(siting.value(plan) for plan in all_plans(siting))
    price = np.random.default_rng(seed).random(siting.n_rows) * np.minimum(siting.unserved_cost, 2.0)
    proven = replace(rough_bounds(siting), lower=best, price=price)  # as a tree proves it
    left, _ = without_idle(siting, proven)
    earlier_first = replace(proven, upper=best, plan=min(all_plans(siting), key=siting.value))
    optimal = [plan for plan in all_plans(siting) if siting.value(plan) <= best + 1e-12 * siting.scale]
    for plan in optimal:
        assert left.value(np.searchsorted(left.rank, plan)) == pytest.approx(best, abs=siting.tolerance)
    last = max(optimal, key=lambda plan: int(plan.sum()))
    earlier = earlier_by_branching(siting, earlier_first, plan=last, options=OPTIONS, clock=no_limit())
    assert (earlier.plan is None) == (len({int(plan.sum()) for plan in optimal}) == 1)
    if earlier.plan is not None:
        assert siting.value(earlier.plan) == pytest.approx(best, abs=2 * siting.tolerance)


def test_a_plan_that_costs_more_in_the_whole_problem_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    siting = draw_median(1, n_rows=30, n_sites=10, n_open=3, reach=2.1, steps=50, must=0.0)
    dearest = rough_bounds(siting).plan
    monkeypatch.setattr(exact, "first_sought", lambda *_, **__: dearest)
    monkeypatch.setattr(exact, "first_of_equals", lambda *_, **__: dearest)
    for method in ("direct", "cuts"):
        with pytest.raises(SolverError, match=r"costs .+ in the whole problem"):
            find_answer(siting, options=replace(OPTIONS, method=method), clock=no_limit(), absolute_gap=None)


@settings(max_examples=40, deadline=None)
@given(medians().filter(is_open_question))
def test_cuts_and_the_direct_model_give_the_same_plan(siting: Siting) -> None:
    direct, cut = (
        find_answer(siting, options=replace(OPTIONS, method=method), clock=no_limit(), absolute_gap=None)
        for method in ("direct", "cuts")
    )
    assert cut.is_optimal
    assert cut.is_tie_broken
    assert cut.upper == pytest.approx(direct.upper, abs=siting.tolerance)
    assert cut.rank.tolist() == direct.rank.tolist()


def test_relaxed_prices_prove_more_and_leave_less() -> None:
    siting = draw_median(1, n_rows=80, n_sites=30, n_open=4, reach=2.1, steps=50, must=1.0)
    rough = replace(rough_bounds(siting), price=np.full(siting.n_rows, 0.1))
    left, bounds = price_by_cuts(siting, rough, options=OPTIONS, clock=no_limit(), share=ALL)
    assert bounds.lower > 0.98 * bounds.upper
    assert bounds.upper < rough.upper
    assert left.pair_row.size < siting.pair_row.size


def test_the_method_and_the_size_decide_who_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    siting = draw_median(1, n_rows=30, n_sites=10, n_open=3, reach=2.1, steps=50, must=0.0)
    bounds = rough_bounds(siting)
    assert is_branched(siting, bounds, options=CUTS)
    assert not is_branched(siting, bounds, options=OPTIONS)
    monkeypatch.setattr(median_search, "SMALLEST_FOR_BRANCHING", siting.pair_row.size - 1)
    assert is_branched(siting, bounds, options=OPTIONS)
    sparse = draw_median(1, n_rows=30, n_sites=10, n_open=3, reach=0.5, steps=50, must=0.0)
    assert sparse.pair_row.size < median_search.FEWEST_PER_ROW * sparse.n_rows
    monkeypatch.setattr(median_search, "SMALLEST_FOR_BRANCHING", 0)
    assert not is_branched(sparse, rough_bounds(sparse), options=OPTIONS)
    assert not is_branched(siting, bounds, options=replace(OPTIONS, method="search"))
    assert not is_branched(siting, bounds, options=replace(CUTS, solver="cbc"))
    assert not is_branched(siting, replace(bounds, is_feasible=False), options=CUTS)
    assert not is_branched(siting, replace(bounds, lower=bounds.upper), options=CUTS)
    covering = replace(siting, pair_cost=np.zeros(siting.pair_row.size))
    assert not is_branched(covering, bounds, options=CUTS)


def test_an_allowed_gap_is_kept_and_called_no_proof() -> None:
    siting = draw_median(5, n_rows=60, n_sites=16, n_open=4, reach=2.1, steps=50, must=0.0)
    bounds = rough_bounds(siting)
    whole = best_by_branching(siting, bounds, slack=siting.tolerance / 2, options=OPTIONS, clock=no_limit())
    rough = best_by_branching(siting, bounds, slack=0.3 * bounds.upper, options=OPTIONS, clock=no_limit())
    assert rough.is_done
    assert rough.n_branches <= whole.n_branches
    upper = bounds.upper if rough.plan is None else siting.value(rough.plan)
    assert upper - rough.lower <= 0.3 * bounds.upper * (1 + 1e-9)
    assert rough.lower < whole.lower
    asked = find_answer(siting, options=CUTS, clock=no_limit(), absolute_gap=lambda siting, bounds: 0.3 * bounds.upper)
    assert not asked.is_optimal


def test_without_time_a_tree_says_what_it_knows() -> None:
    siting = draw_median(5, n_rows=60, n_sites=16, n_open=4, reach=2.1, steps=50, must=0.0)
    stopped = Clock(began=time.monotonic(), limit_s=None, is_stopped=lambda: True)
    found = best_by_branching(siting, rough_bounds(siting), slack=0.0, options=OPTIONS, clock=stopped)
    assert not found.is_done
    assert found.plan is None
    assert found.lower == -np.inf
    past = Clock(began=time.monotonic() - 9.0, limit_s=1.0)
    answer = find_answer(siting, options=CUTS, clock=past, absolute_gap=None)
    assert answer.is_cut
    assert not answer.is_optimal
    assert answer.lower <= answer.upper


def test_a_tree_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimize.median_tree.BRANCHES_PER_WORD", 1)
    told: list[tuple[float, float]] = []
    options = replace(OPTIONS, tell=lambda value, bound: told.append((value, bound)))
    siting = draw_median(5, n_rows=60, n_sites=16, n_open=4, reach=2.1, steps=50, must=0.0)
    weak = Question(cutoff=rough_bounds(siting).upper, slack=siting.tolerance)
    monkeypatch.setattr("optimize.median_tree.MOST_ROUNDS", 1)
    tree = MedianTree(siting, np.zeros(siting.n_rows), question=weak, options=options, clock=no_limit())
    tree.search()
    assert told
    assert all(bound <= value for value, bound in told)


def test_pairs_that_would_take_too_long_are_not_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    siting = draw_median(5, n_rows=60, n_sites=16, n_open=4, reach=2.1, steps=50, must=0.0)
    monkeypatch.setattr(exact, "PAIRS_PER_SECOND", 0.1)
    monkeypatch.setattr(exact, "rest_of", lambda *_: pytest.fail("the classes were built"))
    clock = Clock(began=time.monotonic(), limit_s=60.0)
    answer = find_answer(siting, options=replace(OPTIONS, method="direct"), clock=clock, absolute_gap=None)
    assert answer.is_cut
    assert answer.n_classes == 0


class Troubled:
    """A HiGHS that does not know how its first solve ended."""

    def __init__(self, highs: Any) -> None:
        self._highs, self.n_asked, self.n_cleared = highs, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._highs, name)

    def getModelStatus(self) -> Any:  # noqa: N802  # HiGHS's name
        self.n_asked += 1
        return highspy.HighsModelStatus.kUnknown if self.n_asked == 1 else self._highs.getModelStatus()

    def clearSolver(self) -> Any:  # noqa: N802  # HiGHS's name
        self.n_cleared += 1
        return self._highs.clearSolver()


def test_a_relaxation_in_numerical_trouble_is_solved_from_nothing() -> None:
    siting = draw_median(3, n_rows=20, n_sites=8, n_open=2, reach=2.1, steps=50, must=0.0)
    master = MedianMaster(siting, options=OPTIONS, limit_s=None)
    master.add(cuts_at(siting, row_lists(siting), np.arange(siting.n_rows), siting.unserved_cost))
    troubled = Troubled(master._relaxation._highs)
    master._relaxation._highs = troubled
    assert master.solve(limit_s=None)
    assert troubled.n_cleared == 1
    assert master.openings().sum() == pytest.approx(2.0)


def test_a_longer_search_comes_before_the_tree_by_the_gap_and_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    siting, met = draw_median(1, n_rows=80, n_sites=30, n_open=4, reach=2.1, steps=50, must=0.0), []

    def noted(siting: Siting, bounds: Bounds, **_: object) -> tuple[Siting, Bounds]:
        met.append(True)
        return siting, bounds

    for gap, in_parts, goes in ((0.01, False, True), (0.002, False, False), (0.002, True, True), (0.0005, True, False)):
        met.clear()

        def priced(siting: Siting, bounds: Bounds, *, gap: float = gap, **_: object) -> tuple[Siting, Bounds]:
            return siting, replace(bounds, lower=(1 - gap) * bounds.upper)

        monkeypatch.setattr(exact, "SMALLEST_FOR_SEARCH", -1)
        monkeypatch.setattr(exact, "is_branched", lambda *_, **__: True)
        monkeypatch.setattr(exact, "price_by_cuts", priced)
        monkeypatch.setattr(exact, "improve_further", noted)
        monkeypatch.setattr(exact, "has_parts", lambda _, in_parts=in_parts: in_parts)
        monkeypatch.setattr(exact, "_answer_by_branching", lambda siting, bounds, **_: exact._bare_answer(siting, bounds))
        find_answer(siting, options=OPTIONS, clock=no_limit(), absolute_gap=None)
        assert bool(met) == goes
