"""The round trip: a plan goes to the quarters, three fill their sheets by hand, and the next plan is another one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import FaultsError, GeometryError, IdError, InfeasibleError, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa.planner import make_plan
from diffusa.review_read import read_reviews
from diffusa.review_rules import Wishes
from diffusa.review_wishes import with_wishes
from diffusa.scenario import read_scenario, scenario_schema
from layers.plan import Plan, PlanDocument
from layers.plan_folder import write_plan_files
from layers.plan_review import ReviewEffect
from layers.review import NewCandidate, Review, SiteRule, Voice, write_review
from maps.i18n import LANGUAGES
from maps.quarter_page import FOLDER, write_quarter_pages
from maps.report.page import render_report
from maps.review.effects import render_effects
from optimize.rules import NO_RULES, Rules
from tests.diffusa.asked import chosen, plan_of, scenario_of
from tests.diffusa.filled_sheets import answer, fill_workbook, save, saved, sheets_of

FREE = ("BIB-2", "SDPRIM03")
COMMITTEE = Voice(quarter=6, name="SANT'ANNA & FORNACE", role="quarter_committee", answer="accept")


def review_of(folder: Path, **rules: object) -> str:
    """Write a review of the sample city and return its path as a scenario names it."""
    write_review(Review.model_validate({"city": "sample", "plan": "", **rules}), folder / "review.toml")
    return str(folder / "review.toml")


def rules(*sites: str) -> tuple[SiteRule, ...]:
    return tuple(SiteRule(site=site, voices=(COMMITTEE,)) for site in sites)


def effect(document: PlanDocument, kind: str) -> ReviewEffect:
    return next(one for one in document.review if one.kind == kind)


@pytest.fixture(scope="session")
def first_folder(sample_pack: CityPack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the plan that goes to the quarters."""
    folder = tmp_path_factory.mktemp("first")
    plan = make_plan(scenario_of(), sample_pack)
    assert plan.document.optima[-1].selected_new == FREE
    write_plan_files(plan, folder)
    return folder


def place_of(folder: Path, nil: int) -> tuple[float, float]:
    sheet = sheets_of(folder)[nil]
    point = gpd.GeoSeries([sheet.shape.representative_point()], crs=sheet.city.crs).to_crs("EPSG:4326").iloc[0]
    return round(point.x, 6), round(point.y, 6)


def test_three_sheets_filled_by_hand_change_the_plan(sample_pack: CityPack, first_folder: Path, tmp_path: Path) -> None:
    sheets, back = sheets_of(first_folder), tmp_path / "back"
    back.mkdir()
    # one agrees and proposes a place, one has a veto, one contradicts the first, one answers an old plan
    point = place_of(first_folder, 6)
    fill_workbook(
        sheets[6], back, answers={"BIB-2": ("d'accordo", "")}, proposals=[("ex mercato", *point, "è vuoto e comunale")]
    )
    fill_workbook(sheets[12], back, answers={"SDPRIM03": ("veto", "la scuola è piena")})
    save(saved(sheets[2], answers=[answer("BIB-2", "object", "troppo lontana")]), back / "02.json")
    save(saved(sheets[9], plan="1" * 64, answers=[answer("BIB-4", "accept")]), back / "old.json")
    with pytest.raises(FaultsError) as found:
        read_reviews(back, first_folder)
    told = str(found.value)
    assert "quarters disagree about FORNACE [BIB-2]" in told
    assert "old.json: the sheet answers another plan" in told
    (back / "old.json").unlink()
    read = read_reviews(back, first_folder, resolve="home")
    write_review(read.review, tmp_path / "review.toml")

    document = make_plan(scenario_of(review=str(tmp_path / "review.toml")), sample_pack).document
    now = document.optima[-1].selected_new
    assert "BIB-2" in now
    assert "SDPRIM03" not in now
    assert now != FREE
    shut, kept, proposed = (effect(document, kind) for kind in ("forbidden", "required", "candidate"))
    assert (shut.sites, shut.voices[0].quarter, shut.voices[0].reason) == (("SDPRIM03",), 12, "la scuola è piena")
    assert shut.changes_plan
    assert shut.went_out == ("SDPRIM03",)
    assert kept.sites == ("BIB-2",)
    assert proposed.sites == ("NIL06-P1",)
    everything = effect(document, "all")
    free = plan_of(sample_pack)
    assert everything.objective_without == pytest.approx(free.optima[-1].objective, abs=1e-8)
    for group in ("unemployed", "youth_15_29"):
        with_all = document.figure("best", group, standard_min=15).reached
        without = free.figure("best", group, standard_min=15).reached
        assert everything.reached_change[group] == pytest.approx(with_all - without, abs=1e-5)
    assert document.reviewed == read.review
    assert "review" in document.inputs
    (conflict,) = document.reviewed.conflict
    assert (conflict.site, conflict.outcome) == ("BIB-2", "required")


