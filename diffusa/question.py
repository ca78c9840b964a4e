"""A scenario put to a city: its names become sites, people and rules, or every fault of it is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import geopandas as gpd

from data.errors import Faults, IdError, PlannerError, ScenarioError, suggest_name
from data.pack import CityPack
from diffusa.city_costs import WorksCosts, works_costs
from diffusa.city_rules import RuleCity, put_rules, sites_by_district
from diffusa.city_sizes import priced_sites, put_sizes, sizes_by_site
from diffusa.need_groups import add_risk_groups, digest_observed, risk_group_keys
from diffusa.review_rules import Wishes, add_proposals, closing_groups, put_review, review_of, wishes_of
from diffusa.scenario import Scenario
from diffusa.site_facts import SiteFacts, site_facts
from diffusa.sizes import Sizes, as_they_are
from layers.people import People
from layers.plan import BEFORE, Role
from layers.sites import select_sites
from optimize.rules import NO_RULES, Rules


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
        The sites of the question, sorted by site_id: fixed, open now, candidates, compared and competitors.
    fixed, required, candidates, forbidden
        Ids; candidates hold required ones and no fixed or forbidden one.
    compared
        New sites per compared variant.
    new
        Number of new sites to choose; None where the rules limit it, or the objective finds it.
    open_now
        Ids that are open now and may close; fixed ones stay.
    competitors
        Ids that draw people, too.
    rules
        What a plan must be besides; candidates are the sites of the question, in their order.
    sites_by_district
        Sites that may be open in each district of a rule on their number, by its name.
    costs, facts
        What works cost, and what else the objective has to know of each site.
    more_inputs
        Digests of the files that the scenario names, by what they are.
    wishes
        What quarters would rather have and rather not have.
    sized
        The sizes in which sites may open; None where each opens as it is.
    """

    scenario: Scenario
    people: People
    sites: gpd.GeoDataFrame
    fixed: tuple[str, ...]
    required: tuple[str, ...]
    candidates: tuple[str, ...]
    forbidden: tuple[str, ...]
    compared: Mapping[str, tuple[str, ...]]
    new: int | None
    open_now: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    rules: Rules = NO_RULES
    sites_by_district: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    costs: WorksCosts = field(default_factory=WorksCosts)
    facts: SiteFacts = field(default_factory=SiteFacts)
    more_inputs: Mapping[str, str] = field(default_factory=dict)
    wishes: Wishes = field(default_factory=Wishes)
    sized: Sizes | None = None

    @property
    def choices(self) -> Sizes:
        """Return every site as it is or in each of its sizes."""
        return self.sized or as_they_are(tuple(self.sites["site_id"]))

    @property
    def open_before(self) -> tuple[str, ...]:
        """Return the sites that are open now, whether they may close or not."""
        return tuple(sorted({*self.fixed, *self.open_now}))

    @property
    def may_open(self) -> frozenset[str]:
        """Return the sites that are open in some plan."""
        return frozenset({*self.fixed, *self.open_now, *self.candidates})

    @property
    def shown(self) -> frozenset[str]:
        """Return the sites that a plan speaks of: not those that stand in the travel times for other plans alone."""
        compared = {site_id for site_ids in self.compared.values() for site_id in site_ids}
        return self.may_open | compared | {*self.competitors}

    @property
    def need_people(self) -> float:
        """Return the people of the need, in the whole city: its groups added up, so that who is in two counts twice."""
        return float(sum(self.people.totals[key] for key in self.scenario.need))

    @property
    def roles(self) -> dict[str, Role]:
        """Return the role of each site before anything is chosen."""
        compared = {site_id for site_ids in self.compared.values() for site_id in site_ids}
        return {site_id: self._role(site_id, compared) for site_id in self.sites["site_id"]}

    def _role(self, site_id: str, compared: set[str]) -> Role:
        if site_id in self.open_before:
            return "existing"
        if site_id in self.competitors:
            return "competitor"
        return "compared" if site_id in compared else "candidate"

    def variants(self) -> dict[str, tuple[str, ...]]:
        """Return all open sites of each variant that is known before anything is chosen."""
        compared = {key: tuple(sorted({*self.open_before, *site_ids})) for key, site_ids in self.compared.items()}
        return {BEFORE: self.open_before, **compared}


