"""What a review changed in words: the rule, who asked for it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from layers.plan import PlanDocument
from layers.plan_review import ReviewEffect
from layers.plan_text import Text
from layers.review import Outcome, Voice
from maps.i18n import Language, both, format_number, format_percent
from maps.review.words import signer_roles

_MOST_NAMED = 6


@dataclass(frozen=True)
class EffectWords:
    """An effect in words, in both languages."""

    rule: Text
    because: Text
    outcome: Text


def effect_words(document: PlanDocument, effect: ReviewEffect) -> EffectWords:
    """Return an effect of a plan in words."""
    return EffectWords(rule=_rule(effect), because=voices_words(effect.voices), outcome=_outcome(document, effect))


def _rule(effect: ReviewEffect) -> Text:
    sites = _sites(effect.sites, effect.names)
    if effect.kind == "forbidden":
        return both("Nothing opens, or stays open, at {sites}", sites=sites)
    if effect.kind == "required":
        return both("{sites} opens, or stays open", sites=sites)
    if effect.kind == "candidate":
        return both("Proposed by a quarter, so that it may open: {sites}", sites=sites)
    if effect.kind == "all":
        return both("All answers of the quarters together")
    within = _percent(effect.within or 0.0)
    if effect.kind == "avoided":
        return both("Of plans at most {share} worse, one with the fewest of: {sites}", share=within, sites=sites)
    return both("Of these plans, one with the most of: {sites}", sites=sites)


def voices_words(voices: Sequence[Voice]) -> Text:
    """Return who said what, and why."""
    roles = signer_roles()
    answers = {
        "accept": both("agrees"),
        "object": both("would rather not"),
        "veto": both("veto"),
        "propose": both("proposes it"),
        "remark": both("remark"),
    }
    said = [
        both("{quarter} ({role}): {answer}", quarter=voice.name, role=roles[voice.role], answer=answers[voice.answer])
        if not voice.reason
        else both(
            "{quarter} ({role}): {answer}, “{reason}”",
            quarter=voice.name,
            role=roles[voice.role],
            answer=answers[voice.answer],
            reason=voice.reason,
        )
        for voice in voices
    ]
    return _joined(said, "; ")


def outcome_name(outcome: Outcome) -> Text:
    """Return what came of a contradiction."""
    named: dict[Outcome, Text] = {
        "forbidden": both("nothing opens there"),
        "required": both("it opens, or stays open"),
        "preferred": both("preferred"),
        "avoided": both("avoided"),
        "no_rule": both("no rule"),
    }
    return named[outcome]


def _outcome(document: PlanDocument, effect: ReviewEffect) -> Text:
    parts = []
    if effect.kind in ("avoided", "preferred"):
        n, whole = (_count(len(ids)) for ids in (effect.open_sites, effect.sites))
        parts.append(both("{n} of {whole} are open.", n=n, whole=whole))
    if effect.objective_without is None:
        parts.append(both("Without it there is no plan, or none was found in time."))
    elif not effect.changes_plan:
        parts.append(both("The plan is the same without it."))
    else:
        parts += [_exchange(effect), *_worse(effect), _people(document, effect)]
    if not effect.is_proven:
        parts.append(both("The search was cut short, so this is no proof."))
    return _joined(parts, " ")


def worse_by(effect: ReviewEffect) -> float:
    """Return by what share of the objective a plan is worse than the one without the rule; 0 where that is not known."""
    without = effect.objective_without
    return abs(effect.objective_with - without) / abs(without) if without else 0.0


def _worse(effect: ReviewEffect) -> list[Text]:
    """Return what wishes cost of what was sought: rules leave no better plan, wishes do."""
    if effect.kind not in ("avoided", "preferred"):
        return []
    return [both("By what was sought it is {share} worse.", share=_percent(worse_by(effect)))]


def _exchange(effect: ReviewEffect) -> Text:
    came, went = _sites(effect.came_in, effect.names), _sites(effect.went_out, effect.names)
    if effect.came_in and effect.went_out:
        return both("Because of it the plan has {came} instead of {went}.", came=came, went=went)
    if effect.came_in:
        return both("Because of it the plan also has {came}.", came=came)
    return both("Because of it the plan has no {went}.", went=went)


def _people(document: PlanDocument, effect: ReviewEffect) -> Text:
    labels = {group.key: group.label for group in document.groups}
    changes = [
        both("{n} {group}", n=_signed(n), group=labels[key]) for key, n in effect.reached_change.items() if key in labels
    ]
    standard = _per_language(lambda language: format_number(document.standard_min, language=language))
    return both("Reached within {n} minutes: {changes}.", n=standard, changes=_joined(changes, ", "))


def _signed(value: float) -> Text:
    """Return a change with its sign; one that is written as nothing has none."""
    sign = "" if round(abs(value)) == 0 else ("+" if value > 0 else "−")
    return _per_language(lambda language: sign + format_number(abs(value), language=language))


def _sites(site_ids: Sequence[str], names: Mapping[str, str]) -> Text:
    """Return sites by name and id; of many, how many more there are."""
    listed = ", ".join(f"{names.get(site_id, site_id)} [{site_id}]" for site_id in site_ids[:_MOST_NAMED])
    text = Text(it=listed, en=listed)
    if len(site_ids) <= _MOST_NAMED:
        return text
    return both("{sites} and {n} more", sites=text, n=_count(len(site_ids) - _MOST_NAMED))


def _percent(share: float) -> Text:
    return _per_language(lambda language: format_percent(share, language=language, digits=2))


def _count(n: int) -> Text:
    return _per_language(lambda language: format_number(n, language=language))


def _joined(texts: Sequence[Text], mark: str) -> Text:
    return Text(it=mark.join(text.it for text in texts), en=mark.join(text.en for text in texts))


def _per_language(write: Callable[[Language], str]) -> Text:
    return Text(it=write("it"), en=write("en"))
