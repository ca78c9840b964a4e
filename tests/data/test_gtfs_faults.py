"""What is wrong with a feed is refused, all of it at once, with ids and rows."""

from __future__ import annotations

import contextlib
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import ColumnError, FaultsError, FeedError, FileError, IdError, PlannerError
from data.gtfs import read_gtfs
from data.gtfs_archive import MAX_FILES
from tests.data.tiny_feed import TABLES, TinyFeed


@pytest.fixture
def tiny(tmp_path: Path) -> TinyFeed:
    return TinyFeed(tmp_path / "feed")


def stations(*rows: str) -> str:
    return "\n".join(["stop_id,stop_lat,stop_lon,location_type,parent_station", *rows, ""])


HEAD = TABLES["stop_times"].splitlines()[0]
TIMES = "stop_times"
FREQUENCIES = "trip_id,start_time,end_time,headway_secs\n"
TRANSFERS = "from_stop_id,to_stop_id,transfer_type\n"
EXCEPTIONS = "service_id,date,exception_type\n"
BOTTOMLESS = "20231031\n" + "".join(f"S{n},1,1,1,1,1,1,1,19000101,99991231\n" for n in range(99))
CASES: dict[str, tuple[str, str, str, type[PlannerError], str]] = {
    "time zone absent": ("agency", "Europe/Rome", "", FeedError, "agency_timezone is missing (1: row 1)"),
    "time zone unknown": ("agency", "Europe/Rome", "Europe/Roma", FeedError, "'Europe/Roma' is unknown"),
    "time zone that leads out": ("agency", "Europe/Rome", "../../etc/passwd", FeedError, "is unknown"),
    "time zones differ": (
        "agency",
        "Rome\n",
        "Rome\nY,Y,Europe/Paris\n",
        FeedError,
        "several time zones (2: Europe/Paris, Europe/Rome)",
    ),
    "stop id repeats": ("stops", "B,Beta", "A,Beta", IdError, "stop_id stands more than once (1: 'A' in row 2)"),
    "stop id missing": ("stops", "B,Beta", ",Beta", IdError, "stop_id is missing"),
    "no coordinates": ("stops", "45.47,9.18", ",", FeedError, "coordinates are missing (1: of B in row 2)"),
    "no number": ("stops", "45.47,9.18", '"45,47",9.18', FeedError, "coordinates are no numbers (1: of B in row 2)"),
    "null island": ("stops", "45.47,9.18", "0,0", FeedError, "coordinates are 0, 0 (1: of B in row 2)"),
    "beyond": ("stops", "45.47,9.18", "145.47,9.18", FeedError, "beyond ±180, ±90 (1: of B in row 2)"),
    "one swapped": ("stops", "45.47,9.18", "9.18,45.47", FeedError, "look swapped (1: of B in row 2)"),
    "location type": (
        "stops",
        TABLES["stops"],
        stations("A,45,9,7,"),
        FeedError,
        "location_type is none of 0 to 4 (1: '7' of A in row 1)",
    ),
    "parent unknown": (
        "stops",
        TABLES["stops"],
        stations("A,45,9,0,ST"),
        IdError,
        "parent_station is unknown (1: 'ST' in row 1)",
    ),
    "parent no station": (
        "stops",
        TABLES["stops"],
        stations("A,45,9,0,B", "B,45,9,0,"),
        FeedError,
        "parent_station is no station",
    ),
    "station in station": (
        "stops",
        TABLES["stops"],
        stations("A,45,9,1,B", "B,45,9,1,"),
        FeedError,
        "a station has a parent_station",
    ),
    "route id repeats": ("routes", "R,1,3\n", "R,1,3\nR,2,3\n", IdError, "route_id stands more than once"),
    "route type": ("routes", "R,1,3", "R,1,bus", FeedError, "route_type is no whole number (1: 'bus' of R in row 1)"),
    "route unknown": ("trips", "R,S,T1", "Q,S,T1", IdError, "route_id is unknown (1: 'Q' of T1 in row 1)"),
    "service unknown": ("trips", "R,S,T1", "R,Z,T1", IdError, "service_id is unknown (1: 'Z' of T1 in row 1)"),
    "trip id repeats": ("trips", "R,S,T2\n", "R,S,T2\nR,S,T1\n", IdError, "trip_id stands more than once (1: 'T1' in row 3)"),
    "trip unknown": (TIMES, "T1,08:00:00", "T9,08:00:00", IdError, "trip_id is unknown (1: 'T9' in row 1)"),
    "stop unknown": (TIMES, "08:06:00,B", "08:06:00,Z", IdError, "stop_id is unknown (1: 'Z' of T1 in row 2)"),
    "sequence": (TIMES, "08:06:00,B,2", "08:06:00,B,x", FeedError, "stop_sequence is no whole number (1: 'x' of T1 in row 2)"),
    "sequence repeats": (TIMES, "08:06:00,B,2", "08:06:00,B,3", FeedError, "stop_sequence stands twice in a trip"),
    "negative time": (
        TIMES,
        "08:05:00,08:06:00",
        "-08:05:00,08:06:00",
        FeedError,
        "arrival_time is no time (H:MM:SS) (1: '-08:05:00' of T1",
    ),
    "malformed time": (
        TIMES,
        "08:05:00,08:06:00",
        "08:05:00,8h06",
        FeedError,
        "departure_time is no time (H:MM:SS) (1: '8h06' of T1 in row 2)",
    ),
    "minutes beyond 59": (TIMES, "08:05:00,08:06:00", "08:05:00,08:60:00", FeedError, "departure_time is no time"),
    "first untimed": (
        TIMES,
        "T1,08:00:00,08:00:00,A",
        "T1,,,A",
        FeedError,
        "the first or last stop of a trip has no time (1: 'A' of T1 in row 1)",
    ),
    "last untimed": (
        TIMES,
        "T2,09:20:00,09:20:00,C",
        "T2,,,C",
        FeedError,
        "the first or last stop of a trip has no time (1: 'C' of T2 in row 6)",
    ),
    "back in time": (
        TIMES,
        "T2,09:20:00,09:20:00",
        "T2,09:01:00,09:20:00",
        FeedError,
        "a trip goes back in time (1: '09:01:00' of T2 in row 6)",
    ),
    "departs first": (
        TIMES,
        "09:05:00,09:06:00",
        "09:05:00,09:04:00",
        FeedError,
        "a trip departs before it arrives (1: '09:04:00' of T2 in row 5)",
    ),
    "pickup type": (
        TIMES,
        TABLES[TIMES],
        f"{HEAD},pickup_type\nT1,8:00:00,,A,1,9\nT1,8:10:00,,B,2,0\n",
        FeedError,
        "pickup_type is none of 0 to 3",
    ),
    "flag": ("calendar", "S,1,1", "S,1,2", FeedError, "tuesday is neither 0 nor 1 (1: '2' of S in row 1)"),
    "date of Rome": ("calendar", "20231001", "00011001", FeedError, "start_date is no date"),
    "start date": (
        "calendar",
        "20231001",
        "20231301",
        FeedError,
        "start_date is no date (YYYYMMDD) (1: '20231301' of S in row 1)",
    ),
    "dates reversed": ("calendar", "20231001", "20241001", FeedError, "start_date is later than end_date"),
    "service repeats": (
        "calendar",
        "20231031\n",
        "20231031\nS,1,1,1,1,1,1,1,20231001,20231031\n",
        IdError,
        "service_id stands more than once",
    ),
    "no day": ("calendar", "1,1,1,1,1,1,1", "0,0,0,0,0,0,0", FeedError, "no service runs on any date"),
    "bottomless": ("calendar", "20231031\n", BOTTOMLESS, FeedError, "more than can be held"),
    "exception type": ("calendar_dates", "", EXCEPTIONS + "S,20231001,3\n", FeedError, "exception_type is neither 1 nor 2"),
    "exception date": (
        "calendar_dates",
        "",
        EXCEPTIONS + "S,x,1\n",
        FeedError,
        "date is no date (YYYYMMDD) (1: 'x' of S in row 1)",
    ),
    "exception service": ("calendar_dates", "", EXCEPTIONS + ",20231001,1\n", IdError, "service_id is missing"),
    "exception repeats": ("calendar_dates", "", EXCEPTIONS + "S,20231001,1\nS,20231001,2\n", FeedError, "several exceptions"),
    "frequency trip": ("frequencies", "", FREQUENCIES + "T9,8:00:00,9:00:00,60\n", IdError, "trip_id is unknown"),
    "frequency time": ("frequencies", "", FREQUENCIES + "T1,8,9:00:00,60\n", FeedError, "start_time is no time"),
    "frequency empty": ("frequencies", "", FREQUENCIES + "T1,9:00:00,9:00:00,60\n", FeedError, "ends before it starts"),
    "headway 0": (
        "frequencies",
        "",
        FREQUENCIES + "T1,8:00:00,9:00:00,0\n",
        FeedError,
        "headway_secs is no whole number above 0",
    ),
    "exact times": (
        "frequencies",
        "",
        FREQUENCIES.replace("\n", ",exact_times\n") + "T1,8:00:00,9:00:00,60,2\n",
        FeedError,
        "exact_times is neither",
    ),
    "frequencies overlap": (
        "frequencies",
        "",
        FREQUENCIES + "T1,8:00:00,9:00:00,60\nT1,8:59:00,10:00:00,60\n",
        FeedError,
        "frequencies of a trip overlap",
    ),
    "transfer type": ("transfers", "", TRANSFERS + "A,B,6\n", FeedError, "transfer_type is none of 0 to 5"),
    "transfer stop": ("transfers", "", TRANSFERS + "A,Z,3\n", IdError, "to_stop_id is unknown"),
    "transfer time": ("transfers", "", TRANSFERS + "A,B,2\n", FeedError, "min_transfer_time is no whole number"),
    "transfer rules clash": ("transfers", "", TRANSFERS + "A,B,3\nA,B,1\n", FeedError, "a pair of stops has several rules"),
}


