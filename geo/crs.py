"""Coordinate reference systems: metres where metres are needed, and no coordinates that contradict them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
from pyproj.exceptions import CRSError as PyprojCrsError

from data.errors import CrsError

MAX_LON_DEG = 180.0
MAX_LAT_DEG = 90.0


def require_metres(crs: object, *, where: str) -> pyproj.CRS:
    """Return the CRS, once it is known to be projected with metres on both axes.

    Parameters
    ----------
    crs
        Anything that pyproj understands: an EPSG code, "EPSG:3035", a CRS.
    where
        The layer or argument that the message names.

    Raises
    ------
    CrsError
        If the CRS is absent, unknown, geographic, or has another unit than the metre.

    Notes
    -----
    Coordinates are (x, y) = (east, north) whatever the axis order of the authority: EPSG:3035 is defined north first,
    but GeoPandas and GDAL hand over east first, and nothing is swapped here.

    Examples
    --------
    >>> require_metres("EPSG:3035", where="streets").to_epsg()
    3035
    """
    known = read_crs(crs, where=where)
    if known.is_geographic:
        raise CrsError(f"metres are needed, but {name_crs(known)} counts in degrees", where=where, remedy=_REMEDY)
    units = sorted({axis.unit_name for axis in known.axis_info})
    if not known.is_projected or units != ["metre"]:
        seen = ", ".join(units) or "no axes"
        raise CrsError(f"metres are needed, but {name_crs(known)} has {seen}", where=where, remedy=_REMEDY)
    return known


def to_crs(frame: gpd.GeoDataFrame, crs: object, *, where: str) -> gpd.GeoDataFrame:
    """Return the frame in another CRS, once its coordinates are known to fit the CRS that it claims.

    Parameters
    ----------
    frame
        Any geometries; empty ones and missing ones are kept as they are.
    crs
        The CRS to go to, anything that pyproj understands.
    where
        The layer that the message names.

    Raises
    ------
    CrsError
        If the frame has no CRS; if its CRS is projected while every coordinate looks like degrees; if its CRS is
        geographic while a coordinate lies beyond ±180, ±90; or if a coordinate has no place in the new CRS.
    """
    if frame.crs is None:
        raise CrsError("the layer has no CRS", where=where, remedy="Give it the CRS of its coordinates with set_crs")
    target = read_crs(crs, where=where)
    _require_fit(frame, where=where)
    moved = frame if frame.crs == target else frame.to_crs(target)
    _require_finite(moved, where=where)
    return moved


def read_crs(crs: object, *, where: str) -> pyproj.CRS:
    """Return the CRS that a code, a text or a CRS stands for.

    Raises
    ------
    CrsError
        If there is none, or pyproj does not know it.
    """
    if crs is None:
        raise CrsError("there is no CRS", where=where, remedy=_REMEDY)
    try:
        return pyproj.CRS.from_user_input(crs)
    except PyprojCrsError as error:
        raise CrsError(f"the CRS {crs!r} is not known", where=where, remedy=_REMEDY) from error


def name_crs(crs: pyproj.CRS) -> str:
    """Return the short name of a CRS: "EPSG:3035", or its definition where it has no code.

    Examples
    --------
    >>> name_crs(pyproj.CRS(3035))
    'EPSG:3035'
    """
    code = crs.to_epsg()
    return crs.to_string() if code is None else f"EPSG:{code}"


def _require_fit(frame: gpd.GeoDataFrame, *, where: str) -> None:
    bounds = frame.total_bounds  # all NaN when nothing has coordinates
    if np.isnan(bounds).any():
        return
    west, south, east, north = (float(value) for value in bounds)
    looks_like_degrees = max(abs(west), abs(east)) <= MAX_LON_DEG and max(abs(south), abs(north)) <= MAX_LAT_DEG
    seen = f"x {west:g} to {east:g}, y {south:g} to {north:g}"
    if frame.crs.is_projected and looks_like_degrees:
        raise CrsError(
            f"the CRS is {name_crs(frame.crs)}, but the coordinates look like degrees: {seen}",
            where=where,
            remedy="If they are lon/lat, the layer is in EPSG:4326: set that CRS first",
        )
    if frame.crs.is_geographic and not looks_like_degrees:
        raise CrsError(
            f"the CRS is {name_crs(frame.crs)}, but the coordinates are no degrees: {seen}",
            where=where,
            remedy="Set the projected CRS in which they were measured",
        )


def _require_finite(frame: gpd.GeoDataFrame, *, where: str) -> None:
    # PROJ answers inf, not an error, for a point outside the area in which the projection is defined.
    lost = np.flatnonzero(np.isinf(frame.bounds.to_numpy()).any(axis=1))
    if lost.size:
        raise CrsError(
            f"coordinates have no place in {name_crs(frame.crs)}",
            where=where,
            n=int(lost.size),
            examples=frame.index[lost],
            remedy="Check the CRS that the layer claims, and whether it covers the city",
        )


_REMEDY = "In Europe use EPSG:3035, elsewhere the local UTM zone"
