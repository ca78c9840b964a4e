from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from data.errors import ColumnError, CountError, CrsError, EmptyLayerError, FaultsError, GeometryError, IdError
from geo.grid import build_grid, build_pieces
from geo.interpolate import Spread, SpreadNotes, spread_sources

DISC_M2 = math.pi * 10**2


def build(rows: list[tuple[BaseGeometry | None, object, float]], *, crs: object = 3035) -> gpd.GeoDataFrame:
    shapes, nils, areas_m2 = ([row[i] for row in rows] for i in range(3))
    return gpd.GeoDataFrame({"nil": nils, "area_m2": areas_m2}, geometry=shapes, crs=crs)


@pytest.fixture(scope="module")
def pieces() -> gpd.GeoDataFrame:
    """Return two quarters of two cells each: 1 in the west (pieces 0, 1), 2 in the east (pieces 2, 3)."""
    return two_quarters()


def two_quarters() -> gpd.GeoDataFrame:
    quarters = gpd.GeoDataFrame({"nil": [1, 2]}, geometry=[box(0, 0, 200, 100), box(200, 0, 400, 100)], crs=3035)
    return build_pieces(build_grid(box(0, 0, 400, 100), crs=3035), quarters)


def rows_of(spread: Spread) -> list[list[float]]:
    return [[pytest.approx(value, abs=1e-12) for value in row] for row in spread.weights.toarray()]


def test_a_disc_is_shared_by_area(pieces: gpd.GeoDataFrame) -> None:
    spread = spread_sources(build([(Point(100, 50), 1, DISC_M2), (Point(50, 50), 1, DISC_M2)]), pieces)
    assert rows_of(spread) == [[0.5, 0.5, 0, 0], [1, 0, 0, 0]]
    assert spread.notes == SpreadNotes(2, 0, 0, 0, 0)


def test_people_stay_in_their_own_quarter_wherever_the_disc_lies(pieces: gpd.GeoDataFrame) -> None:
    on_the_line = Point(200, 50)
    spread = spread_sources(build([(on_the_line, 1, DISC_M2), (on_the_line, 2, DISC_M2)]), pieces)
    assert rows_of(spread) == [[0, 1, 0, 0], [0, 0, 1, 0]]


def test_a_disc_is_a_true_circle(pieces: gpd.GeoDataFrame) -> None:
    spread = spread_sources(build([(Point(95, 50), 1, DISC_M2)]), pieces)
    beyond = 1 / 3 - math.sqrt(3) / (4 * math.pi)  # the segment past half the radius
    assert [[1 - beyond, beyond, 0, 0]] == rows_of(spread)


def test_a_polygon_is_shared_by_area(pieces: gpd.GeoDataFrame) -> None:
    spread = spread_sources(build([(box(80, 0, 110, 30), 1, np.nan)]), pieces)
    assert rows_of(spread) == [[2 / 3, 1 / 3, 0, 0]]
    assert spread.notes == SpreadNotes(0, 1, 0, 0, 0)


@pytest.mark.parametrize("area_m2", [np.nan, 0.0, None])
def test_a_point_without_area_goes_whole_to_the_nearest_piece_of_its_quarter(pieces: gpd.GeoDataFrame, area_m2: float) -> None:
    spread = spread_sources(build([(Point(30, 50), 2, area_m2), (Point(30, 50), 1, area_m2)]), pieces)
    assert rows_of(spread) == [[0, 0, 1, 0], [1, 0, 0, 0]]
    assert spread.notes == SpreadNotes(0, 0, 2, 0, 0)


def test_of_equally_near_pieces_the_first_counts(pieces: gpd.GeoDataFrame) -> None:
    assert rows_of(spread_sources(build([(Point(100, 150), 1, 0.0)]), pieces)) == [[1, 0, 0, 0]]


def test_a_source_that_misses_its_quarter_goes_whole_to_its_nearest_piece(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(Point(30, 50), 2, DISC_M2), (box(10, 10, 20, 20), 2, np.nan), (Point(190, 50), 2, DISC_M2)])
    spread = spread_sources(sources, pieces)
    assert rows_of(spread) == [[0, 0, 1, 0]] * 3
    assert spread.notes == SpreadNotes(0, 0, 0, 2, 1)


