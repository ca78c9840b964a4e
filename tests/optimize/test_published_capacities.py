"""Published problems with costs of sites and capacities, with their published optima."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.capacity_instances import capacity_problem, read_capacity_cases
from optimize.solution import Status
from optimize.solve import solve

pytestmark = pytest.mark.shared

CASES = ("cap41 (as UFL)", "capa", "cap41", "pmedcap2", "pmedcap4", "pmedcap5", "pmedcap6", "SJC1")


@pytest.mark.parametrize("name", CASES)
def test_the_published_optimum_is_found_and_proven(name: str, benchmarks_root: Path) -> None:
    case = read_capacity_cases(benchmarks_root)[name]
    solution = solve(capacity_problem(case))
    assert solution.status is Status.OPTIMAL
    assert solution.is_tie_broken
    assert round(solution.objective, case.n_digits) == case.optimum
