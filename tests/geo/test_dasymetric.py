"""Homes inside a section: metres of street and floors of buildings per piece, and shares in proportion to them."""

from __future__ import annotations

import math
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from data.errors import ColumnError, CountError, CrsError, EmptyLayerError, GeometryError
from geo.dasymetric import Ancillary, share_in_discs, share_in_polygons, weigh_buildings, weigh_streets
from geo.grid import build_grid, build_pieces
from geo.interpolate import spread_sources
from geo.network import Network, build_network

CRS = "EPSG:3035"
Line = tuple[tuple[float, float], tuple[float, float]]


def two_quarters() -> gpd.GeoDataFrame:
    """Return four pieces in a row, each a cell of 100 m: 0 and 1 in quarter 1, 2 and 3 in quarter 2."""
    quarters = gpd.GeoDataFrame({"nil": [1, 2]}, geometry=[box(0, 0, 200, 100), box(200, 0, 400, 100)], crs=CRS)
    return build_pieces(build_grid(box(0, 0, 400, 100), crs=CRS), quarters)


PIECES = two_quarters()


def streets(*lines: Line, stretch: float = 1.0) -> Network:
    """Return a network of lines that do not meet; the true length is the chord times the stretch."""
    ends = np.array(lines, dtype=np.float64)
    length_m = np.hypot(*(ends[:, 1] - ends[:, 0]).T) * stretch
    n = len(lines)
    return build_network(
        ends[:, :, 0].ravel(), ends[:, :, 1].ravel(), np.arange(n) * 2, np.arange(n) * 2 + 1, length_m, crs=CRS
    )


def buildings(rows: list[tuple[BaseGeometry | None, object]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"floors": [row[1] for row in rows]}, geometry=[row[0] for row in rows], crs=CRS)


def section(shape: BaseGeometry, nil: int, *, area_m2: float = np.nan) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"nil": [nil], "area_m2": [area_m2]}, geometry=[shape], crs=CRS)


def row_of(source: gpd.GeoDataFrame, ancillary: Ancillary | None) -> list[float]:
    (row,) = spread_sources(source, PIECES, ancillary=ancillary).weights.toarray()
    return [pytest.approx(value, abs=1e-12) for value in row]


def test_a_street_is_cut_at_the_borders_of_the_pieces() -> None:
    along = weigh_streets(streets(((50, 50), (230, 50))), PIECES)
    assert along.by_piece.tolist() == pytest.approx([50, 100, 30, 0])


def test_a_street_weighs_its_true_length_along_its_chord() -> None:
    winding = weigh_streets(streets(((50, 50), (150, 50)), stretch=1.4), PIECES)
    assert winding.by_piece.tolist() == pytest.approx([70, 70, 0, 0])


def test_a_street_on_the_border_of_two_pieces_belongs_to_each_by_half() -> None:
    border = weigh_streets(streets(((100, 20), (100, 80)), ((0, 50), (40, 50))), PIECES)
    assert border.by_piece.tolist() == pytest.approx([30 + 40, 30, 0, 0])


def test_a_street_on_the_outline_of_the_city_belongs_to_it_whole() -> None:
    assert weigh_streets(streets(((0, 0), (150, 0))), PIECES).by_piece.tolist() == pytest.approx([100, 50, 0, 0])


def test_an_edge_that_ends_where_it_begins_is_left_out() -> None:
    network = build_network([10, 50, 50], [10, 10, 50], [0, 2], [1, 2], [40.0, 99.0], crs=CRS)
    assert weigh_streets(network, PIECES).by_piece.tolist() == pytest.approx([40, 0, 0, 0])


def test_a_piece_of_two_parts_takes_the_streets_of_both() -> None:
    split = shapely.MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    pieces = gpd.GeoDataFrame({"nil": [1]}, geometry=[split], crs=CRS)
    assert weigh_streets(streets(((0, 5), (30, 5))), pieces).by_piece.tolist() == pytest.approx([20])


def test_a_building_weighs_its_footprint_times_its_floors() -> None:
    found = weigh_buildings(
        buildings([(box(90, 0, 110, 10), 3), (box(0, 0, 10, 10), np.nan), (box(250, 0, 260, 10), 0)]), PIECES, floors="floors"
    )
    assert found.by_piece.tolist() == pytest.approx([300 + 100, 300, 0, 0])


