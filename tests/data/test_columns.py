"""Columns become ids, counts, numbers, booleans or text, or each wrong cell is named by its row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.columns import (
    clean_text,
    find_unused_values,
    match_rows,
    need_columns,
    read_booleans,
    read_counts,
    read_numbers,
    read_text_ids,
    read_whole_ids,
)
from data.errors import CountError, FaultsError, IdError


def _text(*values: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(values, dtype="str")})


def test_missing_columns_come_at_once_with_the_nearest_names() -> None:
    with pytest.raises(FaultsError, match=r"'nmae' is missing. Did you mean 'name'") as caught:
        need_columns(pd.DataFrame({"name": [], "lat": []}), ["nmae", "lon", "lat"], where="x")
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("-2", r"counts are negative \(1: a in row 2: -2\)"),
        ("", r"counts are missing \(1: a in row 2\)"),
        ("many", r"counts are no numbers \(1: a in row 2: many\)"),
        ("nan", r"counts are no numbers \(1: a in row 2: nan\)"),
        ("inf", r"counts are infinite \(1: a in row 2: inf\)"),
        ("9007199254740992", r"counts are too large \(1: a in row 2: 9007199254740992\)"),
        ("1.5", r"counts are not whole numbers \(1: a in row 2: 1.5\)"),
    ],
)
def test_a_wrong_count_is_named_by_column_and_row(value: str, words: str) -> None:
    with pytest.raises(CountError, match=words):
        read_counts(_text("1", value or None), ["a"], where="x")


def test_counts_in_a_float_column_with_a_gap_are_missing() -> None:
    with pytest.raises(CountError, match="counts are missing"):
        read_counts(pd.DataFrame({"a": [1.0, np.nan]}), ["a"], where="x")


def test_all_kinds_of_wrong_counts_come_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        read_counts(pd.DataFrame({"a": ["1", "-1"], "b": ["x", "inf"]}), ["a", "b"], where="x")
    assert {fault.what for fault in caught.value.faults} == {
        "counts are negative", "counts are no numbers", "counts are infinite",
    }  # fmt: skip


def test_counts_become_whole_numbers() -> None:
    counts = read_counts(_text("1", " 2 ", "3.0"), ["a"], where="x")
    assert counts["a"].tolist() == [1, 2, 3]
    assert counts["a"].dtype == np.int64


def test_rows_are_numbered_as_in_the_file_after_others_were_left_out() -> None:
    with pytest.raises(CountError, match="a in row 4"):
        read_counts(_text("1", "1", "1", "-1").iloc[[0, 3]], ["a"], where="x")


def test_numbers_keep_their_gaps() -> None:
    assert read_numbers(_text("1.5", None), "a", where="x").fillna(-1).tolist() == [1.5, -1]


def test_numbers_may_be_negative_only_where_that_is_said() -> None:
    assert read_numbers(_text("-1"), "a", where="x", is_signed=True).tolist() == [-1.0]
    with pytest.raises(CountError, match="values are negative"):
        read_numbers(_text("-1"), "a", where="x")


@pytest.mark.parametrize(("value", "words"), [("3,5", "no numbers"), ("-inf", "infinite")])
def test_a_number_that_is_none_is_refused(value: str, words: str) -> None:
    with pytest.raises(CountError, match=words):
        read_numbers(_text(value), "a", where="x", is_signed=True)


def test_whole_ids_are_read_from_text_and_floats() -> None:
    assert read_whole_ids(_text("007", "8"), "a", where="x").tolist() == [7, 8]
    assert read_whole_ids(pd.DataFrame({"a": [7.0, 8.0]}), "a", where="x").tolist() == [7, 8]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("1", None), r"ids are missing \(1: row 2\)"),
        (("1", "x"), r"ids are no whole numbers \(1: x in row 2\)"),
        (("1", "1.5"), r"ids are no whole numbers \(1: 1.5 in row 2\)"),
        (("1", "inf"), r"ids are no whole numbers \(1: inf in row 2\)"),
        (("1", "1"), r"ids repeat \(1: 1 in row 1, 1 in row 2"),
    ],
)
def test_a_wrong_whole_id_is_refused(values: tuple[str | None, ...], words: str) -> None:
    with pytest.raises(IdError, match=words):
        read_whole_ids(_text(*values), "a", where="x")


def test_ids_may_repeat_where_they_name_something_else() -> None:
    assert read_whole_ids(_text("1", "1"), "a", where="x", is_unique=False).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("A", None), r"ids are missing \(1: row 2\)"),
        (("A", " A "), r"ids repeat \(1: A in row 1, A in row 2"),
        (("A;B", "C"), r"ids hold ';'.*\(1: A;B\)"),
    ],
)
def test_a_wrong_text_id_is_refused(values: tuple[str | None, ...], words: str) -> None:
    with pytest.raises(IdError, match=words):
        read_text_ids(_text(*values), "a", where="x")


def test_text_loses_control_characters_and_the_point_zero_of_gaps() -> None:
    column = pd.Series(["a\x1b[31m\nb", 3.0, None, " ", np.nan, pd.Timestamp("2020-02-05"), pd.NaT], dtype="object")
    assert clean_text(column).fillna("none").tolist() == ["a [31m b", "3", "none", "none", "none", "2020-02-05", "none"]


@pytest.mark.parametrize("column", [[True, False], ["true", "FALSE"], [1, 0], ["1", "0"], ["yes", "No"], [1.0, 0.0]])
def test_booleans_are_read_as_files_write_them(column: list[object]) -> None:
    assert read_booleans(pd.DataFrame({"a": column}), "a", where="x").tolist() == [True, False]


@pytest.mark.parametrize("value", ["maybe", None, "2"])
def test_a_value_that_is_neither_true_nor_false_is_refused(value: str | None) -> None:
    with pytest.raises(CountError, match=r"neither true nor false .*a in row 1"):
        read_booleans(_text(value), "a", where="x")


def test_a_row_meets_every_condition_by_any_of_its_values() -> None:
    frame = pd.DataFrame({"a": ["x", "y", "x"], "b": [True, True, False], "c": [1.0, 2.0, np.nan]})
    assert match_rows(frame, {"a": ["x"], "b": [True]}).tolist() == [True, False, False]
    assert match_rows(frame, {"a": ["x", "y"]}).tolist() == [True, True, True]
    assert match_rows(frame, {"c": [1, 2]}).tolist() == [True, True, False]
    assert match_rows(frame, {}).tolist() == [True, True, True]


def test_true_matches_the_text_of_a_csv_file() -> None:
    assert match_rows(_text("True", "False", "TRUE"), {"a": [True]}).tolist() == [True, False, True]


def test_a_value_that_no_row_has_is_found() -> None:
    assert find_unused_values(_text("x", "y"), {"a": ["x", "z"]}) == ["a = z"]


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_whole_counts_survive_being_text(values: list[int]) -> None:
    assert read_counts(_text(*map(str, values)), ["a"], where="x")["a"].tolist() == values
