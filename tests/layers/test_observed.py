"""Observed rates from a file: rows find their quarter by id or name, what finds none is listed, odd units are asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import ColumnError, CountError, EmptyLayerError, FaultsError, FileError, IdError, PlannerError
from layers.observed import ObservedFile, read_observed

KEY = "inactive_not_student_2011"
QUARTERS = pd.DataFrame(
    {
        "nil": [1, 2, 3, 4],
        "name": ["DUOMO", "PORTA GARIBALDI - PORTA NUOVA", "NIGUARDA - CA' GRANDA", "PORTA GENOVA"],
        "former_name": ["DUOMO", "GARIBALDI REPUBBLICA", "NIGUARDA", "DUOMO VECCHIO"],
    }
)


def read(folder: Path, text: str, **options: object) -> ObservedFile:
    path = folder / "observed.csv"
    path.write_text(text, encoding="utf-8")
    return read_observed(path, QUARTERS, **{"definition": KEY, **options})  # type: ignore[arg-type]


def test_rows_find_their_quarter_by_id(tmp_path: Path) -> None:
    found = read(tmp_path, "id_nil,rate_pct,n\n3,12.5,400\n1,4,\n")
    assert found.rates.nil.tolist() == [1, 3]
    assert found.rates.rate.tolist() == pytest.approx([0.04, 0.125])
    assert np.isnan(found.rates.n[0])
    assert found.rates.n[1] == 400
    assert found.rates.definition == KEY
    assert found.unmatched == ()


@pytest.mark.parametrize(
    ("column", "name", "nil"),
    [
        ("nil", "duomo", 1),
        ("nil", "Niguarda – Cà Granda", 3),
        ("nil", "niguarda", 3),
        ("nil", "porta gari", 2),
        ("nil", "Garibaldi", 2),
        ("nil", "Duomo Vecchio", 4),
        ("nil_2012", "GARIBALDI REPUBBLICA", 2),
        ("nil_2012", "porta genova", 4),
    ],
)
def test_names_are_matched_without_case_accents_and_punctuation(tmp_path: Path, column: str, name: str, nil: int) -> None:
    assert read(tmp_path, f"{column},rate_pct\n{name},8\n").rates.nil.tolist() == [nil]


def test_the_names_of_the_column_come_first(tmp_path: Path) -> None:
    swapped = QUARTERS.assign(name=["A", "B", "C", "D"], former_name=["B", "A", "C", "D"])
    path = tmp_path / "observed.csv"
    for column, nil in (("nil", 1), ("nil_2012", 2)):
        path.write_text(f"{column},rate_pct\nA,8\n", encoding="utf-8")
        assert read_observed(path, swapped, definition=KEY).rates.nil.tolist() == [nil]


def test_rows_that_find_no_quarter_are_listed(tmp_path: Path) -> None:
    found = read(tmp_path, "nil,rate_pct\nduomo,8\nporta,9\nSan Siro,9\n,7\nniguarda,\n")
    assert found.rates.nil.tolist() == [1]
    assert found.names == ("duomo",)
    assert found.unmatched == (
        "row 2: 'porta' could be 2 quarters: 2, 4",
        "row 3: 'San Siro' is no quarter",
        "row 4: '' is no quarter",
        "row 5: 'niguarda' has no rate",
    )


def test_an_unknown_id_is_listed(tmp_path: Path) -> None:
    assert read(tmp_path, "id_nil,rate_pct\n1,8\n99,9\n").unmatched == ("row 2: '99' is no quarter",)


def test_rows_of_other_definitions_are_left_aside(tmp_path: Path) -> None:
    text = f"id_nil,rate_pct,definition\n1,8,{KEY}\n1,20,neet_eurostat\n2,21,neet_eurostat\n"
    found = read(tmp_path, text)
    assert found.rates.rate.tolist() == pytest.approx([0.08])
    assert found.n_others == 2
    assert read(tmp_path, text, definition="neet_eurostat").rates.rate.tolist() == pytest.approx([0.20, 0.21])


def test_a_file_without_the_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyLayerError, match=r"no row is of inactive_not_student_2011; the file has \(1: neet_eurostat\)"):
        read(tmp_path, "id_nil,rate_pct,definition\n1,20,neet_eurostat\n")


def test_the_year_chooses_rows(tmp_path: Path) -> None:
    text = "id_nil,rate_pct,year\n1,8,2011\n1,9,2021\n"
    assert read(tmp_path, text, year=2021).rates.rate.tolist() == pytest.approx([0.09])
    with pytest.raises(IdError, match=r"quarters stand twice \(1: quarter 1 in rows 1, 2\)"):
        read(tmp_path, text)
    with pytest.raises(EmptyLayerError, match="of 2019"):
        read(tmp_path, text, year=2019)


def test_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "id_nil;rate_pct\n1;8,5\n").rates.rate.tolist() == pytest.approx([0.085])


def test_rates_that_may_be_shares_are_asked_about(tmp_path: Path) -> None:
    text = "id_nil,rate_pct\n1,0.08\n2,0.12\n"
    with pytest.raises(CountError, match=r"no rate is above 1 \(the highest is 0.12\).*Say so: unit 'share' or 'percent'"):
        read(tmp_path, text)
    assert read(tmp_path, text, unit="share").rates.rate.tolist() == pytest.approx([0.08, 0.12])
    assert read(tmp_path, text, unit="percent").rates.rate.tolist() == pytest.approx([0.0008, 0.0012])


@pytest.mark.parametrize(
    ("text", "options", "kind", "said"),
    [
        ("id_nil,rate_pct\n1,108\n", {}, CountError, r"outside of 0 to 100 \(1: 108\)"),
        ("id_nil,rate_pct\n1,-1\n", {}, CountError, r"outside of 0 to 100 \(1: -1\)"),
        ("id_nil,rate_pct\n1,8.1\n", {"unit": "share"}, CountError, r"0 to 1 \(1: 8.1\). Are they in percent"),
        ("id_nil,rate_pct\n1,many\n", {}, CountError, "values are no numbers"),
        ("id_nil,rate_pct,n\n1,8,0\n", {}, CountError, r"n is below 1 \(1: 0 in row 1\)"),
        ("id_nil,rate_pct\nDuomo,8\n", {}, IdError, "ids are no whole numbers"),
        ("nil,rate_pct\nSan Siro,8\n", {}, IdError, r"no row finds a quarter of the city \(1: row 1: 'San Siro'"),
        ("quarter,rate_pct\n1,8\n", {}, ColumnError, "no column names the quarter"),
        ("id_nil,rate\n1,8\n", {}, ColumnError, r"'rate_pct' is missing. Did you mean 'rate'"),
        ("id_nil,rate_pct\n1,8\n", {"year": 2011}, ColumnError, "'year' is missing"),
    ],
)
def test_a_file_that_cannot_be_is_refused(
    tmp_path: Path, text: str, options: dict[str, object], kind: type[PlannerError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        read(tmp_path, text, **options)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_observed(tmp_path / "none.csv", QUARTERS, definition=KEY)
    path = tmp_path / "odd.csv"
    path.write_bytes(b"id_nil,rate_pct,\xff\n1,8,\xe8\n")
    with pytest.raises(FileError, match="UTF-8"):
        read_observed(path, QUARTERS, definition=KEY)


def test_every_quarter_that_stands_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises((IdError, FaultsError), match="quarter 1 in rows 1, 3, quarter 2 in rows 2, 4"):
        read(tmp_path, "id_nil,rate_pct\n1,8\n2,8\n1,9\n2,9\n")
