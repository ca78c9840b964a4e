"""Where the cells stand: rows and columns of a lattice, and how the lattice lies on the page.

Squares of a metric CRS are turned and slightly bent in Web Mercator (at Milano by about half a degree). The page gets two
cubic polynomials, from lattice to page and back, instead of four corners for each cell; how far they miss is measured at every
corner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from data.errors import CrsError, EmptyLayerError, GeometryError, IdError
from geo.crs import require_metres
from maps.outlines import to_degrees

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MAX_ERROR_M = 5.0
_DEGREE = 3
# (power of s, power of t) of each term, in the order in which the page adds them up.
TERMS = tuple((i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i))
_EQUATOR_M = 2 * np.pi * 6_378_137.0  # of Web Mercator's sphere
_SNAP_M = 0.01


@dataclass(frozen=True)
class Lattice:
    """The cells as rows and columns.

    Parameters
    ----------
    epsg
        Code of the CRS.
    west_m, south_m
        South-west corner of the lattice, metres.
    size_m
        Side of a cell, metres.
    row, col
        Shape (n,); counted from south and west, 0 and up.
    """

    epsg: int
    west_m: int
    south_m: int
    size_m: int
    row: IntArray
    col: IntArray

    @property
    def n_rows(self) -> int:
        """Return how many rows the lattice has."""
        return int(self.row.max()) + 1

    @property
    def n_cols(self) -> int:
        """Return how many columns the lattice has."""
        return int(self.col.max()) + 1

    def to_metres(self, col: FloatArray, row: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return x and y in the CRS for lattice coordinates, metres."""
        return self.west_m + col * self.size_m, self.south_m + row * self.size_m


