"""A scenario may ask for people of a later year: figures change, and everything that shows them says so."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from data.errors import CountError, ScenarioError
from data.pack import CityPack
from data.sample.generate import write_sample_sources
from diffusa import cli
from diffusa.city import build_city, read_people
from diffusa.embedded import recipe_path, sample_file
from diffusa.people_year import describe_updates, read_margins, read_people_of, update_limits
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import Scenario, read_scenario
from layers.plan import Plan

MARGINS = """
[layers.registry]
role = "margins"
file = "registry.csv"
id = "id_nil"
year = 2021
columns = {{ residents = "people", youth_15_29 = "young" }}
doubtful = [{doubtful}]
limits = [{{ it = "Anche chi vive in istituto.", en = "With those who live in institutions." }}]
source = "a registry"
licence = "CC0-1.0"
attribution = "nobody"
date = "2021"
"""
LATER = 'later = [{ year = 2021, group = "unemployed", total = 4000, source = "a yearbook" }]\n'


def scenario(**tables: object) -> Scenario:
    content = read_scenario(sample_file("job_centres.toml")).model_dump(mode="json", exclude_none=True)
    return Scenario.model_validate({**content, **tables})


def build(root: Path, folder: Path, *, later: str = LATER) -> CityPack:
    """Return the pack of the sample city with totals of 2021: its western quarters grew, the others shrank."""
    write_sample_sources(root)
    counted = pd.read_csv(root / "quarter_totals.csv")
    growth = pd.Series([2.0 if position % 2 else 0.8 for position in range(len(counted))])
    young = counted[["P17", "P18", "P19"]].sum(axis=1) * growth
    registry = pd.DataFrame({"id_nil": counted["id_nil"], "people": counted["P1"] * growth, "young": young * 0.9})
    registry.to_csv(root / "registry.csv", index=False)
    recipe = sample_file("sample.toml").read_text(encoding="utf-8").replace("sample = true\n", f"sample = true\n{later}")
    (root / "recipe.toml").write_text(recipe + MARGINS.format(doubtful=counted["id_nil"][0]), encoding="utf-8")
    return build_city(root / "recipe.toml", root, folder)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    root = tmp_path_factory.mktemp("later")
    return build(root / "sources", root / "pack")


@pytest.fixture(scope="module")
def counted_plan(pack: CityPack) -> Plan:
    return make_plan(scenario(), pack)


@pytest.fixture(scope="module")
def later_plan(pack: CityPack) -> Plan:
    return make_plan(scenario(people={"year": 2021}), pack)


def test_the_year_changes_the_figures_of_a_plan(counted_plan: Plan, later_plan: Plan) -> None:
    counted, later = counted_plan.document, later_plan.document
    assert later.figures != counted.figures
    totals = {group.key: group.total for group in later.groups}
    assert totals["unemployed"] == pytest.approx(4000)
    assert {group.year for group in later.groups} == {2021}
    assert {group.year for group in counted.groups} == {2011}


def test_a_plan_says_of_which_year_its_people_are(counted_plan: Plan, later_plan: Plan) -> None:
    limits = later_plan.document.limits
    assert limits[0].en == "Updated to 2021 by official totals per quarter: young people aged 15-29, unemployed people."
    assert limits[0].it == "Aggiornati al 2021 con i totali ufficiali per quartiere: giovani di 15-29 anni, disoccupati."
    assert limits[1].en.endswith("stays in each quarter as it was counted in 2011.")
    assert limits[2].it == "Anche chi vive in istituto."
    assert "People are those counted in 2011." in {limit.en for limit in limits}
    assert not any("2021" in limit.en for limit in counted_plan.document.limits)


def test_the_page_says_it_in_both_languages(later_plan: Plan, tmp_path: Path) -> None:
    write_plan(later_plan, tmp_path / "plan")
    page = (tmp_path / "plan/map.html").read_text(encoding="utf-8")
    assert "Updated to 2021 by official totals per quarter" in page
    assert "Aggiornati al 2021 con i totali ufficiali per quartiere" in page


def test_without_a_year_and_in_the_year_of_the_census_people_are_as_counted(pack: CityPack) -> None:
    counted = read_people(pack).cells["residents"]
    pd.testing.assert_series_equal(read_people_of(scenario(), pack).cells["residents"], counted)
    pd.testing.assert_series_equal(read_people_of(scenario(people={"year": 2011}), pack).cells["residents"], counted)


def test_a_year_without_totals_names_those_there_are(pack: CityPack, sample_pack: CityPack) -> None:
    with pytest.raises(ScenarioError, match=r"people.year: the city has no official totals of 2022. Known are those of 2021"):
        read_people_of(scenario(people={"year": 2022}), pack)
    with pytest.raises(ScenarioError, match="The city has none of any year"):
        read_margins(sample_pack, 2021)


def test_people_at_risk_are_not_put_on_people_of_another_year(pack: CityPack) -> None:
    risk = {"definition": "inactive_not_student_2011", "rate_pct": 8.0, "without": ["tenants"]}
    asked = scenario(people={"year": 2021}, risk=risk, need={"inactive_not_student_2011": 1.0}, report={})
    with pytest.raises(CountError, match=r"plan without \[people\] year"):
        make_plan(asked, pack)


def test_totals_of_the_city_alone_are_named_as_such(tmp_path: Path) -> None:
    write_sample_sources(tmp_path / "sources")
    later = 'later = [{ year = 2021, group = "residents", total = 60000, source = "a yearbook" }]\n'
    recipe = sample_file("sample.toml").read_text(encoding="utf-8").replace("sample = true\n", f"sample = true\n{later}")
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    pack = build_city(tmp_path / "recipe.toml", tmp_path / "sources", tmp_path / "pack")
    people = read_people_of(scenario(people={"year": 2021}), pack)
    assert people.totals["residents"] == pytest.approx(60_000)
    said = update_limits(people, ("residents",), pack)
    assert said[0].en == "Updated to 2021 by official totals of the city: residents."
    assert len(said) == 2
    assert update_limits(read_people(pack), ("residents",), pack) == ()


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[object, str, str]:
    monkeypatch.setattr(sys, "argv", ["diffusa", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


def test_city_check_tells_the_fit(pack: CityPack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(monkeypatch, capsys, "city", "check", pack.folder)
    assert not code
    assert "updated to 2021: every official total is met (largest relative difference " in out
    assert "  unemployed: " in out
    assert " became 4,000 (totals of the city)" in out
    assert re.search(r"  largest factors: \w+ × \d\.\d\d in quarter \d+ \(", out)
    assert "  totals to be taken with care: quarter " in out
    assert "  without a total, scaled with what holds them: women, " in out


def test_a_city_without_later_totals_tells_no_fit(sample_pack: CityPack) -> None:
    assert describe_updates(sample_pack) == []


def test_totals_that_cannot_be_met_stop_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    impossible = 'later = [{ year = 2021, group = "unemployed", total = 60000, source = "a yearbook" }]\n'
    made = build(tmp_path / "sources", tmp_path / "pack", later=impossible)
    code, _, err = run(monkeypatch, capsys, "city", "check", made.folder)
    assert code == 1
    assert "unemployed 2021 sum to 60,000, there is room for " in err


@pytest.mark.parametrize(("keys", "message"), [({"year": 21}, "year"), ({"yaer": 2021}, "yaer"), ({}, "year")])
def test_a_wrong_table_is_refused(keys: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scenario(people=keys)


@pytest.mark.shared
def test_milano_in_2021_is_told_with_its_doubtful_quarters(milano_pack: CityPack) -> None:
    lines = describe_updates(milano_pack)
    assert lines[0].startswith("updated to 2021: every official total is met")
    assert "  residents: 1,242,123 became 1,386,285 (totals by quarter and of the city)" in lines
    doubts = next(line for line in lines if "taken with care" in line)
    assert all(f"quarter {nil} (" in doubts for nil in (24, 32, 39, 73))
    assert recipe_path("milano").is_file()
