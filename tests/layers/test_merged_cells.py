"""Cells of few people are merged into larger ones, people are kept, and larger cells nest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import CountError, IdError
from geo.grid import parse_cell_id
from layers.merged_cells import merge_cells


def cell(row: int, column: int, *, size_m: int = 100, epsg: int = 3035) -> str:
    return f"CRS{epsg}RES{size_m}mN{row * 100}E{column * 100}"


def grid(people: list[list[float]]) -> tuple[list[str], list[float]]:
    """Return ids and people of cells, the first row in the south."""
    ids = [cell(row, column) for row, line in enumerate(people) for column in range(len(line))]
    return ids, [value for line in people for value in line]


def sizes(merged: np.ndarray) -> list[int]:
    return [parse_cell_id(str(one))[1] for one in merged]


def test_enough_people_stay_in_their_cells() -> None:
    ids, people = grid([[10, 10], [30, 12]])
    assert merge_cells(ids, people).tolist() == ids


def test_one_cell_of_few_takes_its_neighbours_along() -> None:
    merged = merge_cells(*grid([[9.9, 10, 20, 20], [30, 12, 20, 20]]))
    assert sizes(merged) == [200, 200, 100, 100, 200, 200, 100, 100]
    assert merged[0] == merged[1] == merged[4] == merged[5] == cell(0, 0, size_m=200)


def test_what_is_still_too_few_is_merged_again() -> None:
    merged = merge_cells(*grid([[1, 2, 20, 20], [0, 3, 20, 20]]))
    assert set(merged) == {cell(0, 0, size_m=400)}


def test_the_largest_cell_stays_where_even_it_has_too_few() -> None:
    assert set(merge_cells(*grid([[1, 2], [0, 3]]))) == {cell(0, 0, size_m=400)}


def test_cells_without_people_cause_no_merging() -> None:
    ids, people = grid([[0, 10], [30, 0]])
    assert merge_cells(ids, people).tolist() == ids


def test_the_least_number_changes_what_is_merged() -> None:
    ids, people = grid([[5, 10], [30, 12]])
    assert sizes(merge_cells(ids, people)) == [200] * 4
    assert merge_cells(ids, people, least=5).tolist() == ids


def test_the_number_of_doublings_is_the_one_asked_for() -> None:
    ids, people = grid([[1, 2], [0, 3]])
    assert [sizes(merge_cells(ids, people, doublings=one))[0] for one in (0, 1, 2, 3)] == [100, 200, 400, 800]


def test_cells_south_and_west_of_the_origin_nest_as_well() -> None:
    merged = merge_cells([cell(-1, -1), cell(0, 0)], [4, 4], doublings=1)
    assert merged.tolist() == ["CRS3035RES200mN-200E-200", "CRS3035RES200mN0E0"]


@given(st.lists(st.integers(0, 25), min_size=64, max_size=64), st.permutations(range(64)))
def test_people_are_kept_whatever_the_order_and_only_lonely_blocks_have_few(people: list[int], order: list[int]) -> None:
    ids = [cell(row, column) for row in range(8) for column in range(8)]
    merged = merge_cells(ids, people)
    turned = merge_cells([ids[row] for row in order], [people[row] for row in order])
    assert [str(merged[row]) for row in order] == turned.tolist()
    total = pd.Series(people, dtype=float).groupby(merged).sum()
    assert total.sum() == sum(people)
    few = total[(total > 0) & (total < 10)]
    assert all(parse_cell_id(str(one))[1] == 400 for one in few.index)
    # Larger cells hold no smaller ones beside themselves: every cell has one figure.
    inside = {}
    for one, shown in zip(ids, merged.tolist(), strict=True):
        _, _, north, east = parse_cell_id(one)
        _, size, south, west = parse_cell_id(shown)
        assert south <= north < south + size
        assert west <= east < west + size
        inside.setdefault(shown, []).append(one)
    assert all(len(members) == (parse_cell_id(shown)[1] // 100) ** 2 for shown, members in inside.items())


@pytest.mark.parametrize(
    ("ids", "people", "kind", "said"),
    [
        ([cell(0, 0), cell(0, 2, size_m=200)], [1, 1], IdError, "cells are of 2 grids"),
        ([cell(0, 0), cell(0, 0)], [1, 1], IdError, "cells repeat"),
        ([cell(0, 0)], [1, 1], CountError, "people of 2 cells, while there are 1"),
        ([cell(0, 0)], [-1], CountError, "negative or no numbers"),
        ([cell(0, 0)], [float("nan")], CountError, "negative or no numbers"),
        (["here"], [1], IdError, "here"),
    ],
)
def test_cells_that_cannot_be_are_refused(ids: list[str], people: list[float], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        merge_cells(ids, people)
