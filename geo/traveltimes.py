"""Travel times from demand points to candidate sites: sparse, up to a cutoff."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError, Faults, IdError
from geo.checks import add_if_any
from geo.modes import StreetMode
from geo.network import Network, graph_seconds, open_both_ways
from geo.search import Access, Reached, build_access, measure_top_speed, order_in_space, search_tile
from geo.snap import Snapped, require_points, snap_points

# Sources searched together, and what their table of seconds may weigh at most.
_TILE_SOURCES = 32
_TILE_BYTES = 64_000_000


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Who reaches what, and in how many seconds.

    Parameters
    ----------
    seconds
        Sparse, shape (n_demand, n_candidates), whole milliseconds, columns sorted within rows. A pair that is not
        stored is not reachable within the cutoff; a stored 0 is a reach. Compare the stored values (`.data`), never the
        matrix, for which an absent pair is ≤ any standard.
    demand_ids, candidate_ids
        Ids of rows and columns.
    cutoff_s
        The search stopped here; a pair at exactly this time is stored.
    mode
        How people travel, such as "walk".
    demand_snap, candidate_snap
        Where the points meet the network.
    """

    seconds: sparse.csr_array
    demand_ids: tuple[str, ...]
    candidate_ids: tuple[str, ...]
    cutoff_s: float
    mode: str
    demand_snap: Snapped
    candidate_snap: Snapped

    @property
    def unconnected_demand_ids(self) -> tuple[str, ...]:
        """Demand points too far from the network: they have no entry at all."""
        return tuple(compress(self.demand_ids, ~self.demand_snap.is_connected))

    @property
    def unconnected_candidate_ids(self) -> tuple[str, ...]:
        """Candidate sites too far from the network: they have no entry at all."""
        return tuple(compress(self.candidate_ids, ~self.candidate_snap.is_connected))


Mode = StreetMode
ON_FOOT = ("walk", "slow_walk")
"""Modes for which every street leads both ways."""


def walking_times(
    network: Network,
    *,
    demand_ids: Sequence[str],
    demand_xy: ArrayLike,
    candidate_ids: Sequence[str],
    candidate_xy: ArrayLike,
    speed_m_s: float = 1.25,
    cutoff_s: float,
    max_snap_m: float = 400.0,
    progress: Callable[[int, int], None] | None = None,
) -> TravelTimes:
    """Return the walking times between demand points and candidate sites: `street_times` on foot, one-ways ignored.

    Raises
    ------
    IdError, CountError, GeometryError
        As `street_times`.
    """
    return street_times(
        network,
        mode="walk",
        demand_ids=demand_ids,
        demand_xy=demand_xy,
        candidate_ids=candidate_ids,
        candidate_xy=candidate_xy,
        speed_m_s=speed_m_s,
        cutoff_s=cutoff_s,
        max_snap_m=max_snap_m,
        progress=progress,
    )


