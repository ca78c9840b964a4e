"""Buildings of a recipe: footprints with floors, in the city, with every fault told by its row."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import ColumnError, CountError, CrsError, EmptyLayerError, FaultsError, GeometryError, RecipeError
from tests.data.tiny import CRS, PAPER, TinyCity, point, square


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    """Return the tiny city with buildings: four in it, one with unknown floors and one with none, and one far away."""
    tiny.layer("sections")["spread"] = "buildings"
    tiny.tables["layers"]["houses"] = {"role": "buildings", "file": "houses.gpkg", "floors": "levels", **PAPER}
    shapes = [square(10, 10, 20), square(50, 50, 10), square(1100, 500, 30), square(1900, 0, 20), square(9000, 0, 20)]
    rows = {"levels": [3, None, 0, 2.5, 9], "use": ["home", "home", "shed", "home", "home"]}
    tiny.frames["houses.gpkg"] = gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)
    return tiny


def _houses(city: TinyCity) -> pd.DataFrame:
    return city.read().layers["buildings"].frame


def test_buildings_in_the_city_are_kept_with_their_floors(city: TinyCity) -> None:
    layer = city.read().layers["buildings"]
    assert layer.frame["floors"].tolist() == pytest.approx([3, np.nan, 0, 2.5], nan_ok=True)
    assert list(layer.frame.columns) == ["floors", "geometry"]
    assert layer.notes == (
        "houses: buildings outside the city, left out: 1",
        "houses: buildings without a number of floors, which count with one: 1 of 4",
        "houses: buildings with 0 floors, in which nobody lives: 1",
    )


def test_without_a_column_of_floors_that_is_said(city: TinyCity) -> None:
    del city.layer("houses")["floors"]
    layer = city.read().layers["buildings"]
    assert layer.frame["floors"].isna().all()
    assert layer.notes[1] == "houses: every building counts with one floor: the recipe names no column of floors"


def test_only_buildings_of_a_use_may_be_kept(city: TinyCity) -> None:
    city.layer("houses")["keep"] = {"use": ["home"]}
    assert len(_houses(city)) == 3
    city.layer("houses")["keep"] = {"use": ["castle"]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        city.read()


def test_an_invalid_building_is_repaired_and_told(city: TinyCity) -> None:
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    frame = city.frames["houses.gpkg"]
    moved = shapely.transform(bow, lambda xy: xy + np.array([4_270_100, 2_480_100]))
    city.frames["houses.gpkg"] = frame.set_geometry([moved, *frame.geometry[1:]], crs=CRS)
    layer = city.read().layers["buildings"]
    assert layer.frame.geometry.is_valid.all()
    assert "houses: invalid polygons, repaired: 1 (row 1)" in layer.notes


@pytest.mark.parametrize(
    ("value", "words"), [(-2.0, "values are negative .*levels in row 2: -2"), ("many", "values are no numbers .*row 2: many")]
)
def test_wrong_floors_are_told_by_their_row(city: TinyCity, value: object, words: str) -> None:
    frame = city.frames["houses.gpkg"]
    city.frames["houses.gpkg"] = frame.assign(levels=pd.Series([3, value, 0, 2.5, 9]).astype(str))
    with pytest.raises(CountError, match=words):
        city.read()


def test_faults_of_floors_and_of_geometries_come_at_once(city: TinyCity) -> None:
    frame = city.frames["houses.gpkg"].assign(levels=[3, -1, 0, 2, 9])
    city.frames["houses.gpkg"] = frame.set_geometry([point(10, 10), *frame.geometry[1:]], crs=CRS)
    with pytest.raises(FaultsError) as caught:
        city.read()
    assert [type(fault) for fault in caught.value.faults] == [CountError, GeometryError]


def test_a_missing_column_is_told(city: TinyCity) -> None:
    city.layer("houses")["floors"] = "level"
    with pytest.raises(ColumnError, match=r"'level' is missing\. Did you mean 'levels'"):
        city.read()


def test_buildings_of_another_city_are_told(city: TinyCity) -> None:
    frame = city.frames["houses.gpkg"]
    city.frames["houses.gpkg"] = frame.set_geometry(frame.translate(50_000))
    with pytest.raises(GeometryError, match="no building lies in the city"):
        city.read()


def test_buildings_in_another_crs_are_moved_and_without_one_refused(city: TinyCity) -> None:
    whole = _houses(city).geometry
    (city.folder / "houses.gpkg").unlink()
    city.frames["houses.gpkg"] = city.frames["houses.gpkg"].to_crs(32632)
    assert _houses(city).geometry.geom_equals_exact(whole, tolerance=1e-3).all()
    (city.folder / "houses.gpkg").unlink()
    city.frames["houses.gpkg"] = city.frames["houses.gpkg"].set_crs(None, allow_override=True)
    with pytest.raises(CrsError):
        city.read()


def test_a_file_of_buildings_has_polygons(city: TinyCity) -> None:
    city.layer("houses")["file"] = "houses.csv"
    with pytest.raises(RecipeError, match="needs polygons or lines"):
        city.recipe()


def test_buildings_and_the_way_of_the_census_must_agree(city: TinyCity) -> None:
    city.layer("sections")["spread"] = "streets"
    with pytest.raises(RecipeError, match="the layer of buildings has no effect: the census is spread by 'streets'"):
        city.recipe()
    city.layer("sections")["spread"] = "buildings"
    del city.tables["layers"]["houses"]
    with pytest.raises(RecipeError, match="spread = 'buildings', but no layer has that role"):
        city.recipe()


def test_a_recipe_has_one_layer_of_buildings(city: TinyCity) -> None:
    city.tables["layers"]["more"] = dict(city.layer("houses"))
    with pytest.raises(RecipeError, match="several layers have the role 'buildings'"):
        city.recipe()
