"""Reading a city gathers every fault of every file, and checks what only several files show together."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from data.errors import (
    ColumnError,
    CountError,
    CrsError,
    FaultsError,
    FileError,
    GeometryError,
    IdError,
    NetworkError,
    PlannerError,
    RecipeError,
)
from data.sources import read_sources
from tests.data.tiny import GROUPS, TinyCity


def test_a_sound_city_is_read(tiny: TinyCity) -> None:
    tiny.tables["city"].update(cell_m=250, sample=True)
    sources = tiny.read()
    city = sources.city
    assert (city.id, city.name, city.country, city.crs, city.language) == ("tiny", "Tiny", "IT", "EPSG:3035", "it")
    assert (city.cell_m, city.is_sample) == (250, True)
    assert [group.key for group in sources.groups] == ["residents", "women"]
    assert list(sources.layers) == [
        "quarters", "districts", "census", "quarter_totals", "quarter_facts", "services", "spaces", "stations", "boundary",
    ]  # fmt: skip
    assert set(sources.papers) == set(tiny.tables["layers"])


def test_every_fault_of_every_file_comes_at_once(tiny: TinyCity) -> None:
    tiny.write()
    (tiny.folder / "facts.csv").write_text("<html>", encoding="utf-8")
    (tiny.folder / "districts.gpkg").unlink()
    tiny.frames.pop("districts.gpkg")
    (tiny.folder / "jobs.csv").unlink()
    tiny.frames["jobs.csv"]["cost"] = ["-1", "x"]
    tiny.layer("metro")["crs"] = "EPSG:0"
    tiny.layer("schools")["columns"]["name"] = "nome"
    tiny.layer("streets")["node"] = "nodes"
    tiny.groups = GROUPS.replace("P2", "P22")
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    found = [(type(fault), fault.where) for fault in caught.value.faults]
    assert (FileError, "districts.gpkg") in found
    assert (FileError, "layers.facts, facts.csv") in found
    assert found.count((CountError, "layers.jobs, jobs.csv")) == 2
    assert (CrsError, "metro.csv") in found or (CrsError, "layers.metro, metro.csv") in found
    assert (ColumnError, "layers.schools, schools.csv") in found
    assert (ColumnError, "layers.streets, streets.gpkg") in found
    assert (ColumnError, "census") in found
    assert len(found) == 8


def test_a_layer_with_faults_brings_no_faults_of_others(tiny: TinyCity) -> None:
    tiny.layer("nil")["id"] = "none"
    with pytest.raises(ColumnError, match=r"layers.nil"):
        tiny.read()


def test_a_missing_folder_is_told(tiny: TinyCity, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the folder of the sources does not exist"):
        read_sources(tiny.recipe(), tmp_path / "none")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("residents", 999, "city.expect.residents: expected are 999, found 1,000"),
        ("quarters", 3, "city.expect.quarters: expected are 3, found 2"),
        ("districts", 1, "city.expect.districts: expected are 1, found 2"),
        ("area_km2", 2.02, "city.expect.area_km2: expected are 2.02, found 2"),
    ],
)
def test_a_figure_that_is_not_the_expected_one_is_told(tiny: TinyCity, key: str, value: float, words: str) -> None:
    tiny.tables["city"]["expect"][key] = value
    with pytest.raises(CountError, match=words):
        tiny.read()


def test_an_area_within_a_hundredth_of_a_square_kilometre_is_the_expected_one(tiny: TinyCity) -> None:
    tiny.tables["city"]["expect"]["area_km2"] = 2.009
    tiny.read()


def test_districts_cannot_be_expected_of_a_city_without_them(tiny: TinyCity) -> None:
    del tiny.tables["layers"]["districts"]
    with pytest.raises(RecipeError, match="districts are expected, but no layer gives them"):
        tiny.read()


def test_residents_cannot_be_expected_of_a_catalogue_without_them(tiny: TinyCity) -> None:
    tiny.groups = GROUPS.replace("residents", "people_here")
    with pytest.raises(RecipeError, match="the catalogue has no group 'residents'"):
        tiny.read()


def test_a_group_with_an_unknown_code_is_told(tiny: TinyCity) -> None:
    tiny.groups = GROUPS.replace("P2", "P22")
    with pytest.raises(ColumnError, match=r"census: the group 'women' needs the column 'P22'.*Did you mean 'P2'"):
        tiny.read()


def test_a_group_that_comes_out_negative_is_told_by_section(tiny: TinyCity) -> None:
    frame = tiny.frames["sections.gpkg"]
    tiny.frames["sections.gpkg"] = frame.assign(P2=[100, 201, 240, 9])
    tiny.layer("totals")["counts"] = ["P1"]
    with pytest.raises(CountError, match=r"group women: .*negative or no number \(1: section 12: -1\)"):
        tiny.read()


def test_a_catalogue_lies_in_the_folder_of_the_sources(tiny: TinyCity) -> None:
    tiny.tables["city"]["groups"] = "../groups.toml"
    with pytest.raises(FileError, match="lies outside the folder"):
        tiny.read()


def test_an_unknown_catalogue_is_told_with_all_other_faults(tiny: TinyCity) -> None:
    tiny.tables["city"]["groups"] = "istat1911"
    tiny.layer("nil")["id"] = "none"
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert [type(fault) for fault in caught.value.faults] == [RecipeError, ColumnError]


def test_progress_goes_from_nothing_to_all(tiny: TinyCity) -> None:
    tiny.write()
    seen: list[tuple[int, int]] = []
    read_sources(tiny.recipe(), tiny.folder, progress=lambda done, all_: seen.append((done, all_)))
    assert seen == [(done, 9) for done in range(10)]


def test_the_layers_of_the_recipe_may_stand_in_any_order(tiny: TinyCity) -> None:
    tiny.tables["layers"] = dict(reversed(tiny.tables["layers"].items()))
    assert tiny.read().layers["services"].frame["nil"].tolist() == [7, 9]


def test_faults_are_of_the_planner_whatever_a_file_holds(tiny: TinyCity) -> None:
    tiny.write()
    for path in sorted(tiny.folder.iterdir()):
        whole = path.read_bytes()
        for spoilt in (whole[: len(whole) // 2], whole[::-1], b"\x00" * 600, whole.replace(b"7", b"\xff")):
            path.write_bytes(spoilt)
            with contextlib.suppress(PlannerError):
                read_sources(tiny.recipe(), tiny.folder)
        path.write_bytes(whole)
    assert {GeometryError, IdError, NetworkError} < set(PlannerError.__subclasses__())
