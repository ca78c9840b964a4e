from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from data.errors import ScenarioError
from data.pack import CityPack
from data.toml_file import validate_model
from diffusa.choice import Choices, choose_sites
from diffusa.journeys import Journeys, travel
from diffusa.people_year import read_people_of
from diffusa.planner import make_plan
from diffusa.question import Question, put_question
from diffusa.scenario import Scenario
from diffusa.show_study import study_lines
from diffusa.studies import Studies, study_plan
from layers.figures import count_figures
from layers.plan import BEST, Plan
from layers.plan_choice import CurveBrief
from layers.sites import join_sites
from optimize.solution import Status
from tests.diffusa.asked import COSTS, plan_of, scenario_of

NOTHING = {"worth": False, "near": {"k": 0}, "curve": []}
OBJECTIVES: tuple[dict[str, object], ...] = (
    {"objective": "p_median", "new": 2},
    {"objective": "set_cover", "target_share": 0.5, "new": None},
    {"objective": "p_center", "new": 2, "unreached": "leave_out"},
    {"objective": "p_dispersion", "new": 2},
    {"objective": "capacitated_max_coverage", "new": 2, "capacity_people": dict.fromkeys(
        ("schools", "libraries", "regeneration", "job_centre"), 1000)},
)  # fmt: skip


@pytest.fixture(scope="module")
def plan(sample_pack: CityPack) -> Plan:
    """Return a plan of the sample city with the studies that nobody asked for."""
    return make_plan(scenario_of(), sample_pack)


def asked(pack: CityPack, **tables: object) -> tuple[Question, Journeys, Choices]:
    scenario = scenario_of(**tables)
    sites = join_sites(pack.read("services"), pack.read("spaces"))
    question = put_question(scenario, pack, people=read_people_of(scenario, pack), sites=sites)
    journeys = travel(question, pack)
    return question, journeys, choose_sites(question, journeys)


def studied(pack: CityPack, study: dict[str, object], **tables: object) -> Studies:
    return study_plan(*asked(pack, study={**NOTHING, **study}, **tables))


def points(curve: CurveBrief) -> dict[float, float | None]:
    return {point.value: point.objective for point in curve.points}


def test_a_cheap_question_is_studied_without_asking(plan: Plan) -> None:
    document = plan.document
    opened = document.variant(BEST).site_ids
    assert {worth.site_id for worth in document.worth} == set(opened)
    assert [worth.is_new for worth in document.worth] == sorted((worth.is_new for worth in document.worth), reverse=True)
    assert document.near is not None
    assert (document.near.within, document.near.plans[0].selected_new) == (0.01, document.optima[0].selected_new)
    assert [(curve.over, [point.value for point in curve.points]) for curve in document.curves] == [("new", [0, 1, 2, 3])]


def test_a_dear_question_is_not_studied_unless_asked(sample_pack: CityPack) -> None:
    document = plan_of(sample_pack, rules={"spacing_m": 300})
    assert (document.worth, document.near, document.curves) == ((), None, ())
    document = plan_of(sample_pack, rules={"spacing_m": 300}, study={"worth": True})
    assert len(document.worth) == 3
    assert (document.near, document.curves) == (None, ())


def test_what_is_lost_is_what_a_plan_without_the_site_reaches_less(sample_pack: CityPack) -> None:
    question, journeys, choices = asked(sample_pack, study={**NOTHING, "worth": True})
    found = study_plan(question, journeys, choices).worth
    for worth in found:
        others = [site_id for site_id in choices.plan.selected if site_id != worth.site_id]
        by_variant = {"all": choices.plan.selected, "others": others}
        keys = question.scenario.group_keys
        figures = count_figures(by_variant, journeys.times, question.people, groups=keys, standards_min=(15.0,))
        reached = {(figure.variant, figure.group): figure for figure in figures}
        assert worth.alone == pytest.approx({key: reached["all", key].reached - reached["others", key].reached for key in keys})
        shares = [reached["all", key].share - reached["others", key].share for key in keys]
        assert worth.loss == pytest.approx(sum(shares) / 2)
        assert worth.replacement_loss is not None
        assert worth.is_proven
        assert worth.replacement_loss <= worth.loss
        assert not worth.is_new or worth.replacement_loss >= 0  # a better place than one of today is a gain


