"""Published instances with their published optima."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from optimize.problem import LocationProblem
from optimize.solution import Status
from optimize.solve import solve

pytestmark = pytest.mark.shared

P_MEDIANS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13]
P_CENTERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20]
SET_COVERS = [f"scp{number}" for number in (41, 42, 43, 44, 45, 51, 52, 53, 54, 55)]
COVERINGS = [
    *(f"SJC324_p{p}" for p in (1, 2, 3, 4, 5)),
    *(f"SJC402_p{p}" for p in (2, 3, 4, 5, 6)),
    *(f"SJC500_p{p}" for p in (2, 3, 5)),
]


@pytest.fixture(scope="module")
def published(benchmarks_root: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return the rows of optima.csv by instance and problem."""
    with (benchmarks_root / "optima.csv").open(encoding="utf-8", newline="") as file:
        return {(row["instance"], row["problem"]): row for row in csv.DictReader(file)}


def read_pmed(path: Path) -> np.ndarray:
    """Return the shortest paths of a pmed graph: undirected, and of repeated edges the last counts."""
    numbers = [int(word) for word in path.read_text(encoding="utf-8").split()]
    n, m = numbers[:2]
    length = np.zeros((n, n))
    for u, v, cost in np.array(numbers[3 : 3 + 3 * m]).reshape(-1, 3):
        length[u - 1, v - 1] = length[v - 1, u - 1] = cost
    return shortest_path(length, directed=False)


def stored(table: np.ndarray, is_stored: np.ndarray) -> sparse.csr_array:
    row, column = np.nonzero(is_stored)
    return sparse.csr_array((table[row, column], (row, column)), shape=table.shape)


def names(n: int) -> tuple[str, ...]:
    return tuple(f"node-{j:04d}" for j in range(n))


@pytest.mark.parametrize("number", P_MEDIANS)
def test_the_p_median_has_its_published_optimum(
    number: int, benchmarks_root: Path, published: dict[tuple[str, str], dict[str, str]]
) -> None:
    row = published[f"pmed{number}", "p-median"]
    table = read_pmed(benchmarks_root / row["file"])
    problem = LocationProblem(
        objective="p_median",
        weight=np.ones(len(table)),
        impedance_s=stored(table, np.isfinite(table)),
        candidate_ids=names(len(table)),
        new=int(row["p"]),
    )
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == float(row["optimum"])


@pytest.mark.parametrize("instance", COVERINGS)
def test_the_maximal_covering_has_its_published_optimum(
    instance: str, benchmarks_root: Path, published: dict[tuple[str, str], dict[str, str]]
) -> None:
    row = published[instance, "MCLP"]
    x, y, weight = np.loadtxt(benchmarks_root / row["file"], skiprows=1).T
    table = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    problem = LocationProblem(
        objective="max_coverage",
        weight=weight,
        impedance_s=stored(table, table <= 2 * float(row["radius"])),
        candidate_ids=names(len(table)),
        new=int(row["p"]),
        standard_s=float(row["radius"]),
    )
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == float(row["optimum"])


@pytest.mark.parametrize("number", P_CENTERS)
def test_the_p_center_has_its_published_optimum(
    number: int, benchmarks_root: Path, published: dict[tuple[str, str], dict[str, str]]
) -> None:
    row = published[f"pmed{number}", "p-center"]
    table = read_pmed(benchmarks_root / row["file"])
    problem = LocationProblem(
        objective="p_center",
        weight=np.ones(len(table)),
        impedance_s=stored(table, np.isfinite(table)),
        candidate_ids=names(len(table)),
        new=int(row["p"]),
    )
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == float(row["optimum"])


def read_scp(path: Path) -> tuple[np.ndarray, sparse.csr_array]:
    """Return the column costs and a stored second for each column that covers a row; columns count from 1."""
    numbers = [int(word) for word in path.read_text(encoding="utf-8").split()]
    n_rows, n_columns = numbers[:2]
    row, column, at = [], [], 2 + n_columns
    for i in range(n_rows):
        covering = numbers[at + 1 : at + 1 + numbers[at]]
        row += [i] * len(covering)
        column += [j - 1 for j in covering]
        at += 1 + len(covering)
    covers = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n_rows, n_columns))
    return np.array(numbers[2 : 2 + n_columns], dtype=np.float64), covers


@pytest.mark.parametrize("instance", SET_COVERS)
def test_the_set_cover_has_its_published_optimum(
    instance: str, benchmarks_root: Path, published: dict[tuple[str, str], dict[str, str]]
) -> None:
    row = published[instance, "set covering (LSCP with costs)"]
    cost, covers = read_scp(benchmarks_root / row["file"])
    problem = LocationProblem(
        objective="set_cover",
        weight=np.ones(covers.shape[0]),
        impedance_s=covers,
        candidate_ids=names(cost.size),
        standard_s=1.0,
        site_cost=cost,
    )
    solution = solve(problem)
    assert solution.status is Status.OPTIMAL
    assert solution.objective == float(row["optimum"])
