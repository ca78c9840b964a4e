"""Every page that a reader may open, in one place: how it is written, and what can be open on it.

Tests that must hold for all pages (accessibility, narrow screens, both languages) go through `PAGES`. A new page is one entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Page

from data.pack import CityPack
from diffusa.need import estimate_need, write_need
from diffusa.need_estimate import NeedQuestion
from layers.plan import Plan
from maps.accessibility import STATEMENT_NAME, statement_of, write_statement
from maps.city_map import write_map
from maps.i18n import Language
from maps.quarter_page import FOLDER, page_names, write_quarter_pages
from maps.report.page import REPORT_NAME, write_report
from maps.review.folder import write_review_folder
from tests.maps.studied import studied

PHONE, DESK = 360, 1280
Step = Callable[[Page], object]
NO_STEPS: Mapping[str, Step] = MappingProxyType({})


@dataclass(frozen=True)
class Sample:
    """What pages are written from."""

    plan: Plan
    pack: CityPack


@dataclass(frozen=True)
class ReaderPage:
    """A kind of page.

    Parameters
    ----------
    write
        Writes the page, and perhaps others, into a folder, and returns its path.
    states, on_desk, on_phone
        What can be open on it beside what it opens with, by name: at each width, on a wide screen alone, on a phone alone.
    language
        Switches the language as a reader does.
    """

    write: Callable[[Sample, Path], Path]
    states: Mapping[str, Step] = field(default_factory=lambda: NO_STEPS)
    on_desk: Mapping[str, Step] = field(default_factory=lambda: NO_STEPS)
    on_phone: Mapping[str, Step] = field(default_factory=lambda: NO_STEPS)
    language: Callable[[Page, Language], None] = field(default_factory=lambda: choose_input)

    def states_at(self, width: int) -> Mapping[str, Step]:
        """Return what can be open at a width."""
        return {**self.states, **(self.on_phone if width == PHONE else self.on_desk)}


def choose_input(page: Page, language: Language) -> None:
    """Switch the language of a page in which both languages stand, and inputs say which one is shown."""
    page.locator(f".to-{language}:visible").first.click()
    page.locator(f"main.in-{language}").wait_for()


def press_button(page: Page, language: Language) -> None:
    """Switch the language of the map."""
    page.click(f"#language-{language}")
    page.wait_for_function(f"document.documentElement.lang === '{language}'")


def choose_of_form(page: Page, language: Language) -> None:
    """Switch the language of a page with one form, whose texts stand in it twice."""
    page.click(f".to-{language}")
    page.wait_for_selector(f"html[lang={language}]")


def open_details(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")


def _map(sample: Sample, folder: Path) -> Path:
    write_map(sample.plan, folder / "map.html")
    return folder / "map.html"


def _quarter(sample: Sample, folder: Path) -> Path:
    write_quarter_pages(sample.plan, folder)
    return folder / FOLDER / page_names(sample.plan)[0]


def _index(sample: Sample, folder: Path) -> Path:
    return _quarter(sample, folder).with_name("index.html")


def _statement(sample: Sample, folder: Path) -> Path:
    write_statement(statement_of(sample.plan.document), folder)
    return folder / STATEMENT_NAME


def _need(sample: Sample, folder: Path) -> Path:
    asked = NeedQuestion(definition="inactive_not_student_2011", rate=0.09, n_draws=20, without=("tenants",))
    return write_need(estimate_need(asked, sample.pack), sample.pack, folder / "need")


def _review(sample: Sample, folder: Path) -> Path:
    write_review_folder(sample.plan, folder / "review", digest="0" * 64, language="it")
    return (folder / "review" / page_names(sample.plan)[0]).with_suffix(".html")


def _fill_review(page: Page) -> None:
    """Propose a place and try to save, so that the faults of all fields are told."""
    page.click("#add")
    page.locator("fieldset[data-site] textarea").first.fill("anna@example.org")
    page.click("#save")
    page.locator("#faults li").first.wait_for()


def _report(sample: Sample, folder: Path) -> Path:
    write_report(studied(sample.plan), folder / REPORT_NAME)
    return folder / REPORT_NAME


def _sort_report(page: Page) -> None:
    """Sort the table of quarters by its first column of shares."""
    page.locator("section.quarters thead button:visible").nth(4).click()


def _show_view(view: str) -> Step:
    return lambda page: page.evaluate(f"diffusa.change({{ view: '{view}' }})")


def _open_site(page: Page) -> None:
    page.evaluate("diffusa.sites.show(diffusa.plan.sites.find((site) => site.role === 'proposed'), diffusa.page.map())")
    page.locator(".popup").first.wait_for()


def _open_sheet(name: str) -> Step:
    return lambda page: page.click(f"[data-opens={name}]")


def _sort_table(page: Page) -> None:
    page.locator("thead button:visible").nth(2).click()


def _choose_place(page: Page) -> None:
    page.locator(".why-here select:visible").first.select_option(index=1)


PAGES: Mapping[str, ReaderPage] = MappingProxyType(
    {
        "map": ReaderPage(
            write=_map,
            states={
                "minutes": _show_view("minutes"),
                "quarters": _show_view("share"),
                "change": _show_view("change"),
                "a quarter": lambda page: page.evaluate("diffusa.card.open(diffusa.plan.quarters[0])"),
                "a site": _open_site,
            },
            on_desk={"folded parts": open_details},
            on_phone={
                "results": _open_sheet("panel"),
                "folded parts": open_details,
                "layers": _open_sheet("map-controls"),
            },
            language=press_button,
        ),
        "accessibility": ReaderPage(write=_statement),
        "quarter": ReaderPage(write=_quarter),
        "quarters": ReaderPage(
            write=_index, states={"sorted": lambda page: page.locator("thead button:visible").nth(2).click()}
        ),
        "report": ReaderPage(write=_report, states={"sorted": _sort_report, "folded parts": open_details}),
        "review": ReaderPage(write=_review, states={"faults": _fill_review}, language=choose_of_form),
        "need": ReaderPage(write=_need, states={"a place": _choose_place, "folded parts": open_details}),
    }
)
