"""Areas that two sets of polygons share: the one overlay behind grids, pieces and areal interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

# One square millimetre. Coordinates run in the millions of metres, where a double keeps about 1e-9 m: along a side of
# 100 m that is 1e-7 m². Anything larger is a real overlap and is kept, however thin.
NOISE_M2 = 1e-6
NOISE_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Pairs of polygons that share more area than rounding noise, in the order of `large`, then `small`.

    Parameters
    ----------
    small, large
        Positions in the two sets, shape (n_pairs,).
    area_m2
        Shared area, shape (n_pairs,), above `NOISE_M2`.
    geometry
        What is shared, Polygon or MultiPolygon, shape (n_pairs,).
    """

    small: NDArray[np.intp]
    large: NDArray[np.intp]
    area_m2: NDArray[np.float64]
    geometry: NDArray[np.object_]


def find_overlaps(
    small: NDArray[np.object_],
    large: NDArray[np.object_],
    *,
    small_group: NDArray[np.int64] | None = None,
    large_group: NDArray[np.int64] | None = None,
) -> Overlaps:
    """Return what each pair of polygons shares.

    Parameters
    ----------
    small, large
        Valid polygons or multipolygons in one metric CRS. The answer is the same either way round; it is fast when
        most of the small ones lie wholly inside one of the large ones.
    small_group, large_group
        Where both are given, only pairs of the same group are compared.

    Notes
    -----
    A polygon that lies wholly inside the other is its own overlap and is not cut. Lines and points at which polygons
    only touch are dropped, and so is an area of `NOISE_M2` or less, which is rounding noise.
    """
    shapely.prepare(large)
    j, i = shapely.STRtree(small).query(large, predicate="intersects")
    if small_group is not None and large_group is not None:
        same = small_group[i] == large_group[j]
        i, j = i[same], j[same]
    parts = small[i]
    cut = ~shapely.contains_properly(large[j], parts)
    parts[cut] = keep_polygons(shapely.intersection(parts[cut], large[j[cut]]))
    area_m2 = shapely.area(parts)
    order = np.lexsort((i, j))
    order = order[area_m2[order] > NOISE_M2]
    return Overlaps(i[order], j[order], area_m2[order], parts[order])


def find_largest(parts: NDArray[np.object_], zones: NDArray[np.object_]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the zone that shares most area with each part, and how far away it is.

    Parameters
    ----------
    parts, zones
        Valid polygons or multipolygons in one metric CRS; zones may be few and large.

    Returns
    -------
    tuple
        Position of the zone, shape (n_parts,), and metres, shape (n_parts,): 0 where they share area. A part that
        shares no area with a zone has the nearest one. Of equal ones (to `NOISE_M2`) the first counts.
    """
    shared = find_overlaps(parts, zones)
    order = np.lexsort((shared.large, -np.round(shared.area_m2, NOISE_DECIMALS), shared.small))
    found, first = np.unique(shared.small[order], return_index=True)
    zone = np.empty(len(parts), dtype=np.intp)
    zone[found] = shared.large[order[first]]
    distance_m = np.zeros(len(parts))
    for position in np.setdiff1d(np.arange(len(parts)), found):  # a few slivers along the outline of the city
        to_each_m = shapely.distance(parts[position], zones)
        zone[position] = np.argmin(to_each_m)
        distance_m[position] = to_each_m[zone[position]]
    return zone, distance_m


def keep_polygons(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the geometries without the lines and points of mixed collections; nothing but those gives an empty one.

    Examples
    --------
    >>> mixed = shapely.from_wkt(["GEOMETRYCOLLECTION (POINT (5 5), POLYGON ((0 0, 1 0, 1 1, 0 0)))", "POINT (1 1)"])
    >>> [geometry.wkt for geometry in keep_polygons(mixed)]
    ['POLYGON ((0 0, 1 0, 1 1, 0 0))', 'POLYGON EMPTY']
    """
    kept = geometries.copy()
    for position in np.flatnonzero(~is_polygonal(geometries)):
        parts = shapely.get_parts(geometries[position])
        polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
        kept[position] = polygons[0] if len(polygons) == 1 else _join(polygons)
    return kept


def _join(polygons: NDArray[np.object_]) -> shapely.Geometry:
    return shapely.MultiPolygon(list(polygons)) if len(polygons) else shapely.Polygon()


def is_polygonal(geometries: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which geometries are polygons or multipolygons; a missing one is not."""
    return np.isin(shapely.get_type_id(geometries), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
