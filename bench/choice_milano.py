"""The choice on real Milano: five job centres, with floors per municipio that bind, and with floors that leave no plan."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.milano import CHECKOUT, find_milano, milano_pack
from data.errors import InfeasibleError
from data.pack import read_pack
from diffusa.choice import build_problem
from diffusa.city import read_people
from diffusa.journeys import travel
from diffusa.question import Question, put_question
from diffusa.scenario import read_scenario
from diffusa.times_cache import TimesCache
from layers.sites import join_sites
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules
from optimize.solve import solve

RUNS = 3
STANDARD_MIN = 30.0
BINDING, IMPOSSIBLE = 0.478, 0.55

HEADER = [
    "| case | answer | wall s, median of 3 (least–largest) | reach |",
    "|---|---|---|---|",
]


def bench_choice_milano() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["real Milano: skipped, the real data is not beside the checkout"]
    with milano_pack(root) as folder:
        question, problem = _ask(folder)
    return [
        *HEADER,
        _row("plain", lambda: _solved(problem), n=RUNS, reach="≤ 5 s"),
        _row(
            f"at least {BINDING:.1%} of the need in each of 9 municipi",
            lambda: _solved(_with_floors(problem, question, BINDING)),
            n=RUNS,
            reach="≤ 60 s, or the gap",
        ),
        _row(
            f"at least {IMPOSSIBLE:.0%}: no plan, explained",
            lambda: _refused(_with_floors(problem, question, IMPOSSIBLE)),
            n=1,
            reach="≤ 180 s",
        ),
    ]


def _ask(folder: object) -> tuple[Question, LocationProblem]:
    pack = read_pack(f"{folder}/pack")
    scenario = read_scenario(CHECKOUT / "scenarios" / "job_centres_2023.toml")
    sites = join_sites(pack.read("services"), pack.read("spaces"))
    question = put_question(scenario, pack, people=read_people(pack), sites=sites)
    journeys = travel(question, pack, cache=TimesCache(None), progress=None)
    return question, build_problem(question, journeys, standard_min=STANDARD_MIN)


def _with_floors(problem: LocationProblem, question: Question, share: float) -> LocationProblem:
    district = question.people.cells["district"].to_numpy()
    covers = tuple(
        CoverLimit(
            name=f"Municipio {one}",
            rows=np.flatnonzero((district == one) & (problem.weight > 0)),
            standard_s=STANDARD_MIN * 60,
            at_least=share,
        )
        for one in np.unique(district)
    )
    return replace(problem, rules=Rules(covers=covers))


def _solved(problem: LocationProblem) -> str:
    solution = solve(problem)
    said = "proven" if solution.status.value == "optimal" else f"gap {solution.gap:.3%}"
    return f"{solution.objective:.4%} of the need, {said}"


def _refused(problem: LocationProblem) -> str:
    try:
        solve(problem)
    except InfeasibleError as error:
        return str(error).partition("A plan becomes possible with: ")[2] or "no plan"
    return "a plan where there should be none"


def _row(name: str, run: Callable[[], str], *, n: int, reach: str) -> str:
    seconds = []
    for _ in range(n):
        began = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - began)
    spread = f" ({min(seconds):.1f}–{max(seconds):.1f})" if n > 1 else " (once)"
    return f"| {name} | {answer} | {statistics.median(seconds):.1f}{spread} | {reach} |"
