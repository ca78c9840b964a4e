"""The page in a real browser: it opens from a file with no network, and says what the plan says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import folium
import pytest
from playwright.sync_api import Route

from layers.plan import Plan, PlanDocument
from maps.city_map import build_map, render_map
from maps.i18n import Language, format_number, format_percent, read_catalogue, translate
from maps.page import TILE_HOST

pytestmark = pytest.mark.browser

MAX_BYTES = 1_500_000
AIM_MS, LIMIT_MS = 1_000, 4_000  # the limit leaves room for a busy machine
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000000500010d0a2db4"
    "0000000049454e44ae426082"
)


def _shown_figures(page: Any) -> dict[tuple[str, str, str], list[str]]:
    read = """() => [...document.querySelectorAll("#figures td[data-variant]")].map((cell) => {
        const { variant, group, standard } = cell.dataset;
        return [variant, group, standard, ...[...cell.children].map((part) => part.textContent)];
    })"""
    return {(variant, group, standard): texts for variant, group, standard, *texts in page.evaluate(read)}


def _expected_figures(document: PlanDocument, language: Language) -> dict[tuple[str, str, str], list[str]]:
    expected = {}
    for figure in document.figures:
        texts = [format_percent(figure.share, language=language), format_number(figure.reached, language=language)]
        if figure.share_low is not None and figure.share_high is not None:
            low = format_number(100 * figure.share_low, language=language, digits=1)
            texts.append(f"{low}–{format_percent(figure.share_high, language=language)}")
        expected[figure.variant, figure.group, f"{figure.standard_min:g}"] = texts
    return expected


def test_page_opens_from_a_file_and_asks_for_nothing(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    opened = open_page(render_map(tiny_plan))
    assert opened.faults == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert sum(url.startswith("file:") for url in opened.requests) == 1


@pytest.mark.parametrize("language", ["it", "en"])
def test_every_figure_of_the_document_stands_in_the_table(
    tiny_plan: Plan, open_page: Callable[..., Any], language: Language
) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.click(f"#language-{language}")
    assert _shown_figures(page) == _expected_figures(tiny_plan.document, language)


def test_each_table_names_whom_its_shares_are_of(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    captions = page.locator("#figures caption").all_inner_texts()
    assert len(captions) == len(tiny_plan.document.groups)
    for caption, group in zip(captions, tiny_plan.document.groups, strict=True):
        assert format_number(group.total, language="it") in caption
        assert group.label.it in caption


def test_bars_say_the_shares_at_the_standard(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    document = tiny_plan.document
    expected = [
        format_percent(document.figure(variant.key, group.key, standard_min=document.standard_min).share, language="it")
        for group in document.groups
        for variant in document.variants
    ]
    assert page.locator("#bars .bar-row b").all_inner_texts() == expected


def test_texts_of_the_document_stand_in_the_panel(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    document = tiny_plan.document
    assert page.inner_text("#title") == document.title.it
    assert page.inner_text("#sentence") == document.sentence.it
    assert page.locator("#limits li").all_inner_texts() == [limit.it for limit in document.limits]
    assert page.locator("#assumptions li").all_inner_texts() == [text.it for text in document.assumptions]
    for shown, source in zip(page.locator("#sources li").all_inner_texts(), document.sources, strict=True):
        assert all(part in shown for part in (source.source, source.licence, source.attribution, source.date))
    owners = page.inner_text(".owners")
    assert all(source.attribution in owners for source in document.sources)


def test_language_changes_every_text_and_number(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.click("#language-en")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title() == f"{tiny_plan.document.title.en} – {tiny_plan.document.city.name}"
    shown = set(page.evaluate(_ALL_TEXTS))
    italian_only = set(read_catalogue().values()) - set(read_catalogue())
    assert shown & italian_only == set()
    labels = page.evaluate("[...document.querySelectorAll('[data-text-label]')].map((p) => p.getAttribute('aria-label'))")
    assert set(labels) & italian_only == set()


_ALL_TEXTS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (!node.parentElement.closest("script, bdi")) found.push(node.data.trim());
    }
    return found;
}"""


