"""The rules of a scenario put to a city: selectors become sites, districts become rows, and every fault is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa.city_districts import read_districts
from diffusa.explain_rules import limits_in_words
from diffusa.scenario import Scenario
from diffusa.scenario_rules import CoverPer, Pair
from layers.people import People, need_weight
from layers.sites import select_sites
from optimize.rules import CoverLimit, Rules, SiteGroup, Spacing
from optimize.spacing import pairs_nearer


@dataclass(frozen=True)
class RuleCity:
    """What rules are put to.

    Parameters
    ----------
    scenario, pack, people
        The scenario, the city and its people.
    all_sites
        Every site of the city.
    sites
        Those of the question, in the order of the columns of its travel times.
    open_now
        Ids that are open now and may close.
    may_open
        Ids of the sites that are open in some plan: fixed, open now, candidates.
    candidates
        Ids that may be new.
    faults
        Where faults are gathered.
    """

    scenario: Scenario
    pack: CityPack
    people: People
    all_sites: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    open_now: tuple[str, ...]
    may_open: frozenset[str]
    candidates: tuple[str, ...]
    faults: Faults

    def select(self, selectors: Sequence[str], *, where: str) -> tuple[str, ...]:
        """Return the sites that selectors name among those that may be open; a fault where there are none."""
        try:
            named = select_sites(self.all_sites, selectors, where=where)
        except PlannerError as error:
            self.faults.add(error)
            return ()
        found = tuple(site_id for site_id in named if site_id in self.may_open)
        if not found:
            what = "none of these sites is open now or a candidate"
            self.faults.add(ScenarioError(what, where=where, n=len(named), examples=named))
        return found


def put_rules(city: RuleCity, *, by_district: Mapping[str, tuple[str, ...]]) -> Rules:
    """Return the rules of a scenario in the words of the optimizer; every fault is added.

    Parameters
    ----------
    city
        What the rules are put to.
    by_district
        What `sites_by_district` says of it.
    """
    asked = city.scenario.rules_in_force
    return Rules(
        new_at_least=asked.new_at_least,
        new_at_most=asked.new_at_most,
        budget=asked.budget_eur,
        open_now=city.open_now,
        closing_cost=_closing_cost(city),
        close_at_least=asked.close_at_least,
        close_at_most=asked.close_at_most,
        together=tuple(_pairs(city, asked.together, where="rules.together")),
        apart=tuple(_pairs(city, asked.apart, where="rules.apart")),
        groups=(*_named_groups(city), *_owners(city), *_per_district(city, by_district)),
        spacing=_spacing(city),
        covers=(
            *_covers(city, asked.floor_per, where="rules.floor_per"),
            *_covers(city, asked.ceiling_per, where="rules.ceiling_per"),
        ),
    )


def _closing_cost(city: RuleCity) -> NDArray[np.float64] | None:
    cost = city.scenario.rules_in_force.closing_cost_eur
    return None if cost is None else np.full(len(city.sites), cost)


def _pairs(city: RuleCity, pairs: Sequence[Pair], *, where: str) -> Iterator[tuple[str, str]]:
    for pair in pairs:
        found = [city.select((selector,), where=where) for selector in pair]
        for selector, ids in zip(pair, found, strict=True):
            if len(ids) > 1:
                what = f"{selector!r} names several sites, a pair is of two"
                city.faults.add(ScenarioError(what, where=where, n=len(ids), examples=ids, remedy="Name sites by their ids"))
        if all(len(ids) == 1 for ids in found):
            yield found[0][0], found[1][0]


def _named_groups(city: RuleCity) -> Iterator[SiteGroup]:
    for group in city.scenario.rules_in_force.group:
        ids = city.select(group.sites, where=f"rules.group {group.called.en!r}")
        if ids:
            yield SiteGroup(name=group.called.en, ids=ids, at_least=group.at_least, at_most=group.at_most)


def _owners(city: RuleCity) -> Iterator[SiteGroup]:
    """Yield that of each owner's candidates at most one is open; sites without a known owner are in no group."""
    if city.scenario.rules_in_force.at_most_one_per is None:
        return
    may_be_new = city.sites[city.sites["site_id"].isin(city.candidates)]
    known = may_be_new[may_be_new["owner"].notna() & (may_be_new["owner"] != "")]
    if known.empty:
        what = "no candidate has a known owner"
        city.faults.add(ScenarioError(what, where="rules.at_most_one_per", remedy="Take the rule out"))
    for owner, of_owner in known.groupby("owner", sort=True):
        yield SiteGroup(name=f"at most one new site of {owner}", ids=tuple(of_owner["site_id"]), at_most=1)


