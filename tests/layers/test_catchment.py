from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from access import fca
from access.weights import step_fn
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError, FaultsError, IdError
from geo.snap import Snapped
from geo.traveltimes import TravelTimes
from layers.catchment import Band, floating_catchment

CUTOFF_S = 1800.0
LUO_QI = (Band(600, 1.0), Band(1200, 0.68), Band(1800, 0.22))


def table(seconds: ArrayLike) -> TravelTimes:
    """Return travel times from a dense table; NaN is a way that is not stored."""
    dense = np.asarray(seconds, dtype=np.float64)
    rows, columns = np.nonzero(~np.isnan(dense))
    n_cells, n_sites = dense.shape
    return TravelTimes(
        seconds=sparse.csr_array((dense[rows, columns], (rows, columns)), shape=dense.shape),
        demand_ids=tuple(f"c{i}" for i in range(n_cells)),
        candidate_ids=tuple(f"s{j}" for j in range(n_sites)),
        cutoff_s=CUTOFF_S,
        mode="walk",
        demand_snap=on_street(n_cells),
        candidate_snap=on_street(n_sites),
    )


def on_street(n: int) -> Snapped:
    return Snapped(np.zeros(n, dtype=np.intp), np.zeros(n), np.zeros(n), np.ones(n, dtype=bool))


# Cells of 100, 50 and 25 people; the first site stands at the first cell, the second between the last two.
TOWN = table([[0, np.nan], [900, 300], [1500, 900]])
PEOPLE = np.array([100.0, 50.0, 25.0])
CAPACITY = {"s0": 30.0, "s1": 15.0}


def test_one_band_divides_capacity_by_the_people_within_it() -> None:
    # Luo and Wang: R = 30 / (100 + 50), 15 / (50 + 25); the middle cell has both.
    made = floating_catchment(TOWN, PEOPLE, capacity=CAPACITY, bands=[Band(900, 1.0)])
    assert made.catchment.tolist() == [150, 75]
    assert made.ratio.tolist() == [0.2, 0.2]
    assert made.access.tolist() == [0.2, 0.4, 0.2]


def test_bands_weigh_people_and_ratios() -> None:
    # Luo and Qi: R = 30 / (100 + 0.68 * 50 + 0.22 * 25), 15 / (50 + 0.68 * 25).
    made = floating_catchment(TOWN, PEOPLE, capacity=CAPACITY, bands=LUO_QI)
    first, second = 30 / 139.5, 15 / 67
    assert made.ratio.tolist() == pytest.approx([first, second])
    assert made.access.tolist() == pytest.approx([first, 0.68 * first + second, 0.22 * first + 0.68 * second])


@pytest.mark.parametrize(("until_s", "n_people"), [(899.999, 100.0), (900.0, 150.0), (900.001, 150.0)])
def test_a_way_exactly_as_long_as_the_band_belongs_to_it(until_s: float, n_people: float) -> None:
    made = floating_catchment(TOWN, PEOPLE, capacity={"s0": 1.0}, bands=[Band(until_s, 1.0)])
    assert made.catchment.tolist() == [n_people]


def test_a_band_begins_after_the_one_before() -> None:
    made = floating_catchment(TOWN, PEOPLE, capacity={"s0": 1.0}, bands=[Band(900, 1.0), Band(1500, 0.5)])
    assert made.catchment.tolist() == [150 + 12.5]


def test_a_stored_zero_is_a_reach() -> None:
    made = floating_catchment(TOWN, PEOPLE, capacity={"s0": 50.0}, bands=[Band(0, 1.0)])
    assert made.access.tolist() == [0.5, 0, 0]


def test_a_site_without_a_capacity_is_closed() -> None:
    made = floating_catchment(TOWN, PEOPLE, capacity={"s1": 15.0}, bands=[Band(900, 1.0)])
    assert made.access.tolist() == [0.0, 0.2, 0.2]


def test_no_open_site_gives_no_access() -> None:
    made = floating_catchment(TOWN, PEOPLE, capacity={}, bands=[Band(900, 1.0)])
    assert made.access.tolist() == [0.0, 0.0, 0.0]
    assert len(made.ratio) == len(made.catchment) == 0


def test_a_site_with_nobody_in_reach_has_no_ratio_and_gives_nothing() -> None:
    made = floating_catchment(TOWN, [0.0, 50.0, 25.0], capacity=CAPACITY, bands=[Band(300, 1.0)])
    assert np.isnan(made.ratio[0])
    assert made.access.tolist() == [0.0, 0.3, 0.0]


