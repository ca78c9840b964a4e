"""A public-transport feed as a plain value: stops, trips, their times, and the dates on which they run."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODES = ("metro", "tram", "bus", "train", "other")
"""The modes that a route may have; a timetable counts them in this order."""

Positions = NDArray[np.intp]
Seconds = NDArray[np.int64]
Flags = NDArray[np.bool_]


def is_time_zone(name: str) -> bool:
    """Return whether a name is that of a time zone.

    Examples
    --------
    >>> is_time_zone("Europe/Rome"), is_time_zone("Europe/Roma")
    (True, False)
    """
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@dataclass(frozen=True, eq=False, kw_only=True)
class Feed:
    """A public-transport feed: stops, trips with their stop times, the dates on which each service runs.

    Parameters
    ----------
    name
        Short name of the feed; ids of several feeds are told apart by it.
    time_zone
        IANA name of the time zone in which every time is given.
    stop_ids, stop_names
        Boarding points and stations, in file order; n_stops of each.
    lon, lat
        EPSG:4326, degrees, shape (n_stops,).
    station
        Position of the parent station, or of the stop itself where it has none, shape (n_stops,). A station has no stop
        times: nobody boards there.
    trip_ids, trip_route, trip_service
        Ids, position in `route_ids`, row of `service_days`; n_trips of each.
    route_ids, route_names, route_mode
        Ids, short names, and one of `MODES`; n_routes of each.
    time_trip, time_stop
        Positions of trip and stop of each call, shape (n_times,), sorted by trip, then order along the trip.
    arrival_s, departure_s
        Seconds after noon minus 12 h of the service day, shape (n_times,); they may exceed 86 400. Every call has both,
        and along a trip they never fall.
    can_board, can_alight
        Whether people may get on and off there, shape (n_times,).
    frequency_trip, frequency_start_s, frequency_end_s, frequency_headway_s, frequency_is_exact
        One row a frequency: the trip whose stop times are only its pattern, then the first departure, the end (not
        itself a departure), and the seconds between departures. A trip named here runs by its frequencies alone. Where
        it is not exact, the operator promises the headway and not the clock.
    transfer_from, transfer_to, transfer_min_s, transfer_is_forbidden
        One row a rule for changing between two stops (positions), its least time in seconds, and whether changing is
        forbidden, where `transfer_min_s` means nothing.
    first_date, last_date
        First and last date on which a trip runs.
    service_days
        Whether a service runs on `first_date` plus so many days, shape (n_services, n_days).
    notes
        What a reader of results should know: what was interpolated, left out, or assumed.
    """

    name: str
    time_zone: str
    stop_ids: tuple[str, ...]
    stop_names: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    station: Positions
    trip_ids: tuple[str, ...]
    trip_route: Positions
    trip_service: Positions
    route_ids: tuple[str, ...]
    route_names: tuple[str, ...]
    route_mode: tuple[str, ...]
    time_trip: Positions
    time_stop: Positions
    arrival_s: Seconds
    departure_s: Seconds
    can_board: Flags
    can_alight: Flags
    frequency_trip: Positions
    frequency_start_s: Seconds
    frequency_end_s: Seconds
    frequency_headway_s: Seconds
    frequency_is_exact: Flags
    transfer_from: Positions
    transfer_to: Positions
    transfer_min_s: Seconds
    transfer_is_forbidden: Flags
    first_date: dt.date
    last_date: dt.date
    service_days: Flags
    notes: tuple[str, ...] = ()

    @property
    def n_stops(self) -> int:
        """How many stops and stations there are."""
        return len(self.stop_ids)

    @property
    def n_trips(self) -> int:
        """How many trips there are, those that run by a frequency counted once."""
        return len(self.trip_ids)

    def trips_on(self, date: dt.date) -> Flags:
        """Return whether each trip runs on a service day, shape (n_trips,); none does outside the dates of the feed."""
        day = (date - self.first_date).days
        if not 0 <= day < self.service_days.shape[1]:
            return np.zeros(self.n_trips, dtype=bool)
        return np.asarray(self.service_days[self.trip_service, day], dtype=bool)

    def days_with_trips(self) -> Flags:
        """Return whether at least one trip runs on `first_date` plus so many days, shape (n_days,)."""
        used = np.unique(self.trip_service)
        return np.asarray(self.service_days[used].any(axis=0), dtype=bool)

    def nearest_date(self, date: dt.date) -> dt.date:
        """Return the date with trips that is nearest to another, the earlier one of two as near."""
        days = np.flatnonzero(self.days_with_trips())
        apart = np.abs(days - (date - self.first_date).days)
        return self.first_date + dt.timedelta(days=int(days[np.argmin(apart)]))
