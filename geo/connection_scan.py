"""Connection scans over arrays: backward to one site for every departure at once, forward from one site at one departure.

References
----------
Dibbelt, J., Pajor, T., Strasser, B., Wagner, D. (2018): Connection Scan Algorithm. ACM Journal of Experimental
Algorithmics 23, 1.7. https://doi.org/10.1145/3274661. Section 3.2 (forward), section 4 (profiles).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.scan_records import (
    FAR_MS,
    LONGEST_RIDE_S,
    MODE_BITS,
    NO_RIDE,
    TAIL_BITS,
    TAIL_MASK,
    UNREACHED,
    Hops,
    Links,
    Profiles,
    Rules,
    Seats,
)


@njit(nogil=True)
def _pack_ride(ride_ms: int, mode: int) -> int:
    """Return the tail of a label whose longest ride this is: less for a longer ride, then for the mode named first."""
    return ((LONGEST_RIDE_S - min(ride_ms // 1000, LONGEST_RIDE_S)) << MODE_BITS) | mode


@njit(nogil=True)
def _find_departure(end: int, departures: NDArray[np.void], ready_ms: int) -> Any:
    """Return the label of the first arrival among the departures of a stop at or after a time."""
    while departures[end - 1].departure_ms < ready_ms:
        end -= 1
    return departures[end - 1].label


@njit(nogil=True)
def _add_departure(ends: NDArray[np.int64], departures: NDArray[np.void], stop: int, departure_ms: int, label: int) -> bool:
    """Add a departure unless another leaves no earlier and arrives no later; drop those it makes worthless."""
    end = ends[stop]
    at = end
    while departures[at - 1].departure_ms < departure_ms:
        at -= 1
    if departures[at - 1].departure_ms == departure_ms:
        if departures[at - 1].label <= label:
            return False
        at -= 1
    arrival_ms = label >> TAIL_BITS
    if departures[at - 1].label >> TAIL_BITS <= arrival_ms:
        return False
    kept = at
    while kept < end and departures[kept].label >> TAIL_BITS >= arrival_ms:
        kept += 1
    if kept != at + 1:
        _move_departures(departures, kept, end, at + 1 - kept)
        ends[stop] = end + at + 1 - kept
    departures[at].departure_ms = departure_ms
    departures[at].label = label
    return True


@njit(nogil=True)
def _move_departures(departures: NDArray[np.void], begin: int, end: int, by: int) -> None:
    """Move the departures from `begin` up to `end` along: one place back, or some forward."""
    for k in range(end - begin):
        at = end - 1 - k if by > 0 else begin + k
        departures[at + by].departure_ms = departures[at].departure_ms
        departures[at + by].label = departures[at].label


@njit(nogil=True)
def _ride_backward(
    hops: Hops,
    hop: int,
    egress_ms: NDArray[np.int64],
    ends: NDArray[np.int64],
    departures: NDArray[np.void],
    seats: Seats,
) -> None:
    """Write the best that someone on a hop can do: stay on, walk to the site from its end, or change there.

    Where two ways arrive together, the later exit and the longer ride are kept each for itself: the longest ride over
    both is the greater of the two, wherever the ride began.
    """
    after = hops[hop].after
    label, exit_ms = seats[after].label, seats[after].end_ms
    if hops[hop].can_alight:
        stop, arrival_ms = hops[hop].to_stop, hops[hop].arrival_ms
        found = _find_departure(ends[stop], departures, arrival_ms)
        if egress_ms[stop] < FAR_MS:
            found = min(found, ((arrival_ms + egress_ms[stop]) << TAIL_BITS) | NO_RIDE)
        if found >> TAIL_BITS < label >> TAIL_BITS:
            label, exit_ms = found, arrival_ms
        elif found < label:
            label = found
    seats[hop].label = label
    seats[hop].end_ms = exit_ms


@njit(nogil=True)
def _label_boarding(hops: Hops, hop: int, seats: Seats) -> Any:
    """Return the label of boarding a hop: when that arrives, and the longest ride from here on."""
    label = seats[hop].label
    ride = _pack_ride(seats[hop].end_ms - hops[hop].departure_ms, hops[hop].mode)
    return (label & ~TAIL_MASK) | min(label & TAIL_MASK, ride)


@njit(nogil=True)
def scan_backward(
    hops: Hops,
    into: Links,
    egress_ms: NDArray[np.int64],
    rules: Rules,
    at_stop: Profiles,
    changing: Profiles,
    seats: Seats,
) -> None:
    """Write the departures worth taking from each stop to one site.

    Parameters
    ----------
    hops
        All of the window.
    into
        By stop, the stops from which people change to it, and the time from arriving there to departing here.
    egress_ms
        From each stop to the site, shape (n_stops,); FAR_MS where there is no way.
    rules
        A departure that arrives later than the cutoff after it is left out.
    at_stop, changing
        Written: departures by the stop at which people board, and by the stop at which they arrive to change, the time
        for the change taken off.
    seats
        Scratch.
    """
    at_stop.end[:] = at_stop.start[:-1] + 1
    changing.end[:] = changing.start[:-1] + 1
    boarding_ends, boardings = at_stop.end, at_stop.departures
    ends, departures, starts, ways = changing.end, changing.departures, into.start, into.ways
    cutoff_ms, has_instant = rules.cutoff_ms, rules.has_instant
    hop = group = len(hops) - 1
    is_better = is_instant = False
    while hop >= 0:
        _ride_backward(hops, hop, egress_ms, ends, departures, seats)
        departure_ms = hops[hop].departure_ms
        earliest_ms = (seats[hop].label >> TAIL_BITS) - cutoff_ms
        if hops[hop].can_board and departure_ms >= earliest_ms:
            label, stop = _label_boarding(hops, hop, seats), hops[hop].from_stop
            if _add_departure(boarding_ends, boardings, stop, departure_ms, label):
                for way in range(starts[stop], starts[stop + 1]):
                    # Those of a stop are sorted: what is too long for the cutoff from here on is so for good.
                    if departure_ms - ways[way].ms < earliest_ms:
                        break
                    is_new = _add_departure(ends, departures, ways[way].place, departure_ms - ways[way].ms, label)
                    is_better |= is_new and ways[way].ms == 0
        is_instant |= hops[hop].arrival_ms == departure_ms
        hop -= 1
        if has_instant and (hop < 0 or hops[hop].departure_ms != departure_ms):
            if is_better and is_instant:
                hop = group
            else:
                group, is_instant = hop, False
            is_better = False


@njit(nogil=True)
def _ride_forward(
    hops: Hops, hop: int, first: int, leave_ms: int, egress_ms: NDArray[np.int64], ready: NDArray[np.int64], seats: Seats
) -> None:
    """Write since when people are on a hop, FAR_MS if nobody is, and the tail of the label with which they boarded."""
    since_ms, tail = FAR_MS, NO_RIDE
    before = hops[hop].before
    if first <= before < hop:
        since_ms, tail = seats[before].end_ms, seats[before].label
    if hops[hop].can_board:
        stop, departure_ms = hops[hop].from_stop, hops[hop].departure_ms
        if leave_ms + egress_ms[stop] <= departure_ms:
            since_ms = min(since_ms, departure_ms)
        if ready[stop] >> TAIL_BITS <= departure_ms:
            since_ms, tail = min(since_ms, departure_ms), min(tail, ready[stop] & TAIL_MASK)
    seats[hop].end_ms = since_ms
    seats[hop].label = tail


@njit(nogil=True)
def _label_alighting(hops: Hops, hop: int, seats: Seats) -> Any:
    """Return the label of getting off at the end of a hop; UNREACHED if nobody is on it, or may get off."""
    since_ms, arrival_ms = seats[hop].end_ms, hops[hop].arrival_ms
    if since_ms == FAR_MS or not hops[hop].can_alight:
        return UNREACHED
    return (arrival_ms << TAIL_BITS) | min(seats[hop].label, _pack_ride(arrival_ms - since_ms, hops[hop].mode))


@njit(nogil=True)
def scan_forward(
    hops: Hops,
    out_of: Links,
    egress_ms: NDArray[np.int64],
    leave_ms: int,
    rules: Rules,
    reached: NDArray[np.int64],
    ready: NDArray[np.int64],
    seats: Seats,
) -> None:
    """Write the first arrival by vehicle at each stop, for people who leave one site at one time.

    Parameters
    ----------
    hops
        As in `scan_backward`.
    out_of
        By stop, the stops to which people change from it, and the time from arriving here to departing there.
    egress_ms
        From the site to each stop, shape (n_stops,); FAR_MS where there is no way.
    leave_ms
        When they leave.
    rules
        Arrivals later than the cutoff after it are left out.
    reached
        Written: labels, shape (n_stops,), UNREACHED where no vehicle brings them.
    ready, seats
        Scratch; `ready` has the shape (n_stops,).
    """
    reached[:] = UNREACHED
    ready[:] = UNREACHED
    starts, ways, has_instant = out_of.start, out_of.ways, rules.has_instant
    latest_ms = leave_ms + rules.cutoff_ms
    first, end = np.searchsorted(hops["departure_ms"], np.array([leave_ms, latest_ms + 1]))
    hop = group = first
    is_better = is_instant = False
    while hop < end:
        _ride_forward(hops, hop, first, leave_ms, egress_ms, ready, seats)
        label, stop = _label_alighting(hops, hop, seats), hops[hop].to_stop
        if label < reached[stop] and label >> TAIL_BITS <= latest_ms:
            reached[stop] = label
            for way in range(starts[stop], starts[stop + 1]):
                place, ready_label = ways[way].place, label + (ways[way].ms << TAIL_BITS)
                if ready_label < ready[place]:
                    ready[place] = ready_label
                    is_better |= ways[way].ms == 0
        is_instant |= hops[hop].arrival_ms == hops[hop].departure_ms
        hop += 1
        if has_instant and (hop == end or hops[hop].departure_ms != hops[group].departure_ms):
            if is_better and is_instant:
                hop = group
            else:
                group, is_instant = hop, False
            is_better = False
