"""Lines without a timetable run on what is assumed, in both directions, the same from run to run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import ColumnError, CountError, FaultsError, FeedError, PlannerError
from data.feed import Feed
from data.interpolate_times import measure_steps
from data.line_patterns import is_tangled
from data.lines import build_assumed_feed, read_lines

DATE = dt.date(2023, 10, 18)
HEADER = "mode,line,branch,seq,stop_id,name,lat,lon,source,in_2025"


def sequence(mode: str, line: str, stops: str, *, branch: str = "", lat: float = 45.4) -> pd.DataFrame:
    """Return a branch that runs east from stop to stop, 1,000 m apart on the sphere."""
    step = np.degrees(1000 / (6_371_008.8 * np.cos(np.radians(lat))))
    order = [sorted(set(stops)).index(stop) for stop in stops]
    return pd.DataFrame(
        {
            "mode": mode, "line": line, "branch": branch or line, "seq": range(1, len(stops) + 1), "stop_id": list(stops),
            "name": list(stops), "lat": lat, "lon": 9.0 + step * np.array(order),
        }
    )  # fmt: skip


def assume(*rows: tuple[str, float, float, float, float], **more: float) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["mode", "from_s", "until_s", "headway_s", "speed_km_h"]).assign(**more)


BUS = assume(("bus", 21_600, 79_200, 600, 18))


def build(lines: pd.DataFrame, assumptions: pd.DataFrame = BUS, *, draw: int = 0, seed: int = 0) -> Feed:
    return build_assumed_feed(lines, assumptions, draw=draw, seed=seed, first_date=DATE, last_date=DATE + dt.timedelta(days=2))


def same(one: Feed, other: Feed) -> bool:
    return all(np.array_equal(getattr(one, field), getattr(other, field)) for field in one.__dataclass_fields__)


def test_a_line_runs_both_ways_at_the_assumed_speed_with_20_s_a_stop() -> None:
    feed = build(sequence("bus", "1", "ABC"))
    assert feed.trip_ids == (f"1:1:there:{feed.frequency_start_s[0]}", f"1:1:back:{feed.frequency_start_s[1]}")
    assert [feed.stop_ids[stop] for stop in feed.time_stop] == ["A", "B", "C", "C", "B", "A"]
    assert feed.arrival_s.tolist() == [0, 200, 420] * 2  # 1,000 m at 5 m/s
    assert feed.departure_s.tolist() == [0, 220, 420] * 2
    assert feed.frequency_headway_s.tolist() == [600, 600]
    assert feed.frequency_end_s.tolist() == [79_200, 79_200]
    assert ((feed.frequency_start_s >= 21_600) & (feed.frequency_start_s < 22_200)).all()
    assert feed.frequency_is_exact.all()
    assert feed.route_mode == ("bus",)
    assert feed.service_days.shape == (1, 3)
    assert feed.trips_on(DATE).all()
    assert feed.notes[0].startswith(
        "assumed headways and speeds, no timetable: bus 600 to 600 s at 18 to 18 km/h; phases of draw 0, seed 0"
    )
    assert "1 lines with one sequence of stops run both ways along it, at the same stops" in feed.notes


def test_the_dwell_may_be_given() -> None:
    feed = build(sequence("bus", "1", "ABC"), BUS.assign(dwell_s=50))
    assert feed.departure_s.tolist()[:3] == [0, 250, 450]


def test_a_mode_has_its_own_headway_and_speed_by_period() -> None:
    lines = pd.concat([sequence("bus", "1", "AB"), sequence("tram", "2", "CD")], ignore_index=True)
    assumptions = assume(
        ("bus", 0, 36_000, 600, 36), ("bus", 36_000, 86_400, 1200, 18), ("tram", 0, 86_400, 300, 12)
    )  # fmt: skip
    feed = build(lines, assumptions)
    assert [feed.route_mode[route] for route in feed.trip_route] == ["bus"] * 4 + ["tram"] * 2
    assert feed.frequency_headway_s.tolist() == [600, 1200, 600, 1200, 300, 300]
    assert feed.arrival_s[1::2].tolist() == [100, 200, 100, 200, 300, 300]


def test_phases_are_drawn_again_for_each_draw_and_seed_and_kept_within_one() -> None:
    lines = sequence("bus", "1", "ABC")
    first = build(lines)
    assert same(first, build(lines))
    assert not np.array_equal(first.frequency_start_s, build(lines, draw=1).frequency_start_s)
    assert not np.array_equal(first.frequency_start_s, build(lines, seed=1).frequency_start_s)
    starts = np.array([build(lines, draw=draw).frequency_start_s - 21_600 for draw in range(300)])
    assert starts.min() >= 0
    assert starts.max() < 600
    assert abs(starts.mean() - 300) < 30
    assert abs(np.corrcoef(starts.T)[0, 1]) < 0.2  # the two directions do not know of each other


def test_a_line_keeps_its_phase_whatever_other_lines_there_are() -> None:
    lines = pd.concat([sequence("bus", "0", "XYZ", lat=45.5), sequence("bus", "1", "ABC")], ignore_index=True)
    alone = build(sequence("bus", "1", "ABC"))
    assert build(lines).frequency_start_s.tolist()[2:] == alone.frequency_start_s.tolist()
    assert same(build(lines), build(lines.sample(frac=1, random_state=1))) is False  # stops follow the rows
    assert build(lines.sample(frac=1, random_state=1)).frequency_start_s.tolist() == build(lines).frequency_start_s.tolist()


def test_branches_that_run_the_same_way_share_the_headway() -> None:
    lines = pd.concat(
        [
            sequence("metro", "M", "ABC", branch="A -> C"),
            sequence("metro", "M", "ABD", branch="A -> D"),
            sequence("metro", "M", "CBA", branch="C -> A"),
        ],
        ignore_index=True,
    )
    feed = build(lines, assume(("metro", 0, 86_400, 240, 36)))
    assert [name.split(":")[1] for name in feed.trip_ids] == ["A -> C", "A -> D", "C -> A"]  # none is run backwards
    assert feed.frequency_headway_s.tolist() == [480, 480, 240]
    assert feed.frequency_start_s[1] - feed.frequency_start_s[0] == 240


def test_branches_pass_evenly_once_they_have_joined() -> None:
    lines = pd.concat(
        [
            sequence("metro", "M", "ABDE", branch="A"),
            sequence("metro", "M", "BDE", branch="B"),
            sequence("metro", "M", "CDE", branch="C"),
        ],
        ignore_index=True,
    )
    feed = build(lines, assume(("metro", 0, 86_400, 240, 36)))
    at_d = [
        int(feed.departure_s[call] + feed.frequency_start_s[trip])
        for call, trip in enumerate(feed.time_trip)
        if feed.stop_ids[feed.time_stop[call]] == "D"
    ]
    assert feed.frequency_headway_s.tolist() == [720] * 3
    assert all(0 <= start < 720 for start in feed.frequency_start_s)
    passing = np.sort(np.array(at_d) % 720)
    assert np.abs(np.diff(passing) - 240).max() <= 1


def test_rows_that_no_longer_run_are_left_out() -> None:
    lines = pd.concat([sequence("bus", "1", "AB").assign(in_2025=True), sequence("bus", "2", "CD").assign(in_2025=False)])
    feed = build(lines.reset_index(drop=True))
    assert feed.route_ids == ("1",)
    assert feed.stop_ids == ("A", "B")
    assert "2 rows of 1 lines that no longer run were left out" in feed.notes


def test_a_sequence_that_interleaves_directions_is_put_in_order() -> None:
    feed = build(sequence("bus", "1", "AEBDC"))
    assert [feed.stop_ids[stop] for stop in feed.time_stop[:5]] == ["A", "B", "C", "D", "E"]
    assert "1 lines whose stops zigzag were put in the order of the nearest next stop: 1" in feed.notes


def test_a_loop_and_a_short_line_are_no_zigzag() -> None:
    turn = np.linspace(0, 2 * np.pi, 12)
    assert not is_tangled(9 + 0.01 * np.cos(turn), 45 + 0.01 * np.sin(turn))
    assert not is_tangled(np.array([9.0, 9.1]), np.array([45.0, 45.0]))


def test_distances_agree_with_the_ellipsoid_to_half_a_percent() -> None:
    steps = measure_steps(np.array([9.1859, 9.2045]), np.array([45.4654, 45.4856]))
    assert steps[0] == 0
    assert steps[1] == pytest.approx(2675, rel=0.005)  # Duomo to Stazione Centrale, on WGS 84


def test_a_headway_longer_than_its_period_may_leave_no_departure() -> None:
    lines = sequence("bus", "1", "AB")
    counts = {
        build(lines, assume(("bus", 0, 600, 3600, 18), ("bus", 600, 1200, 60, 18)), draw=draw).n_trips for draw in range(20)
    }
    assert counts == {2, 3} or counts == {2, 3, 4}


def test_the_feed_has_the_name_time_zone_and_dates_that_it_is_given() -> None:
    lines = sequence("bus", "1", "AB")
    feed = build_assumed_feed(lines, BUS, draw=0, first_date=DATE, last_date=DATE, name="x", time_zone="Europe/Paris")
    assert (feed.name, feed.time_zone, feed.first_date, feed.last_date) == ("x", "Europe/Paris", DATE, DATE)


BAD_LINES = {
    "the mode is unknown": {"mode": "ferry"},
    "the stop has no place": {"lat": np.nan},
    "is missing": {"stop_id": None},
    "seq repeats": {"seq": 1},
    "fewer than two stops": {"stop_id": "A"},
}


@pytest.mark.parametrize(("text", "change"), BAD_LINES.items())
def test_lines_that_do_not_hold_together_are_refused(text: str, change: dict[str, object]) -> None:
    lines = sequence("bus", "1", "AB").astype({"stop_id": object}).assign(**change)
    with pytest.raises(PlannerError, match=text):
        build(lines, assume(("bus", 0, 86_400, 600, 18), ("ferry", 0, 86_400, 600, 18)))


BAD_ASSUMPTIONS = {
    "nothing is assumed for a mode of the lines": assume(("tram", 0, 86_400, 600, 18)),
    "periods of 'bus' overlap": assume(("bus", 0, 40_000, 600, 18), ("bus", 39_999, 86_400, 600, 18)),
    "a period ends before it starts": assume(("bus", 40_000, 40_000, 600, 18)),
    "headway_s is less than 1": assume(("bus", 0, 40_000, 0, 18)),
    "speed_km_h is not above 0": assume(("bus", 0, 40_000, 600, 0)),
    "from_s is negative": assume(("bus", -1, 40_000, 600, 18)),
    "dwell_s is negative": assume(("bus", 0, 40_000, 600, 18), dwell_s=-1),
    "a number is missing": assume(("bus", 0, 40_000, float("nan"), 18)),
}


@pytest.mark.parametrize(("text", "assumptions"), BAD_ASSUMPTIONS.items())
def test_assumptions_that_do_not_hold_together_are_refused(text: str, assumptions: pd.DataFrame) -> None:
    with pytest.raises((FeedError, CountError), match=text):
        build(sequence("bus", "1", "AB"), assumptions)


def test_faults_of_lines_and_assumptions_are_reported_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        build_assumed_feed(
            sequence("bus", "1", "AB").assign(lat=np.nan), assume(("bus", 0, 10, 600, 0)), draw=-1, first_date=DATE,
            last_date=DATE - dt.timedelta(days=1), time_zone="Europe/Roma",
        )  # fmt: skip
    assert len(caught.value.faults) == 5
    with pytest.raises(FeedError, match="no line runs"):
        build(sequence("bus", "1", "AB").assign(in_2025=False))
    with pytest.raises(ColumnError, match="branch"):
        build(sequence("bus", "1", "AB").drop(columns="branch"))


def test_lines_are_read_from_a_file_as_texts_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text(f"{HEADER}\nbus,007,NA,1,01,x,45.5,9.1,s,True\nbus,007,NA,2,02,,45.6,9.1,s,False\n", encoding="utf-8")
    lines = read_lines(path)
    assert lines.loc[0, ["line", "branch", "stop_id", "seq", "lon"]].tolist() == ["007", "NA", "01", 1, 9.1]
    assert lines["in_2025"].tolist() == [True, False]
    path.write_text(f"{HEADER}\nbus,1,1,x,A,x,45.5,y,s,True\n", encoding="utf-8")
    with pytest.raises(FaultsError, match="no numbers"):
        read_lines(path)
    path.write_text("mode,line\nbus,1\n", encoding="utf-8")
    with pytest.raises(FaultsError, match="'seq' is missing"):
        read_lines(path)


@pytest.mark.shared
def test_the_lines_of_milano_run(milano_root: Path) -> None:
    lines = read_lines(milano_root / "transit/milan_lines_composite.csv")
    assumptions = assume(("metro", 0, 86_400, 240, 35), ("tram", 0, 86_400, 480, 18), ("bus", 0, 86_400, 720, 20))
    feed = build(lines, assumptions)
    assert {mode: feed.route_mode.count(mode) for mode in ("metro", "tram", "bus")} == {"metro": 5, "tram": 17, "bus": 121}
    assert feed.n_trips == 16 + 2 * (17 + 121)
    assert [note for note in feed.notes if note.endswith("nearest next stop: B171, B176")]
    headway = dict(zip((name.split(":")[0] for name in feed.trip_ids), feed.frequency_headway_s.tolist(), strict=True))
    assert [headway[line] for line in ("M1", "M2", "M3")] == [480, 720, 240]
