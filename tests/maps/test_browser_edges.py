"""Plans at the edge: one cell, nothing compared, layers without rows, sites without a quarter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from layers.plan import Plan
from maps.city_map import render_map

pytestmark = pytest.mark.browser


def test_one_cell_is_drawn(make_plan: Callable[..., Plan], open_page: Callable[..., Any]) -> None:
    plan = make_plan(radius_m=20, n_quarters=1)
    alone = plan.cells.iloc[[0]]
    served = plan.allocation[plan.allocation["cell_id"].isin(alone["cell_id"])]
    opened = open_page(render_map(replace(plan, cells=alone, allocation=served)))
    assert opened.faults == []
    assert opened.page.evaluate("diffusa.cells.n") == 1
    corners = opened.page.evaluate("diffusa.cells.corners(0).map((corner) => [corner.lng, corner.lat])")
    expected = plan.cells.to_crs(4326).geometry.iloc[0].exterior.coords
    for lon, lat in corners:
        assert min(abs(lon - x) + abs(lat - y) for x, y in expected) < 1e-7


def test_a_plan_that_compares_nothing_shows_before_and_after(
    make_plan: Callable[..., Plan], open_page: Callable[..., Any]
) -> None:
    opened = open_page(render_map(make_plan(variants=("before", "best"))))
    assert opened.faults == []
    assert opened.page.locator("#figures thead").first.locator("th").count() == 2


def test_a_plan_with_one_situation_has_no_change_to_show(make_plan: Callable[..., Plan], open_page: Callable[..., Any]) -> None:
    plan = make_plan(variants=("before",))
    plan = replace(plan, document=plan.document.model_copy(update={"optima": ()}))
    opened = open_page(render_map(plan))
    assert opened.faults == []
    assert opened.page.locator("#views .choice").count() == 7
    assert opened.page.evaluate("diffusa.state.view") == "minutes"
    assert opened.page.locator("#variant-field").is_hidden()


@pytest.mark.parametrize("layer", ["districts", "stations", "lines", "areas", "allocation", "sites"])
def test_a_layer_without_rows_leaves_no_switch(tiny_plan: Plan, open_page: Callable[..., Any], layer: str) -> None:
    resting = ("areas", "allocation", "sites") if layer == "sites" else (layer,)  # without sites nobody is served
    opened = open_page(render_map(replace(tiny_plan, **{name: getattr(tiny_plan, name).iloc[:0] for name in resting})))
    assert opened.faults == []
    switches = {"allocation": "served", "sites": "proposed"}
    assert opened.page.locator(f"#overlay-{switches.get(layer, layer)}").count() == 0
    assert opened.page.locator("#overlay-quarters").count() == 1
    assert opened.page.locator("#proposed-section").is_hidden() == (layer == "sites")


def test_without_districts_quarters_carry_the_names(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(replace(tiny_plan, districts=tiny_plan.districts.iloc[:0]))).page
    assert page.locator(".label-quarter").count() > 0


def test_a_site_outside_every_quarter_has_its_popup(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    plan = replace(tiny_plan, sites=tiny_plan.sites.assign(nil=None))
    opened = open_page(render_map(plan))
    opened.page.locator("#proposed .place").first.click()
    assert "Quartiere" not in opened.page.inner_text(".leaflet-popup-content")
    assert opened.faults == []


def test_nothing_open_before_is_no_reach_and_no_fault(make_plan: Callable[..., Plan], open_page: Callable[..., Any]) -> None:
    plan = make_plan()
    minutes = plan.cells.assign(minutes_before=float("nan"))
    opened = open_page(render_map(replace(plan, cells=minutes)))
    assert opened.faults == []
    codes = opened.page.evaluate("[...new Set(diffusa.cells.change('best'))].sort()")
    assert set(codes) <= {0, 2}


def test_a_plan_cut_short_says_that_a_better_one_may_exist(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    cut = tiny_plan.document.optima[0].model_copy(update={"status": "feasible", "gap": 0.0125, "best_bound": 0.51})
    plan = replace(tiny_plan, document=tiny_plan.document.model_copy(update={"optima": (cut,)}))
    page = open_page(render_map(plan)).page
    assert "1,25%" in page.text_content("#method")
    assert "può esisterne una migliore" in page.text_content("#method")


def test_each_standard_with_its_own_choice_has_a_column(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    document = tiny_plan.document
    own = [
        document.optima[0].model_copy(
            update={
                "standard_min": standard,
                "figures": tuple(
                    figure.model_copy(update={"reached": 1.0, "share": 0.123})
                    for figure in document.figures
                    if (figure.variant, figure.standard_min) == ("best", standard)
                ),
            }
        )
        for standard in document.standards_min
    ]
    plan = replace(tiny_plan, document=document.model_copy(update={"optima": tuple(own)}))
    page = open_page(render_map(plan)).page
    assert page.locator("#figures td[data-variant=alone] b").all_inner_texts() == ["12,3%"] * 6
