"""Cells are drawn where they are, to five metres, and only where they form a lattice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from data.errors import CrsError, EmptyLayerError, GeometryError, IdError
from layers.plan import Plan
from maps.lattice import MAX_ERROR_M, fit_warp, read_lattice

MILANO_CORNERS = ((4_238_000, 2_471_000), (4_263_000, 2_499_000))


def _cells(corners: list[tuple[int, int]], *, size_m: int = 100, crs: object = "EPSG:3035") -> gpd.GeoDataFrame:
    x, y = np.array(corners, dtype=float).T
    ids = [f"c{i}" for i in range(len(corners))]
    return gpd.GeoDataFrame({"cell_id": ids}, geometry=shapely.box(x, y, x + size_m, y + size_m), crs=crs)


def _metres_away(frame: gpd.GeoDataFrame) -> float:
    """Return how far the drawn corners lie from those that pyproj gives, at most, by the ellipsoid."""
    lattice = read_lattice(frame, size_m=100)
    warp = fit_warp(lattice)
    worst = 0.0
    to_degrees = pyproj.Transformer.from_crs(3035, 4326, always_xy=True)
    geod = pyproj.Geod(ellps="WGS84")
    for east, north in ((0, 0), (1, 0), (0, 1), (1, 1)):
        col, row = (lattice.col + east).astype(float), (lattice.row + north).astype(float)
        u, v = warp.to_page(col, row)
        lon, lat = u * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * v))))
        true_lon, true_lat = to_degrees.transform(*lattice.to_metres(col, row))
        worst = max(worst, float(np.max(geod.inv(lon, lat, true_lon, true_lat)[2])))
    return worst


def test_the_extreme_cells_of_milano_are_drawn_within_a_metre() -> None:
    (west, south), (east, north) = MILANO_CORNERS
    corners = [
        (west, south),
        (east, south),
        (west, north),
        (east, north),
        ((west + east) // 200 * 100, (south + north) // 200 * 100),
    ]
    assert _metres_away(_cells(corners)) < 1.0 < MAX_ERROR_M


def test_the_way_back_finds_the_cell_of_every_centre(city_plan: Plan) -> None:
    lattice = read_lattice(city_plan.cells, size_m=100)
    warp = fit_warp(lattice)
    col, row = warp.to_lattice(*warp.to_page(lattice.col + 0.5, lattice.row + 0.5))
    np.testing.assert_array_equal(np.floor(col), lattice.col)
    np.testing.assert_array_equal(np.floor(row), lattice.row)
    assert warp.error_m < MAX_ERROR_M


def test_squares_at_milano_are_turned() -> None:
    warp = fit_warp(read_lattice(_cells([(MILANO_CORNERS[0])]), size_m=100))
    u, v = warp.to_page(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
    turn = np.degrees(np.arctan2(v[1] - v[0], u[1] - u[0]))
    assert 0.3 < abs(turn) < 1.5


def test_one_cell_is_enough() -> None:
    assert _metres_away(_cells([(4_255_000, 2_484_000)])) < 0.01


def test_an_area_too_large_for_the_polynomials_is_refused() -> None:
    with pytest.raises(GeometryError, match="too large"):
        fit_warp(read_lattice(_cells([(2_800_000, 1_500_000), (5_800_000, 4_900_000)]), size_m=100))


@pytest.mark.parametrize(
    "frame",
    [
        _cells([(0, 0), (150, 0)]),
        _cells([(0, 0)], size_m=90),
        gpd.GeoDataFrame({"cell_id": ["a"]}, geometry=[shapely.Point(50, 50).buffer(50)], crs="EPSG:3035"),
    ],
    ids=["off the lattice", "other size", "disc"],
)
def test_what_is_no_square_of_the_lattice_is_refused(frame: gpd.GeoDataFrame) -> None:
    with pytest.raises(GeometryError, match="no squares of 100 m"):
        read_lattice(frame, size_m=100)


def test_two_cells_at_one_place_are_refused() -> None:
    with pytest.raises(IdError, match="same place"):
        read_lattice(_cells([(0, 0), (0, 0)]), size_m=100)


def test_no_cell_is_refused() -> None:
    with pytest.raises(EmptyLayerError):
        read_lattice(_cells([(0, 0)]).iloc[:0], size_m=100)


@pytest.mark.parametrize("crs", [None, "EPSG:4326", pyproj.CRS.from_proj4("+proj=laea +lat_0=10 +lon_0=10 +units=m").to_wkt()])
def test_a_crs_without_metres_or_code_is_refused(crs: object) -> None:
    with pytest.raises(CrsError):
        read_lattice(_cells([(0, 0)], crs=crs), size_m=100)


def test_rows_of_cells_may_come_in_any_order(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan(radius_m=600)
    shuffled = replace(plan, cells=plan.cells.sample(frac=1, random_state=3))
    lattice, other = (read_lattice(one.cells, size_m=100) for one in (plan, shuffled))
    assert {*zip(lattice.col, lattice.row, strict=True)} == {*zip(other.col, other.row, strict=True)}
