"""The scenario: one TOML file that says what a planner asks.

A new key goes into the model of its table here; pydantic checks it, the JSON Schema carries it, and a key that no table
knows is an error with the nearest known key. An option without effect does not exist.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from data.errors import ScenarioError
from data.toml_file import read_toml, validate_model
from diffusa.scenario_people import PeopleOfYear
from diffusa.scenario_risk import Risk
from diffusa.scenario_travel import Minutes, Percentile, Table, Travel
from geo.modes import StreetMode
from layers.plan import lens_key, lens_variant

Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Selector = Annotated[str, Field(min_length=1)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]

RESERVED_KEYS = frozenset({"before", "best"})


class InTwoLanguages(Table):
    """One text in the two languages of every page."""

    it: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Sites(Table):
    """Which sites are open, may open, must open and must not; selectors are ``kind``, ``kind:tag`` or a site id."""

    fixed: Annotated[tuple[Selector, ...], Field(description="open now, not counted in choose.new")] = ()
    required: Annotated[tuple[Selector, ...], Field(description="new and forced, counted in choose.new")] = ()
    candidates: Annotated[tuple[Selector, ...], Field(min_length=1, description="where the service may open")]
    forbidden: Annotated[tuple[Selector, ...], Field(description="never chosen")] = ()


class Choose(Table):
    """What is best, and how many sites."""

    objective: Annotated[
        Literal["max_coverage", "p_median"],
        Field(
            description="max_coverage: most need within the standard; "
            "p_median: least mean minutes, where need beyond the cutoff counts as the cutoff"
        ),
    ] = "max_coverage"
    new: Annotated[int | None, Field(ge=0, description="number of new sites, exact")] = None
    total: Annotated[int | None, Field(ge=1, description="number of open sites, fixed ones included, exact")] = None
    time_limit_s: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False, description="stop the solver after so many seconds; the plan then says so"),
    ] = None

    @model_validator(mode="after")
    def _one_number(self) -> Choose:
        if self.new is None and self.total is None:
            raise ValueError("needs 'new' (new sites) or 'total' (all open sites)")
        return self


class Compare(Table):
    """A set of new sites that is compared with what is open now and with the best plan."""

    key: Key
    name: InTwoLanguages
    sites: Annotated[tuple[Selector, ...], Field(min_length=1)]

    @field_validator("key")
    @classmethod
    def _not_reserved(cls, key: str) -> str:
        if key in RESERVED_KEYS:
            raise ValueError(f"{key!r} is the planner's own word, choose another")
        return key


class Report(Table):
    """What the tables count."""

    standards_min: Annotated[tuple[Minutes, ...], Field(description="minutes at which reach is counted")] = ()
    groups: Annotated[tuple[str, ...], Field(description="groups counted; default: those of the need")] = ()
    modes: Annotated[tuple[StreetMode, ...], Field(description="modes on the streets counted beside that of the plan")] = ()
    percentiles: Annotated[
        tuple[Percentile, ...], Field(description="transit: percentiles of the departures counted beside that of the plan")
    ] = ()


class Scenario(Table):
    """One question to the planner."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    city: Annotated[str, Field(min_length=1, description="id of the city that the pack must be of")]
    service: Annotated[str, Field(min_length=1, description="kind of service that is planned")]
    title: InTwoLanguages | None = None
    need: Annotated[
        dict[str, Weight], Field(min_length=1, description="weight per group; each is divided by its city total first")
    ]
    travel: Travel
    sites: Sites
    choose: Choose
    compare: tuple[Compare, ...] = ()
    report: Report = Report()
    people: Annotated[PeopleOfYear | None, Field(description="of which year people are; default: of the census")] = None
    risk: Annotated[Risk | None, Field(description="how people at risk are estimated; default: from the official rate")] = None
    limits: Annotated[tuple[InTwoLanguages, ...], Field(description="limits to print beside the figures")] = ()
    assumptions: Annotated[tuple[InTwoLanguages, ...], Field(description="assumptions to print beside the figures")] = ()

    @model_validator(mode="after")
    def _check_lenses(self) -> Scenario:
        modes, percentiles, travel = self.report.modes, self.report.percentiles, self.travel
        if travel.mode in modes or len(set(modes)) < len(modes):
            raise ValueError(f"report.modes repeats a mode, or names {travel.mode!r}, by which the plan is counted anyway")
        if percentiles and travel.mode != "transit":
            raise ValueError(f"report.percentiles has no effect on the mode {travel.mode!r}, take it out")
        if travel.percentile in percentiles or len(set(percentiles)) < len(percentiles):
            raise ValueError(f"report.percentiles repeats one, or names {travel.percentile:g}, that of the plan")
        return self

    @model_validator(mode="after")
    def _keys_once(self) -> Scenario:
        plain = [*RESERVED_KEYS, *(variant.key for variant in self.compare)]
        lenses = [*self.report.modes, *map(lens_key, self.report.percentiles)]
        keys = [*plain, *(lens_variant(key, lens) for key in plain for lens in lenses)]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if repeated:
            raise ValueError(f"compare.key repeats: {', '.join(repeated)}")
        if self.travel.cutoff_min is not None and self.travel.cutoff_min < max(self.standards_min):
            raise ValueError(
                f"travel.cutoff_min is {self.travel.cutoff_min:g}, below the standard of {max(self.standards_min):g} minutes"
            )
        return self

    @property
    def standards_min(self) -> tuple[float, ...]:
        """Return every standard that is counted, rising, with the plan's own."""
        return tuple(sorted({*self.report.standards_min, self.travel.standard_min}))

    @property
    def cutoff_min(self) -> float:
        """Return where the search stops, in minutes."""
        return self.travel.cutoff_min or max(60.0, *self.standards_min)

    @property
    def group_keys(self) -> tuple[str, ...]:
        """Return the groups to count: those of the report, else those of the need."""
        return self.report.groups or tuple(self.need)


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file.

    Parameters
    ----------
    path
        A TOML file.

    Raises
    ------
    FileError
        If the file is missing, unreadable or no TOML.
    ScenarioError
        If a key is unknown, missing, or has a value that it cannot have.
    FaultsError
        If there are several such faults.
    """
    scenario = validate_model(Scenario, read_toml(path), where=str(path), error=ScenarioError)
    if scenario.risk is not None:
        scenario.risk.stand_in(path.parent)
    return scenario


def scenario_schema() -> str:
    """Return the JSON Schema of a scenario, for editors."""
    return json.dumps(Scenario.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
