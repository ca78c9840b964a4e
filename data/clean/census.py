"""Census sections: their counts, the quarter they belong to, and whether their people have a place."""

from __future__ import annotations

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.clean.points import distances_to_own, read_points
from data.clean.areas import clean_polygons
from data.columns import (
    match_rows,
    need_columns,
    read_booleans,
    read_counts,
    read_numbers,
    read_text_ids,
    read_whole_ids,
)
from data.errors import ColumnError, CountError, EmptyLayerError, Faults, IdError, PlannerError, suggest_name
from data.read_file import SourceTable
from data.recipe_layers import CensusEntry, CountsEntry

FIXED_COLUMNS = ("section", "nil", "district", "area_m2", "is_no_place")
FAR_M = 500.0
"""Distance from its quarter beyond which a section is named in the notes."""


def clean_census(
    table: SourceTable, entry: CensusEntry, *, crs: str, quarters: gpd.GeoDataFrame | None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the sections sorted by id, and what was noted.

    Columns: section (text), nil (int64), district (Int64), area_m2 (float, NaN where unknown), is_no_place (bool), one int64
    column per count, geometry (points or polygons as they came) in the CRS of the city.

    Parameters
    ----------
    quarters
        The clean quarters; None if they have faults of their own: what depends on them is then not checked.

    Raises
    ------
    PlannerError
        Columns, ids, counts or positions that are wrong, and quarters that do not exist: all at once.
    """
    frame = table.frame
    optional = [name for name in (entry.district, entry.area_m2, entry.no_place, entry.x, entry.y) if name]
    need_columns(frame, [entry.id, entry.quarter, *optional, *entry.keep], where=table.where)
    codes = find_counts(frame, entry, where=table.where)
    frame = frame[match_rows(frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    faults = Faults()
    columns: dict[str, object] = {}
    area = None if quarters is None else shapely.union_all(quarters.geometry.to_numpy())
    steps = {
        "section": lambda: read_text_ids(frame, entry.id, where=table.where),
        "nil": lambda: _read_quarters(frame, entry.quarter, quarters, where=table.where),
        "district": lambda: _read_district(frame, entry.district, where=table.where),
        "area_m2": lambda: _read_area(frame, entry.area_m2, where=table.where),
        "is_no_place": lambda: _read_no_place(frame, entry.no_place, where=table.where),
        "counts": lambda: read_counts(frame, codes, where=table.where),
        "geometry": lambda: _read_geometry(frame, entry, crs=crs, area=area, where=table.where),
    }
    for name, step in steps.items():
        try:
            columns[name] = step()
        except PlannerError as error:
            faults.add(error)
    faults.raise_if_any()
    clean = gpd.GeoDataFrame(
        pd.concat([pd.DataFrame({name: columns[name] for name in FIXED_COLUMNS}), columns["counts"]], axis=1),
        geometry=columns["geometry"],
        crs=crs,
    ).sort_values("section", ignore_index=True)
    return clean, _describe(clean, quarters)


def find_counts(frame: pd.DataFrame, entry: CountsEntry, *, where: str) -> list[str]:
    """Return the columns that hold counts, in the order of the file or of the recipe.

    Raises
    ------
    ColumnError
        If one is missing, none fits the pattern, or one has the name of a fixed column.
    """
    if entry.counts is not None:
        need_columns(frame, entry.counts, where=where)
        return list(dict.fromkeys(entry.counts))
    pattern = re.compile(entry.counts_pattern or "")
    found = [str(column) for column in frame.columns if pattern.search(str(column)) and column != "geometry"]
    if not found:
        raise ColumnError(f"no column fits counts_pattern = {entry.counts_pattern!r}", where=where)
    taken = sorted({*FIXED_COLUMNS, "geometry"} & set(found))
    if taken:
        raise ColumnError("count columns have names that the census layer uses itself", where=where, examples=taken)
    return found


def _read_quarters(frame: pd.DataFrame, column: str, quarters: gpd.GeoDataFrame | None, *, where: str) -> pd.Series:
    ids = read_whole_ids(frame, column, where=where, is_unique=False)
    if quarters is not None:
        unknown = ~ids.isin(quarters["nil"])
        if unknown.any():
            shown = [f"{value} in row {label + 1}" for label, value in ids[unknown].items()]
            what = "rows name quarters that do not exist"
            raise IdError(what, where=f"{where}, column {column}", n=int(unknown.sum()), examples=shown)
    return ids


def _read_district(frame: pd.DataFrame, column: str | None, *, where: str) -> pd.Series:
    if column is None:
        return pd.Series(pd.NA, index=frame.index, dtype="Int64")
    return read_whole_ids(frame, column, where=where, is_unique=False).astype("Int64")


def _read_area(frame: pd.DataFrame, column: str | None, *, where: str) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=frame.index, dtype="float64")
    return read_numbers(frame, column, where=where)


def _read_no_place(frame: pd.DataFrame, column: str | None, *, where: str) -> pd.Series:
    values = np.zeros(len(frame), dtype=bool) if column is None else read_booleans(frame, column, where=where)
    return pd.Series(values, index=frame.index)


def _read_geometry(
    frame: pd.DataFrame, entry: CensusEntry, *, crs: str, area: shapely.Geometry | None, where: str
) -> gpd.GeoSeries:
    if isinstance(frame, gpd.GeoDataFrame) and frame.geom_type.isin(("Polygon", "MultiPolygon")).any():
        rows = pd.Series([f"row {label + 1}" for label in frame.index], index=frame.index)
        return clean_polygons(frame, crs=crs, where=where, ids=rows)[0]
    return read_points(frame, entry, crs=crs, area=area, where=where)


def _describe(clean: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame | None) -> list[str]:
    notes = []
    n_no_place = int(clean["is_no_place"].sum())
    if n_no_place:
        notes.append(f"{n_no_place} sections hold people without a place in the city")
    n_without = int(clean["area_m2"].isna().sum())
    if n_without:
        notes.append(
            f"{n_without} sections have no area: {', '.join(clean.loc[clean['area_m2'].isna(), 'section'][:5])}"
        )
    if quarters is None:
        return notes
    away = distances_to_own(clean.geometry, clean["nil"].tolist(), quarters, "nil")
    if (away > 0).any():
        notes.append(
            f"{int((away > 0).sum())} sections lie outside the quarter they belong to, {away.max():,.0f} m at most"
        )
    far = clean.loc[(away > FAR_M) & ~clean["is_no_place"].to_numpy(), "section"]
    if len(far):
        notes.append(f"{len(far)} sections lie more than {FAR_M:g} m from their quarter: {', '.join(far[:5])}")
    return notes


def check_totals(census: gpd.GeoDataFrame, totals: pd.DataFrame, *, where: str) -> int:
    """Check that the sections of each quarter, people without a place included, add up to the official counts.

    Returns
    -------
    int
        How many numbers were compared.

    Raises
    ------
    CountError
        With quarter, column and both values for each that differs.
    ColumnError
        If the totals have counts that the census has not.
    """
    codes = [column for column in totals.columns if column != "nil"]
    _check_known(codes, census, where)
    sums = census.groupby("nil")[codes].sum().reindex(totals["nil"], fill_value=0)
    official = totals.set_index("nil")[codes]
    wrong = np.argwhere(sums.to_numpy() != official.to_numpy())
    faults = Faults()
    if len(wrong):
        cells = [
            f"quarter {official.index[row]}, {codes[column]}: sections {sums.iat[row, column]:,}, official {official.iat[row, column]:,}"
            for row, column in wrong
        ]
        faults.add(
            CountError("sections do not add up to the official counts", where=where, n=len(wrong), examples=cells)
        )
    absent = sorted(set(census.loc[census[codes].sum(axis=1) > 0, "nil"]) - set(totals["nil"]))
    if absent:
        faults.add(
            CountError("quarters with people have no official counts", where=where, n=len(absent), examples=absent)
        )
    faults.raise_if_any()
    return int(official.size)


def _check_known(codes: Sequence[str], census: pd.DataFrame, where: str) -> None:
    known = [str(column) for column in census.columns if column not in (*FIXED_COLUMNS, "geometry")]
    faults = Faults()
    for code in codes:
        if code not in known:
            what = f"the census has no column {code!r}"
            faults.add(ColumnError(what, where=where, remedy=suggest_name(code, known)))
    faults.raise_if_any()
