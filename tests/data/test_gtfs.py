"""What a GTFS feed means: times, dates, stations, frequencies, rules for changing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from data.errors import FeedError
from data.gtfs import read_gtfs
from data.gtfs_stops import name_mode
from tests.data.tiny_feed import TinyFeed

FREQUENCIES = "trip_id,start_time,end_time,headway_secs,exact_times\n"
TRANSFERS = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"


@pytest.fixture
def tiny(tmp_path: Path) -> TinyFeed:
    return TinyFeed(tmp_path / "feed")


def clock(hours: int, minutes: int = 0) -> int:
    return hours * 3600 + minutes * 60


def test_a_feed_reads_the_same_from_a_folder_and_an_archive(tiny: TinyFeed) -> None:
    from_folder, from_zip = tiny.read(), read_gtfs(tiny.write_zip(), name="tiny")
    for field in from_folder.__dataclass_fields__:
        assert np.array_equal(getattr(from_folder, field), getattr(from_zip, field)), field
    assert from_folder.stop_ids == ("A", "B", "C")
    assert from_folder.stop_names == ("Alfa", "Beta", "Gamma")
    assert from_folder.time_zone == "Europe/Rome"
    assert from_folder.route_mode == ("bus",)
    assert from_folder.arrival_s.tolist()[:3] == [clock(8), clock(8, 5), clock(8, 20)]
    assert from_folder.departure_s.tolist()[:3] == [clock(8), clock(8, 6), clock(8, 20)]
    assert from_folder.notes == ()


def test_ids_that_look_like_no_data_or_numbers_stay_texts(tiny: TinyFeed) -> None:
    for name in ("stops", "stop_times"):
        tiny.table[name] = tiny.table[name].replace("A,", "NA,", 1).replace(",A,", ",NA,")
    tiny.table["trips"] = tiny.table["trips"].replace("T1", "007").replace("T2", "nan")
    tiny.table["stop_times"] = tiny.table["stop_times"].replace("T1", "007").replace("T2", "nan")
    feed = tiny.read()
    assert feed.stop_ids[0] == "NA"
    assert feed.trip_ids == ("007", "nan")
    assert feed.time_trip.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_byte_order_mark_spaces_and_blank_lines_do_no_harm(tiny: TinyFeed) -> None:
    tiny.table["stops"] = "\ufeff" + tiny.table["stops"].replace("\nB,", "\n\n B ,") + "\n\n"
    tiny.change("trips", "route_id,service_id", "route_id, service_id ")
    assert tiny.read().stop_ids == ("A", "B", "C")


def test_hours_may_have_one_digit_or_pass_24(tiny: TinyFeed) -> None:
    tiny.change("stop_times", "T1,08:00:00,08:00:00", "T1,8:00:00, 8:00:00")
    tiny.change("stop_times", "T2,09:20:00,09:20:00", "T2,25:30:00,25:30:00")
    feed = tiny.read()
    assert feed.departure_s[0] == clock(8)
    assert feed.arrival_s[5] == clock(25, 30)


def test_stop_times_are_sorted_by_trip_and_sequence_as_a_number(tiny: TinyFeed) -> None:
    rows = tiny.table["stop_times"].replace(",C,3", ",C,10").splitlines()
    tiny.table["stop_times"] = "\n".join([rows[0], *reversed(rows[1:])]) + "\n"
    feed = tiny.read()
    assert feed.time_trip.tolist() == [0, 0, 0, 1, 1, 1]
    assert feed.time_stop.tolist() == [0, 1, 2, 0, 1, 2]


def test_missing_times_are_interpolated_by_distance(tiny: TinyFeed) -> None:
    tiny.change("stop_times", "T1,08:05:00,08:06:00,B", "T1,,,B")
    feed = tiny.read()
    assert feed.arrival_s[1] == feed.departure_s[1] == clock(8, 5)  # B lies at a quarter of the way from A to C
    assert any("1 stop times of 1 trips were interpolated" in note for note in feed.notes)


def test_interpolation_starts_at_the_departure_and_ends_at_the_arrival(tiny: TinyFeed) -> None:
    tiny.change("stop_times", "T1,08:00:00,08:00:00", "T1,07:40:00,08:00:00")
    tiny.change("stop_times", "T1,08:20:00,08:20:00", "T1,08:20:00,08:59:00")
    tiny.change("stop_times", "T1,08:05:00,08:06:00,B", "T1,,,B")
    assert tiny.read().departure_s[1] == clock(8, 5)


def test_stops_on_one_point_are_interpolated_by_count(tiny: TinyFeed) -> None:
    tiny.table["stops"] = "stop_id,stop_lat,stop_lon\nA,45.5,9.1\nB,45.5,9.1\nC,45.5,9.1\n"
    tiny.change("stop_times", "T1,08:05:00,08:06:00,B", "T1,,,B")
    assert tiny.read().departure_s[1] == clock(8, 10)


def test_one_time_of_a_call_stands_for_both(tiny: TinyFeed) -> None:
    tiny.change("stop_times", "T1,08:05:00,08:06:00", "T1,08:05:00,")
    tiny.change("stop_times", "T2,09:05:00,09:06:00", "T2,,09:06:00")
    feed = tiny.read()
    assert (feed.departure_s[1], feed.arrival_s[4]) == (clock(8, 5), clock(9, 6))


def test_calendar_dates_add_and_remove(tiny: TinyFeed) -> None:
    tiny.change("calendar", "1,1,1,1,1,1,1,20231001", "0,0,1,0,0,0,0,20231001")
    tiny.table["calendar_dates"] = "service_id,date,exception_type\nS,20231018,2\nS,20231105,1\nS,20200101,2\n"
    feed = tiny.read()
    assert (feed.first_date, feed.last_date) == (dt.date(2023, 10, 4), dt.date(2023, 11, 5))
    runs = [date for day in range(40) if feed.trips_on(date := dt.date(2023, 10, 1) + dt.timedelta(days=day)).any()]
    assert [(date.month, date.day) for date in runs] == [(10, 4), (10, 11), (10, 25), (11, 5)]
    assert not feed.trips_on(dt.date(2022, 1, 1)).any()


def test_calendar_dates_alone_are_enough(tiny: TinyFeed) -> None:
    del tiny.table["calendar"]
    tiny.table["calendar_dates"] = "service_id,date,exception_type\nS,20231018,1\nS,20231020,1\n"
    feed = tiny.read()
    assert feed.service_days.tolist() == [[True, False, True]]


def test_the_nearest_date_is_the_earlier_of_two(tiny: TinyFeed) -> None:
    del tiny.table["calendar"]
    tiny.table["calendar_dates"] = "service_id,date,exception_type\nS,20231018,1\nS,20231020,1\n"
    feed = tiny.read()
    assert feed.nearest_date(dt.date(2023, 10, 19)) == dt.date(2023, 10, 18)
    assert feed.nearest_date(dt.date(2024, 1, 1)) == dt.date(2023, 10, 20)


def test_services_without_trips_do_not_stretch_the_dates(tiny: TinyFeed) -> None:
    tiny.add("calendar", "Z,1,1,1,1,1,1,1,20200101,20291231")
    assert tiny.read().last_date == dt.date(2023, 10, 31)
    tiny.table["trips"] = tiny.table["trips"].replace("R,S", "R,Y")
    tiny.add("calendar", "Y,0,0,0,0,0,0,0,20200101,20291231")
    with pytest.raises(FeedError, match="no trip runs on any date"):
        tiny.read()


def test_pickup_and_drop_off_of_type_1_are_closed(tiny: TinyFeed) -> None:
    rows = tiny.table["stop_times"].splitlines()
    ends = ["pickup_type,drop_off_type", "0,1", ",1", "1,0", "2,", "0,3", "0,0"]
    tiny.table["stop_times"] = "".join(f"{row},{end}\n" for row, end in zip(rows, ends, strict=True))
    feed = tiny.read()
    assert feed.can_board.tolist() == [True, True, False, True, True, True]
    assert feed.can_alight.tolist() == [False, False, True, True, True, True]
    assert sum("on request" in note for note in feed.notes) == 2


def test_stops_know_their_station(tiny: TinyFeed) -> None:
    tiny.table["stops"] = (
        "stop_id,stop_lat,stop_lon,location_type,parent_station\n"
        "A,45.46,9.18,,ST\nE,45.46,9.18,2,ST\nB,45.47,9.18,0,\nC,45.50,9.18,0,ST\nST,45.48,9.18,1,\n"
    )
    feed = tiny.read()
    assert feed.stop_ids == ("A", "B", "C", "ST")
    assert feed.station.tolist() == [3, 1, 3, 3]
    assert feed.time_stop.tolist() == [0, 1, 2, 0, 1, 2]
    assert feed.notes == ("1 entrances, nodes and boarding areas were left out",)


def test_frequencies_are_kept_with_a_note_where_they_are_not_exact(tiny: TinyFeed) -> None:
    tiny.table["frequencies"] = FREQUENCIES + "T1,8:00:00,10:00:00,600,0\nT1,10:00:00,12:00:00,900,1\n"
    feed = tiny.read()
    assert feed.frequency_trip.tolist() == [0, 0]
    assert feed.frequency_start_s.tolist() == [clock(8), clock(10)]
    assert feed.frequency_end_s.tolist() == [clock(10), clock(12)]
    assert feed.frequency_headway_s.tolist() == [600, 900]
    assert feed.frequency_is_exact.tolist() == [False, True]
    assert next(note for note in feed.notes if "exact_times 0" in note).startswith("1 rows")


def test_transfer_types_1_to_3_are_rules_and_the_others_are_counted(tiny: TinyFeed) -> None:
    tiny.table["transfers"] = TRANSFERS + "A,B,0,\nA,C,1,\nB,C,2,180\nC,A,3,\nB,A,4,\n,,5,\n"
    feed = tiny.read()
    rules = zip(feed.transfer_from, feed.transfer_to, feed.transfer_min_s, feed.transfer_is_forbidden, strict=True)
    assert [tuple(rule) for rule in rules] == [(0, 2, 0, False), (1, 2, 180, False), (2, 0, 0, True)]
    assert [note.split()[0] for note in feed.notes] == ["1", "2"]


def test_a_rule_for_one_trip_is_no_rule_for_its_stops(tiny: TinyFeed) -> None:
    tiny.table["transfers"] = TRANSFERS.replace("\n", ",from_trip_id\n") + "A,B,3,,T1\nB,C,2,60,\n"
    feed = tiny.read()
    assert feed.transfer_from.tolist() == [1]
    assert feed.notes == ("1 rows of transfers.txt hold for single routes or trips and were left out",)


def test_a_rule_for_a_station_holds_for_its_stops_unless_they_have_their_own(tiny: TinyFeed) -> None:
    tiny.table["stops"] = (
        "stop_id,stop_lat,stop_lon,location_type,parent_station\n"
        "A,45.46,9.18,0,ST\nB,45.47,9.18,0,ST\nC,45.50,9.18,0,\nST,45.48,9.18,1,\n"
    )
    tiny.table["transfers"] = TRANSFERS + "B,C,2,30\nST,C,2,300\n"
    feed = tiny.read()
    rules = zip(feed.transfer_from.tolist(), feed.transfer_to.tolist(), feed.transfer_min_s.tolist(), strict=True)
    assert list(rules) == [(0, 2, 300), (1, 2, 30)]


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(0, "tram"), (1, "metro"), (2, "train"), (3, "bus"), (4, "other"), (7, "other"), (11, "bus"), (9999, "other")],
)
def test_route_types_are_modes(kind: int, mode: str) -> None:
    assert name_mode(kind) == mode


def test_unused_stops_and_trips_for_nobody_are_notes_only(tiny: TinyFeed) -> None:
    tiny.add("stops", "D,,45.5,9.2")
    tiny.add("trips", "R,S,T3")
    tiny.add("stop_times", "T3,10:00:00,10:00:00,A,1")
    feed = tiny.read()
    assert feed.notes == ("1 stops are used by no trip: D", "1 trips have fewer than two stop times and carry nobody: T3")


@pytest.mark.shared
def test_the_trains_of_lombardy_read_whole(milano_root: Path) -> None:
    feed = read_gtfs(milano_root / "transit/trenord_gtfs_2023.zip", name="trenord")
    assert (feed.n_stops, len(feed.route_ids), feed.n_trips, len(feed.time_trip)) == (433, 56, 2407, 30511)
    assert (feed.first_date, feed.last_date) == (dt.date(2023, 7, 28), dt.date(2023, 12, 31))
    assert feed.trips_on(dt.date(2023, 10, 18)).sum() == 2242
    assert not len(feed.transfer_from)
    assert feed.station.tolist() == list(range(433))
