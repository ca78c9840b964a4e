"""How an estimate does against observed rates: error, order, coverage, and each area foretold from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from data.errors import CountError
from data.risk import RiskPriors
from layers.risk import INTERVAL, Estimator
from layers.risk_draws import draw_counts
from layers.risk_estimate import RiskEstimate
from layers.risk_index import draw_index
from layers.risk_observed import ObservedRates, check_observed
from layers.risk_regression import draw_regression, fit_regression
from layers.risk_totals import RiskTotal, split_totals
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]
N_DRAWS = 100
FEWEST = 3
"""Observed areas below which no order can be compared."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """An estimate held against observed rates.

    Parameters
    ----------
    areas
        Index nil. observed (share), n (people that it is of), rate, rate_low, rate_high (the estimate and the interval of the
        risk), error (estimate less observed), is_covered (by the interval of the risk), count_low, count_high (the interval
        of the rate that is counted among n people) and is_count_covered.
    is_foretold
        Whether each area was estimated without its own rate and total.
    estimator
        "index", which sees no rate, or "regression".
    """

    areas: pd.DataFrame
    is_foretold: bool
    estimator: str

    @property
    def n_areas(self) -> int:
        """Return how many areas were compared."""
        return len(self.areas)

    @property
    def bias(self) -> float:
        """Return the mean error, by people."""
        return float(np.average(self.areas["error"], weights=self.areas["n"]))

    @property
    def mean_error(self) -> float:
        """Return the mean absolute error, each area alike."""
        return float(self.areas["error"].abs().mean())

    @property
    def root_mean_square_error(self) -> float:
        """Return the root of the mean squared error, each area alike."""
        return float(np.sqrt((self.areas["error"] ** 2).mean()))

    @property
    def error_of_one_rate(self) -> float:
        """Return the mean absolute error of giving every area the mean observed rate: what an estimate must do better than."""
        observed = self.areas["observed"]
        return float((observed - np.average(observed, weights=self.areas["n"])).abs().mean())

    @property
    def rank_agreement(self) -> float:
        """Return Spearman's rank correlation of estimate and observation; NaN where one of them has no order."""
        observed, rate = self.areas["observed"].to_numpy(), self.areas["rate"].to_numpy()
        if np.ptp(observed) == 0 or np.ptp(rate) == 0:
            return float("nan")
        return float(spearmanr(rate, observed).statistic)

    @property
    def coverage(self) -> float:
        """Return the share of areas whose observed rate lies in the interval of the risk."""
        return float(self.areas["is_covered"].mean())

    @property
    def count_coverage(self) -> float:
        """Return the share of areas whose observed rate lies in the interval of what is counted: fair where n is small."""
        return float(self.areas["is_count_covered"].mean())


def compare_observed(estimate: RiskEstimate, observed: ObservedRates, *, rng: np.random.Generator) -> Backtest:
    """Return an estimate held against observed rates.

    Parameters
    ----------
    rng
        For the chance in what is counted.

    Raises
    ------
    PlannerError
        Observed rates that do not fit the city or the definition, or fewer than 3.

    Notes
    -----
    A regression has seen the rates that it was fitted on: `foretell_observed` leaves each out in turn.
    """
    check_observed(observed, estimate.units)
    rows = np.searchsorted(estimate.units.zones, observed.nil)
    draws = estimate.draws.zones[:, rows] / estimate.units.zone_base[rows]
    made = _compare(draws, observed, estimate.units, interval=estimate.interval, rng=rng)
    return Backtest(made, is_foretold=False, estimator=estimate.estimator)


def foretell_observed(
    units: RiskUnits,
    priors: RiskPriors,
    observed: ObservedRates,
    *,
    estimator: Estimator,
    rng: np.random.Generator,
    totals: Sequence[RiskTotal] = (),
    n_draws: int = N_DRAWS,
    interval: tuple[float, float] = INTERVAL,
) -> Backtest:
    """Return each observed area held against an estimate that knows neither its rate nor a total of it alone.

    Parameters
    ----------
    units, priors, totals, n_draws, interval
        As for `layers.risk.estimate_risk`; totals of several quarters stay.
    estimator
        "regression" is fitted anew without each area; "index" has seen no rate and only loses the total of the area.

    Raises
    ------
    PlannerError
        As `layers.risk.estimate_risk`, and if too few areas are left to fit.

    Notes
    -----
    Sections are not cut into pieces here, which changes nothing for quarters but the share of the small effects of cells.
    """
    check_observed(observed, units)
    whole = units.by_section()
    columns = [
        _foretell(whole, priors, observed, row, estimator=estimator, totals=totals, streams=rng.spawn(n_draws))
        for row in range(len(observed.nil))
    ]
    draws = np.column_stack(columns) if columns else np.empty((n_draws, 0))
    return Backtest(_compare(draws, observed, units, interval=interval, rng=rng), is_foretold=True, estimator=estimator)


def _foretell(
    units: RiskUnits,
    priors: RiskPriors,
    observed: ObservedRates,
    row: int,
    *,
    estimator: Estimator,
    totals: Sequence[RiskTotal],
    streams: Sequence[np.random.Generator],
) -> Floats:
    """Return draws of the rate of one area, shape (n_draws,)."""
    nil = int(observed.nil[row])
    known = [total for total in totals if total.quarters is None or set(total.quarters) != {nil}]
    blocks = split_totals(known, definition=units.definition, quarters=units.zones, base=units.zone_base)
    position = int(np.searchsorted(units.zones, nil))
    if estimator == "regression":
        others = observed.take(np.delete(np.arange(len(observed.nil)), row))
        predictor = draw_regression(fit_regression(units, others, priors), units, priors, streams=streams)
    elif blocks.quarter[position] < 0:
        what = f"without its own total nothing says how high the risk of quarter {nil} is"
        raise CountError(what, where="totals", remedy="Give the total of the whole city")
    else:
        predictor = draw_index(units, priors, streams=streams)
    counts = draw_counts(predictor, units, blocks=blocks, streams=streams).zones[:, position]
    return np.asarray(counts / units.zone_base[position], dtype=np.float64)


def _compare(
    draws: Floats,
    observed: ObservedRates,
    units: RiskUnits,
    *,
    interval: tuple[float, float],
    rng: np.random.Generator,
) -> pd.DataFrame:
    if len(observed.nil) < FEWEST:
        what = f"{len(observed.nil)} observed areas are too few to compare"
        raise CountError(what, where="observed", remedy=f"Give {FEWEST} or more")
    base = units.zone_base[np.searchsorted(units.zones, observed.nil)]
    n = np.where(np.isnan(observed.n), base, observed.n)
    whole = np.maximum(np.round(n).astype(np.int64), 1)
    counted = rng.binomial(whole, np.clip(draws, 0.0, 1.0)) / whole
    low, high = np.quantile(draws, interval, axis=0)
    count_low, count_high = np.quantile(counted, interval, axis=0)
    frame = pd.DataFrame({"observed": observed.rate, "n": n, "rate": draws.mean(axis=0), "rate_low": low, "rate_high": high})
    frame["error"] = frame["rate"] - frame["observed"]
    frame["is_covered"] = frame["observed"].between(frame["rate_low"], frame["rate_high"])
    frame["count_low"], frame["count_high"] = count_low, count_high
    frame["is_count_covered"] = frame["observed"].between(count_low, count_high)
    return frame.set_index(pd.Index(observed.nil, name="nil"))
