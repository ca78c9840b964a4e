"""The form in which every model is solved: rows of demand, sites that serve them at a cost, so many to open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RELATIVE_TOLERANCE = 1e-9
"""Two values of a plan are equal when they differ by less than this share of the scale of the problem."""


def sum_at(index: NDArray[np.intp], values: NDArray[np.float64], *, n: int) -> NDArray[np.float64]:
    """Return the sum of the values at each index, shape (n,), added in the order in which they stand."""
    return np.bincount(index, weights=values, minlength=n).astype(np.float64, copy=False)  # of nothing it is an int array


def sorted_order(*keys: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the positions sorted by keys ≥ 0, of which the last is the first to count; as `np.lexsort`, but by digits.

    Notes
    -----
    NumPy sorts numbers of 16 bits by counting, so thirty million pairs take seconds.
    """
    order = np.arange(keys[0].size)
    for key in keys:
        for shift in range(0, int(key.max(initial=0)).bit_length(), 16):
            digit = (key[order] >> shift).astype(np.uint16)  # the cast keeps the lowest 16 bits
            order = order[np.argsort(digit, kind="stable")]
    return order


@dataclass(frozen=True, kw_only=True, eq=False)
class Siting:
    """Open exactly `n_open` sites so that the sum over the rows of the cheapest service is least.

    Parameters
    ----------
    n_open
        How many of the sites to open.
    rank
        Position of each site in the sorted list of free candidates, shape (n_sites,), ascending.
    pair_site, pair_row, pair_cost
        Shape (n_pairs,), sorted by site, then row: serving that row from that site costs so much, always less than
        leaving it unserved. A pair that is not there is no service.
    unserved_cost
        What each row costs while no site serves it, shape (n_rows,), finite. Sites that are open in every
        plan stand in it: what the row costs with them alone.
    is_must
        Rows that have to be served, shape (n_rows,); their `unserved_cost` is more than any plan would pay that is
        as good as the best one known.
    constant
        Cost that is in every plan.
    scale
        Size of the objective against which differences are judged.
    """

    n_open: int
    rank: NDArray[np.intp]
    pair_site: NDArray[np.intp]
    pair_row: NDArray[np.intp]
    pair_cost: NDArray[np.float64]
    unserved_cost: NDArray[np.float64]
    is_must: NDArray[np.bool_]
    constant: float
    scale: float

    @property
    def n_sites(self) -> int:
        """How many sites there are to choose from."""
        return int(self.rank.size)

    @property
    def n_rows(self) -> int:
        """How many rows of demand there are."""
        return int(self.unserved_cost.size)

    @property
    def tolerance(self) -> float:
        """Up to what difference two values are equal, in units of the objective."""
        return RELATIVE_TOLERANCE * self.scale

    @cached_property
    def start(self) -> NDArray[np.intp]:
        """Where the pairs of each site begin, shape (n_sites + 1,)."""
        return np.searchsorted(self.pair_site, np.arange(self.n_sites + 1))

    def sum_by_site(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of a value of each pair over the pairs of each site, shape (n_sites,)."""
        total = np.zeros(self.n_sites)
        has_pair = self.start[1:] > self.start[:-1]  # reduceat would give a site without pairs those of the next
        if values.size:
            total[has_pair] = np.add.reduceat(values, self.start[:-1][has_pair])
        return total

    def row_cost(self, plan: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return what each row costs in a plan (positions of its open sites), shape (n_rows,)."""
        cost = self.unserved_cost.copy()
        for site in plan:
            pairs = slice(self.start[site], self.start[site + 1])
            rows = self.pair_row[pairs]
            cost[rows] = np.minimum(cost[rows], self.pair_cost[pairs])
        return cost

    def value(self, plan: NDArray[np.intp]) -> float:
        """Return what a plan costs in all."""
        return self.constant + float(self.row_cost(plan).sum())

    def is_feasible(self, plan: NDArray[np.intp]) -> bool:
        """Return whether a plan serves every row that has to be served."""
        return not np.any(self.is_must & (self.row_cost(plan) >= self.unserved_cost))


def build_siting(
    *,
    n_open: int,
    n_sites: int,
    row: NDArray[np.intp],
    site: NDArray[np.intp],
    cost: NDArray[np.float64],
    unserved_cost: NDArray[np.float64],
    is_must: NDArray[np.bool_],
    scale: float,
) -> Siting:
    """Return the problem of pairs in any order; the order of its rows follows from what is in them.

    Parameters
    ----------
    n_open, n_sites
        How many sites to open, of how many.
    row, site, cost
        The pairs, shape (n_pairs,). Those that are not cheaper than leaving the row unserved are left out.
    unserved_cost, is_must
        Of each row, shape (n_rows,). Rows without a pair become a constant, those that must be served excepted.
    scale
        Size of the objective against which differences are judged.
    """
    gains = cost < unserved_cost[row]
    in_model = is_must.copy()
    in_model[row[gains]] = True
    left_out = np.sort(unserved_cost[~in_model])
    row, site, cost = (np.cumsum(in_model) - 1)[row[gains]], site[gains], cost[gains]
    unserved_cost, is_must = unserved_cost[in_model], is_must[in_model]
    sorted_rows = _rows_by_content(row=row, site=site, cost=cost, unserved_cost=unserved_cost)
    new_row = np.empty_like(sorted_rows)
    new_row[sorted_rows] = np.arange(sorted_rows.size)
    order = sorted_order(new_row[row], site)
    return Siting(
        n_open=n_open,
        rank=np.arange(n_sites),
        pair_site=site[order],
        pair_row=new_row[row][order],
        pair_cost=cost[order],
        unserved_cost=unserved_cost[sorted_rows],
        is_must=is_must[sorted_rows],
        constant=float(left_out.sum()),
        scale=scale,
    )


def _rows_by_content(
    *, row: NDArray[np.intp], site: NDArray[np.intp], cost: NDArray[np.float64], unserved_cost: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the rows sorted by what is in them, so that they come out the same in whichever order they came in.

    Notes
    -----
    Demand carries no ids. Each content is summed in the order of the sites, so that equal rows have equal sums.
    """
    order = sorted_order(site, row)
    row, cost = row[order], cost[order]
    place = site[order].astype(np.float64)
    n_rows = unserved_cost.size
    contents = [sum_at(row, values, n=n_rows) for values in (cost, cost * place, place, place * place)]
    return np.lexsort((*contents, np.bincount(row, minlength=n_rows), unserved_cost))


def restrict(siting: Siting, kept: NDArray[np.bool_], *, limit: NDArray[np.float64] | None = None) -> Siting:
    """Return the same rows with fewer sites and pairs.

    Parameters
    ----------
    siting
        The problem.
    kept
        The sites that stay to choose from, shape (n_sites,).
    limit
        What each row may cost, shape (n_rows,). Dearer pairs are left out, and a row that costs more while it is not served
        has to be served.
    """
    is_kept_pair = kept[siting.pair_site]
    is_must = siting.is_must
    if limit is not None:
        is_kept_pair &= siting.pair_cost <= limit[siting.pair_row]
        is_must = is_must | (siting.unserved_cost > limit)
    return replace(
        siting,
        rank=siting.rank[kept],
        pair_site=(np.cumsum(kept) - 1)[siting.pair_site[is_kept_pair]],
        pair_row=siting.pair_row[is_kept_pair],
        pair_cost=siting.pair_cost[is_kept_pair],
        is_must=is_must,
    )
