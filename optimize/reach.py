"""What a set of open sites reaches, counted from the arrays of the problem."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from optimize.evaluate import demand_rows
from optimize.problem import LocationProblem


def is_selected(problem: LocationProblem, selected: Collection[str]) -> NDArray[np.bool_]:
    """Return which candidates are open, shape (n_candidates,)."""
    names = set(selected)
    return np.array([name in names for name in problem.candidate_ids], dtype=np.bool_)


def nearest_impedance_s(problem: LocationProblem, selected: Collection[str]) -> NDArray[np.float64]:
    """Return the impedance of each demand point to its nearest open site, shape (n_demand,); infinite where there is none."""
    nearest_s = np.full(problem.n_demand, np.inf)
    is_pair = is_selected(problem, selected)[problem.impedance_s.indices]
    np.minimum.at(nearest_s, demand_rows(problem)[is_pair], problem.impedance_s.data[is_pair])
    return nearest_s


def n_covering(problem: LocationProblem, selected: Collection[str]) -> NDArray[np.intp]:
    """Return how many open sites are within the standard of each demand point, shape (n_demand,)."""
    standard_s = np.inf if problem.standard_s is None else problem.standard_s
    is_pair = is_selected(problem, selected)[problem.impedance_s.indices] & (problem.impedance_s.data <= standard_s)
    return np.bincount(demand_rows(problem)[is_pair], minlength=problem.n_demand)
