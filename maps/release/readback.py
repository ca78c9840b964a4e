"""What the files of a release really hold, read back: every figure in them has to be one of the protected plan.

What is embedded in a page counts as released. The map's page carries its figures as JSON and as bands of bytes; the pages of
quarters carry them in tables; both are read here by other means than they were written by, and compared.
"""

from __future__ import annotations

import base64
import csv
import json
import re
import zipfile
from html.parser import HTMLParser
from itertools import permutations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from data.errors import Faults, ReleaseError
from layers.plan import (
    Plan,
    PlanDocument,
    high_column,
    low_column,
    minutes_column,
    open_column,
    reached_column,
    share_column,
    within_column,
)
from layers.plan_folder import DOCUMENT, QUARTERS, as_written, read_plan
from maps.cell_layer import encode_cells
from maps.i18n import LANGUAGES, Language
from maps.quarter_figures import people_text, share_text
from maps.quarter_page import FOLDER, INDEX_NAME, page_names
from maps.workbook import WORKBOOK_NAME

_DATA = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
_CLOSE = 1e-5
_NEED_PARTS = 100_000.0
"""Parts of the whole need in which a map page writes that of a cell."""
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
    checks = {DOCUMENT: _tables, QUARTERS: _quarter_csv, WORKBOOK_NAME: _workbook, **dict.fromkeys(maps, _map_page)}
    checks |= dict.fromkeys(lists, _sorted_page)
    for name, check in checks.items():
        found, wrong = check(folder / name, plan)
        counted[name] = found
        _tell(faults, name, wrong)
    found, wrong = _quarter_pages(folder / FOLDER, plan)
    counted[FOLDER] = found
    _tell(faults, FOLDER, wrong)
    faults.raise_if_any()
    return counted


def _tell(faults: Faults, name: str, wrong: list[str]) -> None:
    if wrong:
        what = "holds figures that are not protected"
        remedy = "What writes this file does not draw from the protected plan alone; nothing was released"
        faults.add(ReleaseError(what, where=name, n=len(wrong), examples=wrong, remedy=remedy))


def _differ(found: Any, wanted: Any) -> bool:
    """Return whether a figure is another one; None and NaN are the same nothing."""
    if isinstance(wanted, str) or isinstance(found, str) or isinstance(wanted, bool):
        return bool(found != wanted)
    nothing = [value is None or value is pd.NA or value != value for value in (found, wanted)]
    if any(nothing):
        return nothing[0] != nothing[1]
    return abs(float(found) - float(wanted)) > _CLOSE


def _tables(path: Path, plan: Plan) -> tuple[int, list[str]]:
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