def test_without_a_column_of_floors_every_building_has_one() -> None:
    found = weigh_buildings(buildings([(box(90, 0, 110, 10), 3), (box(250, 0, 260, 10), 0)]), PIECES)
    assert found.by_piece.tolist() == pytest.approx([100, 100, 100, 0])


def test_people_live_along_the_streets_of_their_section() -> None:
    ancillary = weigh_streets(streets(((10, 50), (30, 50)), ((150, 10), (150, 70))), PIECES)
    whole = section(box(0, 0, 200, 100), 1)
    assert row_of(whole, None) == [0.5, 0.5, 0, 0]
    assert row_of(whole, ancillary) == [0.25, 0.75, 0, 0]


def test_people_live_in_the_floors_of_their_section() -> None:
    ancillary = weigh_buildings(buildings([(box(0, 0, 10, 10), 1), (box(110, 0, 120, 10), 4)]), PIECES, floors="floors")
    assert row_of(section(box(0, 0, 200, 100), 1), ancillary) == [0.2, 0.8, 0, 0]


def test_only_what_lies_inside_a_section_counts() -> None:
    ancillary = weigh_streets(streets(((0, 50), (200, 50)), ((150, 60), (150, 100))), PIECES)
    assert row_of(section(box(70, 40, 130, 55), 1), ancillary) == [0.5, 0.5, 0, 0]
    towers = weigh_buildings(buildings([(box(80, 0, 120, 100), 5), (box(0, 0, 20, 20), 50)]), PIECES, floors="floors")
    assert row_of(section(box(90, 0, 200, 100), 1), towers) == [10 / 30, 20 / 30, 0, 0]


def test_a_street_on_the_border_of_a_section_takes_nobody_beyond_it() -> None:
    ancillary = weigh_streets(streets(((100, 0), (100, 100)), ((50, 0), (50, 60))), PIECES)
    assert row_of(section(box(0, 0, 100, 100), 1), ancillary) == [1, 0, 0, 0]
    assert row_of(section(box(100, 0, 200, 100), 1), ancillary) == [0, 1, 0, 0]


def test_a_point_takes_what_lies_in_the_disc_of_its_area() -> None:
    ancillary = weigh_streets(streets(((0, 50), (110, 50)), ((60, 65), (60, 99))), PIECES)
    disc = section(Point(100, 50), 1, area_m2=math.pi * 20**2)
    assert row_of(disc, ancillary) == [20 / 30, 10 / 30, 0, 0]
    houses = weigh_buildings(buildings([(box(80, 30, 100, 50), 1), (box(100, 30, 120, 70), 1)]), PIECES)
    assert row_of(disc, houses) == [1 / 3, 2 / 3, 0, 0]


def test_people_stay_in_their_own_quarter_even_where_the_homes_are_beyond_it() -> None:
    ancillary = weigh_streets(streets(((210, 50), (290, 50)), ((150, 50), (160, 50)), ((50, 50), (80, 50))), PIECES)
    assert row_of(section(box(0, 0, 400, 100), 1), ancillary) == [0.75, 0.25, 0, 0]
    assert row_of(section(Point(200, 50), 1, area_m2=math.pi * 60**2), ancillary) == [0, 1, 0, 0]


def test_a_source_without_homes_falls_back_to_its_area_and_is_counted() -> None:
    ancillary = weigh_streets(streets(((10, 50), (30, 50))), PIECES)
    sources = gpd.GeoDataFrame(
        {"nil": [1, 1, 2, 2, 2], "area_m2": [np.nan, np.nan, math.pi * 100, 0.0, 9.0]},
        geometry=[box(0, 0, 200, 100), box(80, 60, 120, 100), Point(300, 50), Point(250, 50), Point(-90, 50)],
        crs=CRS,
    )
    spread = spread_sources(sources, PIECES, ancillary=ancillary)
    rows = [[pytest.approx(value) for value in row] for row in spread.weights.toarray()]
    assert rows == [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 1, 0], [0, 0, 1, 0]]
    notes = spread.notes
    assert (notes.n_by_ancillary, notes.n_without_ancillary) == (1, 2)
    assert (notes.n_by_polygon, notes.n_by_disc, notes.n_nearest_without_area, notes.n_nearest_disc_outside) == (2, 1, 1, 1)


