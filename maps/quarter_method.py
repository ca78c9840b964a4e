"""What stands below the figures of a quarter: how the need was estimated, what the plan assumes, its sources, how to answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from layers.plan import GroupBrief, PlanDocument
from layers.plan_text import Text
from maps.i18n import Language, format_number, format_percent, message
from maps.need_text import say
from maps.safe import html_text

_N_LINES = 8


def render_estimates(document: PlanDocument, language: Language) -> str:
    """Return how the need was counted, or estimated where nobody has counted it, and what each group weighs."""
    is_modelled = any(group.modelled for group in document.groups)
    title = say(message("How the need was estimated") if is_modelled else message("How the need was counted"), language)
    body = "".join(
        f"<h3>{html_text(getattr(group.label, language))}</h3><ul>{_items(_origin(document, group, language))}</ul>"
        for group in document.groups
    )
    return f'<section class="estimates"><h2>{title}</h2>{body}</section>'


def _origin(document: PlanDocument, group: GroupBrief, language: Language) -> list[str]:
    """Return where the number of a group comes from, and its weight in the need."""
    lines = _estimate(group, language) if group.modelled else [_count(group, language)]
    if group.key in document.need:
        share = document.need[group.key] / sum(document.need.values())
        weight = format_percent(share, language=language, digits=0)
        lines.append(say(message("In the choice of places this group weighs {share}."), language, share=weight))
    return lines


def _count(group: GroupBrief, language: Language) -> str:
    return say(
        message(
            "Counted for {year}: {n} in the whole city, {placeless} of them without a place on the map, who count as not "
            "reached."
        ),
        language,
        year=group.year,
        n=format_number(group.total, language=language),
        placeless=format_number(group.no_place, language=language),
    )


def _estimate(group: GroupBrief, language: Language) -> list[str]:
    brief = group.modelled
    if brief is None:
        return []
    factors = "; ".join(getattr(factor, language) for factor in brief.factors)
    low, high = brief.interval
    lines = [
        say(message("Nobody has counted them by square: the number is an estimate of areas, never of a person."), language),
        say(message("Definition: {definition}."), language, definition=brief.definition),
        say(message("Factors: {factors}."), language, factors=factors),
        say(
            message("In the whole city they are {rate} of their base: {n} people."),
            language,
            rate=format_percent(brief.rate, language=language),
            n=format_number(group.total, language=language),
        ),
        say(
            message("In brackets stands where {part} of {n} joint draws of the estimate lie: the wider, the less is known."),
            language,
            part=format_percent(high - low, language=language, digits=0),
            n=format_number(brief.n_draws, language=language),
        ),
    ]
    if brief.totals:
        lines.append(say(message("Every draw meets the total: {totals}."), language, totals="; ".join(brief.totals)))
    return lines


def render_limits(document: PlanDocument, language: Language) -> str:
    """Return the limits, the assumptions, and the sources with their licences."""
    parts = [
        _list(message("Limits"), document.limits, language),
        _list(message("Assumptions"), document.assumptions, language),
    ]
    sources = _items(
        f"<bdi>{html_text(source.source)}</bdi> ({html_text(source.date)}) – {html_text(source.attribution)} – "
        f"{html_text(source.licence)}"
        for source in document.sources
    )
    if sources:
        parts.append(f'<section class="sources"><h2>{say(message("Sources"), language)}</h2><ul>{sources}</ul></section>')
    return "".join(parts)


def _list(title: str, texts: Sequence[Text], language: Language) -> str:
    if not texts:
        return ""
    items = _items(html_text(getattr(text, language)) for text in texts)
    return f"<section><h2>{say(title, language)}</h2><ul>{items}</ul></section>"


def _items(items: Iterable[str]) -> str:
    return "".join(f"<li>{item}</li>" for item in items)


def render_answer(language: Language, *, sheet: str) -> str:
    """Return how to answer, with lines to write on that stand on paper only.

    Parameters
    ----------
    language
        Of the text.
    sheet
        File of the page of the quarter: its review sheet has the same name.
    """
    text = say(
        message(
            "Say of each place by its number whether the quarter agrees, agrees with a condition, or objects, and why; propose "
            "others by address or by a cross on the map. Say what is wrong on this page: a place that has closed, a way that "
            "cannot be walked, people who are missing. Sign with the role, such as “quarter committee”, not with names of "
            "persons, and give the page back to the office that sent it, in time for the next plan."
        ),
        language,
    )
    by_sheet = say(
        message(
            "Best answer on the sheet that comes with the plan: {sheet} opens in a browser, {workbook} in an office program."
        ),
        language,
        sheet=f"review/{sheet}",
        workbook=f"review/{sheet.removesuffix('.html')}.xlsx",
    )
    lines = '<div class="line"></div>' * _N_LINES
    return (
        f'<section class="answer"><h2>{say(message("How to answer"), language)}</h2><p>{by_sheet}</p><p>{text}</p>'
        f'<div class="lines" aria-hidden="true">{lines}</div></section>'
    )
