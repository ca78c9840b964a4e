"""What an estimate refuses, as an office meets it: one readable message that names what is wrong and what to do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from data.city import KnownRate
from data.errors import ColumnError, CountError, IdError, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa import cli
from diffusa.need import NeedReport, estimate_need
from diffusa.need_estimate import NeedQuestion, read_rate
from diffusa.scenario_risk import Risk

KEY = "inactive_not_student_2011"
TENANTS = ("tenants",)
"""The census of the sample city never counted them."""


def ask(pack: CityPack, **options: object) -> NeedReport:
    own = {"rate": 0.09, "n_draws": 20, "without": TENANTS}
    return estimate_need(NeedQuestion(**{**own, **options}), pack)  # type: ignore[arg-type]


def write(folder: Path, rows: dict[str, list[object]]) -> Path:
    path = folder / "rates.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def nils(sample_pack: CityPack) -> list[int]:
    """Return the quarters, those of most people of the base first."""
    base = ask(sample_pack).quarters.sort_values("base", ascending=False)
    return [int(nil) for nil in base["nil"]]


def test_margins_that_contradict_one_another_are_both_named(sample_pack: CityPack) -> None:
    rates = tuple(KnownRate(definition=KEY, rate=rate, source=source) for rate, source in ((0.081, "ISTAT"), (0.1, "office")))
    pack = replace(sample_pack, city=replace(sample_pack.city, risk_rates=rates))
    with pytest.raises(CountError, match=r"contradict one another: 'ISTAT' and 'office' are of the same quarters"):
        ask(pack, rate=None)


def test_a_missing_factor_is_named_with_its_columns(sample_pack: CityPack) -> None:
    with pytest.raises(ColumnError, match=r"risk factor tenants: .*A46, A47, A48.*Switch the factor off"):
        ask(sample_pack, without=())


def test_a_constant_factor_is_named(sample_pack: CityPack, monkeypatch: pytest.MonkeyPatch) -> None:
    read = CityPack.read

    def even(pack: CityPack, name: str) -> pd.DataFrame:
        frame = read(pack, name)
        return frame.assign(ST1=0) if name == "census" else frame

    monkeypatch.setattr(CityPack, "read", even)
    with pytest.raises(CountError, match=r"risk factor foreign_residents: is the same everywhere.*Switch it off"):
        ask(sample_pack)


def test_rates_of_another_city_are_refused(sample_pack: CityPack, tmp_path: Path) -> None:
    path = write(tmp_path, {"nil": ["Trastevere", "Prati"], "rate_pct": [8.0, 9.0]})
    with pytest.raises(IdError, match=r"no row finds a quarter of the city.*'Trastevere' is no quarter"):
        ask(sample_pack, observed=path)


def test_shares_by_mistake_are_asked_about_and_the_answer_counts(
    sample_pack: CityPack, tmp_path: Path, nils: list[int]
) -> None:
    path = write(tmp_path, {"id_nil": nils[:4], "rate_pct": [0.08, 0.09, 0.1, 0.07]})
    with pytest.raises(CountError, match=r"are they shares, or percentages below 1.*Say so"):
        ask(sample_pack, observed=path)
    share, percent = (
        ask(sample_pack, observed=path, unit=unit).backtests[0].areas["observed"] for unit in ("share", "percent")
    )
    assert share.max() == pytest.approx(0.1)
    assert percent.max() == pytest.approx(0.001)


def test_the_year_chooses_the_rows(sample_pack: CityPack, tmp_path: Path, nils: list[int]) -> None:
    rows = {"id_nil": nils[:4] * 2, "rate_pct": [8.0] * 4 + [12.0] * 4, "year": [2011] * 4 + [2021] * 4}
    path = write(tmp_path, rows)  # type: ignore[arg-type]
    with pytest.raises(IdError, match=r"quarters stand twice.*which year is meant"):
        ask(sample_pack, observed=path)
    assert ask(sample_pack, observed=path, year=2021).backtests[0].areas["observed"].tolist() == [0.12] * 4


def test_rates_outside_of_0_to_100_are_refused(sample_pack: CityPack, tmp_path: Path, nils: list[int]) -> None:
    path = write(tmp_path, {"id_nil": nils[:3], "rate_pct": [8.0, 108.0, 9.0]})
    with pytest.raises(CountError, match=r"rates are outside of 0 to 100 \(1: 108\)"):
        ask(sample_pack, observed=path)


def test_fewer_areas_than_parameters_are_refused(sample_pack: CityPack, tmp_path: Path, nils: list[int]) -> None:
    path = write(tmp_path, {"id_nil": nils[:4], "rate_pct": [8.0, 9.0, 10.0, 7.0]})
    with pytest.raises(CountError, match=r"4 observed areas for 6 parameters.*take the estimator 'index'"):
        ask(sample_pack, observed=path, estimator="regression")


def test_a_rate_of_a_quarter_of_nobody_is_refused(
    sample_pack: CityPack, tmp_path: Path, nils: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, census = CityPack.read, sample_pack.read("census")
    census.loc[census["nil"] == nils[-1], ["P17", "P18", "P19"]] = 0
    path = write(tmp_path, {"id_nil": [*nils[:3], nils[-1]], "rate_pct": [8.0, 9.0, 10.0, 7.0]})
    monkeypatch.setattr(CityPack, "read", lambda pack, name: census if name == "census" else read(pack, name))
    with pytest.raises(CountError, match=rf"nobody of the base lives \(1: {nils[-1]}\).*Leave these rows out"):
        ask(sample_pack, observed=path)


@pytest.mark.parametrize(
    ("rate_pct", "unit", "said"),
    [
        (0.081, None, "is 0.081 a share, or less than one percent.*Give 8.1"),
        (0.081, "share", "is 0.081 a share"),
        (0.0, None, "no rate in percent between 0 and 100"),
        (100.0, "percent", "no rate in percent between 0 and 100"),
        (float("nan"), None, "no rate in percent"),
    ],
)
def test_a_rate_of_the_city_that_may_be_a_share_is_asked_about(rate_pct: float, unit: object, said: str) -> None:
    with pytest.raises(CountError, match=said):
        read_rate(rate_pct, unit, where="--rate")  # type: ignore[arg-type]


def test_a_low_rate_that_is_meant_is_taken() -> None:
    assert read_rate(0.5, "percent", where="--rate") == pytest.approx(0.005)
    assert read_rate(8.1, None, where="--rate") == pytest.approx(0.081)


@pytest.mark.parametrize("options", [{"unit": "share"}, {"year": 2021}, {"unit": "percent", "rate_pct": 8.0}], ids=str)
def test_options_of_rates_that_are_not_given_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="are of observed rates, and none are named"):
        Risk(definition=KEY, **options)  # type: ignore[arg-type]
    assert Risk(definition=KEY, unit="percent", rate_pct=0.5).unit == "percent"


def test_without_any_rate_the_index_asks_for_one(sample_pack: CityPack) -> None:
    with pytest.raises(ScenarioError, match="no rate of the whole city is known"):
        ask(sample_pack, rate=None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rate", "0.09"], "Give 9, or say that the unit is percent"),
        (["--rate", "9", "--unit", "precent"], "Did you mean 'percent'?"),
        (["--rate", "9", "--estimator", "regress"], "Did you mean 'regression'?"),
        (["--rate", "9", "--estimator", "regression"], "needs observed rates"),
    ],
)
def test_the_command_says_so_in_one_message(
    words: list[str],
    message: str,
    sample_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["diffusa", "need", "check", str(sample_folder / "pack"), "-o", str(tmp_path / "out"), "--quiet"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--without", "tenants", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    err = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 1
    assert message in err
    assert "Traceback" not in err


def test_no_lower_error_leaves_the_face(sample_pack: CityPack, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    for text in ("", "id_nil;rate_pct\n1;otto\n", "a,b\n1,2\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PlannerError):
            ask(sample_pack, observed=path)
