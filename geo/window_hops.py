"""The hops of one feed in a window: trips as they run, day by day and departure by departure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.feed import Feed
from geo.service_clock import DAY_S, WindowClock


@dataclass(frozen=True)
class _Runs:
    """Trips as they run, each with the seconds to add to its stop times; sorted by trip, then start."""

    trip: NDArray[np.intp]
    shift_s: NDArray[np.int64]


@dataclass(frozen=True)
class _Hops:
    """Hops between consecutive calls of a trip; `call` is the row of the first one, `next_call` of the second."""

    call: NDArray[np.intp]
    next_call: NDArray[np.intp]
    trip: NDArray[np.intp]


@dataclass(frozen=True)
class WindowHops:
    """The hops of one feed that fall in the window; stops are positions in that feed, `ride` counts its runs."""

    from_stop: NDArray[np.intp]
    to_stop: NDArray[np.intp]
    departure_s: NDArray[np.int64]
    arrival_s: NDArray[np.int64]
    ride: NDArray[np.intp]
    ride_trip: NDArray[np.intp]
    can_board: NDArray[np.bool_]
    can_alight: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """How many hops there are."""
        return len(self.ride)


def list_window_hops(feed: Feed, is_inside: NDArray[np.bool_], clock: WindowClock, *, start_s: int, end_s: int) -> WindowHops:
    """Return the hops of a feed that depart from `start_s` to `end_s`, both included, whatever their service day.

    Parameters
    ----------
    feed
        The feed.
    is_inside
        Which stops vehicles call at, shape (n_stops,); a vehicle hops over the others.
    clock
        The axis on which times count.
    start_s, end_s
        The window on that axis.
    """
    hops = _list_hops(feed, is_inside)
    longest_s = max(_latest(feed), 0)
    n_before, n_after = longest_s // DAY_S + 1, end_s // DAY_S + 1
    days = [clock.date + dt.timedelta(days=offset) for offset in range(-n_before, n_after + 1)]
    runs = [_list_runs(feed, day, clock.shift(day, time_zone=feed.time_zone), start_s=start_s, end_s=end_s) for day in days]
    trip = np.concatenate([run.trip for run in runs])
    shift_s = np.concatenate([run.shift_s for run in runs])

    first_hop = np.searchsorted(hops.trip, np.arange(feed.n_trips))
    n_hops = np.bincount(hops.trip, minlength=feed.n_trips)
    may_reach = _may_reach(feed, hops, trip, shift_s, start_s=start_s, end_s=end_s)
    trip, shift_s = trip[may_reach], shift_s[may_reach]
    ride = np.repeat(np.arange(len(trip)), n_hops[trip])
    hop = _count_up(first_hop[trip], n_hops[trip])
    departure = feed.departure_s[hops.call[hop]] + shift_s[ride]
    arrival = feed.arrival_s[hops.next_call[hop]] + shift_s[ride]
    kept = (departure >= start_s) & (departure <= end_s)
    call, next_call = hops.call[hop[kept]], hops.next_call[hop[kept]]
    used, ride = np.unique(ride[kept], return_inverse=True)
    return WindowHops(
        from_stop=feed.time_stop[call],
        to_stop=feed.time_stop[next_call],
        departure_s=departure[kept],
        arrival_s=arrival[kept],
        ride=ride,
        ride_trip=trip[used],
        can_board=feed.can_board[call],
        can_alight=feed.can_alight[next_call],
    )


def _list_hops(feed: Feed, is_inside: NDArray[np.bool_]) -> _Hops:
    calls = np.flatnonzero(is_inside[feed.time_stop])
    goes_on = feed.time_trip[calls[1:]] == feed.time_trip[calls[:-1]]
    call, next_call = calls[:-1][goes_on], calls[1:][goes_on]
    return _Hops(call, next_call, feed.time_trip[call])


def _latest(feed: Feed) -> int:
    """Return the latest time of any call of a service day, with that of a frequency's last run."""
    latest = [int(feed.arrival_s.max(initial=0)), int(feed.departure_s.max(initial=0))]
    if len(feed.frequency_end_s):
        latest.append(int(feed.frequency_end_s.max()) + max(latest))
    return max(latest)


def _list_runs(feed: Feed, day: dt.date, day_shift_s: int, *, start_s: int, end_s: int) -> _Runs:
    """Return the runs of one service day: trips by their stop times, or by each departure of their frequencies."""
    is_running = feed.trips_on(day)
    by_clock = is_running.copy()
    by_clock[feed.frequency_trip] = False
    trip = np.flatnonzero(by_clock)
    frequency_trip, shift_s = _expand(feed, is_running, start_s=start_s - day_shift_s, end_s=end_s - day_shift_s)
    all_trips = np.concatenate([trip, frequency_trip])
    all_shifts = np.concatenate([np.zeros(len(trip), dtype=np.int64), shift_s]) + day_shift_s
    order = np.lexsort([all_shifts, all_trips])
    return _Runs(all_trips[order], all_shifts[order])


def _expand(
    feed: Feed, is_running: NDArray[np.bool_], *, start_s: int, end_s: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return trip and shift of each departure of a frequency that may touch a window, in the time of the service day."""
    rows = np.flatnonzero(is_running[feed.frequency_trip])
    trip, headway_s = feed.frequency_trip[rows], feed.frequency_headway_s[rows]
    first_call = np.searchsorted(feed.time_trip, trip)
    last_call = np.searchsorted(feed.time_trip, trip, side="right") - 1
    calls = last_call >= first_call  # a trip without stop times runs nowhere
    rows, trip, headway_s, first_call, last_call = (part[calls] for part in (rows, trip, headway_s, first_call, last_call))
    first_s, leave_s = feed.frequency_start_s[rows], feed.departure_s[first_call]
    takes_s = feed.arrival_s[last_call] - leave_s
    n_all = -(-(feed.frequency_end_s[rows] - first_s) // headway_s)  # the end is no departure
    begin = np.clip(-(-(start_s - takes_s - first_s) // headway_s), 0, n_all)
    n_runs = np.clip((end_s - first_s) // headway_s + 1, begin, n_all) - begin
    number = _count_up(begin.astype(np.intp), n_runs)
    shift_s = np.repeat(first_s - leave_s, n_runs) + number * np.repeat(headway_s, n_runs)
    return np.repeat(trip, n_runs), shift_s


def _may_reach(
    feed: Feed, hops: _Hops, trip: NDArray[np.intp], shift_s: NDArray[np.int64], *, start_s: int, end_s: int
) -> NDArray[np.bool_]:
    """Return which runs have a hop at all and touch the window: most days hold far more trips than it."""
    first_s, last_s = np.zeros(feed.n_trips, dtype=np.int64), np.zeros(feed.n_trips, dtype=np.int64)
    has_hops = np.zeros(feed.n_trips, dtype=bool)
    has_hops[hops.trip] = True
    departure_s = feed.departure_s[hops.call]
    last_s[hops.trip] = departure_s  # sorted by trip and order, so the last one stays
    first_s[hops.trip[::-1]] = departure_s[::-1]
    touches = (first_s[trip] + shift_s <= end_s) & (last_s[trip] + shift_s >= start_s)
    return np.asarray(touches & has_hops[trip])


def _count_up(first: NDArray[np.intp], n: NDArray[np.intp] | NDArray[np.int64]) -> NDArray[np.intp]:
    """Return first, first + 1, … of each range of n, one after the other."""
    ends = np.cumsum(n)
    total = int(ends[-1]) if len(ends) else 0
    return (np.arange(total) - np.repeat(ends - n - first, n)).astype(np.intp)
