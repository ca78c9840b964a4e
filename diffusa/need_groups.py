"""Groups of a scenario that nobody counted: people at risk, estimated from the city when the need or the report names them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from data.errors import Faults, FileError, PlannerError, ScenarioError
from data.pack import CityPack
from data.risk_file import USUAL_CATALOGUE, read_risk
from diffusa.scenario import Scenario
from diffusa.scenario_risk import Risk
from layers.modelled_people import add_modelled
from layers.people import People


def risk_group_keys() -> tuple[str, ...]:
    """Return the keys that a scenario may give to groups of people at risk: those of the definitions."""
    return tuple(definition.key for definition in read_risk(USUAL_CATALOGUE).definitions)


def add_risk_groups(scenario: Scenario, pack: CityPack, *, people: People) -> People:
    """Return the people of a city with those at risk by each definition that a scenario names as a group.

    Parameters
    ----------
    scenario
        Its table [risk] says how the group of its definition is estimated; other definitions take the official rate of the
        city and the defaults of that table.
    pack, people
        The city.

    Raises
    ------
    ScenarioError
        If [risk] is of a group that neither the need nor the report names, or no rate of a definition is known.
    PlannerError
        If the estimate cannot be made (`layers.risk.estimate_risk`) or is not of these people.
    """
    named = dict.fromkeys((*scenario.need, *scenario.group_keys))
    asked = [key for key in risk_group_keys() if key in named and key not in people.keys]
    if scenario.risk is not None and scenario.risk.definition not in named:
        what = f"{scenario.risk.definition!r} is a group of neither the need nor the report"
        remedy = "Name it there, or take the table out"
        raise ScenarioError(what, where="risk.definition", remedy=remedy)
    faults = Faults()
    for key in asked:
        try:
            people = _add(key, scenario.risk, pack, people=people)
        except PlannerError as error:
            faults.add(error)
    faults.raise_if_any()
    return people


def _add(key: str, risk: Risk | None, pack: CityPack, *, people: People) -> People:
    # statsmodels takes a second to import: plans for counted groups alone do without
    from diffusa.need_estimate import NeedQuestion, estimate, read_inputs, read_rate  # noqa: PLC0415

    own = risk if risk is not None and risk.definition == key else Risk(definition=key)
    question = NeedQuestion(
        definition=key,
        without=own.without,
        observed=own.observed_path,
        areas=own.areas_path,
        meets=own.meet,
        estimator="index" if own.observed is None or own.meet else "regression",
        unit=own.unit,
        year=own.year,
        rate=None if own.rate_pct is None else read_rate(own.rate_pct, own.unit, where="risk.rate_pct"),
        n_draws=own.n_draws,
        seed=own.seed,
    )
    return add_modelled(people, estimate(read_inputs(question, pack)))


def digest_observed(scenario: Scenario) -> dict[str, str]:
    """Return the digests of the files of observed rates and their areas, by what they are; empty where there are none.

    Raises
    ------
    FileError
        If a file cannot be read.
    """
    risk = scenario.risk
    named = {} if risk is None else {"observed": risk.observed_path, "areas": risk.areas_path}
    return {name: _digest(path) for name, path in named.items() if path is not None}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise FileError(f"the file cannot be read: {error.strerror}", where=path.name) from error
