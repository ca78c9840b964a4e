"""Accessibility of services: how near the nearest is, how many are near, and how much is left for each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import Faults, IdError, suggest_name
from geo.traveltimes import TravelTimes
from layers.catchment import Band, FloatingCatchment, check_bands, check_capacity, check_limits, floating_catchment
from layers.people import People
from layers.reach import is_within, nearest_seconds, people_within

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Accessibility:
    """How well the people of one group reach the open sites.

    Parameters
    ----------
    cells
        One row per cell, in the order of the people's cells: cell_id, nil, district, one column named as the group
        (people), minutes (to the nearest open site; NaN beyond the cutoff of the travel times), n_within (open sites
        within the standard), access (capacity per person), geometry in the CRS of the city.
    quarters
        One row per quarter, sorted: nil, one column named as the group (all people, with those without a place), reached
        (people with an open site within the standard), share (reached of all people), minutes (mean over the people
        within the cutoff), beyond_share (of the people with a place, those beyond the cutoff), n_within and access (means
        over the people with a place). A share or mean over nobody is NaN.
    sites
        One row per open site, in the order of the capacities: site_id, capacity, reached (people within the standard of
        it alone), catchment (people weighted by the bands), ratio (capacity per weighted person; NaN without any).
    """

    cells: gpd.GeoDataFrame
    quarters: pd.DataFrame
    sites: pd.DataFrame


def measure_accessibility(
    people: People,
    times: TravelTimes,
    *,
    group: str,
    capacity: Mapping[str, float],
    standard_s: float,
    bands: Sequence[Band] | None = None,
) -> Accessibility:
    """Return the accessibility of the open sites for one group, per cell, quarter and site.

    Parameters
    ----------
    people
        The counts.
    times
        Travel times, shape (n_cells, n_sites), rows in the order of ``people.cells``.
    group
        Key of the group that competes for the capacity.
    capacity
        What each open site offers, by site id; 1 for each counts sites. May be empty: nothing is open.
    standard_s
        Coverage standard in seconds; covered means impedance ≤ standard.
    bands
        Bands of `layers.catchment.floating_catchment`; one of weight 1 up to the standard by default.

    Raises
    ------
    IdError
        If the group is unknown, a capacity is for an unknown site, or the rows of the travel times are not the cells.
    CountError
        If a capacity is negative or no number, the standard or a band is beyond the cutoff of the travel times, or the
        bands do not hold together.

    Notes
    -----
    A cell on the border of quarters is counted by its pieces: each piece's people belong to its quarter and share the
    figures of their cell. The share counts people without a place, who reach nothing; means cannot.
    """
    _check_request(people, times, group=group, capacity=capacity, standard_s=standard_s, bands=bands)
    bands = (Band(standard_s, 1.0),) if bands is None else bands
    site_ids = list(capacity)
    seconds = nearest_seconds(times, site_ids)
    n_within = count_within(times, site_ids, standard_s=standard_s)
    caught = floating_catchment(times, people.cells[group], capacity=capacity, bands=bands)
    cells = people.cells[["cell_id", "nil", "district", group, "geometry"]].assign(
        minutes=seconds / 60.0, n_within=n_within, access=caught.access
    )
    return Accessibility(
        cells=cells[[*(column for column in cells.columns if column != "geometry"), "geometry"]],
        quarters=_quarter_rows(people, cells, is_within(seconds, standard_s), group=group),
        sites=_site_rows(people, times, caught, group=group, capacity=capacity, standard_s=standard_s),
    )


def count_within(times: TravelTimes, site_ids: Sequence[str], *, standard_s: float) -> NDArray[np.int64]:
    """Return how many of the sites each cell has within a standard.

    Parameters
    ----------
    times
        Travel times, shape (n_cells, n_sites).
    site_ids
        The open sites; each must be a column of the travel times.
    standard_s
        Coverage standard in seconds, at most the cutoff of the travel times.

    Returns
    -------
    numpy.ndarray
        Shape (n_cells,), int64.
    """
    ways = times.seconds.tocoo()
    row, column = ways.coords
    is_open = np.isin(np.array(times.candidate_ids, dtype=np.str_), np.array(site_ids, dtype=np.str_))
    near = (ways.data <= standard_s) & is_open[column]
    return np.bincount(row[near], minlength=ways.shape[0]).astype(np.int64)


def reached_cells(times: TravelTimes, *, cutoffs_s: Sequence[float]) -> pd.DataFrame:
    """Return the cells that each site reaches within each cutoff.

    They are what a service area of `geo.service_areas` is for: the streets of the area are those by which they are reached.

    Parameters
    ----------
    times
        Travel times, shape (n_cells, n_sites).
    cutoffs_s
        Cutoffs in seconds, at most that of the travel times.

    Returns
    -------
    pandas.DataFrame
        site_id, cutoff_s, minutes (the cutoff), cell_id, seconds; RangeIndex; sites in the order of the travel times,
        cutoffs rising, cells in the order of the travel times. A larger cutoff lists again what a smaller one reaches.

    Raises
    ------
    CountError
        If cutoffs are negative, no numbers, or beyond the cutoff of the travel times.
    """
    faults = Faults()
    check_limits(times, cutoffs_s, faults, where="cutoffs_s")
    faults.raise_if_any()
    rising_s = np.unique(np.asarray(cutoffs_s, dtype=np.float64))
    ways = times.seconds.tocoo()
    row, column = ways.coords
    cutoff, way = np.nonzero(ways.data[None, :] <= rising_s[:, None])
    order = np.lexsort((row[way], cutoff, column[way]))
    cutoff, way = cutoff[order], way[order]
    return pd.DataFrame(
        {
            "site_id": np.array(times.candidate_ids, dtype=object)[column[way]],
            "cutoff_s": rising_s[cutoff],
            "minutes": rising_s[cutoff] / 60.0,
            "cell_id": np.array(times.demand_ids, dtype=object)[row[way]],
            "seconds": ways.data[way],
        }
    ).astype({"site_id": "str", "cell_id": "str"})


def _check_request(
    people: People,
    times: TravelTimes,
    *,
    group: str,
    capacity: Mapping[str, float],
    standard_s: float,
    bands: Sequence[Band] | None,
) -> None:
    faults = Faults()
    if group not in people.keys:
        faults.add(IdError(f"unknown group {group!r}", where="group", remedy=suggest_name(group, people.keys)))
    if times.demand_ids != tuple(people.cells["cell_id"]):
        what = f"the {len(times.demand_ids)} rows are not the {len(people.cells)} cells of the people in their order"
        faults.add(IdError(what, where="travel times"))
    check_capacity(times, capacity, faults)
    check_limits(times, [standard_s], faults, where="standard_s")
    if bands is not None:
        check_bands(times, bands, faults)
    faults.raise_if_any()


def _quarter_rows(people: People, cells: pd.DataFrame, is_reached: NDArray[np.bool_], *, group: str) -> pd.DataFrame:
    piece_cell = people.pieces["cell"].to_numpy()
    of_pieces = cells.iloc[piece_cell]
    placed = people.pieces[group].to_numpy(dtype=np.float64)
    is_near = of_pieces["minutes"].notna().to_numpy()
    sums = (
        pd.DataFrame(
            {
                "placed": placed,
                "near": placed * is_near,
                "reached": placed * is_reached[piece_cell],
                "minutes": placed * of_pieces["minutes"].fillna(0.0).to_numpy(),
                "n_within": placed * of_pieces["n_within"].to_numpy(),
                "access": placed * of_pieces["access"].to_numpy(),
            }
        )
        .groupby(people.pieces["nil"].to_numpy())
        .sum()
    )
    everybody = people.by_quarter()[group]
    sums = sums.reindex(everybody.index, fill_value=0.0)
    has_place = sums["placed"].where(sums["placed"] > 0)
    table = pd.DataFrame(
        {
            group: everybody,
            "reached": sums["reached"],
            "share": sums["reached"] / everybody.where(everybody > 0),
            "minutes": sums["minutes"] / sums["near"].where(sums["near"] > 0),
            "beyond_share": (1.0 - sums["near"] / has_place).clip(lower=0.0),
            "n_within": sums["n_within"] / has_place,
            "access": sums["access"] / has_place,
        }
    )
    return table.reset_index(names="nil")


def _site_rows(
    people: People,
    times: TravelTimes,
    caught: FloatingCatchment,
    *,
    group: str,
    capacity: Mapping[str, float],
    standard_s: float,
) -> pd.DataFrame:
    site_ids = list(capacity)
    within = people_within(times, people.cells[[group]], standard_s=standard_s)[group]
    return pd.DataFrame(
        {
            "site_id": pd.Series(site_ids, dtype="str"),
            "capacity": np.array(list(capacity.values()), dtype=np.float64),
            "reached": within.reindex(site_ids).to_numpy(dtype=np.float64),
            "catchment": caught.catchment,
            "ratio": caught.ratio,
        }
    )
