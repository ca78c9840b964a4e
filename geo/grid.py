"""Square cells with INSPIRE ids, the pieces into which the quarters cut them, and what each cell is called."""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from data.errors import CountError, CrsError, GeometryError, IdError
from geo.checks import require_apart, require_columns, require_zones
from geo.crs import require_metres
from geo.overlay import NOISE_DECIMALS, Overlaps, find_largest, find_overlaps, is_polygonal, keep_polygons

# The share of its own area that a quarter may have outside the grid: rounding, no more.
COVER_TOLERANCE = 1e-6
# Where one of two neighbours has a vertex more, their pieces leave a gap of a rounding error, and a centroid may lie in it.
ON_LINE_M = 1e-6

_ROWS_IN_BAND = 10
_CELL_ID = re.compile(r"CRS(\d+)RES(\d+)mN(-?\d+)E(-?\d+)")


@dataclass(frozen=True, eq=False)
class Grid:
    """Square cells of one size, sorted by north, then east.

    Parameters
    ----------
    epsg
        Code of a CRS in metres.
    size_m
        Side of a cell.
    east, north
        South-west corners, shape (n,), metres, multiples of the size.
    """

    epsg: int
    size_m: int
    east: NDArray[np.int64]
    north: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.east)

    @property
    def crs(self) -> str:
        """The CRS as text, such as "EPSG:3035"."""
        return f"EPSG:{self.epsg}"

    @property
    def ids(self) -> NDArray[np.str_]:
        """INSPIRE ids, shape (n,), such as "CRS3035RES100mN2480000E4250000"."""
        head = f"CRS{self.epsg}RES{self.size_m}mN"
        corners = zip(self.north.tolist(), self.east.tolist(), strict=True)
        return np.array([f"{head}{north}E{east}" for north, east in corners], dtype=np.str_)

    def centres(self) -> NDArray[np.float64]:
        """Return the centres, shape (n, 2), (east, north) in metres."""
        return np.column_stack([self.east, self.north]).astype(np.float64) + self.size_m / 2

    def polygons(self) -> NDArray[np.object_]:
        """Return the squares, shape (n,)."""
        return _squares(self.east, self.north, size_m=self.size_m)


def _squares(east: NDArray[np.int64], north: NDArray[np.int64], *, size_m: int) -> NDArray[np.object_]:
    return np.asarray(shapely.box(east, north, east + size_m, north + size_m), dtype=object)


def parse_cell_id(cell_id: str) -> tuple[int, int, int, int]:
    """Return (epsg, size_m, north, east) of an INSPIRE id; north and east are those of the south-west corner.

    Raises
    ------
    IdError
        If the text is no such id.

    Examples
    --------
    >>> parse_cell_id("CRS3035RES100mN2480000E4250000")
    (3035, 100, 2480000, 4250000)
    """
    match = _CELL_ID.fullmatch(cell_id)
    if match is None:
        remedy = "It has the form CRS3035RES100mN2480000E4250000, in full metres"
        raise IdError("this is no id of a grid cell", examples=[cell_id], remedy=remedy)
    epsg, size_m, north, east = (int(value) for value in match.groups())
    return epsg, size_m, north, east


def build_grid(area: BaseGeometry, *, crs: object, size_m: int = 100) -> Grid:
    """Return every cell that shares area with the city.

    Parameters
    ----------
    area
        Polygon or multipolygon in `crs`.
    crs
        A projected CRS in metres that has an EPSG code.
    size_m
        Side of a cell.

    Raises
    ------
    CrsError
        If the CRS has no metres or no EPSG code.
    CountError
        If the size is not a positive whole number.
    GeometryError
        If the area is empty, no polygon, or invalid.

    Notes
    -----
    A cell that only touches the area, or shares `geo.overlay.NOISE_M2` or less with it, is left out.
    """
    epsg = require_metres(crs, where="grid").to_epsg()
    if epsg is None:
        raise CrsError("cell ids need a CRS with an EPSG code", where="grid", examples=[crs])
    if isinstance(size_m, bool) or not isinstance(size_m, int) or size_m <= 0:
        raise CountError("the cell size is no positive whole number of metres", where="grid", examples=[size_m])
    if not is_polygonal(np.array([area])).all() or area.is_empty or not area.is_valid:
        raise GeometryError("the area of the grid is empty, no polygon, or invalid", where="grid")
    east, north = _corners_around(area, size_m=size_m)
    band, bands = _cut_into_bands(area, north, size_m=size_m)
    squares = _squares(east, north, size_m=size_m)
    shared = find_overlaps(squares, bands, small_group=band, large_group=np.arange(len(bands)))
    cell = np.sort(shared.small)
    return Grid(epsg, size_m, east[cell], north[cell])


