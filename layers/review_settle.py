"""From voices to rules: what the next run does about each site, and about contradictions.

The rules of precedence, which ``docs/review.md`` states for people:

1. Of one site all voices that want the same thing make one rule, by the strongest: a veto forbids, an objection avoids; an
   agreement of the quarter in which the site lies requires a site that the plan proposed (or keeps one that may close), every
   other agreement prefers.
2. An agreement against an objection or a veto is a conflict. It is an error until the planner says how to resolve:
   ``home`` hears the quarter in which the site lies alone (where it is silent or divided, as ``strictest``), ``strictest``
   hears objections and vetoes alone, ``none`` makes no rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from layers.review import Conflict, Outcome, Remark, Resolve, RuleKind, SiteRule, Voice


@dataclass(frozen=True)
class ReviewedSite:
    """What precedence asks of a site: its quarter, whether an agreement of that quarter requires it, whether rules may name it.

    Parameters
    ----------
    home
        Number of the quarter in which it lies; None where it lies in none.
    is_in_plan
        Whether the plan opens it, or keeps it open where it may close.
    may_answer
        Whether a plan may open or close it.
    """

    home: int | None
    is_in_plan: bool
    may_answer: bool


@dataclass(frozen=True)
class Settled:
    """Rules by kind, remarks and conflicts, each sorted by site; `unresolved` are conflicts without an outcome."""

    rules: Mapping[RuleKind, tuple[SiteRule, ...]] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unresolved: tuple[Conflict, ...] = ()


def settle(
    voices: Mapping[str, Sequence[Voice]], sites: Mapping[str, ReviewedSite], *, resolve: Resolve | None = None
) -> Settled:
    """Return what the voices about each site make.

    Parameters
    ----------
    voices
        Voices by site.
    sites
        Facts of each of these sites.
    resolve
        How conflicts are resolved; None leaves them unresolved.
    """
    rules: dict[RuleKind, list[SiteRule]] = {"forbidden": [], "required": [], "preferred": [], "avoided": []}
    remarks: list[Remark] = []
    conflicts: list[Conflict] = []
    unresolved: list[Conflict] = []
    for site in sorted(voices):
        said = _in_order(voices[site])
        spoken = tuple(voice for voice in said if voice.answer != "remark" and sites[site].may_answer)
        rest = tuple(voice for voice in said if voice not in spoken)
        if rest:
            remarks.append(Remark(site=site, voices=rest))
        heard = _heard(spoken, sites[site], resolve)
        outcome, made_by = _outcome(heard or (), sites[site])
        if _is_conflict(spoken):
            (conflicts if resolve else unresolved).append(Conflict(site=site, outcome=outcome, voices=spoken))
        if outcome != "no_rule":
            rules[outcome].append(SiteRule(site=site, voices=made_by))
    return Settled(
        rules={kind: tuple(made) for kind, made in rules.items()},
        remarks=tuple(remarks),
        conflicts=tuple(conflicts),
        unresolved=tuple(unresolved),
    )


def outcomes(conflict: Conflict, site: ReviewedSite) -> dict[Resolve, Outcome]:
    """Return what each way to resolve would make of a conflict."""
    ways: tuple[Resolve, ...] = ("home", "strictest", "none")
    return {way: _outcome(_heard(conflict.voices, site, way) or (), site)[0] for way in ways}


def _in_order(voices: Sequence[Voice]) -> tuple[Voice, ...]:
    return tuple(sorted(set(voices), key=lambda voice: (voice.quarter, voice.role, voice.answer, voice.reason)))


def _is_conflict(voices: Sequence[Voice]) -> bool:
    answers = {voice.answer for voice in voices}
    return "accept" in answers and bool(answers & {"object", "veto"})


def _heard(voices: Sequence[Voice], site: ReviewedSite, resolve: Resolve | None) -> tuple[Voice, ...] | None:
    """Return the voices that count; None where a conflict is not resolved."""
    if not _is_conflict(voices):
        return tuple(voices)
    if resolve is None:
        return None
    if resolve == "none":
        return ()
    at_home = tuple(voice for voice in voices if voice.quarter == site.home)
    if resolve == "home" and at_home and not _is_conflict(at_home):
        return at_home
    return tuple(voice for voice in voices if voice.answer != "accept")


def _outcome(heard: Sequence[Voice], site: ReviewedSite) -> tuple[Outcome, tuple[Voice, ...]]:
    """Return the rule that the heard voices make, with those that make it: the strongest answer."""
    vetoes = tuple(voice for voice in heard if voice.answer == "veto")
    objections = tuple(voice for voice in heard if voice.answer == "object")
    if vetoes:
        return "forbidden", (*vetoes, *objections)
    if objections:
        return "avoided", objections
    agreed = tuple(voice for voice in heard if voice.answer == "accept")
    if not agreed:
        return "no_rule", ()
    is_asked_by_home = any(voice.quarter == site.home for voice in agreed)
    return ("required" if is_asked_by_home and site.is_in_plan else "preferred"), agreed
