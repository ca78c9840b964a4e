"""Review sheets as hands fill them: workbooks through another program than the one that reads answers, and saved JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl

from data.files import digest_file
from layers.plan_folder import DOCUMENT, read_plan
from maps.review.grid import FIRST_PROPOSAL_ROW, ROLE_ROW, build_tabs, tab_name
from maps.review.sheet import SHEET_FORMAT, Sheet, build_sheets
from maps.review.workbook import write_review_workbook

COMMITTEE = "comitato di quartiere"


def sheets_of(plan_folder: Path) -> dict[int, Sheet]:
    """Return the sheets of a plan by the number of the quarter."""
    sheets = build_sheets(read_plan(plan_folder), digest=digest_file(plan_folder / DOCUMENT))
    return {sheet.nil: sheet for sheet in sheets}


def fill_workbook(
    sheet: Sheet,
    folder: Path,
    *,
    role: str = COMMITTEE,
    answers: dict[str, tuple[str, str]] | None = None,
    proposals: list[tuple[Any, Any, Any, Any]] | None = None,
    cells: dict[tuple[str, str], Any] | None = None,
    name: str | None = None,
) -> Path:
    """Write the workbook of a quarter, fill it, and save it as an office program does; `cells` are written last."""
    path = folder / (name or f"{sheet.stem}.xlsx")
    write_review_workbook(sheet, path, language="it")
    book = openpyxl.load_workbook(path)
    place = {(tab.key, field.kind, field.of): field for tab in build_tabs(sheet, "it") for field in tab.inputs}
    answered, proposed = book[tab_name("answers", "it")], book[tab_name("proposals", "it")]
    answered.cell(row=ROLE_ROW + 1, column=3).value = role
    for site, (answer, reason) in (answers or {}).items():
        for kind, text in (("answer", answer), ("reason", reason)):
            if text:
                field = place["answers", kind, site]
                answered.cell(row=field.row + 1, column=field.column + 1).value = text
    for row, values in enumerate(proposals or [], FIRST_PROPOSAL_ROW + 1):
        for column, value in enumerate(values, 2):
            proposed.cell(row=row, column=column).value = value
    for (tab, coordinate), value in (cells or {}).items():
        book[tab][coordinate] = value
    book.save(path)
    return path


def saved(sheet: Sheet, **changed: object) -> dict[str, object]:
    """Return what the page of a quarter saves, with some fields changed."""
    content: dict[str, object] = {
        "format": SHEET_FORMAT,
        "city": sheet.city.id,
        "plan": sheet.plan,
        "quarter": sheet.nil,
        "language": "it",
        "role": "association",
        "answers": [],
        "proposals": [],
        "sites": [{"id": site.site_id, "name": site.name} for site in sheet.sites],
    }
    return content | changed


def save(content: object, path: Path) -> Path:
    """Write what a page saves."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def answer(site: str, word: str, reason: str = "") -> dict[str, str]:
    """Return one answer as a page saves it."""
    return {"site": site, "answer": word, "reason": reason}


def proposal(
    address: str = "", lon: float | None = None, lat: float | None = None, reason: str = "perché sì"
) -> dict[str, Any]:
    """Return one proposed place as a page saves it."""
    return {"address": address, "lon": lon, "lat": lat, "reason": reason}
