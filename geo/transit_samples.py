"""Travel times of every demand point to or from one site, departure by departure, and their percentiles.

Samples of several draws of a timetable are pooled: each draw adds its own to those of a demand point, and percentiles are
taken of all of them. Only samples within the cutoff are kept; how many departures there were says the rank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.scan_records import MODE_MASK, TAIL_BITS, UNREACHED, Links, Profiles


class Window(NamedTuple):
    """When people leave: at first_ms, first_ms + step_ms, …; and up to how long they travel. Times are after the start."""

    n_departures: int
    step_ms: int
    cutoff_ms: int
    first_ms: int


class Pool(NamedTuple):
    """Samples of one site within the cutoff.

    `ms` has the shape (n_demand, n_samples), of which the first `n_reached` of each row are meant; `n_by_mode` counts them by
    mode, the last entry being walking all the way, in one row a demand point, or in one row for all of them.
    """

    ms: NDArray[np.int32]
    n_reached: NDArray[np.int64]
    n_by_mode: NDArray[np.int64]


@njit(nogil=True)
def sample_towards(at_stop: Profiles, access: Links, walking_ms: NDArray[np.int64], window: Window, pool: Pool) -> None:
    """Add the travel times from each demand point to one site to the pool.

    Parameters
    ----------
    at_stop
        As `scan_backward` writes them.
    access
        By demand point, the walks to stops.
    walking_ms
        Walking all the way, shape (n_demand,); FAR_MS where that is not possible.
    window
        The departures.
    pool
        Is added to.

    Notes
    -----
    A departure that can be caught by those who leave at t can be caught by all who leave before. So each is noted only
    at the last t that catches it, and one pass back over t carries the least on.
    """
    best = np.empty(window.n_departures, dtype=np.int64)
    starts, ends, departures, ways = at_stop.start, at_stop.end, at_stop.departures, access.ways
    last, per_step = window.n_departures - 1, 1.0 / window.step_ms
    for demand in range(len(access.start) - 1):
        best[:] = UNREACHED
        for link in range(access.start[demand], access.start[demand + 1]):
            stop, walk_ms = ways[link].place, ways[link].ms
            for at in range(starts[stop] + 1, ends[stop]):
                spare_ms = departures[at].departure_ms - walk_ms - window.first_ms
                if spare_ms < 0:
                    break
                # Half a millisecond keeps the product of an exact multiple from falling short of it.
                slot = min(int((spare_ms + 0.5) * per_step), last)
                best[slot] = min(best[slot], departures[at].label)
        for slot in range(last - 1, -1, -1):
            best[slot] = min(best[slot], best[slot + 1])
        _pool_samples(best, demand, walking_ms[demand], window, pool)


@njit(nogil=True)
def sample_away(reached: NDArray[np.int64], access: Links, walking_ms: NDArray[np.int64], window: Window, pool: Pool) -> None:
    """Add the travel times from one site to each demand point to the pool.

    Parameters
    ----------
    reached
        Labels as `scan_forward` writes them, shape (n_stops, n_departures).
    access
        By demand point, the walks from stops.
    walking_ms, window, pool
        As in `sample_towards`.
    """
    best = np.empty(window.n_departures, dtype=np.int64)
    ways = access.ways
    for demand in range(len(access.start) - 1):
        best[:] = UNREACHED
        for link in range(access.start[demand], access.start[demand + 1]):
            stop, walk = ways[link].place, ways[link].ms << TAIL_BITS
            for slot in range(window.n_departures):
                best[slot] = min(best[slot], reached[stop, slot] + walk)
        _pool_samples(best, demand, walking_ms[demand], window, pool)


@njit(nogil=True)
def _pool_samples(best: NDArray[np.int64], demand: int, walking_ms: int, window: Window, pool: Pool) -> None:
    """Add the samples of one demand point; walking wins where it is no slower than the vehicles."""
    ms, n_by_mode = pool.ms[demand], pool.n_by_mode[min(demand, len(pool.n_by_mode) - 1)]
    n_reached, n_walking = pool.n_reached[demand], 0
    left_ms = window.first_ms
    for slot in range(window.n_departures):
        travel_ms = (best[slot] >> TAIL_BITS) - left_ms
        left_ms += window.step_ms
        if walking_ms <= min(travel_ms, window.cutoff_ms):
            ms[n_reached] = walking_ms
            n_reached += 1
            n_walking += 1
        elif travel_ms <= window.cutoff_ms:
            ms[n_reached] = travel_ms
            n_reached += 1
            n_by_mode[best[slot] & MODE_MASK] += 1
    n_by_mode[-1] += n_walking
    pool.n_reached[demand] = n_reached


@njit(nogil=True)
def rank_samples(pool: Pool, ranks: NDArray[np.int64], percentile_ms: NDArray[np.int64]) -> None:
    """Write the percentiles of each demand point; the samples change places.

    Parameters
    ----------
    pool
        The samples.
    ranks
        Of each percentile among all samples, from 1, ascending.
    percentile_ms
        Written: shape (n_demand, n_percentiles), UNREACHED where fewer samples than the rank are within the cutoff.
    """
    for demand in range(len(pool.n_reached)):
        low, n_reached, ms = 0, pool.n_reached[demand], pool.ms[demand]
        for position in range(len(ranks)):
            at = ranks[position] - 1
            if at >= n_reached:
                percentile_ms[demand, position] = UNREACHED
            else:
                percentile_ms[demand, position] = _select(ms, low, n_reached - 1, at)
                low = at


@njit(nogil=True)
def _select(values: NDArray[np.int32], low: int, high: int, at: int) -> int:
    """Return the value that sorting would put at a place, moving lesser ones before it and greater ones behind it.

    Hoare, C. A. R. (1961): Algorithm 65: Find. Communications of the ACM 4(7), 321–322.
    """
    while low < high:
        pivot = values[at]
        left, right = low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while pivot < values[right]:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if right < at:
            low = left
        if at < left:
            high = right
    return int(values[at])
