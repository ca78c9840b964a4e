"""Real Milano: what its files are known to hold is what its pack holds."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.check import check_pack
from data.city import CitySources
from data.groups import census_groups, count_group
from data.interpolate_times import measure_steps
from data.lines import build_assumed_feed
from data.pack import CityPack, read_pack, write_pack
from data.recipe import read_recipe
from data.sources import read_sources

pytestmark = pytest.mark.shared
RECIPE = Path(str(files("data"))) / "recipes" / "milano.toml"


@pytest.fixture(scope="module")
def timed(milano_root: Path) -> tuple[CitySources, float]:
    begun = time.perf_counter()
    sources = read_sources(read_recipe(RECIPE), milano_root)
    return sources, time.perf_counter() - begun


@pytest.fixture(scope="module")
def milano(timed: tuple[CitySources, float]) -> CitySources:
    return timed[0]


@pytest.fixture(scope="module")
def spaces(milano: CitySources) -> pd.DataFrame:
    return milano.layers["spaces"].frame.set_index("site_id", drop=False)


def _has_tag(frame: pd.DataFrame, tag: str) -> pd.Series:
    return frame["tags"].str.split(";").map(lambda tags: tag in tags)


def test_quarters_and_districts(milano: CitySources) -> None:
    quarters = milano.layers["quarters"].frame
    assert isinstance(quarters, gpd.GeoDataFrame)
    assert quarters["nil"].tolist() == list(range(1, 89))
    assert quarters.area.sum() / 1e6 == pytest.approx(181.903, abs=0.001)
    assert quarters["former_name"].notna().sum() > 80
    hole = quarters.set_index("nil").geometry[85]
    assert shapely.get_num_interior_rings(shapely.get_parts(hole)).sum() == 1
    assert milano.layers["districts"].frame["district"].tolist() == list(range(1, 10))


def test_residents_with_and_without_a_place(milano: CitySources) -> None:
    census = milano.layers["census"].frame
    assert len(census) == 6085
    assert census["P1"].sum() == 1_242_123
    assert census.loc[census["is_no_place"], "P1"].sum() == 266
    assert census["area_m2"].isna().sum() == 3
    assert milano.layers["quarter_totals"].frame["P1"].sum() == 1_242_123


def test_known_groups(milano: CitySources) -> None:
    census = milano.layers["census"].frame
    counts = {group.key: count_group(census, group).sum() for group in census_groups(milano.groups)}
    assert counts["residents"] == 1_242_123
    assert counts["youth_15_29"] == 158_221  # published: ISTAT 8milaCensus
    assert counts["unemployed"] == counts["labour_force"] - counts["employed"] == 40_821
    assert counts["residents_6"] - counts["low_education"] - counts["graduates"] == census["P48"].sum()
    assert counts["women_25_49"] < census["P3"].sum()


def test_services(milano: CitySources) -> None:
    services = milano.layers["services"].frame
    assert services.groupby("kind").size().to_dict() == {
        "job_centre": 6, "rider_hub": 1, "social_economy": 1, "training_centre": 1, "women_centre": 6,
    }  # fmt: skip
    centres = services[services["kind"] == "job_centre"]
    assert centres.loc[_has_tag(centres, "open"), "site_id"].tolist() == ["CPI-STROZZI"]
    assert _has_tag(centres, "decided").sum() == 5
    assert centres.set_index("site_id")["cost_eur"]["CPI-PALAZZETTO"] == 3_900_000
    assert services.set_index("site_id")["position_error_m"]["CPI-STROZZI"] == 500
    assert (services["kind"] == "women_centre").sum() == _has_tag(services[services["kind"] == "women_centre"], "open").sum()
    assert _has_tag(services[services["kind"] == "rider_hub"], "planned").all()


def test_municipal_libraries_and_other_municipal_buildings(spaces: pd.DataFrame) -> None:
    libraries = spaces[spaces["kind"] == "libraries"]
    assert len(libraries) == 25
    assert {"LIB-SORMANI", "LIB-NIGUARDA"} <= set(libraries.index)
    assert _has_tag(libraries, "municipal").all()
    others = spaces[spaces["kind"] == "municipal_buildings"]
    assert len(others) == 14
    assert len(others) + sum(len(ids.split(";")) for ids in others["merged_ids"] if ids) == 20


def test_state_schools_by_building(spaces: pd.DataFrame) -> None:
    schools = spaces[spaces["kind"] == "schools"]
    assert len(schools) == 294
    assert len(schools) + sum(len(ids.split(";")) for ids in schools["merged_ids"] if ids) == 335
    assert _has_tag(schools, "state").all()
    upper = schools[_has_tag(schools, "upper_secondary")]
    assert upper["owner"].str.contains("Città metropolitana").all()
    assert set(schools.loc[~_has_tag(schools, "upper_secondary"), "owner"]) == {"Comune di Milano"}


def test_regeneration_sites(spaces: pd.DataFrame) -> None:
    sites = spaces[spaces["kind"] == "regeneration"]
    assert _has_tag(sites, "railway_yard").sum() == 7
    assert _has_tag(sites, "barracks").sum() == 1
    assert sites["site_area_m2"]["REG-FARINI"] == 618_733
    assert set(sites["position_error_m"]) == {300.0, 400.0}


def test_every_site_lies_in_the_quarter_and_district_it_names(milano: CitySources) -> None:
    for role in ("services", "spaces"):
        sites = milano.layers[role].frame
        assert sites["nil"].notna().all()
        assert sites["district"].notna().all()
        for key, layer in (("nil", "quarters"), ("district", "districts")):
            areas = milano.layers[layer].frame.set_index(key).geometry
            own = areas.loc[sites[key].astype("int64")].to_numpy()
            assert (shapely.distance(sites.geometry.to_numpy(), own) <= 1.0).all()


def test_streets_stations_and_facts(milano: CitySources) -> None:
    assert len(milano.network.x) == 28_079
    assert len(milano.network.u) == 35_343
    assert len(milano.layers["stations"].frame) == 125
    assert milano.layers["quarter_facts"].frame["coworking"].sum() == 110


def test_trains_by_timetable_and_lines_on_assumed_headways(milano: CitySources) -> None:
    trains = milano.feeds["trenord"]
    assert (trains.feed.n_stops, trains.feed.n_trips, trains.feed.time_zone) == (433, 2_407, "Europe/Rome")
    assert trains.feed.trips_on(dt.date(2023, 10, 18)).sum() == 2_242
    lines = milano.layers["lines"]
    assert lines.frame.groupby("mode")["line"].nunique().to_dict() == {"bus": 121, "metro": 5, "tram": 17}
    assert lines.time_zone == "Europe/Rome"
    headways = milano.layers["headways"].frame
    assert set(headways["source"]) == {"assumed"}
    assert set(headways["mode"]) == {"metro", "tram", "bus"}
    said = " ".join(limit.it + limit.en for limit in (*trains.limits, *lines.limits))
    assert all(
        words in said for words in ("Orari presunti", "Assumed headways", "Rete metropolitana del 2024", "network of 2024")
    )


def test_vehicles_are_about_as_fast_with_their_stops_as_they_are_in_milano(milano: CitySources) -> None:
    day = dt.date(2023, 10, 18)
    feed = build_assumed_feed(
        milano.layers["lines"].frame, milano.layers["headways"].frame, draw=0, first_date=day, last_date=day
    )
    begins = np.flatnonzero(np.diff(feed.time_trip, prepend=-1))
    ends = np.append(begins[1:], len(feed.time_trip)) - 1
    step_m = measure_steps(feed.lon[feed.time_stop], feed.lat[feed.time_stop])
    way_m = np.array([step_m[begin + 1 : end + 1].sum() for begin, end in zip(begins, ends, strict=True)])
    km_h = way_m / (feed.arrival_s[ends] - feed.departure_s[begins]) * 3.6
    mode = np.array(feed.route_mode)[feed.trip_route]
    typical = {name: float(np.median(km_h[mode == name])) for name in ("metro", "tram", "bus")}
    assert 28 < typical["metro"] < 33
    assert 10 < typical["tram"] < 15
    assert 11 < typical["bus"] < 16


def test_every_layer_has_its_papers_and_a_file_of_the_recipe(milano: CitySources) -> None:
    recipe = read_recipe(RECIPE)
    assert set(milano.papers) == set(recipe.layers)
    papers = [*milano.papers.values(), *(layer.paper for layer in milano.layers.values()), milano.network_paper]
    for paper in papers:
        assert all((paper.source, paper.licence, paper.attribution, paper.date, paper.files, paper.rows))
        assert len(paper.files) == len(paper.files_sha256)
        assert all(len(digest) == 64 for digest in paper.files_sha256)


def test_a_check_tells_the_published_figures(milano_pack: CityPack) -> None:
    report = check_pack(milano_pack.folder)
    assert report.faults == ()
    people = "residents: 1,242,123 people by quarter, 266 of them without a place, 1,241,857 in cells"
    assert {"181.90 km²", "88 quarters", "9 districts", people} <= set(report.facts)
    assert "trenord: 433 stops, 2,407 trips, 2023-07-28 to 2023-12-31" in report.facts
    assert "lines without a timetable: 121 bus, 5 metro, 17 tram" in report.facts
    assert "missing:" not in report.facts


def test_the_pack_is_sound_and_its_seconds_are_reported(
    timed: tuple[CitySources, float], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    begun = time.perf_counter()
    write_pack(timed[0], tmp_path / "pack")
    written = time.perf_counter() - begun
    record_property("seconds_read", round(timed[1], 2))
    record_property("seconds_written", round(written, 2))
    print(f"Milano: read in {timed[1]:.1f} s (10 s are meant), written in {written:.1f} s")
    assert check_pack(tmp_path / "pack").faults == ()
    assert read_pack(tmp_path / "pack").city.name == "Milano"