def test_sources_without_quarters_are_split_over_all_pieces() -> None:
    cells = gpd.GeoDataFrame(geometry=[box(150, 0, 250, 100), box(350, 0, 450, 100), box(420, 0, 500, 100)], crs=CRS)
    spread = spread_sources(cells, PIECES, quarter=None)
    rows = [[pytest.approx(value) for value in row] for row in spread.weights.toarray()]
    assert rows == [[0, 0.5, 0.5, 0], [0, 0, 0, 1], [0, 0, 0, 1]]
    assert (spread.notes.n_by_polygon, spread.notes.n_nearest_polygon_outside, spread.notes.n_partly_outside) == (2, 1, 1)
    assert spread.inside.tolist() == pytest.approx([1, 0.5, 0])
    ancillary = weigh_streets(streets(((150, 50), (210, 50))), PIECES)
    (row, *_) = spread_sources(cells, PIECES, quarter=None, ancillary=ancillary).weights.toarray()
    assert row.tolist() == pytest.approx([0, 50 / 60, 10 / 60, 0])


def test_an_ancillary_layer_of_other_pieces_is_an_error() -> None:
    ancillary = weigh_streets(streets(((10, 50), (30, 50))), PIECES.iloc[:2])
    with pytest.raises(GeometryError, match="cut by 2 pieces, not by these 4"):
        spread_sources(section(box(0, 0, 9, 9), 1), PIECES, ancillary=ancillary)


def test_layers_of_another_place_are_errors() -> None:
    with pytest.raises(GeometryError, match="no street lies in the city"):
        weigh_streets(streets(((1000, 50), (1100, 50))), PIECES)
    with pytest.raises(GeometryError, match="no building with a floor lies in the city"):
        weigh_buildings(buildings([(box(1000, 0, 1010, 10), 2)]), PIECES)
    with pytest.raises(GeometryError, match="no building with a floor lies in the city"):
        weigh_buildings(buildings([(box(0, 0, 10, 10), 0)]), PIECES, floors="floors")


def test_another_crs_is_an_error() -> None:
    with pytest.raises(CrsError, match="EPSG:3035"):
        weigh_streets(streets(((10, 50), (30, 50))), PIECES.set_crs(32632, allow_override=True))
    with pytest.raises(CrsError, match="buildings: the CRS is EPSG:32632"):
        weigh_buildings(buildings([(box(0, 0, 10, 10), 1)]).set_crs(32632, allow_override=True), PIECES)


@pytest.mark.parametrize("floors", [-1.0, np.inf])
def test_floors_that_are_none_are_errors(floors: float) -> None:
    with pytest.raises(CountError, match="floors is negative or infinite in rows"):
        weigh_buildings(buildings([(box(0, 0, 10, 10), floors)]), PIECES, floors="floors")


def test_a_missing_column_and_an_empty_layer_are_errors() -> None:
    with pytest.raises(ColumnError, match="'levels' is missing"):
        weigh_buildings(buildings([(box(0, 0, 10, 10), 1)]), PIECES, floors="levels")
    with pytest.raises(EmptyLayerError, match="no buildings"):
        weigh_buildings(buildings([(box(0, 0, 10, 10), 1)]).iloc[:0], PIECES)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (None, "no polygons"),
        (LineString([(0, 0), (1, 1)]), "no polygons"),
        (Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), "invalid"),
    ],
)
def test_a_building_that_is_no_polygon_is_an_error(shape: BaseGeometry | None, says: str) -> None:
    with pytest.raises(GeometryError, match=says):
        weigh_buildings(buildings([(shape, 1), (box(0, 0, 10, 10), 1)]), PIECES)


def _slow_shares(ancillary: Ancillary, shape: BaseGeometry) -> NDArray[np.float64]:
    """Return the weight in each piece by one intersection after the other."""
    weight = np.zeros(ancillary.n_pieces)
    for piece, part, density in zip(ancillary.piece, ancillary.geometry, ancillary.density, strict=True):
        shared = part.intersection(shape)
        weight[piece] += density * (shared.length if ancillary.is_lines else shared.area)
    return weight