def sites_by_district(city: RuleCity) -> dict[str, tuple[str, ...]]:
    """Return the sites that may be open in each district of rules.sites_per, by its name; every fault is added."""
    asked, where = city.scenario.rules_in_force.sites_per, "rules.sites_per"
    districts = None if asked is None else read_districts(city.pack, asked.district, where=where, faults=city.faults)
    if asked is None or districts is None:
        return {}
    open_sites = city.sites[city.sites["site_id"].isin(city.may_open)]
    names = districts.without(asked.excepted, where=where, faults=city.faults)
    found = {name: tuple(open_sites["site_id"].iloc[districts.rows(open_sites, key)]) for key, name in names.items()}
    empty = [name for name, ids in found.items() if len(ids) < (asked.at_least or 0)]
    if empty:
        what = f"districts have fewer than {asked.at_least} sites that may be open"
        remedy = "Add candidates there, or leave the districts out by 'except'"
        city.faults.add(ScenarioError(what, where=where, n=len(empty), examples=empty, remedy=remedy))
    return found


def _per_district(city: RuleCity, by_district: Mapping[str, tuple[str, ...]]) -> Iterator[SiteGroup]:
    """Yield the limits on the number of open sites of each district; those with no site at all meet them already."""
    asked = city.scenario.rules_in_force.sites_per
    if asked is None:
        return
    limits = limits_in_words(asked.at_least, asked.at_most)
    for name, ids in by_district.items():
        if len(ids) >= max(asked.at_least or 0, 1):
            said = f"{limits} open sites in {name}"
            yield SiteGroup(name=said, ids=ids, at_least=asked.at_least, at_most=asked.at_most)


def _spacing(city: RuleCity) -> Spacing | None:
    spacing_m = city.scenario.rules_in_force.spacing_m
    if spacing_m is None:
        return None
    points = city.sites.geometry
    pairs = pairs_nearer(points.x.to_numpy(), points.y.to_numpy(), spacing_m=spacing_m)
    return Spacing(name=f"open sites at least {spacing_m:,.0f} m apart", pairs=pairs)


def _covers(city: RuleCity, asked: CoverPer | None, *, where: str) -> Iterator[CoverLimit]:
    """Yield the limit of each district in whose squares somebody of the need lives."""
    districts = None if asked is None else read_districts(city.pack, asked.district, where=where, faults=city.faults)
    if asked is None or districts is None or not set(city.scenario.need) <= set(city.people.keys):
        return
    is_floor = where.endswith("floor_per")
    cells = city.people.cells
    weight = need_weight(cells, city.people.totals, city.scenario.need)
    standard_min = asked.standard_min or city.scenario.travel.standard_min
    if standard_min > city.scenario.cutoff_min:
        what = f"standard_min is {standard_min:g}, beyond the cutoff of {city.scenario.cutoff_min:g} minutes"
        city.faults.add(ScenarioError(what, where=where, remedy="Raise travel.cutoff_min"))
    for key, name in districts.without(asked.excepted, where=where, faults=city.faults).items():
        rows = districts.rows(cells, key)
        if weight[rows].sum() > 0:
            yield CoverLimit(
                name=name if is_floor else f"{name} (ceiling)",
                rows=rows,
                standard_s=standard_min * 60.0,
                at_least=asked.covered_share if is_floor else None,
                at_most=None if is_floor else asked.covered_share,
            )
