"""What each site reaches: its tables agree with each other, with the plan, and with the streets; files are whole."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from data.errors import FaultsError, FileError, IdError, ScenarioError
from data.geopackage import read_geopackage
from data.pack import CityPack
from diffusa.areas import SiteAreas, measure_areas, write_areas
from diffusa.cli_access import parse_minutes
from layers.plan import Plan
from layers.plan_text import Text
from tests.diffusa.test_cli import run

SITES = ("job_centre", "libraries", "REG-ISOLA")
UNCONNECTED = "REG-ISOLA"


@pytest.fixture(scope="module")
def made(sample_pack: CityPack) -> SiteAreas:
    """Return what job centres, libraries and a farm far from any street reach in the sample city."""
    return measure_areas(sample_pack, sites=SITES, minutes=[15, 10.0, 0.1])


def test_each_connected_site_has_an_area_for_each_time_in_which_it_comes_to_a_street(made: SiteAreas) -> None:
    assert made.minutes == (0.1, 10.0, 15.0)
    times = made.areas.groupby("site_id")["minutes"].agg(list).to_dict()
    assert set(times) == set(made.sites["site_id"]) - {UNCONNECTED}
    assert all(asked in ([0.1, 10.0, 15.0], [10.0, 15.0]) for asked in times.values())
    snap_m = made.sites.set_index("site_id")["snap_m"]
    assert {site_id for site_id, asked in times.items() if 0.1 in asked} == set(snap_m.index[snap_m <= 4500 / 60 * 0.1])


def test_area_and_length_are_those_of_polygons_and_stretches(made: SiteAreas) -> None:
    assert made.areas["area_m2"].to_numpy() == pytest.approx(made.areas.area.to_numpy())
    lengths = made.stretches.groupby(["site_id", "minutes"])["length_m"].sum()
    rows = made.areas.set_index(["site_id", "minutes"])
    assert rows["street_m"].reindex(lengths.index).to_numpy() == pytest.approx(lengths.to_numpy())
    assert set(lengths.index) <= set(rows.index)


def test_areas_of_a_site_nest(made: SiteAreas) -> None:
    for _, rows in made.areas.groupby("site_id"):
        shapes = rows.sort_values("minutes").geometry.to_numpy()
        assert shapely.covers(shapes[1:], shapes[:-1]).all()


def test_people_of_an_area_are_those_of_the_cells_reached_within_its_time(made: SiteAreas) -> None:
    assert not made.cells.duplicated(["site_id", "cell_id"]).any()
    assert (made.cells["seconds"] <= made.cells["minutes"] * 60).all()
    for _, row in made.areas.iterrows():
        near = made.cells[(made.cells["site_id"] == row["site_id"]) & (made.cells["seconds"] <= row["minutes"] * 60)]
        for key in made.near.groups:
            assert row[f"within_{key}"] == pytest.approx(near[key].sum(), abs=1e-6)


def test_a_cell_stands_under_the_shortest_time_that_reaches_it(made: SiteAreas) -> None:
    assert set(made.cells["minutes"]) <= set(made.minutes)
    near = made.cells["seconds"].to_numpy() <= 600
    assert (made.cells.loc[near, "minutes"] <= 10).all()
    assert (made.cells.loc[~near, "minutes"] == 15).all()


def test_the_people_are_those_whom_the_plan_counts_for_the_site_alone(made: SiteAreas, sample_plan: Plan) -> None:
    planned = sample_plan.sites.set_index("site_id")
    rows = made.areas[made.areas["minutes"] == sample_plan.document.standard_min].set_index("site_id")
    shared = sorted(set(planned.index) & set(rows.index))
    assert len(shared) == 7
    for group in ("unemployed", "youth_15_29"):
        counted = planned.loc[shared, f"within_{group}"].to_numpy()
        assert rows.loc[shared, f"within_{group}"].to_numpy() == pytest.approx(counted, abs=1e-5)


def test_a_site_without_a_street_is_listed_and_told_by_name(made: SiteAreas) -> None:
    sites = made.sites.set_index("site_id")
    assert not sites.loc[UNCONNECTED, "is_connected"]
    assert sites.drop(UNCONNECTED)["is_connected"].all()
    assert made.limits[0].en == "1 sites lie farther than 400 m from any street and are not connected: Cascina Isola"
    assert any("in doubt: Centro per l'Impiego." in limit.en for limit in made.limits)
    assert Text(it="Le persone sono quelle contate nel 2011.", en="People are those counted in 2011.") in made.limits


def test_bicycles_are_said_to_take_every_street_both_ways(sample_pack: CityPack) -> None:
    limits = measure_areas(sample_pack, sites=["BIB-1"], minutes=[5], mode="bike").limits
    assert any(limit.en.startswith("Bicycles take every street both ways") for limit in limits)


def test_the_file_holds_the_four_layers_rounded(made: SiteAreas, tmp_path: Path) -> None:
    write_areas(made, tmp_path / "areas.gpkg")
    names = [str(name) for name, _ in pyogrio.list_layers(tmp_path / "areas.gpkg")]
    assert names == ["areas", "stretches", "cells", "sites"]
    for name in names:
        frame = read_geopackage(tmp_path / "areas.gpkg", name)
        assert isinstance(frame, gpd.GeoDataFrame)
        assert frame.crs == made.near.city.crs
        own = getattr(made, name)
        assert list(frame.columns) == list(own.columns)
        assert len(frame) == len(own)
    areas = read_geopackage(tmp_path / "areas.gpkg", "areas")
    assert areas["within_residents"].tolist() == np.round(made.areas["within_residents"], 6).tolist()


def test_the_same_question_gives_the_same_bytes_and_replaces_the_file(sample_pack: CityPack, tmp_path: Path) -> None:
    output = tmp_path / "areas.gpkg"
    output.write_text("what stood there")
    written = []
    for sites in (["libraries", "job_centre"], ["job_centre", "libraries"]):
        write_areas(measure_areas(sample_pack, sites=sites, minutes=[5, 10]), output)
        written.append(output.read_bytes())
    assert written[0] == written[1]
    assert [path.name for path in tmp_path.iterdir()] == ["areas.gpkg"]


def test_sites_that_all_lie_away_from_streets_give_a_file_without_areas(sample_pack: CityPack, tmp_path: Path) -> None:
    made = measure_areas(sample_pack, sites=[UNCONNECTED], minutes=[10])
    assert (len(made.areas), len(made.stretches), len(made.cells), len(made.sites)) == (0, 0, 0, 1)
    write_areas(made, tmp_path / "areas.gpkg")
    assert len(read_geopackage(tmp_path / "areas.gpkg", "sites")) == 1
    empty = read_geopackage(tmp_path / "areas.gpkg", "areas")
    assert list(empty.columns) == list(made.areas.columns)


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "slow_walk"},
        {"mode": "bike"},
        {"speed_km_h": 3.0},
        {"max_snap_m": 12.0},
        {"minutes": [11]},
        {"sites": ["libraries:municipal"]},
        {"groups": ["residents"]},
    ],
    ids=str,
)
def test_every_option_changes_an_answer(sample_pack: CityPack, change: dict[str, object]) -> None:
    usual: dict[str, object] = {"sites": ["libraries"], "minutes": [10]}
    first, second = (
        measure_areas(sample_pack, **asked).areas.drop(columns=["geometry", "name"])  # type: ignore[arg-type]
        for asked in (usual, usual | change)
    )
    assert not first.equals(second)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sites": ["librarie"]}, IdError, "sites: 'librarie' names no site. Did you mean 'libraries'"),
        ({"sites": []}, ScenarioError, "sites: none is given"),
        ({"minutes": []}, ScenarioError, "minutes: none is given"),
        ({"minutes": [10, 20, 10.0]}, ScenarioError, "minutes: repeated: 10"),
        ({"minutes": [-1]}, ScenarioError, "minutes.0: input should be greater than 0, not -1"),
        ({"minutes": [float("nan")]}, ScenarioError, "minutes.0: input should be a finite number"),
        ({"minutes": [241]}, ScenarioError, "minutes.0: input should be less than or equal to 240"),
        ({"mode": "transit"}, ScenarioError, "mode: input should be 'walk', 'slow_walk' or 'bike', not 'transit'"),
        ({"speed_km_h": 0.0}, ScenarioError, "speed_km_h: input should be greater than 0"),
        ({"max_snap_m": 0.0}, ScenarioError, "max_snap_m: input should be greater than 0"),
        ({"groups": ["resident"]}, IdError, "unknown group 'resident'. Did you mean 'residents'"),
        ({"groups": []}, ScenarioError, "groups: none is given"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_an_error(
    sample_pack: CityPack, change: dict[str, object], error: type[Exception], message: str
) -> None:
    asked: dict[str, object] = {"sites": ["libraries"], "minutes": [10], **change}
    with pytest.raises(error, match=message):
        measure_areas(sample_pack, **asked)  # type: ignore[arg-type]


def test_all_faults_are_told_at_once(sample_pack: CityPack) -> None:
    with pytest.raises(FaultsError) as numbers:
        measure_areas(sample_pack, sites=["libraries"], minutes=[-1], mode="fly", speed_km_h=99)
    assert len(numbers.value.faults) == 3
    with pytest.raises(FaultsError) as names:
        measure_areas(sample_pack, sites=["librarie", "school"], minutes=[10], groups=["x"])
    assert len(names.value.faults) == 3


@pytest.mark.parametrize(
    ("output", "message"), [("none/areas.gpkg", "the folder is missing"), ("areas.shp", "ends in .gpkg")], ids=str
)
def test_a_file_that_cannot_be_written_is_an_error(made: SiteAreas, tmp_path: Path, output: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        write_areas(made, tmp_path / output)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["10,x", "", "10;20", "10:1", "10,,20"])
def test_minutes_that_are_no_numbers_are_an_error(text: str) -> None:
    with pytest.raises(ScenarioError, match="--minutes: values cannot be read"):
        parse_minutes(text)


def test_the_command_writes_the_file_and_prints_a_row_for_each_site_and_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "areas.gpkg"
    words = ("areas", sample_folder / "pack", "--sites", "job_centre:open", "--sites", "libraries:municipal")
    code, out, err = run(
        monkeypatch, capsys, *words, "--minutes", "10,20", "-o", output, "-q", "--group", "residents", "--language", "en"
    )
    assert (code, err) == (0, "")
    assert "SAMPLE CITY, NOT REAL DATA" in out
    row = read_geopackage(output, "areas").set_index(["site_id", "minutes"]).loc[("CPI-CORSO", 10.0)]
    line = next(line for line in out.splitlines() if "CPI-CORSO" in line)
    figures = f"{row['street_m'] / 1e3:.1f} {row['area_m2'] / 1e6:.2f} {row['within_residents']:,.0f}"
    assert line.split()[-4:] == ["10", *figures.split()]
    assert out.count(" 10 ") == out.count(" 20 ") == 5
    assert "Whoever is near several sites is counted at each of them" in out
    assert "--group chooses" not in out
    assert f"Areas: {output}" in out


def test_the_command_says_that_more_groups_stand_in_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    words = ("areas", sample_folder / "pack", "--sites", "BIB-1", "--minutes", "10", "-o", tmp_path / "areas.gpkg", "-q")
    words = (*words, "--language", "en")
    _, out, _ = run(monkeypatch, capsys, *words)
    assert "16 more groups stand in the file; --group chooses." in out
    assert "counted at each" not in out
    slower = run(monkeypatch, capsys, *words, "--mode", "slow_walk")[1]
    assert "on foot, slowly at 3.2 km/h" in slower
    assert "on foot at 3.5 km/h" in run(monkeypatch, capsys, *words, "--speed-km-h", "3.5")[1]


def test_the_command_speaks_the_language_of_the_city_or_the_one_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    words = ("areas", sample_folder / "pack", "--sites", "BIB-1", "--minutes", "7.5", "-o", tmp_path / "areas.gpkg", "-q")
    italian = run(monkeypatch, capsys, *words)[1]
    assert "che cosa raggiunge ogni sede a piedi a 4,5 km/h" in " ".join(italian.split())
    assert "7,5" in italian
    assert "Le persone sono quelle contate nel 2011." in italian
    english = run(monkeypatch, capsys, *words, "--language", "en")[1]
    assert "what each site reaches on foot at 4.5 km/h" in " ".join(english.split())
    assert "7.5" in english
    code, _, err = run(monkeypatch, capsys, *words, "--language", "fr")
    assert (code, "no language 'fr'" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sites", "librarie", "--minutes", "10"), "Did you mean 'libraries'"),
        (("--sites", "libraries", "--minutes", "ten"), "--minutes: values cannot be read (1: 'ten')"),
        (("--sites", "libraries", "--minutes", "10,-20"), "minutes.1: input should be greater than 0"),
        (("--sites", "libraries", "--minutes", "10,10"), "minutes: repeated: 10"),
        (("--sites", "libraries", "--minutes", "10", "--mode", "fly"), "'walk', 'slow_walk' or 'bike'"),
        (("--sites", "libraries", "--minutes", "10", "--group", "resident"), "Did you mean 'residents'"),
        (("--sites", "libraries", "--minutes", "10", "-o", "none/areas.gpkg"), "the folder is missing"),
        (("--sites", "libraries", "--minutes", "10", "-o", "areas.txt"), "ends in .gpkg"),
    ],
    ids=str,
)
def test_a_fault_is_one_message_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sample_folder: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(monkeypatch, capsys, "areas", sample_folder / "pack", "-o", "areas.gpkg", "-q", *words)
    assert (code, out) == (1, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.shared
def test_the_six_job_centres_of_milano(milano_pack: CityPack) -> None:
    made = measure_areas(milano_pack, sites=["job_centre"], minutes=[10, 20, 30], groups=["unemployed"])
    assert (len(made.sites), len(made.areas)) == (6, 18)
    assert made.sites["is_connected"].all()
    strozzi = made.areas.set_index(["site_id", "minutes"]).loc["CPI-STROZZI"]
    # the table of 2023 says 3.3 % and 9.7 % of 40,821 unemployed people within 20 and 30 minutes
    assert (100 * strozzi["within_unemployed"] / 40_821).round(1).to_dict()[20.0] == 3.3
    assert (100 * strozzi["within_unemployed"] / 40_821).round(1).to_dict()[30.0] == 9.7
    assert strozzi["street_m"].is_monotonic_increasing
    assert strozzi["area_m2"].is_monotonic_increasing
    speed_m_s = 4500 / 3600
    assert (made.areas["area_m2"] <= np.pi * (made.areas["minutes"] * 60 * speed_m_s + 25) ** 2).all()
