"""Service areas of sites in a plan: the squares that a site reaches within the standard, as one polygon a site."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from geo.traveltimes import TravelTimes
from layers.people import People
from layers.plan import AREA_COLUMNS


def area_table(people: People, times: TravelTimes, *, site_ids: Sequence[str], standard_min: float) -> gpd.GeoDataFrame:
    """Return one polygon per site: the cells of the city within the standard of this site alone, joined.

    The polygons follow the cells by which people are counted, so what lies in one is what ``within_<group>`` counts: a
    rougher shape than `geo.service_areas` draws along the streets, and the same one for every mode of travel.

    Parameters
    ----------
    people
        The counts, whose cells are squares on one lattice.
    times
        Travel times, shape (n_cells, n_sites), rows in the order of ``people.cells``.
    site_ids
        The sites asked for; each must be a column of the travel times.
    standard_min
        Coverage standard in minutes.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `AREA_COLUMNS`: site_id, minutes (the standard), n_cells, geometry (Polygon or MultiPolygon, CRS of the
        cells); sorted by site_id, RangeIndex. A site within whose standard there is no cell has no row.
    """
    squares = people.cells.geometry.to_numpy()
    reach = sparse.csc_array(times.seconds)
    position = {site_id: column for column, site_id in enumerate(times.candidate_ids)}
    found = {site_id: _cells_within(reach, position[site_id], standard_min * 60.0) for site_id in sorted(site_ids)}
    kept = {site_id: cells for site_id, cells in found.items() if cells.size}
    shapes = [shapely.normalize(shapely.coverage_union_all(squares[cells])) for cells in kept.values()]
    columns = {"site_id": list(kept), "minutes": standard_min, "n_cells": [cells.size for cells in kept.values()]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=people.cells.crs)[list(AREA_COLUMNS)]


def _cells_within(reach: sparse.csc_array, column: int, standard_s: float) -> NDArray[np.intp]:
    """Return the rows of a column whose stored value is at most the standard: a pair that is not stored is no reach."""
    part = slice(reach.indptr[column], reach.indptr[column + 1])
    return np.sort(reach.indices[part][reach.data[part] <= standard_s]).astype(np.intp)
