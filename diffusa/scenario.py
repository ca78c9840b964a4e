"""The scenario: one TOML file that says what a planner asks.

A new key goes into the model of its table here; pydantic checks it, the JSON Schema carries it, and a key that no table
knows is an error with the nearest known key. An option without effect does not exist.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from data.errors import ScenarioError
from data.toml_file import read_toml, validate_model
from diffusa.scenario_choose import Choose
from diffusa.scenario_contact import Contact
from diffusa.scenario_people import PeopleOfYear
from diffusa.scenario_review import ReviewTable, or_a_text
from diffusa.scenario_risk import Risk
from diffusa.scenario_rules import Euros, InTwoLanguages, RulesTable, Selector
from diffusa.scenario_sizes import Size, check_sizes
from diffusa.scenario_study import Study, check_study
from diffusa.scenario_travel import Minutes, Percentile, Table, Travel
from geo.modes import StreetMode
from layers.plan import lens_key, lens_variant
from optimize.objectives import FIELDS

Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]

RESERVED_KEYS = frozenset({"before", "best"})


def _or_works_costs(schema: dict[str, object]) -> None:
    """Say in the JSON Schema of [assumptions] that it may be a table of works costs as well as a list of texts."""
    texts = {key: schema.pop(key) for key in ("type", "items")}
    costs = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
    table = {
        "type": "object",
        "properties": {"works_cost_eur": costs},
        "required": ["works_cost_eur"],
        "additionalProperties": False,
    }
    schema["anyOf"] = [texts, table]


class Sites(Table):
    """Which sites are open, may open, must open and must not; selectors are ``kind``, ``kind:tag`` or a site id."""

    fixed: Annotated[tuple[Selector, ...], Field(description="open now, not counted in choose.new")] = ()
    required: Annotated[tuple[Selector, ...], Field(description="new and forced, counted in choose.new")] = ()
    candidates: Annotated[tuple[Selector, ...], Field(min_length=1, description="where the service may open")]
    forbidden: Annotated[tuple[Selector, ...], Field(description="never chosen")] = ()
    size: Annotated[tuple[Size, ...], Field(description="sizes in which sites may open, of which one is chosen")] = ()


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
    rules: Annotated[RulesTable, Field(description="what a plan must be beside good")] = RulesTable()
    costs: Annotated[
        dict[str, Euros],
        Field(description="works cost assumed by kind, for sites without one; also written as assumptions.works_cost_eur"),
    ] = Field(default_factory=dict)
    compare: tuple[Compare, ...] = ()
    report: Report = Report()
    study: Annotated[Study, Field(description="what is asked beside the best plan")] = Study()
    people: Annotated[PeopleOfYear | None, Field(description="of which year people are; default: of the census")] = None
    risk: Annotated[Risk | None, Field(description="how people at risk are estimated; default: from the official rate")] = None
    review: Annotated[
        ReviewTable | None,
        Field(
            description="what quarters answered to the plan before; also written as the name of the file alone",
            json_schema_extra=or_a_text,
        ),
    ] = None
    contact: Annotated[Contact | None, Field(description="who publishes the plan; on the page about accessibility")] = None
    limits: Annotated[tuple[InTwoLanguages, ...], Field(description="limits to print beside the figures")] = ()
    assumptions: Annotated[
        tuple[InTwoLanguages, ...],
        Field(description="assumptions to print beside the figures", json_schema_extra=_or_works_costs),
    ] = ()

    @model_validator(mode="before")
    @classmethod
    def _costs_among_assumptions(cls, content: object) -> object:
        """Take works costs out of a table of assumptions, where they are written so."""
        if not isinstance(content, dict) or not isinstance(content.get("assumptions"), dict):
            return content
        table = dict(content["assumptions"])
        costs = table.pop("works_cost_eur", None)
        if table or costs is None:
            raise ValueError("[assumptions] holds works_cost_eur alone; beside texts under [[assumptions]] write [costs]")
        if "costs" in content:
            raise ValueError("works costs are given twice, in [costs] and in [assumptions]")
        return {**{key: value for key, value in content.items() if key != "assumptions"}, "costs": costs}

    @field_validator("review", mode="before")
    @classmethod
    def _review_by_its_file(cls, review: object) -> object:
        return {"file": review} if isinstance(review, str) else review

    @model_validator(mode="after")
    def _check_number(self) -> Scenario:
        """Check that the number of new sites is said, and said once."""
        choose, rules = self.choose, self.rules
        for name in ("budget_eur", "floor_per"):
            if getattr(choose, name) is not None and getattr(rules, name) is not None:
                raise ValueError(f"choose.{name} and rules.{name} are the same, write one of them")
        ranged = [name for name in ("new_at_least", "new_at_most") if getattr(rules, name) is not None]
        is_exact = choose.new is not None or choose.total is not None
        if is_exact and ranged:
            raise ValueError(f"choose says the number of new sites exactly, rules.{ranged[0]} gives a range: write one of them")
        if choose.total is not None and rules.open_now:
            raise ValueError("choose.total counts sites that stay open, those of rules.open_now may not: write 'new'")
        is_limited = rules.new_at_most is not None or self.rules_in_force.budget_eur is not None
        if "new" in FIELDS[choose.objective] and not is_exact and not is_limited:
            raise ValueError("choose needs 'new' (new sites) or 'total' (all open sites), or rules.new_at_most, or a budget")
        return self

    @model_validator(mode="after")
    def _check_costs(self) -> Scenario:
        """Check that costs serve for something."""
        if self.costs and not self.needs_costs:
            raise ValueError("costs have no effect: nothing has a budget, and the objective counts no costs")
        if self.choose.objective == "set_cover" and self.needs_costs and not self.choose.by_cost:
            raise ValueError("under a budget set_cover counts costs, not sites: write choose.by_cost = true")
        if self.rules.closing_cost_eur is not None and self.rules_in_force.budget_eur is None:
            raise ValueError("rules.closing_cost_eur has no effect without a budget, take it out or give budget_eur")
        return self

    @model_validator(mode="after")
    def _check_sizes(self) -> Scenario:
        check_sizes(self.sites.size, self.choose, needs_costs=self.needs_costs)
        return self

    @model_validator(mode="after")
    def _check_study(self) -> Scenario:
        check_study(self.study, self.choose, self.rules_in_force, cutoff_min=self.cutoff_min)
        return self

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
    def rules_in_force(self) -> RulesTable:
        """Return the rules, with those that are written in [choose]."""
        moved = {name: getattr(self.choose, name) for name in ("budget_eur", "floor_per")}
        return self.rules.model_copy(update={name: value for name, value in moved.items() if value is not None})

    @property
    def needs_costs(self) -> bool:
        """Return whether what sites cost matters."""
        objective = self.choose.objective
        is_priced = FIELDS[objective].get("site_cost", False) or self.choose.by_cost
        return is_priced or self.rules_in_force.budget_eur is not None

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
    if scenario.review is not None:
        scenario.review.stand_in(path.parent)
    return scenario


def scenario_schema() -> str:
    """Return the JSON Schema of a scenario, for editors."""
    return json.dumps(Scenario.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
