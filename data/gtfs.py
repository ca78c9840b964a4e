"""GTFS feeds read and checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, FeedError, PlannerError
from data.feed import Feed
from data.gtfs_archive import MAX_BYTES, GtfsTable, read_tables
from data.gtfs_calendar import Calendar, read_calendar
from data.gtfs_rules import Frequencies, Transfers, read_frequencies, read_transfers
from data.gtfs_stops import Routes, Stops, read_routes, read_stops, read_time_zone
from data.gtfs_trips import StopTimes, TripGate, Trips, read_stop_times, read_trips

EXAMPLES = 5


def read_gtfs(path: Path, *, name: str, drop_faulty: bool = False, max_bytes: int = MAX_BYTES) -> Feed:
    """Return the feed in a GTFS archive or folder, once everything in it is known to hold together.

    Parameters
    ----------
    path
        A zip archive, or the folder with its files.
    name
        Short name of the feed, which tells its ids from those of other feeds.
    drop_faulty
        Whether trips with a fault of their own (times that go back, are malformed or missing at the ends, an unknown
        stop, route or service) are dropped and listed in the notes; else they refuse the feed.
    max_bytes
        How much the archive may hold unpacked.

    Raises
    ------
    FileError
        If there is no feed, or it cannot be read.
    ColumnError
        If a required column is missing, or stands twice.
    IdError
        If ids are missing, unknown, or repeat.
    FeedError
        If the archive is hostile, a file is missing or empty, there is not one time zone, or times, dates, coordinates
        or codes are wrong.
    FaultsError
        If there are several of these; missing files and columns are reported before the rows are looked at.

    Notes
    -----
    Tables, columns and codes as in the GTFS Schedule reference (gtfs.org); times count from noon minus 12 h of the
    service day. Rows are numbered from 1, without the header.
    """
    tables = read_tables(path, name=name, max_bytes=max_bytes)
    faults, notes = Faults(), list[str]()
    time_zone = read_time_zone(tables["agency.txt"], faults)
    stops = read_stops(tables["stops.txt"], time_zone, faults, notes)
    routes = read_routes(tables["routes.txt"], faults, notes)
    calendar = _read_calendar_apart(tables, faults, notes, name)
    gate = TripGate(faults, notes, drop_faulty, np.zeros(tables["trips.txt"].n, dtype=bool))
    trips = read_trips(tables["trips.txt"], routes, calendar, gate)
    frequencies = read_frequencies(tables.get("frequencies.txt"), trips, gate)
    transfers = read_transfers(tables.get("transfers.txt"), stops, faults, notes)
    times = read_stop_times(tables["stop_times.txt"], trips, stops, gate)
    faults.raise_if_any()
    gate.report(trips.ids)
    if gate.is_faulty.all():
        raise FeedError("every trip has a fault", where=name, n=len(trips.ids), examples=gate.kinds)
    calendar = _cut_dates(calendar, trips.service[~gate.is_faulty], name)
    _note_idle(trips, stops, times, gate, notes)
    parts = (stops, routes, calendar, trips, times, frequencies, transfers)
    return _assemble(name, time_zone, parts, ~gate.is_faulty, notes)


def _read_calendar_apart(tables: Mapping[str, GtfsTable], faults: Faults, notes: list[str], name: str) -> Calendar:
    """Read the calendar with faults of its own: what is wrong elsewhere does not keep it from being resolved."""
    own = Faults()
    calendar = read_calendar(tables, own, notes, where=name)
    try:
        own.raise_if_any()
    except PlannerError as error:
        faults.add(error)
    return calendar


def _cut_dates(calendar: Calendar, used: NDArray[np.intp], name: str) -> Calendar:
    """Cut the calendar to the first and last date on which a trip runs: a service without trips carries nobody."""
    running = np.flatnonzero(calendar.service_days[used].any(axis=0))
    if not running.size:
        raise FeedError("no trip runs on any date", where=name, remedy="Compare service_id in trips.txt with the calendar")
    first, last = int(running[0]), int(running[-1])
    start = calendar.first_date
    return replace(
        calendar,
        first_date=start + dt.timedelta(days=first),
        last_date=start + dt.timedelta(days=last),
        service_days=np.ascontiguousarray(calendar.service_days[:, first : last + 1]),
    )


def _note_idle(trips: Trips, stops: Stops, times: StopTimes, gate: TripGate, notes: list[str]) -> None:
    """Note stops that no trip calls at and trips that carry nobody: no faults, but often the trace of one."""
    is_used = stops.is_station.copy()
    is_used[times.stop] = True
    n_calls = np.bincount(times.trip, minlength=len(trips.ids))
    _note_some("stops are used by no trip", stops.ids, ~is_used, notes)
    _note_some("trips have fewer than two stop times and carry nobody", trips.ids, (n_calls < 2) & ~gate.is_faulty, notes)


def _note_some(what: str, ids: tuple[str, ...], rows: NDArray[np.bool_], notes: list[str]) -> None:
    found = [ids[row] for row in np.flatnonzero(rows)]
    if found:
        notes.append(f"{len(found):,} {what}: {', '.join(found[:EXAMPLES])}{', …' if len(found) > EXAMPLES else ''}")


def _assemble(
    name: str,
    time_zone: str,
    parts: tuple[Stops, Routes, Calendar, Trips, StopTimes, Frequencies, Transfers],
    kept: NDArray[np.bool_],
    notes: list[str],
) -> Feed:
    stops, routes, calendar, trips, times, frequencies, transfers = parts
    renumbered = np.cumsum(kept) - 1
    runs = kept[frequencies.trip]
    return Feed(
        name=name,
        time_zone=time_zone,
        stop_ids=stops.ids,
        stop_names=stops.names,
        lon=stops.lon,
        lat=stops.lat,
        station=stops.station,
        trip_ids=tuple(one for one, keep in zip(trips.ids, kept.tolist(), strict=True) if keep),
        trip_route=trips.route[kept],
        trip_service=trips.service[kept],
        route_ids=routes.ids,
        route_names=routes.names,
        route_mode=routes.mode,
        time_trip=renumbered[times.trip].astype(np.intp),
        time_stop=times.stop,
        arrival_s=times.arrival_s,
        departure_s=times.departure_s,
        can_board=times.can_board,
        can_alight=times.can_alight,
        frequency_trip=renumbered[frequencies.trip[runs]].astype(np.intp),
        frequency_start_s=frequencies.start_s[runs],
        frequency_end_s=frequencies.end_s[runs],
        frequency_headway_s=frequencies.headway_s[runs],
        frequency_is_exact=frequencies.is_exact[runs],
        transfer_from=transfers.from_stop,
        transfer_to=transfers.to_stop,
        transfer_min_s=transfers.min_s,
        transfer_is_forbidden=transfers.is_forbidden,
        first_date=calendar.first_date,
        last_date=calendar.last_date,
        service_days=calendar.service_days,
        notes=tuple(notes),
    )
