"""Service areas: the streets within so many seconds of a site, and polygons made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError, Faults, IdError
from geo.checks import add_if_any
from geo.nested_areas import nest_areas
from geo.network import Network, graph_seconds, open_both_ways
from geo.search import DECIMALS, Access, build_access
from geo.snap import Snapped, require_points, snap_points
from geo.stretches import Stretches, cut_stretches, draw_stretches, place_on_edges, search_nodes
from geo.traveltimes import ON_FOOT, Mode

MIN_BUFFER_M = 1.0
"""Narrower polygons show nothing, and come too near to the lattice on which they are drawn."""

# Sides per quarter of a circle: the flat sides lie at most half a per cent of the radius inside it.
_QUARTER_SIDES = 8


@dataclass(frozen=True, eq=False)
class ServiceAreas:
    """What each site reaches within each cutoff.

    Parameters
    ----------
    polygons
        One row per site and cutoff within which the site reaches the network: site_id, cutoff_s, minutes, geometry
        (Polygon or MultiPolygon). Of one site, the polygon of a smaller cutoff lies inside that of a larger one exactly.
    stretches
        One row per reached part of an edge, site and cutoff: site_id, cutoff_s, minutes, edge (position in the network),
        from_m and to_m (along the edge from u, true length), length_m, geometry (LineString; empty where an edge has no
        chord). A larger cutoff lists again what a smaller one reaches.
    site_ids
        The sites asked for.
    site_snap
        Where they meet the network.

    Notes
    -----
    Both frames are in the CRS of the network, with a RangeIndex, sites in the order asked, cutoffs rising, stretches by
    edge and along it.
    """

    polygons: gpd.GeoDataFrame
    stretches: gpd.GeoDataFrame
    site_ids: tuple[str, ...]
    site_snap: Snapped

    @property
    def unconnected_site_ids(self) -> tuple[str, ...]:
        """Sites too far from the network: they have no area at all."""
        return tuple(compress(self.site_ids, ~self.site_snap.is_connected))


def service_areas(
    network: Network,
    *,
    site_ids: Sequence[str],
    site_xy: ArrayLike,
    cutoffs_s: Sequence[float],
    mode: Mode = "walk",
    speed_m_s: float = 1.25,
    max_snap_m: float = 400.0,
    buffer_m: float = 25.0,
    progress: Callable[[int, int], None] | None = None,
) -> ServiceAreas:
    """Return the streets and the area within each cutoff of each site.

    Parameters
    ----------
    network
        The streets.
    site_ids
        Ids of the sites, each once.
    site_xy
        Sites, shape (n_sites, 2), (x, y) in metres in the CRS of the network.
    cutoffs_s
        Cutoffs in seconds, each once, in any order.
    mode
        How people come to the sites: on foot ("walk", "slow_walk") one-ways are ignored, by bicycle they hold.
    speed_m_s
        Speed on the network and off it.
    max_snap_m
        A site farther than this from the nearest edge is not connected and has no area.
    buffer_m
        Half the width of the streets that make the polygons, at least `MIN_BUFFER_M`.
    progress
        Called with the number of sites done and of all connected sites, after each site.

    Raises
    ------
    IdError
        If ids repeat, or their number is not that of the sites.
    CountError
        If there is no cutoff, cutoffs repeat, or cutoffs, speed, snapping limit or width are no usable numbers.
    GeometryError
        If sites lack coordinates.

    Notes
    -----
    As in `geo.traveltimes.street_times`, people come along the edges to the one nearest to the site and from there
    straight to it, all at one speed, and the straight way counts. A place at exactly the cutoff is in. Stretches end where
    the time is up, not at a node; they are parts of the chord in proportion to the true length of the edge, as everywhere
    in the network.

    A polygon is made of all places within `buffer_m` of a reached stretch, or of the place where the site meets the
    network; the straight way to that place is no street and adds nothing. `geo.nested_areas` says why polygons of rising
    cutoffs nest exactly. The polygon covers the place where the network meets any point that `street_times` finds
    within the cutoff. The point itself may lie outside, when it is farther than `buffer_m` from its street; and a
    point inside need not be reached, for it may belong to another street beside a reached one, or its own way to the
    street may be too long.
    """
    _check_request(site_ids, site_xy, cutoffs_s, buffer_m=buffer_m)
    streets = open_both_ways(network) if mode in ON_FOOT else network
    graph = graph_seconds(streets, speed_m_s, is_reversed=True)
    snapped = snap_points(streets, site_xy, max_m=max_snap_m)
    sites = build_access(streets, snapped, speed_m_s=speed_m_s, is_arrival=True)
    rising_s = sorted(float(cutoff_s) for cutoff_s in cutoffs_s)
    polygons, stretches = [], []
    for n_done, row in enumerate(range(len(sites.point)), start=1):
        site = sites.take(np.array([row], dtype=np.intp))
        name = str(site_ids[int(site.point[0])])
        reached = _reach(streets, graph, site, cutoffs_s=rising_s, speed_m_s=speed_m_s)
        drawn = [draw_stretches(streets, part) for part in reached.values()]
        areas = np.empty(len(drawn), dtype=object)
        areas[:] = [_widen(lines, _meeting_point(streets, site), buffer_m=buffer_m) for lines in drawn]
        polygons.append(_polygon_rows(name, list(reached), nest_areas(areas)))
        stretches += [_stretch_rows(name, *part, lines) for part, lines in zip(reached.items(), drawn, strict=True)]
        if progress is not None:
            progress(n_done, len(sites.point))
    nothing, no_stretches = np.empty(0, dtype=object), Stretches(np.empty(0, dtype=np.intp), np.empty(0), np.empty(0))
    return ServiceAreas(
        polygons=_stack(polygons, columns=_polygon_rows("", [], nothing), crs=network.crs),
        stretches=_stack(stretches, columns=_stretch_rows("", 0.0, no_stretches, nothing), crs=network.crs),
        site_ids=tuple(str(site_id) for site_id in site_ids),
        site_snap=snapped,
    )


def _check_request(site_ids: Sequence[str], site_xy: ArrayLike, cutoffs_s: Sequence[float], *, buffer_m: float) -> None:
    faults = Faults()
    n_points = len(require_points(site_xy))
    if len(site_ids) != n_points:
        faults.add(IdError(f"there are {len(site_ids)} ids for {n_points} points", where="sites"))
    ids, id_counts = np.unique(np.asarray(site_ids, dtype=np.str_), return_counts=True)
    add_if_any(faults, IdError, "ids repeat", where="sites", examples=ids[id_counts > 1])
    if len(cutoffs_s) == 0:
        faults.add(CountError("there is no cutoff", where="cutoffs_s"))
    cutoffs, counts = np.unique(np.asarray(cutoffs_s, dtype=np.float64), return_counts=True)
    unusable = cutoffs[~(np.isfinite(cutoffs) & (cutoffs >= 0))]
    add_if_any(faults, CountError, "cutoffs are negative or no numbers", where="cutoffs_s", examples=unusable)
    add_if_any(faults, CountError, "cutoffs repeat", where="cutoffs_s", examples=cutoffs[counts > 1])
    if not (np.isfinite(buffer_m) and buffer_m >= MIN_BUFFER_M):
        what = f"half the width of the streets is no number of at least {MIN_BUFFER_M:g} m"
        faults.add(CountError(what, where="buffer_m", examples=[buffer_m]))
    faults.raise_if_any()


def _reach(
    network: Network, graph: sparse.csr_array, site: Access, *, cutoffs_s: Sequence[float], speed_m_s: float
) -> dict[float, Stretches]:
    """Return the parts of edges within each cutoff that is long enough to come to the network at all."""
    node_seconds = search_nodes(graph, site, cutoff_s=cutoffs_s[-1])
    off_network_s = float(np.round(site.off_network_s[0], DECIMALS))
    return {
        cutoff_s: cut_stretches(network, site, node_seconds, cutoff_s=cutoff_s, speed_m_s=speed_m_s)
        for cutoff_s in cutoffs_s
        if off_network_s <= cutoff_s
    }


def _meeting_point(network: Network, site: Access) -> shapely.Point:
    return shapely.Point(place_on_edges(network, site.edge, site.fraction * network.length_m[site.edge])[0])


def _widen(lines: NDArray[np.object_], meeting: shapely.Point, *, buffer_m: float) -> shapely.Geometry:
    # One buffer a street and then their union: five times quicker than one buffer of all streets, and the same shape.
    return shapely.union_all(shapely.buffer([meeting, *lines], buffer_m, quad_segs=_QUARTER_SIDES))


def _polygon_rows(site_id: str, cutoffs_s: Sequence[float], areas: NDArray[np.object_]) -> pd.DataFrame:
    seconds = np.array(cutoffs_s, dtype=np.float64)
    return pd.DataFrame(
        {"site_id": _repeat(site_id, len(areas)), "cutoff_s": seconds, "minutes": seconds / 60.0, "geometry": areas}
    )


def _stretch_rows(site_id: str, cutoff_s: float, part: Stretches, lines: NDArray[np.object_]) -> pd.DataFrame:
    seconds = np.full(len(lines), cutoff_s)
    return pd.DataFrame(
        {
            "site_id": _repeat(site_id, len(lines)),
            "cutoff_s": seconds,
            "minutes": seconds / 60.0,
            "edge": part.edge.astype(np.int64),
            "from_m": part.from_m,
            "to_m": part.to_m,
            "length_m": part.to_m - part.from_m,
            "geometry": lines,
        }
    )


def _repeat(text: str, n: int) -> pd.Series[str]:
    return pd.Series([text] * n, dtype="str")


def _stack(parts: list[pd.DataFrame], *, columns: pd.DataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return the parts as one layer; where there is none, the columns without a row."""
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True) if parts else columns, geometry="geometry", crs=crs)
