"""What each site is worth, near-equal plans and a trade-off curve of the job centres of real Milano, a process each."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.milano import CHECKOUT, find_milano, milano_pack
from data.pack import read_pack
from diffusa.choice import build_problem
from diffusa.city import read_people
from diffusa.journeys import travel
from diffusa.question import put_question
from diffusa.scenario import read_scenario
from layers.sites import join_sites
from optimize.alternatives import near_equal_plans
from optimize.curve import trade_off
from optimize.problem import LocationProblem
from optimize.solve import solve
from optimize.worth import site_worth

STANDARD_MIN = 30.0
WITHIN = 0.01
N_PLANS = 10
NUMBERS = range(1, 21)
POINT_S = 60.0
"""When a point of the curve stops, proven or with its gap."""

HEADER = ("| question | answer | wall s | CPU s | peak GB |", "|---|---|---|---|---|")


def bench_choice_worth() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["worth of sites: skipped, the real data is not beside the checkout"]
    with milano_pack(root) as scratch:
        os.environ["DIFFUSA_CACHE"] = str(scratch / "cache")
        return [*HEADER, *(_row_of_process(name, scratch / "pack") for name in QUESTIONS)]


def _row_of_process(name: str, pack: Path) -> str:
    command = [sys.executable, "-m", "bench.choice_worth", name, str(pack)]
    return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()


def job_centres(folder: Path) -> LocationProblem:
    """Return the question of the job centres of 2023: five new sites, the most unemployed people within 30 minutes on foot."""
    pack = read_pack(folder)
    scenario = read_scenario(CHECKOUT / "scenarios" / "job_centres_2023.toml")
    sites = join_sites(pack.read("services"), pack.read("spaces"))
    question = put_question(scenario, pack, people=read_people(pack), sites=sites)
    return build_problem(question, travel(question, pack), standard_min=STANDARD_MIN)


def measure(name: str, problem: LocationProblem) -> str:
    """Return the row of one question, answered here.

    Parameters
    ----------
    name
        Of the question, a key of `QUESTIONS`.
    problem
        What it is asked of.
    """
    began, began_cpu = time.perf_counter(), time.process_time()
    answer = QUESTIONS[name](problem)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return f"| {name} | {answer} | {wall_s:.1f} | {cpu_s:.1f} | {peak_gb:.2f} |"


def _ask_best(problem: LocationProblem) -> str:
    solution = solve(problem)
    return f"{solution.status.value}, {solution.objective:.2%} covered"


def _ask_worth(problem: LocationProblem) -> str:
    worths = [worth for worth in site_worth(problem, solve(problem)) if worth.is_new]
    lost = [worth.replacement_loss for worth in worths if worth.replacement_loss is not None]
    return f"{len(lost)} of {len(worths)} new sites replaced, at a loss of {min(lost):.2%} to {max(lost):.2%}"


def _ask_near(problem: LocationProblem) -> str:
    found = near_equal_plans(problem, solve(problem), within=WITHIN, k=N_PLANS)
    farthest = 1 - found.plans[-1].objective / found.plans[0].objective
    return f"{len(found.plans)} plans, the last one {farthest:.2%} worse, {len(found.core)} sites in all"


def _ask_curve(problem: LocationProblem) -> str:
    points = trade_off(problem, values=NUMBERS, time_limit_s=POINT_S)
    n_proven, widest = sum(point.gap == 0 for point in points), max(point.gap or 0.0 for point in points)
    reached = [point.objective for point in points if point.objective is not None]
    return f"{n_proven} of {len(points)} points proven, gap ≤ {widest:.2%}, {reached[0]:.2%} to {reached[-1]:.2%} covered"


QUESTIONS: dict[str, Callable[[LocationProblem], str]] = {
    "the best plan alone": _ask_best,
    "the best plan, and what each site is worth": _ask_worth,
    f"the best plan, and up to {N_PLANS} within {WITHIN:.0%}": _ask_near,
    f"the curve over {NUMBERS[0]} to {NUMBERS[-1]} new sites, ≤ {POINT_S:g} s each": _ask_curve,
}


if __name__ == "__main__":
    print(measure(sys.argv[1], job_centres(Path(sys.argv[2]))))
