"""Estimator "regression": a binomial regression with area effects, fitted on the rates of some quarters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import expit, logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from data.errors import CountError, Faults, SolverError
from data.risk import RiskPriors
from layers.risk_draws import Predictor
from layers.risk_index import draw_log_normal, fit_index
from layers.risk_observed import ObservedRates, check_observed
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]
CENTRE, UNIT = 100.0, 10.0
"""Scores enter the regression as tens of points from the middle of the scale."""
MAX_ROUNDS = 200
LOOK = "Look at rates near 0 and 1, and at n"
CONVERGED = 1e-8
MOST_VARIANCE = 100.0
"""A variance of logits beyond which rates of 0 and 1 stand side by side."""
SMOOTHING = 16 * np.sqrt(3) / (15 * np.pi)
"""The mean of expit(x + s · normal) is nearly expit(x / √(1 + (SMOOTHING · s)²)).

Zeger, Liang, Albert (1988): Models for longitudinal data. Biometrics 44(4), 1049–1060. doi:10.2307/2531734."""


@dataclass(frozen=True, eq=False)
class CoefficientPrior:
    """What is expected of level and coefficients: middle and precision of each; the level has no prior, its precision is 0."""

    middle: Floats
    precision: Floats


@dataclass(frozen=True, eq=False)
class RegressionModel:
    """A fitted regression: logit = level + scores · coefficients.

    Parameters
    ----------
    level, coefficients
        On scores in tens of points from 100; coefficients of shape (n_factors,).
    variance
        Variance of the area effects as the observed areas alone show it; 0 where chance explains what the factors do not.
    free
        Degrees of freedom left to measure that variance with.
    areas
        Position of the quarter of each observed area.
    working, information
        What each area has beyond the fit, as a logit, and n p (1−p), one over its variance by chance.
    design
        Mean scores of the areas with a leading 1, shape (n_areas, n_factors + 1).
    precision
        Of the prior of level and coefficients.
    """

    level: float
    coefficients: Floats
    variance: float
    free: float
    areas: NDArray[np.intp]
    working: Floats
    information: Floats
    design: Floats
    precision: Floats

    def logits(self, scores: Floats) -> Floats:
        """Return the fit at scores of shape (n, n_factors)."""
        return self.level + (scores - CENTRE) / UNIT @ self.coefficients


def fit_regression(units: RiskUnits, observed: ObservedRates, priors: RiskPriors) -> RegressionModel:
    """Return the regression that fits the observed rates best.

    Raises
    ------
    PlannerError
        Rates that cannot be (`layers.risk_observed.check_observed`), fewer areas than parameters, rates that are all 0 or
        all 1, factors that the areas cannot tell apart, or a fit that does not settle.

    Notes
    -----
    With y_a of n_a people at risk in area a: y_a ~ binomial(n_a, p_a), logit p_a = o_a + β₀ + β·x_a + u_a, u_a of mean 0 and
    variance τ². x_a is the mean score of the people in a, and o_a the difference between the logit of the mean risk of its
    sections and the risk at their mean, so that β is that of sections. β_j ~ N(m_j, (r m_j)²): m_j is what the factor counts
    in the index, r the ratio of the catalogue; β₀ is free. τ² is that at which Pearson's statistic equals its degrees of
    freedom (0 where it never exceeds them), and areas have the weights that go with it.

    References
    ----------
    Williams, D. A. (1982): Extra-binomial variation in logistic linear models. Applied Statistics 31(2), 144–148.
    doi:10.2307/2347977 (model III).
    """
    check_observed(observed, units)
    _check_enough(units, observed)
    areas = np.searchsorted(units.zones, observed.nil)
    data = _Data(
        rate=observed.rate,
        n=np.where(np.isnan(observed.n), units.zone_base[areas], observed.n),
        x=np.column_stack([np.ones(len(units.base)), (units.scores - CENTRE) / UNIT]),
        members=_average_sections(units, areas),
    )
    design, prior = data.design, _expect_coefficients(units, priors)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        what = f"{len(areas)} observed areas cannot tell the {len(units.factors)} factors apart"
        raise CountError(what, where="observed", remedy="Switch factors off, or give more areas")
    beta, variance = _settle(data, prior)
    rate = data.fitted(beta)
    information = data.n * rate * (1 - rate)
    return RegressionModel(
        level=float(beta[0]),
        coefficients=beta[1:],
        variance=variance,
        free=_count_free(design, 1 / (1 / information + variance), prior),
        areas=areas,
        working=(observed.rate - rate) / (rate * (1 - rate)),
        information=information,
        design=design,
        precision=prior.precision,
    )


@dataclass(frozen=True, eq=False)
class _Data:
    """Observed rates of n people each, scores of sections with a leading 1, and the share of sections in each area."""

    rate: Floats
    n: Floats
    x: Floats
    members: Floats

    @property
    def design(self) -> Floats:
        return np.asarray(self.members @ self.x, dtype=np.float64)

    def fitted(self, beta: Floats) -> Floats:
        """Return the mean risk of the sections of each area."""
        return np.asarray(self.members @ expit(self.x @ beta), dtype=np.float64)


def _settle(data: _Data, prior: CoefficientPrior) -> tuple[Floats, float]:
    """Return level with coefficients, and the variance of the area effects, which depend on one another."""
    design, n = data.design, data.n
    beta, variance = prior.middle.copy(), 0.0
    beta[0] = logit(np.average(data.rate, weights=n)) - np.average(design[:, 1:] @ beta[1:])
    for _ in range(MAX_ROUNDS):
        before = np.append(beta, variance)
        rate = data.fitted(beta)
        weights = n / (1 + variance * (n - 1) * rate * (1 - rate))
        beta = _fit_once(data.rate, design, weights, logit(rate) - design @ beta, start=beta, prior=prior)
        rate = data.fitted(beta)
        free = _count_free(design, 1 / (1 / (n * rate * (1 - rate)) + variance), prior)
        variance = _measure_variance(data.rate, rate, n, free=free)
        if np.abs(np.append(beta, variance) - before).max() <= CONVERGED:
            return beta, variance
    raise SolverError(f"the regression did not settle in {MAX_ROUNDS} rounds", where="observed", remedy=LOOK)


def _expect_coefficients(units: RiskUnits, priors: RiskPriors) -> CoefficientPrior:
    """Return what each factor counts in the index, near even factors, and how far it may differ."""
    index = fit_index(units, priors)
    expected = index.slope * UNIT * index.weights
    return CoefficientPrior(np.append(0.0, expected), np.append(0.0, (priors.coefficient_ratio * expected) ** -2))


def _check_enough(units: RiskUnits, observed: ObservedRates) -> None:
    n_parameters = len(units.factors) + 2
    faults = Faults()
    if len(observed.nil) < n_parameters:
        what = f"{len(observed.nil)} observed areas for {n_parameters} parameters: {len(units.factors)} factors, the level, "
        what += "and the spread of the areas"
        faults.add(CountError(what, where="observed", remedy="Switch factors off, or take the estimator 'index'"))
    elif not 0 < observed.rate.sum() < len(observed.rate):
        what = f"all rates are {observed.rate[0]:g}"
        faults.add(CountError(what, where="observed", remedy="No regression can be fitted to them"))
    faults.raise_if_any()


def _average_sections(units: RiskUnits, areas: NDArray[np.intp]) -> Floats:
    """Return the share of each area's people that each section has, shape (n_areas, n_sections)."""
    members = (units.section_zone[None, :] == areas[:, None]) * units.base
    return np.asarray(members / members.sum(axis=1, keepdims=True), dtype=np.float64)


