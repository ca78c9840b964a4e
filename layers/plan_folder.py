"""The plan folder: ``plan.json``, ``plan.gpkg`` and ``nil.csv``, written whole or not at all, and read back as a `Plan`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pydantic import ValidationError

from data.errors import Faults, PlanFolderError
from data.geopackage import read_geopackage, write_geopackage
from layers.plan import AREA_COLUMNS, LINE_COLUMNS, Plan, PlanDocument, empty_table

DOCUMENT = "plan.json"
TABLES = "plan.gpkg"
QUARTERS = "nil.csv"
LAYERS = ("nil", "cells", "sites", "allocation", "districts", "stations")
LATER_LAYERS = {"areas": AREA_COLUMNS, "lines": LINE_COLUMNS}
"""Layers that folders written before had not: they are read as empty."""

SAMPLE_NOTE = "sample city, not real data"


def write_plan_files(plan: Plan, folder: Path) -> None:
    """Write the files of a plan into a folder that exists and is not yet the plan folder.

    The same plan gives the same bytes: numbers are rounded where they are written (people to six decimals, minutes to four),
    and no time of writing stands in any file.
    """
    text = json.dumps(plan.document.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / DOCUMENT).write_text(text + "\n", encoding="utf-8", newline="\n")
    write_geopackage(folder / TABLES, {name: _rounded(getattr(plan, name)) for name in (*LAYERS, *LATER_LAYERS)})
    _quarter_csv(plan).to_csv(folder / QUARTERS, index=False, lineterminator="\n", encoding="utf-8")


def as_written(plan: Plan) -> Plan:
    """Return a plan with its numbers as its files hold them, so that a page says the same of the plan and of its folder."""
    return replace(plan, **{name: _rounded(getattr(plan, name)) for name in LAYERS})


def _rounded(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    digits = {
        column: 4 if column.startswith("minutes") else 6
        for column in frame.columns
        if column != "geometry" and pd.api.types.is_float_dtype(frame[column])
    }
    return frame.assign(**{column: frame[column].round(places) for column, places in digits.items()})


def _quarter_csv(plan: Plan) -> pd.DataFrame:
    table = pd.DataFrame(_rounded(plan.nil).drop(columns="geometry"))
    if plan.document.city.is_sample:
        table.insert(0, "note", SAMPLE_NOTE)
    return table


def read_plan(folder: Path) -> Plan:
    """Return the plan of a folder.

    Raises
    ------
    PlanFolderError
        If a file is missing, or is not what a plan folder holds.
    """
    missing = [name for name in (DOCUMENT, TABLES, QUARTERS) if not (folder / name).is_file()]
    if missing:
        raise PlanFolderError(
            "this is no whole plan folder, files are missing",
            where=str(folder),
            examples=missing,
            remedy="Make it again with 'diffusa plan'",
        )
    frames, faults = {}, Faults()
    for name in LAYERS:
        try:
            frames[name] = read_geopackage(folder / TABLES, name)
        except OSError as error:
            faults.add(PlanFolderError(f"the layer {name!r} cannot be read: {error}", where=TABLES))
    faults.raise_if_any()
    document = read_document(folder)
    there = {str(name) for name, _ in pyogrio.list_layers(folder / TABLES)}
    for name, columns in LATER_LAYERS.items():
        is_there = name in there
        frames[name] = read_geopackage(folder / TABLES, name) if is_there else empty_table(columns, crs=frames["cells"].crs)
    return Plan(document=document, **frames)


def read_document(folder: Path) -> PlanDocument:
    """Return what ``plan.json`` of a folder says.

    Raises
    ------
    PlanFolderError
        If it is no plan of this format.
    """
    try:
        return PlanDocument.model_validate_json((folder / DOCUMENT).read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError, OSError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise PlanFolderError(
            f"the file is no plan of this version: {problem}",
            where=str(folder / DOCUMENT),
            remedy="Make it again with 'diffusa plan'",
        ) from error
