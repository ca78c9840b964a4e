"""Metro and railways as a map shows them: straight strokes from stop to stop, one for both directions and all branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from data.feed import Feed
from data.line_patterns import list_patterns
from layers.plan import LINE_COLUMNS, STATION_COLUMNS, empty_table

MARGIN_M = 2_000.0
"""How far beyond the city strokes and stations go on."""
SAME_STOP_M = 200.0
"""Platforms nearer than this are one place: the two directions of a line seldom have the same coordinates."""
DETOUR = 1.25
"""A stroke is left out where the way over stops between is at most so many times as long: a train that runs past them."""
RAIL = ("metro", "train")
_ROUTE_SEPARATOR = ";"

Positions = NDArray[np.intp]
Floats = NDArray[np.float64]
Link = tuple[str, str, float, float, float, float]


def transit_lines(lines: pd.DataFrame | None, feeds: Sequence[Feed], *, window: shapely.Geometry, crs: str) -> gpd.GeoDataFrame:
    """Return metro lines and railways: one row per metro line, and one for all railways, because they share their tracks.

    Parameters
    ----------
    lines
        Lines whose running is assumed (`data.lines.read_lines`), or None.
    feeds
        Public-transport feeds.
    window
        The city, in `crs`; strokes that begin beyond `MARGIN_M` around its rectangle are left out, others are cut there.
    crs
        CRS of the city, metres.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `LINE_COLUMNS`: mode, line (empty for railways), geometry (LineString or MultiLineString); sorted by mode and
        line, RangeIndex; empty where the city knows neither metro nor trains.
    """
    box = shapely.envelope(shapely.buffer(shapely.envelope(window), MARGIN_M))
    links = [*_line_links(lines), *(link for feed in feeds for link in _feed_links(feed))]
    frame = pd.DataFrame(sorted(set(links)), columns=["mode", "line", "lon_a", "lat_a", "lon_b", "lat_b"])
    rows = []
    for (mode, line), part in frame.groupby(["mode", "line"], sort=True):
        a, b = (_project(part[f"lon_{end}"], part[f"lat_{end}"], crs) for end in "ab")
        shape = shapely.intersection(_draw_strokes(a, b), box)
        if not shapely.is_empty(shape):
            rows.append({"mode": mode, "line": line, "geometry": shapely.normalize(shape)})
    if not rows:
        return empty_table(LINE_COLUMNS, crs=crs)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=crs)[list(LINE_COLUMNS)]


def train_stations(feeds: Sequence[Feed], *, window: shapely.Geometry, crs: str) -> gpd.GeoDataFrame:
    """Return the stops at which trains call in and near the city, with the lines that do.

    Parameters
    ----------
    feeds, window, crs
        As for `transit_lines`.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `STATION_COLUMNS`: station_id (``<feed>:<stop>``), name, lines (``S1;S2``), geometry (Point); sorted by
        station_id, RangeIndex.
    """
    box = shapely.envelope(shapely.buffer(shapely.envelope(window), MARGIN_M))
    rows = []
    for feed in feeds:
        calls = _train_calls(feed)
        names = pd.Series(np.array(feed.route_names, dtype=object)[feed.trip_route[feed.time_trip[calls]]])
        stops = feed.station[feed.time_stop[calls]]
        for place, routes in names.groupby(stops):
            stop = int(str(place))
            said = _ROUTE_SEPARATOR.join(sorted({str(name) for name in routes if name}))
            rows.append((f"{feed.name}:{feed.stop_ids[stop]}", feed.stop_names[stop], said, feed.lon[stop], feed.lat[stop]))
    frame = pd.DataFrame(sorted(rows), columns=["station_id", "name", "lines", "lon", "lat"])
    points = shapely.points(_project(frame["lon"], frame["lat"], crs))
    kept = shapely.intersects(points, box)
    found = gpd.GeoDataFrame(frame[["station_id", "name", "lines"]], geometry=points, crs=crs)
    return found[kept].reset_index(drop=True)[list(STATION_COLUMNS)]


def _project(lon: pd.Series[float], lat: pd.Series[float], crs: str) -> Floats:
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat, crs=4326)).to_crs(crs)
    return np.column_stack([points.x, points.y])


def _line_links(lines: pd.DataFrame | None) -> Iterator[Link]:
    """Yield each pair of neighbouring stops of lines without a timetable."""
    if lines is None:
        return
    kept = lines.reset_index(drop=True)
    for pattern in list_patterns(kept[kept["mode"].isin(RAIL)], draw=0, seed=0, notes=[]):
        at = kept.loc[pattern.rows, ["lon", "lat"]].to_numpy(dtype=np.float64).tolist()
        line = pattern.line if pattern.mode == "metro" else ""
        yield from ((pattern.mode, line, *first, *second) for first, second in pairwise(at))


def _train_calls(feed: Feed) -> Positions:
    """Return the positions of the calls of trains and metros among all calls of a feed."""
    is_rail = np.isin(np.array(feed.route_mode, dtype=str), RAIL)
    return np.flatnonzero(is_rail[feed.trip_route[feed.time_trip]])


def _feed_links(feed: Feed) -> Iterator[Link]:
    """Yield each pair of neighbouring stops of a timetable, each once for each line."""
    calls = _train_calls(feed)
    is_step = feed.time_trip[calls[1:]] == feed.time_trip[calls[:-1]]
    first, second = calls[:-1][is_step], calls[1:][is_step]
    route = feed.trip_route[feed.time_trip[first]]
    stops = feed.station[feed.time_stop]
    steps = np.unique(np.column_stack([route, stops[first], stops[second]]), axis=0)
    for position, a, b in steps.tolist():
        mode = feed.route_mode[position]
        line = feed.route_names[position] if mode == "metro" else ""
        yield mode, line, float(feed.lon[a]), float(feed.lat[a]), float(feed.lon[b]), float(feed.lat[b])


def _draw_strokes(a: Floats, b: Floats) -> shapely.Geometry:
    """Return the strokes between pairs of stops, shape (n, 2) each, as merged lines without shortcuts."""
    place, xy = _join_stops(np.concatenate([a, b]))
    links = np.unique(np.sort(place.reshape(2, -1).T, axis=1), axis=0)
    links = _without_shortcuts(links[links[:, 0] != links[:, 1]], xy)
    strokes: shapely.Geometry = shapely.line_merge(shapely.MultiLineString(list(xy[links])))
    return strokes


def _join_stops(xy: Floats) -> tuple[Positions, Floats]:
    """Return the place of each stop, and where the places are: stops that hang together by less than `SAME_STOP_M`."""
    pairs = cKDTree(xy).query_pairs(SAME_STOP_M, output_type="ndarray")
    near = sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    n_places, place = connected_components(near, directed=False)
    counts = np.bincount(place, minlength=n_places)
    middle = [np.bincount(place, weights=xy[:, axis], minlength=n_places) / counts for axis in (0, 1)]
    return place.astype(np.intp), np.column_stack(middle)


def _without_shortcuts(links: Positions, xy: Floats) -> Positions:
    """Return the links, shape (n, 2), without those that skip stops, the longest being tried first."""
    length = np.hypot(*(xy[links[:, 0]] - xy[links[:, 1]]).T)
    order = np.lexsort((links[:, 1], links[:, 0]))  # the order in which a sparse graph holds its edges
    graph = sparse.csr_array((length[order], (links[order, 0], links[order, 1])), shape=(len(xy), len(xy)))
    kept = np.ones(len(links), dtype=bool)
    stored = np.argsort(order)
    for position in np.argsort(-length, kind="stable"):
        (u, v), own = links[position], length[position]
        graph.data[stored[position]] = np.inf
        around = dijkstra(graph, directed=False, indices=u, limit=DETOUR * own)[v]
        kept[position] = not around <= DETOUR * own
        if kept[position]:
            graph.data[stored[position]] = own
    return links[kept]