def _quarter_csv(path: Path, plan: Plan) -> tuple[int, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _compare_rows(rows, plan, empty="")


def _workbook(path: Path, plan: Plan) -> tuple[int, list[str]]:
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


def _compare_rows(rows: list[dict[str, str]], plan: Plan, *, empty: str) -> tuple[int, list[str]]:
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
            far = _differ(found, wanted) and (found is None or wanted != wanted or abs(found - wanted) > 1e-4)
            if far:
                wrong.append(column)
    return n, sorted(set(wrong))


def _map_page(path: Path, plan: Plan) -> tuple[int, list[str]]:
    """Compare the figures in the data of a map page: quarters, sites, document, and the bands of the cells."""
    match = _DATA.search(path.read_text(encoding="utf-8"))
    if match is None:
        return 0, ["the page has no data"]
    data = json.loads(match[1])
    wrong: list[str] = []
    n = _page_quarters(data, plan, wrong) + _page_sites(data, plan, wrong) + _page_cells(data, plan, wrong)
    wanted = json.loads(plan.document.model_dump_json())
    for key, value in data["document"].items():
        if key in wanted and key != "lenses" and value != wanted[key]:
            wrong.append(f"document.{key}")
    return n, sorted(set(wrong))


def _page_quarters(data: dict[str, Any], plan: Plan, wrong: list[str]) -> int:
    n = 0
    groups = [group.key for group in plan.document.groups]
    for row, found in zip(plan.nil.to_dict("records"), data["quarters"], strict=True):
        pairs = [("people", value, row[key]) for key, value in zip(groups, found["people"], strict=True)]
        for variant in plan.document.variants:
            pairs.append(("minutes", found["minutes"][variant.key], row[minutes_column(variant.key)]))
            pairs.append(("beyond", found["beyond"][variant.key], row[f"beyond_{variant.key}"]))
            for name, column in (("reached", reached_column), ("share", share_column)):
                values = zip(groups, found[name][variant.key], strict=True)
                pairs += [(name, value, row[column(variant.key, key)]) for key, value in values]
        n += len(pairs)
        wrong += [f"quarters.{name}" for name, value, wanted in pairs if _differ(value, wanted)]
    return n


def _page_sites(data: dict[str, Any], plan: Plan, wrong: list[str]) -> int:
    n = 0
    for row, found in zip(plan.sites.to_dict("records"), data["sites"], strict=True):
        for group, value in zip(plan.document.groups, found["within"], strict=True):
            n += 1
            if _differ(value, row[within_column(group.key)]):
                wrong.append("sites.within")
        opened = [variant.key for variant in plan.document.variants if row[open_column(variant.key)]]
        if found["open"] != opened:
            wrong.append("sites.open")
    return n


def _page_cells(data: dict[str, Any], plan: Plan, wrong: list[str]) -> int:
    """Compare every band of the cells: the codes of counts are multiples of a step, the highest two are words."""
    order = _order(plan)
    n = 0
    for group in plan.document.groups:
        columns = [group.key, low_column(group.key), high_column(group.key)] if group.modelled else [group.key]
        bands = [data["cells"]["people"][group.key], *data["cells"]["people_ends"].get(group.key, [])]
        for column, band in zip(columns, bands, strict=True):
            wanted = plan.cells[column].to_numpy(dtype=np.float64)[order]
            values = _decode(band)
            n += len(values)
            few = np.isneginf(values)
            same = np.where(
                few, (wanted > 0) & (wanted < band["step"] / 2), np.abs(values - wanted) <= band["step"] / 2 + _CLOSE
            )
            same |= np.isnan(values) & np.isnan(wanted)
            if len(values) != len(wanted) or not same.all():
                wrong.append(f"cells.{column}")
    n += _page_rates(data, plan, order, wrong)
    known = encode_cells(plan)
    if sorted(known) != sorted(name for name in data["cells"] if name in known) or set(data["cells"]) - set(known):
        wrong.append("cells: bands that nobody knows")
    return n


def _page_rates(data: dict[str, Any], plan: Plan, order: np.ndarray[Any, np.dtype[np.intp]], wrong: list[str]) -> int:
    """Compare the bands of need and of modelled rates, where the page has them: parts of a whole, at a step of their own."""
    bands = [("need", data["cells"].get("need"), _NEED_PARTS)]
    for group, rates in (data["cells"].get("rates") or {}).items():
        name = f"rate_{group}"
        bands += [
            (column, band, 100.0) for column, band in zip((name, low_column(name), high_column(name)), rates, strict=True)
        ]
    n = 0
    for column, band, scale in bands:
        if band is None:
            continue
        wanted, values = plan.cells[column].to_numpy(dtype=np.float64)[order] * scale, _decode(band)
        n += len(values)
        few = np.isneginf(values) & (wanted > 0) & (wanted < band["step"] / 2 + _CLOSE)
        same = few | (np.abs(values - wanted) <= band["step"] / 2 + _CLOSE) | (np.isnan(values) & np.isnan(wanted))
        if len(values) != len(wanted) or not same.all():
            wrong.append(f"cells.{column}")
    return n


def _order(plan: Plan) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the order of the cells on the page: by row from the south, then by column."""
    south = plan.cells.geometry.bounds
    return np.lexsort((south["minx"].to_numpy(), south["miny"].to_numpy()))


def _decode(band: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the numbers of a band; NaN for no data, minus infinity for more than none and less than half a step."""
    codes = np.frombuffer(base64.b64decode(band["data"]), dtype=f"<u{band['bytes']}").astype(np.float64)
    highest = 2.0 ** (8 * band["bytes"]) - 1
    values = codes * band["step"]
    return np.where(codes == highest, np.nan, np.where(codes == highest - 1, -np.inf, values))


def _sorted_page(path: Path, plan: Plan) -> tuple[int, list[str]]:
    """Compare what the tables of a page are sorted by: each number has to be a protected one, or a change of a share."""
    found = re.findall(r'data-value="(-?\d+(?:\.\d+)?)"', path.read_text(encoding="utf-8"))
    known = _known_numbers(plan)
    wrong = [text for text in found if text not in known]
    return len(found), sorted(set(wrong))


def _known_numbers(plan: Plan) -> frozenset[str]:
    """Return every protected number of the tables, and every change of a share, as pages may write them."""
    numbers: set[float] = set()
    tables = [table for one in (plan, as_written(plan)) for table in (one.nil, one.districts, one.sites)]
    for table in tables:  # pages of quarters are drawn before numbers are rounded, the report after
        for column in table.columns.drop("geometry"):
            if pd.api.types.is_numeric_dtype(table[column]):
                numbers |= set(pd.to_numeric(table[column]).dropna().astype(float).tolist())
        shares = [column for column in table.columns if column.startswith("share_")]
        numbers |= {float(value) for a, b in permutations(shares, 2) for value in (table[b] - table[a]).dropna()}
    worth = [value for one in plan.document.worth for value in (*one.alone.values(), one.loss, one.replacement_loss)]
    numbers |= {float(value) for value in worth if value is not None}
    return frozenset(f"{value:.{digits}f}" for value in numbers for digits in range(5))


class _Cells(HTMLParser):
    """Gather the texts of the tables of groups of a quarter's page: (language, group, variant, column) to text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[tuple[str, str, str, str], str] = {}
        self._language = self._group = self._variant = self._column = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {key: value or "" for key, value in attrs}
        if tag == "main":
            self._language = facts.get("lang", "")
        elif tag == "table":
            self._group = facts.get("data-group", "") if facts.get("class") == "group" else ""
        elif tag == "tr":
            self._variant = facts.get("data-variant", "")
        elif tag == "td":
            self._column = facts.get("class", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "tr"):
            self._column = ""

    def handle_data(self, data: str) -> None:
        if self._group and self._variant and self._column:
            key = (self._language, self._group, self._variant, self._column)
            self.found[key] = self.found.get(key, "") + data


def _quarter_pages(folder: Path, plan: Plan) -> tuple[int, list[str]]:
    """Compare what the tables of each quarter's page say with the texts of the protected figures."""
    names = page_names(plan)
    there = {path.name for path in folder.iterdir()}
    wrong = [f"{name}: unknown file" for name in sorted(there - {*names, INDEX_NAME})]
    n = 0
    for row, name in zip(plan.nil.to_dict("records"), names, strict=True):
        parser = _Cells()
        parser.feed((folder / name).read_text(encoding="utf-8"))
        for language in LANGUAGES:
            for key, text in _texts(plan, row, language).items():
                n += 1
                if parser.found.get((language, *key), text) != text:
                    wrong.append(f"{name}: {' '.join(key)}")
        if not parser.found:
            wrong.append(f"{name}: no tables")
    return n, wrong


def _texts(plan: Plan, row: dict[Any, Any], language: Language) -> dict[tuple[str, str, str], str]:
    texts = {}
    for group in plan.document.groups:
        for variant in plan.document.variants:
            share, reached = share_column(variant.key, group.key), reached_column(variant.key, group.key)
            texts[group.key, variant.key, "share"] = share_text(row, group, share, language)
            texts[group.key, variant.key, "people"] = people_text(row, group, reached, language)
    return texts
