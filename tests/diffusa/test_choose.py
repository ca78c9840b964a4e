"""Every objective makes a plan of the sample city, every option changes its answer, and one without effect is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

import diffusa.recount as module
from data.errors import FaultsError, InfeasibleError, PlannerError, ScenarioError, VerificationError
from data.pack import CityPack
from diffusa.planner import make_plan
from layers.plan_choice import Optimum
from optimize.objectives import OBJECTIVES
from tests.diffusa.asked import COSTS, chosen, plan_of, scenario_of

CAPACITY = {"schools": 1000, "libraries": 1500, "regeneration": 2500, "job_centre": 800}
STEPS = {"kind": "step", "steps": [[10, 1.0], [20, 0.5]]}
TWO_SITES = {"candidates": ["municipal_buildings", "CPI-ROGGIA"]}

ASKED: dict[str, dict[str, object]] = {
    "max_coverage": {"new": 2},
    "p_median": {"new": 2},
    "set_cover": {"target_share": 0.5},
    "p_center": {"new": 2, "unreached": "leave_out"},
    "gradual_coverage": {"new": 2, "decay": {"kind": "linear", "full_min": 5, "zero_min": 25}},
    "backup_coverage": {"new": 13, "unreached": "leave_out"},
    "weighted_backup_coverage": {"new": 2, "backup_share": 0.2},
    "fixed_charge": {"travel_eur_per_hour": 1000},
    "capacitated_fixed_charge": {"travel_eur_per_hour": 1000, "capacity_people": dict.fromkeys(CAPACITY, 20_000)},
    "capacitated_p_median": {"new": 2, "capacity_people": dict.fromkeys(CAPACITY, 20_000)},
    "capacitated_max_coverage": {"new": 2, "capacity_people": CAPACITY},
    "k_nearest_median": {"new": 2, "k_nearest": 3},
    "max_attendance": {"new": 2, "decay": {"kind": "exponential", "scale_min": 10}},
    "p_dispersion": {"new": 3},
    "kolm_pollak": {"new": 2, "aversion": 0.1},
    "market_capture": {"new": 2, "competitors": ["coworking:open", "women_centre"], "pull_exponent": 2},
    "lexicographic_center": {"new": 2, "unreached": "leave_out"},
    "worst_mean": {"new": 2, "worst_share": 0.9},
}
"""How each objective is asked."""

UNITS = {
    "share": ("%", "%"),
    "seconds": (" minutes", " minuti"),
    "sites": ("", ""),
    "euros": (" euros", " euro"),
    "metres": (" metres", " metri"),
}


def optimum(pack: CityPack, objective: str, **tables: Any) -> Optimum:
    """Return the optimum of an objective, asked with some tables and options changed."""
    options = {"new": None, **ASKED[objective], **tables.pop("choose", {})}
    priced = {"costs": COSTS} if "charge" in objective else {}
    document = plan_of(pack, choose={"objective": objective, **options}, **{**priced, **tables})
    return document.optima[-1]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_makes_a_proven_plan_and_says_what_it_seeks(sample_pack: CityPack, objective: str) -> None:
    priced = {"costs": COSTS} if "charge" in objective else {}
    document = plan_of(sample_pack, choose={"objective": objective, "new": None, **ASKED[objective]}, **priced)
    own = document.optima[-1]
    assert (own.objective_name, own.status, own.is_verified) == (objective, "optimal", True)
    assert document.goal is not None
    assert document.goal.it != document.goal.en
    assert own.value is not None
    english, italian = UNITS[own.unit]
    assert own.value.en.endswith(english)
    assert own.value.it.endswith(italian)


@pytest.mark.parametrize(
    ("objective", "one", "other"),
    [
        ("set_cover", {"target_share": 0.5}, {"target_share": 0.9}),
        ("set_cover", {"target_share": 0.9}, {"target_share": None, "unreached": "leave_out"}),
        ("gradual_coverage", {"decay": STEPS}, {"decay": {**STEPS, "steps": [[10, 1.0]]}}),
        ("gradual_coverage", {}, {"decay": {"kind": "linear", "full_min": 5, "zero_min": 20}}),
        ("gradual_coverage", {}, {"decay": {"kind": "linear", "full_min": 0, "zero_min": 25}}),
        ("max_attendance", {}, {"decay": {"kind": "exponential", "scale_min": 30}}),
        (
            "max_attendance",
            {"decay": {"kind": "logistic", "middle_min": 15, "spread_min": 3}},
            {"decay": {"kind": "logistic", "middle_min": 10, "spread_min": 3}},
        ),
        (
            "max_attendance",
            {"decay": {"kind": "logistic", "middle_min": 15, "spread_min": 3}},
            {"decay": {"kind": "logistic", "middle_min": 15, "spread_min": 9}},
        ),
        (
            "max_attendance",
            {"decay": {"kind": "power", "full_min": 5, "exponent": 2}},
            {"decay": {"kind": "power", "full_min": 9, "exponent": 2}},
        ),
        (
            "max_attendance",
            {"decay": {"kind": "power", "full_min": 5, "exponent": 2}},
            {"decay": {"kind": "power", "full_min": 5, "exponent": 1}},
        ),
        ("weighted_backup_coverage", {}, {"backup_share": 0.7}),
        ("fixed_charge", {}, {"travel_eur_per_hour": 100}),
        ("capacitated_fixed_charge", {}, {"travel_eur_per_hour": 100}),
        ("capacitated_fixed_charge", {}, {"capacity_people": {**CAPACITY, "libraries": 20_000, "job_centre": 20_000}}),
        ("capacitated_max_coverage", {}, {"capacity_people": {**CAPACITY, "regeneration": 20_000, "libraries": 5}}),
        ("capacitated_max_coverage", {}, {"min_use_people": {"libraries": 2000}}),
        ("kolm_pollak", {}, {"aversion": 0.01}),
        ("market_capture", {}, {"pull_exponent": 0.5}),
        ("market_capture", {}, {"competitors": ["coworking:open"]}),
        ("worst_mean", {}, {"worst_share": 1.0}),
        ("p_median", {}, {"objective": "p_dispersion"}),
    ],
    ids=str,
)
def test_every_option_changes_the_answer(
    sample_pack: CityPack, objective: str, one: dict[str, object], other: dict[str, object]
) -> None:
    found = [optimum(sample_pack, objective, choose=options) for options in (one, other)]
    assert (found[0].selected_new, found[0].objective) != (found[1].selected_new, found[1].objective)


def test_a_cover_may_be_the_cheapest_instead_of_the_fewest(sample_pack: CityPack) -> None:
    fewest = optimum(sample_pack, "set_cover")
    cheapest = optimum(sample_pack, "set_cover", choose={"by_cost": True}, costs={**COSTS, "libraries": 400_000})
    assert fewest.objective == len(fewest.selected_new) == 3
    assert (cheapest.unit, cheapest.selected_new != fewest.selected_new) == ("euros", True)


def test_how_many_near_sites_a_median_begins_with_changes_the_way_and_not_the_plan(sample_pack: CityPack) -> None:
    few, many = (optimum(sample_pack, "k_nearest_median", choose={"k_nearest": k}) for k in (1, 15))
    assert few.selected_new == many.selected_new == chosen(sample_pack, choose={"objective": "p_median"})


def test_floor_area_attracts_where_it_is_asked_to(sample_pack: CityPack) -> None:
    rival: dict[str, Any] = {"choose": {"new": 1, "competitors": ["coworking:open"]}, "sites": TWO_SITES}
    alike = optimum(sample_pack, "market_capture", **rival)
    rival["choose"] = {**rival["choose"], "attraction": "floor_area"}
    assert optimum(sample_pack, "market_capture", **rival).objective > alike.objective + 0.05


def test_whole_squares_serve_no_more_than_parts_of_them(sample_pack: CityPack) -> None:
    small: dict[str, Any] = {"new": 1, "capacity_people": {"libraries": 3}}
    one = {"fixed": [], "candidates": ["BIB-2"]}
    parts = optimum(sample_pack, "capacitated_max_coverage", choose=small, sites=one)
    whole = optimum(sample_pack, "capacitated_max_coverage", choose={**small, "whole_squares": True}, sites=one)
    assert whole.objective < parts.objective


def test_what_a_site_serves_by_its_capacity_adds_up_in_the_allocation(sample_pack: CityPack) -> None:
    scenario = scenario_of(choose={"objective": "capacitated_max_coverage", **ASKED["capacitated_max_coverage"]})
    plan = make_plan(scenario, sample_pack)
    served = plan.allocation[["unemployed", "youth_15_29"]].sum()
    totals = {group.key: group.total for group in plan.document.groups}
    share = sum(0.5 * served[key] / totals[key] for key in totals)
    assert share == pytest.approx(plan.document.optima[-1].objective, abs=1e-6)
    assert any("room" in text.en for text in plan.document.limits)
    assert any("libraries 1,500" in text.en for text in plan.document.assumptions)


def test_need_out_of_reach_is_refused_or_left_out_and_told(sample_pack: CityPack) -> None:
    with pytest.raises(InfeasibleError, match=r"squares with 0\.44% of the need have no site within the cutoff.*leave_out"):
        chosen(sample_pack, choose={"objective": "p_center"})
    document = plan_of(sample_pack, choose={"objective": "p_center", "unreached": "leave_out"})
    assert any("leaves out 35 squares with 0.44% of the need" in text.en for text in document.limits)


def test_competitors_are_shown_as_such_and_never_chosen(sample_pack: CityPack) -> None:
    scenario = scenario_of(choose={"objective": "market_capture", **ASKED["market_capture"]})
    plan = make_plan(scenario, sample_pack)
    sites = plan.sites.set_index("site_id")
    assert set(sites.loc[sites["role"] == "competitor"].index) == {"COW-DARSENA", "DONNA-3"}
    assert not sites.loc[["COW-DARSENA", "DONNA-3"], "is_selected"].any()


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        ({"target_share": 0.5}, "max_coverage has no use for 'target_share': take it out, or choose set_cover"),
        ({"decay": STEPS}, "no use for 'decay'.*gradual_coverage or max_attendance"),
        ({"capacity_people": CAPACITY}, "no use for 'capacity_people'.*capacitated_fixed_charge or"),
        ({"whole_squares": True}, "no use for 'whole_squares'"),
        ({"competitors": ["schools"]}, "no use for 'competitors'.*market_capture"),
        ({"attraction": "floor_area"}, "no use for 'attraction'"),
        ({"by_cost": True}, "no use for 'by_cost'.*or choose set_cover "),
        ({"unreached": "leave_out"}, "max_coverage has no use for 'unreached'.*set_cover or"),
        ({"objective": "fixed_charge", "by_cost": True, "new": None}, "fixed_charge has no use for 'by_cost'"),
        ({"objective": "set_cover"}, "set_cover has no use for 'new': it finds how many"),
        ({"objective": "set_cover", "new": None, "total": 3}, "set_cover has no use for 'total'"),
        (
            {"objective": "set_cover", "new": None, "target_share": 0.5, "unreached": "leave_out"},
            "'unreached' has no effect beside target_share",
        ),
        ({"objective": "gradual_coverage"}, "gradual_coverage needs 'decay'"),
        ({"objective": "market_capture"}, "market_capture needs 'competitors' and 'pull_exponent'"),
        ({"objective": "kolm_pollak"}, "kolm_pollak needs 'aversion'"),
        ({"objective": "worst_mean", "worst_share": 1.5}, "less than or equal to 1"),
        ({"objective": "gradual_coverage", "decay": {"kind": "steps"}}, "decay"),
        (
            {"objective": "gradual_coverage", "decay": {"kind": "linear", "full_min": 30, "zero_min": 30}},
            "is not below zero_min",
        ),
        ({"objective": "gradual_coverage", "decay": {"kind": "step", "steps": [[10, 0.5], [20, 0.6]]}}, "minutes that rise"),
        ({"objective": "gradual_coverage", "decay": {"kind": "power", "full_min": 30, "exponent": 0}}, "greater than 0"),
    ],
    ids=str,
)
def test_an_option_without_effect_or_sense_is_refused(choose: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scenario_of(choose=choose)


@pytest.mark.parametrize(
    ("choose", "error", "message"),
    [
        (
            {"objective": "capacitated_max_coverage", "capacity_people": {"schools": 5}},
            ScenarioError,
            "kinds of sites that may be open are not named.*job_centre, libraries, regeneration",
        ),
        (
            {"objective": "capacitated_max_coverage", "capacity_people": {**CAPACITY, "libary": 3}},
            ScenarioError,
            "no site that may be open is of the kind 'libary'.*'libraries'",
        ),
        (
            {"objective": "market_capture", "competitors": ["coworking"], "pull_exponent": 2, "attraction": "floor_area"},
            ScenarioError,
            "sites have no floor area.*BIB-1",
        ),
        (
            {"objective": "market_capture", "competitors": ["schools"], "pull_exponent": 2},
            ScenarioError,
            "sites are competitors and may be open",
        ),
        (
            {"objective": "capacitated_max_coverage", "capacity_people": CAPACITY, "min_use_people": {"job_centre": 5000}},
            InfeasibleError,
            "choose.min_use_people: sites are open in every plan.*CPI-CORSO",
        ),
    ],
    ids=str,
)
def test_an_option_that_does_not_fit_the_city_is_refused(
    sample_pack: CityPack, choose: dict[str, object], error: type[PlannerError], message: str
) -> None:
    with pytest.raises((error, FaultsError), match=re.compile(message, re.DOTALL)):
        chosen(sample_pack, choose=choose)


@pytest.mark.parametrize(
    ("objective", "choose", "message"),
    [
        ("max_coverage", {}, "the figures at 15 minutes give 0.000000000 of the need"),
        ("gradual_coverage", {"decay": STEPS}, "the figures at 15 minutes give 0.000000000 of the need"),
        ("set_cover", {}, "the figures give 0.000000000 of the need, the target is 0.5"),
    ],
)
def test_an_objective_that_figures_do_not_give_stops_the_plan(
    sample_pack: CityPack, monkeypatch: pytest.MonkeyPatch, objective: str, choose: dict[str, object], message: str
) -> None:
    within = module._need_within
    monkeypatch.setattr(module, "_need_within", lambda *given: dict.fromkeys(within(*given), 0.0))
    with pytest.raises(VerificationError, match=message):
        optimum(sample_pack, objective, choose=choose)
