"""An explanation adds up: points to the difference of the rates, effects of factors to what the model says."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import CountError, IdError
from layers.risk import estimate_risk
from layers.risk_estimate import RiskEstimate
from layers.risk_explain import explain_cells, explain_quarters, explain_unions, share_effects
from layers.risk_index import IndexModel
from layers.risk_totals import RiskTotal
from tests.layers.risk_city import CATALOGUE, KEY, RiskCity, make_city


@pytest.fixture(scope="module")
def city() -> RiskCity:
    return make_city(np.random.default_rng(5), n_quarters=12)


def estimate(city: RiskCity, *totals: RiskTotal, estimator: str = "index") -> RiskEstimate:
    observed = city.observe(np.arange(10)) if estimator == "regression" else None
    given = totals or (RiskTotal(name="city", definition=KEY, rate=0.081),)
    return estimate_risk(
        city.units,
        CATALOGUE.priors,
        estimator=estimator,  # type: ignore[arg-type]
        totals=given,
        observed=observed,
        rng=np.random.default_rng(0),
        n_draws=40,
    )


@pytest.mark.parametrize("estimator", ["index", "regression"])
def test_points_of_a_quarter_sum_to_what_it_differs_by(city: RiskCity, estimator: str) -> None:
    made = estimate(city, estimator=estimator)
    table = explain_quarters(made)
    sums = table["points"].groupby(level="nil").sum()
    np.testing.assert_allclose(sums, made.quarters["rate"] - made.city["rate"], atol=1e-12)


def test_shares_are_those_of_the_census(city: RiskCity) -> None:
    table = explain_quarters(estimate(city))
    mine = city.census[city.census["nil"] == 3]
    assert table.loc[(3, "foreign_residents"), "share"] == pytest.approx(mine["ST1"].sum() / mine["P1"].sum())
    whole = city.census["ST1"].sum() / city.census["P1"].sum()
    assert table.loc[(3, "foreign_residents"), "city_share"] == pytest.approx(whole)


def test_a_factor_above_that_of_the_city_raises_the_risk(city: RiskCity) -> None:
    table = explain_quarters(estimate(city)).drop(index="other", level="factor")
    differs = (table["score"] - table["city_score"]).abs() > 1
    assert differs.sum() > 20
    assert (np.sign(table["points"]) == np.sign(table["score"] - table["city_score"]))[differs].all()


def test_a_cell_is_explained_by_its_sections(city: RiskCity) -> None:
    made = estimate(city)
    table = explain_cells(made, ["q002r1c03", "q000r0c00"])
    assert list(dict.fromkeys(table.index.get_level_values("cell_id"))) == ["q002r1c03", "q000r0c00"]
    first = city.census.iloc[0]
    assert table.loc[("q000r0c00", "foreign_residents"), "share"] == pytest.approx(first["ST1"] / first["P1"])
    points = table["points"].groupby(level="cell_id").sum()
    for cell_id in ("q000r0c00", "q002r1c03"):
        assert points[cell_id] == pytest.approx(made.cells.loc[cell_id, "rate"] - made.city["rate"])


def test_a_union_of_cells_is_explained_as_one_place(city: RiskCity) -> None:
    made = estimate(city)
    labels = np.where(made.pieces["nil"] <= 2, "both", None)
    table = explain_unions(made, labels)
    assert list(dict.fromkeys(table.index.get_level_values(0))) == ["both"]
    points = table["points"].sum()
    assert points == pytest.approx(made.sum_pieces(labels).loc["both", "rate"] - made.city["rate"])
    one, two = (made.quarters.loc[nil, "base"] for nil in (1, 2))
    parts = explain_quarters(made)["score"]
    score = (one * parts[1, "tenants"] + two * parts[2, "tenants"]) / (one + two)
    assert table.loc[("both", "tenants"), "score"] == pytest.approx(score)


def test_an_unknown_cell_is_refused(city: RiskCity) -> None:
    with pytest.raises(IdError, match=r"no such cells \(1: nowhere\)"):
        explain_cells(estimate(city), ["nowhere"])


def test_a_city_without_risk_has_nothing_to_explain(city: RiskCity) -> None:
    with pytest.raises(CountError, match="the rate of the city is 0"):
        explain_quarters(estimate(city, RiskTotal(name="none", definition=KEY, count=0.0)))


def test_a_quarter_without_risk_by_a_total_is_explained_by_the_total(city: RiskCity) -> None:
    made = estimate(
        city,
        RiskTotal(name="city", definition=KEY, rate=0.081),
        RiskTotal(name="none", definition=KEY, count=0.0, quarters=(4,)),
    )
    points = explain_quarters(made).loc[4, "points"]
    assert points["other"] == pytest.approx(-0.081)
    assert points.drop("other").abs().max() == pytest.approx(0)


def test_effects_are_shared_as_shapley_says() -> None:
    model = IndexModel(np.array([0.5, 0.5]), 1.0)
    reference, place = np.array([100.0, 100.0]), np.array([[120.0, 90.0]])
    effect = share_effects(model, place, reference)[0]

    def index(*scores: float) -> float:
        return float(model.logits(np.array([scores]))[0])

    alone, after = index(120, 100) - index(100, 100), index(120, 90) - index(100, 90)
    assert effect[0] == pytest.approx((alone + after) / 2)
    assert effect.sum() == pytest.approx(index(120, 90) - index(100, 100))
