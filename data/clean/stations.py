"""Stations of public transport: context on maps, inside the city and around it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from data.clean.points import read_points
from data.columns import clean_text, match_rows, need_columns, read_text_ids
from data.errors import EmptyLayerError
from data.read_file import SourceTable
from data.recipe_layers import StationsEntry


def clean_stations(table: SourceTable, entry: StationsEntry, *, crs: str, area: shapely.Geometry | None) -> gpd.GeoDataFrame:
    """Return stations sorted by id: station_id, name, lines, and points in the CRS of the city.

    Raises
    ------
    PlannerError
        Columns missing, ids missing or repeated, positions that are wrong.
    """
    used = [column for column in (entry.id, entry.x, entry.y, *entry.columns.values(), *entry.keep) if column]
    need_columns(table.frame, used, where=table.where)
    frame = table.frame[match_rows(table.frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    ids = read_text_ids(frame, entry.id, where=table.where)
    names = clean_text(frame[entry.columns["name"]]).fillna(ids) if "name" in entry.columns else ids
    lines = clean_text(frame[entry.columns["lines"]]) if "lines" in entry.columns else pd.Series("", index=frame.index)
    points = read_points(frame, entry, crs=crs, area=area, where=table.where)
    stations = gpd.GeoDataFrame({"station_id": ids, "name": names, "lines": lines.astype("str")}, geometry=points, crs=crs)
    return stations.sort_values("station_id", ignore_index=True)