def test_the_cost_of_a_rule_is_that_of_the_plan_without_it(sample_pack: CityPack, tmp_path: Path) -> None:
    both = review_of(tmp_path, forbidden=rules("SDPRIM03"), required=rules("SDINF02"))
    ruled = plan_of(sample_pack, review=both)
    without_veto = plan_of(sample_pack, sites={"required": ["SDINF02"]})
    without_wish = plan_of(sample_pack, sites={"forbidden": ["SDPRIM03"]})
    for kind, other in (("forbidden", without_veto), ("required", without_wish)):
        one = effect(ruled, kind)
        assert one.objective_without == pytest.approx(other.optima[-1].objective, abs=1e-8)
        assert set(other.optima[-1].selected_new) - set(ruled.optima[-1].selected_new) == set(one.went_out)
        for group in ("unemployed", "youth_15_29"):
            lost = ruled.figure("best", group, standard_min=15).reached - other.figure("best", group, standard_min=15).reached
            assert one.reached_change[group] == pytest.approx(lost, abs=1e-5)
    shown = {rule.key: rule for rule in ruled.rules}
    assert "SANT'ANNA & FORNACE (quarter committee)" in shown["review.forbidden"].rule.en
    assert "comitato di quartiere" in shown["review.required"].rule.it
    assert "Because of it the plan has" in shown["review.required"].outcome.en


def test_a_rule_that_nobody_feels_costs_nothing(sample_pack: CityPack, tmp_path: Path) -> None:
    ruled = plan_of(sample_pack, review=review_of(tmp_path, forbidden=rules("REG-ISOLA")))
    one = effect(ruled, "forbidden")
    assert not one.changes_plan
    assert set(one.reached_change.values()) == {0.0}
    assert ruled.rules[0].outcome.en == "The plan is the same without it."


def test_a_forbidden_place_is_no_place_of_the_next_plan(sample_pack: CityPack, tmp_path: Path) -> None:
    plan = make_plan(scenario_of(review=review_of(tmp_path, forbidden=rules("SDPRIM03"))), sample_pack)
    assert "SDPRIM03" not in set(plan.sites["site_id"])
    assert plan.document.review[0].names["SDPRIM03"] == "VIA LUNGOFIUME"


def test_a_proposed_place_can_be_chosen_and_is_shown(sample_pack: CityPack, tmp_path: Path) -> None:
    school = sample_pack.read("spaces").set_index("site_id").loc["SDPRIM03"]
    point = gpd.GeoSeries([school.geometry], crs=sample_pack.city.crs).to_crs("EPSG:4326").iloc[0]
    beside = NewCandidate(site="NIL12-P1", name="mercato", lon=point.x, lat=point.y, voices=(COMMITTEE,))
    path = review_of(tmp_path, forbidden=rules("SDPRIM03"), candidate=(beside,))
    plan = make_plan(scenario_of(review=path), sample_pack)
    assert plan.document.optima[-1].selected_new == ("BIB-2", "NIL12-P1")
    row = plan.sites.set_index("site_id").loc["NIL12-P1"]
    assert (row["role"], row["nil"], row["kind"]) == ("proposed", school["nil"], "quarter_proposal")
    assert effect(plan.document, "candidate").came_in == ("NIL12-P1",)
    costs = {"libraries": 1.0, "schools": 1.0, "regeneration": 1.0}
    priced = {"review": path, "rules": {"budget_eur": 5_000_000}}
    with pytest.raises(ScenarioError, match="1 quarter_proposal"):
        plan_of(sample_pack, costs=costs, **priced)
    dear = chosen(sample_pack, costs={**costs, "quarter_proposal": 9_000_000}, **priced)
    assert "NIL12-P1" not in dear
    own = review_of(tmp_path, candidate=(beside.model_copy(update={"cost_eur": 1.0}),), forbidden=rules("SDPRIM03"))
    assert "NIL12-P1" in chosen(sample_pack, costs=costs, review=own, rules={"budget_eur": 5_000_000})


