"""Floating catchments: how much of what the sites offer is left for each person who can reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError, Faults, IdError, suggest_name
from geo.traveltimes import TravelTimes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """A band of travel time and what a way within it weighs.

    Parameters
    ----------
    until_s
        The longest way that still belongs to the band, seconds; it begins after the band before it ends.
    weight
        Above 0; as a rule 1 for the first band.
    """

    until_s: float
    weight: float


@dataclass(frozen=True, eq=False)
class FloatingCatchment:
    """What two steps of floating catchments give.

    Parameters
    ----------
    catchment
        Weighted people within the bands of each site, shape (n_sites,), in the order of the capacities.
    ratio
        Capacity per weighted person of each site, shape (n_sites,); NaN where nobody is in its catchment.
    access
        Capacity per person within reach of each cell, shape (n_cells,); 0 where no site with a ratio is in reach.
    """

    catchment: Floats
    ratio: Floats
    access: Floats


def floating_catchment(
    times: TravelTimes, demand: ArrayLike, *, capacity: Mapping[str, float], bands: Sequence[Band]
) -> FloatingCatchment:
    """Return the capacity per person that each cell can reach, by the two-step floating catchment area method.

    Parameters
    ----------
    times
        Travel times, shape (n_cells, n_sites).
    demand
        People of each cell, shape (n_cells,).
    capacity
        What each open site offers (places, desks, hours a week), by site id; the other columns of the travel times are
        closed.
    bands
        One band of weight 1 up to the standard is the method of 2003; several, with falling weights, that of 2009.

    Raises
    ------
    CountError
        If demand has another shape, or a value is negative or no number; a capacity is; or bands are absent, do not rise,
        end beyond the cutoff of the travel times, weigh nothing, or weigh more than the band before.
    IdError
        If a capacity is for a site that the travel times do not know.

    Notes
    -----
    With w(t) the weight of the band in which t lies, 0 beyond the last; a way that takes exactly `until_s` is in:

    - first step, each site j of capacity S_j: R_j = S_j / Σ_i w(t_ij) P_i, with P_i people in cell i;
    - second step, each cell i: A_i = Σ_j w(t_ij) R_j.

    Nothing is lost: Σ_i A_i P_i is the capacity of the sites with anybody in their catchment. The ratio of a site without
    anybody is not defined; it gives nothing to the cells in its reach, where nobody lives.

    References
    ----------
    Luo, W., Wang, F. (2003): Measures of spatial accessibility to health care in a GIS environment. Environment and
    Planning B 30(6), 865–884. doi:10.1068/b29120.

    Luo, W., Qi, Y. (2009): An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
    accessibility to primary care physicians. Health & Place 15(4), 1100–1107. doi:10.1016/j.healthplace.2009.06.002.
    """
    people = np.asarray(demand, dtype=np.float64)
    _check_request(times, people, capacity, bands)
    weights = _weigh_ways(times, list(capacity), bands)
    offered = np.array(list(capacity.values()), dtype=np.float64)
    catchment = np.asarray(weights.T @ people, dtype=np.float64)
    has_people = catchment > 0
    ratio = np.divide(offered, catchment, out=np.full(len(offered), np.nan), where=has_people)
    access = np.asarray(weights @ np.where(has_people, ratio, 0.0), dtype=np.float64)
    return FloatingCatchment(catchment, ratio, access)


def _weigh_ways(times: TravelTimes, site_ids: list[str], bands: Sequence[Band]) -> sparse.csr_array:
    """Return the weight of each way, shape (n_cells, n_sites); ways beyond the last band are not stored."""
    position = {site_id: column for column, site_id in enumerate(times.candidate_ids)}
    columns = np.array([position[site_id] for site_id in site_ids], dtype=np.intp)
    ways = sparse.csc_array(times.seconds)[:, columns].tocoo()
    # The first band whose end is not before the way: a way exactly as long as the band belongs to it.
    band = np.searchsorted([band.until_s for band in bands], ways.data, side="left")
    near = band < len(bands)
    weight = np.array([band.weight for band in bands])[band[near]]
    row, column = ways.coords
    return sparse.csr_array((weight, (row[near], column[near])), shape=ways.shape)


def check_capacity(times: TravelTimes, capacity: Mapping[str, float], faults: Faults) -> None:
    """Add a fault for capacities of unknown sites, and one for capacities that are negative or no numbers."""
    unknown = [site_id for site_id in capacity if site_id not in set(times.candidate_ids)]
    if unknown:
        remedy = suggest_name(unknown[0], times.candidate_ids)
        what = "sites are unknown to the travel times"
        faults.add(IdError(what, where="capacity", n=len(unknown), examples=unknown, remedy=remedy))
    unusable = [f"{site_id}: {value}" for site_id, value in capacity.items() if not (np.isfinite(value) and value >= 0)]
    if unusable:
        remedy = "Give each site a capacity, or each the capacity 1 to count sites"
        what = "capacities are missing, infinite or negative"
        faults.add(CountError(what, where="capacity", n=len(unusable), examples=unusable, remedy=remedy))


def check_limits(times: TravelTimes, limits_s: Sequence[float], faults: Faults, *, where: str) -> None:
    """Add a fault for limits that are negative or no numbers, or beyond what the travel times know."""
    unusable = [limit_s for limit_s in limits_s if not (np.isfinite(limit_s) and limit_s >= 0)]
    if unusable:
        faults.add(CountError("times are negative or no numbers", where=where, n=len(unusable), examples=unusable))
    beyond = [limit_s for limit_s in limits_s if np.isfinite(limit_s) and limit_s > times.cutoff_s]
    if beyond:
        what = f"the travel times stop at {times.cutoff_s:g} s, and longer ones are asked for"
        remedy = "Compute the travel times with a larger cutoff: beyond it nothing would be found"
        faults.add(CountError(what, where=where, n=len(beyond), examples=beyond, remedy=remedy))


def check_bands(times: TravelTimes, bands: Sequence[Band], faults: Faults) -> None:
    """Add a fault for each way in which bands do not hold together."""
    until_s, weights = [band.until_s for band in bands], [band.weight for band in bands]
    if not bands:
        faults.add(CountError("there is no band", where="bands"))
    check_limits(times, until_s, faults, where="bands")
    if any(later <= earlier for earlier, later in pairwise(until_s)):
        faults.add(CountError("bands do not end one after the other", where="bands", n=len(bands), examples=until_s))
    if not all(np.isfinite(weight) and weight > 0 for weight in weights):
        faults.add(CountError("weights are not above 0, or no numbers", where="bands", n=len(bands), examples=weights))
    if any(later > earlier for earlier, later in pairwise(weights)):
        remedy = "A longer way never weighs more"
        faults.add(CountError("weights rise", where="bands", n=len(bands), examples=weights, remedy=remedy))


def _check_request(times: TravelTimes, demand: Floats, capacity: Mapping[str, float], bands: Sequence[Band]) -> None:
    faults = Faults()
    n_cells = len(times.demand_ids)
    if demand.shape != (n_cells,):
        faults.add(CountError(f"demand has the shape {demand.shape}, not ({n_cells},)", where="demand"))
    unusable = np.flatnonzero(~(np.isfinite(demand) & (demand >= 0)))
    if unusable.size:
        what = "demand is missing, infinite or negative; positions of cells"
        faults.add(CountError(what, where="demand", n=int(unusable.size), examples=unusable))
    check_capacity(times, capacity, faults)
    check_bands(times, bands, faults)
    faults.raise_if_any()
