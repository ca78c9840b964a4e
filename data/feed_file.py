"""A public-transport feed in one file of a pack: arrays as they are, texts and dates as JSON in an array of bytes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import PackError
from data.feed import MODES, Feed, is_time_zone
from data.npz_file import REMEDY, read_npz, write_npz

TEXTS = ("stop_ids", "stop_names", "trip_ids", "route_ids", "route_names", "route_mode", "notes")
ONE_TEXT = ("name", "time_zone")
DATES = ("first_date", "last_date")
FACTS = "facts"
FLOATS = ("lon", "lat")
FLAGS = ("can_board", "can_alight", "frequency_is_exact", "transfer_is_forbidden", "service_days")
SECONDS = (
    "arrival_s", "departure_s", "frequency_start_s", "frequency_end_s", "frequency_headway_s", "transfer_min_s",
)  # fmt: skip
POSITIONS = {
    "station": "stop_ids", "trip_route": "route_ids", "trip_service": "service_days", "time_trip": "trip_ids",
    "time_stop": "stop_ids", "frequency_trip": "trip_ids", "transfer_from": "stop_ids", "transfer_to": "stop_ids",
}  # fmt: skip
"""Arrays of positions, and in what they are positions."""
TABLES = {
    "stop_ids": ("stop_names", "lon", "lat", "station"),
    "trip_ids": ("trip_route", "trip_service"),
    "route_ids": ("route_names", "route_mode"),
    "time_trip": ("time_stop", "arrival_s", "departure_s", "can_board", "can_alight"),
    "frequency_trip": ("frequency_start_s", "frequency_end_s", "frequency_headway_s", "frequency_is_exact"),
    "transfer_from": ("transfer_to", "transfer_min_s", "transfer_is_forbidden"),
}
"""Columns that have one row for each of another."""


def write_feed_file(path: Path, feed: Feed) -> None:
    """Write a feed; the same feed gives the same bytes."""
    facts: dict[str, object] = {name: list(getattr(feed, name)) for name in TEXTS}
    facts |= {name: getattr(feed, name) for name in ONE_TEXT}
    facts |= {name: getattr(feed, name).isoformat() for name in DATES}
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    arrays: dict[str, NDArray[Any]] = {FACTS: np.frombuffer(text, dtype=np.uint8)}
    for name, kind in _types().items():
        arrays[name] = np.asarray(getattr(feed, name), dtype=kind)
    write_npz(path, arrays)


def _types() -> dict[str, type[np.generic]]:
    kinds: dict[str, type[np.generic]] = dict.fromkeys(FLOATS, np.float64)
    return {
        **kinds, **dict.fromkeys(FLAGS, np.bool_), **dict.fromkeys(SECONDS, np.int64), **dict.fromkeys(POSITIONS, np.int64),
    }  # fmt: skip


def read_feed_file(path: Path) -> Feed:
    """Return the feed of a file.

    Raises
    ------
    PackError
        If the file cannot be read, or what is in it is no feed: arrays of another type or length, positions of nothing,
        texts, dates, modes or a time zone that are none, places off the Earth, or times that go back.
    """
    arrays = read_npz(path, (FACTS, *_types()))
    try:
        values = _read_facts(json.loads(arrays.pop(FACTS).tobytes().decode("utf-8")))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise PackError(f"its texts cannot be read: {error}", where=str(path), remedy=REMEDY) from error
    wrong = _find_wrong(arrays, values)
    if wrong:
        raise PackError("what is in it is no feed", where=str(path), n=len(wrong), examples=wrong, remedy=REMEDY)
    positions = {name: arrays[name].astype(np.intp) for name in POSITIONS}
    return Feed(**(values | arrays | positions))


def _read_facts(facts: Any) -> dict[str, Any]:
    """Return texts and dates.

    Raises
    ------
    ValueError
        If they are none.
    """
    texts = {name: facts[name] for name in TEXTS} | {name: [facts[name]] for name in ONE_TEXT}
    wrong = [
        name for name, listed in texts.items() if not isinstance(listed, list) or any(type(one) is not str for one in listed)
    ]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: no texts")
    for listed in texts.values():
        "".join(listed).encode("utf-8")  # JSON can spell half a character, which no page could be written with
    dates = {name: dt.date.fromisoformat(facts[name]) for name in DATES}
    return {name: tuple(facts[name]) for name in TEXTS} | {name: facts[name] for name in ONE_TEXT} | dates


def _find_wrong(arrays: Mapping[str, NDArray[Any]], values: Mapping[str, Any]) -> list[str]:
    """Return the names of what is wrong: types first, then lengths and positions, then what the values say."""
    wrong = [
        name
        for name, kind in _types().items()
        if arrays[name].dtype != kind or arrays[name].ndim != (2 if name == "service_days" else 1)
    ]
    return wrong or _find_misfits(arrays, values) or _find_impossible(arrays, values)


def _find_misfits(arrays: Mapping[str, NDArray[Any]], values: Mapping[str, Any]) -> list[str]:
    columns = {name: len(values[name]) for name in TEXTS} | {name: len(array) for name, array in arrays.items()}
    wrong = [name for key, names in TABLES.items() for name in names if columns[name] != columns[key]]
    wrong += [
        name
        for name, of in POSITIONS.items()
        if arrays[name].size and (arrays[name].min() < 0 or arrays[name].max() >= columns[of])
    ]
    n_days = (values["last_date"] - values["first_date"]).days + 1
    return wrong + (["service_days"] if arrays["service_days"].shape[1] != n_days else [])


def _find_impossible(arrays: Mapping[str, NDArray[Any]], values: Mapping[str, Any]) -> list[str]:
    is_same_trip = np.diff(arrays["time_trip"]) == 0
    clock = np.column_stack([arrays["arrival_s"], arrays["departure_s"]])
    is_back = (clock[:, 1] < clock[:, 0]).any() or (clock[1:, 0] < clock[:-1, 1])[is_same_trip].any()
    found = {
        "lon": not (np.abs(arrays["lon"]) <= 180).all(),  # a NaN is not within, either
        "lat": not (np.abs(arrays["lat"]) <= 90).all(),
        "time_trip": bool((np.diff(arrays["time_trip"]) < 0).any()),
        "arrival_s, departure_s": bool(is_back),
        "route_mode": not set(values["route_mode"]) <= set(MODES),
        "time_zone": not is_time_zone(values["time_zone"]),
        **{name: bool((arrays[name] < (name == "frequency_headway_s")).any()) for name in SECONDS},
        **{name: len(set(values[name])) < len(values[name]) for name in ("stop_ids", "trip_ids", "route_ids")},
    }
    return [name for name, is_wrong in found.items() if is_wrong]
