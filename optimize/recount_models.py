"""The recount of the models beyond coverage, median and center, by code that shares nothing with what made the plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from optimize.problem import LocationProblem
from optimize.recount import TOLERANCE, Recount, allocation_findings
from optimize.recount_nearest import is_served_within, nearest_selected
from optimize.solution import Solution
from optimize.verify_rules import Finding

LEAST_S = 60.0
"""Of an impedance in ``market_capture``, as its definition says."""

Finish = Callable[[LocationProblem, Solution, NDArray[np.float64]], float]
"""Counts the objective from the impedances to the nearest open sites, shape (n_demand,), or from the plan itself."""


def recount_backup(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``backup_coverage``, in which whoever has a weight must be covered."""
    return _recount(problem, solution, finish=_covered_again, must_serve=True)


def recount_weighted_backup(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``weighted_backup_coverage``."""
    return _recount(problem, solution, finish=_covered_by_share, must_serve=False)


def recount_dispersion(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``p_dispersion``, which serves nobody in particular."""
    return _recount(problem, solution, finish=_least_apart, must_serve=False)


def recount_kolm_pollak(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``kolm_pollak``."""
    return _recount(problem, solution, finish=_equivalent_s, must_serve=problem.unserved_impedance_s is None)


def recount_capture(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``market_capture``: the share of each open site in each demand row."""
    attraction, rival = problem.attraction, problem.competitor_pull
    if attraction is None or rival is None or problem.pull_exponent is None:
        attraction, rival = np.zeros(problem.n_candidates), np.zeros(problem.n_demand)  # captures nothing, as nothing pulls
    exponent = problem.pull_exponent or 1.0
    pull = np.zeros((problem.n_demand, len(solution.selected)))
    columns, matrix = _columns(problem, solution), problem.impedance_s.tocsc()
    for place, j in enumerate(columns):
        stored = slice(matrix.indptr[j], matrix.indptr[j + 1])
        seconds = np.where(matrix.data[stored] < LEAST_S, LEAST_S, matrix.data[stored])
        pull[matrix.indices[stored], place] = attraction[j] * seconds**-exponent
    ours = pull.sum(axis=1)
    share = np.divide(pull, (ours + rival)[:, None], out=np.zeros_like(pull), where=(ours > 0)[:, None])
    demand, at = np.nonzero(share)
    claimed = solution.allocation
    is_same = np.array_equal(claimed.demand, demand) and np.array_equal(claimed.candidate, np.array(columns, dtype=np.intp)[at])
    is_near = is_same and claimed.share is not None and np.allclose(claimed.share, share[demand, at], rtol=TOLERANCE, atol=0)
    findings: list[Finding] = [
        ("the allocation has each open site that pulls a demand row", is_same, f"{claimed.demand.size} pairs"),
        ("each has its share of the pull", is_near, "other shares"),
    ]
    captured = problem.weight * share.sum(axis=1)
    return Recount(
        objective=float(captured.sum()),
        covered_weight=float(captured.sum()),
        n_served=int((ours > 0).sum()),
        findings=tuple(findings),
    )


def recount_worst(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``lexicographic_center``, whose objective is the worst impedance."""
    return _recount(problem, solution, finish=_worst_s, must_serve=True)


def recount_worst_mean(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a plan of ``worst_mean``."""
    return _recount(problem, solution, finish=_mean_of_worst_s, must_serve=problem.unserved_impedance_s is None)


def _recount(problem: LocationProblem, solution: Solution, *, finish: Finish, must_serve: bool) -> Recount:
    """Return the recount of a plan in which the nearest site serves, with its own objective."""
    nearest_s, nearest = nearest_selected(problem, solution)
    is_served = is_served_within(problem, nearest_s)
    findings: list[Finding] = list(
        allocation_findings(solution, demand=np.flatnonzero(is_served), candidate=nearest[is_served])
    )
    if must_serve:
        lost = np.flatnonzero(~is_served & (problem.weight > 0))
        findings.append(("every demand row with a weight is served", not lost.size, lost[:5].tolist()))
    return Recount(
        objective=finish(problem, solution, nearest_s),
        covered_weight=float(problem.weight[is_served].sum()),
        n_served=int(is_served.sum()),
        findings=tuple(findings),
    )


def _columns(problem: LocationProblem, solution: Solution) -> list[int]:
    """Return the columns of the open sites."""
    return [j for j, name in enumerate(problem.candidate_ids) if name in set(solution.selected)]


def _cover_count(problem: LocationProblem, solution: Solution) -> NDArray[np.intp]:
    """Return how many open sites cover each demand row, site by site."""
    count = np.zeros(problem.n_demand, dtype=np.intp)
    matrix = problem.impedance_s.tocsc()
    for j in _columns(problem, solution):
        stored = slice(matrix.indptr[j], matrix.indptr[j + 1])
        count[matrix.indices[stored][matrix.data[stored] <= (problem.standard_s or 0.0)]] += 1
    return count


def _covered_again(problem: LocationProblem, solution: Solution, _nearest_s: NDArray[np.float64]) -> float:
    return float(np.sum(problem.weight, where=_cover_count(problem, solution) > 1))


def _covered_by_share(problem: LocationProblem, solution: Solution, _nearest_s: NDArray[np.float64]) -> float:
    count, share = _cover_count(problem, solution), problem.backup_share or 0.0
    credit = np.where(count > 1, 1.0, np.where(count == 1, 1.0 - share, 0.0))
    return float(problem.weight @ credit)


def _least_apart(problem: LocationProblem, solution: Solution, _nearest_s: NDArray[np.float64]) -> float:
    """Return the least impedance between open sites, two fixed ones apart; the largest of all where no pair is stored."""
    if problem.site_impedance is None:
        return float("nan")  # no plan of this objective is without, and nothing equals it
    table, fixed = problem.site_impedance.tocoo(), set(problem.fixed)
    open_now = set(_columns(problem, solution))
    least, largest = np.inf, 0.0
    for j, k, apart in zip(table.coords[0].tolist(), table.coords[1].tolist(), table.data.tolist(), strict=True):
        if j == k:
            continue
        largest = max(largest, apart)
        stands = problem.candidate_ids[j] in fixed and problem.candidate_ids[k] in fixed
        if j in open_now and k in open_now and not stands:
            least = min(least, apart)
    return least if np.isfinite(least) else largest


def _counted(problem: LocationProblem, nearest_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return impedance and weight of the demand rows that have a weight, the unserved as they count."""
    limit_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    counts = problem.weight > 0
    return np.minimum(nearest_s[counts], limit_s), problem.weight[counts]


def _equivalent_s(problem: LocationProblem, _solution: Solution, nearest_s: NDArray[np.float64]) -> float:
    """Return the equally distributed equivalent, from the exponentials less the largest of them."""
    seconds, weight = _counted(problem, nearest_s)
    aversion = problem.aversion or 0.0
    if aversion * seconds.max() < 1:  # the exponentials are near 1: their digits are in the difference
        return float(np.log1p(np.average(np.expm1(aversion * seconds), weights=weight)) / aversion)
    return float(logsumexp(aversion * seconds, b=weight / weight.sum()) / aversion)


def _worst_s(problem: LocationProblem, _solution: Solution, nearest_s: NDArray[np.float64]) -> float:
    return float(np.max(nearest_s, where=problem.weight > 0, initial=0.0))


def _mean_of_worst_s(problem: LocationProblem, _solution: Solution, nearest_s: NDArray[np.float64]) -> float:
    """Return the mean of the worst by its threshold: that of which the weight beyond fits into the share."""
    seconds, weight = _counted(problem, nearest_s)
    if not np.isfinite(seconds).all():
        return float("inf")
    whole = weight.sum() * (problem.worst_share or 1.0)
    order = np.argsort(seconds)
    beyond = weight.sum() - np.cumsum(weight[order])
    threshold = seconds[order][np.argmax(beyond <= whole * (1 + TOLERANCE))]
    return float(threshold + np.sum(weight * np.maximum(seconds - threshold, 0.0)) / whole)
