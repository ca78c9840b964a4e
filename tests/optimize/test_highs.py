"""What the solvers prove, and the traps between PuLP and HiGHS."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pulp
import pytest

from data.errors import SolverError
from optimize.highs import Proof, SolverName, SolverOptions, run_solver

SOLVERS: tuple[SolverName, ...] = ("highs", "cbc")


def asked(solver: SolverName = "highs", **changes: Any) -> SolverOptions:
    return SolverOptions(**{"solver": solver, "gap_abs": 0.0, "time_limit_s": None, "seed": 0, "threads": 1, **changes})


def knapsack(*, n: int, n_rows: int, is_equality: bool = False) -> Any:
    """Return a minimisation that takes the longer, the larger it is."""
    rng = np.random.default_rng(0)
    lp = pulp.LpProblem("knapsack", pulp.LpMinimize)
    take = [lp.add_variable(f"x{i:03d}", 0, 1, cat=pulp.LpInteger) for i in range(n)]
    lp.setObjective(
        pulp.LpAffineExpression([(x, -float(value)) for x, value in zip(take, rng.integers(20, 90, n), strict=True)])
    )
    sense = pulp.LpConstraintEQ if is_equality else pulp.LpConstraintLE
    for _ in range(n_rows):
        size = rng.integers(1, 99, n)
        terms = [(x, float(value)) for x, value in zip(take, size, strict=True)]
        lp.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, rhs=float(size.sum() // 2)))
    return lp


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_optimal_run_proves_a_bound_that_meets_its_plan(solver: SolverName) -> None:
    lp = knapsack(n=15, n_rows=2)
    outcome = run_solver(lp, asked(solver))
    assert outcome.proof is Proof.OPTIMAL
    assert outcome.bound == pytest.approx(lp.objective.value(), abs=1e-6)


def test_a_run_cut_by_the_clock_is_not_optimal_though_pulp_calls_it_so() -> None:
    lp = knapsack(n=300, n_rows=40)
    outcome = run_solver(lp, asked(time_limit_s=1.0))
    assert lp.status == pulp.LpStatusOptimal  # the trap
    assert outcome.proof is Proof.PLAN
    assert outcome.bound is not None
    assert outcome.bound < lp.objective.value() - 1


def test_cbc_cut_by_the_clock_is_not_optimal_and_gives_no_bound() -> None:
    outcome = run_solver(knapsack(n=300, n_rows=40), asked("cbc", time_limit_s=1.5))
    assert outcome.proof is Proof.PLAN
    assert outcome.bound is None


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_run_cut_before_there_is_a_plan_proves_nothing(solver: SolverName) -> None:
    assert run_solver(knapsack(n=60, n_rows=8, is_equality=True), asked(solver, time_limit_s=0.2)).proof is Proof.NOTHING


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_model_without_a_plan_is_infeasible(solver: SolverName) -> None:
    lp = knapsack(n=3, n_rows=1)
    lp.addConstraint(
        pulp.LpConstraint(pulp.LpAffineExpression([(x, 1.0) for x in lp.variables()]), pulp.LpConstraintGE, rhs=4.0)
    )
    assert run_solver(lp, asked(solver)).proof is Proof.INFEASIBLE


def test_no_gap_is_left_at_the_default_of_highs() -> None:
    default = highspy.Highs()
    assert default.getOptionValue("mip_rel_gap")[1] == 1e-4  # the trap
    assert default.getOptionValue("mip_abs_gap")[1] == 1e-6
    lp = knapsack(n=5, n_rows=1)
    run_solver(lp, asked())
    assert lp.solverModel.getOptionValue("mip_rel_gap")[1] == 0.0
    assert lp.solverModel.getOptionValue("mip_abs_gap")[1] == 0.0


def test_the_gap_that_is_asked_for_stops_the_run_earlier() -> None:
    lp = knapsack(n=60, n_rows=6)
    exact, loose = run_solver(lp, asked()).bound, run_solver(lp, asked(gap_abs=200.0)).bound
    assert exact is not None
    assert loose is not None
    assert loose < exact - 1


def test_seed_and_threads_reach_highs() -> None:
    lp = knapsack(n=5, n_rows=1)
    run_solver(lp, asked(seed=17, threads=2))
    assert lp.solverModel.getOptionValue("random_seed")[1] == 17
    assert lp.solverModel.getOptionValue("threads")[1] == 2


def test_runs_with_different_numbers_of_threads_follow_each_other() -> None:
    # Without a reset of its pool, the second run of HiGHS in a process ends with no plan and no word.
    for threads in (1, 2, 1):
        assert run_solver(knapsack(n=15, n_rows=2), asked(threads=threads)).proof is Proof.OPTIMAL


def test_a_start_is_used() -> None:
    lp = knapsack(n=60, n_rows=6)
    run_solver(lp, asked())
    best = [(x, float(round(x.varValue))) for x in lp.variables()]
    value = lp.objective.value()
    outcome = run_solver(lp, asked(time_limit_s=0.3), start=best)
    assert outcome.proof in (Proof.PLAN, Proof.OPTIMAL)
    assert lp.objective.value() == pytest.approx(value)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_run_prints_nothing(solver: SolverName, capfd: pytest.CaptureFixture[str]) -> None:
    run_solver(knapsack(n=15, n_rows=2), asked(solver))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", [pulp.PulpError("broken"), KeyError("kMemoryLimit"), OSError("no binary")])
def test_errors_of_the_solver_come_out_as_solver_error(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(pulp.HiGHS, "createAndConfigureSolver", fail)
    with pytest.raises(SolverError, match="highs failed") as caught:
        run_solver(knapsack(n=3, n_rows=1), asked())
    assert caught.value.__cause__ is error


def test_a_status_that_is_no_proof_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def solve_unbounded(self: Any, lp: Any) -> int:
        lp.solverModel = highspy.Highs()
        lp.assignStatus(pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded)
        return int(lp.status)

    monkeypatch.setattr(pulp.HiGHS, "actualSolve", solve_unbounded)
    with pytest.raises(SolverError, match="Unbounded"):
        run_solver(knapsack(n=3, n_rows=1), asked())
