"""Files of observed rates: each row finds its quarter by id or name, and rows that find none are listed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.columns import clean_text, need_columns, read_numbers, read_whole_ids
from data.errors import ColumnError, CountError, EmptyLayerError, Faults, FileError, IdError
from data.read_file import read_csv
from layers.risk_observed import ObservedRates

ID_COLUMN, RATE_COLUMN, AREA_COLUMN = "id_nil", "rate_pct", "area"
NAME_COLUMNS = ("nil", "nil_2012")
PERCENT = 100.0
Unit = Literal["percent", "share"]


@dataclass(frozen=True, eq=False)
class ObservedFile:
    """What a file of observed rates holds for one definition.

    Parameters
    ----------
    rates
        The rows that found their quarter, sorted by it.
    names
        How each of them calls its quarter, in the same order.
    unmatched
        Rows that found no quarter, or several, or have no rate: "row 3: 'Centro' is no quarter".
    n_others
        Rows of other definitions or years, which were left aside.
    """

    rates: ObservedRates
    names: tuple[str, ...]
    unmatched: tuple[str, ...]
    n_others: int


def read_observed(
    path: Path,
    quarters: pd.DataFrame,
    *,
    definition: str,
    unit: Unit | None = None,
    year: int | None = None,
    areas: Mapping[str, int] | None = None,
) -> ObservedFile:
    """Return the observed rates in a CSV file.

    Parameters
    ----------
    path
        Comma or semicolon between columns; with semicolons a comma may stand for the decimal point. Columns: ``id_nil``, or
        ``nil`` or ``nil_2012`` (a name, or the beginning of one alone; case, accents and punctuation do not matter);
        ``rate_pct``; optional ``n``, ``definition`` and ``year``.
    quarters
        The quarters of a pack: nil, name, and former_name where it has one.
    definition
        Rows of another are left aside; a file without that column is taken to count by it.
    unit
        What ``rate_pct`` is in. None: percent, unless no rate is above 1, which is refused and asked.
    year
        Rows of another year are left aside; None takes all, as long as no quarter stands twice.
    areas
        Zones of areas by name (`layers.risk_zones`): rows then name theirs in a column ``area`` in place of a quarter.

    Raises
    ------
    FileError
        If the file is missing or no CSV.
    ColumnError
        If the rate is missing, or every column that could name a quarter.
    CountError
        If rates are no numbers, outside of 0 to 100, or look like shares; if n is below 1; or a year is no number.
    IdError
        If no row finds a quarter, or two rows are of the same one.
    EmptyLayerError
        If no row is of the definition and year.
    """
    where = path.name
    frame = read_rows(path, where)
    key = _find_key(frame, where, has_areas=areas is not None)
    need_columns(frame, [RATE_COLUMN], where=where)
    kept = _choose_rows(frame, definition=definition, year=year, where=where)
    frame, n_others = frame[kept], int((~kept).sum())
    percent = read_numbers(frame, RATE_COLUMN, where=where, is_signed=True).to_numpy(dtype=np.float64)
    people = _read_n(frame, where)
    rate = percent / _find_divisor(percent, unit, where)
    nil, said = _find_areas(frame, areas) if areas is not None else _find_quarters(frame, key, quarters, where)
    has_rate = ~np.isnan(rate)
    texts = clean_text(frame[key]).fillna("").tolist()
    lost = [
        f"row {label + 1}: {text!r} {why or 'has no rate'}"
        for label, text, why, known in zip(frame.index.tolist(), texts, said, has_rate.tolist(), strict=True)
        if why or not known
    ]
    found = np.flatnonzero(has_rate & (nil >= 0))
    _check_found(nil[found], frame, found, where, lost)
    order = found[np.argsort(nil[found], kind="stable")]
    rates = ObservedRates(definition=definition, nil=nil[order], rate=rate[order], n=people[order])
    return ObservedFile(rates, tuple(texts[row] for row in order), tuple(lost), n_others)


def read_rows(path: Path, where: str) -> pd.DataFrame:
    """Return the rows of a CSV of areas or rates, every cell as its text; commas or semicolons stand between columns.

    Raises
    ------
    FileError
        If the file is missing or no CSV in UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
    except FileNotFoundError as error:
        raise FileError("the file does not exist", where=where) from error
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"the file cannot be read as UTF-8 text: {error}", where=where) from error
    separator = ";" if header.count(";") > header.count(",") else ","
    frame = read_csv(path, separator=separator, encoding="utf-8", where=where)
    if separator == ";":
        for column in {RATE_COLUMN, "n"} & set(frame.columns):
            frame[column] = frame[column].str.replace(",", ".", regex=False)
    return frame


