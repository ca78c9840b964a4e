"""Costs of sites and capacities: a published case a process, its published optimum beside what is found and proven."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench.capacity_instances import capacity_problem, read_capacity_cases
from optimize.solve import solve

CHECKOUT = Path(__file__).resolve().parents[1]
LIMIT_S = 600.0
HEADER = (
    "| instance | model | published optimum | ours | bound | status | wall s | CPU s | peak MB |",
    "|---|---|---|---|---|---|---|---|---|",
)


def bench_choice_capacitated() -> list[str]:
    """Return the rows of the table; says so where the published instances are not there."""
    root = find_instances()
    if root is None:
        return ["capacities: skipped, the published instances are not beside the checkout"]
    return [*HEADER, *(_row_of_process(name) for name in read_capacity_cases(root))]


def find_instances() -> Path | None:
    """Return the folder of the published instances; None where it is not beside the checkout."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "benchmarks"
    return root if root.is_dir() else None


def _row_of_process(name: str) -> str:
    """Return the row of a case that is solved in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, "-m", "bench.choice_capacitated", name]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def measure_case(name: str, root: Path) -> str:
    """Return the row of a case, solved here.

    Parameters
    ----------
    name
        Of the case, as ``optima.csv`` has it.
    root
        The folder of the published instances.
    """
    case = read_capacity_cases(root)[name]
    problem = capacity_problem(case)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    solution = solve(problem, time_limit_s=LIMIT_S)
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - begun_cpu
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    digits = case.n_digits
    return (
        f"| {name} | {case.objective} | {case.optimum:.{digits}f} | {solution.objective:.{digits}f} "
        f"| {solution.best_bound:.{digits}f} | {solution.status.value} | {wall_s:.1f} | {cpu_s:.1f} | {peak_mb:.0f} |"
    )


if __name__ == "__main__":
    instances = find_instances()
    if instances is not None:
        print(measure_case(sys.argv[1], instances))
