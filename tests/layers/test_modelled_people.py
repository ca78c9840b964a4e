"""A group that nobody counted: on the grid like any other, with intervals from the joint draws behind it."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import CountError, IdError
from data.groups import Group
from geo.traveltimes import TravelTimes
from layers.district_table import district_table
from layers.figures import count_figures
from layers.modelled_people import add_modelled, cell_draws, find_interval, quarter_draws
from layers.people import People
from layers.plan_choice import Figure
from layers.positions import UncertainTimes
from layers.risk import estimate_risk
from layers.risk_estimate import RiskEstimate
from layers.risk_totals import RiskTotal
from layers.risk_units import build_risk_units
from layers.tables import allocation_table, cell_table, nearest_by_variant, quarter_table, site_table
from tests.layers.conftest import site_rows, straight_times
from tests.layers.risk_city import CATALOGUE, CRS, EAST, KEY, NORTH, RiskCity, make_city

N_QUARTERS = 3
YOUTH = Group(key="youth", plus=("P17", "P18", "P19"), label_it="giovani", label_en="young people", year=2011, source="made up")


@pytest.fixture(scope="module")
def city() -> RiskCity:
    made = make_city(np.random.default_rng(5), n_quarters=N_QUARTERS)
    census = made.census.copy()
    census.loc[census["section"] == "s00000", "is_no_place"] = True
    units = build_risk_units(census, made.pieces, definition=CATALOGUE.definition(KEY), factors=CATALOGUE.factors)
    return replace(made, census=census, units=units)


@pytest.fixture(scope="module")
def estimate(city: RiskCity) -> RiskEstimate:
    total = RiskTotal(name="official", definition=KEY, rate=0.08)
    return estimate_risk(
        city.units, CATALOGUE.priors, estimator="index", rng=np.random.default_rng(1), totals=[total], n_draws=60
    )


@pytest.fixture(scope="module")
def counted(city: RiskCity, estimate: RiskEstimate) -> People:
    """Return the people whom the census counted, on cells that are the pieces."""
    pieces = city.pieces.assign(
        district=1, area_m2=10_000.0, youth=estimate.pieces["base"].to_numpy(), residents=estimate.pieces["base"] * 8
    )
    centre = pieces.geometry.centroid
    without = estimate.no_place["base"]
    return People(
        groups=(YOUTH, replace(YOUTH, key="residents", plus=("P1",))),
        pieces=pieces,
        cells=pieces.drop(columns="cell").assign(x=centre.x, y=centre.y),
        no_place=pd.DataFrame({"nil": [1, 2], "youth": [without[1], 0.0], "residents": [8 * without[1], 0.0]}),
    )


@pytest.fixture(scope="module")
def people(counted: People, estimate: RiskEstimate) -> People:
    return add_modelled(counted, estimate)


@pytest.fixture(scope="module")
def sites() -> gpd.GeoDataFrame:
    points = {"A": (50.0, 50.0), "B": (1550.0, 250.0)}
    return site_rows(
        [
            {
                "site_id": key,
                "kind": "libraries",
                "tags": "",
                "position_error_m": 10.0,
                "geometry": shapely.Point(EAST + x, NORTH + y),
            }
            for key, (x, y) in points.items()
        ]
    ).set_crs(CRS, allow_override=True)


@pytest.fixture(scope="module")
def times(people: People, sites: gpd.GeoDataFrame) -> TravelTimes:
    return straight_times(people, list(sites["site_id"]), list(sites.geometry), cutoff_s=100_000.0)


def count(people: People, times: TravelTimes, *, minutes: float, uncertain: UncertainTimes | None = None) -> Figure:
    (figure,) = count_figures({"v": ["A"]}, times, people, groups=[KEY], standards_min=[minutes], uncertain=uncertain)
    return figure


def test_the_group_adds_up_to_the_official_total_with_those_without_a_place(people: People, estimate: RiskEstimate) -> None:
    base = people.totals["youth"]
    assert people.totals[KEY] == pytest.approx(0.08 * base, rel=1e-6)
    assert people.no_place.set_index("nil")[KEY].to_dict() == pytest.approx({1: estimate.no_place.loc[1, "count"], 2: 0.0})
    assert people.no_place[KEY].sum() > 0
    assert people.cells[KEY].sum() == pytest.approx(people.pieces[KEY].sum())
    assert people.by_quarter()[KEY].to_numpy() == pytest.approx(estimate.quarters["count"].to_numpy(), rel=1e-6)
    (group,) = [one for one in people.groups if one.key == KEY]
    assert (group.base, group.label_en) == ("youth", estimate.definition.label_en)


def test_people_without_a_modelled_group_have_none(counted: People, people: People) -> None:
    assert not counted.modelled
    assert list(people.modelled) == [KEY]
    assert KEY not in counted.cells


def test_a_base_that_no_group_counts_is_left_unnamed(counted: People, estimate: RiskEstimate) -> None:
    without = replace(counted, groups=counted.groups[1:])
    assert add_modelled(without, estimate).groups[-1].base is None


def test_a_group_of_that_name_and_other_pieces_are_refused(counted: People, people: People, estimate: RiskEstimate) -> None:
    with pytest.raises(IdError, match="is called 'inactive_not_student_2011' already"):
        add_modelled(people, estimate)
    fewer = replace(counted, pieces=counted.pieces.iloc[1:])
    with pytest.raises(IdError, match="pieces that are not the 119 of the people"):
        add_modelled(fewer, estimate)


def test_people_of_another_year_are_refused(counted: People, estimate: RiskEstimate) -> None:
    later = replace(counted, pieces=counted.pieces.assign(youth=counted.pieces["youth"] * 1.1))
    with pytest.raises(CountError, match="the same census and year"):
        add_modelled(later, estimate)


def test_a_figure_carries_the_interval_of_its_draws(people: People, times: TravelTimes, estimate: RiskEstimate) -> None:
    figure = count(people, times, minutes=10.0)
    near = np.hypot(people.cells["x"] - EAST - 50, people.cells["y"] - NORTH - 50) <= 600
    reached = estimate.draws.pieces[:, near.to_numpy()].astype(float).sum(axis=1)
    low, high = np.quantile(reached, (0.05, 0.95))
    assert figure.reached == pytest.approx(reached.mean())
    assert (figure.reached_low, figure.reached_high) == (pytest.approx(low), pytest.approx(high))
    total = 0.08 * people.totals["youth"]
    assert (figure.share_low, figure.share_high) == (pytest.approx(low / total), pytest.approx(high / total))


def test_cells_move_together_so_that_a_sum_is_wider_than_by_chance(people: People, times: TravelTimes) -> None:
    figure = count(people, times, minutes=10.0)
    near = np.hypot(people.cells["x"] - EAST - 50, people.cells["y"] - NORTH - 50) <= 600
    cells = cell_draws(people, KEY)[near.to_numpy()]
    rng = np.random.default_rng(0)
    alone = np.array([rng.permutation(row) for row in cells]).sum(axis=0)  # the same cells, each in an order of its own
    low, high = np.quantile(alone, (0.05, 0.95))
    assert figure.reached_low is not None
    assert figure.reached_high is not None
    assert figure.reached_high - figure.reached_low > 1.5 * (high - low)


def test_a_counted_group_keeps_one_number(people: People, times: TravelTimes) -> None:
    (figure,) = count_figures({"v": ["A"]}, times, people, groups=["youth"], standards_min=[10.0])
    assert figure.share_low is figure.reached_low is None


def test_a_doubtful_place_widens_the_interval(people: People, times: TravelTimes) -> None:
    points = [shapely.Point(EAST + x, NORTH + 50) for x in (50.0, 400.0)]
    moved = UncertainTimes(sites=frozenset({"A"}), n_draws=2, times=straight_times(people, ["A#0", "A#1"], points))
    narrow, wide = count(people, times, minutes=5.0), count(people, times, minutes=5.0, uncertain=moved)
    assert (wide.share, wide.share_low) == (narrow.share, pytest.approx(narrow.share_low))
    assert wide.share_high > narrow.share_high  # type: ignore[operator]


def test_who_reaches_everybody_with_a_place_is_sure_of_it(
    people: People, times: TravelTimes, city: RiskCity, sites: gpd.GeoDataFrame
) -> None:
    quarters = gpd.GeoDataFrame({"nil": [1, 2, 3], "name": list("abc")}, geometry=[shapely.box(0, 0, 1, 1)] * 3, crs=CRS)
    seconds = nearest_by_variant(times, {"v": ["A", "B"]})
    table = quarter_table(people, quarters, seconds, groups=[KEY], need={KEY: 1.0}, standard_min=1000.0).set_index("nil")
    assert table.loc[3, [f"share_v_{KEY}_low", f"share_v_{KEY}_high"]].tolist() == pytest.approx([1.0, 1.0], abs=1e-12)
    assert table.loc[1, f"share_v_{KEY}_high"] < 1.0  # somebody there has no place
    low, high = find_interval(people, KEY, quarter_draws(people, KEY).to_numpy())
    assert table[f"{KEY}_low"].to_numpy() == pytest.approx(low)
    assert table[f"reached_v_{KEY}_high"].to_numpy()[1:] == pytest.approx(high[1:])


def test_tables_give_both_ends_beside_every_modelled_column(
    people: People, times: TravelTimes, sites: gpd.GeoDataFrame
) -> None:
    groups = ["youth", KEY]
    seconds = nearest_by_variant(times, {"v": ["A"]})
    cells = cell_table(people, times, seconds, groups=groups, need={KEY: 1.0})
    assert (cells[f"{KEY}_low"] <= cells[KEY]).all()
    assert (cells[f"{KEY}_high"] >= cells[KEY]).all()
    assert "youth_low" not in cells
    estimate, lived = people.modelled[KEY].cells.reindex(cells["cell_id"]), cells["youth"].to_numpy() > 0
    assert cells[f"rate_{KEY}"].to_numpy()[lived] == pytest.approx(estimate["rate"].to_numpy()[lived])
    assert (cells[f"rate_{KEY}"] * cells["youth"]).to_numpy()[lived] == pytest.approx(cells[KEY].to_numpy()[lived])
    assert (cells.loc[lived, f"rate_{KEY}_low"] <= cells.loc[lived, f"rate_{KEY}_high"]).all()
    assert cells.loc[~lived, f"rate_{KEY}"].isna().all()
    assert "rate_youth" not in cells
    roles = {"A": "existing", "B": "proposed"}
    table = site_table(sites, times, people, groups=groups, standard_min=10.0, variants={"v": ["A"]}, roles=roles).set_index(
        "site_id"
    )
    figure = count(people, times, minutes=10.0)
    assert table.loc["A", [f"within_{KEY}_low", f"within_{KEY}_high"]].tolist() == pytest.approx(
        [figure.reached_low, figure.reached_high]
    )
    served = allocation_table(
        people, sites, cells=np.array([0, 7]), site_ids=["A", "A"], seconds=np.array([0.0, 60.0]), groups=groups
    )
    assert served[f"{KEY}_high"].tolist() == pytest.approx(cells[f"{KEY}_high"].iloc[[0, 7]].tolist())


def test_the_one_district_of_a_city_has_the_interval_of_the_city(people: People, times: TravelTimes) -> None:
    whole = gpd.GeoDataFrame({"district": [1], "name": ["All"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)
    seconds = nearest_by_variant(times, {"v": ["A"]})
    row = district_table(people, whole, seconds, groups=[KEY], standard_min=10.0).iloc[0]
    figure = count(people, times, minutes=10.0)
    assert row[KEY] == pytest.approx(figure.total)
    low, high = find_interval(people, KEY, quarter_draws(people, KEY).to_numpy().sum(axis=0))
    assert row[[f"{KEY}_low", f"{KEY}_high"]].tolist() == pytest.approx([float(low), float(high)])
    assert row[[f"reached_v_{KEY}_low", f"reached_v_{KEY}_high"]].tolist() == pytest.approx(
        [figure.reached_low, figure.reached_high]
    )
    assert row[[f"share_v_{KEY}_low", f"share_v_{KEY}_high"]].tolist() == pytest.approx([figure.share_low, figure.share_high])
