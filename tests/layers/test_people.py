from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from data.errors import CountError
from data.pack import CityPack
from diffusa.city import read_people
from geo.grid import build_grid, build_pieces
from layers.people import People, build_people, need_weight, place_people
from tests.layers.conftest import CRS, GROUPS, group, square

OFFICIAL = {"residents": "P1", "unemployed": "unemployed_all", "youth_15_29": "youth15_29"}


def test_people_without_a_place_are_in_totals_and_not_in_cells(people: People) -> None:
    assert people.in_cells["residents"] == pytest.approx(200)
    assert people.totals["residents"] == pytest.approx(205)
    assert people.no_place.to_dict("list") == {"nil": [2], "residents": [5], "unemployed": [1]}


def test_a_section_over_two_cells_is_shared_by_area(people: People) -> None:
    counts = people.cells.set_index("cell_id")["residents"]
    assert counts["CRS3035RES100mN2480000E4250000"] == pytest.approx(100)
    assert counts["CRS3035RES100mN2480000E4250100"] == pytest.approx(30)
    assert counts["CRS3035RES100mN2480000E4250200"] == pytest.approx(30)


def test_quarters_hold_what_the_census_publishes(people: People) -> None:
    assert people.by_quarter()["residents"].to_dict() == pytest.approx({1: 160, 2: 45})
    assert people.by_quarter()["unemployed"].to_dict() == pytest.approx({1: 15, 2: 3})


def test_pieces_point_at_their_cell(people: People) -> None:
    assert (people.cells["cell_id"].to_numpy()[people.pieces["cell"]] == people.pieces["cell_id"]).all()


def test_order_of_sections_changes_nothing(
    people: People, census: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> None:
    grid = build_grid(quarters.union_all(), crs=CRS)
    turned, _ = build_people(
        census.iloc[::-1].reset_index(drop=True), grid, quarters=quarters, districts=districts, groups=GROUPS
    )
    pd.testing.assert_frame_equal(turned.cells.drop(columns="geometry"), people.cells.drop(columns="geometry"))


@pytest.mark.parametrize("whole", [False, True])
def test_an_extra_section_without_people_changes_nothing(
    census: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, *, whole: bool
) -> None:
    empty = census.iloc[[0]].assign(section="empty", P1=0, P60=0, P61=0)
    more = gpd.GeoDataFrame(pd.concat([empty.set_geometry([square(3, 3)], crs=CRS), census], ignore_index=True))
    grid = build_grid(quarters.union_all(), crs=CRS)
    pieces = build_pieces(grid, quarters)
    before, after = (place_people(one, grid, pieces, groups=GROUPS, whole=whole)[0] for one in (census, more))
    pd.testing.assert_frame_equal(pd.DataFrame(after.cells), pd.DataFrame(before.cells))


def test_need_is_a_weighted_share_of_city_totals(people: People) -> None:
    weight = need_weight(people.cells, people.totals, {"residents": 3.0, "unemployed": 1.0})
    by_id = dict(zip(people.cells["cell_id"], weight, strict=True))
    assert by_id["CRS3035RES100mN2480000E4250000"] == pytest.approx(0.75 * 100 / 205 + 0.25 * 10 / 18)


def test_scaling_the_need_changes_nothing(people: People) -> None:
    one = need_weight(people.cells, people.totals, {"residents": 1.0, "unemployed": 3.0})
    ten = need_weight(people.cells, people.totals, {"residents": 10.0, "unemployed": 30.0})
    np.testing.assert_allclose(one, ten)


def test_need_of_a_group_without_people_is_refused(people: People) -> None:
    totals = people.totals.copy()
    totals["unemployed"] = 0.0
    with pytest.raises(CountError, match="nobody in the whole city"):
        need_weight(people.cells, totals, {"unemployed": 1.0})


def test_people_may_be_whole_and_keep_the_totals_of_quarters(
    census: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, people: People
) -> None:
    odd = census.assign(P1=[100, 61, 41, 5], P60=[50, 31, 21, 2])
    grid = build_grid(quarters.union_all(), crs=CRS)
    pieces = build_pieces(grid, quarters)
    whole, _ = place_people(odd, grid, pieces, groups=GROUPS, whole=True)
    fractions, _ = place_people(odd, grid, pieces, groups=GROUPS)
    assert sorted(whole.pieces["residents"][whole.pieces["residents"] > 0]) == [30, 31, 41, 100]
    assert sorted(fractions.pieces["residents"][fractions.pieces["residents"] > 0]) == [30.5, 30.5, 41, 100]
    pd.testing.assert_frame_equal(whole.by_quarter(), fractions.by_quarter())
    assert (whole.cells[whole.keys] % 1 == 0).all(axis=None)


def test_whole_parts_stay_within_their_whole_base(quarters: gpd.GeoDataFrame) -> None:
    base, part = group("residents", "P1"), replace(group("some", "P2"), base="residents")
    shapes = [square(0, 0), square(1, 0), square(2, 0)]
    census = gpd.GeoDataFrame(
        {"nil": 1, "is_no_place": False, "P1": [1.2, 1.2, 1.6], "P2": [0.3, 0.6, 0.1]}, geometry=shapes, crs=CRS
    )
    grid = build_grid(quarters.union_all(), crs=CRS)
    made, _ = place_people(census, grid, build_pieces(grid, quarters), groups=(part, base), whole=True)
    assert (made.pieces["some"] <= made.pieces["residents"]).all()
    assert made.totals.to_dict() == {"some": 1, "residents": 4}


@pytest.mark.shared
def test_whole_people_of_milano_keep_every_quarter(milano_root: Path, milano_pack: CityPack) -> None:
    quarters, census = milano_pack.read("quarters"), milano_pack.read("census")
    grid = build_grid(quarters.union_all(), crs=CRS)
    groups = [one for one in milano_pack.groups if one.key in (*OFFICIAL, "labour_force")]
    made, _ = place_people(census, grid, build_pieces(grid, quarters), groups=groups, whole=True)
    official = pd.read_csv(milano_root / "census/nil_census2011.csv").set_index("id_nil").sort_index()
    for key, column in OFFICIAL.items():
        assert (made.by_quarter()[key].reindex(official.index, fill_value=0.0) == official[column]).all()
    assert (made.pieces[made.keys] % 1 == 0).all(axis=None)
    beyond = made.pieces["unemployed"] > made.pieces["labour_force"]
    assert beyond.mean() < 0.001


@pytest.mark.shared
def test_milano_holds_every_official_total(milano_root: Path, milano_pack: CityPack) -> None:
    made = read_people(milano_pack)
    official = pd.read_csv(milano_root / "census/nil_census2011.csv").set_index("id_nil").sort_index()
    for key, column in OFFICIAL.items():
        counted = made.by_quarter()[key].reindex(official.index, fill_value=0.0)
        np.testing.assert_allclose(counted, official[column], rtol=1e-9, atol=1e-6)
    assert made.totals["residents"] == pytest.approx(1_242_123)
    assert made.in_cells["residents"] == pytest.approx(1_241_857)
    assert (made.cells[made.keys].to_numpy() >= 0).all()
