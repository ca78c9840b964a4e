"""Area that discs share with polygons, exactly: no circle is replaced by a polygon."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Float = NDArray[np.float64]


def measure_disc_overlaps(centres: Float, radius_m: Float, polygons: NDArray[np.object_]) -> Float:
    """Return the area that each disc shares with the polygon of the same row.

    Parameters
    ----------
    centres
        Shape (n, 2), metres.
    radius_m
        Shape (n,), positive.
    polygons
        Polygons or multipolygons, holes allowed, shape (n,), in the CRS of the centres.

    Returns
    -------
    numpy.ndarray
        Square metres, shape (n,); rounding may leave a trace of either sign where nothing is shared.

    Notes
    -----
    Every edge a→b of a ring spans a triangle with the centre of the disc. The signed areas that these triangles share
    with the disc add up to the area shared with the polygon; each is a triangle inside the circle and circular sectors
    beside it. Outlines run counterclockwise, holes clockwise, so that holes are taken away.

    Examples
    --------
    >>> quarter_disc = measure_disc_overlaps(np.zeros((1, 2)), np.ones(1), np.array([shapely.box(0, 0, 2, 2)]))
    >>> float(quarter_disc[0] * 4).__round__(12)
    3.14159265359
    """
    start, end, row = _edges(polygons)
    a, b = start - centres[row], end - centres[row]
    # A repeated vertex spans no area, and so do two that the rounding of a difference has made one.
    is_edge = ((b - a) ** 2).sum(axis=1) > 0.0
    shared_m2 = np.zeros(len(row))
    shared_m2[is_edge] = _edge_areas(a[is_edge], b[is_edge], radius_m[row][is_edge])
    return np.bincount(row, weights=shared_m2, minlength=len(polygons)).astype(np.float64)


def _edges(polygons: NDArray[np.object_]) -> tuple[Float, Float, NDArray[np.intp]]:
    """Return both ends of every edge, and the polygon to which it belongs."""
    parts, part_row = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    is_edge = ring[1:] == ring[:-1]
    row = part_row[ring_part[ring[:-1][is_edge]]]
    return coordinates[:-1][is_edge], coordinates[1:][is_edge], np.asarray(row, dtype=np.intp)


def _edge_areas(a: Float, b: Float, radius_m: Float) -> Float:
    """Return the signed area that the disc round the origin shares with each triangle (origin, a, b)."""
    step = b - a
    length2 = (step**2).sum(axis=1)
    nearest = -(a * step).sum(axis=1) / length2  # where the line passes nearest to the origin, in parts of the edge
    half2 = (radius_m**2 - _cross(a, step) ** 2 / length2) / length2  # squared half of the chord, in the same parts
    half = np.sqrt(np.maximum(half2, 0.0))
    enter, leave = np.clip(nearest - half, 0.0, 1.0), np.clip(nearest + half, 0.0, 1.0)
    p = a + enter[:, None] * step
    # Where b itself is the end, it is taken as it is: near the origin, rounding could turn it round by half a circle.
    q = np.where(leave[:, None] == 1.0, b, a + leave[:, None] * step)
    # An edge that stays outside has enter = leave, an empty triangle, and two sectors that make one.
    return 0.5 * (_cross(p, q) + radius_m**2 * (_angle(a, p) + _angle(q, b)))


def _cross(a: Float, b: Float) -> Float:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _angle(a: Float, b: Float) -> Float:
    """Return the angle from a to b at the origin, in radians, between -π and π; 0 where one of them is the origin."""
    return np.asarray(np.arctan2(_cross(a, b), (a * b).sum(axis=1)))
