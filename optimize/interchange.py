"""A good plan in a moment: greedy addition, then interchange. It gives the start and never the last word."""

from __future__ import annotations

import heapq
import time

import numpy as np
from numpy.typing import NDArray

from optimize.siting import Siting, sum_at


def add_greedily(siting: Siting) -> NDArray[np.intp]:
    """Return the plan to which the site that saves most was added, again and again; the first of equal ones.

    Notes
    -----
    What a site saves only falls as others are added, so a site is counted anew only when it comes to the top of the list.

    References
    ----------
    Kuehn, Hamburger (1963), A heuristic program for locating warehouses, doi:10.1287/mnsc.9.4.643; counted lazily after
    Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions, doi:10.1007/BFb0006528.
    """
    row_cost = siting.unserved_cost.copy()
    saving = siting.sum_by_site(row_cost[siting.pair_row] - siting.pair_cost)
    waiting = list(zip((-saving).tolist(), range(siting.n_sites), [0] * siting.n_sites, strict=True))
    heapq.heapify(waiting)
    chosen: list[int] = []
    while len(chosen) < siting.n_open:
        _, site, n_known = heapq.heappop(waiting)
        pairs = slice(siting.start[site], siting.start[site + 1])
        rows, cost = siting.pair_row[pairs], siting.pair_cost[pairs]
        if n_known == len(chosen):
            chosen.append(site)
            row_cost[rows] = np.minimum(row_cost[rows], cost)
        else:
            left = float(np.maximum(row_cost[rows] - cost, 0.0).sum())
            heapq.heappush(waiting, (-left, site, len(chosen)))
    return np.sort(np.array(chosen, dtype=np.intp))


def interchange(siting: Siting, plan: NDArray[np.intp], *, deadline: float | None = None) -> NDArray[np.intp]:
    """Return the plan after the best swap of one open for one closed site, repeated until none saves anything.

    Parameters
    ----------
    siting, plan
        The problem, and the positions of the open sites.
    deadline
        Moment of `time.monotonic` at which to stop.

    References
    ----------
    Teitz, Bart (1968), doi:10.1287/opre.16.5.955; the saving of all swaps at once after Whitaker (1983) and
    Resende, Werneck (2007), A fast swap-based local search procedure for location problems,
    doi:10.1007/s10479-006-0154-0.
    """
    current = plan.copy()
    while current.size and not (deadline is not None and time.monotonic() >= deadline):
        saving = swap_savings(siting, current)
        site, place = divmod(int(np.argmax(saving)), current.size)
        if saving[site, place] <= siting.tolerance:
            break
        current[place] = site
    return np.sort(current)


def swap_savings(siting: Siting, plan: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what opening each site and closing each place of the plan saves, shape (n_sites, plan.size)."""
    nearest, place, second = two_nearest(siting, plan)
    near = siting.pair_cost < second[siting.pair_row]  # no other pair can gain
    site, row, cost = siting.pair_site[near], siting.pair_row[near], siting.pair_cost[near]
    gain = sum_at(site, np.maximum(nearest[row] - cost, 0.0), n=siting.n_sites)
    still_served = sum_at(
        site * plan.size + place[row],
        second[row] - np.maximum(cost, nearest[row]),
        n=siting.n_sites * plan.size,
    )
    loss = sum_at(place, second - nearest, n=plan.size)
    saving = gain[:, None] - loss[None, :] + still_served.reshape(siting.n_sites, plan.size)
    saving[plan] = -np.inf
    return np.asarray(saving)


def two_nearest(siting: Siting, plan: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Return the cost of each row at its cheapest site of the plan, the place of that site, and the second cheapest cost."""
    nearest, second = siting.unserved_cost.copy(), siting.unserved_cost.copy()
    place = np.zeros(siting.n_rows, dtype=np.intp)
    for k, site in enumerate(plan):
        pairs = slice(siting.start[site], siting.start[site + 1])
        rows, cost = siting.pair_row[pairs], siting.pair_cost[pairs]
        was = nearest[rows]
        is_nearer = cost < was
        second[rows] = np.where(is_nearer, was, np.minimum(second[rows], cost))
        nearest[rows] = np.minimum(was, cost)
        place[rows] = np.where(is_nearer, k, place[rows])
    return nearest, place, second
