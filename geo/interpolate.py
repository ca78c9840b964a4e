"""Areal interpolation: what was counted in a section is spread over the pieces of its own quarter."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse

from data.errors import CountError, EmptyLayerError, Faults, GeometryError, IdError
from geo.checks import add_if_any, require_columns, require_same_crs
from geo.discs import measure_disc_overlaps
from geo.overlay import find_overlaps, is_polygonal

# Where a source shares less than this part of its own area with a piece, it is rounding noise.
NOISE_SHARE = 1e-9


@dataclass(frozen=True)
class SpreadNotes:
    """How the sources found their pieces; the five counts sum to the number of sources.

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
    """

    n_by_disc: int
    n_by_polygon: int
    n_nearest_without_area: int
    n_nearest_disc_outside: int
    n_nearest_polygon_outside: int


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
    """

    weights: sparse.csr_array
    notes: SpreadNotes


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Which source shares how much with which piece."""

    source: NDArray[np.intp]
    piece: NDArray[np.intp]
    share: NDArray[np.float64]


def spread_sources(
    sources: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, *, quarter: str = "nil", area: str = "area_m2"
) -> Spread:
    """Return the share of each source in each piece of its own quarter.

    Parameters
    ----------
    sources
        Points, each standing for a disc of its area around it, or polygons, or both.
    pieces
        Polygons as `geo.grid.build_pieces` makes them, in the same CRS in metres.
    quarter
        Column with the quarter, in both layers.
    area
        Column of the sources with the area of points in m²; a missing value or 0 stands for no area.

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
        If a source is missing, empty, or neither point nor polygon, or a polygon is invalid.
    CountError
        If an area is negative or infinite.

    Notes
    -----
    A source gives each piece of its own quarter a share in proportion to the area that both have in common; what of its
    disc or polygon lies in other quarters counts for nothing. So the total of every source and the total of every
    quarter hold at once. Discs are true circles (`geo.discs`). A source without area, or one that misses its quarter,
    goes whole to the nearest piece of its quarter, of equally near ones to the first.
    """
    _check_sources(sources, pieces, quarter=quarter, area=area)
    groups = _number_quarters(sources[quarter], pieces[quarter])
    shapes, targets = sources.geometry.to_numpy(), pieces.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    radius_m = _radii(sources, is_point=is_point, area=area)
    is_disc = is_point & (radius_m > 0)
    discs = _share_discs(shapes, targets, groups=groups, radius_m=radius_m, rows=np.flatnonzero(is_disc))
    polygons = _share_polygons(shapes, targets, groups=groups, rows=np.flatnonzero(~is_point))
    left = np.setdiff1d(np.arange(len(shapes)), np.concatenate([discs.source, polygons.source]))
    nearest = _give_to_nearest(shapes, targets, groups=groups, rows=left)
    weights = _normalise([discs, polygons, nearest], shape=(len(shapes), len(targets)))
    is_left = np.isin(np.arange(len(shapes)), left)
    notes = SpreadNotes(
        n_by_disc=int((is_disc & ~is_left).sum()),
        n_by_polygon=int((~is_point & ~is_left).sum()),
        n_nearest_without_area=int((is_point & ~is_disc).sum()),
        n_nearest_disc_outside=int((is_disc & is_left).sum()),
        n_nearest_polygon_outside=int((~is_point & is_left).sum()),
    )
    return Spread(weights, notes)


def _check_sources(sources: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, *, quarter: str, area: str) -> None:
    if pieces.empty:
        raise EmptyLayerError("there are no pieces to spread over", where="pieces")
    require_columns(pieces, [quarter], where="pieces")
    type_id = shapely.get_type_id(sources.geometry.to_numpy())
    has_points = bool((type_id == shapely.GeometryType.POINT).any())
    require_columns(sources, [quarter, area] if has_points else [quarter], where="sources")
    require_same_crs(pieces, pieces.crs, where="pieces")
    require_same_crs(sources, pieces.crs, where="sources")
    faults = Faults()
    _check_quarters(faults, sources[quarter], pieces[quarter], quarter=quarter)
    _check_shapes(faults, sources)
    if has_points:
        areas_m2 = sources[area].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = sources.index[(areas_m2 < 0) | np.isinf(areas_m2)]
        add_if_any(faults, CountError, f"{area} is negative or infinite in rows", where="sources", examples=wrong)
    faults.raise_if_any()


def _check_quarters(faults: Faults, wanted: pd.Series, known: pd.Series, *, quarter: str) -> None:
    missing = wanted.isna()
    what = f"{quarter} is missing in rows"
    add_if_any(faults, IdError, what, where="sources", examples=wanted.index[missing])
    unknown = wanted[~missing & ~wanted.isin(known)]
    what = f"{unknown.size} sources lie in quarters without a piece; {quarter}"
    remedy = "Build the pieces from all quarters, or leave these sources out and say so"
    add_if_any(faults, IdError, what, where="sources", examples=sorted(unknown.unique()), remedy=remedy)


def _check_shapes(faults: Faults, sources: gpd.GeoDataFrame) -> None:
    shapes = sources.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    usable = (is_point | is_polygonal(shapes)) & ~shapely.is_empty(shapes)
    what = "geometries are missing, empty, or neither points nor polygons, in rows"
    add_if_any(faults, GeometryError, what, where="sources", examples=sources.index[~usable])
    broken = usable & ~shapely.is_valid(shapes)
    what, remedy = "geometries are invalid in rows", "Repair them with shapely.make_valid and look at the result"
    add_if_any(faults, GeometryError, what, where="sources", examples=sources.index[broken], remedy=remedy)


@dataclass(frozen=True, eq=False)
class _Groups:
    """The quarter of each source and of each piece, as the same whole numbers."""

    source: NDArray[np.int64]
    piece: NDArray[np.int64]


def _number_quarters(wanted: pd.Series, known: pd.Series) -> _Groups:
    index = pd.Index(known.unique())
    return _Groups(index.get_indexer(wanted).astype(np.int64), index.get_indexer(known).astype(np.int64))


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
) -> _Pairs:
    near, piece = shapely.STRtree(targets).query(shapes[rows], predicate="dwithin", distance=radius_m[rows])
    source = rows[near]
    own = groups.source[source] == groups.piece[piece]
    source, piece = source[own], piece[own]
    centres = np.column_stack([shapely.get_x(shapes[source]), shapely.get_y(shapes[source])])
    shared_m2 = measure_disc_overlaps(centres, radius_m[source], targets[piece])
    share = shared_m2 / (np.pi * radius_m[source] ** 2)
    real = share > NOISE_SHARE
    return _Pairs(source[real], piece[real], share[real])


def _share_polygons(
    shapes: NDArray[np.object_], targets: NDArray[np.object_], *, groups: _Groups, rows: NDArray[np.intp]
) -> _Pairs:
    found = find_overlaps(targets, shapes[rows], small_group=groups.piece, large_group=groups.source[rows])
    source = rows[found.large]
    share = found.area_m2 / shapely.area(shapes[source])
    real = share > NOISE_SHARE
    return _Pairs(source[real], found.small[real], share[real])


def _give_to_nearest(
    shapes: NDArray[np.object_], targets: NDArray[np.object_], *, groups: _Groups, rows: NDArray[np.intp]
) -> _Pairs:
    piece = np.empty(len(rows), dtype=np.intp)
    for group in np.unique(groups.source[rows]):
        mine = np.flatnonzero(groups.source[rows] == group)
        own = np.flatnonzero(groups.piece == group)
        asked, found = shapely.STRtree(targets[own]).query_nearest(shapes[rows[mine]], all_matches=True)
        order = np.lexsort((found, asked))
        _, first = np.unique(asked[order], return_index=True)
        piece[mine] = own[found[order[first]]]
    return _Pairs(rows, piece, np.ones(len(rows)))


def _normalise(parts: list[_Pairs], *, shape: tuple[int, int]) -> sparse.csr_array:
    source = np.concatenate([part.source for part in parts])
    piece = np.concatenate([part.piece for part in parts])
    share = np.concatenate([part.share for part in parts])
    order = np.lexsort((piece, source))
    source, piece, share = source[order], piece[order], share[order]
    total = np.bincount(source, weights=share, minlength=shape[0])
    starts = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=shape[0]))])
    return sparse.csr_array((share / total[source], piece, starts), shape=shape)
