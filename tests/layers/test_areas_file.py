"""Files of areas: polygons or lists of quarters, and every way in which they cannot be what they should."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.errors import ColumnError, CrsError, FileError, GeometryError, IdError, PlannerError
from layers.areas_file import Areas, read_areas
from tests.layers.conftest import square


def write(folder: Path, shapes: dict[str, shapely.Geometry], crs: str | None, *, name: str = "areas.gpkg") -> Path:
    path = folder / name
    gpd.GeoDataFrame({"area": list(shapes)}, geometry=list(shapes.values()), crs=crs).to_file(path)
    return path


def read_text(folder: Path, text: str, quarters: gpd.GeoDataFrame) -> Areas:
    path = folder / "areas.csv"
    path.write_text(text, encoding="utf-8")
    return read_areas(path, quarters)


def test_polygons_come_into_the_crs_of_the_city(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    shapes = {"low": square(0, 0, size_m=200.0), "high": square(0, 2, size_m=300.0)}
    moved = gpd.GeoSeries(shapes, crs=quarters.crs).to_crs("EPSG:4326")
    areas = read_areas(write(tmp_path, dict(moved.items()), "EPSG:4326"), quarters)
    assert areas.names == ("high", "low")
    assert areas.shapes["low"].area == pytest.approx(40_000, rel=1e-3)
    assert areas.members == {}


def test_polygons_of_one_name_are_one_area(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    path = tmp_path / "areas.geojson"
    frame = gpd.GeoDataFrame({"area": ["one", "one"]}, geometry=[square(0, 0), square(3, 3)], crs=quarters.crs)
    frame.to_crs("EPSG:4326").to_file(path)
    assert read_areas(path, quarters).shapes["one"].area == pytest.approx(20_000, rel=1e-3)


def test_lists_name_quarters_by_id_or_name(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    assert read_text(tmp_path, "area,id_nil\nboth,1\nboth,2\n", quarters).members == {"both": frozenset({1, 2})}
    by_name = read_text(tmp_path, "area;nil\nw;WEST\ne;eas\n", quarters)
    assert by_name.members == {"e": frozenset({2}), "w": frozenset({1})}


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("zone,id_nil\na,1\n", ColumnError, "area"),
        ("area,quarter\na,1\n", ColumnError, "no column names the quarter"),
        ("area,id_nil\na,1\nb,7\n", IdError, r"rows find no quarter of the city \(1: row 2: '7' is no quarter\)"),
        ("area,id_nil\na,1\nb,1\n", IdError, r"quarters lie in two areas \(1: 1\)"),
        ("area,id_nil\n,1\n", IdError, r"areas have no name, in rows \(1: 1\)"),
        ("area,id_nil\nNord,1\nNORD,2\n", IdError, "differ in case, accents or punctuation alone"),
    ],
)
def test_lists_that_cannot_be_are_refused(
    tmp_path: Path, quarters: gpd.GeoDataFrame, text: str, kind: type[PlannerError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        read_text(tmp_path, text, quarters)


def test_areas_beside_the_city_are_named(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    shapes = {"here": square(0, 0), "far": square(5000, 0)}
    with pytest.raises(GeometryError, match=r"areas do not overlap the city \(1: far\).*Look at the CRS"):
        read_areas(write(tmp_path, shapes, "EPSG:3035"), quarters)


def test_areas_that_overlap_one_another_are_both_named(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    shapes = {"a": square(0, 0, size_m=200.0), "b": square(1, 1, size_m=200.0)}
    with pytest.raises(GeometryError, match=r"areas overlap one another.*a and b"):
        read_areas(write(tmp_path, shapes, "EPSG:3035"), quarters)


def test_borders_that_are_drawn_apart_by_slivers_are_taken(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    _, south, east, north = square(0, 0).bounds
    shapes = {"a": square(0, 0), "b": shapely.box(east - 0.5, south, east + 100, north)}
    assert read_areas(write(tmp_path, shapes, "EPSG:3035"), quarters).names == ("a", "b")


def test_a_file_that_is_no_file_of_areas_is_refused(tmp_path: Path, quarters: gpd.GeoDataFrame) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_areas(tmp_path / "none.gpkg", quarters)
    odd = tmp_path / "odd.gpkg"
    odd.write_text("no geopackage", encoding="utf-8")
    with pytest.raises(FileError, match="cannot be read"):
        read_areas(odd, quarters)
    with pytest.raises(GeometryError, match="geometries are no polygons"):
        read_areas(write(tmp_path, {"a": square(0, 0).centroid}, "EPSG:3035", name="points.gpkg"), quarters)
    with pytest.warns(UserWarning, match="crs"):
        plain = write(tmp_path, {"a": square(0, 0)}, None, name="plain.gpkg")
    with pytest.raises(CrsError):
        read_areas(plain, quarters)
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[square(0, 0)], crs="EPSG:3035")
    frame.to_file(tmp_path / "named.gpkg")
    with pytest.raises(ColumnError, match="area"):
        read_areas(tmp_path / "named.gpkg", quarters)
