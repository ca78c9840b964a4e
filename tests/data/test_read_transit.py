"""Feeds and lines of a recipe become layers and feeds of the city, or every fault of them is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from data.city import CitySources, Limit
from data.errors import ColumnError, CountError, EmptyLayerError, FaultsError, FeedError, FileError
from data.files import digest_file
from tests.data.tiny import TinyCity
from tests.data.tiny_feed import TinyFeed
from tests.data.tiny_transit import BUS, LIMIT, STOPS, add_transit, lines_table


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    add_transit(tiny)
    return tiny


@pytest.fixture
def sources(city: TinyCity) -> CitySources:
    return city.read()


def test_a_feed_is_called_as_its_layer_and_has_its_papers(city: TinyCity) -> None:
    city.layer("buses")["limits"] = [dict(LIMIT)]
    found = city.read().feeds
    assert list(found) == ["buses"]
    one = found["buses"]
    assert (one.feed.name, one.feed.n_stops, one.feed.n_trips) == ("buses", 3, 2)
    assert (one.paper.files, one.paper.rows, one.paper.source_crs) == (("buses.zip",), 2, "EPSG:4326")
    assert one.paper.files_sha256 == (digest_file(city.folder / "buses.zip"),)
    assert one.limits == (Limit(**LIMIT),)


def test_a_feed_is_read_from_a_folder_and_every_file_of_it_has_its_digest(city: TinyCity) -> None:
    TinyFeed(city.folder / "buses").write()
    city.layer("buses")["file"] = "buses"
    one = city.read().feeds["buses"]
    assert one.feed.n_trips == 2
    names = sorted(path.name for path in (city.folder / "buses").iterdir())
    assert one.paper.files == tuple(f"buses/{name}" for name in names)
    assert one.paper.files_sha256[0] == digest_file(city.folder / "buses" / names[0])


def test_faulty_trips_refuse_a_feed_or_are_dropped(city: TinyCity) -> None:
    feed = TinyFeed(city.folder / "buses")
    feed.change("stop_times", "T2,09:20:00,09:20:00", "T2,08:20:00,08:20:00")
    feed.write_zip()
    with pytest.raises(FeedError, match="buses"):
        city.read()
    city.layer("buses")["drop_faulty"] = True
    found = city.read().feeds["buses"].feed
    assert found.trip_ids == ("T1",)
    assert any("T2" in note for note in found.notes)


def test_a_missing_feed_is_told(city: TinyCity) -> None:
    (city.folder / "buses.zip").unlink()
    with pytest.raises(FileError, match=r"buses.zip: the file is missing"):
        city.read()


def test_a_folder_of_a_feed_that_leads_away_is_refused(city: TinyCity, tmp_path: Path) -> None:
    TinyFeed(tmp_path / "elsewhere").write()
    (city.folder / "buses").symlink_to(tmp_path / "elsewhere")
    city.layer("buses")["file"] = "buses"
    with pytest.raises(FileError, match="lies outside the folder of the sources"):
        city.read()


def test_two_feeds_stand_beside_each_other(city: TinyCity) -> None:
    shutil.copy(city.folder / "buses.zip", city.folder / "more.zip")
    city.tables["layers"]["more"] = {**city.layer("buses"), "file": "more.zip"}
    assert [one.feed.name for one in city.read().feeds.values()] == ["buses", "more"]


def test_lines_and_headways_become_layers(sources: CitySources) -> None:
    lines, headways = sources.layers["lines"], sources.layers["headways"]
    assert lines.frame["line"].tolist() == ["M1", "M1", "M1", "5", "5"]
    assert lines.frame.index.tolist() == list(range(5))
    assert headways.frame["headway_s"].tolist() == [240.0, 450.0]
    assert lines.time_zone == "Europe/Rome"
    assert lines.limits == (Limit(**LIMIT),)
    assert lines.paper == headways.paper == sources.papers["assumed"]
    assert lines.paper.rows == len(STOPS)
    assert lines.notes[0] == "assumed: 2 rows were left out"
    assert headways.notes == ()


def test_without_keep_every_row_stays(city: TinyCity) -> None:
    del city.layer("assumed")["keep"]
    assert len(city.read().layers["lines"].frame) == len(STOPS)


def test_lines_that_no_longer_run_are_left_out_without_keep(city: TinyCity) -> None:
    city.frames["lines.csv"] = lines_table().rename(columns={"runs": "in_2025"})
    del city.layer("assumed")["keep"]
    frame = city.read().layers["lines"].frame
    assert sorted(set(frame["line"])) == ["5", "M1"]
    assert "in_2025" not in frame


def test_a_city_without_transit_has_neither(tiny: TinyCity) -> None:
    sources = tiny.read()
    assert sources.feeds == {}
    assert not {"lines", "headways"} & set(sources.layers)


def _rows(number: int, **cells: Any) -> Any:
    def change(city: TinyCity) -> None:
        frame = city.frames["lines.csv"].astype(object)
        for column, value in cells.items():
            frame.loc[number, column] = value
        city.frames["lines.csv"] = frame

    return change


def _headway(number: int, **keys: Any) -> Any:
    return lambda city: city.layer("assumed")["headways"][number].update(keys)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda city: city.layer("assumed").update(keep={"alive": [True]}), ColumnError, "alive"),
        (lambda city: city.layer("assumed").update(keep={"runs": ["never"]}), EmptyLayerError, "no row is left. Look at"),
        (lambda city: city.frames.update({"lines.csv": lines_table().drop(columns="seq")}), ColumnError, "seq"),
        (_rows(0, seq="first"), CountError, "lines.csv"),
        (_rows(6, seq="1"), FeedError, r"seq repeats \(1: row 7\)"),
        (_rows(6, lat=""), FeedError, r"the stop has no place \(1: row 7\)"),
        (_rows(6, stop_id="d"), FeedError, r"fewer than two stops \(1: bus/5/1\)"),
        (_rows(0, mode="ferry"), FaultsError, "the mode is unknown .*ferry"),
        (lambda city: city.layer("assumed")["headways"].pop(), FeedError, r"nothing is assumed for a mode .*\(1: bus\)"),
        (_headway(1, until="06:30"), FeedError, r"a period ends before it starts \(1: row 2\)"),
        (_headway(1, headway_min=0.01), CountError, "headway_s is less than 1"),
        (
            lambda city: city.layer("assumed")["headways"].append({**BUS, "from": "20:00", "source": "x"}),
            FeedError,
            "periods of 'bus' overlap",
        ),
    ],
)  # fmt: skip
def test_lines_that_cannot_run_are_refused_when_the_pack_is_built(
    city: TinyCity, change: Any, kind: type[Exception], words: str
) -> None:
    change(city)
    with pytest.raises(kind, match=words):
        city.read()


def test_faults_of_feed_and_lines_come_at_once(city: TinyCity) -> None:
    (city.folder / "buses.zip").write_bytes(b"PK")
    _rows(6, lat="")(city)
    _headway(1, until="06:30")(city)
    city.layer("nil")["id"] = "none"
    with pytest.raises(FaultsError) as caught:
        city.read()
    assert {type(fault) for fault in caught.value.faults} >= {FileError, FeedError, ColumnError}
    assert len([fault for fault in caught.value.faults if fault.where in ("lines", "assumptions")]) == 2
