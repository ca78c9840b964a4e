"""Points on the street network: the nearest edge, and where along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from data.errors import CountError, GeometryError
from geo.network import Network

# Distances are rounded to a micrometre, so that a point drawn exactly at the limit stands at the limit.
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Snapped:
    """Where points meet the network, one entry a point.

    Parameters
    ----------
    edge
        Position of the nearest edge, shape (n,).
    fraction
        Where on it, from 0 at u to 1 at v, shape (n,).
    distance_m
        Straight distance from the point to that place, shape (n,).
    is_connected
        Whether that distance is at most the limit, shape (n,).
    """

    edge: NDArray[np.intp]
    fraction: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    is_connected: NDArray[np.bool_]


def snap_points(network: Network, xy: ArrayLike, *, max_m: float = 400.0) -> Snapped:
    """Return the nearest edge of each point, edges being straight chords.

    Parameters
    ----------
    network
        The streets.
    xy
        Points, shape (n, 2), (x, y) in metres in the CRS of the network.
    max_m
        A point farther than this from its edge is not connected; one exactly as far is.

    Raises
    ------
    GeometryError
        If the points have another shape, or lack coordinates.
    CountError
        If the limit is negative or no number.

    Notes
    -----
    Of equally near edges the shortest counts, since its true course is nearest to its chord; of equally short ones the
    first. A point never meets a node as such, but an edge at its very end.
    """
    if not max_m >= 0:
        raise CountError("the limit is negative or no number", where="max_m", examples=[max_m])
    points = require_points(xy)
    ends = np.column_stack([network.x, network.y])
    tails, heads = ends[network.u], ends[network.v]
    # Drawn from the lower node to the higher, edges between the same nodes are equally near to the last bit.
    lower, higher = np.minimum(network.u, network.v), np.maximum(network.u, network.v)
    chords = shapely.linestrings(np.stack([ends[lower], ends[higher]], axis=1))
    tree = shapely.STRtree(np.asarray(chords, dtype=object))
    asked, found = tree.query_nearest(shapely.points(points), all_matches=True)
    order = np.lexsort((found, network.length_m[found], asked))
    _, first = np.unique(asked[order], return_index=True)
    edge = np.asarray(found[order[first]], dtype=np.intp)
    fraction = _project(points, tails[edge], heads[edge])
    meeting = tails[edge] + fraction[:, None] * (heads[edge] - tails[edge])
    away = points - meeting
    distance_m: NDArray[np.float64] = np.round(np.hypot(away[:, 0], away[:, 1]), _DECIMALS).astype(np.float64)
    return Snapped(edge, fraction, distance_m, distance_m <= max_m)


def require_points(xy: ArrayLike) -> NDArray[np.float64]:
    """Return the points as an array, once it is known to have the shape (n, 2) and no gaps.

    Raises
    ------
    GeometryError
        If the points have another shape, or lack coordinates.
    """
    points = np.asarray(xy, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise GeometryError(f"points have the shape {points.shape}, not (n, 2)", where="xy")
    lost = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if lost.size:
        raise GeometryError("points lack coordinates; positions", where="xy", n=int(lost.size), examples=lost)
    return points


def _project(points: NDArray[np.float64], tails: NDArray[np.float64], heads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the foot of each point lies on its chord, in [0, 1]; 0 on a chord without length."""
    step = heads - tails
    length2 = (step**2).sum(axis=1)
    along = ((points - tails) * step).sum(axis=1)
    fraction = np.divide(along, length2, out=np.zeros(len(points)), where=length2 > 0)
    return np.asarray(np.clip(fraction, 0.0, 1.0), dtype=np.float64)
