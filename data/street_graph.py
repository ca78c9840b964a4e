"""A street graph as it comes from a file: nodes in degrees, edges with true lengths, one-way or not, and their OSM ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph


@dataclass(frozen=True, kw_only=True, eq=False)
class StreetGraph:
    """Streets for one mode.

    Parameters
    ----------
    node_id
        Id of each node in its source, shape (n_nodes,), ascending, each once.
    lon, lat
        Shape (n_nodes,), degrees, WGS 84.
    u, v
        Ends of each edge as positions of nodes, shape (n_edges,); ordered by u, v, length and ways.
    length_m
        Length along the street, shape (n_edges,), metres, above 0.
    is_one_way
        Whether an edge is open from u to v only, shape (n_edges,).
    way_ids
        OSM ways that each edge is a part of.
    highway
        Value of the tag of its way; of several ways, joined with ";"; empty where the source does not say.
    notes
        What was left out or taken as something else, for people.
    """

    node_id: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    u: NDArray[np.intp]
    v: NDArray[np.intp]
    length_m: NDArray[np.float64]
    is_one_way: NDArray[np.bool_]
    way_ids: tuple[tuple[int, ...], ...]
    highway: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.u)

    def open_both_ways(self) -> StreetGraph:
        """Return the same streets without one-ways, as people on foot use them."""
        return replace(self, is_one_way=np.zeros(self.n_edges, dtype=np.bool_))


def tidy_graph(graph: StreetGraph) -> StreetGraph:
    """Return the graph with no edge of length 0, no node without an edge, and everything in its order.

    Nodes that an edge of length 0 joins lie on one another: they become one, the one with the lowest id, so that
    nothing falls apart.
    """
    is_null = graph.length_m <= 0
    n_null = int(is_null.sum())
    merged = _merge_nodes(graph, is_null)
    kept = np.flatnonzero(~is_null)
    ends = np.column_stack([merged[graph.u[kept]], merged[graph.v[kept]]])
    used = np.unique(ends)
    by_id = used[np.argsort(graph.node_id[used], kind="stable")]
    position = np.zeros(graph.n_nodes, dtype=np.intp)
    position[by_id] = np.arange(len(by_id))
    u, v = position[ends[:, 0]], position[ends[:, 1]]
    first_way = np.array([graph.way_ids[edge][0] if graph.way_ids[edge] else 0 for edge in kept], dtype=np.int64)
    order = np.lexsort((graph.is_one_way[kept], first_way, graph.length_m[kept], v, u))
    edges = kept[order]
    note = (f"edges of length 0, whose ends became one node: {n_null}",) if n_null else ()
    return StreetGraph(
        node_id=graph.node_id[by_id],
        lon=graph.lon[by_id],
        lat=graph.lat[by_id],
        u=u[order],
        v=v[order],
        length_m=graph.length_m[edges],
        is_one_way=graph.is_one_way[edges],
        way_ids=tuple(graph.way_ids[edge] for edge in edges),
        highway=tuple(graph.highway[edge] for edge in edges),
        notes=graph.notes + note,
    )


def _merge_nodes(graph: StreetGraph, is_null: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each node the node that it becomes: of those that edges of length 0 join, the one with the lowest id."""
    n_nodes = graph.n_nodes
    links = sparse.coo_array((np.ones(int(is_null.sum())), (graph.u[is_null], graph.v[is_null])), shape=(n_nodes, n_nodes))
    _, group = csgraph.connected_components(links, directed=False)
    by_id = np.argsort(graph.node_id, kind="stable")
    _, first = np.unique(group[by_id], return_index=True)
    return np.asarray(by_id[first][group], dtype=np.intp)
