"""The sheets that quarters fill: the workbook, read back by another program, and the page in a real browser."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from playwright.sync_api import Browser, Page
from pyproj import Transformer

from data.errors import FileError
from data.files import digest_file
from diffusa.review_read import read_reviews
from layers.plan import Plan
from layers.plan_folder import DOCUMENT, write_plan_files
from layers.plan_text import Text
from maps.quarter_map import draw_city, window_of
from maps.review.folder import LIST_NAME, write_review_folder
from maps.review.grid import build_tabs, tab_name
from maps.review.page import render_review_page
from maps.review.point_fit import PointFit, fit_points
from maps.review.sheet import Sheet, build_sheets
from maps.review.workbook import write_review_workbook
from maps.safe import clean_text

PAYLOADS = {
    "formula": "=HYPERLINK(\"http://x\",\"y\")",
    "plus": "+SUM(A1)",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "tab": "\t=1",
    "script": "</script><script>window.wasRun = true</script>",
    "image": '<img src=x onerror="window.wasRun = true">',
    "style": "</style><style>*{display:none}",
    "backticks": "`${window.wasRun = true}`",
    "backslashes": r"\1 \g<1> $& $1 <\/script>",
    "quotes": "\"'><svg onload=window.wasRun=true>",
    "braces": "{n} {{ 7 * 7 }} {% raw %} %1",
    "right to left": "\u202egpj.exe\u2066 עברית",
    "emoji": "👩‍👩‍👧 🏫\u200d\ufe0f",
    "long": "x" * 5_000,
    "controls": "a\x00b\u2028c\x85<!--",
    "xlsx escape": "_x0041_ \ufffe \ud800",
}  # fmt: skip


def with_scenario(plan: Plan) -> Plan:
    """Return a plan whose scenario lets its candidates open."""
    asked: dict[str, object] = {"sites": {"fixed": ["S0000"], "candidates": ["libraries", "job_centre"]}}
    return replace(plan, document=plan.document.model_copy(update={"scenario": asked}))


def filled(plan: Plan, text: str) -> Plan:
    """Return a plan with a text in every place that a sheet shows."""
    both = Text(it=text, en=text)
    document = plan.document.model_copy(
        update={"title": both, "sentence": both, "city": plan.document.city.model_copy(update={"name": text})}
    )
    return replace(plan, document=document, sites=plan.sites.assign(name=text, address=text), nil=plan.nil.assign(name=text))


@pytest.fixture(scope="module")
def plan(tiny_plan: Plan) -> Plan:
    return with_scenario(tiny_plan)


def sheet_of(plan: Plan, *, digest: str = "d" * 64) -> Sheet:
    """Return the sheet with the most places."""
    return max(build_sheets(plan, digest=digest), key=lambda sheet: len(sheet.sites))


class Opened:
    """A page, and everything that went wrong on it."""

    def __init__(self, page: Page, asked: list[str], faults: list[str]) -> None:
        self.page, self.asked, self.faults = page, asked, faults


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return what writes a sheet as a page and opens it, offline."""
    contexts = []

    def opener(plan: Plan, *, width: int = 1280, digest: str = "d" * 64) -> Opened:
        path = tmp_path / "sheet.html"
        path.write_bytes(render_review_page(plan, draw_city(plan), sheet_of(plan, digest=digest)).encode())
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True, accept_downloads=True)
        contexts.append(context)
        page, asked, faults = context.new_page(), [], []  # type: ignore[var-annotated]
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        return Opened(page, asked, faults)

    yield opener
    for context in contexts:
        context.close()


def check_quiet(opened: Opened) -> None:
    assert opened.faults == []
    assert len([url for url in opened.asked if not url.startswith(("data:", "blob:"))]) == 1  # the page itself


def test_the_same_plan_gives_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        assert write_review_folder(plan, folder, digest="d" * 64, language="it") == len(plan.nil)
    names = sorted(path.name for path in folders[0].iterdir())
    assert len(names) == 2 * len(plan.nil) + 1
    assert all((folders[0] / name).read_bytes() == (folders[1] / name).read_bytes() for name in names)
    listed = json.loads((folders[0] / LIST_NAME).read_text())
    assert [entry["quarter"] for entry in listed["sheets"]] == plan.nil["nil"].tolist()


