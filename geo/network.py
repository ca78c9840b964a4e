"""The street network as arrays: built once, checked once, and turned into a graph of seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from data.errors import CountError, Faults, NetworkError
from geo.checks import add_if_any
from geo.crs import name_crs, require_metres


@dataclass(frozen=True, eq=False)
class Network:
    """Streets, open both ways unless they say otherwise.

    Parameters
    ----------
    crs
        CRS in metres, such as "EPSG:3035".
    x, y
        Nodes, shape (n_nodes,), metres.
    u, v
        Ends of each edge as positions of nodes, shape (n_edges,). Two edges may join the same nodes.
    length_m
        True length of each edge, shape (n_edges,), above 0; its geometry is the straight chord from u to v.
    component
        Number of the connected component of each node, shape (n_nodes,); where there are one-ways, of the strongly
        connected one: from each of its nodes every other can be reached.
    is_one_way
        Whether an edge leads from u to v only, shape (n_edges,); None where every edge leads both ways.
    """

    crs: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    u: NDArray[np.intp]
    v: NDArray[np.intp]
    length_m: NDArray[np.float64]
    component: NDArray[np.intp]
    is_one_way: NDArray[np.bool_] | None = None

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.x)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.u)


@dataclass(frozen=True)
class ComponentShare:
    """How much of a network its main component holds.

    Parameters
    ----------
    n_components
        Connected components before the others were left out.
    node_share, length_share
        Share of nodes and of street length in the main component, in [0, 1].
    """

    n_components: int
    node_share: float
    length_share: float


def build_network(
    x: ArrayLike,
    y: ArrayLike,
    u: ArrayLike,
    v: ArrayLike,
    length_m: ArrayLike,
    *,
    crs: object,
    is_one_way: ArrayLike | None = None,
) -> Network:
    """Return the checked network, with its components numbered.

    Parameters
    ----------
    x, y
        Nodes, shape (n_nodes,), metres.
    u, v
        Ends of each edge as positions of nodes, shape (n_edges,).
    length_m
        True length of each edge, shape (n_edges,).
    crs
        A projected CRS in metres.
    is_one_way
        Whether each edge leads from u to v only, shape (n_edges,), True and False; by default every edge leads both ways.

    Raises
    ------
    CrsError
        If the CRS has no metres.
    NetworkError
        If arrays differ in length or there is no edge, nodes lack coordinates, edges end at no node, or lengths are
        missing, infinite, negative or 0; or the one-ways have another shape or type. Positions of nodes and edges are
        listed.
    """
    name = name_crs(require_metres(crs, where="network"))
    xs, ys, lengths = (np.asarray(values, dtype=np.float64) for values in (x, y, length_m))
    tails, heads = np.asarray(u), np.asarray(v)
    _check_arrays(xs, ys, tails, heads, lengths)
    _check_values(xs, ys, tails, heads, lengths)
    tails, heads = tails.astype(np.intp), heads.astype(np.intp)
    one_way = _read_one_ways(is_one_way, n_edges=len(lengths))
    component = _number_components(tails, heads, one_way, n_nodes=len(xs))
    return Network(name, xs, ys, tails, heads, lengths, component, one_way)


def open_both_ways(network: Network) -> Network:
    """Return the network without its one-ways, as people on foot use it."""
    if network.is_one_way is None:
        return network
    component = _number_components(network.u, network.v, None, n_nodes=network.n_nodes)
    return replace(network, component=component, is_one_way=None)


def _read_one_ways(values: ArrayLike | None, *, n_edges: int) -> NDArray[np.bool_] | None:
    """Return the one-ways as an array; None where there is none."""
    if values is None:
        return None
    one_way = np.asarray(values)
    if one_way.dtype != np.bool_ or one_way.shape != (n_edges,):
        what = f"is_one_way is {one_way.dtype} of shape {one_way.shape}, not True or False for each of {n_edges} edges"
        raise NetworkError(what, where="edges")
    return one_way if one_way.any() else None


def _check_arrays(
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    tails: NDArray[np.generic],
    heads: NDArray[np.generic],
    lengths: NDArray[np.float64],
) -> None:
    """Raise at once for arrays that do not fit together: their values cannot be looked at one by one."""
    faults = Faults()
    if xs.ndim != 1 or xs.shape != ys.shape:
        faults.add(NetworkError(f"x and y differ in shape: {xs.shape} and {ys.shape}", where="nodes"))
    if lengths.ndim != 1 or not tails.shape == heads.shape == lengths.shape:
        shapes = f"{tails.shape}, {heads.shape} and {lengths.shape}"
        faults.add(NetworkError(f"u, v and length_m differ in shape: {shapes}", where="edges"))
    elif lengths.size == 0:
        faults.add(NetworkError("there is no edge", where="edges"))
    elif not (np.issubdtype(tails.dtype, np.integer) and np.issubdtype(heads.dtype, np.integer)):
        kinds = f"u is {tails.dtype}, v is {heads.dtype}"
        faults.add(NetworkError(f"edges end at whole-number positions of nodes, but {kinds}", where="edges"))
    faults.raise_if_any()


def _check_values(
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    tails: NDArray[np.generic],
    heads: NDArray[np.generic],
    lengths: NDArray[np.float64],
) -> None:
    faults = Faults()
    lost = np.flatnonzero(~(np.isfinite(xs) & np.isfinite(ys)))
    add_if_any(faults, NetworkError, "nodes have no coordinates; positions", where="nodes", examples=lost)
    ends = np.column_stack([tails, heads]).astype(np.int64)
    dangling = np.flatnonzero(((ends < 0) | (ends >= len(xs))).any(axis=1))
    what = f"edges end at no node, nodes are 0 to {len(xs) - 1}; positions of edges"
    add_if_any(faults, NetworkError, what, where="edges", examples=dangling)
    unusable = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    what = "length_m is missing, infinite, negative or 0; positions of edges"
    add_if_any(faults, NetworkError, what, where="edges", examples=unusable)
    faults.raise_if_any()


def _number_components(
    tails: NDArray[np.intp], heads: NDArray[np.intp], one_way: NDArray[np.bool_] | None, *, n_nodes: int
) -> NDArray[np.intp]:
    if one_way is not None:
        tails, heads = np.concatenate([tails, heads[~one_way]]), np.concatenate([heads, tails[~one_way]])
    links = sparse.coo_array((np.ones(len(tails), dtype=np.int32), (tails, heads)), shape=(n_nodes, n_nodes))
    _, component = csgraph.connected_components(links, directed=one_way is not None, connection="strong")
    return np.asarray(component, dtype=np.intp)


def keep_main_component(network: Network) -> tuple[Network, ComponentShare]:
    """Return the component with the greatest summed street length, nodes numbered anew in their old order.

    Of equally long ones the one whose first node comes first is kept. A one-way street that leads from one component to
    another is in neither.

    Parameters
    ----------
    network
        Any network.

    Returns
    -------
    tuple
        The network of the main component, and what share of the whole it is.

    Raises
    ------
    NetworkError
        If no edge lies in a component, because every one is a one-way from which no way leads back.
    """
    tail_component, head_component = network.component[network.u], network.component[network.v]
    inner_m = np.where(tail_component == head_component, network.length_m, 0.0)
    n_components = int(network.component.max()) + 1
    length_m = np.bincount(tail_component, weights=inner_m, minlength=n_components).astype(np.float64)
    if not length_m.any():
        raise NetworkError("every edge is a one-way from which no way leads back", where="edges", n=network.n_edges)
    main = _find_longest(length_m, network.component)
    is_kept = network.component == main
    is_edge = is_kept[network.u] & is_kept[network.v]
    position = np.cumsum(is_kept) - 1
    kept = Network(
        crs=network.crs,
        x=network.x[is_kept],
        y=network.y[is_kept],
        u=position[network.u[is_edge]],
        v=position[network.v[is_edge]],
        length_m=network.length_m[is_edge],
        component=np.zeros(int(is_kept.sum()), dtype=np.intp),
        is_one_way=_read_one_ways(
            None if network.is_one_way is None else network.is_one_way[is_edge], n_edges=int(is_edge.sum())
        ),
    )
    share = ComponentShare(
        n_components=n_components,
        node_share=float(is_kept.mean()),
        length_share=float(length_m[main] / network.length_m.sum()),
    )
    return kept, share


def _find_longest(length_m: NDArray[np.float64], component: NDArray[np.intp]) -> int:
    """Return the component with the greatest length, of equally long ones that of the first node.

    Strongly connected components are numbered in another order than their nodes.
    """
    longest = np.flatnonzero(length_m == length_m.max())
    return int(component[np.flatnonzero(np.isin(component, longest))[0]])


def graph_seconds(network: Network, speed_m_s: float, *, is_reversed: bool = False) -> sparse.csr_array:
    """Return the time from node to node along single edges.

    Parameters
    ----------
    network
        The streets.
    speed_m_s
        Speed along every edge.
    is_reversed
        Whether the time stands from column to row: a search in that graph finds from where a node is reached. It makes a
        difference only where there are one-ways.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (n_nodes, n_nodes), seconds, all stored values above 0; row to column, and symmetric where every edge leads
        both ways. Of several edges between the same nodes the quickest counts.

    Raises
    ------
    CountError
        If the speed is not a positive number.
    """
    if not (np.isfinite(speed_m_s) and speed_m_s > 0):
        raise CountError("the speed is no positive number of m/s", where="speed_m_s", examples=[speed_m_s])
    back = slice(None) if network.is_one_way is None else ~network.is_one_way
    tail = np.concatenate([network.u, network.v[back]])
    head = np.concatenate([network.v, network.u[back]])
    if is_reversed:
        tail, head = head, tail
    edge_s = network.length_m / speed_m_s
    seconds = np.concatenate([edge_s, edge_s[back]])
    # SciPy SUMS what stands twice in a coo matrix: of parallel edges only the quickest may come that far.
    order = np.lexsort((seconds, head, tail))
    tail, head, seconds = tail[order], head[order], seconds[order]
    is_first = np.ones(len(tail), dtype=bool)
    is_first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    rows = np.bincount(tail[is_first], minlength=network.n_nodes)
    starts = np.concatenate([[0], np.cumsum(rows)])
    return sparse.csr_array((seconds[is_first], head[is_first], starts), shape=(network.n_nodes, network.n_nodes))
