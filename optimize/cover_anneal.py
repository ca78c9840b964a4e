"""Better plans of coverage by many small swaps: simulated annealing that counts how often each row is covered, and no more.

Notes
-----
`optimize.swap_search` keeps what opening each site would save, which every swap changes for all sites around. Here that is
counted when a swap is drawn, from how often each row is covered: on NewYork three million swaps a second (two cores of 2024).

References
----------
Kirkpatrick, Gelatt, Vecchi (1983), Optimization by simulated annealing, doi:10.1126/science.220.4598.671.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimize.pricing import RowLists, row_lists
from optimize.siting import Siting, sum_at

HOT, COLD = 0.05, 0.005
"""First and last temperature, as shares of what an open site is worth to the plan on average."""

STAGES = 100
"""Between two of them the clock is asked."""

DRAWS_PER_MOVE = 5

FAR_MOVES = 0.02
"""Share of the moves that go anywhere; the others go to a site that covers a row of the closed one."""


class Cover(NamedTuple):
    """A plan of coverage and what follows from it; the arrays from `is_open` on change with it.

    Parameters
    ----------
    start, row
        Rows that each site covers.
    row_start, site
        Sites that cover each row.
    weight
        What each row costs uncovered.
    is_open, loss
        Of each site: whether it is open, and what only it covers.
    n_covers, open_sum
        Of each row: how many open sites cover it, and the sum of their positions, which of one is the site itself.
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    row_start: NDArray[np.int64]
    site: NDArray[np.int64]
    weight: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    loss: NDArray[np.float64]
    n_covers: NDArray[np.int64]
    open_sum: NDArray[np.int64]


def anneal_cover(
    siting: Siting, plan: NDArray[np.intp], *, n_moves: int, seed: int, deadline: float | None = None
) -> NDArray[np.intp]:
    """Return the best plan met in the cold half of random swaps, of which those that cost are taken ever more seldom.

    Parameters
    ----------
    siting
        The problem, in which a row costs nothing once it is covered.
    plan
        Positions of the open sites to begin with.
    n_moves
        How many swaps to draw; more find better plans.
    seed
        Of the draws.
    deadline
        Moment of `time.monotonic` at which to stop; before the cold half, that is with the plan that was given.

    Notes
    -----
    The plan that was given may be better: what is returned differs from seed to seed, so that several are worth to be merged.
    """
    if not plan.size or plan.size == siting.n_sites or not siting.pair_row.size:
        return plan
    cover, place, best = _cover_of(siting, row_lists(siting), plan), plan.copy(), plan.copy()
    each = max(1, n_moves // STAGES)
    cooling = (COLD / HOT) ** (1.0 / (STAGES * each))
    heat, random = HOT * float(cover.loss[plan].mean()), np.random.default_rng(seed)
    below = np.zeros(2)  # what the current plan costs less the first one, and the least that this was
    for stage in range(STAGES):
        if deadline is not None and time.monotonic() >= deadline:
            break
        if 2 * stage == STAGES:
            below[1] = np.inf
        _anneal(cover, place, best, below, random.random((each, DRAWS_PER_MOVE)), heat, cooling, siting.tolerance)
        heat *= cooling**each
    return np.sort(best)


def _cover_of(siting: Siting, lists: RowLists, plan: NDArray[np.intp]) -> Cover:
    """Return the state of a plan."""
    is_open = np.zeros(siting.n_sites, dtype=np.bool_)
    is_open[plan] = True
    covers = is_open[siting.pair_site]
    row, site = siting.pair_row[covers], siting.pair_site[covers]
    n_covers = np.bincount(row, minlength=siting.n_rows)
    open_sum = np.zeros(siting.n_rows, dtype=np.int64)
    np.add.at(open_sum, row, site)
    alone = n_covers[row] == 1
    loss = sum_at(site[alone], siting.unserved_cost[row[alone]], n=siting.n_sites)
    return Cover(
        start=siting.start,
        row=siting.pair_row,
        row_start=lists.start,
        site=lists.site,
        weight=siting.unserved_cost,
        is_open=is_open,
        loss=loss,
        n_covers=n_covers,
        open_sum=open_sum,
    )


@njit(nogil=True)
def _anneal(
    cover: Cover,
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
        heat *= cooling
        k = int(draws[move, 0] * place.size)
        closed = place[k]
        opened = _drawn_site(cover, closed, draws[move])
        if cover.is_open[opened]:
            continue
        least = cover.loss[closed] + heat * np.log(1.0 - draws[move, DRAWS_PER_MOVE - 1])
        gain = _gain(cover, opened, closed)
        if gain <= least:
            continue
        below[0] += cover.loss[closed] - gain
        _close(cover, closed)
        _open(cover, opened)
        place[k] = opened
        if below[0] < below[1] - tolerance:
            below[1] = below[0]
            best[:] = place


@njit(nogil=True)
def _drawn_site(cover: Cover, closed: int, draw: NDArray[np.float64]) -> int:
    """Return a site to open instead of one: near it, or anywhere."""
    begin, end = cover.start[closed], cover.start[closed + 1]
    if draw[1] < FAR_MOVES or begin == end:
        return int(draw[2] * cover.is_open.size)
    i = cover.row[begin + int(draw[2] * (end - begin))]
    begin, end = cover.row_start[i], cover.row_start[i + 1]
    return int(cover.site[begin + int(draw[3] * (end - begin))])


@njit(nogil=True)
def _gain(cover: Cover, opened: int, closed: int) -> float:
    """Return what opening a site covers that is uncovered once another one is closed."""
    total = 0.0
    for at in range(cover.start[opened], cover.start[opened + 1]):
        i = cover.row[at]
        if cover.n_covers[i] == 0 or (cover.n_covers[i] == 1 and cover.open_sum[i] == closed):
            total += cover.weight[i]
    return total


@njit(nogil=True)
def _close(cover: Cover, site: int) -> None:
    cover.is_open[site], cover.loss[site] = False, 0.0
    for at in range(cover.start[site], cover.start[site + 1]):
        i = cover.row[at]
        cover.n_covers[i] -= 1
        cover.open_sum[i] -= site
        if cover.n_covers[i] == 1:
            cover.loss[cover.open_sum[i]] += cover.weight[i]


@njit(nogil=True)
def _open(cover: Cover, site: int) -> None:
    loss = 0.0
    for at in range(cover.start[site], cover.start[site + 1]):
        i = cover.row[at]
        if cover.n_covers[i] == 0:
            loss += cover.weight[i]
        elif cover.n_covers[i] == 1:
            cover.loss[cover.open_sum[i]] -= cover.weight[i]
        cover.n_covers[i] += 1
        cover.open_sum[i] += site
    cover.is_open[site], cover.loss[site] = True, loss
