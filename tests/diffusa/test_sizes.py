"""Sites that come in several sizes: at most one opens, it is told everywhere, and it changes the plan."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from data.errors import FaultsError, PlannerError, ScenarioError
from data.pack import CityPack
from data.toml_file import validate_model
from diffusa.choice import build_problem
from diffusa.journeys import Journeys
from diffusa.planner import make_plan
from diffusa.question import Question
from diffusa.scenario import Scenario
from diffusa.show import _site_lines
from diffusa.sizes import over_choices
from layers.plan import PlanDocument
from layers.plan_choice import Optimum
from optimize.solve import solve
from tests.diffusa.asked import COSTS, brief, plan_of, scenario_of
from tests.diffusa.test_study import NOTHING, asked

KINDS = ("schools", "libraries", "job_centre")
SMALL = {"key": "small", "name": {"it": "Piccola", "en": "Small"}, "sites": ["libraries", "schools"], "cost_eur": 200_000}
LARGE = {"key": "large", "name": {"it": "Grande", "en": "Large"}, "sites": ["libraries", "schools"], "cost_eur": 500_000}
CAPACITATED = {"objective": "capacitated_max_coverage", "capacity_people": dict.fromkeys(KINDS, 400)}
SITES = {"candidates": ["libraries:municipal", "schools:state"]}


def sized(pack: CityPack, *, budget_eur: float, **more: object) -> PlanDocument:
    sizes = [{**SMALL, "capacity_people": 400}, {**LARGE, "capacity_people": 4000}]
    choose = {**CAPACITATED, "new": 2}
    rules = {"budget_eur": budget_eur}
    return plan_of(pack, sites={**SITES, "size": sizes}, choose=choose, rules=rules, study=NOTHING, **more)


def own(document: PlanDocument) -> Optimum:
    return next(one for one in document.optima if one.standard_min == document.standard_min)


def test_the_budget_decides_the_sizes_and_larger_ones_serve_more(sample_pack: CityPack) -> None:
    poor, middle, rich = (own(sized(sample_pack, budget_eur=euros)) for euros in (400_000, 700_000, 1_000_000))
    assert [sorted(optimum.sizes.values()) for optimum in (poor, middle, rich)] == [
        ["small", "small"],
        ["large", "small"],
        ["large", "large"],
    ]
    assert poor.objective < middle.objective < rich.objective
    assert set(middle.sizes) == set(middle.selected_new)


def test_the_choice_is_the_best_of_every_pair_in_every_size(sample_pack: CityPack) -> None:
    sizes = [{**SMALL, "capacity_people": 400}, {**LARGE, "capacity_people": 1500}]
    choose = {"objective": CAPACITATED["objective"], "new": 2, "capacity_people": {"libraries": 400, "job_centre": 400}}
    sites = {"candidates": ["libraries:municipal"], "size": [{**size, "sites": ["libraries"]} for size in sizes]}
    tables = {"sites": sites, "choose": choose, "rules": {"budget_eur": 700_000}}
    question, journeys, choices = asked(sample_pack, study=NOTHING, **tables)
    problem = build_problem(question, journeys, standard_min=15.0)
    plan = over_choices(choices.plan)
    free = [name for name in problem.candidate_ids if "#" in name]
    site_of, cost = question.choices.site_of(), dict(zip(problem.candidate_ids, problem.site_cost, strict=True))  # type: ignore[arg-type]
    best = 0.0
    for pair in combinations(free, 2):
        if site_of[pair[0]] != site_of[pair[1]] and cost[pair[0]] + cost[pair[1]] <= 700_000:
            alone = asked_alone(question, journeys, pair)
            best = max(best, alone)
    assert plan.objective == pytest.approx(best)


def asked_alone(question: Question, journeys: Journeys, pair: tuple[str, str]) -> float:
    """Return the objective of one pair of choices."""
    problem = build_problem(question, journeys, standard_min=15.0)
    names = [*problem.fixed, *pair]
    shut = tuple(name for name in problem.candidate_ids if name not in names)
    return solve(replace(problem, forbidden=shut)).objective


def test_sizes_are_told_in_tables_rules_assumptions_and_the_command(sample_pack: CityPack) -> None:
    sizes = [{**SMALL, "capacity_people": 400}, {**LARGE, "capacity_people": 4000}]
    tables = {"sites": {**SITES, "size": sizes}, "choose": {**CAPACITATED, "new": 2}, "rules": {"budget_eur": 700_000}}
    plan = make_plan(scenario_of(study=NOTHING, **tables), sample_pack)
    optimum = own(plan.document)
    told = plan.sites.set_index("site_id")["size"].dropna().to_dict()
    assert told == optimum.sizes
    assert brief(plan.document, "budget_eur").outcome.en == "kept: 700,000 euros"
    assert "Taglia a scelta: Grande, 500.000 euro, posto per 4.000 persone." in [text.it for text in plan.document.assumptions]
    assert sorted(line.rsplit(": ", 1)[1] for line in _site_lines(plan, "it")[1:]) == ["Grande", "Piccola"]
    assert [size.key for size in plan.document.sizes] == ["small", "large"]


def test_a_required_site_opens_in_one_of_its_sizes_and_a_forbidden_one_in_none(sample_pack: CityPack) -> None:
    free = own(sized(sample_pack, budget_eur=700_000))
    other = next(one for one in ("BIB-1", "BIB-2", "BIB-3", "BIB-4") if one not in free.selected_new)
    sizes = [{**SMALL, "capacity_people": 400}, {**LARGE, "capacity_people": 4000}]
    rest = {"choose": {**CAPACITATED, "new": 2}, "rules": {"budget_eur": 700_000}, "study": NOTHING}
    required = own(plan_of(sample_pack, sites={**SITES, "size": sizes, "required": [other]}, **rest))
    assert other in required.selected_new
    gone = free.selected_new[0]
    forbidden = own(plan_of(sample_pack, sites={**SITES, "size": sizes, "forbidden": [gone]}, **rest))
    assert gone not in forbidden.selected_new


def test_sites_open_now_may_grow_at_a_cost_and_are_not_new(sample_pack: CityPack) -> None:
    grown = {"key": "grown", "name": "Grown", "sites": ["job_centre:open"], "cost_eur": 300_000, "capacity_people": 4000}
    sites = {"fixed": [], "candidates": ["libraries:municipal", "schools:state"], "size": [grown]}
    choose = {**CAPACITATED, "new": 0}
    rules = {"open_now": ["job_centre:open"], "close_at_most": 0}
    poor = plan_of(sample_pack, sites=sites, choose=choose, rules={**rules, "budget_eur": 0}, costs=COSTS_TWO, study=NOTHING)
    rich = plan_of(sample_pack, sites=sites, choose=choose, rules={**rules, "budget_eur": 3e5}, costs=COSTS_TWO, study=NOTHING)
    assert own(poor).sizes == {}
    assert list(own(rich).sizes.values()) == ["grown"]
    assert own(rich).selected_new == own(rich).closed == ()
    assert own(rich).objective > own(poor).objective
    assert brief(rich, "budget_eur").outcome.en == "kept: 300,000 euros"


COSTS_TWO = {kind: cost for kind, cost in COSTS.items() if kind != "regeneration"}


def test_the_studies_speak_of_sites_not_of_sizes(sample_pack: CityPack) -> None:
    sizes = [{**SMALL, "capacity_people": 400}, {**LARGE, "capacity_people": 1500}]
    tables = {"sites": {**SITES, "size": sizes}, "choose": {**CAPACITATED, "new": 2}, "rules": {"budget_eur": 700_000}}
    document = plan_of(sample_pack, study={"worth": True, "near": {"k": 3, "within_percent": 30}}, **tables)
    assert document.near is not None
    named = {site_id for plan in document.near.plans for site_id in plan.selected_new} | {
        site_id for worth in document.worth for site_id in (worth.site_id, *(worth.replacement or ()))
    }
    assert not any("#" in site_id for site_id in named)
    assert all(worth.site_id not in (worth.replacement or ()) for worth in document.worth)  # all its sizes fall through
    assert [set(plan.sizes) == set(plan.selected_new) for plan in document.near.plans] == [True] * len(document.near.plans)


def test_pairs_and_distances_hold_in_every_size(sample_pack: CityPack) -> None:
    free = own(sized(sample_pack, budget_eur=1_000_000))
    one, other = free.selected_new
    sizes = [{**SMALL, "capacity_people": 400}, {**LARGE, "capacity_people": 4000}]
    rest = {"sites": {**SITES, "size": sizes}, "choose": {**CAPACITATED, "new": 2}, "study": NOTHING}
    apart = own(plan_of(sample_pack, rules={"budget_eur": 1_000_000, "apart": [[one, other]]}, **rest))
    assert {one, other} != set(apart.selected_new)
    with pytest.raises(ScenarioError, match="cannot be in a pair that is open together"):
        plan_of(sample_pack, rules={"budget_eur": 1_000_000, "together": [[one, other]]}, **rest)


def test_the_cheapest_cover_counts_the_cost_of_sizes(sample_pack: CityPack) -> None:
    choose = {"objective": "set_cover", "target_share": 0.3, "by_cost": True, "new": None}
    optimum = own(plan_of(sample_pack, sites={**SITES, "size": [SMALL, LARGE]}, choose=choose, study=NOTHING))
    assert set(optimum.sizes.values()) <= {"small"}
    assert optimum.objective == pytest.approx(200_000 * len(optimum.selected_new))


def test_places_far_apart_are_sites_not_sizes_of_one(sample_pack: CityPack) -> None:
    choose = {"objective": "p_dispersion", "new": 2}
    rest = {"choose": choose, "rules": {"budget_eur": 400_000}, "study": NOTHING}
    plain = own(plan_of(sample_pack, sites=SITES, costs=dict.fromkeys(("libraries", "schools"), 200_000), **rest))
    in_sizes = own(plan_of(sample_pack, sites={**SITES, "size": [SMALL, LARGE]}, **rest))
    assert in_sizes.objective == pytest.approx(plain.objective)
    assert set(in_sizes.sizes.values()) == {"small"}


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({**SMALL, "key": "Small"}, "sites.size.0.key"),
        ({**SMALL, "cost_eur": None}, "says nothing of cost"),
        (SMALL, "cost_eur has no effect here"),
        ({**SMALL, "capacity_people": 3}, "capacity_people has no effect here"),
        ({**SMALL, "floor_area_m2": 3}, "floor_area_m2 has no effect here"),
        ({**SMALL, "sizes": ["x"]}, "unknown key 'sites.size.0.sizes'"),
    ],
)
def test_a_size_that_says_nothing_is_refused(size: dict[str, object], message: str) -> None:
    content = scenario_of().model_dump(mode="json", exclude_none=True, by_alias=True, exclude_defaults=True)
    given = {key: value for key, value in size.items() if value is not None}
    content["sites"] = {**content["sites"], "size": [given]}
    with pytest.raises((ScenarioError, FaultsError), match=message):
        validate_model(Scenario, content, where="scenario.toml", error=ScenarioError)


def test_a_size_of_no_site_that_may_open_is_refused(sample_pack: CityPack) -> None:
    size = {**SMALL, "sites": ["coworking:open"]}
    with pytest.raises(PlannerError, match="none of these sites is a candidate"):
        plan_of(sample_pack, sites={"size": [size]}, rules={"budget_eur": 1_000_000}, costs=COSTS)


def test_columns_of_sizes_take_their_own_values(sample_pack: CityPack) -> None:
    tables = {"sites": {**SITES, "size": [SMALL, LARGE]}, "rules": {"budget_eur": 500_000}}
    question, _, _ = asked(sample_pack, study=NOTHING, **tables)
    found = question.choices.column(np.arange(float(len(question.sites))), "cost_eur")
    assert found is not None
    assert set(found) >= {200_000.0, 500_000.0}
    assert len(found) == len(question.choices.ids) == 1 + 2 * (len(question.sites) - 1)
