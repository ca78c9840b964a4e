"""Which rows and sites decide whether a cover exists: those that no other row or site makes idle."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimize.siting import Siting

LARGEST_TABLE = 10_000_000
"""Rows × sites up to which they are compared, in a table of so many single-precision numbers."""

LARGEST_SIDE = 10_000
"""Rows, or sites, up to which each is compared with each: about a second for so many rows and 340 sites (two cores of 2024)."""

BLOCK = 500
"""How many are compared with all others at a time."""


def without_dominated(siting: Siting, *, deadline: float | None = None) -> Siting:
    """Return the rows and sites that decide whether all rows can be covered by so many sites.

    Parameters
    ----------
    siting
        Rows that all must be covered, no two of them by the same sites; `rank` says which sites are left.
    deadline
        Moment of `time.monotonic` at which to stop; what is left has the same covers, only more of it.

    Notes
    -----
    A row that all sites of another row cover is covered whenever that one is; a site that covers no row which another one does
    not cover can be exchanged for it. Each may make others idle, so both are repeated until nothing changes. The sites that
    are left have a cover if and only if all have one, but not every cover: the tie rule must not be asked here.
    """
    if siting.n_rows * siting.n_sites > LARGEST_TABLE:
        return siting
    table, row, site = _table(siting), np.arange(siting.n_rows), np.arange(siting.n_sites)
    while True:
        row = row[~_is_within_another(1.0 - table[np.ix_(row, site)], deadline)]
        is_idle = _is_within_another(table[np.ix_(row, site)].T, deadline)
        site = site[~is_idle]
        if not is_idle.any() or _is_past(deadline):
            return _part(siting, row, site)


def without_dominated_rows(siting: Siting, *, deadline: float | None = None) -> Siting:
    """Return the problem without rows that are covered whenever another one is; it has the same covers.

    Parameters
    ----------
    siting
        Rows that all must be covered, no two of them by the same sites.
    deadline
        Moment of `time.monotonic` at which to stop, as above.
    """
    if siting.n_rows * siting.n_sites > LARGEST_TABLE:
        return siting
    is_implied = _is_within_another(1.0 - _table(siting), deadline)
    return _part(siting, np.flatnonzero(~is_implied), np.arange(siting.n_sites))


def _table(siting: Siting) -> NDArray[np.float32]:
    """Return which site covers which row as zeros and ones, shape (n_rows, n_sites)."""
    table = np.zeros((siting.n_rows, siting.n_sites), dtype=np.float32)
    table[siting.pair_row, siting.pair_site] = 1.0
    return table


def _is_past(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _is_within_another(sets: NDArray[np.float32], deadline: float | None) -> NDArray[np.bool_]:
    """Return whether each set (a row of zeros and ones) is part of another one; of equal sets all but the first are.

    Notes
    -----
    Of sets that the clock leaves no time to compare none is said to be part of another one.
    """
    if len(sets) > LARGEST_SIDE:
        return np.zeros(len(sets), dtype=np.bool_)
    size, place = sets.sum(axis=1), np.arange(len(sets))
    is_within = np.zeros(len(sets), dtype=np.bool_)
    for begin in range(0, len(sets), BLOCK):
        if _is_past(deadline):
            break
        part = slice(begin, begin + BLOCK)
        own_size, own_place = size[part, None], place[part, None]
        is_larger = (size > own_size) | ((size == own_size) & (place < own_place))
        is_within[part] = ((sets[part] @ sets.T == own_size) & is_larger).any(axis=1)
    return is_within


def _part(siting: Siting, row: NDArray[np.intp], site: NDArray[np.intp]) -> Siting:
    """Return the problem of some of its rows and sites."""
    has_row, has_site = np.zeros(siting.n_rows, dtype=np.bool_), np.zeros(siting.n_sites, dtype=np.bool_)
    has_row[row], has_site[site] = True, True
    kept = has_row[siting.pair_row] & has_site[siting.pair_site]
    return replace(
        siting,
        n_open=min(siting.n_open, int(site.size)),
        rank=siting.rank[site],
        pair_site=(np.cumsum(has_site) - 1)[siting.pair_site[kept]],
        pair_row=(np.cumsum(has_row) - 1)[siting.pair_row[kept]],
        pair_cost=siting.pair_cost[kept],
        unserved_cost=siting.unserved_cost[row],
        is_must=siting.is_must[row],
    )