def _fit_once(
    rate: Floats, design: Floats, weights: Floats, offset: Floats, *, start: Floats, prior: CoefficientPrior
) -> Floats:
    """Return the coefficients of highest posterior density, by Newton's method on the likelihood of statsmodels."""
    model = GLM(rate, design, family=Binomial(), offset=offset, var_weights=weights)
    beta = start
    for _ in range(MAX_ROUNDS):
        slope = model.score(beta, scale=1.0) - prior.precision * (beta - prior.middle)
        information = np.diag(prior.precision) - model.hessian(beta, scale=1.0, observed=False)
        step = np.linalg.lstsq(information, slope)[0]
        # The posterior has one peak, but a whole step from far off may overshoot it without end.
        step /= max(1.0, np.abs(design @ step).max())
        beta = beta + step
        if np.abs(step).max() <= CONVERGED / 10:
            break
    return np.asarray(beta, dtype=np.float64)


def _count_free(design: Floats, weight: Floats, prior: CoefficientPrior) -> float:
    """Return the areas less the effective number of parameters: the prior takes the place of some of them."""
    information = (design * weight[:, None]).T @ design
    return len(design) - float(np.trace(np.linalg.solve(information + np.diag(prior.precision), information)))


def _measure_variance(seen: Floats, rate: Floats, n: Floats, *, free: float) -> float:
    """Return the variance of area effects at which Pearson's statistic equals its degrees of freedom; 0 where it is less."""
    binomial = rate * (1 - rate)

    def excess(variance: float) -> float:
        by_model = binomial / n * (1 + variance * (n - 1) * binomial)
        return float(((seen - rate) ** 2 / by_model).sum()) - free

    if excess(0.0) <= 0:
        return 0.0
    if excess(MOST_VARIANCE) > 0:
        what = f"areas differ by more than a variance of {MOST_VARIANCE:g} on the logit scale"
        raise SolverError(what, where="observed", remedy=LOOK)
    return float(optimize.brentq(excess, 0.0, MOST_VARIANCE, xtol=1e-12))


