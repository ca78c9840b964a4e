"""Points that are only counted: where they lie and what tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import geopandas as gpd
import pandas as pd

from data.clean.areas import CityAreas
from data.clean.points import locate_points, read_points
from data.columns import clean_text, gather_columns, match_rows, need_columns, read_numbers, read_text_ids
from data.errors import EmptyLayerError, GeometryError
from data.read_file import SourceTable
from data.recipe_points import PointsEntry


def clean_counted_points(
    name: str, table: SourceTable, entry: PointsEntry, *, crs: str, areas: CityAreas
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the points inside the city in the order of the file, and what was noted.

    Columns: layer (the name in the recipe), those of the recipe (text, or float64 with NaN for an empty cell), nil (Int64),
    and points in the CRS of the city.

    Raises
    ------
    PlannerError
        Columns missing, ids missing or repeated, numbers or positions that are wrong: all at once.
    """
    used = [entry.id, entry.x, entry.y, *entry.columns.values(), *entry.numbers.values(), *entry.keep]
    need_columns(table.frame, [column for column in used if column], where=table.where)
    frame = table.frame[match_rows(table.frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    steps: dict[str, Callable[[], object]] = {
        target: partial(clean_text, frame[source]) for target, source in entry.columns.items()
    }
    for target, source in entry.numbers.items():
        steps[target] = partial(read_numbers, frame, source, where=table.where)
    if entry.id is not None:
        steps["id"] = partial(read_text_ids, frame, entry.id, where=table.where)
    steps["geometry"] = partial(read_points, frame, entry, crs=crs, area=areas.whole, where=table.where)
    columns = gather_columns(steps)
    geometry = columns.pop("geometry")
    texts = {target: columns[target] for target in (*entry.columns, *entry.numbers)}
    points = gpd.GeoDataFrame(pd.DataFrame({"layer": name, **texts}, index=frame.index), geometry=geometry, crs=crs)
    points.insert(len(points.columns) - 1, "nil", locate_points(points.geometry, areas.quarters, "nil"))
    return (points.reset_index(drop=True), []) if areas.quarters is None else _drop_outside(points, where=table.where)


def _drop_outside(points: gpd.GeoDataFrame, *, where: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    inside = points[points["nil"].notna()].reset_index(drop=True)
    if not len(inside):
        raise GeometryError("no point lies in the city", where=where, n=len(points), remedy="Look at the CRS of the positions")
    n_outside = len(points) - len(inside)
    return inside, [f"points outside the city were left out: {n_outside:,}"] if n_outside else []


def join_points(frames: Sequence[gpd.GeoDataFrame], *, crs: str) -> gpd.GeoDataFrame:
    """Return the points of several layers as one; a column that a layer has not is empty there."""
    joined = pd.concat(frames, ignore_index=True)
    order = [column for column in joined.columns if column not in ("nil", "geometry")]
    return gpd.GeoDataFrame(joined[[*order, "nil", "geometry"]], geometry="geometry", crs=crs)
