"""Backup coverage: covering twice is what counts, and the share says how much against covering once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, InfeasibleError, ProblemError
from optimize.backup_coverage import build_weighted_backup
from optimize.problem import LocationProblem
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from tests.optimize.model_toys import as_objective, model_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.toys import problems

# site-00 and site-01 cover row 0 (weight 5); site-02 covers rows 1 and 2; site-03 covers rows 0 and 2.
TABLE: list[list[float | None]] = [[60.0, 90.0, None, 600.0], [None, None, 60.0, None], [None, None, 300.0, 300.0]]
WEIGHT = [5.0, 4.0, 2.0]


def backup(**fields: object) -> LocationProblem:
    return model_problem("backup_coverage", TABLE, WEIGHT, **{"standard_s": 600.0, "new": 3, **fields})


def weighted(**fields: object) -> LocationProblem:
    given = {"standard_s": 600.0, "new": 2, "backup_share": 0.5, **fields}
    return model_problem("weighted_backup_coverage", TABLE, WEIGHT, **given)


def test_all_is_covered_once_and_the_most_twice() -> None:
    solution = solve(backup())
    assert solution.status is Status.OPTIMAL
    assert solution.new == ("site-00", "site-02", "site-03")
    assert solution.objective == 7.0
    assert solution.best_bound == 7.0


def test_demand_exactly_at_the_standard_is_covered() -> None:
    assert solve(backup(standard_s=599.0)).objective == 5.0


def test_fixed_sites_count_as_cover() -> None:
    solution = solve(backup(fixed=("site-02", "site-00"), new=1))
    assert solution.new == ("site-03",)
    assert solution.objective == 7.0


def test_demand_that_no_site_covers_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="within the standard of no site that may be open") as caught:
        solve(backup(forbidden=("site-02",)))
    assert caught.value.examples == ("1",)


def test_too_few_sites_to_cover_all_once_are_refused() -> None:
    with pytest.raises(InfeasibleError):
        solve(backup(new=1))


@pytest.mark.parametrize(
    ("share", "new", "objective"), [(0.2, ("site-00", "site-02"), 8.8), (0.9, ("site-00", "site-01"), 5.0)]
)
def test_the_share_changes_the_plan(share: float, new: tuple[str, ...], objective: float) -> None:
    solution = solve(weighted(backup_share=share, forbidden=("site-03",)))
    assert solution.status is Status.OPTIMAL
    assert solution.new == new
    assert solution.objective == pytest.approx(objective, rel=1e-12)


def test_demand_out_of_reach_costs_what_it_weighs() -> None:
    solution = solve(weighted(forbidden=("site-02", "site-03"), backup_share=0.3))
    assert solution.objective == pytest.approx(5.0)


def test_the_share_is_needed_and_lies_between_nothing_and_all() -> None:
    with pytest.raises(ProblemError, match="weighted_backup_coverage needs backup_share"):
        weighted(backup_share=None)
    with pytest.raises(ProblemError, match=r"1\.0 is no share in"):
        weighted(backup_share=1.0)
    with pytest.raises(ProblemError, match="backup_coverage has no use for backup_share"):
        backup(backup_share=0.5)
    with pytest.raises((ProblemError, FaultsError), match="needs standard_s"):
        backup(standard_s=None)


def test_a_problem_without_a_share_is_refused_by_the_model() -> None:
    problem = backup()
    with pytest.raises(ProblemError, match="backup_coverage is not solved without a share"):
        build_weighted_backup(problem, site_rules(problem))


@settings(max_examples=40, deadline=None)
@given(problems(max_candidates=12), st.sampled_from([None, 0.3, 0.7]))
def test_the_solver_agrees_with_trying_every_plan_of_twelve_candidates(problem: LocationProblem, share: float | None) -> None:
    objective = "backup_coverage" if share is None else "weighted_backup_coverage"
    check_against_all_sets(as_objective(problem, objective, standard_s=600.0, backup_share=share))


def test_more_backup_never_covers_less_twice() -> None:
    rng = np.random.default_rng(3)
    table = rng.integers(1, 1200, (40, 12)).astype(float).tolist()
    weight = rng.integers(1, 9, 40).astype(float).tolist()
    given = {"standard_s": 400.0, "new": 4}
    plans = [solve(model_problem("weighted_backup_coverage", table, weight, backup_share=s, **given)) for s in (0.1, 0.5, 0.9)]
    near = np.array(table) <= 400.0
    again = []
    for plan in plans:
        columns = [int(name[-2:]) for name in plan.selected]
        again.append(float(np.array(weight)[near[:, columns].sum(axis=1) >= 2].sum()))
    assert again == sorted(again)
    assert again[0] < again[-1]
