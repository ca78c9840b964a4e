"""Tables of a plan: cells, sites, allocation and quarters, with the columns that `layers.plan.Plan` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.traveltimes import TravelTimes
from layers.modelled_people import cell_draws, interval_columns, quarter_draws
from layers.people import People, need_weight
from layers.plan import (
    beyond_column,
    high_column,
    low_column,
    minutes_column,
    open_column,
    rate_column,
    within_column,
)
from layers.reach import nearest_seconds, people_within
from layers.unit_reach import main_district, reach_columns, reach_ends

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


def nearest_by_variant(times: TravelTimes, variants: Mapping[str, Sequence[str]]) -> dict[str, Floats]:
    """Return the seconds from each cell to its nearest open site per variant; NaN beyond the cutoff."""
    return {key: nearest_seconds(times, site_ids) for key, site_ids in variants.items()}


def cell_table(
    people: People, times: TravelTimes, seconds: Mapping[str, Floats], *, groups: Sequence[str], need: Mapping[str, float]
) -> gpd.GeoDataFrame:
    """Return one row per cell: people, need, whether a street is near, minutes to the nearest open site of each variant."""
    minutes = {minutes_column(key): value / 60.0 for key, value in seconds.items()}
    columns = ["cell_id", "nil", "district", *groups, "geometry"]
    more = {**_cell_ends(people, groups), **_cell_rates(people, groups)}
    weight = need_weight(people.cells, people.totals, need)
    return people.cells[columns].assign(need=weight, is_connected=times.demand_snap.is_connected, **minutes, **more)


def _cell_rates(people: People, groups: Sequence[str]) -> dict[str, Floats]:
    """Return the rates of modelled groups with their intervals, per cell; NaN where nobody lives whom the rate is of."""
    rates: dict[str, Floats] = {}
    for group in groups:
        if group in people.modelled:
            found = people.modelled[group].cells.reindex(people.cells["cell_id"])
            name = rate_column(group)
            ends = {name: "rate", low_column(name): "rate_low", high_column(name): "rate_high"}
            rates |= {column: found[key].to_numpy(dtype=np.float64) for column, key in ends.items()}
    return rates


def _cell_ends(people: People, groups: Sequence[str]) -> dict[str, Floats]:
    """Return the ends of the intervals of modelled groups, per cell."""
    ends: dict[str, Floats] = {}
    for group in groups:
        if group in people.modelled:
            ends |= interval_columns(people, group, cell_draws(people, group), name=group)
    return ends


def site_table(
    sites: gpd.GeoDataFrame,
    times: TravelTimes,
    people: People,
    *,
    groups: Sequence[str],
    standard_min: float,
    variants: Mapping[str, Sequence[str]],
    roles: Mapping[str, str],
) -> gpd.GeoDataFrame:
    """Return one row per site of the question, with its role and the people within the standard of it alone.

    Parameters
    ----------
    sites
        The joined sites.
    times
        Travel times whose columns are the sites of the question.
    people
        The counts.
    groups
        Keys of the groups to count.
    standard_min
        Coverage standard in minutes.
    variants
        Open sites per variant key.
    roles
        Role per site id.
    """
    asked = sites.set_index("site_id").loc[list(times.candidate_ids)]
    within = people_within(times, people.cells[list(groups)], standard_s=standard_min * 60.0)
    ends = _within_ends(people, times, groups, standard_s=standard_min * 60.0)
    snap = times.candidate_snap
    table = asked.assign(
        role=[roles[site_id] for site_id in asked.index],
        snap_m=np.round(snap.distance_m, 1),
        is_connected=snap.is_connected,
        **{open_column(key): asked.index.isin(list(open_sites)) for key, open_sites in variants.items()},
        **{within_column(group): within.loc[asked.index, group].to_numpy() for group in groups},
        **ends,
    )
    return table.reset_index(names="site_id").sort_values("site_id", ignore_index=True)


def _within_ends(people: People, times: TravelTimes, groups: Sequence[str], *, standard_s: float) -> dict[str, Floats]:
    """Return the ends of the people of modelled groups within the standard of each site, in the order of the travel times."""
    ends: dict[str, Floats] = {}
    for group in groups:
        if group in people.modelled:
            within = people_within(times, pd.DataFrame(cell_draws(people, group)), standard_s=standard_s)
            ends |= interval_columns(people, group, within.to_numpy(), name=within_column(group))
    return ends


def allocation_table(
    people: People,
    sites: gpd.GeoDataFrame,
    *,
    cells: Integers,
    site_ids: Sequence[str],
    seconds: Floats,
    groups: Sequence[str],
    share: Floats | None = None,
) -> gpd.GeoDataFrame:
    """Return one row per served cell and site: the site that serves it, the minutes, the people, and a line between them.

    Parameters
    ----------
    people, sites
        The counts and the joined sites.
    cells
        Positions of the served cells in ``people.cells``, shape (n,).
    site_ids
        The site that serves each of them, shape (n,).
    seconds
        Seconds from each of them to its site, shape (n,).
    groups
        Keys of the groups to count.
    share
        Which part of each cell the site serves, shape (n,); None for all of it. A cell that several serve has several rows.
    """
    ends = _cell_ends(people, groups)
    served = people.cells.assign(**ends).iloc[cells]
    if share is not None:
        counts = [*groups, *ends]
        served = served.assign(**{key: served[key].to_numpy(dtype=np.float64) * share for key in counts})
    points = sites.set_index("site_id").geometry.loc[list(site_ids)]
    lines = np.stack([served[["x", "y"]].to_numpy(dtype=np.float64), np.column_stack([points.x, points.y])], axis=1)
    table = served[["cell_id", *groups, *ends]].assign(site_id=list(site_ids), minutes=seconds / 60.0)
    frame = gpd.GeoDataFrame(table, geometry=shapely.linestrings(lines), crs=people.cells.crs)
    return frame[["cell_id", "site_id", "minutes", *groups, *ends, "geometry"]].reset_index(drop=True)


def quarter_table(
    people: People,
    quarters: gpd.GeoDataFrame,
    seconds: Mapping[str, Floats],
    *,
    groups: Sequence[str],
    need: Mapping[str, float],
    standard_min: float,
) -> gpd.GeoDataFrame:
    """Return one row per quarter: all its people, those reached in each variant, and mean minutes.

    A cell on the border of two quarters is counted by its pieces: each piece's people belong to its quarter and share the
    minutes of its cell.
    """
    totals = people.by_quarter()[list(groups)]
    weight = need_weight(people.pieces, people.totals, need)
    parts = [totals, *reach_columns(people, seconds, totals, unit="nil", groups=groups, standard_min=standard_min)]
    parts += [
        reach_ends(people, group, seconds, quarter_draws(people, group), unit="nil", standard_min=standard_min)
        for group in groups
        if group in people.modelled
    ]
    parts += [_minutes_columns(people, key, value, weight) for key, value in seconds.items()]
    figures = pd.concat(parts, axis=1)
    placed = quarters[["nil", "name", "geometry"]].merge(main_district(people), on="nil", how="left")
    table = placed.merge(figures, left_on="nil", right_index=True, how="left").sort_values("nil", ignore_index=True)
    people_columns = {column for group in groups for column in (group, low_column(group), high_column(group))}
    counted = [column for column in table.columns if column in people_columns or column.startswith("reached_")]
    table[counted] = table[counted].fillna(0.0)  # a quarter without any section has nobody
    return table[[*(column for column in table.columns if column != "geometry"), "geometry"]]


def _minutes_columns(people: People, key: str, of_cells: Floats, weight: Floats) -> pd.DataFrame:
    """Return mean minutes over the need within the cutoff, and the share of the need beyond it, per quarter."""
    nil = people.pieces["nil"].to_numpy()
    minutes = of_cells[people.pieces["cell"].to_numpy()] / 60.0
    is_near = ~np.isnan(minutes)
    sums = (
        pd.DataFrame({"all": weight, "near": weight * is_near, "minutes": weight * np.where(is_near, minutes, 0.0)})
        .groupby(nil)
        .sum()
    )
    return pd.DataFrame(
        {
            minutes_column(key): sums["minutes"] / sums["near"].where(sums["near"] > 0),
            beyond_column(key): (1.0 - sums["near"] / sums["all"].where(sums["all"] > 0)).clip(lower=0.0),
        }
    )
