"""Where homes are inside a section: buildings with their floors, or streets as a proxy of them, cut at the borders of pieces.

Spreading by area takes parks and railway yards for homes. A dasymetric spread gives each piece of a section a share in
proportion to what of an ancillary layer stands in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.errors import CountError, EmptyLayerError, Faults, GeometryError
from geo.checks import add_if_any, require_columns, require_same_crs
from geo.discs import measure_disc_overlaps
from geo.network import Network
from geo.overlay import NOISE_M2, find_overlaps, is_polygonal
from geo.street_parts import cut_streets

NOISE_M = 1e-6
"""Metres of street up to which an overlap is rounding noise."""

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Ancillary:
    """What tells where people live: parts, each in one piece.

    Parameters
    ----------
    piece
        Position of the piece of each part, shape (n_parts,), sorted.
    geometry
        Polygons (buildings), or straight lines of two points (streets), shape (n_parts,).
    density
        Weight per m² of polygon or per m of line, above 0, shape (n_parts,).
    n_pieces
        How many pieces there are.
    """

    piece: Positions
    geometry: NDArray[np.object_]
    density: Floats
    n_pieces: int

    @property
    def is_lines(self) -> bool:
        """Whether the parts are streets."""
        return bool(len(self.geometry)) and shapely.get_type_id(self.geometry[0]) == shapely.GeometryType.LINESTRING

    @property
    def by_piece(self) -> Floats:
        """Return the weight in each piece: m² of floor, or m of street."""
        size = shapely.length(self.geometry) if self.is_lines else shapely.area(self.geometry)
        return np.bincount(self.piece, weights=size * self.density, minlength=self.n_pieces).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Shared:
    """Which source shares how much of the ancillary layer with which piece, by source, then piece."""

    source: Positions
    piece: Positions
    weight: Floats


def weigh_streets(network: Network, pieces: gpd.GeoDataFrame) -> Ancillary:
    """Return the streets in each piece, cut at its border: metres of street as a proxy of homes.

    Parameters
    ----------
    network
        The streets; those of the main component alone, if the others are no real streets.
    pieces
        Polygons as `geo.grid.build_pieces` makes them, in the CRS of the network.

    Raises
    ------
    CrsError
        If the pieces are in another CRS.
    GeometryError
        If no street lies in a piece.

    Notes
    -----
    The geometry of an edge is its straight chord, but it weighs its true length. A street that runs along the border of two
    pieces belongs to each by half. An edge that ends where it begins has no chord and is left out.
    """
    require_same_crs(pieces, network.crs, where="pieces")
    parts = cut_streets(network, pieces.geometry.to_numpy())
    if not len(parts.piece):
        remedy = "Take streets and quarters of one city, or spread by area"
        raise GeometryError("no street lies in the city", where="streets", n=network.n_edges, remedy=remedy)
    order = np.lexsort((parts.edge, parts.piece))
    ends = np.stack([parts.start[order], parts.end[order]], axis=1)
    lines = np.asarray(shapely.linestrings(ends), dtype=object)
    return Ancillary(parts.piece[order], lines, parts.density[order], len(pieces))


def weigh_buildings(buildings: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, *, floors: str | None = None) -> Ancillary:
    """Return the buildings in each piece, cut at its border: footprint times floors.

    Parameters
    ----------
    buildings
        Valid polygons; where two overlap, both count.
    pieces
        Polygons as `geo.grid.build_pieces` makes them, in the CRS of the buildings.
    floors
        Column with the number of floors; a missing value is 1, and 0 stands for a building in which nobody lives. None takes 1
        for every building.

    Raises
    ------
    EmptyLayerError
        If there are no buildings.
    ColumnError
        If the column is missing.
    CrsError
        If the layers differ in CRS, or it has no metres.
    CountError
        If floors are negative or infinite.
    GeometryError
        If buildings are missing, empty, no polygons or invalid, or none with a floor lies in a piece.
    """
    if buildings.empty:
        raise EmptyLayerError("there are no buildings", where="buildings")
    require_columns(buildings, [floors] if floors else [], where="buildings")
    require_same_crs(pieces, pieces.crs, where="pieces")
    require_same_crs(buildings, pieces.crs, where="buildings")
    n_floors = _read_floors(buildings, floors)
    standing = n_floors > 0
    rows = np.flatnonzero(standing)
    found = find_overlaps(buildings.geometry.to_numpy()[rows], pieces.geometry.to_numpy())
    if not len(found.small):
        remedy = "Take buildings and quarters of one city, or spread by area"
        raise GeometryError("no building with a floor lies in the city", where="buildings", n=len(buildings), remedy=remedy)
    return Ancillary(found.large, found.geometry, n_floors[rows[found.small]], len(pieces))


def _read_floors(buildings: gpd.GeoDataFrame, floors: str | None) -> Floats:
    shapes, faults = buildings.geometry.to_numpy(), Faults()
    usable = is_polygonal(shapes) & ~shapely.is_empty(shapes)
    what = "geometries are missing, empty or no polygons, in rows"
    add_if_any(faults, GeometryError, what, where="buildings", examples=buildings.index[~usable])
    broken = usable & ~shapely.is_valid(shapes)
    what, remedy = "geometries are invalid in rows", "Repair them with shapely.make_valid and look at the result"
    add_if_any(faults, GeometryError, what, where="buildings", examples=buildings.index[broken], remedy=remedy)
    values = np.ones(len(buildings))
    if floors is not None:
        values = np.nan_to_num(buildings[floors].to_numpy(dtype=np.float64, na_value=np.nan), nan=1.0, posinf=np.inf)
        wrong = buildings.index[(values < 0) | np.isinf(values)]
        add_if_any(faults, CountError, f"{floors} is negative or infinite in rows", where="buildings", examples=wrong)
    faults.raise_if_any()
    return values


def share_in_discs(
    ancillary: Ancillary,
    centres: Floats,
    radius_m: Floats,
    *,
    disc_group: NDArray[np.int64] | None = None,
    piece_group: NDArray[np.int64] | None = None,
) -> Shared:
    """Return what of the ancillary layer lies in each disc, by piece; discs are true circles.

    Parameters
    ----------
    ancillary
        From `weigh_streets` or `weigh_buildings`.
    centres, radius_m
        The discs, shapes (n, 2) and (n,), metres, radius above 0.
    disc_group, piece_group
        Where both are given, a disc meets only pieces of its own group.
    """
    disc, part = shapely.STRtree(ancillary.geometry).query(shapely.points(centres), predicate="dwithin", distance=radius_m)
    disc, part = _keep_own(disc, part, ancillary=ancillary, source_group=disc_group, piece_group=piece_group)
    measure = _measure_line_in_disc if ancillary.is_lines else measure_disc_overlaps
    return _sum_by_piece(ancillary, disc, part, measure(centres[disc], radius_m[disc], ancillary.geometry[part]))


def share_in_polygons(
    ancillary: Ancillary,
    polygons: NDArray[np.object_],
    *,
    polygon_group: NDArray[np.int64] | None = None,
    piece_group: NDArray[np.int64] | None = None,
) -> Shared:
    """Return what of the ancillary layer lies in each polygon, by piece.

    Parameters
    ----------
    ancillary
        From `weigh_streets` or `weigh_buildings`.
    polygons
        Valid polygons or multipolygons, shape (n,).
    polygon_group, piece_group
        Where both are given, a polygon meets only pieces of its own group.
    """
    shapely.prepare(polygons)
    polygon, part = shapely.STRtree(ancillary.geometry).query(polygons, predicate="intersects")
    polygon, part = _keep_own(polygon, part, ancillary=ancillary, source_group=polygon_group, piece_group=piece_group)
    shared = ancillary.geometry[part]
    is_cut = ~shapely.contains_properly(polygons[polygon], shared)
    shared[is_cut] = shapely.intersection(shared[is_cut], polygons[polygon[is_cut]])
    size = shapely.length(shared) if ancillary.is_lines else shapely.area(shared)
    return _sum_by_piece(ancillary, polygon, part, size)


def _keep_own(
    source: Positions,
    part: Positions,
    *,
    ancillary: Ancillary,
    source_group: NDArray[np.int64] | None,
    piece_group: NDArray[np.int64] | None,
) -> tuple[Positions, Positions]:
    if source_group is None or piece_group is None:
        return source, part
    is_own = source_group[source] == piece_group[ancillary.piece[part]]
    return source[is_own], part[is_own]


def _measure_line_in_disc(centres: Floats, radius_m: Floats, lines: NDArray[np.object_]) -> Floats:
    """Return how many metres of each straight line lie in the disc of the same row."""
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    start, along = ends[:, 0] - centres, ends[:, 1] - ends[:, 0]
    length2 = (along**2).sum(axis=1)
    nearest = -(start * along).sum(axis=1) / length2  # of the whole line to the centre, in parts of the stretch
    beside2 = (start[:, 0] * along[:, 1] - start[:, 1] * along[:, 0]) ** 2 / length2
    half = np.sqrt(np.maximum(radius_m**2 - beside2, 0.0) / length2)
    inside = np.clip(nearest + half, 0.0, 1.0) - np.clip(nearest - half, 0.0, 1.0)
    return np.asarray(inside * np.sqrt(length2))


def _sum_by_piece(ancillary: Ancillary, source: Positions, part: Positions, size: Floats) -> Shared:
    """Return the weight of each pair of source and piece, summed in the order of the parts whatever that of the sources is."""
    real = size > (NOISE_M if ancillary.is_lines else NOISE_M2)
    source, part, size = source[real], part[real], size[real]
    order = np.lexsort((part, source))
    source, part, size = source[order], part[order], size[order]
    piece = ancillary.piece[part]
    is_first = np.ones(len(piece), dtype=bool)
    is_first[1:] = (source[1:] != source[:-1]) | (piece[1:] != piece[:-1])
    weight = np.bincount(np.cumsum(is_first) - 1, weights=size * ancillary.density[part]).astype(np.float64)
    return Shared(source[is_first].astype(np.intp), piece[is_first], weight)
