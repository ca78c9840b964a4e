"""Every rule of a scenario changes a plan of the sample city, says what came of it, and is refused in the planner's words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import diffusa.rule_words as module
from data.errors import FaultsError, IdError, InfeasibleError, PlannerError, ScenarioError, VerificationError
from data.pack import CityPack
from diffusa.planner import make_plan
from tests.diffusa.asked import COSTS, brief, chosen, plan_of, scenario_of

FREE = ("BIB-2", "SDPRIM03")
"""What is best without rules."""

FLOOR = {"district": "municipio", "covered_share": 0.2}
TWO = {"name": "two at regeneration sites", "sites": ["regeneration"], "at_least": 2}


def open_centre(**rules: object) -> dict[str, object]:
    """Return tables in which the open job centre may close."""
    return {"sites": {"fixed": []}, "rules": {"open_now": ["job_centre:open"], **rules}}


@pytest.mark.parametrize("objective", ["max_coverage", "p_median"])
@pytest.mark.parametrize(
    ("rules", "costs"),
    [
        ({"new_at_most": 3}, {}),
        ({"new_at_most": 3, "budget_eur": 450_000}, COSTS),
        ({"group": [TWO], "new_at_most": 2}, {}),
        (
            {
                "group": [{"name": "few schools", "sites": ["schools", "libraries"], "at_most": 1}],
                "new_at_most": 2,
            },
            {},
        ),
        ({"apart": [["BIB-2", "SDPRIM03"], ["BIB-2", "SDMED01"], ["BIB-4", "SDPRIM03"]], "new_at_most": 2}, {}),
        ({"together": [["BIB-2", "REG-ISOLA"], ["SDPRIM03", "REG-ISOLA"]], "new_at_most": 2}, {}),
        ({"at_most_one_per": "owner", "new_at_most": 2}, {}),
        ({"floor_per": {"district": "municipio", "covered_share": 0.22}, "new_at_most": 2}, {}),
        ({"ceiling_per": {"district": "municipio", "covered_share": 0.7}, "new_at_most": 2}, {}),
        ({"sites_per": {"district": "municipio", "at_least": 1}, "new_at_most": 3}, {}),
        ({"spacing_m": 1700, "new_at_most": 2}, {}),
    ],
    ids=str,
)
def test_a_rule_changes_the_plan_and_says_that_it_was_kept(
    sample_pack: CityPack, objective: str, rules: dict[str, object], costs: dict[str, float]
) -> None:
    free = chosen(sample_pack, choose={"objective": objective})
    ruled = plan_of(sample_pack, choose={"objective": objective, "new": None}, rules=rules, costs=costs)
    assert ruled.optima[-1].selected_new != free
    assert ruled.optima[-1].status == "optimal"
    assert {rule.key for rule in ruled.rules} == set(rules)
    assert all("kept" in rule.outcome.en and "rispettata" in rule.outcome.it for rule in ruled.rules)


def test_the_least_number_of_new_sites_holds_where_fewer_would_be_better(sample_pack: CityPack) -> None:
    far_apart = {"objective": "p_dispersion", "new": None}
    few = chosen(sample_pack, choose=far_apart, rules={"new_at_most": 3, "new_at_least": 2})
    more = chosen(sample_pack, choose=far_apart, rules={"new_at_most": 3, "new_at_least": 3})
    assert (len(few), len(more)) == (2, 3)


def test_a_budget_is_spent_by_own_costs_and_by_those_assumed_of_a_kind(sample_pack: CityPack) -> None:
    budget = {"budget_eur": 340_000}
    document = plan_of(sample_pack, rules=budget, costs=COSTS)
    assert document.optima[-1].selected_new == ("BIB-2", "CPI-ROGGIA")  # 200,000 assumed and 138,000 its own
    assert brief(document, "budget_eur").outcome.en == "kept: 338,000 euros"
    assumed = [text.en for text in document.assumptions]
    assert any("200,000 euros" in text and "libraries" in text and "4" in text for text in assumed)


def test_a_floor_tells_the_district_that_comes_nearest(sample_pack: CityPack) -> None:
    document = plan_of(sample_pack, rules={"floor_per": FLOOR})
    found = brief(document, "floor_per")
    assert found.rule.en == "Floor: 20.0% of the need in each municipio within 15 minutes on foot"
    assert found.outcome.en == "kept: lowest 22.6% in Municipio 4"
    assert found.outcome.it == "rispettata: il più basso 22,6% in Municipio 4"


def test_exceptions_and_an_own_standard_change_what_a_floor_asks(sample_pack: CityPack) -> None:
    with pytest.raises(InfeasibleError):
        chosen(sample_pack, rules={"floor_per": {**FLOOR, "covered_share": 0.6}})
    spared = plan_of(sample_pack, rules={"floor_per": {**FLOOR, "covered_share": 0.6, "except": ["municipio 2", "4"]}})
    assert spared.optima[-1].selected_new == ("BIB-2", "BIB-4")
    assert brief(spared, "floor_per").rule.en.endswith(", but for municipio 2, 4")
    longer = chosen(sample_pack, rules={"floor_per": {**FLOOR, "covered_share": 0.6, "standard_min": 25}})
    assert longer not in (FREE, ("BIB-2", "BIB-4"))


def test_a_floor_may_be_of_quarters(sample_pack: CityPack) -> None:
    floor = {"district": "nil", "covered_share": 0.05, "except": ["Ponte Lungo", "TIRO A SEGNO", "10"], "standard_min": 25}
    document = plan_of(sample_pack, rules={"floor_per": floor})
    assert document.optima[-1].selected_new != FREE
    assert "in each quarter within 25 minutes" in brief(document, "floor_per").rule.en


def test_an_open_site_may_close_and_is_shown_as_closing(sample_pack: CityPack) -> None:
    plan = make_plan(scenario_of(**open_centre(close_at_least=1)), sample_pack)
    sites = plan.sites.set_index("site_id")
    own = plan.document.optima[-1]
    assert own.closed == ("CPI-CORSO",)
    assert sites.loc["CPI-CORSO", "role"] == "closed"
    assert sites.loc["CPI-CORSO", "is_existing"]
    assert not sites.loc["CPI-CORSO", "is_selected"]
    assert plan.document.variant("before").site_ids == ("CPI-CORSO",)
    assert "CPI-CORSO" not in plan.document.variant("best").site_ids
    assert brief(plan.document, "open_now").outcome.en == "closing: Centro per l'Impiego [CPI-CORSO]"


def test_an_open_site_stays_where_nothing_asks_it_to_close(sample_pack: CityPack) -> None:
    document = plan_of(sample_pack, **open_centre(close_at_most=0))
    assert document.optima[-1].closed == ()
    assert document.variant("best").new_ids == FREE
    assert brief(document, "open_now").outcome.en == "none closes"


def test_a_cost_of_closing_is_taken_from_the_budget(sample_pack: CityPack) -> None:
    closing = open_centre(close_at_least=1, budget_eur=500_000)
    cheap = plan_of(sample_pack, costs=COSTS, **closing)
    dear = plan_of(sample_pack, costs=COSTS, **open_centre(close_at_least=1, budget_eur=500_000, closing_cost_eur=120_000))
    assert cheap.optima[-1].selected_new != dear.optima[-1].selected_new
    assert brief(dear, "budget_eur").outcome.en == "kept: 458,000 euros"


def test_rules_that_leave_no_plan_are_told_with_the_names_of_districts(sample_pack: CityPack) -> None:
    with pytest.raises(InfeasibleError) as caught:
        chosen(sample_pack, rules={"floor_per": {**FLOOR, "covered_share": 0.6}})
    assert "2 new sites" in str(caught.value)
    assert "at least 60.0% of Municipio 2 within 15 minutes" in str(caught.value)
    assert "5 new sites instead of 2" in str(caught.value)


@pytest.mark.parametrize(
    ("tables", "error", "message"),
    [
        ({"rules": {"budget_eur": 1}}, ScenarioError, "4 libraries, 4 regeneration, 9 schools.*libraries = 300_000"),
        (
            {"rules": {"budget_eur": 1e6}, "costs": {**COSTS, "job_centre": 1}},
            ScenarioError,
            "no candidate of the kind 'job_centre' is without a cost",
        ),
        ({"rules": {"floor_per": {**FLOOR, "except": ["Municipio 9"]}}}, IdError, "'Municipio 9' is no district.*Municipio"),
        ({"rules": {"floor_per": {**FLOOR, "standard_min": 90}}}, ScenarioError, "standard_min is 90, beyond the cutoff of 60"),
        ({"rules": {"together": [["schools", "BIB-2"]]}}, ScenarioError, "'schools' names several sites.*by their ids"),
        ({"rules": {"apart": [["BIB-22", "BIB-2"]]}}, IdError, "rules.apart: 'BIB-22' names no site"),
        ({"rules": {"apart": [["BIB-U", "BIB-2"]]}}, ScenarioError, "none of these sites is open now or a candidate.*BIB-U"),
        (
            {"sites": {"candidates": ["BIB-U", "coworking"]}, "rules": {"at_most_one_per": "owner"}},
            ScenarioError,
            "no candidate has a known owner",
        ),
        ({"rules": {"sites_per": {"district": "nil", "at_least": 1}}}, ScenarioError, "PARCO GRANDE.*'except'"),
        ({"rules": {"open_now": ["job_centre:open"]}}, ScenarioError, "both fixed and open_now"),
        ({"rules": {"spacing_m": 5000}}, InfeasibleError, "open sites at least 5,000 m apart"),
        ({"rules": {"budget_eur": 100_000}, "costs": COSTS}, InfeasibleError, "rules.budget_eur.*2 cheapest new sites cost"),
    ],
    ids=str,
)
def test_a_rule_that_does_not_fit_the_city_is_refused(
    sample_pack: CityPack, tables: dict[str, object], error: type[PlannerError], message: str
) -> None:
    with pytest.raises((error, FaultsError), match=re.compile(message, re.DOTALL)):
        chosen(sample_pack, **tables)


def test_a_city_without_districts_says_so(sample_pack: CityPack) -> None:
    layers = {name: layer for name, layer in sample_pack.layers.items() if name != "districts"}
    bare = replace(sample_pack, layers=layers)
    with pytest.raises(ScenarioError, match=r"no districts of the kind 'municipio'.*Take 'nil'"):
        chosen(bare, rules={"floor_per": FLOOR})


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"rules": {"new_at_most": 3}}, "choose says the number of new sites exactly, rules.new_at_most gives a range"),
        ({"choose": {"new": None}, "rules": {"new_at_least": 3}}, "needs 'new'.*or rules.new_at_most, or a budget"),
        ({"rules": {"new_at_least": 4, "new_at_most": 3}, "choose": {"new": None}}, "contradict each other"),
        ({"rules": {"closing_cost_eur": 3, "budget_eur": 5}}, "closing_cost_eur: nothing may close"),
        ({"rules": {"closing_cost_eur": 3, "open_now": ["job_centre"]}}, "closing_cost_eur has no effect without a budget"),
        ({"rules": {"group": [{"name": "n", "sites": ["schools"]}]}}, "needs 'at_least', 'at_most' or both"),
        ({"rules": {"group": [TWO, TWO]}}, "group.name repeats: two at regeneration sites"),
        ({"rules": {"sites_per": {"district": "nil", "at_least": 2, "at_most": 1}}}, "contradict each other"),
        ({"rules": {"floor_per": {"district": "nil", "covered_share": 1.2}}}, "less than or equal to 1"),
        ({"rules": {"floor_per": {"district": "nil", "share": 0.2}}}, "share"),
        ({"rules": {"spacing_m": 0}}, "greater than 0"),
        ({"costs": COSTS}, "costs have no effect"),
        ({"rules": {"budget_eur": 5}, "choose": {"budget_eur": 5}}, "choose.budget_eur and rules.budget_eur are the same"),
        (
            {"choose": {"new": None, "total": 3}, "rules": {"open_now": ["job_centre"]}},
            "choose.total counts sites that stay open",
        ),
        ({"assumptions": {"works_cost_eur": COSTS}, "costs": COSTS}, "works costs are given twice"),
        ({"assumptions": {"works_eur": COSTS}}, "holds works_cost_eur alone"),
        ({"choose": {"objective": "set_cover", "new": None}, "rules": {"budget_eur": 5}}, "choose.by_cost = true"),
    ],
    ids=str,
)
def test_rules_that_contradict_one_another_or_do_nothing_are_refused(tables: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scenario_of(**tables)


def test_budget_floor_and_costs_may_stand_where_the_first_scenarios_have_them(sample_pack: CityPack) -> None:
    short = plan_of(
        sample_pack,
        choose={"new": 2, "budget_eur": 1_000_000, "floor_per": FLOOR},
        assumptions={"works_cost_eur": {**COSTS, "regeneration": 700_000}},
    )
    long = plan_of(sample_pack, rules={"budget_eur": 1_000_000, "floor_per": FLOOR}, costs={**COSTS, "regeneration": 700_000})
    assert short.optima == long.optima
    assert short.rules == long.rules
    assert short.optima[-1].selected_new != FREE


def test_a_floor_or_a_spacing_that_the_recount_finds_broken_stops_the_plan(
    sample_pack: CityPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "nearest_seconds", lambda times, _: times.seconds[:, [0]].toarray().ravel() + 1e6)
    with pytest.raises(VerificationError, match=r"rules.floor_per.*cover 0.0000% of Municipio"):
        chosen(sample_pack, rules={"floor_per": FLOOR})
    monkeypatch.setattr(module, "_nearest_m", lambda *_: 3.0)
    with pytest.raises(VerificationError, match=r"rules.spacing_m: two open sites are 3.0 m apart"):
        chosen(sample_pack, rules={"spacing_m": 900})
