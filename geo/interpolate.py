"""Areal interpolation: what was counted in a section is spread over the pieces of its own quarter, or of the whole city."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse

from data.errors import GeometryError
from geo.dasymetric import Ancillary, Shared, share_in_discs, share_in_polygons
from geo.discs import measure_disc_overlaps
from geo.overlay import find_overlaps
from geo.source_checks import check_sources
from geo.source_pairs import SourcePairs, has_any, join_pairs, normalise_pairs

# Where a source shares less than this part of its own area with a piece, it is rounding noise.
NOISE_SHARE = 1e-9
# A source that lies in the city but for less than this part of its own area lies in it: borders are drawn in many ways.
BORDER_SHARE = 1e-6


@dataclass(frozen=True)
class SpreadNotes:
    """How the sources found their pieces; the first five counts sum to the number of sources.

    Parameters
    ----------
    n_by_disc
        Points spread by the overlap of the disc of their area.
    n_by_polygon
        Polygons spread by their overlap.
    n_nearest_without_area
        Points without an area, given whole to the nearest piece of their quarter.
    n_nearest_disc_outside
        Points whose disc misses their quarter, given whole to its nearest piece.
    n_nearest_polygon_outside
        Polygons that miss their quarter, given whole to its nearest piece.
    n_by_ancillary
        Of the first two kinds, those spread by what of the ancillary layer lies in their overlap.
    n_without_ancillary
        Of the first two kinds, those with nothing of the ancillary layer in their overlap, spread by area instead.
    n_partly_outside
        Of the first two kinds, those that reach beyond the pieces; counted only where sources have no quarter.
    """

    n_by_disc: int
    n_by_polygon: int
    n_nearest_without_area: int
    n_nearest_disc_outside: int
    n_nearest_polygon_outside: int
    n_by_ancillary: int = 0
    n_without_ancillary: int = 0
    n_partly_outside: int = 0


@dataclass(frozen=True, eq=False)
class Spread:
    """Shares of sources in pieces.

    Parameters
    ----------
    weights
        Sparse, shape (n_sources, n_pieces): the share of each source that lives in each piece, above 0, rows sum to 1.
        `counts @ weights` takes counts of sources to pieces.
    notes
        How the sources found their pieces.
    inside
        Part of the area of each source that lies in pieces it may live in, shape (n_sources,), in [0, 1]; of a point without
        an area 1 or 0.
    """

    weights: sparse.csr_array
    notes: SpreadNotes
    inside: NDArray[np.float64]


def spread_sources(
    sources: gpd.GeoDataFrame,
    pieces: gpd.GeoDataFrame,
    *,
    quarter: str | None = "nil",
    area: str = "area_m2",
    ancillary: Ancillary | None = None,
) -> Spread:
    """Return the share of each source in each piece of its own quarter.

    Parameters
    ----------
    sources
        Points, each standing for a disc of its area around it, or polygons, or both.
    pieces
        Polygons as `geo.grid.build_pieces` makes them, in the same CRS in metres.
    quarter
        Column with the quarter, in both layers; None where sources have none, as the cells of a grid: each may then live in
        every piece.
    area
        Column of the sources with the area of points in m²; a missing value or 0 stands for no area.
    ancillary
        Where homes are, of the same pieces (`geo.dasymetric`); None spreads by area.

    Returns
    -------
    Spread
        Rows in the order of the sources, columns in that of the pieces.

    Raises
    ------
    EmptyLayerError
        If there are no pieces.
    ColumnError
        If a column is missing; the area is needed only where there are points.
    CrsError
        If the layers differ in CRS, or it has no metres.
    IdError
        If sources lack a quarter, or their quarter has no piece.
    GeometryError
        If a source is missing, empty, or neither point nor polygon, or a polygon is invalid; or if the ancillary layer is of
        other pieces.
    CountError
        If an area is negative or infinite.

    Notes
    -----
    A source gives each piece of its own quarter a share in proportion to the area that both have in common, or to the metres
    of street or square metres of floor in that area. What of its disc or polygon lies in other quarters counts for nothing. So
    the total of every source and the total of every quarter hold at once. Discs are true circles (`geo.discs`). A source in
    whose overlap nothing of the ancillary layer lies is spread by area. A source without area, or one that misses its quarter,
    goes whole to the nearest piece of its quarter, of equally near ones to the first.
    """
    check_sources(sources, pieces, quarter=quarter, area=area)
    if ancillary is not None and ancillary.n_pieces != len(pieces):
        what = f"the ancillary layer was cut by {ancillary.n_pieces:,} pieces, not by these {len(pieces):,}"
        raise GeometryError(what, where="ancillary", remedy="Weigh it by the same pieces")
    groups = _number_quarters(sources, pieces, quarter)
    shapes, targets = sources.geometry.to_numpy(), pieces.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    radius_m = _radii(sources, is_point=is_point, area=area)
    is_disc = is_point & (radius_m > 0)
    by_area = join_pairs(
        _share_discs(shapes, targets, groups=groups, radius_m=radius_m, rows=np.flatnonzero(is_disc)),
        _share_polygons(shapes, targets, groups=groups, rows=np.flatnonzero(~is_point)),
    )
    is_left = ~has_any(by_area, len(shapes))
    nearest = _give_to_nearest(shapes, targets, groups=groups, rows=np.flatnonzero(is_left))
    chosen, has_homes = by_area, np.zeros(len(shapes), dtype=bool)
    if ancillary is not None:
        by_homes = _share_ancillary(shapes, ancillary, groups=groups, radius_m=radius_m, is_disc=is_disc, is_left=is_left)
        by_homes = by_homes.among(by_area, n_pieces=len(targets))
        has_homes = has_any(by_homes, len(shapes))
        chosen = join_pairs(by_homes, by_area.of(~has_homes))
    weights = normalise_pairs(join_pairs(chosen, nearest), shape=(len(shapes), len(targets)))
    inside = np.bincount(by_area.source, weights=by_area.share, minlength=len(shapes)).clip(max=1.0).astype(np.float64)
    inside[_find_inside(nearest, shapes, targets, is_bare=is_point & ~is_disc)] = 1.0
    notes = SpreadNotes(
        n_by_disc=int((is_disc & ~is_left).sum()),
        n_by_polygon=int((~is_point & ~is_left).sum()),
        n_nearest_without_area=int((is_point & ~is_disc).sum()),
        n_nearest_disc_outside=int((is_disc & is_left).sum()),
        n_nearest_polygon_outside=int((~is_point & is_left).sum()),
        n_by_ancillary=int(has_homes.sum()),
        n_without_ancillary=0 if ancillary is None else int((~is_left & ~has_homes).sum()),
        n_partly_outside=0 if quarter is not None else int((~is_left & (inside < 1.0 - BORDER_SHARE)).sum()),
    )
    return Spread(weights, notes, inside)


@dataclass(frozen=True, eq=False)
class _Groups:
    """The quarter of each source and of each piece, as the same whole numbers."""

    source: NDArray[np.int64]
    piece: NDArray[np.int64]


def _number_quarters(sources: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, quarter: str | None) -> _Groups:
    """Return the quarters as numbers; without quarters the whole city is one."""
    if quarter is None:
        return _Groups(np.zeros(len(sources), dtype=np.int64), np.zeros(len(pieces), dtype=np.int64))
    index = pd.Index(pieces[quarter].unique())
    source, piece = (index.get_indexer(frame[quarter]).astype(np.int64) for frame in (sources, pieces))
    return _Groups(source, piece)


def _radii(sources: gpd.GeoDataFrame, *, is_point: NDArray[np.bool_], area: str) -> NDArray[np.float64]:
    """Return the radius of the disc of each point, in metres; 0 for points without an area and for polygons."""
    radius_m = np.zeros(len(sources))
    if is_point.any():
        areas_m2 = sources[area].to_numpy(dtype=np.float64, na_value=np.nan)[is_point]
        radius_m[is_point] = np.sqrt(np.nan_to_num(areas_m2) / np.pi)
    return radius_m


def _share_discs(
    shapes: NDArray[np.object_],
    targets: NDArray[np.object_],
    *,
    groups: _Groups,
    radius_m: NDArray[np.float64],
    rows: NDArray[np.intp],
) -> SourcePairs:
    near, piece = shapely.STRtree(targets).query(shapes[rows], predicate="dwithin", distance=radius_m[rows])
    source = rows[near]
    own = groups.source[source] == groups.piece[piece]
    source, piece = source[own], piece[own]
    centres = np.column_stack([shapely.get_x(shapes[source]), shapely.get_y(shapes[source])])
    shared_m2 = measure_disc_overlaps(centres, radius_m[source], targets[piece])
    share = shared_m2 / (np.pi * radius_m[source] ** 2)
    real = share > NOISE_SHARE
    return SourcePairs(source[real], piece[real], share[real])


def _share_polygons(
    shapes: NDArray[np.object_], targets: NDArray[np.object_], *, groups: _Groups, rows: NDArray[np.intp]
) -> SourcePairs:
    found = find_overlaps(targets, shapes[rows], small_group=groups.piece, large_group=groups.source[rows])
    source = rows[found.large]
    share = found.area_m2 / shapely.area(shapes[source])
    real = share > NOISE_SHARE
    return SourcePairs(source[real], found.small[real], share[real])


def _give_to_nearest(
    shapes: NDArray[np.object_], targets: NDArray[np.object_], *, groups: _Groups, rows: NDArray[np.intp]
) -> SourcePairs:
    piece = np.empty(len(rows), dtype=np.intp)
    for group in np.unique(groups.source[rows]):
        mine = np.flatnonzero(groups.source[rows] == group)
        own = np.flatnonzero(groups.piece == group)
        asked, found = shapely.STRtree(targets[own]).query_nearest(shapes[rows[mine]], all_matches=True)
        order = np.lexsort((found, asked))
        _, first = np.unique(asked[order], return_index=True)
        piece[mine] = own[found[order[first]]]
    return SourcePairs(rows, piece, np.ones(len(rows)))


def _find_inside(
    nearest: SourcePairs, shapes: NDArray[np.object_], targets: NDArray[np.object_], *, is_bare: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the points without an area that lie in the piece that they were given to."""
    is_in = is_bare[nearest.source] & shapely.intersects(targets[nearest.piece], shapes[nearest.source])
    return nearest.source[is_in]


def _share_ancillary(
    shapes: NDArray[np.object_],
    ancillary: Ancillary,
    *,
    groups: _Groups,
    radius_m: NDArray[np.float64],
    is_disc: NDArray[np.bool_],
    is_left: NDArray[np.bool_],
) -> SourcePairs:
    """Return what of the ancillary layer each disc or polygon shares with each piece, in the measure of that layer."""
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    discs, polygons = np.flatnonzero(is_disc & ~is_left), np.flatnonzero(~is_point & ~is_left)
    centres = np.column_stack([shapely.get_x(shapes[discs]), shapely.get_y(shapes[discs])])
    in_discs = share_in_discs(ancillary, centres, radius_m[discs], disc_group=groups.source[discs], piece_group=groups.piece)
    in_polygons = share_in_polygons(
        ancillary, shapes[polygons], polygon_group=groups.source[polygons], piece_group=groups.piece
    )
    return join_pairs(_name_sources(in_discs, discs), _name_sources(in_polygons, polygons))


def _name_sources(shared: Shared, rows: NDArray[np.intp]) -> SourcePairs:
    return SourcePairs(rows[shared.source], shared.piece, shared.weight)
