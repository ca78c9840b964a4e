"""Cuts of covering: no plan breaks one, they raise the bound, and the answer with them is the answer without."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize import cut_rounds
from optimize.aggregate import CoverClasses, radius_classes
from optimize.clock import Clock
from optimize.cover_cuts import CoverCuts, find_cuts, has_cuts
from optimize.cover_model import build_model
from optimize.cut_rounds import Rest, cut_down, rest_of
from optimize.exact import find_answer
from optimize.highs import SolverOptions, run_solver
from optimize.lagrange import narrow
from optimize.siting import Siting, build_siting

OPTIONS = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)

ROUND_TABLES = ((0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3))
"""Twice, each of three demand points is covered by two of three sites: half of each site covers all six."""


def clock(limit_s: float | None = None) -> Clock:
    return Clock(began=time.monotonic(), limit_s=limit_s)


def cover_siting(covers: list[tuple[int, int]], weight: list[float], *, n_sites: int, n_open: int) -> Siting:
    row, site = np.array(covers, dtype=np.intp).reshape(-1, 2).T
    return build_siting(
        n_open=n_open,
        n_sites=n_sites,
        row=row,
        site=site,
        cost=np.zeros(row.size),
        unserved_cost=np.array(weight),
        is_must=np.zeros(len(weight), dtype=np.bool_),
        scale=float(sum(weight)),
    )


def round_tables() -> Siting:
    covers = [(i, j) for i, sites in enumerate(ROUND_TABLES) for j in sites]
    return cover_siting(covers, [4.0] * 6, n_sites=6, n_open=3)


@st.composite
def coverings(draw: st.DrawFn) -> Siting:
    n_sites, n_rows = draw(st.integers(3, 9)), draw(st.integers(3, 25))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    covers = np.argwhere(rng.random((n_rows, n_sites)) < draw(st.sampled_from([0.25, 0.5])))
    listed = [(int(i), int(j)) for i, j in covers]
    return cover_siting(
        listed, rng.integers(1, 9, n_rows).astype(float).tolist(), n_sites=n_sites, n_open=draw(st.integers(1, n_sites - 1))
    )


def all_plans(siting: Siting) -> list[np.ndarray]:
    return [np.array(plan, dtype=np.intp) for plan in combinations(range(siting.n_sites), siting.n_open)]


def cuts_of(siting: Siting, classes: CoverClasses, *, upper: float, limit_s: float | None = None) -> CoverCuts:
    return find_cuts(
        classes,
        n_sites=siting.n_sites,
        n_open=siting.n_open,
        upper=upper,
        options=OPTIONS,
        clock=clock(limit_s),
        share=1.0,
    )


def test_the_cuts_of_round_tables_close_the_gap() -> None:
    siting = round_tables()
    classes = radius_classes(siting)
    cuts = cuts_of(siting, classes, upper=4.0)
    tables = [set(classes.step_site[classes.step_start[k] : classes.step_start[k + 1]].tolist()) for k in range(6)]
    together = sorted(sorted(set.union(*(tables[k] for k in triple))) for triple in cuts.triple)
    assert together == [[0, 1, 2], [3, 4, 5]]
    assert cuts.lower == pytest.approx(4.0)  # the relaxation alone says 0


@settings(max_examples=60)
@given(coverings())
def test_no_plan_breaks_a_cut_and_the_bound_undercuts_all(siting: Siting) -> None:
    classes = radius_classes(siting)
    if not has_cuts(classes):
        return
    values = [siting.value(plan) for plan in all_plans(siting)]
    cuts = cuts_of(siting, classes, upper=min(values))
    covers = np.zeros((classes.n, siting.n_sites), dtype=np.bool_)
    covers[np.repeat(np.arange(classes.n), np.diff(classes.step_start)), classes.step_site] = True
    assert cuts.lower <= min(values) + siting.tolerance
    for plan, value in zip(all_plans(siting), values, strict=True):
        is_missed = ~covers[:, plan].any(axis=1)
        for triple in cuts.triple:
            n_covered = covers[np.ix_(triple, plan)].sum(axis=0)
            assert is_missed[triple].sum() + np.ceil(n_covered / 2).sum() >= 2
        if value <= min(values) + siting.tolerance:
            assert not cuts.is_idle(min(values))[plan].any()


def test_a_site_that_costs_more_than_the_gap_is_idle() -> None:
    siting = cover_siting([(0, 0), (1, 1), (2, 2), (3, 3)], [18.0, 8.0, 5.0, 1.0], n_sites=4, n_open=2)
    cuts = cuts_of(siting, radius_classes(siting), upper=6.0)
    idle = cuts.is_idle(6.0)
    assert (idle[0], idle[1], idle[3]) == (False, False, True)
    assert not cuts.is_idle(1e3).any()


def test_there_are_no_cuts_where_classes_stand_on_each_other() -> None:
    siting = build_siting(
        n_open=1,
        n_sites=3,
        row=np.array([0, 0, 0]),
        site=np.array([0, 1, 2]),
        cost=np.array([1.0, 2.0, 3.0]),
        unserved_cost=np.array([9.0]),
        is_must=np.zeros(1, dtype=np.bool_),
        scale=9.0,
    )
    assert not has_cuts(radius_classes(siting))
    _, bounds = narrow(siting)
    assert cut_down(rest_of(siting, bounds), options=OPTIONS, clock=clock()).cuts is None
    assert has_cuts(radius_classes(round_tables()))


@settings(max_examples=40)
@given(coverings())
def test_the_model_with_cuts_has_the_same_optimum(siting: Siting) -> None:
    classes = radius_classes(siting)
    values = [siting.value(plan) for plan in all_plans(siting)]
    plan = all_plans(siting)[int(np.argmax(values))]
    _, bounds = narrow(siting)
    bounds = replace(bounds, plan=plan, upper=max(values), lower=-np.inf, use=np.zeros(siting.n_sites))
    rest = cut_down(Rest(siting=siting, bounds=bounds, classes=classes, cuts=None), options=OPTIONS, clock=clock())
    assert rest.bounds.upper >= min(values) - siting.tolerance
    model = rest.model()
    run_solver(model.lp, OPTIONS)
    assert rest.siting.value(model.plan()) == pytest.approx(min(values), abs=siting.tolerance)


def test_cuts_shorten_what_is_left_and_find_the_best_plan() -> None:
    rng = np.random.default_rng(2)
    demand, place = rng.random((400, 2)), rng.random((60, 2))
    near = np.argwhere(np.hypot(*(demand[:, None] - place[None]).transpose(2, 0, 1)) < 0.13)
    weight = rng.integers(1, 9, 400).astype(float).tolist()
    siting = cover_siting([(int(i), int(j)) for i, j in near], weight, n_sites=60, n_open=8)
    _, bounds = narrow(siting)
    begun = np.arange(8)
    known = replace(bounds, plan=begun, upper=siting.value(begun), lower=-np.inf, use=np.zeros(60))
    rest = cut_down(
        Rest(siting=siting, bounds=known, classes=radius_classes(siting), cuts=None), options=OPTIONS, clock=clock()
    )
    assert rest.siting.n_sites < 60
    direct = find_answer(siting, options=replace(OPTIONS, method="direct"), clock=clock(), absolute_gap=None)
    cut = find_answer(siting, options=replace(OPTIONS, method="cuts"), clock=clock(), absolute_gap=None)
    assert rest.bounds.upper == pytest.approx(direct.upper)
    assert cut.is_optimal
    assert cut.is_tie_broken
    assert cut.rank.tolist() == direct.rank.tolist()


def test_without_time_there_are_no_cuts() -> None:
    siting = round_tables()
    past = Clock(began=time.monotonic() - 10.0, limit_s=1.0)
    _, bounds = narrow(siting)
    known = replace(bounds, upper=9.0, lower=-np.inf)
    rest = Rest(siting=siting, bounds=known, classes=radius_classes(siting), cuts=None)
    assert cut_down(rest, options=OPTIONS, clock=past).model().plan().size == 0
    cuts = cuts_of(siting, rest.classes, upper=9.0, limit_s=1e-9)
    assert not len(cuts.triple)


def test_the_number_of_classes_decides_whether_cuts_are_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def noted(rest: Rest, *, options: SolverOptions, clock: Clock) -> Rest:
        calls.append(True)
        return cut_rounds.cut_down(rest, options=options, clock=clock)

    monkeypatch.setattr("optimize.exact.cut_down", noted)
    find_answer(round_tables(), options=OPTIONS, clock=clock(), absolute_gap=None)
    find_answer(round_tables(), options=replace(OPTIONS, method="search"), clock=clock(), absolute_gap=None)
    assert not calls
    monkeypatch.setattr("optimize.exact.SMALLEST_FOR_CUTS", -1)
    find_answer(round_tables(), options=OPTIONS, clock=clock(), absolute_gap=None)
    assert len(calls) == 1


def test_added_cuts_stand_in_the_model() -> None:
    siting = round_tables()
    classes = radius_classes(siting)
    _, bounds = narrow(siting)
    cuts = cuts_of(siting, classes, upper=4.0)
    rest = Rest(siting=siting, bounds=replace(bounds, upper=4.0), classes=classes, cuts=cuts)
    plain = build_model(classes, n_sites=6, n_open=3)
    assert len(rest.model().lp.constraints()) == len(plain.lp.constraints()) + 2
    closed = rest.model(is_closed=np.arange(6) == 4)
    assert [site.upBound for site in closed.is_open] == [1, 1, 1, 1, 0, 1]
