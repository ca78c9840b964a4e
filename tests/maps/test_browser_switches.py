"""The switches of the page, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from layers.plan import Plan
from maps.city_map import render_map
from maps.i18n import translate
from tests.maps.finding import find

pytestmark = pytest.mark.browser

VIEWS = ("change", "reached", "minutes", "need", "people", "share", "districts", "none")
DRAWN_VIEWS = VIEWS[:5]
# A digest of all that the cells' canvases show.
DRAWN = """() => {
    let sum = 0;
    for (const canvas of document.querySelectorAll(".leaflet-cells-pane canvas")) {
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 0; i < data.length; i += 17) sum = (sum * 31 + data[i]) % 1000000007;
    }
    return sum;
}"""
STATE = "() => ({ ...diffusa.state })"


@pytest.fixture
def page(tiny_plan: Plan, open_page: Callable[..., Any]) -> Any:
    return open_page(render_map(tiny_plan)).page


def test_each_view_has_its_own_legend_and_colours(page: Any) -> None:
    legends, drawings = set(), set()
    for view in VIEWS:
        page.click(f"label[for=view-{view}]")
        assert page.evaluate(STATE)["view"] == view
        legends.add(page.inner_text("#key"))
        if view in DRAWN_VIEWS:
            page.wait_for_timeout(100)
            drawings.add(page.evaluate(DRAWN))
    assert len(legends) == len(VIEWS)
    assert len(drawings) == len(DRAWN_VIEWS)


def test_arrow_keys_choose_the_view(page: Any) -> None:
    page.focus("#view-change")
    before = page.evaluate(DRAWN)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(STATE)["view"] == "reached"
    assert page.inner_text("#key-title") == translate(
        "Reached within {n} minutes: “{variant}”", language="it", variant="piano migliore", n=30
    )
    page.wait_for_timeout(100)
    assert page.evaluate(DRAWN) != before


def test_arrow_keys_choose_the_situation(page: Any) -> None:
    page.click("label[for=view-minutes]")
    before = page.evaluate(DRAWN)
    page.focus("#variant-2")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(STATE)["variant"] == "decided"
    assert "già deciso" in page.inner_text("#key-title")
    page.wait_for_timeout(100)
    assert page.evaluate(DRAWN) != before


def test_change_is_never_against_itself(page: Any) -> None:
    assert page.locator("label[for=variant-0]").is_hidden()
    page.click("label[for=view-minutes]")
    page.click("label[for=variant-0]")
    page.click("label[for=view-change]")
    assert page.evaluate(STATE)["variant"] == "best"


def test_group_changes_the_people_and_the_shares(page: Any) -> None:
    page.click("label[for=view-people]")
    before = page.evaluate(DRAWN)
    page.select_option("#group", "1")
    assert "giovani di 15-29 anni" in page.inner_text("#key-title")
    page.wait_for_timeout(100)
    assert page.evaluate(DRAWN) != before
    page.click("label[for=view-share]")
    assert "giovani di 15-29 anni" in page.inner_text("#key-title")


def test_language_by_keyboard_keeps_the_focus(page: Any) -> None:
    page.focus("#language-en")
    page.keyboard.press("Enter")
    assert page.inner_text("#title") == "Four new job centres"
    assert page.evaluate("document.activeElement.id") == "language-en"
    assert page.get_attribute("#language-en", "aria-pressed") == "true"
    assert page.get_attribute("#language-it", "aria-pressed") == "false"


def test_overlays_come_and_go_by_keyboard(page: Any) -> None:
    assert page.locator(".leaflet-candidates-pane path").count() == 0
    page.focus("#overlay-candidate")
    page.keyboard.press("Space")
    assert page.locator(".leaflet-candidates-pane path").count() == 6
    page.focus("#overlay-proposed")
    page.keyboard.press("Space")
    assert page.locator(".site .symbol-proposed").count() == 0
    page.focus("#overlay-labels")
    page.keyboard.press("Space")
    assert page.locator(".label").count() == 0


def test_quarters_stay_when_they_carry_the_colours(page: Any) -> None:
    page.click("label[for=overlay-quarters]")
    assert page.locator(".leaflet-quarters-pane path").count() == 0
    page.click("label[for=view-share]")
    assert page.locator(".leaflet-quarters-pane path").count() > 0


def test_tab_reaches_every_control_with_a_visible_focus(page: Any) -> None:
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, summary")]
            .filter((part) => part.offsetParent && !(part.type === "radio" && !part.checked)).length"""
    )
    reached, unseen = set(), []
    page.evaluate(
        "document.querySelectorAll('button, select, input, summary').forEach((p, i) => (p.dataset.position = String(i)))"
    )
    for _ in range(120):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if found is None:
            break
        if found["position"] is not None:
            reached.add(found["position"])
        if not found["isSeen"]:
            unseen.append(found["name"])
    assert unseen == []
    assert len(reached) >= wanted


_FOCUSED = """() => {
    const part = document.activeElement;
    if (!part || part === document.body) return null;
    const holder = part.closest(".segments .choice") ?? part;
    const style = getComputedStyle(holder);
    const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return { position: part.dataset.position ?? null, isSeen, name: part.id || part.getAttribute('class') || part.tagName };
}"""


def test_text_is_readable_against_its_ground(page: Any) -> None:
    find(page, "Quartiere 1")
    poor = page.evaluate(_POOR_CONTRAST)
    assert poor == []


# Every visible text outside of the map's own drawing, against the nearest opaque ground behind it: WCAG 2.2, 1.4.3.
_POOR_CONTRAST = """() => {
    const light = (part) => { const s = part / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; };
    const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
    const read = (color) => color.match(/[\\d.]+/g).map(Number);
    const ground = (part) => {
        for (let at = part; at; at = at.parentElement) {
            const color = read(getComputedStyle(at).backgroundColor);
            if (color.length < 4 || color[3] > 0.8) return color;
        }
        return [255, 255, 255];
    };
    const poor = [];
    for (const part of document.querySelectorAll("body *")) {
        const hasText = [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!hasText || !part.offsetParent || part.closest(".label, script, noscript, :disabled")) continue;
        const [a, b] = [luminance(read(getComputedStyle(part).color)), luminance(ground(part))].sort((x, y) => y - x);
        if ((a + 0.05) / (b + 0.05) < 4.5) poor.push([part.className, part.textContent.slice(0, 30)]);
    }
    return poor;
}"""