@pytest.mark.parametrize("objective", ["max_coverage", "p_median"])
def test_wishes_act_within_what_may_be_given_up(sample_pack: CityPack, tmp_path: Path, objective: str) -> None:
    choose = {"objective": objective}
    free = plan_of(sample_pack, choose=choose).optima[-1]
    wish = {"file": review_of(tmp_path, preferred=rules("SDINF02"), avoided=rules(*free.selected_new))}
    none = plan_of(sample_pack, choose=choose, review={**wish, "wishes_within_percent": 0}).optima[-1]
    some = plan_of(sample_pack, choose=choose, review={**wish, "wishes_within_percent": 20})
    ruled = some.optima[-1]
    assert none.selected_new == free.selected_new
    assert ruled.selected_new != free.selected_new
    worse = abs(ruled.objective - free.objective) / free.objective
    assert 0 < worse <= 0.2
    assert effect(some, "avoided").within == 0.2
    assert len(set(ruled.selected_new) & set(free.selected_new)) < 2
    assert any("the best of those that meet the wishes of the quarters" in limit.en for limit in some.limits)
    told = [rule.outcome.en for rule in some.rules if rule.key in ("review.avoided", "review.preferred")]
    assert any("By what was sought it is" in outcome for outcome in told)


def test_places_that_may_close_stay_or_close_as_the_quarters_say(sample_pack: CityPack, tmp_path: Path) -> None:
    tables = {"sites": {"fixed": []}, "rules": {"open_now": ["job_centre:open"], "close_at_most": 1}}
    closing = plan_of(sample_pack, review=review_of(tmp_path, forbidden=rules("CPI-CORSO")), **tables)
    assert closing.optima[-1].closed == ("CPI-CORSO",)
    tables["rules"] = {"open_now": ["job_centre:open"], "close_at_least": 0, "sites_per": None}  # type: ignore[assignment]
    staying = plan_of(sample_pack, review=review_of(tmp_path, required=rules("CPI-CORSO")), **tables)
    assert staying.optima[-1].closed == ()


def test_the_second_round_carries_on_what_nobody_answered_anew(sample_pack: CityPack, tmp_path: Path) -> None:
    path = review_of(tmp_path, forbidden=rules("SDPRIM03"), required=rules("BIB-2"))
    plan = make_plan(scenario_of(review=path), sample_pack)
    folder, back = tmp_path / "plan", tmp_path / "back"
    folder.mkdir()
    back.mkdir()
    write_plan_files(plan, folder)
    content = saved(sheets_of(folder)[6], role="quarter_committee", answers=[answer("BIB-2", "veto", "abbiamo cambiato idea")])
    save(content, back / "06.json")
    read = read_reviews(back, folder)
    assert read.review.sites_of("forbidden") == ("BIB-2", "SDPRIM03")
    assert read.review.required == ()
    assert read.n_carried == 1


