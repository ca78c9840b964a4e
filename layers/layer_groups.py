"""Groups that no census counts, on the grid: points in the cells where they lie, quarter facts spread like another group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.errors import CountError, PackError
from data.groups import FromFacts, FromPoints, Group
from data.layer_groups import count_by_quarter, weigh_points
from layers.people import People

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Spread:
    """One group in pieces, shape (n_pieces,), what has no place by quarter, and how it was spread, in words."""

    pieces: Floats
    no_place: Mapping[int, float]
    note: str | None = None


def add_layer_groups(
    people: People, groups: Sequence[Group], layers: Mapping[str, pd.DataFrame]
) -> tuple[People, tuple[str, ...]]:
    """Return people with the groups that come from layers, and how those of quarter facts were spread.

    Parameters
    ----------
    people
        The groups of the census on their pieces.
    groups
        All groups of the city, in order; those of the census are left as they are.
    layers
        Layers of the city by name: ``points`` and ``quarter_facts``, as far as a group needs them.

    Returns
    -------
    People
        Points stand in the piece of their quarter where they lie. The number of a quarter is spread over its pieces in
        proportion to the first group of ``like`` that has anybody there; where none has, it has no place: it stands in
        every total and in no cell.
    tuple of str
        One sentence for each group of quarter facts.

    Raises
    ------
    PackError
        If a layer that a group needs is not there.
    CountError
        If points or facts are not what the group says, or facts tell of quarters that the city has not, or not of all.
    """
    ordered = sorted(groups, key=lambda group: isinstance(group.origin, FromFacts))  # facts may be spread like points
    notes = []
    for group in ordered:
        match group.origin:
            case FromPoints() as origin:
                spread = _place_points(people, group, origin, layers)
            case FromFacts() as origin:
                spread = _spread_facts(people, group, origin, layers)
            case _:
                continue
        people = _add(people, group, spread)
        notes += [spread.note] if spread.note else []
    return replace(people, groups=tuple(groups)), tuple(notes)


def _place_points(people: People, group: Group, origin: FromPoints, layers: Mapping[str, pd.DataFrame]) -> _Spread:
    if "points" not in layers:
        raise PackError(f"the group {group.key!r} needs the layer 'points', which is not there", where=group.key)
    points = gpd.GeoDataFrame(layers["points"])
    weight = weigh_points(group, origin, points)
    counted = np.flatnonzero(weight > 0)
    piece = _find_pieces(people.pieces, points.iloc[counted])
    pieces = np.bincount(piece, weights=weight[counted], minlength=len(people.pieces))
    return _Spread(pieces.astype(np.float64), {})


def _find_pieces(pieces: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Return the piece of its own quarter that each point lies in: on a border the first one, a step outside the nearest."""
    found = np.full(len(points), -1, dtype=np.intp)
    own, shapes = pieces["nil"].to_numpy(), pieces.geometry.to_numpy()
    quarter = points["nil"].to_numpy(dtype=np.int64)
    for nil in np.unique(quarter):
        mine, candidates = np.flatnonzero(quarter == nil), np.flatnonzero(own == nil)
        tree = shapely.STRtree(shapes[candidates])
        point, near = tree.query_nearest(points.geometry.to_numpy()[mine], all_matches=True)
        order = np.lexsort((near, point))
        _, first = np.unique(point[order], return_index=True)
        found[mine] = candidates[near[order[first]]]
    return found


def _spread_facts(people: People, group: Group, origin: FromFacts, layers: Mapping[str, pd.DataFrame]) -> _Spread:
    numbers = count_by_quarter(group, layers)
    nil = people.pieces["nil"].to_numpy(dtype=np.int64)
    _check_quarters(group, origin, numbers, nil)
    pieces, left = np.zeros(len(nil)), numbers[numbers > 0]
    said = []
    for like in origin.like:
        weight = people.pieces[like].to_numpy(dtype=np.float64)
        sums = pd.Series(weight).groupby(nil).sum()
        ready = left.index.intersection(sums.index[sums > 0])
        if not len(ready):
            continue
        part = np.isin(nil, ready)
        pieces[part] = weight[part] * (left[ready] / sums[ready]).reindex(nil[part]).to_numpy()
        said.append(f"{left[ready].sum():,.0f} like {like} in {_quarters(len(ready))}")
        left = left.drop(ready)
    if len(left):
        said.append(f"{left.sum():,.0f} in {_quarters(len(left))} without any of these have no place")
    note = f"{group.key}: {numbers.sum():,.0f} {group.unit} by quarter, spread: {'; '.join(said)}"
    return _Spread(pieces, dict(zip(left.index.tolist(), left.tolist(), strict=True)), note)


def _quarters(n: int) -> str:
    return "1 quarter" if n == 1 else f"{n} quarters"


def _check_quarters(group: Group, origin: FromFacts, numbers: pd.Series[float], nil: NDArray[np.int64]) -> None:
    absent = sorted(set(nil.tolist()) - set(numbers.index))
    if absent:
        where = f"group {group.key}, {origin.facts}.{origin.column}"
        raise CountError("quarters have no number", where=where, n=len(absent), examples=absent)


def _add(people: People, group: Group, spread: _Spread) -> People:
    """Return people with one more column, and with the quarters whose number has no place."""
    cell = people.pieces["cell"].to_numpy()
    cells = np.bincount(cell, weights=spread.pieces, minlength=len(people.cells)).astype(np.float64)
    no_place = people.no_place.set_index("nil")
    no_place = no_place.reindex(no_place.index.union(list(spread.no_place)), fill_value=0.0)
    without = pd.Series(spread.no_place, dtype="float64").reindex(no_place.index, fill_value=0.0)
    return replace(
        people,
        groups=(*people.groups, group),
        pieces=gpd.GeoDataFrame(people.pieces.assign(**{group.key: spread.pieces})),
        cells=gpd.GeoDataFrame(people.cells.assign(**{group.key: cells})),
        no_place=no_place.assign(**{group.key: without}).rename_axis("nil").reset_index().astype({"nil": "int64"}),
    )
