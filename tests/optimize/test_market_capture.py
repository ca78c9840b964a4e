"""Market capture: what Huff's shares say, and each of attraction, competitors and exponent changes the plan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, InfeasibleError, ProblemError, SolverError, VerificationError
from optimize import market_capture
from optimize.capture_relaxation import relax
from optimize.capture_search import find_start
from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.huff import build_market, competitor_pull, pull_of_pairs
from optimize.problem import LocationProblem
from optimize.rules import NO_RULES, Rules, SiteGroup
from optimize.site_rules import site_rules
from optimize.solution import Solution, Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.model_toys import as_objective, capture, market, model_problem, plane_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.toys import ids, median, problems

# site-00 is beside the first two demand points, site-01 beside the third, site-02 between all.
TABLE: list[list[float | None]] = [[60.0, 600.0, 240.0], [60.0, 600.0, 240.0], [600.0, 60.0, 240.0]]


def huff(**fields: object) -> LocationProblem:
    given = {
        "attraction": np.array([10.0, 10.0, 10.0]),
        "competitor_pull": np.array([0.05, 0.05, 0.05]),
        "pull_exponent": 1.0,
        "new": 1,
        **fields,
    }
    return model_problem("market_capture", TABLE, [2.0, 1.0, 4.0], **given)


def test_the_captured_weight_is_the_share_of_the_pull() -> None:
    problem = huff(required=("site-00",))
    solution = solve(problem)
    near, far = (10 / 60) / (10 / 60 + 0.05), (10 / 600) / (10 / 600 + 0.05)
    assert solution.objective == pytest.approx(3 * near + 4 * far, rel=1e-12)
    assert solution.allocation.demand.tolist() == [0, 1, 2]
    assert solution.allocation.share == pytest.approx([near, near, far])


@pytest.mark.parametrize(
    ("fields", "new"),
    [
        ({}, "site-01"),
        ({"attraction": np.array([30.0, 10.0, 10.0])}, "site-00"),
        ({"competitor_pull": np.array([0.05, 0.05, 9.0])}, "site-00"),
        ({"pull_exponent": 2.0, "competitor_pull": np.array([0.005, 0.005, 0.005])}, "site-01"),
        ({"competitor_pull": np.array([0.005, 0.005, 0.005])}, "site-02"),
    ],
)
def test_each_field_changes_the_plan(fields: dict[str, object], new: str) -> None:
    problem = huff(**fields)
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.new == (new,)
    assert solution.objective == pytest.approx(capture(problem, frozenset({new})), rel=1e-12)


def test_less_than_a_minute_counts_as_a_minute() -> None:
    table: list[list[float | None]] = [[0.0, 59.0, 60.0]]
    fields = {"competitor_pull": np.array([1.0]), "pull_exponent": 2.0, "attraction": np.ones(3), "new": 1}
    problem = model_problem("market_capture", table, **fields)
    assert solve(problem).objective == pytest.approx((1 / 3600) / (1 / 3600 + 1.0))
    assert solve(problem).new == ("site-00",)  # all three are equal, and the first stands first


def test_demand_without_competitors_is_captured_whole_or_not_at_all() -> None:
    table: list[list[float | None]] = [[900.0, None], [None, 60.0]]
    fields = {"pull_exponent": 2.0, "attraction": np.ones(2), "new": 1}
    solution = solve(model_problem("market_capture", table, [5.0, 4.0], competitor_pull=np.zeros(2), **fields))
    assert (solution.new, solution.objective) == (("site-00",), 5.0)
    nobody = solve(model_problem("market_capture", table, [5.0, 4.0], competitor_pull=np.ones(2), **{**fields, "new": 0}))
    assert (nobody.objective, nobody.allocation.demand.size) == (0.0, 0)


def test_a_fixed_site_captures_already() -> None:
    problem = huff(fixed=("site-01",))
    solution = solve(problem)
    assert solution.new == ("site-00",)
    assert solution.objective == pytest.approx(capture(problem, frozenset({"site-00", "site-01"})))


@settings(max_examples=80, deadline=None)
@given(problems(max_candidates=12), st.integers(0, 99), st.sampled_from([0.5, 1.0, 2.0]))
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem, seed: int, exponent: float) -> None:
    fields = {**market(problem.n_demand, problem.n_candidates, seed=seed), "pull_exponent": exponent}
    solution = check_against_all_sets(as_objective(problem, "market_capture", **fields))
    assert solution is None or solution.is_tie_broken


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(1, 6))
def test_every_cut_is_above_every_plan(seed: int, p: int) -> None:
    problem = plane_problem("market_capture", seed, n_demand=20, n_sites=6, new=p, **market(20, 6, seed=seed))
    made = build_market(problem, site_rules(problem))
    rng = np.random.default_rng(seed)
    plan = np.sort(rng.permutation(6)[:p])
    cuts = [*made.tangents(rng.random(6)), *made.submodular(plan), *made.tangents(np.isin(np.arange(6), plan).astype(float))]
    for code in range(64):
        opened = np.array([(code >> j) & 1 for j in range(6)], dtype=float)
        captured = made._by_group(made._captured(made._utility(opened)))
        for cut in cuts:
            assert captured[cut.group] <= cut.constant + cut.coefficient @ opened + 1e-9


def test_a_lifted_tangent_is_below_what_parts_of_sites_would_capture_together() -> None:
    problem = plane_problem("market_capture", 4, n_demand=20, n_sites=6, new=2, **market(20, 6, seed=4))
    made = build_market(problem, site_rules(problem))
    opened = np.full(6, 1 / 3)
    together = made._by_group(made._captured(made._utility(opened)))
    lifted = np.array([cut.constant + cut.coefficient @ opened for cut in made.tangents(opened)])
    assert (lifted <= together + 1e-12).all()
    assert (lifted < together - 1e-6).sum() >= 5


def test_more_competition_captures_less() -> None:
    weak, strong = (solve(huff(new=2, competitor_pull=np.full(3, pull))).objective for pull in (0.01, 0.1))
    assert weak > strong


@pytest.mark.parametrize("seed", range(3))
def test_points_in_the_plane_are_proven_under_a_rule(seed: int) -> None:
    problem = plane_problem("market_capture", seed, n_demand=60, n_sites=11, new=4, **market(60, 11, seed=seed))
    free = check_against_all_sets(problem)
    assert free is not None
    rules = Rules(groups=(SiteGroup(name="owner", ids=free.new[:2], at_most=1),))
    bound = check_against_all_sets(as_objective(problem, "market_capture", rules=rules, **market(60, 11, seed=seed)))
    assert bound is not None
    assert bound.objective < free.objective


def test_a_gap_is_kept() -> None:
    problem = plane_problem("market_capture", 1, n_demand=80, n_sites=25, new=5, **market(80, 25))
    rough, exact = solve(problem, gap=0.2), solve(problem)
    assert rough.gap <= 0.2
    assert rough.objective <= exact.objective <= rough.best_bound * (1 + 1e-9)
    assert rough.status is Status.FEASIBLE


def test_without_time_there_is_a_plan_with_its_gap() -> None:
    problem = plane_problem("market_capture", 1, n_demand=80, n_sites=25, new=5, **market(80, 25))
    quick, exact = solve(problem, time_limit_s=1e-9), solve(problem)
    assert quick.status is Status.FEASIBLE
    assert quick.objective <= exact.objective * (1 + 1e-9)
    assert exact.objective <= quick.best_bound
    assert quick.gap > 0


def test_no_time_and_no_plan_to_begin_from_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_capture, "find_start", lambda *_given, **_named: None)
    problem = plane_problem("market_capture", 1, n_demand=80, n_sites=25, new=5, **market(80, 25))
    with pytest.raises(SolverError, match="the time was over"):
        solve(problem, time_limit_s=1e-9)


@pytest.mark.parametrize("rules", [NO_RULES, Rules(groups=(SiteGroup(name="half", ids=ids(12), at_most=1),))])
def test_the_start_is_near_the_best_plan_and_meets_the_rules(rules: Rules) -> None:
    problem = plane_problem("market_capture", 7, n_demand=80, n_sites=25, new=5, rules=rules, **market(80, 25))
    sites = site_rules(problem)
    made = build_market(problem, sites)
    start = find_start(problem, sites, made, seed=0, deadline=None)
    assert start is not None
    assert start.size == 5
    assert (start < 12).sum() <= (5 if rules is NO_RULES else 1)
    exact = solve(problem).objective
    assert 0.95 * exact <= made.value(start) <= exact * (1 + 1e-9)


def test_a_search_without_time_takes_what_was_added_one_by_one() -> None:
    problem = plane_problem("market_capture", 3, n_demand=80, n_sites=40, new=8, **market(80, 40))
    sites = site_rules(problem)
    made = build_market(problem, sites)
    rough, better = (find_start(problem, sites, made, seed=0, deadline=deadline) for deadline in (0.0, None))
    assert rough is not None
    assert better is not None
    assert rough.size == better.size == 8
    assert made.value(rough) <= made.value(better)


def test_what_a_plan_captures_with_each_site_besides_is_counted_at_once() -> None:
    problem = plane_problem("market_capture", 2, n_demand=40, n_sites=9, new=3, **market(40, 9))
    made = build_market(problem, site_rules(problem))
    plan = np.array([1, 4])
    expected = [made.value(np.append(plan, j)) for j in range(9) if j not in (1, 4)]
    assert np.delete(made.values_with(plan), [1, 4]) == pytest.approx(expected, rel=1e-12)


def test_the_relaxation_bounds_the_best_plan_and_closes_none_of_its_sites() -> None:
    problem = plane_problem("market_capture", 5, n_demand=120, n_sites=30, new=3, **market(120, 30))
    sites = site_rules(problem)
    made, exact = build_market(problem, sites), solve(problem)
    options = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)
    clock = Clock(began=0.0, limit_s=None)
    relaxed = relax(problem, sites, made, [np.full(30, 0.1)], options=options, clock=clock, share=1.0)
    assert exact.objective <= relaxed.bound * (1 + 1e-9)
    assert relaxed.bound <= 1.1 * exact.objective
    closed = {problem.candidate_ids[j] for j in sites.free[relaxed.closed(exact.objective, made)].tolist()}
    assert closed
    assert not closed & set(exact.new)


def test_rules_that_no_plan_meets_are_refused() -> None:
    rules = Rules(apart=(("site-00", "site-01"), ("site-00", "site-02"), ("site-01", "site-02")))
    with pytest.raises((InfeasibleError, FaultsError)):
        solve(huff(new=2, rules=rules))


def test_the_recount_sees_a_wrong_share() -> None:
    problem = huff(new=2)
    solution = solve(problem)
    share = solution.allocation.share
    assert share is not None
    wrong = Solution(
        **{
            **vars(solution),
            "allocation": type(solution.allocation)(
                demand=solution.allocation.demand, candidate=solution.allocation.candidate, share=share * 0.9
            ),
        }
    )
    with pytest.raises(VerificationError, match="each has its share of the pull"):
        verify_solution(problem, wrong)


def test_attraction_competitors_and_exponent_are_needed_by_this_objective_alone() -> None:
    for name in ("attraction", "competitor_pull", "pull_exponent"):
        with pytest.raises(ProblemError, match=f"market_capture needs {name}"):
            huff(**{name: None})
    with pytest.raises(ProblemError, match="p_median has no use for attraction"):
        median(TABLE, attraction=np.ones(3))
    with pytest.raises(ProblemError, match="2 attractions for 3 ids"):
        huff(attraction=np.ones(2))
    with pytest.raises(ProblemError, match="2 pulls for 3 weights"):
        huff(competitor_pull=np.ones(2))
    with pytest.raises(ProblemError, match="is no number above 0"):
        huff(pull_exponent=0.0)


def test_a_problem_without_them_is_refused_by_the_model() -> None:
    problem = median(TABLE)
    with pytest.raises(ProblemError, match="without attraction and pull_exponent"):
        pull_of_pairs(problem)
    with pytest.raises(ProblemError, match="p_median is not solved without it"):
        competitor_pull(problem)
