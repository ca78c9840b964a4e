"""The smallest parts of a city that figures are sums of: pieces of cells by quarter and district, people without a place."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.errors import IdError
from layers.plan import Plan

Integers = NDArray[np.intp]
_LEAST_AREA_M2 = 1e-3
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Atoms:
    """The parts of a city; every figure counts the people of some of them.

    Parameters
    ----------
    cell
        Row of each part's cell in ``plan.cells``; `NOWHERE` for the people of a quarter who have no place.
    quarter
        Row of its quarter in ``plan.nil``.
    district
        Row of its district in ``plan.districts``; `NOWHERE` where there are none.
    """

    cell: Integers
    quarter: Integers
    district: Integers

    def take(self, rows: NDArray[np.bool_]) -> Atoms:
        """Return some of the parts."""
        return Atoms(cell=self.cell[rows], quarter=self.quarter[rows], district=self.district[rows])


def find_atoms(plan: Plan) -> Atoms:
    """Return the parts of the city of a plan: each cell cut by the quarters, and one part a quarter for those without a place.

    Notes
    -----
    The folder of a plan does not tell how the people of a cell on a border are split, nor who has no place: an outsider does
    not know it either. What is known is which parts there are. A part counts in the district that holds most of it, one
    without a place in that of its quarter (`layers.district_table`).

    Raises
    ------
    IdError
        If cells belong to quarters that the plan does not have.
    """
    cell, quarter = _overlay(plan.cells, plan.nil)
    own = pd.Index(plan.nil["nil"]).get_indexer(pd.Index(plan.cells["nil"]))
    lost = (own < 0) & plan.cells["nil"].notna().to_numpy()
    if lost.any():
        what = "cells belong to quarters that are not in the plan"
        raise IdError(what, where="cells.nil", n=int(lost.sum()), examples=plan.cells.loc[lost, "nil"].unique())
    n_quarters = len(plan.nil)
    keys = np.unique(np.concatenate([cell * n_quarters + quarter, np.flatnonzero(own >= 0) * n_quarters + own[own >= 0]]))
    cell, quarter = keys // n_quarters, keys % n_quarters
    district = _districts(plan, cell, quarter)
    homes = _home_districts(plan)
    rows = np.arange(n_quarters)
    return Atoms(
        cell=np.concatenate([cell, np.full(n_quarters, NOWHERE)]).astype(np.intp),
        quarter=np.concatenate([quarter, rows]).astype(np.intp),
        district=np.concatenate([district, homes]).astype(np.intp),
    )


def _overlay(cells: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> tuple[Integers, Integers]:
    """Return the pairs of a cell and an area that share ground."""
    squares, shapes = cells.geometry.to_numpy(), areas.geometry.to_numpy()
    area, cell = shapely.STRtree(squares).query(shapes, predicate="intersects")
    times = np.bincount(cell, minlength=len(squares))
    is_shared = times[cell] > 1
    ground = np.full(len(cell), np.inf)  # most cells meet one area alone
    ground[is_shared] = shapely.area(shapely.intersection(squares[cell[is_shared]], shapes[area[is_shared]]))
    kept = ground > _LEAST_AREA_M2
    return cell[kept], area[kept]


def _districts(plan: Plan, cell: Integers, quarter: Integers) -> Integers:
    """Return the district that holds most of each part; `NOWHERE` where districts have no figures."""
    keys = {group.key for group in plan.document.groups}
    if plan.districts.empty or keys.isdisjoint(plan.districts.columns):
        return np.full(len(cell), NOWHERE)
    squares, shapes = plan.cells.geometry.to_numpy(), plan.districts.geometry.to_numpy()
    area, of_cell = shapely.STRtree(squares).query(shapes, predicate="intersects")
    times = np.bincount(of_cell, minlength=len(squares))
    found = pd.Index(plan.districts["district"]).get_indexer(pd.Index(plan.cells["district"]))[cell]
    single = np.full(len(squares), NOWHERE)
    single[of_cell[times[of_cell] == 1]] = area[times[of_cell] == 1]
    found = np.where(single[cell] != NOWHERE, single[cell], found)
    split = np.flatnonzero(times[cell] > 1)
    pairs = pd.DataFrame({"cell": cell[split], "part": split}).merge(pd.DataFrame({"cell": of_cell, "area": area}), on="cell")
    pieces = dict(zip(split.tolist(), _pieces(plan, cell[split], quarter[split]), strict=True))
    ground = shapely.area(
        shapely.intersection(shapes[pairs["area"].to_numpy()], np.array([pieces[part] for part in pairs["part"]], dtype=object))
    )
    best = pairs.assign(ground=ground).sort_values(["part", "ground", "area"], ascending=[True, False, True])
    best = best.drop_duplicates("part")
    best = best[best["ground"] > 0]
    found[best["part"].to_numpy()] = best["area"].to_numpy()
    return found


def _pieces(plan: Plan, cell: Integers, quarter: Integers) -> NDArray[np.object_]:
    squares, shapes = plan.cells.geometry.to_numpy(), plan.nil.geometry.to_numpy()
    return np.asarray(shapely.intersection(squares[cell], shapes[quarter]), dtype=object)


def _home_districts(plan: Plan) -> Integers:
    if plan.districts.empty:
        return np.full(len(plan.nil), NOWHERE)
    return np.asarray(pd.Index(plan.districts["district"]).get_indexer(pd.Index(plan.nil["district"])), dtype=np.intp)
