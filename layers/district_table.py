"""The districts of a city with their people, and who of them is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.modelled_people import piece_draws, sum_rows
from layers.people import People
from layers.unit_reach import main_district, reach_columns, reach_ends

Floats = NDArray[np.float64]


def district_table(
    people: People,
    districts: gpd.GeoDataFrame,
    seconds: Mapping[str, Floats],
    *,
    groups: Sequence[str],
    standard_min: float,
) -> gpd.GeoDataFrame:
    """Return one row per district: all its people, and those reached in each variant.

    Parameters
    ----------
    people
        The counts; pieces lie in the district that holds most of them.
    districts
        district, name and geometry, in the CRS of the people; an empty layer has no figures.
    seconds
        Seconds from each cell to its nearest open site by variant, shape (n_cells,); NaN beyond the cutoff.
    groups
        Keys of the groups to count.
    standard_min
        Coverage standard in minutes.

    Returns
    -------
    geopandas.GeoDataFrame
        The districts in their order, with one column per group, ``reached_<variant>_<group>`` and ``share_<variant>_<group>``
        and, for modelled groups, the ends of each; columns and CRS as `layers.plan.Plan` describes them.

    Notes
    -----
    People without a place are known by quarter alone; they count in the district that holds most of their quarter.
    """
    if districts.empty or "district" not in people.pieces:
        return districts
    rows = pd.Index(districts["district"], name="district")
    totals = _totals(people, groups, rows)
    parts = [totals, *reach_columns(people, seconds, totals, unit="district", groups=groups, standard_min=standard_min)]
    parts += [
        reach_ends(people, group, seconds, _draws(people, group, rows), unit="district", standard_min=standard_min)
        for group in groups
        if group in people.modelled
    ]
    figures = pd.concat(parts, axis=1).reset_index(drop=True)
    named = districts.drop(columns="geometry").reset_index(drop=True)
    table = pd.concat([named, figures], axis=1)
    return gpd.GeoDataFrame(table, geometry=districts.geometry.to_numpy(), crs=districts.crs)


def _totals(people: People, groups: Sequence[str], rows: pd.Index) -> pd.DataFrame:
    placed = people.pieces.groupby("district")[list(groups)].sum()
    home = people.no_place["nil"].map(main_district(people).set_index("nil")["district"])
    no_place = people.no_place[list(groups)].groupby(home).sum()
    return pd.DataFrame(placed.add(no_place, fill_value=0.0).reindex(rows, fill_value=0.0))


def _draws(people: People, group: str, rows: pd.Index) -> pd.DataFrame:
    """Return all people of a modelled group per district and draw; summed from pieces, as those of quarters are."""
    estimate = people.modelled[group]
    row = rows.get_indexer(pd.Index(people.pieces["district"]))
    placed = sum_rows(piece_draws(people, group)[row >= 0], row[row >= 0], n=len(rows))
    home = main_district(people).set_index("nil")["district"].reindex(estimate.units.quarters)
    of_quarter = rows.get_indexer(pd.Index(home))
    no_place = estimate.draws.no_place.T.astype(np.float64)
    away = sum_rows(no_place[of_quarter >= 0], of_quarter[of_quarter >= 0], n=len(rows))
    return pd.DataFrame(placed + away, index=rows)
