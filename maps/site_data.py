"""The sites of a plan as its page reads them: where they are, what is known of them, whom they reach."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping

import pandas as pd

from layers.kinds import kind_name
from layers.plan import Plan, high_column, low_column, open_column, within_column
from layers.plan_text import Text
from maps.i18n import both
from maps.outlines import encode_points

# What a page cannot do without, beside the columns that are named after variants and groups.
SITE_COLUMNS = (
    "site_id",
    "name",
    "kind",
    "status",
    "owner",
    "address",
    "role",
    "nil",
    "cost_eur",
    "position_error_m",
    "is_connected",
    "source",
)
# Shown where the plan has them.
_MORE_COLUMNS = ("opened", "floor_area_m2", "capacity", "permitted_uses", "position_quality", "merged_ids", "size")
_WITH_YEAR = re.compile(r"([a-z_]+?)_(\d{4})")


def encode_sites(plan: Plan) -> list[dict[str, object]]:
    """Return one mapping per site, in the plan's order; facts that are not known are NaN, None or the empty text."""
    if plan.sites.empty:
        return []
    groups = [group.key for group in plan.document.groups]
    variants = [variant.key for variant in plan.document.variants]
    quarter = pd.Index(plan.nil["nil"]).get_indexer(pd.Index(plan.sites["nil"]))
    modelled = {group.key for group in plan.document.groups if group.modelled}
    facts = [column for column in (*SITE_COLUMNS, *_MORE_COLUMNS) if column in plan.sites.columns]
    rows = pd.DataFrame(plan.sites.drop(columns=plan.sites.geometry.name)).to_dict("records")
    return [
        {
            **{key: row[key] for key in facts if key != "nil" and _is_known(row[key])},
            "kind": kind_name(str(row["kind"])).model_dump(),
            "kind_key": str(row["kind"]),
            "status": _status_name(row["status"]),
            "open": [variant for variant in variants if row[open_column(variant)]],
            "within": [row[within_column(group)] for group in groups],
            "within_ends": [_ends(row, within_column(group)) if group in modelled else None for group in groups],
            "quarter": int(position) if position >= 0 else None,
            "at": at,
        }
        for row, position, at in zip(rows, quarter, encode_points(plan.sites, where="sites"), strict=True)
    ]


def _ends(row: Mapping[Hashable, object], column: str) -> list[object]:
    return [row[low_column(column)], row[high_column(column)]]


def _is_known(value: object) -> bool:
    return value is not None and value is not pd.NA and value == value and value != ""  # NaN is not itself


def _status_name(status: Hashable) -> dict[str, str] | None:
    """Return what a status such as ``open`` or ``planned_2024`` is called; its own words where nobody has named it."""
    if not _is_known(status):
        return None
    names: Mapping[str, Text] = {
        "open": both("open"),
        "opened": both("opened"),
        "planned": both("planned"),
        "decided": both("decided"),
        "closed": both("closed"),
    }
    dated = _WITH_YEAR.fullmatch(str(status))
    word, year = (dated[1], f", {dated[2]}") if dated else (str(status), "")
    plain = word.replace("_", " ")
    name = names.get(word, Text(it=plain, en=plain))
    return {"it": name.it + year, "en": name.en + year}
