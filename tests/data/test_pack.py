"""A pack keeps every layer as it was written, with the same bytes each time, and shows when it was changed."""

from __future__ import annotations

import hashlib
import sqlite3
import time
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import tomli_w

from data.city import CityLayer, Paper
from data.errors import FaultsError, FileError, PackError
from data.geopackage import write_geopackage
from data.pack import CityPack, read_pack, write_pack
from tests.data.tiny import CRS, TinyCity, square

PAPER = Paper(source="derived", licence="CC0", attribution="nobody", date="2020")


def _write(tiny: TinyCity, folder: Path) -> CityPack:
    return write_pack(tiny.read(), folder)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _edit(folder: Path, key: tuple[str, ...], value: object) -> None:
    path = folder / "pack.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    table = tables
    for part in key[:-1]:
        table = table[part]
    if value is None:
        del table[key[-1]]
    else:
        table[key[-1]] = value
    path.write_text(tomli_w.dumps(tables), encoding="utf-8")


def test_layers_come_back_as_they_were_written(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    write_pack(sources, tmp_path / "pack")
    pack = read_pack(tmp_path / "pack")
    assert set(pack.layers) == set(sources.layers)
    for name, layer in sources.layers.items():
        frame = pack.read(name)
        assert isinstance(frame, gpd.GeoDataFrame) == isinstance(layer.frame, gpd.GeoDataFrame)
        pd.testing.assert_frame_equal(
            pd.DataFrame(frame.drop(columns="geometry", errors="ignore")),
            pd.DataFrame(layer.frame.drop(columns="geometry", errors="ignore")),
        )
        if isinstance(frame, gpd.GeoDataFrame) and isinstance(layer.frame, gpd.GeoDataFrame):
            assert frame.crs == layer.frame.crs
            assert frame.geometry.geom_equals(layer.frame.geometry).all()


def test_facts_groups_papers_and_notes_come_back(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    pack = write_pack(sources, tmp_path / "pack")
    assert pack.city == sources.city
    assert pack.groups == sources.groups
    assert pack.papers == sources.papers
    assert pack.notes == sources.notes
    assert pack.network_record.paper == sources.network_paper
    for name, layer in sources.layers.items():
        assert pack.layers[name].paper == layer.paper
        assert pack.layers[name].notes == layer.notes
        assert pack.layers[name].rows == len(layer.frame)


def test_streets_come_back(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    network = write_pack(sources, tmp_path / "pack").network()
    for name in ("x", "y", "u", "v", "length_m"):
        np.testing.assert_array_equal(getattr(network, name), getattr(sources.network, name))
        assert getattr(network, name).dtype == getattr(sources.network, name).dtype


def test_two_builds_give_the_same_bytes(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "one")
    time.sleep(1.1)  # a time of writing would show
    _write(tiny, tmp_path / "two")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")


def test_a_pack_is_replaced_by_the_same_bytes(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "pack")
    before = _bytes(tmp_path / "pack")
    _write(tiny, tmp_path / "pack")
    assert _bytes(tmp_path / "pack") == before
    assert not (tmp_path / "pack.part").exists()


def test_a_folder_that_is_no_pack_is_not_replaced(tiny: TinyCity, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(FileError, match=r"no pack.toml"):
        _write(tiny, tmp_path / "home")


def test_the_digests_are_those_of_the_files(tiny: TinyCity, tmp_path: Path) -> None:
    digests = _write(tiny, tmp_path / "pack").digests()
    assert digests == {
        name: hashlib.sha256(content).hexdigest() for name, content in _bytes(tmp_path / "pack").items() if name != "pack.toml"
    }


def test_derived_layers_are_written_beside_the_sources(tiny: TinyCity, tmp_path: Path) -> None:
    cells = gpd.GeoDataFrame({"cell_id": ["a"], "n": [1.5]}, geometry=[square(0)], crs=CRS)
    table = pd.DataFrame({"nil": [7], "residents": [0.25]})
    derived = {
        "cells": CityLayer(name="cells", role="derived", frame=cells, paper=PAPER, notes=("made",)),
        "no_place": CityLayer(name="no_place", role="derived", frame=table, paper=PAPER),
    }
    pack = write_pack(tiny.read(), tmp_path / "pack", derived=derived)
    assert pack.layers["cells"].role == "derived"
    assert pack.layers["cells"].notes == ("made",)
    assert pack.read("cells")["n"].tolist() == [1.5]
    pd.testing.assert_frame_equal(pack.read("no_place"), table)


def test_an_empty_derived_table_comes_back(tiny: TinyCity, tmp_path: Path) -> None:
    table = pd.DataFrame({"nil": pd.Series(dtype="int64"), "residents": pd.Series(dtype="float64")})
    layer = CityLayer(name="no_place", role="derived", frame=table, paper=PAPER)
    pd.testing.assert_frame_equal(
        write_pack(tiny.read(), tmp_path / "pack", derived={"no_place": layer}).read("no_place"), table, check_index_type=False
    )


def test_a_derived_layer_may_not_take_the_name_of_a_source(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    with pytest.raises(PackError, match=r"names of source layers .*census"):
        write_pack(sources, tmp_path / "pack", derived={"census": sources.layers["census"]})
    assert not (tmp_path / "pack").exists()


def test_a_layer_with_an_index_of_its_own_is_refused(tiny: TinyCity, tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [1]}, index=["a"])
    layer = CityLayer(name="t", role="derived", frame=table, paper=PAPER)
    with pytest.raises(PackError, match="has an index, which no file of the pack keeps"):
        write_pack(tiny.read(), tmp_path / "pack", derived={"t": layer})
    assert list(tmp_path.glob("pack*")) == []


def test_an_unknown_layer_names_the_nearest(tiny: TinyCity, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"the pack has no layer 'quarter'. Did you mean 'quarters'"):
        _write(tiny, tmp_path / "pack").read("quarter")


def test_a_folder_without_a_pack_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"pack.toml: there is no pack here. Build one from a recipe"):
        read_pack(tmp_path)


def test_missing_and_changed_files_are_told_at_once(tiny: TinyCity, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    _write(tiny, folder)
    (folder / "layers" / "census.gpkg").unlink()
    (folder / "network.npz").write_bytes(b"x")
    with (folder / "layers" / "quarters.gpkg").open("ab") as file:
        file.write(b"x")
    with pytest.raises(FaultsError) as caught:
        read_pack(folder)
    faults = {fault.what: fault.examples for fault in caught.value.faults}
    assert faults == {
        "files are missing": ("layers/census.gpkg",),
        "files were changed after the pack was built": ("layers/quarters.gpkg", "network.npz"),
    }


def test_without_verification_only_missing_files_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    _write(tiny, folder)
    with (folder / "layers" / "quarters.gpkg").open("ab") as file:
        file.write(b"x")
    assert read_pack(folder, verify=False).city.id == "tiny"
    (folder / "network.npz").unlink()
    with pytest.raises(PackError, match=r"files are missing \(1: network.npz\)"):
        read_pack(folder, verify=False)


def test_changes_that_wait_beside_a_file_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "pack")
    (tmp_path / "pack" / "layers" / "quarters.gpkg-wal").write_bytes(b"x")
    with pytest.raises(PackError, match=r"unmerged changes beside them \(1: layers/quarters.gpkg-wal\)"):
        read_pack(tmp_path / "pack")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (("format",), "diffusa-pack/9", "the format is 'diffusa-pack/9', not 'diffusa-pack/1'"),
        (("city", "id"), None, "the key 'city.id' is missing"),
        (("layers", "census", "rows"), "many", r"layers.census.rows: .*, not 'many'"),
        (("layers", "census", "file"), "../../etc/passwd", "file names leave the pack"),
        (("layers", "census", "file"), "/etc/passwd", "file names leave the pack"),
        (("network", "file"), "..\\x", "file names leave the pack"),
        (("network",), None, "the key 'network' is missing"),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_told(
    tiny: TinyCity, tmp_path: Path, key: tuple[str, ...], value: object, words: str
) -> None:
    _write(tiny, tmp_path / "pack")
    _edit(tmp_path / "pack", key, value)
    with pytest.raises(PackError, match=words):
        read_pack(tmp_path / "pack")


def test_all_faults_of_a_manifest_come_at_once(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "pack")
    _edit(tmp_path / "pack", ("city", "cell_m"), "wide")
    _edit(tmp_path / "pack", ("layers", "census", "sha256"), None)
    with pytest.raises(FaultsError) as caught:
        read_pack(tmp_path / "pack")
    assert [type(fault) for fault in caught.value.faults] == [PackError, PackError]


def test_a_layer_without_the_columns_of_the_manifest_is_told(tiny: TinyCity, tmp_path: Path) -> None:
    pack = _write(tiny, tmp_path / "pack")
    other = gpd.GeoDataFrame({"a": [1]}, geometry=[square(0)], crs=CRS)
    (tmp_path / "pack" / "layers" / "spaces.gpkg").unlink()
    other.to_file(tmp_path / "pack" / "layers" / "spaces.gpkg", layer="spaces", driver="GPKG")
    with pytest.raises(PackError, match="columns are not those"):
        pack.read("spaces")


def test_a_manifest_that_is_no_toml_is_told(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "pack")
    (tmp_path / "pack" / "pack.toml").write_bytes(b"\xff[")
    with pytest.raises(PackError, match=r"pack.toml: cannot be read"):
        read_pack(tmp_path / "pack")


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"PK\x05\x06" + b"\0" * 18])
def test_streets_that_cannot_be_read_are_told(tiny: TinyCity, tmp_path: Path, content: bytes) -> None:
    pack = _write(tiny, tmp_path / "pack")
    (tmp_path / "pack" / "network.npz").write_bytes(content)
    with pytest.raises(PackError, match=r"network.npz: cannot be read"):
        pack.network()


def test_streets_of_another_type_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    pack = _write(tiny, tmp_path / "pack")
    np.savez(tmp_path / "pack" / "network.npz", x=[1], y=[1.0], u=[0], v=[0], length_m=[1.0])
    with pytest.raises(PackError, match=r"another type or shape \(1: x\)"):
        pack.network()


def test_streets_that_hold_python_objects_are_not_loaded(tiny: TinyCity, tmp_path: Path) -> None:
    pack = _write(tiny, tmp_path / "pack")
    np.savez(tmp_path / "pack" / "network.npz", x=np.array([{}], dtype=object), y=[1.0], u=[0], v=[0], length_m=[1.0])
    with pytest.raises(PackError, match="cannot be read"):
        pack.network()


def test_a_layer_that_cannot_be_read_is_told(tiny: TinyCity, tmp_path: Path) -> None:
    pack = _write(tiny, tmp_path / "pack")
    (tmp_path / "pack" / "layers" / "census.gpkg").write_bytes(b"nothing")
    with pytest.raises(PackError, match=r"census.gpkg: cannot be read"):
        pack.read("census")


def test_hostile_texts_stay_texts_in_the_manifest(tiny: TinyCity, tmp_path: Path) -> None:
    evil = 'x"""\n[city]\nid = "other"\n\x1b[31m'
    tiny.layer("nil")["source"] = evil
    tiny.frames["schools.csv"].loc[4, "code"] = 'S-5"]\n[evil]'
    pack = _write(tiny, tmp_path / "pack")
    assert pack.city.id == "tiny"
    assert pack.papers["nil"].source == evil
    assert any('S-5"] [evil]' in note for note in read_pack(tmp_path / "pack").layers["spaces"].notes)


def test_geopackages_have_what_a_gis_looks_for(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "pack")
    for name, kind in (("quarters", "POLYGON"), ("spaces", "POINT"), ("census", "POINT")):
        with sqlite3.connect(f"file:{tmp_path}/pack/layers/{name}.gpkg?mode=ro", uri=True) as gpkg:
            row = gpkg.execute("select table_name, geometry_type_name, srs_id from gpkg_geometry_columns").fetchone()
            bounds = gpkg.execute("select min_x, max_x, srs_id, data_type from gpkg_contents").fetchone()
        gpkg.close()
        assert row == (name, kind, 3035)
        assert bounds[0] >= 4_270_000
        assert bounds[1] <= 4_272_000
        assert bounds[2:] == (3035, "features")


def test_the_zip_of_the_streets_has_one_fixed_time(tiny: TinyCity, tmp_path: Path) -> None:
    _write(tiny, tmp_path / "pack")
    with zipfile.ZipFile(tmp_path / "pack" / "network.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_gdal_is_left_as_it_was(tiny: TinyCity, tmp_path: Path) -> None:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    _write(tiny, tmp_path / "pack")
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before


def test_a_failure_while_writing_leaves_the_old_pack(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    write_pack(sources, tmp_path / "pack")
    before = _bytes(tmp_path / "pack")
    bad = replace(sources.layers["census"], name="t", frame=pd.DataFrame({"n": [1]}, index=[5]))
    with pytest.raises(PackError):
        write_pack(sources, tmp_path / "pack", derived={"t": bad})
    assert _bytes(tmp_path / "pack") == before
    assert [path.name for path in tmp_path.glob("pack*")] == ["pack"]


def test_a_geopackage_that_cannot_be_written_is_a_file_error(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[square(0)], crs=CRS)
    with pytest.raises(FileError, match="the layer 'a' cannot be written"):
        write_geopackage(tmp_path / "none" / "x.gpkg", {"a": frame})