def faults_of(error: PlannerError) -> list[PlannerError]:
    return list(error.faults) if isinstance(error, FaultsError) else [error]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_refused_with_its_id_and_row(tiny: TinyFeed, case: tuple[str, str, str, type[PlannerError], str]) -> None:
    table, old, new, kind, text = case
    if old:
        tiny.change(table, old, new)
    else:
        tiny.table[table] = new
    with pytest.raises(PlannerError) as caught:
        tiny.read()
    assert [fault for fault in faults_of(caught.value) if isinstance(fault, kind) and text in str(fault)], str(caught.value)


def test_all_faults_are_reported_at_once(tiny: TinyFeed) -> None:
    for case in ("time zones differ", "null island", "service unknown", "back in time", "flag", "stop unknown"):
        table, old, new, _, _ = CASES[case]
        tiny.change(table, old, new)
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert len(caught.value.faults) == 6


def test_a_feed_with_every_stop_swapped_is_known_by_its_time_zone(tiny: TinyFeed) -> None:
    tiny.change("stops", "stop_lat,stop_lon", "stop_lon,stop_lat")
    with pytest.raises(FeedError, match="swapped in the whole feed"):
        tiny.read()


@pytest.mark.parametrize(
    "case", ["service unknown", "route unknown", "stop unknown", "back in time", "malformed time", "first untimed"]
)
def test_a_faulty_trip_is_dropped_and_listed_when_asked(tiny: TinyFeed, case: str) -> None:
    table, old, new, _, text = CASES[case]
    tiny.change(table, old, new)
    feed = tiny.read(drop_faulty=True)
    assert feed.n_trips == 1
    dropped = ({"T1", "T2"} - set(feed.trip_ids)).pop()
    assert feed.time_trip.tolist() == [0, 0, 0]
    assert [note for note in feed.notes if f"1 faulty trips were dropped: {dropped}; " in note and text.split(" (1")[0] in note]


