"""The page on a phone of 360 pixels: the map first, panel and switches as sheets over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from layers.plan import Plan
from maps.city_map import render_map
from tests.maps.finding import find

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 360, 740


@pytest.fixture
def page(tiny_plan: Plan, open_page: Callable[..., Any]) -> Any:
    return open_page(render_map(tiny_plan), width=WIDTH, height=HEIGHT, has_touch=True).page


def _require_no_sideways_scroll(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert page.evaluate("document.body.scrollWidth") <= WIDTH


def test_the_map_comes_first_and_nothing_scrolls_sideways(page: Any) -> None:
    _require_no_sideways_scroll(page)
    assert page.locator("#panel").is_hidden()
    assert page.locator("#map-controls").is_hidden()
    assert page.locator("#sentence").is_visible()
    frame = page.locator(".folium-map").bounding_box()
    assert frame["width"] == WIDTH
    assert frame["height"] > HEIGHT / 3


@pytest.mark.parametrize("sheet", ["panel", "map-controls"])
def test_a_sheet_opens_and_closes_by_tap(page: Any, sheet: str) -> None:
    opener = page.locator(f"[data-opens={sheet}]")
    opener.tap()
    assert page.locator(f"#{sheet}").is_visible()
    assert opener.get_attribute("aria-expanded") == "true"
    _require_no_sideways_scroll(page)
    page.locator(f"[data-closes={sheet}]").tap()
    assert page.locator(f"#{sheet}").is_hidden()
    assert opener.get_attribute("aria-expanded") == "false"


def test_a_sheet_opens_and_closes_by_keyboard(page: Any) -> None:
    page.focus("[data-opens=panel]")
    page.keyboard.press("Enter")
    assert page.locator("#panel").is_visible()
    assert page.evaluate("document.activeElement.id") == "panel"
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()


def test_only_one_sheet_is_open(page: Any) -> None:
    page.tap("[data-opens=panel]")
    page.tap("[data-opens=map-controls]")
    assert page.locator("#panel").is_hidden()
    assert page.locator("#map-controls").is_visible()


def test_the_table_is_wholly_reachable(page: Any) -> None:
    page.tap("[data-opens=panel]")
    widths = page.evaluate(
        "[...document.querySelectorAll('#figures .table-frame')].map((f) => [f.scrollWidth, getComputedStyle(f).overflowX])"
    )
    assert all(overflow == "auto" for _, overflow in widths)
    _require_no_sideways_scroll(page)


def test_a_tap_reads_the_cell(tiny_plan: Plan, page: Any) -> None:
    frame = page.locator(".folium-map").bounding_box()
    page.evaluate("diffusa.page.map().setZoom(17, { animate: false })")
    for role in ("existing", "compared", "proposed", "stations"):
        page.evaluate("id => { const i = document.getElementById(id); if (i.checked) i.click(); }", f"overlay-{role}")
    page.touchscreen.tap(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    page.locator("#card .facts").wait_for()
    assert page.inner_text("#card .id") in set(tiny_plan.cells["cell_id"])
    _require_no_sideways_scroll(page)
    page.tap("#card .close")
    assert page.locator("#card").is_hidden()


def test_a_quarter_is_seen_beside_its_card(page: Any) -> None:
    page.tap("[data-opens=map-controls]")
    find(page, "Quartiere 1")
    assert page.locator("#map-controls").is_hidden()
    _require_no_sideways_scroll(page)
    card = page.locator("#card").bounding_box()
    outline = page.locator(".leaflet-highlight-pane path").last.bounding_box()
    assert outline["y"] + outline["height"] <= card["y"] + 8


def test_controls_are_large_enough_for_a_finger(page: Any) -> None:
    page.tap("[data-opens=map-controls]")
    sizes = page.evaluate(
        """[...document.querySelectorAll("#map-controls :is(.choice, select, #search), .bar button, .languages button")]
            .filter((part) => part.offsetParent).map((part) => part.getBoundingClientRect().height)"""
    )
    assert min(sizes) >= 24  # WCAG 2.2, 2.5.8
