"""People who live in institutions (prisons, barracks, homes, convents): a group apart, in their cells and in no group of need.

Residents of institutions have an address, so they stand in the cells where they live. But a planner who asks who reaches a job
centre does not mean people behind walls: they are taken out of every group and counted in one of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd

from data.clean.census import FIXED_COLUMNS, OPTIONAL_COLUMNS
from data.errors import CountError, RecipeError, suggest_name
from data.groups import Group, count_group

RESIDENTS, APART = "residents", "in_institutions"
COLUMN = "institution_residents"
FLAG = "is_institution"
LABELS = ("residenti in convivenze", "residents of institutions")
SUFFIXES = ("fuori dalle convivenze", "not in institutions")


@dataclass(frozen=True, eq=False)
class Apart:
    """A census with the residents of institutions apart.

    Parameters
    ----------
    census
        Every row; those of institutions count nobody but in the column `COLUMN`.
    groups
        The groups with labels that say whom they leave out, and the group `APART`.
    institutions
        The rows of institutions as the census counts them.
    """

    census: gpd.GeoDataFrame
    groups: tuple[Group, ...]
    institutions: gpd.GeoDataFrame


def set_institutions_apart(census: gpd.GeoDataFrame, groups: Sequence[Group]) -> Apart:
    """Return the census and its groups with the residents of institutions apart.

    Parameters
    ----------
    census
        The census layer with the column ``is_institution``: rows that are institutions as a whole.
    groups
        The groups of the city; one must be `RESIDENTS`. Where one is `APART` already, as in the catalogue istat2011, it keeps
        what it counts in the other rows.

    Raises
    ------
    RecipeError
        If the catalogue has no group of residents.
    CountError
        If a row is an institution and without a place at once.

    Notes
    -----
    In `APART` a row of an institution counts all its residents; in every other group it counts nobody. So the published
    residents are the two groups together, and official counts by quarter are held against the rows as they came.
    """
    by_key = {group.key: group for group in groups}
    if RESIDENTS not in by_key:
        what = f"institutions are named, but the catalogue has no group {RESIDENTS!r} to count who lives there"
        raise RecipeError(what, where="layers, institutions", remedy=suggest_name(RESIDENTS, by_key))
    flagged = census[FLAG].to_numpy(dtype=bool)
    both = flagged & census["is_no_place"].to_numpy(dtype=bool)
    if both.any():
        what = "sections are institutions and without a place at once"
        raise CountError(what, where="census", n=int(both.sum()), examples=census["section"][both])
    residents = count_group(census, by_key[RESIDENTS])
    others = count_group(census, by_key[APART]) if APART in by_key else 0.0 * residents
    codes = [name for name in census.columns if name not in (*FIXED_COLUMNS, *OPTIONAL_COLUMNS, "geometry")]
    emptied = census.assign(**{code: census[code].where(~flagged, 0) for code in codes})
    emptied[COLUMN] = residents.where(flagged, others).to_numpy()
    kept = tuple(_say_without(group) for group in groups if group.key != APART)
    apart = by_key.get(APART, replace(by_key[RESIDENTS], key=APART, base=None, label_it=LABELS[0], label_en=LABELS[1]))
    apart = replace(apart, plus=(COLUMN,), minus=(), base=None, within=None, by=None)
    return Apart(
        census=emptied.drop(columns=FLAG),
        groups=(*kept, apart),
        institutions=census[flagged].drop(columns=FLAG).reset_index(drop=True),
    )


def _say_without(group: Group) -> Group:
    """Return a group of the census with labels that say that institutions are not in it; households live in none."""
    if group.origin is not None or group.unit != "people":
        return group
    label_it, label_en = f"{group.label_it} ({SUFFIXES[0]})", f"{group.label_en} ({SUFFIXES[1]})"
    return replace(group, label_it=label_it, label_en=label_en)
