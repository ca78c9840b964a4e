"""Bounded shortest-path search from points on edges to points on edges, a tile of neighbouring sources at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from geo.network import Network
from geo.snap import Snapped

# Times count in whole milliseconds: far finer than any walk is known, far coarser than the rounding of a sum, so that a
# time which should equal the standard does.
DECIMALS = 3
_SLACK_S = 10.0**-DECIMALS


@dataclass(frozen=True, eq=False)
class Access:
    """How connected points reach the two ends of their edges, one row a connected point.

    Parameters
    ----------
    point
        Position among all points, shape (n,).
    edge, fraction
        Where the point meets the network, shape (n,).
    nodes
        Ends of the edge, shape (n, 2).
    seconds
        Between the point and each end, the way to the network included, shape (n, 2); infinite where a one-way street
        does not lead there.
    off_network_s
        From the point to the network, shape (n,).
    edge_s
        Along the whole edge, shape (n,).
    """

    point: NDArray[np.intp]
    edge: NDArray[np.intp]
    fraction: NDArray[np.float64]
    nodes: NDArray[np.intp]
    seconds: NDArray[np.float64]
    off_network_s: NDArray[np.float64]
    edge_s: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp]) -> Access:
        """Return some of the points."""
        return Access(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True, eq=False)
class Reached:
    """Pairs within the cutoff, each once: positions among all targets and all sources, and seconds."""

    target: NDArray[np.intp]
    source: NDArray[np.intp]
    seconds: NDArray[np.float64]


def build_access(network: Network, snapped: Snapped, *, speed_m_s: float, is_arrival: bool = False) -> Access:
    """Return the access of the connected points; distances along an edge are parts of its true length.

    Parameters
    ----------
    network, snapped
        The streets, and where the points meet them.
    speed_m_s
        Speed on the network and off it.
    is_arrival
        Whether people come to the points, or leave them. On a one-way street they leave towards v only, and come from u
        only; at its very end, less than a millisecond from it, a point stands at the crossing and is not bound by it.
    """
    point = np.flatnonzero(snapped.is_connected)
    edge, fraction = snapped.edge[point], snapped.fraction[point]
    off_network_s = snapped.distance_m[point] / speed_m_s
    edge_s = network.length_m[edge] / speed_m_s
    along_s = np.column_stack([fraction, 1.0 - fraction]) * edge_s[:, None]
    nodes = np.column_stack([network.u[edge], network.v[edge]])
    if network.is_one_way is not None:
        closed_end = 1 if is_arrival else 0
        is_closed = network.is_one_way[edge] & (along_s[:, closed_end] > _SLACK_S)
        along_s[is_closed, closed_end] = np.inf
    return Access(point, edge, fraction, nodes, along_s + off_network_s[:, None], off_network_s, edge_s)


def order_in_space(xy: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return an order in which neighbours in the plane mostly follow one another: the Morton order.

    Parameters
    ----------
    xy
        Points, shape (n, 2).

    References
    ----------
    Morton, G. M. (1966): A computer oriented geodetic data base and a new technique in file sequencing. IBM, Ottawa.

    Examples
    --------
    >>> order_in_space(np.array([[0.0, 0.0], [9.0, 9.0], [1.0, 1.0], [9.0, 8.0]])).tolist()
    [0, 2, 3, 1]
    """
    if len(xy) == 0:
        return np.empty(0, dtype=np.intp)
    low, high = xy.min(axis=0), xy.max(axis=0)
    span = max(float((high - low).max()), 1.0)
    x, y = (_spread_bits(((xy[:, axis] - low[axis]) / span * 0xFFFF).astype(np.uint64)) for axis in (0, 1))
    return np.argsort(x | (y << np.uint64(1)), kind="stable")


