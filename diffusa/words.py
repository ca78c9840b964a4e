"""The words of a plan: the sentence that a councillor understands, and the limits that stand beside every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffusa.journeys import Journeys, Lens
from diffusa.numbers_in_words import join, number, percent
from diffusa.question import Question
from layers.kinds import kind_name
from layers.plan import BEFORE, BEST, GroupBrief, ModelledBrief, Variant
from layers.plan_choice import Figure, Optimum
from layers.plan_text import Text
from layers.positions import SHORT_STANDARD_MIN, UNCERTAIN_FROM_M
from maps.i18n import both
from maps.modes import mode_name

MEDIAN = 50.0


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the sentence speaks of; every number in it is a figure of the plan."""

    question: Question
    figures: Sequence[Figure]
    variants: Sequence[Variant]
    groups: Sequence[GroupBrief]
    optimum: Optimum


def plan_sentence(said: Said) -> Text:
    """Return what the plan changes, in one or two sentences."""
    question = said.question
    clauses = [_group_clause(said, group) for group in said.groups if group.key in question.scenario.need]
    reach = both(
        "With {n} new {service}, {clauses} would have one within {minutes} minutes {mode}.",
        n=number(said.optimum.new),
        service=kind_name(question.scenario.service, number="one" if said.optimum.new == 1 else "many"),
        clauses=join(clauses, both(" and ")),
        minutes=number(question.scenario.travel.standard_min),
        mode=mode_name(question.scenario.travel.mode),
    )
    if said.optimum.status == "optimal":
        return reach
    doubt = both(
        "The search was cut short: the best plan may be better by up to {gap}.", gap=percent(said.optimum.gap, digits=2)
    )
    return join([reach, doubt], Text(it=" ", en=" "))


def _group_clause(said: Said, group: GroupBrief) -> Text:
    standard_min = said.question.scenario.travel.standard_min
    share = {
        figure.variant: _share(figure) if group.modelled else percent(figure.share)
        for figure in said.figures
        if (figure.group, figure.standard_min) == (group.key, standard_min)
    }
    compared = [
        both(", {share} {variant}", share=share[variant.key], variant=variant.name)
        for variant in said.variants
        if variant.key not in (BEFORE, BEST)
    ]
    return both(
        "{after} of {group} (today {before}{others})",
        after=share[BEST],
        before=share[BEFORE],
        group=group.label,
        others=join(compared, Text(it="", en="")),
    )


def _share(figure: Figure) -> Text:
    """Return a share of a modelled group with its interval: it never stands alone."""
    if figure.share_low is None or figure.share_high is None:
        return percent(figure.share)
    return both(
        "{value} ({low}–{high})", value=percent(figure.share), low=percent(figure.share_low), high=percent(figure.share_high)
    )


def number_range(value: float, ends: tuple[float, float]) -> Text:
    """Return a number of people with its interval, where its ends differ as they are written."""
    low, high = (number(end) for end in ends)
    return number(value) if low == high else both("{value} ({low}–{high})", value=number(value), low=low, high=high)


def plan_limits(question: Question, journeys: Journeys, groups: Sequence[GroupBrief]) -> tuple[Text, ...]:
    """Return the limits of a plan: those that follow from its data, then those that the scenario names."""
    counted = {group.key: group.updated_from or group.year for group in question.people.groups}
    years = sorted({counted[group.key] for group in groups if group.modelled is None})
    found = [_denominators(groups)]
    if years:
        found.append(both("People are those counted in {years}.", years=", ".join(map(str, years))))
    found += [text for group in groups if group.modelled for text in _modelled_limits(question, group, group.modelled)]
    n_doubtful = int((question.sites["position_error_m"] > UNCERTAIN_FROM_M).sum())
    if n_doubtful:
        found.append(
            both(
                "{n} sites are placed with an error of more than {metres} m: "
                "a share within {minutes} minutes that rests on one of them is given as a range.",
                n=number(n_doubtful),
                metres=number(UNCERTAIN_FROM_M),
                minutes=number(SHORT_STANDARD_MIN),
            )
        )
    streets = journeys.streets[question.scenario.travel.street_mode]
    if streets.share.n_components > 1:
        found.append(
            both(
                "The street network is in {n} pieces; only the largest is used, {share} of the length.",
                n=number(streets.share.n_components),
                share=percent(streets.share.length_share, digits=1),
            )
        )
    if any(mode == "bike" and of_mode.network.is_one_way is None for mode, of_mode in journeys.streets.items()):
        found.append(both("Bicycles take every street both ways: the network does not say which streets are one-way."))
    if journeys.unconnected_stop_ids:
        found.append(
            both(
                "{n} stops lie farther than {metres} m from any street: nobody boards or leaves a vehicle there.",
                n=number(len(journeys.unconnected_stop_ids)),
                metres=number(question.scenario.travel.max_snap_m),
            )
        )
    return (*found, *(Text(it=text.it, en=text.en) for text in question.scenario.limits))