def put_question(
    scenario: Scenario, pack: CityPack, *, people: People, sites: gpd.GeoDataFrame, named: Iterable[str] = ()
) -> Question:
    """Return the question that a scenario puts to a city.

    Parameters
    ----------
    scenario
        What is asked.
    pack
        The city.
    people, sites
        Its people and its joined sites.
    named
        Ids of more sites to travel to, whether they may open or not.

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
    review = review_of(scenario, faults)
    if review is not None:
        sites = add_proposals(sites, review, pack, faults)
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
    chosen["open_now"] = _select(sites, scenario.rules.open_now, where="rules.open_now", faults=faults)
    competitors = _select(sites, scenario.choose.competitors, where="choose.competitors", faults=faults)
    if review is not None:
        chosen = put_review(review, chosen, sites, faults)
    compared = {
        variant.key: tuple(
            site_id
            for site_id in _select(sites, variant.sites, where=f"compare.{variant.key}", faults=faults)
            if site_id not in {*chosen["fixed"], *chosen["open_now"]}
        )
        for variant in scenario.compare
    }
    fixed, forbidden, open_now = chosen["fixed"], chosen["forbidden"], chosen["open_now"]
    _check_contradictions(chosen, faults)
    candidates = tuple(sorted({*chosen["candidates"], *chosen["required"]} - {*fixed, *forbidden, *open_now}))
    new = _number_of_new(scenario, fixed, candidates, chosen["required"], faults=faults)
    in_question = {*fixed, *open_now, *candidates, *competitors, *(site_id for ids in compared.values() for site_id in ids)}
    # what the review forbids is travelled to, too: what that costs is found by solving without the rule
    reviewed = set() if review is None else {rule.site for _, rule in review.rules()} & set(sites["site_id"])
    involved = sorted({*in_question, *reviewed, *named})
    asked = sites.set_index("site_id", drop=False).loc[involved].reset_index(drop=True)
    may_open = frozenset({*fixed, *open_now, *candidates})
    city = RuleCity(
        scenario=scenario,
        pack=pack,
        people=people,
        all_sites=sites,
        sites=asked,
        open_now=open_now,
        may_open=may_open,
        candidates=candidates,
        faults=faults,
    )
    by_district = sites_by_district(city)
    rules = put_rules(city, by_district=by_district)
    if review is not None:
        rules = replace(rules, groups=(*rules.groups, *closing_groups(review, open_now)))
    both = sorted({*competitors} & may_open)
    if both:
        faults.add(
            ScenarioError("sites are competitors and may be open", where="choose.competitors", examples=both, n=len(both))
        )
    shut = tuple(sorted(reviewed - {*candidates, *fixed, *open_now}))
    sizes = sizes_by_site(city)
    costs = works_costs(scenario, asked, candidates, faults=faults, shut=shut, priced=priced_sites(sizes))
    facts = site_facts(scenario, asked, may_open=may_open, competitors=competitors, faults=faults)
    sized = put_sizes(city, sizes, rules)
    faults.raise_if_any()
    return Question(
        scenario=scenario,
        people=people,
        sites=asked,
        fixed=fixed,
        required=chosen["required"],
        candidates=candidates,
        forbidden=forbidden,
        compared=compared,
        new=new,
        open_now=open_now,
        competitors=competitors,
        rules=rules,
        sites_by_district=by_district,
        costs=costs,
        facts=facts,
        more_inputs=digest_observed(scenario),
        wishes=Wishes() if review is None else wishes_of(scenario, review, may_open),
        sized=sized,
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
    apart = ("fixed", "required", "forbidden", "open_now")
    for first, second in combinations(apart, 2):
        both = sorted(set(chosen[first]) & set(chosen[second]))
        if both:
            faults.add(ScenarioError(f"sites are both {first} and {second}", where="sites", examples=both, n=len(both)))


def _number_of_new(
    scenario: Scenario, fixed: Sequence[str], candidates: Sequence[str], required: Sequence[str], *, faults: Faults
) -> int | None:
    choose = scenario.choose
    if choose.new is None and choose.total is None:
        return None
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
