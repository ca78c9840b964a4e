"""Rows that stand at one position, as one site: several schools in one building are one space."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from data.columns import SEPARATOR
from data.errors import CountError, Faults

SUMMED = "capacity"
AGREED = ("cost_eur", "floor_area_m2", "site_area_m2")
LISTED = ("status", "owner", "opened", "permitted_uses", "position_quality", "source")


def merge_same_position(sites: gpd.GeoDataFrame, *, where: str) -> gpd.GeoDataFrame:
    """Return one site per kind and distinct position, sorted by id.

    The site has the id, name and address of its first row by id; the name says how many more there are, "(+2)", and
    ``merged_ids`` lists the others. Tags are united, capacities summed, the largest position error stands, other texts
    are listed once each. Costs and areas are of the building: rows may leave them out, but must not contradict one another.

    Raises
    ------
    CountError
        If rows at one position give different costs or areas.
    """
    sites = sites.sort_values("site_id", kind="stable")
    keys = [sites["kind"], sites.geometry.x, sites.geometry.y]
    group = sites.groupby(keys, sort=False).ngroup()
    shared = group.duplicated(keep=False)
    if not shared.any():
        return sites
    faults = Faults()
    merged = [_merge(rows, faults, where) for _, rows in sites[shared].groupby(group[shared], sort=False)]
    faults.raise_if_any()
    together = pd.concat([sites[~shared], *merged])
    return together.sort_values("site_id", kind="stable")


def _merge(rows: gpd.GeoDataFrame, faults: Faults, where: str) -> gpd.GeoDataFrame:
    """Return the rows of one position as one row."""
    first = rows.iloc[[0]].copy()
    label = first.index[0]
    others = rows["site_id"].tolist()[1:]
    first.loc[label, "name"] = f"{first['name'].iloc[0]} (+{len(others)})"
    first.loc[label, "merged_ids"] = SEPARATOR.join(others)
    tags = {tag for text in rows["tags"] for tag in text.split(SEPARATOR) if tag}
    first.loc[label, "tags"] = SEPARATOR.join(sorted(tags))
    first.loc[label, "position_error_m"] = rows["position_error_m"].max()
    first.loc[label, SUMMED] = rows[SUMMED].sum(min_count=1)
    for column in LISTED:
        given = rows[column].dropna()
        if len(given):
            first.loc[label, column] = f"{SEPARATOR} ".join(sorted(set(given)))
    for column in AGREED:
        values = rows[column].dropna().unique()
        if len(values) > 1:
            what = f"rows at one position give different values of {column}"
            faults.add(CountError(what, where=where, examples=rows["site_id"].tolist(), n=len(rows)))
        elif len(values):
            first.loc[label, column] = values[0]
    return first
