"""A feed in the file of a pack: every field comes back, the bytes do not change, and a forged file is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import PackError
from data.feed import Feed
from data.feed_file import read_feed_file, write_feed_file
from data.gtfs import read_gtfs
from data.lines import build_assumed_feed, read_lines
from data.npz_file import read_npz, write_npz
from data.recipe_transit import HeadwayEntry, headway_rows
from tests.data.tiny_feed import TinyFeed
from tests.data.tiny_transit import BUS, METRO, lines_table

Arrays = dict[str, np.ndarray]


def _assert_same(one: Feed, other: Feed) -> None:
    for field in fields(Feed):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, np.ndarray):
            assert first.dtype == second.dtype, field.name
            np.testing.assert_array_equal(first, second, err_msg=field.name)
        else:
            assert first == second, field.name


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    source = TinyFeed(tmp_path / "tiny")
    source.change("stops", "Beta", "Città «B» \U0001f68b")
    source.table["transfers"] = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nA,B,2,90\nB,C,3,\n"
    source.table["frequencies"] = "trip_id,start_time,end_time,headway_secs\nT2,09:00:00,25:00:00,600\n"
    return source.read()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feed.npz"


def test_a_feed_comes_back(feed: Feed, path: Path) -> None:
    assert len(feed.transfer_from) == 2
    assert len(feed.frequency_trip) == 1
    write_feed_file(path, feed)
    _assert_same(read_feed_file(path), feed)


def test_a_feed_of_lines_comes_back(tmp_path: Path, path: Path) -> None:
    lines_table().to_csv(tmp_path / "lines.csv", index=False)
    headways = headway_rows([HeadwayEntry.model_validate({**one, "source": "x"}) for one in (METRO, BUS)])
    day = dt.date(2023, 10, 18)
    feed = build_assumed_feed(read_lines(tmp_path / "lines.csv"), headways, draw=3, first_date=day, last_date=day)
    write_feed_file(path, feed)
    _assert_same(read_feed_file(path), feed)


def test_the_same_feed_is_the_same_bytes(feed: Feed, tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_feed_file(tmp_path / name, feed)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.shared
def test_the_trains_of_lombardy_come_back_in_the_same_bytes(milano_root: Path, tmp_path: Path) -> None:
    feed = read_gtfs(milano_root / "transit" / "trenord_gtfs_2023.zip", name="trenord")
    write_feed_file(tmp_path / "a.npz", feed)
    back = read_feed_file(tmp_path / "a.npz")
    _assert_same(back, feed)
    assert (back.n_stops, back.n_trips, len(back.time_trip)) == (433, 2407, 30_511)
    assert back.trips_on(dt.date(2023, 10, 18)).sum() == 2242
    write_feed_file(tmp_path / "b.npz", back)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def _forge(path: Path, change: Callable[[Arrays], None]) -> None:
    arrays = read_npz(path, [name.removesuffix(".npy") for name in np.load(path).files])
    change(arrays)
    write_npz(path, arrays)


def _put(name: str, value: Any) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name] = (
            np.array(value) if np.ndim(value) else np.concatenate([[value], arrays[name][1:]]).astype(arrays[name].dtype)
        )

    return change


def _say(**said: Any) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        facts = {**json.loads(arrays["facts"].tobytes()), **said}
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)

    return change


def _raw(content: bytes) -> Callable[[Arrays], None]:
    return lambda arrays: arrays.update(facts=np.frombuffer(content, dtype=np.uint8))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.pop("lon"), "no array is called lon"),
        (_put("lon", [1, 2, 3]), r"no feed \(1: lon\)"),
        (_put("lon", [[1.0, 2.0, 3.0]]), r"no feed \(1: lon\)"),
        (_put("lon", [1.0]), r"no feed \(1: lon\)"),
        (_put("lon", float("nan")), r"no feed \(1: lon\)"),
        (_put("lat", 91.0), r"no feed \(1: lat\)"),
        (_put("service_days", [True]), r"no feed \(1: service_days\)"),
        (_put("service_days", [[True, False]]), r"no feed \(1: service_days\)"),
        (_put("time_stop", 3), r"no feed \(1: time_stop\)"),
        (_put("time_stop", -1), r"no feed \(1: time_stop\)"),
        (_put("station", 99), r"no feed \(1: station\)"),
        (_put("trip_route", 1), r"no feed \(1: trip_route\)"),
        (_put("trip_service", 1), r"no feed \(1: trip_service\)"),
        (_put("time_trip", 1), r"no feed \(1: time_trip\)"),
        (_put("arrival_s", -60), r"no feed \(1: arrival_s\)"),
        (_put("departure_s", 80_000), r"no feed \(1: arrival_s, departure_s\)"),
        (_put("frequency_headway_s", 0), r"no feed \(1: frequency_headway_s\)"),
        (_put("can_board", [True]), r"no feed \(1: can_board\)"),
        (_put("transfer_min_s", [1]), r"no feed \(1: transfer_min_s\)"),
        (_say(time_zone="Mars/Olympus"), r"no feed \(1: time_zone\)"),
        (_say(route_mode=["ferry"]), r"no feed \(1: route_mode\)"),
        (_say(trip_ids=["T1", "T1"]), r"no feed \(1: trip_ids\)"),
        (_say(stop_names=["one"]), r"no feed \(1: stop_names\)"),
        (_say(last_date="2023-10-30"), r"no feed \(1: service_days\)"),
        (_say(last_date="2023-09-30"), r"no feed \(1: service_days\)"),
        (_say(last_date="soon"), "its texts cannot be read"),
        (_say(first_date=20231001), "its texts cannot be read"),
        (_say(stop_ids="ABC"), "stop_ids: no texts"),
        (_say(stop_names=["a", 1, "c"]), "stop_names: no texts"),
        (_say(name=None), "name: no texts"),
        (_say(name="\ud83d"), "its texts cannot be read"),
        (_raw(b"\xff"), "its texts cannot be read"),
        (_raw(b"{}"), "its texts cannot be read"),
        (_raw(b"[]"), "its texts cannot be read"),
        (_raw(b"[" * 100_000), "its texts cannot be read"),
        (_put("facts", [1.0]), "its texts cannot be read"),
    ],
)
def test_a_forged_file_is_told(feed: Feed, path: Path, change: Callable[[Arrays], None], words: str) -> None:
    write_feed_file(path, feed)
    _forge(path, change)
    with pytest.raises(PackError, match=words):
        read_feed_file(path)


def test_a_forgery_without_a_change_is_read(feed: Feed, path: Path) -> None:
    write_feed_file(path, feed)
    _forge(path, lambda arrays: None)
    _assert_same(read_feed_file(path), feed)


def test_notes_are_kept(feed: Feed, path: Path) -> None:
    write_feed_file(path, replace(feed, notes=("one", "due")))
    assert read_feed_file(path).notes == ("one", "due")
