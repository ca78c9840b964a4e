"""Maximal covering and p-median at size: a case a process, the best known value beside what is found and proven."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.choice_instances import published_problem, read_published, uniform_problem
from optimize.problem import LocationProblem
from optimize.solve import solve

CHECKOUT = Path(__file__).resolve().parents[1]

HEADER = [
    "| case | p | best known | ours | bound | gap | wall s | CPU s | peak GB | reach |",
    "|---|---|---|---|---|---|---|---|---|---|",
]


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Points in a square that are drawn with seed 0."""

    n_demand: int
    n_candidates: int
    share: float
    p: int


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What is asked of a case, and how long it may run."""

    text: str
    limit_s: float


PROVEN_2_S = Reach(text="proven, ≤ 2 s, ≤ 0.5 GB", limit_s=60)
PROVEN_5_S = Reach(text="proven, ≤ 5 s", limit_s=60)
PROVEN_10_S = Reach(text="proven, ≤ 10 s", limit_s=120)
PROVEN_60_S = Reach(text="proven, ≤ 60 s", limit_s=600)
PROVEN_10_MIN = Reach(text="proven, ≤ 10 min", limit_s=600)


def _within(percent: str) -> Reach:
    return Reach(text=f"gap ≤ {percent} % in 10 min", limit_s=600)


UNIFORM: dict[str, tuple[Uniform, Reach]] = {
    "uniform-20k-p20": (Uniform(n_demand=20_000, n_candidates=1000, share=0.02, p=20), PROVEN_2_S),
    "uniform-20k-p40": (Uniform(n_demand=20_000, n_candidates=1000, share=0.02, p=40), _within("0.5")),
    "uniform-20k-p60": (Uniform(n_demand=20_000, n_candidates=1000, share=0.02, p=60), _within("1")),
    "uniform-1m-p20": (
        Uniform(n_demand=1_000_000, n_candidates=1000, share=0.005, p=20),
        Reach(text="proven, ≤ 15 s, ≤ 2 GB", limit_s=60),
    ),
    "uniform-1m-p40": (Uniform(n_demand=1_000_000, n_candidates=1000, share=0.005, p=40), _within("1.5")),
}

PAPER_S: dict[str, dict[int, float]] = {
    "rl1304": {5: 2.8, 10: 15.4, 20: 2.3, 50: 1.5, 100: 2.4, 200: 0.5, 300: 0.5, 400: 0.2, 500: 0.4},
    "fl1400": {5: 0.9, 10: 0.4, 20: 0.4, 50: 0.4, 100: 2.1, 200: 26.9},
    "pcb3038": {5: 55, 10: 18, 300: 17, 400: 6, 500: 4},
    "rl5934": {300: 58, 500: 44, 600: 18, 700: 14, 800: 21, 900: 14, 1000: 45, 1100: 15, 1200: 11, 1300: 12, 1400: 9, 1500: 7},
}
"""Seconds of Duran-Mateluna, Ales, Elloumi (2023) for cases that took them at most a minute; our reach is ten times that."""


def reach_of(name: str) -> Reach:
    """Return what is asked of a published case."""
    stem, _, tail = name.partition("_p")
    if stem in PAPER_S and int(tail) in PAPER_S[stem]:
        limit_s = max(10.0, 10 * PAPER_S[stem][int(tail)])
        return Reach(text=f"proven, ≤ {limit_s:g} s", limit_s=limit_s)
    if stem == "NewYork":
        return {50: PROVEN_60_S, 60: PROVEN_60_S, 70: _within("0.3"), 80: _within("0.3")}.get(int(tail), _within("0.1"))
    if stem == "Bronx":
        return _within("0.1")
    if name.startswith(("SJC", "BDS")):
        return PROVEN_5_S
    return Reach(text="all 20 proven, ≤ 30 s", limit_s=60) if name.startswith("pmed") else _within("0.5")


def run_case(name: str, *, root: Path | None, limit_s: float | None) -> str:
    """Return the row of one case, solved in this process."""
    problem, optimum, reach = _case(name, root)
    began, began_cpu = time.monotonic(), time.process_time()
    solution = solve(problem, time_limit_s=reach.limit_s if limit_s is None else limit_s)
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - began_cpu
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    gap = "proven" if solution.status.value == "optimal" else f"{100 * solution.gap:.3f} %"
    return (
        f"| {name} | {problem.new} | {optimum} | {solution.objective:.10g} | {solution.best_bound:.10g} | {gap} "
        f"| {wall_s:.1f} | {cpu_s:.1f} | {peak_gb:.2f} | {reach.text} |"
    )


def _case(name: str, root: Path | None) -> tuple[LocationProblem, str, Reach]:
    """Return a case as a problem, its best known value as text, and what is asked of it."""
    if name in UNIFORM:
        drawn, reach = UNIFORM[name]
        problem = uniform_problem(n_demand=drawn.n_demand, n_candidates=drawn.n_candidates, share=drawn.share, p=drawn.p)
        return problem, "", reach
    if root is None:
        sys.exit(f"{name}: the published instances are not beside the checkout")
    case = read_published(root)[name]
    return published_problem(case), f"{case.optimum:.10g}{'' if case.is_proven else ' (not proven)'}", reach_of(name)


def find_published() -> Path | None:
    """Return the folder of the published instances, None where it is not there."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "benchmarks"
    return root if root.is_dir() else None


def case_names() -> list[str]:
    """Return the names of all cases; without the published instances those of the generated ones."""
    root = find_published()
    return [*UNIFORM, *([] if root is None else read_published(root))]


def bench_choice_size() -> list[str]:
    """Return the rows of the table, each case run as a process of its own; it takes hours."""
    return [*HEADER, *(_run_apart(name) for name in case_names())]


def _run_apart(name: str) -> str:
    command = [sys.executable, "-m", "bench.choice_size", name]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT).stdout.strip()


def main() -> None:
    """Run the cases that are named on the command line, one after the other in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(case_names())}")
    parser.add_argument("--time-limit", type=float, help="seconds, instead of what the reach allows")
    given = parser.parse_args()
    for name in given.names or case_names():
        print(run_case(name, root=find_published(), limit_s=given.time_limit), flush=True)


if __name__ == "__main__":
    main()
