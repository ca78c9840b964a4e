"""The recount of the models with costs of sites and with capacities, by code that shares nothing with what made the plan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimize.problem import LocationProblem
from optimize.recount import TOLERANCE, Recount, allocation_findings
from optimize.recount_nearest import is_served_within, nearest_selected
from optimize.solution import Solution
from optimize.verify_rules import Finding

LOAD_ROOM = 1e-6
"""By which share of it a capacity may be passed, or a least use be missed: the solver's own tolerance."""


def recount_fixed_charge(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a solution in which sites cost something and each demand point belongs to the nearest."""
    nearest_s, nearest = nearest_selected(problem, solution)
    is_served = is_served_within(problem, nearest_s)
    lost = np.flatnonzero(~is_served & (problem.weight > 0))
    unserved_s = problem.unserved_impedance_s
    counted_s = np.where(is_served, nearest_s, 0.0 if unserved_s is None else unserved_s)
    findings = list(allocation_findings(solution, demand=np.flatnonzero(is_served), candidate=nearest[is_served]))
    if unserved_s is None:
        findings.append(("every demand row with a weight is served", not lost.size, lost[:5].tolist()))
    return Recount(
        objective=_spent(problem, solution) + _price(problem) * float(np.sum(problem.weight * counted_s)),
        covered_weight=float(problem.weight[is_served].sum()),
        n_served=int(is_served.sum()),
        findings=tuple(findings),
    )


def recount_capacitated(problem: LocationProblem, solution: Solution) -> Recount:
    """Return the recount of a solution whose allocation is part of the plan: sites hold no more than their capacity."""
    table = _Table(problem, solution)
    served = np.zeros(problem.weight.size)
    np.add.at(served, table.demand, table.share)
    objective = float(np.sum(problem.weight[table.demand] * table.share))
    if problem.objective != "capacitated_max_coverage":
        unserved_s = problem.unserved_impedance_s or 0.0
        lost = problem.weight * np.maximum(1.0 - served, 0.0)
        travel = np.sum(problem.weight[table.demand] * table.share * table.seconds) + np.sum(lost * unserved_s)
        objective = float(travel)
    if problem.objective == "capacitated_fixed_charge":
        objective = _spent(problem, solution) + _price(problem) * objective
    findings = (*_pair_findings(problem, solution, table), *_share_findings(problem, served), *_load_findings(problem, table))
    return Recount(
        objective=objective,
        covered_weight=float(np.sum(problem.weight[table.demand] * table.share)),
        n_served=int((served > 1.0 - TOLERANCE).sum()),
        findings=findings,
    )


class _Table:
    """The rows of an allocation that name a pair of the problem, with their impedance; and who is open."""

    def __init__(self, problem: LocationProblem, solution: Solution) -> None:
        claimed = solution.allocation
        share = np.ones(claimed.demand.size) if claimed.share is None else np.asarray(claimed.share, dtype=float)
        self.is_shaped = claimed.demand.shape == claimed.candidate.shape == share.shape
        seconds_of = _stored_pairs(problem)
        pairs = list(zip(claimed.demand.tolist(), claimed.candidate.tolist(), share.tolist(), strict=False))
        known = [pair for pair in pairs if pair[:2] in seconds_of]
        self.n_unknown = len(pairs) - len(known)
        self.demand = np.array([i for i, _, _ in known], dtype=np.intp)
        self.candidate = np.array([j for _, j, _ in known], dtype=np.intp)
        self.share = np.array([part for _, _, part in known], dtype=np.float64)
        self.seconds = np.array([seconds_of[i, j] for i, j, _ in known], dtype=np.float64)
        selected = set(solution.selected)
        self.is_open = np.array([name in selected for name in problem.candidate_ids], dtype=np.bool_)


def _stored_pairs(problem: LocationProblem) -> dict[tuple[int, int], float]:
    matrix = problem.impedance_s.tocoo()
    rows, columns = (axis.tolist() for axis in matrix.coords)
    return dict(zip(zip(rows, columns, strict=True), matrix.data.tolist(), strict=True))


def _pair_findings(problem: LocationProblem, solution: Solution, table: _Table) -> Iterator[Finding]:
    """Yield whether each row of the allocation may be what it is."""
    claimed = solution.allocation
    yield "the allocation has as many sites and shares as demand rows", table.is_shaped, claimed.candidate.size
    yield "every pair of the allocation is one that is reached", not table.n_unknown, table.n_unknown
    pairs = list(zip(claimed.demand.tolist(), claimed.candidate.tolist(), strict=False))
    yield "the allocation ascends by demand row, each pair once", pairs == sorted(set(pairs)), pairs[:5]
    closed = sorted(set(table.candidate[~table.is_open[table.candidate]].tolist()))
    yield "only open sites serve", not closed, closed[:5]
    if problem.standard_s is not None:
        far = table.demand[table.seconds > problem.standard_s]
        yield "every site serves within the standard", not far.size, far[:5].tolist()
    elif problem.unserved_impedance_s is not None:
        far = table.demand[table.seconds >= problem.unserved_impedance_s]
        yield "every site is nearer than unserved", not far.size, far[:5].tolist()
    needless = table.demand[problem.weight[table.demand] <= 0]
    yield "only demand with a weight is served", not needless.size, needless[:5].tolist()
    wrong = table.demand[~((table.share > 0) & (table.share <= 1))]
    yield "every share is in (0, 1]", not wrong.size, wrong[:5].tolist()
    if not _may_split(problem):
        twice = np.flatnonzero(np.bincount(table.demand, minlength=1) > 1)
        parts = table.demand[table.share < 1]
        yield "no demand row is split", not (twice.size or parts.size), [*twice[:5].tolist(), *parts[:5].tolist()]


def _share_findings(problem: LocationProblem, served: NDArray[np.float64]) -> Iterator[Finding]:
    """Yield whether nobody is served more than once over, and whoever must be served is."""
    over = np.flatnonzero(served > 1.0 + TOLERANCE)
    yield "no demand row is served more than once over", not over.size, over[:5].tolist()
    if problem.objective != "capacitated_max_coverage" and problem.unserved_impedance_s is None:
        lost = np.flatnonzero((served < 1.0 - TOLERANCE) & (problem.weight > 0))
        yield "all of every demand row with a weight is served", not lost.size, lost[:5].tolist()


def _load_findings(problem: LocationProblem, table: _Table) -> Iterator[Finding]:
    """Yield whether every site keeps its capacity, and every open one has its least use."""
    load = np.zeros(len(problem.candidate_ids))
    np.add.at(load, table.candidate, problem.weight[table.demand] * table.share)
    if problem.capacity is not None:
        over = np.flatnonzero(load > problem.capacity * (1 + LOAD_ROOM))
        yield "no site serves more than its capacity", not over.size, _loads(problem, load, over)
    if problem.min_use is not None:
        idle = np.flatnonzero(table.is_open & (load < problem.min_use * (1 - LOAD_ROOM)))
        yield "every open site has its least use", not idle.size, _loads(problem, load, idle)


def _loads(problem: LocationProblem, load: NDArray[np.float64], sites: NDArray[np.intp]) -> list[str]:
    return [f"{problem.candidate_ids[j]}: {load[j]:,.6g}" for j in sites[:5].tolist()]


def _may_split(problem: LocationProblem) -> bool:
    """Return whether demand may be split: by default in every model but the capacitated p-median."""
    return problem.objective != "capacitated_p_median" if problem.is_split is None else problem.is_split


def _spent(problem: LocationProblem, solution: Solution) -> float:
    """Return what the new sites cost."""
    if problem.site_cost is None:
        return 0.0
    is_new = np.isin(np.array(problem.candidate_ids), np.array(solution.new, dtype=str))
    return float(problem.site_cost[is_new].sum())


def _price(problem: LocationProblem) -> float:
    return 1.0 if problem.impedance_price is None else problem.impedance_price
