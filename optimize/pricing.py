"""What sites are worth at given prices: by whole arrays where that is quick, else compiled, along the cheapest pairs."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.siting import Siting

LARGEST_FOR_ARRAYS = 500_000
"""Pairs up to which whole arrays are quicker than compiling (about a second) would pay back."""


class RowLists(NamedTuple):
    """The pairs of each row, cheapest first: those of row ``i`` are at ``start[i]:start[i + 1]``."""

    start: NDArray[np.int64]
    site: NDArray[np.int64]
    cost: NDArray[np.float64]


class Pricing(Protocol):
    """What prices of the rows mean for the sites."""

    def worth(self, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each site is worth: the sum over its rows of what the price exceeds the cost by, shape (n_sites,)."""

    def n_served(self, price: NDArray[np.float64], opened: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return how many of the open sites serve each row for less than its price, shape (n_rows,)."""


def pricing_of(siting: Siting) -> Pricing:
    """Return the quicker pricing of a problem; both give the same but for the rounding of sums."""
    return ArrayPricing(siting) if siting.pair_row.size <= LARGEST_FOR_ARRAYS else ListPricing(siting)


class ArrayPricing:
    """Pricing by operations on all pairs at once."""

    def __init__(self, siting: Siting) -> None:
        self._siting = siting

    def worth(self, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each site is worth at the prices."""
        margin = price[self._siting.pair_row]
        margin -= self._siting.pair_cost
        return self._siting.sum_by_site(np.maximum(margin, 0.0, out=margin))

    def n_served(self, price: NDArray[np.float64], opened: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return how many of the open sites serve each row for less than its price."""
        siting, count = self._siting, np.zeros(self._siting.n_rows)
        for site in opened:
            pairs = slice(siting.start[site], siting.start[site + 1])
            rows = siting.pair_row[pairs]
            count[rows] += siting.pair_cost[pairs] < price[rows]
        return count


class ListPricing:
    """Pricing along the pairs of each row, as far as they are cheaper than its price; few are, where many sites open."""

    def __init__(self, siting: Siting) -> None:
        self._lists, self._n_sites = row_lists(siting), siting.n_sites

    def worth(self, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each site is worth at the prices."""
        total = np.zeros(self._n_sites)
        _add_worth(self._lists, price, total)
        return total

    def n_served(self, price: NDArray[np.float64], opened: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return how many of the open sites serve each row for less than its price."""
        is_open = np.zeros(self._n_sites, dtype=np.bool_)
        is_open[opened] = True
        count = np.zeros(price.size)
        _add_served(self._lists, price, is_open, count)
        return count


def row_lists(siting: Siting) -> RowLists:
    """Return the pairs of each row, cheapest first, of equal ones the first site."""
    order = np.lexsort((siting.pair_cost, siting.pair_row))  # stable, and the pairs are sorted by site
    start = np.searchsorted(siting.pair_row[order], np.arange(siting.n_rows + 1))
    return RowLists(start=start, site=siting.pair_site[order], cost=siting.pair_cost[order])


@njit(nogil=True)
def _add_worth(lists: RowLists, price: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Add to each site what it is worth at the prices."""
    for i in range(price.size):
        for at in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[at] >= price[i]:
                break
            total[lists.site[at]] += price[i] - lists.cost[at]


@njit(nogil=True)
def _add_served(lists: RowLists, price: NDArray[np.float64], is_open: NDArray[np.bool_], count: NDArray[np.float64]) -> None:
    """Add to each row the number of open sites that serve it for less than its price."""
    for i in range(price.size):
        for at in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[at] >= price[i]:
                break
            count[i] += is_open[lists.site[at]]
