"""The pages of quarters in a real browser: figures, keys, narrow screens, paper, hostile names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from layers.plan import Plan, SourceBrief, reached_column, share_column
from layers.plan_folder import read_document, write_plan_files
from layers.plan_text import Text
from maps.i18n import LANGUAGES, format_number, format_percent
from maps.quarter_page import FOLDER, page_names, write_quarter_pages
from maps.safe import clean_text

pytestmark = pytest.mark.browser

PAYLOADS = {
    "script": "</script><script>window.wasRun = true</script>",
    "image": '<img src=x onerror="window.wasRun = true">',
    "svg": "</title></text></svg><svg onload=window.wasRun=true>",
    "style": "</style><style>*{display:none}",
    "backticks": "`${window.wasRun = true}`",
    "backslashes": r"\1 \g<1> $& <\/script>",
    "quotes": "\"'><svg onload=window.wasRun=true>",
    "braces": "{n} {{ 7 * 7 }} {name} {__class__}",
    "right to left": "\u202egpj.exe\u2066 עברית",
    "emoji": "👩‍👩‍👧 🏫\u200d\ufe0f",
    "long": "x" * 5_000,
    "controls": "a\x00b\u2028c\x85<!--",
    "entities": "&lt;b&gt; &amp;",
}


class Opened:
    """A page, and everything that went wrong on it."""

    def __init__(self, page: Page, asked: list[str], faults: list[str]) -> None:
        self.page, self.asked, self.faults = page, asked, faults


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return what writes the pages of a plan and opens one of them, offline."""
    contexts = []

    def opener(plan: Plan, name: str = "", *, width: int = 1280) -> Opened:
        write_quarter_pages(plan, tmp_path)
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
        contexts.append(context)
        page, asked, faults = context.new_page(), [], []  # type: ignore[var-annotated]
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.goto((tmp_path / FOLDER / (name or page_names(plan)[0])).as_uri())
        return Opened(page, asked, faults)

    yield opener
    for context in contexts:
        context.close()


def check_quiet(opened: Opened) -> None:
    assert opened.faults == []
    assert len([url for url in opened.asked if not url.startswith("data:")]) == 1  # the page itself


def test_figures_are_those_of_the_plan_in_both_languages(tiny_plan: Plan, show: Callable[..., Opened], tmp_path: Path) -> None:
    write_plan_files(tiny_plan, tmp_path)
    document = read_document(tmp_path)
    for position, name in enumerate(page_names(tiny_plan)):
        opened = show(tiny_plan, name)
        row = tiny_plan.nil.iloc[position]
        for language in LANGUAGES:
            main = opened.page.locator(f"main.in-{language}")
            assert getattr(document.sentence, language) in main.locator("header").text_content()
            for group in document.groups:
                table = main.locator(f'.figures [data-group="{group.key}"]')
                total = format_number(float(row[group.key]), language=language)
                assert table.locator("caption").text_content() == f"{getattr(group.label, language)}, {group.year}: {total}"
                for variant in document.variants:
                    line = table.locator(f'[data-variant="{variant.key}"]')
                    share = float(row[share_column(variant.key, group.key)])
                    reached = float(row[reached_column(variant.key, group.key)])
                    assert line.locator("th").text_content() == getattr(variant.name, language)
                    assert line.locator("b").text_content() == format_percent(share, language=language)
                    assert line.locator(".people").text_content() == format_number(reached, language=language)
        check_quiet(opened)


def test_bars_are_as_long_as_their_shares(tiny_plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(tiny_plan).page
    bar = page.locator('main.in-it [data-group="unemployed"] [data-variant="best"] .bar')
    whole, part = (bar.locator("rect").nth(n).bounding_box()["width"] for n in (0, 1))
    assert part / whole == pytest.approx(float(tiny_plan.nil["share_best_unemployed"].iloc[0]), abs=0.01)


def test_keys_switch_the_language(tiny_plan: Plan, show: Callable[..., Opened]) -> None:
    opened = show(tiny_plan)
    page = opened.page
    assert page.locator("main.in-it").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("main.in-en").is_visible()
    assert not page.locator("main.in-it").is_visible()
    check_quiet(opened)


def test_keys_reach_every_link_and_table(tiny_plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(tiny_plan).page
    wanted = page.locator("main.in-it a, main.in-it [tabindex]").count()
    reached = set()
    for _ in range(wanted + 2):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "[...document.querySelectorAll('main.in-it a, main.in-it [tabindex]')].indexOf(document.activeElement)"
            )
        )
    assert reached >= set(range(wanted))


def test_the_pointer_switches_the_language_and_follows_links(tiny_plan: Plan, show: Callable[..., Opened]) -> None:
    opened = show(tiny_plan, "index.html")
    page = opened.page
    page.click("main.in-it .to-en")
    page.click("main.in-en tbody a >> nth=1")
    assert page.locator("main.in-it h1").text_content() == "Quartiere 2"
    page.click("main.in-it nav a >> nth=2")
    assert page.locator("main.in-it h1").text_content() == "Quartiere 1"
    assert opened.faults == []


