"""The description of a plan: everything that has been counted becomes the document and the tables of a `Plan`."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.pack import CityPack
from diffusa.choice import Choices
from diffusa.choice_words import choice_assumptions, choice_limits
from diffusa.city_transit import draw_transit
from diffusa.group_limits import origin_limits
from diffusa.journeys import Journeys
from diffusa.objective_words import goal_words
from diffusa.people_year import update_limits
from diffusa.question import Question
from diffusa.rule_words import Kept, rules_in_words
from diffusa.scenario import Scenario
from diffusa.scenario_sizes import Size
from diffusa.sizes import sizes_of
from diffusa.studies import Studies
from diffusa.words import Said, lens_name, plan_assumptions, plan_limits, plan_sentence
from layers.district_table import district_table
from layers.modelled_people import cell_draws, find_interval, quarter_draws
from layers.people import People
from layers.plan import (
    BEFORE,
    BEST,
    CityBrief,
    Connection,
    GroupBrief,
    LensBrief,
    ModelledBrief,
    ModeShare,
    Plan,
    PlanDocument,
    Role,
    SourceBrief,
    Variant,
    WindowBrief,
    lens_variant,
)
from layers.plan_choice import Figure, Optimum, SizeBrief
from layers.plan_text import Text
from layers.reach import values_at
from layers.site_areas import area_table
from layers.tables import allocation_table, cell_table, nearest_by_variant, quarter_table, site_table
from maps.i18n import both

RECORDED_VERSIONS = ("diffusa", "numpy", "scipy", "geopandas", "shapely", "pyogrio", "PuLP", "highspy", "folium")


@dataclass(frozen=True)
class Counted:
    """What has been counted for a question once its sites are chosen; `variants` are those of the plan's own lens."""

    question: Question
    journeys: Journeys
    choices: Choices
    variants: Mapping[str, Sequence[str]]
    figures: list[Figure]
    optima: tuple[Optimum, ...]
    mode_shares: tuple[ModeShare, ...] = ()
    studies: Studies = field(default_factory=Studies)

    @property
    def all_variants(self) -> dict[str, Sequence[str]]:
        """Return the open sites of each variant through each lens."""
        return {lens_variant(key, lens): site_ids for lens in self.journeys.lenses for key, site_ids in self.variants.items()}


def describe_plan(counted: Counted, pack: CityPack) -> Plan:
    """Return the plan that the counted figures make."""
    question, journeys = counted.question, counted.journeys
    scenario, people = question.scenario, question.people
    groups = _groups(question)
    variants = _variants(counted)
    own = next(optimum for optimum in counted.optima if optimum.standard_min == scenario.travel.standard_min)
    plain = [variant for variant in variants if not variant.lens]
    said = Said(question=question, figures=counted.figures, variants=plain, groups=groups, optimum=own)
    seconds = _nearest(counted)
    document = PlanDocument(
        name=scenario.name,
        service=scenario.service,
        title=Text(it=scenario.title.it, en=scenario.title.en) if scenario.title else Text(it=scenario.name, en=scenario.name),
        sentence=plan_sentence(said),
        city=CityBrief(
            id=pack.city.id,
            name=pack.city.name,
            crs=pack.city.crs,
            cell_m=pack.city.cell_m,
            language=pack.city.language,
            is_sample=pack.city.is_sample,
        ),
        mode=scenario.travel.mode,
        speed_km_h=scenario.travel.usual_speed_km_h,
        standard_min=scenario.travel.standard_min,
        cutoff_min=scenario.cutoff_min,
        standards_min=scenario.standards_min,
        need=dict(scenario.need),
        groups=groups,
        variants=variants,
        lenses=tuple(LensBrief(key=lens.key, name=lens_name(lens)) for lens in journeys.lenses.values()),
        figures=tuple(counted.figures),
        optima=counted.optima,
        goal=goal_words(scenario),
        rules=rules_in_words(Kept(question, journeys, counted.choices.plan)),
        sizes=tuple(_size(size) for size in scenario.sites.size),
        worth=counted.studies.worth,
        near=counted.studies.near,
        curves=counted.studies.curves,
        connection=_connection(question, journeys),
        contact=scenario.contact.brief() if scenario.contact else None,
        window=_window(question, journeys),
        mode_shares=counted.mode_shares,
        limits=(
            *update_limits(people, scenario.group_keys, pack),
            *origin_limits(people, scenario.group_keys),
            *choice_limits(question, journeys),
            *plan_limits(question, journeys, groups),
        ),
        assumptions=(*choice_assumptions(question), *plan_assumptions(question, journeys)),
        sources=_sources(pack),
        scenario=scenario.model_dump(mode="json", exclude_none=True, by_alias=True),
        inputs={**pack.digests(), "scenario": _digest(scenario), **question.more_inputs},
        versions={"python": platform.python_version(), **{name: version(name) for name in RECORDED_VERSIONS}},
    )
    return Plan(
        document=document,
        cells=cell_table(people, journeys.times, seconds, groups=scenario.group_keys, need=scenario.need),
        sites=_site_table(counted),
        allocation=_allocation(counted),
        nil=quarter_table(
            people,
            pack.read("quarters"),
            seconds,
            groups=scenario.group_keys,
            need=scenario.need,
            standard_min=scenario.travel.standard_min,
        ),
        districts=district_table(
            people,
            _context(pack, "districts", ["district", "name"]),
            seconds,
            groups=scenario.group_keys,
            standard_min=scenario.travel.standard_min,
        ),
        areas=_areas(counted),
        **draw_transit(pack),
    )