@dataclass(frozen=True)
class Warp:
    """Polynomials between lattice and page.

    A page coordinate is Web Mercator as Leaflet counts it: (u, v) in [0, 1], v downwards from the north. Both directions first
    centre and scale their input: ``s = (a - middle) / half`` and so on, then add up ``coefficient * s**i * t**j`` over `TERMS`.

    Parameters
    ----------
    lattice_middle, lattice_half
        (column, row), in cells.
    page_middle, page_half
        (u, v).
    forward
        Shape (2, terms): u and v less `page_middle` from (column, row).
    inverse
        Shape (2, terms): column and row less `lattice_middle` from (u, v).
    error_m
        The greatest miss at a corner of a cell, either way, metres on the ground.
    """

    lattice_middle: tuple[float, float]
    lattice_half: tuple[float, float]
    page_middle: tuple[float, float]
    page_half: tuple[float, float]
    forward: FloatArray
    inverse: FloatArray
    error_m: float

    def to_page(self, col: FloatArray, row: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (u, v) for lattice coordinates."""
        found = _terms(col, row, middle=self.lattice_middle, half=self.lattice_half) @ self.forward.T + self.page_middle
        return found[..., 0], found[..., 1]

    def to_lattice(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (column, row) for page coordinates."""
        found = _terms(u, v, middle=self.page_middle, half=self.page_half) @ self.inverse.T + self.lattice_middle
        return found[..., 0], found[..., 1]


def read_lattice(cells: gpd.GeoDataFrame, *, size_m: int) -> Lattice:
    """Return rows and columns of square cells.

    Parameters
    ----------
    cells
        Squares of side `size_m` along the axes of a metric CRS with an EPSG code, all on one lattice.
    size_m
        Side of a cell, metres.

    Raises
    ------
    CrsError
        If the CRS is absent, has no EPSG code, or its units are not metres.
    EmptyLayerError
        If there is no cell.
    GeometryError
        If a cell is no square of that side, or does not stand on the lattice of the first.
    IdError
        If two cells stand at the same place.
    """
    epsg = _metric_epsg(cells.crs)
    if cells.empty:
        raise EmptyLayerError("there is no cell", where="cells", remedy="A plan without cells cannot be drawn")
    bounds = shapely.bounds(cells.geometry.to_numpy())
    corner = np.round(bounds[:, :2]).astype(np.int64)
    west_m, south_m = (int(value) for value in corner.min(axis=0))
    steps = corner - (west_m, south_m)
    is_square = (np.abs(bounds[:, :2] - corner) < _SNAP_M).all(axis=1)
    is_square &= (np.abs(bounds[:, 2:] - bounds[:, :2] - size_m) < _SNAP_M).all(axis=1)
    is_square &= np.abs(shapely.area(cells.geometry.to_numpy()) - size_m**2) < 1
    is_square &= (steps % size_m == 0).all(axis=1)
    if not is_square.all():
        rows = np.flatnonzero(~is_square)
        what = f"cells are no squares of {size_m} m on one lattice"
        raise GeometryError(what, where="cells", n=rows.size, examples=rows, remedy="Cells must be those of the city's grid")
    col, row = (steps // size_m).T
    lattice = Lattice(epsg=epsg, west_m=west_m, south_m=south_m, size_m=size_m, row=row, col=col)
    _require_unique(lattice)
    return lattice


def _metric_epsg(crs: object) -> int:
    found = require_metres(crs, where="cells")
    epsg = found.to_epsg()
    if epsg is None:
        remedy = "Give the cells the CRS of the city, one with an EPSG code"
        raise CrsError(f"the CRS {found.name!r} has no EPSG code", where="cells", remedy=remedy)
    return int(epsg)


def _require_unique(lattice: Lattice) -> None:
    place = lattice.row * lattice.n_cols + lattice.col
    _, first, counts = np.unique(place, return_index=True, return_counts=True)
    if (counts > 1).any():
        rows = first[counts > 1]
        raise IdError("several cells stand at the same place", where="cells", n=rows.size, examples=rows)


def fit_warp(lattice: Lattice) -> Warp:
    """Return the polynomials between a lattice and the page.

    The fit uses a regular sample of the whole lattice and a margin of a tenth around it, so that one cell is enough.

    Raises
    ------
    GeometryError
        If they miss a corner of a cell by more than `MAX_ERROR_M`.
    """
    lattice_half = (lattice.n_cols / 2, lattice.n_rows / 2)
    s, t = (axis.ravel() for axis in np.meshgrid(np.linspace(-1.1, 1.1, 15), np.linspace(-1.1, 1.1, 15)))
    col, row = lattice_half[0] * (s + 1), lattice_half[1] * (t + 1)
    u, v = _page_coordinates(lattice, col, row)
    page_middle = (float(u.min() + u.max()) / 2, float(v.min() + v.max()) / 2)
    page_half = (float(np.ptp(u)) / 2.2, float(np.ptp(v)) / 2.2)
    forward = _fit(_terms(col, row, middle=lattice_half, half=lattice_half), u - page_middle[0], v - page_middle[1])
    inverse = _fit(_terms(u, v, middle=page_middle, half=page_half), col - lattice_half[0], row - lattice_half[1])
    warp = Warp(lattice_half, lattice_half, page_middle, page_half, forward, inverse, error_m=0.0)
    error_m = _corner_error_m(lattice, warp)
    if error_m > MAX_ERROR_M:
        remedy = "The city is too large for one page of this kind"
        raise GeometryError(f"cells would be drawn {error_m:.1f} m from their place", where="cells", remedy=remedy)
    return replace(warp, error_m=error_m)


def _terms(a: FloatArray, b: FloatArray, *, middle: tuple[float, float], half: tuple[float, float]) -> FloatArray:
    s, t = (a - middle[0]) / half[0], (b - middle[1]) / half[1]
    return np.stack([s**i * t**j for i, j in TERMS], axis=-1)


def _fit(terms: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    solved = np.linalg.lstsq(terms, np.stack([first, second], axis=-1), rcond=None)[0]
    return np.ascontiguousarray(solved.T)


def _page_coordinates(lattice: Lattice, col: FloatArray, row: FloatArray) -> tuple[FloatArray, FloatArray]:
    transformer = to_degrees(pyproj.CRS.from_epsg(lattice.epsg))
    lon, lat = transformer.transform(*lattice.to_metres(col, row))
    return (lon + 180) / 360, (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2


def _corner_error_m(lattice: Lattice, warp: Warp) -> float:
    col = np.concatenate([lattice.col + east for east in (0, 1, 0, 1)]).astype(np.float64)
    row = np.concatenate([lattice.row + north for north in (0, 0, 1, 1)]).astype(np.float64)
    u, v = _page_coordinates(lattice, col, row)
    drawn_u, drawn_v = warp.to_page(col, row)
    ground_m = _EQUATOR_M / np.cosh(np.pi * (1 - 2 * v))  # 1/cosh is the cosine of the latitude
    forward_m = np.hypot(drawn_u - u, drawn_v - v) * ground_m
    found_col, found_row = warp.to_lattice(u, v)
    inverse_m = np.hypot(found_col - col, found_row - row) * lattice.size_m
    return float(max(forward_m.max(), inverse_m.max()))
