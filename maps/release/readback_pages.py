"""What the pages of a release really hold, read back: the map's data and bands of bytes, the tables of the other pages."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layers.plan import (
    Plan,
    beyond_column,
    high_column,
    low_column,
    minutes_column,
    open_column,
    reached_column,
    share_column,
    within_column,
)
from layers.plan_folder import as_written
from maps.cell_layer import encode_cells
from maps.i18n import LANGUAGES, Language
from maps.quarter_figures import people_text, share_text
from maps.quarter_page import INDEX_NAME, page_names

CLOSE = 1e-5
_NEED_PARTS = 100_000.0
"""Parts of the whole need in which a map page writes that of a cell."""
_DATA = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
Found = tuple[int, list[str]]


def differ(found: Any, wanted: Any) -> bool:
    """Return whether a figure is another one; None and NaN are the same nothing."""
    if isinstance(wanted, str) or isinstance(found, str) or isinstance(wanted, bool):
        return bool(found != wanted)
    nothing = [value is None or value is pd.NA or value != value for value in (found, wanted)]
    if any(nothing):
        return nothing[0] != nothing[1]
    return abs(float(found) - float(wanted)) > CLOSE


def check_map_page(path: Path, plan: Plan) -> Found:
    """Compare the figures in the data of a map page: quarters, sites, document, and the bands of the cells."""
    match = _DATA.search(path.read_text(encoding="utf-8"))
    if match is None:
        return 0, ["the page has no data"]
    data = json.loads(match[1])
    wrong: list[str] = []
    n = sum(_page_areas(data, plan, name, wrong) for name in ("quarters", "districts"))
    n += _page_sites(data, plan, wrong) + _page_cells(data, plan, wrong)
    wanted = json.loads(plan.document.model_dump_json())
    for key, value in data["document"].items():
        if key in wanted and key != "lenses" and value != wanted[key]:
            wrong.append(f"document.{key}")
    return n, sorted(set(wrong))


def _page_areas(data: dict[str, Any], plan: Plan, name: str, wrong: list[str]) -> int:
    """Compare the figures of quarters or districts; districts need not have any."""
    table = plan.nil if name == "quarters" else plan.districts
    n = 0
    groups = [group.key for group in plan.document.groups]
    for row, found in zip(table.to_dict("records"), data[name], strict=True):
        pairs = list(_area_pairs(found, row, groups, [variant.key for variant in plan.document.variants]))
        n += len(pairs)
        wrong += [f"{name}.{figure}" for figure, value, wanted in pairs if differ(value, wanted)]
    return n


def _area_pairs(
    found: dict[str, Any], row: dict[Any, Any], groups: list[str], variants: list[str]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each figure of an area on the page with the protected one."""
    keys = {"people": {"": groups}, "people_ends": {"": groups}}
    keys |= {f"{name}{end}": dict.fromkeys(variants, groups) for name in ("reached", "share") for end in ("", "_ends")}
    columns = {"people": lambda _, group: group, "reached": reached_column, "share": share_column}
    for figure, by_variant in keys.items():
        if figure not in found:
            continue
        for variant, names in by_variant.items():
            values = found[figure][variant] if variant else found[figure]
            for group, value in zip(names, values, strict=True):
                column = columns[figure.removesuffix("_ends")](variant, group)
                if not figure.endswith("_ends"):
                    yield figure, value, row[column]
                elif value is not None:
                    yield figure, value[0], row[low_column(column)]
                    yield figure, value[1], row[high_column(column)]
    for figure, name in (("minutes", minutes_column), ("beyond", beyond_column)):
        for variant, value in found.get(figure, {}).items():
            yield figure, value, row[name(variant)]


def _page_sites(data: dict[str, Any], plan: Plan, wrong: list[str]) -> int:
    n = 0
    for row, found in zip(plan.sites.to_dict("records"), data["sites"], strict=True):
        ends = found.get("within_ends") or [None] * len(plan.document.groups)
        for group, value, pair in zip(plan.document.groups, found["within"], ends, strict=True):
            column = within_column(group.key)
            figures = [(value, column), *zip(pair or (), (low_column(column), high_column(column)), strict=False)]
            n += len(figures)
            wrong += ["sites.within" for value, name in figures if differ(value, row[name])]
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
                few, (wanted > 0) & (wanted < band["step"] / 2), np.abs(values - wanted) <= band["step"] / 2 + CLOSE
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
        few = np.isneginf(values) & (wanted > 0) & (wanted < band["step"] / 2 + CLOSE)
        same = few | (np.abs(values - wanted) <= band["step"] / 2 + CLOSE) | (np.isnan(values) & np.isnan(wanted))
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


def check_sorted_page(path: Path, plan: Plan) -> Found:
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


def check_quarter_pages(folder: Path, plan: Plan) -> Found:
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
