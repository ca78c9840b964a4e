"""The values of a connection scan: labels packed in integers, records of hops and departures, and their tables.

Times are whole milliseconds after the start of the window. What a journey is worth stands in one integer, its label: the
arrival in the high bits, below it, as the tail, how long its longest ride is and on which mode, so that the lesser label is
the journey that arrives first and, among equals, the one with the longer ride.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MODE_BITS = 8
RIDE_BITS = 20
LONGEST_RIDE_S = (1 << RIDE_BITS) - 1
TAIL_BITS = MODE_BITS + RIDE_BITS
MODE_MASK = (1 << MODE_BITS) - 1
TAIL_MASK = (1 << TAIL_BITS) - 1
NO_RIDE = TAIL_MASK
MOST_MODES = MODE_MASK  # the last code stands for no ride
# Inside the scans, "not reached" must compare as later than every time, and leave room to add a walk.
FAR_MS = 1 << 34
UNREACHED = FAR_MS << TAIL_BITS


# Records, so that what is read together lies together: a scan jumps between stops, and memory is what it waits for.
HOP = np.dtype(
    [
        ("departure_ms", np.int64),
        ("arrival_ms", np.int64),
        ("from_stop", np.int32),
        ("to_stop", np.int32),
        ("before", np.int32),
        ("after", np.int32),
        ("mode", np.int32),
        ("can_board", np.bool_),
        ("can_alight", np.bool_),
    ],
    align=True,
)
WAY = np.dtype([("place", np.int64), ("ms", np.int64)])
DEPARTURE = np.dtype([("departure_ms", np.int64), ("label", np.int64)])
SEAT = np.dtype([("label", np.int64), ("end_ms", np.int64)])

Hops = NDArray[np.void]
"""Records `HOP`, sorted by departure, the hops of one trip in the order of travel.

`before` and `after` are the positions of the neighbours in the trip; the number of hops where there is none."""
Seats = NDArray[np.void]
"""Records `SEAT`, one a hop and one more: the label of staying on (or of boarding), and the other end of the ride."""


class Links(NamedTuple):
    """Ways on foot by row: those of row r are at `start[r]` up to `start[r + 1]`, each to (or from) a place in so many ms."""

    start: NDArray[np.int64]
    ways: NDArray[np.void]


class Profiles(NamedTuple):
    """For each stop, the departures worth taking: latest first, each arriving before the one that leaves after it.

    Those of stop s are at `start[s] + 1` up to `end[s]`, with room up to `start[s + 1]`. At `start[s]` is a departure that
    nobody misses and that never arrives, so that a search from the end need not look where it must stop.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    departures: NDArray[np.void]


class Rules(NamedTuple):
    """How long a journey may be, and whether any change takes no time.

    If one does, hops that leave together may feed one another in any order, as a hop may take no time either. Then they are
    scanned until no change without time among them gets better.
    """

    cutoff_ms: int
    has_instant: bool


def build_seats(n_hops: int) -> Seats:
    """Return the scratch of a scan, nobody on any vehicle."""
    seats = np.empty(n_hops + 1, dtype=SEAT)
    seats["label"], seats["end_ms"] = UNREACHED, FAR_MS
    return seats


def build_profiles(room: NDArray[np.int64]) -> Profiles:
    """Return empty profiles with room for so many departures at each stop, shape (n_stops,)."""
    start = np.concatenate([[0], np.cumsum(room + 1, dtype=np.int64)])
    departures = np.empty(start[-1], dtype=DEPARTURE)
    departures["departure_ms"][start[:-1]] = FAR_MS
    departures["label"][start[:-1]] = UNREACHED
    return Profiles(start, start[:-1] + 1, departures)
