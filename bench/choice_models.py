"""The models beyond coverage, median and center on published graphs, and all on real Milano; a process for each case."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from bench.choice_instances import published_problem, read_published
from bench.milano import find_milano, milano_pack
from bench.milano_problem import milano_problem, write_problem
from data.errors import PlannerError
from optimize.decay import ExponentialDecay
from optimize.objectives import OBJECTIVES
from optimize.problem import LocationProblem
from optimize.solve import solve

CHECKOUT = Path(__file__).resolve().parents[1]
TIME_LIMIT_S = 60.0
MB_PER_KIB = 1024 / 1e6
SECONDS_PER_LENGTH = 20.0
"""Lengths of the graphs stand for so many seconds where the model has times of its own."""

MILANO = "milano"

CASES = {
    "backup_coverage": ("pmed3", "pmed8"),
    "weighted_backup_coverage": ("pmed3", "pmed8"),
    "k_nearest_median": ("pmed3", "pmed8"),
    "max_attendance": ("pmed3", "pmed8"),
    "market_capture": ("pmed1", "pmed2"),
    "p_dispersion": ("pmed3", "pmed8"),
    "kolm_pollak": ("pmed3", "pmed8"),
    "worst_mean": ("pmed1", "pmed5"),
    "lexicographic_center": ("pmed1", "pmed2", "pmed3", "pmed4", "pmed5"),
}
"""The graphs on which each model is measured."""


HEADER = [
    "| model | case | sites | new | objective | gap | proven | s | peak MB |",
    "|---|---|---|---|---|---|---|---|---|",
]


def bench_choice_models() -> list[str]:
    """Return the rows of the tables; says so where the published instances or the real data are not there."""
    return [*_published_rows(), "", *_milano_rows()]


def _published_rows() -> list[str]:
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "benchmarks"
    if not root.is_dir():
        return ["models: skipped, the published instances are not beside the checkout"]
    return [*HEADER, *(_row_of_process(root, objective, name) for objective, names in CASES.items() for name in names)]


def _milano_rows() -> list[str]:
    root = find_milano()
    if root is None:
        return ["models on real Milano: skipped, the real data is not beside the checkout"]
    with milano_pack(root) as scratch:
        path = scratch / "problem.npz"
        write_problem(scratch / "pack", path)
        return [*HEADER, *(_row_of_process(path, objective, MILANO) for objective in OBJECTIVES)]


def _row_of_process(root: Path, objective: str, name: str) -> str:
    """Return the row of a case that is solved in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, "-m", "bench.choice_models", str(root), objective, name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    found = json.loads(done.stdout)
    size = f"| {objective} | {name} | {found['sites']} | {found['new']} "
    cost = f"| {found['seconds']:.1f} | {found['peak_mb']:.0f} |"
    if "refused" in found:
        return f"{size}| {found['refused']} | | | {cost[2:]}"
    proven = "yes" if found["proven"] else "no"
    return f"{size}| {found['objective']:.6g} | {found['gap']:.2%} | {proven} {cost}"


def model_case(graph: LocationProblem, objective: str) -> LocationProblem:
    """Return a published graph as a problem of a model."""
    n, rng = graph.n_candidates, np.random.default_rng(0)
    standard = float(np.quantile(graph.impedance_s.data, 0.2))
    seconds = graph.impedance_s * SECONDS_PER_LENGTH
    fields: dict[str, dict[str, Any]] = {
        "backup_coverage": {"standard_s": standard},
        "weighted_backup_coverage": {"standard_s": standard, "backup_share": 0.4},
        "k_nearest_median": {"k_nearest": 10},
        "max_attendance": {"decay": ExponentialDecay(scale_s=standard)},
        "market_capture": {
            "impedance_s": seconds,
            "attraction": rng.integers(1, 10, n).astype(np.float64),
            "competitor_pull": rng.random(n) * 2e-5,
            "pull_exponent": 2.0,
        },
        "p_dispersion": {"site_impedance": sparse.csr_array(graph.impedance_s)},
        "kolm_pollak": {"aversion": 1 / standard},
        "worst_mean": {"worst_share": 0.1},
        "lexicographic_center": {},
    }
    return replace(graph, objective=objective, **fields[objective])  # type: ignore[arg-type]


def main() -> None:
    """Solve one case and print what was found, as JSON."""
    path, objective, name = sys.argv[1:]
    if name == MILANO:
        problem = milano_problem(Path(path), objective)
    else:
        problem = model_case(published_problem(read_published(Path(path))[name]), objective)
    begun = time.perf_counter()
    found: dict[str, Any] = {"sites": problem.n_candidates, "new": problem.new}
    try:
        solution = solve(problem, time_limit_s=TIME_LIMIT_S, explains=False)
    except PlannerError as error:
        found["refused"] = type(error).__name__
    else:
        is_proven = solution.status.value == "optimal"
        found |= {"objective": solution.objective, "gap": solution.gap, "proven": is_proven}
    found["seconds"] = time.perf_counter() - begun
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MB_PER_KIB
    print(json.dumps(found))


if __name__ == "__main__":
    main()
