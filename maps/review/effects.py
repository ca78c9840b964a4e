"""The section of a page that says what the quarters' answers changed; for the report, and for one quarter's page."""

from __future__ import annotations

from collections.abc import Sequence

from layers.plan import PlanDocument
from layers.plan_review import ReviewEffect
from layers.review import Conflict, Remark
from maps.i18n import Language, message, translate
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
    body = _table(document, effects, language) if effects else f"<p>{say(_NONE[quarter is not None], language)}</p>"
    reviewed = document.reviewed
    parts = [
        body,
        _contradictions([one for one in reviewed.conflict if _has(one, quarter)], document, language),
        _remarks([one for one in reviewed.remark if _has(one, quarter)], language),
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


def _table(document: PlanDocument, effects: Sequence[ReviewEffect], language: Language) -> str:
    heads = (message("What is asked"), message("Who asked, and why"), message("What it changed"))
    cells = "".join(f'<th scope="col">{say(head, language)}</th>' for head in heads)
    rows = "".join(_row(document, effect, language) for effect in effects)
    label = html_attribute(translate("What the quarters' answers changed", language=language))
    note = say(
        message(
            "Each line compares the plan with the best one without that rule. Lines need not add up: rules act together. "
            "Signs: + more people reached because of it, − fewer."
        ),
        language,
    )
    return (
        f'<div class="table" tabindex="0" role="group" aria-label="{label}"><table><thead><tr>{cells}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div><p class="note">{note}</p>'
    )


def _row(document: PlanDocument, effect: ReviewEffect, language: Language) -> str:
    words = effect_words(document, effect)
    rule, because, outcome = (getattr(text, language) for text in (words.rule, words.because, words.outcome))
    return (
        f'<tr data-effect="{html_attribute(effect.kind)}"><th scope="row"><bdi>{html_text(rule)}</bdi></th>'
        f"<td><bdi>{html_text(because)}</bdi></td><td><bdi>{html_text(outcome)}</bdi></td></tr>"
    )


def _contradictions(conflicts: Sequence[Conflict], document: PlanDocument, language: Language) -> str:
    if not conflicts:
        return ""
    items = "".join(
        f"<li><bdi>{html_text(conflict.site)}: {html_text(getattr(voices_words(conflict.voices), language))} → "
        f"{html_text(getattr(outcome_name(conflict.outcome), language))}</bdi></li>"
        for conflict in conflicts
    )
    return f"<h3>{say(message('Where quarters disagreed, and what was done'), language)}</h3><ul>{items}</ul>"


def _remarks(remarks: Sequence[Remark], language: Language) -> str:
    if not remarks:
        return ""
    items = "".join(
        f"<li><bdi>{html_text(remark.site)}: {html_text(getattr(voices_words(remark.voices), language))}</bdi></li>"
        for remark in remarks
    )
    return f"<h3>{say(message('Remarks on places that stay as they are'), language)}</h3><ul>{items}</ul>"
