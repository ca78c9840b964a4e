"""Checks of what is spread: sources with a place, in the CRS of the pieces, each in a quarter that has one."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.errors import CountError, EmptyLayerError, Faults, GeometryError, IdError
from geo.checks import add_if_any, require_columns, require_same_crs
from geo.overlay import is_polygonal


def check_sources(sources: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, *, quarter: str | None, area: str) -> None:
    """Raise unless the sources can be spread over the pieces, with every fault at once.

    Raises
    ------
    EmptyLayerError, ColumnError, CrsError, IdError, GeometryError, CountError
        As `geo.interpolate.spread_sources`.
    """
    named = [] if quarter is None else [quarter]
    if pieces.empty:
        raise EmptyLayerError("there are no pieces to spread over", where="pieces")
    require_columns(pieces, named, where="pieces")
    type_id = shapely.get_type_id(sources.geometry.to_numpy())
    has_points = bool((type_id == shapely.GeometryType.POINT).any())
    require_columns(sources, [*named, area] if has_points else named, where="sources")
    require_same_crs(pieces, pieces.crs, where="pieces")
    require_same_crs(sources, pieces.crs, where="sources")
    faults = Faults()
    if quarter is not None:
        _check_quarters(faults, sources[quarter], pieces[quarter], quarter=quarter)
    _check_shapes(faults, sources)
    if has_points:
        areas_m2 = sources[area].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = sources.index[(areas_m2 < 0) | np.isinf(areas_m2)]
        add_if_any(faults, CountError, f"{area} is negative or infinite in rows", where="sources", examples=wrong)
    faults.raise_if_any()


def _check_quarters(faults: Faults, wanted: pd.Series, known: pd.Series, *, quarter: str) -> None:
    missing = wanted.isna()
    what = f"{quarter} is missing in rows"
    add_if_any(faults, IdError, what, where="sources", examples=wanted.index[missing])
    unknown = wanted[~missing & ~wanted.isin(known)]
    what = f"{unknown.size} sources lie in quarters without a piece; {quarter}"
    remedy = "Build the pieces from all quarters, or leave these sources out and say so"
    add_if_any(faults, IdError, what, where="sources", examples=sorted(unknown.unique()), remedy=remedy)


def _check_shapes(faults: Faults, sources: gpd.GeoDataFrame) -> None:
    shapes = sources.geometry.to_numpy()
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    usable = (is_point | is_polygonal(shapes)) & ~shapely.is_empty(shapes)
    what = "geometries are missing, empty, or neither points nor polygons, in rows"
    add_if_any(faults, GeometryError, what, where="sources", examples=sources.index[~usable])
    broken = usable & ~shapely.is_valid(shapes)
    what, remedy = "geometries are invalid in rows", "Repair them with shapely.make_valid and look at the result"
    add_if_any(faults, GeometryError, what, where="sources", examples=sources.index[broken], remedy=remedy)
