"""The estimate of need: who is at risk, where, how sure that is, why, and how it does against what was observed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import ScenarioError
from data.files import write_folder_whole
from data.geopackage import write_geopackage
from data.pack import CityPack
from data.risk import RiskCatalogue, RiskFactor
from data.risk_file import read_risk
from diffusa.steps import Steps
from layers.backtest import Backtest, compare_observed, foretell_observed
from layers.merged_cells import LEAST, merge_cells
from layers.observed import ObservedFile, read_observed
from layers.risk import N_DRAWS, Estimator, compare_estimates, estimate_risk
from layers.risk_estimate import RiskEstimate
from layers.risk_explain import explain_quarters
from layers.risk_totals import RiskTotal
from layers.risk_units import RiskUnits, build_risk_units
from maps.need_page import NeedPage, write_need_page

CATALOGUE = "istat2011"
DEFINITION = "inactive_not_student_2011"
DOCUMENT, TABLES, QUARTERS, PAGE = "need.json", "need.gpkg", "need_nil.csv", "need.html"
FIGURES = ("base", "count", "count_low", "count_high", "rate", "rate_low", "rate_high")


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
    rate: float | None = None
    n_draws: int = N_DRAWS
    seed: int = 0
    least: float = LEAST


@dataclass(frozen=True, eq=False, kw_only=True)
class NeedReport:
    """An estimate with everything that is said about it.

    Parameters
    ----------
    question, estimate
        What was asked, and the answer.
    cells
        One row per cell, perhaps a larger one where few people of the base live: cell_id, the figures, geometry.
    quarters
        One row per quarter: nil, name, the figures, geometry.
    explained
        As `layers.risk_explain.explain_quarters`.
    effect
        As `layers.risk.compare_estimates`: what switching factors off changes; None where none is off.
    observed, backtests
        The file of observed rates, and the estimate held against it: as it is, and each area foretold from the others.
    """

    question: NeedQuestion
    estimate: RiskEstimate
    cells: gpd.GeoDataFrame
    quarters: gpd.GeoDataFrame
    explained: pd.DataFrame
    effect: pd.DataFrame | None
    observed: ObservedFile | None
    backtests: tuple[Backtest, ...]


def estimate_need(question: NeedQuestion, pack: CityPack, *, steps: Steps | None = None) -> NeedReport:
    """Return the estimate of a city.

    Parameters
    ----------
    question
        What is asked.
    pack
        The city.
    steps
        Where progress is shown; nowhere by default.

    Raises
    ------
    PlannerError
        If the catalogue, the city or the observed rates do not fit together, or no official rate is known and none is given.
    """
    steps = steps or Steps()
    whole = read_risk(CATALOGUE)
    catalogue = whole.without(question.without)
    with steps.step("Reading the city"):
        units = _units(pack, catalogue, question)
        totals = _totals(pack, question)
        observed = _observed(pack, question)
    with steps.step("Estimating the risk"):
        estimate = _estimate(units, catalogue, question, totals=totals, observed=None)
        effect = _effect(pack, whole, question, estimate, totals=totals)
    with steps.step("Holding it against what was observed"):
        backtests = _backtest(units, catalogue, question, estimate, totals=totals, observed=observed)
    return NeedReport(
        question=question,
        estimate=estimate,
        cells=_merged(estimate, pack, least=question.least),
        quarters=_quarters(estimate, pack),
        explained=explain_quarters(estimate),
        effect=effect,
        observed=observed,
        backtests=backtests,
    )


def _units(pack: CityPack, catalogue: RiskCatalogue, question: NeedQuestion) -> RiskUnits:
    definition = catalogue.definition(question.definition)
    return build_risk_units(pack.read("census"), pack.read("pieces"), definition=definition, factors=catalogue.factors)


def _totals(pack: CityPack, question: NeedQuestion) -> tuple[RiskTotal, ...]:
    if question.rate is not None:
        return (RiskTotal(name="the rate given", definition=question.definition, rate=question.rate),)
    known = [one for one in pack.city.risk_rates if one.definition == question.definition]
    if not known:
        what = f"no rate of the whole city is known by the definition {question.definition!r}"
        remedy = "Give one with --rate, or write it into the recipe as city.risk_rates"
        raise ScenarioError(what, where=pack.city.id, remedy=remedy)
    return tuple(RiskTotal(name=one.source, definition=one.definition, rate=one.rate) for one in known)


def _observed(pack: CityPack, question: NeedQuestion) -> ObservedFile | None:
    if question.observed is None:
        return None
    return read_observed(question.observed, pack.read("quarters"), definition=question.definition)


def _estimate(
    units: RiskUnits,
    catalogue: RiskCatalogue,
    question: NeedQuestion,
    *,
    totals: Sequence[RiskTotal],
    observed: ObservedFile | None,
) -> RiskEstimate:
    estimator: Estimator = "index" if observed is None else "regression"
    return estimate_risk(
        units,
        catalogue.priors,
        estimator=estimator,
        rng=np.random.default_rng(question.seed),
        totals=totals,
        observed=observed.rates if observed else None,
        n_draws=question.n_draws,
    )


def _effect(
    pack: CityPack, whole: RiskCatalogue, question: NeedQuestion, estimate: RiskEstimate, *, totals: Sequence[RiskTotal]
) -> pd.DataFrame | None:
    """Return what switching factors off changes; None where none is off, or the census could not have counted them anyway."""
    columns = set(pack.read("census").columns)
    uncounted = [one.key for one in whole.factors if one.key in question.without and not _codes(one) <= columns]
    if set(uncounted) == set(question.without):
        return None
    full = whole.without(uncounted)
    return compare_estimates(_estimate(_units(pack, full, question), full, question, totals=totals, observed=None), estimate)


def _codes(factor: RiskFactor) -> set[str]:
    return {code for group in (factor.numerator, factor.denominator) for code in (*group.plus, *group.minus)}


def _backtest(
    units: RiskUnits,
    catalogue: RiskCatalogue,
    question: NeedQuestion,
    estimate: RiskEstimate,
    *,
    totals: Sequence[RiskTotal],
    observed: ObservedFile | None,
) -> tuple[Backtest, ...]:
    if observed is None:
        return ()
    rng = np.random.default_rng(question.seed)
    held = compare_observed(estimate, observed.rates, rng=rng)
    foretold = foretell_observed(units, catalogue.priors, observed.rates, estimator="regression", rng=rng, totals=totals)
    return held, foretold


def _merged(estimate: RiskEstimate, pack: CityPack, *, least: float) -> gpd.GeoDataFrame:
    """Return the figures of cells, those of few people merged to twice or four times the size."""
    cells = gpd.GeoDataFrame(pack.read("cells")[["cell_id", "geometry"]])
    lived = estimate.cells.index[estimate.cells["base"] > 0]
    chosen = cells[cells["cell_id"].isin(lived)].sort_values("cell_id", ignore_index=True)
    base = estimate.cells["base"].reindex(chosen["cell_id"]).to_numpy(dtype=np.float64)
    larger = pd.Series(merge_cells(chosen["cell_id"].to_list(), base, least=least), index=chosen["cell_id"])
    labels = larger.reindex(estimate.pieces["cell_id"]).to_numpy()
    figures = estimate.sum_pieces(labels)
    shapes = gpd.GeoDataFrame(chosen.assign(larger=larger.to_numpy()), crs=cells.crs).dissolve(by="larger").geometry
    table = figures.rename_axis("cell_id").reset_index()
    return gpd.GeoDataFrame(table, geometry=shapes.loc[table["cell_id"]].to_numpy(), crs=cells.crs)


def _quarters(estimate: RiskEstimate, pack: CityPack) -> gpd.GeoDataFrame:
    quarters = pack.read("quarters")[["nil", "name", "geometry"]]
    joined = quarters.merge(estimate.quarters, left_on="nil", right_index=True, how="left").sort_values(
        "nil", ignore_index=True
    )
    return gpd.GeoDataFrame(joined[["nil", "name", *FIGURES, "geometry"]], crs=quarters.crs)


def write_need(report: NeedReport, pack: CityPack, folder: Path) -> Path:
    """Write the tables and the page of an estimate; the old folder stands until the new one is whole. Return the page.

    Raises
    ------
    FileError
        If the folder holds other things, or cannot be written.
    """
    with write_folder_whole(folder, marker=DOCUMENT) as part:
        write_geopackage(part / TABLES, {"quarters": report.quarters.round(6), "cells": report.cells.round(6)})
        report.quarters.drop(columns="geometry").round(6).to_csv(
            part / QUARTERS, index=False, lineterminator="\n", encoding="utf-8"
        )
        (part / DOCUMENT).write_text(json.dumps(_document(report, pack), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        write_need_page(_page(report, pack), part / PAGE)
    return folder / PAGE


def _document(report: NeedReport, pack: CityPack) -> dict[str, object]:
    estimate = report.estimate
    return {
        "format": "diffusa-need/1",
        "city": pack.city.id,
        "definition": estimate.definition.key,
        "estimator": estimate.estimator,
        "factors": [factor.key for factor in estimate.factors],
        "totals": [{"name": total.name, "rate": total.rate, "count": total.count} for total in estimate.totals],
        "n_draws": estimate.n_draws,
        "seed": report.question.seed,
        "interval": list(estimate.interval),
        "city_figures": {name: round(float(value), 6) for name, value in estimate.city.items()},
        "backtests": [_numbers(one) for one in report.backtests],
        "unmatched": list(report.observed.unmatched) if report.observed else [],
        "inputs": pack.digests(),
    }


def _numbers(backtest: Backtest) -> dict[str, object]:
    names = (
        "n_areas", "bias", "mean_error", "root_mean_square_error", "error_of_one_rate", "rank_agreement", "coverage",
        "count_coverage", "is_foretold",
    )  # fmt: skip
    return {name: getattr(backtest, name) for name in names}


def _page(report: NeedReport, pack: CityPack) -> NeedPage:
    papers = [pack.layers["census"].paper.attribution, pack.layers["quarters"].paper.attribution]
    return NeedPage(
        city=pack.city.name,
        language="it" if pack.city.language == "it" else "en",
        is_sample=pack.city.is_sample,
        estimate=report.estimate,
        quarters=report.quarters,
        cells=report.cells,
        explained=report.explained,
        effect=report.effect,
        backtests=report.backtests,
        unmatched=report.observed.unmatched if report.observed else (),
        attributions=tuple(dict.fromkeys(papers)),
    )
