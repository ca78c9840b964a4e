"""What is asked of an estimate of need, and the estimate that a city answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np

from data.errors import CountError, Faults, PlannerError, ScenarioError
from data.pack import CityPack
from data.risk import RiskCatalogue
from data.risk_file import USUAL_CATALOGUE, read_risk
from diffusa.place_people import read_spread
from layers.areas_file import Areas, read_areas
from layers.merged_cells import LEAST
from layers.observed import ObservedFile, Unit, read_observed
from layers.risk import Estimator, estimate_risk
from layers.risk_draws import N_DRAWS
from layers.risk_estimate import RiskEstimate
from layers.risk_totals import RiskTotal
from layers.risk_units import RiskUnits, build_risk_units
from layers.risk_zones import Zoned, set_zones

T = TypeVar("T")
DEFINITION = "inactive_not_student_2011"


@dataclass(frozen=True, kw_only=True)
class NeedQuestion:
    """What is asked of an estimate.

    Parameters
    ----------
    definition
        Key of the definition: whose risk.
    without
        Factors that are switched off; their effect is shown.
    observed
        A file of observed rates; None where there is none.
    areas
        A file of areas that observed rates are of, in place of quarters (`layers.areas_file.read_areas`).
    meets
        Whether observed rates are totals that every draw of the index meets, instead of what it is held against.
    estimator
        "index": the factors, at the level of the official rate; observed rates are only held against it. "regression": fitted
        on the observed rates, which it needs.
    unit
        What observed rates are in; None: percent, unless they look like shares, which is refused and asked.
    year
        The year of observed rates that counts; None takes all rows.
    rate
        The rate of the whole city, in [0, 1]; None takes the official one of the city.
    n_draws, seed
        Draws, and their seed.
    least
        A cell with fewer people of the base is merged with its neighbours.
    """

    definition: str = DEFINITION
    without: tuple[str, ...] = ()
    observed: Path | None = None
    areas: Path | None = None
    meets: bool = False
    estimator: Estimator = "index"
    unit: Unit | None = None
    year: int | None = None
    rate: float | None = None
    n_draws: int = N_DRAWS
    seed: int = 0
    least: float = LEAST


@dataclass(frozen=True, eq=False, kw_only=True)
class NeedInputs:
    """What an estimate is made from, and held against."""

    question: NeedQuestion
    catalogue: RiskCatalogue
    units: RiskUnits
    totals: tuple[RiskTotal, ...]
    observed: ObservedFile | None
    area_names: Mapping[int, str]
    cut_share: float


def read_rate(rate_pct: float, unit: Unit | None, *, where: str) -> float:
    """Return the rate of a city, given in percent, as a share.

    Raises
    ------
    CountError
        If it is not between 0 and 100, or so low that it may be a share, unless the unit is said to be percent.
    """
    if not 0 < rate_pct < 100:
        raise CountError(f"{rate_pct:g} is no rate in percent between 0 and 100", where=where)
    if rate_pct < 1 and unit != "percent":
        what = f"is {rate_pct:g} a share, or less than one percent?"
        raise CountError(what, where=where, remedy=f"Give {100 * rate_pct:g}, or say that the unit is percent")
    return rate_pct / 100.0


def read_inputs(question: NeedQuestion, pack: CityPack) -> NeedInputs:
    """Return what a question needs of a city.

    Raises
    ------
    PlannerError
        If the catalogue, the city or the observed rates do not fit together, or nothing says how high the risk is.
    """
    _check_question(question)
    catalogue = read_risk(USUAL_CATALOGUE).without(question.without)
    faults = Faults()
    totals = _attempt(lambda: _totals(pack, question), faults) or ()
    areas = _attempt(lambda: _areas(pack, question), faults)
    try:
        units = _units(pack, catalogue, question)
    except PlannerError as error:
        faults.add(error)
        faults.raise_if_any()
        raise
    faults.raise_if_any()
    zoned = Zoned(units, {}, 0.0) if areas is None else set_zones(units, areas, gpd.GeoDataFrame(pack.read("pieces")))
    observed = _observed(pack, question, zoned)
    return NeedInputs(
        question=question,
        catalogue=catalogue,
        units=zoned.units,
        totals=(*totals, *_met(observed, question)),
        observed=observed,
        area_names={zone: name for name, zone in zoned.ids.items()},
        cut_share=zoned.cut_share,
    )


def _check_question(question: NeedQuestion) -> None:
    faults = Faults()
    if question.observed is None and (question.areas is not None or question.meets):
        what = "areas, and totals to meet, are of observed rates, and none are given"
        faults.add(ScenarioError(what, where="observed", remedy="Give the rates, too"))
    if question.meets and question.estimator == "regression":
        what = "a regression is fitted to the observed rates, or every draw meets them, not both"
        faults.add(ScenarioError(what, where="estimator", remedy="Take 'index' to meet them"))
    faults.raise_if_any()


def _areas(pack: CityPack, question: NeedQuestion) -> Areas | None:
    return None if question.areas is None else read_areas(question.areas, gpd.GeoDataFrame(pack.read("quarters")))


def _met(observed: ObservedFile | None, question: NeedQuestion) -> tuple[RiskTotal, ...]:
    """Return the observed rates as totals, if every draw is to meet them."""
    if observed is None or not question.meets:
        return ()
    rows = zip(observed.names, observed.rates.rate.tolist(), observed.rates.nil.tolist(), strict=True)
    return tuple(RiskTotal(name=name, definition=question.definition, rate=rate, quarters=(zone,)) for name, rate, zone in rows)


def _attempt(step: Callable[[], T], faults: Faults) -> T | None:
    """Return what a step gives, or add its faults and return None."""
    try:
        return step()
    except PlannerError as error:
        faults.add(error)
        return None


def _units(pack: CityPack, catalogue: RiskCatalogue, question: NeedQuestion) -> RiskUnits:
    definition = catalogue.definition(question.definition)
    return build_risk_units(
        gpd.GeoDataFrame(pack.read("census")),
        gpd.GeoDataFrame(pack.read("pieces")),
        definition=definition,
        factors=catalogue.factors,
        spread=read_spread(pack),
    )


def _totals(pack: CityPack, question: NeedQuestion) -> tuple[RiskTotal, ...]:
    if question.rate is not None:
        return (RiskTotal(name=f"rate_pct = {100 * question.rate:g}", definition=question.definition, rate=question.rate),)
    known = [one for one in pack.city.risk_rates if one.definition == question.definition]
    if not known and question.estimator == "index" and not question.meets:
        what = f"no rate of the whole city is known by the definition {question.definition!r}"
        remedy = "Give one with --rate (in a scenario: risk.rate_pct), or write it into the recipe as city.risk_rates"
        raise ScenarioError(what, where=pack.city.id, remedy=remedy)
    return tuple(RiskTotal(name=one.source, definition=one.definition, rate=one.rate) for one in known)


def _observed(pack: CityPack, question: NeedQuestion, zoned: Zoned) -> ObservedFile | None:
    if question.observed is None:
        return None
    found = read_observed(
        question.observed,
        pack.read("quarters"),
        definition=question.definition,
        unit=question.unit,
        year=question.year,
        areas=zoned.ids if question.areas is not None else None,
    )
    base = dict(zip(zoned.units.zones.tolist(), zoned.units.zone_base.tolist(), strict=True))
    rows = zip(found.names, found.rates.nil.tolist(), strict=True)
    empty = [name for name, zone in rows if question.areas is not None and base[zone] <= 0]
    if empty:
        what, remedy = "rates of areas where nobody of the base lives", "Leave these rows out, or look at the areas"
        raise CountError(what, where=question.observed.name, n=len(empty), examples=empty, remedy=remedy)
    return found


def estimate(inputs: NeedInputs) -> RiskEstimate:
    """Return the estimate; the same question and city give the same.

    Raises
    ------
    PlannerError
        As `layers.risk.estimate_risk`.
    """
    question = inputs.question
    is_fitted = question.estimator == "regression" and inputs.observed is not None
    return estimate_risk(
        inputs.units,
        inputs.catalogue.priors,
        estimator=question.estimator,
        rng=np.random.default_rng(question.seed),
        totals=inputs.totals,
        observed=inputs.observed.rates if is_fitted and inputs.observed else None,
        n_draws=question.n_draws,
    )
