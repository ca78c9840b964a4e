"""What a review changed as rules in force of a plan, which the map, the pages and the command show with the others."""

from __future__ import annotations

from collections.abc import Iterator

from layers.plan import PlanDocument
from layers.plan_choice import RuleBrief
from layers.plan_text import Text
from layers.review import Review
from maps.i18n import both
from maps.review.effect_words import effect_words


def review_rules(document: PlanDocument) -> Iterator[RuleBrief]:
    """Yield each effect of a plan's review as a rule in force: what it asks, who asked, and what came of it."""
    for effect in document.review:
        words = effect_words(document, effect)
        rule = words.rule
        if words.because.en:
            rule = both("{rule}, by {quarters}", rule=rule, quarters=words.because)
        yield RuleBrief(key=f"review.{effect.kind}", rule=rule, outcome=words.outcome)


def review_limits(document: PlanDocument) -> Iterator[Text]:
    """Yield that a plan which heeds wishes is the best of those that heed them, and not of all."""
    if any(effect.kind in ("avoided", "preferred") for effect in document.review):
        yield both(
            "The plan is the best of those that meet the wishes of the quarters: without them one may be slightly better. The "
            "rules in force say by how much."
        )


def review_line(review: Review, *, within_percent: float) -> str:
    """Return what a review asks, in one line."""
    counts = [
        f"{len(rules)} {kind}"
        for kind, rules in (
            ("forbidden", review.forbidden),
            ("required", review.required),
            ("avoided", review.avoided),
            ("preferred", review.preferred),
            ("new candidates", review.candidate),
        )
        if rules
    ]
    wishes = f"; for wishes a plan may be at most {within_percent:g} % worse" if review.avoided or review.preferred else ""
    return f"Answers of the quarters: {', '.join(counts) or 'none that changes the plan'}{wishes}."
