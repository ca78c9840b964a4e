"""What places are worth, near-equal plans and curves, as the panel of a map shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from layers.plan import Plan
from layers.plan_choice import CurveBrief, CurvePointBrief, NearPlanBrief, NearPlansBrief, SiteWorthBrief, SizeBrief
from layers.plan_text import Text
from maps.city_map import render_map

pytestmark = pytest.mark.browser


def studied(plan: Plan) -> Plan:
    """Return a plan with studies of its own sites."""
    new = [str(one) for one in plan.sites.loc[plan.sites["role"] == "proposed", "site_id"]]
    other = str(plan.sites.loc[plan.sites["role"] == "candidate", "site_id"].iloc[0])
    group = plan.document.groups[0].key
    late = Text(it="Il tempo è finito.", en="The time was over.")
    worths = [
        SiteWorthBrief(
            site_id=site_id,
            is_new=True,
            alone={group: 1234.4},
            loss=0.05 + rank / 100,
            replacement=(other,),
            replacement_loss=0.0004,
            is_proven=True,
        )
        for rank, site_id in enumerate(new)
    ]
    unknown = worths[0].model_copy(update={"loss": None, "replacement": None, "replacement_loss": None, "reasons": (late,)})
    best = NearPlanBrief(selected_new=tuple(new), objective=0.5, worse=0.0, is_proven=True)
    near = NearPlanBrief(selected_new=(*new[1:], other), objective=0.499, worse=0.002, is_proven=True)
    share = {**dict.fromkeys(new[1:], 1.0), new[0]: 0.5, other: 0.5}
    points = [
        CurvePointBrief(value=n, objective=n / 10, best_bound=n / 10, gap=0.0, status="optimal", reached={group: 1000.0 * n})
        for n in range(4)
    ]
    none = CurvePointBrief(value=9, objective=None, best_bound=None, gap=None, status="infeasible", reason=late)
    document = plan.document.model_copy(
        update={
            "worth": (unknown, *worths[1:]),
            "near": NearPlansBrief(within=0.01, plans=(best, near), is_complete=True, site_share=share),
            "curves": (CurveBrief(over="new", points=(*points, none)),),
        }
    )
    return replace(plan, document=document)


def test_the_panel_shows_what_places_are_worth_by_their_loss(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    plan = studied(tiny_plan)
    page = open_page(render_map(plan)).page
    page.click("#language-en")
    rows = page.locator("#worth tbody tr")
    losses = {one.site_id: one.loss or 0.0 for one in plan.document.worth}
    shown = rows.evaluate_all("rows => rows.map((row) => row.dataset.site)")
    assert shown == sorted(losses, key=lambda site_id: -losses[site_id])
    first = rows.first.inner_text()
    assert "1,234" in first
    assert f"{losses[shown[0]]:.1%}" in first
    assert "0.04%" in first
    assert "The time was over." in rows.last.inner_text()
    assert page.locator("#worth p").first.inner_text().startswith("Plans within 1.0% of the best: 2. In all of them: ")


def test_a_curve_is_drawn_and_told_in_a_table(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(studied(tiny_plan))).page
    page.click("#language-it")
    assert page.locator("#curves svg circle").count() == 4
    assert page.locator("#curves svg").get_attribute("aria-label") == "Obiettivo per nuove sedi: da 0,0% a 30,0%"
    page.locator("#curves summary").focus()
    page.keyboard.press("Enter")
    rows = page.locator("#curves tbody tr")
    assert rows.nth(3).locator("td").first.inner_text().strip() == "30,0%"
    assert "3.000" in rows.nth(3).inner_text()
    assert "Il tempo è finito." in rows.last.inner_text()
    heights = page.locator("#curves svg circle").evaluate_all("dots => dots.map((dot) => Number(dot.getAttribute('cy')))")
    assert heights == sorted(heights, reverse=True)


def test_the_size_of_a_place_is_told_in_the_panel(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    site_id = str(tiny_plan.sites.loc[tiny_plan.sites["role"] == "proposed", "site_id"].iloc[0])
    size = SizeBrief(key="large", name=Text(it="Grande", en="Large"), cost_eur=500_000, capacity_people=4000)
    sites = tiny_plan.sites.assign(size=tiny_plan.sites["site_id"].map({site_id: "large"}))
    plan = replace(tiny_plan, sites=sites, document=tiny_plan.document.model_copy(update={"sizes": (size,)}))
    page = open_page(render_map(plan)).page
    page.click("#language-it")
    assert page.locator("#proposed .size").all_inner_texts() == ["Taglia: Grande (500.000 euro, posto per 4.000 persone)"]


def test_without_studies_the_panel_has_no_empty_sections(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    assert page.locator("#worth-section").is_hidden()
    assert page.locator("#curves-section").is_hidden()
