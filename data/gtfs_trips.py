"""Trips and stop times of a GTFS feed: checked, completed, sorted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, FeedError, IdError, PlannerError
from data.gtfs_archive import GtfsTable
from data.gtfs_calendar import Calendar
from data.gtfs_columns import (
    Parsed,
    look_up,
    name_wrong,
    parse_column,
    parse_one_of,
    parse_time,
    parse_whole,
    read_ids,
    read_texts,
    refuse_rows,
)
from data.gtfs_stops import Routes, Stops
from data.interpolate_times import interpolate_times

NO_SERVICE = 1
ON_REQUEST = (2, 3)


@dataclass
class TripGate:
    """What to do with a trip that has a fault: refuse the feed, or drop the trip and say so.

    Parameters
    ----------
    faults, notes
        Where to write.
    drop_faulty
        Whether faulty trips are dropped.
    is_faulty
        Which trips have a fault so far, shape (n_trips,).
    """

    faults: Faults
    notes: list[str]
    drop_faulty: bool
    is_faulty: NDArray[np.bool_]
    kinds: list[str] = field(default_factory=list)

    def refuse(
        self,
        what: str,
        table: GtfsTable,
        is_wrong: NDArray[np.bool_],
        *,
        trip: NDArray[np.int64],
        column: str | None = None,
        error: type[PlannerError] = FeedError,
    ) -> None:
        """Refuse rows of a table, or drop their trips (positions, one a row)."""
        if not is_wrong.any():
            return
        if not self.drop_faulty:
            remedy = "Correct the feed, or read it with drop_faulty=True"
            refuse_rows(self.faults, what, table, is_wrong, column=column, id_column="trip_id", error=error, remedy=remedy)
            return
        self.is_faulty[trip[is_wrong]] = True
        self.kinds.append(f"{what} ({', '.join(name_wrong(table, is_wrong, column=column, id_column='trip_id')[:5])})")

    def report(self, trip_ids: tuple[str, ...]) -> None:
        """Note which trips were dropped, and why."""
        dropped = [trip_ids[row] for row in np.flatnonzero(self.is_faulty)]
        if dropped:
            self.notes.append(f"{len(dropped):,} faulty trips were dropped: {', '.join(dropped)}; {'; '.join(self.kinds)}")


@dataclass(frozen=True)
class Trips:
    """Trips in file order; `position` finds them by id."""

    ids: tuple[str, ...]
    route: NDArray[np.intp]
    service: NDArray[np.intp]
    position: dict[str, int]


@dataclass(frozen=True)
class StopTimes:
    """Calls sorted by trip, then sequence; times in seconds, all of them there."""

    trip: NDArray[np.intp]
    stop: NDArray[np.intp]
    arrival_s: NDArray[np.int64]
    departure_s: NDArray[np.int64]
    can_board: NDArray[np.bool_]
    can_alight: NDArray[np.bool_]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> StopTimes:
        """Return some of the calls, in the order asked for."""
        columns = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__}
        return replace(self, **columns)


def read_trips(table: GtfsTable, routes: Routes, calendar: Calendar, gate: TripGate) -> Trips:
    """Return the trips with their routes and services."""
    position = read_ids(table, "trip_id", gate.faults)
    route, service = look_up(table, "route_id", routes.position), look_up(table, "service_id", calendar.position)
    rows = np.arange(table.n)
    for column, found in (("route_id", route), ("service_id", service)):
        gate.refuse(f"{column} is unknown", table, ~found.is_given, trip=rows, column=column, error=IdError)
    return Trips(tuple(read_texts(table, "trip_id")), route.values.astype(np.intp), service.values.astype(np.intp), position)


def read_stop_times(table: GtfsTable, trips: Trips, stops: Stops, gate: TripGate) -> StopTimes:
    """Return the calls of all trips that have no fault, times interpolated where they are missing."""
    trip = look_up(table, "trip_id", trips.position)
    if gate.drop_faulty:
        _note_rows_without_trip(table, trip, gate)
    else:
        remedy = "Correct the feed, or read it with drop_faulty=True"
        refuse_rows(gate.faults, "trip_id is unknown", table, ~trip.is_given, column="trip_id", error=IdError, remedy=remedy)
    known = GtfsTable(table.where, table.frame.loc[trip.is_given])
    owner = trip.values[trip.is_given]
    stop = _read_stop(known, owner, stops, gate)
    sequence = parse_column(known, "stop_sequence", parse_whole)
    wrong = ~sequence.is_given
    gate.refuse("stop_sequence is no whole number", known, wrong, trip=owner, column="stop_sequence")
    arrival, departure = _read_clock(known, owner, gate)
    can_board = _read_permission(known, "pickup_type", owner, gate)
    can_alight = _read_permission(known, "drop_off_type", owner, gate)

    order = np.lexsort([sequence.values, owner])
    rows = GtfsTable(table.where, known.frame.iloc[order])
    owner = owner[order]
    same_trip = np.concatenate([[False], owner[1:] == owner[:-1]])
    ordered = sequence.values[order]
    repeats = same_trip & np.concatenate([[False], ordered[1:] == ordered[:-1]])
    gate.refuse("stop_sequence stands twice in a trip", rows, repeats, trip=owner, column="stop_sequence")
    times = StopTimes(
        trip=owner.astype(np.intp),
        stop=stop.values[order].astype(np.intp),
        arrival_s=np.where(arrival.is_given, arrival.values, departure.values)[order],
        departure_s=np.where(departure.is_given, departure.values, arrival.values)[order],
        can_board=can_board[order],
        can_alight=can_alight[order],
    )
    is_timed = (arrival.is_given | departure.is_given)[order]
    is_odd = (arrival.is_wrong | departure.is_wrong)[order]
    _check_ends(rows, times, is_timed | is_odd, gate)
    _check_order(rows, times, is_timed, gate)
    return _complete(times, is_timed, stops, gate)


def _note_rows_without_trip(table: GtfsTable, trip: Parsed, gate: TripGate) -> None:
    if not trip.is_given.all():
        wrong = ~trip.is_given
        gate.notes.append(
            f"{int(wrong.sum()):,} stop times of unknown trips were dropped: "
            + ", ".join(name_wrong(table, wrong, column="trip_id")[:5])
        )


def _read_stop(table: GtfsTable, owner: NDArray[np.int64], stops: Stops, gate: TripGate) -> Parsed:
    stop = look_up(table, "stop_id", stops.position)
    is_other = look_up(table, "stop_id", dict.fromkeys(stops.other_ids, 0)).is_given
    is_other |= stop.is_given & stops.is_station[stop.values] if stops.ids else False
    unknown = ~stop.is_given & ~is_other
    gate.refuse("stop_id is unknown", table, unknown, trip=owner, column="stop_id", error=IdError)
    gate.refuse("stop_id is no boarding point (location_type 0)", table, is_other, trip=owner, column="stop_id")
    return stop


def _read_clock(table: GtfsTable, owner: NDArray[np.int64], gate: TripGate) -> tuple[Parsed, Parsed]:
    clocks = []
    for column in ("arrival_time", "departure_time"):
        clock = parse_column(table, column, parse_time)
        gate.refuse(f"{column} is no time (H:MM:SS)", table, clock.is_wrong, trip=owner, column=column)
        clocks.append(clock)
    return clocks[0], clocks[1]


def _read_permission(table: GtfsTable, column: str, owner: NDArray[np.int64], gate: TripGate) -> NDArray[np.bool_]:
    kind = parse_column(table, column, parse_one_of(0, NO_SERVICE, *ON_REQUEST))
    gate.refuse(f"{column} is none of 0 to 3", table, kind.is_wrong, trip=owner, column=column)
    n_on_request = int(np.isin(kind.values, ON_REQUEST).sum())
    if n_on_request:
        gate.notes.append(f"{n_on_request:,} stop times on request ({column} 2 or 3) count as regular ones")
    return np.asarray(kind.values != NO_SERVICE)


def _check_ends(table: GtfsTable, times: StopTimes, has_time: NDArray[np.bool_], gate: TripGate) -> None:
    """Check the first and the last call of each trip: between them times can be interpolated, beyond them not."""
    if not len(times.trip):
        return
    changes = times.trip[1:] != times.trip[:-1]
    is_end = np.concatenate([[True], changes]) | np.concatenate([changes, [True]])
    owner = times.trip.astype(np.int64)
    gate.refuse("the first or last stop of a trip has no time", table, is_end & ~has_time, trip=owner, column="stop_id")


def _check_order(table: GtfsTable, times: StopTimes, is_timed: NDArray[np.bool_], gate: TripGate) -> None:
    owner = times.trip.astype(np.int64)
    is_short = is_timed & (times.departure_s < times.arrival_s)
    gate.refuse("a trip departs before it arrives", table, is_short, trip=owner, column="departure_time")
    timed = np.flatnonzero(is_timed)
    goes_back = np.zeros(table.n, dtype=bool)
    before, after = timed[:-1], timed[1:]
    goes_back[after] = (times.trip[before] == times.trip[after]) & (times.arrival_s[after] < times.departure_s[before])
    gate.refuse("a trip goes back in time", table, goes_back, trip=owner, column="arrival_time")


def _complete(times: StopTimes, is_timed: NDArray[np.bool_], stops: Stops, gate: TripGate) -> StopTimes:
    kept = ~gate.is_faulty[times.trip]
    if gate.faults:
        return times.take(np.zeros(len(times.trip), dtype=bool))
    times, is_timed = times.take(kept), is_timed[kept]
    if is_timed.all():
        return times
    arrival, departure = interpolate_times(times, is_timed, lon=stops.lon, lat=stops.lat)
    n_trips = len(np.unique(times.trip[~is_timed]))
    gate.notes.append(f"{int((~is_timed).sum()):,} stop times of {n_trips:,} trips were interpolated by distance")
    return replace(times, arrival_s=arrival, departure_s=departure)
