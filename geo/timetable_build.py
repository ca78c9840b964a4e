"""The connections of the vehicles around one window, from the feeds that were read."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from data.errors import CrsError, Faults, FeedError, IdError
from data.feed import MODES, Feed
from geo.crs import name_crs, require_metres
from geo.service_clock import DAY_S, set_clock, tell_clock
from geo.timetable import Timetable
from geo.window_hops import WindowHops, list_window_hops

TAIL_S = 7_200
"""How long after the window vehicles are still needed: a journey that begins in it may take two hours."""
MAX_WINDOW_S = 4 * DAY_S


def build_timetable(
    feeds: Sequence[Feed],
    *,
    date: dt.date,
    start_s: int,
    end_s: int,
    crs: object,
    area: shapely.Geometry | None = None,
    tail_s: int = TAIL_S,
    keep_idle_stops: bool = False,
) -> Timetable:
    """Return every hop of a vehicle that departs in a window, or soon enough after it to be needed.

    Parameters
    ----------
    feeds
        Feeds with different names.
    date
        Date of the window.
    start_s, end_s
        The window, seconds after midnight of the date on the local clock; `end_s` may exceed 86 400 for a window that
        crosses midnight.
    crs
        CRS of the stops, in metres.
    area
        Polygon in that CRS: calls outside it are left out, and a vehicle that passes through the outside hops from its
        last stop inside to its next one. None keeps all stops.
    tail_s
        How long after the window departures are kept: at least the longest journey that matters.
    keep_idle_stops
        Whether stops stay in at which no kept hop starts or ends, so that several draws of a feed have the same stops:
        all of the area at which a trip of the feed calls, whenever it runs.

    Returns
    -------
    Timetable
        Stops are those at which a kept hop starts or ends (unless idle ones are kept), in the order of feeds and files, ids
        "<feed>:<stop>". Hops are sorted by departure, arrival, trip, and order along the trip; empty, with a note, where no
        vehicle runs at that time.
        Trips are numbered by feed, service day, trip and start; each run of a frequency is one.

    Raises
    ------
    CrsError
        If the CRS has no metres, or a stop has no place in it.
    IdError
        If two feeds have the same name.
    FeedError
        If there is no feed, the window is empty, negative or longer than four days, or no trip of a feed runs on the date.
    FaultsError
        If there are several of these.

    Notes
    -----
    Times of a feed count from noon minus 12 h of the service day. The result counts seconds that pass, and agrees with
    the local clock of the first feed at the start of the window: on the day on which the clock changes, only a window that
    contains the change sees both clocks, and the notes say so. Trips of the days before that still run, and of the days
    after that start before the end, are among them.
    """
    target = require_metres(crs, where="timetable")
    _check(feeds, date, start_s, end_s, tail_s)
    clock = set_clock(date, start_s, time_zone=feeds[0].time_zone)
    reach_s = end_s + tail_s
    places = [_project(feed, target) for feed in feeds]
    inside = [_is_inside(place, area) for place in places]
    parts = [
        list_window_hops(feed, is_inside, clock, start_s=start_s, end_s=reach_s)
        for feed, is_inside in zip(feeds, inside, strict=True)
    ]
    used = [
        _list_stops(feed, part, is_inside if keep_idle_stops else None)
        for feed, part, is_inside in zip(feeds, parts, inside, strict=True)
    ]
    notes = [f"{feed.name}: {note}" for feed in feeds for note in feed.notes]
    notes += tell_clock(date, start_s, reach_s, time_zones=[feed.time_zone for feed in feeds])
    notes += [f"{feed.name}: no vehicle departs in the window" for feed, part in zip(feeds, parts, strict=True) if not part.n]
    return _merge(feeds, parts, places, used, crs=name_crs(target), notes=notes, kept_s=(start_s, reach_s))


def _check(feeds: Sequence[Feed], date: dt.date, start_s: int, end_s: int, tail_s: int) -> None:
    faults = Faults()
    if not feeds:
        faults.add(FeedError("there is no feed", where="timetable"))
    names = [feed.name for feed in feeds]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        faults.add(IdError("feeds have the same name", where="timetable", n=len(twice), examples=twice))
    if not 0 <= start_s < end_s or tail_s < 0 or end_s + tail_s - start_s > MAX_WINDOW_S:
        what = f"the window from {start_s} s to {end_s} s, with {tail_s} s after it, is empty, negative or too long"
        faults.add(FeedError(what, where="timetable", remedy="Give 0 ≤ start_s < end_s, and no more than four days"))
    for feed in feeds:
        if not feed.trips_on(date).any():
            remedy = f"The nearest date with service is {feed.nearest_date(date)}"
            what = f"no trip runs on {date}; service runs from {feed.first_date} to {feed.last_date}"
            faults.add(FeedError(what, where=feed.name, remedy=remedy))
    faults.raise_if_any()


def _project(feed: Feed, target: pyproj.CRS) -> NDArray[np.float64]:
    """Return the places of stops, shape (n_stops, 2)."""
    transformer = pyproj.Transformer.from_crs("EPSG:4326", target, always_xy=True)
    x, y = transformer.transform(feed.lon, feed.lat)
    places = np.column_stack([x, y]).astype(np.float64)
    lost = np.flatnonzero(~np.isfinite(places).all(axis=1))
    if lost.size:
        examples = [feed.stop_ids[row] for row in lost]
        raise CrsError(f"stops have no place in {name_crs(target)}", where=feed.name, n=int(lost.size), examples=examples)
    return places


def _is_inside(places: NDArray[np.float64], area: shapely.Geometry | None) -> NDArray[np.bool_]:
    if area is None:
        return np.ones(len(places), dtype=bool)
    shapely.prepare(area)
    return np.asarray(shapely.intersects_xy(area, places[:, 0], places[:, 1]), dtype=bool)


def _list_stops(feed: Feed, part: WindowHops, is_inside: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    """Return the stops of a feed that the timetable has: those of its hops, or all inside at which any trip calls."""
    if is_inside is None:
        return np.unique(np.concatenate([part.from_stop, part.to_stop]))
    called = np.unique(feed.time_stop)
    return called[is_inside[called]]


def _merge(
    feeds: Sequence[Feed],
    parts: Sequence[WindowHops],
    places: Sequence[NDArray[np.float64]],
    used: Sequence[NDArray[np.intp]],
    *,
    crs: str,
    notes: list[str],
    kept_s: tuple[int, int],
) -> Timetable:
    """Put the connections of all feeds in one order, over the stops that they use."""
    stop_offset = [0, *itertools.accumulate(len(rows) for rows in used)]
    ride_offset = [0, *itertools.accumulate(len(part.ride_trip) for part in parts)]
    position = [_renumber(feed.n_stops, rows, offset) for feed, rows, offset in zip(feeds, used, stop_offset, strict=False)]
    departure_s = np.concatenate([part.departure_s for part in parts])
    arrival_s = np.concatenate([part.arrival_s for part in parts])
    trip = np.concatenate([part.ride + offset for part, offset in zip(parts, ride_offset, strict=False)])
    order = np.lexsort([trip, arrival_s, departure_s])  # stable: hops of a trip at one time stay in its order
    xy = np.concatenate([place[rows] for place, rows in zip(places, used, strict=True)])
    rules = [_list_rules(feed, rows, where) for feed, rows, where in zip(feeds, used, position, strict=True)]
    from_stop, to_stop, min_s, is_forbidden = (np.concatenate(columns) for columns in zip(*rules, strict=True))
    return Timetable(
        crs=crs,
        x=xy[:, 0],
        y=xy[:, 1],
        stop_ids=tuple(f"{feed.name}:{feed.stop_ids[row]}" for feed, rows in zip(feeds, used, strict=True) for row in rows),
        stop_names=tuple(feed.stop_names[row] for feed, rows in zip(feeds, used, strict=True) for row in rows),
        station=np.concatenate(
            [_group(feed, rows, offset) for feed, rows, offset in zip(feeds, used, stop_offset, strict=False)]
        ),
        from_stop=_join([where[part.from_stop] for part, where in zip(parts, position, strict=True)])[order],
        to_stop=_join([where[part.to_stop] for part, where in zip(parts, position, strict=True)])[order],
        departure_s=departure_s[order].astype(np.int32),
        arrival_s=arrival_s[order].astype(np.int32),
        trip=trip[order].astype(np.int32),
        can_board=np.concatenate([part.can_board for part in parts])[order],
        can_alight=np.concatenate([part.can_alight for part in parts])[order],
        trip_mode=np.concatenate([_name_modes(feed)[part.ride_trip] for feed, part in zip(feeds, parts, strict=True)]),
        modes=MODES,
        transfer_from=from_stop[~is_forbidden].astype(np.int32),
        transfer_to=to_stop[~is_forbidden].astype(np.int32),
        transfer_min_s=min_s[~is_forbidden].astype(np.int32),
        forbidden_from=from_stop[is_forbidden].astype(np.int32),
        forbidden_to=to_stop[is_forbidden].astype(np.int32),
        notes=tuple(notes),
        kept_s=kept_s,
    )


def _join(parts: Sequence[NDArray[np.intp]]) -> NDArray[np.int32]:
    return np.concatenate(parts).astype(np.int32)


def _renumber(n_stops: int, used: NDArray[np.intp], offset: int) -> NDArray[np.intp]:
    """Return the position of each used stop of a feed in the timetable; for the others, a number that means nothing."""
    position = np.zeros(n_stops, dtype=np.intp)
    position[used] = np.arange(len(used)) + offset
    return position


def _group(feed: Feed, used: NDArray[np.intp], offset: int) -> NDArray[np.intp]:
    """Return the first used stop of each station: stations themselves have no hops, so they are no stops of a timetable."""
    _, first, member = np.unique(feed.station[used], return_index=True, return_inverse=True)
    return np.asarray(first[member] + offset, dtype=np.intp)


def _list_rules(
    feed: Feed, used: NDArray[np.intp], position: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the rules for changing between stops that are used."""
    is_used = np.zeros(feed.n_stops, dtype=bool)
    is_used[used] = True
    rows = is_used[feed.transfer_from] & is_used[feed.transfer_to]
    ends = position[feed.transfer_from[rows]], position[feed.transfer_to[rows]]
    return *ends, feed.transfer_min_s[rows], feed.transfer_is_forbidden[rows]


def _name_modes(feed: Feed) -> NDArray[np.int8]:
    """Return the position in `MODES` of each trip's mode."""
    modes = np.array([MODES.index(mode) for mode in feed.route_mode], dtype=np.int8)
    return modes[feed.trip_route]
