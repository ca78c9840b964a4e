"""The report in a real browser: figures, keys, narrow screens, paper, hostile names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from layers.plan import Plan, share_column
from layers.plan_folder import read_document, write_plan_files
from maps.i18n import LANGUAGES, format_number, format_percent
from maps.report.page import REPORT_NAME, write_report
from maps.safe import clean_text
from tests.maps.hostile import PAYLOADS, fill
from tests.maps.studied import studied

pytestmark = pytest.mark.browser


class Opened:
    """A report, and everything that went wrong on it."""

    def __init__(self, page: Page, asked: list[str], faults: list[str]) -> None:
        self.page, self.asked, self.faults = page, asked, faults

    def check_quiet(self) -> None:
        assert self.faults == []
        assert len([url for url in self.asked if not url.startswith("data:")]) == 1  # the page itself


@pytest.fixture(scope="module")
def plan(tiny_plan: Plan) -> Plan:
    return studied(tiny_plan)


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return what writes the report of a plan and opens it, offline."""
    contexts = []

    def opener(plan: Plan, *, width: int = 1280) -> Opened:
        write_report(plan, tmp_path / REPORT_NAME)
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
        contexts.append(context)
        page, asked, faults = context.new_page(), [], []  # type: ignore[var-annotated]
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.goto((tmp_path / REPORT_NAME).as_uri())
        return Opened(page, asked, faults)

    yield opener
    for context in contexts:
        context.close()


def test_figures_are_those_of_the_plan_in_both_languages(plan: Plan, show: Callable[..., Opened], tmp_path: Path) -> None:
    write_plan_files(plan, tmp_path)
    document = read_document(tmp_path)
    opened = show(plan)
    for language in LANGUAGES:
        main = opened.page.locator(f"main.in-{language}")
        for figure in document.figures:
            if figure.standard_min != document.standard_min:
                continue
            line = main.locator(f'.reach [data-variant="{figure.variant}"][data-group="{figure.group}"]')
            assert line.locator("b").text_content() == format_percent(figure.share, language=language)
            assert line.locator(".people").text_content() == format_number(figure.reached, language=language)
        for row in plan.nil.to_dict("records"):
            cells = main.locator(f'.quarters [data-nil="{row["nil"]}"] td').all_text_contents()
            assert format_percent(row[share_column("best", "youth_15_29")], language=language) in cells
        points = main.locator(".curves [data-value]")
        assert points.count() == len(document.curves[0].points)
    opened.check_quiet()


def test_bars_are_as_long_as_their_shares(plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(plan).page
    bar = page.locator('main.in-it .reach [data-variant="best"][data-group="unemployed"] .bar')
    whole, part = (bar.locator("rect").nth(n).bounding_box()["width"] for n in (0, 1))  # type: ignore[index]
    figure = plan.document.figure("best", "unemployed", standard_min=30.0)
    assert part / whole == pytest.approx(figure.share, abs=0.01)


def test_keys_reach_everything_and_sort_the_quarters(plan: Plan, show: Callable[..., Opened]) -> None:
    opened = show(plan)
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    stops = "main.in-it a, main.in-it button, main.in-it summary, main.in-it [tabindex]"
    wanted = page.locator(stops).count()
    reached = set()
    for _ in range(wanted + 3):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("where => [...document.querySelectorAll(where)].indexOf(document.activeElement)", stops))
    assert reached >= set(range(wanted))
    column = 6  # number, quarter, municipio, then people, before and after of the first group
    page.locator(f"main.in-it .quarters thead th:nth-child({column}) button").press("Enter")
    cells = page.locator(f"main.in-it .quarters tbody tr > :nth-child({column})").all()
    found = [float(cell.get_attribute("data-value")) for cell in cells]  # type: ignore[arg-type]
    assert found == sorted(plan.nil["share_best_unemployed"].round(4).tolist())
    opened.check_quiet()


def test_keys_switch_the_language_and_unfold_what_is_folded(plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(plan).page
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("main.in-en").is_visible()
    assert not page.locator("main.in-it").is_visible()
    digests = page.locator("main.in-en .digests code").first
    assert not digests.is_visible()
    page.locator("main.in-en .digests summary").press("Enter")
    assert digests.is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(plan: Plan, show: Callable[..., Opened], width: int) -> None:
    page = show(plan, width=width).page
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("main.in-it .to-en")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_has_no_controls(plan: Plan, show: Callable[..., Opened]) -> None:
    page = show(plan).page
    page.emulate_media(media="print")
    assert not page.locator("main.in-it .languages").is_visible()
    assert page.locator("main.in-it .city-map").first.is_visible()
    assert page.locator("main.in-it .curve").first.is_visible()


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_text_from_data_is_shown_and_does_nothing(plan: Plan, show: Callable[..., Opened], text: str) -> None:
    opened = show(fill(plan, text), width=360)
    page, clean = opened.page, " ".join(clean_text(text).split())
    sinks = {
        "title": ".in-it h1",
        "sentence": ".in-it .sentence",
        "situation": ".in-it .reach tbody th",
        "group": ".in-it .times tbody th",
        "goal": ".in-it .question dd",
        "site": ".in-it .places tbody bdi",
        "address": ".in-it .places .address",
        "municipio": ".in-it .districts tbody bdi",
        "quarter": ".in-it .quarters tbody th bdi",
        "worth": ".in-it .worth tbody th bdi",
        "reason": ".in-it .worth .why",
        "near": ".in-it .near .note",
        "curve": ".in-it .curve-places td bdi",
        "rule": ".in-it .rules b",
        "limit": ".in-it .limits li",
        "assumption": ".in-it .assumptions li",
        "source": ".in-it .sources td bdi",
        "licence": ".in-it .sources td:nth-child(4)",
        "input": ".in-it .digests th bdi",
        "digest": ".in-it .digests code",
    }
    shown = {sink: " ".join(page.locator(where).first.text_content().split()) for sink, where in sinks.items()}  # type: ignore[union-attr]
    assert shown == dict.fromkeys(shown, clean)
    label = page.locator(".in-it .city-map").first.get_attribute("aria-label")
    assert label is not None
    assert clean in " ".join(label.split())
    assert page.locator(".in-it .city-map .site title").first.text_content().split(". ", 1)[1].split() == clean.split()  # type: ignore[union-attr]
    assert page.evaluate("window.wasRun") is None
    assert page.evaluate("document.scripts.length") == 1
    assert page.locator("img, iframe, object, [onload], [onerror]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    opened.check_quiet()
