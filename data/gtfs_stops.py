"""Stops, stations and routes of a GTFS feed, and its time zone."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.columns import to_floats
from data.errors import Faults, FeedError, IdError
from data.feed import is_time_zone
from data.gtfs_archive import GtfsTable
from data.gtfs_columns import look_up, parse_column, parse_one_of, parse_whole, read_ids, read_texts, refuse_rows

STOP, STATION = 0, 1
FAR_DEG = 5.0
"""A stop farther from the middle of its feed than this is held against its swapped position."""
OFF_MERIDIAN_DEG, NEAR_MERIDIAN_DEG = 28.0, 12.0
"""How far from the meridian of its time zone a feed may lie; no zone with a large city reaches farther."""
NULL_ISLAND_DEG = 0.01

BASIC_MODES = {0: "tram", 1: "metro", 2: "train", 3: "bus", 5: "tram", 11: "bus", 12: "metro"}
EXTENDED_MODES = {1: "train", 2: "bus", 3: "train", 4: "metro", 5: "metro", 6: "metro", 7: "bus", 8: "bus", 9: "tram"}
"""Modes by the hundreds of the extended route types (Google Transit): railways, coaches, suburban railways, and so on."""


@dataclass(frozen=True)
class Stops:
    """Stops and stations in file order; `position` finds them by id, `is_station` tells the ones without vehicles."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    station: NDArray[np.intp]
    is_station: NDArray[np.bool_]
    position: dict[str, int]
    other_ids: frozenset[str]


@dataclass(frozen=True)
class Routes:
    """Routes in file order; `position` finds them by id."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    mode: tuple[str, ...]
    position: dict[str, int]


def read_time_zone(agencies: GtfsTable, faults: Faults) -> str:
    """Return the one time zone of all agencies, "UTC" where it is faulty."""
    zones = read_texts(agencies, "agency_timezone")
    refuse_rows(faults, "agency_timezone is missing", agencies, np.array([not zone for zone in zones], dtype=bool))
    named = sorted({zone for zone in zones if zone})
    if len(named) > 1:
        remedy = "Split the feed by agency: GTFS allows one time zone a feed"
        faults.add(
            FeedError("agencies have several time zones", where=agencies.where, n=len(named), examples=named, remedy=remedy)
        )
    for zone in named:
        if not is_time_zone(zone):
            faults.add(FeedError(f"the time zone {zone!r} is unknown", where=agencies.where))
            return "UTC"
    return named[0] if named else "UTC"


def read_stops(table: GtfsTable, time_zone: str, faults: Faults, notes: list[str]) -> Stops:
    """Return the stops and stations; entrances, nodes and boarding areas are left out, with a note."""
    read_ids(table, "stop_id", faults)
    kind = parse_column(table, "location_type", parse_one_of(0, 1, 2, 3, 4))
    refuse_rows(faults, "location_type is none of 0 to 4", table, kind.is_wrong, column="location_type", id_column="stop_id")
    is_kept = kind.values <= STATION
    ids = read_texts(table, "stop_id")
    others = frozenset(one for one, keep in zip(ids, is_kept, strict=True) if not keep)
    if others:
        notes.append(f"{len(others):,} entrances, nodes and boarding areas were left out")
    kept = GtfsTable(table.where, table.frame.loc[is_kept])
    lon, lat = _read_coordinates(kept, time_zone, faults)
    kept_ids = tuple(read_texts(kept, "stop_id"))
    position = {one: row for row, one in reversed(list(enumerate(kept_ids)))}
    is_station = kind.values[is_kept] == STATION
    parent = look_up(kept, "parent_station", position)
    refuse_rows(faults, "parent_station is unknown", kept, parent.is_wrong, column="parent_station", error=IdError)
    no_station = parent.is_given & ~is_station[parent.values]
    refuse_rows(faults, "parent_station is no station (location_type 1)", kept, no_station, column="parent_station")
    nested = parent.is_given & is_station
    refuse_rows(faults, "a station has a parent_station", kept, nested, column="stop_id")
    return Stops(
        ids=kept_ids,
        names=tuple(read_texts(kept, "stop_name")),
        lon=lon,
        lat=lat,
        station=np.where(parent.is_given, parent.values, np.arange(kept.n)).astype(np.intp),
        is_station=is_station,
        position=position,
        other_ids=others,
    )


def _read_coordinates(table: GtfsTable, time_zone: str, faults: Faults) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = to_floats(table.frame["stop_lon"]), to_floats(table.frame["stop_lat"])
    is_empty = (table.frame["stop_lon"].isna() | table.frame["stop_lat"].isna()).to_numpy(dtype=bool)
    is_number = np.isfinite(lon) & np.isfinite(lat)
    beyond = is_number & ((np.abs(lon) > 180) | (np.abs(lat) > 90))
    null = is_number & (np.abs(lon) < NULL_ISLAND_DEG) & (np.abs(lat) < NULL_ISLAND_DEG)
    good = is_number & ~beyond & ~null
    kinds = {
        "coordinates are missing": is_empty,
        "coordinates are no numbers": ~is_number & ~is_empty,
        "coordinates lie beyond ±180, ±90": beyond,
        "coordinates are 0, 0": null,
        "longitude and latitude look swapped": _find_swapped(lon, lat, good),
    }
    for what, wrong in kinds.items():
        refuse_rows(faults, what, table, wrong, id_column="stop_id")
    if good.any():
        _check_meridian(float(np.median(lon[good])), float(np.median(lat[good])), time_zone, table.where, faults)
    return lon, lat


def _find_swapped(lon: NDArray[np.float64], lat: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which stops lie far from the middle of the feed, but near it with their coordinates swapped."""
    if not good.any():
        return good
    middle_lon, middle_lat = np.median(lon[good]), np.median(lat[good])
    apart = np.maximum(np.abs(lon - middle_lon), np.abs(lat - middle_lat))
    swapped = np.maximum(np.abs(lat - middle_lon), np.abs(lon - middle_lat))
    return np.asarray(good & (apart > FAR_DEG) & (swapped < apart / 2))


