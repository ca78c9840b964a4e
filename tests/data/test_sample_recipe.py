"""The recipe and the scenario of the sample city fit its sources, and nothing of the real data was copied into it."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from data.city import CitySources
from data.recipe import Recipe, read_recipe
from data.sample.generate import SOURCE, write_sample_sources
from data.sources import read_sources

SAMPLE = Path(str(files("data.sample")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("sample")
    write_sample_sources(written)
    return written


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return read_recipe(SAMPLE / "sample.toml")


@pytest.fixture(scope="module")
def sources(recipe: Recipe, folder: Path) -> CitySources:
    return read_sources(recipe, folder)


@pytest.fixture(scope="module")
def sites(sources: CitySources) -> pd.DataFrame:
    frames = [layer.frame for layer in sources.layers.values() if layer.role in {"services", "spaces"}]
    return pd.concat(frames).set_index("site_id")


def test_every_layer_says_that_it_is_generated_and_free(recipe: Recipe) -> None:
    assert recipe.city.sample
    for layer in recipe.layers.values():
        assert (layer.source, layer.attribution, layer.licence) == (SOURCE, SOURCE, "CC0-1.0")


def test_the_recipe_names_every_file_that_is_written_and_no_other(recipe: Recipe, folder: Path) -> None:
    assert {layer.file for layer in recipe.layers.values()} == {path.name for path in folder.iterdir()}


def test_what_the_recipe_expects_is_what_was_written(recipe: Recipe, folder: Path) -> None:
    quarters = gpd.read_file(folder / "quarters.gpkg").to_crs(recipe.city.crs)
    expected = recipe.city.expect
    assert expected.quarters == len(quarters)
    assert expected.districts == len(gpd.read_file(folder / "districts.gpkg"))
    assert expected.residents == pd.read_csv(folder / "quarter_totals.csv")["P1"].sum()
    assert expected.area_km2 == pytest.approx(quarters.area.sum() / 1e6, abs=0.005)


def test_the_city_is_marked_as_a_sample(sources: CitySources) -> None:
    assert sources.city.is_sample
    assert {group.key for group in sources.groups} >= {"unemployed", "youth_15_29", "residents"}


def test_no_site_outside_the_city_is_left_and_one_school_building_holds_two_schools(sites: pd.DataFrame) -> None:
    assert sites["nil"].notna().all()
    assert "REG-FUORI" not in sites.index
    assert "REG-ISOLA" in sites.index
    assert (sites["merged_ids"].fillna("") != "").sum() == 1
    assert not {"SDFUORI", "SDPAR01"} & set(sites.index)


def test_upper_secondary_buildings_have_another_owner(sites: pd.DataFrame) -> None:
    is_upper = sites["tags"].str.split(";").map(lambda tags: "upper_secondary" in tags)
    schools = sites["kind"] == "schools"
    assert set(sites.loc[is_upper, "owner"]) == {"Città metropolitana del Fiume"}
    assert set(sites.loc[schools & ~is_upper, "owner"]) == {"Comune di Borgo Diffuso"}


def test_every_selector_of_the_scenario_names_a_site(sites: pd.DataFrame) -> None:
    scenario = tomllib.loads((SAMPLE / "job_centres.toml").read_text(encoding="utf-8"))
    named = {
        f"{kind}{suffix}"
        for kind, tags in zip(sites["kind"], sites["tags"], strict=True)
        for suffix in ["", *(f":{tag}" for tag in tags.split(";"))]
    }
    asked = {*scenario["sites"]["fixed"], *scenario["sites"]["candidates"], *scenario["compare"][0]["sites"]}
    assert asked <= named
    assert scenario["city"] == "sample"
    assert scenario["choose"]["new"] == sites["tags"].eq("decided").mul(sites["kind"] == "job_centre").sum() == 2


def test_lines_of_three_modes_run_all_day_and_their_metro_stops_at_the_stations(sources: CitySources) -> None:
    lines, headways = sources.layers["lines"], sources.layers["headways"].frame
    assert set(lines.frame["mode"]) == set(headways["mode"]) == {"metro", "tram", "bus"}
    assert headways["from_s"].max() <= 7 * 3600
    assert headways["until_s"].min() >= 20 * 3600
    metro = lines.frame.loc[lines.frame["mode"] == "metro", "name"]
    assert set(metro) <= set(sources.layers["stations"].frame["name"])
    assert lines.time_zone == "Europe/Rome"
    assert "presunte" in lines.limits[0].it
    assert "assumed" in lines.limits[0].en


@pytest.mark.shared
def test_no_file_of_the_sample_holds_a_copy_of_real_data(shared_root: Path, folder: Path) -> None:
    real = {_digest(path) for path in shared_root.rglob("*") if path.is_file()}
    own = [path for root in (SAMPLE, folder) for path in root.rglob("*") if path.is_file()]
    assert not [path.name for path in own if _digest(path) in real]


@pytest.mark.shared
def test_no_row_of_a_table_is_a_row_of_real_data(milano_root: Path, folder: Path) -> None:
    real = {line for path in milano_root.rglob("*.csv") for line in path.read_text(encoding="utf-8").splitlines()[1:]}
    own = {line for path in folder.glob("*.csv") for line in path.read_text(encoding="utf-8").splitlines()[1:]}
    assert not own & real


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
