"""Files of areas that cut quarters or join them, as polygons or as lists of quarters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from data.clean.areas import clean_polygons
from data.columns import clean_text, need_columns
from data.errors import Faults, FileError, GeometryError, IdError
from data.read_file import GDAL_ERRORS
from geo.overlay import find_overlaps
from layers.observed import AREA_COLUMN, find_quarters, plain_name, read_rows

LARGEST_OVERLAP = 0.01
"""Part of an area that may lie in another one: borders are drawn in many ways."""


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas by name: as polygons in the CRS of the city, or as lists of quarters.

    Parameters
    ----------
    shapes
        Polygon of each area; empty where areas are lists.
    members
        Quarters of each area; empty where areas are polygons.
    """

    shapes: Mapping[str, shapely.Geometry]
    members: Mapping[str, frozenset[int]]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        return tuple(sorted({*self.shapes, *self.members}))


def read_areas(path: Path, quarters: gpd.GeoDataFrame) -> Areas:
    """Return the areas of a file.

    Parameters
    ----------
    path
        A CSV with a row for each quarter of an area: ``area``, and ``id_nil``, ``nil`` or ``nil_2012`` as for observed rates.
        Or a file of polygons that GDAL reads (GeoPackage, GeoJSON) with a column ``area``; polygons of one name are one area.
    quarters
        The quarters of a pack: nil, name, polygons.

    Raises
    ------
    FileError
        If the file is missing or cannot be read.
    ColumnError
        If a column is missing.
    CrsError
        If polygons have no CRS, or it contradicts their coordinates.
    GeometryError
        If geometries are no polygons, areas share more than a hundredth of one of them, or do not overlap the city.
    IdError
        If an area has no name, a quarter is unknown, or lies in two areas.
    """
    return _read_lists(path, quarters) if path.suffix.lower() == ".csv" else _read_polygons(path, quarters)


def _read_lists(path: Path, quarters: gpd.GeoDataFrame) -> Areas:
    where, frame = path.name, read_rows(path, path.name)
    need_columns(frame, [AREA_COLUMN], where=where)
    nil, said, texts = find_quarters(frame, quarters, where=where)
    names = clean_text(frame[AREA_COLUMN]).fillna("").tolist()
    faults = Faults()
    lost = [f"row {row + 1}: {text!r} {why}" for row, (text, why) in enumerate(zip(texts, said, strict=True)) if why]
    if lost:
        faults.add(IdError("rows find no quarter of the city", where=where, n=len(lost), examples=lost))
    _check_names(names, where, faults)
    pairs = pd.DataFrame({"area": names, "nil": nil}).drop_duplicates()
    twice = sorted(pairs.loc[pairs["nil"].duplicated() & (pairs["nil"] >= 0), "nil"].tolist())
    if twice:
        faults.add(IdError("quarters lie in two areas", where=where, n=len(twice), examples=twice))
    faults.raise_if_any()
    return Areas({}, {str(name): frozenset(group["nil"].tolist()) for name, group in pairs.groupby("area")})


def _read_polygons(path: Path, quarters: gpd.GeoDataFrame) -> Areas:
    where = path.name
    if not path.is_file():
        raise FileError("the file does not exist", where=where)
    try:
        frame = pyogrio.read_dataframe(path)
    except GDAL_ERRORS as error:
        raise FileError(f"the file cannot be read: {error}", where=where) from error
    need_columns(frame, [AREA_COLUMN], where=where)
    names, faults = clean_text(frame[AREA_COLUMN]).fillna(""), Faults()
    _check_names(names.tolist(), where, faults)
    faults.raise_if_any()
    shapes, _ = clean_polygons(frame, crs=quarters.crs.to_string(), where=where, ids=names)
    joined = gpd.GeoDataFrame({AREA_COLUMN: names.tolist()}, geometry=shapes.to_numpy(), crs=quarters.crs)
    polygons = joined.dissolve(by=AREA_COLUMN).geometry
    _check_places(polygons, quarters, where)
    return Areas({str(name): shape for name, shape in polygons.items()}, {})


def _check_names(names: list[str], where: str, faults: Faults) -> None:
    nameless = [row + 1 for row, name in enumerate(names) if not name]
    if nameless:
        faults.add(IdError("areas have no name, in rows", where=where, n=len(nameless), examples=nameless))
    plain: dict[str, str] = {}
    alike = sorted({name for name in names if plain.setdefault(plain_name(name), name) != name})
    if alike:
        what = "names of areas differ in case, accents or punctuation alone"
        faults.add(IdError(what, where=where, n=len(alike), examples=alike))


def _check_places(areas: gpd.GeoSeries, quarters: gpd.GeoDataFrame, where: str) -> None:
    """Check that areas lie in the city, and apart from one another."""
    shapes, faults = areas.to_numpy(), Faults()
    inside = np.unique(find_overlaps(quarters.geometry.to_numpy(), shapes).large)
    outside = [str(name) for name in areas.index[np.setdiff1d(np.arange(len(areas)), inside)]]
    if outside:
        remedy = "Look at the CRS of the file and at the city, or leave these areas out"
        faults.add(GeometryError("areas do not overlap the city", where=where, n=len(outside), examples=outside, remedy=remedy))
    pairs = find_overlaps(shapes, shapes)
    least = np.minimum(shapely.area(shapes[pairs.small]), shapely.area(shapes[pairs.large]))
    over = (pairs.small < pairs.large) & (pairs.area_m2 > LARGEST_OVERLAP * least)
    names = areas.index.to_numpy(dtype=str)
    both = [f"{names[one]} and {names[two]}" for one, two in zip(pairs.small[over], pairs.large[over], strict=True)]
    if both:
        remedy = "Areas must be apart: rates of areas that share people cannot be told from one another"
        faults.add(GeometryError("areas overlap one another", where=where, n=len(both), examples=both, remedy=remedy))
    faults.raise_if_any()
