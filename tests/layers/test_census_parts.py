"""Sources without a quarter become parts of one quarter each; the people of the city stay the same."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import GeometryError
from geo.dasymetric import weigh_streets
from geo.grid import build_grid, build_pieces
from geo.network import build_network
from layers.census_parts import split_by_quarter
from layers.people import place_people
from tests.layers.conftest import CRS, EAST, GROUPS, NORTH, square

RESIDENTS = GROUPS[0]


def cells(rows: list[tuple[str, shapely.Geometry, float]], *, area_m2: float = np.nan) -> gpd.GeoDataFrame:
    ids, shapes, people = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {
            "section": pd.Series(ids, dtype="str"),
            "district": pd.Series([pd.NA] * len(rows), dtype="Int64"),
            "area_m2": area_m2,
            "is_no_place": False,
            "P1": people,
            "P60": [0.5 * value for value in people],
            "P61": [0.25 * value for value in people],
        },
        geometry=list(shapes),
        crs=CRS,
    )


@pytest.fixture(scope="module")
def pieces(quarters: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return build_pieces(build_grid(quarters.union_all(), crs=CRS), quarters)


# a wholly in quarter 1, b over both, c half beyond the city in the east, d beside it, e empty and beside it
GRID = [
    ("a", square(0, 0), 12.5),
    ("b", shapely.box(EAST + 475, NORTH, EAST + 575, NORTH + 100), 40.0),
    ("c", shapely.box(EAST + 950, NORTH, EAST + 1050, NORTH + 100), 10.0),
    ("d", shapely.box(EAST + 1010, NORTH, EAST + 1090, NORTH + 100), 3.0),
    ("e", shapely.box(EAST + 1010, NORTH + 200, EAST + 1090, NORTH + 300), 0.0),
]


def test_a_source_has_a_part_in_every_quarter_that_it_overlaps(pieces: gpd.GeoDataFrame) -> None:
    parts = split_by_quarter(cells(GRID), pieces, group=RESIDENTS)
    assert parts.census["section"].tolist() == ["a/1", "b/1", "b/2", "c/2", "d/2"]
    assert parts.census["nil"].tolist() == [1, 1, 2, 2, 2]
    assert parts.census["P1"].tolist() == pytest.approx([12.5, 10, 30, 10, 3])
    assert parts.census["P60"].tolist() == pytest.approx([6.25, 5, 15, 5, 1.5])
    assert parts.notes == (
        "sections without a quarter, which became 5 parts of one quarter each: 4",
        "sections in several quarters, whose people were split over these: 1",
        "sections that reach beyond the city, all of whose people stand inside it: 1",
        "sections outside the city, whose people stand in its nearest piece: 1",
    )


def test_what_lies_outside_may_be_left_out(pieces: gpd.GeoDataFrame) -> None:
    parts = split_by_quarter(cells(GRID), pieces, group=RESIDENTS, leave_out=True)
    assert dict(zip(parts.census["section"], parts.census["P1"], strict=True)) == pytest.approx(
        {"a/1": 12.5, "b/1": 10, "b/2": 30, "c/2": 5}
    )
    assert parts.notes[2:] == (
        "sections outside the city, left out (3 residents (en)): 1",
        "sections that reach beyond the city, whose part outside was left out (5 residents (en)): 1",
    )


def test_points_are_split_by_their_disc_and_without_an_area_lie_where_they_lie(pieces: gpd.GeoDataFrame) -> None:
    border, inside = shapely.Point(EAST + 500, NORTH + 50), shapely.Point(EAST + 20, NORTH + 50)
    rows = [("a", border, 10.0), ("b", inside, 7.0), ("c", shapely.Point(EAST - 30, NORTH), 2.0)]
    areas = pd.Series([math.pi * 100, 0.0, 0.0])
    found = split_by_quarter(cells(rows).assign(area_m2=areas), pieces, group=RESIDENTS).census
    assert dict(zip(found["section"], found["P1"], strict=True)) == pytest.approx({"a/1": 5, "a/2": 5, "b/1": 7, "c/1": 2})
    found = split_by_quarter(cells(rows).assign(area_m2=areas), pieces, group=RESIDENTS, leave_out=True).census
    assert dict(zip(found["section"], found["P1"], strict=True)) == pytest.approx({"a/1": 5, "a/2": 5, "b/1": 7})


def test_homes_decide_how_a_source_is_split(pieces: gpd.GeoDataFrame) -> None:
    x, y = [EAST + 480, EAST + 490, EAST + 510, EAST + 540], [NORTH + 50] * 4
    ancillary = weigh_streets(build_network(x, y, [0, 2], [1, 3], [10.0, 30.0], crs=CRS), pieces)
    found = split_by_quarter(cells(GRID[1:2]), pieces, group=RESIDENTS, ancillary=ancillary).census
    assert dict(zip(found["section"], found["P1"], strict=True)) == pytest.approx({"b/1": 10, "b/2": 30})
    moved = split_by_quarter(
        cells(GRID[1:2]),
        pieces,
        group=RESIDENTS,
        ancillary=weigh_streets(build_network(x, y, [0, 2], [1, 3], [30.0, 10.0], crs=CRS), pieces),
    ).census
    assert dict(zip(moved["section"], moved["P1"], strict=True)) == pytest.approx({"b/1": 30, "b/2": 10})


def test_parts_stand_on_the_same_pieces_as_their_source(quarters: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame) -> None:
    grid = build_grid(quarters.union_all(), crs=CRS)
    parts = split_by_quarter(cells(GRID), pieces, group=RESIDENTS)
    people, _ = place_people(parts.census, grid, pieces, groups=GROUPS)
    assert people.totals["residents"] == pytest.approx(65.5)
    assert people.by_quarter()["residents"].to_dict() == pytest.approx({1: 22.5, 2: 43})
    by_cell = people.cells.set_index("cell_id")["residents"]
    assert by_cell[f"CRS3035RES100mN{NORTH:.0f}E{EAST + 400:.0f}"] == pytest.approx(10)
    assert by_cell[f"CRS3035RES100mN{NORTH:.0f}E{EAST + 900:.0f}"] == pytest.approx(13)


def test_order_of_sources_and_sources_without_people_change_nothing(pieces: gpd.GeoDataFrame) -> None:
    parts = split_by_quarter(cells(GRID), pieces, group=RESIDENTS).census
    turned = split_by_quarter(cells(GRID[:4]).iloc[::-1], pieces, group=RESIDENTS).census
    pd.testing.assert_frame_equal(pd.DataFrame(turned), pd.DataFrame(parts))


def test_a_census_of_another_city_is_an_error(pieces: gpd.GeoDataFrame) -> None:
    away = cells([("a", shapely.box(EAST + 5000, NORTH, EAST + 5100, NORTH + 100), 5.0)])
    with pytest.raises(GeometryError, match="no section lies in the city"):
        split_by_quarter(away, pieces, group=RESIDENTS, leave_out=True)
