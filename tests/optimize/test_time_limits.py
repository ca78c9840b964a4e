"""Every model keeps the time limit on problems that take it longer, and has a plan then, or says that it has none."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from data.errors import SolverError
from optimize.decay import ExponentialDecay
from optimize.objectives import OBJECTIVES
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules
from optimize.solution import Solution, Status
from optimize.solve import solve
from optimize.verify import verify_solution

LIMIT_S = 1.5
MORE_S = 5.0
"""What a run may take beyond its limit: what was begun is brought to an end, and the plan is recounted."""

N_DEMAND, N_SITES = 1500, 150

MODELS: dict[str, dict[str, Any]] = {
    "backup_coverage": {"standard_s": 1400.0, "new": 30},
    "weighted_backup_coverage": {"standard_s": 600.0, "backup_share": 0.3},
    "k_nearest_median": {"k_nearest": 40},
    "max_attendance": {"decay": ExponentialDecay(scale_s=600.0)},
    "market_capture": {"attraction": np.ones(N_SITES), "pull_exponent": 2.0, "new": 8},
    "p_dispersion": {"new": 20},
    "kolm_pollak": {"aversion": 1 / 600},
    "lexicographic_center": {},
    "worst_mean": {"worst_share": 0.1, "new": 12},
}

CAPACITIES: dict[str, Any] = {"capacity": np.full(N_SITES, 60_000.0)}
COSTS: dict[str, Any] = {"site_cost": np.full(N_SITES, 3e6), "new": None}

OTHERS: dict[str, dict[str, Any]] = {
    "max_coverage": {"standard_s": 600.0},
    "p_median": {},
    "set_cover": {"standard_s": 900.0, "new": None, "target_share": 0.95},
    "p_center": {},
    "gradual_coverage": {"decay": ExponentialDecay(scale_s=600.0)},
    "fixed_charge": COSTS,
    "capacitated_fixed_charge": {**COSTS, **CAPACITIES},
    "capacitated_p_median": CAPACITIES,
    "capacitated_max_coverage": {"standard_s": 900.0, **CAPACITIES},
}
"""The models that have benchmarks of their own."""

TINY_S = 0.02
"""A limit that is over before anything large is built."""

MOST_S = 8.0
"""Seconds of this process, compiling and the recount among them: others may be on the machine."""


def city(objective: str, **fields: Any) -> LocationProblem:
    """Return points in a square, 15 km across, at 4 m/s from one another."""
    rng = np.random.default_rng(0)
    demand, sites = rng.random((N_DEMAND, 1, 2)) * 15_000, rng.random((N_SITES, 1, 2)) * 15_000
    apart = sparse.csr_array(np.hypot(*np.moveaxis(sites - sites.swapaxes(0, 1), 2, 0)) / 4)
    competitors = rng.random(N_DEMAND) * 1e-4
    own = {"p_dispersion": {"site_impedance": apart}, "market_capture": {"competitor_pull": competitors}}
    return LocationProblem(
        objective=objective,  # type: ignore[arg-type]
        weight=rng.integers(1, 300, N_DEMAND).astype(np.float64),
        impedance_s=sparse.csr_array(np.hypot(*np.moveaxis(demand - sites.swapaxes(0, 1), 2, 0)) / 4),
        candidate_ids=tuple(f"site-{j:03d}" for j in range(N_SITES)),
        **{"new": 8, **fields, **own.get(objective, {})},
    )


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """Compile what is compiled at its first use, which takes seconds of its own, once a process."""
    for objective in ("max_attendance", "kolm_pollak", "worst_mean"):
        timed(city(objective, **MODELS[objective]))


def timed(problem: LocationProblem) -> tuple[Solution, float]:
    began = time.monotonic()
    solution = solve(problem, time_limit_s=LIMIT_S)
    return solution, time.monotonic() - began


@pytest.mark.parametrize("objective", MODELS)
def test_the_limit_is_kept_and_there_is_a_plan(objective: str) -> None:
    problem = city(objective, **MODELS[objective])
    solution, seconds = timed(problem)
    assert seconds < LIMIT_S + MORE_S
    assert solution.status in (Status.OPTIMAL, Status.FEASIBLE)
    assert len(solution.new) == problem.new
    assert 0 <= solution.gap <= 1
    assert verify_solution(problem, solution).objective == pytest.approx(solution.objective)


@pytest.mark.parametrize(("objective", "gap"), [("market_capture", 0.1), ("worst_mean", 0.15)])
def test_a_run_that_the_clock_cuts_says_how_far_its_plan_may_be(objective: str, gap: float) -> None:
    solution, _ = timed(city(objective, **MODELS[objective]))
    assert solution.status is Status.FEASIBLE
    assert 0 < solution.gap < gap
    assert solution.notes == ("The time limit cut the run: another run may give another plan.",)


def test_every_model_has_a_case() -> None:
    assert {*MODELS, *OTHERS} == set(OBJECTIVES)


def ends_at_once(problem: LocationProblem) -> Solution | None:
    """Return the plan that a tiny limit gives, verified; None where the error says that there is none."""
    began, said, solution = time.process_time(), "", None
    try:
        solution = solve(problem, time_limit_s=TINY_S, explains=False)
    except SolverError as error:
        said = str(error)
    assert time.process_time() - began < MOST_S
    if solution is None:
        assert "the time was over before there was a plan. Give it more time" in said
        return None
    assert 0 <= solution.gap <= 1
    assert verify_solution(problem, solution).objective == pytest.approx(solution.objective)
    return solution


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_tiny_limit_gives_a_verified_plan_or_says_that_there_is_none(objective: str) -> None:
    problem = city(objective, **{**MODELS, **OTHERS}[objective])
    solution = ends_at_once(problem)
    assert solution is None or problem.new is None or len(solution.new) == problem.new


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_so_it_does_under_rules(objective: str) -> None:
    floor = CoverLimit(name="west", rows=np.arange(0, N_DEMAND, 7), standard_s=1500.0, at_least=0.5)
    fields = {**{**MODELS, **OTHERS}[objective], "new": None}
    rules = Rules(covers=(floor,), new_at_least=6, new_at_most=30)
    solution = ends_at_once(city(objective, **fields, rules=rules))
    assert solution is None or 6 <= len(solution.new) <= 30


@pytest.mark.parametrize("objective", ["max_coverage", "p_median", "weighted_backup_coverage", "worst_mean"])
def test_under_rules_too_the_search_finds_a_plan_when_no_model_can_be_built(objective: str) -> None:
    floor = CoverLimit(name="west", rows=np.arange(0, N_DEMAND, 7), standard_s=1500.0, at_least=0.5)
    rules = Rules(covers=(floor,), new_at_least=6, new_at_most=30)
    solution = ends_at_once(city(objective, **{**{**MODELS, **OTHERS}[objective], "new": None}, rules=rules))
    assert solution is not None
    assert solution.status is Status.FEASIBLE
