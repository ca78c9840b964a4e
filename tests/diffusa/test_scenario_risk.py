"""A scenario plans for people at risk: every option of its table changes an answer, and every figure has its interval."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from data.errors import FaultsError, FileError, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa.embedded import sample_file
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import Scenario, read_scenario, scenario_schema
from layers.plan import BEST, Plan, PlanDocument
from layers.plan_folder import read_plan

KEY = "inactive_not_student_2011"
RISK = {"definition": KEY, "rate_pct": 9.0, "n_draws": 40, "without": ["tenants"]}
"""The sample city has no official rate, and its census never counted tenants."""


def ask(risk: dict[str, object] | None, **tables: dict[str, object]) -> Scenario:
    """Return the scenario of the sample city, planned for people at risk."""
    content = read_scenario(sample_file("job_centres.toml")).model_dump(mode="json", exclude_none=True)
    content["need"] = {KEY: 1.0}
    content["report"] = {"standards_min": [10, 15, 30], "groups": [KEY, "youth_15_29"]}
    for table, keys in tables.items():
        content[table] = keys
    if risk is not None:
        content["risk"] = risk
    return Scenario.model_validate(content)


@pytest.fixture(scope="module")
def plan(sample_pack: CityPack) -> Plan:
    return make_plan(ask(RISK), sample_pack)


def figures_of(document: PlanDocument) -> list[tuple[float, float | None, float | None]]:
    return [(figure.share, figure.share_low, figure.share_high) for figure in document.figures if figure.group == KEY]


def test_every_figure_of_people_at_risk_has_an_interval_around_it(plan: Plan) -> None:
    document = plan.document
    optima = [figure for optimum in document.optima for figure in optimum.figures]
    found = [figure for figure in (*document.figures, *optima) if figure.group == KEY]
    assert len(found) == 4 * 3
    for figure in found:
        assert figure.share_low is not None
        assert figure.share_high is not None
        assert figure.reached_low is not None
        assert figure.reached_high is not None
        assert figure.share_low <= figure.share <= figure.share_high
        assert figure.reached_low <= figure.reached <= figure.reached_high
        assert figure.share_low < figure.share_high


def test_the_total_is_the_rate_that_was_given_and_the_choice_is_recounted(plan: Plan) -> None:
    groups = {group.key: group for group in plan.document.groups}
    assert groups[KEY].total == pytest.approx(0.09 * groups["youth_15_29"].total, rel=1e-6)
    own = next(one for one in plan.document.optima if one.standard_min == plan.document.standard_min)
    assert own.objective == pytest.approx(plan.document.figure(BEST, KEY, standard_min=15).share, abs=1e-9)
    modelled = groups[KEY].modelled
    assert modelled is not None
    assert (modelled.definition, modelled.base, modelled.n_draws) == (KEY, "youth_15_29", 40)
    assert modelled.rate == pytest.approx(0.09)
    assert modelled.no_place[0] < groups[KEY].no_place < modelled.no_place[1]
    assert groups["youth_15_29"].modelled is None


def test_words_name_the_definition_and_never_a_share_alone(plan: Plan) -> None:
    share = plan.document.figure(BEST, KEY, standard_min=15)
    low, high = (f"{100 * value:.0f}%" for value in (share.share_low, share.share_high))  # type: ignore[operator]
    assert f"({low}–{high})" in plan.document.sentence.it
    assert "outside the labour force and not students" in plan.document.sentence.en
    limits = " ".join(text.en for text in plan.document.limits)
    assert f"“{KEY}”" in limits
    assert "9.0% of young people aged 15" in limits
    assert "must not be used to choose, check or refuse persons" in limits
    assert "People are those counted in 2011." in limits  # the others


def test_tables_have_both_ends_and_read_back(plan: Plan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan")
    nil = pd.read_csv(tmp_path / "plan/nil.csv")
    for column in (KEY, f"reached_best_{KEY}", f"share_best_{KEY}"):
        known = nil[nil[column].notna()]
        assert (known[f"{column}_low"] <= known[column] + 1e-6).all()
        assert (known[f"{column}_high"] >= known[column] - 1e-6).all()
    again = read_plan(tmp_path / "plan")
    assert again.document == plan.document
    assert f"{KEY}_low" in again.cells
    assert f"within_{KEY}_high" in again.sites


def test_the_same_question_gives_the_same_bytes(plan: Plan, sample_pack: CityPack, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "one")
    write_plan(make_plan(ask(RISK), sample_pack), tmp_path / "two")
    for path in sorted((tmp_path / "one").rglob("*.*")):
        name = path.relative_to(tmp_path / "one")
        if path.name != "run.json":
            assert path.read_bytes() == (tmp_path / "two" / name).read_bytes(), name


@pytest.mark.parametrize(
    "options",
    [{"rate_pct": 12.0}, {"seed": 1}, {"n_draws": 60}, {"without": ["tenants", "foreign_residents"]}],
    ids=str,
)
def test_every_option_changes_an_answer(plan: Plan, sample_pack: CityPack, options: dict[str, object]) -> None:
    other = make_plan(ask({**RISK, **options}), sample_pack).document
    assert figures_of(other) != figures_of(plan.document)


def test_another_definition_is_another_group(plan: Plan, sample_pack: CityPack) -> None:
    risk = {**RISK, "definition": "neet_eurostat"}
    other = make_plan(ask(risk, need={"neet_eurostat": 1.0}, report={"groups": ["neet_eurostat"]}), sample_pack).document
    assert "neither in employment" in other.sentence.en
    assert other.groups[0].label != plan.document.groups[0].label


def test_observed_rates_beside_the_scenario_move_the_estimate(plan: Plan, sample_pack: CityPack, tmp_path: Path) -> None:
    quarters = plan.nil[plan.nil["youth_15_29"] > 50].sort_values("nil")
    rates = pd.DataFrame({"id_nil": quarters["nil"], "rate_pct": [4.0 + 2.0 * (row % 5) for row in range(len(quarters))]})
    rates.to_csv(tmp_path / "rates.csv", index=False)
    scenario = ask({**RISK, "observed": "rates.csv"})
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario.model_dump(mode="json", exclude_none=True)), encoding="utf-8")
    assert scenario.risk is not None
    scenario.risk.stand_in(tmp_path)
    other = make_plan(scenario, sample_pack).document
    assert figures_of(other) != figures_of(plan.document)
    assert other.groups[0].modelled is not None
    assert other.groups[0].modelled.estimator == "regression"
    assert other.inputs["observed"] == hashlib.sha256((tmp_path / "rates.csv").read_bytes()).hexdigest()
    assert str(tmp_path) not in other.model_dump_json()


def test_unit_and_year_of_observed_rates_are_heeded(plan: Plan, sample_pack: CityPack, tmp_path: Path) -> None:
    quarters = plan.nil[plan.nil["youth_15_29"] > 50].sort_values("nil")
    rate = [0.04 + 0.02 * (row % 5) for row in range(len(quarters))]
    rates = pd.DataFrame({"id_nil": quarters["nil"], "rate_pct": rate, "year": 2011})
    pd.concat([rates, rates.assign(rate_pct=rates["rate_pct"].iloc[::-1].to_numpy(), year=2021)]).to_csv(
        tmp_path / "rates.csv", index=False
    )
    found = []
    for options in ({"unit": "share", "year": 2011}, {"unit": "share", "year": 2021}, {"unit": "percent", "year": 2011}):
        scenario = ask({**RISK, "observed": "rates.csv", **options})
        assert scenario.risk is not None
        scenario.risk.stand_in(tmp_path)
        found.append(figures_of(make_plan(scenario, sample_pack).document))
    assert found[0] != found[1]
    assert found[0] != found[2]


def test_a_file_of_rates_is_looked_for_beside_the_scenario(sample_pack: CityPack, tmp_path: Path) -> None:
    text = sample_file("job_centres.toml").read_text(encoding="utf-8")
    text = text.replace("unemployed = 0.5\n", f"{KEY} = 0.5\n", 1)
    risk = f'[risk]\ndefinition = "{KEY}"\nrate_pct = 9.0\nwithout = ["tenants"]\nobserved = "none.csv"\n'
    (tmp_path / "scenario.toml").write_text(text.replace("[travel]", risk + "[travel]"), encoding="utf-8")
    scenario = read_scenario(tmp_path / "scenario.toml")
    assert scenario.risk is not None
    assert scenario.risk.observed_path == tmp_path / "none.csv"
    with pytest.raises(FileError, match=r"none\.csv"):
        make_plan(scenario, sample_pack)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate_pct": 0.0}, "greater than 0"),
        ({"rate_pct": 100.0}, "less than 100"),
        ({"n_draws": 5}, "greater than or equal to 20"),
        ({"without": ["tenants", "tenants"]}, "names a factor twice"),
        ({"estimator": "index"}, "[Ee]xtra"),
        ({"seed": -1}, "greater than or equal to 0"),
    ],
    ids=str,
)
def test_a_table_that_cannot_be_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ask({**RISK, **options})


def test_a_table_for_a_group_that_is_not_asked_for_is_refused(sample_pack: CityPack) -> None:
    scenario = ask(RISK, need={"unemployed": 1.0}, report={"groups": ["unemployed"]})
    with pytest.raises(ScenarioError, match="neither the need nor the report"):
        make_plan(scenario, sample_pack)


def test_all_that_is_missing_for_an_estimate_is_told_at_once(sample_pack: CityPack) -> None:
    with pytest.raises(FaultsError) as caught:
        make_plan(ask(None), sample_pack)
    said = [str(fault) for fault in caught.value.faults]
    assert len(said) == 2
    assert "in a scenario: risk.rate_pct" in said[0]
    assert "risk factor tenants" in said[1]  # and the group is not called unknown


def test_unknown_factors_and_columns_that_were_never_counted_are_named(sample_pack: CityPack) -> None:
    with pytest.raises(PlannerError, match="foreign_residents"):
        make_plan(ask({**RISK, "without": ["foreigners"]}), sample_pack)
    with pytest.raises(PlannerError, match="risk factor tenants"):
        make_plan(ask({**RISK, "without": []}), sample_pack)


def test_a_misspelt_definition_gets_the_nearest(sample_pack: CityPack) -> None:
    with pytest.raises(PlannerError, match="neet_eurostat"):
        make_plan(ask(None, need={"neet_eurosta": 1.0}, report={"groups": []}), sample_pack)


def test_the_schema_describes_the_table() -> None:
    assert "rate_pct" in json.loads(scenario_schema())["$defs"]["Risk"]["properties"]


@pytest.mark.shared
def test_milano_is_planned_for_by_its_official_rate(milano_pack: CityPack, checkout: Path) -> None:
    path = checkout / "scenarios" / "neet_reach_2023.toml"
    assert tomllib.loads(path.read_text(encoding="utf-8"))["risk"]["definition"] == KEY
    document = make_plan(read_scenario(path), milano_pack).document
    assert document.groups[0].total == pytest.approx(0.081 * 158_221, rel=1e-6)
    best, decided = (document.figure(key, KEY, standard_min=30.0) for key in (BEST, "decided"))
    assert best.share_low is not None
    assert decided.share_high is not None
    assert best.share_low > decided.share_high  # the best plan is better for certain
    assert {optimum.status for optimum in document.optima} == {"optimal"}
