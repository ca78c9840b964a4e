"""People of the year that a scenario asks for, and how they were updated to it, in words."""

from __future__ import annotations

from collections.abc import Mapping

from data.columns import CONTROL
from data.errors import ScenarioError
from data.groups import census_groups
from data.margins import Margins, gather_margins, list_years
from data.pack import CityPack
from diffusa.city import read_people
from diffusa.scenario import Scenario
from layers.people import People
from layers.plan_text import Text
from layers.update import UpdateFit, update_people
from maps.i18n import both

MARGINS = "margins"
SHOWN = 5
"""How many of the largest factors are told."""


def read_people_of(scenario: Scenario, pack: CityPack) -> People:
    """Return the people of a city in the year that a scenario asks for: as the census counted them, or updated.

    Raises
    ------
    ScenarioError
        If the city has no official totals of that year.
    PlannerError
        If people cannot be updated to them (`layers.update.update_people`).
    """
    people = read_people(pack)
    if scenario.people is None or {scenario.people.year} == {group.year for group in census_groups(people.groups)}:
        return people
    return update_people(people, read_margins(pack, scenario.people.year))[0]


def read_margins(pack: CityPack, year: int) -> Margins:
    """Return the official totals of a year.

    Raises
    ------
    ScenarioError
        If the city has none.
    """
    frame = pack.read(MARGINS) if MARGINS in pack.layers else None
    years = list_years(frame, pack.city.later)
    if year not in years:
        known = f"Known are those of {', '.join(map(str, years))}" if years else "The city has none of any year"
        remedy = f"{known}; without the key people are those whom the census counted"
        raise ScenarioError(f"the city has no official totals of {year}", where="people.year", remedy=remedy)
    source = pack.layers[MARGINS].paper.source if frame is not None else ""
    return gather_margins(frame, pack.city.later, year=year, source=source)


def update_limits(people: People, keys: tuple[str, ...], pack: CityPack) -> tuple[Text, ...]:
    """Return what is to be known of people who were updated, of the groups of a plan; nothing where none was."""
    updated = [group for group in people.groups if group.key in keys and group.updated_from is not None]
    if not updated:
        return ()
    year, counted = (
        updated[0].year,
        ", ".join(map(str, sorted({group.updated_from for group in updated if group.updated_from}))),
    )
    labels = Text(it=", ".join(group.label_it for group in updated), en=", ".join(group.label_en for group in updated))
    said = (
        both("Updated to {year} by official totals per quarter: {groups}.", year=year, groups=labels)
        if len(read_margins(pack, year).quarters.columns)
        else both("Updated to {year} by official totals of the city: {groups}.", year=year, groups=labels)
    )
    stays = both(
        "What no total tells, such as where people live and what share of them a group is, "
        "stays in each quarter as it was counted in {year}.",
        year=counted,
    )
    limits = pack.layers[MARGINS].limits if MARGINS in pack.layers else ()
    return (said, stays, *(Text(it=limit.it, en=limit.en) for limit in limits))


def describe_updates(pack: CityPack) -> list[str]:
    """Return how the people of a city fit the official totals of each later year, in lines to read; empty without totals.

    Raises
    ------
    PlannerError
        If they cannot be fitted.
    """
    frame = pack.read(MARGINS) if MARGINS in pack.layers else None
    years = list_years(frame, pack.city.later)
    if not years:
        return []
    people = read_people(pack)
    quarters = pack.read("quarters")
    names = dict(zip(quarters["nil"].tolist(), quarters["name"].tolist(), strict=True))
    lines = [line for year in years for line in _describe(update_people(people, read_margins(pack, year))[1], names)]
    return [line.translate(CONTROL) for line in lines]


def _describe(fit: UpdateFit, names: Mapping[int, str]) -> list[str]:
    met = fit.met
    closeness = f"largest relative difference {fit.deviation:.1g}, {fit.n_iterations} iterations at most"
    lines = [f"updated to {fit.margins.year}: every official total is met ({closeness})"]
    for (key, before, after), rows in met.groupby(["group", "before", "after"], sort=False):
        scopes = " and ".join({"quarters": "by quarter", "city": "of the city"}[scope] for scope in rows["scope"])
        lines.append(f"  {key}: {before:,.0f} became {after:,.0f} (totals {scopes})")
    largest = [f"{key} × {factor:.2f} in {_quarter(nil, names)}" for key, nil, factor in fit.find_largest(SHOWN)]
    lines.append(f"  largest factors: {'; '.join(largest)}")
    if fit.margins.doubtful:
        lines.append(f"  totals to be taken with care: {'; '.join(_doubts(fit, names))}")
    if fit.mixed:
        told = "; ".join(f"{keys} in {_quarter(nil, names)}" for keys, nil in fit.mixed)
        lines.append(f"  too few places hold anybody of the group, or anybody else, so some were moved: {told}")
    if fit.followed:
        lines.append(f"  without a total, scaled with what holds them: {', '.join(fit.followed)}")
    if fit.kept:
        lines.append(f"  without a total, left as they were: {', '.join(fit.kept)}")
    return lines


def _doubts(fit: UpdateFit, names: Mapping[int, str]) -> list[str]:
    own = list(dict.fromkeys(fit.met["group"]))
    return [
        f"{_quarter(nil, names)} ({', '.join(f'{key} × {fit.factors[key][nil]:.2f}' for key in own)})"
        for nil in fit.margins.doubtful
    ]


def _quarter(nil: int, names: Mapping[int, str]) -> str:
    return f"quarter {nil} ({names[nil]})" if nil in names else f"quarter {nil}"