def test_frequencies_follow_their_trip_when_another_is_dropped(tiny: TinyFeed) -> None:
    tiny.change(TIMES, "T1,08:00:00,08:00:00", "T1,x,x")
    tiny.table["frequencies"] = "trip_id,start_time,end_time,headway_secs\nT1,8:00:00,9:00:00,60\nT2,8:00:00,9:00:00,90\n"
    feed = tiny.read(drop_faulty=True)
    assert (feed.frequency_trip.tolist(), feed.frequency_headway_s.tolist()) == ([0], [90])


def test_rows_of_unknown_trips_are_dropped_and_counted_when_asked(tiny: TinyFeed) -> None:
    tiny.add(TIMES, "T9,08:00:00,08:00:00,A,1")
    feed = tiny.read(drop_faulty=True)
    assert feed.n_trips == 2
    assert feed.notes == ("1 stop times of unknown trips were dropped: 'T9' in row 7",)


def test_dropping_cannot_leave_nothing(tiny: TinyFeed) -> None:
    tiny.table["trips"] = tiny.table["trips"].replace("R,S", "R,Z")
    with pytest.raises(FeedError, match="every trip has a fault"):
        tiny.read(drop_faulty=True)


def test_faults_of_the_feed_itself_are_never_dropped(tiny: TinyFeed) -> None:
    tiny.change("stops", "45.47,9.18", "0,0")
    with pytest.raises(FeedError, match="coordinates are 0, 0"):
        tiny.read(drop_faulty=True)


