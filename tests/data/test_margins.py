"""Official totals of a later year: read from a recipe, and held against the groups and one another."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data.check import check_pack
from data.city import CitySources, LaterTotal
from data.errors import CountError, EmptyLayerError, FaultsError, IdError, RecipeError
from data.margins import Margins, gather_margins, list_years
from data.pack import read_pack, write_pack
from tests.data.tiny import PAPER, TinyCity

LIMIT = {"it": "Registro.", "en": "Registry."}


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    """Return the tiny city with a registry of 2021."""
    tiny.frames["registry.csv"] = pd.DataFrame({"id_nil": [9, 7], "people": ["400", "700"], "women_pct": ["50", "52.5"]})
    tiny.tables["layers"]["registry"] = {
        "role": "margins", "file": "registry.csv", "id": "id_nil", "year": 2021, "columns": {"residents": "people"},
        "percent": {"women": {"column": "women_pct", "of": "residents"}}, "doubtful": [9], "limits": [LIMIT], **PAPER,
    }  # fmt: skip
    tiny.tables["city"]["later"] = [{"year": 2021, "group": "residents", "total": 1100, "source": "a yearbook"}]
    return tiny


def _frame(sources: CitySources) -> pd.DataFrame:
    return sources.layers["margins"].frame


def test_totals_stand_in_one_table_by_group_and_quarter(city: TinyCity) -> None:
    frame = _frame(city.read())
    assert frame["group"].tolist() == ["residents", "residents", "women", "women"]
    assert frame["nil"].tolist() == [7, 9, 7, 9]
    assert frame["total"].tolist() == [700.0, 400.0, 367.5, 200.0]
    assert frame["is_doubtful"].tolist() == [False, True, False, True]
    assert set(frame["year"]) == {2021}


def test_sentences_and_city_totals_are_kept(city: TinyCity, tmp_path: Path) -> None:
    write_pack(city.read(), tmp_path / "pack")
    pack = read_pack(tmp_path / "pack")
    assert check_pack(tmp_path / "pack").is_sound
    assert [limit.en for limit in pack.layers["margins"].limits] == ["Registry."]
    assert pack.city.later == (LaterTotal(year=2021, group="residents", total=1100, source="a yearbook"),)


def test_totals_of_a_year_are_gathered(city: TinyCity) -> None:
    sources = city.read()
    asked = gather_margins(_frame(sources), sources.city.later, year=2021, source="a registry")
    assert asked.quarters.loc[7].to_dict() == {"residents": 700.0, "women": 367.5}
    assert (asked.city, asked.doubtful, asked.source) == ({"residents": 1100.0}, (9,), "a registry; a yearbook")
    assert asked.groups == ("residents", "women")
    assert asked.totals == {"residents": 1100.0, "women": 567.5}
    assert list_years(_frame(sources), sources.city.later) == (2021,)


def test_a_city_may_give_totals_of_the_whole_alone(city: TinyCity) -> None:
    del city.tables["layers"]["registry"]
    later = city.read().city.later
    asked = gather_margins(None, later, year=2021, source="")
    assert asked.groups == ("residents",)
    assert (asked.source, asked.doubtful, list_years(None, later)) == ("a yearbook", (), (2021,))


def test_totals_of_several_years_stand_beside_one_another(city: TinyCity) -> None:
    city.tables["layers"]["later"] = {**city.layer("registry"), "year": 2023, "percent": {}}
    sources = city.read()
    assert list_years(_frame(sources), sources.city.later) == (2021, 2023)
    assert gather_margins(_frame(sources), sources.city.later, year=2023, source="x").groups == ("residents",)
    assert len(sources.layers["margins"].limits) == 2


def test_an_empty_cell_is_no_total_unless_the_recipe_says_so(city: TinyCity) -> None:
    city.frames["registry.csv"]["women_pct"] = ["", "52.5"]
    with pytest.raises(CountError, match=r"column women_pct: quarters have no total \(1: 9\).*blank_is_zero"):
        city.read()
    city.layer("registry")["blank_is_zero"] = True
    assert _frame(city.read())["total"].tolist() == [700.0, 400.0, 367.5, 0.0]


def test_a_percentage_above_100_is_refused(city: TinyCity) -> None:
    city.frames["registry.csv"]["women_pct"] = ["50", "525"]
    with pytest.raises(CountError, match=r"percentages are above 100 \(1: 7\)"):
        city.read()


def test_a_negative_total_is_refused(city: TinyCity) -> None:
    city.frames["registry.csv"]["people"] = ["-1", "700"]
    with pytest.raises(CountError, match="negative"):
        city.read()


def test_quarters_missing_unknown_or_doubted_come_at_once(city: TinyCity) -> None:
    city.frames["registry.csv"]["id_nil"] = [9, 8]
    city.layer("registry")["doubtful"] = [5]
    with pytest.raises(FaultsError) as caught:
        city.read()
    found = {(type(fault), fault.examples) for fault in caught.value.faults}
    assert found == {(IdError, ("8",)), (CountError, ("7",)), (IdError, ("5",))}


def test_rows_may_be_left_out_by_a_condition(city: TinyCity) -> None:
    city.layer("registry")["keep"] = {"people": [1]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        city.read()


def test_quarters_that_do_not_sum_to_the_city_are_named_with_both_values(city: TinyCity) -> None:
    city.tables["city"]["later"][0]["total"] = 1200
    with pytest.raises(CountError, match="totals of 2021: residents 2021: the quarters sum to 1,100, the city total is 1,200"):
        city.read()


def test_totals_given_twice_are_refused(city: TinyCity) -> None:
    city.tables["layers"]["again"] = {**city.layer("registry"), "percent": {}}
    city.tables["city"]["later"] *= 2
    with pytest.raises(IdError, match=r"totals of one group and year are given twice \(1: residents 2021\)"):
        city.read()


def test_totals_of_a_group_that_the_city_does_not_count_are_refused(city: TinyCity) -> None:
    city.layer("registry")["columns"] = {"residents": "people", "resident": "people"}
    with pytest.raises(IdError, match=r"'resident', which is no group counted in the census here. Did you mean 'residents'"):
        city.read()


def test_totals_that_are_not_later_than_the_census_are_refused(city: TinyCity) -> None:
    city.tables["city"]["later"] = []
    city.layer("registry")["year"] = 2011
    with pytest.raises(FaultsError, match="residents was counted in 2011: totals of 2011 are not later"):
        city.read()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"percent": {"women": {"column": "women_pct", "of": "people"}}}, "percent.women is of 'people', which is none of"),
        ({"percent": {"residents": {"column": "women_pct", "of": "residents"}}}, "'residents' stands in 'columns' and in"),
        ({"columns": {}}, "columns"),
        ({"year": 21}, "year"),
        ({"crs": "EPSG:4326"}, "'crs' has no effect on the role 'margins'"),
    ],
)
def test_a_recipe_that_does_not_hold_together_is_refused(city: TinyCity, keys: dict[str, object], message: str) -> None:
    city.layer("registry").update(keys)
    with pytest.raises(RecipeError, match=message):
        city.recipe()


def test_totals_of_the_city_stand_for_the_sum_of_its_quarters() -> None:
    table = pd.DataFrame({"residents": [1.0, 2.0]}, index=[1, 2])
    assert Margins(year=2021, quarters=table, city={"young": 2.0}, source="x").totals == {"residents": 3.0, "young": 2.0}