def _check_meridian(lon: float, lat: float, time_zone: str, where: str, faults: Faults) -> None:
    """Refuse a feed whose every stop is swapped: only its time zone tells, by the meridian of its winter time."""
    if time_zone == "UTC":
        return  # what an agency writes that does not know, or that runs everywhere
    zone = zoneinfo.ZoneInfo(time_zone)
    offsets = [dt.datetime(2023, month, 1, 12, tzinfo=zone).utcoffset() or dt.timedelta() for month in (1, 7)]
    meridian = min(offsets).total_seconds() / 240  # 240 s of time are one degree; the lesser one is winter's
    if abs(lon - meridian) > OFF_MERIDIAN_DEG and abs(lat - meridian) < NEAR_MERIDIAN_DEG:
        what = (
            f"longitude and latitude look swapped in the whole feed: its middle is lon {lon:.2f}, lat {lat:.2f} in {time_zone}"
        )
        faults.add(FeedError(what, where=where, remedy="Compare stop_lat and stop_lon with a map"))


def read_routes(table: GtfsTable, faults: Faults, notes: list[str]) -> Routes:
    """Return the routes with their modes."""
    position = read_ids(table, "route_id", faults)
    kind = parse_column(table, "route_type", parse_whole)
    wrong = kind.is_wrong | kind.is_empty
    refuse_rows(faults, "route_type is no whole number", table, wrong, column="route_type", id_column="route_id")
    modes = tuple(name_mode(int(value)) for value in kind.values)
    n_other = modes.count("other")
    if n_other:
        types = ", ".join(str(value) for value in sorted(set(kind.values[[mode == "other" for mode in modes]].tolist())))
        notes.append(f'{n_other:,} routes are of mode "other" (route_type {types})')
    short, long = read_texts(table, "route_short_name"), read_texts(table, "route_long_name")
    ids = tuple(read_texts(table, "route_id"))
    names = tuple(one or two or three for one, two, three in zip(short, long, ids, strict=True))
    return Routes(ids, names, modes, position)


def name_mode(route_type: int) -> str:
    """Return the mode of a route type, basic or extended.

    Examples
    --------
    >>> [name_mode(kind) for kind in (0, 1, 2, 3, 4, 109, 401, 700, 900, 1000)]
    ['tram', 'metro', 'train', 'bus', 'other', 'train', 'metro', 'bus', 'tram', 'other']
    """
    if route_type < 100:
        return BASIC_MODES.get(route_type, "other")
    return EXTENDED_MODES.get(route_type // 100, "other")
