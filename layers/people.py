"""People: how many of each group live in each cell, and in totals only where they have no place.

The atom is the piece cell × quarter. A census section's people go only to pieces of its own official quarter, so section and
quarter totals hold at once; a cell is the sum of its pieces. People registered at a conventional address have no place: they
stand in a table of their own, inside every total and outside every cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import CountError
from data.groups import Group, count_group
from geo.dasymetric import Ancillary
from geo.grid import Grid, build_pieces, label_cells
from geo.interpolate import Spread, spread_sources
from geo.rounding import round_keeping_totals
from layers.risk_estimate import RiskEstimate

TOLERANCE = 1e-6
"""Relative difference up to which two sums of the same people are the same."""


@dataclass(frozen=True)
class People:
    """Counts per group, in every unit that a plan speaks of.

    Parameters
    ----------
    groups
        The groups counted, in the order of the columns.
    pieces
        One row per piece: cell (position of its cell in `cells`), cell_id, nil, district, area_m2, one column per group
        (people with a place; fractional), geometry in the CRS of the city.
    cells
        One row per cell, sorted as the grid: cell_id, nil, district, area_m2, x, y, one column per group, geometry.
    no_place
        One row per quarter: nil and one column per group (people without a place).
    modelled
        The estimate behind each group that nobody counted; `layers.modelled_people.add_modelled` puts it there.
    """

    groups: tuple[Group, ...]
    pieces: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    no_place: pd.DataFrame
    modelled: Mapping[str, RiskEstimate] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """Return the keys of the groups."""
        return [group.key for group in self.groups]

    @property
    def in_cells(self) -> pd.Series[float]:
        """Return the people with a place, per group."""
        return pd.Series(self.cells[self.keys].sum())

    @property
    def totals(self) -> pd.Series[float]:
        """Return all people per group, with those without a place: what the census publishes."""
        return self.in_cells + self.no_place[self.keys].sum()

    def by_quarter(self) -> pd.DataFrame:
        """Return all people per quarter and group, with those without a place; index nil, sorted."""
        placed = self.pieces.groupby("nil")[self.keys].sum()
        return pd.DataFrame(placed.add(self.no_place.set_index("nil")[self.keys], fill_value=0.0).sort_index())


def build_people(
    census: gpd.GeoDataFrame,
    grid: Grid,
    *,
    quarters: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame | None,
    groups: Sequence[Group],
) -> tuple[People, Spread]:
    """Return the people of a census spread by area over the cells of a grid, and how they were spread.

    Parameters
    ----------
    census, grid, groups
        As for `place_people`.
    quarters, districts
        The quarters (``nil``) and the districts (``district``) in the CRS of the grid.

    Raises
    ------
    CountError
        If a group is negative somewhere, or a total is not kept.
    """
    return place_people(census, grid, build_pieces(grid, quarters, districts=districts), groups=groups)


def place_people(
    census: gpd.GeoDataFrame,
    grid: Grid,
    pieces: gpd.GeoDataFrame,
    *,
    groups: Sequence[Group],
    ancillary: Ancillary | None = None,
    whole: bool = False,
) -> tuple[People, Spread]:
    """Return the people of a census on the pieces and cells of a grid, and how they were spread.

    Parameters
    ----------
    census
        The census layer of a pack: points with ``area_m2`` or polygons, ``nil``, ``is_no_place`` and the counts; in the
        CRS of the grid.
    grid, pieces
        The cells, and the pieces into which the quarters cut them.
    groups
        What to count.
    ancillary
        Where homes are, of the same pieces; None spreads by area.
    whole
        Whether pieces hold whole people: rounded so that quarters and city keep their totals (to the next whole number, where
        theirs have fractions). By default they hold fractions. Groups are rounded one by one, and a part exceeds its base in
        a piece only where the total of its quarter asks for it.

    Returns
    -------
    tuple
        The people, and the shares of the rows that have a place, in their order.

    Raises
    ------
    CountError
        If a group is negative somewhere, or a total is not kept.
    """
    counts = pd.DataFrame({group.key: count_group(census, group) for group in groups}, index=census.index)
    has_place = ~census["is_no_place"].to_numpy(dtype=bool)
    spread = spread_sources(census.loc[has_place].reset_index(drop=True), pieces, ancillary=ancillary)
    people_in_pieces = spread.weights.T @ counts.loc[has_place].to_numpy(dtype=np.float64)
    keys = [group.key for group in groups]
    filled = pieces.assign(**{key: people_in_pieces[:, column] for column, key in enumerate(keys)})
    if whole:
        filled = _round_groups(filled, groups)
    cells = _sum_to_cells(filled, grid, keys)
    filled["cell"] = pd.Index(cells["cell_id"]).get_indexer(pd.Index(filled["cell_id"]))
    no_place = counts.loc[~has_place].groupby(census.loc[~has_place, "nil"].astype("int64")).sum().reset_index(names="nil")
    people = People(groups=tuple(groups), pieces=filled, cells=cells, no_place=no_place.astype({"nil": "int64"}))
    _check_totals(people, counts.sum(), tolerance=0.5 if whole else 0.0)
    return people, spread


def _round_groups(pieces: gpd.GeoDataFrame, groups: Sequence[Group]) -> gpd.GeoDataFrame:
    """Return the pieces with whole people; a base comes before its parts, so that these can keep within it."""
    ids = np.char.add(pieces["cell_id"].to_numpy(dtype=str), np.char.add("/", pieces["nil"].to_numpy().astype(str)))
    waiting, rounded = {group.key: group for group in groups}, dict[str, NDArray[np.int64]]()
    while waiting:
        ready = [group for group in waiting.values() if group.parent not in waiting or group.parent == group.key]
        for group in ready or list(waiting.values()):
            limits = rounded.get(group.parent or "")
            rounded[group.key] = round_keeping_totals(pieces[group.key], groups=pieces["nil"], ids=ids, limits=limits)
            del waiting[group.key]
    return pieces.assign(**{key: column.astype(np.float64) for key, column in rounded.items()})


def _sum_to_cells(pieces: gpd.GeoDataFrame, grid: Grid, keys: list[str]) -> gpd.GeoDataFrame:
    labels = label_cells(grid, pieces)
    counts = pieces.groupby("cell_id")[keys].sum().reindex(labels.index)
    position = pd.Series(np.arange(grid.n), index=grid.ids).loc[labels.index].to_numpy()
    frame = labels.join(counts).reset_index(names="cell_id")
    return gpd.GeoDataFrame(frame, geometry=grid.polygons()[position], crs=pieces.crs)


def _check_totals(people: People, expected: pd.Series[float], *, tolerance: float = 0.0) -> None:
    found = people.totals
    allowed = {key: tolerance + TOLERANCE * max(1.0, abs(expected[key])) for key in people.keys}
    wrong = [key for key in people.keys if abs(found[key] - expected[key]) > allowed[key]]
    if wrong:
        raise CountError(
            "people were lost or made between sections and cells",
            examples=[f"{key}: {expected[key]:.3f} became {found[key]:.3f}" for key in wrong],
            remedy="This is a fault of the program: report it with the recipe",
        )


def need_weight(counts: pd.DataFrame, totals: pd.Series[float], need: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the weight of need of each row: each group divided by its city total, weighted, all weights summing to one.

    The city total is the published one, so the weights of all cells sum to a little less than one where people have no place.

    Parameters
    ----------
    counts
        One row per cell, piece or quarter, with a column per group of the need.
    totals
        City total per group (`People.totals`).
    need
        Weight per group key; positive.

    Returns
    -------
    numpy.ndarray
        Shape (n_rows,), float64; a share of need, not people.

    Raises
    ------
    CountError
        If a group of the need has no people in the whole city.
    """
    empty = [key for key in need if totals[key] <= 0]
    if empty:
        raise CountError("nobody in the whole city belongs to the group", where="[need]", examples=empty)
    whole = sum(need.values())
    weight = np.zeros(len(counts))
    for key, part in need.items():
        weight += part / whole * counts[key].to_numpy(dtype=np.float64) / float(totals[key])
    return weight
