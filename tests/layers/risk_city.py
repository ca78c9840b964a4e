"""A made-up city whose individual risks are known: factors are drawn from a hidden disadvantage, and so is the risk."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import expit, logit

from data.risk_file import read_risk
from layers.risk_observed import ObservedRates
from layers.risk_units import RiskUnits, build_risk_units

CRS = "EPSG:3035"
EAST, NORTH = 4_250_000.0, 2_480_000.0
CELL_M = 100.0
ROWS, COLUMNS = 4, 10
"""Cells of a quarter; a section is two cells wide."""
KEY = "inactive_not_student_2011"
CATALOGUE = read_risk("istat2011")
# Shares of the census of Milano in 2011, and how they move with disadvantage: made up.
SHARES = {
    "low_education": (0.45, 0.7),
    "unemployment": (0.07, 0.5),
    "other_inactivity": (0.12, 0.4),
    "foreign_residents": (0.14, 0.6),
    "tenants": (0.30, 0.8),
}


@dataclass(frozen=True, eq=False)
class RiskCity:
    """A census, its pieces, and the true risk of each piece and quarter."""

    census: gpd.GeoDataFrame
    pieces: gpd.GeoDataFrame
    units: RiskUnits
    piece_risk: NDArray[np.float64]
    piece_people: NDArray[np.float64]
    quarter_risk: NDArray[np.float64]
    quarter_people: NDArray[np.float64]
    at_risk: NDArray[np.float64]
    """People at risk as they happen to be counted in each quarter."""

    def observe(self, rows: NDArray[np.intp]) -> ObservedRates:
        """Return what is counted in some quarters."""
        n = self.quarter_people[rows]
        return ObservedRates(KEY, self.units.quarters[rows], self.at_risk[rows] / n, n)


def make_city(rng: np.random.Generator, *, n_quarters: int = 30, level: float = 0.08) -> RiskCity:
    """Return a city; spread, quarter and cell effects are drawn from the priors of the catalogue."""
    priors = CATALOGUE.priors
    pieces = make_pieces(n_quarters)
    hidden = 0.7 * rng.standard_normal(n_quarters)[:, None, None] + 0.7 * rng.standard_normal((n_quarters, ROWS, COLUMNS // 2))
    census = make_census(hidden.reshape(n_quarters, -1), rng)
    spread, quarter_sd, cell_sd = (
        prior.median * np.exp(prior.log_sd * rng.standard_normal())
        for prior in (priors.spread, priors.quarter_effect, priors.cell_effect)
    )
    young = census[["P17", "P18", "P19"]].sum(axis="columns").to_numpy(dtype=float)
    z = hidden.ravel() - np.average(hidden.ravel(), weights=young)
    z /= np.sqrt(np.average(z**2, weights=young))
    of_section = spread * z + np.repeat(quarter_sd * rng.standard_normal(n_quarters), ROWS * COLUMNS // 2)
    logits = np.repeat(of_section, 2) + cell_sd * rng.standard_normal(len(pieces))
    people = np.repeat(young / 2, 2)
    risk = expit(logits + logit(level))
    quarter = np.repeat(np.arange(n_quarters), ROWS * COLUMNS)
    quarter_people = np.bincount(quarter, weights=people)
    factors = CATALOGUE.factors
    return RiskCity(
        census=census,
        pieces=pieces,
        units=build_risk_units(census, pieces, definition=CATALOGUE.definition(KEY), factors=factors),
        piece_risk=risk,
        piece_people=people,
        quarter_risk=np.bincount(quarter, weights=people * risk) / quarter_people,
        quarter_people=quarter_people,
        at_risk=np.bincount(quarter, weights=rng.binomial(people.astype(int), risk)),
    )


def make_pieces(n_quarters: int) -> gpd.GeoDataFrame:
    """Return the cells of quarters that lie side by side, each cell in one quarter."""
    rows = [
        {"nil": quarter + 1, "cell_id": f"q{quarter:03}r{row}c{column:02}", "geometry": _cell(quarter, row, column)}
        for quarter in range(n_quarters)
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS).assign(cell=np.arange(len(rows)))


def _cell(quarter: int, row: int, column: int) -> shapely.Polygon:
    west, south = EAST + (quarter * COLUMNS + column) * CELL_M, NORTH + row * CELL_M
    return shapely.box(west, south, west + CELL_M, south + CELL_M)


def make_census(hidden: NDArray[np.float64], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return sections of two cells each, with counts that follow their disadvantage, shape (n_quarters, n_sections)."""
    n_quarters, n_sections = hidden.shape
    n = hidden.size
    young = 2 * rng.integers(10, 40, n)  # half of them in each cell
    residents = young * 8
    adults = residents - residents // 10
    shares = {
        key: expit(logit(middle) + slope * hidden.ravel() + 0.15 * rng.standard_normal(n))
        for key, (middle, slope) in SHARES.items()
    }
    force, homes = adults // 2, residents // 2
    rented = rng.binomial(homes, shares["tenants"])
    counts = {
        "P1": residents,
        "P14": residents // 10,
        "P15": 0,
        "P16": 0,
        "P17": young // 3,
        "P18": young // 3,
        "P19": young - 2 * (young // 3),
        "P46": residents,
        "P49": rng.binomial(residents, shares["low_education"]),
        "P50": 0,
        "P51": 0,
        "P52": 0,
        "P60": force,
        "P61": force - rng.binomial(force, shares["unemployment"]),
        "P130": rng.binomial(adults, shares["other_inactivity"]),
        "P135": 0,
        "ST1": rng.binomial(residents, shares["foreign_residents"]),
        "A46": rented,
        "A47": homes - rented,
        "A48": 0,
    }
    per_row = COLUMNS // 2
    shapes = [
        shapely.union(_cell(quarter, row, 2 * column), _cell(quarter, row, 2 * column + 1)).envelope
        for quarter in range(n_quarters)
        for row in range(n_sections // per_row)
        for column in range(per_row)
    ]
    fixed = {
        "section": [f"s{number:05}" for number in range(n)],
        "nil": np.repeat(np.arange(n_quarters) + 1, n_sections),
        "is_no_place": False,
    }
    return gpd.GeoDataFrame(pd.DataFrame({**fixed, **counts}), geometry=shapes, crs=CRS)
