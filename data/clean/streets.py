"""Streets: nodes and edges of one file, or a street graph, as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyproj
import shapely

from data.city import NetworkArrays
from data.clean.points import read_points
from data.columns import name_rows, name_values, need_columns, read_booleans, read_whole_ids, to_floats
from data.crs import to_city_crs
from data.errors import Faults, GeometryError, NetworkError, PlannerError
from data.read_file import SourceTable
from data.recipe_streets import StreetsEntry, StreetTablesEntry
from data.street_graph import StreetGraph

SHORT_RATIO = 0.9
"""A street is never shorter than its chord: lengths that sum to less than this part of the chords have another unit."""


def clean_streets(
    nodes: SourceTable,
    edges: SourceTable,
    entry: StreetsEntry | StreetTablesEntry,
    *,
    crs: str,
    area: shapely.Geometry | None = None,
) -> tuple[NetworkArrays, list[str]]:
    """Return the streets as arrays in the CRS of the city, and what was noted.

    Parameters
    ----------
    nodes, edges
        As they were read.
    entry
        The recipe's entry: names of the columns.
    crs
        CRS of the city.
    area
        The city, to find coordinates in CSV columns that were swapped or are of another CRS; None skips that.

    Raises
    ------
    PlannerError
        Columns missing, node ids missing or repeated, edges without their nodes or with no length: all at once.
    """
    need_columns(nodes.frame, [entry.node, *_place_columns(entry)], where=nodes.where)
    one_way = [entry.one_way] if entry.one_way else []
    need_columns(edges.frame, [entry.u, entry.v, entry.length_m, *one_way], where=edges.where)
    ids = read_whole_ids(nodes.frame, entry.node, where=nodes.where)
    if isinstance(entry, StreetTablesEntry):
        points = read_points(nodes.frame, entry, crs=crs, area=area, where=nodes.where).to_numpy()
        x, y = shapely.get_x(points), shapely.get_y(points)
    else:
        x, y = _read_places(nodes, crs)
    order = np.argsort(ids.to_numpy(), kind="stable")
    positions = pd.Index(ids.to_numpy()[order])
    faults = Faults()
    ends = {name: _read_ends(edges, name, positions, faults) for name in (entry.u, entry.v)}
    length_m = _read_lengths(edges, entry.length_m, faults)
    faults.raise_if_any()
    u, v = ends[entry.u], ends[entry.v]
    along = np.lexsort((length_m, v, u))
    is_one_way = None
    if entry.one_way:
        is_one_way = read_booleans(edges.frame, entry.one_way, where=edges.where)[along]
    network = NetworkArrays(
        x=x[order],
        y=y[order],
        u=u[along],
        v=v[along],
        length_m=length_m[along],
        is_one_way=is_one_way if is_one_way is not None and is_one_way.any() else None,
    )
    _check_unit(network, where=edges.where)
    return network, _note_loops(network)


def _place_columns(entry: StreetsEntry | StreetTablesEntry) -> list[str]:
    return [name for name in (entry.x, entry.y) if name] if isinstance(entry, StreetTablesEntry) else []


def clean_street_graph(graph: StreetGraph, *, crs: str, where: str) -> tuple[NetworkArrays, list[str]]:
    """Return the streets of an OSM extract or an OSMnx graph as arrays in the CRS of the city, and what was noted.

    Raises
    ------
    GeometryError
        If nodes lie where the CRS of the city has no place for them.
    NetworkError
        If the lengths are shorter than the straight lines: they have another unit.
    """
    to_city = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = (np.asarray(values, dtype=np.float64) for values in to_city.transform(graph.lon, graph.lat))
    lost = ~(np.isfinite(x) & np.isfinite(y))
    if lost.any():
        ids = graph.node_id[lost]
        what = f"nodes have no place in {crs}, the CRS of the city"
        raise GeometryError(what, where=where, n=len(ids), examples=ids, remedy="Take an extract of the city alone")
    one_way = graph.is_one_way if graph.is_one_way.any() else None
    network = NetworkArrays(x=x, y=y, u=graph.u, v=graph.v, length_m=graph.length_m, is_one_way=one_way)
    _check_unit(network, where=where)
    ways = [] if one_way is None else [f"one-way edges: {int(one_way.sum())} of {len(one_way)}"]
    return network, [*graph.notes, *ways, *_note_loops(network)]


def _note_loops(network: NetworkArrays) -> list[str]:
    loops = int((network.u == network.v).sum())
    return [f"edges that end where they begin: {loops}"] if loops else []


def _read_places(nodes: SourceTable, crs: str) -> tuple[np.ndarray, np.ndarray]:
    frame = nodes.frame
    geometry = frame.geometry if nodes.is_spatial else None
    if geometry is None:
        raise GeometryError("the nodes have no geometry", where=nodes.where)
    wrong = (geometry.isna() | geometry.is_empty | (geometry.geom_type != "Point")).to_numpy()
    if wrong.any():
        rows = name_rows(frame, wrong)
        raise GeometryError("nodes are no points", where=nodes.where, n=int(wrong.sum()), examples=rows)
    points = to_city_crs(frame, crs, where=nodes.where).geometry.to_numpy()
    return shapely.get_x(points), shapely.get_y(points)


def _read_ends(edges: SourceTable, column: str, nodes: pd.Index, faults: Faults) -> np.ndarray:
    try:
        ids = read_whole_ids(edges.frame, column, where=edges.where, is_unique=False)
    except PlannerError as error:
        faults.add(error)
        return np.zeros(len(edges.frame), dtype=np.intp)
    position = nodes.get_indexer(pd.Index(ids))
    absent = position < 0
    if absent.any():
        shown = name_values(ids, absent)
        what = f"edges name nodes in {column!r} that do not exist"
        faults.add(NetworkError(what, where=edges.where, n=int(absent.sum()), examples=shown))
    return np.asarray(position, dtype=np.intp)


def _read_lengths(edges: SourceTable, column: str, faults: Faults) -> np.ndarray:
    values = to_floats(edges.frame[column])
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        what = f"lengths in {column!r} are missing, no numbers, or not positive"
        rows = name_rows(edges.frame, wrong)
        faults.add(NetworkError(what, where=edges.where, n=int(wrong.sum()), examples=rows))
    return values


def _check_unit(network: NetworkArrays, *, where: str) -> None:
    chord_m = np.hypot(network.x[network.u] - network.x[network.v], network.y[network.u] - network.y[network.v])
    if network.length_m.sum() < SHORT_RATIO * chord_m.sum():
        what = f"lengths sum to {network.length_m.sum():,.0f}, the straight lines to {chord_m.sum():,.0f} m"
        raise NetworkError(what, where=where, remedy="Give lengths in metres")
