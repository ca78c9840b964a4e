"""The fast way of fixed charges: the same answer as with rules, bounds that hold, and what is said of a run that was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, SolverError
from optimize import fixed_charge_answer
from optimize.fixed_charge import build_fixed_charge, opening_costs
from optimize.fixed_charge_bounds import improve_plan, narrow_charge, plan_cost
from optimize.highs import Outcome, Proof
from optimize.problem import LocationProblem
from optimize.rules import Rules
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from tests.optimize.capacity_toys import capacitated


def scattered(seed: int = 0, *, n: int = 40, n_sites: int = 15, **fields: object) -> LocationProblem:
    """Return points in a square, the first of them candidates."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 1000, (2, n))
    table = np.hypot(x[:, None] - x[None, :n_sites], y[:, None] - y[None, :n_sites]).tolist()
    weight = rng.integers(0, 9, n).astype(float)
    cost = rng.integers(0, 4000, n_sites).astype(float)
    return capacitated("fixed_charge", table, weight.tolist(), **{"site_cost": cost, **fields})


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([None, 250.0]), st.booleans())
def test_both_ways_find_the_same_plan(seed: int, unserved: float | None, has_fixed: bool) -> None:
    said = {"unserved_impedance_s": unserved, "fixed": ("site-02",) if has_fixed else (), "required": ("site-05",)}
    fast, ruled = solve(scattered(seed, **said)), solve(scattered(seed, rules=Rules(new_at_most=15), **said))
    assert fast.status is ruled.status is Status.OPTIMAL
    assert fast.is_tie_broken
    assert (fast.selected, fast.objective) == (ruled.selected, pytest.approx(ruled.objective, rel=1e-9))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([None, 250.0]))
def test_the_best_plan_stays_when_the_problem_is_narrowed(seed: int, unserved: float | None) -> None:
    problem = scattered(seed, unserved_impedance_s=unserved)
    sites, best = site_rules(problem), solve(problem)
    siting = build_fixed_charge(problem, sites)
    narrowed, cost, bounds = narrow_charge(siting, opening_costs(problem)[sites.free], deadline=None)
    assert bounds.lower <= best.objective * (1 + 1e-9)
    assert bounds.upper >= best.objective * (1 - 1e-9)
    kept = {problem.candidate_ids[j] for j in sites.free[narrowed.rank].tolist()}
    assert set(best.new) <= kept
    plan = np.flatnonzero([problem.candidate_ids[j] in best.new for j in sites.free[narrowed.rank].tolist()])
    assert plan_cost(narrowed, cost, plan) == pytest.approx(best.objective)


def test_narrowing_leaves_sites_and_pairs_out() -> None:
    problem = scattered()
    siting = build_fixed_charge(problem, site_rules(problem))
    narrowed, _, _ = narrow_charge(siting, opening_costs(problem)[site_rules(problem).free], deadline=None)
    assert narrowed.n_sites < siting.n_sites
    assert narrowed.pair_row.size < siting.pair_row.size / 2


def test_a_plan_is_improved_by_opening_closing_and_swapping() -> None:
    problem = capacitated("fixed_charge", [[0.0, 10.0, 90.0], [90.0, 80.0, 0.0]], [1.0, 1.0], site_cost=np.full(3, 20.0))
    siting, cost = build_fixed_charge(problem, site_rules(problem)), np.full(3, 20.0)
    for start in ([0], [0, 1, 2], [1, 2]):  # it lacks one, has one too many, has the wrong one
        assert improve_plan(siting, cost, np.array(start, dtype=np.intp), deadline=None).tolist() == [0, 2]


def test_a_run_without_time_gives_its_plan_and_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_charge_answer.Clock, "left_s", lambda self: 0.0)
    solution = solve(scattered(), time_limit_s=60.0)
    assert solution.status is Status.FEASIBLE
    assert solution.best_bound <= solution.objective
    assert "The time limit cut the run" in solution.notes[0]


def test_a_gap_that_the_bounds_are_within_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(fixed_charge_answer, "run_solver", lambda *args, **options: asked.append(args))
    solution = solve(scattered(), gap=0.9)
    assert not asked
    assert solution.status is Status.FEASIBLE
    assert solution.gap <= 0.9
    assert "A gap of 0.9 was asked for" in solution.notes[0]


def test_a_solver_that_denies_a_known_plan_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_charge_answer, "run_solver", lambda *args, **options: Outcome(proof=Proof.INFEASIBLE, bound=None))
    with pytest.raises(SolverError, match="the solver finds no plan where one is known"):
        solve(scattered())


def test_demand_that_nobody_reaches_is_named() -> None:
    problem = capacitated("fixed_charge", [[0.0, 10.0], [None, None]], [1.0, 1.0], site_cost=np.full(2, 20.0))
    with pytest.raises(InfeasibleError, match=r"reached by no site that may be open \(1: 1\)"):
        solve(problem)