def _size(size: Size) -> SizeBrief:
    facts = size.model_dump(include={"key", "cost_eur", "capacity_people", "min_use_people", "floor_area_m2"})
    return SizeBrief(name=Text(it=size.called.it, en=size.called.en), **facts)


def _groups(question: Question) -> tuple[GroupBrief, ...]:
    people = question.people
    known = {group.key: group for group in people.groups}
    totals, placed = people.totals, people.in_cells
    return tuple(
        GroupBrief(
            key=key,
            label=Text(it=known[key].label_it, en=known[key].label_en),
            year=known[key].year,
            total=round(float(totals[key]), 6),
            in_cells=round(float(placed[key]), 6),
            no_place=round(float(totals[key] - placed[key]), 6),
            modelled=_modelled(people, key) if key in people.modelled else None,
        )
        for key in question.scenario.group_keys
    )


def _modelled(people: People, key: str) -> ModelledBrief:
    """Return how a group was estimated, with the intervals of its totals."""
    estimate = people.modelled[key]
    whole, placed = (draws.sum(axis=0) for draws in (quarter_draws(people, key).to_numpy(), cell_draws(people, key)))
    group = next(one for one in people.groups if one.key == key)

    def ends(draws: NDArray[np.float64]) -> tuple[float, float]:
        low, high = find_interval(people, key, draws)
        return round(float(low), 3), round(float(high), 3)

    return ModelledBrief(
        definition=estimate.definition.key,
        estimator=estimate.estimator,
        factors=tuple(Text(it=factor.label_it, en=factor.label_en) for factor in estimate.factors),
        totals=tuple(total.name for total in estimate.totals),
        base=group.base or "",
        rate=round(float(estimate.city["rate"]), 6),
        n_draws=estimate.n_draws,
        interval=estimate.interval,
        total=ends(whole),
        in_cells=ends(placed),
        no_place=ends(whole - placed),
    )


def _variants(counted: Counted) -> tuple[Variant, ...]:
    names = {
        BEFORE: both("today"),
        **{variant.key: Text(it=variant.name.it, en=variant.name.en) for variant in counted.question.scenario.compare},
        BEST: both("best plan"),
    }
    before = set(counted.question.open_before)
    return tuple(
        Variant(
            key=lens_variant(key, lens.key),
            name=both("{variant}, {lens}", variant=names[key], lens=lens_name(lens)) if lens.key else names[key],
            site_ids=tuple(site_ids),
            new_ids=tuple(site_id for site_id in site_ids if site_id not in before),
            lens=lens.key,
        )
        for lens in counted.journeys.lenses.values()
        for key, site_ids in counted.variants.items()
    )


def _nearest(counted: Counted) -> dict[str, NDArray[np.float64]]:
    """Return the seconds from each cell to its nearest open site, by variant through each lens."""
    found: dict[str, NDArray[np.float64]] = {}
    for lens, times in counted.journeys.times_of.items():
        found |= nearest_by_variant(times, {lens_variant(key, lens): ids for key, ids in counted.variants.items()})
    return found


