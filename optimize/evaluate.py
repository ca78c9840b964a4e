"""What a plan is worth: who is served by which site, and the objective, straight from the arrays of the problem."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from optimize.problem import LocationProblem
from optimize.solution import Allocation


def id_rank(problem: LocationProblem) -> NDArray[np.intp]:
    """Return the position of each candidate in the sorted ids, shape (n_candidates,)."""
    order = np.array(sorted(range(problem.n_candidates), key=problem.candidate_ids.__getitem__), dtype=np.intp)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return rank


def demand_rows(problem: LocationProblem) -> NDArray[np.intp]:
    """Return the demand row of each stored pair, shape (n_pairs,)."""
    return np.repeat(np.arange(problem.n_demand), np.diff(problem.impedance_s.indptr))


def serving_pairs(problem: LocationProblem) -> NDArray[np.bool_]:
    """Return whether each stored pair is near enough to serve, shape (n_pairs,).

    Notes
    -----
    Compares the stored values, never the matrix: for scipy an absent pair is ≤ 900, and it is not reachable.
    With a standard: impedance ≤ standard. With an impedance of the unserved: impedance < unserved.
    With a decay: share > 0. Else every stored pair.
    """
    stored = problem.impedance_s.data
    if problem.decay is not None:
        return np.asarray(problem.decay.share(stored) > 0)
    if problem.standard_s is not None:
        return np.asarray(stored <= problem.standard_s)
    if problem.unserved_impedance_s is not None:
        return np.asarray(stored < problem.unserved_impedance_s)
    return np.ones(stored.size, dtype=np.bool_)


def allocate(problem: LocationProblem, selected: Collection[str]) -> Allocation:
    """Return the nearest selected site of each demand point that one serves; of equally near ones the first id."""
    is_selected = np.array([name in selected for name in problem.candidate_ids], dtype=np.bool_)
    column = problem.impedance_s.indices
    pair = np.flatnonzero(is_selected[column] & serving_pairs(problem))
    row = demand_rows(problem)[pair]
    nearest_first = np.lexsort((id_rank(problem)[column[pair]], problem.impedance_s.data[pair], row))
    demand, first = np.unique(row[nearest_first], return_index=True)
    return Allocation(
        demand=demand.astype(np.intp),
        candidate=column[pair[nearest_first[first]]].astype(np.intp),
    )


def objective_value(problem: LocationProblem, allocation: Allocation, *, new: Collection[str]) -> float:
    """Return the objective of an allocation and of the new sites that it was made with.

    Notes
    -----
    `math.fsum` rounds once, so the order of the rows cannot change the value.
    """
    if problem.objective == "set_cover":
        return cost_of_sites(problem, new)
    weight = problem.weight[allocation.demand]
    if problem.objective == "max_coverage":
        return math.fsum(weight)
    seconds = _allocated_s(problem, allocation)
    if problem.decay is not None:
        return math.fsum(weight * problem.decay.share(seconds))
    if problem.objective == "p_center":
        return float(seconds[weight > 0].max(initial=0.0))
    terms = [weight * seconds]
    if problem.unserved_impedance_s is not None:
        is_served = np.zeros(problem.n_demand, dtype=np.bool_)
        is_served[allocation.demand] = True
        terms.append(problem.weight[~is_served] * problem.unserved_impedance_s)
    return math.fsum(np.concatenate(terms))


def _allocated_s(problem: LocationProblem, allocation: Allocation) -> NDArray[np.float64]:
    """Return the impedance of each allocated demand point, shape (n_served,)."""
    if not allocation.demand.size:  # of no pairs, scipy makes a sparse array
        return np.zeros(0)
    return np.asarray(problem.impedance_s[allocation.demand, allocation.candidate]).ravel()


def site_costs(problem: LocationProblem) -> NDArray[np.float64]:
    """Return what opening each candidate costs, shape (n_candidates,): 1 where the problem names no costs."""
    return np.ones(problem.n_candidates) if problem.site_cost is None else problem.site_cost


def cost_of_sites(problem: LocationProblem, new: Collection[str]) -> float:
    """Return what opening the new sites costs."""
    pairs = zip(problem.candidate_ids, site_costs(problem).tolist(), strict=True)
    return math.fsum(cost for name, cost in pairs if name in new)
