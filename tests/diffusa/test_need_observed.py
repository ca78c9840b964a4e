"""Observed rates: held against either estimator, shown as figures, chart and table, and what cannot be held is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from data.errors import PlannerError
from data.pack import CityPack
from diffusa import cli
from diffusa.need import NeedReport, estimate_need, write_need
from diffusa.need_estimate import NeedQuestion
from maps.i18n import format_number, format_percent

LEAST = 60.0


def ask(pack: CityPack, observed: Path | None, **options: object) -> NeedReport:
    own = {"rate": 0.09, "n_draws": 40, "without": ("tenants",), "least": LEAST}
    return estimate_need(NeedQuestion(observed=observed, **{**own, **options}), pack)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plain(sample_pack: CityPack) -> NeedReport:
    return ask(sample_pack, None)


@pytest.fixture(scope="module")
def observed(plain: NeedReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return rates that somebody might have counted: the estimate's own, moved by something of each quarter and by chance."""
    quarters = plain.quarters[plain.quarters["base"] >= 20]
    rng = np.random.default_rng(7)
    n = quarters["base"].round().astype(int)
    rate = (quarters["rate"] * np.exp(0.25 * rng.standard_normal(len(quarters)))).clip(0.01, 0.5)
    rows = pd.DataFrame({"nil": quarters["name"], "rate_pct": (100 * rng.binomial(n, rate) / n).round(2), "n": n})
    path = tmp_path_factory.mktemp("observed") / "rates.csv"
    pd.concat([rows, pd.DataFrame({"nil": ["Nowhere <b>"], "rate_pct": [5.0], "n": [100]})]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def index(sample_pack: CityPack, observed: Path) -> NeedReport:
    return ask(sample_pack, observed)


@pytest.fixture(scope="module")
def regression(sample_pack: CityPack, observed: Path) -> NeedReport:
    return ask(sample_pack, observed, estimator="regression")


def test_the_index_is_held_against_rates_that_it_has_not_seen(plain: NeedReport, index: NeedReport) -> None:
    pd.testing.assert_series_equal(index.quarters["rate"], plain.quarters["rate"])
    assert [(one.estimator, one.is_foretold) for one in index.backtests] == [("index", False), ("regression", True)]
    held = index.backtests[0]
    expected = index.quarters.set_index("nil")["rate"].loc[held.areas.index]
    assert held.areas["rate"].to_numpy() == pytest.approx(expected.to_numpy())


def test_the_regression_follows_the_rates_and_meets_the_total(index: NeedReport, regression: NeedReport) -> None:
    kinds = [(one.estimator, one.is_foretold) for one in regression.backtests]
    assert kinds == [("regression", False), ("regression", True), ("index", False)]
    fitted, foretold, held = regression.backtests
    assert fitted.mean_error < min(foretold.mean_error, held.mean_error)
    assert held.mean_error == pytest.approx(index.backtests[0].mean_error)
    assert regression.quarters["count"].sum() == pytest.approx(0.09 * regression.quarters["base"].sum(), rel=1e-6)
    assert not np.allclose(regression.quarters["rate"], index.quarters["rate"], equal_nan=True)


def test_too_few_rates_for_a_regression_leave_the_index_compared(sample_pack: CityPack, observed: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    pd.read_csv(observed).head(4).to_csv(few, index=False)
    report = ask(sample_pack, few)
    assert [one.estimator for one in report.backtests] == ["index"]
    assert "3 observed areas for 6 parameters" in str(report.failed)
    write_need(report, sample_pack, tmp_path / "need")
    page = (tmp_path / "need/need.html").read_text(encoding="utf-8")
    assert "No regression could be fitted to these rates: observed: 3 observed areas" in page
    with pytest.raises(PlannerError, match="4 observed areas for 6 parameters"):
        ask(sample_pack, few, estimator="regression")


def test_a_regression_without_rates_asks_for_them(sample_pack: CityPack) -> None:
    with pytest.raises(PlannerError, match="needs observed rates"):
        ask(sample_pack, None, estimator="regression")


def test_a_regression_needs_no_rate_of_the_city(sample_pack: CityPack, observed: Path) -> None:
    report = ask(sample_pack, observed, estimator="regression", rate=None)
    assert [one.estimator for one in report.backtests] == ["regression", "regression"]
    assert report.estimate.totals == ()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["it", "en"])
def test_the_page_shows_figures_chart_and_table(
    regression: NeedReport, sample_pack: CityPack, browser: Browser, tmp_path: Path, language: str
) -> None:
    write_need(regression, sample_pack, tmp_path / "need")
    page = browser.new_context(offline=True, viewport={"width": 360, "height": 740}).new_page()
    page.goto((tmp_path / "need/need.html").as_uri())
    page.evaluate(f"document.getElementById('language-{language}').click()")
    section = page.locator(f"main.in-{language} .backtest")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    spoken = "it" if language == "it" else "en"
    for number, one in enumerate(regression.backtests):
        key = f"{one.estimator}-{'foretold' if one.is_foretold else 'held'}"
        row = section.locator(f'tr[data-backtest="{key}"]').inner_text()
        assert format_number(100 * one.mean_error, language=spoken, digits=1) in row
        assert format_number(one.rank_agreement, language=spoken, digits=2) in row
        assert format_percent(one.count_coverage, language=spoken, digits=0) in row
        chart = section.locator("figure.chart").nth(number)
        assert chart.locator("circle").count() == one.n_areas
        assert chart.locator("g.in").count() == one.areas["is_count_covered"].sum()
    section.locator("summary").click()
    assert section.locator("tr[data-area]").count() == regression.backtests[0].n_areas
    few = (regression.backtests[0].areas["n"] < LEAST).sum()
    word = "(poche persone)" if language == "it" else "(few people)"
    assert few > 0
    assert section.locator("tr[data-area] th", has_text=word).count() == few
    assert "Nowhere <b>" in section.inner_text()


def test_quarters_of_few_people_are_marked_and_left_out_of_the_range(
    plain: NeedReport, sample_pack: CityPack, tmp_path: Path
) -> None:
    write_need(plain, sample_pack, tmp_path / "need")
    page = (tmp_path / "need/need.html").read_text(encoding="utf-8")
    few = plain.quarters[(plain.quarters["base"] > 0) & (plain.quarters["base"] < LEAST)]
    assert len(few) > 0
    for nil in few["nil"]:
        assert page.count(f'<tr data-nil="{nil}" class="few">') == 2  # once a language
    assert page.count('class="few">') == 2 * len(few)
    assert "fewer than 60" in page.lower()
    written = pd.read_csv(tmp_path / "need/need_nil.csv")
    assert written.loc[written["is_few"], "nil"].tolist() == plain.quarters.loc[plain.quarters["base"] < LEAST, "nil"].tolist()
    enough = plain.quarters[plain.quarters["base"] >= LEAST]["rate"]
    assert f"from {format_percent(enough.min(), language='en')} to {format_percent(enough.max(), language='en')}" in page


def test_the_command_takes_the_estimator(
    sample_folder: Path,
    observed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["diffusa", "need", "check", str(sample_folder / "pack"), "--rate", "9", "--without", "tenants", "--quiet"]
    arguments += ["--draws", "40", "--observed", str(observed), "--estimator", "regression", "-o", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", [*arguments, "--language", "en"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    out = capsys.readouterr().out
    assert "regression, each area foretold from the others" in out
    assert "is no quarter" in out
    document = json.loads((tmp_path / "out/need.json").read_text(encoding="utf-8"))
    assert document["estimator"] == "regression"
    assert [one["estimator"] for one in document["backtests"]] == ["regression", "regression", "index"]
