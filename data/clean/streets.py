"""Streets: nodes and edges of one file as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from data.city import NetworkArrays
from data.columns import name_rows, name_values, need_columns, read_whole_ids, to_floats
from data.crs import to_city_crs
from data.errors import Faults, GeometryError, NetworkError, PlannerError
from data.read_file import SourceTable
from data.recipe_layers import StreetsEntry

SHORT_RATIO = 0.9
"""A street is never shorter than its chord: lengths that sum to less than this part of the chords have another unit."""


def clean_streets(nodes: SourceTable, edges: SourceTable, entry: StreetsEntry, *, crs: str) -> tuple[NetworkArrays, list[str]]:
    """Return the streets as arrays in the CRS of the city, and what was noted.

    Raises
    ------
    PlannerError
        Columns missing, node ids missing or repeated, edges without their nodes or with no length: all at once.
    """
    need_columns(nodes.frame, [entry.node], where=nodes.where)
    need_columns(edges.frame, [entry.u, entry.v, entry.length_m], where=edges.where)
    ids = read_whole_ids(nodes.frame, entry.node, where=nodes.where)
    x, y = _read_places(nodes, crs)
    order = np.argsort(ids.to_numpy(), kind="stable")
    positions = pd.Index(ids.to_numpy()[order])
    faults = Faults()
    ends = {name: _read_ends(edges, name, positions, faults) for name in (entry.u, entry.v)}
    length_m = _read_lengths(edges, entry.length_m, faults)
    faults.raise_if_any()
    u, v = ends[entry.u], ends[entry.v]
    along = np.lexsort((length_m, v, u))
    network = NetworkArrays(x=x[order], y=y[order], u=u[along], v=v[along], length_m=length_m[along])
    _check_unit(network, where=edges.where)
    loops = int((network.u == network.v).sum())
    return network, [f"edges that end where they begin: {loops}"] if loops else []


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
