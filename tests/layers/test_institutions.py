"""Residents of institutions stand in their cells as a group apart and in no other group."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest

from data.errors import CountError, RecipeError
from data.groups import Group, count_group
from data.pack import CityPack
from diffusa.city import read_people
from geo.grid import build_grid, build_pieces
from layers.institutions import APART, set_institutions_apart
from layers.people import place_people
from tests.layers.conftest import CRS, GROUPS, group


@pytest.fixture
def flagged(census: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the census in which section b is a prison."""
    return census.assign(is_institution=census["section"] == "b")


def test_a_row_of_an_institution_counts_in_the_group_apart_and_in_no_other(flagged: gpd.GeoDataFrame) -> None:
    apart = set_institutions_apart(flagged, GROUPS)
    counts = {one.key: count_group(apart.census, one).tolist() for one in apart.groups}
    assert counts == {"residents": [100, 0, 40, 5], "unemployed": [10, 0, 2, 1], APART: [0, 60, 0, 0]}
    assert "is_institution" not in apart.census


def test_the_rows_are_kept_as_they_came(flagged: gpd.GeoDataFrame) -> None:
    institutions = set_institutions_apart(flagged, GROUPS).institutions
    assert institutions[["section", "P1", "P60", "P61"]].to_dict("list") == {
        "section": ["b"],
        "P1": [60],
        "P60": [30],
        "P61": [25],
    }


def test_residents_and_residents_of_institutions_are_the_published_total(
    flagged: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame
) -> None:
    apart = set_institutions_apart(flagged, GROUPS)
    grid = build_grid(quarters.union_all(), crs=CRS)
    people, _ = place_people(apart.census, grid, build_pieces(grid, quarters), groups=apart.groups)
    assert people.totals[["residents", APART]].tolist() == pytest.approx([145, 60])
    by_cell = people.cells.set_index("cell_id")[APART]
    assert by_cell["CRS3035RES100mN2480000E4250100"] == pytest.approx(30)
    assert by_cell.sum() == pytest.approx(60)


def test_labels_of_people_say_whom_they_leave_out(flagged: gpd.GeoDataFrame) -> None:
    households = replace(group("households", "P60"), unit="households")
    by_key = {one.key: one for one in set_institutions_apart(flagged, (*GROUPS, households)).groups}
    assert by_key["residents"].label_en == "residents (en) (not in institutions)"
    assert by_key["residents"].label_it == "residents (it) (fuori dalle convivenze)"
    assert by_key["households"].label_en == "households (en)"
    assert by_key[APART].label_en == "residents of institutions"
    assert by_key[APART].base is None


def test_a_group_of_the_catalogue_keeps_what_it_counts_in_other_rows(flagged: gpd.GeoDataFrame) -> None:
    own = Group(key=APART, plus=("P61",), label_it="conviventi", label_en="inmates", year=2011, source="made up")
    apart = set_institutions_apart(flagged, (*GROUPS, own))
    assert count_group(apart.census, apart.groups[-1]).tolist() == [40, 60, 18, 1]
    assert [one.key for one in apart.groups] == ["residents", "unemployed", APART]
    assert apart.groups[-1].label_en == "inmates"


def test_without_residents_institutions_cannot_be_counted(flagged: gpd.GeoDataFrame) -> None:
    with pytest.raises(RecipeError, match="the catalogue has no group 'residents'"):
        set_institutions_apart(flagged, GROUPS[1:])


def test_an_institution_has_a_place(census: gpd.GeoDataFrame) -> None:
    with pytest.raises(CountError, match=r"institutions and without a place at once \(1: x\)"):
        set_institutions_apart(census.assign(is_institution=census["is_no_place"]), GROUPS)


@pytest.mark.shared
def test_milano_has_people_in_institutions_by_its_census(milano_pack: CityPack) -> None:
    """Residents less members of households: 9,666, all of them with a place, most in the sections of a few large homes."""
    people = read_people(milano_pack)
    assert people.totals[APART] == pytest.approx(9_666)
    assert (people.cells[APART] <= people.cells["residents"] + 1e-9).all()
    assert people.by_quarter()[APART].nlargest(3).index.tolist() == [39, 52, 37]
