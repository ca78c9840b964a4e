from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import FaultsError, IdError, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa.city import read_people
from diffusa.question import Question, put_question
from diffusa.scenario import Scenario, read_scenario
from layers.sites import join_sites


def ask(pack: CityPack, *, sites: dict[str, object] | None = None, **tables: object) -> Question:
    content = {
        "name": "n",
        "city": "sample",
        "service": "job_centre",
        "need": {"unemployed": 1.0},
        "travel": {"standard_min": 15},
        "sites": {"fixed": ["job_centre:open"], "candidates": ["libraries:municipal", "schools:state"], **(sites or {})},
        "choose": {"new": 2},
        **tables,
    }
    joined = join_sites(pack.read("services"), pack.read("spaces"))
    return put_question(Scenario.model_validate(content), pack, people=read_people(pack), sites=joined)


def test_fixed_sites_are_no_candidates_and_not_counted_as_new(sample_pack: CityPack) -> None:
    question = ask(sample_pack, sites={"candidates": ["job_centre", "libraries:municipal"]})
    assert len(question.fixed) == 1
    assert not set(question.fixed) & set(question.candidates)
    assert question.new == 2


def test_total_counts_fixed_sites(sample_pack: CityPack) -> None:
    assert ask(sample_pack, choose={"total": 4}).new == 3


def test_forbidden_sites_are_no_candidates(sample_pack: CityPack) -> None:
    free = ask(sample_pack)
    barred = ask(sample_pack, sites={"forbidden": ["schools"]})
    assert {*free.candidates} - {*barred.candidates} == {site for site in free.candidates if site not in barred.candidates}
    assert len(barred.candidates) < len(free.candidates)


def test_required_sites_become_candidates(sample_pack: CityPack) -> None:
    question = ask(sample_pack, sites={"required": ["regeneration"]}, choose={"new": 8})
    assert set(question.required) <= set(question.candidates)
    assert question.required


def test_a_compared_variant_keeps_what_is_open_now(sample_pack: CityPack) -> None:
    variant = {"key": "decided", "name": {"it": "a", "en": "b"}, "sites": ["job_centre:decided"]}
    question = ask(sample_pack, compare=[variant])
    assert set(question.fixed) < set(question.variants()["decided"])
    assert {question.roles[site_id] for site_id in question.compared["decided"]} == {"compared"}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"city": "torino"}, ScenarioError, "for 'torino', the pack holds 'sample'"),
        ({"need": {"unemploied": 1.0}}, IdError, "unknown group 'unemploied'.*'unemployed'"),
        ({"report": {"groups": ["yout_15_29"]}}, IdError, "report.groups.*youth_15_29"),
        ({"sites": {"candidates": ["libary"]}}, IdError, "sites.candidates: 'libary' names no site.*libraries"),
        ({"choose": {"new": 5000}}, ScenarioError, "5000 new sites are asked, but there are only"),
        ({"choose": {"new": 2, "total": 4}}, ScenarioError, "1 fixed sites make 3, not choose.total = 4"),
        (
            {"sites": {"fixed": ["schools"], "candidates": ["libraries"]}, "choose": {"total": 1}},
            ScenarioError,
            "sites are fixed, more than",
        ),
        ({"sites": {"required": ["schools"]}, "choose": {"new": 1}}, ScenarioError, "sites are required, more than the 1 new"),
        (
            {"sites": {"required": ["schools"], "forbidden": ["schools"]}, "choose": {"new": 90}},
            ScenarioError,
            "both required and forbidden",
        ),
        ({"sites": {"fixed": ["schools"], "forbidden": ["schools:state"]}}, ScenarioError, "both fixed and forbidden"),
    ],
)
def test_what_does_not_fit_the_city_is_told(
    sample_pack: CityPack, change: dict[str, object], error: type[PlannerError], message: str
) -> None:
    with pytest.raises((error, FaultsError), match=message):
        ask(sample_pack, **change)  # type: ignore[arg-type]


def test_all_faults_of_a_question_are_told_at_once(sample_pack: CityPack) -> None:
    with pytest.raises(FaultsError) as caught:
        ask(sample_pack, city="torino", need={"unemploied": 1.0}, sites={"candidates": ["libary"]})
    assert len(caught.value.faults) == 3


@pytest.mark.shared
def test_the_decision_of_2023_has_one_open_and_five_decided_sites(milano_pack: CityPack, checkout: Path) -> None:
    scenario = read_scenario(checkout / "scenarios/job_centres_2023.toml")
    joined = join_sites(milano_pack.read("services"), milano_pack.read("spaces"))
    question = put_question(scenario, milano_pack, people=read_people(milano_pack), sites=joined)
    assert question.fixed == ("CPI-STROZZI",)
    assert question.compared["decided"] == ("CPI-BOIFAVA", "CPI-JENNER", "CPI-PALAZZETTO", "CPI-PARAVIA", "CPI-PAREA")
    assert len(question.candidates) == 25 + 294 + 8 + 5
