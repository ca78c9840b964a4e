"""One call, two estimators: totals are met in every draw, draws are joint, every option changes the answer."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import expit

from data.errors import ColumnError, CountError, FaultsError, IdError, PlannerError, SolverError
from data.pack import CityPack
from data.risk import LogNormal, RiskPriors
from layers.risk import compare_estimates, estimate_risk
from layers.risk_draws import find_levels
from layers.risk_estimate import RiskEstimate
from layers.risk_observed import ObservedRates
from layers.risk_totals import RiskTotal
from layers.risk_units import RiskUnits, build_risk_units
from tests.layers.risk_city import CATALOGUE, KEY, RiskCity, make_city

PRIORS = CATALOGUE.priors
CITY_TOTAL = RiskTotal(name="city", definition=KEY, rate=0.081)
FIGURES = ["base", "count", "count_low", "count_high", "rate", "rate_low", "rate_high"]


@pytest.fixture(scope="module")
def city() -> RiskCity:
    return make_city(np.random.default_rng(1), n_quarters=12)


def by_index(units: RiskUnits, **options: object) -> RiskEstimate:
    chosen = {"totals": [CITY_TOTAL], "rng": np.random.default_rng(0), "n_draws": 60, **options}
    priors = chosen.pop("priors", PRIORS)
    return estimate_risk(units, priors, estimator="index", **chosen)  # type: ignore[arg-type]


def by_regression(city: RiskCity, **options: object) -> RiskEstimate:
    chosen = {"observed": city.observe(np.arange(9)), "rng": np.random.default_rng(0), "n_draws": 60, **options}
    priors = chosen.pop("priors", PRIORS)
    return estimate_risk(city.units, priors, estimator="regression", **chosen)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def index(city: RiskCity) -> RiskEstimate:
    return by_index(city.units)


@pytest.fixture(scope="module")
def regression(city: RiskCity) -> RiskEstimate:
    return by_regression(city)


def units_of(census: object, city: RiskCity, **options: object) -> RiskUnits:
    chosen = {"definition": CATALOGUE.definition(KEY), "factors": CATALOGUE.factors, **options}
    return build_risk_units(census, city.pieces, **chosen)  # type: ignore[arg-type]


# Totals


def test_every_draw_meets_the_total_of_the_city(city: RiskCity, index: RiskEstimate) -> None:
    wanted = 0.081 * city.units.base.sum()
    np.testing.assert_allclose(index.draws.quarters.sum(axis=1), wanted, rtol=1e-10)
    assert index.city["count"] == pytest.approx(wanted, rel=1e-12)
    assert index.cells["count"].sum() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("estimator", ["index", "regression"])
def test_every_draw_meets_every_total(city: RiskCity, estimator: str) -> None:
    totals = [CITY_TOTAL, RiskTotal(name="two", definition=KEY, rate=0.3, quarters=(2, 7))]
    made = by_index(city.units, totals=totals) if estimator == "index" else by_regression(city, totals=totals)
    inside = np.isin(city.units.quarters, (2, 7))
    np.testing.assert_allclose(made.draws.quarters.sum(axis=1), 0.081 * city.quarter_people.sum(), rtol=1e-10)
    np.testing.assert_allclose(made.draws.quarters[:, inside].sum(axis=1), 0.3 * city.quarter_people[inside].sum(), rtol=1e-10)


def test_pieces_cells_and_quarters_are_of_the_same_people(index: RiskEstimate) -> None:
    by_quarter = index.pieces.groupby("nil")[["base", "count"]].sum()
    np.testing.assert_allclose(by_quarter, index.quarters[["base", "count"]], rtol=1e-5)
    assert (index.pieces["rate"].between(0, 1)).all()
    assert (index.pieces["rate_low"] <= index.pieces["rate"]).all()


@given(st.floats(0, 1), st.integers(0, 10**6))
@example(5e-324, 0)
@example(1e-300, 0)
@example(1 - 1e-16, 0)
@settings(max_examples=50)
def test_the_level_is_found_for_any_total(part: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits, base = rng.normal(0, 3, (4, 30)), rng.uniform(0.01, 50, 30)
    level = find_levels(logits, base, target=part * base.sum())
    np.testing.assert_allclose(expit(logits + level[:, None]) @ base, part * base.sum(), rtol=1e-9, atol=1e-12)


def test_nobody_and_everybody_at_risk_are_met(city: RiskCity) -> None:
    nobody = by_index(city.units, totals=[replace(CITY_TOTAL, rate=0.0)])
    everybody = by_index(city.units, totals=[replace(CITY_TOTAL, rate=1.0)])
    assert (nobody.quarters["rate"] == 0).all()
    np.testing.assert_allclose(everybody.quarters["rate"], 1.0)


# Draws are joint


def widening(draws: np.ndarray, nil: np.ndarray) -> np.ndarray:
    """Return by how much the interval of a quarter is wider than if its pieces were independent."""
    quarter_sd = [draws[:, nil == one].sum(axis=1).std() for one in np.unique(nil)]
    alone = [np.sqrt((draws[:, nil == one].std(axis=0) ** 2).sum()) for one in np.unique(nil)]
    return np.array(quarter_sd) / np.array(alone)


def test_quarters_do_not_shrink_as_under_independent_noise(index: RiskEstimate, regression: RiskEstimate) -> None:
    nil = index.pieces["nil"].to_numpy()
    for made in (index, regression):
        assert np.median(widening(made.draws.pieces.astype(float), nil)) > 2
    rng = np.random.default_rng(0)
    shuffled = np.column_stack([rng.permutation(column) for column in index.draws.pieces.T])
    assert np.median(widening(shuffled, nil)) < 1.2


def test_the_same_seed_gives_the_same_draws_and_another_does_not(city: RiskCity, index: RiskEstimate) -> None:
    np.testing.assert_array_equal(by_index(city.units).draws.pieces, index.draws.pieces)
    other = by_index(city.units, rng=np.random.default_rng(1))
    assert not np.allclose(other.quarters["rate"], index.quarters["rate"])


def test_the_first_draws_are_the_same_however_many_there_are(city: RiskCity, index: RiskEstimate) -> None:
    few = by_index(city.units, n_draws=25)
    np.testing.assert_array_equal(few.draws.pieces, index.draws.pieces[:25])


# What must change nothing


def test_the_order_of_rows_changes_nothing(city: RiskCity, index: RiskEstimate) -> None:
    census = city.census.sample(frac=1.0, random_state=3)
    pieces = city.pieces.sample(frac=1.0, random_state=4)
    units = build_risk_units(census, pieces, definition=CATALOGUE.definition(KEY), factors=CATALOGUE.factors)
    turned = by_index(units)
    pd.testing.assert_frame_equal(turned.quarters, index.quarters, rtol=1e-6)
    one, other = (made.pieces.set_index("cell_id")[FIGURES].sort_index() for made in (turned, index))
    pd.testing.assert_frame_equal(one, other, rtol=1e-5)


@pytest.mark.parametrize("position", [0, 99])
def test_an_extra_quarter_of_nobody_changes_nothing(city: RiskCity, index: RiskEstimate, position: int) -> None:
    census, pieces = city.census, city.pieces
    codes = [column for column in census if column.startswith(("P", "A", "ST"))]
    away = shapely.box(4_249_000, 2_480_000, 4_249_100, 2_480_100)
    section = census.iloc[:1].assign(section=f"{position:02} extra", nil=position, geometry=[away], **dict.fromkeys(codes, 0))
    piece = pieces.iloc[:1].assign(cell=len(pieces), cell_id=f"{position:02} extra", nil=position, geometry=[away])
    units = build_risk_units(
        pd.concat([census, section], ignore_index=True),
        pd.concat([pieces, piece], ignore_index=True),
        definition=CATALOGUE.definition(KEY),
        factors=CATALOGUE.factors,
    )
    made = by_index(units)
    pd.testing.assert_frame_equal(made.quarters.drop(index=position), index.quarters, rtol=1e-9)
    assert np.isnan(made.quarters.loc[position, "rate"])
    assert made.quarters.loc[position, "count"] == 0


# People without a place


def test_a_spread_that_is_given_says_where_people_of_sections_live(city: RiskCity) -> None:
    section, piece = np.arange(len(city.census)), 2 * np.arange(len(city.census))  # all in the first of their two cells
    spread = sparse.csr_array((np.ones(len(section)), (section, piece)), shape=(len(section), len(city.pieces)))
    options = {"definition": CATALOGUE.definition(KEY), "factors": CATALOGUE.factors}
    units = build_risk_units(city.census, city.pieces, spread=spread, **options)  # type: ignore[arg-type]
    base = units.to_piece @ units.part_base
    assert base[0::2] == pytest.approx(city.piece_people[0::2] + city.piece_people[1::2])
    assert base[1::2].sum() == 0
    order = np.random.default_rng(0).permutation(len(section))
    shuffled = build_risk_units(city.census.iloc[order], city.pieces, spread=spread[order], **options)  # type: ignore[arg-type]
    assert shuffled.to_piece @ shuffled.part_base == pytest.approx(base)


def test_people_without_a_place_are_in_the_quarter_and_in_no_cell(city: RiskCity) -> None:
    census = city.census.assign(is_no_place=city.census["section"] == "s00003")
    made = by_index(units_of(census, city))
    n = float(census.loc[3, ["P17", "P18", "P19"]].sum())
    assert made.no_place["base"].to_dict() == {1: n}
    assert made.quarters["base"].sum() - made.pieces["base"].sum() == pytest.approx(n)
    assert made.cells["count"].sum() + made.no_place["count"].sum() == pytest.approx(made.city["count"], rel=1e-6)
    assert made.city["rate"] == pytest.approx(0.081)


# Every option changes the answer


def change(priors: RiskPriors, key: str, value: object) -> RiskPriors:
    return replace(priors, **{key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spread", LogNormal(0.9, 0.35)),
        ("quarter_effect", LogNormal(0.6, 0.1)),
        ("cell_effect", LogNormal(0.6, 0.1)),
        ("weight_concentration", 1.0),
    ],
)
def test_every_prior_of_the_index_widens_what_it_is_about(city: RiskCity, index: RiskEstimate, key: str, value: object) -> None:
    made = by_index(city.units, priors=change(PRIORS, key, value))
    width, before = (one.pieces["rate_high"] - one.pieces["rate_low"] for one in (made, index))
    assert width.mean() > 1.03 * before.mean()


@pytest.mark.parametrize(
    ("key", "value"),
    [("quarter_effect", LogNormal(2.0, 0.1)), ("quarter_effect_areas", 500.0), ("coefficient_ratio", 0.01)],
)
def test_every_prior_of_the_regression_changes_it(city: RiskCity, regression: RiskEstimate, key: str, value: object) -> None:
    made = by_regression(city, priors=change(PRIORS, key, value))
    width, before = (one.quarters["rate_high"] - one.quarters["rate_low"] for one in (made, regression))
    assert not np.allclose(width, before, rtol=0.03)


def test_weights_of_the_factors_change_the_estimate(city: RiskCity, index: RiskEstimate) -> None:
    heavy = tuple(replace(factor, weight=20.0 if factor.key == "tenants" else 1.0) for factor in CATALOGUE.factors)
    assert not np.allclose(by_index(units_of(city.census, city, factors=heavy)).quarters["rate"], index.quarters["rate"])


def test_direction_turns_the_order_of_quarters(city: RiskCity, index: RiskEstimate) -> None:
    turned = tuple(replace(factor, direction=-1) for factor in CATALOGUE.factors)
    made = by_index(units_of(city.census, city, factors=turned))
    assert np.corrcoef(made.quarters["rate"], index.quarters["rate"])[0, 1] < -0.5


def test_the_interval_is_the_one_asked_for(city: RiskCity, index: RiskEstimate) -> None:
    narrow = by_index(city.units, interval=(0.25, 0.75))
    assert (narrow.quarters["rate_low"] > index.quarters["rate_low"]).all()
    assert (narrow.quarters["rate_high"] < index.quarters["rate_high"]).all()


def test_a_total_changes_the_regression(city: RiskCity, regression: RiskEstimate) -> None:
    made = by_regression(city, totals=[replace(CITY_TOTAL, rate=0.2)])
    assert made.city["rate"] == pytest.approx(0.2)
    assert regression.city["rate"] != pytest.approx(0.2, rel=0.05)


def test_the_size_of_a_sample_changes_the_regression(city: RiskCity, regression: RiskEstimate) -> None:
    seen = city.observe(np.arange(9))
    few = by_regression(city, observed=replace(seen, n=np.full(9, 50.0)))
    width, before = (one.quarters["rate_high"] - one.quarters["rate_low"] for one in (few, regression))
    assert width.iloc[:9].mean() > 1.5 * before.iloc[:9].mean()
    whole = by_regression(city, observed=replace(seen, n=np.full(9, np.nan)))
    np.testing.assert_allclose(whole.quarters["rate"], regression.quarters["rate"])


def test_foreign_residents_can_be_switched_off_and_the_effect_is_shown(city: RiskCity, index: RiskEstimate) -> None:
    factors = CATALOGUE.without(["foreign_residents"]).factors
    effect = compare_estimates(index, by_index(units_of(city.census, city, factors=factors)))
    assert effect["rate_change"].abs().max() > 0.001
    assert effect["count_change"].sum() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(effect["rate_second"] - effect["rate_first"], effect["rate_change"])


def test_estimates_of_two_definitions_are_not_compared(city: RiskCity, index: RiskEstimate) -> None:
    other = units_of(city.census, city, definition=CATALOGUE.definition("neet_eurostat"))
    made = by_index(other, totals=[replace(CITY_TOTAL, definition="neet_eurostat")])
    with pytest.raises(CountError, match="of 'inactive_not_student_2011', the other of 'neet_eurostat'"):
        compare_estimates(index, made)


def test_a_definition_with_another_base_changes_the_estimate(city: RiskCity, index: RiskEstimate) -> None:
    own = CATALOGUE.definition(KEY)
    older = replace(own, base=replace(own.base, plus=("P18", "P19")))
    made = by_index(units_of(city.census, city, definition=older))
    assert made.city["base"] < index.city["base"]


def test_any_union_of_pieces_can_be_summed(index: RiskEstimate) -> None:
    pieces = index.pieces
    halves = np.where(pieces["nil"] <= 6, "west", "east")
    made = index.sum_pieces(halves)
    assert made.index.tolist() == ["east", "west"]
    west = index.draws.pieces[:, (pieces["nil"] <= 6).to_numpy()].astype(float).sum(axis=1)
    assert made.loc["west", "count_low"] == pytest.approx(np.quantile(west, 0.05))
    some = index.sum_pieces(np.where(pieces["nil"] == 1, 1.0, np.nan))
    assert some["base"].tolist() == pytest.approx([index.quarters.loc[1, "base"]])


# What is refused


def test_missing_columns_are_named_by_their_factor(city: RiskCity) -> None:
    with pytest.raises(FaultsError) as caught:
        units_of(city.census.drop(columns=["ST1", "A46", "A48"]), city)
    assert "risk factor foreign_residents: the census lacks columns (1: ST1). Switch the factor off" in str(caught.value)
    assert "risk factor tenants: the census lacks columns (2: A46, A48)" in str(caught.value)


def test_a_missing_column_of_the_base_is_named(city: RiskCity) -> None:
    with pytest.raises(ColumnError, match=r"definition inactive_not_student_2011: the census lacks columns \(1: P18\)"):
        units_of(city.census.drop(columns="P18"), city)


def test_a_negative_count_is_named(city: RiskCity) -> None:
    with pytest.raises(CountError, match=r"group unemployment: P60 − \(P61\) is negative"):
        units_of(city.census.assign(P61=10**6), city)


def test_a_constant_factor_is_named(city: RiskCity) -> None:
    with pytest.raises(CountError, match="risk factor foreign_residents: is the same everywhere"):
        units_of(city.census.assign(ST1=0), city)


def test_an_index_that_differs_only_where_nobody_lives_is_refused(city: RiskCity) -> None:
    census = city.census.assign(P17=0, P18=0, P19=0)
    census.loc[0, "P17"] = 10
    with pytest.raises(CountError, match="the same wherever people of the base live"):
        by_index(units_of(census, city))


def test_a_base_of_nobody_is_refused(city: RiskCity) -> None:
    with pytest.raises(CountError, match=r"nobody belongs to the base.*P17 \+ P18 \+ P19"):
        units_of(city.census.assign(P17=0, P18=0, P19=0), city)


def test_sections_that_repeat_are_refused(city: RiskCity) -> None:
    with pytest.raises(IdError, match="sections repeat"):
        units_of(city.census.assign(section="s"), city)


def test_the_index_needs_a_total_for_every_quarter(city: RiskCity) -> None:
    with pytest.raises(CountError, match=r"in no total.*\(11: 2, 3, 4, 5, 6, …\)"):
        by_index(city.units, totals=[RiskTotal(name="one", definition=KEY, rate=0.1, quarters=(1,))])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_draws": 19}, "19 draws are too few"),
        ({"interval": (0.9, 0.1)}, "the interval is 0.9 to 0.1"),
        ({"interval": (5.0, 95.0)}, "the interval is 5 to 95"),
    ],
)
def test_options_that_cannot_be_are_refused(city: RiskCity, options: dict[str, object], said: str) -> None:
    with pytest.raises(CountError, match=said):
        by_index(city.units, **options)


def test_an_estimator_takes_only_what_it_uses(city: RiskCity) -> None:
    with pytest.raises(CountError, match="'index' makes no use of observed rates"):
        by_index(city.units, observed=city.observe(np.arange(9)))
    with pytest.raises(CountError, match="'regression' needs observed rates"):
        by_regression(city, observed=None)
    with pytest.raises(CountError, match="no estimator 'guess'"):
        estimate_risk(city.units, PRIORS, estimator="guess", rng=np.random.default_rng(0))  # type: ignore[arg-type]


def rates(**values: object) -> ObservedRates:
    n = 9
    whole = {"definition": KEY, "nil": np.arange(1, n + 1), "rate": np.linspace(0.05, 0.15, n), "n": np.full(n, 500.0)}
    return ObservedRates(**{**whole, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observed", "kind", "said"),
    [
        (rates(rate=np.linspace(5, 15, 9)), CountError, r"the rate is 5.*in percent\? Then give 0.05"),
        (rates(rate=np.linspace(-0.1, 0.1, 9)), CountError, r"outside of 0 to 1"),
        (rates(nil=np.arange(81, 90)), IdError, r"areas do not overlap the city.*\(9: 81"),
        (rates(nil=np.ones(9, dtype=int)), IdError, r"quarters stand twice \(1: 1\)"),
        (rates(n=np.zeros(9)), CountError, r"less than one person \(9: 1: 0"),
        (rates(definition="neet_eurostat"), CountError, r"count by 'neet_eurostat'"),
        (rates(rate=np.zeros(9)), CountError, r"all rates are 0"),
        (rates().take(np.arange(6)), CountError, r"6 observed areas for 7 parameters: 5 factors"),
    ],
)
def test_rates_that_cannot_be_are_refused(city: RiskCity, observed: ObservedRates, kind: type[PlannerError], said: str) -> None:
    with pytest.raises(kind, match=said):
        by_regression(city, observed=observed)


def test_a_rate_of_a_quarter_of_nobody_is_refused(city: RiskCity) -> None:
    census = city.census.copy()
    census.loc[census["nil"] == 4, ["P17", "P18", "P19"]] = 0
    empty = replace(city, units=units_of(census, city))
    with pytest.raises(CountError, match=r"nobody of the base lives \(1: 4\)"):
        by_regression(empty, observed=rates())


def test_factors_that_the_areas_cannot_tell_apart_are_refused(city: RiskCity) -> None:
    twin = units_of(city.census, city, factors=[CATALOGUE.factors[0], replace(CATALOGUE.factors[0], key="twin")])
    with pytest.raises(CountError, match="9 observed areas cannot tell the 2 factors apart"):
        by_regression(replace(city, units=twin))


def test_rates_that_no_spread_of_areas_explains_are_refused(city: RiskCity) -> None:
    seen = rates(rate=np.tile([0.0, 1.0], 5)[:9], n=np.ones(9))
    with pytest.raises(SolverError, match="areas differ by more than a variance of 100"):
        by_regression(city, observed=seen)


def test_a_regression_that_does_not_settle_is_refused(city: RiskCity) -> None:
    rate = np.array([3e-13, 7e-6, 9e-3, 6e-7, 3e-8, 3e-22, 6e-2, 2e-3])
    seen = ObservedRates(KEY, np.arange(1, 9), rate, np.array([1.0, 100, 1000, 1, 100, 1, 10, 10_000]))
    with pytest.raises(SolverError, match="did not settle in 200 rounds"):
        by_regression(city, observed=seen)


def test_every_fault_is_raised_at_once(city: RiskCity) -> None:
    with pytest.raises(FaultsError, match="2 faults"):
        by_index(city.units, n_draws=1, observed=city.observe(np.arange(9)))


@pytest.mark.shared
def test_milano_meets_its_official_total_in_every_draw(milano_pack: CityPack) -> None:
    units = build_risk_units(
        milano_pack.read("census"),
        milano_pack.read("pieces"),
        definition=CATALOGUE.definition(KEY),
        factors=CATALOGUE.factors,
    )
    started = time.process_time()
    made = by_index(units, n_draws=200)
    assert time.process_time() - started < 20
    assert made.city["base"] == 158_221
    np.testing.assert_allclose(made.draws.quarters.sum(axis=1), 0.081 * 158_221, rtol=1e-10)
    assert made.cells["count"].sum() + made.no_place["count"].sum() == pytest.approx(0.081 * 158_221, rel=1e-6)
    assert len(made.quarters) == 88
    assert made.pieces["cell_id"].nunique() == len(made.cells) == len(milano_pack.read("cells"))
    assert np.median(widening(made.draws.pieces.astype(float), made.pieces["nil"].to_numpy())) > 2
