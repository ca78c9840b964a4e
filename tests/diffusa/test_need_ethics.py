"""What the estimate must not be used for stands where its figures stand, in both languages, and the guide keeps its word."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from data.pack import CityPack
from data.risk_file import read_risk
from diffusa.need import estimate_need, write_need
from diffusa.need_estimate import NeedQuestion
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import Scenario, read_scenario
from diffusa.scenario_risk import Risk

KEY = "inactive_not_student_2011"
OFF = ("tenants", "foreign_residents")
RULES = {
    "it": ("non vanno usate per scegliere, controllare o respingere persone", "profilare", "polizia", "considerando 162"),
    "en": ("must not be used to choose, check or refuse persons", "profiling", "policing", "recital 162"),
}


@pytest.fixture(scope="module")
def guide(checkout: Path) -> str:
    return (checkout / "docs" / "need.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("without", "word"), [(("tenants",), "can be switched off"), (OFF, "is switched off")])
def test_the_page_says_what_it_is_not_for(sample_pack: CityPack, tmp_path: Path, without: tuple[str, ...], word: str) -> None:
    report = estimate_need(NeedQuestion(rate=0.09, n_draws=20, without=without), sample_pack)
    write_need(report, sample_pack, tmp_path / "need")
    page = (tmp_path / "need/need.html").read_text(encoding="utf-8")
    for words in RULES.values():
        assert all(rule in page for rule in words)
    assert f"The factor “foreign residents” {word}" in page
    assert ("rates of quarters change by" in page) == (without == OFF)
    assert report.estimate.definition.label_it in page


def test_a_map_of_people_at_risk_says_so_and_one_of_counted_people_does_not(
    sample_pack: CityPack, checkout: Path, tmp_path: Path
) -> None:
    content = read_scenario(checkout / "data/sample/job_centres.toml").model_dump(mode="json", exclude_none=True)
    counted = Scenario.model_validate(content)
    risk = {"definition": KEY, "rate_pct": 9.0, "n_draws": 20, "without": ["tenants"]}
    at_risk = Scenario.model_validate({**content, "need": {KEY: 1.0}, "report": {"groups": [KEY]}, "risk": risk})
    for scenario, is_said in ((at_risk, True), (counted, False)):
        write_plan(make_plan(scenario, sample_pack), tmp_path / "plan")
        page = (tmp_path / "plan/map.html").read_text(encoding="utf-8")
        for rule in ("must not be used to choose, check or refuse persons", "per profilare o per attività di polizia"):
            assert (rule in page) == is_said


def test_the_guide_names_law_uses_and_files_that_exist(guide: str, checkout: Path) -> None:
    for law in ("2016/679", "recital 26", "recital 162", "article 22", "322/1989, article 9", "2024/1689"):
        assert law in guide
    for link in re.findall(r"\]\(([^)#]+)\)", guide):
        assert (checkout / "docs" / link).is_file(), link
    for name in re.findall(r"`((?:data|scenarios)/[\w./]+)`", guide):
        assert (checkout / name).is_file(), name


def test_the_options_of_the_guide_are_real(guide: str) -> None:
    tables = re.search(r"`\[risk\] (definition = \"\w+\")`, `(without = \[[^\]]+\])`", guide)
    assert tables is not None
    risk = Risk.model_validate(tomllib.loads(f"{tables[1]}\n{tables[2]}\n"))
    catalogue = read_risk("istat2011")
    assert catalogue.definition(risk.definition).key == KEY
    assert set(risk.without) <= {factor.key for factor in catalogue.factors}
    for key in re.findall(r"`(inactive_\w+|neet_\w+|own)`", guide):
        assert catalogue.definition(key).key == key


@pytest.mark.shared
def test_the_effect_of_the_factor_on_milano_is_the_one_that_the_guide_tells(milano_pack: CityPack, guide: str) -> None:
    report = estimate_need(NeedQuestion(without=("foreign_residents",)), milano_pack)
    assert report.effect is not None
    enough = report.effect[report.effect["base"] >= 10]
    assert f"the {len(enough)} quarters with ten people or more" in guide
    mean = (enough["rate_change"].abs() * enough["base"]).sum() / enough["base"].sum()
    assert f"change by {100 * mean:.1f} points on average" in guide
    large = 100 * enough.loc[enough["base"] >= 300, "rate_change"]
    assert f"by −{-large.min():.1f} (Loreto" in guide
    assert f"to +{large.max():.1f} points" in guide
