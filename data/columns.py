"""Columns of a source as ids, counts, numbers, booleans and text, with every wrong row named."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import ColumnError, CountError, Faults, IdError, PlannerError, suggest_name

TRUE_TEXTS, FALSE_TEXTS = ("true", "1", "yes", "si", "sì"), ("false", "0", "no")
CONTROL = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")
SHOWN_CHARACTERS = 40
EXACT_BELOW = 2**53
"""From here on float64 does not tell one whole number from the next."""
SEPARATOR = ";"
"""What joins several tags or ids in one cell, so no id may hold it."""

Scalar = bool | int | float | str
Conditions = Mapping[str, Sequence[Scalar]]


def need_columns(frame: pd.DataFrame, names: Iterable[str], *, where: str) -> None:
    """Check that every column is there.

    Raises
    ------
    ColumnError
        For each that is missing, with the nearest names; `FaultsError` if there are several.
    """
    known = [str(column) for column in frame.columns if column != "geometry"]
    faults = Faults()
    for name in dict.fromkeys(names):
        if name not in known:
            faults.add(ColumnError(f"the column {name!r} is missing", where=where, remedy=suggest_name(name, known)))
    faults.raise_if_any()


def gather_columns(steps: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return what each step gives by its name, after all of them were tried.

    Raises
    ------
    PlannerError
        The fault of the one step that failed; `FaultsError` if there are several faults.
    """
    faults = Faults()
    found: dict[str, Any] = {}
    for name, step in steps.items():
        try:
            found[name] = step()
        except PlannerError as error:
            faults.add(error)
    faults.raise_if_any()
    return found


def name_rows(frame: pd.DataFrame, wrong: NDArray[np.bool_]) -> list[str]:
    """Return "row 1", "row 2", … for the rows that are wrong, counted from 1 in the source file without its header."""
    return [f"row {label + 1}" for label in frame.index[wrong]]


def name_values(column: pd.Series, wrong: NDArray[np.bool_]) -> list[str]:
    """Return "7 in row 3" for each value that is wrong."""
    labels = column.index[wrong].to_numpy(dtype=np.int64)
    values = [(_text(value) or "")[:SHOWN_CHARACTERS] for value in column[wrong].tolist()]
    return [f"{value} in row {label + 1}" for label, value in zip(labels, values, strict=True)]


def clean_text(column: pd.Series) -> pd.Series:
    """Return a column as text: str dtype, trimmed, without control characters, NaN for none.

    Whole numbers lose the ".0" that a column with gaps gives them.
    """
    texts = [_text(value) for value in column.tolist()]
    return pd.Series(texts, index=column.index, name=column.name, dtype="str")


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFC", str(value)).translate(CONTROL).strip()
    return text or None


def to_floats(column: pd.Series) -> NDArray[np.float64]:
    """Return a column as float64; NaN where there is no number."""
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def read_counts(frame: pd.DataFrame, columns: Sequence[str], *, where: str, is_fractional: bool = False) -> pd.DataFrame:
    """Return columns as counts, index of the frame: int64, or float64 where counts may have fractions.

    Raises
    ------
    CountError
        For each kind of fault: missing, no number, infinite, negative, too large, not whole where it must be; `FaultsError`
        if there are several.
    """
    raw = frame[list(columns)]
    values = np.column_stack([to_floats(raw[column]) for column in columns])
    with np.errstate(invalid="ignore"):
        kinds = {
            "counts are missing": raw.isna().to_numpy(dtype=bool),
            "counts are no numbers": np.isnan(values) & ~raw.isna().to_numpy(dtype=bool),
            "counts are infinite": np.isinf(values),
            "counts are negative": values < 0,
            "counts are too large": np.isfinite(values) & (values >= EXACT_BELOW),
        }
        if not is_fractional:
            kinds["counts are not whole numbers"] = np.isfinite(values) & (values >= 0) & (values != np.floor(values))
    faults = Faults()
    for what, wrong in kinds.items():
        if wrong.any():
            faults.add(CountError(what, where=where, n=int(wrong.sum()), examples=_name_cells(raw, wrong)))
    faults.raise_if_any()
    counts = values if is_fractional else values.astype(np.int64)
    return pd.DataFrame(counts, index=frame.index, columns=list(columns))


def read_numbers(frame: pd.DataFrame, column: str, *, where: str, is_signed: bool = False) -> pd.Series:
    """Return a column as float64 with NaN for an empty cell.

    Raises
    ------
    CountError
        If a value is no number, infinite, or negative where it may not be; `FaultsError` if there are several.
    """
    raw = frame[[column]]
    values = to_floats(frame[column])
    with np.errstate(invalid="ignore"):
        kinds = {
            "values are no numbers": np.isnan(values) & ~frame[column].isna().to_numpy(dtype=bool),
            "values are infinite": np.isinf(values),
            "values are negative": np.zeros(len(values), dtype=bool) if is_signed else values < 0,
        }
    faults = Faults()
    for what, wrong in kinds.items():
        if wrong.any():
            cells = _name_cells(raw, wrong[:, None])
            faults.add(CountError(what, where=where, n=int(wrong.sum()), examples=cells))
    faults.raise_if_any()
    return pd.Series(values, index=frame.index, name=column)


