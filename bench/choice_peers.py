"""Location models beside spopt: the same cost matrix, the same solver, each build and solve in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from bench.choice_instances import published_problem, read_published, uniform_problem
from bench.choice_size import find_published
from optimize.problem import LocationProblem
from optimize.solve import solve

CHECKOUT = Path(__file__).resolve().parents[1]

HEADER = [
    "| case | who | objective | wall s of build and solve | times ours | peak GB |",
    "|---|---|---|---|---|---|",
]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one process took for one case."""

    objective: float
    wall_s: float
    peak_gb: float


def _published(name: str, objective: str) -> LocationProblem:
    root = find_published()
    if root is None:
        sys.exit(f"{name}: the published instances are not beside the checkout")
    return replace(published_problem(read_published(root)[name]), objective=objective)  # type: ignore[arg-type]


def _cover_all(problem: LocationProblem) -> LocationProblem:
    """Return the question for the fewest sites that cover all demand that any of them reaches."""
    is_reached = np.diff(problem.impedance_s.indptr) > 0
    weight = np.where(is_reached, problem.weight, 0.0)
    return replace(problem, objective="set_cover", new=None, weight=weight)


CASES: dict[str, Callable[[], LocationProblem]] = {
    "p-median pmed1": partial(_published, "pmed1", "p_median"),
    "p-median pmed6": partial(_published, "pmed6", "p_median"),
    "p-center pmed1": partial(_published, "pmed1", "p_center"),
    "p-center pmed6": partial(_published, "pmed6", "p_center"),
    "MCLP 3,000 × 700, 2 % cover, p = 20": partial(uniform_problem, n_demand=3000, n_candidates=700, share=0.02, p=20),
    "MCLP 20,000 × 1,000, 2 % cover, p = 20": partial(uniform_problem, n_demand=20_000, n_candidates=1000, share=0.02, p=20),
    "LSCP 3,000 × 200, 5 % cover": lambda: _cover_all(uniform_problem(n_demand=3000, n_candidates=200, share=0.05, p=20)),
}


def bench_choice_peers() -> list[str]:
    """Return the rows of the table; spopt takes minutes for some of them."""
    lines = list(HEADER)
    for case in CASES:
        ours, theirs = (_run_apart(case, who) for who in ("ours", "spopt"))
        lines.append(f"| {case} | ours | {ours.objective:,.6g} | {ours.wall_s:.2f} | 1 | {ours.peak_gb:.2f} |")
        ratio = theirs.wall_s / ours.wall_s
        lines.append(f"| {case} | spopt | {theirs.objective:,.6g} | {theirs.wall_s:.2f} | {ratio:.0f} | {theirs.peak_gb:.2f} |")
    return lines


def _run_apart(case: str, who: str) -> Measured:
    command = [sys.executable, "-m", "bench.choice_peers", who, case]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT).stdout
    return Measured(**json.loads(said.splitlines()[-1]))


def measure(case: str, who: str) -> Measured:
    """Return what one of the two takes for a case, in this process; reading and drawing the case is not counted."""
    problem = CASES[case]()
    given = None if who == "ours" else _dense(problem)
    began = time.monotonic()
    objective = solve(problem).objective if given is None else _ask_spopt(problem, given)
    wall_s = time.monotonic() - began
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return Measured(objective=float(objective), wall_s=wall_s, peak_gb=peak_gb)


def _dense(problem: LocationProblem) -> NDArray[np.float64]:
    """Return the impedances as spopt takes them: a full table, what is not reachable farther than anything."""
    table = np.full(problem.impedance_s.shape, 1e9)
    coo = problem.impedance_s.tocoo()
    table[coo.coords] = coo.data
    return table


def _ask_spopt(problem: LocationProblem, table: NDArray[np.float64]) -> float:
    from spopt.locate import LSCP, MCLP, PCenter, PMedian  # noqa: PLC0415 - an extra, and heavy

    weight, new, standard_s = problem.weight, problem.new, problem.standard_s
    makers: dict[str, Callable[[], Any]] = {
        "p_median": lambda: PMedian.from_cost_matrix(table, weight, p_facilities=new),
        "p_center": lambda: PCenter.from_cost_matrix(table, p_facilities=new),
        "max_coverage": lambda: MCLP.from_cost_matrix(table, weight, standard_s, p_facilities=new),
        "set_cover": lambda: LSCP.from_cost_matrix(table[weight > 0], standard_s),
    }
    model = makers[problem.objective]()
    solved = model.solve(pulp.HiGHS(msg=False, gapRel=0.0, threads=1), results=False)
    return float(pulp.value(solved.problem.objective))


def main() -> None:
    """Measure one case by one of the two and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("who", choices=["ours", "spopt"])
    parser.add_argument("case", choices=list(CASES))
    given = parser.parse_args()
    print(json.dumps(vars(measure(given.case, given.who))))


if __name__ == "__main__":
    main()