def _window(question: Question, journeys: Journeys) -> WindowBrief | None:
    travel, transport = question.scenario.travel, journeys.transport
    if transport is None:
        return None
    start, end = travel.when.clock()
    return WindowBrief(
        date=travel.when.date.isoformat(),
        start=start,
        end=end,
        percentile=travel.percentile,
        direction=travel.direction,
        n_departures=journeys.n_departures,
        n_draws=transport.n_draws,
        seed=travel.seed,
        max_walk_min=travel.max_walk_min,
        max_change_walk_min=travel.max_change_walk_min,
        change_min=travel.change_min,
        stops_not_connected=journeys.unconnected_stop_ids,
    )


def _connection(question: Question, journeys: Journeys) -> Connection:
    cell_snap, site_snap = journeys.times.demand_snap, journeys.times.candidate_snap
    share = journeys.streets[question.scenario.travel.street_mode].share
    away = ~cell_snap.is_connected
    first = question.scenario.group_keys[0] if "residents" not in question.people.keys else "residents"
    people_away = float(question.people.cells.loc[away, first].sum())
    return Connection(
        n_components=share.n_components,
        length_share_kept=share.length_share,
        max_snap_m=question.scenario.travel.max_snap_m,
        sites_not_connected=tuple(np.array(journeys.times.candidate_ids)[~site_snap.is_connected]),
        cells_not_connected=int((question.people.cells.loc[away, first] > 0).sum()),
        people_not_connected=round(people_away, 3),
        median_site_snap_m=round(float(np.median(site_snap.distance_m)), 1),
    )


def _site_table(counted: Counted) -> gpd.GeoDataFrame:
    question = counted.question
    chosen: dict[str, Role] = {
        **dict.fromkeys(counted.choices.plan.new, "proposed"),
        **dict.fromkeys(counted.choices.plan.closed, "closed"),
    }
    roles = {**question.roles, **chosen}
    table = site_table(
        question.sites,
        counted.journeys.times,
        question.people,
        groups=question.scenario.group_keys,
        standard_min=question.scenario.travel.standard_min,
        variants=counted.all_variants,
        roles=roles,
    )
    ids = table["site_id"]
    if question.sized is not None:
        table = table.assign(size=ids.map(sizes_of(counted.choices.plan)))
    told = table.assign(
        is_existing=ids.isin(list(question.open_before)), is_selected=ids.isin(list(counted.choices.plan.selected))
    )
    return told[ids.isin(list(question.shown))].reset_index(drop=True)


def _allocation(counted: Counted) -> gpd.GeoDataFrame:
    allocation = counted.choices.plan.allocation
    times = counted.journeys.times
    seconds = values_at(times.seconds, allocation.demand, allocation.candidate)
    return allocation_table(
        counted.question.people,
        counted.question.sites,
        cells=allocation.demand,
        site_ids=[times.candidate_ids[column] for column in allocation.candidate],
        seconds=seconds,
        groups=counted.question.scenario.group_keys,
        share=allocation.share,
    )


def _areas(counted: Counted) -> gpd.GeoDataFrame:
    """Return the service areas of the sites that are open in a variant, as the plan travels."""
    return area_table(
        counted.question.people,
        counted.journeys.times,
        site_ids=sorted({site_id for site_ids in counted.variants.values() for site_id in site_ids}),
        standard_min=counted.question.scenario.travel.standard_min,
    )


def _context(pack: CityPack, name: str, columns: list[str]) -> gpd.GeoDataFrame:
    """Return a layer that the map shows as background; empty where the city has none."""
    if name in pack.layers:
        return pack.read(name)[[*columns, "geometry"]]
    return gpd.GeoDataFrame({column: [] for column in columns}, geometry=[], crs=pack.city.crs)


def _sources(pack: CityPack) -> tuple[SourceBrief, ...]:
    papers = [(name, layer.paper) for name, layer in pack.layers.items() if layer.role not in ("derived", "headways")]
    papers += [(name, record.paper) for name, record in pack.feeds.items()]
    papers.append(("streets", pack.network_record.paper))
    papers.sort(key=lambda item: item[0])
    return tuple(
        SourceBrief(layer=name, source=paper.source, licence=paper.licence, attribution=paper.attribution, date=paper.date)
        for name, paper in papers
    )


def _digest(scenario: Scenario) -> str:
    canonical = json.dumps(scenario.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
