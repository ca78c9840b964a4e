"""A review workbook that came back: its filled cells, and where it differs from the one that was sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell import Cell as XlsxCell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from data.errors import Faults, FileError, ScenarioError
from diffusa.review_filled import Filled, FilledAnswer, FilledProposal
from diffusa.review_zip import check_workbook_file
from maps.i18n import LANGUAGES, Language
from maps.review.grid import Input, Tab, build_tabs, tab_name
from maps.review.sheet import Sheet

FindSheet = Callable[[Mapping[str, str]], Sheet | None]
"""Returns the sheet that was sent, by the facts that a file states; None where there is none such."""

_FACTS = ("format", "city", "plan", "quarter", "language")
_SPACE = re.compile(r"\s+")
_MOST_ROWS, _MOST_COLUMNS = 5_000, 60


@dataclass(frozen=True)
class _Read:
    """A cell of a file: where it stands, and its text."""

    where: str
    text: str


def read_review_workbook(path: Path, *, find: FindSheet, faults: Faults) -> Filled | None:
    """Return what was filled into a workbook; None, and faults, where it cannot be read.

    Parameters
    ----------
    path
        The file.
    find
        Which sheet was sent.
    faults
        Where faults are gathered: a file that is broken, formulas, errors, text where nothing is to be filled in.
    """
    try:
        check_workbook_file(path)
        book = _load(path)
    except FileError as error:
        faults.add(error)
        return None
    if "diffusa" not in book.sheetnames:
        remedy = "Ask for the answers on the sheet that was sent"
        faults.add(ScenarioError("this is no review sheet", where=path.name, remedy=remedy))
        return None
    facts = _facts(book["diffusa"])
    sheet = find(facts)
    language = next((one for one in LANGUAGES if one == facts.get("language")), None)
    if sheet is None or language is None:
        return Filled(path.name, facts, "", path.name, (), ())  # whose it is, is told by those who look at the facts
    return _read_tabs(book, sheet, language, path.name, facts, faults)


def _load(path: Path) -> Workbook:
    """Return the workbook, its formulas as formulas."""
    try:
        return load_workbook(path, data_only=False, keep_links=False, keep_vba=False)
    except Exception as error:  # a broken part can fail anywhere in the parser, by any error
        what = f"the workbook cannot be read: {error}"
        raise FileError(what, where=path.name, remedy="Ask for the sheet again, saved from the one that was sent") from error


def _facts(tab: Worksheet) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in range(1, len(_FACTS) + 1):
        key, value = (_text(tab.cell(row=row, column=column)) for column in (1, 2))
        if key in _FACTS:
            found[key] = value
    return found


def _read_tabs(
    book: Workbook, sheet: Sheet, language: Language, file: str, facts: dict[str, str], faults: Faults
) -> Filled | None:
    given: dict[tuple[str, str, str], _Read] = {}
    changed: list[str] = []
    for tab in build_tabs(sheet, language):
        name = tab_name(tab.key, language)
        if name not in book.sheetnames:
            changed.append(f"the sheet {name!r} is missing")
            continue
        changed.extend(_changes(book[name], tab, name, file, faults))
        given |= {(tab.key, field.kind, field.of): _read(book[name], field, name) for field in tab.inputs}
    if changed:
        return Filled(file, facts, "", file, (), (), tuple(changed))
    role = given["answers", "role", ""]
    return Filled(file, facts, role.text, role.where, tuple(_answers(sheet, given)), tuple(_proposals(given)))


def _read(tab: Worksheet, field: Input, name: str) -> _Read:
    cell = tab.cell(row=field.row + 1, column=field.column + 1)
    return _Read(f"{name}!{cell.coordinate}", _text(cell))


def _changes(tab: Worksheet, expected: Tab, name: str, file: str, faults: Faults) -> list[str]:
    """Return where a sheet differs from what was sent; a fault for formulas, and for text beside what is to be filled in."""
    if tab.max_row > _MOST_ROWS or tab.max_column > _MOST_COLUMNS:
        return [f"{name} has {tab.max_row} rows and {tab.max_column} columns"]
    texts = {(cell.row, cell.column): cell.text for cell in expected.cells}
    fields = {(field.row, field.column) for field in expected.inputs}
    filled = {(cell.row - 1, cell.column - 1): cell for row in tab.iter_rows() for cell in row if cell.value is not None}
    formulas = [f"{name}!{cell.coordinate}" for cell in filled.values() if cell.data_type in ("f", "e")]
    if formulas:
        what = "cells hold formulas or errors, which are not read"
        faults.add(ScenarioError(what, where=file, n=len(formulas), examples=formulas, remedy="Write them as plain text"))
    differing = []
    for place, text in texts.items():
        now = _text(filled[place]) if place in filled else ""
        if _plain(now) != _plain(text):
            differing.append(f"{name}!{get_column_letter(place[1] + 1)}{place[0] + 1} is {_short(now)}")
    beside = [f"{name}!{cell.coordinate}" for place, cell in filled.items() if place not in texts and place not in fields]
    if beside and not differing:
        what = "something is written where nothing is to be filled in"
        remedy = "Write it into the fields, or delete it"
        faults.add(ScenarioError(what, where=file, n=len(beside), examples=beside, remedy=remedy))
    return differing


def _answers(sheet: Sheet, given: Mapping[tuple[str, str, str], _Read]) -> Iterator[FilledAnswer]:
    for site in sheet.sites:
        reason = given["answers", "reason", site.site_id]
        answer = given.get(("answers", "answer", site.site_id))
        text = "" if answer is None else answer.text
        if text or reason.text:
            where = reason.where if answer is None else answer.where
            yield FilledAnswer(where, site.site_id, text if answer is not None else "remark", reason.text)


def _proposals(given: Mapping[tuple[str, str, str], _Read]) -> Iterator[FilledProposal]:
    numbers = dict.fromkeys(of for tab, _, of in given if tab == "proposals")
    for number in numbers:
        address, lon, lat, reason = (given["proposals", kind, number] for kind in ("address", "lon", "lat", "reason"))
        if address.text or lon.text or lat.text or reason.text:
            yield FilledProposal(address.where, address.text, lon.text, lat.text, reason.text)


def _text(cell: XlsxCell) -> str:
    """Return what a cell holds as a text without spaces around it; a whole number without its point."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _plain(text: str) -> str:
    """Return a text as it compares: office programs change line ends and spaces."""
    return _SPACE.sub(" ", text.replace("_x000D_", " ")).strip()


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…") if text else "empty"
