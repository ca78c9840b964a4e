"""The folder of review sheets: for each quarter a workbook and a page, and a list of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from data.errors import FileError
from data.files import write_folder_whole
from layers.plan import Plan
from maps.i18n import Language
from maps.page_data import check_tables
from maps.quarter_map import draw_city
from maps.review.page import render_review_page
from maps.review.sheet import SHEET_FORMAT, build_sheets
from maps.review.workbook import write_review_workbook

LIST_NAME = "sheets.json"
"""Says of which plan the sheets are; every folder of sheets has it."""


def write_review_folder(
    plan: Plan, folder: Path, *, digest: str, language: Language, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write ``NN-name.xlsx`` and ``NN-name.html`` for each quarter of a plan, whole or not at all, and return how many.

    Parameters
    ----------
    plan
        As read from its folder.
    folder
        What is written; an older folder of sheets there is replaced.
    digest
        sha256 of the plan's ``plan.json``, by which sheets of another plan are known.
    language
        Of the workbooks; pages hold both.
    progress
        Is told how many quarters are done, and of how many.

    Raises
    ------
    FileError
        If the folder holds other things, or cannot be written.
    PlannerError
        If the plan's tables lack what the sheets show.
    """
    check_tables(plan)
    sheets, city = build_sheets(plan, digest=digest), draw_city(plan)
    with write_folder_whole(folder, marker=LIST_NAME) as part:
        for done, sheet in enumerate(sheets):
            if progress:
                progress(done, len(sheets))
            write_review_workbook(sheet, part / f"{sheet.stem}.xlsx", language=language)
            _write(part / f"{sheet.stem}.html", render_review_page(plan, city, sheet))
        listed = [{"quarter": sheet.nil, "name": sheet.name, "files": sheet.stem} for sheet in sheets]
        content = {"format": SHEET_FORMAT, "city": plan.document.city.id, "plan": digest, "sheets": listed}
        _write(part / LIST_NAME, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return len(sheets)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise FileError(f"cannot be written: {error.strerror or error}", where=str(path)) from error
