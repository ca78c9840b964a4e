"""Footprints of buildings with their floors, which tell where inside a section its people live."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.clean.areas import clean_polygons
from data.columns import gather_columns, match_rows, need_columns, read_numbers
from data.errors import GeometryError
from data.read_file import SourceTable
from data.recipe_layers import BuildingsEntry

BUILDING_COLUMNS = ("floors",)


def clean_buildings(
    table: SourceTable, entry: BuildingsEntry, *, crs: str, area: shapely.Geometry | None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the buildings that touch the city, in the order of the file, and what was noted.

    Columns: floors (float64, NaN where unknown), polygons in the CRS of the city. A building counts by its footprint times its
    floors: one whose floors are unknown has 1, and one with 0 has no homes.

    Parameters
    ----------
    area
        The city; None keeps every building.

    Raises
    ------
    PlannerError
        Columns missing, floors that are negative or no numbers, geometries that are no polygons, or no building in the city:
        all at once.
    """
    need_columns(table.frame, [*([entry.floors] if entry.floors else []), *entry.keep], where=table.where)
    frame = table.frame[match_rows(table.frame, entry.keep)]
    rows = pd.Series([f"row {label + 1}" for label in frame.index], index=frame.index)
    found = gather_columns(
        {
            "floors": lambda: _read_floors(frame, entry.floors, where=table.where),
            "polygons": lambda: clean_polygons(frame, crs=crs, where=table.where, ids=rows),
        }
    )
    geometry, notes = found["polygons"]
    clean = gpd.GeoDataFrame({"floors": found["floors"]}, geometry=geometry, crs=crs)
    clean, outside = _keep_inside(clean, area, where=table.where)
    return clean, [*notes, *outside, *_note_floors(clean, entry)]


def _read_floors(frame: pd.DataFrame, column: str | None, *, where: str) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=frame.index, dtype="float64")
    return read_numbers(frame, column, where=where)


def _keep_inside(clean: gpd.GeoDataFrame, area: shapely.Geometry | None, *, where: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    if area is None:
        return clean.reset_index(drop=True), []
    shapely.prepare(area)
    is_in = shapely.intersects(area, clean.geometry.to_numpy())
    if not is_in.any():
        remedy = "Look at the CRS and the city of both files"
        raise GeometryError("no building lies in the city", where=where, n=len(clean), remedy=remedy)
    n_out = int((~is_in).sum())
    return clean[is_in].reset_index(drop=True), [f"buildings outside the city, left out: {n_out:,}"] if n_out else []


def _note_floors(clean: gpd.GeoDataFrame, entry: BuildingsEntry) -> list[str]:
    if entry.floors is None:
        return ["every building counts with one floor: the recipe names no column of floors"]
    unknown, none = int(clean["floors"].isna().sum()), int((clean["floors"] == 0).sum())
    notes = [f"buildings without a number of floors, which count with one: {unknown:,} of {len(clean):,}"] if unknown else []
    return [*notes, f"buildings with 0 floors, in which nobody lives: {none:,}"] if none else notes
