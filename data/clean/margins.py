"""Official totals per quarter of a later year, as a table with one row per quarter and group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd

from data.columns import gather_columns, match_rows, need_columns, read_numbers, read_whole_ids
from data.errors import CountError, EmptyLayerError, Faults, IdError
from data.read_file import SourceTable
from data.recipe_margins import MarginsEntry

PERCENT = 100.0
MARGIN_COLUMNS = ("nil", "group", "year", "total", "is_doubtful")


def clean_margins(table: SourceTable, entry: MarginsEntry, *, quarters: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return totals sorted by group and quarter: nil, group, year, total (float64), is_doubtful.

    Raises
    ------
    PlannerError
        Columns missing; ids missing, repeated or unknown; quarters without a row; totals that are missing, negative or no
        numbers; percentages above 100: all at once.
    """
    shares = {group: share.column for group, share in entry.percent.items()}
    need_columns(table.frame, [entry.id, *entry.columns.values(), *shares.values(), *entry.keep], where=table.where)
    frame = table.frame[match_rows(table.frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    steps: dict[str, Callable[[], object]] = {"nil": partial(_read_quarters, frame, entry, quarters, where=table.where)}
    for group, column in {**entry.columns, **shares}.items():
        limit = PERCENT if group in shares else np.inf
        steps[group] = partial(_read_totals, frame, column, entry, limit=limit, where=table.where)
    found = gather_columns(steps)
    nil = found["nil"].to_numpy()
    totals = _take_shares({group: found[group].to_numpy(dtype=np.float64) for group in steps if group != "nil"}, entry)
    parts = [pd.DataFrame({"nil": nil, "group": group, "year": entry.year, "total": totals[group]}) for group in totals]
    whole = pd.concat(parts, ignore_index=True).sort_values(["group", "nil"], ignore_index=True)
    whole["is_doubtful"] = whole["nil"].isin(entry.doubtful)
    return whole.astype({"nil": "int64", "group": "str", "year": "int64", "total": "float64"})


def _take_shares(totals: Mapping[str, np.ndarray], entry: MarginsEntry) -> dict[str, np.ndarray]:
    """Return totals in people: what the table gives in percent is taken of its whole."""
    people = dict(totals)
    for group, share in entry.percent.items():
        people[group] = totals[group] / PERCENT * totals[share.of]
    return people


def _read_quarters(frame: pd.DataFrame, entry: MarginsEntry, quarters: gpd.GeoDataFrame | None, *, where: str) -> pd.Series:
    ids = read_whole_ids(frame, entry.id, where=where)
    if quarters is None:
        return ids
    known, given, faults = set(quarters["nil"]), set(ids), Faults()
    unknown = sorted(given - known)
    if unknown:
        what = "rows name quarters that do not exist"
        faults.add(IdError(what, where=f"{where}, column {entry.id}", n=len(unknown), examples=unknown))
    absent = sorted(known - given)
    if absent:
        faults.add(CountError("quarters have no row", where=where, n=len(absent), examples=absent))
    odd = sorted(set(entry.doubtful) - known)
    if odd:
        faults.add(IdError("'doubtful' names quarters that do not exist", where=where, n=len(odd), examples=odd))
    faults.raise_if_any()
    return ids


def _read_totals(frame: pd.DataFrame, column: str, entry: MarginsEntry, *, limit: float, where: str) -> pd.Series:
    values = read_numbers(frame, column, where=where)
    spot = f"{where}, column {column}"
    if entry.blank_is_zero:
        values = values.fillna(0.0)
    faults = Faults()
    blank, high = values.isna(), values > limit
    if blank.any():
        remedy = "Say blank_is_zero = true in the recipe, if an empty cell means nobody"
        quarters = frame.loc[blank, entry.id].tolist()
        faults.add(CountError("quarters have no total", where=spot, n=len(quarters), examples=quarters, remedy=remedy))
    if high.any():
        quarters = frame.loc[high, entry.id].tolist()
        faults.add(CountError("percentages are above 100", where=spot, n=len(quarters), examples=quarters))
    faults.raise_if_any()
    return values
