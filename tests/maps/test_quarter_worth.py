"""What the page of a quarter says of places beside the others, of the need, and of how to answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from layers.plan import Plan
from maps.quarter_page import FOLDER, page_names, write_quarter_pages
from maps.quarter_worth import worth_text
from tests.maps.studied import studied, with_document
from tests.maps.test_quarter_page import modelled


@pytest.fixture(scope="module")
def plan(tiny_plan: Plan) -> Plan:
    return studied(tiny_plan)


def page_of(plan: Plan, folder: Path, row: int = 0) -> str:
    write_quarter_pages(plan, folder)
    return (folder / FOLDER / page_names(plan)[row]).read_text(encoding="utf-8")


def test_a_place_of_the_plan_says_what_is_lost_without_it(plan: Plan) -> None:
    new = plan.document.optima[0].selected_new
    assert (
        worth_text(plan, new[1], "en")
        == "without it the plan loses 5.0 points; in 100% of 2 plans found that are nearly as good"
    )
    assert (
        worth_text(plan, new[1], "it")
        == "senza di essa il piano perde 5,0 punti; nel 100% di 2 piani trovati quasi altrettanto buoni"
    )


def test_a_candidate_says_whom_it_would_replace_and_how_often_it_is_chosen(plan: Plan) -> None:
    spare = plan.sites.loc[plan.sites["role"] == "candidate", "site_id"]
    first = plan.sites.set_index("site_id")["name"][plan.document.optima[0].selected_new[0]]
    expected = f"the best replacement of {first}; in 50% of 2 plans found that are nearly as good"
    assert worth_text(plan, spare.iloc[0], "en") == expected
    assert worth_text(plan, spare.iloc[1], "en") == "in none of 2 plans found that are nearly as good"


def test_what_nobody_studied_is_not_said(tiny_plan: Plan, plan: Plan, tmp_path: Path) -> None:
    assert worth_text(tiny_plan, tiny_plan.sites["site_id"].iloc[0], "en") == "–"
    without = page_of(tiny_plan, tmp_path / ".")
    assert "What it is worth" not in without
    assert "What a place is worth beside the others is not worked out here." in without
    assert "the place, and how often it stands in plans" not in without
    with_it = page_of(plan, tmp_path)
    assert "What it is worth" in with_it
    assert "is not worked out here" not in with_it


def test_a_loss_that_is_not_known_gives_its_reason(plan: Plan) -> None:
    unknown = plan.document.worth[1].model_copy(update={"loss": None})
    changed = with_document(plan, worth=(unknown,), near=None)
    assert worth_text(changed, unknown.site_id, "en") == "why"


def test_every_listed_place_has_its_worth(plan: Plan, tmp_path: Path) -> None:
    page = page_of(plan, tmp_path)
    for site_id, text in re.findall(r'<tr data-site="(\w+)">.*?<td class="worth">(.*?)</td>', page):
        assert text in (worth_text(plan, site_id, "it"), worth_text(plan, site_id, "en"))
    assert page.count('<td class="worth">') == page.count("<tr data-site=") > 0


def test_how_a_counted_group_was_counted_is_said_with_its_weight(plan: Plan, tmp_path: Path) -> None:
    page = page_of(plan, tmp_path)
    group = plan.document.groups[0]
    assert "How the need was counted" in page
    assert f"Counted for 2011: {group.total:,.0f} in the whole city, 12 of them without a place on the map" in page
    assert "In the choice of places this group weighs 50%." in page


def test_an_estimated_group_and_a_counted_one_stand_side_by_side(plan: Plan, tmp_path: Path) -> None:
    page = page_of(modelled(plan), tmp_path)
    assert "How the need was estimated" in page
    assert "own definition" in page
    assert "Counted for 2011" in page


def test_the_page_names_its_review_sheet_and_leads_to_the_report(plan: Plan, tmp_path: Path) -> None:
    page = page_of(plan, tmp_path, 1)
    assert "review/02-quartiere-2.html opens in a browser, review/02-quartiere-2.xlsx in an office program" in page
    assert 'href="../report.html"' in page
