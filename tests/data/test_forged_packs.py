"""A pack that was changed on purpose, digest and all, is found out, and its facts name every layer and source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.check import PackReport, check_pack
from data.city import CityLayer
from data.errors import ColumnError, CountError, CrsError, GeometryError, IdError, PackError
from data.files import digest_file
from data.geopackage import write_geopackage
from data.pack import CityPack, write_pack
from tests.data.tiny import CRS, TinyCity, square
from tests.data.tiny_transit import add_transit

Change = Callable[[Any], Any]
CELLS = ["a", "b"]


def build(tiny: TinyCity, folder: Path) -> CityPack:
    """Write the pack of the tiny city with its people on one cell per quarter."""
    sources = tiny.read()
    paper = sources.layers["census"].paper
    people = {"nil": [7, 9], "area_m2": [1e6, 1e6], "residents": [500.0, 490.0], "women": [280.0, 250.0]}
    shapes = [square(0), square(1000)]
    frames: dict[str, pd.DataFrame] = {
        "pieces": gpd.GeoDataFrame({"cell": [0, 1], "cell_id": CELLS, **people}, geometry=shapes, crs=CRS),
        "cells": gpd.GeoDataFrame({"cell_id": CELLS, **people}, geometry=shapes, crs=CRS),
        "no_place": pd.DataFrame({"nil": [9], "residents": [10.0], "women": [1.0]}),
    }
    derived = {name: CityLayer(name=name, role="derived", frame=frame, paper=paper) for name, frame in frames.items()}
    return write_pack(sources, folder, derived=derived)


@pytest.fixture
def pack(tiny: TinyCity, tmp_path: Path) -> CityPack:
    return build(tiny, tmp_path / "pack")


def forge(pack: CityPack, name: str, change: Change) -> PackReport:
    """Change a layer and its digest in the manifest, as one would who means the change, and check the pack."""
    record = pack.layers[name]
    frame = change(pack.read(name))
    path = pack.folder / record.file
    path.unlink()
    write_geopackage(path, {name: frame})
    manifest = pack.folder / "pack.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(record.sha256, digest_file(path)), encoding="utf-8")
    return check_pack(pack.folder)


def put(column: str, row: int, value: Any) -> Change:
    def change(frame: Any) -> Any:
        frame.loc[row, column] = value
        return frame

    return change


def test_a_sound_pack_has_no_faults(pack: CityPack) -> None:
    report = check_pack(pack.folder)
    assert report.faults == ()
    assert report.is_sound


def test_the_facts_are_those_of_the_city(pack: CityPack) -> None:
    facts = check_pack(pack.folder).facts
    assert facts[:6] == (
        "Tiny (IT), EPSG:3035, cells of 100 m",
        "2.00 km²",
        "2 quarters",
        "2 districts",
        "2 cells",
        "4 census sections, 1 of them without a place",
    )
    assert "residents: 1,000 people by quarter, 10 of them without a place, 990 in cells" in facts
    assert "women: 531 people by quarter, 1 of them without a place, 530 in cells" in facts
    assert "2 services: 2 job_centre" in facts
    assert "2 spaces: 2 schools" in facts
    assert "2 stations" in facts
    assert "4 street nodes, 3 edges, 4 km" in facts


def test_every_layer_is_told_with_its_role_rows_crs_and_digest(pack: CityPack) -> None:
    facts = check_pack(pack.folder).facts
    for name, record in pack.layers.items():
        line = next(line for line in facts if line.startswith((f"  {name}:", f"  {name} ({record.role}):")))
        assert f"{record.rows} row" in line
        assert (record.crs or "a table without positions") in line
        assert record.sha256[:12] in line


def test_every_source_is_told_with_its_licence_date_file_and_digest(pack: CityPack) -> None:
    facts = check_pack(pack.folder).facts
    for name, paper in pack.papers.items():
        line = next(line for line in facts if line.startswith(f"  {name}: {paper.source}"))
        assert all(part in line for part in (paper.licence, paper.date, *paper.files, paper.files_sha256[0][:12]))


def test_notes_are_told(pack: CityPack) -> None:
    facts = check_pack(pack.folder).facts
    assert "  totals: 4 official counts agree with the sums of the sections" in facts
    missing = facts[facts.index("missing:") + 1 :]
    assert missing == ("  no timetable and no lines: nobody travels by public transport",)


def test_what_a_pack_lacks_is_told_with_what_it_costs(tiny: TinyCity, tmp_path: Path) -> None:
    for name in ("districts", "totals", "facts", "metro", "jobs", "schools"):
        del tiny.tables["layers"][name]
    del tiny.tables["city"]["expect"]["districts"]
    del tiny.layer("sections")["district"]
    report = check_pack(write_pack(tiny.read(), tmp_path / "pack").folder)
    assert report.is_sound
    missing = report.facts[report.facts.index("missing:") + 1 :]
    told = {line.split(":")[0].strip() for line in missing}
    assert told == {f"no {name}" for name in (
        "districts", "quarter_totals", "quarter_facts", "stations", "cells", "services", "spaces", "timetable and no lines"
    )}  # fmt: skip


def test_a_pack_with_every_layer_lacks_nothing(tiny: TinyCity, tmp_path: Path) -> None:
    add_transit(tiny)
    assert "missing:" not in check_pack(build(tiny, tmp_path / "whole").folder).facts


def test_no_control_character_of_a_manifest_reaches_the_facts(tiny: TinyCity, tmp_path: Path) -> None:
    tiny.layer("nil")["source"] = "red \x1b[31m\nalert"
    facts = check_pack(write_pack(tiny.read(), tmp_path / "pack").folder).facts
    assert all(line.isprintable() for line in facts)
    assert any("red  [31m alert" in line for line in facts)


def test_missing_and_changed_files_are_told_at_once_and_the_rest_is_described(pack: CityPack) -> None:
    (pack.folder / "layers/stations.gpkg").unlink()
    (pack.folder / "layers/quarter_facts.gpkg").write_bytes(b"spoilt")
    (pack.folder / "network.npz").unlink()
    report = check_pack(pack.folder)
    whats = [str(fault) for fault in report.faults]
    assert any("files are missing (2: layers/stations.gpkg, network.npz)" in what for what in whats)
    assert any("changed after the pack was built (1: layers/quarter_facts.gpkg)" in what for what in whats)
    assert "2 quarters" in report.facts


@pytest.mark.parametrize("key", ["n_nodes", "n_edges"])
def test_another_number_of_streets_is_told(pack: CityPack, key: str) -> None:
    manifest = pack.folder / "pack.toml"
    text = manifest.read_text(encoding="utf-8")
    n = getattr(pack.network_record, key)
    manifest.write_text(text.replace(f"{key} = {n}", f"{key} = 77"), encoding="utf-8")
    (fault,) = check_pack(pack.folder).faults
    assert f"{key} is {n}, pack.toml says 77" in str(fault)


def test_a_layer_that_every_pack_has_may_not_be_absent(pack: CityPack) -> None:
    manifest = pack.folder / "pack.toml"
    text = manifest.read_text(encoding="utf-8").replace("[layers.spaces", "[layers.places")
    manifest.write_text(text, encoding="utf-8")
    faults = check_pack(pack.folder).faults
    assert any("layers that every pack has are not in it (1: spaces)" in str(fault) for fault in faults)


CASES: list[tuple[str, Change, type[Exception], str]] = [
    ("census", lambda frame: frame.iloc[:3], PackError, "the layer has 3 rows, pack.toml says 4"),
    ("census", put("P1", 0, 301), CountError, r"people on the cells .*residents in quarter 7: counted 501.000.*500.000"),
    (
        "census",
        put("P1", 0, 301),
        CountError,
        "do not add up to the official counts .*quarter 7, P1: sections 501, official 500",
    ),
    ("census", put("P2", 0, 999), CountError, "group women: .*negative or no number .*section 11"),
    ("census", put("nil", 0, 8), IdError, r"sections name quarters that the pack has not \(1: 8\)"),
    ("census", lambda frame: frame.drop(columns="P2"), ColumnError, "'women' needs the column 'P2'"),
    ("census", lambda frame: frame.drop(columns="nil"), ColumnError, r"columns are missing \(1: nil\)"),
    ("quarter_totals", put("P1", 1, 400), CountError, "quarter 9, P1: sections 500, official 400"),
    ("pieces", put("residents", 1, 480.0), CountError, "residents in quarter 9: counted 500.000, pieces and no_place 490.000"),
    ("cells", put("women", 0, 281.0), CountError, "women: pieces 530.000, cells 531.000"),
    ("no_place", put("residents", 0, 11.0), CountError, "residents in quarter 9: counted 500.000, pieces and no_place 501"),
    ("quarters", lambda frame: frame.to_crs("EPSG:32632"), CrsError, "the CRS is not EPSG:3035"),
    ("districts", put("geometry", 1, None), GeometryError, r"absent, empty or invalid \(1: row 2\)"),
    ("districts", put("geometry", 0, shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])), GeometryError, r"\(1: row 1\)"),
]


@pytest.mark.parametrize(("name", "change", "kind", "words"), CASES)
def test_a_forged_layer_is_told(pack: CityPack, name: str, change: Change, kind: type[Exception], words: str) -> None:
    found = forge(pack, name, change).faults
    with pytest.raises(kind, match=words):
        raise next((fault for fault in found if type(fault) is kind and _matches(fault, words)), found[0])


def _matches(fault: Exception, words: str) -> bool:
    return pd.Series([str(fault)]).str.contains(words).item()


def test_people_moved_between_quarters_are_told_though_the_sum_stands(pack: CityPack) -> None:
    def move(frame: Any) -> Any:
        frame["residents"] += np.array([5.0, -5.0])
        return frame

    (fault,) = forge(pack, "pieces", move).faults
    assert isinstance(fault, CountError)
    assert fault.n == 2


def test_a_difference_of_rounding_is_none(pack: CityPack) -> None:
    assert forge(pack, "pieces", put("residents", 0, 500.0 + 1e-7)).is_sound
