"""Rounding keeps totals: of every group and of all, whatever the order of the rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import CountError, FaultsError, IdError
from geo.rounding import round_keeping_totals


def test_the_largest_remainders_are_rounded_up() -> None:
    rounded = round_keeping_totals([0.2, 0.7, 1.6, 0.5], groups=[1, 1, 1, 1], ids=["a", "b", "c", "d"])
    assert rounded.tolist() == [0, 1, 2, 0]


def test_each_group_keeps_its_own_total() -> None:
    rounded = round_keeping_totals([0.9, 0.9, 0.2, 0.4, 0.3, 0.3], groups=[1, 1, 1, 2, 2, 2], ids=list("abcdef"))
    assert rounded.tolist() == [1, 1, 0, 1, 0, 0]


def test_equal_remainders_go_by_id() -> None:
    assert round_keeping_totals([0.5, 0.5], groups=[1, 1], ids=["b", "a"]).tolist() == [0, 1]
    almost = [0.5, math.nextafter(0.5, 1)]
    assert round_keeping_totals(almost, groups=[1, 1], ids=["a", "b"]).tolist() == [1, 0]


def test_whole_numbers_stay_and_rounding_noise_is_no_fraction() -> None:
    noise = [2.9999999999999996, 1e-12, 0.5, 0.5]
    assert round_keeping_totals(noise, groups=[1, 1, 1, 1], ids=[1, 2, 3, 4]).tolist() == [3, 0, 1, 0]


def test_fractional_totals_of_groups_keep_the_total_of_all() -> None:
    rounded = round_keeping_totals([1.4, 2.4, 3.2], groups=["x", "y", "z"], ids=[1, 2, 3])
    assert rounded.tolist() == [2, 2, 3]


def test_limits_are_met_where_the_total_allows_it() -> None:
    values, groups, ids = [0.6, 0.4], [1, 1], ["a", "b"]
    assert round_keeping_totals(values, groups=groups, ids=ids).tolist() == [1, 0]
    assert round_keeping_totals(values, groups=groups, ids=ids, limits=[0, 1]).tolist() == [0, 1]
    assert round_keeping_totals(values, groups=groups, ids=ids, limits=[0, 0]).tolist() == [1, 0]


def test_no_values_give_none() -> None:
    assert round_keeping_totals([], groups=[], ids=[]).tolist() == []


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_values_that_are_no_counts_are_errors(value: float) -> None:
    with pytest.raises(CountError, match=r"missing, infinite or negative \(1: b\)"):
        round_keeping_totals([1.0, value], groups=[1, 1], ids=["a", "b"])


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(IdError, match=r"ids repeat \(1: a\)"):
        round_keeping_totals([1.0, 1.0], groups=[1, 1], ids=["a", "a"])
    with pytest.raises(FaultsError):
        round_keeping_totals([1.0, -1.0], groups=[1, 1], ids=["a", "a"])
    with pytest.raises(CountError, match="differ in shape"):
        round_keeping_totals([1.0], groups=[1, 1], ids=["a"])


rows = st.lists(st.tuples(st.floats(0, 1e5), st.integers(1, 4)), min_size=1, max_size=30)


@given(rows, st.booleans())
def test_totals_are_kept_values_move_by_less_than_one_and_order_does_not_matter(
    drawn: list[tuple[float, int]], has_limits: bool
) -> None:
    values, groups = np.array([value for value, _ in drawn]), np.array([group for _, group in drawn])
    ids = np.array([f"id {position:02d}" for position in range(len(drawn))])
    limits = np.floor(values) if has_limits else np.full(len(drawn), np.inf)
    rounded = round_keeping_totals(values, groups=groups, ids=ids, limits=limits)
    assert rounded.sum() == pytest.approx(math.fsum(values), abs=0.5 + 1e-4)
    for group in np.unique(groups):
        assert abs(rounded[groups == group].sum() - math.fsum(values[groups == group])) < 1 + 1e-4
    assert (np.abs(rounded - values) < 1).all()
    order = np.random.default_rng(len(drawn)).permutation(len(drawn))
    turned = round_keeping_totals(values[order], groups=groups[order], ids=ids[order], limits=limits[order])
    assert turned.tolist() == rounded[order].tolist()


@given(st.lists(st.tuples(st.integers(0, 500), st.lists(st.floats(0.01, 1), min_size=1, max_size=12)), min_size=1, max_size=6))
def test_whole_totals_of_groups_are_kept_exactly(quarters: list[tuple[int, list[float]]]) -> None:
    shares = [np.array(share) / sum(share) for _, share in quarters]
    values = np.concatenate([people * share for (people, _), share in zip(quarters, shares, strict=True)])
    groups = np.repeat(np.arange(len(quarters)), [len(share) for share in shares])
    rounded = round_keeping_totals(values, groups=groups, ids=np.arange(len(values)))
    assert np.bincount(groups, weights=rounded).tolist() == [people for people, _ in quarters]
