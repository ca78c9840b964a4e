"""The section of a page that says what the quarters' answers changed; for the report, and for one quarter's page."""

from __future__ import annotations

from collections.abc import Sequence

from layers.plan import PlanDocument
from layers.plan_review import ReviewEffect
from layers.review import Conflict, Remark
from maps.i18n import Language, message
from maps.need_text import say
from maps.review.effect_words import effect_words, outcome_name, voices_words
from maps.safe import html_attribute, html_text


def render_effects(document: PlanDocument, language: Language, *, quarter: int | None = None) -> str:
    """Return the section as HTML; empty where the plan rests on no answers.

    Parameters
    ----------
    document
        What the plan says.
    language
        Of the section.
    quarter
        Number of the quarter whose answers are shown; None for those of all quarters, with what all do together.
    """
    if document.reviewed is None:
        return ""
    title = say(message("What the quarters' answers changed"), language)
    effects = [effect for effect in document.review if quarter is None or _speaks(effect, quarter)]
    body = _entries(document, effects, language) if effects else f"<p>{say(_NONE[quarter is not None], language)}</p>"
    reviewed = document.reviewed
    parts = [
        body,
        _said([one for one in reviewed.conflict if _has(one, quarter)], document, language, title=_CONFLICTS),
        _said([one for one in reviewed.remark if _has(one, quarter)], document, language, title=_REMARKS),
    ]
    return f'<section class="review-effects"><h2>{title}</h2>{"".join(parts)}</section>'


_NONE = {
    True: message("This plan rests on answers of quarters; this quarter has asked for nothing that is a rule."),
    False: message("This plan rests on answers of quarters, none of which is a rule."),
}


def _speaks(effect: ReviewEffect, quarter: int) -> bool:
    return any(voice.quarter == quarter for voice in effect.voices)


def _has(entry: Conflict | Remark, quarter: int | None) -> bool:
    return quarter is None or any(voice.quarter == quarter for voice in entry.voices)


def _entries(document: PlanDocument, effects: Sequence[ReviewEffect], language: Language) -> str:
    entries = "".join(_entry(document, effect, language) for effect in effects)
    note = say(
        message(
            "Each line compares the plan with the best one without that rule. Lines need not add up: rules act together. "
            "Signs: + more people reached because of it, − fewer."
        ),
        language,
    )
    return f'<ul class="effects">{entries}</ul><p class="note">{note}</p>'


def _entry(document: PlanDocument, effect: ReviewEffect, language: Language) -> str:
    words = effect_words(document, effect)
    rule, because, outcome = (getattr(text, language) for text in (words.rule, words.because, words.outcome))
    asked = f"<br>{say(message('Who asked, and why'), language)}: <bdi>{html_text(because)}</bdi>" if because else ""
    return (
        f'<li data-effect="{html_attribute(effect.kind)}"><b><bdi>{html_text(rule)}</bdi></b>{asked}'
        f"<br>{say(message('What it changed'), language)}: <bdi>{html_text(outcome)}</bdi></li>"
    )


_CONFLICTS = message("Where quarters disagreed, and what was done")
_REMARKS = message("Remarks on places that stay as they are")


def _said(entries: Sequence[Conflict | Remark], document: PlanDocument, language: Language, *, title: str) -> str:
    """Return what was said about places, and what came of contradictions."""
    if not entries:
        return ""
    names = {site_id: name for effect in document.review for site_id, name in effect.names.items()}
    items = []
    for entry in entries:
        site = f"{names[entry.site]} [{entry.site}]" if entry.site in names else entry.site
        outcome = f" → {getattr(outcome_name(entry.outcome), language)}" if isinstance(entry, Conflict) else ""
        text = f"{site}: {getattr(voices_words(entry.voices), language)}{outcome}"
        items.append(f"<li><bdi>{html_text(text)}</bdi></li>")
    return f"<h3>{say(title, language)}</h3><ul>{''.join(items)}</ul>"
