"""The solvers behind PuLP, and what they really proved: HiGHS in this process, CBC as a cross-check."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias

import highspy
import pulp

from data.errors import SolverError

SolverName: TypeAlias = Literal["highs", "cbc"]


@dataclass(frozen=True, kw_only=True)
class SolverOptions:
    """How a solver is asked.

    Parameters
    ----------
    solver
        ``highs`` or ``cbc``.
    gap_abs
        Difference between plan and bound at which it may stop, in units of the model's objective.
    time_limit_s
        When to stop, in seconds; None for never.
    seed, threads
        Passed on.
    gap_rel
        Difference between plan and bound, as a share of the plan's objective, at which it may stop besides.
    offset
        What is added to the model's objective before that share is taken.
    """

    solver: SolverName
    gap_abs: float
    time_limit_s: float | None
    seed: int
    threads: int
    gap_rel: float = 0.0
    offset: float = 0.0


class Proof(Enum):
    """How a run ended."""

    OPTIMAL = "optimal"
    """There is a plan, and none is better by more than the gap that was asked for."""

    PLAN = "plan"
    """There is a plan, and the time was over before more was proven."""

    NOTHING = "nothing"
    """The time was over before there was a plan."""

    INFEASIBLE = "infeasible"
    """There is no plan."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a solver proved of a minimisation.

    Parameters
    ----------
    proof
        How the run ended.
    bound
        What no plan can undercut, in units of the model's objective; None if the solver gives none.
    """

    proof: Proof
    bound: float | None


_PROOFS = {
    pulp.LpSolutionOptimal: Proof.OPTIMAL,
    pulp.LpSolutionIntegerFeasible: Proof.PLAN,
    pulp.LpSolutionNoSolutionFound: Proof.NOTHING,
    pulp.LpSolutionInfeasible: Proof.INFEASIBLE,
}


class _StartedHighs(pulp.HiGHS):  # type: ignore[misc]  # PuLP has no types
    """HiGHS that begins from a plan; PuLP's own interface to it has no warm start."""

    def __init__(self, start: Sequence[tuple[Any, float]], *, offset: float, **options: Any) -> None:
        super().__init__(**options)
        self._start, self._offset = start, offset

    def callSolver(self, lp: Any) -> None:  # noqa: N802  # PuLP's name
        """Give the start, of which HiGHS finds the other variables itself, then solve."""
        if self._start:
            known = [(variable.index, value) for variable, value in self._start if hasattr(variable, "index")]
            lp.solverModel.setSolution(len(known), [index for index, _ in known], [value for _, value in known])
        lp.solverModel.changeObjectiveOffset(self._offset)  # PuLP passes no constant on
        lp.solverModel.run()


def run_solver(lp: Any, options: SolverOptions, *, start: Sequence[tuple[Any, float]] = ()) -> Outcome:
    """Solve a minimisation and return what is proven; the plan is in the values of its variables.

    Parameters
    ----------
    lp
        A `pulp.LpProblem` that minimises.
    options
        How to ask.
    start
        Variables and values of a plan to begin from. CBC does without.

    Raises
    ------
    SolverError
        The solver fails.
    """
    try:
        bound = _run_highs(lp, options, start) if options.solver == "highs" else _run_cbc(lp, options)
    except (pulp.PulpError, LookupError, OSError) as error:
        # PuLP looks the status of HiGHS up in a table that does not know all of them: a KeyError.
        raise SolverError(f"{options.solver} failed: {type(error).__name__}: {error}", where="solver") from error
    # PuLP's `status` says Optimal for a run that the clock cut; only `sol_status` tells the two apart.
    if lp.sol_status not in _PROOFS:
        raise SolverError(f"{options.solver} failed: {pulp.LpSolution[lp.sol_status]}", where="solver")
    return Outcome(proof=_PROOFS[lp.sol_status], bound=bound)


def _run_highs(lp: Any, options: SolverOptions, start: Sequence[tuple[Any, float]]) -> float | None:
    """Solve with HiGHS in this process, silently, and read its bound."""
    # The pool of threads of a process (or thread) keeps the size of its first use, and another number of threads
    # would end the run with no plan and no word.
    highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003  # highspy takes it by position only
    # Both gaps are given: 0 is asked for, and HiGHS's own defaults are 1e-4 and 1e-6.
    solver = _StartedHighs(
        start,
        offset=options.offset,
        msg=False,
        gapRel=options.gap_rel,
        gapAbs=options.gap_abs,
        timeLimit=options.time_limit_s,
        threads=options.threads,
        random_seed=options.seed,
    )
    lp.solve(solver)
    bound = float(lp.solverModel.getInfo().mip_dual_bound) - options.offset
    return bound if math.isfinite(bound) else None


def run_relaxation(lp: Any, options: SolverOptions) -> Outcome:
    """Solve a minimisation as if no variable were whole, with HiGHS; reduced costs are in `dj` of its variables.

    Raises
    ------
    SolverError
        The solver fails.
    """
    highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003  # as in `_run_highs`
    solver = _StartedHighs(
        (), offset=0.0, mip=False, msg=False, timeLimit=options.time_limit_s, threads=options.threads, random_seed=options.seed
    )
    try:
        lp.solve(solver)
    except (pulp.PulpError, LookupError, OSError) as error:
        raise SolverError(f"highs failed: {type(error).__name__}: {error}", where="solver") from error
    if lp.sol_status == pulp.LpSolutionInfeasible:
        return Outcome(proof=Proof.INFEASIBLE, bound=None)
    if lp.sol_status != pulp.LpSolutionOptimal:
        return Outcome(proof=Proof.NOTHING, bound=None)
    return Outcome(proof=Proof.OPTIMAL, bound=float(lp.solverModel.getInfo().objective_function_value))


def _run_cbc(lp: Any, options: SolverOptions) -> float | None:
    """Solve with the CBC that comes with PuLP; it tells no bound but that of an optimal plan asked for with no gap."""
    solver = pulp.COIN_CMD(
        path=pulp.PULP_CBC_CMD.pulp_cbc_path,
        msg=False,
        gapRel=0.0,
        gapAbs=options.gap_abs,
        timeLimit=options.time_limit_s,
        threads=options.threads,
        options=[f"randomCbcSeed {options.seed}"],
    )
    with tempfile.TemporaryDirectory() as folder:
        solver.tmpDir = folder  # so that nothing is left behind if it fails
        lp.solve(solver)
    is_exact = lp.sol_status == pulp.LpSolutionOptimal and options.gap_abs == 0
    return float(lp.objective.value() or 0.0) if is_exact else None