def _corners_around(area: BaseGeometry, *, size_m: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the corners of every cell of the bounding box, sorted by north, then east."""
    bounds = np.array(area.bounds) / size_m
    west, south = np.floor(bounds[:2]).astype(np.int64) * size_m
    east, north = np.ceil(bounds[2:]).astype(np.int64) * size_m
    norths, easts = np.meshgrid(np.arange(south, north, size_m), np.arange(west, east, size_m), indexing="ij")
    return easts.ravel(), norths.ravel()


def _cut_into_bands(
    area: BaseGeometry, north: NDArray[np.int64], *, size_m: int
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return the band of each cell, and what of the area lies in each band of rows.

    Cutting a cell out of a city costs as much as the outline of the city is long; cut into bands first, the work grows
    with the cells alone. A band is a metre wider than its rows, so that a cell can lie wholly inside it.
    """
    band = (north - north[0]) // (_ROWS_IN_BAND * size_m)
    west, _, east, _ = area.bounds
    south = north[0] + np.arange(band[-1] + 1) * _ROWS_IN_BAND * size_m
    frames = shapely.box(west - 1, south - 1, east + 1, south + _ROWS_IN_BAND * size_m + 1)
    return band, keep_polygons(np.asarray(shapely.intersection(area, frames), dtype=object))


def build_pieces(grid: Grid, quarters: gpd.GeoDataFrame, *, districts: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    """Return the pieces into which the quarters cut the cells: the atoms to which people are given.

    Parameters
    ----------
    grid
        Cells that cover the quarters.
    quarters
        Polygons with a whole-number id in `nil`, in the CRS of the grid. A hole may be filled by another quarter.
    districts
        Polygons with a whole-number id in `district`, in the CRS of the grid. Pieces take the district that holds
        most of their area (of equal ones the lower id); a piece outside all of them takes the nearest within a cell.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns cell (position in the grid), cell_id, nil, district (only where districts are given), area_m2,
        geometry (Polygon or MultiPolygon); sorted by cell, then nil.

    Raises
    ------
    EmptyLayerError, ColumnError, CrsError, IdError
        As `geo.checks.require_zones`, for quarters and for districts.
    GeometryError
        If polygons are missing or invalid, if quarters reach outside the grid or overlap one another, or if a piece
        is farther than a cell from every district.

    Notes
    -----
    Every piece with more than `geo.overlay.NOISE_M2` is kept, however thin, so that the areas sum to those of the
    quarters.
    """
    require_zones(quarters, id_column="nil", crs=grid.crs, where="quarters")
    nil = quarters["nil"].to_numpy(dtype=np.int64)
    polygons = quarters.geometry.to_numpy()
    overlaps = find_overlaps(grid.polygons(), polygons)
    _require_inside(overlaps, areas_m2=shapely.area(polygons), nil=nil)
    require_apart(overlaps, areas_m2=shapely.area(polygons), nil=nil)
    order = np.lexsort((nil[overlaps.large], overlaps.small))
    cell, geometry = overlaps.small[order], overlaps.geometry[order]
    columns = {"cell": cell.astype(np.int64), "cell_id": grid.ids[cell], "nil": nil[overlaps.large[order]]}
    if districts is not None:
        columns["district"] = _choose_districts(geometry, districts, grid=grid)
    columns["area_m2"] = overlaps.area_m2[order]
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=quarters.crs)


def _require_inside(overlaps: Overlaps, *, areas_m2: NDArray[np.float64], nil: NDArray[np.int64]) -> None:
    covered_m2 = np.bincount(overlaps.large, weights=overlaps.area_m2, minlength=len(nil))
    outside = nil[covered_m2 < areas_m2 * (1 - COVER_TOLERANCE)]
    if outside.size:
        what, remedy = "quarters reach outside the grid", "Build the grid from the union of the quarters"
        raise GeometryError(what, where="quarters", n=outside.size, examples=outside, remedy=remedy)


def _choose_districts(pieces: NDArray[np.object_], districts: gpd.GeoDataFrame, *, grid: Grid) -> NDArray[np.int64]:
    require_zones(districts, id_column="district", crs=grid.crs, where="districts")
    by_id = districts.sort_values("district")
    ids, polygons = by_id["district"].to_numpy(dtype=np.int64), by_id.geometry.to_numpy()
    chosen, distance_m = find_largest(pieces, polygons)
    lost = np.flatnonzero(distance_m > grid.size_m)
    if lost.size:
        at = [f"{point.x:.0f} {point.y:.0f}" for point in shapely.centroid(pieces[lost[:6]])]
        what = "pieces of the city are farther than a cell from every district; east and north of"
        raise GeometryError(what, where="districts", n=lost.size, examples=at)
    return np.asarray(ids[chosen], dtype=np.int64)


def label_cells(grid: Grid, pieces: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what each cell is called and where it lies.

    Parameters
    ----------
    grid
        The cells.
    pieces
        The pieces of these cells, as `build_pieces` makes them.

    Returns
    -------
    pandas.DataFrame
        Indexed by cell_id, in the order of the grid: nil and district (the ones with most of the cell's area in the
        city, of equal ones the lower id; district only where the pieces have one), area_m2 (inside the city), and x, y
        (metres: the centroid of the part inside the city, or a point inside that part where its centroid is not).

    Raises
    ------
    ColumnError
        If a column of the pieces is missing.
    GeometryError
        If a cell has no piece, so that no quarter can be named.
    """
    require_columns(pieces, ["cell", "nil", "area_m2"], where="pieces")
    cell, area_m2 = pieces["cell"].to_numpy(), pieces["area_m2"].to_numpy()
    total_m2 = np.bincount(cell, weights=area_m2, minlength=grid.n).astype(np.float64)
    if not total_m2.all():
        empty = grid.ids[total_m2 == 0]
        remedy = "Build the grid from the union of the quarters"
        raise GeometryError("cells lie in no quarter", where="grid", n=len(empty), examples=empty, remedy=remedy)
    ids = [name for name in ("nil", "district") if name in pieces.columns]
    labels = {name: _main_id(cell, pieces[name].to_numpy(), area_m2) for name in ids}
    x, y = _points_inside(cell, pieces.geometry.to_numpy(), area_m2, total_m2=total_m2)
    return pd.DataFrame({**labels, "area_m2": total_m2, "x": x, "y": y}, index=pd.Index(grid.ids, name="cell_id"))


def _main_id(cell: NDArray[np.int64], ids: NDArray[np.int64], area_m2: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the id with most area in each cell, in the order of the cells."""
    keys, position = np.unique(np.column_stack([cell, ids]), axis=0, return_inverse=True)
    summed_m2 = np.round(np.bincount(position.ravel(), weights=area_m2), NOISE_DECIMALS)
    order = np.lexsort((keys[:, 1], -summed_m2, keys[:, 0]))
    _, first = np.unique(keys[order, 0], return_index=True)
    return np.asarray(keys[order[first], 1], dtype=np.int64)


def _points_inside(
    cell: NDArray[np.int64],
    geometry: NDArray[np.object_],
    area_m2: NDArray[np.float64],
    *,
    total_m2: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centroids = shapely.get_coordinates(shapely.centroid(geometry))
    x, y = (np.bincount(cell, weights=centroids[:, axis] * area_m2) / total_m2 for axis in (0, 1))
    is_inside = np.zeros(len(total_m2), dtype=bool)
    near = shapely.dwithin(geometry, shapely.points(x[cell], y[cell]), ON_LINE_M)
    is_inside[cell[near]] = True
    for position in np.flatnonzero(~is_inside):
        point = shapely.point_on_surface(shapely.union_all(geometry[cell == position]))
        x[position], y[position] = point.x, point.y
    return x, y