def _modelled_limits(question: Question, group: GroupBrief, modelled: ModelledBrief) -> list[Text]:
    """Return what is to be known of a group that was estimated, not counted."""
    labels = {one.key: Text(it=one.label_it, en=one.label_en) for one in question.people.groups}
    low, high = modelled.interval
    how = both(
        "Nobody has counted by block: {group}. They are estimated from risk factors ({factors}), by the definition “{key}”.",
        group=group.label,
        factors=join(modelled.factors, Text(it="; ", en="; ")),
        key=modelled.definition,
    )
    rate = both(
        "All in all they are {rate} of {base}. Their figures carry an interval: {part} of {n} joint draws lie in it.",
        rate=percent(modelled.rate, digits=1),
        base=labels.get(modelled.base, both("people of the base")),
        part=percent(high - low),
        n=number(modelled.n_draws),
    )
    use = both(
        "The estimate is of areas: it says nothing of any person, and must not be used to choose, check or refuse persons, for "
        "profiling or policing (Regulation (EU) 2016/679, recitals 26 and 162; legislative decree 322/1989, article 9)."
    )
    return [how, rate, use]


def lens_name(lens: Lens) -> Text:
    """Return what a way of counting is called: the mode, and by public transport which of the departures."""
    if lens.percentile is None:
        return mode_name(lens.mode)
    if lens.percentile == MEDIAN:
        return both("{mode}, median departure", mode=mode_name(lens.mode))
    digits = 0 if lens.percentile == round(lens.percentile) else 1
    return both("{mode}, {n} of the departures", mode=mode_name(lens.mode), n=percent(lens.percentile / 100.0, digits=digits))


def plan_assumptions(question: Question, journeys: Journeys) -> tuple[Text, ...]:
    """Return what a plan rests on: what the city's public transport says of itself, then what the scenario names."""
    transport = journeys.transport
    found = list(transport.limits) if transport else []
    if transport and transport.n_draws:
        found.append(
            both(
                "When the vehicles of lines without a timetable pass is not known: figures go over {n} draws of it.",
                n=number(transport.n_draws),
            )
        )
    return (*found, *(Text(it=text.it, en=text.en) for text in question.scenario.assumptions))


def _denominators(groups: Sequence[GroupBrief]) -> Text:
    listed = join([both("{n} {group}", n=_total(group), group=group.label) for group in groups], Text(it=", ", en=", "))
    if not any(group.no_place > 0 for group in groups):
        return both("Shares are of everybody in the city: {groups}.", groups=listed)
    placeless = join(
        [both("{n} {group}", n=_no_place(group), group=group.label) for group in groups if group.no_place > 0],
        Text(it=", ", en=", "),
    )
    return both(
        "Shares are of everybody in the city: {groups}. Of these, {placeless} are registered at a conventional address: "
        "they have no place on the map and count as not reached.",
        groups=listed,
        placeless=placeless,
    )


def _total(group: GroupBrief) -> Text:
    return number_range(group.total, group.modelled.total) if group.modelled else number(group.total)


def _no_place(group: GroupBrief) -> Text:
    return number_range(group.no_place, group.modelled.no_place) if group.modelled else number(group.no_place)
