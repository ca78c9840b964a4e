"""Numbers per quarter: official counts agree with the sections, facts are any numbers."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import ColumnError, CountError, EmptyLayerError, FaultsError, IdError
from tests.data.tiny import TinyCity


def test_totals_are_whole_numbers_sorted_by_quarter(tiny: TinyCity) -> None:
    tiny.frames["totals.csv"] = tiny.frames["totals.csv"].iloc[::-1]
    frame = tiny.read().layers["quarter_totals"].frame
    assert frame["nil"].tolist() == [7, 9]
    assert list(frame.columns) == ["nil", "P1", "P2"]
    assert frame["P1"].dtype == np.int64


def test_totals_may_be_taken_by_a_pattern(tiny: TinyCity) -> None:
    del tiny.layer("totals")["counts"]
    tiny.layer("totals")["counts_pattern"] = "^P1$"
    assert list(tiny.read().layers["quarter_totals"].frame.columns) == ["nil", "P1"]


def test_totals_that_agree_are_noted(tiny: TinyCity) -> None:
    notes = tiny.read().layers["quarter_totals"].notes
    assert notes == ("totals: 4 official counts agree with the sums of the sections",)


def test_totals_include_the_people_without_a_place(tiny: TinyCity) -> None:
    tiny.frames["totals.csv"].loc[1, "P1"] = 490  # what the sections with a place sum to
    with pytest.raises(CountError, match=r"layers.totals: .*\(1: quarter 9, P1: sections 500, official 490\)"):
        tiny.read()


def test_all_totals_that_differ_are_counted(tiny: TinyCity) -> None:
    tiny.frames["totals.csv"]["P1"] += 1
    with pytest.raises(CountError) as caught:
        tiny.read()
    assert caught.value.n == 2


def test_a_quarter_with_people_needs_its_total(tiny: TinyCity) -> None:
    tiny.frames["totals.csv"] = tiny.frames["totals.csv"].iloc[:1]
    with pytest.raises(CountError, match=r"quarters with people have no official counts \(1: 9\)"):
        tiny.read()


def test_a_total_that_the_census_does_not_count_is_told(tiny: TinyCity) -> None:
    tiny.frames["totals.csv"]["P3"] = 1
    tiny.layer("totals")["counts"] = ["P1", "P3"]
    with pytest.raises(ColumnError, match=r"the census has no column 'P3'. Did you mean 'P"):
        tiny.read()


def test_a_wrong_total_is_told(tiny: TinyCity) -> None:
    tiny.frames["totals.csv"]["P1"] = ["500", "-500"]
    with pytest.raises(CountError, match=r"counts are negative .*P1 in row 2: -500"):
        tiny.read()


def test_facts_keep_their_gaps_and_may_be_negative(tiny: TinyCity) -> None:
    tiny.frames["facts.csv"]["cw"] = ["-3.5", ""]
    frame = tiny.read().layers["quarter_facts"].frame
    assert frame["nil"].tolist() == [7, 9]
    assert frame["coworking"].fillna(0).tolist() == [0.0, -3.5]


@pytest.mark.parametrize(("value", "words"), [("inf", "infinite"), ("x", "no numbers")])
def test_a_fact_that_is_no_number_is_told(tiny: TinyCity, value: str, words: str) -> None:
    tiny.frames["facts.csv"]["cw"] = ["1", value]
    with pytest.raises(CountError, match=f"values are {words} .*cw in row 2: {value}"):
        tiny.read()


@pytest.mark.parametrize("name", ["facts", "totals"])
def test_a_quarter_that_does_not_exist_is_told(tiny: TinyCity, name: str) -> None:
    tiny.frames[f"{name}.csv"]["id_nil"] = [7, 8]
    with pytest.raises((IdError, FaultsError), match=r"rows name quarters that do not exist \(1: 8\)"):
        tiny.read()


@pytest.mark.parametrize("name", ["facts", "totals"])
def test_a_quarter_twice_is_told(tiny: TinyCity, name: str) -> None:
    tiny.frames[f"{name}.csv"]["id_nil"] = 7
    with pytest.raises((IdError, FaultsError), match="ids repeat"):
        tiny.read()


@pytest.mark.parametrize("name", ["facts", "totals"])
def test_keep_that_leaves_nothing_is_told(tiny: TinyCity, name: str) -> None:
    tiny.layer(name)["keep"] = {"id_nil": [99]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        tiny.read()


def test_facts_of_several_files_stand_in_one_table(tiny: TinyCity) -> None:
    tiny.frames["more.csv"] = tiny.frames["totals.csv"].iloc[:1]
    tiny.tables["layers"]["more"] = {**tiny.layer("facts"), "file": "more.csv", "columns": {"people": "P1"}}
    layer = tiny.read().layers["quarter_facts"]
    assert layer.frame.fillna(-1).to_dict("list") == {"nil": [7, 9], "coworking": [-1, 3], "people": [500, -1]}
    assert layer.paper.files == ("facts.csv", "more.csv")


def test_facts_of_one_name_from_two_files_are_told(tiny: TinyCity) -> None:
    tiny.tables["layers"]["more"] = dict(tiny.layer("facts"))
    with pytest.raises(IdError, match=r"several layers give quarter facts of one name \(1: coworking\)"):
        tiny.read()
