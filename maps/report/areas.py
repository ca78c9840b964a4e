"""The figures by municipio and by quarter: one table each, with a line that shows the change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from layers.plan import BEFORE, BEST, GroupBrief, Variant, share_column
from maps.i18n import message
from maps.quarter_figures import Row, is_few, people_text, share_text, value
from maps.report.charts import WIDTH, mark, strip, strip_scale
from maps.report.view import View, kind_of, note, quarter_link, section, table
from maps.safe import html_attribute, html_text

_NARROW = 90
"""Length of the lines in the table of quarters, which has one for each group; a sheet of paper has no room for them."""


def render_districts(view: View) -> str:
    """Return who is reached in each municipio; that nobody counted it where the plan has no such figures."""
    title = message("By municipio")
    districts, groups = view.plan.districts, view.need_groups
    if districts.empty:
        return section(view, "districts", view.say(title), f"<p>{view.say(message('The city has no municipi.'))}</p>")
    columns = {share_column(variant.key, group.key) for variant in view.variants() for group in groups}
    if not columns <= set(districts.columns):
        text = message("This plan was made without figures by municipio.")
        return section(view, "districts", view.say(title), f"<p>{view.say(text)}</p>")
    rows = pd.DataFrame(districts.drop(columns=districts.geometry.name)).to_dict("records")
    parts = [_group_table(view, group, rows) for group in groups]
    return section(view, "districts", view.say(title), _legend(view), *parts)


def _legend(view: View) -> str:
    """Return the marks of the situations."""
    items = "".join(
        f'<li><svg class="symbol" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">'
        f"{mark(kind_of(variant), 9, 9)}</svg> {view.pick(variant.name)}</li>"
        for variant in view.variants()
    )
    return f'<ul class="legend row">{items}</ul>'


def _group_table(view: View, group: GroupBrief, rows: Sequence[Row]) -> str:
    variants = view.variants()
    heads = [view.say(message("municipio")).capitalize(), view.say(message("People"))]
    heads += [*(view.pick(variant.name) for variant in variants), _change_head(view)]
    body = [
        f'<tr data-district="{html_attribute(row["district"])}" data-group="{html_attribute(group.key)}">'
        f'<th scope="row"><bdi>{html_text(row["name"])}</bdi></th>{_cells(view, group, variants, row)}</tr>'
        for row in rows
    ]
    caption = _caption(view, group)
    return table(view, label=view.plain(group.label), heads=heads, rows=body, caption=caption, key="sortable")


def _change_head(view: View, width: int = WIDTH) -> str:
    return f'<span class="unseen">{view.say(message("Change"))}</span>{strip_scale(width=width)}'


def _caption(view: View, group: GroupBrief) -> str:
    n = view.minutes(view.document.standard_min)
    text = message("{group}: share with an open place within {n} minutes, {lens}")
    return view.say(text, group=group.label, n=n, lens=view.lenses[0].name)


def _cells(view: View, group: GroupBrief, variants: Sequence[Variant], row: Row, *, width: int = WIDTH) -> str:
    """Return the figures of one group in one place: its people, a share for each situation, and the line if it has a width."""
    people = _cell(row, group, group.key, people_text(row, group, group.key, view.language))
    columns = {variant.key: share_column(variant.key, group.key) for variant in variants}
    shares = "".join(_cell(row, group, column, share_text(row, group, column, view.language)) for column in columns.values())
    if not width:
        return people + shares
    is_known = not is_few(row, group)
    points = [(value(row, columns[variant.key]), kind_of(variant)) for variant in variants] if is_known else []
    change = value(row, columns[variants[-1].key]) - value(row, columns[variants[0].key]) if is_known else float("nan")
    sortable = "" if math.isnan(change) else f"{change:.4f}"
    return f'{people}{shares}<td class="line" data-value="{sortable}">{strip(points, width=width)}</td>'


def _cell(row: Row, group: GroupBrief, column: str, text: str) -> str:
    """Return a figure with what it is sorted by; one of few or of nobody is sorted last."""
    found = value(row, column)
    sortable = "" if is_few(row, group) or math.isnan(found) else f"{found:.4f}"
    return f'<td data-value="{sortable}">{html_text(text)}</td>'


def render_quarters(view: View) -> str:
    """Return who is reached in each quarter, before and after, in one table that can be sorted."""
    nil = view.plan.nil
    groups = view.need_groups
    variants = [variant for variant in view.variants() if variant.key in (BEFORE, BEST)]
    heads = [view.say(message("No.")), view.say(message("Quarter"))]
    names = _district_names(view)
    heads += [view.say(message("municipio")).capitalize()] if names else []
    for group in groups:
        label = view.pick(group.label)
        heads += [label, *(f"{label}: {view.pick(variant.name)}" for variant in variants)]
        heads += [] if view.is_paper else [_change_head(view, _NARROW)]
    rows = [
        _quarter_row(view, position, row, groups, variants, names)
        for position, row in enumerate(pd.DataFrame(nil.drop(columns=nil.geometry.name)).to_dict("records"))
    ]
    title = message("By quarter")
    n = view.minutes(view.document.standard_min)
    hint = message("Share of each group with an open place within {n} minutes. The buttons in the head sort the table.")
    on_paper = message("Share of each group with an open place within {n} minutes.")
    made = table(view, label=view.words(title), heads=heads, rows=rows, key="sortable")
    return section(view, "quarters", view.say(title), note(view.say(on_paper if view.is_paper else hint, n=n)), made)


def _district_names(view: View) -> dict[str, str]:
    districts = view.plan.districts
    if districts.empty:
        return {}
    return dict(zip(districts["district"].astype(str), districts["name"].astype(str), strict=True))


def _quarter_row(
    view: View, position: int, row: Row, groups: Sequence[GroupBrief], variants: Sequence[Variant], names: dict[str, str]
) -> str:
    nil = int(str(row["nil"]))
    cells = f'<td data-value="{nil}">{nil}</td><th scope="row">{quarter_link(view, position)}</th>'
    if names:
        cells += f"<td><bdi>{html_text(_district_name(row, names))}</bdi></td>"
    cells += "".join(_cells(view, group, variants, row, width=0 if view.is_paper else _NARROW) for group in groups)
    return f'<tr data-nil="{nil}">{cells}</tr>'


def _district_name(row: Row, names: dict[str, str]) -> str:
    number = value(row, "district")
    return "" if math.isnan(number) else names.get(f"{number:.0f}", f"{number:.0f}")
