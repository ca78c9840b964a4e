"""Quarters, districts and the outline: polygons that are valid, of one CRS, and do not lie over one another."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.columns import clean_text, gather_columns, match_rows, name_rows, need_columns, read_whole_ids
from data.crs import to_city_crs
from data.errors import ColumnError, EmptyLayerError, Faults, GeometryError
from data.read_file import SourceTable
from data.recipe_layers import AreasEntry, BoundaryEntry

DIFFERENT_SHARE = 0.1
"""Part of the area by which other layers may differ from the quarters: coasts and rivers are drawn in many ways."""
AREA_DIMENSION = 2
ID_COLUMN = {"quarters": "nil", "districts": "district"}
SLIVER_M2 = 1.0
"""Area up to which two polygons are neighbours: shared borders differ by that much after a change of CRS."""
OVERLAP_M2 = {"quarters": SLIVER_M2, "districts": 100.0}
"""Area beyond which an overlap is a fault. Quarters hold the counts; of districts only the main one of a piece counts,
and official ones overlap by slivers of a few square metres."""


@dataclass(frozen=True)
class CityAreas:
    """The clean quarters and districts; None where they have faults of their own or the city has none."""

    quarters: gpd.GeoDataFrame | None
    districts: gpd.GeoDataFrame | None

    @property
    def whole(self) -> shapely.Geometry | None:
        """The city: the union of its quarters."""
        return None if self.quarters is None else shapely.union_all(self.quarters.geometry.to_numpy())


def clean_areas(table: SourceTable, entry: AreasEntry, *, crs: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return quarters or districts sorted by id, and what was noted.

    Columns are the id (``nil`` or ``district``, int64), ``name`` (the id where the recipe gives none), the extra columns
    of the recipe, and polygons in the CRS of the city.

    Raises
    ------
    PlannerError
        Columns missing, ids missing or repeated, CRS absent, geometries empty, of another kind or overlapping.
    """
    need_columns(table.frame, [entry.id, *entry.columns.values(), *entry.keep], where=table.where)
    key = ID_COLUMN[entry.role]
    if taken := {key, "geometry"} & set(entry.columns):
        raise ColumnError("columns of these names stand for themselves", where=table.where, examples=sorted(taken))
    kept = table.frame[match_rows(table.frame, entry.keep)]
    found = gather_columns(
        {
            "ids": lambda: read_whole_ids(kept, entry.id, where=table.where),
            "polygons": lambda: clean_polygons(kept, crs=crs, where=table.where, ids=clean_text(kept[entry.id])),
        }
    )
    ids, (geometry, notes) = found["ids"], found["polygons"]
    columns = {key: ids, "name": ids.astype(str)}
    columns |= {target: _extra(kept[source]) for target, source in entry.columns.items()}
    columns["name"] = columns["name"].fillna(ids.astype(str))
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=crs).sort_values(key, ignore_index=True)
    notes += check_overlaps(frame, key, limit_m2=OVERLAP_M2[entry.role], where=table.where)
    return frame, notes


def _extra(column: pd.Series) -> pd.Series:
    """Return an extra column as it is if it holds numbers, else as text."""
    return column if pd.api.types.is_numeric_dtype(column) else clean_text(column)


