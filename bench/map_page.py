"""The map of a plan in a browser without a network: bytes, until it can be read, switching what it shows, zooming.

Beside the time on the clock stands what the page's own thread worked: on a busy machine only that tells of the page.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, sync_playwright

from bench.milano import CHECKOUT, DIFFUSA, find_milano, milano_pack
from bench.process import run_once
from maps.city_map import write_map
from tests.maps.made_plan import build_plan

RUNS = 5
SCENARIO = CHECKOUT / "scenarios" / "neet_reach_2023.toml"
LARGE_RADIUS_M = 14_700.0
"""Makes a city of 70,000 cells."""
# From the call to the second frame after it: what was drawn is then on the screen.
_TIMED = """async (act) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const run = new Function(act);
    await frame();
    const begun = performance.now();
    run();
    await frame();
    await frame();
    return performance.now() - begun;
}"""
_ALL_LAYERS = "diffusa.overlays.set([...diffusa.overlays.usual(), 'areas', 'served', 'lines', 'candidate', ...candidates])"
_CANDIDATES = "const candidates = Array.from({ length: 9 }, (_, index) => `candidate-${index}`);"


@dataclass(frozen=True)
class Taken:
    """Milliseconds on the clock, and those that the page's own thread worked."""

    wall_ms: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.wall_ms:.0f} ({self.cpu_ms:.0f})"


@dataclass(frozen=True)
class Reach:
    """What one page took: medians over the runs, of the slowest switch of the view, the slowest zoom, the slowest move."""

    megabytes: float
    n_cells: int
    ready: Taken
    switch: Taken
    zoom: Taken
    swipe: Taken


def bench_map_page() -> list[str]:
    """Return the rows of the table; says so where the real data or a browser is not there."""
    chromium = os.environ.get("DIFFUSA_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        return ["map pages: skipped, no Chromium is installed"]
    with sync_playwright() as playwright, _scratch() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        root = find_milano()
        rows = []
        if root is not None:
            rows.append(_row("real Milano, all layers on", "1.5 MB, 1,000, 100, 100", _milano(browser, root, folder)))
        large = folder / "large.html"
        write_map(build_plan(radius_m=LARGE_RADIUS_M, n_quarters=90, n_candidates=400), large)
        rows.append(_row("a city of 70,000 cells, all layers on", "2 MB, 1,200, –, –", measure_page(browser, large)))
        browser.close()
    return [
        f"Medians of {RUNS} openings from a file, headless Chromium, offline; ms on the clock (of the page's thread).",
        "",
        "| map | cells | MB | ready | slowest switch of the view | zoom | slider | reach: MB, ready, switch, zoom |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
    ]


@contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _milano(browser: Browser, root: Path, folder: Path) -> Reach:
    with milano_pack(root) as scratch:
        run_once([*DIFFUSA, "plan", str(SCENARIO), "--city", str(scratch / "pack"), "-o", str(folder / "plan"), "--quiet"])
    return measure_page(browser, folder / "plan" / "map.html")


def _row(name: str, aim: str, found: Reach) -> str:
    taken = " | ".join(map(str, (found.ready, found.switch, found.zoom, found.swipe)))
    return f"| {name} | {found.n_cells:,} | {found.megabytes:.2f} | {taken} | {aim} |"


def measure_page(browser: Browser, path: Path) -> Reach:
    """Return what a page takes: it is opened anew for each run, and every layer is on while views and zooms are switched."""
    runs = [_measure_once(browser, path) for _ in range(RUNS)]
    ready, switch, zoom, swipe = (_middle([run[position] for run in runs]) for position in range(4))
    return Reach(path.stat().st_size / 1e6, int(runs[0][4].wall_ms), ready=ready, switch=switch, zoom=zoom, swipe=swipe)


def _middle(found: Sequence[Taken]) -> Taken:
    return Taken(statistics.median(one.wall_ms for one in found), statistics.median(one.cpu_ms for one in found))


def _slowest(found: Sequence[Taken]) -> Taken:
    return max(found, key=lambda one: one.cpu_ms)


def _measure_once(browser: Browser, path: Path) -> tuple[Taken, Taken, Taken, Taken, Taken]:
    """Return ready, switch, zoom and move of the slider, and the number of cells in the place of a time."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    ready = Taken(float(page.evaluate("Number(document.documentElement.dataset.ready)")), _worked_ms(session))

    def time(act: str) -> Taken:
        before = _worked_ms(session)
        wall_ms = float(page.evaluate(_TIMED, act))
        return Taken(wall_ms, _worked_ms(session) - before)

    page.evaluate(f"{_CANDIDATES} {_ALL_LAYERS}")
    names = page.evaluate("Object.keys(diffusa.views.all)")
    switches = [time(f"diffusa.change(diffusa.controls.fitting({{ view: '{view}' }}))") for view in names]
    page.evaluate("diffusa.change({ view: 'minutes' })")
    zooms = [time(f"diffusa.page.map().setZoom({zoom}, {{ animate: false }})") for zoom in (12, 13, 14, 13, 12)]
    page.evaluate("diffusa.change({ swipe: 40 })")
    swipes = [time(f"diffusa.change({{ swipe: {share} }})") for share in (42, 50, 60)]
    n_cells = Taken(page.evaluate("diffusa.cells.n"), 0.0)
    context.close()
    if away := [url for url in asked if not url.startswith(("file:", "data:"))]:
        sys.exit(f"the page asked for {away[0]}")
    return ready, _slowest(switches), _slowest(zooms), _slowest(swipes), n_cells


def _worked_ms(session: CDPSession) -> float:
    """Return how long the thread of the page has worked since it was opened."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1e3 * next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")
