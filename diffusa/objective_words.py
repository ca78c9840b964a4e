"""What an objective seeks, and how good a choice is, in words of both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffusa.numbers_in_words import COMMA, join, number, percent
from diffusa.scenario import Scenario
from layers.plan_choice import ObjectiveUnit
from layers.plan_text import Text
from maps.i18n import both
from optimize.objectives import Objective

UNIT: Mapping[Objective, ObjectiveUnit] = MappingProxyType(
    {
        "max_coverage": "share",
        "p_median": "seconds",
        "set_cover": "sites",
        "p_center": "seconds",
        "gradual_coverage": "share",
        "backup_coverage": "share",
        "weighted_backup_coverage": "share",
        "fixed_charge": "euros",
        "capacitated_fixed_charge": "euros",
        "capacitated_p_median": "seconds",
        "capacitated_max_coverage": "share",
        "k_nearest_median": "seconds",
        "max_attendance": "share",
        "p_dispersion": "metres",
        "kolm_pollak": "seconds",
        "market_capture": "share",
        "lexicographic_center": "seconds",
        "worst_mean": "seconds",
    }
)
"""What each objective is in; `set_cover` counts euros where it is asked to."""

MEANS: frozenset[Objective] = frozenset({"p_median", "k_nearest_median", "capacitated_p_median"})
"""Objectives that the optimizer sums over the need, and a plan tells as a mean of it."""


SMALL_SHARE = 0.001
"""A share below which one digit behind the point of a percentage says little."""


def objective_unit(scenario: Scenario) -> ObjectiveUnit:
    """Return what the objective of a scenario is in."""
    return "euros" if scenario.choose.by_cost else UNIT[scenario.choose.objective]


def value_words(scenario: Scenario, value: float, *, standard_min: float) -> Text:
    """Return how good a choice is.

    Parameters
    ----------
    scenario
        What was asked.
    value
        The objective, in the unit of `objective_unit`.
    standard_min
        The standard at which it was chosen.
    """
    said = amount_words(value, unit=objective_unit(scenario))
    return both("{what}: {value}", what=_measured(scenario, standard_min=standard_min), value=said)


def amount_words(value: float, *, unit: ObjectiveUnit) -> Text:
    """Return an objective, or a difference of two, in its unit: a share as percent of the need, seconds as minutes.

    A share below a tenth of a percent has a digit more, lest it read as nothing.
    """
    found: dict[ObjectiveUnit, Text] = {
        "share": percent(value, digits=2 if 0 < abs(value) < SMALL_SHARE else 1),
        "seconds": both("{n} minutes", n=number(value / 60.0, digits=1)),
        "sites": number(value),
        "euros": both("{n} euros", n=number(value)),
        "metres": both("{n} metres", n=number(value)),
    }
    return found[unit]


def _measured(scenario: Scenario, *, standard_min: float) -> Text:
    """Return what the value of an objective is of."""
    choose, minutes = scenario.choose, number(standard_min)
    names: Mapping[Objective, Callable[[], Text]] = {
        "max_coverage": lambda: both("need within {n} minutes", n=minutes),
        "p_median": lambda: both("mean time to the nearest place"),
        "set_cover": lambda: both("works cost") if choose.by_cost else both("new places needed"),
        "p_center": lambda: both("longest time to the nearest place"),
        "gradual_coverage": lambda: both("need covered by the decay"),
        "backup_coverage": lambda: both("need within {n} minutes of two places", n=minutes),
        "weighted_backup_coverage": lambda: both(
            "need within {n} minutes of one place, and of two with a weight of {share}",
            n=minutes,
            share=percent(choose.backup_share or 0.0),
        ),
        "fixed_charge": lambda: both("works and travel"),
        "capacitated_fixed_charge": lambda: both("works and travel"),
        "capacitated_p_median": lambda: both("mean time to the place that serves"),
        "capacitated_max_coverage": lambda: both("need served within {n} minutes", n=minutes),
        "k_nearest_median": lambda: both("mean time to the nearest place"),
        "max_attendance": lambda: both("need that attends"),
        "p_dispersion": lambda: both("distance of the two nearest places, straight"),
        "kolm_pollak": lambda: both("time that would be as good if it were the same for all"),
        "market_capture": lambda: both("need drawn from competitors"),
        "lexicographic_center": lambda: both("longest time to the nearest place"),
        "worst_mean": lambda: both(
            "mean time of the worst-served {share} of the need", share=percent(choose.worst_share or 1.0)
        ),
    }
    return names[choose.objective]()


def goal_words(scenario: Scenario) -> Text:
    """Return what a scenario seeks, as one sentence."""
    choose = scenario.choose
    minutes, cutoff = number(scenario.travel.standard_min), number(scenario.cutoff_min)
    decay = _decay(scenario)
    goals: Mapping[Objective, Callable[[], Text]] = {
        "max_coverage": lambda: both("As much need as possible within {n} minutes.", n=minutes),
        "p_median": lambda: both("The least mean time; need beyond {n} minutes counts as that.", n=cutoff),
        "set_cover": lambda: _cover_goal(scenario),
        "p_center": lambda: both("The least time of the worst-served."),
        "gradual_coverage": lambda: both("As much need as possible, of which the nearest place covers {decay}.", decay=decay),
        "backup_coverage": lambda: both(
            "As much need as possible within {n} minutes of two places, and all of it within that of one.", n=minutes
        ),
        "weighted_backup_coverage": lambda: both(
            "As much need as possible within {n} minutes; {share} of the value lies in a second place.",
            n=minutes,
            share=percent(choose.backup_share or 0.0),
        ),
        "fixed_charge": lambda: _charge_goal(scenario),
        "capacitated_fixed_charge": lambda: _join(_charge_goal(scenario), _capacity_goal()),
        "capacitated_p_median": lambda: _join(
            both("The least mean time; need beyond {n} minutes counts as that.", n=cutoff), _capacity_goal()
        ),
        "capacitated_max_coverage": lambda: _join(
            both("As much need as possible within {n} minutes.", n=minutes), _capacity_goal()
        ),
        "k_nearest_median": lambda: both("The least mean time; need beyond {n} minutes counts as that.", n=cutoff),
        "max_attendance": lambda: both("As much attendance as possible; of the need at a place comes {decay}.", decay=decay),
        "p_dispersion": lambda: both("Places as far from one another as possible, in straight metres; need does not count."),
        "kolm_pollak": lambda: both(
            "The least time that would be as good if it were the same for all; aversion to inequality {n} per minute.",
            n=number(choose.aversion or 0.0, digits=3),
        ),
        "market_capture": lambda: _market_goal(scenario),
        "lexicographic_center": lambda: both("The least time of the worst-served, then of the next worst, and so on."),
        "worst_mean": lambda: both(
            "The least mean time of the worst-served {share} of the need.", share=_worst_share(scenario)
        ),
    }
    return goals[choose.objective]()


def _short(value: float) -> Text:
    """Return a number without digits that say nothing."""
    return number(value, digits=0 if value == round(value) else 2)


def _worst_share(scenario: Scenario) -> Text:
    return percent(scenario.choose.worst_share or 1.0, digits=1)


def _join(*texts: Text) -> Text:
    return join(texts, Text(it=" ", en=" "))


def _cover_goal(scenario: Scenario) -> Text:
    values = {
        "share": percent(scenario.choose.target_share or 1.0, digits=1),
        "n": number(scenario.travel.standard_min),
    }
    if scenario.choose.by_cost:
        return both("The cheapest works that bring {share} of the need within {n} minutes.", **values)
    return both("The fewest places that bring {share} of the need within {n} minutes.", **values)


def _charge_goal(scenario: Scenario) -> Text:
    return both(
        "The least cost of works and of one trip for each person of need, at {n} euros for an hour; "
        "beyond {cutoff} minutes a trip counts as that.",
        n=_short(scenario.choose.travel_eur_per_hour or 0.0),
        cutoff=number(scenario.cutoff_min),
    )


def _capacity_goal() -> Text:
    return both("Each place serves no more than its capacity.")


def _market_goal(scenario: Scenario) -> Text:
    values = {"n": _short(scenario.choose.pull_exponent or 0.0)}
    if scenario.choose.attraction == "floor_area":
        return both(
            "As much need as possible drawn from competitors; a place draws by floor area over time to the power {n}.", **values
        )
    return both("As much need as possible drawn from competitors; all places draw alike, over time to the power {n}.", **values)


def _decay(scenario: Scenario) -> Text:
    """Return how the share of need that a place has falls with minutes."""
    decay = scenario.choose.decay
    if decay is None:
        return Text(it="", en="")
    values = {name: value for name, value in decay.model_dump().items() if isinstance(value, float)}
    said = {name: _short(value) for name, value in values.items()}
    if decay.kind == "step":
        steps = [both("{share} within {n} minutes", share=percent(share), n=number(minutes)) for minutes, share in decay.steps]
        return join(steps, COMMA)
    if decay.kind == "linear":
        return both("all up to {full_min} minutes, nothing from {zero_min} on, a line between", **said)
    if decay.kind == "logistic":
        return both("half at {middle_min} minutes, along a curve that falls over {spread_min}", **said)
    if decay.kind == "power":
        return both("all up to {full_min} minutes, then less by the power {exponent} of time", **said)
    return both("37% at {scale_min} minutes, and less by the same factor with each more", **said)
