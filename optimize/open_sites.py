"""The state of a search: which sites are open, who serves each row first and second, and what every change would save."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.pricing import row_lists
from optimize.siting import Siting

NOBODY = -1
"""In place of the site that serves a row, where none does."""


class Pairs(NamedTuple):
    """The pairs of a problem twice: by site (``start``, ``row``, ``cost``), and by row with the cheapest first (``row_…``)."""

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    cost: NDArray[np.float64]
    row_start: NDArray[np.int64]
    row_site: NDArray[np.int64]
    row_cost: NDArray[np.float64]
    unserved: NDArray[np.float64]


class State(NamedTuple):
    """A plan and what follows from it; the arrays change with it.

    Parameters
    ----------
    is_open
        Of each site.
    first, first_cost, second, second_cost
        Of each row: the cheapest and the second cheapest open site, `NOBODY` where there is none, and what they cost;
        the cost unserved where there is none.
    gain
        What opening each site would save.
    loss
        What closing each open site would cost.
    """

    is_open: NDArray[np.bool_]
    first: NDArray[np.int64]
    first_cost: NDArray[np.float64]
    second: NDArray[np.int64]
    second_cost: NDArray[np.float64]
    gain: NDArray[np.float64]
    loss: NDArray[np.float64]


def pairs_of(siting: Siting) -> Pairs:
    """Return the pairs of a problem by site and by row."""
    lists = row_lists(siting)
    return Pairs(
        start=siting.start,
        row=siting.pair_row,
        cost=siting.pair_cost,
        row_start=lists.start,
        row_site=lists.site,
        row_cost=lists.cost,
        unserved=siting.unserved_cost,
    )


def state_of(siting: Siting, pairs: Pairs, plan: NDArray[np.intp]) -> State:
    """Return the state of a plan (positions of its open sites)."""
    nobody = np.full(siting.n_rows, NOBODY)
    state = State(
        is_open=np.zeros(siting.n_sites, dtype=np.bool_),
        first=nobody,
        first_cost=siting.unserved_cost.copy(),
        second=nobody.copy(),
        second_cost=siting.unserved_cost.copy(),
        gain=siting.sum_by_site(siting.unserved_cost[siting.pair_row] - siting.pair_cost),
        loss=np.zeros(siting.n_sites),
    )
    for site in plan:
        open_site(pairs, state, site)
    return state


@njit(nogil=True)
def open_site(pairs: Pairs, state: State, site: int) -> float:
    """Open a site and return what that saves."""
    saved = 0.0
    state.is_open[site] = True
    for at in range(pairs.start[site], pairs.start[site + 1]):
        i, cost = pairs.row[at], pairs.cost[at]
        was = state.first_cost[i]
        if cost < was:
            saved += was - cost
            _lower_gains(pairs, state, i, cost)
            if state.first[i] != NOBODY:
                state.loss[state.first[i]] -= state.second_cost[i] - was
            state.second[i], state.second_cost[i] = state.first[i], was
            state.first[i], state.first_cost[i] = site, cost
            state.loss[site] += was - cost
        elif cost < state.second_cost[i]:
            state.loss[state.first[i]] -= state.second_cost[i] - cost
            state.second[i], state.second_cost[i] = site, cost
    return saved


@njit(nogil=True)
def close_site(pairs: Pairs, state: State, site: int) -> float:
    """Close an open site and return what that costs."""
    lost = 0.0
    state.is_open[site] = False
    for at in range(pairs.start[site], pairs.start[site + 1]):
        i = pairs.row[at]
        if state.first[i] == site:
            was, cost = state.first_cost[i], state.second_cost[i]
            lost += cost - was
            state.first[i], state.first_cost[i] = state.second[i], cost
            _raise_gains(pairs, state, i, was)
            if state.first[i] != NOBODY:
                _find_second(pairs, state, i)
                state.loss[state.first[i]] += state.second_cost[i] - cost
        elif state.second[i] == site:
            was = state.second_cost[i]
            _find_second(pairs, state, i)
            state.loss[state.first[i]] += state.second_cost[i] - was
    state.loss[site] = 0.0
    return lost


@njit(nogil=True)
def _lower_gains(pairs: Pairs, state: State, i: int, cost: float) -> None:
    """Take from the gain of each site what it would have saved of a row that now costs less."""
    was = state.first_cost[i]
    for at in range(pairs.row_start[i], pairs.row_start[i + 1]):
        if pairs.row_cost[at] >= was:
            break
        state.gain[pairs.row_site[at]] -= was - max(pairs.row_cost[at], cost)


@njit(nogil=True)
def _raise_gains(pairs: Pairs, state: State, i: int, was: float) -> None:
    """Give the gain of each site what it would save of a row that now costs more."""
    cost = state.first_cost[i]
    for at in range(pairs.row_start[i], pairs.row_start[i + 1]):
        if pairs.row_cost[at] >= cost:
            break
        state.gain[pairs.row_site[at]] += cost - max(pairs.row_cost[at], was)


@njit(nogil=True)
def _find_second(pairs: Pairs, state: State, i: int) -> None:
    """Find the cheapest open site of a row besides its first."""
    state.second[i], state.second_cost[i] = NOBODY, pairs.unserved[i]
    for at in range(pairs.row_start[i], pairs.row_start[i + 1]):
        site = pairs.row_site[at]
        if state.is_open[site] and site != state.first[i]:
            state.second[i], state.second_cost[i] = site, pairs.row_cost[at]
            return
