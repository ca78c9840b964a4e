"""What the columns of the table of quarters are called, and what they mean, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from layers.plan import (
    GroupBrief,
    PlanDocument,
    Variant,
    beyond_column,
    high_column,
    low_column,
    minutes_column,
    reached_column,
    share_column,
)
from layers.plan_text import Text
from maps.i18n import both, format_number
from maps.modes import mode_name

Kind = Literal["number", "people", "percent", "minutes", "text"]


@dataclass(frozen=True)
class Column:
    """A column of ``nil.csv``: its key there, what its numbers are, its title and what it means."""

    key: str
    kind: Kind
    label: Text
    definition: Text


def describe_columns(document: PlanDocument) -> tuple[Column, ...]:
    """Return every column that the table of quarters of a plan has, without the geometry."""
    variants, groups = document.variants, document.groups
    return (
        Column("nil", "number", both("number"), both("Number of the quarter, as the city gives it.")),
        Column("name", "text", both("quarter"), both("Name of the quarter.")),
        Column("district", "number", both("district"), both("The district in which most of the quarter lies.")),
        *(column for group in groups for column in _people(group)),
        *(column for variant in variants for group in groups for column in _reached(document, variant, group)),
        *(column for variant in variants for group in groups for column in _share(document, variant, group)),
        *(column for variant in variants for column in _minutes(document, variant)),
    )


def _people(group: GroupBrief) -> Iterator[Column]:
    label = both("{group}, {year}", group=group.label, year=group.year)
    meaning = both("People of the group in the quarter, with those who have no place on the map.")
    yield from _with_ends(Column(group.key, "people", label, meaning), group)


def _reached(document: PlanDocument, variant: Variant, group: GroupBrief) -> Iterator[Column]:
    values = {"group": group.label, "variant": variant.name, "n": _minutes_text(document.standard_min)}
    label = both("{group}: people within {n} minutes, {variant}", **values)
    meaning = both(
        "People of the group with an open place within {n} minutes {mode} or exactly {n}, in the situation “{variant}”.",
        mode=_mode(document, variant),
        **values,
    )
    yield from _with_ends(Column(reached_column(variant.key, group.key), "people", label, meaning), group)


def _share(document: PlanDocument, variant: Variant, group: GroupBrief) -> Iterator[Column]:
    values = {"group": group.label, "variant": variant.name, "n": _minutes_text(document.standard_min)}
    label = both("{group}: share within {n} minutes, {variant}", **values)
    meaning = both(
        "The same as a share of everybody of the group in the quarter. “No data” where nobody of the group lives there."
    )
    yield from _with_ends(Column(share_column(variant.key, group.key), "percent", label, meaning), group)


def _minutes(document: PlanDocument, variant: Variant) -> Iterator[Column]:
    values = {"variant": variant.name, "n": _minutes_text(document.cutoff_min)}
    meaning = both(
        "Mean minutes to the nearest open place, of the need within {n} minutes, in the situation “{variant}”.", **values
    )
    yield Column(minutes_column(variant.key), "minutes", both("Minutes, {variant}", variant=variant.name), meaning)
    label = both("Need beyond {n} minutes, {variant}", **values)
    meaning = both("Share of the need that no open place is within {n} minutes of, in the situation “{variant}”.", **values)
    yield Column(beyond_column(variant.key), "percent", label, meaning)


def _with_ends(column: Column, group: GroupBrief) -> Iterator[Column]:
    """Return a column, and the ends of its interval where the group was estimated."""
    yield column
    if group.modelled is None:
        return
    meaning = both("Nine of ten joint draws of the estimate lie between the low and the high end.")
    yield Column(low_column(column.key), column.kind, both("{what}, low end", what=column.label), meaning)
    yield Column(high_column(column.key), column.kind, both("{what}, high end", what=column.label), meaning)


def _mode(document: PlanDocument, variant: Variant) -> Text:
    """Return how people travel in a variant; what its lens is called where it has one of its own."""
    return next((lens.name for lens in document.lenses if lens.key == variant.lens and lens.key), mode_name(document.mode))


def _minutes_text(minutes: float) -> Text:
    digits = 0 if minutes == round(minutes) else 1
    return Text(
        it=format_number(minutes, language="it", digits=digits), en=format_number(minutes, language="en", digits=digits)
    )
