"""Plans by public transport: the sample city with every option, real Milano with its feed and its lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import diffusa.journeys as module
import diffusa.times_cache as times_cache
from data.cache import ArrayCache
from data.errors import FeedError, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa.embedded import sample_file
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import Scenario, read_scenario
from layers.plan import BEFORE, BEST, Plan, lens_variant, minutes_column, within_column
from layers.plan_folder import read_plan

TRANSIT = {"mode": "transit", "window": "2023-10-18 08:00-09:00", "standard_min": 20, "cutoff_min": 25, "max_walk_min": 8}
REPORT = {"standards_min": [20], "groups": ["unemployed"], "modes": ["walk"], "percentiles": [90]}
CHANGED: list[dict[str, Any]] = [
    {"window": "2023-10-18 22:00-23:00"},
    {"percentile": 80},
    {"direction": "away"},
    {"step_min": 20},
    {"max_walk_min": 3},
    {"max_change_walk_min": 0.1},
    {"change_min": 6},
    {"draws": 25},
    {"seed": 1},
    {"speed_km_h": 3.5},
    {
        "headways": [
            {"mode": "metro", "from": "06:00", "until": "24:00", "headway_min": 30, "speed_km_h": 40, "source": "a test"}
        ]
    },
]


def by_transit(**travel: Any) -> Scenario:
    content = read_scenario(sample_file("job_centres.toml")).model_dump(mode="json", exclude_none=True)
    return Scenario.model_validate({**content, "travel": TRANSIT | travel, "report": REPORT})


@pytest.fixture(scope="module")
def plan(sample_pack: CityPack) -> Plan:
    return make_plan(by_transit(), sample_pack)


def test_nobody_needs_longer_than_on_foot_and_later_percentiles_are_never_faster(plan: Plan) -> None:
    for key in (BEFORE, "decided", BEST):
        median, late, walk = (plan.cells[minutes_column(lens_variant(key, lens))] for lens in ("", "p90", "walk"))
        assert (median[walk.notna()] <= walk[walk.notna()] + 1e-9).all()
        assert (median[late.notna()] <= late[late.notna()] + 1e-9).all()
        assert late.notna().sum() <= median.notna().sum()
        assert median.notna().sum() > walk.notna().sum()


def test_what_was_assumed_stands_in_the_plan(plan: Plan) -> None:
    said = " ".join(text.en for text in plan.document.assumptions).lower()
    assert "assumed headways" in said
    assert "20 draws" in said
    window = plan.document.window
    assert window is not None
    assert (window.date, window.start, window.end, window.n_draws) == ("2023-10-18", "08:00", "09:00", 20)
    assert window.n_departures == 20 * 6
    assert "by public transport" in plan.document.sentence.en
    assert "lines" in {source.layer for source in plan.document.sources}


def test_the_shares_of_the_vehicles_add_up_and_several_are_used(plan: Plan) -> None:
    for key in (BEFORE, "decided", BEST):
        shares = {one.mode: one.share for one in plan.document.mode_shares if one.variant == key}
        assert sum(shares.values()) == pytest.approx(1.0, abs=1e-4)
        assert len([mode for mode, share in shares.items() if share > 0]) >= 2
        assert shares["walking"] > 0
    assert {one.mode for one in plan.document.mode_shares if one.share > 0} >= {"metro", "walking"}


@pytest.mark.parametrize("options", CHANGED, ids=lambda options: next(iter(options)))
def test_every_option_changes_an_answer(plan: Plan, sample_pack: CityPack, options: dict[str, Any]) -> None:
    other = make_plan(by_transit(**options), sample_pack)
    reach = [within_column("unemployed")]  # of every site by itself, whatever is chosen
    assert not other.sites[reach].equals(plan.sites[reach])


def test_kept_times_give_the_same_plan_without_a_search(
    plan: Plan, sample_pack: CityPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ArrayCache(tmp_path / "cache")
    first = make_plan(by_transit(), sample_pack, cache=cache)
    for name in ("search_by_timetable", "street_times"):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("was searched again"))
    again = make_plan(by_transit(), sample_pack, cache=cache)
    for made in (first, again):
        write_plan(made, tmp_path / "made")
        write_plan(plan, tmp_path / "plain")
        for file in ("plan.json", "plan.gpkg", "nil.csv", "map.html"):
            assert (tmp_path / "made" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes(), file
    assert read_plan(tmp_path / "made").document == plan.document
    with pytest.raises(pytest.fail.Exception, match="searched again"):
        make_plan(by_transit(seed=3), sample_pack, cache=cache)


def test_times_of_another_library_are_not_used(sample_pack: CityPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path / "cache")
    make_plan(by_transit(), sample_pack, cache=cache)
    monkeypatch.setattr(times_cache, "version", lambda name: f"another {name}")
    monkeypatch.setattr(module, "search_by_timetable", lambda *_, **__: pytest.fail("was searched again"))
    with pytest.raises(pytest.fail.Exception, match="searched again"):
        make_plan(by_transit(), sample_pack, cache=cache)


def test_a_city_without_lines_or_timetables_says_so(sample_pack: CityPack) -> None:
    layers = {name: record for name, record in sample_pack.layers.items() if name not in ("lines", "headways")}
    bare = CityPack(**{**vars(sample_pack), "layers": layers})
    with pytest.raises(ScenarioError, match="neither timetables nor lines"):
        make_plan(by_transit(), bare)


def test_stops_too_far_from_any_street_are_named(plan: Plan, sample_pack: CityPack) -> None:
    near = plan.document.window
    far = make_plan(by_transit(max_snap_m=5), sample_pack).document
    assert near is not None
    assert far.window is not None
    assert len(far.window.stops_not_connected) > len(near.stops_not_connected)
    assert all(stop_id.startswith("lines:") for stop_id in far.window.stops_not_connected)
    assert any("nobody boards or leaves a vehicle there" in text.en for text in far.limits)


def test_lines_that_stand_still_at_night_leave_walking_alone(sample_pack: CityPack) -> None:
    night = make_plan(by_transit(window="2023-10-18 02:00-03:00"), sample_pack)
    assert {one.mode for one in night.document.mode_shares if one.share > 0} == {"walking"}
    columns = [minutes_column(key) for key in (BEST, lens_variant(BEST, "walk"))]
    assert night.cells[columns[0]].equals(night.cells[columns[1]].rename(columns[0]))


def test_a_window_across_midnight_is_one_window(sample_pack: CityPack) -> None:
    late = make_plan(by_transit(window="2023-10-18 23:30-00:30"), sample_pack)
    window = late.document.window
    assert window is not None
    assert (window.start, window.end, window.n_departures) == ("23:30", "00:30", 120)
    assert {one.mode for one in late.document.mode_shares if one.share > 0} > {"walking"}


def milano(checkout: Path, **travel: Any) -> Scenario:
    """The scenario of Milano with the decided places alone, so that a test need not search for 332 sites."""
    content = read_scenario(checkout / "scenarios/job_centres_transit.toml").model_dump(mode="json", exclude_none=True)
    content["sites"]["candidates"] = ["job_centre:decided"]
    content["choose"]["new"] = 2
    content["travel"] |= travel
    return Scenario.model_validate(content)


@pytest.mark.shared
def test_real_milano_by_public_transport_and_on_foot(milano_pack: CityPack, checkout: Path) -> None:
    plan = make_plan(milano(checkout), milano_pack)
    document = plan.document
    on_foot = {
        key: [
            round(100 * document.figure(lens_variant(key, "walk"), group, standard_min=30.0).share, 1)
            for group in ("unemployed", "youth_15_29")
        ]
        for key in (BEFORE, "decided")
    }
    assert on_foot == {BEFORE: [9.7, 10.2], "decided": [30.2, 31.9]}  # as the walking scenario has them
    for key in (BEFORE, "decided", BEST):
        own, late, walk = (
            document.figure(lens_variant(key, lens), "unemployed", standard_min=30.0).share for lens in ("", "p90", "walk")
        )
        assert walk < late < own
    used = {one.mode for one in document.mode_shares if one.variant == "decided" and one.share > 0.01}
    assert used == {"metro", "tram", "bus", "train", "walking"}
    said = " ".join(text.en for text in document.assumptions).lower()
    assert "assumed headways" in said
    assert "metro network of 2024" in said


@pytest.mark.shared
def test_a_date_without_trains_names_the_dates_with_them(milano_pack: CityPack, checkout: Path) -> None:
    with pytest.raises(FeedError, match="service runs from 2023-07-28 to 2023-12-31"):
        make_plan(milano(checkout, window="2024-03-01 08:00-10:00"), milano_pack)


def test_a_faulty_headway_is_told_with_its_key() -> None:
    headway = {"mode": "metro", "from": "6", "until": "24:00", "headway_min": -1, "speed_km_h": 40, "source": "x"}
    with pytest.raises((PlannerError, ValueError), match="no clock time"):
        by_transit(headways=[headway])
