"""The slider between two situations, the search, and the address of what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from layers.plan import Plan
from maps.city_map import render_map
from tests.maps.finding import find

pytestmark = pytest.mark.browser

STATE = "() => ({ ...diffusa.state })"
ADDRESS = "() => new Promise((resolve) => setTimeout(() => resolve(location.hash), 400))"


@pytest.fixture
def page(tiny_plan: Plan, open_page: Callable[..., Any]) -> Any:
    return open_page(render_map(tiny_plan)).page


def _cut(page: Any, pane: str) -> str:
    return str(page.evaluate("pane => diffusa.page.map().getPane(pane).style.clip", pane))


def _swipe(page: Any) -> None:
    page.click("label[for=view-minutes]")
    page.focus("#with-swipe")
    page.keyboard.press("Space")


def test_the_slider_paints_both_situations_from_the_same_data(page: Any) -> None:
    before = page.evaluate("document.getElementById('plan-data').textContent.length")
    _swipe(page)
    assert page.locator(".leaflet-cells-left-pane canvas").count() > 0
    assert page.evaluate("document.getElementById('plan-data').textContent.length") == before
    assert _cut(page, "cells")
    assert _cut(page, "cells") != _cut(page, "cells-left")
    assert page.inner_text(".swipe-left") == "oggi"
    assert page.inner_text(".swipe-right") == "piano migliore"
    page.keyboard.press("Space")
    assert page.locator(".leaflet-cells-left-pane canvas").count() == 0
    assert _cut(page, "cells") == ""
    assert page.locator(".swipe").is_hidden()


def test_the_slider_moves_by_keyboard_and_says_where_it_is(page: Any) -> None:
    _swipe(page)
    page.focus("#swipe")
    center = page.evaluate("diffusa.page.map().getCenter().lng")
    cut = _cut(page, "cells")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(STATE)["swipe"] == 41
    assert _cut(page, "cells") != cut
    assert page.evaluate("diffusa.page.map().getCenter().lng") == center
    assert "oggi" in page.get_attribute("#swipe", "aria-label")
    assert page.get_attribute("#swipe", "aria-valuetext").startswith("41")
    page.keyboard.press("End")
    assert page.evaluate(STATE)["swipe"] == 100


def test_each_side_reads_its_own_situation(tiny_plan: Plan, page: Any) -> None:
    _swipe(page)
    read = """() => {
        const map = diffusa.page.map();
        return [0.3, 0.5].map((share) => diffusa.swipe.variantAt(map.containerPointToLatLng([map.getSize().x * share, 200])));
    }"""
    assert page.evaluate(read) == ["before", "best"]
    page.select_option("#against", "1")
    assert page.evaluate(read) == ["decided", "best"]
    assert page.inner_text(".swipe-left") == "già deciso"
    assert "già deciso" in page.inner_text("#key-note")


def test_places_are_open_by_the_side_on_which_they_stand(page: Any) -> None:
    _swipe(page)
    page.evaluate("diffusa.change({ swipe: 0 })")
    assert page.locator(".site.is-not-open .symbol-proposed").count() == 0
    page.evaluate("diffusa.change({ swipe: 100 })")
    assert page.locator(".site.is-not-open .symbol-proposed").count() == 4


def test_the_slider_is_offered_only_where_it_changes_something(page: Any) -> None:
    for view, is_there in (("change", False), ("reached", True), ("minutes", True), ("people", False), ("share", False)):
        page.click(f"label[for=view-{view}]")
        assert page.locator("#swipe-field").is_visible() == is_there


def test_search_finds_quarters_places_districts_and_stations(tiny_plan: Plan, page: Any) -> None:
    find(page, "quartiere 2")
    assert page.inner_text("#card-title") == "Quartiere 2"
    find(page, "duomo")
    assert page.inner_text(".reading-tip") == "Duomo"
    site = tiny_plan.sites[tiny_plan.sites["role"] == "proposed"].iloc[1]
    find(page, site["address"])  # an address finds its place
    assert page.inner_text(".leaflet-popup-content h3") == site["name"]
    zoom = page.evaluate("diffusa.page.map().getZoom()")
    find(page, "municipio 1")
    assert page.evaluate("diffusa.page.map().getZoom()") != zoom


def test_the_list_of_the_search_works_by_keyboard(page: Any) -> None:
    page.focus("#search")
    page.keyboard.type("QUÀRTIERE")  # capitals and accents do not matter
    options = page.locator("#search-list [role=option]")
    assert options.count() == 4
    assert page.get_attribute("#search", "aria-expanded") == "true"
    assert page.text_content("#search-said") == "4 trovati"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = page.get_attribute("#search", "aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert page.locator("#search-list [aria-selected=true]").count() == 1
    wanted = page.locator(f"#{active} bdi").inner_text()
    page.keyboard.press("Enter")
    assert page.inner_text("#card-title") == wanted
    assert page.locator("#search-list").is_hidden()


def test_a_search_without_a_find_says_so_and_escape_leaves(page: Any) -> None:
    page.focus("#search")
    page.keyboard.type("zzz")
    assert page.inner_text("#search-said") == "nessun risultato"
    assert page.get_attribute("#search", "aria-expanded") == "false"
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""


def test_the_empty_search_lists_everything(tiny_plan: Plan, page: Any) -> None:
    page.focus("#search")
    page.keyboard.press("ArrowDown")
    n = len(tiny_plan.nil) + len(tiny_plan.districts) + len(tiny_plan.sites) + len(tiny_plan.stations)
    assert page.locator("#search-list [role=option]").count() == n
    page.keyboard.press("Escape")
    assert page.locator("#search-list").is_hidden()


def test_an_address_brings_back_what_was_shown(page: Any) -> None:
    assert page.evaluate("location.hash") == ""  # a page that is only read keeps its plain address
    page.click("label[for=view-minutes]")
    page.click("label[for=variant-1]")
    page.check("#overlay-areas")
    page.uncheck("#overlay-labels")
    page.click("label[for=with-swipe]")
    page.click("#language-en")
    page.evaluate("diffusa.page.map().setView([45.47, 9.2], 14.5, { animate: false })")
    address = page.evaluate(ADDRESS)
    wanted = page.evaluate(STATE)
    view = "((map) => [map.getZoom(), map.getCenter().lat.toFixed(4), map.getCenter().lng.toFixed(4)])(diffusa.page.map())"
    place, layers = page.evaluate(view), page.evaluate("diffusa.overlays.state()")
    page.goto(page.url.split("#")[0] + "?again" + address)
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(STATE) == wanted
    assert page.evaluate(view) == place
    assert page.evaluate("diffusa.overlays.state()") == layers
    assert "areas" in layers
    assert page.inner_text("#title") == "Four new job centres"


@pytest.mark.parametrize("key", ["quarter", "site"])
def test_an_address_opens_a_quarter_or_a_place(tiny_plan: Plan, page: Any, key: str) -> None:
    site = tiny_plan.sites[tiny_plan.sites["role"] == "proposed"].iloc[0]
    value, name = ("2", "Quartiere 2") if key == "quarter" else (site["site_id"], site["name"])
    page.evaluate("address => { location.hash = address; }", f"{key}={value}")
    shown = "#card-title" if key == "quarter" else ".leaflet-popup-content h3"
    page.wait_for_selector(shown)
    assert page.inner_text(shown) == name
    assert f"{key}={value}" in page.evaluate(ADDRESS)


@pytest.mark.parametrize(
    "address",
    [
        "view=__proto__&variant=constructor&lens=x&group=toString&language=<script>&swipe=NaN&on=%00,</script>",
        "map=Infinity/1e999/x&view=minutes&quarter=-1&site=`${1}`",
        "map=99/200/400",
        "&&&===%%%",
        "view=change&variant=before",
    ],
)
def test_an_address_that_makes_no_sense_does_no_harm(tiny_plan: Plan, open_page: Callable[..., Any], address: str) -> None:
    opened = open_page(render_map(tiny_plan))
    page = opened.page
    page.evaluate("address => { location.hash = address; }", address)
    page.wait_for_timeout(400)
    state = page.evaluate(STATE)
    assert state["view"] in ("change", "minutes")
    assert state["variant"] == "best"
    assert state["swipe"] is None
    assert state["language"] == "it"
    assert page.locator("#card").is_hidden()
    assert page.evaluate("document.scripts.length") == 4
    assert opened.faults == []
