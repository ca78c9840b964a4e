"""Published problems with costs of sites and capacities, from the folder beside the checkout; costs stand in for seconds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optimize.objectives import Objective
from optimize.problem import LocationProblem

_OBJECTIVES: dict[str, Objective] = {
    "capacitated p-median": "capacitated_p_median",
    "UFL": "fixed_charge",
    "CFL (split demand)": "capacitated_fixed_charge",
}


@dataclass(frozen=True, kw_only=True)
class CapacityCase:
    """A row of ``optima.csv``.

    Parameters
    ----------
    name, file
        Of the case, and where its numbers are.
    objective
        As ours are called.
    p
        How many sites; None where that is the answer.
    optimum
        The published value.
    n_digits
        To how many digits behind the point it is published.
    """

    name: str
    file: Path
    objective: Objective
    p: int | None
    optimum: float
    n_digits: int


def read_capacity_cases(root: Path) -> dict[str, CapacityCase]:
    """Return the published cases with costs of sites or capacities by name.

    Parameters
    ----------
    root
        The folder of the published instances.
    """
    with (root / "optima.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["problem"] in _OBJECTIVES]
    return {
        row["instance"]: CapacityCase(
            name=row["instance"],
            file=root / row["file"],
            objective=_OBJECTIVES[row["problem"]],
            p=int(row["p"]) if row["p"] else None,
            optimum=float(row["optimum"]),
            n_digits=len(row["optimum"].partition(".")[2]),
        )
        for row in rows
    }


def capacity_problem(case: CapacityCase) -> LocationProblem:
    """Return a published case as a problem."""
    if case.objective == "capacitated_p_median":
        length, capacity, weight = _read_clusters(case.file)
        return LocationProblem(
            objective=case.objective,
            weight=weight,
            impedance_s=_all_pairs(length / weight[:, None]),  # there a customer counts its length once, whatever it needs
            candidate_ids=_ids(capacity.size),
            capacity=capacity,
            new=case.p,
        )
    capacity, site_cost, weight, cost = _read_warehouses(case)
    return LocationProblem(
        objective=case.objective,
        weight=weight,
        impedance_s=_all_pairs(cost / weight[:, None]),
        candidate_ids=_ids(capacity.size),
        site_cost=site_cost,
        capacity=capacity if case.objective == "capacitated_fixed_charge" else None,
    )


def _read_clusters(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return lengths between points, capacity of each and weight of each: rounded down in the files of the OR-Library."""
    numbers = np.array(path.read_text(encoding="utf-8").split(), dtype=np.float64)
    if path.suffix == ".dat":
        x, y, capacity, weight = numbers[2:].reshape(-1, 4).T
        return np.hypot(x[:, None] - x, y[:, None] - y), capacity, weight
    _, x, y, weight = numbers[5:].reshape(-1, 4).T
    return np.floor(np.hypot(x[:, None] - x, y[:, None] - y)), np.full(weight.size, numbers[4]), weight


def _read_warehouses(
    case: CapacityCase,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return capacity and cost of each site, weight of each customer, and what serving all of it costs from each site.

    Notes
    -----
    Where the file says ``capacity``, the name of the case does: capa-8000.
    """
    named = case.name.partition("-")[2] or "0"
    words = [named if word == "capacity" else word for word in case.file.read_text(encoding="utf-8").split()]
    n_sites, numbers = int(words[0]), np.array(words[2:], dtype=np.float64)
    capacity, site_cost = numbers[: 2 * n_sites].reshape(-1, 2).T
    customers = numbers[2 * n_sites :].reshape(-1, 1 + n_sites)
    return capacity, site_cost, customers[:, 0], customers[:, 1:]


def _ids(n: int) -> tuple[str, ...]:
    return tuple(f"site-{j:04d}" for j in range(n))


def _all_pairs(table: NDArray[np.float64]) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return all pairs of a table as stored ones, its zeros among them."""
    n_rows, n_columns = table.shape
    column = np.tile(np.arange(n_columns), n_rows)
    return sparse.csr_array((table.ravel(), column, np.arange(n_rows + 1) * n_columns), shape=table.shape)
