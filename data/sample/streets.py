"""Streets of the sample city: jittered blocks joined to their neighbours, but not across a river or a railway."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.sample.facts import OUTSIDE, CrossingFact, Facts, IslandFact
from data.sample.lattice import Blocks, Lattice

STEP_M = 0.01


@dataclass(frozen=True)
class _Streets:
    """Nodes of shape (n, 2) in metres, edges of shape (m, 2) as node positions, lengths over chords of shape (m,)."""

    xy: NDArray[np.float64]
    edges: NDArray[np.intp]
    factor: NDArray[np.float64]


def build_streets(
    facts: Facts, lattice: Lattice, blocks: Blocks, *, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the nodes and the edges of the street network.

    Returns
    -------
    nodes
        node (from 0), component (0 is the longest), degree; geometry Point in the CRS of the facts.
    edges
        u, v, length_m (true, at least the chord), chord_m, split (False), component; geometry LineString, the chord.
    """
    streets = _lay_streets(facts, lattice, blocks, rng=rng)
    for island in facts.islands:
        streets = _add_island(streets, island, corner=facts.city.corner, rng=rng)
    return _to_frames(_drop_lonely_nodes(streets), crs=facts.city.crs)


def _lay_streets(facts: Facts, lattice: Lattice, blocks: Blocks, *, rng: np.random.Generator) -> _Streets:
    is_node = _choose_nodes(facts, blocks)
    number = np.where(is_node, np.cumsum(is_node.ravel()).reshape(is_node.shape) - 1, 0)
    noise = rng.uniform(-facts.streets.jitter_m, facts.streets.jitter_m, size=(int(is_node.sum()), 2))
    xy = (blocks.xy[is_node] + noise).round(2)
    keep_share = np.array([_street_keep(facts, letter) for letter in blocks.letters[is_node]])
    edges = _join_neighbours(is_node, number)
    is_kept = rng.random(len(edges)) < keep_share[edges].min(axis=1)
    factor = _bend(len(edges), facts, rng=rng)
    for barrier in facts.barriers:
        line = shapely.linestrings(_trace(lattice, barrier.corners))
        meeting = np.flatnonzero(shapely.intersects(shapely.linestrings(xy[edges]), line))
        is_kept[meeting] = False
        for crossing in barrier.crossings:
            chosen = meeting[_nearest(xy[edges[meeting]].mean(axis=1), crossing, corner=facts.city.corner)]
            is_kept[chosen] = True
            factor[chosen] = crossing.length_factor
    return _Streets(xy=xy, edges=edges[is_kept], factor=factor[is_kept])


def _street_keep(facts: Facts, letter: str) -> float:
    return facts.character(letter).street_keep


def _choose_nodes(facts: Facts, blocks: Blocks) -> NDArray[np.bool_]:
    """Return which blocks have a node: all of them, or those on every second row or column, or none."""
    every = {OUTSIDE: 0} | {quarter.letter: facts.character(quarter.letter).every_street for quarter in facts.quarters}
    step = np.vectorize(every.__getitem__)(blocks.letters)
    row, column = np.indices(blocks.letters.shape)
    is_node: NDArray[np.bool_] = (step == 1) | ((step > 1) & ((row % 2 == 0) | (column % 2 == 0)))
    return is_node


def _join_neighbours(is_node: NDArray[np.bool_], number: NDArray[np.intp]) -> NDArray[np.intp]:
    to_east = is_node[:, :-1] & is_node[:, 1:]
    to_south = is_node[:-1] & is_node[1:]
    starts = np.concatenate([number[:, :-1][to_east], number[:-1][to_south]])
    ends = np.concatenate([number[:, 1:][to_east], number[1:][to_south]])
    return np.column_stack([starts, ends])


def _bend(n: int, facts: Facts, *, rng: np.random.Generator) -> NDArray[np.float64]:
    is_curved = rng.random(n) < facts.streets.curved_share
    bend: NDArray[np.float64] = 1.0 + is_curved * rng.uniform(0.0, facts.streets.curved_max, size=n)
    return bend


def _nearest(middles: NDArray[np.float64], crossing: CrossingFact, *, corner: tuple[float, float]) -> np.intp:
    place = np.array([corner[0] + crossing.x_m, corner[1] + crossing.y_m])
    nearest: np.intp = np.linalg.norm(middles - place, axis=1).argmin()
    return nearest


def _trace(lattice: Lattice, corners: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    """Return the corners of the lattice along a line that is given by its ends and turns, (column, row)."""
    path = [corners[0]]
    for end_column, end_row in corners[1:]:
        while path[-1] != (end_column, end_row):
            column, row = path[-1]
            path.append((column + int(np.sign(end_column - column)), row + int(np.sign(end_row - row))))
    columns, rows = np.array(path).T
    traced: NDArray[np.float64] = lattice.corners[rows, columns]
    return traced


def _add_island(streets: _Streets, island: IslandFact, *, corner: tuple[float, float], rng: np.random.Generator) -> _Streets:
    row, column = np.indices((island.rows, island.columns))
    regular = np.column_stack([column.ravel(), row.ravel()]) * island.pitch_m + corner + (island.x_m, island.y_m)
    xy = (regular + rng.uniform(-5.0, 5.0, size=regular.shape)).round(2)
    everywhere = np.ones(row.shape, dtype=np.bool_)
    edges = _join_neighbours(everywhere, np.arange(row.size).reshape(row.shape)) + len(streets.xy)
    return _Streets(
        xy=np.concatenate([streets.xy, xy]),
        edges=np.concatenate([streets.edges, edges]),
        factor=np.concatenate([streets.factor, np.ones(len(edges))]),
    )


def _drop_lonely_nodes(streets: _Streets) -> _Streets:
    used, edges = np.unique(streets.edges, return_inverse=True)
    return _Streets(xy=streets.xy[used], edges=edges.reshape(streets.edges.shape), factor=streets.factor)


def _to_frames(streets: _Streets, *, crs: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    u, v = streets.edges.T
    lines = shapely.linestrings(streets.xy[streets.edges])
    chord_m = shapely.length(lines)
    # Rounded up: a length below its chord would be no length.
    length_m = np.ceil(chord_m * streets.factor / STEP_M) * STEP_M
    component = _number_components(len(streets.xy), streets.edges, length_m)
    nodes = pd.DataFrame(
        {
            "node": np.arange(len(streets.xy)),
            "component": component,
            "degree": np.bincount(streets.edges.ravel(), minlength=len(streets.xy)),
        }
    )
    edges = pd.DataFrame(
        {
            "u": u,
            "v": v,
            "length_m": length_m.round(2),
            "chord_m": chord_m.round(2),
            "split": False,
            "component": component[u],
        }
    )
    return (
        gpd.GeoDataFrame(nodes, geometry=shapely.points(streets.xy), crs=crs),
        gpd.GeoDataFrame(edges, geometry=lines, crs=crs),
    )


def _number_components(n_nodes: int, edges: NDArray[np.intp], length_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the component of each node, numbered from the longest on."""
    ones = np.ones(len(edges), dtype=np.int8)
    _, label = connected_components(coo_array((ones, edges.T), shape=(n_nodes, n_nodes)), directed=False)
    longest_first = np.argsort(-np.bincount(label[edges[:, 0]], weights=length_m), kind="stable")
    rank = np.empty(len(longest_first), dtype=np.int64)
    rank[longest_first] = np.arange(len(longest_first))
    numbers: NDArray[np.int64] = rank[label]
    return numbers
