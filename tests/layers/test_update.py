"""People in a later year: every total is met, what no total tells stays, a part is never more than its whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import CountError, FaultsError, IdError, RecipeError
from data.groups import FromPoints, Group
from data.margins import Margins, gather_margins
from data.pack import CityPack
from diffusa.city import read_people
from layers.people import People
from layers.update import UpdateFit, update_people
from layers.update_parts import MIXED_IN


def group(key: str, *, base: str | None = None, within: str | None = None, by: str | None = None) -> Group:
    return Group(
        key=key, plus=("P1",), base=base, within=within, by=by, label_it=key, label_en=key, year=2011, source="a census"
    )  # fmt: skip


GROUPS = (
    group("children", base="residents", by="age"),
    group("residents"),
    group("young", base="residents", by="age"),
    group("old", base="residents", by="age"),
    group("pupils", base="residents", within="young"),
    group("foreign", base="residents"),
    group("households"),
)
COUNTS = {
    "nil": [1, 1, 2, 2, 3],
    "residents": [100.0, 60.0, 40.0, 10.0, 0.0],
    "children": [10.0, 6.0, 8.0, 2.0, 0.0],
    "young": [20.0, 10.0, 4.0, 4.0, 0.0],
    "old": [30.0, 10.0, 4.0, 4.0, 0.0],
    "pupils": [5.0, 5.0, 1.0, 4.0, 0.0],
    "foreign": [50.0, 6.0, 0.0, 10.0, 0.0],
    "households": [50.0, 30.0, 20.0, 5.0, 0.0],
}


def make_people(counts: Mapping[str, list[float]] = COUNTS, *, n_pieces: int = 4) -> People:
    """Return people in pieces that are cells of their own; rows from `n_pieces` on have no place."""
    keys = [one.key for one in GROUPS]
    whole = pd.DataFrame(counts).astype({"nil": "int64"})
    pieces = whole.iloc[:n_pieces].assign(cell=range(n_pieces), cell_id=[f"c{row}" for row in range(n_pieces)])
    shapes = [shapely.box(row, 0, row + 1, 1) for row in range(n_pieces)]
    located = gpd.GeoDataFrame(pieces, geometry=shapes, crs="EPSG:3035")
    no_place = whole.iloc[n_pieces:][["nil", *keys]].reset_index(drop=True)
    return People(groups=GROUPS, pieces=located, cells=located.copy(), no_place=no_place)


PEOPLE = make_people()


def margins(*, city: Mapping[str, float] | None = None, **quarters: list[float]) -> Margins:
    table = pd.DataFrame(quarters, index=pd.Index([1, 2, 3], name="nil"))
    return Margins(year=2021, quarters=table, city=city or {}, doubtful=(2,), source="a registry")


def updated(people: People = PEOPLE, **given: object) -> tuple[People, UpdateFit]:
    return update_people(people, margins(**{"residents": [200.0, 25.0, 0.0], **given}))  # type: ignore[arg-type]


def by_quarter(people: People, key: str) -> list[float]:
    return people.by_quarter()[key].tolist()


def test_a_whole_has_the_totals_of_its_quarters() -> None:
    new, fit = updated()
    assert by_quarter(new, "residents") == pytest.approx([200.0, 25.0, 0.0])
    assert fit.factors["residents"].tolist()[:2] == pytest.approx([1.25, 0.5])
    assert np.isnan(fit.factors["residents"][3])
    assert fit.met.set_index("group").loc["residents", ["before", "asked", "after"]].tolist() == pytest.approx([210, 225, 225])


def test_shares_within_a_quarter_stay() -> None:
    new, _ = updated()
    assert new.pieces["residents"].tolist() == pytest.approx([125.0, 75.0, 20.0, 5.0])
    assert new.cells["residents"].tolist() == pytest.approx([125.0, 75.0, 20.0, 5.0])


def test_people_without_a_place_follow_their_quarter() -> None:
    people = make_people(n_pieces=3)
    new, _ = updated(people)
    assert new.no_place.set_index("nil")["residents"].to_dict() == pytest.approx({2: 5.0, 3: 0.0})
    assert new.totals["residents"] == pytest.approx(225.0)


def test_a_part_without_a_total_follows_its_whole() -> None:
    new, fit = updated()
    assert by_quarter(new, "foreign") == pytest.approx([70.0, 5.0, 0.0])
    assert fit.followed["foreign"] == "residents"


def test_a_part_follows_the_smallest_whole_that_holds_it() -> None:
    new, fit = updated(young=[60.0, 4.0, 0.0])
    assert fit.followed["pupils"] == "young"
    ratio = new.pieces["young"] / PEOPLE.pieces["young"]
    np.testing.assert_allclose(new.pieces["pupils"], PEOPLE.pieces["pupils"] * ratio)


def test_a_part_with_totals_of_its_quarters_has_them_and_never_passes_its_whole() -> None:
    new, _ = updated(foreign=[150.0, 6.0, 0.0])
    assert by_quarter(new, "foreign") == pytest.approx([150.0, 6.0, 0.0])
    assert (new.pieces["foreign"] <= new.pieces["residents"] + 1e-6).all()
    assert new.pieces["foreign"][0] / new.pieces["residents"][0] > new.pieces["foreign"][1] / new.pieces["residents"][1]


def test_a_part_with_a_city_total_is_shared_out_by_fitting() -> None:
    new, fit = updated(city={"young": 60.0})
    assert new.totals["young"] == pytest.approx(60.0)
    assert by_quarter(new, "residents") == pytest.approx([200.0, 25.0, 0.0])
    a, b = by_quarter(new, "young")[:2]
    assert (a / (200 - a)) / (b / (25 - b)) == pytest.approx((30 / 130) / (8 / 42))
    assert fit.n_iterations > 1


def test_groups_told_apart_by_one_thing_are_fitted_together() -> None:
    new, _ = updated(city={"young": 60.0, "children": 40.0})
    assert new.totals[["young", "children"]].tolist() == pytest.approx([60.0, 40.0])
    rest_before = PEOPLE.pieces["residents"] - PEOPLE.pieces["young"] - PEOPLE.pieces["children"]
    rest = new.pieces["residents"] - new.pieces["young"] - new.pieces["children"]
    np.testing.assert_allclose(new.pieces["old"], PEOPLE.pieces["old"] * rest / rest_before, rtol=1e-6)


def test_totals_of_quarters_and_of_the_city_go_together() -> None:
    new, _ = updated(children=[30.0, 5.0, 0.0], city={"young": 60.0, "residents": 225.0})
    assert by_quarter(new, "children") == pytest.approx([30.0, 5.0, 0.0])
    assert new.totals["young"] == pytest.approx(60.0)


def test_a_city_total_alone_scales_every_quarter_alike() -> None:
    new, _ = update_people(PEOPLE, Margins(year=2021, quarters=pd.DataFrame(), city={"residents": 420.0}, source="x"))
    assert by_quarter(new, "residents") == pytest.approx([320.0, 100.0, 0.0])


def test_a_whole_without_totals_stays_in_its_year_with_all_that_follows() -> None:
    new, fit = updated()
    assert by_quarter(new, "households") == by_quarter(PEOPLE, "households")
    years = {one.key: (one.year, one.updated_from) for one in new.groups}
    assert years["households"] == (2011, None)
    assert years["residents"] == years["pupils"] == (2021, 2011)
    assert fit.kept == ("households",)
    assert next(one.source for one in new.groups if one.key == "young") == "a census; a registry"


def test_a_group_from_a_layer_stays_as_it_is() -> None:
    bars = replace(group("bars"), plus=(), origin=FromPoints(points="x"))
    people = make_people({**COUNTS, "bars": [1.0, 0.0, 0.0, 2.0, 0.0]})
    new, fit = updated(replace(people, groups=(*GROUPS, bars), no_place=people.no_place.assign(bars=0.0)))
    assert new.pieces["bars"].tolist() == [1.0, 0.0, 0.0, 2.0]
    assert fit.kept == ("households", "bars")


def test_places_too_few_for_the_totals_get_some_of_the_mix_and_are_told() -> None:
    one_sided = make_people({**COUNTS, "foreign": [100.0, 6.0, 0.0, 10.0, 0.0]})  # a place where nobody else lives
    new, fit = updated(one_sided, foreign=[110.0, 5.0, 0.0])
    assert fit.mixed == (("foreign", 1),)
    assert by_quarter(new, "foreign") == pytest.approx([110.0, 5.0, 0.0])
    assert (new.pieces["foreign"] <= new.pieces["residents"] + 1e-6).all()
    assert 0 < MIXED_IN < 0.1
    assert updated(foreign=[80.0, 5.0, 0.0])[1].mixed == ()


def test_the_largest_factors_come_first() -> None:
    _, fit = updated(foreign=[60.0, 20.0, 0.0])
    assert fit.find_largest(2) == [("foreign", 2, pytest.approx(2.0)), ("residents", 1, pytest.approx(1.25))]


def test_quarters_of_nobody_that_should_have_somebody_stop_the_update() -> None:
    with pytest.raises(
        CountError, match=r"residents: nobody was counted in quarters that have somebody in 2021 \(1: quarter 3: 7\)"
    ):
        updated(residents=[200.0, 25.0, 7.0])
    with pytest.raises(CountError, match=r"foreign: nobody was counted in quarters"):
        updated(make_people({**COUNTS, "foreign": [0.0] * 5}), foreign=[5.0, 0.0, 0.0])


def test_quarters_without_a_total_stop_the_update() -> None:
    with pytest.raises(CountError, match=r"residents 2021: quarters have no total \(1: 3\)"):
        updated(residents=[200.0, 25.0, np.nan])


def test_totals_of_quarters_without_ground_stop_the_update() -> None:
    table = pd.DataFrame({"residents": [200.0, 25.0, 0.0, 9.0]}, index=[1, 2, 3, 4])
    with pytest.raises(CountError, match=r"totals of quarters where the city has no ground \(1: 4\)"):
        update_people(PEOPLE, Margins(year=2021, quarters=table, city={}, source="x"))


def test_quarters_that_do_not_sum_to_the_city_are_told_with_both_values() -> None:
    with pytest.raises(CountError, match="residents 2021: the quarters sum to 225, the city total is 300"):
        updated(city={"residents": 300.0})


def test_a_part_of_more_than_its_whole_is_told() -> None:
    with pytest.raises(CountError, match=r"foreign 2021 is more than residents \(1: quarter 2: 26 of 25\)"):
        updated(foreign=[100.0, 26.0, 0.0])
    with pytest.raises(CountError, match="young 2021 is more than residents: 226 of 225 in the city"):
        updated(city={"young": 226.0})


def test_parts_that_sum_to_more_than_their_whole_are_told() -> None:
    with pytest.raises(CountError, match=r"young \+ old 2021 sum to 230, residents has 225"):
        updated(city={"young": 130.0, "old": 100.0})
    with pytest.raises(CountError, match=r"children \+ young 2021 are more than residents \(1: quarter 2: 30 of 25\)"):
        updated(children=[10.0, 15.0, 0.0], young=[10.0, 15.0, 0.0])
    with pytest.raises(CountError, match=r"pupils 2021 sum to 50, there is room for 42"):
        updated(city={"pupils": 50.0})
    with pytest.raises(CountError, match=r"pupils 2021 are more than young \(2: quarter 1: 40 of 38, quarter 2: 9 of 4\)"):
        updated(pupils=[40.0, 9.0, 0.0])


def test_a_city_total_that_no_quarter_can_hold_is_told() -> None:
    nowhere = make_people({**COUNTS, "young": [0.0, 0.0, 4.0, 4.0, 0.0], "pupils": [0.0] * 5})
    with pytest.raises(
        CountError, match=r"young 2021: the fit does not converge: after 500 iterations (young|the rest|quarter 2) has"
    ):
        updated(nowhere, city={"young": 30.0})


def test_totals_of_what_nobody_counts_or_of_no_later_year_are_told_at_once() -> None:
    with pytest.raises(IdError, match=r"'yong', which is no group counted in the census here. Did you mean 'young'"):
        updated(city={"yong": 5.0})
    with pytest.raises(RecipeError, match="residents was counted in 2011: totals of 2011 are not later"):
        update_people(PEOPLE, replace(margins(residents=[1.0, 1.0, 0.0]), year=2011))
    with pytest.raises(RecipeError, match="totals of 2021 for young, and none for residents, which it is part of"):
        update_people(PEOPLE, margins(young=[1.0, 1.0, 0.0]))
    with pytest.raises(FaultsError, match="2 faults"):
        update_people(PEOPLE, margins(young=[1.0, 1.0, 0.0], yong=[1.0, 1.0, 0.0]))


def test_parts_of_more_than_what_holds_them_in_the_census_are_told() -> None:
    with pytest.raises(CountError, match=r"pupils are more than young, which is said to hold them \(1: quarter 2\)"):
        updated(make_people({**COUNTS, "pupils": [5.0, 5.0, 1.0, 9.0, 0.0]}))


def test_a_part_within_a_group_that_its_base_does_not_hold_is_told() -> None:
    groups = tuple(replace(one, base="households") if one.key == "pupils" else one for one in GROUPS)
    people = replace(make_people({**COUNTS, "pupils": [20.0, 10.0, 4.0, 4.0, 0.0], "households": [21.0, 11.0, 5.0, 5.0, 0.0]}))
    with pytest.raises(CountError, match=r"after the update parts are more than their base \(1: pupils of households\)"):
        updated(replace(people, groups=groups), young=[100.0, 4.0, 0.0], households=[32.0, 10.0, 0.0])


def test_modelled_groups_are_refused() -> None:
    with pytest.raises(IdError, match="modelled groups"):
        updated(replace(PEOPLE, modelled={"risk": object()}))  # type: ignore[dict-item]


@st.composite
def cities(draw: st.DrawFn) -> tuple[People, Margins]:
    """Return people of nested groups and later totals of quarters and city that another city with the same zeros has."""
    n = draw(st.integers(2, 8))
    nil = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    count = st.one_of(st.just(0.0), st.floats(1.0, 500.0))
    share = st.floats(0.05, 0.9)
    residents = np.array(draw(st.lists(count, min_size=n, max_size=n)))
    parts = np.array(draw(st.lists(share, min_size=n, max_size=n)))
    growth = np.array(draw(st.lists(st.floats(0.5, 3.0), min_size=3, max_size=3)))
    change = draw(st.floats(0.7, 1.1))
    counts = {
        "nil": nil, "residents": residents, "children": residents * parts * 0.3, "young": residents * parts * 0.4,
        "old": residents * parts * 0.2, "pupils": residents * parts * 0.1, "foreign": residents * parts,
        "households": residents,
    }  # fmt: skip
    people = make_people({key: list(values) for key, values in counts.items()}, n_pieces=n)
    sums = people.by_quarter().reindex([1, 2, 3], fill_value=0.0)
    quarters = pd.DataFrame({"residents": sums["residents"] * growth, "foreign": sums["foreign"] * growth * change})
    return people, Margins(
        year=2021,
        quarters=quarters.loc[quarters.index.isin(people.pieces["nil"])],
        city={"young": float((sums["young"] * growth).sum() * change)},
        source="x",
    )


@settings(max_examples=60)
@given(cities())
def test_every_total_is_met_and_parts_stay_parts(case: tuple[People, Margins]) -> None:
    people, asked = case
    new, fit = update_people(people, asked)
    assert fit.deviation <= 1e-9
    for key in asked.quarters:
        np.testing.assert_allclose(new.by_quarter()[key], asked.quarters[key], rtol=1e-9, atol=1e-9)
    assert new.totals["young"] == pytest.approx(asked.city["young"], rel=1e-9)
    for part, whole in (("foreign", "residents"), ("young", "residents"), ("pupils", "young"), ("old", "residents")):
        assert (new.pieces[part] <= new.pieces[whole] * (1 + 1e-6) + 1e-9).all()
    assert (new.pieces[people.keys].to_numpy() >= 0).all()
    empty = people.pieces["residents"] == 0
    assert (new.pieces.loc[empty, ["residents", "foreign", "young"]].to_numpy() == 0).all()


@settings(max_examples=30)
@given(cities(), st.integers(0, 2**16))
def test_the_order_of_quarters_changes_nothing(case: tuple[People, Margins], seed: int) -> None:
    people, asked = case
    order = np.random.default_rng(seed).permutation(len(people.pieces))
    turned = people.pieces.iloc[order].reset_index(drop=True).assign(cell=range(len(order)))
    shuffled = replace(people, pieces=gpd.GeoDataFrame(turned), cells=gpd.GeoDataFrame(turned))
    other = replace(asked, quarters=asked.quarters.iloc[::-1])
    plain, again = update_people(people, asked)[0], update_people(shuffled, other)[0]
    np.testing.assert_allclose(
        again.pieces[people.keys].to_numpy(), plain.pieces[people.keys].to_numpy()[order], rtol=1e-6, atol=1e-6
    )


@pytest.mark.shared
def test_milano_in_2021_has_the_registry_of_every_quarter(milano_pack: CityPack) -> None:
    people = read_people(milano_pack)
    asked = gather_margins(milano_pack.read("margins"), milano_pack.city.later, year=2021, source="registry")
    new, fit = update_people(people, asked)
    assert fit.deviation <= 1e-9
    assert new.totals["residents"] == pytest.approx(1_386_285)
    assert new.totals["single_person_households"] == pytest.approx(402_908)
    assert asked.doubtful == (24, 32, 39, 73)
    assert new.totals["unemployed"] + new.totals["employed"] == pytest.approx(new.totals["labour_force"])
    known = {one.key: one for one in new.groups}
    for one in new.groups:
        if one.base is not None:
            assert (new.cells[one.key] <= new.cells[known[one.base].key] * (1 + 1e-6) + 1e-6).all()
