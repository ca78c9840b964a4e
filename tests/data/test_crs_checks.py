"""A city measures in metres, and coordinates agree with the CRS that they claim."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.crs import check_extent, name_crs, parse_crs, parse_metric_crs, to_city_crs
from data.errors import CrsError
from tests.data.tiny import TinyCity, square


def test_a_crs_in_metres_is_taken() -> None:
    assert parse_metric_crs("EPSG:3035", where="x").to_epsg() == 3035


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "the CRS is absent"),
        ("EPSG:999999", "the CRS 'EPSG:999999' is unknown"),
        ("EPSG:4326", "'WGS 84' has degrees where metres are needed"),
        ("EPSG:2263", "measures in US survey foot, not in metres"),
    ],
)
def test_another_crs_is_refused_for_a_city(text: str | None, words: str) -> None:
    with pytest.raises(CrsError, match=words):
        parse_metric_crs(text, where="x")


@pytest.mark.parametrize(
    ("bounds", "crs", "words"),
    [
        ([4e6, 2e6, 5e6, 3e6], "EPSG:4326", "are no degrees, yet the CRS is 'WGS 84'"),
        ([9.0, 45.0, 9.3, 45.5], "EPSG:3035", "look like degrees, yet the CRS is"),
    ],
)
def test_coordinates_that_contradict_their_crs_are_refused(bounds: list[float], crs: str, words: str) -> None:
    with pytest.raises(CrsError, match=words):
        check_extent(np.array(bounds), parse_crs(crs, where="x"), where="x")


def test_an_extent_of_nothing_contradicts_nothing() -> None:
    check_extent(np.full(4, np.nan), parse_crs("EPSG:3035", where="x"), where="x")


def test_a_frame_without_a_crs_is_refused() -> None:
    with pytest.raises(CrsError, match="absent"):
        to_city_crs(gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)]), "EPSG:3035", where="x")


def test_a_crs_is_named_by_its_code_where_it_has_one() -> None:
    assert name_crs(None) is None
    assert name_crs(parse_crs("EPSG:32632", where="x")) == "EPSG:32632"
    assert name_crs(parse_crs("+proj=laea +lat_0=10 +lon_0=7", where="x")) == "unknown"


def test_a_city_in_degrees_is_refused(tiny: TinyCity) -> None:
    tiny.tables["city"]["crs"] = "EPSG:4326"
    with pytest.raises(CrsError, match=r"city.crs: .*degrees where metres are needed. In Europe take EPSG:3035"):
        tiny.read()


def test_a_file_without_a_crs_takes_that_of_the_recipe(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match=r"layers.nil, nil.gpkg: the CRS is absent. Give it in the recipe"):
        tiny.read()
    tiny.layer("nil")["crs"] = "EPSG:3035"
    assert tiny.read().layers["quarters"].frame.geometry[0].equals(square(0))


def test_a_recipe_and_a_file_that_name_two_crs_are_refused(tiny: TinyCity) -> None:
    tiny.layer("nil")["crs"] = "EPSG:32632"
    with pytest.raises(CrsError, match="the recipe says EPSG:32632, the file EPSG:3035"):
        tiny.read()


def test_a_file_in_another_crs_is_brought_into_that_of_the_city(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].to_crs("EPSG:32632")
    layer = tiny.read().layers["quarters"]
    assert layer.paper.source_crs == "EPSG:32632"
    assert layer.frame.crs.to_epsg() == 3035
    assert layer.frame.area.tolist() == pytest.approx([1e6, 1e6])


def test_metres_under_a_geographic_crs_are_refused(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(CrsError, match="are no degrees, yet the CRS is 'WGS 84'"):
        tiny.read()
