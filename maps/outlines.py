"""Outlines for the page: quarters and districts simplified together, in whole steps of a hundred-thousandth of a degree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from data.errors import CrsError, GeometryError

# Less than two pixels at the closest zoom; borders that two quarters share stay shared.
TOLERANCE_M = 8.0
STEP_DEG = 1e-5
_DIGITS = 5


def encode_polygons(frame: gpd.GeoDataFrame, *, where: str) -> list[list[list[list[int]]]]:
    """Return each polygon as parts, rings and whole steps.

    Parameters
    ----------
    frame
        Polygons or multipolygons in a metric CRS.
    where
        The layer, for messages.

    Returns
    -------
    For each row a list of parts, each a list of rings, the first the outer one. A ring is (lon, lat) of its first point and
    then the differences from point to point, in steps of `STEP_DEG`, all in one list.

    Raises
    ------
    CrsError
        If the frame has no CRS.
    GeometryError
        If a row has no polygon.
    """
    if frame.empty:
        return []
    _require_polygons(frame, where=where)
    simplified = shapely.coverage_simplify(frame.geometry.to_numpy(), TOLERANCE_M)
    degrees = _to_degrees(gpd.GeoSeries(simplified, crs=frame.crs), where=where)
    return [[_rings(part) for part in shapely.get_parts(polygon)] for polygon in degrees]


def encode_points(frame: gpd.GeoDataFrame, *, where: str) -> list[list[float]]:
    """Return [lon, lat] of each point, rounded to `STEP_DEG`.

    Raises
    ------
    CrsError
        If the frame has no CRS.
    GeometryError
        If a row has no point.
    """
    if frame.empty:
        return []
    points = frame.geometry.to_numpy()
    wrong = np.flatnonzero((shapely.get_type_id(points) != 0) | shapely.is_empty(points))
    if wrong.size:
        raise GeometryError("rows have no point", where=where, n=wrong.size, examples=wrong)
    degrees = _to_degrees(frame.geometry, where=where)
    return [[round(x, _DIGITS), round(y, _DIGITS)] for x, y in zip(degrees.x, degrees.y, strict=True)]


def label_points(frame: gpd.GeoDataFrame, *, where: str) -> list[list[float]]:
    """Return [lon, lat] of a point well inside each polygon: the centre of its largest inscribed circle."""
    if frame.empty:
        return []
    _require_polygons(frame, where=where)
    circles = shapely.maximum_inscribed_circle(frame.geometry.to_numpy(), TOLERANCE_M)
    centres = shapely.get_point(circles, 0)
    return encode_points(gpd.GeoDataFrame(geometry=centres, crs=frame.crs), where=where)


@lru_cache(maxsize=8)
def to_degrees(crs: CRS) -> Transformer:
    """Return the transformer from a CRS to (lon, lat); kept, because making one takes longer than drawing a small city."""
    return Transformer.from_crs(crs, 4326, always_xy=True)


def bounds_of(frames: Sequence[gpd.GeoDataFrame]) -> list[list[float]]:
    """Return [[south, west], [north, east]] of all rows of all frames, as Leaflet takes it."""
    boxes = [to_degrees(frame.crs).transform_bounds(*frame.total_bounds) for frame in frames if not frame.empty]
    west, south, east, north = (np.array(boxes)[:, column] for column in range(4))
    return [
        [round(float(south.min()), _DIGITS), round(float(west.min()), _DIGITS)],
        [round(float(north.max()), _DIGITS), round(float(east.max()), _DIGITS)],
    ]


def _require_polygons(frame: gpd.GeoDataFrame, *, where: str) -> None:
    shapes = frame.geometry.to_numpy()
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6)) | shapely.is_empty(shapes))
    if wrong.size:
        raise GeometryError("rows have no polygon", where=where, n=wrong.size, examples=wrong)


def _to_degrees(series: gpd.GeoSeries, *, where: str) -> gpd.GeoSeries:
    if series.crs is None:
        raise CrsError("the CRS is absent", where=where, remedy="Give the layer the CRS of the city")
    return series.to_crs(4326)


def _rings(polygon: BaseGeometry) -> list[list[int]]:
    return [_steps(ring) for ring in (shapely.get_exterior_ring(polygon), *shapely.get_rings(polygon)[1:])]


def _steps(ring: BaseGeometry) -> list[int]:
    points = np.round(shapely.get_coordinates(ring)[:-1] / STEP_DEG).astype(np.int64)
    steps = np.diff(points, axis=0, prepend=0)
    moved = (steps != 0).any(axis=1)
    return [int(value) for value in np.diff(points[moved], axis=0, prepend=0).ravel()]
