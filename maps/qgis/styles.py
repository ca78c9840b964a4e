"""Which styles each layer of ``plan.gpkg`` has: the first is the one with which QGIS opens it, others can be chosen there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import cast

import geopandas as gpd

from data.geopackage import LayerStyle, write_layer_styles
from layers.kinds import kind_name
from layers.plan import BEFORE, BEST, Plan, minutes_column, share_column
from layers.plan_folder import TABLES
from maps.i18n import Language, format_number, format_percent, message, translate
from maps.modes import vehicle_name
from maps.palettes import CHANGE, NO_DATA, minute_classes, people_classes, share_classes
from maps.qgis.qml import Labels, Rule, Style, Symbol, quote_field, quote_text, write_qml
from maps.qgis.symbols import ROLE_SYMBOLS, fill, kind_symbol, line, marker, outline, outlined
from maps.quarter_figures import minutes_text
from maps.quarter_sites import role_name

_NAMES_FROM, _STATIONS_FROM, _LINES_FROM = 60_000, 30_000, 120_000
"""Denominators of the scale from which on names of quarters, of stations, and lines to the nearest place are drawn."""
_PALER = 0.72
"""How far the colour of a square where nobody lives goes towards white, as on the page."""

Styles = Sequence[Style]


def plan_styles(plan: Plan, *, language: Language | None = None) -> dict[str, Styles]:
    """Return the styles of each layer that has rows, in the city's language by default."""
    spoken = language or plan.document.city.language
    return {name: make(plan, spoken) for name, make in _MAKERS.items() if len(_frame(plan, name))}


