"""Whom each open site reaches alone: the people within a standard of it and of no other open one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from geo.traveltimes import TravelTimes
from layers.people import People


def count_alone(
    times: TravelTimes, people: People, site_ids: Sequence[str], *, groups: Sequence[str], standard_min: float
) -> dict[str, dict[str, float]]:
    """Return the people of each group within a standard of each site and of no other one.

    Parameters
    ----------
    times
        Travel times, shape (n_cells, n_sites), rows in the order of ``people.cells``.
    people
        The counts.
    site_ids
        The open sites; each must be a column of the travel times.
    groups
        Keys of the groups to count.
    standard_min
        Coverage standard in minutes; within means impedance ≤ standard.

    Returns
    -------
    dict
        People by group by site, in the order of `site_ids`; 0 for a site all of whose people reach another one, too.
    """
    position = {site_id: column for column, site_id in enumerate(times.candidate_ids)}
    columns = np.array([position[site_id] for site_id in site_ids], dtype=np.intp)
    entries = sparse.csc_array(times.seconds)[:, columns].tocoo()
    is_near = entries.data <= standard_min * 60.0
    cell, site = entries.row[is_near], entries.col[is_near]
    is_only = np.bincount(cell, minlength=len(people.cells))[cell] == 1
    found: dict[str, dict[str, float]] = {site_id: {} for site_id in site_ids}
    for group in groups:
        in_cells = people.cells[group].to_numpy(dtype=np.float64)
        counted = np.bincount(site[is_only], weights=in_cells[cell[is_only]], minlength=columns.size)
        for site_id, n in zip(site_ids, counted, strict=True):
            found[site_id][group] = float(n)
    return found
