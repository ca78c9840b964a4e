"""Groups are sums and differences of census codes, and a wrong code or sum is named."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ColumnError, CountError, FaultsError, FileError, RecipeError
from data.groups import FromFacts, FromPoints, Group, census_groups, check_codes, count_group
from data.groups_file import read_groups
from tests.data.tiny import GROUPS

WOMEN = Group(key="women", plus=("P1",), minus=("P2",), label_it="donne", label_en="women", year=2011, source="x")


def _write(folder: Path, text: str) -> Path:
    path = folder / "groups.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_catalogue_of_2011_knows_the_groups_of_the_plans() -> None:
    groups = read_groups("istat2011")
    assert groups["unemployed"].plus == ["P60"]
    assert groups["unemployed"].minus == ["P61"]
    assert groups["unemployed"].base == "labour_force"
    assert groups["youth_15_29"].plus == ["P17", "P18", "P19"]
    assert groups["women_25_49"].minus == ["P35", "P36", "P37", "P38", "P39"]
    assert {"residents", "labour_force"} <= set(groups)
    assert all(group.year == 2011 for group in groups.values() if group.plus)


def test_households_are_shares_of_households() -> None:
    groups = read_groups("istat2011")
    households = {key for key, group in groups.items() if group.unit == "households"}
    assert households == {"households", "single_person_households", "tenant_households"}
    assert {groups[key].base for key in households} == {None, "households"}
    assert all(groups[key].optional for key in households)


def test_what_stands_for_others_says_so() -> None:
    groups = read_groups("istat2011")
    assert "parents" in groups["children_0_4"].en
    assert "pupils" in groups["residents_15_19"].en


def test_an_unknown_catalogue_names_the_nearest_one() -> None:
    with pytest.raises(RecipeError, match=r"'istat2001'.*Did you mean 'istat2011'"):
        read_groups("istat2001")


def test_a_catalogue_of_ones_own_is_read(tmp_path: Path) -> None:
    assert list(read_groups(_write(tmp_path, GROUPS))) == ["residents", "women"]


def test_a_missing_catalogue_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_groups(tmp_path / "none.toml")


def test_an_unknown_key_of_a_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"'groups.residents.pluss'. Did you mean 'plus'"):
        read_groups(_write(tmp_path, GROUPS.replace("plus = [", "pluss = [1]\nplus = [", 1)))


def test_a_base_that_is_no_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"groups.women: the base 'resident' is no group. Did you mean 'residents'"):
        read_groups(_write(tmp_path, GROUPS.replace('base = "residents"', 'base = "resident"')))


def test_a_code_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"codes stand twice in one group \(1: P1\)"):
        read_groups(_write(tmp_path, GROUPS.replace('minus = ["P2"]', 'minus = ["P1"]')))


def test_a_group_is_what_is_added_less_what_is_taken_off() -> None:
    frame = pd.DataFrame({"P1": [5, 7], "P2": [2, 7]}, index=[4, 9])
    counts = count_group(frame, WOMEN)
    assert counts.to_dict() == {4: 3.0, 9: 0.0}
    assert counts.name == "women"


def test_a_group_of_fractional_people_is_counted() -> None:
    assert count_group(pd.DataFrame({"P1": [1.5], "P2": [0.25]}), WOMEN).tolist() == [1.25]


@pytest.mark.parametrize("value", [9.0, float("nan")])
def test_a_negative_group_is_refused_with_its_rows(value: float) -> None:
    frame = pd.DataFrame({"P1": [5.0, 5.0], "P2": [2.0, value]}, index=pd.Index(["a", "b"], name="section"))
    with pytest.raises(CountError, match=r"group women: .*negative or no number \(1: section b"):
        count_group(frame, WOMEN)


def test_a_code_that_is_no_column_is_refused() -> None:
    with pytest.raises(ColumnError, match="'women' needs the column 'P2'"):
        count_group(pd.DataFrame({"P1": [1]}), WOMEN)


def test_all_missing_codes_come_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        check_codes((WOMEN,), ["P3"], where="census")
    assert len(caught.value.faults) == 2


AGES = """
[groups.residents]
plus = ["P1"]
it = "residenti"
en = "residents"
year = 2011
source = "a test"

