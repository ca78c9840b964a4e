"""Reach: who has an open site within so many minutes, counted from travel times. Reached means impedance ≤ standard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geo.traveltimes import TravelTimes

Floats = NDArray[np.float64]


def nearest_seconds(times: TravelTimes, site_ids: Sequence[str]) -> Floats:
    """Return the seconds from each cell to the nearest of the sites.

    Parameters
    ----------
    times
        Travel times, shape (n_cells, n_sites).
    site_ids
        The open sites; each must be a column of the travel times.

    Returns
    -------
    numpy.ndarray
        Shape (n_cells,), seconds; NaN where no site is within the cutoff.
    """
    columns = _columns(times, site_ids)
    return nearest_of(times.seconds, columns)


def nearest_of(seconds: sparse.csr_array | sparse.csr_matrix, columns: NDArray[np.intp]) -> Floats:
    """Return the least stored value of each row over some columns; NaN where none is stored."""
    rows = sparse.csc_array(seconds)[:, columns].tocoo()
    nearest = np.full(seconds.shape[0], np.inf)
    np.minimum.at(nearest, rows.row, rows.data)
    return np.where(np.isinf(nearest), np.nan, nearest)


def nearest_site(times: TravelTimes, site_ids: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return, for each cell that a site reaches within the cutoff, its nearest site.

    Equal times go to the site whose id comes first.

    Returns
    -------
    cells, sites, seconds
        Shape (n_reached,): positions of the cells in the rows of the travel times (rising), positions of the sites in
        `site_ids`, and the seconds.
    """
    order = np.argsort(np.array(site_ids, dtype=str), kind="stable")
    entries = sparse.csc_array(times.seconds)[:, _columns(times, site_ids)[order]].tocoo()
    ranked = np.lexsort((entries.col, entries.data, entries.row))
    cells, first = np.unique(entries.row[ranked], return_index=True)
    kept = ranked[first]
    return cells.astype(np.intp), order[entries.col[kept]].astype(np.intp), entries.data[kept]


def values_at(matrix: sparse.csr_array, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """Return the values of a matrix at some pairs, shape (n,); 0 where none is stored.

    Examples
    --------
    >>> none = np.empty(0, dtype=np.intp)
    >>> values_at(sparse.csr_array(np.eye(2)), none, none)
    array([], dtype=float64)
    """
    if not len(rows):
        return np.empty(0)  # scipy would give a sparse array for no pair, and a dense one for some
    return np.asarray(matrix[rows, columns], dtype=np.float64).ravel()


def is_within(seconds: Floats, standard_s: float) -> NDArray[np.bool_]:
    """Return whether each time is within the standard; NaN (not reached) is not."""
    with np.errstate(invalid="ignore"):
        return np.asarray(seconds <= standard_s, dtype=np.bool_)


def people_within(times: TravelTimes, counts: pd.DataFrame, *, standard_s: float) -> pd.DataFrame:
    """Return how many people of each group each site reaches by itself.

    Parameters
    ----------
    times
        Travel times, shape (n_cells, n_sites).
    counts
        One row per cell in the order of the travel times, one column per group.
    standard_s
        Coverage standard in seconds.

    Returns
    -------
    pandas.DataFrame
        Index site_id, one column per group.
    """
    stored = times.seconds.tocoo()
    near = stored.data <= standard_s
    cover = sparse.csr_array(
        (np.ones(int(near.sum())), (stored.col[near], stored.row[near])), shape=(stored.shape[1], stored.shape[0])
    )
    return pd.DataFrame(cover @ counts.to_numpy(dtype=np.float64), index=list(times.candidate_ids), columns=counts.columns)


def _columns(times: TravelTimes, site_ids: Sequence[str]) -> NDArray[np.intp]:
    position = {site_id: column for column, site_id in enumerate(times.candidate_ids)}
    return np.array([position[site_id] for site_id in site_ids], dtype=np.intp)
