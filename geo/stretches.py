"""The parts of streets from which one site is within a time, cut exactly where the time is up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from geo.network import Network
from geo.search import DECIMALS, Access

Floats = NDArray[np.float64]

# Two parts of an edge less than a micrometre apart are one, and no part is shorter: only rounding makes such things.
_GAP_M = 1e-6
_SLACK_S = 10.0**-DECIMALS


@dataclass(frozen=True, eq=False)
class Stretches:
    """Parts of edges, sorted by edge and then along it, apart from one another.

    Parameters
    ----------
    edge
        Position of the edge in the network, shape (n,).
    from_m, to_m
        Where the part begins and ends, metres of true length from u, shape (n,).
    """

    edge: NDArray[np.intp]
    from_m: Floats
    to_m: Floats


def search_nodes(graph: sparse.csr_array, site: Access, *, cutoff_s: float) -> Floats:
    """Return the seconds between a site and every node, infinite beyond the cutoff.

    Parameters
    ----------
    graph
        Shape (n_nodes, n_nodes), seconds along single edges, all above 0; reversed, since people come to the site.
    site
        One point on an edge, to which people come.
    cutoff_s
        Where the search stops; nodes a little beyond may have a time.

    Returns
    -------
    numpy.ndarray
        Shape (n_nodes,), not rounded; the way between the site and the street is counted.
    """
    from_ends = csgraph.dijkstra(graph, directed=True, indices=site.nodes[0], limit=cutoff_s + _SLACK_S)
    return np.asarray((from_ends + site.seconds[0][:, None]).min(axis=0), dtype=np.float64)


def cut_stretches(network: Network, site: Access, node_seconds: Floats, *, cutoff_s: float, speed_m_s: float) -> Stretches:
    """Return the parts of edges within a time of a site.

    Parameters
    ----------
    network
        The streets.
    site
        One point on an edge.
    node_seconds
        Between the site and every node, as `search_nodes` gives them, shape (n_nodes,).
    cutoff_s
        Every place up to and with this time belongs to a part.
    speed_m_s
        Speed on the streets.

    Notes
    -----
    An edge is walked into from both ends as far as the time allows; where the two ways meet, all of it is reached. The
    edge of the site is walked out of too, both ways from where the site meets it. From a place on a one-way street
    people come by its head v only, or straight to the site farther along it. Rising cutoffs give parts that contain one
    another, since each bound is the same sum with a larger cutoff in it.
    """
    by_tail_s, by_head_s = node_seconds[network.u], node_seconds[network.v]
    if network.is_one_way is not None:
        by_tail_s = np.where(network.is_one_way, np.inf, by_tail_s)
    ahead_m, behind_m = (np.clip((cutoff_s - by_s) * speed_m_s, 0.0, network.length_m) for by_s in (by_tail_s, by_head_s))
    is_entered = np.minimum(by_tail_s, by_head_s) <= cutoff_s
    is_whole = is_entered & (ahead_m + behind_m >= network.length_m - _GAP_M)
    is_other = np.ones(network.n_edges, dtype=bool)
    is_other[site.edge] = False
    whole = np.flatnonzero(is_whole & is_other)
    part = np.flatnonzero(is_entered & ~is_whole & is_other)
    around_m = float(cutoff_s - site.off_network_s[0]) * speed_m_s
    own_from_m, own_to_m = _cut_own_edge(network, site, ahead_m, behind_m, around_m=around_m)
    edge = np.concatenate([whole, part, part, np.repeat(site.edge, len(own_from_m))])
    from_m = np.concatenate([np.zeros(len(whole) + len(part)), (network.length_m - behind_m)[part], own_from_m])
    to_m = np.concatenate([network.length_m[whole], ahead_m[part], network.length_m[part], own_to_m])
    order = np.lexsort((from_m, edge))
    kept = order[(to_m - from_m)[order] > _GAP_M]
    return Stretches(edge[kept].astype(np.intp), from_m[kept], to_m[kept])


def _cut_own_edge(
    network: Network, site: Access, ahead_m: Floats, behind_m: Floats, *, around_m: float
) -> tuple[Floats, Floats]:
    """Return where the parts of the site's own edge begin and end: from both ends and from the site, joined."""
    edge = int(site.edge[0])
    length_m = float(network.length_m[edge])
    along_m = float(site.fraction[0]) * length_m
    parts = [(0.0, float(ahead_m[edge])), (length_m - float(behind_m[edge]), length_m)]
    if around_m >= 0:
        is_one_way = network.is_one_way is not None and bool(network.is_one_way[edge])
        end_m = along_m if is_one_way else min(along_m + around_m, length_m)
        parts.append((max(along_m - around_m, 0.0), end_m))
    joined: list[tuple[float, float]] = []
    for begin, end in sorted(parts):
        if joined and begin <= joined[-1][1] + _GAP_M:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    bounds = np.array(joined, dtype=np.float64)
    return bounds[:, 0], bounds[:, 1]


def draw_stretches(network: Network, stretches: Stretches) -> NDArray[np.object_]:
    """Return the parts as pieces of the straight chords of their edges, from u to v.

    Returns
    -------
    numpy.ndarray
        LineStrings in the CRS of the network, shape (n,); empty where the edge has no chord, such as a street that ends
        where it began: it has a length, but nobody knows where it runs.
    """
    ends = np.stack([place_on_edges(network, stretches.edge, at_m) for at_m in (stretches.from_m, stretches.to_m)], axis=1)
    lines = np.asarray(shapely.linestrings(ends), dtype=object)
    lines[(ends[:, 0] == ends[:, 1]).all(axis=1)] = shapely.LineString()
    return lines


def place_on_edges(network: Network, edge: NDArray[np.intp], at_m: Floats) -> Floats:
    """Return points (x, y), shape (n, 2), so many metres of true length along the chords of edges from u."""
    part = (at_m / network.length_m[edge])[:, None]
    nodes = np.column_stack([network.x, network.y])
    # Weighted so that the ends come out as the very coordinates of the nodes.
    return np.asarray((1.0 - part) * nodes[network.u[edge]] + part * nodes[network.v[edge]], dtype=np.float64)
