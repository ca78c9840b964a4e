"""Packing, bounds, limits and plans of cases with capacities: never wrong, and what is left out is in no plan as good."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, SolverError
from optimize import capacity_answer, capacity_bounds, capacity_knapsack, capacity_model, capacity_solve
from optimize.capacitated_fixed_charge import build_charge_case
from optimize.capacitated_max_coverage import build_coverage_case
from optimize.capacitated_p_median import build_median_case
from optimize.capacity_answer import number_of_sites
from optimize.capacity_bounds import NumberOfSites, bound_case, possible_within
from optimize.capacity_case import CapacityCase
from optimize.capacity_knapsack import best_loads, pack_case
from optimize.capacity_plan import plan_allocation, plan_near
from optimize.highs import Outcome, Proof
from optimize.problem import LocationProblem
from optimize.rules import Rules
from optimize.site_rules import site_rules
from optimize.solution import TIE_RULE_OPEN, Status
from optimize.solve import solve
from tests.optimize.capacity_toys import capacitated, capacity_problems, service_cost, try_all_services

BUILD = {
    "capacitated_p_median": build_median_case,
    "capacitated_fixed_charge": build_charge_case,
    "capacitated_max_coverage": build_coverage_case,
}


def street(*, n: int = 30, n_sites: int = 12, seed: int = 0, **fields: object) -> LocationProblem:
    """Return points on a street, the first of them candidates; each holds a fifth of the weight."""
    rng = np.random.default_rng(seed)
    place, weight = rng.integers(0, 1000, n), rng.integers(1, 20, n).astype(float)
    table = np.abs(place[:, None] - place[None, :n_sites]).astype(float).tolist()
    given = {"new": 6, "capacity": np.full(n_sites, np.ceil(weight.sum() / 5)), **fields}
    return capacitated("capacitated_p_median", table, weight.tolist(), **given)


def case_of(problem: LocationProblem) -> CapacityCase:
    return build_median_case(problem, site_rules(problem))


def drawn_case(problem: LocationProblem) -> CapacityCase:
    """Return the case of a drawn problem, of which so many sites can be opened."""
    taken = {*problem.fixed, *problem.required}
    assume((problem.new or 0) - len(problem.required) <= problem.n_candidates - len(taken))
    return replace(case_of(problem), is_split=False)


def best_whole_load(gain: np.ndarray, weight: np.ndarray, capacity: float) -> float:
    """Return the most that rows which fit together gain, by trying all."""
    chosen = np.array(list(product([False, True], repeat=gain.size)))
    fits = chosen @ weight <= capacity + 1e-9
    return float((chosen @ gain)[fits].max())


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(capacity_problems("capacitated_p_median", has_rules=False), st.lists(st.integers(0, 9000), min_size=4, max_size=4))
def test_the_best_load_of_whole_rows_is_that_of_trying_all(problem: LocationProblem, prices: list[int]) -> None:
    case = drawn_case(problem)
    packing, price = pack_case(case), np.array(prices[: case.n_rows], dtype=float)
    loads = best_loads(packing, price, has_pairs=True)
    gain = price[packing.row] - packing.cost
    for site in range(case.n_sites):
        pairs = np.arange(packing.start[site], packing.start[site + 1])
        pairs = pairs[packing.weight[pairs] <= case.capacity[site]]
        best = best_whole_load(gain[pairs], packing.weight[pairs], case.capacity[site])
        assert loads.worth[site] == pytest.approx(best)
        assert (loads.share[pairs] * gain[pairs]).sum() == pytest.approx(best)
        assert (loads.share[pairs] * packing.weight[pairs]).sum() <= case.capacity[site]
        for pair in pairs.tolist():
            others = pairs[pairs != pair]
            left = case.capacity[site] - packing.weight[pair]
            assert loads.with_pair[pair] >= gain[pair] + best_whole_load(gain[others], packing.weight[others], left) - 1e-6


def test_parts_are_packed_by_gain_per_weight() -> None:
    problem = capacitated(
        "capacitated_p_median", [[0.0], [0.0], [0.0]], [4.0, 2.0, 8.0], new=1, capacity=np.array([5.0]), is_split=True
    )
    packing = pack_case(case_of(problem))
    weights = packing.weight.tolist()
    price = np.zeros(3)
    price[weights.index(4.0)], price[weights.index(2.0)], price[weights.index(8.0)] = 8.0, 6.0, 8.0
    loads = best_loads(packing, price)
    assert loads.worth.tolist() == [6.0 + 0.75 * 8.0]
    assert dict(zip(weights, loads.share.tolist(), strict=True)) == {2.0: 1.0, 4.0: 0.75, 8.0: 0.0}


@pytest.mark.parametrize("name", ["MOST_STEPS", "FINEST_GRID"])
def test_coarser_packing_gives_a_bound_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = street()
    case, number = case_of(problem), NumberOfSites(least=6, most=6)
    fine = bound_case(case, number, deadline=None).lower
    monkeypatch.setattr(capacity_knapsack, name, 1 if name == "MOST_STEPS" else 20)
    monkeypatch.setattr(capacity_knapsack, "LARGEST_GRID", 1)
    coarse = bound_case(case, number, deadline=None).lower
    assert 0 < coarse <= fine * (1 + 1e-3)
    assert solve(problem).objective >= fine


@pytest.mark.parametrize("least_pairs", [capacity_bounds.PAIRS_TO_START_WITHOUT, -1])
@pytest.mark.parametrize("objective", list(BUILD))
def test_no_plan_undercuts_the_bound_and_the_best_ones_are_within_their_own_limit(
    objective: str, least_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity_bounds, "PAIRS_TO_START_WITHOUT", least_pairs)

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(capacity_problems(objective, has_rules=False))
    def hold(problem: LocationProblem) -> None:
        best = try_all_services(problem)
        if best is None:
            return
        sites = site_rules(problem)
        case = BUILD[objective](problem, sites)
        bounds = bound_case(case, number_of_sites(problem, sites, case), deadline=None)
        cost = case.total - best.objective if case.total else best.objective
        assert bounds.lower <= cost + 1e-6 * max(1.0, abs(cost))
        possible = possible_within(bounds, cost + 1e-6)
        names = [problem.candidate_ids[j] for j in case.column[: case.n_free].tolist()]
        for plan in best.plans:
            is_open = np.array([name in plan for name in names], dtype=bool)
            assert possible.is_possible[is_open].all()
            assert is_open[possible.is_sure].all()

    hold()


def test_a_limit_leaves_sites_and_pairs_out_and_a_wide_one_nothing() -> None:
    case = case_of(street())
    bounds = bound_case(case, NumberOfSites(least=6, most=6), deadline=None)
    near, far = possible_within(bounds, bounds.lower * 1.02), possible_within(bounds, np.inf)
    assert near.case.pair_row.size < case.pair_row.size
    assert near.is_possible.sum() < case.n_free
    assert far.is_all
    assert not near.is_all


def test_prices_without_capacities_are_a_better_beginning_where_the_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    case, number = case_of(street()), NumberOfSites(least=6, most=6)
    plain = bound_case(case, number, deadline=0.0).lower
    monkeypatch.setattr(capacity_bounds, "PAIRS_TO_START_WITHOUT", -1)
    started = bound_case(case, number, deadline=0.0)
    assert plain < started.lower
    assert started.choices[0].size == 6


def test_bounds_stop_at_their_deadline() -> None:
    case = case_of(street())
    number = NumberOfSites(least=6, most=6)
    cut, whole = bound_case(case, number, deadline=0.0), bound_case(case, number, deadline=None)
    assert np.isfinite(cut.lower)
    assert cut.lower < whole.lower


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(capacity_problems("capacitated_p_median", has_rules=False), st.data())
def test_a_plan_nearby_keeps_capacities_and_costs_what_it_says(problem: LocationProblem, data: st.DataObject) -> None:
    case = drawn_case(problem)
    choices = [np.array(chosen, dtype=np.intp) for n in range(4) for chosen in combinations(range(case.n_free), n)]
    chosen = data.draw(st.sampled_from(choices))
    plan = plan_near(case, chosen)
    if plan is None:
        return
    assert plan.opened.size == chosen.size + case.n_sites - case.n_free
    allocation = plan_allocation(case, plan)
    load = np.bincount(allocation.candidate, weights=problem.weight[allocation.demand], minlength=problem.n_candidates)
    assert (load <= problem.capacity + 1e-9).all()
    whole = replace(problem, is_split=False)
    names = frozenset(problem.candidate_ids[j] for j in case.column[plan.opened].tolist())
    assert plan.cost >= (service_cost(whole, names) or 0.0) - 1e-9


def test_the_number_of_sites_is_told_by_the_problem_the_rules_and_the_capacities() -> None:
    def number(**fields: object) -> tuple[int, int]:
        problem = street(**fields)
        found = number_of_sites(problem, site_rules(problem), case_of(problem))
        return found.least, found.most

    assert number() == (6, 6)
    assert number(required=("site-03",)) == (5, 5)
    assert number(new=None, rules=Rules(new_at_most=7)) == (5, 7)
    assert number(new=None, rules=Rules(new_at_most=7, new_at_least=6)) == (6, 7)
    assert number(rules=Rules(open_now=("site-03",))) == (6, 7)
    assert number(unserved_impedance_s=5000.0, new=None, rules=Rules(new_at_most=7)) == (0, 7)


def test_weights_that_are_not_whole_are_proven_too() -> None:
    problem = street(n=100)
    other = replace(problem, weight=problem.weight * 0.3, capacity=problem.capacity * 0.3)
    one, two = solve(problem), solve(other)
    assert two.status is Status.OPTIMAL
    assert two.objective == pytest.approx(0.3 * one.objective)
    assert two.new == one.new


@pytest.fixture(scope="module")
def hard() -> LocationProblem:
    """Return a problem whose capacities are tight, so that its proof takes minutes."""
    return street(n=110, n_sites=60, new=8, capacity=np.full(60, 160.0))


def test_a_plan_is_known_when_the_time_is_over(hard: LocationProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> Outcome:
        return Outcome(proof=Proof.NOTHING, bound=None)

    monkeypatch.setattr(capacity_solve, "run_solver", late)
    with pytest.raises(SolverError, match="the time was over before there was a plan"):
        solve(hard)
    monkeypatch.setattr(capacity_answer.Clock, "left_s", lambda self: 0.0)
    solution = solve(hard, time_limit_s=60.0)
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.best_bound <= solution.objective
    assert "The time limit cut the run" in solution.notes[0]


def test_a_gap_that_a_known_plan_is_within_ends_the_run(hard: LocationProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(capacity_answer, "best_of", lambda *args, **options: asked.append(args))
    solution = solve(hard, gap=0.5)
    assert not asked
    assert solution.status is Status.FEASIBLE
    assert solution.gap <= 0.5
    assert solution.tie_rule == TIE_RULE_OPEN


def test_a_solver_that_finds_nothing_where_a_plan_is_known_is_no_answer(
    hard: LocationProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity_answer, "best_of", lambda *args, **options: None)
    with pytest.raises(SolverError, match="the solver finds no plan where one is known"):
        solve(hard)


def test_sites_that_cannot_serve_what_they_served_are_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity_model, "run_solver", lambda *_: Outcome(proof=Proof.INFEASIBLE, bound=None))
    with pytest.raises(SolverError, match="the sites of a plan cannot serve"):
        solve(street(is_split=True))


@pytest.mark.parametrize(
    ("min_use", "said"),
    [(None, "within their capacities \\("), (np.full(20, 1.0), "within their capacities and gives each open one its")],
)
def test_a_large_case_that_cannot_be_served_is_refused(min_use: np.ndarray | None, said: str) -> None:
    problem = street(n=66, n_sites=20, new=5, capacity=np.full(20, 97.0), min_use=min_use)
    sevens = replace(problem, weight=np.full(66, 7.0))  # 13 of them fit into each site, 65 in all
    with pytest.raises(InfeasibleError, match=f"no choice of sites serves the demand {said}"):
        solve(sevens)


def test_who_looks_on_is_told_objectives_and_bounds_of_the_problem() -> None:
    told: list[tuple[float, float, float]] = []
    solution = solve(street(n=80, n_sites=40, new=7, seed=1), progress=lambda *seen: told.append(seen))
    assert told
    for _, plan, bound in told:
        assert bound <= solution.objective * (1 + 1e-9)
        assert plan >= solution.objective * (1 - 1e-9)
    assert any(math.isfinite(plan) and bound > 0 for _, plan, bound in told)
