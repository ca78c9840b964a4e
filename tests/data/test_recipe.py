"""A recipe is read whole or refused with every fault and the nearest known name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from data.city import KnownRate
from data.errors import FaultsError, FileError, PlannerError, RecipeError
from data.pack import read_pack, write_pack
from data.recipe import parse_recipe, read_recipe
from data.recipe_layers import SitesEntry
from tests.data.tiny import TinyCity


def _refuse(tiny: TinyCity, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        tiny.recipe()


def test_the_recipe_of_the_tiny_city_is_read_from_toml(tiny: TinyCity, tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_bytes(tomli_w.dumps(tiny.tables).encode())
    recipe = read_recipe(path)
    assert recipe.city.id == "tiny"
    assert list(recipe.layers) == list(tiny.tables["layers"])
    assert recipe.city.cell_m == 100


def test_a_missing_recipe_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_recipe(tmp_path / "none.toml")


def test_a_recipe_that_is_no_toml_is_a_file_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[city\n", encoding="utf-8")
    with pytest.raises(FileError, match="no TOML"):
        read_recipe(path)


def test_an_unknown_key_of_a_layer_names_the_nearest_one(tiny: TinyCity) -> None:
    tiny.layer("schools")["kep"] = {}
    _refuse(tiny, r"layers.schools: unknown key 'kep'. Did you mean 'keep'\?")


def test_an_unknown_key_inside_a_table_names_the_nearest_one(tiny: TinyCity) -> None:
    tiny.tables["city"]["expect"]["resident"] = 3
    _refuse(tiny, r"unknown key 'city.expect.resident'. Did you mean 'residents'\?")


def test_an_unknown_role_names_the_nearest_one(tiny: TinyCity) -> None:
    tiny.layer("schools")["role"] = "space"
    _refuse(tiny, "the role 'space' is unknown. Did you mean 'spaces'")


def test_a_layer_without_a_role_is_refused(tiny: TinyCity) -> None:
    del tiny.layer("schools")["role"]
    _refuse(tiny, "layers.schools: the key 'role' is missing")


def test_a_layer_that_is_no_table_is_refused(tiny: TinyCity) -> None:
    tiny.tables["layers"]["schools"] = "schools.csv"
    _refuse(tiny, "layers.schools: is no table")


def test_a_layer_name_that_is_no_name_is_refused(tiny: TinyCity) -> None:
    tiny.tables["layers"]["../x"] = tiny.tables["layers"].pop("facts")
    _refuse(tiny, "is no layer name")


def test_a_recipe_without_layers_is_refused(tiny: TinyCity) -> None:
    tiny.tables["layers"] = {}
    _refuse(tiny, "has no layers")


@pytest.mark.parametrize("key", ["source", "licence", "attribution", "date", "file"])
def test_every_layer_needs_its_papers(tiny: TinyCity, key: str) -> None:
    del tiny.layer("nil")[key]
    _refuse(tiny, f"layers.nil: the key '{key}' is missing")


def test_all_faults_of_a_recipe_come_at_once(tiny: TinyCity) -> None:
    del tiny.layer("nil")["source"]
    tiny.layer("schools")["colour"] = "red"
    tiny.tables["city"]["cell_m"] = "100"
    with pytest.raises(FaultsError) as caught:
        tiny.recipe()
    assert len(caught.value.faults) == 3
    assert all(isinstance(fault, RecipeError) for fault in caught.value.faults)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd.csv", "../up.csv", "a/../../b.csv", "C:\\x.csv", "a\\b.csv", "~/x.csv", "http://x/y.csv", "\x00.csv", " "],
)
def test_a_file_name_that_leaves_the_folder_is_refused(tiny: TinyCity, name: str) -> None:
    tiny.layer("facts")["file"] = name
    _refuse(tiny, "layers.facts: file: (the file name leaves|this is no file name)")


def test_a_file_of_an_unknown_kind_is_refused(tiny: TinyCity) -> None:
    tiny.layer("facts")["file"] = "facts.xlsx"
    _refuse(tiny, "files of this kind cannot be read")


@pytest.mark.parametrize("role", ["quarters", "census", "streets"])
def test_a_city_needs_quarters_census_and_streets(tiny: TinyCity, role: str) -> None:
    tiny.tables["layers"] = {name: one for name, one in tiny.tables["layers"].items() if one["role"] != role}
    _refuse(tiny, f"no layer has the role '{role}'")


@pytest.mark.parametrize("name", ["nil", "districts", "sections", "totals", "streets"])
def test_a_role_that_a_city_has_once_is_refused_twice(tiny: TinyCity, name: str) -> None:
    tiny.tables["layers"]["again"] = dict(tiny.layer(name))
    _refuse(tiny, rf"several layers have the role .*{name}, again")


@pytest.mark.parametrize(
    ("layer", "change", "words"),
    [
        ("facts", {"layer": "x"}, "'layer' has no effect"),
        ("nil", {"separator": ";"}, "have an effect on CSV files only"),
        ("nil", {"encoding": "latin-1"}, "have an effect on CSV files only"),
        ("nil", {"file": "nil.csv", "layer": None}, "needs polygons or lines"),
        ("facts", {"crs": "EPSG:4326"}, "'crs' has no effect on the role 'quarter_facts'"),
        ("jobs", {"crs": None}, "needs the keys 'x', 'y' and 'crs'"),
        ("sections", {"x": "lon"}, "have no effect on a vector file"),
        ("sections", {"counts": ["P1"]}, "give one of 'counts'"),
        ("totals", {"counts": None}, "give one of 'counts'"),
        ("sections", {"counts_pattern": "("}, "is no regular expression"),
        ("jobs", {"id_prefix": "J", "id_from": ["name"]}, "give one of 'id' .* and 'id_prefix'"),
        ("jobs", {"id": None}, "give one of 'id' .* and 'id_prefix'"),
        ("jobs", {"id": None, "id_prefix": "J"}, "'id_prefix' and 'id_from' go together"),
        ("jobs", {"kind": "x"}, "give one of 'kind' .* and 'kind_column'"),
        ("schools", {"columns": {"owner": "x"}}, "give 'owners' or a column for the owner"),
        ("schools", {"position_error_m": {"exact": 1}}, "needs the column of 'position_quality'"),
        ("schools", {"position_error_m": -1}, "position_error_m: metres are 0 or more, not -1"),
        ("jobs", {"position_error_m": {"exact": -1}}, "position_error_m: metres are 0 or more"),
        ("schools", {"position_error_m": "50 m"}, "position_error_m: give metres, or a table .* not '50 m'"),
        ("jobs", {"position_error_m": {"exact": "50 m"}}, "position_error_m: give metres"),
        ("schools", {"outside": "drop"}, "outside: input should be 'list' or 'error', not 'drop'"),
        ("schools", {"columns": {"colour": "x"}}, "columns.colour"),
        ("schools", {"kind": "Schools!"}, "kind"),
        ("facts", {"columns": {"Co Working": "cw"}}, "a column name here has lower-case letters"),
        ("nil", {"date": "05/02/2020"}, "date"),
        ("streets", {"keep": {"u": [1]}}, "keep"),
        ("facts", {"columns": {}}, "columns"),
    ],
)
def test_a_key_that_contradicts_the_layer_is_refused(tiny: TinyCity, layer: str, change: dict[str, Any], words: str) -> None:
    table = tiny.layer(layer)
    table.update(change)
    for key in [key for key, value in table.items() if value is None]:
        del table[key]
    _refuse(tiny, words)


@pytest.mark.parametrize(
    ("key", "value"),
    [("id", "Milano!"), ("country", "Italy"), ("language", "italian"), ("cell_m", 0), ("name", ""), ("sample", "yes")],
)
def test_a_fact_of_the_city_of_the_wrong_form_is_refused(tiny: TinyCity, key: str, value: object) -> None:
    tiny.tables["city"][key] = value
    _refuse(tiny, f"city.{key}")


def test_another_format_is_refused(tiny: TinyCity) -> None:
    tiny.tables["format"] = "diffusa-recipe/9"
    _refuse(tiny, "format")


def test_a_toml_date_is_a_date(tiny: TinyCity) -> None:
    tiny.layer("nil")["date"] = dt.date(2020, 2, 5)
    assert tiny.recipe().layers["nil"].date == "2020-02-05"


def test_a_whole_number_is_a_position_error(tiny: TinyCity) -> None:
    entry = tiny.recipe().layers["schools"]
    assert isinstance(entry, SitesEntry)
    assert entry.position_error_m == 50.0


def test_no_lower_error_leaves_the_reader_of_recipes() -> None:
    for tables in ({}, {"layers": 3}, {"city": []}, {"format": 1, "city": {"id": []}, "layers": {"a": {"role": []}}}):
        with pytest.raises(PlannerError):
            parse_recipe(tables)


def test_official_rates_of_a_city_reach_its_pack(tiny: TinyCity, tmp_path: Path) -> None:
    tiny.tables["city"]["risk_rates"] = [{"definition": "own", "rate_pct": 8.1, "source": "the office"}]
    pack = read_pack(write_pack(tiny.read(), tmp_path / "pack").folder)
    assert pack.city.risk_rates == (KnownRate(definition="own", rate=0.081, source="the office"),)


@pytest.mark.parametrize("rate_pct", [0.0, 100.0, -3.0])
def test_a_rate_of_nobody_or_everybody_is_refused(tiny: TinyCity, rate_pct: float) -> None:
    tiny.tables["city"]["risk_rates"] = [{"definition": "own", "rate_pct": rate_pct, "source": "the office"}]
    with pytest.raises(RecipeError, match="rate_pct"):
        tiny.read()
