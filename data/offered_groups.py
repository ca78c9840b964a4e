"""Which groups of a catalogue a city can count: those whose census codes or layers it has; the others are told, never zero."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

from data.city import Paper
from data.errors import ColumnError, Faults, suggest_name
from data.groups import FromFacts, FromPoints, Group
from data.groups_file import GroupEntry, build_group

YEAR_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class GroupSources:
    """What a city has to count groups from.

    Parameters
    ----------
    census
        Columns of the census; None where it has faults of its own, and then every group of codes is taken to be there.
    points, facts
        Layers of points and of quarter facts by their name in the recipe.
    papers
        Paper of each layer by its name in the recipe.
    """

    census: Collection[str] | None
    points: Mapping[str, pd.DataFrame]
    facts: Mapping[str, pd.DataFrame]
    papers: Mapping[str, Paper]


@dataclass(frozen=True)
class Offer:
    """The groups that a city counts, in the order of the catalogue, and a sentence for each other one."""

    groups: tuple[Group, ...]
    notes: tuple[str, ...]


def offer_groups(entries: Mapping[str, GroupEntry], sources: GroupSources) -> Offer:
    """Return the groups that can be counted, and why the others cannot.

    A group of codes is left out only where the catalogue calls it optional. A group from a layer is left out where the
    recipe has no such layer, or nothing is left that it is spread like; one that is part of a group left out goes with it.

    Raises
    ------
    ColumnError
        If a layer is there and lacks a column that a group names; `FaultsError` if there are several.
    """
    _check_columns(entries, sources)
    reasons = {key: reason for key, entry in entries.items() if (reason := _lacking(entry, sources))}
    while follows := _find_followers(entries, reasons):
        reasons |= follows
    notes = [f"the group {key!r} is not offered: {reason}" for key, reason in reasons.items()]
    groups = []
    for key, entry in entries.items():
        if key in reasons:
            continue
        groups.append(_build(key, entry, sources, reasons))
        if absent := [other for other in entry.like or () if other in reasons]:
            notes.append(f"the group {key!r} is not spread like {', '.join(map(repr, absent))}, which is not offered")
    return Offer(tuple(groups), tuple(notes))


def _lacking(entry: GroupEntry, sources: GroupSources) -> str | None:
    """Return what a city lacks for a group, in words; None where it lacks nothing."""
    match entry.origin:
        case FromPoints(points=layer):
            return None if layer in sources.points else f"the recipe has no layer {layer!r} with the role 'points'"
        case FromFacts(facts=layer):
            return None if layer in sources.facts else f"the recipe has no layer {layer!r} with the role 'quarter_facts'"
    if not entry.optional or sources.census is None:
        return None
    absent = [code for code in entry.codes if code not in sources.census]
    return f"the census has no column {', '.join(absent)}" if absent else None


def _find_followers(entries: Mapping[str, GroupEntry], reasons: Mapping[str, str]) -> dict[str, str]:
    """Return the groups that cannot be counted because others are not."""
    found = {}
    for key, entry in entries.items():
        if key in reasons:
            continue
        if entry.base in reasons:
            found[key] = f"its base {entry.base!r} is not offered"
        elif entry.like and set(entry.like) <= set(reasons):
            found[key] = f"nothing that it is spread like is offered ({', '.join(entry.like)})"
    return found


def _build(key: str, entry: GroupEntry, sources: GroupSources, reasons: Mapping[str, str]) -> Group:
    """Return a group that speaks of offered ones only."""
    if entry.within in reasons:
        entry = entry.model_copy(update={"within": None})
    if entry.like:
        entry = entry.model_copy(update={"like": [other for other in entry.like if other not in reasons]})
    origin = entry.origin
    if origin is None:  # its entry was refused without a year and a source
        return build_group(key, entry, year=cast("int", entry.year), source=cast("str", entry.source))
    paper = sources.papers[origin.points if isinstance(origin, FromPoints) else origin.facts]
    return build_group(key, entry, year=int(paper.date[:YEAR_DIGITS]), source=paper.source)


def _check_columns(entries: Mapping[str, GroupEntry], sources: GroupSources) -> None:
    faults = Faults()
    for key, entry in entries.items():
        match entry.origin:
            case FromPoints(points=layer, where=where, sum=summed) if layer in sources.points:
                frame, asked = sources.points[layer], [*where, *([summed] if summed else [])]
            case FromFacts(facts=layer, column=column) if layer in sources.facts:
                frame, asked = sources.facts[layer], [column]
            case _:
                continue
        known = [str(name) for name in frame.columns if name not in ("nil", "layer", "geometry")]
        for name in asked:
            if name not in known:
                what = f"the group {key!r} needs the column {name!r}, which is missing"
                faults.add(ColumnError(what, where=f"layers.{layer}", remedy=suggest_name(name, known)))
    faults.raise_if_any()
