"""Walks that public transport rests on: from demand points and sites to stops, between stops, and all the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError, CrsError, Faults
from geo.network import Network
from geo.search import DECIMALS
from geo.snap import Snapped
from geo.timetable import Timetable
from geo.traveltimes import TravelTimes, street_times

MAX_ACCESS_S = 900.0
MAX_CHANGE_S = 300.0


@dataclass(frozen=True, eq=False, kw_only=True)
class TransitWalks:
    """The walks of a search by timetable, sparse matrices of seconds; a pair that is not stored cannot be walked.

    Parameters
    ----------
    access, egress
        Between demand points and stops, shape (n_demand, n_stops); between sites and stops, shape (n_candidates, n_stops).
    footpaths
        From stop to stop, shape (n_stops, n_stops).
    walking
        All the way, shape (n_demand, n_candidates).
    demand_snap, candidate_snap, stop_snap
        Where demand points, sites and stops meet the streets.
    unconnected_stop_ids
        Stops too far from any street: nobody boards or leaves a vehicle there, but to change within their station.
    """

    access: sparse.csr_array
    egress: sparse.csr_array
    footpaths: sparse.csr_array
    walking: sparse.csr_array
    demand_snap: Snapped
    candidate_snap: Snapped
    stop_snap: Snapped
    unconnected_stop_ids: tuple[str, ...]


def walk_to_stops(
    network: Network,
    timetable: Timetable,
    *,
    demand_ids: Sequence[str],
    demand_xy: ArrayLike,
    candidate_ids: Sequence[str],
    candidate_xy: ArrayLike,
    speed_m_s: float,
    cutoff_s: float,
    max_access_s: float = MAX_ACCESS_S,
    max_change_s: float = MAX_CHANGE_S,
    max_snap_m: float = 400.0,
    progress: Callable[[int, int], None] | None = None,
) -> TransitWalks:
    """Return the walks on the streets that a search by timetable needs.

    Parameters
    ----------
    network
        The streets.
    timetable
        Its stops, in the CRS of the network.
    demand_ids, candidate_ids
        Ids of the points, each once.
    demand_xy, candidate_xy
        Points, shape (n, 2), (x, y) in metres in the CRS of the network.
    speed_m_s
        Walking speed.
    cutoff_s
        Longest walk all the way.
    max_access_s
        Longest walk to the first stop, and from the last.
    max_change_s
        Longest walk between two vehicles.
    max_snap_m
        A point farther than this from the nearest edge is not connected.
    progress
        Called with the searches done and all of them, of which there are four.

    Raises
    ------
    CrsError
        If stops and streets are in different CRS.
    CountError
        If a longest walk is negative or no number.
    IdError, GeometryError
        As `geo.traveltimes.street_times`.

    Notes
    -----
    On foot every street leads both ways, so one search serves both directions. Between the stops of one station people walk
    straight, where that is nearer than the streets: its platforms are joined inside, whatever the streets around it do, and
    however far they are from one another.
    """
    _check(network, timetable, max_access_s=max_access_s, max_change_s=max_change_s)
    stop_xy = np.column_stack([timetable.x, timetable.y])
    n_done = 0

    def walk(ids: Sequence[str], xy: ArrayLike, to_ids: Sequence[str], to_xy: ArrayLike, limit_s: float) -> TravelTimes:
        nonlocal n_done
        found = street_times(
            network,
            mode="walk",
            demand_ids=ids,
            demand_xy=xy,
            candidate_ids=to_ids,
            candidate_xy=to_xy,
            speed_m_s=speed_m_s,
            cutoff_s=limit_s,
            max_snap_m=max_snap_m,
        )
        n_done += 1
        if progress is not None:
            progress(n_done, 4)
        return found

    access = walk(demand_ids, demand_xy, timetable.stop_ids, stop_xy, max_access_s)
    egress = walk(candidate_ids, candidate_xy, timetable.stop_ids, stop_xy, max_access_s)
    between = walk(timetable.stop_ids, stop_xy, timetable.stop_ids, stop_xy, max_change_s)
    walking = walk(demand_ids, demand_xy, candidate_ids, candidate_xy, cutoff_s)
    return TransitWalks(
        access=access.seconds,
        egress=egress.seconds,
        footpaths=_join_stations(between.seconds, timetable, speed_m_s=speed_m_s),
        walking=walking.seconds,
        demand_snap=access.demand_snap,
        candidate_snap=egress.demand_snap,
        stop_snap=between.demand_snap,
        unconnected_stop_ids=tuple(compress(timetable.stop_ids, ~between.demand_snap.is_connected)),
    )


def _check(network: Network, timetable: Timetable, *, max_access_s: float, max_change_s: float) -> None:
    faults = Faults()
    if network.crs != timetable.crs:
        faults.add(CrsError(f"stops are in {timetable.crs}, streets in {network.crs}", where="timetable"))
    for name, value in (("max_access_s", max_access_s), ("max_change_s", max_change_s)):
        if not (np.isfinite(value) and value >= 0):
            faults.add(CountError("the longest walk is negative or no number", where=name, examples=[value]))
    faults.raise_if_any()


def _join_stations(between: sparse.csr_array, timetable: Timetable, *, speed_m_s: float) -> sparse.csr_array:
    """Return the footpaths with those straight between the stops of one station, where they are nearer."""
    here, there = _pair_members(timetable.station)
    metres = np.hypot(timetable.x[here] - timetable.x[there], timetable.y[here] - timetable.y[there])
    straight_s = np.round(metres / speed_m_s, DECIMALS)
    walks = between.tocoo()
    row, column = np.concatenate([walks.coords[0], here]), np.concatenate([walks.coords[1], there])
    seconds = np.concatenate([walks.data, straight_s])
    order = np.lexsort((seconds, column, row))
    row, column, seconds = row[order], column[order], seconds[order]
    is_least = np.ones(len(row), dtype=bool)
    is_least[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    starts = np.concatenate([[0], np.cumsum(np.bincount(row[is_least], minlength=timetable.n_stops))])
    return sparse.csr_array((seconds[is_least], column[is_least], starts), shape=between.shape)


def _pair_members(station: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return every pair of different stops of one station, both ways."""
    order = np.argsort(station, kind="stable")
    ends = np.flatnonzero(np.diff(station[order])) + 1
    members = [group for group in np.split(order, ends) if len(group) > 1]
    nothing = np.empty(0, dtype=np.intp)
    here = [np.repeat(group, len(group)) for group in members]
    there = [np.tile(group, len(group)) for group in members]
    first, second = np.concatenate([nothing, *here]), np.concatenate([nothing, *there])
    is_pair = first != second
    return first[is_pair], second[is_pair]
