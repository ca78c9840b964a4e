"""The estimate of need as a command: tables that hold together, a page that explains, every option, readable refusals."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from data.errors import PlannerError
from data.geopackage import read_geopackage
from data.pack import CityPack
from diffusa import cli
from diffusa.need import NeedReport, estimate_need, write_need
from diffusa.need_estimate import NeedQuestion
from diffusa.need_explain import explain_places
from maps.safe import hash_script

OWN = {"definition": "inactive_not_student_2011", "rate": 0.09, "n_draws": 40, "without": ("tenants",)}


def ask(pack: CityPack, **options: object) -> NeedReport:
    return estimate_need(NeedQuestion(**{**OWN, **options}), pack)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def report(sample_pack: CityPack) -> NeedReport:
    return ask(sample_pack)


@pytest.fixture(scope="module")
def folder(report: NeedReport, sample_pack: CityPack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("need") / "need"
    write_need(report, sample_pack, made)
    return made


def test_quarters_and_squares_hold_the_rate_that_was_given(report: NeedReport, folder: Path) -> None:
    base = report.quarters["base"].sum()
    assert report.quarters["count"].sum() == pytest.approx(0.09 * base, rel=1e-6)
    placed = report.quarters["count"].sum() - report.estimate.no_place["count"].sum()
    assert report.cells["count"].sum() == pytest.approx(placed, rel=1e-5)
    written = pd.read_csv(folder / "need_nil.csv")
    assert written["count"].sum() == pytest.approx(0.09 * base, rel=1e-5)
    assert json.loads((folder / "need.json").read_text(encoding="utf-8"))["city_figures"]["rate"] == pytest.approx(
        0.09, abs=1e-6
    )


def test_squares_of_few_people_are_merged_and_none_lies_on_another(folder: Path) -> None:
    cells = read_geopackage(folder / "need.gpkg", "cells")
    assert len(set(cells["cell_id"])) == len(cells)
    assert cells["cell_id"].str.contains("RES200m").any()
    assert cells.union_all().area == pytest.approx(cells.area.sum(), rel=1e-9)


def test_the_same_question_gives_the_same_bytes(sample_pack: CityPack, folder: Path, tmp_path: Path) -> None:
    write_need(ask(sample_pack), sample_pack, tmp_path / "again")
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 0.12},
        {"without": ("tenants", "foreign_residents")},
        {"n_draws": 60},
        {"seed": 1},
        {"least": 40.0},
        {"definition": "own"},
    ],
    ids=str,
)
def test_every_option_changes_an_answer(report: NeedReport, sample_pack: CityPack, options: dict[str, object]) -> None:
    other = ask(sample_pack, **options)
    same_figures = other.quarters.drop(columns="geometry").equals(report.quarters.drop(columns="geometry"))
    is_named_alike = other.estimate.definition.key == report.estimate.definition.key
    assert not (same_figures and len(other.cells) == len(report.cells) and is_named_alike)
    assert (other.effect is None) == ("without" not in options)  # the census of the sample never counted tenants


def test_observed_rates_are_held_against_the_estimate(report: NeedReport, sample_pack: CityPack, tmp_path: Path) -> None:
    path = tmp_path / "observed.csv"
    quarters = report.quarters[report.quarters["base"] > 50]
    rows = pd.DataFrame({"id_nil": quarters["nil"], "rate_pct": (100 * quarters["rate"]).round(2)})
    pd.concat([rows, pd.DataFrame({"id_nil": [999_999], "rate_pct": [5.0]})]).to_csv(path, index=False)
    held = ask(sample_pack, observed=path)
    assert [one.is_foretold for one in held.backtests] == [False, True]
    assert held.backtests[0].mean_error < 1e-4  # they are the estimate's own
    assert held.observed is not None
    assert any("999999" in line for line in held.observed.unmatched)


class Opened:
    """The page of an estimate, opened offline, and everything that went wrong on it."""

    def __init__(self, browser: Browser, path: Path, *, width: int = 360) -> None:
        self.page = browser.new_context(offline=True, viewport={"width": width, "height": 740}).new_page()
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]")

    def explained(self, language: str) -> tuple[str, str]:
        """Return title and words of the place that is chosen."""
        place = self.page.locator(f"main.in-{language} .explained")
        return place.locator("h3").text_content() or "", " ".join(place.locator("p").all_text_contents())


@pytest.mark.browser
def test_the_page_fetches_nothing_and_shows_the_figures(report: NeedReport, folder: Path, browser: Browser) -> None:
    opened = Opened(browser, folder / "need.html")
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    rows = page.locator("main.in-it tr[data-nil]")
    assert rows.count() == len(report.quarters)
    highest = report.quarters.sort_values(["rate", "nil"], ascending=[False, True], na_position="last").iloc[0]
    assert str(highest["name"]) in (rows.first.text_content() or "")
    assert f"{100 * highest['rate']:.1f}".replace(".", ",") in (rows.first.text_content() or "")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("main.in-en").is_visible()
    for view in ("cells-width", "quarters-risk", "quarters-width"):
        page.click(f"main.in-en label[for=view-{view}]")
        assert page.locator(f"main.in-en figure.view-{view}").is_visible()
        assert page.locator("main.in-en figure:visible").count() == 1
    assert opened.requests == [(folder / "need.html").as_uri()]
    assert opened.faults == []


@pytest.mark.browser
def test_every_quarter_is_explained_in_the_words_of_the_command(
    report: NeedReport, sample_pack: CityPack, folder: Path, browser: Browser
) -> None:
    opened = Opened(browser, folder / "need.html", width=1200)
    quarters = report.quarters.reset_index(drop=True)
    for language in ("it", "en"):
        populated = quarters[quarters["base"] > 0]
        asked = [str(nil) for nil in populated["nil"]]
        said = explain_places(report.estimate, sample_pack, quarters=asked, cells=(), least=10.0, language=language)
        for position, one in zip(populated.index, said, strict=True):
            opened.page.select_option("main.in-it select.quarter", str(position))
            assert opened.explained(language) == (one.title, one.text)
    assert opened.faults == []


@pytest.mark.browser
def test_squares_are_chosen_by_arrow_keys_and_by_a_click(
    report: NeedReport, sample_pack: CityPack, folder: Path, browser: Browser
) -> None:
    opened = Opened(browser, folder / "need.html", width=1200)
    page = opened.page
    page.focus("main.in-it figure.view-cells-risk svg")
    seen = set()
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
        title, text = opened.explained("en")
        cell_id = title.split()[1].rstrip(",")
        (one,) = explain_places(report.estimate, sample_pack, quarters=(), cells=[cell_id], least=10.0, language="en")
        assert (title, text) == (one.title, one.text)
        seen.add(cell_id)
    assert len(seen) >= 4
    page.locator("main.in-it figure.view-cells-risk svg").click(position={"x": 4, "y": 4})
    assert opened.explained("it") == ("", "Qui non abita nessuno del gruppo.")
    middle = page.evaluate("""() => {
        const svg = document.querySelector("main.in-it figure.view-cells-risk svg");
        const path = document.querySelector("#map-cells-risk path").getAttribute("d").match(/^M(\\d+) (\\d+)/);
        const at = new DOMPoint(+path[1] + 3, +path[2] - 3).matrixTransform(svg.getScreenCTM());
        return [at.x, at.y];
    }""")
    page.mouse.click(*middle)
    assert opened.explained("it")[0].startswith("Quadrato CRS3035RES")
    assert page.locator("main.in-it figure.view-cells-risk .chosen").get_attribute("d")
    page.click("main.in-it label[for=view-quarters-risk]")
    page.locator("main.in-it figure.view-quarters-risk svg").click()
    assert any(str(name) in opened.explained("it")[0] for name in report.quarters["name"])
    assert opened.faults == []


def test_only_the_script_of_the_page_may_run(folder: Path) -> None:
    document = (folder / "need.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", document, re.DOTALL)
    assert len(scripts) == 1
    assert hash_script(scripts[0]).replace("'", "&#x27;") in document
    assert "default-src &#x27;none&#x27;" in document


def test_places_are_explained_at_the_command_line(
    report: NeedReport, sample_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = report.estimate.quarters["base"]
    nil = int(base[base > 50].index[0])
    name = str(report.quarters.set_index("nil").loc[nil, "name"])
    cell_id = str(report.estimate.cells.index[report.estimate.cells["base"] > 10][0])
    options = ["--rate", "9", "--without", "tenants", "--draws", "40"]
    for language, word in (("it", "Rischio"), ("en", "Risk")):
        words = ["--quarter", str(nil), "--quarter", name.lower(), "--cell", cell_id, "--language", language]
        monkeypatch.setattr(sys, "argv", ["diffusa", "need", "explain", str(sample_folder / "pack"), *options, *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 6
        assert lines[:2] == lines[2:4]  # by id and by name
        assert name in lines[0]
        assert cell_id in lines[4]
        assert all(word in line for line in lines[1::2])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Give --quarter or --cell"),
        (["--quarter", "999999"], "'999999' is no quarter"),
        (["--cell", "CRS3035RES100mN1E1"], "the city has no such cell"),
        (["--cell", "here"], "no id of a grid cell"),
        (["--quarter", "1", "--estimator", "indx"], "index"),
        (["--quarter", "nowhere", "--cell", "here"], "2 faults"),
    ],
)
def test_places_that_cannot_be_explained_are_one_message(
    words: list[str],
    message: str,
    sample_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["diffusa", "need", "explain", str(sample_folder / "pack"), "--rate", "9", "--without", "tenants", *words]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_place_without_anybody_of_the_group_is_refused(report: NeedReport, sample_pack: CityPack) -> None:
    cells = report.estimate.cells
    empty = str(cells.index[cells["base"] == 0][0])
    with pytest.raises(PlannerError, match="nobody of the group lives in the cell"):
        explain_places(report.estimate, sample_pack, quarters=(), cells=[empty], least=10.0, language="en")


def test_a_place_of_few_people_says_so(report: NeedReport, sample_pack: CityPack) -> None:
    cells = report.estimate.cells
    few = str(cells.index[(cells["base"] > 0) & (cells["base"] < 5)][0])
    (one,) = explain_places(report.estimate, sample_pack, quarters=(), cells=[few], least=10.0, language="it")
    assert "meno di 10 persone" in one.text
    (one,) = explain_places(report.estimate, sample_pack, quarters=(), cells=[few], least=0.0, language="it")
    assert "meno di" not in one.text.split(". ")[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rate", "0"], "no rate in percent"),
        (["--rate", "9", "--definition", "neet"], "no definition"),
        (["--rate", "9", "--without", "foreigners"], "foreign_residents"),
        (["--without", "tenants"], "no rate of the whole city is known"),
        (["--rate", "9", "--without", "tenants", "--draws", "3"], "Take 20 or more"),
    ],
)
def test_what_cannot_be_estimated_is_one_message(
    words: list[str],
    message: str,
    sample_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["diffusa", "need", "check", str(sample_folder / "pack"), "-o", str(tmp_path / "out"), "--quiet", *words]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    err = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 1
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


@pytest.mark.shared
def test_milano_meets_its_official_rate_in_every_draw(milano_pack: CityPack) -> None:
    report = estimate_need(NeedQuestion(), milano_pack)
    totals = report.estimate.draws.quarters.sum(axis=1)
    assert totals == pytest.approx(np.full(200, 0.081 * 158_221), rel=1e-9)
    assert len(report.quarters) == 88
    inner = report.quarters[report.quarters["base"] > 300]
    assert (inner["rate_low"] < inner["rate"]).all()
    assert (inner["rate_high"] > inner["rate"]).all()


def test_a_definition_without_an_official_rate_asks_for_one(milano_pack: CityPack) -> None:
    with pytest.raises(PlannerError, match="Give one with --rate"):
        estimate_need(NeedQuestion(definition="neet_eurostat"), milano_pack)
