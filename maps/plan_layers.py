"""What a plan's page draws over the cells: service areas, who is served where, metro and railways."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from data.errors import CrsError, GeometryError, IdError
from layers.plan import Plan
from maps.lattice import Lattice
from maps.outlines import STEP_DEG, to_degrees

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_OFF_M = 0.01  # a corner of an area is a corner of a cell to the centimetre


def encode_areas(plan: Plan, lattice: Lattice) -> list[dict[str, object]]:
    """Return the service areas in steps of the lattice, so that they lie on the edges of the cells that they hold.

    Returns
    -------
    For each area ``site`` (position in ``plan.sites``) and ``rings``: each a list of column, row of its first corner and then
    the differences from corner to corner, only where the border turns; holes are rings like the others.

    Raises
    ------
    IdError
        If an area is of a site that is not in the plan.
    GeometryError
        If an area does not follow the cells.
    """
    areas = plan.areas
    if areas.empty:
        return []
    position = _site_positions(plan, areas["site_id"], where="areas")
    shapes = shapely.simplify(areas.geometry.to_numpy(), 0.0)
    return [
        {"site": int(site), "rings": [_corner_steps(ring, lattice) for ring in shapely.get_rings(shapely.get_parts(shape))]}
        for site, shape in zip(position, shapes, strict=True)
    ]


def _corner_steps(ring: BaseGeometry, lattice: Lattice) -> list[int]:
    metres = shapely.get_coordinates(ring)[:-1]
    steps = (metres - (lattice.west_m, lattice.south_m)) / lattice.size_m
    corners = np.round(steps).astype(np.int64)
    if np.abs(steps - corners).max() * lattice.size_m > _OFF_M:
        raise GeometryError("service areas do not follow the cells", where="areas", remedy="Make the plan again")
    along = np.roll(corners, -1, axis=0) - corners
    turns = (along * np.roll(along, 1, axis=0)).sum(axis=1) == 0  # a ring may begin in the middle of an edge
    return [int(value) for value in np.diff(corners[turns], axis=0, prepend=0).ravel()]


def encode_served(plan: Plan, cells: gpd.GeoDataFrame) -> dict[str, object]:
    """Return which site serves each cell, in the plan that is proposed.

    Parameters
    ----------
    plan
        The plan.
    cells
        Its cells in the order of the page.

    Returns
    -------
    ``sites``: positions in ``plan.sites`` of those that serve; ``first``: float array, for each cell the position in ``sites``
    of the one that serves it, NaN where none does; ``more``: cell and position of further ones, one after the other, where
    capacities split a cell.

    Raises
    ------
    IdError
        If the allocation names a cell or a site that is not in the plan.
    """
    served = plan.allocation
    if served.empty:
        return {"sites": [], "first": np.full(len(cells), np.nan), "more": []}
    row = pd.Index(cells["cell_id"]).get_indexer(pd.Index(served["cell_id"]))
    _require_known(row, served["cell_id"], what="the allocation names cells that are not in the plan", where="allocation")
    sites, rank = np.unique(_site_positions(plan, served["site_id"], where="allocation"), return_inverse=True)
    people = served[[group.key for group in plan.document.groups]].to_numpy(dtype=np.float64).sum(axis=1)
    order = np.lexsort((rank, -people, row))  # of several sites that serve a cell, the one that serves most people first
    _, start = np.unique(row[order], return_index=True)
    first = np.full(len(cells), np.nan)
    first[row[order][start]] = rank[order][start]
    rest = np.delete(order, start)
    more = np.column_stack([row[rest], rank[rest]]).ravel()
    return {"sites": [int(site) for site in sites], "first": first, "more": [int(value) for value in more]}


def _site_positions(plan: Plan, ids: pd.Series[str], *, where: str) -> IntArray:
    known = [] if plan.sites.empty else plan.sites["site_id"].tolist()
    found: IntArray = pd.Index(known).get_indexer(pd.Index(ids)).astype(np.int64)
    _require_known(found, ids, what="sites are named that are not in the plan", where=where)
    return found


def _require_known(found: IntArray | npt.NDArray[np.intp], ids: pd.Series[str], *, what: str, where: str) -> None:
    unknown = np.flatnonzero(found < 0)
    if unknown.size:
        remedy = "Make the plan again"
        raise IdError(what, where=where, n=unknown.size, examples=ids.iloc[unknown].tolist(), remedy=remedy)


def encode_lines(lines: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Return metro lines and railways: ``mode``, ``line``, and ``parts`` in whole steps of `maps.outlines.STEP_DEG`.

    A part is (lon, lat) of its first point and then the differences from point to point.

    Raises
    ------
    CrsError
        If the layer has rows and no CRS.
    """
    if lines.empty:
        return []
    if lines.crs is None:
        raise CrsError("the CRS is absent", where="lines", remedy="Give the layer the CRS of the city")
    facts = zip(lines["mode"], lines["line"], lines.geometry, strict=True)
    transformer = to_degrees(lines.crs)

    def steps(part: BaseGeometry) -> list[int]:
        degrees = np.column_stack(transformer.transform(*shapely.get_coordinates(part).T))
        whole = np.round(degrees / STEP_DEG).astype(np.int64)
        return [int(value) for value in np.diff(whole, axis=0, prepend=0).ravel()]

    return [
        {"mode": mode, "line": line, "parts": [steps(part) for part in shapely.get_parts(shape)]} for mode, line, shape in facts
    ]
