"""The decision of 2023 on the real files of Milano: one command, its table, its proof and its page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser
from scipy import sparse

from data.pack import CityPack
from diffusa.city import read_people
from diffusa.journeys import travel
from diffusa.planner import make_plan, write_plan
from diffusa.question import put_question
from diffusa.scenario import Scenario, read_scenario
from layers.plan import BEFORE, BEST, Plan
from layers.plan_folder import read_plan
from layers.sites import join_sites

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def scenario(checkout: Path) -> Scenario:
    return read_scenario(checkout / "scenarios/job_centres_2023.toml")


@pytest.fixture(scope="module")
def folder(milano_pack: CityPack, scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("milano") / "plan"
    write_plan(make_plan(scenario, milano_pack), made)
    return made


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return read_plan(folder)


def test_the_published_totals_stand_in_the_plan(plan: Plan) -> None:
    totals = {group.key: (group.total, group.no_place) for group in plan.document.groups}
    assert totals == {"unemployed": (40_821.0, 32.0), "youth_15_29": (158_221.0, 11.0)}
    assert len(plan.nil) == 88
    assert len(plan.districts) == 9
    assert plan.nil.area.sum() / 1e6 == pytest.approx(181.90, abs=0.01)


def test_every_optimum_has_gap_zero_and_is_recounted(plan: Plan) -> None:
    assert [optimum.standard_min for optimum in plan.document.optima] == [15.0, 20.0, 30.0, 45.0]
    for optimum in plan.document.optima:
        assert (optimum.status, optimum.gap, optimum.is_verified, optimum.new) == ("optimal", 0.0, True, 5)
        assert len(optimum.selected_new) == 5


def test_the_table_of_2023(plan: Plan) -> None:
    """Shares in percent; a change of data, streets or model moves them, and then belongs under "Changed results"."""
    shares = {
        variant: [
            round(100 * plan.document.figure(variant, group, standard_min=minutes).share, 1)
            for group in ("unemployed", "youth_15_29")
            for minutes in (15.0, 20.0, 30.0, 45.0)
        ]
        for variant in (BEFORE, "decided", BEST)
    }
    assert shares == {
        BEFORE: [1.5, 3.3, 9.7, 17.4, 1.6, 3.7, 10.2, 18.5],
        "decided": [9.9, 16.1, 30.2, 54.0, 9.9, 16.9, 31.9, 56.4],
        BEST: [13.2, 25.2, 55.4, 76.5, 14.1, 27.0, 58.6, 80.0],
    }


def test_short_figures_are_ranges_where_via_strozzi_is_open(plan: Plan) -> None:
    for figure in plan.document.figures:
        assert (figure.share_low is not None) == (figure.standard_min <= 20)
        if figure.share_low is not None and figure.share_high is not None:
            assert figure.share_low <= figure.share <= figure.share_high
            assert figure.share_low < figure.share_high


def test_an_independent_count_of_random_plans_never_beats_the_optimum(
    milano_pack: CityPack, scenario: Scenario, plan: Plan
) -> None:
    """Swap one site of the plan for any other candidate: plain numpy on the travel times finds nothing better."""
    people = read_people(milano_pack)
    sites = join_sites(milano_pack.read("services"), milano_pack.read("spaces"))
    question = put_question(scenario, milano_pack, people=people, sites=sites)
    times = travel(question, milano_pack).times
    stored = sparse.csc_array(times.seconds)
    stored.data = (stored.data <= 1800.0).astype(float)
    cover = stored.toarray().astype(bool)
    need = sum(0.5 * people.cells[key].to_numpy() / people.totals[key] for key in ("unemployed", "youth_15_29"))
    column = {site_id: position for position, site_id in enumerate(times.candidate_ids)}
    chosen = [column[site_id] for site_id in plan.document.variant(BEST).new_ids]
    fixed = cover[:, column["CPI-STROZZI"]]

    def worth(columns: list[int]) -> float:
        return float(need[fixed | cover[:, columns].any(axis=1)].sum())

    best = worth(chosen)
    own = next(optimum for optimum in plan.document.optima if optimum.standard_min == 30.0)
    assert best == pytest.approx(own.objective, abs=1e-9)
    candidates = [column[site_id] for site_id in question.candidates]
    for out in range(5):
        for site in candidates:
            assert worth([*chosen[:out], *chosen[out + 1 :], site]) <= best + 1e-12


def test_quarters_add_up_to_the_table(plan: Plan, folder: Path) -> None:
    table = pd.read_csv(folder / "nil.csv")
    for variant in (BEFORE, "decided", BEST):
        for group in ("unemployed", "youth_15_29"):
            figure = plan.document.figure(variant, group, standard_min=30.0)
            assert table[f"reached_{variant}_{group}"].sum() == pytest.approx(figure.reached, abs=0.01)
            assert table[group].sum() == pytest.approx(figure.total, abs=0.01)


def test_nobody_is_farther_off_in_the_plan_than_today(plan: Plan) -> None:
    before, best = plan.cells["minutes_before"].to_numpy(), plan.cells["minutes_best"].to_numpy()
    known = ~np.isnan(before)
    assert (best[known] <= before[known] + 1e-9).all()


def test_each_quarter_has_a_page_that_can_be_mailed(folder: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in (folder / "quarters").iterdir()}
    assert len(sizes) == 88 + 1
    assert {"14-niguarda-ca-granda-prato-centenaro-q-re-fulvio-testi.html", "index.html"} <= set(sizes)
    assert max(sizes.values()) < 150_000


@pytest.mark.browser
def test_the_real_map_opens_without_network_request_or_error(folder: Path, plan: Plan, browser: Browser) -> None:
    page_address = (folder / "map.html").resolve().as_uri()
    context = browser.new_context(offline=True)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_address)
    page.wait_for_selector(".leaflet-container")
    page.wait_for_timeout(500)
    text = page.inner_text("body")
    context.close()
    assert said == []
    assert [address for address in asked if not address.startswith("data:")] == [page_address]
    assert plan.document.title.it in text
    assert "55,4%" in text


def test_rules_of_the_city_are_kept_in_milano_and_cost_reach(milano_pack: CityPack, checkout: Path) -> None:
    document = make_plan(read_scenario(checkout / "scenarios/job_centres_rules.toml"), milano_pack).document
    own = document.optima[-1]
    assert (own.status, len(own.selected_new), "REG-FARINI" in own.selected_new) == ("optimal", 5, True)
    assert {rule.key for rule in document.rules} == {"group", "floor_per", "spacing_m"}
    floor = next(rule for rule in document.rules if rule.key == "floor_per")
    assert floor.outcome.en == "kept: lowest 42.1% in Municipio 9"
    assert own.objective < 0.57
