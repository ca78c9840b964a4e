"""What ``diffusa review read`` prints: the rules by site, whose they are, contradictions, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from diffusa.review_read import ReviewRead
from layers.plan_text import Text
from layers.review import Review
from maps.i18n import Language, both
from maps.review.effect_words import outcome_name, voices_words


def show_read(read: ReviewRead, path: Path, *, console: Console, language: Language | None = None) -> None:
    """Print what came of the sheets."""
    chosen = language or read.plan.document.city.language
    for text in read_lines(read, path):
        console.print(escape(text.it if chosen == "it" else text.en), soft_wrap=True, highlight=False)


def read_lines(read: ReviewRead, path: Path) -> Iterator[Text]:
    """Yield what came of the sheets, one line each, in both languages."""
    review = read.review
    names = dict(zip(read.plan.sites["site_id"], read.plan.sites["name"], strict=True))
    yield both(
        "{n} sheets with answers, {empty} without, {same} that say the same as another.",
        n=read.n_sheets,
        empty=read.n_empty,
        same=read.n_same,
    )
    if read.n_removed:
        yield both("{n} mail addresses, telephone numbers or tax codes were taken out of the texts.", n=read.n_removed)
    if read.n_carried:
        yield both("{n} rules of the review before stay, nobody has answered about them anew.", n=read.n_carried)
    for kind, rule in review.rules():
        site = f"{names.get(rule.site, rule.site)} [{rule.site}]"
        yield both("{outcome}: {site} – {quarters}", outcome=outcome_name(kind), site=site, quarters=voices_words(rule.voices))
    yield from _others(review)
    yield both('Review: {path}. A scenario takes it by: review = "{name}"', path=str(path), name=path.name)


def _others(review: Review) -> Iterator[Text]:
    for candidate in review.candidate:
        quarters = voices_words(candidate.voices)
        yield both("new candidate: {site} – {quarters}", site=f"{candidate.name} [{candidate.site}]", quarters=quarters)
        if candidate.lon is None:
            yield both("  {site} has no point: write its lon and lat into the review.", site=candidate.site)
    for conflict in review.conflict:
        quarters, outcome = voices_words(conflict.voices), outcome_name(conflict.outcome)
        yield both("disagreement about {site}: {quarters} → {outcome}", site=conflict.site, quarters=quarters, outcome=outcome)
    for remark in review.remark:
        yield both("remark on {site}: {quarters}", site=remark.site, quarters=voices_words(remark.voices))
