"""The map of a plan in a browser without a network: bytes, until it can be read, switching what it shows, zooming."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

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
class Reach:
    """What one page took; medians in milliseconds, and the slowest switch and zoom of any run."""

    megabytes: float
    n_cells: int
    ready_ms: float
    switch_ms: float
    slowest_switch: str
    zoom_ms: float
    swipe_ms: float


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
        f"Medians of {RUNS} openings from a file, 1,280 × 800, headless Chromium, offline; ms.",
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
    switch = f"{found.switch_ms:.0f} ({found.slowest_switch})"
    return (
        f"| {name} | {found.n_cells:,} | {found.megabytes:.2f} | {found.ready_ms:.0f} | {switch} | {found.zoom_ms:.0f} "
        f"| {found.swipe_ms:.0f} | {aim} |"
    )


def measure_page(browser: Browser, path: Path) -> Reach:
    """Return what a page takes: it is opened anew for each run, and every layer is on while views and zooms are switched."""
    runs = [_measure_once(browser, path) for _ in range(RUNS)]
    views = {view: statistics.median(run["views"][view] for run in runs) for view in runs[0]["views"]}  # type: ignore[index]
    slowest = max(views, key=lambda view: views[view])
    return Reach(
        megabytes=path.stat().st_size / 1e6,
        n_cells=int(runs[0]["cells"]),  # type: ignore[call-overload]
        ready_ms=statistics.median(float(run["ready"]) for run in runs),  # type: ignore[arg-type]
        switch_ms=views[slowest],
        slowest_switch=slowest,
        zoom_ms=statistics.median(float(run["zoom"]) for run in runs),  # type: ignore[arg-type]
        swipe_ms=statistics.median(float(run["swipe"]) for run in runs),  # type: ignore[arg-type]
    )


def _measure_once(browser: Browser, path: Path) -> dict[str, object]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    ready = float(page.evaluate("Number(document.documentElement.dataset.ready)"))
    page.evaluate(f"{_CANDIDATES} {_ALL_LAYERS}")
    names = page.evaluate("Object.keys(diffusa.views.all)")
    views = {view: _time(page, f"diffusa.change(diffusa.controls.fitting({{ view: '{view}' }}))") for view in names}
    page.evaluate("diffusa.change({ view: 'minutes' })")
    zooms = [_time(page, f"diffusa.page.map().setZoom({zoom}, {{ animate: false }})") for zoom in (12, 13, 14, 13, 12)]
    page.evaluate("diffusa.change({ swipe: 40 })")
    swipes = [_time(page, f"diffusa.change({{ swipe: {share} }})") for share in (42, 50, 60)]
    cells = page.evaluate("diffusa.cells.n")
    context.close()
    if away := [url for url in asked if not url.startswith(("file:", "data:"))]:
        sys.exit(f"the page asked for {away[0]}")
    return {"ready": ready, "views": views, "zoom": max(zooms), "swipe": max(swipes), "cells": cells}


def _time(page: Page, act: str) -> float:
    return float(page.evaluate(_TIMED, act))
