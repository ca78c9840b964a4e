"""The table of quarters as a workbook: formats, a note on each column, its definitions in both languages, and the sources.

Every cell is written as the text or the number that it is, never as what its first character would make of it. Times inside
the file are fixed, so that the same plan gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data.errors import ColumnError, FileError
from layers.plan import Plan
from layers.plan_text import Text
from maps.i18n import NO_DATA, Language, message, translate
from maps.safe import clean_text
from maps.workbook_columns import Column, describe_columns

WORKBOOK_NAME = "nil.xlsx"
LONGEST = 32_767
"""Characters that a cell of this file format holds; a longer text is cut and ends in "…"."""
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # no XML holds them; in cells the format has marks for them
_MADE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 (the format has no time zones; a fixed time gives the same bytes)
_FORMATS = {"number": "0", "people": "#,##0", "percent": "0.0%", "minutes": "0.0", "text": "@"}
_DIGITS = {"number": 0, "people": 6, "percent": 6, "minutes": 4}
"""Digits that are kept, as in ``nil.csv``; the formats show fewer."""
_WRAP = {"text_wrap": True, "valign": "top"}
_WIDTHS = {"number": 8, "people": 13, "percent": 13, "minutes": 13, "text": 30}


def write_workbook(plan: Plan, folder: Path) -> None:
    """Write ``nil.xlsx`` into a folder that exists: what ``nil.csv`` holds, for people who read tables in an office program.

    Raises
    ------
    ColumnError
        If the table of quarters lacks columns, or has some that nobody has described.
    FileError
        If the file cannot be written.
    """
    path = folder / WORKBOOK_NAME
    columns = describe_columns(plan.document)
    _check_columns(plan, columns)
    book = _Book(path, plan.document.city.language)
    _write_quarters(book, plan, columns)
    _write_definitions(book, columns)
    _write_plan(book, plan)
    book.close(path)


class _Book:
    """A workbook in one language, and its formats."""

    def __init__(self, path: Path, language: Language) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"in_memory": True})
        self._book.set_properties({"created": _MADE, "title": "", "author": ""})
        self.language = language
        self.head = self._book.add_format({**_WRAP, "bold": True, "bg_color": "#dce6f0", "bottom": 1})
        self.title = self._book.add_format({"bold": True, "font_size": 14})
        self.wrapped = self._book.add_format(_WRAP)
        self.missing = self._book.add_format({"font_color": "#5a6672", "align": "right"})
        self.formats = {kind: self._book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
        # The sign that a program shows as a leading apostrophe: the text stays a text when somebody edits the cell.
        self._quoted = self._book.add_format({**_WRAP, "num_format": "@", "quote_prefix": True})

    def sheet(self, name: str, *, widths: Sequence[int]) -> Worksheet:
        """Return a new sheet, its name translated, with columns of some widths."""
        made = self._book.add_worksheet(translate(name, language=self.language))
        for position, width in enumerate(widths):
            made.set_column(position, position, width)
        return made

    def text(self, sheet: Worksheet, row: int, column: int, value: object, form: Format) -> None:
        """Write a value as text."""
        text = clean_text(value)
        text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        sheet.write_string(row, column, text, self._quoted if text.startswith(_FORMULA_MARKS) else form)

    def number(self, sheet: Worksheet, row: int, column: int, value: float, kind: str) -> None:
        """Write a number; one that is not known is said in words, never left as nothing."""
        if math.isfinite(value):
            sheet.write_number(row, column, value, self.formats[kind])
        else:
            self.text(sheet, row, column, translate(NO_DATA, language=self.language), self.missing)

    def close(self, path: Path) -> None:
        """Write the file."""
        try:
            self._book.close()
        except (OSError, XlsxWriterException) as error:
            raise FileError(f"the workbook cannot be written: {error}", where=str(path)) from error


def _check_columns(plan: Plan, columns: Sequence[Column]) -> None:
    known = [column.key for column in columns]
    found = [str(name) for name in plan.nil.columns if name != plan.nil.geometry.name]
    wrong = sorted(set(known) ^ set(found))
    if wrong:
        remedy = "Describe new columns in maps/workbook_columns.py"
        raise ColumnError("columns are missing or not described", where="nil", n=len(wrong), examples=wrong, remedy=remedy)


def _write_quarters(book: _Book, plan: Plan, columns: Sequence[Column]) -> None:
    table = pd.DataFrame(plan.nil.drop(columns=plan.nil.geometry.name))
    ordered = sorted(columns, key=lambda column: list(table.columns).index(column.key))  # as nil.csv has them
    sheet = book.sheet(message("Quarters"), widths=[_WIDTHS[column.kind] for column in ordered])
    top = 1 if plan.document.city.is_sample else 0
    if top:
        book.text(sheet, 0, 0, translate("sample city, not real data", language=book.language), book.title)
    sheet.set_row(top, 75)
    for position, column in enumerate(ordered):
        book.text(sheet, top, position, getattr(column.label, book.language), book.head)
        sheet.write_comment(top, position, _note(column), {"author": "", "x_scale": 2.2, "y_scale": 1.6})
        _write_column(book, sheet, position, column, first=top + 1, values=table[column.key].tolist())
    sheet.freeze_panes(top + 1, 2)
    sheet.autofilter(top, 0, top + len(table), len(ordered) - 1)
    sheet.repeat_rows(top)
    sheet.set_landscape()


def _write_column(book: _Book, sheet: Worksheet, position: int, column: Column, *, first: int, values: Sequence[Any]) -> None:
    for row, value in enumerate(values, first):
        if column.kind == "text":
            book.text(sheet, row, position, value, book.formats["text"])
        else:
            number = math.nan if pd.isna(value) else round(float(value), _DIGITS[column.kind])
            book.number(sheet, row, position, number, column.kind)


def _note(column: Column) -> str:
    """Return the note on a column: its definition in both languages and its key in ``nil.csv``."""
    text = f"{column.definition.it}\n\n{column.definition.en}\n\nnil.csv: {column.key}"
    return _NO_CHARACTERS.sub("", clean_text(text))[:LONGEST]


def _write_definitions(book: _Book, columns: Sequence[Column]) -> None:
    sheet = book.sheet(message("Definitions"), widths=[34, 40, 60, 40, 60])
    for position, name in enumerate(("nil.csv", "Italiano", "Definizione", "English", "Definition")):
        book.text(sheet, 0, position, name, book.head)
    for row, column in enumerate(columns, 1):
        texts = (column.key, column.label.it, column.definition.it, column.label.en, column.definition.en)
        for position, value in enumerate(texts):
            book.text(sheet, row, position, value, book.wrapped)
    sheet.freeze_panes(1, 1)


def _write_plan(book: _Book, plan: Plan) -> None:
    """Write what the plan is, its limits and assumptions in both languages, and its sources with their licences."""
    document = plan.document
    sheet = book.sheet(message("Plan and sources"), widths=[34, 60, 34, 60, 14])
    blocks: list[tuple[str, Sequence[Text]]] = [
        (message("Plan"), (document.title, document.sentence)),
        (message("Limits"), document.limits),
        (message("Assumptions"), document.assumptions),
    ]
    top = 0
    for title, texts in blocks:
        book.text(sheet, top, 0, translate(title, language=book.language), book.head)
        for row, text in enumerate(texts, top + 1):
            book.text(sheet, row, 1, text.it, book.wrapped)
            book.text(sheet, row, 3, text.en, book.wrapped)
        top += len(texts) + 2
    _write_sources(book, sheet, plan, top)


def _write_sources(book: _Book, sheet: Worksheet, plan: Plan, row: int) -> None:
    heads = (message("Sources"), message("Source"), message("licence"), message("attribution"), message("date"))
    for position, head in enumerate(heads):
        book.text(sheet, row, position, translate(head, language=book.language), book.head)
    for line, source in enumerate(plan.document.sources, row + 1):
        for position, value in enumerate((source.layer, source.source, source.licence, source.attribution, source.date)):
            book.text(sheet, line, position, value, book.wrapped)
