"""The recount of the models in which the nearest open site serves, by code that shares nothing with what made the plan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.recount import TOLERANCE, Recount, allocation_findings
from optimize.solution import Solution
from optimize.verify_rules import Finding


def recount_nearest(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a solution in which each demand point belongs to its nearest open site."""
    nearest_s, nearest = nearest_selected(problem, solution)
    is_served = is_served_within(problem, nearest_s)
    allocated = allocation_findings(solution, demand=np.flatnonzero(is_served), candidate=nearest[is_served])
    return Recount(
        objective=_objective(problem, solution, nearest_s=nearest_s, is_served=is_served),
        covered_weight=float(problem.weight[is_served].sum()),
        n_served=int(is_served.sum()),
        findings=(*allocated, *_service(problem, is_served=is_served)),
    )


def nearest_selected(problem: LocationProblem, solution: Solution) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return impedance and column of the nearest selected site of each demand row; infinite where none is reachable."""
    nearest_s = np.full(problem.weight.size, np.inf)
    nearest = np.zeros(problem.weight.size, dtype=np.intp)
    by_column = problem.impedance_s.tocsc()
    column_of = {name: j for j, name in enumerate(problem.candidate_ids)}
    for name in sorted(set(solution.selected) & set(column_of)):  # by id, so that the first one wins a tie
        column = column_of[name]
        stored = slice(by_column.indptr[column], by_column.indptr[column + 1])
        row, seconds = by_column.indices[stored], by_column.data[stored]
        is_nearer = seconds < nearest_s[row]
        nearest_s[row[is_nearer]] = seconds[is_nearer]
        nearest[row[is_nearer]] = column
    return nearest_s, nearest


def is_served_within(problem: LocationProblem, nearest_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the nearest selected site of each demand row serves it."""
    if problem.decay is not None:
        return np.asarray(problem.decay.share(nearest_s) > 0)
    if problem.standard_s is not None:
        return np.asarray(nearest_s <= problem.standard_s)
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    return np.asarray(nearest_s < limit_s)


def _service(problem: LocationProblem, *, is_served: NDArray[np.bool_]) -> Iterator[Finding]:
    """Yield whether whoever must be served is."""
    if problem.target_share is not None:
        share = float(problem.weight[is_served].sum() / problem.weight.sum())
        yield "the target share is covered", share >= problem.target_share - TOLERANCE, share
    elif problem.objective not in MAXIMISED and problem.unserved_impedance_s is None:
        lost = np.flatnonzero(~is_served & (problem.weight > 0))
        yield "every demand row with a weight is served", not lost.size, lost[:5].tolist()


def _objective(
    problem: LocationProblem, solution: Solution, *, nearest_s: NDArray[np.float64], is_served: NDArray[np.bool_]
) -> float:
    """Return the objective from the nearest impedances, or from the new sites."""
    if problem.objective == "set_cover":
        is_new = np.isin(np.array(problem.candidate_ids), np.array(solution.new, dtype=str))
        return float(is_new.sum() if problem.site_cost is None else problem.site_cost[is_new].sum())
    if problem.decay is not None:
        return float(np.sum(problem.weight * problem.decay.share(nearest_s)))
    if problem.objective == "p_center":
        return float(nearest_s[problem.weight > 0].max())
    if problem.objective == "max_coverage":
        return float(problem.weight[is_served].sum())
    unserved_s = 0.0 if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    return float(np.sum(problem.weight * np.where(is_served, nearest_s, unserved_s)))
