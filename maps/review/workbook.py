"""The review sheet of a quarter as a workbook: cells to fill are open, all others are protected.

Every text is written as text, never as what its first character would make of it; times inside the file are fixed.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data.errors import FileError
from maps.i18n import Language, translate
from maps.review.grid import Input, Style, Tab, build_tabs, choice_words, role_words, tab_name
from maps.review.sheet import LONGEST_ADDRESS, LONGEST_REASON, Sheet
from maps.safe import clean_text

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
_MADE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 (the format has no time zones; a fixed time gives the same bytes)
_WRAP = {"text_wrap": True, "valign": "top", "num_format": "@"}
_LONGEST = {"reason": LONGEST_REASON, "address": LONGEST_ADDRESS}


def write_review_workbook(sheet: Sheet, path: Path, *, language: Language) -> None:
    """Write the workbook of one quarter.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    book.set_properties({"created": _MADE, "title": "", "author": ""})
    formats: dict[str, Format] = {
        "title": book.add_format({"bold": True, "font_size": 14, "num_format": "@"}),
        "text": book.add_format(_WRAP),
        "number": book.add_format({**_WRAP, "align": "right"}),
        "head": book.add_format({**_WRAP, "bold": True, "bg_color": "#dce6f0", "bottom": 1}),
        "note": book.add_format({**_WRAP, "text_wrap": False, "italic": True, "font_color": "#3c4854"}),
        "quoted": book.add_format({**_WRAP, "quote_prefix": True}),
        "input": book.add_format({**_WRAP, "locked": False, "bg_color": "#fff8dc", "border": 1, "border_color": "#8a97a3"}),
    }
    for tab in build_tabs(sheet, language):
        _write_tab(book, formats, tab, language)
    try:
        book.close()
    except (OSError, XlsxWriterException) as error:
        raise FileError(f"the workbook cannot be written: {error}", where=str(path)) from error


def _write_tab(book: xlsxwriter.Workbook, formats: dict[str, Format], tab: Tab, language: Language) -> None:
    made: Worksheet = book.add_worksheet(tab_name(tab.key, language))
    for column, width in enumerate(tab.widths):
        made.set_column(column, column, width)
    for cell in tab.cells:
        made.write_string(cell.row, cell.column, cell.text, _format_of(formats, cell.text, cell.style))
    for field in tab.inputs:
        made.write_blank(field.row, field.column, None, formats["input"])
        _validate(made, field, language)
    made.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
    if tab.key == "facts":
        made.very_hidden()
        return
    made.set_landscape()
    made.fit_to_pages(1, 0)
    made.set_paper(9)


def _format_of(formats: dict[str, Format], text: str, style: Style) -> Format:
    """Return the format of a text; the sign before a text that looks like a formula keeps it a text when it is edited."""
    return formats["quoted"] if text.startswith(FORMULA_MARKS) and style != "title" else formats[style]


def _validate(made: Worksheet, field: Input, language: Language) -> None:
    lists = {"role": ("D", len(role_words(language))), "answer": ("E", len(choice_words(language)))}
    if field.kind in lists:
        column, n = lists[field.kind]
        message = translate("Choose one of the list.", language=language)
        source = f"=diffusa!${column}$1:${column}${n}"
        made.data_validation(field.row, field.column, field.row, field.column, _list(source, message))
    elif field.kind in _LONGEST:
        limit = _LONGEST[field.kind]
        told = clean_text(translate("At most {n} characters.", language=language, n=limit))
        rule = {"validate": "length", "criteria": "<=", "value": limit, "error_message": told}
        made.data_validation(field.row, field.column, field.row, field.column, rule)


def _list(source: str, told: str) -> dict[str, str]:
    return {"validate": "list", "source": source, "error_message": told}
