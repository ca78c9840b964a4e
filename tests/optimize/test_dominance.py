"""What is left out decides nothing: covers of the rest are covers of all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from optimize import dominance
from optimize.aggregate import merge_equal_rows
from optimize.siting import Siting, build_siting


def siting_of(table: np.ndarray) -> Siting:
    """Return the rows of a table of booleans, each to be covered."""
    row, site = np.nonzero(table)
    is_must = np.ones(len(table), dtype=np.bool_)
    siting = build_siting(
        n_open=table.shape[1],
        n_sites=table.shape[1],
        row=row,
        site=site,
        cost=np.zeros(row.size),
        unserved_cost=np.ones(len(table)),
        is_must=is_must,
        scale=1.0,
    )
    return merge_equal_rows(siting)


def random_table(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.random((12, 8)) < 0.35
    table[np.arange(12), rng.integers(0, 8, 12)] = True
    return table


def covers(siting: Siting, n: int) -> list[tuple[int, ...]]:
    """Return every cover of n sites, by rank."""
    plans = combinations(range(siting.n_sites), n)
    return [tuple(siting.rank[list(plan)].tolist()) for plan in plans if siting.is_feasible(np.array(plan, dtype=np.intp))]


@pytest.mark.parametrize("seed", range(20))
def test_the_rest_has_a_cover_of_so_many_sites_exactly_when_all_have_one(seed: int) -> None:
    whole = siting_of(random_table(seed))
    rest = dominance.without_dominated(whole)
    assert rest.n_sites < whole.n_sites
    for n in range(1, rest.n_sites + 1):
        assert set(covers(rest, n)) <= set(covers(whole, n))
        assert bool(covers(rest, n)) == bool(covers(whole, n))


@pytest.mark.parametrize("seed", range(20))
def test_without_rows_that_are_implied_the_covers_are_the_same(seed: int) -> None:
    whole = siting_of(random_table(seed))
    rest = dominance.without_dominated_rows(whole)
    assert rest.n_rows <= whole.n_rows
    for n in range(1, whole.n_sites + 1):
        assert covers(rest, n) == covers(whole, n)


def test_a_row_that_another_one_implies_is_left_out() -> None:
    rest = dominance.without_dominated_rows(siting_of(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=np.bool_)))
    assert rest.n_rows == 2


def test_rows_are_compared_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = siting_of(random_table(3))
    rest = dominance.without_dominated_rows(whole)
    monkeypatch.setattr(dominance, "BLOCK", 2)
    assert dominance.without_dominated_rows(whole).pair_row.tolist() == rest.pair_row.tolist()
    assert rest.n_rows < whole.n_rows


def test_what_is_too_large_to_compare_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = siting_of(random_table(1))
    monkeypatch.setattr(dominance, "LARGEST_TABLE", 5)
    assert dominance.without_dominated(whole) is whole
    assert dominance.without_dominated_rows(whole) is whole
    monkeypatch.undo()
    monkeypatch.setattr(dominance, "LARGEST_SIDE", 5)
    assert dominance.without_dominated(whole).n_sites == whole.n_sites