def find_quarters(frame: pd.DataFrame, quarters: pd.DataFrame, *, where: str) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return the quarter of each row, −1 where none is found, why it is not ("" where it is), and what names it in the row.

    Raises
    ------
    ColumnError
        If no column could name a quarter.
    """
    key = _find_key(frame, where, has_areas=False)
    nil, said = _find_quarters(frame, key, quarters, where)
    return nil, said, clean_text(frame[key]).fillna("").tolist()


def _find_areas(frame: pd.DataFrame, areas: Mapping[str, int]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the zone of the area that each row names, −1 where there is none, and why."""
    table: dict[str, list[int]] = {}
    for name, zone in areas.items():
        table.setdefault(plain_name(name), []).append(zone)
    return _match(frame, AREA_COLUMN, [table], kind="area")


def _find_key(frame: pd.DataFrame, where: str, *, has_areas: bool) -> str:
    if has_areas:
        need_columns(frame, [AREA_COLUMN], where=where)
        return AREA_COLUMN
    known = [column for column in (ID_COLUMN, *NAME_COLUMNS) if column in frame]
    if not known:
        what = f"no column names the quarter: {ID_COLUMN}, {' or '.join(NAME_COLUMNS)}"
        raise ColumnError(what, where=where, examples=[str(column) for column in frame.columns])
    return known[0]


def _choose_rows(frame: pd.DataFrame, *, definition: str, year: int | None, where: str) -> NDArray[np.bool_]:
    kept = np.ones(len(frame), dtype=bool)
    seen = []
    if "definition" in frame:
        texts = clean_text(frame["definition"]).fillna(definition)
        kept &= (texts == definition).to_numpy(dtype=bool)
        seen += sorted(set(texts))
    if year is not None:
        need_columns(frame, ["year"], where=where)
        years = read_numbers(frame, "year", where=where)
        kept &= (years == year).to_numpy(dtype=bool)
        seen += [f"{one:g}" for one in sorted(set(years.dropna()))]
    if not kept.any():
        wanted = definition if year is None else f"{definition} of {year}"
        remedy = "Rates of different definitions are never mixed: estimate the one that the file counts by"
        raise EmptyLayerError(f"no row is of {wanted}; the file has", where=where, examples=seen, remedy=remedy)
    return kept


def _read_n(frame: pd.DataFrame, where: str) -> NDArray[np.float64]:
    if "n" not in frame:
        return np.full(len(frame), np.nan)
    n = read_numbers(frame, "n", where=where)
    few = [f"{value:g} in row {label + 1}" for label, value in n[n < 1].items()]  # type: ignore[operator]
    if few:
        raise CountError("n is below 1", where=where, n=len(few), examples=few, remedy="Leave n empty where it is not known")
    return n.to_numpy(dtype=np.float64)


