"""The search part by part: never a worse plan, the best one where the parts overlap enough, within the time."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimize import core_search, part_search
from optimize.clock import Clock, Deadline, never
from optimize.lagrange import Bounds
from optimize.part_search import has_parts, improve_by_parts, part_size
from optimize.siting import Siting, build_siting
from tests.optimize.test_median_cuts import ALL, OPTIONS, all_plans, draw_median, is_open_question, medians


def best_of(part: Siting) -> NDArray[np.intp] | None:
    plans = all_plans(part)
    return min(plans, key=part.value) if plans else None


def clusters(n: int, *, apart: float) -> Siting:
    """Return clusters of a line that are far apart: each has three rows, and the site in the middle is best."""
    place = np.concatenate([apart * k + np.array([0.0, 1.0, 2.0]) for k in range(n)])
    length = np.abs(place[:, None] - place[None])
    row, site = np.nonzero(length < apart / 2)
    return build_siting(
        n_open=n,
        n_sites=3 * n,
        row=row,
        site=site,
        cost=length[row, site],
        unserved_cost=np.full(3 * n, apart),
        is_must=np.zeros(3 * n, dtype=np.bool_),
        scale=apart * 3 * n,
    )


@settings(max_examples=60, deadline=None)
@given(medians().filter(is_open_question), st.integers(0, 1000), st.integers(1, 4))
def test_parts_never_make_a_plan_worse_and_keep_what_must_be_served(siting: Siting, seed: int, size: int) -> None:
    plans = all_plans(siting)
    plan = plans[seed % len(plans)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_search, "FEWEST_OF_PART", size)
        patch.setattr(part_search, "ROWS_OF_PART", (1,))
        better = improve_by_parts(siting, plan, solve_part=best_of)
    assert better.size == siting.n_open == np.unique(better).size
    assert siting.value(better) <= siting.value(plan) + siting.tolerance
    assert siting.is_feasible(better)


def test_every_cluster_is_placed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_search, "FEWEST_OF_PART", 1)
    monkeypatch.setattr(part_search, "ROWS_OF_PART", (3,))
    siting = clusters(8, apart=100.0)
    worst = np.flatnonzero(np.arange(24) % 3 == 0)
    asked: list[int] = []

    def solve_part(part: Siting) -> NDArray[np.intp] | None:
        asked.append(part.n_sites)
        return best_of(part)

    better = improve_by_parts(siting, worst, solve_part=solve_part)
    assert better.tolist() == [3 * k + 1 for k in range(8)]
    assert siting.value(better) == pytest.approx(16.0)
    assert max(asked) == 3
    assert len(asked) <= 16  # once each, and once more after its change


def test_the_time_stops_the_parts_and_a_part_without_an_answer_stays() -> None:
    siting = clusters(20, apart=100.0)
    worst = np.flatnonzero(np.arange(60) % 3 == 0)
    past = Deadline(time.monotonic() - 1.0, never)
    assert improve_by_parts(siting, worst, solve_part=best_of, deadline=past).tolist() == worst.tolist()
    assert improve_by_parts(siting, worst, solve_part=lambda _: None).tolist() == worst.tolist()


def test_a_plan_of_few_sites_is_no_sum_of_parts() -> None:
    few = draw_median(1, n_rows=80, n_sites=30, n_open=4, reach=2.1, steps=50, must=0.0)
    assert not has_parts(few)
    many = clusters(200, apart=100.0)
    assert has_parts(many)
    assert part_size(many, 100) == 33


def test_a_long_search_of_a_median_goes_by_parts_and_one_of_coverage_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[int] = []

    def noted(_siting: Siting, plan: NDArray[np.intp], **_: object) -> NDArray[np.intp]:
        met.append(plan.size)
        return plan

    monkeypatch.setattr(core_search, "improve_by_parts", noted)
    monkeypatch.setattr(core_search, "MOST_MOVES", 1000)
    monkeypatch.setattr(core_search, "MOST_MOVES_BEFORE_PARTS", 1000)
    siting = clusters(140, apart=100.0)
    worst = np.flatnonzero(np.arange(420) % 3 == 0)
    covering = replace(siting, pair_cost=np.zeros(siting.pair_row.size), unserved_cost=np.ones(siting.n_rows))
    for one, goes in ((covering, False), (siting, True)):
        bounds = Bounds(
            plan=worst,
            is_feasible=True,
            upper=one.value(worst),
            lower=-np.inf,
            price=np.zeros(one.n_rows),
            step=1.0,
            use=np.zeros(one.n_sites),
        )
        core_search.improve_further(
            one, bounds, options=OPTIONS, clock=Clock(began=time.monotonic(), limit_s=None), share=ALL, solve_part=best_of
        )
        assert met == ([140] if goes else [])
