"""Rates of areas that cut quarters or join them, as an office gives them: held against, fitted to, or met."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import CountError, IdError, PlannerError, ScenarioError
from data.pack import CityPack
from diffusa import cli
from diffusa.need import NeedReport, estimate_need, write_need
from diffusa.need_estimate import NeedQuestion
from diffusa.planner import make_plan
from diffusa.scenario import Scenario, read_scenario

KEY = "inactive_not_student_2011"
RATES = [6.0, 12.0, 9.0, 14.0, 5.0, 8.0, 11.0, 7.0, 10.0]


def ask(pack: CityPack, **options: object) -> NeedReport:
    own = {"n_draws": 20, "without": ("tenants",), "rate": None}
    return estimate_need(NeedQuestion(**{**own, **options}), pack)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def areas(sample_pack: CityPack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return nine areas, three by three, that do not heed the quarters."""
    quarters = gpd.GeoDataFrame(sample_pack.read("quarters"))
    west, south, east, north = quarters.total_bounds
    x, y = np.linspace(west, east, 4), np.linspace(south, north, 4)
    places = [(row, column) for row in range(3) for column in range(3)]
    boxes = {f"Area {row}{column}": shapely.box(x[column], y[row], x[column + 1], y[row + 1]) for row, column in places}
    folder = tmp_path_factory.mktemp("areas")
    frame = gpd.GeoDataFrame({"area": list(boxes)}, geometry=list(boxes.values()), crs=quarters.crs)
    frame.to_crs("EPSG:4326").to_file(folder / "areas.gpkg")
    pd.DataFrame({"area": [name.upper() for name in boxes], "rate_pct": RATES}).to_csv(folder / "rates.csv", index=False)
    return folder


def given(areas: Path) -> dict[str, object]:
    return {"areas": areas / "areas.gpkg", "observed": areas / "rates.csv"}


def test_the_index_is_held_against_rates_of_areas(sample_pack: CityPack, areas: Path, tmp_path: Path) -> None:
    report = ask(sample_pack, rate=0.09, **given(areas))
    held = report.backtests[0]
    assert held.n_areas == 9
    assert held.areas["observed"].tolist() == pytest.approx([rate / 100 for rate in RATES])
    write_need(report, sample_pack, tmp_path / "need")
    page = (tmp_path / "need/need.html").read_text(encoding="utf-8")
    assert "Area 12" in page
    assert "Rates are of 9 areas in place of quarters" in page
    document = json.loads((tmp_path / "need/need.json").read_text(encoding="utf-8"))
    assert len(document["areas"]) == 9
    assert 0 < document["cut_share"] < 0.5


def test_every_draw_meets_the_rates_when_asked_to(sample_pack: CityPack, areas: Path) -> None:
    report = ask(sample_pack, meets=True, rate=None, **given(areas))
    draws = report.estimate.draws.zones
    zones, base = report.estimate.units.zones, report.estimate.units.zone_base
    for rate, zone in zip(RATES, sorted(report.area_names), strict=True):
        position = int(np.searchsorted(zones, zone))
        assert draws[:, position] / base[position] == pytest.approx(np.full(20, rate / 100), rel=1e-9)
    # without a rate of the city nothing tells the level of an area but its own rate
    assert [(one.estimator, one.is_foretold) for one in report.backtests] == [("regression", True)]


def test_areas_that_are_met_are_foretold_without_their_own_rate(sample_pack: CityPack, areas: Path, tmp_path: Path) -> None:
    pd.read_csv(areas / "rates.csv").head(4).to_csv(tmp_path / "rates.csv", index=False)
    report = ask(sample_pack, meets=True, rate=0.09, areas=areas / "areas.gpkg", observed=tmp_path / "rates.csv")
    (one,) = report.backtests
    assert (one.estimator, one.is_foretold, one.n_areas) == ("index", True, 4)
    assert one.mean_error > 0.005
    assert "4 observed areas for" in str(report.failed) or "3 observed areas for" in str(report.failed)


def test_rates_of_areas_and_of_the_city_that_contradict_are_named(sample_pack: CityPack, areas: Path) -> None:
    with pytest.raises(CountError, match=r"totals contradict one another.*'rate_pct = 40'.*'AREA 00'"):
        ask(sample_pack, meets=True, rate=0.4, **given(areas))


def test_a_regression_is_fitted_to_areas(sample_pack: CityPack, areas: Path) -> None:
    fitted = ask(sample_pack, estimator="regression", **given(areas))
    assert [(one.estimator, one.is_foretold) for one in fitted.backtests] == [("regression", False), ("regression", True)]
    assert fitted.backtests[0].mean_error < fitted.backtests[1].mean_error
    assert len(fitted.quarters) == len(sample_pack.read("quarters"))  # figures are of quarters all the same


