"""Groups from layers stand on the grid where their points lie, or spread within their quarter like another group."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.check import check_pack
from data.errors import CountError, PackError
from data.groups import FromFacts, FromPoints, Group
from data.pack import CityPack
from diffusa.city import read_people
from layers.layer_groups import add_layer_groups
from layers.people import People
from tests.layers.conftest import CRS, EAST, GROUPS, NORTH

CELL = "CRS3035RES100mN2480000E{}"


def made(key: str, origin: FromPoints | FromFacts) -> Group:
    return Group(key=key, origin=origin, label_it=key, label_en=key, unit="establishments", year=2016, source="made up")


BARS = made("bars", FromPoints(points="amenities", where={"kind": ("bar",)}))
LICENCES = made("licences", FromFacts(facts="counts", column="licences", like=("bars", "residents")))


def points(*places: tuple[float, float, int]) -> gpd.GeoDataFrame:
    """Return bars so many metres east and north of the corner of the town, with their quarter."""
    return gpd.GeoDataFrame(
        {"layer": "amenities", "kind": "bar", "nil": [nil for *_, nil in places]},
        geometry=[shapely.Point(EAST + east, NORTH + north) for east, north, _ in places],
        crs=CRS,
    ).astype({"nil": "Int64"})


def facts(*numbers: float) -> pd.DataFrame:
    return pd.DataFrame({"nil": [1, 2], "licences": numbers})


LAYERS = {"points": points((150, 50, 1), (150, 60, 1), (50, 50, 1)), "quarter_facts": facts(6.0, 8.0)}


def test_points_are_counted_in_the_cell_where_they_lie(people: People) -> None:
    new, notes = add_layer_groups(people, (*GROUPS, BARS), LAYERS)
    counts = new.cells.set_index("cell_id")["bars"]
    assert counts[counts > 0].to_dict() == {CELL.format(4250100): 2.0, CELL.format(4250000): 1.0}
    assert new.totals["bars"] == new.in_cells["bars"] == 3.0
    assert new.by_quarter()["bars"].to_dict() == {1: 3.0, 2: 0.0}
    assert new.groups == (*GROUPS, BARS)
    assert notes == ()


def test_a_point_on_a_border_belongs_to_its_quarter_and_counts_once(people: People) -> None:
    on_border = {"points": points((500, 50, 2), (500.4, 150, 1), (100, 50, 1))}
    new, _ = add_layer_groups(people, (*GROUPS, BARS), on_border)
    assert new.by_quarter()["bars"].to_dict() == {1: 2.0, 2: 1.0}
    assert new.in_cells["bars"] == 3.0


def test_facts_are_spread_like_the_first_group_that_lives_in_the_quarter(people: People) -> None:
    new, notes = add_layer_groups(people, (*GROUPS, LICENCES, BARS), LAYERS)
    counts = new.cells.set_index("cell_id")["licences"]
    assert counts[CELL.format(4250100)] == pytest.approx(4.0)
    assert counts[CELL.format(4250000)] == pytest.approx(2.0)
    assert counts[CELL.format(4250500)] == pytest.approx(8.0)  # no bar there: like its residents
    assert new.by_quarter()["licences"].to_dict() == pytest.approx({1: 6.0, 2: 8.0})
    assert notes == ("licences: 14 establishments by quarter, spread: 6 like bars in 1 quarter; 8 like residents in 1 quarter",)


def test_facts_that_find_nobody_in_their_quarter_have_no_place(people: People) -> None:
    only = replace(LICENCES, origin=FromFacts(facts="counts", column="licences", like=("bars",)))
    new, notes = add_layer_groups(people, (*GROUPS, BARS, only), LAYERS)
    assert new.in_cells["licences"] == pytest.approx(6.0)
    assert new.totals["licences"] == pytest.approx(14.0)
    assert new.no_place.to_dict("list") == {
        "nil": [2], "residents": [5], "unemployed": [1], "bars": [0.0], "licences": [8.0],
    }  # fmt: skip
    assert notes[0].endswith("8 in 1 quarter without any of these have no place")


def test_a_quarter_without_people_without_a_place_gets_a_row_of_its_own(people: People) -> None:
    nobody = replace(people, pieces=gpd.GeoDataFrame(people.pieces.assign(residents=0.0)))
    only = replace(LICENCES, origin=FromFacts(facts="counts", column="licences", like=("residents",)))
    new, _ = add_layer_groups(nobody, (*GROUPS, only), LAYERS)
    assert new.no_place["nil"].tolist() == [1, 2]
    assert new.no_place["licences"].tolist() == [6.0, 8.0]
    assert new.no_place["residents"].tolist() == [0.0, 5.0]


def test_the_census_stays_as_it_is(people: People) -> None:
    new, _ = add_layer_groups(people, (*GROUPS, BARS, LICENCES), LAYERS)
    pd.testing.assert_frame_equal(new.cells[people.keys], people.cells[people.keys])
    assert "bars" not in people.cells


def test_a_quarter_without_a_number_is_refused(people: People) -> None:
    with pytest.raises(CountError, match=r"group licences, counts.licences: quarters have no number \(1: 2\)"):
        add_layer_groups(people, (*GROUPS, BARS, LICENCES), {**LAYERS, "quarter_facts": facts(1.0, 2.0).iloc[:1]})


@pytest.mark.parametrize("group", [BARS, LICENCES], ids=lambda group: group.key)
def test_a_layer_that_is_not_there_is_named(people: People, group: Group) -> None:
    with pytest.raises(PackError, match=f"the group '{group.key}' needs the layer"):
        add_layer_groups(people, (*GROUPS, group), {})


def test_the_sample_city_says_which_groups_it_has_not(sample_pack: CityPack) -> None:
    told = [line.strip() for line in check_pack(sample_pack.folder).facts if "is not offered" in line]
    assert "the group 'restaurants' is not offered: the recipe has no layer 'amenities' with the role 'points'" in told
    assert "the group 'households' is not offered: the census has no column PF1" in told
    assert {"restaurants", "public_establishments", "households"}.isdisjoint(read_people(sample_pack).keys)


@pytest.mark.shared
def test_milano_counts_what_its_files_hold(milano_root: Path, milano_pack: CityPack) -> None:
    people = read_people(milano_pack)
    official = pd.read_csv(milano_root / "points/nil_service_counts.csv").set_index("id_nil").sort_index()
    np.testing.assert_allclose(
        people.by_quarter()["public_establishments"].reindex(official.index), official["pubblici_esercizi"], atol=1e-6
    )
    amenities = pd.read_csv(milano_root / "points/osm_amenities_2016.csv.gz")
    kinds = ["restaurant", "fast_food", "bar", "cafe", "pub", "ice_cream"]
    n_known = int((amenities["in_comune"] & amenities["amenity"].isin(kinds)).sum())
    assert n_known - 2 <= people.in_cells["restaurants"] <= n_known  # two points lie outside every quarter
    assert people.totals["public_establishments"] == pytest.approx(9_206)
    assert check_pack(milano_pack.folder).is_sound