def test_sources_may_be_points_and_polygons_at_once(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(box(0, 0, 200, 100), 1, np.nan), (Point(300, 50), 2, DISC_M2), (Point(1, 1), 1, 0.0)])
    spread = spread_sources(sources, pieces)
    assert rows_of(spread) == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], [1, 0, 0, 0]]
    assert spread.notes == SpreadNotes(1, 1, 1, 0, 0)


def test_the_columns_may_have_other_names(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(Point(100, 50), 1, DISC_M2)]).rename(columns={"nil": "quarter", "area_m2": "m2"})
    spread = spread_sources(sources, pieces.rename(columns={"nil": "quarter"}), quarter="quarter", area="m2")
    assert rows_of(spread) == [[0.5, 0.5, 0, 0]]


def test_polygons_need_no_area(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(box(0, 0, 200, 100), 1, np.nan)]).drop(columns="area_m2")
    assert rows_of(spread_sources(sources, pieces)) == [[0.5, 0.5, 0, 0]]


def test_quarters_may_be_names(pieces: gpd.GeoDataFrame) -> None:
    named = pieces.assign(nil=pieces["nil"].map({1: "west", 2: "east"}))
    assert rows_of(spread_sources(build([(Point(210, 50), "east", DISC_M2)]), named)) == [[0, 0, 1, 0]]


def test_no_sources_give_no_rows(pieces: gpd.GeoDataFrame) -> None:
    spread = spread_sources(build([(Point(100, 50), 1, DISC_M2)]).iloc[:0], pieces)
    assert spread.weights.shape == (0, 4)
    assert spread.notes == SpreadNotes(0, 0, 0, 0, 0)


def test_a_quarter_without_a_piece_is_an_error_that_lists_it(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(Point(0, 0), 9, 1.0), (Point(0, 0), 9, 1.0), (Point(0, 0), 7, 1.0), (Point(0, 0), 1, 1.0)])
    with pytest.raises(IdError, match="3 sources lie in quarters without a piece") as caught:
        spread_sources(sources, pieces)
    assert caught.value.examples == ("7", "9")


def test_a_source_without_a_quarter_is_an_error(pieces: gpd.GeoDataFrame) -> None:
    with pytest.raises(IdError, match="nil is missing"):
        spread_sources(build([(Point(0, 0), np.nan, 1.0), (Point(0, 0), 1, 1.0)]), pieces)


@pytest.mark.parametrize("area_m2", [-1.0, np.inf])
def test_an_area_that_is_no_area_is_an_error(pieces: gpd.GeoDataFrame, area_m2: float) -> None:
    with pytest.raises(CountError, match="negative or infinite"):
        spread_sources(build([(Point(0, 0), 1, area_m2)]), pieces)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (None, "missing, empty"),
        (Point(), "missing, empty"),
        (LineString([(0, 0), (1, 1)]), "neither points nor polygons"),
        (Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), "invalid"),
    ],
)
def test_a_source_that_is_no_place_is_an_error(pieces: gpd.GeoDataFrame, shape: BaseGeometry, says: str) -> None:
    with pytest.raises(GeometryError, match=says):
        spread_sources(build([(shape, 1, 1.0), (Point(5, 5), 1, 1.0)]), pieces)


def test_missing_columns_are_errors(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(Point(0, 0), 1, 1.0)])
    with pytest.raises(ColumnError, match=r"sources: the column 'nil'"):
        spread_sources(sources.drop(columns="nil"), pieces)
    with pytest.raises(ColumnError, match=r"sources: the column 'area_m2'"):
        spread_sources(sources.drop(columns="area_m2"), pieces)
    with pytest.raises(ColumnError, match=r"pieces: the column 'nil'"):
        spread_sources(sources, pieces.drop(columns="nil"))


def test_another_crs_is_an_error(pieces: gpd.GeoDataFrame) -> None:
    with pytest.raises(CrsError, match="sources: the CRS is EPSG:32632"):
        spread_sources(build([(Point(0, 0), 1, 1.0)], crs=32632), pieces)
    with pytest.raises(CrsError, match="degrees"):
        spread_sources(build([(Point(0, 0), 1, 1.0)], crs=4326), pieces.set_crs(4326, allow_override=True))


