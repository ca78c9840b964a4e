"""Proof on made-up cities with known individual risks: errors, coverage of the intervals, totals.

What is shown is what an estimate may claim: the risk was drawn from the stated priors, from a hidden disadvantage that the
factors follow only loosely. Cities are many, because quarters of one city share its coefficients and miss together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from layers.risk import estimate_risk
from layers.risk_estimate import RiskEstimate
from layers.risk_totals import RiskTotal
from tests.layers.risk_city import CATALOGUE, KEY, RiskCity, make_city

N_CITIES, N_QUARTERS, N_OBSERVED = 40, 30, 20


@dataclass(frozen=True)
class Trial:
    """A city, both estimates of it, and which of its quarters were observed."""

    city: RiskCity
    total: float
    index: RiskEstimate
    regression: RiskEstimate
    is_observed: NDArray[np.bool_]


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    return [_try(seed) for seed in range(N_CITIES)]


def _try(seed: int) -> Trial:
    rng = np.random.default_rng(100 + seed)
    city = make_city(rng, n_quarters=N_QUARTERS)
    total = float(city.piece_risk @ city.piece_people)
    totals = [RiskTotal(name="city", definition=KEY, count=total)]
    rows = np.sort(rng.choice(N_QUARTERS, N_OBSERVED, replace=False))
    index = estimate_risk(city.units, CATALOGUE.priors, estimator="index", totals=totals, rng=np.random.default_rng(seed))
    regression = estimate_risk(
        city.units,
        CATALOGUE.priors,
        estimator="regression",
        totals=totals,
        observed=city.observe(rows),
        rng=np.random.default_rng(seed),
    )
    return Trial(city, total, index, regression, np.isin(np.arange(N_QUARTERS), rows))


def quarters(trials: list[Trial], estimator: str, *, is_observed: bool | None = None) -> dict[str, NDArray[np.float64]]:
    """Return truth, estimate and interval of all quarters, or of those that were observed or not."""
    found = []
    for trial in trials:
        frame = getattr(trial, estimator).quarters.assign(truth=trial.city.quarter_risk)
        found.append(frame if is_observed is None else frame[trial.is_observed == is_observed])
    return {name: np.concatenate([frame[name] for frame in found]) for name in ("truth", "rate", "rate_low", "rate_high")}


def pieces(trials: list[Trial], estimator: str) -> dict[str, NDArray[np.float64]]:
    found = [getattr(trial, estimator).pieces.assign(truth=trial.city.piece_risk) for trial in trials]
    return {name: np.concatenate([frame[name] for frame in found]) for name in ("truth", "rate", "rate_low", "rate_high")}


def coverage(found: dict[str, NDArray[np.float64]]) -> float:
    return float(((found["rate_low"] <= found["truth"]) & (found["truth"] <= found["rate_high"])).mean())


def error(found: dict[str, NDArray[np.float64]]) -> float:
    """Return the mean absolute error as a part of that of giving every place the same rate."""
    same = np.abs(found["truth"] - found["truth"].mean()).mean()
    return float(np.abs(found["rate"] - found["truth"]).mean() / same)


def test_totals_are_exact_in_every_draw(trials: list[Trial]) -> None:
    for trial in trials:
        for made in (trial.index, trial.regression):
            np.testing.assert_allclose(made.draws.quarters.sum(axis=1), trial.total, rtol=1e-10)


@pytest.mark.parametrize("estimator", ["index", "regression"])
def test_intervals_of_pieces_hold_the_risk_as_often_as_they_say(trials: list[Trial], estimator: str) -> None:
    assert 0.85 <= coverage(pieces(trials, estimator)) <= 0.95


def test_intervals_of_quarters_hold_the_risk_as_often_as_they_say(trials: list[Trial]) -> None:
    assert 0.85 <= coverage(quarters(trials, "index")) <= 0.95
    assert 0.85 <= coverage(quarters(trials, "regression", is_observed=False)) <= 0.95
    assert 0.85 <= coverage(quarters(trials, "regression", is_observed=True)) <= 0.95


def test_the_index_finds_more_than_the_rate_of_the_city(trials: list[Trial]) -> None:
    """Measured: 0.73 for quarters and 0.70 for pieces; spread and quarter effects are drawn anew for every city."""
    assert error(quarters(trials, "index")) < 0.8
    assert error(pieces(trials, "index")) < 0.8


def test_observed_rates_take_most_of_the_error_away(trials: list[Trial]) -> None:
    """Measured: 0.32 for observed quarters, 0.70 for the others, 0.54 for pieces."""
    assert error(quarters(trials, "regression", is_observed=True)) < 0.4
    assert error(quarters(trials, "regression", is_observed=False)) < error(quarters(trials, "index", is_observed=False))
    assert error(pieces(trials, "regression")) < 0.6


@pytest.mark.parametrize("estimator", ["index", "regression"])
def test_intervals_of_what_a_site_reaches_hold_the_truth(trials: list[Trial], estimator: str) -> None:
    held = []
    for trial in trials:
        made: RiskEstimate = getattr(trial, estimator)
        at_risk = trial.city.piece_risk * trial.city.piece_people
        x = trial.city.pieces.geometry.centroid.x.to_numpy()
        for place in np.linspace(x.min(), x.max(), 8)[1:-1]:
            near = np.abs(x - place) <= 1_500.0  # cuts quarters
            figures = made.sum_pieces(np.where(near, "near", None)).loc["near"]
            held.append(figures["count_low"] <= at_risk[near].sum() <= figures["count_high"])
    assert 0.85 <= np.mean(held) <= 0.95