def clean_boundary(table: SourceTable, entry: BoundaryEntry, *, crs: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the outline of the city as one row, and what was noted.

    Raises
    ------
    PlannerError
        As for `clean_areas`.
    """
    need_columns(table.frame, entry.keep, where=table.where)
    kept = table.frame[match_rows(table.frame, entry.keep)]
    rows = pd.Series([f"row {label + 1}" for label in kept.index], index=kept.index)
    geometry, notes = clean_polygons(kept, crs=crs, where=table.where, ids=rows)
    return gpd.GeoDataFrame(geometry=[shapely.union_all(geometry.to_numpy())], crs=crs), notes


def compare_ground(areas: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, *, where: str) -> list[str]:
    """Return a note on how much the ground of the outline or the districts differs from that of the quarters.

    Raises
    ------
    GeometryError
        If a large part of one lies outside the other: they are then of two cities or of two times.
    """
    whole = shapely.union_all(quarters.geometry.to_numpy())
    other = shapely.union_all(areas.geometry.to_numpy())
    differs_m2 = float(shapely.area(shapely.symmetric_difference(whole, other)))
    share = differs_m2 / float(shapely.area(whole))
    if share > DIFFERENT_SHARE:
        what = f"the ground differs from that of the quarters by {share:.1%} of it"
        raise GeometryError(what, where=where, remedy="Take both from one source and time, or leave this layer out")
    if differs_m2 < 1:
        return []
    return [f"the ground differs from that of the quarters by {differs_m2:,.0f} m²; the quarters count as the city"]


def clean_polygons(frame: pd.DataFrame, *, crs: str, where: str, ids: pd.Series) -> tuple[gpd.GeoSeries, list[str]]:
    """Return polygons in the CRS of the city, the invalid ones repaired, and notes about those.

    Raises
    ------
    EmptyLayerError
        If there is no row.
    GeometryError
        If geometries are absent, empty, or no polygons.
    CrsError
        If the CRS is absent or contradicts the coordinates.
    """
    if not len(frame):
        raise EmptyLayerError("no row is left", where=where, remedy="Look at the conditions of 'keep'")
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeometryError("the rows have no geometry", where=where)
    absent = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    other = ~absent & ~frame.geom_type.isin(("Polygon", "MultiPolygon")).to_numpy()
    faults = Faults()
    for wrong, what in ((absent, "geometries are absent or empty"), (other, "geometries are no polygons")):
        if wrong.any():
            faults.add(GeometryError(what, where=where, n=int(wrong.sum()), examples=name_rows(frame, wrong)))
    faults.raise_if_any()
    moved = to_city_crs(frame, crs, where=where).geometry.force_2d()
    invalid = ~moved.is_valid.to_numpy()
    if not invalid.any():
        return moved, []
    repaired = gpd.GeoSeries(repair_polygons(moved.to_numpy()), index=moved.index, crs=crs)
    listed = ", ".join(str(value) for value in ids[invalid])
    return repaired, [f"invalid polygons, repaired: {int(invalid.sum())} ({listed})"]


def repair_polygons(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons made valid, without the lines and points that a repair may leave."""
    valid = shapely.make_valid(polygons)
    parts, owner = shapely.get_parts(valid, return_index=True)
    inner, position = shapely.get_parts(parts, return_index=True)  # a collection may hold a multipolygon
    owner = owner[position]
    is_area = shapely.get_dimensions(inner) == AREA_DIMENSION
    return np.array([shapely.union_all(inner[is_area & (owner == row)]) for row in range(len(polygons))], dtype=object)


def check_overlaps(frame: gpd.GeoDataFrame, key: str, *, limit_m2: float, where: str) -> list[str]:
    """Return notes about polygons that share more than a sliver.

    Raises
    ------
    GeometryError
        If two share more than the limit: with all pairs of ids and their shared areas, the largest first.
    """
    polygons = frame.geometry.to_numpy()
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared_m2 = shapely.area(shapely.intersection(polygons[first], polygons[second]))
    found = np.flatnonzero(shared_m2 > SLIVER_M2)
    ids = frame[key].to_numpy()
    order = found[np.argsort(-shared_m2[found], kind="stable")]
    pairs = [f"{ids[first[pair]]} and {ids[second[pair]]} share {shared_m2[pair]:,.0f} m²" for pair in order]
    if (shared_m2 > limit_m2).any():
        raise GeometryError("polygons overlap", where=where, n=len(pairs), examples=pairs)
    return [f"polygons that overlap by slivers: {', '.join(pairs)}"] if pairs else []