def test_the_index_sorts_by_key_with_figures_of_few_last(make_plan: Callable[..., Plan], show: Callable[..., Opened]) -> None:
    plan = make_plan(n_quarters=6)
    nil = plan.nil.copy()
    nil.loc[2, "unemployed"] = 4.0
    opened = show(replace(plan, nil=nil), "index.html")
    page = opened.page
    shares = nil["share_best_unemployed"].round(3)
    column = 5  # number, quarter, then people, before and after of the first group
    for is_ascending, state in ((True, "ascending"), (False, "descending")):
        page.locator(f"main.in-it thead th:nth-child({column}) button").press("Enter")
        assert page.locator("main.in-it thead th[aria-sort]").get_attribute("aria-sort") == state
        expected = [*shares.drop(2).sort_values(ascending=is_ascending, kind="stable").tolist(), None]
        cells = page.locator(f"main.in-it tbody td:nth-child({column})").all()
        found = [cell.get_attribute("data-value") for cell in cells]
        assert [float(text) if text else None for text in found] == expected
    page.locator("main.in-it thead th:nth-child(2) button").press("Enter")
    names = page.locator("main.in-it tbody th").all_text_contents()
    assert names == sorted(names)
    check_quiet(opened)


@pytest.mark.parametrize("name", ["", "index.html"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(tiny_plan: Plan, show: Callable[..., Opened], name: str, width: int) -> None:
    page = show(tiny_plan, name, width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("main.in-it .to-en")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_has_lines_to_write_on_and_no_controls(tiny_plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(tiny_plan).page
    lines, switch = page.locator("main.in-it .lines"), page.locator("main.in-it .languages")
    assert (lines.is_visible(), switch.is_visible()) == (False, True)
    page.emulate_media(media="print")
    assert (lines.is_visible(), switch.is_visible()) == (True, False)
    assert page.locator("main.in-it .map").first.is_visible()


def test_maps_show_squares_and_sites_by_their_roles(tiny_plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(tiny_plan).page
    listed = page.locator("main.in-it .sites tbody tr")
    assert listed.count() > 0
    assert page.locator("#sites .site").count() == listed.count()
    titles = page.locator("#sites title").all_text_contents()
    names = [
        f"{row}. {name}"
        for row, name in enumerate(page.locator("main.in-it .sites tbody th > bdi:first-child").all_text_contents(), 1)
    ]
    assert sorted(titles) == sorted(names)
    assert page.locator("#change path").count() > 0
    assert page.locator("main.in-it .left-out .map").count() == len(tiny_plan.document.need)


def _fill(plan: Plan, text: str) -> Plan:
    """Return a plan with the text wherever a plan has text."""
    both = Text(it=text, en=text)
    document = plan.document
    filled = document.model_copy(
        update={
            "title": both,
            "sentence": both,
            "city": document.city.model_copy(update={"name": text}),
            "mode": text,
            "groups": tuple(group.model_copy(update={"label": both}) for group in document.groups),
            "variants": tuple(variant.model_copy(update={"name": both}) for variant in document.variants),
            "limits": (both,),
            "assumptions": (both,),
            "sources": (SourceBrief(layer=text, source=text, licence=text, attribution=text, date=text),),
        }
    )
    texts = ("name", "kind", "status", "owner", "address", "source", "site_id")
    return replace(plan, document=filled, sites=plan.sites.assign(**dict.fromkeys(texts, text)), nil=plan.nil.assign(name=text))


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
@pytest.mark.parametrize("name", ["", "index.html"])
def test_text_from_data_is_shown_and_does_nothing(tiny_plan: Plan, show: Callable[..., Opened], text: str, name: str) -> None:
    plan = _fill(tiny_plan, text)
    opened = show(plan, name, width=360)
    page, clean = opened.page, " ".join(clean_text(text).split())
    sinks: dict[str, Any] = {"sentence": ".in-it .sentence", "title": ".in-it header b"}
    if name:
        sinks["link"] = ".in-it tbody a bdi"
    else:
        sinks |= {
            "heading": ".in-it h1",
            "beside": ".in-it .beside bdi",
            "site": ".in-it .sites tbody bdi",
            "situation": ".in-it .figures tbody th",
            "limit": ".in-it section:nth-last-of-type(3) li",
            "source": ".in-it .sources bdi",
        }
    shown = {sink: " ".join(page.locator(where).first.text_content().split()) for sink, where in sinks.items()}
    assert shown == dict.fromkeys(shown, clean)
    assert page.evaluate("window.wasRun") is None
    assert page.evaluate("document.scripts.length") == (1 if name else 0)
    assert page.locator("img, iframe, object, [onload], [onerror]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_quiet(opened)
