"""The recount finds every figure and site of a solution that does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.errors import VerificationError
from optimize.problem import LocationProblem
from optimize.solution import Allocation, Solution, Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.toys import coverage, median

STREET: list[list[float | None]] = [[0.0, 300.0, 900.0], [300.0, 0.0, 600.0], [900.0, 600.0, 0.0]]


def solved() -> tuple[LocationProblem, Solution]:
    """Return a problem with all rules, and its solution: site-00 fixed, site-02 new, demand 1 uncovered."""
    problem = coverage(
        STREET, [1.0, 2.0, 9.0], standard_s=200.0, fixed=("site-00",), required=("site-02",), forbidden=("site-01",)
    )
    return problem, solve(problem)


def test_the_recount_tells_what_it_counted() -> None:
    recount = verify_solution(*solved())
    assert (recount.objective, recount.covered_weight, recount.n_served) == (10.0, 10.0, 2)
    assert "every required site is new" in recount.checks
    assert len(recount.checks) >= 12


def test_the_recount_of_a_median_tells_the_weight_that_is_served() -> None:
    problem = median([[100.0], [500.0]], [2.0, 3.0], unserved_impedance_s=400.0)
    recount = verify_solution(problem, solve(problem))
    assert (recount.objective, recount.covered_weight, recount.n_served) == (2 * 100.0 + 3 * 400.0, 2.0, 1)


def allocation(demand: list[int], candidate: list[int]) -> Allocation:
    return Allocation(demand=np.array(demand, dtype=np.intp), candidate=np.array(candidate, dtype=np.intp))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"selected": ("site-00", "nowhere")}, "every site is a candidate"),
        ({"selected": ("site-02", "site-00")}, "selected stands in the order of the candidates"),
        ({"new": ("site-02", "site-02")}, "new stands in the order of the candidates, each once"),
        ({"selected": ("site-02",)}, "beside what is open now, selected is fixed and new"),
        ({"new": ("site-00", "site-02")}, "no new site is open already"),
        ({"new": ()}, "exactly 1 sites are new"),
        ({"new": ("site-01",), "selected": ("site-00", "site-01")}, "every required site is new"),
        ({"new": ("site-01",), "selected": ("site-00", "site-01")}, "no forbidden site is selected"),
        ({"allocation": allocation([0], [0])}, "exactly the served demand rows"),
        ({"allocation": allocation([0, 1, 2], [0, 0, 2])}, "exactly the served demand rows"),
        ({"allocation": allocation([0, 2], [2, 2])}, "served by the nearest site (seen: others in rows [0])"),
        ({"allocation": allocation([0, 2], [0])}, "served by the nearest site"),
        ({"objective": 10.1, "best_bound": 10.1}, "the objective is the recounted one"),
        ({"objective": 10.0, "best_bound": 9.0}, "no plan passes the bound"),
        ({"gap": 0.5}, "the gap is that of bound and objective"),
        ({"best_bound": 12.0, "gap": 1 - 10 / 12}, "optimal only where the bound meets the objective"),
    ],
)
def test_whatever_does_not_hold_is_told(change: dict[str, Any], said: str) -> None:
    problem, solution = solved()
    with pytest.raises(VerificationError) as caught:
        verify_solution(problem, replace(solution, **change))
    assert said in str(caught.value)


def test_a_feasible_solution_may_have_a_gap() -> None:
    problem, solution = solved()
    loose = replace(solution, status=Status.FEASIBLE, best_bound=12.0, gap=1 - 10 / 12)
    assert verify_solution(problem, loose).objective == 10.0


def test_the_bound_of_a_median_lies_below() -> None:
    problem = median(STREET)
    solution = solve(problem)
    assert verify_solution(problem, replace(solution, status=Status.FEASIBLE, best_bound=450.0, gap=0.5))
    with pytest.raises(VerificationError, match="no plan passes the bound"):
        verify_solution(problem, replace(solution, status=Status.FEASIBLE, best_bound=1800.0, gap=0.5))


def test_demand_left_unserved_against_the_rule_is_told() -> None:
    problem = median([[100.0, 800.0], [None, 700.0]])
    wrong = replace(
        solve(problem),
        selected=("site-00",),
        new=("site-00",),
        allocation=allocation([0], [0]),
        objective=100.0,
        best_bound=100.0,
    )
    with pytest.raises(VerificationError, match=r"every demand row with a weight is served \(seen: \[1\]\)"):
        verify_solution(problem, wrong)


def test_all_mismatches_are_told_at_once() -> None:
    problem, solution = solved()
    wrong = replace(solution, new=("site-01",), selected=("site-00", "site-01"), gap=0.3)
    with pytest.raises(VerificationError) as caught:
        verify_solution(problem, wrong)
    for said in ("required", "forbidden", "served demand rows", "recounted", "the gap"):
        assert said in str(caught.value)
