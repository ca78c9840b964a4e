"""What a review changed: the plan is made again without each of its rules, and the two are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd

from data.errors import FaultsError, InfeasibleError, ScenarioError, SolverError
from data.files import digest_file
from data.pack import CityPack
from diffusa.choice import Choices, choose_at, describe_optimum
from diffusa.journeys import Journeys
from diffusa.question import Question, put_question
from diffusa.review_words import review_limits, review_rules
from layers.figures import count_figures
from layers.plan import BEST, Plan
from layers.plan_review import EffectKind, ReviewEffect
from layers.review import Review, SiteRule, Voice
from optimize.solution import Solution, Status

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Reviewed:
    """A question with a review, its travel times and answer; `sites` are those of the city, without proposed ones."""

    question: Question
    journeys: Journeys
    choices: Choices
    pack: CityPack
    sites: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Dropped:
    """A rule, or several, and the review without it."""

    kind: EffectKind
    sites: tuple[str, ...]
    voices: tuple[Voice, ...]
    review: Review


def with_review_effects(plan: Plan, asked: Reviewed, *, progress: Progress | None = None) -> Plan:
    """Return a plan that says what its review changed, whose rule it was, and what it cost; one without a review as it is."""
    table = asked.question.scenario.review
    if table is None:
        return plan
    effects = measure_effects(asked, progress=progress)
    document = plan.document.model_copy(
        update={
            "review": effects,
            "reviewed": table.content,
            "inputs": {**plan.document.inputs, **({"review": digest_file(table.path)} if table.path.is_file() else {})},
        }
    )
    told = {
        "rules": (*document.rules, *review_rules(document)),
        "limits": (*document.limits, *review_limits(document)),
    }
    return replace(plan, document=document.model_copy(update=told))


def measure_effects(asked: Reviewed, *, progress: Progress | None = None) -> tuple[ReviewEffect, ...]:
    """Return what each rule of a review changes at the plan's own standard, then what all of them do together.

    A rule that names a site which the plan without it would not open costs nothing. The figures are differences of two plans:
    those of single rules need not add up to that of all.
    """
    table = asked.question.scenario.review
    if table is None:
        return ()
    dropped = list(_drop_each(table.content, asked.question))
    effects = []
    for done, one in enumerate(dropped):
        if progress:
            progress(done, len(dropped))
        effects.append(_measure(asked, one))
    return tuple(effects)


def _drop_each(review: Review, question: Question) -> Iterator[_Dropped]:
    for rule in review.forbidden:
        yield _Dropped("forbidden", (rule.site,), rule.voices, review.without(rule.site))
    for rule in review.required:
        yield _Dropped("required", (rule.site,), rule.voices, review.without(rule.site))
    for candidate in review.candidate:
        if candidate.site in question.candidates:
            yield _Dropped("candidate", (candidate.site,), candidate.voices, _shut(review, candidate.site))
    for kind, rules in (("avoided", review.avoided), ("preferred", review.preferred)):
        if rules:
            sites, voices = tuple(rule.site for rule in rules), tuple(voice for rule in rules for voice in rule.voices)
            yield _Dropped(kind, sites, voices, review.without(*sites))  # type: ignore[arg-type]
    if not review.is_empty:
        sites = tuple(rule.site for _, rule in review.rules())
        proposed = tuple(candidate.site for candidate in review.candidate)
        everything = tuple(dict.fromkeys((*sites, *proposed)))
        yield _Dropped("all", everything, (), _shut(review.without(*sites), *proposed))


def _shut(review: Review, *proposed: str) -> Review:
    """Return a review in which proposed places cannot open, as if nobody had proposed them."""
    free = review.without(*proposed)
    return free.model_copy(update={"forbidden": (*free.forbidden, *(SiteRule(site=site) for site in proposed))})


def _measure(asked: Reviewed, dropped: _Dropped) -> ReviewEffect:
    question, standard_min = asked.question, asked.choices.standard_min
    own, other = asked.choices.plan, _plan_without(asked, dropped.review)
    now = describe_optimum(question, asked.journeys, own, standard_min=standard_min)
    was = None if other is None else describe_optimum(question, asked.journeys, other, standard_min=standard_min)
    sites, there = {*own.selected}, {*own.selected} if other is None else {*other.selected}
    named = {*dropped.sites, *(sites ^ there)}
    return ReviewEffect(
        kind=dropped.kind,
        sites=dropped.sites,
        names=_names(question, named),
        voices=dropped.voices,
        open_sites=tuple(site for site in dropped.sites if site in sites),
        changes_plan=other is None or sites != there,
        came_in=tuple(sorted(sites - there)),
        went_out=tuple(sorted(there - sites)),
        unit=now.unit,
        objective_with=round(now.objective, 9),
        objective_without=None if was is None else round(was.objective, 9),
        reached_change={} if other is None else _reached_change(asked, own, other),
        is_proven=own.status is Status.OPTIMAL and (other is None or other.status is Status.OPTIMAL),
        within=question.wishes.within if dropped.kind in ("avoided", "preferred") else None,
    )


def _plan_without(asked: Reviewed, review: Review) -> Solution | None:
    """Return the plan under another review; None where there is none."""
    scenario, known = asked.question.scenario, asked.question.sites["site_id"]
    if scenario.review is None:
        return None
    changed = scenario.model_copy(update={"review": scenario.review.with_content(review)})
    try:
        question = put_question(changed, asked.pack, people=asked.question.people, sites=asked.sites, named=known)
        return choose_at(question, asked.journeys, standard_min=asked.choices.standard_min)
    except (InfeasibleError, SolverError, ScenarioError, FaultsError):  # the rest does not hold, or no plan was found in time
        return None


def _names(question: Question, site_ids: set[str]) -> dict[str, str]:
    names = dict(zip(question.sites["site_id"], question.sites["name"], strict=True))
    return {site_id: str(names[site_id]) for site_id in sorted(site_ids)}


def _reached_change(asked: Reviewed, own: Solution, other: Solution) -> Mapping[str, float]:
    """Return by group how many more people the plan reaches than the other one, within the plan's standard."""
    opened = {BEST: own.selected, "without": other.selected}
    figures = count_figures(
        opened,
        asked.journeys.times,
        asked.question.people,
        groups=asked.question.scenario.group_keys,
        standards_min=(asked.choices.standard_min,),
    )
    reached = {(figure.variant, figure.group): figure.reached for figure in figures}
    groups = asked.question.scenario.group_keys
    return {group: round(reached[BEST, group] - reached["without", group], 6) for group in groups}