def _find_divisor(values: NDArray[np.float64], unit: Unit | None, where: str) -> float:
    """Return what turns values into shares; values that no share or percentage can be are refused."""
    known = values[~np.isnan(values)]
    top = 1.0 if unit == "share" else PERCENT
    wrong = [f"{value:g}" for value in known.tolist() if not 0 <= value <= top]
    if wrong:
        what = f"rates are outside of 0 to {top:g}"
        remedy = "Are they in percent? Then unit is 'percent'" if unit == "share" else "Give percentages"
        raise CountError(what, where=f"{where}, column {RATE_COLUMN}", n=len(wrong), examples=wrong, remedy=remedy)
    if unit is None and known.size and 0 < known.max() <= 1:
        what = f"no rate is above 1 (the highest is {known.max():g}): are they shares, or percentages below 1?"
        raise CountError(what, where=f"{where}, column {RATE_COLUMN}", remedy="Say so: unit 'share' or 'percent'")
    return top


def _find_quarters(frame: pd.DataFrame, key: str, quarters: pd.DataFrame, where: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return the quarter of each row, −1 where none is found, and why it is not ("" where it is)."""
    if key == ID_COLUMN:
        ids = read_whole_ids(frame, key, where=where, is_unique=False).to_numpy(dtype=np.int64)
        is_known = np.isin(ids, quarters["nil"].to_numpy())
        return np.where(is_known, ids, -1), ["" if known else "is no quarter" for known in is_known.tolist()]
    names = list_names(quarters, first="former_name" if key == "nil_2012" else "name")
    return _match(frame, key, names, kind="quarter")


def _match(
    frame: pd.DataFrame, key: str, names: list[dict[str, list[int]]], *, kind: Literal["quarter", "area"]
) -> tuple[NDArray[np.int64], list[str]]:
    nil, said = np.full(len(frame), -1, dtype=np.int64), [""] * len(frame)
    for row, text in enumerate(clean_text(frame[key]).fillna("").tolist()):
        found = match_name(text, names)
        if len(found) == 1:
            nil[row] = found[0]
        else:
            said[row] = f"is no {kind}" if not found else f"could be {len(found)} {kind}s: {', '.join(map(str, found))}"
    return nil, said


def list_names(quarters: pd.DataFrame, *, first: str) -> list[dict[str, list[int]]]:
    """Return the quarters of each plain name: of the names that are looked at first, then of the others."""
    columns = sorted((column for column in ("name", "former_name") if column in quarters), key=lambda one: one != first)
    tables = []
    for column in columns:
        table: dict[str, list[int]] = {}
        for nil, name in zip(quarters["nil"].tolist(), clean_text(quarters[column]).fillna("").tolist(), strict=True):
            table.setdefault(plain_name(name), []).append(int(nil))
        tables.append(table)
    return tables


def plain_name(name: str) -> str:
    """Return a name without case, accents and punctuation.

    Examples
    --------
    >>> plain_name("NIGUARDA - Cà Granda")
    'niguarda ca granda'
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").casefold()
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def match_name(text: str, names: list[dict[str, list[int]]]) -> list[int]:
    """Return the quarters that a text may mean: of the same name, else those whose names begin with it.

    Parameters
    ----------
    names
        Quarters by plain name, the names that count first in the first table.
    """
    plain = plain_name(text)
    if not plain:
        return []
    for table in names:
        if plain in table:
            return sorted(set(table[plain]))
    begun = {nil for table in names for name, found in table.items() if name.startswith(plain) for nil in found}
    return sorted(begun)


def _check_found(nil: NDArray[np.int64], frame: pd.DataFrame, rows: NDArray[np.intp], where: str, lost: list[str]) -> None:
    faults = Faults()
    if not len(nil):
        remedy = "Look at the names and ids of the quarters"
        faults.add(IdError("no row finds a quarter of the city", where=where, n=len(lost), examples=lost, remedy=remedy))
    ids, times = np.unique(nil, return_counts=True)
    labels = frame.index.to_numpy()[rows]
    twice = [f"quarter {one} in rows {', '.join(str(label + 1) for label in labels[nil == one])}" for one in ids[times > 1]]
    if twice:
        remedy = "Keep one row a quarter, or say which year is meant"
        faults.add(IdError("quarters stand twice", where=where, n=len(twice), examples=twice, remedy=remedy))
    faults.raise_if_any()