def test_areas_as_lists_of_quarters(sample_pack: CityPack, tmp_path: Path) -> None:
    nils = sample_pack.read("quarters")["nil"].tolist()
    lists = pd.DataFrame({"area": [f"part {row % 3}" for row in range(len(nils))], "id_nil": nils})
    lists.to_csv(tmp_path / "areas.csv", index=False)
    rates = pd.DataFrame({"area": ["part 0", "part 1", "part 2", "part 9"], "rate_pct": [6.0, 9.0, 12.0, 5.0]})
    rates.to_csv(tmp_path / "rates.csv", index=False)
    report = ask(sample_pack, meets=True, areas=tmp_path / "areas.csv", observed=tmp_path / "rates.csv")
    quarters = report.quarters.set_index("nil")
    for part, rate in ((0, 0.06), (1, 0.09), (2, 0.12)):
        mine = quarters.loc[lists.loc[lists["area"] == f"part {part}", "id_nil"]]
        assert mine["count"].sum() / mine["base"].sum() == pytest.approx(rate, rel=1e-6)
    assert report.cut_share == 0
    assert report.observed is not None
    assert report.observed.unmatched == ("row 4: 'part 9' is no area",)


def test_what_needs_rates_is_refused_without(sample_pack: CityPack, areas: Path) -> None:
    with pytest.raises(ScenarioError, match="of observed rates, and none are given"):
        ask(sample_pack, rate=0.09, areas=areas / "areas.gpkg")
    with pytest.raises(ScenarioError, match="of observed rates, and none are given"):
        ask(sample_pack, rate=0.09, meets=True)
    with pytest.raises(ScenarioError, match="fitted to the observed rates, or every draw meets them"):
        ask(sample_pack, meets=True, estimator="regression", **given(areas))


def test_an_area_where_nobody_lives_is_named(sample_pack: CityPack, areas: Path, tmp_path: Path) -> None:
    frame = gpd.read_file(areas / "areas.gpkg")
    quarters = gpd.GeoDataFrame(sample_pack.read("quarters"))
    spot = gpd.GeoSeries([quarters.geometry.iloc[0].representative_point().buffer(0.5)], crs=quarters.crs).to_crs(frame.crs)
    gpd.GeoDataFrame({"area": ["spot"]}, geometry=list(spot), crs=frame.crs).to_file(tmp_path / "areas.gpkg")
    pd.DataFrame({"area": ["spot"], "rate_pct": [8.0]}).to_csv(tmp_path / "rates.csv", index=False)
    with pytest.raises(CountError, match=r"areas where nobody of the base lives \(1: spot\)"):
        ask(sample_pack, rate=0.09, areas=tmp_path / "areas.gpkg", observed=tmp_path / "rates.csv")


def test_rates_that_name_no_area_are_refused(sample_pack: CityPack, areas: Path, tmp_path: Path) -> None:
    pd.DataFrame({"area": ["elsewhere"], "rate_pct": [8.0]}).to_csv(tmp_path / "rates.csv", index=False)
    with pytest.raises(IdError, match="'elsewhere' is no area"):
        ask(sample_pack, rate=0.09, areas=areas / "areas.gpkg", observed=tmp_path / "rates.csv")
    pd.DataFrame({"id_nil": [1], "rate_pct": [8.0]}).to_csv(tmp_path / "rates.csv", index=False)
    with pytest.raises(PlannerError, match="area"):
        ask(sample_pack, rate=0.09, areas=areas / "areas.gpkg", observed=tmp_path / "rates.csv")


def test_a_scenario_takes_rates_of_areas(sample_pack: CityPack, areas: Path, checkout: Path) -> None:
    content = read_scenario(checkout / "data/sample/job_centres.toml").model_dump(mode="json", exclude_none=True)
    content |= {"need": {KEY: 1.0}, "report": {"groups": [KEY]}}
    risk = {"definition": KEY, "n_draws": 20, "without": ["tenants"], "observed": "rates.csv", "areas": "areas.gpkg"}
    found = []
    for options in ({}, {"meet": True}):
        scenario = Scenario.model_validate({**content, "risk": {**risk, **options}})
        assert scenario.risk is not None
        scenario.risk.stand_in(areas)
        document = make_plan(scenario, sample_pack).document
        assert set(document.inputs) >= {"observed", "areas"}
        modelled = document.groups[0].modelled
        assert modelled is not None
        found.append((modelled.estimator, len(modelled.totals), [figure.share for figure in document.figures]))
    assert [one[:2] for one in found] == [("regression", 0), ("index", 9)]
    assert found[0][2] != found[1][2]
    with pytest.raises(ValueError, match="none are named"):
        Scenario.model_validate({**content, "risk": {"definition": KEY, "areas": "areas.gpkg"}})


def test_the_command_takes_areas(
    sample_folder: Path, areas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["diffusa", "need", "check", str(sample_folder / "pack"), "--without", "tenants", "--draws", "20", "-q"]
    arguments += ["--observed", str(areas / "rates.csv"), "--areas", str(areas / "areas.gpkg"), "--meet"]
    monkeypatch.setattr(sys, "argv", [*arguments, "-o", str(tmp_path / "out"), "--language", "en"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert "regression, each area foretold from the others: 9 areas" in capsys.readouterr().out
