"""Who is reached on the streets: ours, pandana's range query and the OSMnx idiom on one graph, in one process."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bench.street_graph import build_streets
from geo.network import Network, graph_seconds
from geo.search import (
    Access,
    _choose_surroundings,  # the search for nodes is a part of ours, and all of what the others do
    _search_nodes,
    build_access,
    measure_top_speed,
    order_in_space,
    search_tile,
)
from geo.snap import Snapped, snap_points
from geo.traveltimes import street_times

try:
    import pandana
except ImportError:  # the extra `bench` is not installed; its rows then say so by name
    pandana = None

SEED = 2018
N_ROWS = 393
N_CELLS = 20_000
N_REPEATS = 3
TILE_SOURCES = 32
SPEED_M_S = 1.0  # seconds are then metres, the unit of the other programs

T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """So many sources, searched so far; the slowest program searches from the first few of them only."""

    n_sources: int
    cutoff_m: float
    n_ego: int
    reach: str


CASES = (Case(1000, 1200.0, 10, "≤ 0.15 ms"), Case(200, 6000.0, 2, "≤ 2 ms"))
Count = Callable[[NDArray[np.int64], float], NDArray[np.int64]]
"""How many nodes, or cells, are reached from each source."""


def bench_streets(cases: tuple[Case, ...] = CASES, *, n_rows: int = N_ROWS, n_cells: int = N_CELLS) -> list[str]:
    """Return the rows of the table.

    Raises
    ------
    RuntimeError
        If two programs do not reach the same number of nodes from each source: a comparison of unequal work.
    """
    rng = np.random.default_rng(SEED)
    network = build_streets(rng, n_rows=n_rows)
    graph = graph_seconds(network, SPEED_M_S)
    cells = rng.uniform(0, network.x.max(), (n_cells, 2))
    peers = _build_peers(network, graph)
    gc.collect()
    gc.freeze()  # else the many small objects of one graph are walked through again and again on the account of the others
    lines = [
        f"{network.n_nodes:,} nodes, {graph.nnz:,} directed edges of {network.length_m.mean():.0f} m, {n_cells:,} cells.",
        *([] if pandana else ["pandana: skipped, it is not installed (the extra `bench` has it)."]),
        "",
        "| sources | cutoff | search | CPU ms a source | times ours | reached from a source | reach |",
        "|---|---|---|---|---|---|---|",
    ]
    for case in cases:
        sources = rng.choice(network.n_nodes, case.n_sources, replace=False)
        rows = [*_compare(network, graph, peers, sources, case), *_time_cells(network, graph, cells, sources, case)]
        lines += [f"| {case.n_sources:,} | {case.cutoff_m:,.0f} m | {row} |" for row in rows]
    gc.unfreeze()
    return lines


def _build_peers(network: Network, graph: sparse.csr_array) -> dict[str, Count]:
    streets = _build_networkx(graph)
    peers: dict[str, Count] = {"networkx.ego_graph": lambda sources, cutoff_m: _count_ego(streets, sources, cutoff_m)}
    if pandana is not None:
        peer = _build_pandana(network)
        peers = {"pandana, nodes_in_range": lambda sources, cutoff_m: _count_pandana(peer, sources, cutoff_m), **peers}
    return peers


def _compare(
    network: Network, graph: sparse.csr_array, peers: dict[str, Count], sources: NDArray[np.int64], case: Case
) -> list[str]:
    """Return the rows of the searches for nodes, once they are known to have found as many."""
    ours_ms, counts = _median_ms(lambda: _count_nodes(network, graph, sources, case.cutoff_m), n_sources=len(sources))
    rows = [f"ours, nodes | {ours_ms:.3f} | 1 | {counts.mean():,.0f} | {case.reach}"]
    for name, count in peers.items():
        is_slow = name == "networkx.ego_graph"
        asked = sources[: case.n_ego] if is_slow else sources
        run = partial(count, asked, case.cutoff_m)
        peer_ms, found = _median_ms(run, n_sources=len(asked))
        unlike = np.flatnonzero(found != counts[: len(found)])
        if unlike.size:
            raise RuntimeError(f"{name} reaches other nodes than ours from {len(unlike)} sources: {unlike[:5].tolist()}")
        which = f"{name}, {len(asked)} of the sources" if is_slow else name
        rows.append(f"{which} | {peer_ms:.3f} | {peer_ms / ours_ms:.1f} | {found.mean():,.0f} | ")
    return rows


def _median_ms(run: Callable[[], T], *, n_sources: int) -> tuple[float, T]:
    """Return the median CPU time of all threads in milliseconds a source, and what the last run found."""
    taken = []
    for _ in range(N_REPEATS):
        begun_s = time.process_time()
        found = run()
        taken.append(time.process_time() - begun_s)
    return statistics.median(taken) * 1000 / n_sources, found


def _tile_sources(network: Network, sources: NDArray[np.int64]) -> Iterator[Access]:
    """Yield sources at nodes in tiles of neighbours, as `geo.traveltimes` does."""
    access = _stand_at_nodes(network, sources)
    order = order_in_space(np.column_stack([network.x[sources], network.y[sources]]))
    for first in range(0, len(order), TILE_SOURCES):
        yield access.take(order[first : first + TILE_SOURCES])


def _count_nodes(network: Network, graph: sparse.csr_array, sources: NDArray[np.int64], cutoff_m: float) -> NDArray[np.int64]:
    """Run the first part of `search_tile`: what the other programs do, without the ways from nodes to places."""
    limit_s, top_speed_m_s = cutoff_m / SPEED_M_S, measure_top_speed(network, graph)
    counts, nowhere = np.zeros(len(sources), dtype=np.int64), _stand_at_nodes(network, sources[:0])
    for tile in _tile_sources(network, sources):
        nodes, _ = _choose_surroundings(network, tile, nowhere, margin_m=limit_s * top_speed_m_s)
        seconds = _search_nodes(graph, nodes, tile, limit_s=limit_s)
        source, reached = np.nonzero(np.isfinite(seconds))
        pairs = pd.DataFrame({"source": tile.point[source], "destination": nodes[reached], "length": seconds[source, reached]})
        counts += np.bincount(pairs["source"], minlength=len(sources))
    return counts


def _stand_at_nodes(network: Network, nodes: NDArray[np.int64]) -> Access:
    """Return nodes as points at the very end of one of their edges."""
    ends = np.concatenate([network.u, network.v])
    _, first = np.unique(ends, return_index=True)
    at = first[nodes]
    edge, fraction = at % network.n_edges, (at >= network.n_edges).astype(np.float64)
    snapped = Snapped(edge, fraction, np.zeros(len(nodes)), np.ones(len(nodes), dtype=np.bool_))
    return build_access(network, snapped, speed_m_s=SPEED_M_S)


def _build_pandana(network: Network) -> pandana.Network:
    edges = pd.DataFrame({"from": network.u, "to": network.v, "length": network.length_m})
    x, y = (pd.Series(values) for values in (network.x, network.y))
    return pandana.Network(x, y, edges["from"], edges["to"], edges[["length"]], twoway=True)


def _count_pandana(peer: pandana.Network, sources: NDArray[np.int64], cutoff_m: float) -> NDArray[np.int64]:
    found = peer.nodes_in_range(sources, cutoff_m)
    return found.groupby("source")["destination"].size().loc[sources].to_numpy()


def _build_networkx(graph: sparse.csr_array) -> nx.MultiDiGraph:
    """Return the graph as OSMnx holds one."""
    arcs = graph.tocoo()
    streets = nx.MultiDiGraph()
    tails, heads = (ends.tolist() for ends in arcs.coords)
    streets.add_edges_from((u, v, {"length": length}) for u, v, length in zip(tails, heads, arcs.data.tolist(), strict=True))
    return streets


def _count_ego(streets: nx.MultiDiGraph, sources: NDArray[np.int64], cutoff_m: float) -> NDArray[np.int64]:
    """Count as the examples of OSMnx do: the part of the graph within the radius."""
    return np.array([len(nx.ego_graph(streets, node, radius=cutoff_m, distance="length")) for node in sources.tolist()])


def _time_cells(
    network: Network, graph: sparse.csr_array, cells: NDArray[np.float64], sources: NDArray[np.int64], case: Case
) -> list[str]:
    """Return the rows of our search for places: the search alone, and with all that comes before and after it."""
    targets = build_access(network, snap_points(network, cells), speed_m_s=SPEED_M_S)
    places = np.column_stack([network.x[sources], network.y[sources]])
    ids = [str(k) for k in range(max(len(cells), len(places)))]
    cutoff_s = case.cutoff_m / SPEED_M_S

    def search() -> int:
        top_speed_m_s = measure_top_speed(network, graph)
        tiles = _tile_sources(network, sources)
        found = [search_tile(network, graph, tile, targets, cutoff_s=cutoff_s, top_speed_m_s=top_speed_m_s) for tile in tiles]
        return sum(len(part.seconds) for part in found)

    def run() -> int:
        return street_times(
            network,
            mode="walk",
            demand_ids=ids[: len(cells)],
            demand_xy=cells,
            candidate_ids=ids[: len(places)],
            candidate_xy=places,
            speed_m_s=SPEED_M_S,
            cutoff_s=cutoff_s,
        ).seconds.nnz

    search_ms, n_pairs = _median_ms(search, n_sources=len(sources))
    whole_ms, n_stored = _median_ms(run, n_sources=len(sources))
    return [
        f"ours, {len(cells):,} cells, search alone | {search_ms:.3f} | | {n_pairs / len(sources):,.0f} | {case.reach}",
        f"ours, {len(cells):,} cells, `street_times` with snapping | {whole_ms:.3f} | | {n_stored / len(sources):,.0f} | ",
    ]