def test_near_plans_are_as_many_and_as_near_as_asked(sample_pack: CityPack) -> None:
    two = studied(sample_pack, {"near": {"k": 2, "within_percent": 50}}).near
    many = studied(sample_pack, {"near": {"k": 6, "within_percent": 50}}).near
    close = studied(sample_pack, {"near": {"k": 6, "within_percent": 0}}).near
    assert two is not None
    assert many is not None
    assert close is not None
    assert (len(two.plans), len(many.plans), len(close.plans)) == (2, 6, 1)
    assert (two.is_complete, close.is_complete) == (False, True)
    assert two.notes[0].en == "There are more such plans than the 2 listed."
    assert [plan.worse for plan in many.plans] == sorted(plan.worse for plan in many.plans)
    assert many.plans[-1].worse == pytest.approx(1 - many.plans[-1].objective / many.plans[0].objective)
    stands = [site_id for plan in many.plans for site_id in plan.selected_new]
    assert many.site_share == pytest.approx({site_id: stands.count(site_id) / 6 for site_id in stands})


def test_a_curve_over_the_number_has_the_plans_of_each_number(sample_pack: CityPack) -> None:
    (curve,) = studied(sample_pack, {"curve": [{"values": [4, 1, 2, 30]}]}).curves
    for new in (1, 2, 4):
        optimum = plan_of(sample_pack, choose={"new": new}, study=NOTHING).optima[0]
        point = next(point for point in curve.points if point.value == new)
        assert (point.objective, point.selected_new) == (pytest.approx(optimum.objective), optimum.selected_new)
        assert point.reached == pytest.approx({figure.group: figure.reached for figure in optimum.figures})
    assert [point.value for point in curve.points] == [1, 2, 4, 30]
    last = curve.points[-1]
    assert (last.status, last.objective) == ("infeasible", None)
    assert last.reason is not None
    assert last.reason.en == "No plan meets the rules here."


def test_a_curve_over_the_standard_has_the_plans_of_each_standard(sample_pack: CityPack) -> None:
    (curve,) = studied(sample_pack, {"curve": [{"over": "standard", "values": [10, 15, 20]}]}).curves
    found = plan_of(sample_pack, report={"standards_min": [10, 20]}, study=NOTHING).optima
    assert points(curve) == pytest.approx({optimum.standard_min: optimum.objective for optimum in found})
    within_15 = [point.reached["unemployed"] for point in curve.points]
    assert within_15[1] == max(within_15)  # who is within 15 minutes is counted; the middle plan has most of them


def test_a_curve_over_the_budget_rises_with_it(sample_pack: CityPack) -> None:
    rules = {"budget_eur": 500_000, "new_at_most": 4}
    curve = {"over": "budget", "values": [0, 500_000, 1_500_000]}
    found = studied(sample_pack, {"curve": [curve]}, rules=rules, costs=COSTS, choose={"new": None})
    values = list(points(found.curves[0]).values())
    assert values[0] < values[1] < values[2]  # type: ignore[operator]


def test_a_curve_over_the_floor_falls_with_it_until_there_is_no_plan(sample_pack: CityPack) -> None:
    rules = {"floor_per": {"district": "municipio", "covered_share": 0.6, "except": ["Municipio 2", "4"]}}
    (curve,) = studied(sample_pack, {"curve": [{"over": "floor", "values": [0, 0.6, 0.99]}]}, rules=rules).curves
    free, held, beyond = curve.points
    assert free.objective is not None
    assert held.objective is not None
    assert free.objective >= held.objective
    assert beyond.status == "infeasible"


@pytest.mark.parametrize("choose", OBJECTIVES, ids=lambda choose: str(choose["objective"]))
def test_other_objectives_can_be_studied(sample_pack: CityPack, choose: dict[str, object]) -> None:
    found = studied(sample_pack, {"worth": True, "near": {"k": 3, "within_percent": 20}}, choose=choose)
    assert any(worth.replacement_loss is not None and worth.replacement_loss >= -1e-9 for worth in found.worth)
    assert found.near is not None
    assert found.near.plans[0].worse == 0


def test_a_mean_is_told_in_seconds_of_everybody(sample_pack: CityPack) -> None:
    choose = {"objective": "p_median", "new": 2}
    optimum = plan_of(sample_pack, choose=choose, study=NOTHING).optima[0]
    found = studied(sample_pack, {"near": {"k": 2, "within_percent": 20}, "curve": [{"values": [1, 2]}]}, choose=choose)
    assert found.near is not None
    assert found.near.plans[0].objective == pytest.approx(optimum.objective)
    assert points(found.curves[0])[2] == pytest.approx(optimum.objective)