[groups.young]
plus = ["P2", "P3"]
base = "residents"
by = "age"
it = "giovani"
en = "young people"
year = 2011
source = "a test"

[groups.old]
plus = ["P4"]
base = "residents"
within = "young"
by = "age"
it = "anziani"
en = "old people"
year = 2011
source = "a test"

[groups.bars]
points = "amenities"
where = { kind = ["bar"] }
it = "bar"
en = "bars"
unit = "establishments"

[groups.licences]
facts = "counts.licences"
like = "bars"
it = "licenze"
en = "licences"
unit = "establishments"
"""


def test_a_group_comes_from_codes_points_or_facts(tmp_path: Path) -> None:
    groups = read_groups(_write(tmp_path, AGES))
    assert groups["young"].origin is None
    assert groups["old"].parent == "young"
    assert groups["young"].parent == "residents"
    assert groups["bars"].origin == FromPoints(points="amenities", where={"kind": ("bar",)})
    assert groups["licences"].origin == FromFacts(facts="counts", column="licences", like=("bars",))


def test_groups_may_speak_of_those_in_another_catalogue(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(GROUPS.split("[groups.women]")[1].replace("P2", "P3").join(("[groups.men]", "")), encoding="utf-8")
    groups = read_groups(_write(tmp_path, GROUPS), own)
    assert list(groups) == ["residents", "women", "men"]
    assert groups["men"].base == "residents"
    with pytest.raises(RecipeError, match="the base 'residents' is no group"):
        read_groups(own)


def test_a_group_that_stands_in_two_catalogues_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, GROUPS)
    with pytest.raises(RecipeError, match=r"stand in another catalogue too \(2: residents, women\)"):
        read_groups(path, path)


WRONG = {
    "no origin": ('plus = ["P1"]\n', "", "give one of 'plus'"),
    "two origins": ('points = "amenities"', 'points = "amenities"\nplus = ["P1"]\nyear = 1', "give one of 'plus'"),
    "an idle key": ('like = "bars"', 'like = "bars"\nminus = ["P1"]', "'minus' has no effect on a group from 'facts'"),
    "an idle year": ('facts = "c', 'year = 2011\nfacts = "c', "'year' has no effect on a group from 'facts'"),
    "no like": ('like = "bars"\n', "", "a group from 'facts' needs the key 'like'"),
    "like no group": ('like = "bars"', 'like = "pubs"', "spread like 'pubs', which is no group"),
    "like facts": ('like = "bars"', 'like = ["bars", "licences"]', "spread like 'licences', which is no group that has places"),
    "within no group": ('within = "young"', 'within = "yung"', "'yung' is no group. Did you mean 'young'"),
    "within without a base": ('base = "residents"\nwithin', "within", "'within' another needs a 'base'"),
    "of another unit": ('like = "bars"', 'like = "bars"\nbase = "residents"', "counts establishments, and the base"),
    "one code by one thing": ('plus = ["P4"]', 'plus = ["P3"]', "is told from 'young' by age, and both count P3"),
    "a circle": ('plus = ["P1"]', 'plus = ["P1"]\nbase = "old"', "circle"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_a_catalogue_that_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in AGES
    with pytest.raises(RecipeError, match=re.escape(message)):
        read_groups(_write(tmp_path, AGES.replace(old, new, 1)))


def test_a_group_of_codes_without_a_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="a group from 'plus' needs the key 'year'"):
        read_groups(_write(tmp_path, AGES.replace("year = 2011\n", "", 1)))


def test_a_group_from_a_layer_is_not_counted_in_the_census() -> None:
    bars = Group(key="bars", origin=FromPoints(points="x"), label_it="bar", label_en="bars", year=2016, source="x")
    assert census_groups((WOMEN, bars)) == (WOMEN,)
    with pytest.raises(ColumnError, match="group bars: the group is no sum of census codes"):
        count_group(pd.DataFrame({"P1": [1]}), bars)