@pytest.mark.parametrize("bands", [[Band(900, 1.0)], LUO_QI])
def test_access_is_that_of_pysal(bands: list[Band]) -> None:
    """Rey et al., PySAL's `access`: its two-step floating catchment area, with and without weights by band."""
    rng = np.random.default_rng(2003)
    seconds = rng.integers(0, 40, (60, 7)) * 60.0
    seconds[seconds > CUTOFF_S] = np.nan
    times, people, capacity = table(seconds), rng.integers(0, 300, 60).astype(float), rng.integers(1, 40, 7).astype(float)
    mine = floating_catchment(times, people, capacity=dict(zip(times.candidate_ids, capacity, strict=True)), bands=bands)
    ways = times.seconds.tocoo()
    theirs = fca.two_stage_fca(
        demand_df=pd.DataFrame({"people": people}, index=pd.Index(times.demand_ids, name="geoid")),
        demand_name="people",
        supply_df=pd.DataFrame({"capacity": capacity}, index=pd.Index(times.candidate_ids, name="geoid")),
        supply_name="capacity",
        cost_df=pd.DataFrame(
            {
                "origin": np.array(times.demand_ids)[ways.coords[0]],
                "dest": np.array(times.candidate_ids)[ways.coords[1]],
                "cost": ways.data,
            }
        ),
        max_cost=bands[-1].until_s,
        weight_fn=step_fn({band.until_s: band.weight for band in bands}) if len(bands) > 1 else None,
    )
    np.testing.assert_allclose(mine.access, theirs.reindex(times.demand_ids, fill_value=0.0), rtol=1e-12)


@st.composite
def cases(draw: st.DrawFn) -> tuple[TravelTimes, NDArray[np.float64], dict[str, float], list[Band]]:
    n_cells, n_sites, n_bands = (draw(st.integers(1, most)) for most in (6, 4, 3))
    minutes = st.one_of(st.just(np.nan), st.integers(0, 30).map(lambda value: value * 60.0))
    row = st.lists(minutes, min_size=n_sites, max_size=n_sites)
    times = table(draw(st.lists(row, min_size=n_cells, max_size=n_cells)))
    people = draw(st.lists(st.integers(0, 500), min_size=n_cells, max_size=n_cells))
    capacity = draw(st.lists(st.integers(0, 90), min_size=n_sites, max_size=n_sites))
    ends = sorted(draw(st.lists(st.integers(0, 30), min_size=n_bands, max_size=n_bands, unique=True)))
    weights = sorted(draw(st.lists(st.floats(0.1, 1), min_size=n_bands, max_size=n_bands)), reverse=True)
    bands = [Band(end * 60.0, weight) for end, weight in zip(ends, weights, strict=True)]
    return times, np.array(people, dtype=float), dict(zip(times.candidate_ids, map(float, capacity), strict=True)), bands


@given(cases())
def test_all_capacity_goes_to_the_people_in_reach(
    case: tuple[TravelTimes, NDArray[np.float64], dict[str, float], list[Band]],
) -> None:
    times, people, capacity, bands = case
    made = floating_catchment(times, people, capacity=capacity, bands=bands)
    given_out = np.array(list(capacity.values()))[~np.isnan(made.ratio)].sum()
    assert (made.access * people).sum() == pytest.approx(given_out)
    assert (made.access >= 0).all()


@given(cases())
def test_the_order_of_the_sites_and_the_unit_of_capacity_change_nothing_else(
    case: tuple[TravelTimes, NDArray[np.float64], dict[str, float], list[Band]],
) -> None:
    times, people, capacity, bands = case
    made = floating_catchment(times, people, capacity=capacity, bands=bands)
    turned = {site_id: 3.0 * capacity[site_id] for site_id in reversed(capacity)}
    other = floating_catchment(times, people, capacity=turned, bands=bands)
    np.testing.assert_allclose(other.access, 3.0 * made.access)
    np.testing.assert_allclose(other.ratio[::-1], 3.0 * made.ratio)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"demand": [1.0, 2.0]}, CountError, r"shape \(2,\), not \(3,\)"),
        ({"demand": [1.0, -2.0, np.nan]}, CountError, "demand is missing, infinite or negative.*2: 1, 2"),
        ({"capacity": {"s9": 1.0}}, IdError, "unknown to the travel times"),
        ({"capacity": {"s0": np.nan, "s1": -1.0}}, CountError, "capacities are missing, infinite or negative"),
        ({"bands": []}, CountError, "there is no band"),
        ({"bands": [Band(-1.0, 1.0)]}, CountError, "times are negative or no numbers"),
        ({"bands": [Band(np.nan, 1.0)]}, CountError, "times are negative or no numbers"),
        ({"bands": [Band(1800.001, 1.0)]}, CountError, "stop at 1800 s"),
        ({"bands": [Band(600, 1.0), Band(600, 0.5)]}, CountError, "do not end one after the other"),
        ({"bands": [Band(600, 1.0), Band(900, 0.0)]}, CountError, "weights are not above 0"),
        ({"bands": [Band(600, np.nan)]}, CountError, "weights are not above 0"),
        ({"bands": [Band(600, 0.5), Band(900, 1.0)]}, CountError, "weights rise"),
    ],
)
def test_what_cannot_be_used_is_an_error(change: dict[str, object], error: type[Exception], message: str) -> None:
    request: dict[str, object] = {"demand": PEOPLE, "capacity": CAPACITY, "bands": LUO_QI, **change}
    with pytest.raises(error, match=message):
        floating_catchment(TOWN, request.pop("demand"), **request)  # type: ignore[arg-type]


def test_all_faults_of_a_request_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        floating_catchment(TOWN, -PEOPLE, capacity={"s9": -1.0}, bands=[Band(9999, 0.0)])
    assert len(caught.value.faults) == 5
