"""A source file is read as what its name says, or the reader is told what it is."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from data.errors import ColumnError, CrsError, EmptyLayerError, FileError, GeometryError
from data.read_file import read_csv, read_source
from data.recipe_layers import AreasEntry
from tests.data.tiny import CRS, PAPER, TinyCity, square

PAGE = b"<!DOCTYPE html>\n<html><body>404</body></html>\n"


def _put(tiny: TinyCity, name: str, content: bytes) -> None:
    tiny.folder.mkdir(exist_ok=True)
    (tiny.folder / name).write_bytes(content)


def _cut(tiny: TinyCity, name: str, part: float) -> None:
    tiny.write()
    path = tiny.folder / name
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])


@pytest.mark.parametrize("name", ["facts.csv", "nil.gpkg"])
def test_a_web_page_in_place_of_a_file_is_told(tiny: TinyCity, name: str) -> None:
    _put(tiny, name, PAGE)
    with pytest.raises(FileError, match=rf"{name}: the file holds a web page or XML. Fetch the file itself again"):
        tiny.read()


@pytest.mark.parametrize("name", ["facts.csv", "nil.gpkg"])
def test_an_empty_file_is_told(tiny: TinyCity, name: str) -> None:
    _put(tiny, name, b"")
    with pytest.raises(FileError, match="the file is empty"):
        tiny.read()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_geopackage_that_is_cut_short_is_told(tiny: TinyCity, part: float) -> None:
    _cut(tiny, "nil.gpkg", part)
    with pytest.raises(FileError, match="the file is cut short"):
        tiny.read()


def test_a_file_that_is_no_geopackage_is_told(tiny: TinyCity) -> None:
    _put(tiny, "nil.gpkg", b"PK\x03\x04 something")
    with pytest.raises(FileError, match="the file is no GeoPackage"):
        tiny.read()


def test_a_geopackage_whose_inside_is_spoilt_is_a_file_error(tiny: TinyCity) -> None:
    tiny.write()
    path = tiny.folder / "nil.gpkg"
    content = bytearray(path.read_bytes())
    content[200:] = b"\xff" * (len(content) - 200)
    path.write_bytes(bytes(content))
    with pytest.raises(FileError, match=r"nil.gpkg: cannot be read"):
        tiny.read()


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"PK\x03\x04", "a zip archive"), (b"%PDF-1.4", "a PDF"), (b"SQLite format 3\0", "SQLite")]
)
def test_another_kind_of_file_under_a_csv_name_is_told(tiny: TinyCity, magic: bytes, kind: str) -> None:
    _put(tiny, "facts.csv", magic + b"xxxx")
    with pytest.raises(FileError, match=f"the file holds .*{kind}"):
        tiny.read()


def test_a_compressed_table_is_read(tiny: TinyCity) -> None:
    _put(tiny, "facts.csv.gz", gzip.compress(tiny.frames["facts.csv"].to_csv(index=False).encode()))
    tiny.layer("facts")["file"] = "facts.csv.gz"
    assert tiny.read().layers["quarter_facts"].frame["coworking"].tolist()[1] == 3.0


@pytest.mark.parametrize("content", [b"id_nil,cw\n7,1\n", gzip.compress(b"id_nil,cw\n7,1\n" * 999)[:-20]])
def test_a_compressed_table_that_is_none_or_cut_short_is_told(tiny: TinyCity, content: bytes) -> None:
    _put(tiny, "facts.csv.gz", content)
    tiny.layer("facts")["file"] = "facts.csv.gz"
    with pytest.raises(FileError, match=r"not compressed as its name says|cannot be read as CSV"):
        tiny.read()


def test_a_compressed_table_under_a_plain_name_is_told(tiny: TinyCity) -> None:
    _put(tiny, "facts.csv", gzip.compress(b"id_nil,cw\n7,1\n"))
    with pytest.raises(FileError, match="not compressed as its name says"):
        tiny.read()


def test_a_missing_file_is_named(tiny: TinyCity) -> None:
    tiny.write()
    (tiny.folder / "facts.csv").unlink()
    tiny.frames.pop("facts.csv")
    with pytest.raises(FileError, match=r"facts.csv: the file is missing"):
        tiny.read()


def test_an_unknown_layer_names_the_nearest(tiny: TinyCity) -> None:
    tiny.layer("streets")["nodes_layer"] = "node"
    with pytest.raises(FileError, match=r"the file has no layer 'node'. Did you mean 'nodes'"):
        tiny.read()


def test_one_of_several_layers_must_be_named(tiny: TinyCity) -> None:
    tiny.layer("districts").update(file="streets.gpkg")
    with pytest.raises(FileError, match=r"the file has several layers \(2: .*nodes.*Say which one"):
        tiny.read()


@pytest.mark.parametrize("name", ["facts.csv", "nil.gpkg"])
def test_a_layer_without_rows_is_told(tiny: TinyCity, name: str) -> None:
    tiny.frames[name] = tiny.frames[name].iloc[:0]
    with pytest.raises(EmptyLayerError, match=rf"{name}: has no rows"):
        tiny.read()


def test_text_of_another_encoding_is_told_and_read_when_it_is_named(tiny: TinyCity) -> None:
    tiny.write()
    path = tiny.folder / "metro.csv"
    path.write_bytes(path.read_bytes().replace(b"Porta", "Città".encode("latin-1")))
    with pytest.raises(FileError, match=r"the text is not in utf-8.*Give its encoding"):
        tiny.read()
    tiny.layer("metro")["encoding"] = "latin-1"
    assert "Città" in tiny.read().layers["stations"].frame["name"].tolist()


def test_an_unknown_encoding_is_told(tiny: TinyCity) -> None:
    tiny.layer("metro")["encoding"] = "latin-99"
    with pytest.raises(FileError, match="the encoding 'latin-99' is unknown"):
        tiny.read()


def test_a_byte_order_mark_is_no_part_of_the_first_column(tiny: TinyCity) -> None:
    tiny.write()
    path = tiny.folder / "facts.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(tiny.read().layers["quarter_facts"].frame) == 2


def test_another_separator_is_told_and_read_when_it_is_named(tiny: TinyCity) -> None:
    _put(tiny, "facts.csv", b"id_nil;cw\n7;1\n9;2\n")
    with pytest.raises(FileError, match=r"the header has one column, 'id_nil;cw'. Give its separator"):
        tiny.read()
    tiny.layer("facts")["separator"] = ";"
    assert tiny.read().layers["quarter_facts"].frame["coworking"].tolist() == [1.0, 2.0]


def test_a_row_longer_than_the_header_is_told(tiny: TinyCity) -> None:
    _put(tiny, "facts.csv", b"id_nil,cw\n7,1\n9,2,3\n")
    with pytest.raises(FileError, match=r"cannot be read as CSV: .*line 3"):
        tiny.read()


def test_rows_that_are_all_longer_than_the_header_are_told(tiny: TinyCity) -> None:
    _put(tiny, "facts.csv", b"id_nil,cw\n7,1,5\n9,2,3\n")
    with pytest.raises(FileError, match="cannot be read as CSV"):
        tiny.read()


def test_a_column_twice_in_the_header_is_told(tiny: TinyCity) -> None:
    _put(tiny, "facts.csv", b"id_nil,cw,cw\n7,1,2\n9,2,3\n")
    with pytest.raises(ColumnError, match=r"columns stand twice in the header \(1: cw\)"):
        tiny.read()


def test_cells_of_a_table_are_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n007,NA\n,nan\n", encoding="utf-8")
    frame = read_csv(path, separator=",", encoding="utf-8", where="x")
    assert frame["a"].fillna("none").tolist() == ["007", "none"]
    assert frame["b"].tolist() == ["NA", "nan"]


@pytest.mark.parametrize(
    ("name", "driver"), [("nil.geojson", "GeoJSON"), ("nil.shp", "ESRI Shapefile"), ("nil.fgb", "FlatGeobuf")]
)
def test_other_vector_formats_are_read(tiny: TinyCity, name: str, driver: str) -> None:
    tiny.folder.mkdir()
    frame = tiny.frames["nil.gpkg"]
    (frame.to_crs("EPSG:4326") if driver == "GeoJSON" else frame).to_file(tiny.folder / name, driver=driver)
    tiny.layer("nil")["file"] = name
    del tiny.layer("nil")["layer"]
    layer = tiny.read().layers["quarters"]
    assert layer.frame.area.tolist() == pytest.approx([1e6, 1e6], rel=1e-4)
    assert layer.paper.files[0] == name
    assert len(layer.paper.files) == (5 if driver == "ESRI Shapefile" else 1)
    assert all(len(digest) == 64 for digest in layer.paper.files_sha256)


def test_the_crs_of_a_shapefile_is_the_one_of_the_recipe_by_another_name(tiny: TinyCity) -> None:
    tiny.folder.mkdir()
    tiny.frames["nil.gpkg"].to_crs("EPSG:32632").to_file(tiny.folder / "nil.shp", engine="pyogrio")
    tiny.layer("nil").update(file="nil.shp", crs="EPSG:32632")
    assert tiny.read().layers["quarters"].paper.source_crs == "EPSG:32632"


def test_a_shapefile_without_its_table_has_no_columns(tiny: TinyCity) -> None:
    tiny.folder.mkdir()
    tiny.frames["nil.gpkg"].to_file(tiny.folder / "nil.shp")
    (tiny.folder / "nil.dbf").unlink()
    tiny.layer("nil").update(file="nil.shp")
    tiny.layer("nil").pop("columns")
    with pytest.raises(ColumnError, match="'id_nil' is missing"):
        tiny.read()


def test_a_table_under_a_vector_name_has_no_geometry(tiny: TinyCity) -> None:
    frame = pd.DataFrame({"id_nil": [7, 9], "nil": ["a", "b"]})
    tiny.folder.mkdir()
    pyogrio.write_dataframe(frame, tiny.folder / "nil.gpkg", layer="nil", driver="GPKG")
    with pytest.raises(GeometryError, match="the rows have no geometry"):
        tiny.read()


def test_what_gdal_finds_odd_stands_in_the_notes(tiny: TinyCity) -> None:
    ring = "[[9.1,45.4],[9.2,45.4],[9.2,45.5],[9.1,45.5],[9.1,45.4]]"
    one = f'{{"type":"Feature","id":1,"properties":{{"id_nil":7}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}'
    _put(tiny, "nil.geojson", f'{{"type":"FeatureCollection","features":[{one},{one}]}}'.encode())
    entry = AreasEntry.model_validate({"role": "quarters", "file": "nil.geojson", "id": "id_nil", **PAPER})
    table = read_source("nil", entry, tiny.folder)
    assert any("while it was read" in note for note in table.notes)


def test_a_geojson_in_metres_without_a_crs_is_refused(tiny: TinyCity) -> None:
    shape = shapely.to_geojson(square(0))
    _put(tiny, "nil.geojson", f'{{"type":"Feature","properties":{{"id_nil":7,"nil":"a"}},"geometry":{shape}}}'.encode())
    tiny.layer("nil").update(file="nil.geojson")
    del tiny.layer("nil")["layer"]
    with pytest.raises(CrsError, match="are no degrees"):
        tiny.read()


def test_the_paper_of_a_source_has_its_digest_rows_and_crs(tiny: TinyCity) -> None:
    sources = tiny.read()
    paper = sources.papers["jobs"]
    assert paper.files == ("jobs.csv",)
    assert paper.files_sha256 == (hashlib.sha256((tiny.folder / "jobs.csv").read_bytes()).hexdigest(),)
    assert (paper.rows, paper.source_crs, paper.licence, paper.date) == (2, "EPSG:4326", "CC0", "2020-02-05")
    assert sources.papers["facts"].source_crs is None
    assert sources.network_paper.source_crs == CRS


def test_three_dimensions_become_two(tiny: TinyCity) -> None:
    frame = tiny.frames["nil.gpkg"]
    tiny.frames["nil.gpkg"] = frame.set_geometry(shapely.force_3d(frame.geometry.to_numpy(), z=120.0)).set_crs(
        CRS, allow_override=True
    )
    clean = tiny.read().layers["quarters"].frame
    assert isinstance(clean, gpd.GeoDataFrame)
    assert not clean.has_z.any()
