from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

from geo.traveltimes import TravelTimes
from layers.people import People
from layers.tables import allocation_table, cell_table, nearest_by_variant, quarter_table, site_table

VARIANTS = {"before": ["JOB"], "best": ["JOB", "LIB"]}
NEED = {"residents": 1.0}


@pytest.fixture(scope="module")
def table(people: People, quarters: gpd.GeoDataFrame, times: TravelTimes) -> gpd.GeoDataFrame:
    seconds = nearest_by_variant(times, VARIANTS)
    made = quarter_table(people, quarters, seconds, groups=["residents"], need=NEED, standard_min=100 / 60)
    return made.set_index("nil")


def test_a_quarter_counts_all_its_people_and_those_reached(table: gpd.GeoDataFrame) -> None:
    assert table["residents"].to_dict() == pytest.approx({1: 160, 2: 45})
    assert table["reached_before_residents"].to_dict() == pytest.approx({1: 130, 2: 0})
    assert table["reached_best_residents"].to_dict() == pytest.approx({1: 130, 2: 40})
    assert table["share_best_residents"].to_dict() == pytest.approx({1: 130 / 160, 2: 40 / 45})
    assert table["district"].to_dict() == {1: 7, 2: 7}


def test_mean_minutes_are_over_the_need_within_the_cutoff(table: gpd.GeoDataFrame) -> None:
    assert table.loc[1, "minutes_before"] == pytest.approx((100 * 0 + 30 * 100 + 30 * 200) / 160 / 60)
    assert table["beyond_before"].to_dict() == pytest.approx({1: 0.0, 2: 0.0})


def test_need_beyond_the_cutoff_has_a_share_and_no_minutes(
    people: People, quarters: gpd.GeoDataFrame, times: TravelTimes
) -> None:
    seconds = {"none": np.full(len(people.cells), np.nan)}
    made = quarter_table(people, quarters, seconds, groups=["residents"], need=NEED, standard_min=30).set_index("nil")
    assert made["minutes_none"].isna().all()
    assert made["beyond_none"].to_dict() == {1: 1.0, 2: 1.0}


def test_quarters_sum_to_the_figures(
    people: People, quarters: gpd.GeoDataFrame, times: TravelTimes, table: gpd.GeoDataFrame
) -> None:
    near = nearest_by_variant(times, VARIANTS)["best"] <= 100.0
    assert table["reached_best_residents"].sum() == pytest.approx(people.cells.loc[near, "residents"].sum())


def test_a_quarter_without_people_has_zeros_and_no_share(
    people: People, quarters: gpd.GeoDataFrame, times: TravelTimes
) -> None:
    empty = quarters.iloc[[1]].assign(nil=3, name="Field")
    more = gpd.GeoDataFrame(gpd.pd.concat([quarters, empty], ignore_index=True), crs=quarters.crs)
    made = quarter_table(people, more, nearest_by_variant(times, VARIANTS), groups=["residents"], need=NEED, standard_min=2)
    field = made.set_index("nil").loc[3]
    assert (field["residents"], field["reached_best_residents"]) == (0.0, 0.0)
    assert np.isnan(field["share_best_residents"])


def test_cells_carry_minutes_per_variant(people: People, times: TravelTimes) -> None:
    made = cell_table(people, times, nearest_by_variant(times, VARIANTS), groups=["residents"], need=NEED)
    assert len(made) == 50
    assert made.crs == people.cells.crs
    doorstep = made.set_index("cell_id").loc["CRS3035RES100mN2480000E4250500"]
    assert doorstep["minutes_best"] == 0.0
    assert doorstep["minutes_before"] == pytest.approx(500 / 60)
    assert doorstep["need"] == pytest.approx(40 / 205)  # of the published total: five people have no place
    assert made["need"].sum() == pytest.approx(200 / 205)


def test_sites_say_role_and_reach_alone(people: People, sites: gpd.GeoDataFrame, times: TravelTimes) -> None:
    roles = {"JOB": "existing", "LIB": "proposed", "SCH": "candidate"}
    made = site_table(
        sites, times, people, groups=["residents"], standard_min=100 / 60, variants=VARIANTS, roles=roles
    ).set_index("site_id")
    assert made["role"].to_dict() == roles
    assert made["in_best"].to_dict() == {"JOB": True, "LIB": True, "SCH": False}
    assert made["within_residents"].to_dict() == pytest.approx({"JOB": 130, "LIB": 40, "SCH": 60})


def test_the_allocation_joins_cell_and_site(people: People, sites: gpd.GeoDataFrame) -> None:
    made = allocation_table(
        people,
        sites,
        cells=np.array([0, 5]),
        site_ids=["JOB", "LIB"],
        seconds=np.array([0.0, 60.0]),
        groups=["residents"],
    )
    assert list(made["minutes"]) == [0.0, 1.0]
    assert made.geometry.iloc[0].coords[-1] == sites.geometry.iloc[0].coords[0]
    assert made["residents"].tolist() == pytest.approx([100, 40])
