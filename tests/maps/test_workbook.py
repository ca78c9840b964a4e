"""The workbook of quarters, read back by another program than the one that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import numpy as np
import openpyxl
import pytest

from data.errors import ColumnError, FileError
from layers.plan import Plan
from layers.plan_folder import QUARTERS, write_plan_files
from layers.plan_text import Text
from maps.workbook import LONGEST, WORKBOOK_NAME, write_workbook

PAYLOADS = (
    "=1+1",
    "+SUM(A1)",
    "-2+3",
    "@SUM(A1)",
    "=HYPERLINK(\"http://x\",\"y\")",
    "\t=1",
    "http://example.org",
    "</si><script>",
    "_x0041_",
    "a\x00b\ufffe\ud800",
    "\u202egpj",
    "👩‍👩‍👧",
)  # fmt: skip


def read(plan: Plan, folder: Path) -> Any:
    write_workbook(plan, folder)
    return openpyxl.load_workbook(folder / WORKBOOK_NAME)


def named(plan: Plan, names: list[str]) -> Plan:
    return replace(plan, nil=plan.nil.assign(name=names))


def test_the_sheet_holds_what_the_csv_holds(tiny_plan: Plan, tmp_path: Path) -> None:
    sheet = read(tiny_plan, tmp_path).worksheets[0]
    write_plan_files(tiny_plan, tmp_path)
    header, *lines = (tmp_path / QUARTERS).read_text(encoding="utf-8").splitlines()
    keys = [cell.comment.text.rsplit("nil.csv: ", 1)[1].strip() for cell in sheet[1]]
    assert keys == header.split(",")
    for row, line in zip(sheet.iter_rows(min_row=2), lines, strict=True):
        for cell, text in zip(row, line.split(","), strict=True):
            assert cell.value == (text if cell.column == 2 else pytest.approx(float(text), abs=1e-9))


def test_numbers_have_formats_and_the_head_stays(tiny_plan: Plan, tmp_path: Path) -> None:
    sheet = read(tiny_plan, tmp_path).worksheets[0]
    formats = {cell.value: below.number_format for cell, below in zip(sheet[1], sheet[2], strict=True)}
    assert formats["disoccupati, 2011"] == "#,##0"
    assert formats["disoccupati: quota entro 30 minuti, oggi"] == "0.0%"
    assert formats["Minuti, oggi"] == "0.0"
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}{sheet.max_row}"


def test_each_column_is_defined_in_both_languages(tiny_plan: Plan, tmp_path: Path) -> None:
    book = read(tiny_plan, tmp_path)
    assert book.sheetnames == ["Quartieri", "Definizioni", "Piano e fonti"]
    rows = {row[0]: row[1:] for row in book["Definizioni"].iter_rows(min_row=2, values_only=True)}
    assert set(rows) == set(tiny_plan.nil.columns) - {"geometry"}
    assert all(text for texts in rows.values() for text in texts)
    assert rows["reached_best_unemployed"][2] == "unemployed people: people within 30 minutes, best plan"
    note = book["Quartieri"]["D1"].comment.text
    assert "Persone del gruppo" in note
    assert "People of the group" in note


def test_the_language_of_the_city_is_that_of_the_sheet(tiny_plan: Plan, tmp_path: Path) -> None:
    city = tiny_plan.document.city.model_copy(update={"language": "en"})
    english = replace(tiny_plan, document=tiny_plan.document.model_copy(update={"city": city}))
    book = read(english, tmp_path)
    assert book.sheetnames[0] == "Quarters"
    assert book["Quarters"]["D1"].value == "unemployed people, 2011"


def test_the_plan_says_its_limits_and_the_licences_of_its_sources(tiny_plan: Plan, tmp_path: Path) -> None:
    sheet = read(tiny_plan, tmp_path)["Piano e fonti"]
    shown = {value for row in sheet.iter_rows(values_only=True) for value in row if value}
    document = tiny_plan.document
    for text in (document.title, document.sentence, *document.limits, *document.assumptions):
        assert {text.it, text.en} <= shown
    for source in document.sources:
        assert {source.source, source.licence, source.attribution, source.date} <= shown


def test_text_from_data_is_never_a_formula(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = make_plan(n_quarters=len(PAYLOADS))
    plan = named(plan, [*PAYLOADS, *["x"] * len(plan.nil)][: len(plan.nil)])
    sheet = read(plan, tmp_path).worksheets[0]
    for row, name in enumerate(PAYLOADS[: len(plan.nil)], 2):
        cell = sheet.cell(row, 2)
        assert cell.data_type == "s", name
        assert cell.hyperlink is None
        assert cell.quotePrefix == name.startswith(("=", "+", "-", "@", "\t"))
    assert sheet["B2"].value == "=1+1"


def test_no_formula_stands_in_any_part(tiny_plan: Plan, tmp_path: Path) -> None:
    hostile = Text(it="=1+1", en="=1+1")
    document = tiny_plan.document
    groups = tuple(group.model_copy(update={"label": hostile}) for group in document.groups)
    filled = document.model_copy(update={"groups": groups, "title": hostile, "limits": (hostile,)})
    write_workbook(replace(named(tiny_plan, ["=1"] * len(tiny_plan.nil)), document=filled), tmp_path)
    with ZipFile(tmp_path / WORKBOOK_NAME) as file:
        parts = [ET.fromstring(file.read(name)) for name in file.namelist() if name.endswith((".xml", ".vml"))]
    tags = {element.tag.rsplit("}", 1)[-1] for part in parts for element in part.iter()}
    assert not {"f", "hyperlink"} & tags
    assert "quotePrefix" in {name for part in parts for element in part.iter() for name in element.attrib}


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tiny_plan: Plan, tmp_path: Path) -> None:
    names = ["x" * (LONGEST + 1), "y" * LONGEST, *["z"] * (len(tiny_plan.nil) - 2)]
    sheet = read(named(tiny_plan, names), tmp_path).worksheets[0]
    assert sheet["B2"].value == "x" * (LONGEST - 1) + "…"
    assert sheet["B3"].value == "y" * LONGEST


def test_what_is_not_known_is_said_to_be(tiny_plan: Plan, tmp_path: Path) -> None:
    plan = replace(tiny_plan, nil=tiny_plan.nil.assign(share_best_unemployed=np.nan, district=np.nan))
    sheet = read(plan, tmp_path).worksheets[0]
    assert sheet["C2"].value == "nessun dato"
    column = next(cell.column for cell in sheet[1] if cell.value == "disoccupati: quota entro 30 minuti, piano migliore")
    assert sheet.cell(2, column).value == "nessun dato"


def test_a_sample_city_says_so(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    sheet = read(make_plan(is_sample=True), tmp_path).worksheets[0]
    assert sheet["A1"].value == "città di prova, dati non reali"
    assert (sheet["A2"].value, sheet.freeze_panes) == ("numero", "C3")


def test_two_runs_give_the_same_bytes(tiny_plan: Plan, tmp_path: Path) -> None:
    write_workbook(tiny_plan, tmp_path)
    first = (tmp_path / WORKBOOK_NAME).read_bytes()
    write_workbook(tiny_plan, tmp_path)
    assert (tmp_path / WORKBOOK_NAME).read_bytes() == first
    with ZipFile(tmp_path / WORKBOOK_NAME) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in file.read("docProps/core.xml")


def test_a_column_that_nobody_described_is_an_error(tiny_plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="surprise"):
        write_workbook(replace(tiny_plan, nil=tiny_plan.nil.assign(surprise=1)), tmp_path)
    with pytest.raises(ColumnError, match="share_best_unemployed"):
        write_workbook(replace(tiny_plan, nil=tiny_plan.nil.drop(columns="share_best_unemployed")), tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tiny_plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_workbook(tiny_plan, tmp_path / "missing")