def write_plan_styles(plan: Plan, folder: Path) -> None:
    """Add the styles of a plan to the GeoPackage of its folder, where QGIS looks for them.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    found = [
        LayerStyle(layer=layer, name=style.name, qml=write_qml(style), is_default=number == 0)
        for layer, styles in plan_styles(plan).items()
        for number, style in enumerate(styles)
    ]
    write_layer_styles(folder / TABLES, found)


def _frame(plan: Plan, name: str) -> gpd.GeoDataFrame:
    return cast("gpd.GeoDataFrame", getattr(plan, name))


def _classes(
    field: str,
    scale: Mapping[str, object],
    *,
    write: Callable[[float], str],
    language: Language,
    draw: Callable[[str], Symbol] = fill,
) -> list[Rule]:
    """Return one rule per class of a field: upper ends belong to their class, as everywhere in a plan."""
    ends = [float(end) for end in cast("Sequence[float]", scale["breaks"])]
    colors = cast("Sequence[str]", scale["colors"])
    labels = [translate("up to {high}", language=language, high=write(end)) for end in ends[:1]]
    labels += [
        translate("{low} to {high}", language=language, low=write(low), high=write(high)) for low, high in pairwise(ends)
    ]
    filters = [f"{field} <= {end:g}" for end in ends[:1]]
    filters += [f"{field} > {low:g} AND {field} <= {high:g}" for low, high in pairwise(ends)]
    if len(colors) > len(ends):
        low = ends[-1] if ends else 0.0
        labels.append(translate("more than {low}", language=language, low=write(low)))
        filters.append(f"{field} > {low:g}")
    return [Rule(label, where, draw(color)) for label, where, color in zip(labels, filters, colors, strict=True)]


def _nobody(plan: Plan, language: Language) -> Rule:
    """Return the rule that makes squares paler in which nobody of the counted groups lives."""
    people = " + ".join(f"coalesce({quote_field(group.key)}, 0)" for group in plan.document.groups)
    label = translate("Paler squares: nobody lives there.", language=language)
    return Rule(label, f"{people} = 0", fill("#ffffff", alpha=_PALER, is_edged=False), level=1)


def _cells(plan: Plan, language: Language) -> Styles:
    travel = [_travel(plan, variant.key, language) for variant in reversed(plan.document.variants)]
    return [_change(plan, language), *travel, *(_people(plan, group.key, language) for group in plan.document.groups)]


def _change(plan: Plan, language: Language) -> Style:
    """Return what the plan changes: reached before, after, both or neither; beyond the cutoff minutes are NULL."""
    document = plan.document
    before, after = (
        f"coalesce({quote_field(minutes_column(key))} <= {document.standard_min:g}, false)" for key in (BEFORE, BEST)
    )
    classes = (
        (message("gained: reached only now"), f"NOT {before} AND {after}", "gained"),
        (message("reached before and after"), f"{before} AND {after}", "both"),
        (message("still not reached"), f"NOT {before} AND NOT {after}", "outside"),
        (message("lost: no longer reached"), f"{before} AND NOT {after}", "lost"),
    )
    rules = [Rule(translate(label, language=language), where, fill(CHANGE[key])) for label, where, key in classes]
    name = translate(
        "Within {n} minutes: “{variant}” against “{before}”",
        language=language,
        n=minutes_text(document.standard_min, language),
        variant=document.variant(BEST).name,
        before=document.variant(BEFORE).name,
    )
    return Style(name, (*rules, _nobody(plan, language)))


def _travel(plan: Plan, variant: str, language: Language) -> Style:
    document = plan.document
    field = quote_field(minutes_column(variant))
    scale = minute_classes(
        standard_min=document.standard_min, cutoff_min=document.cutoff_min, standards_min=document.standards_min
    )
    rules = _classes(field, scale, write=lambda end: minutes_text(end, language), language=language)
    label = translate("not within {n} minutes", language=language, n=minutes_text(document.cutoff_min, language))
    rules.append(Rule(label, f"{field} IS NULL", fill(str(scale["none"]))))
    name = message("Minutes to the nearest open place: “{variant}”")
    return Style(translate(name, language=language, variant=document.variant(variant).name), (*rules, _nobody(plan, language)))


def _people(plan: Plan, group: str, language: Language) -> Style:
    label = next(one.label for one in plan.document.groups if one.key == group)
    scale, field = people_classes(plan.cells[group].to_numpy(dtype=float)), quote_field(group)
    rules = _classes(field, scale, write=lambda end: format_number(end, language=language), language=language)
    if rules[0].filter.startswith(f"{field} <="):  # squares where nobody lives have a class of their own
        rules[0] = Rule(rules[0].label, f"{field} > 0 AND {rules[0].filter}", rules[0].symbol)
    rules.append(Rule(translate("nobody", language=language), f"coalesce({field}, 0) = 0", fill(str(scale["none"]))))
    return Style(getattr(label, language), tuple(rules))


def _nil(plan: Plan, language: Language) -> Styles:
    names = Labels("name", from_scale=_NAMES_FROM)
    plain = Style(translate("Outlines only", language=language), (Rule("", "", outline("#5b6b78", width_mm=0.2)),), names)
    return [plain, *(_share(plan, key, group.key, language) for key in (BEST, BEFORE) for group in plan.document.groups)]


def _share(plan: Plan, variant: str, group: str, language: Language) -> Style:
    document, field = plan.document, quote_field(share_column(variant, group))
    rules = _classes(
        field,
        share_classes(),
        write=lambda end: format_percent(end, language=language, digits=0),
        language=language,
        draw=_edged,
    )
    rules.append(Rule(translate("no data", language=language), f"{field} IS NULL", _edged(NO_DATA)))
    label = next(getattr(one.label, language) for one in document.groups if one.key == group)
    name = f"{label}: {getattr(document.variant(variant).name, language)}"
    return Style(name, tuple(rules), Labels("name", from_scale=_NAMES_FROM))


def _edged(color: str) -> Symbol:
    return outlined(color, "#ffffff", width_mm=0.3)


def _districts(plan: Plan, language: Language) -> Styles:
    name = translate("Outlines only", language=language)
    return [Style(name, (Rule("", "", outline("#22303c", width_mm=0.5)),), Labels("name", size_pt=9.5, is_bold=True))]


def _sites(plan: Plan, language: Language) -> Styles:
    roles, kinds = set(plan.sites["role"]), sorted(set(plan.sites["kind"]))
    by_role = tuple(
        Rule(role_name(plan, role, language), f'"role" = {quote_text(role)}', symbol, level)
        for level, (role, symbol) in enumerate(ROLE_SYMBOLS.items())
        if role in roles
    )
    by_kind = tuple(
        Rule(getattr(kind_name(kind), language), f'"kind" = {quote_text(kind)}', kind_symbol(number))
        for number, kind in enumerate(kinds)
    )
    # the legend reads from what matters most, which is drawn last
    return [
        Style(translate("What it is", language=language), by_role[::-1]),
        Style(translate("Kind", language=language), by_kind),
    ]


def _allocation(plan: Plan, language: Language) -> Styles:
    standard_min = plan.document.standard_min
    ends = ((message("Within {n} minutes"), "<=", "#0a4f8a"), (message("Beyond {n} minutes"), ">", "#d55e00"))
    rules = tuple(
        Rule(
            translate(label, language=language, n=minutes_text(standard_min, language)),
            f'"minutes" {sign} {standard_min:g}',
            line(color, width_mm=0.15, alpha=0.6),
        )
        for label, sign, color in ends
    )
    return [Style(translate("Lines to the nearest open place", language=language), rules, min_scale=_LINES_FROM)]


def _stations(plan: Plan, language: Language) -> Styles:
    rule = Rule("", "", marker("circle", "#3d4a55", size_mm=1.6, edge_mm=0.2))
    labels = Labels("name", size_pt=7, from_scale=_STATIONS_FROM, beside=True)
    return [Style(translate("Stations", language=language), (rule,), labels)]


def _areas(plan: Plan, language: Language) -> Styles:
    n = minutes_text(plan.document.standard_min, language)
    rule = Rule("", "", outline("#0a4f8a", width_mm=0.4, dash="dash"))
    return [Style(translate("Within {n} minutes", language=language, n=n), (rule,))]


def _lines(plan: Plan, language: Language) -> Styles:
    drawn = {"metro": line("#3d4a55", width_mm=0.8), "train": line("#6b7883", width_mm=0.4, dash="dash")}
    rules = tuple(
        Rule(getattr(vehicle_name(mode), language), f'"mode" = {quote_text(mode)}', symbol) for mode, symbol in drawn.items()
    )
    return [Style(", ".join(rule.label for rule in rules), rules)]


_MAKERS: Mapping[str, Callable[[Plan, Language], Styles]] = MappingProxyType(
    {
        "nil": _nil,
        "cells": _cells,
        "sites": _sites,
        "allocation": _allocation,
        "districts": _districts,
        "stations": _stations,
        "areas": _areas,
        "lines": _lines,
    }
)
