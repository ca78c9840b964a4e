"""Groups are sums and differences of census codes, and a wrong code or sum is named."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest

from data.errors import ColumnError, CountError, FaultsError, FileError, RecipeError
from data.groups import Group, check_codes, count_group, read_groups
from tests.data.tiny import GROUPS

WOMEN = Group(key="women", plus=("P1",), minus=("P2",), label_it="donne", label_en="women", year=2011, source="x")


def _write(folder: Path, text: str) -> Path:
    path = folder / "groups.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_catalogue_of_2011_knows_the_groups_of_the_plans() -> None:
    groups = {group.key: group for group in read_groups("istat2011")}
    assert groups["unemployed"].plus == ("P60",)
    assert groups["unemployed"].minus == ("P61",)
    assert groups["unemployed"].base == "labour_force"
    assert groups["youth_15_29"].plus == ("P17", "P18", "P19")
    assert groups["women_25_49"].minus == ("P35", "P36", "P37", "P38", "P39")
    assert {"residents", "labour_force"} <= set(groups)
    assert all(group.label_it and group.label_en and group.year == 2011 for group in groups.values())


def test_an_unknown_catalogue_names_the_nearest_one() -> None:
    with pytest.raises(RecipeError, match=r"'istat2001'.*Did you mean 'istat2011'"):
        read_groups("istat2001")


def test_a_catalogue_of_ones_own_is_read(tmp_path: Path) -> None:
    assert [group.key for group in read_groups(_write(tmp_path, GROUPS))] == ["residents", "women"]


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


def test_every_key_of_the_catalogue_is_used_once() -> None:
    keys = [group.key for group in read_groups("istat2011")]
    assert all(first != second for first, second in itertools.combinations(keys, 2))
