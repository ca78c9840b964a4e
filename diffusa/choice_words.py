"""What a choice rests on beside its data: costs and capacities that the scenario assumes, and need that is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffusa.journeys import Journeys
from diffusa.numbers_in_words import COMMA, join, number, percent
from diffusa.problem_fields import out_of_reach
from diffusa.question import Question
from layers.kinds import kind_name
from layers.people import need_weight
from layers.plan_text import Text
from maps.i18n import both, message


def choice_assumptions(question: Question) -> Iterator[Text]:
    """Yield what the choice assumes of sites: costs of works, capacities, what travel costs."""
    for kind, n in question.costs.n_assumed.items():
        yield both(
            "Works are assumed to cost {cost} euros at each of {n} candidates whose cost is not known: {kind}.",
            cost=number(question.scenario.costs[kind]),
            n=number(n),
            kind=kind_name(kind, number="many"),
        )
    for size in question.scenario.sites.size:
        facts = [
            both(text, n=number(value))
            for text, value in (
                (message("{n} euros"), size.cost_eur),
                (message("room for {n} people"), size.capacity_people),
                (message("at least {n} people"), size.min_use_people),
                (message("{n} m²"), size.floor_area_m2),
            )
            if value is not None
        ]
        named = Text(it=size.called.it, en=size.called.en)
        yield both("Size to choose: {name}, {facts}.", name=named, facts=join(facts, COMMA))
    choose = question.scenario.choose
    if choose.capacity_people is not None:
        yield both("Assumed capacity, in people of the need: {kinds}.", kinds=_by_kind(choose.capacity_people))
    if choose.min_use_people is not None:
        yield both("Assumed least use, in people of the need: {kinds}.", kinds=_by_kind(choose.min_use_people))
    if choose.capacity_people is not None or choose.travel_eur_per_hour is not None:
        yield both(
            "People of the need are its groups added up, {n}; who is in two of them counts twice.",
            n=number(question.need_people),
        )


def _by_kind(people: Mapping[str, float]) -> Text:
    parts = [both("{kind} {n}", kind=kind_name(kind, number="many"), n=number(value)) for kind, value in sorted(people.items())]
    return join(parts, COMMA)


def choice_limits(question: Question, journeys: Journeys) -> Iterator[Text]:
    """Yield what the figures of a choice do not say: who has no room, and whom the choice leaves out."""
    people, travel = question.people, question.scenario.travel
    if question.facts.capacity_people is not None:
        yield both("Figures count everybody within the minutes, whether the places have room for them or not.")
    if question.scenario.choose.unreached != "leave_out":
        return
    weight = need_weight(people.cells, people.totals, question.scenario.need)
    lost = out_of_reach(question, journeys, weight, standard_min=travel.standard_min)
    if lost.size:
        yield both(
            "The choice leaves out {n} squares with {share} of the need: no place that may open is near enough to them.",
            n=number(lost.size),
            share=percent(float(weight[lost].sum() / weight.sum()), digits=2),
        )