def test_a_folder_with_other_things_is_not_replaced(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(FileError, match="holds other things"):
        write_review_folder(plan, tmp_path, digest="d" * 64, language="it")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("language", ["it", "en"])
def test_only_cells_to_fill_are_open(plan: Plan, tmp_path: Path, language: Any) -> None:
    sheet = sheet_of(plan)
    write_review_workbook(sheet, tmp_path / "a.xlsx", language=language)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert [one.sheet_state for one in book.worksheets] == ["visible", "visible", "veryHidden"]
    for tab in build_tabs(sheet, language):
        read = book[tab_name(tab.key, language)]
        assert read.protection.sheet
        open_cells = {(cell.row - 1, cell.column - 1) for row in read.iter_rows() for cell in row if not cell.protection.locked}
        assert open_cells == {(field.row, field.column) for field in tab.inputs}
        assert {(cell.row, cell.column): cell.text for cell in tab.cells} == {
            (cell.row - 1, cell.column - 1): cell.value for row in read.iter_rows() for cell in row if cell.value is not None
        }
    kinds = {validation.type for validation in book[tab_name("answers", language)].data_validations.dataValidation}
    assert kinds == {"list", "textLength"}


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_hostile_text_is_text_in_a_workbook_and_no_change_when_it_comes_back(plan: Plan, tmp_path: Path, text: str) -> None:
    hostile = filled(plan, text)
    folder = tmp_path / "plan"
    folder.mkdir()
    write_plan_files(filled(plan, clean_text(text)), folder)
    sheet = sheet_of(hostile, digest=digest_file(folder / DOCUMENT))
    back = tmp_path / "back"
    back.mkdir()
    write_review_workbook(sheet, back / "a.xlsx", language="it")
    with zipfile.ZipFile(back / "a.xlsx") as packed:
        assert not any(b"<f>" in packed.read(name) for name in packed.namelist() if "worksheets/sheet" in name)
    book = openpyxl.load_workbook(back / "a.xlsx")
    field = next(field for tab in build_tabs(sheet, "it") for field in tab.inputs if field.kind == "answer")
    book["Risposte"].cell(row=field.row + 1, column=field.column + 1).value = "d'accordo"
    book["Risposte"]["C7"] = "scuola"
    book.save(back / "a.xlsx")
    read = read_reviews(back, folder)
    assert [rule.site for _, rule in read.review.rules()] == [field.of]


def test_points_on_the_drawing_are_where_the_projection_has_them(city_plan: Plan) -> None:
    city = draw_city(city_plan)
    to_degrees = Transformer.from_crs(city_plan.document.city.crs, "EPSG:4326", always_xy=True)
    rng = np.random.default_rng(3)
    for shape in city_plan.nil.geometry.iloc[::9]:
        window = window_of(shape)
        west, south, east, north = window.bounds
        xy = np.column_stack([rng.uniform(west, east, 50), rng.uniform(south, north, 50)])
        fit = fit_points(city, window, crs=city_plan.document.city.crs)
        lon, lat = to_degrees.transform(xy[:, 0], xy[:, 1])
        x, y = city.drawing.exact_units(xy)
        found_lon = _evaluate(fit.lon, (x - fit.origin_xy[0]) / fit.scale_xy, (y - fit.origin_xy[1]) / fit.scale_xy)
        found_lat = _evaluate(fit.lat, (x - fit.origin_xy[0]) / fit.scale_xy, (y - fit.origin_xy[1]) / fit.scale_xy)
        back = Transformer.from_crs("EPSG:4326", city_plan.document.city.crs, always_xy=True).transform(found_lon, found_lat)
        assert np.hypot(back[0] - xy[:, 0], back[1] - xy[:, 1]).max() < 0.5
        assert _units_off(fit, lon, lat, x, y) < 0.05  # half a metre


def _evaluate(c: tuple[float, ...], u: Any, v: Any) -> Any:
    return c[0] + c[1] * u + c[2] * v + c[3] * u * u + c[4] * u * v + c[5] * v * v


def _units_off(fit: PointFit, lon: Any, lat: Any, x: Any, y: Any) -> float:
    u, v = (lon - fit.origin_lonlat[0]) / fit.scale_lonlat, (lat - fit.origin_lonlat[1]) / fit.scale_lonlat
    return float(np.hypot(_evaluate(fit.x, u, v) - x, _evaluate(fit.y, u, v) - y).max())


def fill_page(page: Page, plan: Plan) -> None:
    """Fill a page by clicks: a role, an agreement, a veto with its reason, and a point on the drawing."""
    page.select_option("#role", "association")
    boxes = page.locator("fieldset[data-site]:has(input)")
    boxes.nth(0).locator('input[value="accept"]').check()
    boxes.nth(1).locator('input[value="veto"]').check()
    boxes.nth(1).locator("textarea").fill("=1+1 rumore")
    x, y = page.evaluate(
        "() => { const b = document.querySelector('#map .own').getBoundingClientRect(), m = document.getElementById('map')"
        ".getBoundingClientRect(); return [b.x - m.x + b.width / 2, b.y - m.y + b.height / 2]; }"
    )
    page.locator("#map").click(position={"x": x, "y": y})
    page.locator('[data-field="reason"]').fill("ex mercato")


@pytest.mark.browser
def test_a_page_that_was_filled_saves_what_the_planner_reads(plan: Plan, show: Callable[..., Opened], tmp_path: Path) -> None:
    folder, back = tmp_path / "plan", tmp_path / "back"
    folder.mkdir()
    back.mkdir()
    write_plan_files(plan, folder)
    digest = digest_file(folder / DOCUMENT)
    opened = show(plan, digest=digest)
    page = opened.page
    fill_page(page, plan)
    with page.expect_download() as download:
        page.click("#save")
    sheet = sheet_of(plan, digest=digest)
    assert download.value.suggested_filename == f"{sheet.stem}.json"
    download.value.save_as(back / download.value.suggested_filename)
    review = read_reviews(back, folder).review
    asked = [site.site_id for site in sheet.sites if site.may_answer]
    assert sorted((kind, rule.site) for kind, rule in review.rules() if kind == "forbidden") == [("forbidden", asked[1])]
    assert review.forbidden[0].voices[0].reason == "=1+1 rumore"
    assert asked[0] in (*review.sites_of("required"), *review.sites_of("preferred"))
    (proposed,) = review.candidate
    point = gpd.GeoSeries(gpd.points_from_xy([proposed.lon], [proposed.lat]), crs="EPSG:4326").to_crs(sheet.city.crs)
    west, south, east, north = sheet.shape.bounds
    assert point.x[0] == pytest.approx((west + east) / 2, abs=25)
    assert point.y[0] == pytest.approx((south + north) / 2, abs=25)
    check_quiet(opened)


@pytest.mark.browser
def test_faults_are_told_beside_their_fields_and_nothing_is_saved(plan: Plan, show: Callable[..., Opened]) -> None:
    opened = show(plan)
    page = opened.page
    downloads: list[object] = []

    def keep(one: object) -> None:
        downloads.append(one)

    page.on("download", keep)  # playwright marks its listeners, which it cannot do to a method of a list
    page.click("#save")
    assert page.locator("#faults li").all_text_contents() == ["Non c'è ancora nessuna risposta.", "Scegliete chi risponde."]
    boxes = page.locator("fieldset[data-site]:has(input)")
    boxes.nth(0).locator('input[value="veto"]').check()
    boxes.nth(1).locator("textarea").fill("scrivere a anna@example.org")
    page.click("#add")
    page.click("#add")
    proposals = page.locator(".proposal")
    proposals.nth(0).locator('[data-field="lon"]').fill("9,5")
    proposals.nth(0).locator('[data-field="lat"]').fill("45.0")
    proposals.nth(1).locator('[data-field="lon"]').fill("east")
    page.locator('label[for="language-en"]').click()
    page.click("#save")
    told = "\n".join(page.locator("#faults li").all_text_contents())
    for part in (
        "Choose who answers.",
        "write the reason.",
        "a reason without an answer",
        "take the mail address out",
        "Proposed place 1: the point lies outside the quarter.",
        "Proposed place 2: longitude and latitude are not both numbers.",
        "Proposed place 1: write the reason.",
    ):
        assert part in told
    assert page.locator('[aria-invalid="true"]').count() >= 6
    page.locator("#faults button").first.press("Enter")
    assert page.evaluate("document.activeElement.id") == "role"
    assert downloads == []
    check_quiet(opened)


@pytest.mark.browser
def test_a_page_is_filled_by_keys_alone_and_goes_on_from_its_file(
    plan: Plan, show: Callable[..., Opened], tmp_path: Path
) -> None:
    opened = show(plan, width=360)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#role").focus()
    page.keyboard.press("ArrowDown")
    page.locator("fieldset[data-site]:has(input) input").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("va bene")
    page.locator("#add").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Via Roma 1")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.type("è vuoto")
    page.locator("#save").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    path = tmp_path / "saved.json"
    download.value.save_as(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["role"] == "quarter_committee"
    assert [(one["answer"], one["reason"]) for one in content["answers"]] == [("accept", "va bene")]
    assert content["proposals"] == [{"address": "Via Roma 1", "lon": None, "lat": None, "reason": "è vuoto"}]
    again = show(plan)
    again.page.set_input_files("#open", path)
    again.page.locator("#told", has_text="Le risposte salvate sono state lette.").wait_for()
    with again.page.expect_download() as second:
        again.page.click("#save")
    second.value.save_as(tmp_path / "second.json")
    assert json.loads((tmp_path / "second.json").read_text(encoding="utf-8")) == content
    path.write_text(json.dumps({**content, "plan": "0" * 64}), encoding="utf-8")
    again.page.set_input_files("#open", path)
    again.page.locator("#told", has_text="un'altra pagina").wait_for()
    check_quiet(again)


@pytest.mark.browser
@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_hostile_text_is_shown_as_text(plan: Plan, show: Callable[..., Opened], text: str) -> None:
    hostile = filled(plan, text)
    opened = show(hostile, width=360)
    page = opened.page
    assert page.evaluate("window.wasRun") is None
    shown = clean_text(text)
    assert page.locator("h1").text_content() == shown
    assert page.locator("fieldset[data-site] legend bdi").first.text_content() == shown
    assert shown in (page.locator("fieldset[data-site] .facts").first.text_content() or "")
    page.locator('fieldset[data-site]:has(input) input[value="veto"]').first.check()
    page.click("#save")
    assert shown in "\n".join(page.locator("#faults li").all_text_contents())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_quiet(opened)
