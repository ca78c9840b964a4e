"""What a recipe says about public transport, and what is assumed of lines without a timetable."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from data.errors import FaultsError, RecipeError
from data.lines import DWELL_S
from data.recipe_transit import HEADWAY_COLUMNS, HeadwayEntry, LinesEntry, TimetableEntry, headway_rows, headway_table
from tests.data.tiny import PAPER, TinyCity
from tests.data.tiny_transit import BUS, METRO, add_transit


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    add_transit(tiny)
    return tiny


def _refuse(city: TinyCity, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        city.recipe()


def _entry(**keys: Any) -> HeadwayEntry:
    return HeadwayEntry.model_validate({**METRO, "source": "a guess", **keys})


def test_both_roles_are_read(city: TinyCity) -> None:
    layers = city.recipe().layers
    timetable, lines = layers["buses"], layers["assumed"]
    assert isinstance(timetable, TimetableEntry)
    assert isinstance(lines, LinesEntry)
    assert (timetable.drop_faulty, timetable.limits) == (False, [])
    assert [entry.dwell_s for entry in lines.headways] == [25.0, DWELL_S]
    assert lines.limits[0].en == "Assumed headways."


def test_the_examples_of_the_handbook_are_read(city: TinyCity, checkout: Path) -> None:
    text = (checkout / "docs" / "recipe.md").read_text(encoding="utf-8")
    examples = [tomllib.loads(block)["layers"] for block in re.findall(r"```toml\n(\[layers\..*?)```", text, re.DOTALL)]
    city.tables["layers"] |= {"buses": {**examples[0]["trains"], **PAPER}, "assumed": {**examples[1]["lines"], **PAPER}}
    layers = city.recipe().layers
    assert isinstance(layers["buses"], TimetableEntry)
    assert isinstance(layers["assumed"], LinesEntry)
    assert headway_rows(layers["assumed"].headways)["until_s"].tolist() == [91_800]


def test_several_timetables_are_read_and_lines_once(city: TinyCity) -> None:
    city.tables["layers"]["trains"] = dict(city.layer("buses"))
    assert {"buses", "trains"} <= set(city.recipe().layers)
    city.tables["layers"]["more"] = dict(city.layer("assumed"))
    _refuse(city, "several layers have the role 'lines' .*assumed, more")


@pytest.mark.parametrize("file", ["feeds/buses.zip", "feeds/buses", "buses/"])
def test_a_timetable_is_an_archive_or_a_folder(city: TinyCity, file: str) -> None:
    city.layer("buses")["file"] = file
    assert city.recipe().layers["buses"].file == file


@pytest.mark.parametrize(
    ("layer", "change", "words"),
    [
        ("buses", {"file": "buses.csv"}, r"files of this kind cannot be read, only \.zip"),
        ("buses", {"file": "../buses"}, "the file name leaves the folder"),
        ("buses", {"drop_faulty": "yes"}, "drop_faulty"),
        ("buses", {"keep": {"a": [1]}}, "keep"),
        ("buses", {"separator": ";"}, "have an effect on CSV files only"),
        ("buses", {"crs": "EPSG:4326"}, "'crs' has no effect on the role 'timetable'"),
        ("buses", {"limits": [{"it": "solo"}]}, "the key 'limits.0.en' is missing"),
        ("assumed", {"file": "lines.gpkg"}, r"files of this kind cannot be read, only \.csv"),
        ("assumed", {"time_zone": "Europe/Roma"}, "there is no time zone 'Europe/Roma', write it as 'Europe/Rome'"),
        ("assumed", {"headways": []}, "headways"),
        ("assumed", {"limits": [{"it": "", "en": "x"}]}, "limits.0.it"),
    ],
)
def test_a_wrong_value_is_refused(city: TinyCity, layer: str, change: dict[str, Any], words: str) -> None:
    city.layer(layer).update(change)
    _refuse(city, words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": "7"}, "headways.0.from: '7' is no clock time: write it as '07:00'"),
        ({"from": "07:60"}, "is no clock time"),
        ({"until": "49:00"}, "is no clock time"),
        ({"headway_min": 0}, "headways.0.headway_min: .*greater than 0"),
        ({"headway_min": True}, "headways.0.headway_min"),
        ({"speed_km_h": float("inf")}, "headways.0.speed_km_h"),
        ({"dwell_s": -1}, "headways.0.dwell_s"),
        ({"source": ""}, "headways.0.source"),
    ],
)
def test_a_wrong_headway_is_refused(city: TinyCity, change: dict[str, Any], words: str) -> None:
    city.layer("assumed")["headways"][0].update(change)
    _refuse(city, words)


def test_bad_values_come_all_at_once_and_keys_by_their_names_in_the_file(city: TinyCity) -> None:
    first, second = city.layer("assumed")["headways"]
    first["form"] = first.pop("from")
    second["until"] = "late"
    city.layer("assumed")["time_zone"] = "Milano"
    city.layer("buses")["file"] = "buses.rar"
    with pytest.raises(FaultsError) as caught:
        city.recipe()
    said = str(caught.value)
    assert len(caught.value.faults) == 5
    assert "the key 'headways.0.from' is missing" in said
    assert "unknown key 'headways.0.form'. Did you mean 'from'" in said
    assert "'late' is no clock time" in said


def test_a_headway_reads_by_alias_and_by_name_and_writes_by_alias() -> None:
    by_alias = _entry()
    by_name = HeadwayEntry(
        mode="metro", begin="06:00", until="25:30", headway_min=4.0, speed_km_h=36.0, dwell_s=25.0, source="a guess"
    )
    assert by_alias == by_name
    dumped = by_alias.model_dump(mode="json", by_alias=True)
    assert dumped == {**METRO, "headway_min": 4.0, "speed_km_h": 36.0, "dwell_s": 25.0, "source": "a guess"}
    assert HeadwayEntry.model_validate(dumped) == by_alias
    with pytest.raises(ValidationError, match="frozen"):
        by_alias.mode = "bus"


def test_headways_become_seconds() -> None:
    table = headway_rows([_entry(), HeadwayEntry.model_validate({**BUS, "source": "x"})])
    assert tuple(table.columns) == HEADWAY_COLUMNS
    assert table.to_dict("list") == {
        "mode": ["metro", "bus"],
        "from_s": [21_600, 25_200],
        "until_s": [91_800, 75_600],
        "headway_s": [240.0, 450.0],
        "speed_km_h": [36.0, 18.0],
        "dwell_s": [25.0, 20.0],
        "source": ["a guess", "x"],
    }


def test_own_headways_replace_every_row_of_their_mode_and_no_other() -> None:
    halves = [_entry(until="12:00"), _entry(**{"from": "12:00"})]
    city = headway_rows([*halves, HeadwayEntry.model_validate({**BUS, "source": "x"})])
    table = headway_table(city, [_entry(headway_min=2)])
    assert table[["mode", "headway_s"]].to_dict("list") == {"mode": ["bus", "metro"], "headway_s": [450.0, 120.0]}
    assert table.dtypes.tolist() == city.dtypes.tolist()
    assert table.index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(headway_table(city, []), city)
