"""The risk of being out of work and out of school: two estimators behind one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from data.errors import CountError, Faults
from data.risk import RiskPriors
from layers.risk_draws import N_DRAWS, SMALLEST_N_DRAWS, draw_counts
from layers.risk_estimate import RiskEstimate, build_estimate
from layers.risk_index import draw_index, fit_index
from layers.risk_observed import ObservedRates
from layers.risk_regression import draw_regression, fit_regression
from layers.risk_totals import Blocks, RiskTotal, split_totals
from layers.risk_units import RiskUnits

Estimator = Literal["index", "regression"]
INTERVAL = (0.05, 0.95)


def estimate_risk(
    units: RiskUnits,
    priors: RiskPriors,
    *,
    estimator: Estimator,
    rng: np.random.Generator,
    totals: Sequence[RiskTotal] = (),
    observed: ObservedRates | None = None,
    n_draws: int = N_DRAWS,
    interval: tuple[float, float] = INTERVAL,
) -> RiskEstimate:
    """Return the risk everywhere, with what is uncertain about it.

    Parameters
    ----------
    units
        From `layers.risk_units.build_risk_units`.
    priors
        From the same catalogue.
    estimator
        "index": the composite index of the factors, at the level that the totals fix; needs totals for every quarter, one of
        the whole city does. "regression": fitted on observed rates of some quarters, then moved to the totals given, if any.
    rng
        Each draw has a generator of its own that is spawned from it: the first draws are the same however many there are.
    totals
        What each draw meets exactly.
    observed
        For the regression, and for it alone.
    n_draws
        At least 20.
    interval
        The two quantiles of the draws that are shown.

    Raises
    ------
    PlannerError
        Totals or rates that contradict one another or the city, and whatever the estimator cannot work with.

    Notes
    -----
    Draws are joint: coefficients once per draw, one effect per quarter, one small effect per cell, and the level solved for
    in every draw. Independent noise per cell would average out and make the intervals of quarters absurdly narrow.
    """
    _check_request(estimator, observed, n_draws)
    blocks = split_totals(totals, definition=units.definition, quarters=units.zones, base=units.zone_base)
    streams = rng.spawn(n_draws)
    if observed is not None:
        regression = fit_regression(units, observed, priors)
        predictor = draw_regression(regression, units, priors, streams=streams)
        draws = draw_counts(predictor, units, blocks=blocks, streams=streams)
        return build_estimate(units, draws, model=regression, estimator=estimator, totals=totals, interval=interval)
    _check_whole(units, blocks)
    predictor = draw_index(units, priors, streams=streams)
    draws = draw_counts(predictor, units, blocks=blocks, streams=streams)
    return build_estimate(units, draws, model=fit_index(units, priors), estimator=estimator, totals=totals, interval=interval)


def _check_request(estimator: str, observed: ObservedRates | None, n_draws: int) -> None:
    faults = Faults()
    if estimator not in ("index", "regression"):
        what = f"there is no estimator {estimator!r}"
        faults.add(CountError(what, where="estimator", remedy="Known are 'index' and 'regression'"))
    elif (estimator == "regression") != (observed is not None):
        said = "needs observed rates" if observed is None else "makes no use of observed rates"
        what = f"the estimator {estimator!r} {said}"
        remedy = (
            "Give rates of some quarters" if observed is None else "Take 'regression', or hold the rates against the result"
        )
        faults.add(CountError(what, where="observed", remedy=remedy))
    if n_draws < SMALLEST_N_DRAWS:
        what = f"{n_draws} draws are too few for an interval"
        faults.add(CountError(what, where="n_draws", remedy=f"Take {SMALLEST_N_DRAWS} or more"))
    faults.raise_if_any()


def _check_whole(units: RiskUnits, blocks: Blocks) -> None:
    without = units.zones[(blocks.quarter < 0) & (units.zone_base > 0)].tolist()
    if without:
        what = "quarters are in no total, so nothing says how high their risk is"
        remedy = "Give the total of the whole city, or observed rates for the estimator 'regression'"
        raise CountError(what, where="totals", n=len(without), examples=without, remedy=remedy)


def compare_estimates(first: RiskEstimate, second: RiskEstimate) -> pd.DataFrame:
    """Return how two estimates of one definition differ by quarter: what a factor, a total or an estimator does.

    Returns
    -------
    pandas.DataFrame
        Index nil; base, rate_first, rate_second, rate_change and count_change (second less first).

    Raises
    ------
    CountError
        If their definitions differ.
    """
    if first.definition.key != second.definition.key:
        what = f"one estimate is of {first.definition.key!r}, the other of {second.definition.key!r}"
        raise CountError(what, remedy="Only estimates of one definition can be compared")
    one, other = first.quarters, second.quarters
    return pd.DataFrame(
        {
            "base": one["base"],
            "rate_first": one["rate"],
            "rate_second": other["rate"],
            "rate_change": other["rate"] - one["rate"],
            "count_change": other["count"] - one["count"],
        }
    )
