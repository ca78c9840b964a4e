"""Quarters and districts: valid polygons of one CRS with whole ids, that do not lie over one another."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.clean.areas import check_overlaps, repair_polygons
from data.errors import ColumnError, EmptyLayerError, FaultsError, GeometryError, IdError
from tests.data.tiny import CRS, EAST, NORTH, TinyCity, point, square


def _quarters(tiny: TinyCity) -> gpd.GeoDataFrame:
    frame = tiny.read().layers["quarters"].frame
    assert isinstance(frame, gpd.GeoDataFrame)
    return frame


def _bow_tie(east: float) -> shapely.Polygon:
    """Return two triangles of a quarter of a square kilometre each that share a corner, as one invalid ring."""
    corners = [(0, 0), (1000, 1000), (1000, 0), (0, 1000)]
    return shapely.Polygon([(EAST + east + x, NORTH + y) for x, y in corners])


def test_quarters_have_their_fixed_columns_sorted_by_id(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].iloc[::-1]
    frame = _quarters(tiny)
    assert list(frame.columns) == ["nil", "name", "geometry"]
    assert frame["nil"].tolist() == [7, 9]
    assert frame["nil"].dtype == np.int64


def test_extra_columns_keep_numbers_as_numbers_and_texts_as_text(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].assign(size=[1.5, 2.5], old=["A", None])
    tiny.layer("nil")["columns"] |= {"size_km2": "size", "former_name": "old"}
    frame = _quarters(tiny)
    assert frame["size_km2"].tolist() == [1.5, 2.5]
    assert frame["former_name"].fillna("none").tolist() == ["A", "none"]


def test_a_quarter_without_a_name_is_called_by_its_id(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].assign(nil=["Alfa", None])
    assert _quarters(tiny)["name"].tolist() == ["Alfa", "9"]


def test_a_missing_column_names_the_nearest(tiny: TinyCity) -> None:
    tiny.layer("nil")["id"] = "id_nill"
    with pytest.raises(ColumnError, match=r"'id_nill' is missing. Did you mean 'id_nil'"):
        tiny.read()


@pytest.mark.parametrize("target", ["nil", "geometry"])
def test_an_extra_column_may_not_take_a_fixed_name(tiny: TinyCity, target: str) -> None:
    tiny.layer("nil")["columns"] = {target: "nil"}
    with pytest.raises(ColumnError, match=f"columns of these names stand for themselves .*{target}"):
        tiny.read()


def test_keep_leaves_rows_out(tiny: TinyCity) -> None:
    tiny.layer("districts")["keep"] = {"name": ["Ovest"]}
    with pytest.raises(FaultsError, match="expected are 2, found 1"):
        tiny.read()


def test_keep_that_leaves_nothing_is_told(tiny: TinyCity) -> None:
    tiny.layer("nil")["keep"] = {"nil": ["Gamma"]}
    with pytest.raises(EmptyLayerError, match=r"layers.nil, nil.gpkg: no row is left. Look at the conditions of 'keep'"):
        tiny.read()


def test_ids_that_repeat_are_told(tiny: TinyCity) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].assign(id_nil=7)
    with pytest.raises(IdError, match="ids repeat"):
        tiny.read()


def test_faults_of_ids_and_of_geometries_come_at_once(tiny: TinyCity) -> None:
    frame = tiny.frames["nil.gpkg"].assign(id_nil=7)
    tiny.frames["nil.gpkg"] = frame.set_geometry([square(0), None]).set_crs(CRS, allow_override=True)
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert {type(fault) for fault in caught.value.faults} == {IdError, GeometryError}


@pytest.mark.parametrize("spoilt", [None, shapely.Polygon()])
def test_an_absent_or_empty_geometry_is_told(tiny: TinyCity, spoilt: shapely.Geometry | None) -> None:
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].set_geometry([square(0), spoilt]).set_crs(CRS, allow_override=True)
    with pytest.raises(GeometryError, match=r"geometries are absent or empty \(1: row 2\)"):
        tiny.read()


def test_points_in_place_of_polygons_are_told(tiny: TinyCity) -> None:
    points = [point(1, 1), point(2, 2)]
    tiny.frames["nil.gpkg"] = tiny.frames["nil.gpkg"].set_geometry(points).set_crs(CRS, allow_override=True)
    with pytest.raises(GeometryError, match=r"geometries are no polygons \(2: row 1, row 2\)"):
        tiny.read()


def test_an_invalid_polygon_is_repaired_and_noted(tiny: TinyCity) -> None:
    frame = tiny.frames["nil.gpkg"].set_geometry([square(0), _bow_tie(1000)]).set_crs(CRS, allow_override=True)
    tiny.frames["nil.gpkg"] = frame
    tiny.tables["city"]["expect"]["area_km2"] = 1.5
    del tiny.tables["layers"]["districts"], tiny.tables["city"]["expect"]["districts"]
    layer = tiny.read().layers["quarters"]
    assert layer.frame.geometry.is_valid.all()
    assert layer.frame.area.tolist() == [1e6, 5e5]
    assert layer.notes == ("nil: invalid polygons, repaired: 1 (9)",)


def test_a_repair_leaves_areas_only() -> None:
    spike = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (0, -3), (0, 0)])
    repaired = repair_polygons(np.array([spike, square(0)], dtype=object))
    assert [one.geom_type for one in repaired] == ["Polygon", "Polygon"]
    assert repaired[0].area == 16


def test_quarters_that_overlap_are_told_with_their_areas(tiny: TinyCity) -> None:
    frame = tiny.frames["nil.gpkg"].set_geometry([square(0), square(998)]).set_crs(CRS, allow_override=True)
    tiny.frames["nil.gpkg"] = frame
    with pytest.raises(GeometryError, match=r"nil.gpkg: polygons overlap \(1: 7 and 9 share 2,000 m²\)"):
        tiny.read()


def test_quarters_may_overlap_by_a_sliver(tiny: TinyCity) -> None:
    frame = tiny.frames["nil.gpkg"].set_geometry([square(0), square(1000 - 0.0009)]).set_crs(CRS, allow_override=True)
    tiny.frames["nil.gpkg"] = frame
    assert len(_quarters(tiny)) == 2


def test_districts_that_overlap_by_a_little_are_noted(tiny: TinyCity) -> None:
    frame = tiny.frames["districts.gpkg"].set_geometry([square(0), square(999.95)]).set_crs(CRS, allow_override=True)
    tiny.frames["districts.gpkg"] = frame
    notes = tiny.read().layers["districts"].notes
    assert notes[0] == "districts: polygons that overlap by slivers: 1 and 2 share 50 m²"


def test_districts_that_overlap_by_more_are_told(tiny: TinyCity) -> None:
    frame = tiny.frames["districts.gpkg"].set_geometry([square(0), square(990)]).set_crs(CRS, allow_override=True)
    tiny.frames["districts.gpkg"] = frame
    with pytest.raises(GeometryError, match=r"districts.gpkg: polygons overlap"):
        tiny.read()


def test_the_largest_overlap_comes_first() -> None:
    frame = gpd.GeoDataFrame({"nil": [1, 2, 3]}, geometry=[square(0), square(990), square(-900)], crs=CRS)
    with pytest.raises(GeometryError) as caught:
        check_overlaps(frame, "nil", limit_m2=1, where="x")
    assert caught.value.examples == ("1 and 3 share 100,000 m²", "1 and 2 share 10,000 m²")


def test_without_an_outline_it_is_the_union_of_the_quarters(tiny: TinyCity) -> None:
    layer = tiny.read().layers["boundary"]
    assert layer.notes == ("the outline is the union of the quarters",)
    assert layer.frame.area.tolist() == [2e6]


def test_an_outline_of_its_own_is_kept(tiny: TinyCity) -> None:
    tiny.frames["city.gpkg"] = gpd.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=[shapely.box(EAST, NORTH, EAST + 2000, NORTH + 990), square(9000)], crs=CRS
    )
    table = {**tiny.layer("nil"), "role": "boundary", "file": "city.gpkg", "layer": "city", "keep": {"name": ["a"]}}
    tiny.tables["layers"]["outline"] = {key: value for key, value in table.items() if key not in ("id", "columns")}
    layer = tiny.read().layers["boundary"]
    assert layer.frame.area.tolist() == [1.98e6]
    assert layer.notes[0].startswith("outline: the ground differs from that of the quarters by 20,000 m²")


def test_an_outline_of_another_city_is_told(tiny: TinyCity) -> None:
    tiny.frames["city.gpkg"] = gpd.GeoDataFrame({"name": ["a"]}, geometry=[square(500_000)], crs=CRS)
    table = {**tiny.layer("nil"), "role": "boundary", "file": "city.gpkg", "layer": "city"}
    tiny.tables["layers"]["outline"] = {key: value for key, value in table.items() if key not in ("id", "columns")}
    with pytest.raises(GeometryError, match=r"layers.outline: the ground differs from that of the quarters by 150.0%"):
        tiny.read()


def test_districts_of_another_city_are_told(tiny: TinyCity) -> None:
    frame = tiny.frames["districts.gpkg"]
    moved = [square(500_000), square(501_000)]
    tiny.frames["districts.gpkg"] = frame.set_geometry(moved).set_crs(CRS, allow_override=True)
    with pytest.raises(GeometryError, match=r"layers.districts: the ground differs"):
        tiny.read()


@given(st.permutations(range(5)))
def test_overlaps_do_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    frame = gpd.GeoDataFrame({"nil": range(5)}, geometry=[square(east * 950) for east in range(5)], crs=CRS)
    with pytest.raises(GeometryError) as caught:
        check_overlaps(frame.iloc[order], "nil", limit_m2=1, where="x")
    assert caught.value.n == 4
