"""The recount of capacities finds every share, load and cost that does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.errors import VerificationError
from optimize.problem import LocationProblem
from optimize.solution import Allocation, Solution
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.capacity_toys import capacitated

LINE: list[list[float | None]] = [[0.0, 100.0, None], [100.0, 0.0, 200.0], [300.0, 200.0, 0.0]]


def solved(**fields: object) -> tuple[LocationProblem, Solution]:
    """Return a problem with demand split between its first and last site, and its solution."""
    given = {"new": 2, "capacity": np.array([6.0, 0.0, 6.0]), "is_split": True, **fields}
    problem = capacitated("capacitated_p_median", LINE, [4.0, 3.0, 2.0], **given)
    return problem, solve(problem)


def shares(demand: list[int], candidate: list[int], share: list[float] | None) -> dict[str, Any]:
    return {
        "allocation": Allocation(
            demand=np.array(demand, dtype=np.intp),
            candidate=np.array(candidate, dtype=np.intp),
            share=None if share is None else np.array(share),
        )
    }


def test_the_recount_tells_the_weight_that_is_served_and_the_points_served_in_full() -> None:
    problem = capacitated("capacitated_max_coverage", LINE, [4.0, 3.0, 2.0], new=1, standard_s=100.0, capacity=np.full(3, 5.0))
    recount = verify_solution(problem, solve(problem))
    assert (recount.objective, recount.covered_weight, recount.n_served) == (pytest.approx(5.0), pytest.approx(5.0), 1)
    assert "no site serves more than its capacity" in recount.checks


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (shares([0, 1, 2], [0, 2, 2], [1.0, 1.0, 1.0]), "the objective is the recounted one"),
        (shares([0, 1, 1, 2], [0, 0, 2, 2], [1.0, 1 / 3, 1 / 3, 1.0]), "all of every demand row with a weight is served"),
        (shares([0, 1, 1, 2], [0, 0, 2, 2], [1.0, 1.0, 1 / 3, 1.0]), "no demand row is served more than once over"),
        (shares([0, 1, 2], [0, 0, 2], [1.0, 1.0, 1.0]), "no site serves more than its capacity (seen: ['site-00: 7'])"),
        (shares([0, 1, 1, 2], [0, 0, 1, 2], [1.0, 2 / 3, 1 / 3, 1.0]), "only open sites serve (seen: [1])"),
        (shares([0, 1, 1, 2], [2, 0, 2, 2], [1.0, 2 / 3, 1 / 3, 1.0]), "every pair of the allocation is one that is reached"),
        (shares([0, 1, 1, 2], [0, 2, 0, 2], [1.0, 1 / 3, 2 / 3, 1.0]), "the allocation ascends by demand row, each pair once"),
        (shares([0, 1, 1, 2], [0, 0, 2, 2], [1.0, 1.2, -0.2, 1.0]), "every share is in (0, 1] (seen: [1, 1])"),
        (shares([0, 1, 2], [0, 0, 2], [1.0, 2 / 3]), "as many sites and shares as demand rows"),
    ],
)
def test_whatever_does_not_hold_is_told(change: dict[str, Any], said: str) -> None:
    problem, solution = solved()
    with pytest.raises(VerificationError) as caught:
        verify_solution(problem, replace(solution, **change))
    assert said in str(caught.value)


def test_a_site_below_its_least_use_is_told() -> None:
    problem, solution = solved()
    picky = replace(problem, min_use=np.array([0.0, 0.0, 3.5]))
    with pytest.raises(VerificationError, match=r"every open site has its least use \(seen: \['site-02: 3'\]\)"):
        verify_solution(picky, solution)


def test_split_demand_is_told_where_it_may_not_be() -> None:
    problem, solution = solved()
    for whole in (replace(problem, is_split=False), replace(problem, is_split=None)):
        with pytest.raises(VerificationError, match="no demand row is split"):
            verify_solution(whole, solution)


def test_service_beyond_the_standard_and_as_far_as_unserved_is_told() -> None:
    fields = {"new": 2, "capacity": np.array([6.0, 0.0, 6.0]), "standard_s": 200.0}
    problem = capacitated("capacitated_max_coverage", LINE, [4.0, 3.0, 2.0], **fields)
    solution = solve(problem)
    with pytest.raises(VerificationError, match="every site serves within the standard"):
        verify_solution(replace(problem, standard_s=150.0), solution)
    median, plan = solved(unserved_impedance_s=250.0)
    with pytest.raises(VerificationError, match="every site is nearer than unserved"):
        verify_solution(replace(median, unserved_impedance_s=200.0), plan)


def test_service_of_demand_without_weight_is_told() -> None:
    problem, solution = solved()
    with pytest.raises(VerificationError, match="only demand with a weight is served"):
        verify_solution(replace(problem, weight=np.array([4.0, 3.0, 0.0])), solution)


@pytest.mark.parametrize("objective", ["fixed_charge", "capacitated_fixed_charge"])
def test_wrong_costs_of_sites_and_of_travel_are_told(objective: str) -> None:
    fields = {"capacity": np.full(3, 9.0)} if objective.startswith("capacitated") else {}
    problem = capacitated(objective, LINE, [4.0, 3.0, 2.0], site_cost=np.array([90.0, 350.0, 150.0]), **fields)
    solution = solve(problem)
    for other in (replace(problem, site_cost=np.array([91.0, 350.0, 150.0])), replace(problem, impedance_price=2.0)):
        with pytest.raises(VerificationError, match="the objective is the recounted one"):
            verify_solution(other, solution)


def test_demand_that_a_fixed_charge_leaves_unserved_is_told() -> None:
    fields = {"site_cost": np.array([90.0, 350.0, 150.0]), "unserved_impedance_s": 10.0}
    problem = capacitated("fixed_charge", LINE, [4.0, 3.0, 2.0], **fields)
    with pytest.raises(VerificationError, match=r"every demand row with a weight is served \(seen: \[0, 1, 2\]\)"):
        verify_solution(replace(problem, unserved_impedance_s=None), solve(problem))
