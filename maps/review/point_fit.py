"""From the units of a quarter's drawing to longitude and latitude and back, as polynomials that a page can compute.

A quarter is a few kilometres wide: a quadratic polynomial meets the projection to a few centimetres there, and a page needs no
library of projections.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from maps.need_map import UNIT_M
from maps.quarter_map import CityDrawing

_N_SIDE = 9
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PointFit:
    """Coefficients of 1, u, v, u², u·v, v², where u and v are offsets from `origin`, divided by `scale`.

    Parameters
    ----------
    origin_xy, scale_xy
        Middle of the window in units of the drawing, and by what offsets from it are divided.
    lon, lat
        Coefficients of longitude and latitude in degrees, of the drawing's units.
    origin_lonlat, scale_lonlat
        As the first pair, in degrees.
    x, y
        Coefficients of the drawing's units, of longitude and latitude.
    """

    origin_xy: tuple[float, float]
    scale_xy: float
    lon: tuple[float, ...]
    lat: tuple[float, ...]
    origin_lonlat: tuple[float, float]
    scale_lonlat: float
    x: tuple[float, ...]
    y: tuple[float, ...]


def fit_points(city: CityDrawing, window: shapely.Polygon, *, crs: str) -> PointFit:
    """Return the fit over the window of a quarter, whose coordinates are metres in a CRS."""
    west, south, east, north = window.bounds
    x_m, y_m = (axis.ravel() for axis in np.meshgrid(np.linspace(west, east, _N_SIDE), np.linspace(south, north, _N_SIDE)))
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x_m, y_m)
    x, y = city.drawing.exact_units(np.column_stack([x_m, y_m]))
    origin_xy, scale_xy = (float(x.mean()), float(y.mean())), float(max(east - west, north - south) / UNIT_M / 2)
    origin_lonlat, scale_lonlat = (float(lon.mean()), float(lat.mean())), float(np.ptp(lon) / 2)
    from_xy = _terms(x - origin_xy[0], y - origin_xy[1], scale_xy)
    from_lonlat = _terms(lon - origin_lonlat[0], lat - origin_lonlat[1], scale_lonlat)
    return PointFit(
        origin_xy=origin_xy,
        scale_xy=scale_xy,
        lon=_solve(from_xy, lon),
        lat=_solve(from_xy, lat),
        origin_lonlat=origin_lonlat,
        scale_lonlat=scale_lonlat,
        x=_solve(from_lonlat, x),
        y=_solve(from_lonlat, y),
    )


def _terms(u: Floats, v: Floats, scale: float) -> Floats:
    u, v = u / scale, v / scale
    return np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])


def _solve(terms: Floats, values: Floats) -> tuple[float, ...]:
    found, *_ = np.linalg.lstsq(terms, values, rcond=None)
    return tuple(round(float(value), 10) for value in found)
