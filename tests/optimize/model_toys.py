"""The objective of each model beyond coverage, median and center, counted from a dense table for one set of open sites."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

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


def plane_problem(objective: str, seed: int, *, n_demand: int, n_sites: int, **fields: object) -> LocationProblem:
    """Return a problem of random points in the plane, 1500 s across, with weights of 1 to 9."""
    rng = np.random.default_rng(seed)
    demand, sites = rng.random((n_demand, 1, 2)), rng.random((1, n_sites, 2))
    table = np.round(np.hypot(*np.moveaxis(demand - sites, 2, 0)) * 1500).tolist()
    return model_problem(objective, table, rng.integers(1, 10, n_demand).astype(float).tolist(), **fields)


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


def counted(problem: LocationProblem, selected: frozenset[str]) -> list[tuple[Fraction, Fraction]] | None:
    """Return impedance and weight of each demand point that has one, exactly; None where one must be served and is not."""
    limit = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    pairs = zip(np.minimum(nearest_of(problem, selected), limit).tolist(), problem.weight.tolist(), strict=True)
    kept = [(seconds, weight) for seconds, weight in pairs if weight > 0]
    if any(np.isinf(seconds) for seconds, _ in kept):
        return None
    return [(Fraction(seconds), Fraction(weight)) for seconds, weight in kept]


def kolm_pollak(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    rows = counted(problem, selected)
    if rows is None:
        return None
    with localcontext() as context:
        context.prec = 60
        kappa, total = Decimal(problem.aversion), sum(Decimal(float(weight)) for _, weight in rows)
        inside = sum(Decimal(float(weight)) * (kappa * Decimal(float(seconds))).exp() for seconds, weight in rows)
        return float((inside / total).ln() / kappa)


def capture(problem: LocationProblem, selected: frozenset[str]) -> float:
    table, columns = dense(problem), columns_of(problem, selected)
    total = 0.0
    for i, weight in enumerate(problem.weight.tolist()):
        ours = sum(problem.attraction[j] / max(table[i, j], 60.0) ** problem.pull_exponent for j in columns)
        total += weight * ours / (ours + problem.competitor_pull[i]) if ours > 0 else 0.0
    return float(total)


def market(n_demand: int, n_candidates: int, *, seed: int = 0) -> dict[str, object]:
    """Return attractions and competitors for so many rows and columns, some of them without any."""
    rng = np.random.default_rng(seed + 10 * n_demand + n_candidates)
    return {
        "attraction": rng.integers(0, 5, n_candidates).astype(float),
        "competitor_pull": rng.integers(0, 4, n_demand) * 0.004,
        "pull_exponent": 1.0,
    }


def worst(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    rows = counted(problem, selected)
    return None if rows is None else float(rows and max(seconds for seconds, _ in rows))


def sorted_times(problem: LocationProblem, selected: frozenset[str]) -> list[float]:
    """Return the impedances of the demand that has a weight, from the worst on."""
    return sorted(nearest_of(problem, selected)[problem.weight > 0].tolist(), reverse=True)


def worst_mean(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    rows = counted(problem, selected)
    if rows is None:
        return None
    whole = sum(weight for _, weight in rows) * Fraction(problem.worst_share)
    left, total = whole, Fraction(0)
    for seconds, weight in sorted(rows, reverse=True):
        total += seconds * min(weight, left)
        left -= min(weight, left)
    return float(total / whole)


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
    "kolm_pollak": kolm_pollak,
    "market_capture": capture,
    "lexicographic_center": worst,
    "worst_mean": worst_mean,
}
