"""From feeds to the hops around a window: days, clocks, frequencies, several feeds, an area."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import CrsError, FaultsError, FeedError, IdError
from data.feed import Feed
from data.gtfs import read_gtfs
from geo.timetable import Timetable
from geo.timetable_build import build_timetable
from tests.data.tiny_feed import TinyFeed

CRS = "EPSG:3035"
WEDNESDAY = dt.date(2023, 10, 18)
AUTUMN, SPRING = dt.date(2023, 10, 29), dt.date(2023, 3, 26)
HEADER = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
FREQUENCIES = "trip_id,start_time,end_time,headway_secs,exact_times\n"
TRANSFERS = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"


@pytest.fixture
def tiny(tmp_path: Path) -> TinyFeed:
    return TinyFeed(tmp_path / "feed")


def clock(hours: int, minutes: int = 0) -> int:
    return hours * 3600 + minutes * 60


def window(
    *feeds: Feed,
    date: dt.date = WEDNESDAY,
    start: int = 8,
    end: int = 10,
    tail_s: int = 7200,
    area: shapely.Geometry | None = None,
) -> Timetable:
    return build_timetable(feeds, date=date, start_s=clock(start), end_s=clock(end), crs=CRS, tail_s=tail_s, area=area)


def hops(timetable: Timetable) -> list[tuple[str, str, int, int]]:
    """Return the hops as from, to, departure, arrival, the last two in minutes."""
    return [
        (timetable.stop_ids[one].split(":")[1], timetable.stop_ids[two].split(":")[1], int(leave) // 60, int(arrive) // 60)
        for one, two, leave, arrive in zip(
            timetable.from_stop, timetable.to_stop, timetable.departure_s, timetable.arrival_s, strict=True
        )
    ]


def one_trip(tiny: TinyFeed, *calls: str) -> None:
    """Leave one trip with calls at A, B, C at these times."""
    tiny.table["trips"] = "route_id,service_id,trip_id\nR,S,T1\n"
    rows = [f"T1,{time},{time},{stop},{row}" for row, (stop, time) in enumerate(zip("ABC", calls, strict=False))]
    tiny.table["stop_times"] = HEADER + "\n".join(rows) + "\n"


def test_hops_lead_from_stop_to_stop_in_order_of_departure(tiny: TinyFeed) -> None:
    timetable = window(tiny.read())
    assert hops(timetable) == [("A", "B", 480, 485), ("B", "C", 486, 500), ("A", "B", 540, 545), ("B", "C", 546, 560)]
    assert timetable.trip.tolist() == [0, 0, 1, 1]
    assert timetable.stop_ids == ("tiny:A", "tiny:B", "tiny:C")
    assert timetable.stop_names == ("Alfa", "Beta", "Gamma")
    assert [timetable.modes[mode] for mode in timetable.trip_mode] == ["bus", "bus"]
    assert timetable.crs == CRS
    assert np.hypot(np.diff(timetable.x), np.diff(timetable.y)).round(-1).tolist() == [1110.0, 3330.0]


def test_hops_before_the_window_and_after_its_tail_are_left_out(tiny: TinyFeed) -> None:
    feed = tiny.read()
    assert hops(window(feed, start=9)) == [("A", "B", 540, 545), ("B", "C", 546, 560)]
    assert hops(window(feed, start=7, end=8, tail_s=0)) == [("A", "B", 480, 485)]
    assert hops(window(feed, start=7, end=8, tail_s=360)) == [("A", "B", 480, 485), ("B", "C", 486, 500)]
    assert window(feed, start=8, end=9, tail_s=0).n_hops == 3


def test_a_window_without_vehicles_is_empty_and_says_so(tiny: TinyFeed) -> None:
    timetable = window(tiny.read(), start=20, end=21)
    assert (timetable.n_hops, timetable.n_stops, len(timetable.trip_mode)) == (0, 0, 0)
    assert "tiny: no vehicle departs in the window" in timetable.notes


def test_trips_of_the_day_before_run_past_midnight(tiny: TinyFeed) -> None:
    one_trip(tiny, "23:50:00", "24:10:00", "25:30:00")
    assert hops(window(tiny.read(), start=0, end=2)) == [("B", "C", 10, 90)]


def test_trips_of_two_days_before_may_still_run(tiny: TinyFeed) -> None:
    one_trip(tiny, "23:50:00", "48:10:00", "49:30:00")
    assert hops(window(tiny.read(), start=0, end=2)) == [("B", "C", 10, 90)]


def test_a_trip_of_the_day_before_runs_only_if_that_day_had_service(tiny: TinyFeed) -> None:
    one_trip(tiny, "24:10:00", "24:20:00")
    tiny.change("calendar", "1,1,1,1,1,1,1", "0,0,1,0,0,0,0")
    tiny.table["calendar_dates"] = "service_id,date,exception_type\nS,20231019,1\n"
    feed = tiny.read()
    assert window(feed, date=WEDNESDAY, start=0, end=2).n_hops == 0
    assert window(feed, date=dt.date(2023, 10, 19), start=0, end=2).n_hops == 1


def test_a_window_may_cross_midnight(tiny: TinyFeed) -> None:
    tiny.table["stop_times"] = (
        HEADER + "T1,23:50:00,23:50:00,A,1\nT1,24:10:00,24:10:00,B,2\nT2,00:20:00,00:20:00,A,1\nT2,00:30:00,00:30:00,B,2\n"
    )
    assert hops(window(tiny.read(), start=23, end=25, tail_s=0)) == [("A", "B", 1430, 1450), ("A", "B", 1460, 1470)]


def test_on_the_day_of_the_autumn_change_eight_is_eight_on_the_clock(tiny: TinyFeed) -> None:
    timetable = window(tiny.read(), date=AUTUMN)
    assert hops(timetable)[0] == ("A", "B", 480, 485)
    assert timetable.notes == ()


def test_on_the_day_of_the_spring_change_eight_is_eight_on_the_clock(tiny: TinyFeed) -> None:
    tiny.change("calendar", "20231001", "20230301")
    assert hops(window(tiny.read(), date=SPRING))[0] == ("A", "B", 480, 485)


def test_in_the_night_of_the_change_a_trip_of_the_day_before_departs_once(tiny: TinyFeed) -> None:
    one_trip(tiny, "25:30:00", "25:40:00")  # of the 28th: 1:30 by the clock of the 29th, before it is set back at 3:00
    timetable = window(tiny.read(), date=AUTUMN, start=1, end=4)
    assert hops(timetable) == [("A", "B", 90, 100)]
    assert [note for note in timetable.notes if "changes by -1 h" in note]


def test_across_the_change_times_count_what_passes(tiny: TinyFeed) -> None:
    one_trip(tiny, "1:30:00", "4:00:00")  # from noon minus 12 h: 2:30 (the first), then 4:00 by the clock
    assert hops(window(tiny.read(), date=AUTUMN, start=1, end=4)) == [("A", "B", 150, 300)]


def test_frequencies_are_expanded_from_their_start(tiny: TinyFeed) -> None:
    tiny.table["frequencies"] = FREQUENCIES + "T1,08:10:00,08:40:00,600,1\nT1,08:40:00,09:00:00,900,0\n"
    timetable = window(tiny.read(), tail_s=0, end=9)
    starts = [leave for one, _, leave, _ in hops(timetable) if one == "A"]
    assert starts == [490, 500, 510, 520, 535, 540]  # T1 every 10, then every 15 minutes; T2 at nine by its own times
    assert next((leave, arrive) for one, _, leave, arrive in hops(timetable) if one == "B") == (496, 510)
    assert len(set(timetable.trip.tolist())) == 6
    assert [note for note in timetable.notes if "exact_times 0" in note]


def test_a_frequency_may_run_past_midnight(tiny: TinyFeed) -> None:
    one_trip(tiny, "00:00:00", "00:05:00")
    tiny.table["frequencies"] = FREQUENCIES + "T1,23:30:00,25:00:00,1800,1\n"
    assert [leave for _, _, leave, _ in hops(window(tiny.read(), start=0, end=1))] == [0, 30]


@given(st.integers(0, 30), st.integers(1, 400), st.integers(1, 90), st.integers(0, 23), st.integers(1, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_departures_of_a_frequency_are_those_of_a_plain_loop(
    tmp_path: Path, first: int, length: int, headway: int, start: int, n_hours: int
) -> None:
    tiny = TinyFeed(tmp_path / "feed")
    one_trip(tiny, "10:00:00", "10:20:00", "10:50:00")
    ends = [f"{minute // 60}:{minute % 60:02}:00" for minute in (first * 60, first * 60 + length)]
    tiny.table["frequencies"] = FREQUENCIES + f"T1,{ends[0]},{ends[1]},{headway * 60},1\n"
    expected = [
        run + day * 1440 + after
        for day in range(-3, 4)
        for run in range(first * 60, first * 60 + length, headway)
        for after in (0, 20)
        if start * 60 <= run + day * 1440 + after <= (start + n_hours) * 60
    ]
    found = window(tiny.read(), start=start, end=start + n_hours, tail_s=0)
    assert sorted(expected) == (found.departure_s // 60).tolist()


def test_boarding_is_known_where_a_hop_begins_and_alighting_where_it_ends(tiny: TinyFeed) -> None:
    one_trip(tiny, "8:00:00", "8:10:00", "8:20:00")
    rows = tiny.table["stop_times"].splitlines()
    ends = ["pickup_type,drop_off_type", "0,1", "1,0", "0,1"]
    tiny.table["stop_times"] = "".join(f"{row},{end}\n" for row, end in zip(rows, ends, strict=True))
    timetable = window(tiny.read())
    assert timetable.can_board.tolist() == [True, False]
    assert timetable.can_alight.tolist() == [True, False]


def test_rules_for_changing_are_handed_on_between_stops_in_use(tiny: TinyFeed) -> None:
    tiny.add("stops", "D,Delta,45.5,9.2")
    tiny.table["transfers"] = TRANSFERS + "C,A,2,240\nB,B,2,90\nA,C,3,\nA,D,3,\n"
    timetable = window(tiny.read())
    assert [timetable.transfer_from.tolist(), timetable.transfer_to.tolist()] == [[1, 2], [1, 0]]
    assert timetable.transfer_min_s.tolist() == [90, 240]
    assert [timetable.forbidden_from.tolist(), timetable.forbidden_to.tolist()] == [[0], [2]]


def test_stations_are_groups_of_stops_and_no_stops(tiny: TinyFeed) -> None:
    tiny.table["stops"] = (
        "stop_id,stop_lat,stop_lon,location_type,parent_station\n"
        "ST,45.48,9.18,1,\nA,45.46,9.18,0,\nB,45.47,9.18,0,ST\nC,45.50,9.18,0,ST\n"
    )
    timetable = window(tiny.read())
    assert timetable.stop_ids == ("tiny:A", "tiny:B", "tiny:C")
    assert timetable.station.tolist() == [0, 1, 1]


def test_several_feeds_are_merged_under_their_names(tiny: TinyFeed, tmp_path: Path) -> None:
    other = TinyFeed(tmp_path / "other")
    other.change("routes", "R,1,3", "R,1,1")
    one_trip(other, "8:02:00", "8:03:00")
    timetable = window(tiny.read(), other.read(name="other"))
    assert timetable.stop_ids == ("tiny:A", "tiny:B", "tiny:C", "other:A", "other:B")
    assert timetable.departure_s.tolist() == sorted(timetable.departure_s.tolist())
    assert [(timetable.from_stop[row], timetable.trip[row]) for row in range(2)] == [(0, 0), (3, 2)]
    assert [timetable.modes[mode] for mode in timetable.trip_mode] == ["bus", "bus", "metro"]
    assert timetable.station.tolist() == [0, 1, 2, 3, 4]


def test_a_feed_of_another_time_zone_is_brought_to_the_clock_of_the_first(tiny: TinyFeed, tmp_path: Path) -> None:
    other = TinyFeed(tmp_path / "other")
    other.change("agency", "Europe/Rome", "Europe/London")
    timetable = window(tiny.read(), other.read(name="other"))
    leave = [
        leave
        for row, (_, _, leave, _) in enumerate(hops(timetable))
        if timetable.stop_ids[timetable.from_stop[row]] == "other:A"
    ]
    assert leave == [540, 600]
    assert [note for note in timetable.notes if "Europe/London" in note]


def test_a_vehicle_hops_over_the_stops_outside_the_area(tiny: TinyFeed) -> None:
    feed = tiny.read()
    whole = window(feed)
    around = shapely.MultiPoint(np.column_stack([whole.x, whole.y])[[0, 2]]).buffer(100)
    assert hops(window(feed, area=around)) == [("A", "C", 480, 500), ("A", "C", 540, 560)]
    assert window(feed, area=shapely.Point(0, 0).buffer(1)).n_hops == 0


def test_equal_times_keep_the_order_of_travel(tiny: TinyFeed) -> None:
    one_trip(tiny, "8:00:00", "8:00:00", "8:00:00")
    assert hops(window(tiny.read())) == [("A", "B", 480, 480), ("B", "C", 480, 480)]


def test_a_date_without_service_is_refused_with_those_that_have_it(tiny: TinyFeed) -> None:
    tiny.change("calendar", "1,1,1,1,1,1,1", "1,1,1,1,1,0,0")
    feed = tiny.read()
    with pytest.raises(
        FeedError, match=r"tiny: no trip runs on 2023-10-15; service runs from 2023-10-02 to 2023-10-31"
    ) as caught:
        window(feed, date=dt.date(2023, 10, 15))
    assert "nearest date with service is 2023-10-16" in str(caught.value)
    with pytest.raises(FeedError, match="nearest date with service is 2023-10-31"):
        window(feed, date=dt.date(2024, 5, 1))


def test_faults_of_all_feeds_are_reported_at_once(tiny: TinyFeed) -> None:
    feed = tiny.read()
    with pytest.raises(FaultsError) as caught:
        build_timetable([feed, feed], date=dt.date(2024, 5, 1), start_s=10, end_s=10, crs=CRS)
    assert len(caught.value.faults) == 4
    with pytest.raises(IdError, match="same name"):
        window(feed, feed)
    with pytest.raises(FeedError, match="no feed"):
        window()


@pytest.mark.parametrize(("start_s", "end_s", "tail_s"), [(-1, 10, 0), (10, 10, 0), (0, 10, -1), (0, 4 * 86_400, 1)])
def test_a_window_that_is_none_is_refused(tiny: TinyFeed, start_s: int, end_s: int, tail_s: int) -> None:
    with pytest.raises(FeedError, match="the window"):
        build_timetable([tiny.read()], date=WEDNESDAY, start_s=start_s, end_s=end_s, crs=CRS, tail_s=tail_s)


def test_degrees_and_places_without_coordinates_are_refused(tiny: TinyFeed) -> None:
    feed = tiny.read()
    with pytest.raises(CrsError, match="degrees"):
        build_timetable([feed], date=WEDNESDAY, start_s=0, end_s=10, crs="EPSG:4326")
    tiny.table["stops"] = "stop_id,stop_lat,stop_lon\nA,-52,-170\nB,-52,-170\nC,-52,-170\n"
    with pytest.raises(CrsError, match="no place in EPSG:3035"):
        window(tiny.read())


TIMES = st.lists(st.integers(0, 30 * 60), min_size=2, max_size=3).map(sorted)


@given(st.lists(TIMES, min_size=1, max_size=5), st.integers(0, 23), st.integers(1, 6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_hops_are_those_of_a_plain_loop_over_days(tmp_path: Path, trips: list[list[int]], start: int, length: int) -> None:
    tiny = TinyFeed(tmp_path / "feed")
    tiny.table["trips"] = "route_id,service_id,trip_id\n" + "".join(f"R,S,T{row}\n" for row in range(len(trips)))
    tiny.table["stop_times"] = HEADER
    for row, times in enumerate(trips):
        for stop, minute in zip("ABC", times, strict=False):
            time = f"{minute // 60}:{minute % 60:02}:00"
            tiny.add("stop_times", f"T{row},{time},{time},{stop},{minute if stop == 'A' else 9000 + ord(stop)}")
    expected = sorted(
        (leave + day * 1440, arrive + day * 1440, one, two)
        for times in trips
        for one, two, leave, arrive in zip("AB", "BC", times, times[1:], strict=False)
        for day in range(-3, 4)
        if start * 60 <= leave + day * 1440 <= (start + length) * 60
    )
    found = window(tiny.read(), start=start, end=start + length, tail_s=0)
    assert sorted((leave, arrive, one, two) for one, two, leave, arrive in hops(found)) == expected
    pairs = list(zip(found.departure_s.tolist(), found.arrival_s.tolist(), strict=True))
    assert pairs == sorted(pairs)


@pytest.mark.shared
def test_the_trains_of_a_working_day_are_those_counted_by_hand(milano_root: Path) -> None:
    path = milano_root / "transit/trenord_gtfs_2023.zip"
    timetable = window(read_gtfs(path, name="trenord"), tail_s=0)
    again = window(read_gtfs(path, name="trenord"), tail_s=0)
    for field in timetable.__dataclass_fields__:
        assert np.array_equal(getattr(timetable, field), getattr(again, field)), field
    assert sorted(hops(timetable)) == _count_by_hand(path)


def _count_by_hand(path: Path) -> list[tuple[str, str, int, int]]:
    """Return the hops from 8:00 to 10:00 of 2023-10-18, read with the csv module alone."""

    def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))

    def seconds(text: str) -> int:
        hours, minutes, rest = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + int(rest)

    with zipfile.ZipFile(path) as archive:
        removed = {row["service_id"] for row in rows(archive, "calendar_dates.txt") if row["date"] == "20231018"}
        running = {row["service_id"] for row in rows(archive, "calendar.txt") if row["wednesday"] == "1"} - removed
        trips = {row["trip_id"] for row in rows(archive, "trips.txt") if row["service_id"] in running}
        assert len(trips) == 2242
        calls: dict[str, list[dict[str, str]]] = {}
        for row in rows(archive, "stop_times.txt"):
            calls.setdefault(row["trip_id"], []).append(row)
    found = []
    for trip in trips:
        ordered = sorted(calls[trip], key=lambda row: int(row["stop_sequence"]))
        for one, two in itertools.pairwise(ordered):
            leave, arrive = seconds(one["departure_time"]), seconds(two["arrival_time"])
            if clock(8) <= leave <= clock(10):
                found.append((one["stop_id"], two["stop_id"], leave // 60, arrive // 60))
    return sorted(found)
