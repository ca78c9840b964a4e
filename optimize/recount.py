"""What the recount of a model gives to `optimize.verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.solution import Solution
from optimize.verify_rules import Finding

TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Recount:
    """A solution, counted again from the arrays of its problem.

    Parameters
    ----------
    objective
        The objective.
    covered_weight
        Weight of the demand that is served.
    n_served
        How many demand points are served, those without weight among them.
    findings
        What was checked of the allocation and of the service, each with whether it holds.
    """

    objective: float
    covered_weight: float
    n_served: int
    findings: tuple[Finding, ...]


def allocation_findings(
    solution: Solution, *, demand: NDArray[np.intp], candidate: NDArray[np.intp], whose: str = "the nearest site"
) -> Iterator[Finding]:
    """Yield whether an allocation has exactly these demand rows, each served by exactly this candidate.

    Parameters
    ----------
    solution
        Whose allocation is checked.
    demand, candidate
        The rows that are served, ascending, and the column that serves each, by the recount.
    whose
        What the serving site is called.
    """
    claimed = solution.allocation
    is_same = np.array_equal(claimed.demand, demand)
    seen = f"{claimed.demand.size} rows, {demand.size} by the recount"
    yield "the allocation has exactly the served demand rows, ascending", is_same, seen
    if is_same and claimed.candidate.shape == candidate.shape:
        other = demand[claimed.candidate != candidate]
        yield f"each is served by {whose}", not other.size, f"others in rows {other[:5].tolist()}"
    elif is_same:
        yield f"each is served by {whose}", False, f"{claimed.candidate.size} sites"
