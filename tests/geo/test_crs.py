from __future__ import annotations

import geopandas as gpd
import pyproj
import pytest
from shapely.geometry import Point

from data.errors import CrsError
from geo.crs import name_crs, read_crs, require_metres, to_crs

DUOMO_LON_LAT = Point(9.1919, 45.4642)
FEET = "EPSG:2225"
GEOCENTRIC = "EPSG:4978"


@pytest.mark.parametrize("crs", [3035, "EPSG:32632", pyproj.CRS(3035)])
def test_a_projected_crs_in_metres_is_returned(crs: object) -> None:
    assert require_metres(crs, where="streets") == pyproj.CRS.from_user_input(crs)


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        (None, "there is no CRS"),
        ("EPSG:0", "is not known"),
        ("nonsense", "is not known"),
        (4326, "EPSG:4326 counts in degrees"),
        (FEET, "US survey foot"),
        (GEOCENTRIC, "metres are needed"),
    ],
)
def test_a_crs_without_metres_is_an_error_that_names_the_layer(crs: object, says: str) -> None:
    with pytest.raises(CrsError, match=says) as caught:
        require_metres(crs, where="streets")
    assert caught.value.where == "streets"


def test_an_unknown_crs_chains_the_lower_error() -> None:
    with pytest.raises(CrsError) as caught:
        read_crs("nonsense", where="streets")
    assert isinstance(caught.value.__cause__, pyproj.exceptions.CRSError)


def test_a_crs_without_a_code_is_named_by_its_definition() -> None:
    assert name_crs(pyproj.CRS("+proj=laea +lat_0=45 +lon_0=9 +units=m")).startswith("+proj=laea")


def test_x_stays_east_although_the_authority_puts_north_first() -> None:
    moved = to_crs(gpd.GeoDataFrame(geometry=[DUOMO_LON_LAT], crs=4326), "EPSG:3035", where="places")
    point = moved.geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((4_258_500, 2_483_900), abs=1500)
    assert name_crs(moved.crs) == "EPSG:3035"


def test_a_layer_in_the_crs_asked_for_comes_back_as_it_is() -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(4_258_500, 2_483_900)], crs=3035)
    assert to_crs(frame, 3035, where="places") is frame


def test_a_layer_without_crs_is_an_error() -> None:
    with pytest.raises(CrsError, match="no CRS"):
        to_crs(gpd.GeoDataFrame(geometry=[DUOMO_LON_LAT]), 3035, where="places")


def test_degrees_under_a_projected_crs_are_an_error() -> None:
    with pytest.raises(CrsError, match="look like degrees"):
        to_crs(gpd.GeoDataFrame(geometry=[DUOMO_LON_LAT], crs=32632), 3035, where="places")


def test_metres_under_a_geographic_crs_are_an_error() -> None:
    with pytest.raises(CrsError, match="are no degrees"):
        to_crs(gpd.GeoDataFrame(geometry=[Point(515_000, 5_034_000)], crs=4326), 3035, where="places")


def test_one_point_in_metres_is_enough_to_be_no_degrees() -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(0, 0), Point(515_000, 5_034_000)], crs=32632)
    assert len(to_crs(frame, 3035, where="places")) == 2


def test_a_coordinate_without_a_place_in_the_new_crs_is_an_error_that_names_its_row() -> None:
    frame = gpd.GeoDataFrame(geometry=[DUOMO_LON_LAT, Point(-170, -52)], crs=4326, index=["duomo", "antipodes"])
    with pytest.raises(CrsError, match="no place in EPSG:3035") as caught:
        to_crs(frame, 3035, where="places")
    assert caught.value.examples == ("antipodes",)


def test_empty_and_missing_geometries_are_kept() -> None:
    frame = gpd.GeoDataFrame(geometry=[None, Point()], crs=4326)
    assert len(to_crs(frame, 3035, where="places")) == 2
    assert to_crs(frame.iloc[:0], 3035, where="places").empty
