"""Estimator "index": the composite index of the factors sets the order of places, priors set how far the risk spreads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import CountError
from data.risk import LogNormal, RiskPriors
from layers.ampi import ampi
from layers.risk_draws import Predictor
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IndexModel:
    """The index at the middle of its priors, for explanations: logit = slope · index, without level.

    Parameters
    ----------
    weights
        Prior weights of the factors, summing to 1.
    slope
        Logit per point of the index.
    """

    weights: Floats
    slope: float

    def logits(self, scores: Floats) -> Floats:
        """Return what the factors say, without level; scores of shape (n, n_factors)."""
        return self.slope * ampi(scores, self.weights)


def fit_index(units: RiskUnits, priors: RiskPriors) -> IndexModel:
    """Return the index at the middle of its priors.

    Raises
    ------
    CountError
        If the index is the same wherever people of the base live.
    """
    weights = np.array([factor.weight for factor in units.factors])
    weights /= weights.sum()
    spread = float(_spread_index(ampi(units.scores, weights)[None], units.base)[0])
    if not spread > 0:
        what = "the index of the risk is the same wherever people of the base live"
        raise CountError(what, remedy="Give factors that differ between sections")
    return IndexModel(weights, priors.spread.median / spread)


def draw_index(units: RiskUnits, priors: RiskPriors, *, streams: Sequence[np.random.Generator]) -> Predictor:
    """Return one draw per generator.

    Parameters
    ----------
    streams
        A generator per draw; each gives the weights and the spread once, then one effect per quarter.

    Notes
    -----
    With I_s the index (AMPI+) of section s by drawn weights, standardised over the people of the base to z_s:
    logit p_s = level + σ z_s + u_quarter (+ v_cell, see `layers.risk_draws`), weights ~ Dirichlet, σ ~ log-normal,
    u ~ N(0, τ²), τ log-normal. The level is solved for in every draw, so it has no prior.
    """
    model = fit_index(units, priors)
    weights, spread, quarter, cell_sd = [], [], [], []
    for stream in streams:
        weights.append(stream.dirichlet(priors.weight_concentration * model.weights))
        spread.append(draw_log_normal(priors.spread, stream))
        quarter.append(draw_quarters(draw_log_normal(priors.quarter_effect, stream), units, stream))
        cell_sd.append(draw_log_normal(priors.cell_effect, stream))
    index = ampi(units.scores, np.array(weights))
    share = units.base / units.base.sum()
    z = (index - (index @ share)[:, None]) / _spread_index(index, units.base)[:, None]
    return Predictor(np.array(spread)[:, None] * z, np.array(quarter), np.array(cell_sd))


def _spread_index(index: Floats, base: Floats) -> Floats:
    """Return the standard deviation over people of each row."""
    share = base / base.sum()
    mean = index @ share
    return np.asarray(np.sqrt(((index - mean[:, None]) ** 2) @ share), dtype=np.float64)


def draw_log_normal(prior: LogNormal, stream: np.random.Generator) -> float:
    """Return one draw of a prior."""
    return float(prior.median * np.exp(prior.log_sd * stream.standard_normal()))


def draw_quarters(sd: float, units: RiskUnits, stream: np.random.Generator) -> Floats:
    """Return one effect per zone; zones without people have none, so that they change no draw of the others."""
    effect = np.zeros(len(units.zones))
    has_people = units.zone_base > 0
    effect[has_people] = sd * stream.standard_normal(int(has_people.sum()))
    return effect