place = st.tuples(st.floats(-20, 420), st.floats(-20, 120))
lines = st.lists(st.tuples(place, place).filter(lambda ends: math.dist(*ends) > 1), min_size=1, max_size=8)
boxes = st.builds(lambda at, w, h: box(at[0], at[1], at[0] + w, at[1] + h), place, st.floats(1, 150), st.floats(1, 150))
houses = st.lists(st.tuples(boxes, st.integers(1, 9)), min_size=1, max_size=8)
INSIDE: Line = ((5.0, 5.0), (390.0, 90.0))
HOME = (box(5, 5, 390, 90), 1)


@given(lines, houses, boxes, place, st.floats(1, 150))
def test_shares_are_those_of_slow_overlaps(
    some: list[Line], homes: list[tuple[BaseGeometry, int]], shape: Polygon, centre: tuple[float, float], radius_m: float
) -> None:
    disc = Point(centre).buffer(radius_m, quad_segs=2000)
    for ancillary in (
        weigh_streets(streets(*some, INSIDE), PIECES),
        weigh_buildings(buildings([*homes, HOME]), PIECES, floors="floors"),
    ):
        for shared, slow in (
            (share_in_polygons(ancillary, np.array([shape])), _slow_shares(ancillary, shape)),
            (share_in_discs(ancillary, np.array([centre]), np.array([radius_m])), _slow_shares(ancillary, disc)),
        ):
            found = np.bincount(shared.piece, weights=shared.weight, minlength=4)
            # a polygon of 8,000 sides is smaller than its circle by less than a millionth
            np.testing.assert_allclose(found, slow, rtol=1e-5, atol=0.02)


@given(lines, st.lists(st.tuples(boxes, st.sampled_from([1, 2])), min_size=1, max_size=8))
def test_every_total_is_kept_in_any_order(some: list[Line], shapes: list[tuple[BaseGeometry, int]]) -> None:
    ancillary = weigh_streets(streets(*some, INSIDE), PIECES)
    sources = gpd.GeoDataFrame({"nil": [nil for _, nil in shapes]}, geometry=[shape for shape, _ in shapes], crs=CRS)
    weights = spread_sources(sources, PIECES, ancillary=ancillary).weights
    assert weights.sum(axis=1) == pytest.approx(np.ones(len(shapes)))
    assert (weights.data > 0).all()
    pairs = weights.tocoo()
    assert (sources["nil"].to_numpy()[pairs.coords[0]] == PIECES["nil"].to_numpy()[pairs.coords[1]]).all()
    order = np.random.default_rng(len(shapes)).permutation(len(shapes))
    turned = spread_sources(sources.iloc[order], PIECES, ancillary=ancillary).weights
    assert turned.toarray().tobytes() == weights.toarray()[order].tobytes()


@given(lines)
def test_no_metre_of_street_is_lost_or_counted_twice(some: list[Line]) -> None:
    found = weigh_streets(streets(*some, INSIDE), PIECES)
    city = box(0, 0, 400, 100)
    expected = sum(LineString(line).intersection(city).length for line in [*some, INSIDE])
    assert found.by_piece.sum() == pytest.approx(expected, abs=1e-4)


@pytest.mark.shared
def test_milano_is_spread_by_streets_within_seconds(
    milano_sections: gpd.GeoDataFrame, milano_pieces: gpd.GeoDataFrame, milano_streets: Network
) -> None:
    begun = time.process_time()
    ancillary = weigh_streets(milano_streets, milano_pieces)
    spread = spread_sources(milano_sections, milano_pieces, ancillary=ancillary)
    assert time.process_time() - begun < 5.0
    assert spread.weights.sum(axis=1) == pytest.approx(np.ones(6079), abs=1e-12)
    assert (spread.weights.data > 0).all()
    notes = spread.notes
    assert notes.n_by_ancillary + notes.n_without_ancillary == notes.n_by_disc + notes.n_by_polygon
    assert 200 < notes.n_without_ancillary < 350
    people = milano_sections["P1"].to_numpy(dtype=float) @ spread.weights
    assert people.sum() == pytest.approx(1_242_123 - 266)