def _name_cells(raw: pd.DataFrame, wrong: NDArray[np.bool_]) -> list[str]:
    """Return "P1 in row 3: -2" for each wrong cell, rows first."""
    cells = []
    for row, position in np.argwhere(wrong):
        value = _text(raw.iloc[row, position])
        shown = "" if value is None else f": {value[:SHOWN_CHARACTERS]}"
        cells.append(f"{raw.columns[position]} in row {raw.index[row] + 1}{shown}")
    return cells


def read_text_ids(frame: pd.DataFrame, column: str, *, where: str) -> pd.Series:
    """Return a column as unique ids: text.

    Raises
    ------
    IdError
        If ids are missing, repeat, or hold what joins ids in one cell; `FaultsError` if there are several.
    """
    ids = clean_text(frame[column])
    check_ids(ids, frame, where=f"{where}, column {column}")
    return ids


def check_ids(ids: pd.Series, frame: pd.DataFrame, *, where: str) -> None:
    """Check that ids are there, once each, and can stand in a list.

    Raises
    ------
    IdError
        For each kind of fault; `FaultsError` if there are several.
    """
    faults = Faults()
    missing = ids.isna().to_numpy(dtype=bool)
    if missing.any():
        faults.add(IdError("ids are missing", where=where, n=int(missing.sum()), examples=name_rows(frame, missing)))
    given = ids[~missing]
    repeated = given[given.duplicated(keep=False)].sort_values(kind="stable")
    if len(repeated):
        shown = name_values(repeated, np.ones(len(repeated), dtype=bool))
        faults.add(IdError("ids repeat", where=where, n=int(repeated.nunique()), examples=shown))
    joined = given[given.astype(str).str.contains(SEPARATOR, regex=False)]
    if len(joined):
        what = f"ids hold {SEPARATOR!r}, which separates ids in a list"
        faults.add(IdError(what, where=where, n=len(joined), examples=joined.tolist()))
    faults.raise_if_any()


def read_whole_ids(frame: pd.DataFrame, column: str, *, where: str, is_unique: bool = True) -> pd.Series:
    """Return a column as whole-number ids, int64.

    Raises
    ------
    IdError
        If ids are missing, no whole numbers, or repeat where each may stand once; `FaultsError` if there are several.
    """
    where = f"{where}, column {column}"
    values = to_floats(frame[column])
    missing = frame[column].isna().to_numpy(dtype=bool)
    wrong = ~missing & ~(np.isfinite(values) & (np.floor(values) == values) & (np.abs(values) < EXACT_BELOW))
    faults = Faults()
    if missing.any():
        faults.add(IdError("ids are missing", where=where, n=int(missing.sum()), examples=name_rows(frame, missing)))
    if wrong.any():
        shown = name_values(frame[column], wrong)
        faults.add(IdError("ids are no whole numbers", where=where, n=int(wrong.sum()), examples=shown))
    faults.raise_if_any()
    ids = pd.Series(values.astype(np.int64), index=frame.index, name=column)
    if is_unique:
        check_ids(ids, frame, where=where)
    return ids


def read_booleans(frame: pd.DataFrame, column: str, *, where: str) -> NDArray[np.bool_]:
    """Return a column of true and false (also 1 and 0, yes or si and no, in any case) as booleans.

    Raises
    ------
    CountError
        If a value is neither, or missing.
    """
    is_true = find_true(frame[column])
    is_false = clean_text(frame[column]).str.lower().isin(FALSE_TEXTS).to_numpy(dtype=bool)
    wrong = ~(is_true | is_false)
    if wrong.any():
        cells = _name_cells(frame[[column]], wrong[:, None])
        raise CountError("values are neither true nor false", where=where, n=int(wrong.sum()), examples=cells)
    return is_true


def find_true(column: pd.Series) -> NDArray[np.bool_]:
    """Return which values say true; everything else, missing ones too, does not."""
    return clean_text(column).str.lower().isin(TRUE_TEXTS).to_numpy(dtype=bool)


def _comparable(column: pd.Series) -> pd.Series:
    """Return values as text that can be compared: true for True and "TRUE", 1 for 1.0; NaN for none."""
    texts = clean_text(column)
    lowered = texts.str.lower()
    return texts.where(~lowered.isin(("true", "false")), lowered)


def match_rows(frame: pd.DataFrame, conditions: Conditions) -> NDArray[np.bool_]:
    """Return which rows meet every condition, each by any of its values; the columns must exist."""
    matched = np.ones(len(frame), dtype=bool)
    for column, values in conditions.items():
        matched &= _comparable(frame[column]).isin([_spell(value) for value in values]).to_numpy(dtype=bool)
    return matched


def find_unused_values(frame: pd.DataFrame, conditions: Conditions) -> list[str]:
    """Return "column = value" for each value of a condition that no row has: a misspelling, or nothing to match."""
    unused = []
    for column, values in conditions.items():
        seen = set(_comparable(frame[column]).dropna().unique())
        unused += [f"{column} = {value}" for value in values if _spell(value) not in seen]
    return unused


def _spell(value: Scalar) -> str:
    text = _text(value) or ""
    return text.lower() if text.lower() in ("true", "false") else text
