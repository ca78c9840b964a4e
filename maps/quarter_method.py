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
    """Return how the need was estimated, for each group that nobody has counted; nothing where all were counted."""
    modelled = [group for group in document.groups if group.modelled]
    if not modelled:
        return ""
    title = say(message("How the need was estimated"), language)
    body = "".join(
        f"<h3>{html_text(getattr(group.label, language))}</h3><ul>{_items(_estimate(group, language))}</ul>"
        for group in modelled
    )
    return f'<section class="estimates"><h2>{title}</h2>{body}</section>'


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


def render_answer(language: Language) -> str:
    """Return how to answer, with lines to write on that stand on paper only."""
    text = say(
        message(
            "Say of each place by its number whether the quarter agrees, agrees with a condition, or objects, and why; propose "
            "others by address or by a cross on the map. Say what is wrong on this page: a place that has closed, a way that "
            "cannot be walked, people who are missing. Sign with the role, such as “quarter committee”, not with names of "
            "persons, and give the page back to the office that sent it, in time for the next plan."
        ),
        language,
    )
    lines = '<div class="line"></div>' * _N_LINES
    return (
        f'<section class="answer"><h2>{say(message("How to answer"), language)}</h2><p>{text}</p>'
        f'<div class="lines" aria-hidden="true">{lines}</div></section>'
    )
