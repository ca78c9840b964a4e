"""The figures of a quarter: who is reached in each situation, at other times, and who is left out.

A figure of fewer than ten people of its base is said to be so, and nothing more: the base of a counted group is the group, that
of a group that was estimated is the counted one that its rate is of.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.plan import (
    BEFORE,
    BEST,
    GroupBrief,
    LensBrief,
    Plan,
    PlanDocument,
    Variant,
    high_column,
    lens_variant,
    low_column,
    minutes_column,
    reached_column,
    share_column,
)
from maps.i18n import NO_DATA, Language, format_number, format_percent, message, translate
from maps.modes import mode_name
from maps.need_text import say
from maps.safe import html_attribute, html_text

Row = Mapping[Hashable, object]
LEAST = 10.0
"""People of the base below which a figure of a quarter is not said."""
FEW = message("fewer than 10")


def value(row: Row, column: str) -> float:
    """Return a number of a row; NaN where it is not known."""
    found = row[column]
    return float("nan") if pd.isna(found) else float(str(found))  # type: ignore[call-overload]


def is_few(row: Row, group: GroupBrief) -> bool:
    """Return whether the base of a group has fewer than ten people in a quarter."""
    base = group.modelled.base if group.modelled else ""
    return not value(row, base if base in row else group.key) >= LEAST


def few_text(row: Row, group: GroupBrief) -> str:
    """Return what is said in place of a figure of few people: that they are few, or nothing where their number is not given."""
    base = group.modelled.base if group.modelled else ""
    return NO_DATA if np.isnan(value(row, base if base in row else group.key)) else FEW


def people_text(row: Row, group: GroupBrief, column: str, language: Language) -> str:
    """Return a number of people with the ends of its interval, or that they are few."""
    if is_few(row, group):
        return translate(few_text(row, group), language=language)
    ends = tuple(format_number(end, language=language) for end in _ends(row, group, column))
    return _with_ends(format_number(value(row, column), language=language), ends)


def share_text(row: Row, group: GroupBrief, column: str, language: Language) -> str:
    """Return a share with the ends of its interval, or that it would be of few."""
    if is_few(row, group):
        return translate(few_text(row, group), language=language)
    ends = tuple(format_percent(end, language=language) for end in _ends(row, group, column))
    return _with_ends(format_percent(value(row, column), language=language), ends)


def _ends(row: Row, group: GroupBrief, column: str) -> tuple[float, ...]:
    return (value(row, low_column(column)), value(row, high_column(column))) if group.modelled else ()


def _with_ends(text: str, ends: tuple[str, ...]) -> str:
    return f"{text} ({ends[0]}–{ends[1]})" if ends and ends[0] != ends[1] else text


def minutes_text(minutes: float, language: Language) -> str:
    """Return minutes: 30 and 7.5, not 30.0."""
    return format_number(minutes, language=language, digits=0 if minutes == round(minutes) else 1)


def render_figures(document: PlanDocument, row: Row, language: Language) -> str:
    """Return who has an open place within the standard: a table for each group and way of counting."""
    n, sections = minutes_text(document.standard_min, language), []
    for lens in document.lenses or (LensBrief(key="", name=mode_name(document.mode)),):
        variants = [variant for variant in document.variants if variant.lens == lens.key]
        tables = "".join(_group_table(row, group, variants, language) for group in document.groups)
        title = say(message("Who has a place within {n} minutes, {lens}"), language, n=n, lens=lens.name)
        sections.append(f'<section class="figures"><h2>{title}</h2>{tables}</section>')
    return "".join(sections)


def _group_table(row: Row, group: GroupBrief, variants: list[Variant], language: Language) -> str:
    caption = say(
        message("{group}, {year}: {n}"),
        language,
        group=group.label,
        year=group.year,
        n=people_text(row, group, group.key, language),
    )
    heads = _heads(language, message("Situation"), message("Share"), message("People"))
    lines = "".join(_line(row, group, variant, language) for variant in variants)
    return (
        f'<table class="group" data-group="{html_attribute(group.key)}"><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def _heads(language: Language, *names: str) -> str:
    return "".join(f'<th scope="col">{say(name, language)}</th>' for name in names)


def _line(row: Row, group: GroupBrief, variant: Variant, language: Language) -> str:
    name = html_text(getattr(variant.name, language))
    head = f'<tr data-variant="{html_attribute(variant.key)}"><th scope="row">{name}</th>'
    if is_few(row, group):
        return f'{head}<td class="few" colspan="2">{say(few_text(row, group), language)}</td></tr>'
    share, reached = share_column(variant.key, group.key), reached_column(variant.key, group.key)
    return (
        f'{head}<td class="share"><b>{html_text(share_text(row, group, share, language))}</b>{_bar(row, group, variant)}</td>'
        f'<td class="people">{html_text(people_text(row, group, reached, language))}</td></tr>'
    )


def _bar(row: Row, group: GroupBrief, variant: Variant) -> str:
    """Return a share as a bar, with a line from the low to the high end; the figure itself stands beside it."""
    column = share_column(variant.key, group.key)
    share = value(row, column)
    if np.isnan(share):
        return ""
    kinds = {lens_variant(BEFORE, variant.lens): "existing", lens_variant(BEST, variant.lens): "proposed"}
    kind = kinds.get(variant.key, "compared")
    ends = [round(200 * end, 1) for end in _ends(row, group, column) if not np.isnan(end)]
    line = f'<line x1="{ends[0]}" x2="{ends[1]}" y1="6" y2="6"/>' if len(ends) == 2 else ""
    return (
        '<svg class="bar" viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="whole" width="200" height="12"/>'
        f'<rect class="bar-{kind}" width="{200 * share:.1f}" height="12"/>{line}</svg>'
    )


def render_other_times(plan: Plan, row: Row, cells: NDArray[np.intp], language: Language) -> str:
    """Return the shares at the other standards, of groups that were counted: by whole squares, for tables hold no pieces."""
    document = plan.document
    standards = [minutes for minutes in document.standards_min if minutes != document.standard_min]
    groups = [group for group in document.groups if group.modelled is None and not is_few(row, group)]
    if not standards or not groups:
        return ""
    variants = [variant for variant in document.variants if not variant.lens]
    heads = _heads(language, message("Group"), message("Minutes"))
    heads += "".join(f'<th scope="col">{html_text(getattr(variant.name, language))}</th>' for variant in variants)
    body = "".join(
        f'<tr data-group="{html_attribute(group.key)}" data-minutes="{minutes:g}">'
        f'<th scope="row">{html_text(getattr(group.label, language))}</th><td>{minutes_text(minutes, language)}</td>'
        + "".join(f"<td>{_share_of_squares(plan, cells, group, variant, minutes, language)}</td>" for variant in variants)
        + "</tr>"
        for group in groups
        for minutes in standards
    )
    title = say(message("At other times"), language)
    note = say(
        message(
            "Shares of the people with a place on the map, by whole squares: each counts where most of it lies. "
            "Of groups that were estimated only the figures above have an interval, so they are left out here."
        ),
        language,
    )
    return (
        f'<section class="times"><h2>{title}</h2><div class="table" tabindex="0" role="group" aria-label="{title}">'
        f'<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div><p class="note">{note}</p></section>'
    )


def _share_of_squares(
    plan: Plan, rows: NDArray[np.intp], group: GroupBrief, variant: Variant, minutes: float, language: Language
) -> str:
    people = plan.cells[group.key].to_numpy(dtype=np.float64)[rows]
    with np.errstate(invalid="ignore"):
        near = plan.cells[minutes_column(variant.key)].to_numpy(dtype=np.float64)[rows] <= minutes
    if people.sum() < LEAST:
        return say(FEW, language)
    return html_text(format_percent(float(people[near].sum() / people.sum()), language=language))


def left_out_lines(document: PlanDocument, row: Row, language: Language) -> list[str]:
    """Return whom the plan leaves out, one sentence a group of the need; of groups that were estimated the share alone."""
    lines = []
    for group in document.groups:
        if group.key not in document.need:
            continue
        if is_few(row, group):
            few = message("{group}: fewer than 10 in the quarter.")
            unknown = message("{group}: no data.")
            lines.append(say(few if few_text(row, group) == FEW else unknown, language, group=group.label))
            continue
        after, before = (_left_out(row, group, key, language) for key in (BEST, BEFORE))
        lines.append(
            say(message("{group}: {after} left out; today {before}."), language, group=group.label, after=after, before=before)
        )
    return lines


def _left_out(row: Row, group: GroupBrief, variant: str, language: Language) -> str:
    column = share_column(variant, group.key)
    ends = tuple(format_percent(1.0 - end, language=language) for end in reversed(_ends(row, group, column)))
    share = _with_ends(format_percent(1.0 - value(row, column), language=language), ends)
    if group.modelled:
        return share
    n = value(row, group.key) - value(row, reached_column(variant, group.key))
    return f"{format_number(n, language=language)} ({share})"
