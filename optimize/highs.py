"""The solvers behind PuLP, and what they really proved: HiGHS in this process, CBC as a cross-check."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias, get_args

import highspy
import pulp

from data.errors import SolverError

SolverName: TypeAlias = Literal["highs", "cbc"]
Method: TypeAlias = Literal["auto", "direct", "search", "cuts"]

METHODS: tuple[Method, ...] = get_args(Method)


Tell: TypeAlias = Callable[[float, float], None]
"""Is told the value of the best plan so far, and the bound; infinite where there is none."""


def convert_told(tell: Tell | None, convert: Callable[[float], float]) -> Tell | None:
    """Return what tells both numbers in other units; nothing where nobody is told."""
    if tell is None:
        return None
    return lambda value, bound: tell(convert(value), convert(bound))


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
    method
        How far problems in the form of a siting are narrowed before the integer model. ``direct``: by bounds. ``search``: by a
        longer search for a good plan besides. ``cuts``: for coverage, by cuts at the linear relaxation besides. ``auto``: by
        their size, as `optimize.exact` says.
    is_stopped
        Whether the run was stopped by hand; only HiGHS asks.
    tell
        Who is told how far the run is, in units of the problem's objective; None for nobody.
    """

    solver: SolverName
    gap_abs: float
    time_limit_s: float | None
    seed: int
    threads: int
    gap_rel: float = 0.0
    offset: float = 0.0
    method: Method = "auto"
    is_stopped: Callable[[], bool] | None = None
    tell: Tell | None = None


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


_INTERRUPTS = (
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
    highspy.cb.HighsCallbackType.kCallbackIpmInterrupt,
)
_LOGGING = highspy.cb.HighsCallbackType.kCallbackMipLogging


class _StartedHighs(pulp.HiGHS):  # type: ignore[misc]  # PuLP has no types
    """HiGHS that begins from a plan; PuLP's own interface to it has no warm start."""

    def __init__(
        self,
        start: Sequence[tuple[Any, float]],
        *,
        offset: float,
        is_stopped: Callable[[], bool] | None,
        tell: Tell | None = None,
        **options: Any,
    ) -> None:
        super().__init__(msg=tell is not None, log_to_console=False, **options)  # HiGHS tells only what it would print
        self._start, self._offset, self._is_stopped, self._tell = start, offset, is_stopped, tell

    def callSolver(self, lp: Any) -> None:  # noqa: N802  # PuLP's name
        """Give the start, of which HiGHS finds the other variables itself, then solve."""
        if self._start:
            known = [(variable.index, value) for variable, value in self._start if hasattr(variable, "index")]
            lp.solverModel.setSolution(len(known), [index for index, _ in known], [value for _, value in known])
        lp.solverModel.changeObjectiveOffset(self._offset)  # PuLP passes no constant on
        calls = (*(_INTERRUPTS if self._is_stopped is not None else ()), *((_LOGGING,) if self._tell is not None else ()))
        if calls:
            lp.solverModel.setCallback(self._call, None)
        for kind in calls:
            lp.solverModel.startCallback(kind)
        lp.solverModel.run()

    def _call(self, kind: Any, _message: str, said: Any, answer: Any, _data: Any) -> None:
        """Stop HiGHS if the run was stopped, and tell how far it is."""
        if self._is_stopped is not None and self._is_stopped():
            answer.user_interrupt = True
        if self._tell is not None and kind == _LOGGING:
            self._tell(said.mip_primal_bound - self._offset, said.mip_dual_bound - self._offset)


def run_solver(
    lp: Any, options: SolverOptions, *, start: Sequence[tuple[Any, float]] = (), tell: Tell | None = None
) -> Outcome:
    """Solve a minimisation and return what is proven; the plan is in the values of its variables.

    Parameters
    ----------
    lp
        A `pulp.LpProblem` that minimises.
    options
        How to ask.
    start
        Variables and values of a plan to begin from. CBC does without.
    tell
        Who is told how far this run is, in units of the model's objective; that of the options is not. CBC tells nothing.

    Raises
    ------
    SolverError
        The solver fails.
    """
    try:
        bound = _run_highs(lp, options, start, tell) if options.solver == "highs" else _run_cbc(lp, options)
    except (pulp.PulpError, LookupError, OSError) as error:
        # PuLP looks the status of HiGHS up in a table that does not know all of them: a KeyError.
        raise SolverError(f"{options.solver} failed: {type(error).__name__}: {error}", where="solver") from error
    # PuLP's `status` says Optimal for a run that the clock cut; only `sol_status` tells the two apart.
    if lp.sol_status not in _PROOFS:
        raise SolverError(f"{options.solver} failed: {pulp.LpSolution[lp.sol_status]}", where="solver")
    return Outcome(proof=_PROOFS[lp.sol_status], bound=bound)


def _run_highs(lp: Any, options: SolverOptions, start: Sequence[tuple[Any, float]], tell: Tell | None) -> float | None:
    """Solve with HiGHS in this process, silently, and read its bound."""
    # The pool of threads of a process (or thread) keeps the size of its first use, and another number of threads
    # would end the run with no plan and no word.
    highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003  # highspy takes it by position only
    # Both gaps are given: 0 is asked for, and HiGHS's own defaults are 1e-4 and 1e-6.
    solver = _StartedHighs(
        start,
        offset=options.offset,
        is_stopped=options.is_stopped,
        tell=tell,
        gapRel=options.gap_rel,
        gapAbs=options.gap_abs,
        timeLimit=options.time_limit_s,
        threads=options.threads,
        random_seed=options.seed,
    )
    lp.solve(solver)
    if lp.solverModel.getModelStatus() == highspy.HighsModelStatus.kInterrupt:
        _read_interrupted(lp)
    info = lp.solverModel.getInfo()
    # Of a model without integer variables HiGHS says a bound of 0, whatever its value.
    bound = float(info.mip_dual_bound if lp.isMIP() else info.objective_function_value) - options.offset
    return bound if math.isfinite(bound) else None


def _read_interrupted(lp: Any) -> None:
    """Say of a run that was stopped by hand whether it has a plan: PuLP says that it has one, always."""
    has_plan = math.isfinite(lp.solverModel.getInfo().objective_function_value)
    lp.sol_status = pulp.LpSolutionIntegerFeasible if has_plan else pulp.LpSolutionNoSolutionFound


def run_relaxation(lp: Any, options: SolverOptions) -> Outcome:
    """Solve a minimisation as if no variable were whole, with HiGHS; reduced costs are in `dj` of its variables.

    Raises
    ------
    SolverError
        The solver fails.
    """
    highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003  # as in `_run_highs`
    solver = _StartedHighs(
        (),
        offset=0.0,
        is_stopped=options.is_stopped,
        mip=False,
        timeLimit=options.time_limit_s,
        threads=options.threads,
        random_seed=options.seed,
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
