"""Points: read from two columns or a geometry, checked against the city, given the quarter and district they lie in."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from data.columns import name_rows, to_floats
from data.crs import LAT_MAX, LON_MAX, check_extent, find_transformer, parse_crs
from data.errors import Faults, GeometryError
from data.recipe_layers import PlaceEntry

BORDER_M = 1.0
"""How far from a quarter a point still lies in it: borders drawn twice leave gaps of that size."""


def read_points(
    frame: pd.DataFrame, entry: PlaceEntry, *, crs: str, area: shapely.Geometry | None, where: str
) -> gpd.GeoSeries:
    """Return the points of the rows in the CRS of the city, index of the frame.

    Parameters
    ----------
    frame
        Rows of the source.
    entry
        Says which columns hold the coordinates, if the rows have no geometries.
    area
        The city, to find coordinates that were swapped or are of another CRS; None skips that.

    Raises
    ------
    GeometryError
        If positions are absent, no points, no numbers, at 0/0, swapped, or all far from the city; `FaultsError` if
        there are several such faults.
    CrsError
        If the CRS is absent, unknown, or contradicts the coordinates.
    """
    if entry.x is not None and entry.y is not None:
        x, y = _read_coordinates(frame, (entry.x, entry.y), where)
        source = parse_crs(entry.crs, where=where)
    else:
        x, y = _read_geometries(frame, where)
        source = parse_crs(getattr(frame, "crs", None), where=where)
    _check_coordinates(frame, x, y, source, where)
    to_city = find_transformer(source, crs)
    if area is not None:
        _check_place(frame, x, y, to_city, area, where)
    east, north = to_city.transform(x, y)
    wrong = ~(np.isfinite(east) & np.isfinite(north))
    if wrong.any():
        what = f"positions cannot be brought into {crs}"
        raise GeometryError(what, where=where, n=int(wrong.sum()), examples=name_rows(frame, wrong))
    return gpd.GeoSeries(shapely.points(east, north), index=frame.index, crs=crs)


def _read_coordinates(
    frame: pd.DataFrame, columns: tuple[str, str], where: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    faults = Faults()
    found = []
    for column in columns:
        values = to_floats(frame[column])
        wrong = ~np.isfinite(values)
        if wrong.any():
            what = f"coordinates in {column!r} are missing or no numbers"
            faults.add(GeometryError(what, where=where, n=int(wrong.sum()), examples=name_rows(frame, wrong)))
        found.append(values)
    faults.raise_if_any()
    return found[0], found[1]


def _read_geometries(frame: pd.DataFrame, where: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeometryError("the rows have no geometry", where=where)
    geometry = frame.geometry
    absent = (geometry.isna() | geometry.is_empty).to_numpy()
    other = ~absent & (geometry.geom_type != "Point").to_numpy()
    faults = Faults()
    for wrong, what in ((absent, "geometries are absent or empty"), (other, "geometries are no points")):
        if wrong.any():
            faults.add(GeometryError(what, where=where, n=int(wrong.sum()), examples=name_rows(frame, wrong)))
    faults.raise_if_any()
    points = geometry.to_numpy()
    return shapely.get_x(points), shapely.get_y(points)


def _check_coordinates(
    frame: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64], crs: pyproj.CRS, where: str
) -> None:
    faults = Faults()
    zero = (x == 0) & (y == 0)
    if zero.any():
        remedy = "A position that is not known stays out of the file"
        rows = name_rows(frame, zero)
        faults.add(GeometryError("positions are at 0/0", where=where, n=int(zero.sum()), examples=rows, remedy=remedy))
    beyond = (np.abs(x) > LON_MAX) | (np.abs(y) > LAT_MAX)
    if crs.is_geographic and beyond.any() and not beyond.all():
        what = "positions are no degrees of longitude and latitude"
        faults.add(GeometryError(what, where=where, n=int(beyond.sum()), examples=name_rows(frame, beyond)))
    faults.raise_if_any()
    if len(x):
        check_extent(np.array([x.min(), y.min(), x.max(), y.max()]), crs, where=where)


def _check_place(
    frame: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64],
    to_city: pyproj.Transformer, area: shapely.Geometry, where: str,
) -> None:  # fmt: skip
    """Raise when points lie far from the city and, with x and y the other way round, in it; or when all lie far."""
    low_x, low_y, high_x, high_y = shapely.bounds(area)
    margin = max(high_x - low_x, high_y - low_y)

    def is_near(east: NDArray[np.float64], north: NDArray[np.float64], by: float) -> NDArray[np.bool_]:
        inside_x = (east >= low_x - by) & (east <= high_x + by)
        return np.asarray(inside_x & (north >= low_y - by) & (north <= high_y + by))

    near = is_near(*to_city.transform(x, y), margin)
    swapped = ~near & is_near(*to_city.transform(y, x), 0.0)
    if swapped.any():
        what = "longitude and latitude (x and y) look swapped"
        remedy = "Exchange 'x' and 'y' in the recipe, or these cells in the file"
        rows = name_rows(frame, swapped)
        raise GeometryError(what, where=where, n=int(swapped.sum()), examples=rows, remedy=remedy)
    if not near.any():
        remedy = "Look at the CRS that the recipe or the file states"
        raise GeometryError("all positions lie far from the city", where=where, n=len(x), remedy=remedy)


def locate_points(points: gpd.GeoSeries, areas: gpd.GeoDataFrame | None, key: str) -> pd.Series:
    """Return the id of the area that holds each point: Int64, missing outside all; on a border the lowest id.

    A point up to a metre from an area lies in it, if it is in no other.
    """
    found = pd.Series(pd.NA, index=points.index, name=key, dtype="Int64")
    if areas is None or not len(points):
        return found
    tree = shapely.STRtree(areas.geometry.to_numpy())
    point, area = tree.query_nearest(points.to_numpy(), max_distance=BORDER_M, all_matches=True)
    lowest = pd.Series(areas[key].to_numpy()[area], index=points.index[point]).groupby(level=0).min()
    found.loc[lowest.index] = lowest
    return found


def distances_to_own(points: gpd.GeoSeries, ids: Sequence[int], areas: gpd.GeoDataFrame, key: str) -> NDArray[np.float64]:
    """Return the distance of each point or polygon from the area of its id, metres; 0 inside, NaN without a position."""
    position = pd.Index(areas[key]).get_indexer(pd.Index(ids))
    return np.asarray(shapely.distance(points.to_numpy(), areas.geometry.to_numpy()[position]))
