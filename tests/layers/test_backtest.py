"""A back-test counts right, and an area left out was truly not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from data.errors import CountError
from layers.backtest import Backtest, compare_observed, foretell_observed
from layers.risk import estimate_risk
from layers.risk_estimate import RiskEstimate
from layers.risk_totals import RiskTotal
from tests.layers.risk_city import CATALOGUE, KEY, RiskCity, make_city

PRIORS = CATALOGUE.priors
ALL = np.arange(16)


@pytest.fixture(scope="module")
def city() -> RiskCity:
    return make_city(np.random.default_rng(8), n_quarters=16)


@pytest.fixture(scope="module")
def total(city: RiskCity) -> RiskTotal:
    return RiskTotal(name="city", definition=KEY, count=float(city.at_risk.sum()))


@pytest.fixture(scope="module")
def index(city: RiskCity, total: RiskTotal) -> RiskEstimate:
    return estimate_risk(city.units, PRIORS, estimator="index", totals=[total], rng=np.random.default_rng(0), n_draws=100)


def compare(estimate: RiskEstimate, city: RiskCity, **options: object) -> Backtest:
    observed = replace(city.observe(ALL), **options)
    return compare_observed(estimate, observed, rng=np.random.default_rng(3))


def foretell(city: RiskCity, estimator: str, *totals: RiskTotal, seed: int = 0, **options: object) -> Backtest:
    return foretell_observed(
        city.units,
        PRIORS,
        city.observe(ALL),
        estimator=estimator,  # type: ignore[arg-type]
        totals=totals,
        rng=np.random.default_rng(seed),
        **{"n_draws": 40, **options},  # type: ignore[arg-type]
    )


def test_figures_are_those_of_their_definitions(city: RiskCity, index: RiskEstimate) -> None:
    made = compare(index, city)
    observed, rate = city.at_risk / city.quarter_people, index.quarters["rate"].to_numpy()
    assert made.n_areas == 16
    assert not made.is_foretold
    assert made.mean_error == pytest.approx(np.abs(rate - observed).mean())
    assert made.root_mean_square_error == pytest.approx(np.sqrt(((rate - observed) ** 2).mean()))
    assert made.rank_agreement == pytest.approx(spearmanr(rate, observed).statistic)
    inside = (index.quarters["rate_low"] <= observed) & (observed <= index.quarters["rate_high"])
    assert made.coverage == pytest.approx(inside.mean())
    # The total is the sum of what was observed, so the errors of people cancel.
    assert made.bias == pytest.approx(0, abs=1e-9)
    mean = np.average(observed, weights=city.quarter_people)
    assert made.error_of_one_rate == pytest.approx(np.abs(observed - mean).mean())


def test_a_small_sample_widens_the_interval_of_the_count_alone(city: RiskCity, index: RiskEstimate) -> None:
    made, few = compare(index, city), compare(index, city, n=np.full(16, 30.0))
    width = [(one.areas["count_high"] - one.areas["count_low"]).mean() for one in (made, few)]
    assert width[1] > 2 * width[0]
    np.testing.assert_array_equal(made.areas["rate_high"], few.areas["rate_high"])
    assert few.count_coverage >= few.coverage


def test_a_sample_of_unknown_size_counts_as_everybody(city: RiskCity, index: RiskEstimate) -> None:
    made, unknown = compare(index, city), compare(index, city, n=np.full(16, np.nan))
    np.testing.assert_array_equal(made.areas["n"], unknown.areas["n"])


def test_observations_without_an_order_have_no_rank_agreement(city: RiskCity, index: RiskEstimate) -> None:
    assert np.isnan(compare(index, city, rate=np.full(16, 0.1)).rank_agreement)


def test_rates_of_another_definition_are_refused(city: RiskCity, index: RiskEstimate) -> None:
    with pytest.raises(CountError, match="count by 'neet_eurostat'"):
        compare(index, city, definition="neet_eurostat")


def test_two_areas_are_too_few(city: RiskCity, index: RiskEstimate) -> None:
    with pytest.raises(CountError, match="2 observed areas are too few"):
        compare_observed(index, city.observe(np.arange(2)), rng=np.random.default_rng(0))


def test_an_area_left_out_does_not_know_its_own_rate(city: RiskCity, total: RiskTotal) -> None:
    made = foretell(city, "regression", total)
    assert made.is_foretold
    changed = city.at_risk.copy()
    changed[5] = 0.9 * city.quarter_people[5]
    other = foretell(replace(city, at_risk=changed), "regression", total)
    # The same draws for the sixth area, whose own rate alone has changed; those of others have it among their neighbours.
    assert other.areas["rate"].iloc[5] == pytest.approx(made.areas["rate"].iloc[5])
    assert other.areas["rate"].iloc[6] != pytest.approx(made.areas["rate"].iloc[6], rel=1e-3)


def test_what_was_fitted_looks_better_than_what_is_foretold(city: RiskCity, total: RiskTotal) -> None:
    fitted = estimate_risk(
        city.units,
        PRIORS,
        estimator="regression",
        observed=city.observe(ALL),
        totals=[total],
        rng=np.random.default_rng(0),
        n_draws=40,
    )
    assert compare(fitted, city).mean_error < 0.7 * foretell(city, "regression", total).mean_error


def test_the_index_foretells_what_it_estimates(city: RiskCity, total: RiskTotal, index: RiskEstimate) -> None:
    made = foretell(city, "index", total, n_draws=100)
    np.testing.assert_allclose(made.areas["rate"], index.quarters["rate"], atol=0.02)


def test_the_total_of_an_area_alone_is_left_out_with_it(city: RiskCity, total: RiskTotal) -> None:
    given = RiskTotal(name="one", definition=KEY, rate=0.4, quarters=(1,))
    made = foretell(city, "index", replace(total, count=None, rate=0.09), given)
    assert made.areas.loc[1, "rate"] < 0.2
    assert made.areas.loc[2, "rate"] < foretell(city, "index", replace(total, count=None, rate=0.09)).areas.loc[2, "rate"]


def test_the_index_without_the_total_of_the_city_cannot_foretell(city: RiskCity) -> None:
    totals = [RiskTotal(name=f"{nil}", definition=KEY, rate=0.1, quarters=(nil,)) for nil in range(1, 17)]
    with pytest.raises(CountError, match="without its own total nothing says how high the risk of quarter 1 is"):
        foretell(city, "index", *totals)


def test_the_interval_is_the_one_asked_for(city: RiskCity, total: RiskTotal) -> None:
    wide, narrow = (foretell(city, "index", total, interval=interval) for interval in ((0.05, 0.95), (0.4, 0.6)))
    assert (narrow.areas["rate_high"] - narrow.areas["rate_low"] < wide.areas["rate_high"] - wide.areas["rate_low"]).all()
    assert narrow.coverage < wide.coverage


def test_the_seed_and_the_number_of_draws_change_the_draws(city: RiskCity, total: RiskTotal) -> None:
    made = foretell(city, "index", total)
    for other in (foretell(city, "index", total, seed=1), foretell(city, "index", total, n_draws=60)):
        assert not np.allclose(other.areas["rate"], made.areas["rate"], rtol=1e-6)
    np.testing.assert_array_equal(foretell(city, "index", total).areas["rate"], made.areas["rate"])