def test_sample_city_says_so_in_both_languages(make_plan: Callable[..., Plan], open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(make_plan(is_sample=True))).page
    assert page.inner_text("#banner").casefold() == "città di prova, dati non reali"
    page.click("#language-en")
    assert page.inner_text("#banner").casefold() == "sample city, not real data"


def test_real_city_has_no_banner(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    assert open_page(render_map(tiny_plan)).page.locator("#banner").is_hidden()


def test_policy_stops_scripts_and_fetches_that_are_not_the_page(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    stopped = page.evaluate(
        """async () => {
            const stopped = [];
            document.addEventListener("securitypolicyviolation", (event) => stopped.push(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.wasRun = true";
            document.body.append(script);
            const image = document.createElement("img");
            image.setAttribute("onerror", "window.wasRun = true");
            image.src = "https://example.org/a.png";
            document.body.append(image);
            await fetch("https://example.org/").catch(() => null);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return { stopped: [...new Set(stopped)].sort(), wasRun: window.wasRun === true };
        }"""
    )
    assert stopped["wasRun"] is False
    assert {"connect-src", "img-src", "script-src-elem", "script-src-attr"} <= set(stopped["stopped"])


def test_tiles_are_offered_only_where_the_page_is_served(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    opened = open_page(render_map(tiny_plan))
    assert opened.page.locator("#overlay-tiles").count() == 0
    page, asked = opened.page, []
    document = render_map(tiny_plan)
    page.route("http://plan.example/", lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8"))

    def tile(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=PIXEL, content_type="image/png")

    page.route(re.compile("^https://"), tile)
    page.goto("http://plan.example/")
    page.wait_for_selector("html[data-ready]")
    assert asked == []
    page.click("#overlay-tiles")
    page.wait_for_selector(".leaflet-tile-pane img.leaflet-tile-loaded")
    assert asked
    assert all(url.startswith(f"{TILE_HOST}/") for url in asked)
    assert "OpenStreetMap" in page.inner_text(".leaflet-control-attribution:not(.owners)")


def test_ordinary_folium_elements_can_be_added(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    city_map = build_map(tiny_plan)
    folium.Marker(city_map.location, tooltip="a marker").add_to(city_map)
    folium.CircleMarker(city_map.location, radius=40, tooltip="a circle").add_to(city_map)
    folium.GeoJson({"type": "Point", "coordinates": city_map.location[::-1]}).add_to(city_map)
    opened = open_page(city_map.get_root().render())
    assert opened.faults == []
    images = opened.page.evaluate("[...document.querySelectorAll('img.leaflet-marker-icon')].map((i) => i.naturalWidth)")
    assert images == [25, 25]


def test_twenty_thousand_cells_are_small_and_ready_soon(city_plan: Plan, open_page: Callable[..., Any]) -> None:
    document = render_map(city_plan)
    size = len(document.encode("utf-8"))
    page = open_page(document).page
    ready_ms = int(page.evaluate("document.documentElement.dataset.ready"))
    print(f"{len(city_plan.cells)} cells: {size / 1000:.0f} kB, ready after {ready_ms} ms (aim {AIM_MS} ms)")
    assert len(city_plan.cells) >= 19_000
    assert size <= MAX_BYTES
    assert ready_ms <= LIMIT_MS


def test_paper_has_the_figures_and_no_switches(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#map-controls").is_hidden()
    assert page.locator(".languages").is_hidden()
    assert page.locator("#key .shape").first.is_visible()
    assert page.locator("#sources li").last.is_visible()
    assert page.locator("#method").is_visible()
    tops = [page.locator(part).bounding_box()["y"] for part in (".head", ".folium-map", "#key", "#panel")]
    assert tops == sorted(tops)
    assert page.evaluate("document.getElementById('panel').scrollHeight <= document.getElementById('panel').clientHeight + 1")
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#map-controls").is_visible()
    assert page.locator("#method").is_hidden()


def test_reader_without_scripts_gets_title_and_sentence(tiny_plan: Plan) -> None:
    document = render_map(tiny_plan)
    noscript = document[document.index("<noscript>") : document.index("</noscript>")]
    assert tiny_plan.document.sentence.it in noscript
    assert translate("Results", language="it") not in noscript