@pytest.mark.parametrize(
    ("tables", "error", "part"),
    [
        ({"review": {"required": rules("BIB-22")}}, IdError, "'BIB-22' names no site"),
        ({"review": {"city": "torino"}}, ScenarioError, "the review is of 'torino'"),
        (
            {"review": {"required": rules("BIB-2")}, "sites": {"forbidden": ["BIB-2"]}},
            ScenarioError,
            "forbidden by the scenario",
        ),
        (
            {"review": {"forbidden": rules("BIB-2")}, "sites": {"required": ["BIB-2"]}},
            ScenarioError,
            "required by the scenario",
        ),
        ({"review": {"forbidden": rules("CPI-CORSO")}}, ScenarioError, "fixed by the scenario"),
        ({"review": {"preferred": rules("CPI-CORSO")}}, ScenarioError, "may not open in this scenario"),
        (
            {"review": {"candidate": (NewCandidate(site="N", name="n", address="via"),)}},
            ScenarioError,
            "an address and no point",
        ),
        ({"review": {"candidate": (NewCandidate(site="N", name="n", lon=1, lat=1),)}}, GeometryError, "outside the city"),
        ({"review": {"candidate": (NewCandidate(site="BIB-2", name="n", lon=1, lat=1),)}}, IdError, "the ids of sites"),
        (
            {"review": {"required": rules("BIB-1", "BIB-3", "BIB-4")}},
            ScenarioError,
            "3 sites are required, more than the 2 new",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_review_that_does_not_fit_is_refused(
    sample_pack: CityPack, tmp_path: Path, tables: dict[str, Any], error: type[PlannerError], part: str
) -> None:
    path = review_of(tmp_path, **tables["review"])
    with pytest.raises(error, match=part):
        plan_of(sample_pack, **{**tables, "review": path})


def test_a_scenario_names_its_review_beside_it(sample_pack: CityPack, checkout: Path, tmp_path: Path) -> None:
    review_of(tmp_path, forbidden=rules("SDPRIM03"))
    text = (checkout / "data/sample/job_centres.toml").read_text(encoding="utf-8")
    (tmp_path / "scenario.toml").write_text('review = "review.toml"\n' + text, encoding="utf-8")
    scenario = read_scenario(tmp_path / "scenario.toml")
    assert scenario.review is not None
    assert scenario.review.content.sites_of("forbidden") == ("SDPRIM03",)
    (tmp_path / "review.toml").unlink()
    lacking = read_scenario(tmp_path / "scenario.toml")
    with pytest.raises(PlannerError, match="does not exist"):
        make_plan(lacking, sample_pack)


def test_the_schema_takes_a_review_by_its_file_or_as_a_table() -> None:
    choices = json.loads(scenario_schema())["properties"]["review"]["anyOf"]
    assert choices == [{"type": "string"}, {"$ref": "#/$defs/ReviewTable"}, {"type": "null"}]
    assert scenario_of(review="r.toml") == scenario_of(review={"file": "r.toml", "wishes_within_percent": 1})


def test_the_section_of_a_page_escapes_what_quarters_wrote(sample_pack: CityPack, tmp_path: Path) -> None:
    hostile = '</script><img src=x onerror="x">{{7*7}}`${x}`'
    voice = COMMITTEE.model_copy(update={"answer": "veto", "reason": hostile, "name": hostile})
    rule = SiteRule(site="SDPRIM03", voices=(voice,))
    plan: Plan = make_plan(scenario_of(review=review_of(tmp_path, forbidden=(rule,))), sample_pack)
    for language in LANGUAGES:
        section = render_effects(plan.document, language)
        assert "<img" not in section
        assert '&lt;/script&gt;&lt;img src=x onerror="x"&gt;&#123;&#123;7*7' in section
        assert 'data-effect="forbidden"' in render_effects(plan.document, language, quarter=6)
        assert "data-effect" not in render_effects(plan.document, language, quarter=7)
    assert render_effects(plan.document.model_copy(update={"reviewed": None}), "it") == ""
    report = render_report(plan)
    assert report.count('data-effect="forbidden"') == len(LANGUAGES)
    assert "<img src=x" not in report
    write_quarter_pages(plan, tmp_path)
    shown = {path.name[:2] for path in (tmp_path / FOLDER).iterdir() if 'data-effect="forbidden"' in path.read_text("utf-8")}
    assert shown == {"06"}


def _toy(values: list[float], wishes: Wishes) -> tuple[Any, Any, dict[frozenset[int], float]]:
    """Return a question and a solver over all pairs of sites, each pair with a value of its own."""
    pairs = {frozenset(pair): value for pair, value in zip(combinations(range(6), 2), values, strict=True)}

    def solve(asked: Any) -> Any:
        kept = [pair for pair in pairs if all(_holds(group, pair) for group in asked.rules.groups)]
        if not kept:
            raise InfeasibleError("none")
        best = max(kept, key=lambda pair: pairs[pair])
        return SimpleNamespace(selected=tuple(f"S{n}" for n in sorted(best)), objective=pairs[best])

    scenario = SimpleNamespace(choose=SimpleNamespace(objective="max_coverage"))
    return _Asked(scenario, wishes), solve, pairs


@dataclass(frozen=True)
class _Asked:
    """What `with_wishes` reads of a question."""

    scenario: Any
    wishes: Wishes
    rules: Rules = NO_RULES


def _holds(group: Any, pair: frozenset[int]) -> bool:
    n = len({f"S{number}" for number in pair} & {*group.ids})
    return (group.at_least is None or n >= group.at_least) and (group.at_most is None or n <= group.at_most)


@given(
    st.lists(st.floats(0.5, 1.0), min_size=15, max_size=15, unique=True),
    st.sets(st.integers(0, 5), max_size=4),
    st.sets(st.integers(0, 5), max_size=4),
    st.sampled_from([0.0, 0.05, 0.3]),
)
def test_wishes_are_met_as_brute_force_meets_them(
    values: list[float], preferred: set[int], avoided: set[int], within: float
) -> None:
    avoided -= preferred
    wishes = Wishes(tuple(f"S{n}" for n in sorted(preferred)), tuple(f"S{n}" for n in sorted(avoided)), within)
    question, solve, pairs = _toy(values, wishes)
    best = solve(question)
    found = with_wishes(question, best, solve=solve)
    near = [pair for pair, value in pairs.items() if value >= best.objective * (1 - within) - 1e-9]
    order = sorted(near, key=lambda pair: (len(pair & avoided), -len(pair & preferred), -pairs[pair]))
    assert found.selected == tuple(f"S{n}" for n in sorted(order[0]))
    assert np.isclose(found.objective, pairs[order[0]])