def test_missing_files_and_columns_are_listed_together(tiny: TinyFeed) -> None:
    del tiny.table["routes"], tiny.table["calendar"]
    tiny.change("stops", "stop_lat", "lat")
    tiny.table["trips"] = "route_id,service_id,trip_id\n"
    tiny.change("agency", "agency_name", "agency_id")
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    text = str(caught.value)
    assert "routes.txt: the file is missing" in text
    assert "stops.txt: the column 'stop_lat' is missing" in text
    assert "trips.txt: has no rows" in text
    assert "neither calendar.txt nor calendar_dates.txt" in text
    assert "columns stand twice" in text
    assert len(caught.value.faults) == 5


def test_the_time_zone_column_must_be_there(tiny: TinyFeed) -> None:
    tiny.change("agency", "agency_timezone", "zone")
    with pytest.raises(ColumnError, match="agency_timezone"):
        tiny.read()


def test_tables_in_a_folder_of_the_archive_are_not_found(tiny: TinyFeed) -> None:
    path = tiny.folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tiny.table.items():
            archive.writestr(f"old/{name}.txt", text)
    with pytest.raises(FaultsError, match=r"routes.txt: the file is missing\. It must lie at the top"):
        read_gtfs(path, name="tiny")


def test_what_is_no_feed_is_refused(tmp_path: Path, tiny: TinyFeed) -> None:
    (tmp_path / "page.zip").write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(FileError, match="no sound zip archive"):
        read_gtfs(tmp_path / "page.zip", name="x")
    with pytest.raises(FileError, match="does not exist"):
        read_gtfs(tmp_path / "none.zip", name="x")
    whole = tiny.write_zip()
    whole.write_bytes(whole.read_bytes()[:400])
    with pytest.raises(FileError, match="no sound zip archive"):
        read_gtfs(whole, name="x")
    (tiny.write() / "stops.txt").write_bytes("stop_id,stop_lat,stop_lon\nCitt\xe0,45,9\n".encode("latin-1"))
    with pytest.raises(FileError, match="not UTF-8"):
        read_gtfs(tiny.folder, name="x")
    (tiny.folder / "stops.txt").write_text("stop_id,stop_lat,stop_lon\nA,45,9,7,7\n", encoding="utf-8")
    with pytest.raises(FileError, match="cannot be read as CSV"):
        read_gtfs(tiny.folder, name="x")


