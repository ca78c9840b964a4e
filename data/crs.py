"""Coordinates: a CRS in metres for the city, and positions that agree with the CRS of their file."""

from __future__ import annotations

import functools

import geopandas as gpd
import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError as ProjError

from data.errors import CrsError

LON_MAX, LAT_MAX = 180.0, 90.0


def parse_crs(text: object, *, where: str) -> pyproj.CRS:
    """Return a CRS from a code or definition.

    Raises
    ------
    CrsError
        If it is absent or unknown.
    """
    if text is None:
        raise CrsError("the CRS is absent", where=where, remedy="Give it in the recipe: crs = 'EPSG:…'")
    try:
        return pyproj.CRS.from_user_input(text)
    except ProjError as error:
        raise CrsError(f"the CRS {str(text)!r} is unknown", where=where) from error


def parse_metric_crs(text: object, *, where: str) -> pyproj.CRS:
    """Return a CRS whose coordinates are metres.

    Raises
    ------
    CrsError
        If it is absent, unknown, geographic, or has another unit.
    """
    crs = parse_crs(text, where=where)
    if not crs.is_projected:
        what = f"the CRS {crs.name!r} has degrees where metres are needed"
        raise CrsError(what, where=where, remedy="In Europe take EPSG:3035, elsewhere the local UTM zone")
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if units != {"metre"}:
        raise CrsError(f"the CRS {crs.name!r} measures in {', '.join(sorted(units))}, not in metres", where=where)
    return crs


def check_extent(bounds: NDArray[np.float64], crs: pyproj.CRS, *, where: str) -> None:
    """Check that coordinates can be of the CRS that they claim.

    Parameters
    ----------
    bounds
        min x, min y, max x, max y of all of them; NaN if there is none.

    Raises
    ------
    CrsError
        If degrees stand where the CRS has metres, or the other way round.
    """
    if not np.isfinite(bounds).all():
        return
    low_x, low_y, high_x, high_y = (float(value) for value in bounds)
    are_degrees = max(abs(low_x), abs(high_x)) <= LON_MAX and max(abs(low_y), abs(high_y)) <= LAT_MAX
    seen = f"x from {low_x:g} to {high_x:g}, y from {low_y:g} to {high_y:g}"
    if crs.is_geographic and not are_degrees:
        raise CrsError(f"the coordinates are no degrees, yet the CRS is {crs.name!r}: {seen}", where=where)
    if crs.is_projected and are_degrees:
        raise CrsError(f"the coordinates look like degrees, yet the CRS is {crs.name!r}: {seen}", where=where)


def to_city_crs(frame: gpd.GeoDataFrame, crs: str, *, where: str) -> gpd.GeoDataFrame:
    """Return the frame in the CRS of the city, after a check of its coordinates.

    Raises
    ------
    CrsError
        If the CRS of the frame is absent or contradicts its coordinates.
    """
    own = parse_crs(frame.crs, where=where)
    check_extent(frame.total_bounds, own, where=where)
    return frame.to_crs(crs)


@functools.lru_cache(maxsize=32)
def find_transformer(source: pyproj.CRS, target: str) -> pyproj.Transformer:
    """Return what brings x and y of one CRS into another; kept, since PROJ takes long to choose it."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def name_crs(crs: pyproj.CRS | None) -> str | None:
    """Return "EPSG:code" where the CRS has one, else its name."""
    if crs is None:
        return None
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)