def test_no_pieces_are_an_error(pieces: gpd.GeoDataFrame) -> None:
    with pytest.raises(EmptyLayerError, match="no pieces"):
        spread_sources(build([(Point(0, 0), 1, 1.0)]), pieces.iloc[:0])


def test_all_faults_of_the_sources_are_told_at_once(pieces: gpd.GeoDataFrame) -> None:
    sources = build([(Point(0, 0), 9, -1.0), (Point(), np.nan, 1.0)])
    with pytest.raises(FaultsError) as caught:
        spread_sources(sources, pieces)
    assert [type(fault) for fault in caught.value.faults] == [IdError, IdError, GeometryError, CountError]


x_m, y_m = st.floats(-50, 450), st.floats(-50, 150)
discs = st.tuples(st.builds(Point, x_m, y_m), st.sampled_from([1, 2]), st.floats(0, 90_000))
boxes = st.builds(lambda x, y, w, h: box(x, y, x + w, y + h), x_m, y_m, st.floats(1, 300), st.floats(1, 300))
polygons = st.tuples(boxes, st.sampled_from([1, 2]), st.just(float("nan")))
PIECES = two_quarters()


@given(st.lists(st.one_of(discs, polygons), min_size=1, max_size=12))
def test_every_total_is_kept_in_any_order(rows: list[tuple[BaseGeometry, object, float]]) -> None:
    sources = build(rows)
    counts = np.arange(1.0, len(rows) + 1)
    weights = spread_sources(sources, PIECES).weights
    assert weights.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert (weights.data > 0).all()
    pairs = weights.tocoo()
    assert (sources["nil"].to_numpy()[pairs.coords[0]] == PIECES["nil"].to_numpy()[pairs.coords[1]]).all()
    people = pd.Series(counts @ weights).groupby(PIECES["nil"]).sum()
    expected = pd.Series(counts).groupby(sources["nil"]).sum()
    assert people.reindex(expected.index).to_numpy() == pytest.approx(expected.to_numpy())
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    turned = spread_sources(sources.iloc[order], PIECES).weights
    assert turned.toarray().tobytes() == weights.toarray()[order].tobytes()


@pytest.mark.shared
def test_sections_and_quarters_of_milano_keep_their_totals_at_once(
    milano_sections: gpd.GeoDataFrame, milano_pieces: gpd.GeoDataFrame
) -> None:
    spread = spread_sources(milano_sections, milano_pieces)
    assert spread.weights.shape == (6079, len(milano_pieces))
    assert spread.weights.sum(axis=1) == pytest.approx(np.ones(6079), abs=1e-12)
    assert (spread.weights.data > 0).all()
    people = milano_sections["P1"].to_numpy(dtype=float) @ spread.weights
    by_nil = pd.Series(people).groupby(milano_pieces["nil"]).sum()
    expected = milano_sections.groupby("nil")["P1"].sum()
    assert by_nil.reindex(expected.index).to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-6)
    assert people.sum() == pytest.approx(1_242_123 - 266)
    assert spread.notes.n_nearest_without_area == 3
    assert spread.notes.n_by_disc + spread.notes.n_nearest_disc_outside == 6076


@pytest.mark.shared
def test_true_circles_and_polygons_of_many_sides_agree_in_milano(
    milano_sections: gpd.GeoDataFrame, milano_pieces: gpd.GeoDataFrame
) -> None:
    some = milano_sections[milano_sections["area_m2"].notna()].iloc[::20]
    radius_m = np.sqrt(some["area_m2"].to_numpy() / np.pi)
    circles = some.set_geometry(shapely.buffer(some.geometry.to_numpy(), radius_m, quad_segs=256))
    away = spread_sources(some, milano_pieces).weights - spread_sources(circles, milano_pieces).weights
    assert abs(away).max() < 1e-3


@pytest.mark.shared
def test_the_spread_of_milano_is_the_same_to_the_byte(
    milano_sections: gpd.GeoDataFrame, milano_pieces: gpd.GeoDataFrame
) -> None:
    first, second = (spread_sources(milano_sections, milano_pieces).weights for _ in range(2))
    assert first.data.tobytes() == second.data.tobytes()
    assert first.indices.tobytes() == second.indices.tobytes()