def test_damaged_bytes_inside_an_archive_are_refused(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(FileError):
        read_gtfs(path, name="x")


@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:/evil.txt", "..\\evil.txt"])
def test_an_archive_whose_names_lead_out_is_refused(tiny: TinyFeed, name: str) -> None:
    path = tiny.write_zip()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(FeedError, match="names lead out of the archive"):
        read_gtfs(path, name="x")


def test_symbolic_links_are_refused(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    link = zipfile.ZipInfo("shapes.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(FeedError, match="symbolic links"):
        read_gtfs(path, name="x")
    (tiny.write() / "shapes.txt").symlink_to("/etc/passwd")
    with pytest.raises(FeedError, match="symbolic links"):
        read_gtfs(tiny.folder, name="x")


def test_names_that_stand_twice_are_refused(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("stops.txt", "stop_id\n")
    with pytest.raises(FeedError, match="names stand twice"):
        read_gtfs(path, name="x")


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shapes.txt", "0" * 3_000_000)
    assert path.stat().st_size < 20_000
    with pytest.raises(FeedError, match="bytes unpacked, more than 1,000,000"):
        read_gtfs(path, name="x", max_bytes=1_000_000)
    assert read_gtfs(path, name="x", max_bytes=4_000_000).n_trips == 2
    with pytest.raises(FeedError, match="more than 10"):
        read_gtfs(tiny.write(), name="x", max_bytes=10)


def test_a_size_that_lies_does_not_unpack_more(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("stop_times.txt").file_size
    forged = path.read_bytes().replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(forged)
    with pytest.raises(FileError):
        read_gtfs(path, name="x")


def test_a_bomb_behind_a_size_that_lies_does_not_fill_the_memory(tiny: TinyFeed) -> None:
    size = 60_000_001
    del tiny.table["stop_times"]
    path = tiny.write_zip()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stop_times.txt", b"0" * size)
    path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    tracemalloc.start()
    with pytest.raises(FileError):
        read_gtfs(path, name="x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_an_archive_of_too_many_files_is_refused(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(MAX_FILES):
            archive.writestr(f"{number}.txt", "")
    with pytest.raises(FeedError, match="10,006 files, more than 10,000"):
        read_gtfs(path, name="x")


def test_other_packings_and_encryption_are_refused(tiny: TinyFeed) -> None:
    path = tiny.write_zip()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("shapes.txt", "x")
    with pytest.raises(FeedError, match="neither plainly nor with deflate"):
        read_gtfs(path, name="x")
    path = tiny.write_zip()
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")  # the first entry of the directory; its flags stand 8 bytes on
    content[place + 8] |= 1
    path.write_bytes(bytes(content))
    with pytest.raises(FeedError, match="encrypted"):
        read_gtfs(path, name="x")


CELLS = st.sampled_from(
    ["", "A", "T1", "S", "1", "-1", "8:00:00", "99:99:99", "nan", "1e400", '"', "٣", "20231001", "\x00", "9" * 30]
)


@given(st.sampled_from(sorted(TABLES)), st.integers(0, 60), CELLS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_cell_is_read_or_refused(tmp_path: Path, table: str, place: int, cell: str) -> None:
    tiny = TinyFeed(tmp_path / "feed")
    lines = [line.split(",") for line in tiny.table[table].splitlines()]
    row = 1 + place % max(1, len(lines) - 1)
    lines[row][place % len(lines[row])] = cell
    tiny.table[table] = "\n".join(",".join(line) for line in lines) + "\n"
    with contextlib.suppress(PlannerError):
        tiny.read()
    with contextlib.suppress(PlannerError):
        tiny.read(drop_faulty=True)
