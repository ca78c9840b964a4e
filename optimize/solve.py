"""From a location problem to its verified solution."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias, TypeGuard

from data.errors import Faults, InfeasibleError, ProblemError, suggest_name
from optimize.clock import Clock, stop_by_hand
from optimize.exact import Answer
from optimize.explain import explain_refusal
from optimize.highs import METHODS, Method, SolverName, SolverOptions
from optimize.model import Model
from optimize.models import MODELS
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.rule_sums import check_rule_sums
from optimize.ruled import Refuse, solve_ruled
from optimize.site_rows import closed_sites, site_rows
from optimize.site_rules import SiteRules, site_rules
from optimize.solution import TIE_RULE, TIE_RULE_OPEN, ModelFacts, Solution, Status
from optimize.verify import verify_solution

Progress: TypeAlias = Callable[[float, float, float], None]
"""Is told seconds, the objective of the best plan so far, and the bound."""

SOLVERS: tuple[SolverName, ...] = ("highs", "cbc")
LARGEST_SEED = 2**31 - 1
"""The largest `random_seed` that HiGHS takes."""


def solve(
    problem: LocationProblem,
    *,
    time_limit_s: float | None = None,
    gap: float = 0.0,
    solver: SolverName = "highs",
    seed: int = 0,
    threads: int = 1,
    method: Method = "auto",
    progress: Progress | None = None,
    explains: bool = True,
) -> Solution:
    """Return the best plan with its proof, verified.

    Parameters
    ----------
    problem
        What to solve.
    time_limit_s
        When to stop, in seconds; without it the run goes on to the proof. A run that the clock cuts returns the best
        plan so far as `Status.FEASIBLE`, and need not be the same from run to run.
    gap
        Relative gap at which to stop, in [0, 1). Only with 0 is a solution ever `Status.OPTIMAL`.
    solver
        ``highs``, or ``cbc`` as a cross-check of small problems: it gives no bound before the proof.
    seed
        Seed of the solver's own decisions; it changes the way to the optimum, not the optimum.
    threads
        How many threads the solver may use.
    method
        How far coverage and median problems without rules are narrowed before the integer model: ``direct``, ``search`` or
        ``cuts``; ``auto`` chooses by their size. It changes the way to the optimum, not the optimum.
    progress
        Called now and then while the solver runs, with seconds since the beginning, the objective of the best plan so far,
        and the bound; infinite where there is none yet. The first Ctrl-C in the main thread ends the run with the best plan
        so far as `Status.FEASIBLE`; a second one interrupts.
    explains
        Whether a refusal says which rules stand against one another, which may take minutes.

    Raises
    ------
    ProblemError
        An option is out of its range; `FaultsError` where several are.
    InfeasibleError
        No plan meets the rules.
    SolverError
        The solver failed, or the time was over before there was a plan.
    VerificationError
        The solution does not stand up to the recount.

    Notes
    -----
    1. Demand is aggregated by its cover. 2. Interchange gives a plan and Lagrangian prices give a bound; candidates that
    by that bound are in no optimal plan are left out. ``set_cover`` and ``p_center`` begin from a greedy cover and a knapsack
    bound instead. 3. The model of the others is solved exactly. 4. Of equal plans the tie rule takes one, by a second exact
    solve. 5. The plan is recounted from the arrays. Candidates are sorted by id and demand by its contents first, so the order
    of rows and columns changes nothing.

    Examples
    --------
    Two demand points and three candidates, of which the last reaches nobody.

    >>> import numpy as np
    >>> from scipy import sparse
    >>> seconds, demand, candidate = np.array([300.0, 900.0, 60.0]), np.array([0, 0, 1]), np.array([0, 1, 1])
    >>> problem = LocationProblem(
    ...     objective="max_coverage",
    ...     weight=np.array([120.0, 80.0]),
    ...     impedance_s=sparse.csr_array((seconds, (demand, candidate)), shape=(2, 3)),
    ...     candidate_ids=("library", "school", "yard"),
    ...     new=1,
    ...     standard_s=600.0,
    ... )
    >>> solution = solve(problem)
    >>> solution.status.value, solution.selected, solution.objective
    ('optimal', ('library',), 120.0)
    """
    _check_options(time_limit_s=time_limit_s, gap=gap, solver=solver, seed=seed, threads=threads, method=method)
    model, rules, began = MODELS[problem.objective], site_rules(problem), time.monotonic()
    with stop_by_hand() as is_stopped:
        clock = Clock(began=began, limit_s=time_limit_s, is_stopped=is_stopped)
        options = SolverOptions(
            solver=solver,
            gap_abs=0.0,
            time_limit_s=None,
            seed=seed,
            threads=threads,
            method=method,
            is_stopped=is_stopped,
            tell=None if progress is None else lambda plan, bound: progress(time.monotonic() - began, plan, bound),
        )
        refuse = partial(explain_refusal, model=model, options=options, clock=clock) if explains else _refuse_briefly
        answer = _find_answer(problem, rules, model=model, refuse=refuse, options=options, clock=clock, gap=gap)
        solution = _as_solution(problem, answer, rules=rules, model=model, solver=solver, clock=clock, gap=gap)
    verify_solution(problem, solution)
    return solution


def _refuse_briefly(_problem: LocationProblem, _sites: SiteRules) -> InfeasibleError:
    """Return the error of a problem that no plan meets, without saying why."""
    return InfeasibleError("no plan meets the rules together", where="rules", remedy="Solve it alone to read which ones")


def _find_answer(
    problem: LocationProblem,
    rules: SiteRules,
    *,
    model: Model,
    refuse: Refuse,
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> Answer:
    """Return the answer of a model, by its fast way where no rule stands against that."""
    if problem.rules.is_empty and model.answer is not None:
        return model.answer(problem, rules, options=options, clock=clock, gap=gap)
    if model.answer_ruled is not None:
        check_rule_sums(problem, rules, site_rows(problem, rules))
        return model.answer_ruled(problem, rules, refuse=refuse, options=options, clock=clock, gap=gap)
    return solve_ruled(problem, rules, model=model, refuse=refuse, options=options, clock=clock, gap=gap)


def _facts(answer: Answer, *, formulation: str, solver: SolverName) -> ModelFacts:
    """Return the facts of the model that gave an answer."""
    return ModelFacts(
        formulation=formulation,
        solver=solver,
        rows=answer.n_rows,
        columns=answer.n_columns,
        nonzeros=answer.n_nonzeros,
        n_classes=answer.n_classes,
        n_candidates_left=answer.n_sites,
    )


def _as_solution(
    problem: LocationProblem,
    answer: Answer,
    *,
    rules: SiteRules,
    model: Model,
    solver: SolverName,
    clock: Clock,
    gap: float,
) -> Solution:
    """Return an answer in the words of the problem; its objective is counted anew from the arrays."""
    opened = {problem.candidate_ids[j] for j in rules.free[answer.rank]} | set(problem.required)
    selected = tuple(name for name in problem.candidate_ids if name in opened or name in problem.fixed)
    new = tuple(name for name in selected if name in opened and name not in problem.rules.open_now)
    allocation = model.allocate(problem, selected) if answer.allocation is None else answer.allocation
    objective = model.objective(problem, allocation, selected=selected, new=new)
    missing = 0.0 if answer.is_optimal else answer.upper - answer.lower
    if problem.objective in MAXIMISED:
        whole = math.fsum(problem.weight) if problem.site_impedance is None else math.inf
        best_bound = min(objective + missing, whole)
    else:
        best_bound = max(objective - missing, 0.0)
    larger = max(objective, best_bound)
    return Solution(
        status=Status.OPTIMAL if answer.is_optimal else Status.FEASIBLE,
        selected=selected,
        new=new,
        objective=objective,
        best_bound=best_bound,
        gap=abs(best_bound - objective) / larger if larger > 0 else 0.0,
        is_tie_broken=answer.is_tie_broken,
        tie_rule=TIE_RULE if answer.is_tie_broken else TIE_RULE_OPEN,
        allocation=allocation,
        model=_facts(answer, formulation=model.formulation, solver=solver),
        closed=closed_sites(problem, selected),
        notes=_notes(answer, gap=gap, is_stopped=clock.is_stopped()),
        seconds=time.monotonic() - clock.began,
    )


def _notes(answer: Answer, *, gap: float, is_stopped: bool) -> tuple[str, ...]:
    """Return what a reader of the plan has to know beside its figures."""
    notes = []
    if answer.is_cut and is_stopped:
        notes.append("The run was stopped by hand: a longer one may give a better plan.")
    elif answer.is_cut:
        notes.append("The time limit cut the run: another run may give another plan.")
    elif gap > 0:
        notes.append(f"A gap of {gap:g} was asked for: the run stopped at the first plan within it.")
    elif not answer.is_optimal:
        notes.append("The solver calls the plan optimal, but its bound does not meet the recounted objective.")
    elif not answer.is_tie_broken:
        notes.append("The plan is optimal; that it is the one which the tie rule names was not proven.")
    return tuple(notes)


def _check_options(*, time_limit_s: object, gap: object, solver: object, seed: object, threads: object, method: object) -> None:
    """Raise if an option of `solve` is out of its range."""
    faults = Faults()
    if solver not in SOLVERS:
        faults.add(ProblemError(f"unknown solver {solver!r}", where="solver", remedy=suggest_name(str(solver), SOLVERS)))
    if method not in METHODS:
        faults.add(ProblemError(f"unknown method {method!r}", where="method", remedy=suggest_name(str(method), METHODS)))
    if time_limit_s is not None and not (_is_number(time_limit_s) and 0 < time_limit_s < math.inf):
        faults.add(ProblemError(f"{time_limit_s!r} is no number of seconds > 0", where="time_limit_s"))
    if not (_is_number(gap) and 0 <= gap < 1):
        faults.add(ProblemError(f"{gap!r} is no share in [0, 1)", where="gap"))
    if not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        faults.add(ProblemError(f"{seed!r} is no whole number in 0 … {LARGEST_SEED}", where="seed"))
    if not isinstance(threads, int) or threads < 1:
        faults.add(ProblemError(f"{threads!r} is no whole number ≥ 1", where="threads"))
    faults.raise_if_any()


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
