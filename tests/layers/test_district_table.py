"""Districts count their own people: by the pieces that lie in them, with those who have no place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.grid import build_grid
from geo.traveltimes import TravelTimes
from layers.district_table import district_table
from layers.people import People, build_people
from layers.tables import nearest_by_variant, quarter_table
from tests.layers.conftest import CRS, EAST, GROUPS, NORTH

VARIANTS = {"before": ["JOB"], "best": ["JOB", "LIB"]}
STANDARD_MIN = 100 / 60


@pytest.fixture(scope="module")
def three() -> gpd.GeoDataFrame:
    """Return districts that cut the quarter in the west, one that holds the east, and one where nobody lives."""
    ends = [(0, 200), (200, 500), (500, 1000), (2000, 2100)]
    shapes = [shapely.box(EAST + west, NORTH, EAST + east, NORTH + 500) for west, east in ends]
    names = {"district": [1, 2, 3, 4], "name": ["First", "Second", "Third", "Field"]}
    return gpd.GeoDataFrame(names, geometry=shapes, crs=CRS)


@pytest.fixture(scope="module")
def town(census: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, three: gpd.GeoDataFrame) -> People:
    grid = build_grid(quarters.union_all(), crs=CRS)
    rows = census.assign(district=[1, 1, 3, 3])
    made, _ = build_people(rows, grid, quarters=quarters, districts=three, groups=GROUPS)
    return made


@pytest.fixture(scope="module")
def table(town: People, three: gpd.GeoDataFrame, times: TravelTimes) -> gpd.GeoDataFrame:
    seconds = nearest_by_variant(times, VARIANTS)
    made = district_table(town, three, seconds, groups=["residents", "unemployed"], standard_min=STANDARD_MIN)
    return made.set_index("district")


def test_a_district_counts_the_people_of_its_pieces_and_those_without_a_place(table: gpd.GeoDataFrame) -> None:
    # 100 people in column 0, 30 each in columns 1 and 2, 40 in column 5, 5 of the eastern quarter without a place
    assert table["residents"].to_dict() == pytest.approx({1: 130.0, 2: 30.0, 3: 45.0, 4: 0.0})
    assert table["reached_before_residents"].to_dict() == pytest.approx({1: 130.0, 2: 0.0, 3: 0.0, 4: 0.0})
    assert table["reached_best_residents"].to_dict() == pytest.approx({1: 130.0, 2: 0.0, 3: 40.0, 4: 0.0})


def test_a_share_is_of_all_its_people_and_unknown_where_nobody_lives(table: gpd.GeoDataFrame) -> None:
    assert table["share_best_residents"].drop(4).to_dict() == pytest.approx({1: 1.0, 2: 0.0, 3: 40 / 45})
    assert np.isnan(table.loc[4, "share_best_residents"])


def test_districts_and_quarters_have_the_same_people(
    town: People, quarters: gpd.GeoDataFrame, times: TravelTimes, table: gpd.GeoDataFrame
) -> None:
    seconds = nearest_by_variant(times, VARIANTS)
    groups = ["residents", "unemployed"]
    by_quarter = quarter_table(town, quarters, seconds, groups=groups, need={"residents": 1.0}, standard_min=STANDARD_MIN)
    for column in (*groups, "reached_before_residents", "reached_best_unemployed"):
        assert table[column].sum() == pytest.approx(by_quarter[column].sum())


def test_names_and_outlines_stay(three: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> None:
    assert table["name"].tolist() == three["name"].tolist()
    assert table.crs == three.crs
    assert shapely.equals(table.geometry.to_numpy(), three.geometry.to_numpy()).all()


def test_a_city_without_districts_has_no_figures_of_them(town: People, three: gpd.GeoDataFrame, times: TravelTimes) -> None:
    seconds = nearest_by_variant(times, VARIANTS)
    made = district_table(town, three.iloc[:0], seconds, groups=["residents"], standard_min=30.0)
    assert made.empty
    assert list(made.columns) == ["district", "name", "geometry"]
