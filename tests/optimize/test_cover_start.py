"""A cover to begin from: always a cover, never dearer than the greedy one, and far cheaper where discs overlap."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from data.errors import InfeasibleError
from optimize.clock import Clock
from optimize.cover_need import CoverNeed, greedy_cover
from optimize.cover_start import fewer_sites, start_cover
from optimize.cover_walk import walk_to_cheaper
from optimize.highs import SolverOptions
from optimize.problem import LocationProblem
from optimize.set_cover import build_need
from optimize.site_rules import site_rules
from tests.optimize.test_set_cover import cover_problems
from tests.optimize.toys import cover, try_all_covers

OPTIONS = SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1)


def discs(n_demand: int, n_sites: int, radius: float, **fields: object) -> CoverNeed:
    """Return points in a square and discs around others; what no disc covers is left out."""
    rng = np.random.default_rng(1)
    demand, sites = rng.random((n_demand, 1, 2)), rng.random((1, n_sites, 2))
    seconds = np.hypot(*np.moveaxis(demand - sites, 2, 0))
    table = [[float(value) if value <= radius else None for value in row] for row in seconds if row.min() <= radius]
    problem = replace(cover(table, [1.0] * len(table)), standard_s=radius, **fields)  # type: ignore[arg-type]
    return build_need(problem, site_rules(problem))


def needed(problem: LocationProblem) -> CoverNeed | None:
    try:
        return build_need(problem, site_rules(problem))
    except InfeasibleError:
        return None


@settings(max_examples=40, deadline=None)
@given(cover_problems())
def test_what_is_found_is_a_cover_between_the_best_and_the_greedy_one(problem: LocationProblem) -> None:
    need = needed(problem)
    if need is None:
        return
    first = greedy_cover(need)
    found = walk_to_cheaper(need, first, seed=0) if need.may_miss is None else fewer_sites(need, first, deadline=None)
    assert need.is_met(found)
    assert need.cost_of(found) <= need.cost_of(first)
    tried = try_all_covers(problem)
    assert tried is not None
    given_cost = (
        0.0 if problem.site_cost is None else sum(problem.site_cost[problem.candidate_ids.index(j)] for j in problem.required)
    )
    given_cost = len(problem.required) if problem.site_cost is None else given_cost
    assert need.cost_of(found) + given_cost >= tried[0] - 1e-9


def test_the_walk_is_far_below_the_greedy_cover_where_discs_overlap() -> None:
    need = discs(1500, 400, 0.08)
    first = greedy_cover(need)
    found = walk_to_cheaper(need, first, seed=0)
    assert found.size <= first.size - 5
    assert np.array_equal(found, walk_to_cheaper(need, first, seed=0))
    assert not np.array_equal(found, walk_to_cheaper(need, first, seed=1))


def test_the_walk_counts_what_sites_cost() -> None:
    need = discs(600, 150, 0.12)
    dear = replace(need, cost=1.0 + np.arange(need.siting.n_sites) % 5)
    first = greedy_cover(dear)
    assert dear.cost_of(walk_to_cheaper(dear, first, seed=0)) < dear.cost_of(first)


def test_fewer_sites_cover_the_share_after_swaps() -> None:
    need = discs(1500, 200, 0.06, target_share=0.8)
    first = greedy_cover(need)
    found = fewer_sites(need, first, deadline=None)
    assert found.size < first.size
    assert need.is_met(found)


@pytest.mark.parametrize("share", [None, 0.8])
def test_a_start_whose_time_is_over_is_the_greedy_cover(share: float | None) -> None:
    need = discs(1500, 200, 0.06, target_share=share)
    clock = Clock(began=time.monotonic() - 60, limit_s=1.0)
    assert np.array_equal(start_cover(need, options=OPTIONS, clock=clock), greedy_cover(need))
