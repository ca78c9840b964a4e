"""Better plans by many small swaps, compiled: descent to where no swap saves, and simulated annealing on the way there."""

from __future__ import annotations

import time

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.open_sites import NOBODY, Pairs, State, close_site, open_site, pairs_of, state_of
from optimize.siting import Siting

HOT, COLD = 0.1, 0.003
"""First and last temperature, as shares of what an open site is worth to the plan on average."""

STAGES = 100
"""Between two of them the clock is asked."""

DRAWS_PER_MOVE = 6

FAR_MOVES = 0.05
"""Share of the moves that go anywhere; the others go to a site that serves a row of the closed one."""


def descend(siting: Siting, plan: NDArray[np.intp], *, deadline: float | None = None) -> NDArray[np.intp]:
    """Return the plan after swaps that save, each as soon as it is met, until no swap saves.

    Parameters
    ----------
    siting, plan
        The problem, and the positions of the open sites.
    deadline
        Moment of `time.monotonic` at which to stop.

    References
    ----------
    Resende, Werneck (2007), A fast swap-based local search procedure for location problems,
    doi:10.1007/s10479-006-0154-0, for the savings; Whitaker (1983) for the first swap that saves.
    """
    pairs, place = pairs_of(siting), plan.copy()
    state, n_idle, site = state_of(siting, pairs, plan), 0, 0
    while place.size and n_idle < siting.n_sites and not (deadline is not None and time.monotonic() >= deadline):
        site, n_idle = _descend(pairs, state, place, site, n_idle, siting.tolerance)
    return np.sort(place)


def anneal(
    siting: Siting, plan: NDArray[np.intp], *, n_moves: int, seed: int, deadline: float | None = None
) -> NDArray[np.intp]:
    """Return the best plan met by random swaps, of which those that cost are taken ever more seldom.

    Parameters
    ----------
    siting, plan
        The problem, and the positions of the open sites to begin with.
    n_moves
        How many swaps to draw; more find better plans.
    seed
        Of the draws.
    deadline
        Moment of `time.monotonic` at which to stop.

    References
    ----------
    Kirkpatrick, Gelatt, Vecchi (1983), doi:10.1126/science.220.4598.671; for the p-median Murray, Church (1996), Applying
    simulated annealing to location-planning models, doi:10.1007/BF00226291.
    """
    if not plan.size or plan.size == siting.n_sites or not siting.pair_row.size:
        return plan
    pairs, place, best = pairs_of(siting), plan.copy(), plan.copy()
    state = state_of(siting, pairs, plan)
    each = max(1, n_moves // STAGES)
    cooling = (COLD / HOT) ** (1.0 / (STAGES * each))
    heat, random = HOT * float(state.loss[plan].mean()), np.random.default_rng(seed)
    below = np.zeros(2)  # what the current plan costs less the first one, and the least that this was
    for _ in range(STAGES):
        if deadline is not None and time.monotonic() >= deadline:
            break
        draws = random.random((each, DRAWS_PER_MOVE))
        _anneal(pairs, state, place, best, below, draws, heat, cooling, siting.tolerance)
        heat *= cooling**each
    return np.sort(best)


@njit(nogil=True)
def _descend(pairs: Pairs, state: State, place: NDArray[np.int64], site: int, n_idle: int, tolerance: float) -> tuple[int, int]:
    """Try each site from one on until a swap saves or all were idle; return the next site and how many were idle in a row."""
    n_sites = state.is_open.size
    spared = np.zeros(n_sites)
    while n_idle < n_sites:
        if not state.is_open[site]:
            k, saving = _best_partner(pairs, state, place, site, spared)
            if saving > tolerance:
                close_site(pairs, state, place[k])
                open_site(pairs, state, site)
                place[k] = site
                return (site + 1) % n_sites, 0
        site, n_idle = (site + 1) % n_sites, n_idle + 1
    return site, n_idle


@njit(nogil=True)
def _best_partner(
    pairs: Pairs, state: State, place: NDArray[np.int64], site: int, spared: NDArray[np.float64]
) -> tuple[int, float]:
    """Return the place of the open site to close for one to open, and what the swap saves; `spared` is all zeros."""
    for at in range(pairs.start[site], pairs.start[site + 1]):
        i, cost = pairs.row[at], pairs.cost[at]
        if cost < state.second_cost[i] and state.first[i] != NOBODY:
            spared[state.first[i]] += state.second_cost[i] - max(cost, state.first_cost[i])
    best, least = 0, np.inf
    for k in range(place.size):
        loss = state.loss[place[k]] - spared[place[k]]
        spared[place[k]] = 0.0
        if loss < least:
            best, least = k, loss
    return best, state.gain[site] - least


@njit(nogil=True)
def _anneal(
    pairs: Pairs,
    state: State,
    place: NDArray[np.int64],
    best: NDArray[np.int64],
    below: NDArray[np.float64],
    draws: NDArray[np.float64],
    heat: float,
    cooling: float,
    tolerance: float,
) -> None:
    """Try a swap for each row of draws at falling temperature; the best plan met is written down."""
    for move in range(draws.shape[0]):
        draw = draws[move]
        heat *= cooling
        k = int(draw[0] * place.size)
        closed = place[k]
        opened = _drawn_site(pairs, state, closed, draw[1:])
        if opened == NOBODY or state.is_open[opened]:
            continue
        rise = state.loss[closed] - state.gain[opened] - _spared(pairs, state, closed, opened)
        if rise > 0 and rise >= -heat * np.log(1.0 - draw[DRAWS_PER_MOVE - 1]):
            continue
        below[0] += close_site(pairs, state, closed)
        below[0] -= open_site(pairs, state, opened)
        place[k] = opened
        if below[0] < below[1] - tolerance:
            below[1] = below[0]
            best[:] = place


@njit(nogil=True)
def _drawn_site(pairs: Pairs, state: State, closed: int, draw: NDArray[np.float64]) -> int:
    """Return a site to open instead of one: near it, or the best of three anywhere; `NOBODY` for none."""
    if draw[0] < FAR_MOVES:
        n_sites = state.is_open.size
        site = int(draw[1] * n_sites)
        for k in range(2, 4):
            other = int(draw[k] * n_sites)
            if state.gain[other] > state.gain[site]:
                site = other
        return site
    begin, end = pairs.start[closed], pairs.start[closed + 1]
    if begin == end:
        return NOBODY
    i = pairs.row[begin + int(draw[1] * (end - begin))]
    begin, end = pairs.row_start[i], pairs.row_start[i + 1]
    return int(pairs.row_site[begin + int(draw[2] * (end - begin))])


@njit(nogil=True)
def _spared(pairs: Pairs, state: State, closed: int, opened: int) -> float:
    """Return how much less closing one site costs when another is opened."""
    total = 0.0
    for at in range(pairs.start[opened], pairs.start[opened + 1]):
        i, cost = pairs.row[at], pairs.cost[at]
        if state.first[i] == closed and cost < state.second_cost[i]:
            total += state.second_cost[i] - max(cost, state.first_cost[i])
    return total
