"""What a site is worth at given prices of the rows: the best load that fits its capacity, of whole rows or of parts.

Notes
-----
With a price :math:`λ_i` of each row, a site gains :math:`λ_i − c_{ij}` by serving it, so its best load is a knapsack. Whole
rows are packed by dynamic programming over whole units of weight (Martello, Toth 1990), parts by gain per weight (Dantzig
1957). Where weights are no whole numbers they are rounded down to units, so that every load that fits still fits.

References
----------
Dantzig (1957), Discrete-variable extremum problems, Operations Research 5: 266-277, doi:10.1287/opre.5.2.266. Martello, Toth
(1990), Knapsack problems: algorithms and computer implementations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.capacity_case import CapacityCase

FINEST_GRID = 2_000
"""Units that the largest capacity has where weights are no whole numbers."""

LARGEST_GRID = 10_000
"""Whole weights up to which the largest capacity is packed unit by unit."""

MOST_STEPS = 100_000_000
"""Pairs × units up to which whole rows are packed as such (a few hundredths of a second of one core of 2024, for few pairs gain
anything); beyond it parts are packed, which is a bound as well: of many small rows they are worth nearly as much."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Packing:
    """The pairs of a case by site, and how their weights are packed.

    Parameters
    ----------
    start
        Where the pairs of each site begin, shape (n_sites + 1,).
    order
        Position of each pair in the case, shape (n_pairs,).
    row, cost, weight, most
        Row, cost and weight of each pair, and the largest share of the row that the site can serve, shape (n_pairs,).
    capacity
        Of each site, shape (n_sites,).
    unit, unit_capacity
        Weight of each pair and capacity of each site in whole units; None where parts are packed.
    """

    start: NDArray[np.intp]
    order: NDArray[np.intp]
    row: NDArray[np.intp]
    cost: NDArray[np.float64]
    weight: NDArray[np.float64]
    most: NDArray[np.float64]
    capacity: NDArray[np.float64]
    unit: NDArray[np.int64] | None
    unit_capacity: NDArray[np.int64] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Loads:
    """The best load of each site.

    Parameters
    ----------
    worth
        What each site gains, shape (n_sites,).
    share
        What of the row of each pair is in it, shape (n_pairs,), in the order of the packing.
    with_pair
        The most that the site of each pair can gain if it serves all of the pair's row, shape (n_pairs,).
    """

    worth: NDArray[np.float64]
    share: NDArray[np.float64]
    with_pair: NDArray[np.float64]


def pack_case(case: CapacityCase) -> Packing:
    """Return the pairs of a case by site."""
    order = np.lexsort((case.pair_row, case.pair_site))
    row, site = case.pair_row[order], case.pair_site[order]
    weight = case.weight[row]
    unit, unit_capacity = _units(case, weight)
    return Packing(
        start=np.searchsorted(site, np.arange(case.n_sites + 1)),
        order=order,
        row=row,
        cost=case.pair_cost[order],
        weight=weight,
        most=np.minimum(1.0, case.capacity[site] / weight),
        capacity=case.capacity,
        unit=unit,
        unit_capacity=unit_capacity,
    )


def _units(case: CapacityCase, weight: NDArray[np.float64]) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Return weights and capacities in whole units; None where parts are packed."""
    if case.is_split or not weight.size:
        return None, None
    capacity = np.minimum(case.capacity, case.weight.sum())
    largest = float(capacity.max())
    is_whole = bool((case.weight == np.floor(case.weight)).all()) and largest <= LARGEST_GRID
    size = 1.0 if is_whole else FINEST_GRID / largest
    if weight.size * largest * size > MOST_STEPS:
        return None, None
    room = 1.0 + 1e-12  # a load that fills the capacity must fit after rounding, too
    return np.floor(weight * size).astype(np.int64), np.floor(capacity * size * room + 1e-9).astype(np.int64)


def best_loads(packing: Packing, price: NDArray[np.float64], *, has_pairs: bool = False) -> Loads:
    """Return the best load of each site at the prices of the rows.

    Parameters
    ----------
    packing
        The pairs.
    price
        Price of each row, shape (n_rows,).
    has_pairs
        Whether the most with each pair is asked for as well.
    """
    gain = price[packing.row] - packing.cost
    share, with_pair = np.zeros(gain.size), np.zeros(gain.size if has_pairs else 0)
    if packing.unit is None or packing.unit_capacity is None:
        worth, slope = _pack_parts(packing.start, gain, packing.weight, packing.most, packing.capacity, share)
        if has_pairs:
            site = np.repeat(np.arange(worth.size), np.diff(packing.start))
            with_pair = gain + worth[site] - packing.weight * slope[site]
    else:
        worth = _pack_whole(packing.start, gain, packing.unit, packing.unit_capacity, share, with_pair)
    return Loads(worth=worth, share=share, with_pair=with_pair)


@njit(nogil=True)
def _pack_whole(
    start: NDArray[np.intp],
    gain: NDArray[np.float64],
    unit: NDArray[np.int64],
    capacity: NDArray[np.int64],
    share: NDArray[np.float64],
    with_pair: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fill the shares of the best load of whole rows of each site and return its gain.

    Notes
    -----
    A row that is served for sure leaves the capacity without it to the others, itself among them: the table of the best gain of
    each capacity gives a limit of that without another run.
    """
    n_sites = start.size - 1
    worth = np.zeros(n_sites)
    largest, longest = 0, 0
    for site in range(n_sites):
        largest = max(largest, capacity[site])
        longest = max(longest, start[site + 1] - start[site])
    best = np.zeros(largest + 1)
    is_taken = np.zeros((longest, largest + 1), dtype=np.bool_)
    listed = np.zeros(longest, dtype=np.int64)
    for site in range(n_sites):
        most, n_listed = capacity[site], 0
        best[: most + 1] = 0.0
        for pair in range(start[site], start[site + 1]):
            size = unit[pair]
            if gain[pair] <= 0.0 or size > most:
                continue
            taken = is_taken[n_listed]
            taken[: most + 1] = False
            for filled in range(most, size - 1, -1):
                other = best[filled - size] + gain[pair]
                if other > best[filled]:
                    best[filled] = other
                    taken[filled] = True
            listed[n_listed] = pair
            n_listed += 1
        worth[site] = best[most]
        left = most
        for k in range(n_listed - 1, -1, -1):
            if is_taken[k, left]:
                share[listed[k]] = 1.0
                left -= unit[listed[k]]
        if with_pair.size:
            for pair in range(start[site], start[site + 1]):
                with_pair[pair] = gain[pair] + best[most - unit[pair]] if unit[pair] <= most else -np.inf
    return worth


@njit(nogil=True)
def _pack_parts(
    start: NDArray[np.intp],
    gain: NDArray[np.float64],
    weight: NDArray[np.float64],
    most_share: NDArray[np.float64],
    capacity: NDArray[np.float64],
    share: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fill the shares of the best load of parts of rows of each site; return its gain, and the gain per weight at its end."""
    n_sites = start.size - 1
    worth, slope = np.zeros(n_sites), np.zeros(n_sites)
    for site in range(n_sites):
        begin, end = start[site], start[site + 1]
        listed = begin + np.flatnonzero(gain[begin:end] > 0.0)
        listed = listed[np.argsort(-(gain[listed] / weight[listed]))]
        left = capacity[site]
        for pair in listed:
            part = min(most_share[pair], left / weight[pair])
            share[pair] = part
            worth[site] += part * gain[pair]
            left -= part * weight[pair]
            if part < most_share[pair]:
                slope[site] = gain[pair] / weight[pair]
                break
    return worth, slope
