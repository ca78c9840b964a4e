"""The figures of the whole city: who has an open place, in each situation, at each time, and how they come."""

from __future__ import annotations

from collections.abc import Sequence

from layers.plan import GroupBrief, LensBrief, Variant
from layers.plan_choice import Figure
from maps.i18n import format_percent, message
from maps.modes import vehicle_name
from maps.report.charts import share_bar
from maps.report.view import View, kind_of, note, section, table
from maps.safe import html_attribute, html_text


def render_reach(view: View) -> str:
    """Return who has an open place within the plan's standard: a table for each group and way of counting."""
    n = view.minutes(view.document.standard_min)
    parts = []
    for lens in view.lenses:
        if len(view.lenses) > 1:
            parts.append(f"<h3>{view.pick(lens.name)}</h3>")
        parts += [_group_table(view, group, lens) for group in view.document.groups]
    parts += _range_notes(view, [one for one in view.document.figures if one.standard_min == view.document.standard_min])
    title = view.say(message("Who has a place within {n} minutes, {lens}"), n=n, lens=view.lenses[0].name)
    return section(view, "reach", title, *parts)


def _group_table(view: View, group: GroupBrief, lens: LensBrief) -> str:
    rows = []
    for variant in view.variants(lens.key):
        found = find_figure(view, variant, group, view.document.standard_min)
        if found is not None:
            rows.append(_reach_row(view, group, variant, found))
    caption = view.say(message("{group}, {year}: {n}"), group=group.label, year=group.year, n=_total(view, group))
    heads = [view.say(text) for text in (message("Situation"), message("Share"), message("People"))]
    return table(view, label=view.plain(group.label), heads=heads, rows=rows, caption=caption, key="group")


def _total(view: View, group: GroupBrief) -> str:
    """Return all people of a group, with the interval of an estimate."""
    ends = group.modelled.total if group.modelled else (group.total, group.total)
    low, high = (view.number(end) for end in ends)
    total = view.number(group.total)
    return f"{total} ({low}–{high})" if low != high else total


def _reach_row(view: View, group: GroupBrief, variant: Variant, found: Figure) -> str:
    ends = [] if found.share_low is None or found.share_high is None else [found.share_low, found.share_high]
    return (
        f'<tr data-variant="{html_attribute(variant.key)}" data-group="{html_attribute(group.key)}">'
        f'<th scope="row">{view.pick(variant.name)}</th>'
        f'<td class="share"><b>{figure_share(view, found)}</b>{share_bar(found.share, kind=kind_of(variant), ends=ends)}</td>'
        f'<td class="people">{figure_people(view, found)}</td></tr>'
    )


def find_figure(view: View, variant: Variant, group: GroupBrief, standard_min: float) -> Figure | None:
    """Return a figure by what it counts; None where the plan has none."""
    found = (
        one
        for one in view.document.figures
        if (one.variant, one.group, one.standard_min) == (variant.key, group.key, standard_min)
    )
    return next(found, None)


def figure_share(view: View, figure: Figure) -> str:
    """Return a share with its range, as HTML; one of nobody is no data."""
    if figure.total <= 0:
        return html_text(format_percent(None, language=view.language))
    share = format_percent(figure.share, language=view.language)
    if figure.share_low is None or figure.share_high is None:
        return html_text(share)
    low, high = (view.number(100.0 * end, digits=1) for end in (figure.share_low, figure.share_high))
    return html_text(share if low == high else f"{share} ({low}–{high}%)")


def figure_people(view: View, figure: Figure) -> str:
    """Return the people reached with their range, as HTML."""
    people = view.number(figure.reached)
    if figure.reached_low is None or figure.reached_high is None:
        return html_text(people)
    low, high = view.number(figure.reached_low), view.number(figure.reached_high)
    return html_text(people if low == high else f"{people} ({low}–{high})")


