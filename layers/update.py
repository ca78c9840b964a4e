"""People updated to a later year by official totals: counts are scaled so that every total given is met, and the fit is told.

Within a quarter everything that no total tells stays as the census found it: where people live, and who they are. So an
update moves people between quarters and groups, never from a street to the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import CountError, IdError
from data.groups import Group, census_groups
from data.margins import Margins, check_margins
from layers.people import TOLERANCE, People
from layers.update_parts import Units, update_parts, update_whole


@dataclass(frozen=True, eq=False, kw_only=True)
class UpdateFit:
    """How people were updated.

    Parameters
    ----------
    margins
        The totals that were asked for.
    met
        One row per group and scope (quarters or city) that has a total: ``group``, ``scope``, ``before``, ``asked``,
        ``after`` (of the whole city) and ``deviation``, the largest relative difference from a total.
    factors
        What counts were multiplied with: index nil, a column per updated group; NaN where nobody was.
    followed
        Groups without a total of their own, and the whole that they were scaled with.
    kept
        Groups that no total speaks of: they stay in their own year.
    mixed
        Groups and quarters whose places had to be given some of the quarter's mix to hold the totals (`layers.update_parts`).
    n_iterations
        The most that any fit took.
    """

    margins: Margins
    met: pd.DataFrame
    factors: pd.DataFrame
    followed: Mapping[str, str]
    kept: tuple[str, ...]
    mixed: tuple[tuple[str, int], ...]
    n_iterations: int

    @property
    def deviation(self) -> float:
        """Return the largest relative difference from any total."""
        return float(self.met["deviation"].max())

    def find_largest(self, n: int) -> list[tuple[str, int, float]]:
        """Return group, quarter and factor of the n largest factors of groups that have a total, the largest first."""
        own = [str(key) for key in self.factors if key not in self.followed]
        found = [
            (key, nil, float(value))
            for key in own
            for nil, value in zip(self.factors.index.tolist(), self.factors[key], strict=True)
            if np.isfinite(value)
        ]
        return sorted(found, key=lambda one: -one[2])[:n]


def update_people(people: People, margins: Margins) -> tuple[People, UpdateFit]:
    """Return people in a later year, and how they were fitted to its totals.

    Parameters
    ----------
    people
        The people of a city as the census counted them.
    margins
        Official totals of a later year, per quarter or of the city.

    Returns
    -------
    People
        The groups that were updated have the later year, and `updated_from` the census's. A group without totals of its own
        follows the smallest group that holds it; one that follows none, and every group from a layer, stays as it is.
    UpdateFit
        The fit.

    Raises
    ------
    PlannerError
        If the totals contradict one another (`data.margins.check_margins`).
    IdError
        If people have a modelled group, which its own estimate holds to the census.
    CountError
        If a quarter without anybody should have somebody, or totals cannot be met (`layers.update_parts`).

    Notes
    -----
    A whole, such as residents, is scaled quarter by quarter. Its parts with totals make a table with what is left of it,
    first quarter by part, then piece by part within each quarter: rows sum to the updated whole, columns to the totals.
    Both are fitted in turn (`layers.update_fit`), so no part is ever more than its whole.
    """
    check_margins(margins, people.groups)
    if people.modelled:
        what = "people have modelled groups, whose estimate is of the census"
        raise IdError(what, where="update", examples=people.modelled, remedy="Update first, or plan without [people] year")
    groups = census_groups(people.groups)
    units = _gather(people, groups)
    for group in groups:
        if group.parent is None:
            update_whole(group, units, margins)
    for whole in _wholes_first(groups):
        update_parts(whole, [part for part in groups if part.parent == whole.key], units, margins)
    _check_bases(groups, units)
    return _rebuild(people, units, margins), _tell(groups, units, margins, people)


def _gather(people: People, groups: tuple[Group, ...]) -> Units:
    nil = np.concatenate([people.pieces["nil"].to_numpy(np.int64), people.no_place["nil"].to_numpy(np.int64)])
    quarters, row = np.unique(nil, return_inverse=True)
    old = {
        group.key: np.concatenate(
            [people.pieces[group.key].to_numpy(np.float64), people.no_place[group.key].to_numpy(np.float64)]
        )
        for group in groups
    }
    return Units(quarters=quarters, row=row.astype(np.intp), old=old)


def _wholes_first(groups: tuple[Group, ...]) -> list[Group]:
    """Return the groups in an order in which each comes after the one that holds it."""
    known = {group.key: group for group in groups}

    def depth(group: Group) -> int:
        return 0 if group.parent is None else 1 + depth(known[group.parent])

    return sorted(groups, key=depth)


def _check_bases(groups: tuple[Group, ...], units: Units) -> None:
    """Check that no part passed its base where it followed a smaller whole."""
    wrong = [
        f"{group.key} of {group.base}"
        for group in groups
        if group.base in units.new
        and group.key in units.new
        and (units.new[group.key] > units.new[group.base] + TOLERANCE * np.maximum(1.0, units.new[group.base])).any()
    ]
    if wrong:
        what, remedy = "after the update parts are more than their base", "Look at 'base' and 'within' in the catalogue"
        raise CountError(what, where="update", n=len(wrong), examples=wrong, remedy=remedy)


def _rebuild(people: People, units: Units, margins: Margins) -> People:
    n = len(people.pieces)
    in_pieces = {key: counts[:n] for key, counts in units.new.items()}
    cell = people.pieces["cell"].to_numpy()
    in_cells = {key: np.bincount(cell, weights=counts, minlength=len(people.cells)) for key, counts in in_pieces.items()}
    groups = tuple(_date(group, margins) if group.key in units.new else group for group in people.groups)
    return replace(
        people,
        groups=groups,
        pieces=gpd.GeoDataFrame(people.pieces.assign(**in_pieces)),
        cells=gpd.GeoDataFrame(people.cells.assign(**in_cells)),
        no_place=people.no_place.assign(**{key: counts[n:] for key, counts in units.new.items()}),
    )


def _date(group: Group, margins: Margins) -> Group:
    return replace(group, year=margins.year, updated_from=group.year, source=f"{group.source}; {margins.source}")


def _tell(groups: tuple[Group, ...], units: Units, margins: Margins, people: People) -> UpdateFit:
    rows, factors = [], {}
    for key, counts in units.new.items():
        before, after = units.sum(units.old[key]), units.sum(counts)
        factors[key] = np.divide(after, before, out=np.full_like(after, np.nan), where=before > 0)
        if key in margins.quarters:
            asked = margins.quarters[key].reindex(pd.Index(units.quarters)).to_numpy(dtype=np.float64)
            deviation = float(np.max(np.abs(after - asked) / np.where(asked > 0, asked, 1.0), initial=0.0))
            rows.append((key, "quarters", before.sum(), asked.sum(), after.sum(), deviation))
        if key in margins.city:
            total = margins.city[key]
            deviation = abs(after.sum() - total) / (total or 1.0)
            rows.append((key, "city", before.sum(), total, after.sum(), deviation))
    return UpdateFit(
        margins=margins,
        met=pd.DataFrame(rows, columns=["group", "scope", "before", "asked", "after", "deviation"]),
        factors=pd.DataFrame(factors, index=pd.Index(units.quarters, name="nil")),
        followed=units.followed,
        kept=tuple(group.key for group in people.groups if group.key not in units.new),
        mixed=tuple(units.mixed),
        n_iterations=units.n_iterations,
    )
