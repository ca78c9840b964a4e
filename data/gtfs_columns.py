"""Columns of GTFS tables as numbers, seconds, dates and positions, with every wrong row named."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import Faults, FeedError, IdError, PlannerError
from data.gtfs_archive import GtfsTable

SHOWN_CHARACTERS = 40
TIME = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])", re.ASCII)
WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
FIRST_YEAR = 1900
DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)


@dataclass(frozen=True)
class Parsed:
    """A column read value by value.

    Parameters
    ----------
    values
        One whole number a row; 0, which then means nothing, where the cell is empty or wrong.
    is_given, is_wrong
        Whether the cell holds a value, and whether it holds something else.
    """

    values: NDArray[np.int64]
    is_given: NDArray[np.bool_]
    is_wrong: NDArray[np.bool_]

    @property
    def is_empty(self) -> NDArray[np.bool_]:
        """Whether the cell is empty."""
        return ~self.is_given & ~self.is_wrong


def read_texts(table: GtfsTable, column: str) -> list[str]:
    """Return a column as trimmed text; "" where the cell is empty or the column is absent."""
    if column not in table.frame.columns:
        return [""] * table.n
    codes, uniques = _factorize(table.frame[column])
    return [uniques[code] for code in codes]


def parse_column(table: GtfsTable, column: str, parse: Callable[[str], int | None]) -> Parsed:
    """Return a column read by a function that gives None for what is wrong; no value where the column is absent."""
    if column not in table.frame.columns:
        nothing = np.zeros(table.n, dtype=bool)
        return Parsed(np.zeros(table.n, dtype=np.int64), nothing, nothing)
    codes, uniques = _factorize(table.frame[column])
    found = [parse(text) if text else None for text in uniques]
    values = np.array([value or 0 for value in found], dtype=np.int64)
    is_given = np.array([value is not None for value in found], dtype=bool)
    is_wrong = np.array([bool(text) for text in uniques], dtype=bool) & ~is_given
    return Parsed(values[codes], is_given[codes], is_wrong[codes])


def _factorize(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return the distinct texts of a column and which of them each row has: a feed repeats them by the thousand."""
    codes, uniques = pd.factorize(column.fillna(""))
    return codes, [str(text).strip() for text in uniques]


def parse_time(text: str) -> int | None:
    """Return seconds from "H:MM:SS" or "HH:MM:SS", whose hours may exceed 24; None for anything else.

    Examples
    --------
    >>> parse_time("8:00:30"), parse_time("25:30:00"), parse_time("-1:00:00"), parse_time("8:00")
    (28830, 91800, None, None)
    """
    match = TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def parse_whole(text: str) -> int | None:
    """Return a whole number that is not negative and has at most nine digits; None for anything else."""
    return int(text) if WHOLE.fullmatch(text) else None


def parse_date(text: str) -> int | None:
    """Return the day number (`datetime.date.toordinal`) of "YYYYMMDD"; None for what is no date, or before 1900."""
    match = DATE.fullmatch(text)
    if match is None or int(match.group(1)) < FIRST_YEAR:
        return None
    try:
        return dt.date(*(int(part) for part in match.groups())).toordinal()
    except ValueError:
        return None


def parse_one_of(*allowed: int) -> Callable[[str], int | None]:
    """Return a function that reads one of a few numbers, and None for anything else."""
    known = {str(value): value for value in allowed}
    return known.get


def read_ids(table: GtfsTable, column: str, faults: Faults) -> dict[str, int]:
    """Return the position of each id; ids that are missing or repeat are faults."""
    texts = read_texts(table, column)
    is_missing = np.array([not text for text in texts], dtype=bool)
    refuse_rows(faults, f"{column} is missing", table, is_missing, error=IdError)
    positions: dict[str, int] = {}
    repeats = np.zeros(table.n, dtype=bool)
    for row, text in enumerate(texts):
        repeats[row] = bool(text) and positions.setdefault(text, row) != row
    refuse_rows(faults, f"{column} stands more than once", table, repeats, column=column, error=IdError)
    return positions


def look_up(table: GtfsTable, column: str, known: Mapping[str, int]) -> Parsed:
    """Return the positions of the ids in a column; an id that is not known is wrong."""
    return parse_column(table, column, known.get)


def refuse_rows(
    faults: Faults,
    what: str,
    table: GtfsTable,
    is_wrong: NDArray[np.bool_],
    *,
    column: str | None = None,
    id_column: str | None = None,
    error: type[PlannerError] = FeedError,
    remedy: str | None = None,
) -> None:
    """Add a fault that names the wrong rows, if there are any.

    Parameters
    ----------
    faults
        Where to add it.
    what
        What is wrong.
    table
        The table with the rows.
    is_wrong
        Which rows are wrong, shape (n_rows,).
    column
        The column whose value is shown, if one says something.
    id_column
        The column with the id that is shown, if the value does not say it.
    error, remedy
        As for the errors of the planner.
    """
    if is_wrong.any():
        examples = name_wrong(table, is_wrong, column=column, id_column=id_column)
        faults.add(error(what, where=table.where, n=int(is_wrong.sum()), examples=examples, remedy=remedy))


def name_wrong(
    table: GtfsTable, is_wrong: NDArray[np.bool_], *, column: str | None = None, id_column: str | None = None
) -> list[str]:
    """Return "'8h' of T1 in row 3" for the first wrong rows, enough for a message."""
    rows = table.frame.loc[is_wrong].head(SHOWN_CHARACTERS)
    names = []
    for label, row in zip(rows.index, rows.to_dict("records"), strict=True):
        value = f"{_show(row.get(column))!r} " if column in rows.columns else ""
        owner = f"of {_show(row.get(id_column))} " if id_column in rows.columns else ""
        names.append(f"{value}{owner}in row {label}" if value or owner else f"row {label}")
    return names


def _show(value: object) -> str:
    return str(value)[:SHOWN_CHARACTERS] if isinstance(value, str) else ""