def test_a_study_out_of_time_says_what_is_missing(sample_pack: CityPack) -> None:
    study = {"worth": True, "near": {"k": 3}, "curve": [{"values": [1, 2]}], "time_limit_s": 1e-9}
    plan = make_plan(scenario_of(study=study), sample_pack)
    worth, near, (curve,) = plan.document.worth, plan.document.near, plan.document.curves
    assert {(one.loss, one.replacement, one.is_proven) for one in worth} == {(None, None, False)}
    assert {reason.en for one in worth for reason in one.reasons} == {
        "The time for studies was over before everything was known of this place."
    }
    assert near is not None
    assert (len(near.plans), near.is_complete) == (1, False)
    assert [point.status for point in curve.points] == ["unknown", "optimal"]  # the second is the plan itself
    assert study_lines(plan, "en")[-1] == "Studies are not complete: places 3, points 1. Raise study.time_limit_s for more."


@pytest.mark.usefixtures("hears_ctrl_c")
def test_the_first_interrupt_keeps_what_is_known(sample_pack: CityPack) -> None:
    question, journeys, choices = asked(sample_pack, study={"curve": [{"values": [1, 2, 3]}]})

    def interrupt_after_worth(done: int, _whole: int) -> None:
        if done == 1:
            signal.raise_signal(signal.SIGINT)

    found = study_plan(question, journeys, choices, progress=interrupt_after_worth)
    assert all(worth.is_proven for worth in found.worth)
    assert found.near is not None
    assert not found.near.is_complete
    assert [point.status for point in found.curves[0].points] == ["unknown", "optimal", "unknown"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_is_near_a_plan_that_is_not_proven(sample_pack: CityPack) -> None:
    question, journeys, choices = asked(sample_pack, study={**NOTHING, "near": {"k": 3}})
    cut = replace(choices.plan, status=Status.FEASIBLE)
    near = study_plan(question, journeys, replace(choices, solutions={15.0: cut})).near
    assert near is not None
    assert near.plans == ()
    assert near.notes[0].it == "Il piano migliore non è dimostrato, quindi non si sa che cosa gli sia vicino."


def test_the_command_tells_the_studies_in_both_languages(plan: Plan) -> None:
    english, italian = study_lines(plan, "en"), study_lines(plan, "it")
    assert [line.split(":")[0] for line in english[:2]] == ["Lost without each new place", "Plans within 1.0% of the best"]
    assert english[-1].startswith("By number of new places: 0 → ")
    assert italian[0].startswith("Si perde senza ciascuna nuova sede: ")
    assert len(english) == len(italian)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"study": {"worht": True}}, "unknown key 'study.worht'.*'worth'"),
        ({"study": {"near": {"k": 1}}}, "lists the best plan alone"),
        ({"study": {"near": {"within_percent": 100}}}, "study.near.within_percent"),
        ({"study": {"curve": [{"values": []}]}}, "study.curve.0.values"),
        ({"study": {"curve": [{"values": [1, 1]}]}}, "values repeat: 1"),
        ({"study": {"curve": [{"values": [1.5]}]}}, "values are no counts of sites: 1.5"),
        ({"study": {"curve": [{"over": "floor", "values": [2]}]}}, r"values are no shares in \[0, 1\]: 2"),
        ({"study": {"curve": [{"values": [1]}, {"values": [2]}]}}, "curve.over repeats: new"),
        ({"study": {"curve": [{"over": "budget", "values": [1]}]}}, "no effect without rules.budget_eur"),
        ({"study": {"curve": [{"over": "floor", "values": [0.1]}]}}, "no effect without rules.floor_per"),
        ({"study": {"curve": [{"over": "standard", "values": [90]}]}}, "beyond the cutoff of 60 minutes"),
        (
            {"study": {"curve": [{"over": "standard", "values": [10]}]}, "choose": {"objective": "p_median", "new": 2}},
            "p_median has no use for it",
        ),
        ({"study": {"time_limit_s": 0}}, "study.time_limit_s"),
    ],
)
def test_a_study_that_does_not_fit_is_refused(tables: dict[str, object], message: str) -> None:
    content = scenario_of().model_dump(mode="json", exclude_none=True, by_alias=True, exclude_defaults=True)
    with pytest.raises(ScenarioError, match=message):
        validate_model(Scenario, {**content, **tables}, where="scenario.toml", error=ScenarioError)
