"""Checks that the rooms of space share: columns, CRS, and layers of polygons with ids."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.errors import (
    ColumnError,
    CrsError,
    EmptyLayerError,
    Faults,
    GeometryError,
    IdError,
    PlannerError,
    suggest_name,
)
from geo.crs import name_crs, require_metres
from geo.overlay import Overlaps, is_polygonal

# The share of its own area that a quarter may share with another. Boundaries that were digitised twice cross by
# decimetres: in Milano the worst pair shares 0.14 m², one part in ten million.
OVERLAP_TOLERANCE = 1e-4


def require_columns(frame: gpd.GeoDataFrame, columns: Iterable[str], *, where: str) -> None:
    """Raise unless every column is there.

    Raises
    ------
    ColumnError
        If columns are missing; the nearest names are given.
    """
    faults = Faults()
    known = [str(name) for name in frame.columns]
    for column in columns:
        if column not in known:
            faults.add(ColumnError(f"the column {column!r} is missing", where=where, remedy=suggest_name(column, known)))
    faults.raise_if_any()


def require_same_crs(frame: gpd.GeoDataFrame, crs: object, *, where: str) -> None:
    """Raise unless the layer is in the CRS asked for, and that CRS has metres.

    Raises
    ------
    CrsError
        If the layer has no CRS or another one, or the CRS has no metres.
    """
    wanted = require_metres(crs, where=where)
    if frame.crs is None or frame.crs != wanted:
        seen = "none" if frame.crs is None else name_crs(frame.crs)
        remedy = "Bring the layer to that CRS with geo.crs.to_crs"
        raise CrsError(f"the CRS is {seen}, but {name_crs(wanted)} is needed", where=where, remedy=remedy)


def require_zones(zones: gpd.GeoDataFrame, *, id_column: str, crs: object, where: str) -> None:
    """Raise unless the layer holds valid polygons in the CRS asked for, each with an id of its own.

    Raises
    ------
    EmptyLayerError
        If the layer has no rows.
    ColumnError
        If the id column is missing.
    CrsError
        If the CRS of the layer is another, or has no metres.
    IdError
        If ids are missing or repeat.
    GeometryError
        If geometries are missing, empty, no polygons, or invalid.
    """
    if zones.empty:
        raise EmptyLayerError("the layer has no rows", where=where)
    require_columns(zones, [id_column], where=where)
    faults = Faults()
    try:
        require_same_crs(zones, crs, where=where)
    except CrsError as error:
        faults.add(error)
    ids = zones[id_column]
    add_if_any(faults, IdError, f"{id_column} is missing", where=where, examples=zones.index[ids.isna()])
    add_if_any(faults, IdError, f"{id_column} repeats", where=where, examples=ids[ids.notna() & ids.duplicated()].unique())
    _check_polygons(faults, zones, id_column=id_column, where=where)
    faults.raise_if_any()


def _check_polygons(faults: Faults, zones: gpd.GeoDataFrame, *, id_column: str, where: str) -> None:
    ids, geometries = zones[id_column], zones.geometry.to_numpy()
    usable = is_polygonal(geometries) & ~shapely.is_empty(geometries)
    what = "geometries are missing, empty or no polygons"
    add_if_any(faults, GeometryError, what, where=where, examples=ids[~usable])
    broken = usable & ~shapely.is_valid(geometries)
    repair = "Repair them with shapely.make_valid and look at the result"
    add_if_any(faults, GeometryError, "polygons are invalid", where=where, examples=ids[broken], remedy=repair)


def require_apart(overlaps: Overlaps, *, areas_m2: NDArray[np.float64], nil: NDArray[np.int64]) -> None:
    """Raise if two quarters share more than `OVERLAP_TOLERANCE` of the smaller one: people would live in both.

    Parameters
    ----------
    overlaps
        What each quarter (large) shares with each cell (small).
    areas_m2, nil
        Area and id of each quarter, shape (n_quarters,).

    Raises
    ------
    GeometryError
        If quarters overlap.
    """
    first, second = _pairs_in_cell(overlaps.small)
    shared_m2 = shapely.area(shapely.intersection(overlaps.geometry[first], overlaps.geometry[second]))
    a, b = overlaps.large[first], overlaps.large[second]
    pairs, position = np.unique(np.column_stack([np.minimum(a, b), np.maximum(a, b)]), axis=0, return_inverse=True)
    total_m2 = np.bincount(position.ravel(), weights=shared_m2, minlength=len(pairs))
    smaller_m2 = areas_m2[pairs].min(axis=1)
    found = nil[pairs[total_m2 > OVERLAP_TOLERANCE * smaller_m2]]
    if len(found):
        examples = [f"{i} and {j}" for i, j in np.sort(found, axis=1).tolist()]
        remedy = "Cut the one out of the other: every place belongs to one quarter"
        raise GeometryError("quarters overlap", where="quarters", n=len(found), examples=examples, remedy=remedy)


def _pairs_in_cell(cell: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return every two positions that hold the same cell."""
    order = np.argsort(cell, kind="stable")
    sorted_cells = cell[order]
    firsts, seconds = [], []
    for step in range(1, int(np.bincount(cell).max())):
        same = np.flatnonzero(sorted_cells[step:] == sorted_cells[:-step])
        firsts.append(order[same])
        seconds.append(order[same + step])
    empty = np.empty(0, dtype=np.intp)
    return np.concatenate([empty, *firsts]), np.concatenate([empty, *seconds])


def add_if_any(
    faults: Faults,
    kind: type[PlannerError],
    what: str,
    *,
    where: str,
    examples: Iterable[object],
    remedy: str | None = None,
) -> None:
    """Add one fault that lists its examples, if there are any."""
    listed = list(examples)
    if listed:
        faults.add(kind(what, where=where, n=len(listed), examples=listed, remedy=remedy))