def street_times(
    network: Network,
    *,
    mode: Mode,
    demand_ids: Sequence[str],
    demand_xy: ArrayLike,
    candidate_ids: Sequence[str],
    candidate_xy: ArrayLike,
    speed_m_s: float,
    cutoff_s: float,
    max_snap_m: float = 400.0,
    progress: Callable[[int, int], None] | None = None,
) -> TravelTimes:
    """Return the times on the streets from demand points to candidate sites.

    Parameters
    ----------
    network
        The streets.
    mode
        How people travel: on foot ("walk", "slow_walk") one-ways are ignored, by bicycle they hold.
    demand_ids, candidate_ids
        Ids of the points, each once.
    demand_xy, candidate_xy
        Points, shape (n, 2), (x, y) in metres in the CRS of the network.
    speed_m_s
        Speed on the network and off it.
    cutoff_s
        Longer ways are left out.
    max_snap_m
        A point farther than this from the nearest edge is not connected and has no entry.
    progress
        Called with the number of sites done and of all sites to search, after each tile of sites.

    Raises
    ------
    IdError
        If ids repeat, or their number is not that of the points.
    CountError
        If speed, cutoff or snapping limit is no usable number.
    GeometryError
        If points lack coordinates.

    Notes
    -----
    A way leads from the demand point straight to the nearest edge, along the edges, and from the nearest edge straight to
    the site, all at one speed; both straight parts count. Distances along an edge are parts of its true length. From a
    point on a one-way street people leave along it, to a site on one they come along it.
    Times are rounded to whole milliseconds, and the rounded time is what is compared with the cutoff: a time that
    should be the cutoff is kept. The answer does not depend on the order of the points.
    """
    _check_request(demand_ids, demand_xy, candidate_ids, candidate_xy, cutoff_s=cutoff_s)
    streets = open_both_ways(network) if mode in ON_FOOT else network
    # People travel towards the sites: the search, which begins at them, runs against the one-ways.
    graph = graph_seconds(streets, speed_m_s, is_reversed=True)
    demand_snap = snap_points(streets, demand_xy, max_m=max_snap_m)
    candidate_snap = snap_points(streets, candidate_xy, max_m=max_snap_m)
    targets = build_access(streets, demand_snap, speed_m_s=speed_m_s)
    sources = build_access(streets, candidate_snap, speed_m_s=speed_m_s, is_arrival=True)
    top_speed_m_s = measure_top_speed(streets, graph)
    found: list[Reached] = []
    n_done = 0
    for tile in _tile_sources(streets, sources, n_targets=len(targets.point)):
        found.append(search_tile(streets, graph, tile, targets, cutoff_s=cutoff_s, top_speed_m_s=top_speed_m_s))
        n_done += len(tile.point)
        if progress is not None:
            progress(n_done, len(sources.point))
    return TravelTimes(
        seconds=_assemble(found, shape=(len(demand_ids), len(candidate_ids))),
        demand_ids=tuple(str(name) for name in demand_ids),
        candidate_ids=tuple(str(name) for name in candidate_ids),
        cutoff_s=float(cutoff_s),
        mode=mode,
        demand_snap=demand_snap,
        candidate_snap=candidate_snap,
    )


def _check_request(
    demand_ids: Sequence[str],
    demand_xy: ArrayLike,
    candidate_ids: Sequence[str],
    candidate_xy: ArrayLike,
    *,
    cutoff_s: float,
) -> None:
    faults = Faults()
    for ids, xy, where in ((demand_ids, demand_xy, "demand"), (candidate_ids, candidate_xy, "candidates")):
        n_points = len(require_points(xy))
        if len(ids) != n_points:
            faults.add(IdError(f"there are {len(ids)} ids for {n_points} points", where=where))
        values, counts = np.unique(np.asarray(ids, dtype=np.str_), return_counts=True)
        add_if_any(faults, IdError, "ids repeat", where=where, examples=values[counts > 1])
    if not (np.isfinite(cutoff_s) and cutoff_s >= 0):
        faults.add(CountError("the cutoff is negative or no number", where="cutoff_s", examples=[cutoff_s]))
    faults.raise_if_any()


def _tile_sources(network: Network, sources: Access, *, n_targets: int) -> Iterator[Access]:
    """Yield the sources in tiles of neighbours, small enough for the table of each tile to stay small."""
    row_bytes = 8 * (network.n_nodes + 3 * n_targets)
    size = max(1, min(_TILE_SOURCES, _TILE_BYTES // row_bytes))
    tails = sources.nodes[:, 0]
    order = order_in_space(np.column_stack([network.x[tails], network.y[tails]]))
    for first in range(0, len(order), size):
        yield sources.take(order[first : first + size])


def _assemble(found: list[Reached], *, shape: tuple[int, int]) -> sparse.csr_array:
    """Return the pairs as one matrix; built from its three arrays, it keeps a stored 0."""
    empty = np.empty(0, dtype=np.intp)
    demand: NDArray[np.intp] = np.concatenate([empty, *(part.target for part in found)])
    candidate: NDArray[np.intp] = np.concatenate([empty, *(part.source for part in found)])
    seconds = np.concatenate([np.empty(0), *(part.seconds for part in found)])
    order = np.lexsort((candidate, demand))
    starts = np.concatenate([[0], np.cumsum(np.bincount(demand, minlength=shape[0]))])
    return sparse.csr_array((seconds[order], candidate[order], starts), shape=shape)
