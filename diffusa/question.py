"""A scenario put to a city: its names become sites, people and rules, or every fault of it is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd

from data.errors import Faults, IdError, PlannerError, ScenarioError, suggest_name
from data.pack import CityPack
from diffusa.need_groups import add_risk_groups, digest_observed, risk_group_keys
from diffusa.scenario import Scenario
from layers.people import People
from layers.plan import BEFORE, Role
from layers.sites import select_sites


@dataclass(frozen=True)
class Question:
    """A scenario whose every name is known in the city.

    Parameters
    ----------
    scenario
        What was asked.
    people
        The people of the city, with the modelled groups that the scenario names.
    sites
        The sites of the question, sorted by site_id: fixed, candidates and compared.
    fixed, required, candidates, forbidden
        Ids; candidates hold required ones and no fixed or forbidden one.
    compared
        New sites per compared variant.
    new
        Number of new sites to choose.
    more_inputs
        Digests of the files that the scenario names, by what they are.
    """

    scenario: Scenario
    people: People
    sites: gpd.GeoDataFrame
    fixed: tuple[str, ...]
    required: tuple[str, ...]
    candidates: tuple[str, ...]
    forbidden: tuple[str, ...]
    compared: Mapping[str, tuple[str, ...]]
    new: int
    more_inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def roles(self) -> dict[str, Role]:
        """Return the role of each site before anything is chosen."""
        compared = {site_id for site_ids in self.compared.values() for site_id in site_ids}
        return {site_id: self._role(site_id, compared) for site_id in self.sites["site_id"]}

    def _role(self, site_id: str, compared: set[str]) -> Role:
        if site_id in self.fixed:
            return "existing"
        return "compared" if site_id in compared else "candidate"

    def variants(self) -> dict[str, tuple[str, ...]]:
        """Return all open sites of each variant that is known before anything is chosen."""
        compared = {key: tuple(sorted({*self.fixed, *site_ids})) for key, site_ids in self.compared.items()}
        return {BEFORE: self.fixed, **compared}


def put_question(scenario: Scenario, pack: CityPack, *, people: People, sites: gpd.GeoDataFrame) -> Question:
    """Return the question that a scenario puts to a city.

    Parameters
    ----------
    scenario
        What is asked.
    pack
        The city.
    people, sites
        Its people and its joined sites.

    Raises
    ------
    ScenarioError
        If the scenario is of another city, or its numbers contradict one another.
    IdError
        If a group, kind or site is unknown.
    FaultsError
        If there are several such faults.
    """
    faults = Faults()
    if scenario.city != pack.city.id:
        faults.add(ScenarioError(f"the scenario is for {scenario.city!r}, the pack holds {pack.city.id!r}", where="city"))
    people = _add_risk_groups(scenario, pack, people, faults)
    _check_groups(scenario, people, faults)
    chosen = {
        name: _select(sites, selectors, where=f"sites.{name}", faults=faults)
        for name, selectors in (
            ("fixed", scenario.sites.fixed),
            ("required", scenario.sites.required),
            ("candidates", scenario.sites.candidates),
            ("forbidden", scenario.sites.forbidden),
        )
    }
    compared = {
        variant.key: tuple(
            site_id
            for site_id in _select(sites, variant.sites, where=f"compare.{variant.key}", faults=faults)
            if site_id not in chosen["fixed"]
        )
        for variant in scenario.compare
    }
    fixed, forbidden = chosen["fixed"], chosen["forbidden"]
    _check_contradictions(chosen, faults)
    candidates = tuple(sorted({*chosen["candidates"], *chosen["required"]} - {*fixed, *forbidden}))
    new = _number_of_new(scenario, fixed, candidates, chosen["required"], faults=faults)
    faults.raise_if_any()
    involved = sorted({*fixed, *candidates, *(site_id for ids in compared.values() for site_id in ids)})
    return Question(
        scenario=scenario,
        people=people,
        sites=sites.set_index("site_id", drop=False).loc[involved].reset_index(drop=True),
        fixed=fixed,
        required=chosen["required"],
        candidates=candidates,
        forbidden=forbidden,
        compared=compared,
        new=new,
        more_inputs=digest_observed(scenario),
    )


def _add_risk_groups(scenario: Scenario, pack: CityPack, people: People, faults: Faults) -> People:
    """Return the people with modelled groups; without them where they cannot be estimated, once the faults were added."""
    try:
        return add_risk_groups(scenario, pack, people=people)
    except PlannerError as error:
        faults.add(error)
        return people


def _select(sites: gpd.GeoDataFrame, selectors: Sequence[str], *, where: str, faults: Faults) -> tuple[str, ...]:
    try:
        return tuple(select_sites(sites, selectors, where=where))
    except PlannerError as error:
        faults.add(error)
        return ()


def _check_groups(scenario: Scenario, people: People, faults: Faults) -> None:
    known = {*people.keys, *risk_group_keys()}  # a group of people at risk that cannot be estimated has its own fault
    for where, keys in (("need", scenario.need), ("report.groups", scenario.report.groups)):
        for key in keys:
            if key not in known:
                faults.add(IdError(f"unknown group {key!r}", where=where, remedy=suggest_name(key, known)))


def _check_contradictions(chosen: Mapping[str, tuple[str, ...]], faults: Faults) -> None:
    for first, second in (("fixed", "required"), ("fixed", "forbidden"), ("required", "forbidden")):
        both = sorted(set(chosen[first]) & set(chosen[second]))
        if both:
            faults.add(ScenarioError(f"sites are both {first} and {second}", where="sites", examples=both, n=len(both)))


def _number_of_new(
    scenario: Scenario, fixed: Sequence[str], candidates: Sequence[str], required: Sequence[str], *, faults: Faults
) -> int:
    choose = scenario.choose
    if choose.total is not None and len(fixed) > choose.total:
        faults.add(
            ScenarioError(
                f"{len(fixed)} sites are fixed, more than choose.total = {choose.total}",
                where="sites.fixed",
                examples=fixed,
                n=len(fixed),
                remedy="Raise choose.total or fix fewer sites",
            )
        )
        return 0
    new = choose.new if choose.new is not None else (choose.total or 0) - len(fixed)
    if choose.total is not None and new + len(fixed) != choose.total:
        faults.add(
            ScenarioError(
                f"choose.new = {new} and {len(fixed)} fixed sites make {new + len(fixed)}, not choose.total = {choose.total}",
                where="choose",
            )
        )
    if new > len(candidates) and candidates:
        faults.add(
            ScenarioError(
                f"{new} new sites are asked, but there are only {len(candidates)} candidates",
                where="choose.new",
                remedy="Ask for fewer sites or add candidates",
            )
        )
    if len(required) > new:
        faults.add(
            ScenarioError(f"{len(required)} sites are required, more than the {new} new ones asked", where="sites.required")
        )
    return new
