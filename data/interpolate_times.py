"""Times of the calls for which a timetable gives none, and distances along a sequence of stops."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG)."""


class Calls(Protocol):
    """Calls sorted by trip and order along it: positions of trip and stop, and seconds where they are known."""

    @property
    def trip(self) -> NDArray[np.intp]: ...  # noqa: D102

    @property
    def stop(self) -> NDArray[np.intp]: ...  # noqa: D102

    @property
    def arrival_s(self) -> NDArray[np.int64]: ...  # noqa: D102

    @property
    def departure_s(self) -> NDArray[np.int64]: ...  # noqa: D102


def measure_steps(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each point from the one before it, metres, 0 for the first.

    Parameters
    ----------
    lon, lat
        EPSG:4326, degrees, shape (n,).

    Notes
    -----
    Great circles on a sphere (haversine): up to 0.5 % off the ellipsoid, which neither an interpolation nor an assumed
    speed can tell.

    Examples
    --------
    >>> measure_steps(np.array([9.0, 9.0]), np.array([45.0, 45.01])).round(0)
    array([   0., 1112.])
    """
    east, north = np.radians(lon), np.radians(lat)
    half = np.sin(np.diff(north) / 2) ** 2 + np.cos(north[1:]) * np.cos(north[:-1]) * np.sin(np.diff(east) / 2) ** 2
    steps = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return np.concatenate([np.zeros(min(1, len(lon))), steps])


def interpolate_times(
    calls: Calls, is_timed: NDArray[np.bool_], *, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return arrival and departure of every call, those without times set by distance between their timed neighbours.

    Parameters
    ----------
    calls
        Sorted calls; the first and last of each trip have times.
    is_timed
        Which calls have times, shape (n_times,).
    lon, lat
        Position of each stop, EPSG:4326, shape (n_stops,).

    Notes
    -----
    Straight lines between stops; by count where the stops between two neighbours lie on one point. Rounded to whole
    seconds. A call without a time takes none: it arrives and departs at once.
    """
    rows = np.arange(len(is_timed))
    before = np.maximum.accumulate(np.where(is_timed, rows, 0))
    after = np.minimum.accumulate(np.where(is_timed, rows, len(rows))[::-1])[::-1]
    along = np.cumsum(measure_steps(lon[calls.stop], lat[calls.stop]))
    missing = np.flatnonzero(~is_timed)
    left, right = before[missing], after[missing]
    length = along[right] - along[left]
    by_count = (missing - left) / (right - left)
    share = np.where(length > 0, (along[missing] - along[left]) / np.where(length > 0, length, 1.0), by_count)
    start, end = calls.departure_s[left], calls.arrival_s[right]
    times = start + np.rint(share * (end - start)).astype(np.int64)
    arrival, departure = calls.arrival_s.copy(), calls.departure_s.copy()
    arrival[missing] = departure[missing] = times
    return arrival, departure
