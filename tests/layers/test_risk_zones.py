"""Areas that cut quarters or join them: their totals are met in every draw, and a regression can be fitted on them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.areas_file import Areas
from layers.backtest import compare_observed, foretell_observed
from layers.risk import estimate_risk
from layers.risk_estimate import RiskEstimate
from layers.risk_observed import ObservedRates
from layers.risk_totals import RiskTotal
from layers.risk_units import build_risk_units
from layers.risk_zones import Zoned, set_zones
from tests.layers.risk_city import CATALOGUE, CELL_M, COLUMNS, EAST, KEY, NORTH, ROWS, RiskCity, make_city

PRIORS = CATALOGUE.priors
WHOLE = RiskTotal(name="city", definition=KEY, rate=0.08)
N = 12


@pytest.fixture(scope="module")
def city() -> RiskCity:
    return make_city(np.random.default_rng(11), n_quarters=N)


def strip(first: float, last: float) -> shapely.Polygon:
    """Return what lies between two columns of cells, over all rows."""
    return shapely.box(EAST + first * CELL_M, NORTH, EAST + last * CELL_M, NORTH + ROWS * CELL_M)


@pytest.fixture(scope="module")
def halves(city: RiskCity) -> Zoned:
    """Return areas that cut each quarter but the last: from within one to within the next, along the sides of sections."""
    middle = COLUMNS // 2 + 1
    shapes = {f"a{row:02}": strip(row * COLUMNS + middle, (row + 1) * COLUMNS + middle) for row in range(N - 2)}
    return set_zones(city.units, Areas(shapes, {}), city.pieces)


def estimate(zoned: Zoned, *totals: RiskTotal, **options: object) -> RiskEstimate:
    own = {"estimator": "index", "rng": np.random.default_rng(0), "n_draws": 40, "totals": (WHOLE, *totals)}
    return estimate_risk(zoned.units, PRIORS, **{**own, **options})  # type: ignore[arg-type]


def observe(city: RiskCity, zoned: Zoned) -> ObservedRates:
    """Return the true rates of the areas."""
    people = city.census[["P17", "P18", "P19"]].sum(axis="columns").to_numpy(dtype=float)
    risk = (city.piece_risk * city.piece_people).reshape(-1, 2).sum(axis=1) / people
    ids = np.array(sorted(zoned.ids.values()))
    zone = zoned.units.zones[zoned.units.section_zone]
    rate = np.array([np.average(risk[zone == one], weights=people[zone == one]) for one in ids])
    return ObservedRates(KEY, ids, rate, np.array([people[zone == one].sum() for one in ids]))


def test_sections_go_to_the_area_that_most_of_them_lies_in(city: RiskCity) -> None:
    wide = set_zones(city.units, Areas({"a": strip(0, 3.1)}, {}), city.pieces)
    narrow = set_zones(city.units, Areas({"a": strip(0, 2.9)}, {}), city.pieces)
    first = (city.units.section_quarter == 0).sum()
    assert (wide.units.section_zone == len(wide.units.zones) - 1).sum() == 2 * ROWS
    assert (narrow.units.section_zone == len(narrow.units.zones) - 1).sum() == ROWS
    assert 0 < narrow.cut_share < 0.9 * first
    assert set_zones(city.units, Areas({"a": strip(0, 4)}, {}), city.pieces).cut_share == pytest.approx(0, abs=1e-9)


def test_people_outside_of_all_areas_stay_with_their_quarter(city: RiskCity, halves: Zoned) -> None:
    units = halves.units
    assert units.zone_base.sum() == pytest.approx(units.base.sum())
    assert N in units.zones
    assert 5 not in units.zones  # cut in two, and all of it in areas
    np.testing.assert_array_equal(units.quarter_base, city.units.quarter_base)


def test_people_without_a_place_go_with_most_of_their_quarter(city: RiskCity) -> None:
    census = city.census.assign(is_no_place=city.census["section"].isin(["s00000", "s00020"]))
    units = build_risk_units(census, city.pieces, definition=CATALOGUE.definition(KEY), factors=CATALOGUE.factors)
    zoned = set_zones(units, Areas({"most": strip(0, 8), "less": strip(8, 10 + 2)}, {}), city.pieces)
    zone = dict(zip(census["section"], zoned.units.zones[zoned.units.section_zone], strict=True))
    assert zone["s00000"] == zoned.ids["most"]
    assert zone["s00020"] == 2  # most of the second quarter lies in no area


def test_every_draw_meets_the_rate_of_an_area_that_cuts_quarters(halves: Zoned) -> None:
    zone = halves.ids["a03"]
    made = estimate(halves, RiskTotal(name="a03", definition=KEY, rate=0.15, quarters=(zone,)))
    position = int(np.searchsorted(halves.units.zones, zone))
    assert made.draws.zones[:, position] / halves.units.zone_base[position] == pytest.approx(np.full(40, 0.15), rel=1e-9)
    assert made.draws.quarters.sum(axis=1) == pytest.approx(0.08 * halves.units.base.sum(), rel=1e-9)
    plain = estimate(halves)
    higher = made.quarters["rate"] - plain.quarters["rate"]
    assert set(higher.sort_values().index[-2:]) == {4, 5}  # the two quarters that the area lies in


def test_areas_that_are_the_quarters_change_nothing(city: RiskCity) -> None:
    lists = Areas({}, {f"q{nil:02}": frozenset({nil}) for nil in range(1, N + 1)})
    zoned = set_zones(city.units, lists, city.pieces)
    plain = estimate_risk(city.units, PRIORS, estimator="index", rng=np.random.default_rng(0), totals=(WHOLE,), n_draws=40)
    np.testing.assert_array_equal(estimate(zoned).draws.quarters, plain.draws.quarters)
    assert zoned.cut_share == 0.0


def test_areas_that_join_quarters_have_one_effect(city: RiskCity) -> None:
    pairs = {f"p{pair}": frozenset({2 * pair + 1, 2 * pair + 2}) for pair in range(N // 2)}
    made = estimate(set_zones(city.units, Areas({}, pairs), city.pieces))
    draws = made.draws.quarters / made.units.quarter_base
    together = np.mean([np.corrcoef(draws[:, 2 * pair], draws[:, 2 * pair + 1])[0, 1] for pair in range(N // 2)])
    apart = np.mean([np.corrcoef(draws[:, 2 * pair + 1], draws[:, 2 * pair + 2])[0, 1] for pair in range(N // 2 - 1)])
    assert together > apart + 0.3


def test_a_regression_is_fitted_and_tested_on_areas(city: RiskCity, halves: Zoned) -> None:
    observed = observe(city, halves)
    fitted = estimate(halves, estimator="regression", observed=observed, totals=())
    held = compare_observed(fitted, observed, rng=np.random.default_rng(1))
    level = RiskTotal(name="city", definition=KEY, count=float((city.piece_risk * city.piece_people).sum()))
    index = compare_observed(estimate(halves, totals=(level,)), observed, rng=np.random.default_rng(1))
    assert held.mean_error < 0.6 * index.mean_error
    foretold = foretell_observed(
        halves.units, PRIORS, observed, estimator="regression", rng=np.random.default_rng(2), n_draws=40
    )
    assert foretold.n_areas == N - 2
    assert foretold.mean_error > held.mean_error


def test_the_total_of_an_area_is_left_out_when_it_is_foretold(city: RiskCity, halves: Zoned) -> None:
    observed = observe(city, halves)
    totals = [
        RiskTotal(name=str(nil), definition=KEY, rate=rate, quarters=(nil,))
        for nil, rate in zip(observed.nil.tolist(), observed.rate.tolist(), strict=True)
    ]
    made = estimate(halves, *totals, totals=[*totals[:3], WHOLE])
    held = compare_observed(made, observed.take(np.arange(3)), rng=np.random.default_rng(1))
    assert held.mean_error < 1e-9
    foretold = foretell_observed(
        halves.units, PRIORS, observed.take(np.arange(3)), estimator="index", rng=np.random.default_rng(2),
        totals=[*totals[:3], WHOLE], n_draws=40,
    )  # fmt: skip
    assert foretold.mean_error > 0.001
