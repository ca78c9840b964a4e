"""Problems to measure the choice on: published instances beside the checkout, and seeded points in a square."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import KDTree

from optimize.objectives import Objective
from optimize.problem import LocationProblem

EARTH_RADIUS_M = 6_378_100
"""As the authors of the NewYork and Bronx files count."""

DEMAND_PER_BLOCK = 50_000
"""Points of demand whose pairs are sought at a time: the search returns lists, which are ten times the size of the arrays."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A row of ``optima.csv``.

    Parameters
    ----------
    name, file
        Of the case, and where its numbers are.
    objective
        As ours are called.
    p, radius
        How many sites; the standard of a covering problem.
    optimum
        The published value.
    is_proven
        Whether its authors proved it.
    """

    name: str
    file: Path
    objective: Objective
    p: int
    radius: float
    optimum: float
    is_proven: bool


_OBJECTIVES: dict[str, Objective] = {"p-median": "p_median", "MCLP": "max_coverage"}


def read_published(root: Path) -> dict[str, Published]:
    """Return the published p-median and maximal covering cases by name.

    Parameters
    ----------
    root
        The folder of the published instances.
    """
    with (root / "optima.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["problem"] in _OBJECTIVES]
    return {
        row["instance"]: Published(
            name=row["instance"],
            file=root / row["file"],
            objective=_OBJECTIVES[row["problem"]],
            p=int(row["p"]),
            radius=float(row["radius"] or "inf"),
            optimum=float(row["optimum"]),
            is_proven=row["status"] == "optimal",
        )
        for row in rows
    }


def published_problem(case: Published) -> LocationProblem:
    """Return a published case as a problem; lengths stand in for seconds."""
    read = partial(_READERS[case.file.parent.name, case.file.stem[:3]], case.file)
    length, weight = read()
    is_near = length <= case.radius  # infinite is no pair either, in a graph of several parts
    if case.objective == "p_median":
        return _problem(case.objective, stored(length, np.isfinite(length)), weight, p=case.p, standard_s=None)
    return _problem(case.objective, stored(length, is_near), weight, p=case.p, standard_s=case.radius)


def uniform_problem(*, n_demand: int, n_candidates: int, share: float, p: int, seed: int = 0) -> LocationProblem:
    """Return maximal covering of uniform points in a square by uniform discs, with weights of 1 to 100.

    Parameters
    ----------
    n_demand, n_candidates
        How many points of each.
    share
        What part of the square a disc is.
    p, seed
        How many sites to open; seed of the points and weights.
    """
    rng = np.random.default_rng(seed)
    demand, candidates = rng.random((n_demand, 2)), rng.random((n_candidates, 2))
    weight = rng.integers(1, 101, n_demand).astype(np.float64)
    radius, tree = float(np.sqrt(share / np.pi)), KDTree(candidates)
    blocks = [_pairs(demand[at : at + DEMAND_PER_BLOCK], tree, radius) for at in range(0, n_demand, DEMAND_PER_BLOCK)]
    length = sparse.csr_array(sparse.vstack(blocks, format="csr"))
    return _problem("max_coverage", length, weight, p=p, standard_s=radius)


def _pairs(demand: NDArray[np.float64], tree: KDTree, radius: float) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return the distances of demand to the candidates of a tree within a radius."""
    near = tree.query_ball_point(demand, radius, return_sorted=True)
    column = np.fromiter((j for listed in near for j in listed), dtype=np.int32)
    start = np.concatenate([[0], np.cumsum([len(listed) for listed in near])])
    row = np.repeat(np.arange(len(demand)), np.diff(start))
    length = np.hypot(*(demand[row] - tree.data[column]).T)
    return sparse.csr_array((np.minimum(length, radius), column, start), shape=(len(demand), tree.n))


def _problem(
    objective: Objective,
    length: sparse.csr_array[np.float64, tuple[int, int]],
    weight: NDArray[np.float64],
    *,
    p: int,
    standard_s: float | None,
) -> LocationProblem:
    ids = tuple(f"site-{j:05d}" for j in range(length.shape[1]))
    return LocationProblem(
        objective=objective, weight=weight, impedance_s=length, candidate_ids=ids, new=p, standard_s=standard_s
    )


def stored(table: NDArray[np.float64], is_stored: NDArray[np.bool_]) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return the pairs of a table that are stored, its zeros among them."""
    column = np.nonzero(is_stored)[1].astype(np.int32)
    start = np.concatenate([[0], np.cumsum(is_stored.sum(axis=1))])
    return sparse.csr_array((table[is_stored], column, start), shape=table.shape)


def _read_pmed(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shortest paths of an OR-Library graph: undirected, and of repeated edges the last counts."""
    numbers = np.array(path.read_text(encoding="utf-8").split(), dtype=np.int64)
    n, m = int(numbers[0]), int(numbers[1])
    edge = np.zeros((n, n))
    for u, v, cost in numbers[3 : 3 + 3 * m].reshape(-1, 3):
        edge[u - 1, v - 1] = edge[v - 1, u - 1] = cost
    return np.asarray(shortest_path(edge, directed=False)), np.ones(n)


def _read_tsplib(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Euclidean lengths between the points of a TSPLIB file, rounded down."""
    xy = np.array(_section(path, "NODE_COORD_SECTION"), dtype=np.float64)[:, 1:]
    return np.floor(np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])), np.ones(len(xy))


def _read_city(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return great-circle lengths and weights of a file of places, in single precision like its authors."""
    place = np.radians(np.array(_section(path, "NODE_COORD_SECTION"), dtype=np.float64))
    lat, lon = place.T
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    length = (2 * EARTH_RADIUS_M * np.arctan2(np.sqrt(half), np.sqrt(1 - half))).astype(np.float32)
    return length.astype(np.float64), np.array(_section(path, "DEMAND_SECTION"), dtype=np.float64).ravel()


def _section(path: Path, title: str) -> list[list[str]]:
    """Return the words of the lines below a title, up to the next line that does not begin with a number."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    begin = next(k for k, words in enumerate(lines) if words and words[0] == title) + 1
    end = next((k for k, words in enumerate(lines[begin:], begin) if not words or words[0][:1].isalpha()), len(lines))
    return lines[begin:end]


def _read_sjc(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y, weight = np.loadtxt(path, skiprows=1).T
    return np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]), weight


def _read_bds(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lengths from the customers (lines of C) to the facilities (lines of F), and the weights of the customers."""
    words = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    site = np.array([line[2:4] for line in words if line[0] == "F"], dtype=np.float64)
    demand = np.array([line[2:5] for line in words if line[0] == "C"], dtype=np.float64)
    length = np.hypot(demand[:, None, 0] - site[None, :, 0], demand[:, None, 1] - site[None, :, 1])
    return length, demand[:, 2]


_READERS = {
    ("p_median", "pme"): _read_pmed,
    **{("tsplib", name): _read_tsplib for name in ("rl1", "fl1", "pcb", "rl5")},
    **{("mclp", name): _read_city for name in ("New", "Bro")},
    ("mclp", "SJC"): _read_sjc,
    ("mclp", "BDS"): _read_bds,
}
