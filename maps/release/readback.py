"""What the files of a release really hold, read back: every figure in them has to be one of the protected plan.

What is embedded in a page counts as released. The map's page carries its figures as JSON and as bands of bytes; the pages of
quarters carry them in tables; both are read here by other means than they were written by, and compared.
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from data.errors import Faults, ReleaseError
from layers.plan import Plan, PlanDocument
from layers.plan_folder import DOCUMENT, QUARTERS, read_plan
from maps.quarter_page import FOLDER
from maps.release.readback_pages import Found, check_map_page, check_quarter_pages, check_sorted_page, differ
from maps.workbook import WORKBOOK_NAME

_SHEET = "xl/worksheets/sheet1.xml"
_SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def read_back(folder: Path, plan: Plan, *, maps: tuple[str, ...], lists: tuple[str, ...] = ()) -> dict[str, int]:
    """Compare the files of a release with the protected plan they were made from; return how many figures each holds.

    Parameters
    ----------
    folder
        The files.
    plan
        The protected plan.
    maps
        The pages with a map among them.
    lists
        The pages with tables that can be sorted.

    Raises
    ------
    ReleaseError
        If a file holds a figure that is not of the protected plan; `FaultsError` if several do.
    """
    faults = Faults()
    counted = {}
    checks = {DOCUMENT: _tables, QUARTERS: _quarter_csv, WORKBOOK_NAME: _workbook, **dict.fromkeys(maps, check_map_page)}
    checks |= dict.fromkeys(lists, check_sorted_page)
    for name, check in checks.items():
        found, wrong = check(folder / name, plan)
        counted[name] = found
        _tell(faults, name, wrong)
    found, wrong = check_quarter_pages(folder / FOLDER, plan)
    counted[FOLDER] = found
    _tell(faults, FOLDER, wrong)
    faults.raise_if_any()
    return counted


def _tell(faults: Faults, name: str, wrong: list[str]) -> None:
    if wrong:
        what = "holds figures that are not protected"
        remedy = "What writes this file does not draw from the protected plan alone; nothing was released"
        faults.add(ReleaseError(what, where=name, n=len(wrong), examples=wrong, remedy=remedy))


def _tables(path: Path, plan: Plan) -> Found:
    """Compare plan.json and the layers of plan.gpkg."""
    read = read_plan(path.parent)
    wrong = [] if read.document == _as_written(plan.document) else ["plan.json"]
    n = 0
    for name in ("cells", "nil", "districts", "sites", "allocation"):
        there, wanted = getattr(read, name), getattr(plan, name)
        if list(there.columns) != list(wanted.columns) or len(there) != len(wanted):
            wrong.append(f"plan.gpkg {name}: columns or rows")
            continue
        for column in wanted.columns.drop("geometry"):
            if pd.api.types.is_float_dtype(wanted[column]):
                n += len(wanted)
                digits = 1e-4 if column.startswith("minutes") else 1e-6
                a, b = (frame[column].to_numpy(dtype=np.float64) for frame in (there, wanted))
                if not np.allclose(a, b, rtol=0, atol=digits, equal_nan=True):
                    wrong.append(f"plan.gpkg {name}.{column}")
    return n, wrong


def _as_written(document: PlanDocument) -> PlanDocument:
    return PlanDocument.model_validate_json(document.model_dump_json())


def _quarter_csv(path: Path, plan: Plan) -> Found:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _compare_rows(rows, plan, empty="")


def _workbook(path: Path, plan: Plan) -> Found:
    """Compare the first sheet of the workbook, its numbers read from the XML."""
    columns = [str(name) for name in plan.nil.columns if name != "geometry"]
    with zipfile.ZipFile(path) as archive:
        sheet = ET.fromstring(archive.read(_SHEET))  # noqa: S314 (our own file, written a moment ago)
    grid = [
        [(cell.get("t"), getattr(cell.find("m:v", _SPACE), "text", None)) for cell in row.findall("m:c", _SPACE)]
        for row in sheet.iterfind(".//m:row", _SPACE)
    ]
    body = grid[len(grid) - len(plan.nil) :]
    rows = [
        {name: "" if kind == "s" or text is None else text for name, (kind, text) in zip(columns, row, strict=False)}
        for row in body
    ]
    return _compare_rows(rows, plan, empty="")


def _compare_rows(rows: list[dict[str, str]], plan: Plan, *, empty: str) -> Found:
    if len(rows) != len(plan.nil):
        return 0, [f"{len(rows)} rows for {len(plan.nil)} quarters"]
    wrong, n = [], 0
    for column in plan.nil.columns.drop("geometry"):
        if not pd.api.types.is_float_dtype(plan.nil[column]):
            continue
        for row, wanted in zip(rows, plan.nil[column].tolist(), strict=True):
            n += 1
            text = row.get(column, empty)
            found = None if text == empty else float(text)
            far = differ(found, wanted) and (found is None or wanted != wanted or abs(found - wanted) > 1e-4)
            if far:
                wrong.append(column)
    return n, sorted(set(wrong))
