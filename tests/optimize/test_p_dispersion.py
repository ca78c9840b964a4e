"""Dispersion: the nearest two open sites are as far apart as any plan allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from data.errors import InfeasibleError, ProblemError
from optimize.p_dispersion import counted_pairs
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.solution import Status
from optimize.solve import solve
from optimize.spacing import cover_by_cliques
from tests.optimize.model_toys import as_objective, between, model_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.toys import median, problems


def on_a_line(*place: float) -> sparse.csr_array:
    """Return how far points of a line are from one another."""
    return sparse.csr_array(np.abs(np.subtract.outer(place, place)))


def dispersion(apart: sparse.csr_array, **fields: object) -> LocationProblem:
    table: list[list[float | None]] = [[60.0] * apart.shape[0]]
    return model_problem("p_dispersion", table, **{"site_impedance": apart, "new": 2, **fields})


LINE = on_a_line(0.0, 100.0, 250.0, 400.0, 1000.0)


@pytest.mark.parametrize(("new", "objective"), [(2, 1000.0), (3, 400.0), (4, 150.0), (5, 100.0)])
def test_the_sites_of_a_line_spread_out(new: int, objective: float) -> None:
    solution = solve(dispersion(LINE, new=new))
    assert solution.status is Status.OPTIMAL
    assert solution.is_tie_broken
    assert (solution.objective, solution.best_bound) == (objective, objective)


def test_a_fixed_site_keeps_new_ones_away_and_two_fixed_ones_do_not_count() -> None:
    assert solve(dispersion(LINE, new=1, fixed=("site-04",))).new == ("site-00",)
    solution = solve(dispersion(LINE, new=1, fixed=("site-00", "site-01")))
    assert (solution.new, solution.objective) == (("site-04",), 900.0)


def test_required_sites_count_however_near() -> None:
    solution = solve(dispersion(LINE, new=3, required=("site-00", "site-01")))
    assert solution.objective == 100.0


def test_a_pair_that_is_not_stored_is_far() -> None:
    apart = sparse.csr_array(np.array([[0.0, 100.0, 300.0], [100.0, 0.0, 0.0], [300.0, 0.0, 0.0]]))
    solution = solve(dispersion(apart))
    assert (solution.new, solution.objective) == (("site-00", "site-02"), 300.0)
    solution = solve(dispersion(apart, forbidden=("site-00",)))
    assert (solution.new, solution.objective) == (("site-01", "site-02"), 300.0)


def test_one_site_has_no_pair() -> None:
    solution = solve(dispersion(LINE, new=1))
    assert (solution.new, solution.objective) == (("site-00",), 1000.0)


def test_a_group_changes_the_plan() -> None:
    rules = Rules(groups=(SiteGroup(name="west", ids=("site-00", "site-01", "site-02"), at_least=2),))
    assert solve(dispersion(LINE, new=2, rules=rules)).new == ("site-00", "site-02")


def test_weights_play_no_role() -> None:
    table: list[list[float | None]] = [[1.0, 9.0, 9.0], [9.0, 1.0, 9.0]]
    apart = on_a_line(0.0, 10.0, 50.0)
    light, heavy = (
        solve(model_problem("p_dispersion", table, weight, site_impedance=apart, new=2)) for weight in ([1.0, 1.0], [1.0, 99.0])
    )
    assert light.new == heavy.new == ("site-00", "site-02")


@settings(max_examples=60, deadline=None)
@given(problems(max_candidates=12), st.integers(0, 99), st.sampled_from([0.3, 0.8, 1.0]))
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem, seed: int, share: float) -> None:
    apart = between(problem.n_candidates, seed, share=share)
    question = as_objective(problem, "p_dispersion", site_impedance=apart)
    if apart.nnz == 0:
        with pytest.raises((ProblemError, InfeasibleError)):
            solve(question)
        return
    check_against_all_sets(question)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 999), st.integers(2, 15), st.floats(0.1, 1.0))
def test_cliques_cover_every_pair_and_nothing_else(seed: int, n: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    is_near = np.triu(rng.random((n, n)) < share, 1)
    is_near |= is_near.T
    seen = np.zeros((n, n), dtype=bool)
    for clique in cover_by_cliques(is_near):
        seen[np.ix_(clique, clique)] = True
    np.fill_diagonal(seen, val=False)
    assert np.array_equal(seen, is_near)


def test_a_gap_is_kept() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 40)) * 1000
    problem = dispersion(sparse.csr_array(np.hypot(np.subtract.outer(x, x), np.subtract.outer(y, y))), new=6)
    rough, exact = solve(problem, gap=0.4), solve(problem)
    assert rough.status is Status.FEASIBLE
    assert 0 < rough.gap <= 0.4
    assert rough.objective <= exact.objective <= rough.best_bound


def test_impedances_between_candidates_are_needed_by_this_objective_alone() -> None:
    with pytest.raises(ProblemError, match="p_dispersion needs site_impedance"):
        model_problem("p_dispersion", [[1.0, 2.0]], new=1)
    with pytest.raises(ProblemError, match="p_median has no use for site_impedance"):
        median([[1.0, 2.0]], site_impedance=on_a_line(0.0, 1.0))
    with pytest.raises(ProblemError, match="is not as far as back"):
        dispersion(sparse.csr_array(np.array([[0.0, 1.0], [2.0, 0.0]])), new=1)
    with pytest.raises(ProblemError, match="1 × 1 for 2 ids"):
        model_problem("p_dispersion", [[1.0, 2.0]], new=1, site_impedance=on_a_line(0.0))


def test_candidates_without_any_pair_are_refused() -> None:
    with pytest.raises(ProblemError, match="no two candidates have an impedance between them"):
        solve(dispersion(sparse.csr_array((3, 3)), new=2))


def test_a_problem_without_them_is_refused_by_the_model() -> None:
    with pytest.raises(ProblemError, match="p_median is not solved without it"):
        counted_pairs(median([[1.0, 2.0]]))


def test_more_sites_than_there_are_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="new = 6"):
        solve(dispersion(LINE, new=6))
