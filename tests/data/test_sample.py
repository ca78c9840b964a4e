"""The sources of the sample city: the same bytes for a seed, ground without gaps, counts that agree, unique ids."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pydantic import ValidationError

from data.sample.facts import CityFact, Facts, read_facts
from data.sample.generate import SOURCE, write_sample_sources
from data.sample.people import AGE_CODES, EDUCATION_CODES, MEN_AGE_CODES, MEN_EDUCATION_CODES

SEEDS = (2023, 0, 7)
SITE_FILES = {"job_services": "id", "women_centres": "id", "rider_hubs": "id", "libraries": "id", "schools": "code"} | {
    "regeneration": "id",
    "municipal_buildings": "id",
}
PARTS_OF_WHOLES = [
    ("P61", "P60"), ("P62", "P60"), ("P64", "P60"), ("P65", "P61"), ("P66", "P62"), ("P65", "P64"), ("P129", "P128"),
    ("P132", "P131"), ("P136", "P135"), ("P140", "P139"), ("P53", "P46"), ("P46", "P1"), ("ST1", "P1"), ("ST2", "ST1"),
    ("ST2", "P2"),
    *zip(MEN_AGE_CODES, AGE_CODES, strict=True), *zip(MEN_EDUCATION_CODES, EDUCATION_CODES, strict=True),
]  # fmt: skip


@pytest.fixture(scope="module", params=SEEDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("sample")
    write_sample_sources(written, seed=request.param)
    return written


@pytest.fixture(scope="module")
def sections(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "sections.gpkg")


@pytest.fixture(scope="module")
def quarters(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "quarters.gpkg")


@pytest.fixture(scope="module")
def districts(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "districts.gpkg")


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    write_sample_sources(tmp_path / "first")
    write_sample_sources(tmp_path / "second", seed=2023)
    assert _digests(tmp_path / "first") == _digests(tmp_path / "second")


def test_writing_into_a_full_folder_gives_the_bytes_of_an_empty_one(tmp_path: Path) -> None:
    write_sample_sources(tmp_path / "used", seed=1)
    write_sample_sources(tmp_path / "used", seed=2)
    write_sample_sources(tmp_path / "fresh", seed=2)
    assert _digests(tmp_path / "used") == _digests(tmp_path / "fresh")


def test_the_seed_moves_ground_people_and_streets_but_not_the_facts(tmp_path: Path) -> None:
    write_sample_sources(tmp_path / "first", seed=1)
    write_sample_sources(tmp_path / "second", seed=2)
    first, second = _digests(tmp_path / "first"), _digests(tmp_path / "second")
    moved = {"quarters.gpkg", "districts.gpkg", "sections.gpkg", "streets.gpkg", "quarter_totals.csv"}
    assert {name for name in first if first[name] != second[name]} == moved


def test_gdal_is_left_as_it_was(tmp_path: Path) -> None:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    write_sample_sources(tmp_path)
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before


@pytest.mark.parametrize("name", ["quarters", "districts"])
def test_areas_tile_the_city_without_gaps_or_overlaps(folder: Path, name: str) -> None:
    areas = gpd.read_file(folder / f"{name}.gpkg")
    assert areas.is_valid.all()
    union = areas.union_all()
    assert union.geom_type == "Polygon"
    assert not union.interiors
    first, second = areas.sindex.query(areas.geometry)
    pairs = first < second
    shared = areas.geometry.iloc[first[pairs]].intersection(areas.geometry.iloc[second[pairs]], align=False)
    assert shared.area.max() < 1e-6
    assert areas.area.sum() == pytest.approx(union.area, abs=1e-6)


def test_districts_and_quarters_cover_the_same_ground_but_do_not_nest(
    quarters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> None:
    assert quarters.union_all().symmetric_difference(districts.union_all()).area < 1e-3
    cut = gpd.overlay(quarters[["id_nil", "geometry"]], districts[["municipio", "geometry"]], keep_geom_type=True)
    pieces = cut[cut.area > 1000].groupby("id_nil").size()
    assert (pieces > 1).sum() >= 3


def test_a_quarter_with_a_hole_goes_around_another(quarters: gpd.GeoDataFrame) -> None:
    around, inside = (quarters.set_index("id_nil").geometry[number] for number in (1, 8))
    assert shapely.Polygon(around.interiors[0]).equals(inside)


def test_the_city_is_small_and_lies_at_milano(quarters: gpd.GeoDataFrame) -> None:
    assert quarters.crs.to_epsg() == 32632
    west, south, east, north = quarters.total_bounds
    assert 3_500 < east - west < 4_200
    assert 3_500 < north - south < 4_200
    centre = quarters.to_crs(4326).union_all().centroid
    assert centre.x == pytest.approx(9.18, abs=0.02)
    assert centre.y == pytest.approx(45.47, abs=0.02)


def test_quarter_totals_agree_exactly_with_the_sections_and_the_facts(folder: Path, sections: gpd.GeoDataFrame) -> None:
    totals = pd.read_csv(folder / "quarter_totals.csv").set_index("id_nil").drop(columns="nil")
    counted = sections.groupby("id_nil")[list(totals.columns)].sum()
    pd.testing.assert_frame_equal(totals, counted, check_dtype=False)
    facts = read_facts()
    told = {quarter.id: quarter.residents for quarter in facts.quarters}
    told[facts.quarter(facts.no_place.quarter).id] += facts.no_place.residents
    assert totals["P1"].to_dict() == told
    assert 40_000 < totals["P1"].sum() < 60_000


@pytest.mark.parametrize(("part", "whole"), PARTS_OF_WHOLES)
def test_a_part_is_never_more_than_its_whole(sections: gpd.GeoDataFrame, part: str, whole: str) -> None:
    assert (sections[part] >= 0).all()
    assert (sections[part] <= sections[whole]).all()


def test_counts_add_up_in_every_section(sections: gpd.GeoDataFrame) -> None:
    def total(*codes: str) -> pd.Series:
        return sections[list(codes)].sum(axis=1)

    from_15 = total(*AGE_CODES[3:])
    sums = {
        "P1": [total("P2", "P3"), total(*AGE_CODES)],
        "P2": [total(*MEN_AGE_CODES)],
        "P46": [total(*EDUCATION_CODES)],
        "P53": [total(*MEN_EDUCATION_CODES)],
        "P128": [total("P130", "P131", "P135", "P139"), from_15 - sections["P60"]],
        "P129": [total(*MEN_AGE_CODES[3:]) - sections["P64"]],
    }
    for code, same in sums.items():
        for counted in same:
            assert (sections[code] == counted).all(), code


def test_women_are_at_most_all_people_of_their_age(sections: gpd.GeoDataFrame) -> None:
    aged_25_to_49 = sections[["P19", "P20", "P21", "P22", "P23"]].sum(axis=1)
    women = aged_25_to_49 - sections[["P35", "P36", "P37", "P38", "P39"]].sum(axis=1)
    assert (women >= 0).all()
    assert (women <= sections["P3"]).all()


def test_one_section_is_fictitious_one_more_has_no_area_and_some_are_empty(sections: gpd.GeoDataFrame) -> None:
    fictitious = sections[sections["fictitious"]]
    assert len(fictitious) == 1
    assert fictitious["P1"].item() == read_facts().no_place.residents
    assert fictitious["area_m2"].isna().all()
    assert sections["area_m2"].isna().sum() == 2
    assert (sections["P1"] == 0).sum() >= 10
    assert (sections["has_census_row"] == (sections["P1"] > 0)).all()


def test_sections_fill_their_quarter_and_stand_in_it_or_near_it(sections: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame) -> None:
    ground = quarters.set_index("id_nil")
    filled = sections.groupby("id_nil")["area_m2"].sum(min_count=1)
    whole = filled.index != 12  # one of its sections has no area on paper
    np.testing.assert_allclose(filled[whole], ground.area.loc[filled.index][whole], rtol=1e-4)
    own = gpd.GeoSeries(ground.geometry.loc[sections["id_nil"]].to_numpy(), crs=sections.crs)
    assert sections.geometry.distance(own).max() < 60


def test_ids_are_unique_and_those_of_services_and_spaces_together(
    folder: Path, sections: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> None:
    nodes = gpd.read_file(folder / "streets.gpkg", layer="nodes")
    stations = pd.read_csv(folder / "stations.csv")
    sites = pd.concat([pd.read_csv(folder / f"{name}.csv")[column] for name, column in SITE_FILES.items()])
    columns = [
        sections["sez2011"],
        quarters["id_nil"],
        districts["municipio"],
        nodes["node"],
        stations["station"],
        sites,
    ]
    assert all(column.is_unique and column.notna().all() for column in columns)


def test_points_hold_the_traps_of_real_files(folder: Path, quarters: gpd.GeoDataFrame) -> None:
    schools = pd.read_csv(folder / "schools.csv")
    assert schools.duplicated(["lon", "lat"]).sum() == 1
    assert (~schools["in_comune"]).sum() == 1
    assert (~schools["state_school"]).sum() == 1
    libraries = pd.read_csv(folder / "libraries.csv")
    assert (libraries["ente"] != "COMUNE DI BORGO DIFFUSO").sum() == 1
    regeneration = pd.read_csv(folder / "regeneration.csv")
    at = gpd.GeoSeries.from_xy(regeneration["lon"], regeneration["lat"], crs=4326).to_crs(quarters.crs)
    assert regeneration.loc[~at.within(quarters.union_all()), "id"].tolist() == ["REG-FUORI"]


def test_the_district_and_quarter_of_a_point_are_those_it_lies_in(folder: Path, quarters: gpd.GeoDataFrame) -> None:
    libraries = pd.read_csv(folder / "libraries.csv")
    at = gpd.GeoSeries.from_xy(libraries["lon"], libraries["lat"], crs=4326).to_crs(quarters.crs)
    inside = quarters.set_index("id_nil").geometry.loc[libraries["id_nil"]].reset_index(drop=True)
    assert at.within(inside).all()
    assert libraries["municipio"].between(1, 4).all()


def test_every_row_that_names_a_source_says_that_it_is_generated(folder: Path, quarters: gpd.GeoDataFrame) -> None:
    tables = [pd.read_csv(folder / f"{name}.csv") for name in SITE_FILES]
    named = [table["source"] for table in tables if "source" in table] + [quarters["source"]]
    assert len(named) == 6
    assert all((column == SOURCE).all() for column in named)


def test_a_plan_and_districts_of_another_outline_are_refused() -> None:
    city = read_facts().city.model_dump()
    city["districts"] = ("." * len(city["plan"][0]), *city["districts"][1:])
    with pytest.raises(ValidationError, match="do not cover the same squares"):
        CityFact.model_validate(city)


def test_a_plan_with_a_short_row_is_refused() -> None:
    city = read_facts().city.model_dump()
    city |= {name: (*city[name][:-1], city[name][-1][:-1]) for name in ("plan", "districts")}
    with pytest.raises(ValidationError, match="differ in length"):
        CityFact.model_validate(city)


def test_a_letter_without_a_quarter_is_refused() -> None:
    facts = read_facts().model_dump()
    facts["quarters"] = facts["quarters"][1:]
    with pytest.raises(ValidationError, match="letters of the plan"):
        Facts.model_validate(facts)