def _range_notes(view: View, figures: Sequence[Figure]) -> list[str]:
    """Return why figures have ranges, for the kinds of ranges among those that are shown."""
    modelled = {group.key for group in view.document.groups if group.modelled}
    ranged = {figure.group in modelled for figure in figures if figure.share_low != figure.share_high}
    texts = []
    if False in ranged:
        texts.append(message("In brackets: the share may lie in this range, because the place of a site is not known exactly."))
    if True in ranged:
        texts.append(message("Estimated, not counted: nine of ten joint draws lie in the brackets."))
    return [note(view.say(text)) for text in texts]


def render_times(view: View) -> str:
    """Return the shares at every standard, with the best choice for each alone; nothing where there is one standard only."""
    document = view.document
    if len(document.standards_min) < 2:
        return ""
    has_lenses, alone = len(view.lenses) > 1, _alone(view)
    heads = [view.say(message("Group")), *([view.say(message("how"))] if has_lenses else []), view.say(message("Minutes"))]
    heads += [view.pick(variant.name) for variant in view.variants()]
    heads += [view.say(message("best for each time alone"))] if alone else []
    rows = [
        _times_row(view, group, lens, minutes, alone, has_lenses=has_lenses)
        for group in document.groups
        for lens in view.lenses
        for minutes in document.standards_min
    ]
    title = message("At other times")
    made = table(view, label=view.words(title), heads=heads, rows=rows, key="times")
    return section(view, "times", view.say(title), made, *_range_notes(view, document.figures))


def _alone(view: View) -> dict[tuple[str, float], Figure]:
    """Return what each optimum reaches at its own standard; nothing where the plan has one optimum only."""
    if len(view.document.optima) < 2:
        return {}
    return {(figure.group, figure.standard_min): figure for optimum in view.document.optima for figure in optimum.figures}


def _times_row(
    view: View,
    group: GroupBrief,
    lens: LensBrief,
    minutes: float,
    alone: dict[tuple[str, float], Figure],
    *,
    has_lenses: bool,
) -> str:
    found = [find_figure(view, variant, group, minutes) for variant in view.variants(lens.key)]
    found += [None if lens.key else alone.get((group.key, minutes))] if alone else []
    cells = "".join(f"<td>{figure_share(view, one) if one else '–'}</td>" for one in found)
    how = f"<td>{view.pick(lens.name)}</td>" if has_lenses else ""
    is_own = ' class="own-standard"' if minutes == view.document.standard_min else ""
    return (
        f'<tr data-group="{html_attribute(group.key)}" data-minutes="{minutes:g}"{is_own}>'
        f'<th scope="row">{view.pick(group.label)}</th>{how}<td>{view.minutes(minutes)}</td>{cells}</tr>'
    )


def render_modes(view: View) -> str:
    """Return by which vehicles people come; nothing where they do not ride."""
    shares = {(one.variant, one.mode): one.share for one in view.document.mode_shares}
    asked = [variant for variant in view.variants() if any(key == variant.key for key, _ in shares)]
    if not asked:
        return ""
    last = asked[-1].key
    modes = sorted({mode for _, mode in shares}, key=lambda mode: (-shares.get((last, mode), 0.0), mode))
    rows = [
        f'<tr data-mode="{html_attribute(mode)}"><th scope="row">{view.pick(vehicle_name(mode))}</th>'
        + "".join(_mode_cell(view, variant, shares.get((variant.key, mode), 0.0)) for variant in asked)
        + "</tr>"
        for mode in modes
    ]
    title = message("How people come")
    heads = ["", *(view.pick(variant.name) for variant in asked)]
    hint = message("Journeys to the nearest open place within {n} minutes, by the vehicle of the longest ride")
    caption = view.say(hint, n=view.minutes(view.document.cutoff_min))
    made = table(view, label=view.words(title), heads=heads, rows=rows, caption=caption, key="group")
    return section(view, "modes", view.say(title), made)


def _mode_cell(view: View, variant: Variant, share: float) -> str:
    text = html_text(format_percent(share, language=view.language))
    return f'<td class="share"><b>{text}</b>{share_bar(share, kind=kind_of(variant))}</td>'