def draw_regression(
    model: RegressionModel, units: RiskUnits, priors: RiskPriors, *, streams: Sequence[np.random.Generator]
) -> Predictor:
    """Return one draw per generator.

    Notes
    -----
    Each draw takes the variance τ² of area effects (scaled inverse χ², the prior counting for
    `priors.quarter_effect_areas` areas), then the coefficients given τ² (normal, with the covariance of the fit), then one
    effect per quarter: given coefficients and observed rate where there is one, else N(0, τ²).
    """
    section, quarter, cell_sd = [], [], []
    x = (units.scores - CENTRE) / UNIT
    middle = np.append(model.level, model.coefficients)
    for stream in streams:
        variance = _draw_variance(model, priors, stream)
        weight = 1 / (1 / model.information + variance)
        information = (model.design * weight[:, None]).T @ model.design
        covariance = np.linalg.inv(information + np.diag(model.precision))
        beta = stream.multivariate_normal(middle, covariance, method="cholesky")
        effect = _draw_effects(model, units, beta - middle, variance, stream)
        sd = draw_log_normal(priors.cell_effect, stream)
        # Cell effects are added later and would raise the mean risk of every area.
        stretch = np.sqrt(1 + (SMOOTHING * sd) ** 2)
        section.append(stretch * (beta[0] + x @ beta[1:]))
        quarter.append(stretch * effect)
        cell_sd.append(sd)
    return Predictor(np.array(section), np.array(quarter), np.array(cell_sd))


def _draw_variance(model: RegressionModel, priors: RiskPriors, stream: np.random.Generator) -> float:
    prior = priors.quarter_effect_areas
    scale = model.free * model.variance + prior * priors.quarter_effect.median**2
    return float(scale / stream.chisquare(model.free + prior))


def _draw_effects(
    model: RegressionModel, units: RiskUnits, moved: Floats, variance: float, stream: np.random.Generator
) -> Floats:
    """Return one effect per quarter with people; `moved` is how far the coefficients lie from the fit."""
    has_people = units.zone_base > 0
    effect, noise = np.zeros(len(units.zones)), np.zeros(len(units.zones))
    noise[has_people] = stream.standard_normal(int(has_people.sum()))
    effect[has_people] = np.sqrt(variance) * noise[has_people]
    chance = 1 / model.information
    keep = variance / (variance + chance)
    beyond = model.working - model.design @ moved
    effect[model.areas] = keep * beyond + np.sqrt(keep * chance) * noise[model.areas]
    return effect
