"""Every page against the rules of WCAG 2.1 A and AA that a machine can check (axe-core), and what axe leaves undecided.

EN 301 549 asks for these criteria of the pages of public bodies; a person must still look at what no machine can see, see
`maps.accessibility`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from data.pack import CityPack
from layers.plan import Plan
from maps.i18n import LANGUAGES, Language
from tests.maps.all_pages import DESK, PAGES, PHONE, ReaderPage, Sample

pytestmark = pytest.mark.browser

_OPENED = "as it opens"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MIN_CONTRAST, MIN_CONTRAST_LARGE = 4.5, 3.0  # WCAG 2.1, 1.4.3
CONTRASTS = Path(__file__).with_name("contrasts.js").read_text(encoding="utf-8")
# WCAG 2.1, 1.4.12: a reader may set these, and nothing may be lost.
SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }
"""


@pytest.fixture(scope="module")
def written(tiny_plan: Plan, sample_pack: CityPack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return every page, written once."""
    folder = tmp_path_factory.mktemp("pages")
    return {name: one.write(Sample(tiny_plan, sample_pack), folder) for name, one in PAGES.items()}


@pytest.fixture
def show(browser: Browser, written: dict[str, Path]) -> Iterator[Callable[..., Page]]:
    """Return what opens a page by its name, offline, without motion."""
    contexts = []

    def opener(name: str, *, width: int) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.goto(written[name].as_uri())
        if name == "map":
            page.wait_for_selector("html[data-ready]", timeout=20_000)
        return page

    yield opener
    for context in contexts:
        context.close()


def _violations(page: Page, *, with_contrast: bool = True) -> list[str]:
    """Return what axe finds; its own look at contrasts takes most of its time."""
    options = {"runOnly": RULES, "resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": with_contrast}}}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def _faint(page: Page) -> list[dict[str, Any]]:
    """Return texts whose contrast is too low; also those of which axe cannot tell the background."""
    texts = page.evaluate(CONTRASTS)
    assert texts
    return [one for one in texts if one["contrast"] < (MIN_CONTRAST_LARGE if one["isLarge"] else MIN_CONTRAST)]


def _each_state(page: Page, one: ReaderPage, width: int, language: Language) -> Iterator[str]:
    """Go through everything that can be open on a page."""
    one.language(page, language)
    yield _OPENED
    for name, step in one.states_at(width).items():
        step(page)
        yield name


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_a_rule_in_any_state(show: Callable[..., Page], name: str, width: int) -> None:
    page, wrong = show(name, width=width), {}
    for language in LANGUAGES:
        for state in _each_state(page, PAGES[name], width, language):
            found = [*_violations(page, with_contrast=state == _OPENED), *map(str, _faint(page))]
            if found:
                wrong[language, state] = found
    assert wrong == {}


def test_planted_faults_are_found(show: Callable[..., Page]) -> None:
    page = show("quarter", width=DESK)
    page.evaluate("document.body.prepend(Object.assign(document.createElement('button'), { type: 'button' }))")
    page.evaluate(
        """document.querySelector('main:not([hidden])').parentElement.prepend(
            Object.assign(document.createElement('p'), { textContent: 'faint', style: 'color: #aaa; background: #fff' }))"""
    )
    assert any(line.startswith("button-name") for line in _violations(page))
    assert [one["text"] for one in _faint(page)] == ["faint"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_flows_at_320_pixels(show: Callable[..., Page], name: str) -> None:
    page = show(name, width=320)  # WCAG 2.1, 1.4.10: also what a screen of 1280 pixels shows at 400 %
    for styles in ("p {}", SPACED):
        page.add_style_tag(content=styles)
        for language in LANGUAGES:
            PAGES[name].language(page, language)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_its_language_and_title(show: Callable[..., Page], name: str) -> None:
    page = show(name, width=DESK)
    for language in LANGUAGES:
        PAGES[name].language(page, language)
        assert page.title().strip()
        shown = page.locator("main:visible").first
        said = shown.evaluate("(element) => element.closest('[lang]').lang")
        assert said == language
