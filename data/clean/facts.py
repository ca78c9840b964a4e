"""Numbers per quarter: official counts, and facts of any kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import geopandas as gpd
import pandas as pd

from data.clean.census import find_counts
from data.columns import gather_columns, match_rows, need_columns, read_counts, read_numbers, read_whole_ids
from data.errors import EmptyLayerError, IdError
from data.read_file import SourceTable
from data.recipe_layers import FactsEntry, TotalsEntry


def clean_totals(table: SourceTable, entry: TotalsEntry, *, quarters: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return official counts sorted by quarter: nil and int64 columns.

    Raises
    ------
    PlannerError
        Columns missing, ids missing, repeated or unknown, counts that are none: all at once.
    """
    found = gather_columns(
        {
            "columns": lambda: need_columns(table.frame, [entry.id, *entry.keep], where=table.where),
            "codes": lambda: find_counts(table.frame, entry, where=table.where),
        }
    )
    codes = found["codes"]
    frame = _keep(table, entry)
    columns = gather_columns(
        {
            "nil": lambda: _read_quarters(frame, entry.id, quarters, where=table.where),
            "counts": lambda: read_counts(frame, codes, where=table.where),
        }
    )
    whole: pd.DataFrame = pd.concat([columns["nil"], columns["counts"]], axis="columns")
    return whole.sort_values("nil", ignore_index=True)


def clean_facts(table: SourceTable, entry: FactsEntry, *, quarters: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return numbers per quarter sorted by quarter: nil and float64 columns, NaN where the source has none.

    Raises
    ------
    PlannerError
        Columns missing, ids missing, repeated or unknown, values that are no numbers: all at once.
    """
    need_columns(table.frame, [entry.id, *entry.columns.values(), *entry.keep], where=table.where)
    frame = _keep(table, entry)
    steps: dict[str, Callable[[], pd.Series]] = {"nil": lambda: _read_quarters(frame, entry.id, quarters, where=table.where)}
    for target, source in entry.columns.items():
        steps[target] = partial(read_numbers, frame, source, where=table.where, is_signed=True)
    return pd.DataFrame(gather_columns(steps)).sort_values("nil", ignore_index=True)


def _keep(table: SourceTable, entry: TotalsEntry | FactsEntry) -> pd.DataFrame:
    frame = table.frame[match_rows(table.frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    return frame


def _read_quarters(frame: pd.DataFrame, column: str, quarters: gpd.GeoDataFrame | None, *, where: str) -> pd.Series:
    ids = read_whole_ids(frame, column, where=where).rename("nil")
    if quarters is not None and not (known := ids.isin(quarters["nil"])).all():
        what = "rows name quarters that do not exist"
        examples = ids[~known].tolist()
        raise IdError(what, where=f"{where}, column {column}", n=len(examples), examples=examples)
    return ids
