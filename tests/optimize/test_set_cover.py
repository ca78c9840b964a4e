"""The cheapest cover: known answers, every cover tried, refusals, and what is said of a run that was cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InfeasibleError, ProblemError, SolverError, VerificationError
from optimize import cover_search
from optimize.highs import Outcome, Proof
from optimize.problem import LocationProblem
from optimize.solution import TIE_RULE_OPEN, Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.toys import SECONDS, WEIGHTS, cover, coverage, ids, try_all_covers

# Three demand points; site-00 covers the first two, site-01 the last two, site-02 all of them.
THREE: list[list[float | None]] = [[60.0, None, 600.0], [60.0, 60.0, 600.0], [None, 60.0, 600.0]]


@st.composite
def cover_problems(draw: st.DrawFn, *, max_candidates: int = 7) -> LocationProblem:
    """Draw a set_cover problem with rules, costs and a target; it may have no plan."""
    n_demand, n_sites = draw(st.integers(1, 9)), draw(st.integers(1, max_candidates))
    rows = st.lists(SECONDS, min_size=n_sites, max_size=n_sites)
    roles = draw(
        st.lists(st.sampled_from(["free"] * 6 + ["fixed", "required", "forbidden"]), min_size=n_sites, max_size=n_sites)
    )
    names = tuple(draw(st.permutations(ids(n_sites))))
    costs = st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5]), min_size=n_sites, max_size=n_sites)
    return cover(
        draw(st.lists(rows, min_size=n_demand, max_size=n_demand)),
        draw(st.lists(WEIGHTS, min_size=n_demand, max_size=n_demand).filter(any)),
        candidate_ids=names,
        site_cost=draw(st.none() | costs),
        target_share=draw(st.sampled_from([None, 0.25, 0.5, 0.9, 1.0])),
        **{
            role: tuple(n for n, r in zip(names, roles, strict=True) if r == role)
            for role in ("fixed", "required", "forbidden")
        },
    )


def check_against_all_covers(problem: LocationProblem) -> None:
    tried = try_all_covers(problem)
    if tried is None:
        with pytest.raises(InfeasibleError):
            solve(problem)
        return
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.is_tie_broken
    assert solution.objective == pytest.approx(tried[0], rel=1e-9, abs=1e-9)
    if tried[1]:
        assert tuple(sorted(solution.new)) == tried[1]


@settings(max_examples=200, deadline=None)
@given(cover_problems())
def test_the_solver_agrees_with_trying_every_cover(problem: LocationProblem) -> None:
    check_against_all_covers(problem)


@settings(max_examples=15, deadline=None)
@given(cover_problems(max_candidates=12))
def test_the_solver_agrees_with_trying_every_cover_of_twelve_candidates(problem: LocationProblem) -> None:
    check_against_all_covers(problem)


@settings(max_examples=60, deadline=None)
@given(cover_problems(), st.integers(0, 1000), st.sampled_from([1e-6, 0.3, 1e6]))
def test_order_and_unit_of_the_weights_change_nothing(problem: LocationProblem, seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    row, column = rng.permutation(problem.n_demand), rng.permutation(problem.n_candidates)
    other = replace(
        problem,
        weight=problem.weight[row] * factor,
        impedance_s=problem.impedance_s[row][:, column],
        candidate_ids=tuple(problem.candidate_ids[j] for j in column),
        site_cost=None if problem.site_cost is None else problem.site_cost[column],
    )
    try:
        solution = solve(problem)
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve(other)
        return
    shuffled = solve(other)
    assert (set(shuffled.new), shuffled.objective) == (set(solution.new), solution.objective)


@settings(max_examples=60, deadline=None)
@given(cover_problems())
def test_maximal_covering_with_as_many_sites_covers_everything(problem: LocationProblem) -> None:
    plain = replace(problem, site_cost=None, target_share=None)
    if try_all_covers(plain) is None:
        return
    n_new = round(solve(plain).objective)
    most = solve(replace(plain, objective="max_coverage", new=n_new))
    assert most.objective == pytest.approx(plain.weight.sum(), rel=1e-12)


def test_the_fewest_sites_cover_all() -> None:
    solution = solve(cover(THREE))
    assert (solution.new, solution.objective, solution.best_bound) == (("site-02",), 1.0, 1.0)
    assert solution.allocation.candidate.tolist() == [2, 2, 2]


def test_demand_exactly_at_the_standard_is_covered() -> None:
    assert solve(cover(THREE, standard_s=599.9)).new == ("site-00", "site-01")


def test_a_cost_changes_the_plan() -> None:
    solution = solve(cover(THREE, site_cost=[1.0, 1.0, 2.5]))
    assert (solution.new, solution.objective) == (("site-00", "site-01"), 2.0)


def test_a_target_changes_the_plan() -> None:
    solution = solve(cover(THREE, site_cost=[1.0, 1.0, 2.5], target_share=0.6))
    assert (solution.new, solution.objective) == (("site-00",), 1.0)


def test_a_target_counts_weight_and_not_points() -> None:
    assert solve(cover(THREE, [8.0, 1.0, 1.0], site_cost=[3.0, 1.0, 9.0], target_share=0.5)).new == ("site-00",)
    assert solve(cover(THREE, [1.0, 1.0, 8.0], site_cost=[3.0, 1.0, 9.0], target_share=0.5)).new == ("site-01",)


def test_a_target_that_is_just_met_is_met() -> None:
    table: list[list[float | None]] = [[0.0 if i == j else None for j in range(10)] for i in range(10)]
    assert solve(cover(table, [0.1] * 10, target_share=0.7)).objective == 7.0


def test_a_fixed_site_costs_nothing_and_a_required_one_its_cost() -> None:
    assert solve(cover(THREE, fixed=("site-00",), site_cost=[7.0, 1.0, 2.0])).objective == 1.0
    solution = solve(cover(THREE, required=("site-00",), site_cost=[7.0, 1.0, 2.0]))
    assert (solution.new, solution.objective) == (("site-00", "site-01"), 8.0)


def test_a_forbidden_site_is_in_no_cover() -> None:
    assert solve(cover(THREE, forbidden=("site-02",))).objective == 2.0


def test_nothing_is_opened_where_all_is_covered() -> None:
    solution = solve(cover(THREE, fixed=("site-02",)))
    assert (solution.status, solution.new, solution.objective, solution.gap) == (Status.OPTIMAL, (), 0.0, 0.0)


def test_a_site_of_no_cost_and_no_use_stays_closed() -> None:
    assert solve(cover([[None, 60.0, 60.0]], site_cost=[0.0, 0.0, 0.0])).new == ("site-01",)


def test_demand_that_nobody_reaches_is_listed() -> None:
    with pytest.raises(InfeasibleError) as caught:
        solve(cover([[60.0], [None], [601.0]]))
    assert "within the standard of no site that may be open (2: 1, 2)" in str(caught.value)
    assert "target_share" in str(caught.value)


def test_demand_without_a_weight_may_be_out_of_reach() -> None:
    assert solve(cover([[60.0], [None]], [1.0, 0.0])).objective == 1.0


def test_a_target_out_of_reach_names_what_can_be_reached() -> None:
    with pytest.raises(InfeasibleError) as caught:
        solve(cover([[60.0], [None]], [3.0, 1.0], target_share=0.8))
    assert "cover 75.0000% of the weight together, the target is 80.0000%" in str(caught.value)
    assert "(1: 1)" in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 1.1, -0.5, np.nan, "all", True])
def test_a_target_that_is_no_share_is_refused(share: Any) -> None:
    with pytest.raises(ProblemError, match="is no share in"):
        cover(THREE, target_share=share)


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        ([1.0, np.nan, 1.0], "values are NaN in candidates (1: 1)"),
        ([1.0, -1.0, np.inf], "values are infinite in candidates (1: 2)"),
        ([1.0, -1.0, 1.0], "values are negative in candidates (1: 1)"),
        ([1.0, 1e201, 1.0], "a cost is 1e+201"),
        ([1.0, 1.0], "2 costs for 3 ids"),
        (["a", "b", "c"], "the costs are no numbers"),
        ([[1.0, 1.0, 1.0]], "the costs have 2 dimensions"),
    ],
)
def test_wrong_costs_are_refused(cost: Any, said: str) -> None:
    with pytest.raises((ProblemError, ValueError)) as caught:
        cover(THREE, site_cost=cost)
    assert said in str(caught.value)


def test_fields_of_other_objectives_are_refused() -> None:
    with pytest.raises(ProblemError, match="set_cover has no use for new"):
        cover(THREE, new=2)
    for name, value in (("site_cost", [1.0, 1.0, 1.0]), ("target_share", 0.5)):
        with pytest.raises(ProblemError, match=f"max_coverage has no use for {name}: Leave it out, or choose set_cover|{name}"):
            coverage(THREE, **{name: value})


def hard_cover() -> LocationProblem:
    """Return a cover of 400 rows by 150 sites, of which greed does not find the cheapest."""
    rng = np.random.default_rng(8)
    table = np.where(rng.random((400, 150)) < 0.06, 60.0, 999.0).tolist()
    return cover(table, site_cost=rng.integers(3, 9, 150).astype(float))


def test_a_run_without_time_gives_the_greedy_cover_with_its_gap() -> None:
    solution = solve(hard_cover(), time_limit_s=1e-9)
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.best_bound < solution.objective
    assert solution.notes == ("The time limit cut the run: another run may give another plan.",)


def test_a_gap_that_is_asked_for_is_kept_and_not_called_optimal() -> None:
    solution = solve(hard_cover(), gap=0.5)
    assert solution.status is Status.FEASIBLE
    assert solution.gap <= 0.5
    assert "0.5" in solution.notes[0]


def test_both_solvers_agree() -> None:
    rng = np.random.default_rng(2)
    problem = cover(np.where(rng.random((40, 12)) < 0.4, 60.0, 999.0).tolist(), site_cost=rng.integers(1, 5, 12).astype(float))
    check_against_all_covers(problem)
    assert solve(problem, solver="cbc").new == solve(problem).new


def _after(monkeypatch: pytest.MonkeyPatch, call: int, proof: Proof) -> None:
    """Let the solver say something else from a call on."""
    calls, run = count(1), cover_search.run_solver

    def changed(*args: Any, **options: Any) -> Outcome:
        outcome = run(*args, **options)
        return replace(outcome, proof=proof) if next(calls) >= call else outcome

    monkeypatch.setattr(cover_search, "run_solver", changed)


def test_a_solver_that_denies_a_known_cover_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _after(monkeypatch, 1, Proof.INFEASIBLE)
    with pytest.raises(SolverError, match="no plan where one is known"):
        solve(cover(THREE))


def test_a_plan_that_does_not_cover_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimize.cover_model.CoverModel.plan", lambda _: np.zeros(0, dtype=np.intp))
    with pytest.raises(SolverError, match="breaks the rules"):
        solve(cover(THREE))


def test_the_tie_rule_is_only_claimed_where_it_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    _after(monkeypatch, 2, Proof.PLAN)
    solution = solve(cover(THREE))
    assert (solution.status, solution.tie_rule) == (Status.OPTIMAL, TIE_RULE_OPEN)


def test_the_recount_refuses_a_cover_that_misses_demand_or_target() -> None:
    solution = solve(cover(THREE, target_share=0.6, site_cost=[1.0, 1.0, 2.5]))
    with pytest.raises(VerificationError, match="the target share is covered"):
        verify_solution(cover(THREE, target_share=0.7, site_cost=[1.0, 1.0, 2.5]), solution)
    with pytest.raises(VerificationError, match="every demand row with a weight is served"):
        verify_solution(cover(THREE, site_cost=[1.0, 1.0, 2.5]), solution)
    with pytest.raises(VerificationError, match="the objective is the recounted one"):
        verify_solution(cover(THREE, target_share=0.6, site_cost=[1.5, 1.0, 2.5]), solution)
