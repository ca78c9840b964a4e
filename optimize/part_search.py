"""A better plan of a large p-median, part by part: neighbouring open sites are placed anew, exactly, while all others stay.

References
----------
Taillard, Voss (2002), POPMUSIC: partial optimization metaheuristic under special intensification conditions,
doi:10.1007/978-1-4615-1507-4_27; Taillard (2003), Heuristic methods for large centroid clustering problems,
doi:10.1023/A:1021841728075, for the median.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Deadline
from optimize.near_part import near_cap, near_part
from optimize.siting import Siting

ROWS_OF_PART = (100, 200)
"""How many rows the sites of a part serve, about, first and then: such a part is solved in a moment, or nearly."""

FEWEST_OF_PART = 6
"""Open sites of a part at least."""

SolvePart = Callable[[Siting], NDArray[np.intp] | None]
"""Returns the best plan of a small problem, None where none was found."""


def part_size(siting: Siting, n_rows: int) -> int:
    """Return how many open sites make a part that serves about so many rows."""
    return max(FEWEST_OF_PART, round(n_rows * siting.n_open / max(1, siting.n_rows)))


def has_parts(siting: Siting) -> bool:
    """Return whether a plan falls into several parts, so that solving them one by one is less than solving it."""
    return 2 * part_size(siting, ROWS_OF_PART[-1]) <= siting.n_open


def improve_by_parts(
    siting: Siting, plan: NDArray[np.intp], *, solve_part: SolvePart, deadline: Deadline | None = None
) -> NDArray[np.intp]:
    """Return the plan after its parts were placed anew until none is better, or the time is over.

    Parameters
    ----------
    siting, plan
        The problem, and the positions of the open sites, which serve every row that must be served.
    solve_part
        Solves one part.
    deadline
        Moment of `time.monotonic` at which to stop.
    """
    near = near_part(siting, near_cap(siting, plan))
    for n_rows in ROWS_OF_PART:
        plan = _improve_by(near, plan, size=part_size(siting, n_rows), whole=siting, solve_part=solve_part, deadline=deadline)
    return plan


def _improve_by(
    near: Siting, plan: NDArray[np.intp], *, size: int, whole: Siting, solve_part: SolvePart, deadline: Deadline | None
) -> NDArray[np.intp]:
    """Return the plan after its parts of one size were placed anew until none is better."""
    best, value, waiting, settled = plan, whole.value(plan), deque(plan.tolist()), set[bytes]()
    while waiting and not (deadline is not None and time.monotonic() >= deadline):
        center = waiting.popleft()
        if center not in best:
            continue
        part = _neighbours(near, best, center, size=size)
        if part.tobytes() in settled:
            continue
        placed = _placed_anew(near, best, part, solve_part=solve_part)
        moved = np.sort(np.concatenate([np.setdiff1d(best, part), placed]))
        cost = whole.value(moved)
        if cost < value - whole.tolerance and (whole.is_feasible(moved) or not whole.is_must.any()):
            best, value, settled = moved, cost, set()
            waiting.extend(site for site in placed.tolist() if site not in waiting)
        else:
            settled.add(part.tobytes())
    return best


def _neighbours(siting: Siting, plan: NDArray[np.intp], center: int, *, size: int) -> NDArray[np.intp]:
    """Return an open site and others that serve its rows, and the rows of those, for the least; ascending."""
    is_open = np.zeros(siting.n_sites, dtype=np.bool_)
    is_open[plan] = True
    of_open = is_open[siting.pair_site]
    site, row, cost = siting.pair_site[of_open], siting.pair_row[of_open], siting.pair_cost[of_open]
    nearest = siting.row_cost(plan)
    part = np.array([center])
    while part.size < size:
        is_in = np.isin(site, part)
        is_own = np.zeros(siting.n_rows, dtype=np.bool_)
        is_own[row[is_in & (cost <= nearest[row])]] = True
        least = np.full(siting.n_sites, np.inf)
        others = is_own[row] & ~is_in
        np.minimum.at(least, site[others], cost[others])
        found = np.flatnonzero(np.isfinite(least))
        if not found.size:
            break
        part = np.concatenate([part, found[np.argsort(least[found], kind="stable")][: size - part.size]])
    return np.sort(part)


def _placed_anew(siting: Siting, plan: NDArray[np.intp], part: NDArray[np.intp], *, solve_part: SolvePart) -> NDArray[np.intp]:
    """Return the best places of the sites of a part while the others stay, ascending; the part itself where none is found."""
    stays = np.setdiff1d(plan, part)
    base = siting.row_cost(stays)
    gains = siting.pair_cost < base[siting.pair_row]
    is_row = np.zeros(siting.n_rows, dtype=np.bool_)
    is_row[siting.pair_row[gains & np.isin(siting.pair_site, part)]] = True
    is_site = np.zeros(siting.n_sites, dtype=np.bool_)
    is_site[siting.pair_site[gains & is_row[siting.pair_row]]] = True
    is_site[part], is_site[stays] = True, False
    kept = gains & is_site[siting.pair_site]
    touched = np.zeros(siting.n_rows, dtype=np.bool_)
    touched[siting.pair_row[kept]] = True
    small = replace(
        siting,
        n_open=part.size,
        rank=np.arange(int(is_site.sum())),
        pair_site=(np.cumsum(is_site) - 1)[siting.pair_site[kept]],
        pair_row=(np.cumsum(touched) - 1)[siting.pair_row[kept]],
        pair_cost=siting.pair_cost[kept],
        unserved_cost=base[touched],
        is_must=(siting.is_must & (base >= siting.unserved_cost))[touched],
        constant=0.0,
    )
    if small.n_sites == small.n_open:
        return part
    found = solve_part(small)
    return part if found is None else np.flatnonzero(is_site)[found]
