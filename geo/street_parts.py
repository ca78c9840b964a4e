"""Streets cut at the borders of pieces: which metres of which street lie in which piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.network import Network

NOISE_M = 1e-6
"""A stretch of a street that is not longer than this is rounding noise."""

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class StreetParts:
    """Stretches of streets, each in one piece.

    Parameters
    ----------
    edge, piece
        Position of the edge and of the piece, shape (n_parts,).
    start, end
        Both ends, shape (n_parts, 2), metres.
    density
        True metres of street per metre of the stretch, shape (n_parts,); half of it in each of two pieces whose border it is.
    """

    edge: Positions
    piece: Positions
    start: Floats
    end: Floats
    density: Floats


def cut_streets(network: Network, pieces: NDArray[np.object_]) -> StreetParts:
    """Return the stretches of the streets that lie in the pieces.

    Parameters
    ----------
    network
        Streets; an edge is its straight chord, and one that ends where it begins has none.
    pieces
        Valid polygons or multipolygons in the CRS of the network, which do not overlap.
    """
    tails, heads = (np.column_stack([network.x[ends], network.y[ends]]) for ends in (network.u, network.v))
    chord_m = np.hypot(*(heads - tails).T)
    rows = np.flatnonzero(chord_m > NOISE_M)
    edge, piece, low, high = _find_stretches(tails[rows], heads[rows], pieces)
    step_edge, step_low, step_high = _cut_where_any_ends(edge, low, high, chord_m=chord_m[rows])
    stretch, step, sharing = _match_steps(edge, low, high, step_edge=step_edge, middle=(step_low + step_high) / 2)
    of = rows[step_edge[step]]
    along = heads[of] - tails[of]
    return StreetParts(
        edge=of,
        piece=piece[stretch],
        start=tails[of] + step_low[step, None] * along,
        end=tails[of] + step_high[step, None] * along,
        density=network.length_m[of] / chord_m[of] / sharing,
    )


def _find_stretches(tails: Floats, heads: Floats, pieces: NDArray[np.object_]) -> tuple[Positions, Positions, Floats, Floats]:
    """Return edge and piece of each stretch, and where it begins and ends, in parts of the edge."""
    chords = np.asarray(shapely.linestrings(np.stack([tails, heads], axis=1)), dtype=object)
    shapely.prepare(pieces)
    piece, edge = shapely.STRtree(chords).query(pieces, predicate="intersects")
    shared = chords[edge]
    is_cut = ~shapely.contains_properly(pieces[piece], shared)
    shared[is_cut] = shapely.intersection(shared[is_cut], pieces[piece[is_cut]])
    lines, pair = shapely.get_parts(shared, return_index=True)
    is_line = shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING
    lines, pair = lines[is_line], pair[is_line]
    edge, piece = edge[pair], piece[pair]
    along = heads[edge] - tails[edge]
    first, last = (
        ((shapely.get_coordinates(shapely.get_point(lines, at)) - tails[edge]) * along).sum(axis=1) / (along**2).sum(axis=1)
        for at in (0, -1)
    )
    low, high = np.clip(np.minimum(first, last), 0.0, 1.0), np.clip(np.maximum(first, last), 0.0, 1.0)
    return edge.astype(np.intp), piece.astype(np.intp), low, high


def _cut_where_any_ends(edge: Positions, low: Floats, high: Floats, *, chord_m: Floats) -> tuple[Positions, Floats, Floats]:
    """Return the steps of each edge between the places where any of its stretches begins or ends."""
    of, at = np.concatenate([edge, edge]), np.concatenate([low, high])
    order = np.lexsort((at, of))
    of, at = of[order], at[order]
    is_step = (of[1:] == of[:-1]) & ((at[1:] - at[:-1]) * chord_m[of[:-1]] > NOISE_M)
    return of[:-1][is_step], at[:-1][is_step], at[1:][is_step]


def _match_steps(
    edge: Positions, low: Floats, high: Floats, *, step_edge: Positions, middle: Floats
) -> tuple[Positions, Positions, Floats]:
    """Return each pair of a stretch and a step on it, and how many stretches share that step."""
    # One number orders places on all edges: the edge before the point, the place on it (0 to 1) after.
    places = 2.0 * step_edge + middle
    first, last = np.searchsorted(places, 2.0 * edge + low), np.searchsorted(places, 2.0 * edge + high)
    n_steps = last - first
    stretch = np.repeat(np.arange(len(edge)), n_steps)
    step = np.arange(len(stretch)) - np.repeat(np.cumsum(n_steps) - n_steps, n_steps) + np.repeat(first, n_steps)
    sharing = np.bincount(step, minlength=len(places))[step].astype(np.float64)
    return stretch, step, sharing
