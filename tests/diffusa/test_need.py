"""The estimate of need as a command: tables that hold together, a page without a script, every option, readable refusals."""

from __future__ import annotations

import json
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


def test_the_page_runs_nothing_and_shows_the_figures(report: NeedReport, folder: Path, browser: Browser) -> None:
    page = browser.new_context(offline=True, viewport={"width": 360, "height": 740}).new_page()
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((folder / "need.html").as_uri())
    assert "<script" not in (folder / "need.html").read_text(encoding="utf-8")
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
    assert requests == [(folder / "need.html").as_uri()]
    assert faults == []


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
