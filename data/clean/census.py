"""Census sections: their counts, the quarter they belong to, and whether their people have a place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.clean.areas import CityAreas, clean_polygons
from data.clean.points import distances_to_own, read_points
from data.columns import (
    find_true,
    gather_columns,
    match_rows,
    name_values,
    need_columns,
    read_booleans,
    read_counts,
    read_numbers,
    read_text_ids,
    read_whole_ids,
)
from data.errors import EXAMPLES_SHOWN, ColumnError, CountError, EmptyLayerError, Faults, GeometryError, IdError, suggest_name
from data.read_file import SourceTable
from data.recipe_layers import CensusEntry, CountsEntry

FIXED_COLUMNS = ("section", "nil", "district", "area_m2", "is_no_place")
OPTIONAL_COLUMNS = ("is_institution",)
UNIT_WORD = {"nil": "quarters", "district": "districts"}
FAR_M = 500.0
"""Distance from its quarter beyond which a section is named in the notes."""
LOST_M = 5000.0
"""Distance from its quarter beyond which the position of a section, or its quarter, is wrong."""


def clean_census(table: SourceTable, entry: CensusEntry, *, crs: str, areas: CityAreas) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the sections sorted by id, and what was noted.

    Columns: section (text), nil (int64; none where the recipe names no column of quarters), district (Int64), area_m2
    (float, NaN where unknown), is_no_place (bool), is_institution (bool; only where the recipe names its column), one column
    per count (int64, or float64 where counts may be fractional), geometry (points or polygons as they came) in the CRS of
    the city.

    Parameters
    ----------
    areas
        The clean quarters and districts; what depends on those that have faults of their own is not checked.

    Raises
    ------
    PlannerError
        Columns, ids, counts or positions that are wrong, and quarters that do not exist: all at once.
    """
    frame = table.frame
    named = (entry.quarter, entry.district, entry.area_m2, entry.no_place, entry.institutions, entry.x, entry.y)
    optional = [name for name in named if name]
    found = gather_columns(
        {
            "columns": lambda: need_columns(frame, [entry.id, *optional, *entry.keep], where=table.where),
            "codes": lambda: find_counts(frame, entry, where=table.where),
        }
    )
    codes = found["codes"]
    frame = frame[match_rows(frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    steps: dict[str, Callable[[], pd.Series | pd.DataFrame]] = {
        "section": lambda: read_text_ids(frame, entry.id, where=table.where),
        "nil": lambda: _read_unit(frame, entry.quarter or "", areas.quarters, "nil", where=table.where),
        "district": lambda: _read_district(frame, entry.district, areas.districts, where=table.where),
        "area_m2": lambda: _read_area(frame, entry.area_m2, where=table.where),
        "is_no_place": lambda: _read_flag(frame, entry.no_place, where=table.where),
        "is_institution": lambda: _read_flag(frame, entry.institutions, where=table.where),
        "counts": lambda: read_counts(frame, codes, where=table.where, is_fractional=entry.fractional),
        "geometry": lambda: _read_geometry(frame, entry, crs=crs, area=areas.whole, where=table.where),
    }
    absent = {"nil": entry.quarter is None, "is_institution": entry.institutions is None}
    columns = gather_columns({name: step for name, step in steps.items() if not absent.get(name)})
    fixed = pd.DataFrame({name: columns[name] for name in (*FIXED_COLUMNS, *OPTIONAL_COLUMNS) if name in columns})
    whole = pd.concat([fixed, columns["counts"]], axis="columns")
    clean = gpd.GeoDataFrame(whole, geometry=columns["geometry"], crs=crs).sort_values("section", ignore_index=True)
    if areas.quarters is None:
        return clean, _describe(clean, None)
    if entry.quarter is None:
        _check_overlap(clean, areas.whole, entry, where=table.where)
        return clean, _describe(clean, None)
    away = distances_to_own(clean.geometry, clean["nil"].tolist(), areas.quarters, "nil")
    _check_near(clean, away, where=table.where)
    return clean, _describe(clean, away)


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
    taken = sorted({*FIXED_COLUMNS, *OPTIONAL_COLUMNS, "geometry"} & set(found))
    if taken:
        raise ColumnError("count columns have names that the census layer uses itself", where=where, examples=taken)
    return found


def _read_unit(frame: pd.DataFrame, column: str, units: gpd.GeoDataFrame | None, key: str, *, where: str) -> pd.Series:
    """Return the quarter or district that each row names; each must exist where they are known."""
    ids = read_whole_ids(frame, column, where=where, is_unique=False)
    if units is not None:
        unknown = ~ids.isin(units[key])
        if unknown.any():
            what = f"rows name {UNIT_WORD[key]} that do not exist"
            shown = name_values(ids, unknown.to_numpy())
            raise IdError(what, where=f"{where}, column {column}", n=int(unknown.sum()), examples=shown)
    return ids


def _read_district(frame: pd.DataFrame, column: str | None, districts: gpd.GeoDataFrame | None, *, where: str) -> pd.Series:
    if column is None:
        return pd.Series(pd.NA, index=frame.index, dtype="Int64")
    return _read_unit(frame, column, districts, "district", where=where).astype("Int64")


def _read_area(frame: pd.DataFrame, column: str | None, *, where: str) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=frame.index, dtype="float64")
    return read_numbers(frame, column, where=where)


def _read_flag(frame: pd.DataFrame, column: str | None, *, where: str) -> pd.Series:
    values = np.zeros(len(frame), dtype=bool) if column is None else read_booleans(frame, column, where=where)
    return pd.Series(values, index=frame.index)


def _read_geometry(
    frame: pd.DataFrame, entry: CensusEntry, *, crs: str, area: shapely.Geometry | None, where: str
) -> gpd.GeoSeries:
    """Return points or polygons; a row without a place may have none."""
    placed = frame[~_lacks_position(frame, entry)]
    if isinstance(placed, gpd.GeoDataFrame) and placed.geom_type.isin(("Polygon", "MultiPolygon")).any():
        rows = pd.Series([f"row {label + 1}" for label in placed.index], index=placed.index)
        geometry, _ = clean_polygons(placed, crs=crs, where=where, ids=rows)
    else:
        geometry = read_points(placed, entry, crs=crs, area=area, where=where)
    return geometry.reindex(frame.index)


def _lacks_position(frame: pd.DataFrame, entry: CensusEntry) -> NDArray[np.bool_]:
    """Return which rows say that they have no place and give no position either."""
    if entry.no_place is None:
        return np.zeros(len(frame), dtype=bool)
    if entry.x is not None and entry.y is not None:
        without = frame[[entry.x, entry.y]].isna().any(axis="columns")
    elif isinstance(frame, gpd.GeoDataFrame):
        without = frame.geometry.isna() | frame.geometry.is_empty
    else:
        return np.zeros(len(frame), dtype=bool)
    return find_true(frame[entry.no_place]) & without.to_numpy(dtype=bool)


def _check_near(clean: gpd.GeoDataFrame, away: NDArray[np.float64], *, where: str) -> None:
    lost = (away > LOST_M) & ~clean["is_no_place"].to_numpy()
    if lost.any():
        pairs = zip(clean["section"][lost], away[lost], strict=True)
        cells = [f"{section} is {metres / 1000:,.0f} km away" for section, metres in pairs]
        what = f"sections lie more than {LOST_M / 1000:g} km from the quarter they belong to"
        raise GeometryError(what, where=where, n=len(cells), examples=cells, remedy="Look at their positions and quarters")


def _check_overlap(clean: gpd.GeoDataFrame, city: shapely.Geometry | None, entry: CensusEntry, *, where: str) -> None:
    """Raise where no section lies in the city, or people are given to it from too far away."""
    if city is None:
        return
    shapely.prepare(city)
    shapes = clean.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    reach_m = np.where(is_point, np.sqrt(clean["area_m2"].fillna(0.0) / np.pi), 0.0)
    away = np.maximum(shapely.distance(shapes, city) - reach_m, 0.0)
    if (away > 0).all():
        what = f"no section lies in the city, the nearest is {away.min() / 1000:,.1f} km away"
        raise GeometryError(what, where=where, n=len(clean), remedy="Look at the CRS and the city of both files")
    counts = clean.drop(columns=[*clean.columns.intersection([*FIXED_COLUMNS, *OPTIONAL_COLUMNS]), "geometry"])
    lost = (away > LOST_M) & (counts.sum(axis="columns") > 0).to_numpy()
    if lost.any() and entry.outside != "leave_out":
        what = f"sections with people lie more than {LOST_M / 1000:g} km from the city"
        remedy = "Say outside = 'leave_out' if they are of other places"
        raise GeometryError(what, where=where, n=int(lost.sum()), examples=clean["section"][lost], remedy=remedy)


def _describe(clean: gpd.GeoDataFrame, away: NDArray[np.float64] | None) -> list[str]:
    notes = []
    flags = {"is_no_place": "of people without a place in the city", "is_institution": "that are institutions"}
    for flag, what in flags.items():
        if flag in clean and clean[flag].any():
            notes.append(f"sections {what}: {int(clean[flag].sum())}")
    without = clean.loc[clean["area_m2"].isna(), "section"].tolist()
    if without and clean["area_m2"].notna().any():
        notes.append(f"sections without an area: {len(without)} ({_list_some(without)})")
    if away is None:
        return notes
    if (away > 0).any():
        n, most = int((away > 0).sum()), np.nanmax(away)
        notes.append(f"sections that lie outside the quarter they belong to: {n}, by {most:,.0f} m at most")
    far = clean.loc[(away > FAR_M) & ~clean["is_no_place"].to_numpy(), "section"].tolist()
    if far:
        notes.append(f"sections more than {FAR_M:g} m from their quarter: {len(far)} ({_list_some(far)})")
    return notes


def _list_some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:EXAMPLES_SHOWN]) + (", …" if len(ids) > EXAMPLES_SHOWN else "")


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
    sums = census.groupby("nil")[codes].sum().reindex(totals["nil"], fill_value=0).to_numpy()
    official = totals[codes].to_numpy()
    wrong = np.argwhere(np.abs(sums - official) > sum_tolerance(census, codes))
    faults = Faults()
    if len(wrong):
        quarter_ids = totals["nil"].tolist()
        cells = [
            f"quarter {quarter_ids[row]}, {codes[column]}: "
            f"sections {sums[row, column]:,.10g}, official {official[row, column]:,}"
            for row, column in wrong
        ]
        what = "sections do not add up to the official counts"
        faults.add(CountError(what, where=where, n=len(wrong), examples=cells))
    absent = sorted(set(census.loc[census[codes].sum(axis=1) > 0, "nil"]) - set(totals["nil"]))
    if absent:
        faults.add(CountError("quarters with people have no official counts", where=where, n=len(absent), examples=absent))
    faults.raise_if_any()
    return int(official.size)


def sum_tolerance(census: pd.DataFrame, codes: Sequence[str]) -> float:
    """Return by how much a sum of sections may miss a whole number: 0, or half a person where counts have fractions."""
    return 0.0 if all(pd.api.types.is_integer_dtype(census[code]) for code in codes) else 0.5


def _check_known(codes: Sequence[str], census: pd.DataFrame, where: str) -> None:
    known = [str(column) for column in census.columns if column not in (*FIXED_COLUMNS, *OPTIONAL_COLUMNS, "geometry")]
    faults = Faults()
    for code in codes:
        if code not in known:
            what = f"the census has no column {code!r}"
            faults.add(ColumnError(what, where=where, remedy=suggest_name(code, known)))
    faults.raise_if_any()
