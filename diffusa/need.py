"""The estimate of need: who is at risk, where, how sure that is, why, and how it does against what was observed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import CountError, PlannerError
from data.files import write_folder_whole
from data.geopackage import write_geopackage
from data.pack import CityPack
from data.risk import RiskFactor
from data.risk_file import USUAL_CATALOGUE, read_risk
from diffusa.need_estimate import NeedInputs, NeedQuestion, estimate, read_inputs
from diffusa.need_explain import explain_all, merge_small_cells
from diffusa.steps import Steps
from layers.backtest import Backtest, compare_observed, foretell_observed
from layers.observed import ObservedFile
from layers.risk import Estimator, compare_estimates
from layers.risk_estimate import RiskEstimate
from layers.risk_observed import ObservedRates
from maps.accessibility import Statement, write_statement
from maps.i18n import both
from maps.need_data import Explained
from maps.need_page import NeedPage, write_need_page

DOCUMENT, TABLES, QUARTERS, PAGE = "need.json", "need.gpkg", "need_nil.csv", "need.html"
FIGURES = ("base", "count", "count_low", "count_high", "rate", "rate_low", "rate_high")


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
        Why quarters and cells have their risk.
    effect
        As `layers.risk.compare_estimates`: what switching factors off changes; None where none is off.
    observed, backtests
        The file of observed rates, and what was held against it: the estimate as it is, a regression that foretells each area
        from the others, and the index beside a regression.
    failed
        Why no regression could be fitted to the rates; None where one was, or none were given.
    area_names, cut_share
        Names of the areas that rates are of, by zone, and the part of the people whom their borders cut off; none where rates
        are of quarters.
    """

    question: NeedQuestion
    estimate: RiskEstimate
    cells: gpd.GeoDataFrame
    quarters: gpd.GeoDataFrame
    explained: Explained
    effect: pd.DataFrame | None
    observed: ObservedFile | None
    backtests: tuple[Backtest, ...]
    failed: PlannerError | None
    area_names: Mapping[int, str]
    cut_share: float


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
    with steps.step("Reading the city"):
        inputs = read_inputs(question, pack)
    with steps.step("Estimating the risk"):
        made = estimate(inputs)
        effect = _effect(inputs, pack, made)
    with steps.step("Holding it against what was observed"):
        backtests, failed = _backtest(inputs, made)
    larger = merge_small_cells(made, pack, least=question.least)
    cells, quarters = _cells(made, larger), _quarters(made, pack)
    return NeedReport(
        question=question,
        estimate=made,
        cells=cells,
        quarters=quarters,
        explained=explain_all(made, quarters=quarters, larger=larger, least=question.least),
        effect=effect,
        observed=inputs.observed,
        backtests=backtests,
        failed=failed,
        area_names=inputs.area_names,
        cut_share=inputs.cut_share,
    )


def _effect(inputs: NeedInputs, pack: CityPack, made: RiskEstimate) -> pd.DataFrame | None:
    """Return what switching factors off changes; None where none is off, or the census could not have counted them anyway."""
    columns = set(pack.read("census").columns)
    off = inputs.question.without
    uncounted = tuple(one.key for one in read_risk(USUAL_CATALOGUE).factors if one.key in off and not _codes(one) <= columns)
    if set(uncounted) == set(off):
        return None
    full = read_inputs(replace(inputs.question, without=uncounted), pack)
    return compare_estimates(estimate(full), made)


def _codes(factor: RiskFactor) -> set[str]:
    return {code for group in (factor.numerator, factor.denominator) for code in (*group.plus, *group.minus)}


def _backtest(inputs: NeedInputs, made: RiskEstimate) -> tuple[tuple[Backtest, ...], PlannerError | None]:
    """Return the estimate held against observed rates, then the regression that foretells each area from the others.

    Where a regression is asked for, the index is held against the rates, too, if a total gives it its level. Where none is
    asked for and none can be fitted, the fault is returned and shown. An index that meets the rates is compared without the one
    of each area in turn, if a rate of the whole city still gives it its level.
    """
    if inputs.observed is None:
        return (), None
    rates = inputs.observed.rates
    seed = inputs.question.seed
    held = [] if inputs.question.meets else [_compare(made, rates, seed)]
    if inputs.question.meets and any(total.quarters is None for total in inputs.totals):
        held.append(_foretell(inputs, "index"))
    failed: PlannerError | None = None
    try:
        held.append(_foretell(inputs, "regression"))
    except PlannerError as error:
        if made.estimator == "regression":
            raise
        failed = error
    if made.estimator == "regression" and inputs.totals:
        index = estimate(replace(inputs, question=replace(inputs.question, estimator="index")))
        held.append(_compare(index, rates, seed))
    return tuple(held), failed


def _compare(made: RiskEstimate, rates: ObservedRates, seed: int) -> Backtest:
    return compare_observed(made, rates, rng=np.random.default_rng(seed))


def _foretell(inputs: NeedInputs, estimator: Estimator) -> Backtest:
    """Return each area as an estimate tells it that knows neither its rate nor its total."""
    observed = inputs.observed
    if observed is None:
        raise CountError("no rates were observed", where="observed")
    return foretell_observed(
        inputs.units,
        inputs.catalogue.priors,
        observed.rates,
        estimator=estimator,
        rng=np.random.default_rng(inputs.question.seed),
        totals=inputs.totals,
    )


def _cells(made: RiskEstimate, larger: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the figures of cells, those of few people merged to twice or four times the size."""
    labels = larger["larger"].reindex(made.pieces["cell_id"]).to_numpy()
    table = made.sum_pieces(labels).rename_axis("cell_id").reset_index()
    shapes = larger.dissolve(by="larger").geometry
    return gpd.GeoDataFrame(table, geometry=shapes.loc[table["cell_id"]].to_numpy(), crs=larger.crs)


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
        quarters, cells = (_mark_few(frame.round(6), report.question.least) for frame in (report.quarters, report.cells))
        write_geopackage(part / TABLES, {"quarters": quarters, "cells": cells})
        quarters.drop(columns="geometry").to_csv(part / QUARTERS, index=False, lineterminator="\n", encoding="utf-8")
        (part / DOCUMENT).write_text(json.dumps(_document(report, pack), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        write_need_page(_page(report, pack), part / PAGE)
        write_statement(_statement(pack), part)
    return folder / PAGE


def _statement(pack: CityPack) -> Statement:
    return Statement(
        title=both("Estimate of need"),
        city=pack.city.name,
        language="it" if pack.city.language == "it" else "en",
        is_sample=pack.city.is_sample,
        contact=None,
        version=version("diffusa"),
        back=PAGE,
    )


def _mark_few(frame: gpd.GeoDataFrame, least: float) -> gpd.GeoDataFrame:
    """Return a table that says where so few people of the base live that a figure is of no use by itself."""
    frame.insert(list(frame.columns).index("base") + 1, "is_few", frame["base"] < least)
    return frame


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
        "areas": list(report.area_names.values()),
        "cut_share": round(report.cut_share, 6),
        "unmatched": list(report.observed.unmatched) if report.observed else [],
        "inputs": pack.digests(),
    }


def _numbers(backtest: Backtest) -> dict[str, object]:
    names = (
        "n_areas", "bias", "mean_error", "root_mean_square_error", "error_of_one_rate", "rank_agreement", "coverage",
        "count_coverage", "is_foretold", "estimator",
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
        failed=report.failed,
        area_names=report.area_names,
        cut_share=report.cut_share,
        n_observed=len(report.observed.rates.nil) if report.observed else 0,
        attributions=tuple(dict.fromkeys(papers)),
    )
