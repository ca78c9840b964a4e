"""What an allocation with shares is worth, straight from the arrays of its problem."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from optimize.evaluate import cost_of_sites
from optimize.fixed_charge import price_of_travel
from optimize.problem import LocationProblem
from optimize.solution import Allocation


def served_parts(problem: LocationProblem, allocation: Allocation) -> NDArray[np.float64]:
    """Return the weight that each row of an allocation stands for, shape (n_served,)."""
    weight = problem.weight[allocation.demand]
    return weight if allocation.share is None else weight * allocation.share


def unserved_weight(problem: LocationProblem, allocation: Allocation) -> NDArray[np.float64]:
    """Return the weight of each demand point that nobody serves, shape (n_demand,)."""
    share = np.ones(allocation.demand.size) if allocation.share is None else allocation.share
    served = np.zeros(problem.n_demand)
    np.add.at(served, allocation.demand, share)
    return problem.weight * np.maximum(1.0 - served, 0.0)


def measure_served(problem: LocationProblem, allocation: Allocation, *, new: Collection[str]) -> float:
    """Return the weight that is served."""
    return math.fsum(served_parts(problem, allocation))


def measure_travel(problem: LocationProblem, allocation: Allocation, *, new: Collection[str]) -> float:
    """Return the sum of weight × impedance, the unserved counted as such where the problem says what they count."""
    terms = served_parts(problem, allocation) * impedance_of(problem, allocation)
    if problem.unserved_impedance_s is None:
        return math.fsum(terms)
    return math.fsum(np.concatenate([terms, unserved_weight(problem, allocation) * problem.unserved_impedance_s]))


def measure_charge(problem: LocationProblem, allocation: Allocation, *, new: Collection[str]) -> float:
    """Return what the new sites and the travel cost."""
    return cost_of_sites(problem, new) + price_of_travel(problem) * measure_travel(problem, allocation, new=new)


def impedance_of(problem: LocationProblem, allocation: Allocation) -> NDArray[np.float64]:
    """Return the impedance of each row of an allocation, shape (n_served,)."""
    if not allocation.demand.size:  # of no pairs, scipy makes a sparse array
        return np.zeros(0)
    return np.asarray(problem.impedance_s[allocation.demand, allocation.candidate]).ravel()
