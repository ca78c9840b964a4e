"""Whatever text a CSV file holds, it is read cell by cell or refused by an error of the planner."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.columns import (
    clean_text,
    match_rows,
    read_booleans,
    read_counts,
    read_numbers,
    read_text_ids,
    read_whole_ids,
)
from data.errors import PlannerError
from data.read_file import read_csv, read_source
from data.recipe_layers import FactsEntry, StationsEntry
from tests.data.tiny import PAPER, PLACE

RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    ["", "nan", "NA", "inf", "-1", "1e400", "1e9999999999", "0x10", "1_000", "١", "9" * 40, '"', "'", ";", "\n", "true", "=1+1"]
)
ROUGH = st.binary(max_size=80) | st.text(st.sampled_from('a1,;"\n\r\t \0é.-'), max_size=80).map(str.encode)


@given(ROUGH)
@RELAXED
def test_rough_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    entry = FactsEntry.model_validate({"role": "quarter_facts", "file": "x.csv", "id": "a", "columns": {"b": "b"}, **PAPER})
    with contextlib.suppress(PlannerError):
        frame = read_source("x", entry, tmp_path).frame
        assert all(isinstance(column, str) for column in frame.columns)


@given(
    ROUGH,
    st.sampled_from([",", ";", "\t", "|", '"', "a", "\n", "\\"]),
    st.sampled_from(["utf-8", "latin-1", "utf-16", "cp1252"]),
)
@RELAXED
def test_any_separator_and_encoding_reads_or_refuses(tmp_path: Path, content: bytes, separator: str, encoding: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with contextlib.suppress(PlannerError):
        read_csv(tmp_path / "x.csv", separator=separator, encoding=encoding, where="x")


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
@RELAXED
def test_cells_come_back_as_their_text(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    (tmp_path / "x.csv").write_bytes(buffer.getvalue().encode())
    frame = read_csv(tmp_path / "x.csv", separator=",", encoding="utf-8", where="x")
    assert frame.fillna("").to_numpy().tolist() == [list(row) for row in rows]


@given(st.lists(CELLS, min_size=1, max_size=5))
@RELAXED
def test_any_column_becomes_what_is_asked_or_is_refused(cells: list[str]) -> None:
    frame = pd.DataFrame({"a": pd.Series([cell or None for cell in cells], dtype="str")})
    steps = (
        lambda: read_counts(frame, ["a"], where="x"),
        lambda: read_numbers(frame, "a", where="x"),
        lambda: read_whole_ids(frame, "a", where="x"),
        lambda: read_text_ids(frame, "a", where="x"),
        lambda: read_booleans(frame, "a", where="x"),
        lambda: match_rows(frame, {"a": [1, True, "x"]}),
    )
    for step in steps:
        with contextlib.suppress(PlannerError):
            assert len(step()) == len(cells)


@given(st.lists(CELLS, min_size=1))
def test_clean_text_can_stand_on_one_line(cells: list[str]) -> None:
    for text in clean_text(pd.Series(cells, dtype="object")).dropna():
        assert text == text.strip()
        assert len(text.splitlines()) == 1


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "\ufeffa,b\n1,2", "a , b\n1,2\n\n\n"])
def test_ends_of_lines_marks_and_blanks_do_not_matter(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_bytes(text.encode())
    frame = read_csv(tmp_path / "x.csv", separator=",", encoding="utf-8", where="x")
    assert frame.to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_places_of_a_table_need_no_guess(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("s,lon,lat\nA,9.1,45.4\n", encoding="utf-8")
    entry = StationsEntry.model_validate({"role": "stations", "file": "x.csv", "id": "s", **PLACE, **PAPER})
    assert read_source("x", entry, tmp_path).frame["lon"].tolist() == ["9.1"]
