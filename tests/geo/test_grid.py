from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from data.errors import CountError, CrsError, GeometryError, IdError
from geo.grid import Grid, build_grid, parse_cell_id
from geo.overlay import NOISE_M2

BOWTIE = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])


def test_ids_are_those_of_inspire_with_the_south_west_corner_in_full_metres() -> None:
    grid = build_grid(box(4_250_000, 2_480_000, 4_250_100, 2_480_100), crs=3035)
    assert grid.ids.tolist() == ["CRS3035RES100mN2480000E4250000"]


def test_cells_stand_by_north_then_east() -> None:
    grid = build_grid(box(0, 0, 200, 200), crs=3035)
    assert list(zip(grid.north.tolist(), grid.east.tolist(), strict=True)) == [(0, 0), (0, 100), (100, 0), (100, 100)]
    assert grid.n == 4


def test_a_cell_that_only_touches_the_area_is_left_out() -> None:
    grid = build_grid(box(100, 100, 200, 200), crs=3035)
    assert grid.ids.tolist() == ["CRS3035RES100mN100E100"]


def test_a_cell_that_shares_a_sliver_is_kept_and_one_that_shares_rounding_noise_is_not() -> None:
    assert build_grid(box(0, 0, 100 + 1e-3, 100), crs=3035).n == 2
    assert build_grid(box(0, 0, 100 + 1e-9, 100), crs=3035).n == 1


def test_a_cell_inside_a_hole_is_left_out() -> None:
    ring = box(0, 0, 300, 300).difference(box(100, 100, 200, 200))
    assert "CRS3035RES100mN100E100" not in build_grid(ring, crs=3035).ids
    assert build_grid(ring, crs=3035).n == 8


def test_the_size_of_the_cells_changes_the_grid() -> None:
    grid = build_grid(box(0, 0, 500, 500), crs="EPSG:32632", size_m=250)
    assert grid.ids.tolist()[0] == "CRS32632RES250mN0E0"
    assert grid.n == 4


def test_corners_may_be_negative() -> None:
    grid = build_grid(box(-50, -50, 50, 50), crs=3035)
    assert [parse_cell_id(cell_id)[2:] for cell_id in grid.ids] == [(-100, -100), (-100, 0), (0, -100), (0, 0)]


def test_centres_and_polygons_belong_to_the_corners() -> None:
    grid = Grid(3035, 100, np.array([4_250_000, 300]), np.array([2_480_000, 700]))
    assert grid.centres().tolist() == [[4_250_050, 2_480_050], [350, 750]]
    assert shapely.bounds(grid.polygons()).tolist()[1] == [300, 700, 400, 800]


@given(st.tuples(st.integers(1024, 99_999), st.integers(1, 10**6), st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7)))
def test_an_id_is_read_as_it_was_written(parts: tuple[int, int, int, int]) -> None:
    epsg, size_m, north, east = parts
    grid = Grid(epsg, size_m, np.array([east]), np.array([north]))
    assert parse_cell_id(str(grid.ids[0])) == parts


@pytest.mark.parametrize("text", ["", "100mN24800E42500", "CRS3035RES100mN2480000E4250000x", "CRS3035RES100mN2.5E4"])
def test_a_text_that_is_no_id_is_an_error(text: str) -> None:
    with pytest.raises(IdError, match="no id of a grid cell"):
        parse_cell_id(text)


@pytest.mark.parametrize("area", [Polygon(), LineString([(0, 0), (1, 1)]), BOWTIE, None])
def test_an_area_that_is_no_valid_polygon_is_an_error(area: Polygon) -> None:
    with pytest.raises(GeometryError, match="area of the grid"):
        build_grid(area, crs=3035)


@pytest.mark.parametrize("size_m", [0, -100, 99.5, True])
def test_a_size_that_is_no_positive_whole_number_is_an_error(size_m: int) -> None:
    with pytest.raises(CountError, match="cell size"):
        build_grid(box(0, 0, 100, 100), crs=3035, size_m=size_m)


@pytest.mark.parametrize("crs", [4326, None, "+proj=laea +lat_0=45 +lon_0=9 +units=m"])
def test_a_crs_without_metres_or_code_is_an_error(crs: object) -> None:
    with pytest.raises(CrsError):
        build_grid(box(0, 0, 100, 100), crs=crs)


@st.composite
def areas(draw: st.DrawFn) -> Polygon | MultiPolygon:
    """Return a union of triangles and boxes, some of them more than ten rows high."""
    corner = st.integers(-300, 2500)
    triangles = draw(st.lists(st.lists(st.tuples(corner, corner), min_size=3, max_size=3), min_size=1, max_size=4))
    whole = shapely.union_all([Polygon(points).buffer(3.0, quad_segs=2) for points in triangles])
    assert isinstance(whole, Polygon | MultiPolygon)
    return whole


@given(areas())
def test_the_grid_holds_exactly_the_cells_that_share_area(area: Polygon | MultiPolygon) -> None:
    corners = [(north, east) for north in range(-400, 2700, 100) for east in range(-400, 2700, 100)]
    squares = shapely.box(
        [e for _, e in corners], [n for n, _ in corners], [e + 100 for _, e in corners], [n + 100 for n, _ in corners]
    )
    shared_m2 = shapely.area(shapely.intersection(squares, area))
    expected = [corner for corner, value in zip(corners, shared_m2, strict=True) if value > NOISE_M2]
    grid = build_grid(area, crs=3035)
    assert list(zip(grid.north.tolist(), grid.east.tolist(), strict=True)) == expected


@pytest.mark.shared
def test_milano_has_about_nineteen_thousand_cells_sorted_and_distinct(milano_grid: Grid) -> None:
    assert milano_grid.n == 18_815
    keys = list(zip(milano_grid.north.tolist(), milano_grid.east.tolist(), strict=True))
    assert keys == sorted(set(keys))


@pytest.mark.shared
def test_the_grid_of_milano_is_the_same_from_run_to_run(milano_grid: Grid, milano_quarters: gpd.GeoDataFrame) -> None:
    again = build_grid(milano_quarters.union_all(), crs=3035)
    assert again.ids.tobytes() == milano_grid.ids.tobytes()
