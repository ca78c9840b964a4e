"""A check tells in lines what a pack holds, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from data.check import check_pack
from data.city import CityLayer, CitySources, Paper
from data.errors import CountError, CrsError, GeometryError, PackError
from data.pack import write_pack
from tests.data.tiny import CRS, TinyCity, point, square

PAPER = Paper(source="derived", licence="CC0", attribution="nobody", date="2020")


def _derived(residents: float) -> dict[str, CityLayer]:
    ids = {"cell_id": ["a", "b"], "nil": [7, 9], "area_m2": [1e6, 1e6]}
    people = {"residents": [500.0, residents - 500.0], "women": [280.0, 250.0]}
    pieces = gpd.GeoDataFrame({**ids, **people}, geometry=[square(0), square(1000)], crs=CRS)
    no_place = pd.DataFrame({"nil": [9], "residents": [10.0], "women": [1.0]})
    frames = {"pieces": pieces, "no_place": no_place}
    return {name: CityLayer(name=name, role="derived", frame=one, paper=PAPER) for name, one in frames.items()}


def _with(sources: CitySources, name: str, frame: pd.DataFrame) -> CitySources:
    return replace(sources, layers={**sources.layers, name: replace(sources.layers[name], frame=frame)})


def test_a_sound_pack_is_told_in_lines(tiny: TinyCity, tmp_path: Path) -> None:
    tiny.tables["city"]["sample"] = True
    write_pack(tiny.read(), tmp_path / "pack", derived=_derived(990.0))
    report = check_pack(tmp_path / "pack")
    assert report.faults == ()
    assert report.is_sound
    assert report.facts[:11] == (
        "Tiny (IT), EPSG:3035, cells of 100 m",
        "a sample city, not real data",
        "2.00 km²",
        "2 quarters",
        "2 districts",
        "4 census sections, 1 of them without a place",
        "residents: 1,000 people by quarter, 10 of them without a place",
        "women: 531 people by quarter, 1 of them without a place",
        "2 services: 2 job_centre",
        "2 spaces: 2 schools",
        "2 stations",
    )
    assert "4 street nodes, 3 edges, 4 km" in report.facts
    assert "  schools: sites outside the city, left out: 1 (S-5)" in report.facts
    assert any(fact.startswith("  nil: a test; CC0; 2020-02-05; 2 rows; EPSG:3035; nil.gpkg (sha256 ") for fact in report.facts)


def test_a_pack_that_cannot_be_read_is_a_report_of_its_faults(tmp_path: Path) -> None:
    report = check_pack(tmp_path)
    assert not report.is_sound
    assert isinstance(report.faults[0], PackError)


def test_people_that_were_lost_between_census_and_cells_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    derived = _derived(990.0)
    frame = derived["pieces"].frame.assign(women=[280.0, 219.0])
    derived["pieces"] = replace(derived["pieces"], frame=frame)
    write_pack(tiny.read(), tmp_path / "pack", derived=derived)
    (fault,) = check_pack(tmp_path / "pack").faults
    assert isinstance(fault, CountError)
    assert fault.examples == ("women in quarter 9: counted 251.000, pieces and no_place 220.000",)


def test_changed_files_rows_and_geometries_are_told_at_once(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    folder = tmp_path / "pack"
    write_pack(sources, folder)
    other = tmp_path / "other"
    census = sources.layers["census"].frame
    fewer = gpd.GeoDataFrame(census.iloc[:3]).set_geometry([point(0, 0), point(1, 1), None]).set_crs(CRS, allow_override=True)
    write_pack(_with(sources, "census", fewer), other)
    (other / "layers" / "census.gpkg").replace(folder / "layers" / "census.gpkg")
    report = check_pack(folder)
    assert [type(fault) for fault in report.faults] == [PackError, PackError, GeometryError, CountError]
    assert "the layer has 3 rows, pack.toml says 4" in report.faults[1].what
    assert report.faults[2].examples == ("row 3",)


def test_a_layer_of_another_crs_is_told(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    frame = sources.layers["stations"].frame
    assert isinstance(frame, gpd.GeoDataFrame)
    write_pack(_with(sources, "stations", frame.to_crs("EPSG:32632")), tmp_path / "pack")
    (fault,) = check_pack(tmp_path / "pack").faults
    assert isinstance(fault, CrsError)


def test_a_missing_layer_and_missing_streets_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    write_pack(tiny.read(), folder)
    (folder / "layers" / "census.gpkg").write_bytes(b"x")
    (folder / "network.npz").write_bytes(b"x")
    report = check_pack(folder)
    assert [fault.what.split(":")[0] for fault in report.faults] == [
        "files were changed after the pack was built",
        "cannot be read",
        "cannot be read",
    ]
    assert not any("census sections" in fact for fact in report.facts)


def test_counts_that_turn_a_group_negative_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    frame = sources.layers["census"].frame
    write_pack(_with(sources, "census", frame.assign(P2=999)), tmp_path / "pack")
    totals, group = check_pack(tmp_path / "pack").faults
    assert "sections do not add up to the official counts" in str(totals)
    assert "group women: P1 − (P2) is negative" in str(group)


def test_streets_of_another_size_are_told(tiny: TinyCity, tmp_path: Path) -> None:
    sources = tiny.read()
    network = sources.network
    write_pack(sources, tmp_path / "pack")
    fewer = replace(network, u=network.u[:2], v=network.v[:2], length_m=network.length_m[:2])
    write_pack(replace(sources, network=fewer), tmp_path / "other")
    (tmp_path / "other" / "network.npz").replace(tmp_path / "pack" / "network.npz")
    report = check_pack(tmp_path / "pack")
    assert [fault.what for fault in report.faults][-1] == "n_edges is 2, pack.toml says 3"


def test_a_census_without_positions_of_people_without_a_place_is_sound(tiny: TinyCity, tmp_path: Path) -> None:
    frame = tiny.frames["sections.gpkg"]
    tiny.frames["sections.gpkg"] = frame.set_geometry([*frame.geometry[:3], None]).set_crs(CRS, allow_override=True)
    write_pack(tiny.read(), tmp_path / "pack")
    assert check_pack(tmp_path / "pack").faults == ()


@pytest.mark.parametrize("role", ["services", "spaces"])
def test_a_city_without_sites_says_so(tiny: TinyCity, tmp_path: Path, role: str) -> None:
    tiny.tables["layers"] = {name: one for name, one in tiny.tables["layers"].items() if one["role"] != role}
    write_pack(tiny.read(), tmp_path / "pack")
    report = check_pack(tmp_path / "pack")
    assert report.is_sound
    assert f"no {role}" in report.facts
