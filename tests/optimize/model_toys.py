"""The objective of each model beyond coverage, median and center, counted from a dense table for one set of open sites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optimize.problem import LocationProblem
from tests.optimize.toys import csr, dense, ids


def model_problem(
    objective: str, table: list[list[float | None]], weight: list[float] | None = None, **fields: object
) -> LocationProblem:
    """Return a problem of any objective; its weights are 1 unless told otherwise."""
    given = {
        "weight": np.array([1.0] * len(table) if weight is None else weight),
        "impedance_s": csr(table),
        "candidate_ids": ids(len(table[0])),
        **fields,
    }
    return LocationProblem(objective=objective, **given)  # type: ignore[arg-type]


def columns_of(problem: LocationProblem, selected: frozenset[str]) -> list[int]:
    return [j for j, name in enumerate(problem.candidate_ids) if name in selected]


def nearest_of(problem: LocationProblem, selected: frozenset[str]) -> NDArray[np.float64]:
    return dense(problem)[:, columns_of(problem, selected)].min(axis=1, initial=np.inf)


def cover_count(problem: LocationProblem, selected: frozenset[str]) -> NDArray[np.intp]:
    return (dense(problem)[:, columns_of(problem, selected)] <= problem.standard_s).sum(axis=1)


def backup(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    count = cover_count(problem, selected)
    if (count[problem.weight > 0] == 0).any():
        return None
    return float(problem.weight[count >= 2].sum())


def weighted_backup(problem: LocationProblem, selected: frozenset[str]) -> float:
    count, share = cover_count(problem, selected), problem.backup_share
    return float((1 - share) * problem.weight[count >= 1].sum() + share * problem.weight[count >= 2].sum())


def attendance(problem: LocationProblem, selected: frozenset[str]) -> float:
    return float((problem.weight * problem.decay.share(nearest_of(problem, selected))).sum())


def dispersion(problem: LocationProblem, selected: frozenset[str]) -> float:
    columns, table = columns_of(problem, selected), problem.site_impedance.tocoo()
    stored = {(j, k): d for j, k, d in zip(*table.coords, table.data, strict=True) if j != k}
    fixed = {j for j, name in enumerate(problem.candidate_ids) if name in problem.fixed}
    apart = [stored[j, k] for j in columns for k in columns if (j, k) in stored and not {j, k} <= fixed]
    return float(min(apart, default=max(stored.values())))


def between(n: int, seed: int, *, share: float = 1.0) -> sparse.csr_array:
    """Return symmetric impedances between so many candidates, of which a share is stored."""
    rng = np.random.default_rng(seed)
    table = np.triu(rng.integers(1, 9, (n, n)) * 100.0, 1)
    table[rng.random((n, n)) > share] = 0.0
    if n > 1:
        table[0, 1] = 500.0
    return sparse.csr_array(table + table.T)


def as_objective(problem: LocationProblem, objective: str, **fields: object) -> LocationProblem:
    """Return the weights, times and sites of a problem under another objective."""
    return LocationProblem(
        objective=objective,  # type: ignore[arg-type]
        weight=problem.weight,
        impedance_s=problem.impedance_s,
        candidate_ids=problem.candidate_ids,
        fixed=problem.fixed,
        required=problem.required,
        forbidden=problem.forbidden,
        **{"new": problem.new, **fields},  # type: ignore[arg-type]
    )


VALUES: dict[str, Callable[[LocationProblem, frozenset[str]], float | None]] = {
    "backup_coverage": backup,
    "weighted_backup_coverage": weighted_backup,
    "max_attendance": attendance,
    "p_dispersion": dispersion,
}
