"""What a connection scan reads: the hops of a window, the changes between stops, the walks, in whole milliseconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geo.scan_records import FAR_MS, HOP, WAY, Hops, Links
from geo.timetable import Timetable


def to_ms(seconds: ArrayLike) -> NDArray[np.int64]:
    """Return seconds as whole milliseconds."""
    return np.rint(np.asarray(seconds, dtype=np.float64) * 1000.0).astype(np.int64)


def build_hops(timetable: Timetable, *, start_s: int, latest_ms: int) -> Hops:
    """Return the hops that leave in the window and arrive by its latest time, in milliseconds after its start.

    What is cut off is the beginning or the end of a trip: hops of a trip never run backward in time.
    """
    departure_ms = (timetable.departure_s.astype(np.int64) - start_s) * 1000
    arrival_ms = (timetable.arrival_s.astype(np.int64) - start_s) * 1000
    kept = np.flatnonzero((departure_ms >= 0) & (arrival_ms <= latest_ms))
    trip = timetable.trip[kept]
    hops = np.empty(len(kept), dtype=HOP)
    hops["departure_ms"], hops["arrival_ms"] = departure_ms[kept], arrival_ms[kept]
    for name in ("from_stop", "to_stop", "can_board", "can_alight"):
        hops[name] = getattr(timetable, name)[kept]
    hops["before"], hops["after"] = _chain_trips(trip)
    hops["mode"] = timetable.trip_mode[trip]
    return hops


def _chain_trips(trip: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the hop before and the hop after each in its trip; the number of hops where there is none."""
    n_hops = len(trip)
    before, after = np.full(n_hops, n_hops, dtype=np.int64), np.full(n_hops, n_hops, dtype=np.int64)
    order = np.argsort(trip, kind="stable")
    first, second = order[:-1], order[1:]
    is_same = trip[first] == trip[second]
    after[first[is_same]] = second[is_same]
    before[second[is_same]] = first[is_same]
    return before, after


def build_walks(matrix: sparse.csr_array, *, cutoff_ms: int) -> Links:
    """Return the walks of a sparse matrix of seconds, by row, up to the cutoff."""
    walks = matrix.tocoo()
    row, column = walks.coords
    return group_links(row.astype(np.int64), column.astype(np.int64), to_ms(walks.data), n=matrix.shape[0], cutoff_ms=cutoff_ms)


def group_links(row: NDArray[np.int64], place: NDArray[np.int64], ms: NDArray[np.int64], *, n: int, cutoff_ms: int) -> Links:
    """Return links by row, those of a row by time and then place; longer ones than the cutoff are left out."""
    kept = np.flatnonzero(ms <= cutoff_ms)
    order = kept[np.lexsort((place[kept], ms[kept], row[kept]))]
    start = np.concatenate([[0], np.cumsum(np.bincount(row[order], minlength=n), dtype=np.int64)])
    ways = np.empty(len(order), dtype=WAY)
    ways["place"], ways["ms"] = place[order], ms[order]
    return Links(start, ways)


def spread_row(links: Links, row: int, *, n: int) -> NDArray[np.int64]:
    """Return the milliseconds of one row to each of n places, FAR_MS where there is no way."""
    ms = np.full(n, FAR_MS, dtype=np.int64)
    mine = slice(links.start[row], links.start[row + 1])
    np.minimum.at(ms, links.ways["place"][mine], links.ways["ms"][mine])
    return ms


def build_changes(
    timetable: Timetable, footpaths: sparse.csr_array, *, min_change_s: float, cutoff_ms: int
) -> tuple[Links, Links]:
    """Return the changes by the stop of boarding (into it) and by the stop of alighting (out of it).

    Parameters
    ----------
    timetable
        Its transfers and forbidden changes.
    footpaths
        Walks between stops, sparse, shape (n_stops, n_stops), seconds; a walk from a stop to itself is not looked at.
    min_change_s
        Time for changing at one stop, and beside the walk for changing to another.
    cutoff_ms
        Longer changes are left out.

    Notes
    -----
    A transfer of the timetable is the whole time from arriving to departing and stands in place of walk and change time,
    even where there is no walk; of several for one pair the longest counts. A forbidden change is none, whatever else is
    said of it.
    """
    n = timetable.n_stops
    walks = footpaths.tocoo()
    here, there = (values.astype(np.int64) for values in walks.coords)
    is_walk = here != there
    stops = np.arange(n, dtype=np.int64)
    change_ms = int(to_ms(min_change_s))
    pair = np.concatenate([here[is_walk] * n + there[is_walk], stops * n + stops])
    ms = np.concatenate([to_ms(walks.data)[is_walk], np.zeros(n, dtype=np.int64)]) + change_ms
    given, given_ms = _keep_longest(
        timetable.transfer_from.astype(np.int64) * n + timetable.transfer_to, to_ms(timetable.transfer_min_s)
    )
    is_own = ~np.isin(pair, given)
    pair, ms = np.concatenate([pair[is_own], given]), np.concatenate([ms[is_own], given_ms])
    is_allowed = ~np.isin(pair, timetable.forbidden_from.astype(np.int64) * n + timetable.forbidden_to)
    alighting, boarding = np.divmod(pair[is_allowed], max(n, 1))
    ms = ms[is_allowed]
    into = group_links(boarding, alighting, ms, n=n, cutoff_ms=cutoff_ms)
    return into, group_links(alighting, boarding, ms, n=n, cutoff_ms=cutoff_ms)


def _keep_longest(pair: NDArray[np.int64], ms: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each pair once, with the longest of its times."""
    order = np.lexsort((ms, pair))
    pair, ms = pair[order], ms[order]
    is_last = np.append(pair[1:] != pair[:-1], True)[: len(pair)]
    return pair[is_last], ms[is_last]


def count_room(hops: Hops, into: Links) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the most departures that the two profiles of a stop can hold: by boarding there, by arriving to change."""
    n_stops = len(into.start) - 1
    boarding = np.bincount(hops["from_stop"][hops["can_board"]], minlength=n_stops).astype(np.int64)
    into_stop = np.repeat(np.arange(n_stops), np.diff(into.start))
    changing = np.bincount(into.ways["place"], weights=boarding[into_stop], minlength=n_stops)
    return boarding, np.rint(changing).astype(np.int64)
