"""The catalogue of the risk: what is meant, by which factors, with which assumptions; a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data.errors import FaultsError, FileError, RecipeError
from data.groups import count_group
from data.risk_file import CATALOGUES, read_risk

OFFICIAL = (CATALOGUES / "istat2011.toml").read_text(encoding="utf-8")


def _write(folder: Path, text: str) -> Path:
    path = folder / "risk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_named_definitions_say_whether_job_seekers_are_meant() -> None:
    definitions = {definition.key: definition for definition in read_risk("istat2011").definitions}
    assert list(definitions) == ["inactive_not_student_2011", "neet_eurostat", "neet_idise_2021", "own"]
    assert not definitions["inactive_not_student_2011"].has_job_seekers
    assert definitions["neet_eurostat"].has_job_seekers
    assert definitions["inactive_not_student_2011"].base.plus == ("P17", "P18", "P19")
    assert all(one.label_it and one.label_en and one.source for one in definitions.values())


def test_other_inactivity_leaves_pensioners_out() -> None:
    factors = {factor.key: factor for factor in read_risk("istat2011").factors}
    assert factors["other_inactivity"].numerator.plus == ("P130", "P135")
    assert factors["other_inactivity"].denominator.minus == ("P14", "P15", "P16")
    assert not any("P128" in factor.numerator.plus for factor in factors.values())


def test_unemployment_is_the_labour_force_less_the_employed() -> None:
    factors = {factor.key: factor for factor in read_risk("istat2011").factors}
    frame = pd.DataFrame({"P60": [50], "P61": [45], "P62": [1]})
    assert count_group(frame, factors["unemployment"].numerator).tolist() == [5]


@pytest.mark.shared
def test_every_code_is_a_variable_of_the_census(milano_root: Path) -> None:
    known = set(pd.read_csv(milano_root / "census/istat2011_variables.csv")["code"])
    catalogue = read_risk("istat2011")
    groups = [group for factor in catalogue.factors for group in (factor.numerator, factor.denominator)]
    codes = {code for group in groups for code in group.plus + group.minus}
    assert codes | {code for one in catalogue.definitions for code in one.base.plus} <= known


def test_a_factor_can_be_switched_off() -> None:
    catalogue = read_risk("istat2011")
    assert [factor.key for factor in catalogue.without(["foreign_residents"]).factors] == [
        "low_education",
        "unemployment",
        "other_inactivity",
        "tenants",
    ]


def test_switching_off_an_unknown_factor_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"'tenant'.*Did you mean 'tenants'"):
        read_risk("istat2011").without(["tenant"])


def test_switching_every_factor_off_is_refused() -> None:
    catalogue = read_risk("istat2011")
    with pytest.raises(RecipeError, match="no risk factor is left"):
        catalogue.without([factor.key for factor in catalogue.factors])


def test_an_unknown_definition_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"'neet_istat'.*Did you mean 'neet_eurostat'"):
        read_risk("istat2011").definition("neet_istat")


def test_an_unknown_catalogue_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"'istat2021'.*Did you mean 'istat2011'"):
        read_risk("istat2021")


def test_a_missing_file_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_risk(tmp_path / "none.toml")


def test_a_factor_that_lowers_the_risk_is_read_as_one(tmp_path: Path) -> None:
    text = OFFICIAL.replace('direction = "raises"', 'direction = "lowers"', 1)
    directions = [factor.direction for factor in read_risk(_write(tmp_path, text)).factors]
    assert directions == [-1, 1, 1, 1, 1]


def test_every_fault_of_the_factors_is_named_at_once(tmp_path: Path) -> None:
    text = OFFICIAL.replace("goalposts = [0.0, 0.25]", "goalposts = [0.25, 0.0]").replace('"P130", "P135"', '"P128"')
    text = text.replace('per = ["P46"]', 'per = ["P46", "P46"]')
    with pytest.raises(FaultsError) as caught:
        read_risk(_write(tmp_path, text))
    assert "factors.unemployment: goalposts do not rise: 0.25, 0" in str(caught.value)
    assert "factors.other_inactivity: P128 counts mostly pensioners" in str(caught.value)
    assert "factors.low_education: codes stand twice in one share (1: P46)" in str(caught.value)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("weight_concentration = 20.0", "weight_concentration = 0.0", "priors.weight_concentration"),
        ("median = 0.35", "median = -0.35", "priors.spread.median"),
        ("goalposts = [0.0, 1.0]", "goalposts = [0.0, 100.0]", "factors.tenants.goalposts"),
        ("job_seekers = false", "", "job_seekers' is missing"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        read_risk(_write(tmp_path, OFFICIAL.replace(right, wrong, 1)))