def _spread_bits(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 16-bit numbers with an empty bit after each of their own."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << np.uint64(shift))) & np.uint64(mask)
    return values


def measure_top_speed(network: Network, graph: sparse.csr_array) -> float:
    """Return the greatest straight-line speed along an edge, in m/s: nothing on the network gets away faster.

    It can be above the walking speed, because a length measured on the ground may be shorter than the chord in the
    plane of the CRS.
    """
    arcs = graph.tocoo()
    tail, head = arcs.coords
    chord_m = np.hypot(network.x[tail] - network.x[head], network.y[tail] - network.y[head])
    return float((chord_m / arcs.data).max())


def search_tile(
    network: Network,
    graph: sparse.csr_array,
    sources: Access,
    targets: Access,
    *,
    cutoff_s: float,
    top_speed_m_s: float,
) -> Reached:
    """Return every target within the cutoff of each source.

    Parameters
    ----------
    network
        The streets, for where the nodes lie.
    graph
        Shape (n_nodes, n_nodes), seconds along single edges, all above 0; reversed where people come to the sources.
    sources, targets
        Points on edges, of which people come to the ones and leave the others. Sources near one another make the search
        small.
    cutoff_s
        Pairs up to and with this time, rounded to milliseconds, are kept.
    top_speed_m_s
        As `measure_top_speed` gives it.

    Notes
    -----
    Only the part of the network that can be reached at all is searched: a box round the edges of the sources, widened
    by what the top speed makes of the cutoff. Each source is a node of its own with arcs to the ends of its edge and
    none back, so that no path leads through a site. Points on the same edge also meet along it, where it leads that way.
    """
    limit_s = cutoff_s + _SLACK_S
    nodes, chosen = _choose_surroundings(network, sources, targets, margin_m=limit_s * top_speed_m_s)
    near = targets.take(chosen)
    distance_s = _search_nodes(graph, nodes, sources, limit_s=limit_s)
    ends = np.searchsorted(nodes, near.nodes)
    seconds = np.minimum(distance_s[:, ends[:, 0]] + near.seconds[:, 0], distance_s[:, ends[:, 1]] + near.seconds[:, 1])
    _meet_on_edges(seconds, sources, near)
    np.round(seconds, DECIMALS, out=seconds)
    source, target = np.nonzero(seconds <= cutoff_s)
    return Reached(near.point[target], sources.point[source], seconds[source, target])


def _choose_surroundings(
    network: Network, sources: Access, targets: Access, *, margin_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the nodes that a search may reach, sorted, and the targets with an edge that touches one of them."""
    is_near = np.ones(network.n_nodes, dtype=bool)
    for values in (network.x, network.y):
        at_sources = values[sources.nodes]
        is_near &= (values >= at_sources.min() - margin_m) & (values <= at_sources.max() + margin_m)
    chosen = np.flatnonzero(is_near[targets.nodes].any(axis=1))
    is_near[targets.nodes[chosen]] = True  # the far ends too: unreached, but they must have a place in the table
    return np.flatnonzero(is_near), chosen


def _search_nodes(graph: sparse.csr_array, nodes: NDArray[np.intp], sources: Access, *, limit_s: float) -> NDArray[np.float64]:
    """Return the seconds from each source to each node, shape (n_sources, n_nodes), infinite beyond the limit."""
    inner = graph[nodes][:, nodes]
    n_nodes, n_sources = len(nodes), len(sources.point)
    n_all = n_nodes + n_sources
    is_open = np.isfinite(sources.seconds)
    data = np.concatenate([inner.data, sources.seconds[is_open]])
    heads = np.concatenate([inner.indices, np.searchsorted(nodes, sources.nodes)[is_open]])
    starts = np.concatenate([inner.indptr, inner.nnz + np.cumsum(is_open.sum(axis=1))])
    joined = sparse.csr_array((data, heads, starts), shape=(n_all, n_all))
    found = csgraph.dijkstra(joined, directed=True, indices=np.arange(n_nodes, n_all), limit=limit_s)
    return np.asarray(found[:, :n_nodes], dtype=np.float64)


def _meet_on_edges(seconds: NDArray[np.float64], sources: Access, targets: Access) -> None:
    """Lower, in place, the seconds of pairs on the same edge to the direct way along it."""
    order = np.argsort(targets.edge, kind="stable")
    sorted_edges = targets.edge[order]
    first = np.searchsorted(sorted_edges, sources.edge, side="left")
    count = np.searchsorted(sorted_edges, sources.edge, side="right") - first
    i = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    j = order[first[i] + within]
    ahead = targets.fraction[j] - sources.fraction[i]
    # What is closed to the source at one end of its edge is closed to it on the way there as well.
    is_open = (ahead == 0) | np.isfinite(sources.seconds[i, (ahead > 0).astype(np.intp)])
    along_s = np.where(is_open, np.abs(ahead) * sources.edge_s[i], np.inf)
    direct_s = along_s + sources.off_network_s[i] + targets.off_network_s[j]
    seconds[i, j] = np.minimum(seconds[i, j], direct_s)
