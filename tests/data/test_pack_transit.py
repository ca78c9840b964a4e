"""A pack with public transport: feeds and lines come back, and what was changed in them is told."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tomli_w

from data.check import check_pack
from data.city import Limit
from data.errors import CountError, FeedError, PackError
from data.feed_file import write_feed_file
from data.files import digest_file
from data.geopackage import write_geopackage
from data.pack import CityPack, read_pack, write_pack
from tests.data.tiny import TinyCity
from tests.data.tiny_transit import LIMIT, add_transit

Tables = dict[str, Any]


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    add_transit(tiny)
    tiny.layer("buses")["limits"] = [dict(LIMIT)]
    return tiny


@pytest.fixture
def pack(city: TinyCity, tmp_path: Path) -> CityPack:
    return write_pack(city.read(), tmp_path / "pack")


def _edit(pack: CityPack, change: Callable[[Tables], object]) -> None:
    path = pack.folder / "pack.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    change(tables)
    path.write_text(tomli_w.dumps(tables), encoding="utf-8")


def _faults(pack: CityPack) -> str:
    return "\n".join(str(fault) for fault in check_pack(pack.folder).faults)


def test_a_feed_comes_back_with_its_record(city: TinyCity, pack: CityPack) -> None:
    pack = read_pack(pack.folder)
    source = city.read().feeds["buses"]
    record = pack.feeds["buses"]
    assert record.file == "transit/buses.npz"
    assert (record.n_stops, record.n_trips, record.time_zone) == (3, 2, "Europe/Rome")
    assert (record.first_date, record.last_date) == ("2023-10-01", "2023-10-31")
    assert (record.paper, record.notes, record.limits) == (source.paper, source.feed.notes, (Limit(**LIMIT),))
    assert record.sha256 == digest_file(pack.folder / record.file) == pack.digests()[record.file]
    assert pack.feed("buses").stop_names == ("Alfa", "Beta", "Gamma")
    assert pack.papers["buses"] == source.paper


def test_lines_and_headways_come_back_with_time_zone_and_limits(city: TinyCity, pack: CityPack) -> None:
    pack = read_pack(pack.folder)
    for name in ("lines", "headways"):
        pd.testing.assert_frame_equal(pack.read(name), city.read().layers[name].frame)
    assert (pack.layers["lines"].time_zone, pack.layers["lines"].limits) == ("Europe/Rome", (Limit(**LIMIT),))
    assert pack.layers["census"].time_zone is None
    assert pack.layers["census"].limits == ()


@pytest.mark.parametrize(
    ("left_out", "has"), [(("buses",), True), (("assumed",), True), (("buses", "assumed"), False), ((), True)]
)
def test_a_pack_has_transit_with_a_feed_or_with_lines(
    city: TinyCity, tmp_path: Path, left_out: tuple[str, ...], has: bool
) -> None:
    for name in left_out:
        del city.tables["layers"][name]
    pack = write_pack(city.read(), tmp_path / "pack")
    assert pack.has_transit is has
    assert check_pack(pack.folder).is_sound
    missing = "  no timetable and no lines: nobody travels by public transport"
    assert (missing in check_pack(pack.folder).facts) is not has


def test_a_pack_from_before_there_were_feeds_opens(tiny: TinyCity, tmp_path: Path) -> None:
    pack = write_pack(tiny.read(), tmp_path / "pack")

    def make_old(tables: Tables) -> None:
        del tables["feeds"]
        for layer in tables["layers"].values():
            del layer["limits"]

    _edit(pack, make_old)
    old = read_pack(pack.folder)
    assert old.feeds == {}
    assert not old.has_transit
    assert old.layers["census"].limits == ()
    assert check_pack(pack.folder).is_sound


def test_two_builds_give_the_same_bytes(city: TinyCity, tmp_path: Path) -> None:
    one, two = (write_pack(city.read(), tmp_path / name) for name in ("one", "two"))
    for name in ("pack.toml", *one.digests()):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()


def test_an_unknown_feed_names_the_nearest(pack: CityPack) -> None:
    with pytest.raises(PackError, match=r"the pack has no feed 'bus'. Did you mean 'buses'"):
        pack.feed("bus")


def test_the_facts_name_feeds_and_lines(pack: CityPack) -> None:
    facts = check_pack(pack.folder).facts
    assert "buses: 3 stops, 2 trips, 2023-10-01 to 2023-10-31" in facts
    assert "lines without a timetable: 1 bus, 1 metro" in facts
    assert "  assumed: 2 rows were left out" in facts
    assert any(fact.startswith("  buses: a test; CC0; 2020-02-05; 2 rows; EPSG:4326; buses.zip (sha256 ") for fact in facts)


def test_notes_of_a_feed_are_told(city: TinyCity, tmp_path: Path) -> None:
    sources = city.read()
    one = sources.feeds["buses"]
    feeds = {"buses": replace(one, feed=replace(one.feed, notes=("red \x1b[31m",)))}
    assert "  buses: red  [31m" in check_pack(write_pack(replace(sources, feeds=feeds), tmp_path / "p").folder).facts


def test_a_changed_and_a_missing_feed_file_are_told(pack: CityPack) -> None:
    file = pack.folder / "transit" / "buses.npz"
    with file.open("ab") as opened:
        opened.write(b"x")
    with pytest.raises(PackError, match=r"changed after the pack was built \(1: transit/buses.npz\)"):
        read_pack(pack.folder)
    assert "changed after the pack was built (1: transit/buses.npz)" in _faults(pack)
    file.unlink()
    with pytest.raises(PackError, match=r"files are missing \(1: transit/buses.npz\)"):
        read_pack(pack.folder)
    assert _faults(pack).count("transit/buses.npz") == 1


def test_a_feed_file_that_cannot_be_read_is_told(pack: CityPack) -> None:
    (pack.folder / "transit" / "buses.npz").write_bytes(b"x")
    with pytest.raises(PackError, match="cannot be read"):
        pack.feed("buses")
    assert "buses.npz: cannot be read" in _faults(pack)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("n_stops", 9, "n_stops is 3, pack.toml says 9"),
        ("n_trips", 9, "n_trips is 2, pack.toml says 9"),
        ("first_date", "2023-01-01", "first_date is 2023-10-01, pack.toml says 2023-01-01"),
        ("last_date", "2024-01-01", "last_date is 2023-10-31, pack.toml says 2024-01-01"),
        ("time_zone", "UTC", "time_zone is Europe/Rome, pack.toml says UTC"),
    ],
)
def test_a_record_that_is_not_that_of_the_feed_is_told(pack: CityPack, key: str, value: object, words: str) -> None:
    _edit(pack, lambda tables: tables["feeds"]["buses"].update({key: value}))
    assert words in _faults(pack)


def test_a_feed_of_another_name_with_its_digest_is_told(pack: CityPack) -> None:
    record = pack.feeds["buses"]
    write_feed_file(pack.folder / record.file, replace(pack.feed("buses"), name="trams"))
    digest = digest_file(pack.folder / record.file)
    _edit(pack, lambda tables: tables["feeds"]["buses"].update(sha256=digest))
    (fault,) = check_pack(pack.folder).faults
    assert "name is trams, pack.toml says buses" in str(fault)


@pytest.mark.parametrize("file", ["../buses.npz", "/etc/passwd", "transit\\buses.npz"])
def test_a_feed_outside_the_pack_is_refused(pack: CityPack, file: str) -> None:
    _edit(pack, lambda tables: tables["feeds"]["buses"].update(file=file))
    with pytest.raises(PackError, match="file names leave the pack"):
        read_pack(pack.folder)


def test_lines_without_headways_or_time_zone_are_told(pack: CityPack) -> None:
    def take_out(tables: Tables) -> None:
        del tables["layers"]["headways"], tables["layers"]["lines"]["time_zone"]

    _edit(pack, take_out)
    assert [fault.what for fault in check_pack(pack.folder).faults] == [
        "there are lines, but no headways",
        "the lines have no time zone",
    ]


def _forge(pack: CityPack, name: str, **columns: object) -> None:
    path = pack.folder / pack.layers[name].file
    frame = pack.read(name).assign(**columns)
    path.unlink()
    write_geopackage(path, {name: frame})
    digest = digest_file(path)
    _edit(pack, lambda tables: tables["layers"][name].update(sha256=digest))


@pytest.mark.parametrize(
    ("name", "columns", "kind", "words"),
    [
        ("lines", {"mode": "ferry"}, FeedError, "the mode is unknown"),
        ("lines", {"lat": 0.0, "lon": 0.0}, FeedError, "the stop has no place"),
        ("lines", {"lat": "north"}, PackError, "lines or headways are not what they were"),
        ("headways", {"headway_s": 0.0}, CountError, "headway_s is less than 1"),
        ("headways", {"mode": "metro"}, FeedError, "nothing is assumed for a mode of the lines"),
    ],
)
def test_lines_that_can_no_longer_run_are_told(
    pack: CityPack, name: str, columns: dict[str, object], kind: type[Exception], words: str
) -> None:
    _forge(pack, name, **columns)
    faults = check_pack(pack.folder).faults
    assert any(isinstance(fault, kind) and words in str(fault) for fault in faults)
