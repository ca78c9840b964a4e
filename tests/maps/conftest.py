"""A made-up city and its plan, of any size, and a browser that reaches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from layers.plan import Plan
from tests.maps.made_plan import build_plan


@pytest.fixture(scope="session")
def make_plan() -> Callable[..., Plan]:
    """Return the maker of plans."""
    return build_plan


@pytest.fixture(scope="session")
def tiny_plan() -> Plan:
    """Return a plan of some hundred cells; tests do not change it."""
    return build_plan()


@pytest.fixture(scope="session")
def city_plan() -> Plan:
    """Return a plan of about 20,000 cells and 80 quarters."""
    return build_plan(radius_m=7_850, n_quarters=80, n_candidates=300)


class OpenedPage:
    """A page opened from its file, and everything that went wrong on it."""

    def __init__(self, page: Page, requests: list[str], faults: list[str]) -> None:
        self.page = page
        self.requests = requests
        self.faults = faults


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., OpenedPage]]:
    """Return what opens a document from a file, offline, and gathers console errors, page errors and requests."""
    contexts = []

    def opener(document: str, *, width: int = 1280, height: int = 800, has_touch: bool = False) -> OpenedPage:
        path = tmp_path / f"map{len(contexts)}.html"
        path.write_bytes(document.encode("utf-8"))
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, has_touch=has_touch)
        contexts.append(context)
        page = context.new_page()
        requests: list[str] = []
        faults: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", timeout=20_000)
        return OpenedPage(page, requests, faults)

    yield opener
    for context in contexts:
        context.close()
