"""Areas of rising size, made to lie inside one another exactly, not up to rounding."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

GRID_M = 2.0**-10
"""Corners lie on a lattice of about a millimetre. A power of two, so that every corner is an exact binary number."""


def nest_areas(areas: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the areas with each inside the next exactly.

    Parameters
    ----------
    areas
        Valid polygons or multipolygons, shape (n,), metres, each inside the next but for rounding.

    Returns
    -------
    numpy.ndarray
        Polygons or multipolygons, shape (n,), valid; outlines move by about `GRID_M`.

    Notes
    -----
    Two buffers computed one after the other are not nested to the last bit: where their outlines run together, rounding
    puts either outside. So all outlines are cut into one arrangement of faces on a common lattice, each face is given to
    the first area that holds a point inside it, and an area is the union of the faces given to it and to those before
    it. The larger area has every face of the smaller one, so nesting needs no tolerance; the union drops shared sides
    and computes no new corner, so it cannot undo that.

    Examples
    --------
    >>> small, large = nest_areas(np.array([shapely.box(0, 0, 1, 1.1), shapely.box(0, 0, 3, 1)]))
    >>> bool(shapely.covers(large, small)), round(float(small.area), 2), round(float(large.area), 2)
    (True, 1.1, 3.1)
    """
    if len(areas) == 0:
        return np.empty(0, dtype=object)
    outlines = shapely.union_all(shapely.boundary(areas), grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(outlines)))
    inside = shapely.point_on_surface(faces)
    shapely.prepare(areas)
    is_in = np.stack([shapely.intersects(area, inside) for area in areas])
    is_in = np.logical_or.accumulate(is_in, axis=0)
    nested = np.empty(len(areas), dtype=object)
    nested[:] = [shapely.coverage_union_all(faces[row]) for row in is_in]
    return nested
