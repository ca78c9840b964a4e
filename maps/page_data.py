"""What a plan's page knows: the plan's figures and tables as one JSON value. Nothing is counted here, only written down."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import geopandas as gpd
import pandas as pd

from data.errors import ColumnError, EmptyLayerError, Faults
from layers.kinds import kind_name
from layers.plan import (
    BEFORE,
    LensBrief,
    Plan,
    PlanDocument,
    beyond_column,
    high_column,
    low_column,
    minutes_column,
    open_column,
    rate_column,
    reached_column,
    share_column,
    within_column,
)
from maps.cell_layer import NEED_PARTS, encode_cells, with_ends
from maps.i18n import read_catalogue
from maps.modes import mode_name, travel_words, vehicle_name
from maps.outlines import bounds_of, encode_points, encode_polygons, label_points
from maps.palettes import (
    CHANGE,
    NEED,
    NO_DATA,
    NOBODY,
    RATE,
    REACHED,
    SPREAD,
    minute_classes,
    people_classes,
    share_classes,
)
from maps.plan_layers import encode_lines
from maps.site_data import SITE_COLUMNS, encode_sites

_PEOPLE_COLUMNS = (reached_column, share_column)
_DOCUMENT_PARTS = {"inputs", "scenario", "format"}


def build_page_data(plan: Plan, *, messages: tuple[str, ...], pages: Sequence[str] = ()) -> dict[str, object]:
    """Return everything that a plan's page shows.

    Parameters
    ----------
    plan
        The plan.
    messages
        The English texts that the page's script and templates name; their Italian ones are put in.
    pages
        Where the page of each quarter lies, seen from this one, in the order of ``plan.nil``; empty if there are none.

    Raises
    ------
    PlannerError
        If the plan's tables cannot be drawn: columns missing, no cells or quarters, cells off their lattice, no CRS.
    """
    check_tables(plan)
    catalogue = read_catalogue()
    return {
        "language": plan.document.city.language,
        "messages": {message: catalogue.get(message, message) for message in messages},
        "document": _document(plan.document),
        "scales": _scales(plan),
        "bounds": bounds_of([plan.nil, plan.cells]),
        "quarters": _quarters(plan, pages or [None] * len(plan.nil)),
        "districts": _districts(plan),
        "stations": _stations(plan.stations),
        "kinds": {kind: kind_name(kind, number="many").model_dump() for kind in _kinds(plan)},
        "sites": encode_sites(plan),
        "lines": encode_lines(plan.lines),
        "cells": encode_cells(plan),
    }


def check_tables(plan: Plan) -> None:
    """Check that the tables have what a page shows.

    Raises
    ------
    ColumnError
        If columns are missing.
    EmptyLayerError
        If there are no cells or no quarters; stations, districts and sites may be empty.
    """
    groups = [group.key for group in plan.document.groups]
    variants = [variant.key for variant in plan.document.variants]
    minutes = [minutes_column(variant) for variant in variants]
    pairs = [(variant, group) for variant in variants for group in groups]
    modelled = [group.key for group in plan.document.groups if group.modelled]
    ends = _ends_of(modelled)
    needed = {
        "cells": ["cell_id", "nil", *groups, *ends, *minutes],
        "nil": [
            *("nil", "name", "district", *groups, *ends, *minutes),
            *(beyond_column(variant) for variant in variants),
            *(column(variant, group) for variant, group in pairs for column in _PEOPLE_COLUMNS),
            *_ends_of(column(variant, key) for variant in variants for key in modelled for column in _PEOPLE_COLUMNS),
        ],
        "sites": [
            *(*SITE_COLUMNS, *map(open_column, variants), *map(within_column, groups)),
            *_ends_of(map(within_column, modelled)),
        ],
        "districts": ["district", "name"],
        "stations": ["name", "lines"],
        "areas": ["site_id"],
        "lines": ["mode", "line"],
        "allocation": ["cell_id", "site_id", *groups],
    }
    faults = Faults()
    for layer, columns in needed.items():
        frame: gpd.GeoDataFrame = getattr(plan, layer)
        missing = [column for column in columns if column not in frame.columns]
        if layer in ("cells", "nil") and frame.empty:
            faults.add(EmptyLayerError("the layer has no rows", where=layer, remedy="A plan without them cannot be drawn"))
        elif missing and not frame.empty:
            faults.add(ColumnError("columns are missing", where=layer, n=len(missing), examples=missing))
    faults.raise_if_any()


def _ends_of(columns: Iterable[str]) -> list[str]:
    return [end(column) for column in columns for end in (low_column, high_column)]


def _document(document: PlanDocument) -> dict[str, object]:
    """Return the document without its scenario and digests, and what its keys are called."""
    found = document.model_dump(mode="json", exclude=_DOCUMENT_PARTS)
    return {
        **found,
        "before": BEFORE,
        "lenses": [lens.model_dump() for lens in document.lenses or (LensBrief(key="", name=mode_name(document.mode)),)],
        "mode_name": mode_name(document.mode).model_dump(),
        "travel_words": travel_words(document).model_dump(),
        "vehicle_names": {share.mode: vehicle_name(share.mode).model_dump() for share in document.mode_shares},
    }


def _scales(plan: Plan) -> dict[str, object]:
    document = plan.document
    modelled = [group.key for group in document.groups if group.modelled and rate_column(group.key) in plan.cells]
    return {
        "minutes": minute_classes(
            standard_min=document.standard_min, cutoff_min=document.cutoff_min, standards_min=document.standards_min
        ),
        "people": {group.key: people_classes(plan.cells[group.key].to_numpy(dtype=float)) for group in document.groups},
        "need": _need_classes(plan),
        "rates": {key: _rate_classes(plan, key) for key in modelled},
        "share": share_classes(),
        "reached": REACHED,
        "change": CHANGE,
        "no_data": NO_DATA,
        "nobody": NOBODY,
    }


def _kinds(plan: Plan) -> list[str]:
    return [] if plan.sites.empty else sorted(set(map(str, plan.sites["kind"])))


def _need_classes(plan: Plan) -> dict[str, object] | None:
    if "need" not in plan.cells:
        return None
    return people_classes(plan.cells["need"].to_numpy(dtype=float) * NEED_PARTS, colors=NEED, least=0.1)


def _rate_classes(plan: Plan, group: str) -> dict[str, object]:
    """Return the classes of a rate and of the width of its interval, both in per cent."""
    columns = with_ends(rate_column(group))
    rate, low, high = (100 * plan.cells[column].to_numpy(dtype=float) for column in columns)
    return {
        "rate": people_classes(rate, colors=RATE, least=0.1),
        "spread": people_classes(high - low, colors=SPREAD, least=0.1),
    }


def _quarters(plan: Plan, pages: Sequence[str | None]) -> list[dict[str, object]]:
    variants = [variant.key for variant in plan.document.variants]
    shapes = encode_polygons(plan.nil, where="nil")
    labels = label_points(plan.nil, where="nil")
    rows = pd.DataFrame(plan.nil.drop(columns=plan.nil.geometry.name)).to_dict("records")
    return [
        {
            **{key: row[key] for key in ("nil", "name", "district")},
            **_reach_figures(plan, row),
            "minutes": {variant: row[minutes_column(variant)] for variant in variants},
            "beyond": {variant: row[beyond_column(variant)] for variant in variants},
            "page": page,
            "label": label,
            "parts": parts,
        }
        for row, label, parts, page in zip(rows, labels, shapes, pages, strict=True)
    ]


def _reach_figures(plan: Plan, row: Mapping[Hashable, object]) -> dict[str, object]:
    """Return the people of a quarter or district, and those reached, with the ends of what was estimated."""
    groups = [group.key for group in plan.document.groups]
    variants = [variant.key for variant in plan.document.variants]
    modelled = {group.key for group in plan.document.groups if group.modelled}

    def ends(column: str, group: str) -> list[object] | None:
        return [row[low_column(column)], row[high_column(column)]] if group in modelled else None

    return {
        "people_ends": [ends(group, group) for group in groups],
        "reached_ends": {key: [ends(reached_column(key, group), group) for group in groups] for key in variants},
        "share_ends": {key: [ends(share_column(key, group), group) for group in groups] for key in variants},
        "people": [row[group] for group in groups],
        "reached": {key: [row[reached_column(key, group)] for group in groups] for key in variants},
        "share": {key: [row[share_column(key, group)] for group in groups] for key in variants},
    }


def _districts(plan: Plan) -> list[dict[str, object]]:
    """Return the districts; those of plans of earlier versions have no figures."""
    districts = plan.districts
    if districts.empty:
        return []
    variants = [variant.key for variant in plan.document.variants]
    needed = [
        column
        for group in plan.document.groups
        for name in (group.key, *(of(key, group.key) for key in variants for of in _PEOPLE_COLUMNS))
        for column in (with_ends(name) if group.modelled else (name,))
    ]
    has_figures = set(needed) <= set(districts.columns)
    rows = pd.DataFrame(districts.drop(columns=districts.geometry.name)).to_dict("records")
    figures = [_reach_figures(plan, row) if has_figures else {} for row in rows]
    shapes = encode_polygons(districts, where="districts")
    labels = label_points(districts, where="districts")
    facts = zip(districts["district"], districts["name"], labels, shapes, figures, strict=True)
    return [
        {"district": district, "name": name, **counted, "label": label, "parts": parts}
        for district, name, label, parts, counted in facts
    ]


def _stations(stations: gpd.GeoDataFrame) -> list[dict[str, object]]:
    if stations.empty:
        return []
    facts = zip(stations["name"], stations["lines"], encode_points(stations, where="stations"), strict=True)
    return [{"name": name, "lines": lines, "at": at} for name, lines, at in facts]
