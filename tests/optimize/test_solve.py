"""What a solution claims: optimal only when proven, feasible with its gap, an error where there is no plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.errors import FaultsError, InfeasibleError, ProblemError, SolverError, VerificationError
from optimize import exact, solve, ties
from optimize.highs import Outcome, Proof, SolverOptions
from optimize.problem import LocationProblem
from optimize.solution import TIE_RULE, TIE_RULE_OPEN, Status
from tests.optimize.toys import coverage, median

# Twelve demand points that three of nine sites just serve; greedy addition and interchange do not find them.
NARROW = (
    "....x.x..", "x......x.", "x.xx.xxxx", "...x.x..x", "xx...xxxx", ".x..xx.x.",
    ".x....x..", "..xx..x..", ".x...xx.x", "xxx.x.x..", ".....x.xx", "...xx....",
)  # fmt: skip


def narrow_problem() -> LocationProblem:
    return median([[60.0 if mark == "x" else None for mark in row] for row in NARROW], new=3)


def hard_problem(objective: str) -> LocationProblem:
    """Return a problem without any geometry, which no solver proves in a second."""
    rng = np.random.default_rng(3)
    table = rng.integers(1, 1000, (150, 70)).astype(float).tolist()
    return coverage(table, new=10, standard_s=60.0) if objective == "max_coverage" else median(table, new=8)


def test_a_proven_solution_is_optimal_without_a_gap() -> None:
    solution = solve.solve(narrow_problem())
    assert solution.status is Status.OPTIMAL
    assert (solution.gap, solution.best_bound) == (0.0, solution.objective)
    assert solution.notes == ()
    assert solution.tie_rule == TIE_RULE
    assert solution.seconds > 0


@pytest.mark.parametrize("objective", ["max_coverage", "p_median"])
def test_a_run_cut_by_the_clock_is_feasible_with_its_gap(objective: str) -> None:
    solution = solve.solve(hard_problem(objective), time_limit_s=0.8)
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.gap < 1
    sign = 1 if objective == "max_coverage" else -1
    assert sign * (solution.best_bound - solution.objective) > 0
    assert solution.notes == ("The time limit cut the run: another run may give another plan.",)
    assert (solution.is_tie_broken, solution.tie_rule) == (False, TIE_RULE_OPEN)


def test_cbc_cut_by_the_clock_keeps_the_bound_of_the_prices() -> None:
    solution = solve.solve(hard_problem("p_median"), time_limit_s=0.8, solver="cbc")
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.gap < 1


def test_no_time_at_all_still_gives_the_plan_of_the_interchange() -> None:
    solution = solve.solve(hard_problem("p_median"), time_limit_s=1e-9)
    assert solution.status is Status.FEASIBLE
    assert len(solution.new) == 8


def test_time_over_before_there_is_a_plan_is_a_solver_error() -> None:
    with pytest.raises(SolverError, match="the time was over before there was a plan"):
        solve.solve(narrow_problem(), time_limit_s=1e-9)


@pytest.mark.parametrize("objective", ["max_coverage", "p_median"])
def test_a_gap_that_is_asked_for_stops_earlier_and_is_never_called_optimal(objective: str) -> None:
    solution = solve.solve(hard_problem(objective), gap=0.6)
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.gap <= 0.6
    assert solution.notes == ("A gap of 0.6 was asked for: the run stopped at the first plan within it.",)


def test_a_gap_that_turns_out_to_be_zero_is_not_called_optimal_either() -> None:
    solution = solve.solve(coverage([[0.0, 700.0]]), gap=0.1)
    assert (solution.status, solution.gap) == (Status.FEASIBLE, 0.0)
    nothing = solve.solve(coverage([[0.0, 700.0]], new=0), gap=0.1)
    assert (nothing.status, nothing.gap) == (Status.FEASIBLE, 0.0)


def wrapped(monkeypatch: pytest.MonkeyPatch, module: Any, change: Any) -> None:
    """Let a module see the outcome of the solver as `change` says."""
    run = module.run_solver
    monkeypatch.setattr(module, "run_solver", lambda lp, options, **start: change(run(lp, options, **start), options))


def test_optimal_by_word_with_a_bound_that_does_not_meet_the_plan_is_feasible(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped(
        monkeypatch,
        exact,
        lambda outcome, _: Outcome(proof=outcome.proof, bound=outcome.bound - 1e-3 * abs(outcome.bound) - 1e-3),
    )
    rng = np.random.default_rng(1)
    problem = coverage(rng.integers(1, 1000, (80, 12)).astype(float).tolist(), new=4, standard_s=200.0)
    monkeypatch.setattr("optimize.lagrange.MAX_ROUNDS", 0)
    solution = solve.solve(problem)
    assert solution.status is Status.FEASIBLE
    assert "its bound does not meet the recounted objective" in solution.notes[0]


def test_a_tie_rule_that_is_not_proven_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped(monkeypatch, ties, lambda outcome, _: replace(outcome, proof=Proof.PLAN))
    solution = solve.solve(coverage([[0.0, 0.0], [0.0, 0.0]]))
    assert solution.status is Status.OPTIMAL
    assert (solution.is_tie_broken, solution.tie_rule) == (False, TIE_RULE_OPEN)
    assert "not proven" in solution.notes[0]


def test_a_solver_that_finds_no_plan_where_one_is_known_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped(monkeypatch, exact, lambda outcome, _: replace(outcome, proof=Proof.INFEASIBLE))
    with pytest.raises(SolverError, match="no plan where one is known"):
        solve.solve(coverage([[0.0, 0.0]]))


def test_a_plan_that_breaks_the_rules_of_the_model_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimize.cover_model.CoverModel.plan", lambda _: np.zeros(0, dtype=np.intp))
    monkeypatch.setattr("optimize.siting.Siting.value", lambda _siting, _plan: 0.0)
    with pytest.raises(SolverError, match="breaks the rules"):
        solve.solve(coverage([[0.0, 0.0]]))


def test_the_solution_is_verified_before_it_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(solve.MODELS["max_coverage"], measure=lambda _problem, _allocation, **_: 123.0)
    monkeypatch.setattr(solve, "MODELS", {"max_coverage": wrong})
    with pytest.raises(VerificationError, match="the objective is the recounted one"):
        solve.solve(coverage([[0.0, 0.0]]))


def test_all_options_reach_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[SolverOptions] = []

    def keep(outcome: Outcome, options: SolverOptions) -> Outcome:
        seen.append(options)
        return outcome

    wrapped(monkeypatch, exact, keep)
    solve.solve(coverage([[0.0, 0.0]]), seed=11, threads=2, time_limit_s=50.0, solver="cbc")
    assert (seen[0].seed, seen[0].threads, seen[0].solver) == (11, 2, "cbc")
    assert seen[0].gap_abs == 0.0
    assert seen[0].time_limit_s is not None
    assert 0 < seen[0].time_limit_s < 50.0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"solver": "hihgs"}, "Did you mean 'highs'"),
        ({"time_limit_s": 0}, "0 is no number of seconds > 0"),
        ({"time_limit_s": np.inf}, "is no number of seconds > 0"),
        ({"time_limit_s": "10"}, "'10' is no number of seconds"),
        ({"gap": 1.0}, "1.0 is no share in"),
        ({"gap": -0.1}, "is no share in"),
        ({"gap": np.nan}, "is no share in"),
        ({"seed": -1}, "-1 is no whole number in 0 … 2147483647"),
        ({"seed": 1.5}, "1.5 is no whole number"),
        ({"threads": 0}, "0 is no whole number ≥ 1"),
    ],
)
def test_options_out_of_range_are_refused(option: dict[str, Any], said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        solve.solve(narrow_problem(), **option)
    assert said in str(caught.value)


def test_all_options_out_of_range_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        solve.solve(narrow_problem(), gap=2.0, seed=-1, threads=0, time_limit_s=-1.0)
    assert len(caught.value.faults) == 4


def test_infeasible_rules_are_told_before_any_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "run_solver", None)
    with pytest.raises(InfeasibleError):
        solve.solve(replace(narrow_problem(), new=20))


def test_the_facts_tell_the_model_that_was_solved() -> None:
    rng = np.random.default_rng(2)
    facts = solve.solve(median(rng.integers(1, 1000, (40, 12)).astype(float).tolist(), new=3)).model
    assert facts.solver == "highs"
    assert "Elloumi" in facts.formulation
    assert 3 < facts.n_candidates_left <= 12
    assert facts.rows == facts.n_classes + 1 > 10
    assert facts.columns == facts.n_candidates_left + facts.n_classes
    assert facts.nonzeros > facts.rows
    assert "Church" in solve.solve(coverage([[0.0]])).model.formulation
