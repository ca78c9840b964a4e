"""Travel times of every demand point to or from one site, departure by departure, and their percentiles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.scan_records import MODE_MASK, TAIL_BITS, UNREACHED, Links, Profiles


class Window(NamedTuple):
    """When people leave: at 0, step_ms, 2 step_ms, …; and up to how long they travel."""

    n_departures: int
    step_ms: int
    cutoff_ms: int


@njit()
def sample_towards(
    at_stop: Profiles,
    access: Links,
    walking_ms: NDArray[np.int64],
    window: Window,
    ranks: NDArray[np.int64],
    percentile_ms: NDArray[np.int64],
    n_by_mode: NDArray[np.int64],
) -> None:
    """Write the percentiles of the travel times from each demand point to one site.

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
    ranks
        Of each percentile among the sorted samples, from 1, ascending.
    percentile_ms
        Written: shape (n_demand, n_percentiles), UNREACHED where fewer samples than the rank are within the cutoff.
    n_by_mode
        Samples within the cutoff by mode are added to it, the last entry being walking all the way.

    Notes
    -----
    A departure that can be caught by those who leave at t can be caught by all who leave before. So each is noted only
    at the last t that catches it, and one pass back over t carries the least on.
    """
    best = np.empty(window.n_departures, dtype=np.int64)
    sample = np.empty(window.n_departures, dtype=np.int64)
    starts, ends, departures, ways = at_stop.start, at_stop.end, at_stop.departures, access.ways
    last, per_step = window.n_departures - 1, 1.0 / window.step_ms
    for demand in range(len(access.start) - 1):
        best[:] = UNREACHED
        for link in range(access.start[demand], access.start[demand + 1]):
            stop, walk_ms = ways[link].place, ways[link].ms
            for at in range(starts[stop] + 1, ends[stop]):
                spare_ms = departures[at].departure_ms - walk_ms
                if spare_ms < 0:
                    break
                # Half a millisecond keeps the product of an exact multiple from falling short of it.
                slot = min(int((spare_ms + 0.5) * per_step), last)
                best[slot] = min(best[slot], departures[at].label)
        for slot in range(last - 1, -1, -1):
            best[slot] = min(best[slot], best[slot + 1])
        _rank_samples(best, sample, walking_ms[demand], window, ranks, percentile_ms[demand], n_by_mode)


@njit()
def sample_away(
    reached: NDArray[np.int64],
    access: Links,
    walking_ms: NDArray[np.int64],
    window: Window,
    ranks: NDArray[np.int64],
    percentile_ms: NDArray[np.int64],
    n_by_mode: NDArray[np.int64],
) -> None:
    """Write the percentiles of the travel times from one site to each demand point.

    Parameters
    ----------
    reached
        Labels as `scan_forward` writes them, shape (n_stops, n_departures).
    access
        By demand point, the walks from stops.
    walking_ms, window, ranks, percentile_ms, n_by_mode
        As in `sample_towards`.
    """
    best = np.empty(window.n_departures, dtype=np.int64)
    sample = np.empty(window.n_departures, dtype=np.int64)
    ways = access.ways
    for demand in range(len(access.start) - 1):
        best[:] = UNREACHED
        for link in range(access.start[demand], access.start[demand + 1]):
            stop, walk = ways[link].place, ways[link].ms << TAIL_BITS
            for slot in range(window.n_departures):
                best[slot] = min(best[slot], reached[stop, slot] + walk)
        _rank_samples(best, sample, walking_ms[demand], window, ranks, percentile_ms[demand], n_by_mode)


@njit()
def _rank_samples(
    best: NDArray[np.int64],
    sample: NDArray[np.int64],
    walking_ms: int,
    window: Window,
    ranks: NDArray[np.int64],
    percentile_ms: NDArray[np.int64],
    n_by_mode: NDArray[np.int64],
) -> None:
    """Write the percentiles of one demand point; walking wins where it is no slower than the vehicles."""
    n_reached, n_walking = 0, 0
    for slot in range(window.n_departures):
        travel_ms = (best[slot] >> TAIL_BITS) - slot * window.step_ms
        if walking_ms <= min(travel_ms, window.cutoff_ms):
            sample[n_reached] = walking_ms
            n_reached += 1
            n_walking += 1
        elif travel_ms <= window.cutoff_ms:
            sample[n_reached] = travel_ms
            n_reached += 1
            n_by_mode[best[slot] & MODE_MASK] += 1
    n_by_mode[-1] += n_walking
    low = 0
    for position in range(len(ranks)):
        at = ranks[position] - 1
        if at >= n_reached:
            percentile_ms[position] = UNREACHED
        else:
            percentile_ms[position] = _select(sample, low, n_reached - 1, at)
            low = at


@njit()
def _select(values: NDArray[np.int64], low: int, high: int, at: int) -> int:
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
