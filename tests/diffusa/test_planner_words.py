from __future__ import annotations

import pytest

from data.errors import FaultsError, InfeasibleError, PlannerError, ProblemError
from diffusa.planner_words import in_planner_words

CELLS = ["CELL-0", "CELL-1", "CELL-2"]


def test_rows_become_squares_and_fields_become_keys() -> None:
    error = InfeasibleError(
        "demand rows with a weight are reached by no site that may be open",
        where="impedance_s",
        n=2,
        examples=[0, 2],
        remedy="Give unserved_impedance_s, raise standard_s, or leave these rows out",
    )
    said = in_planner_words(error, cell_ids=CELLS)
    assert isinstance(said, InfeasibleError)
    assert str(said) == (
        "travel: squares with a weight are reached by no site that may be open (2: CELL-0, CELL-2). "
        "Give travel.cutoff_min, raise travel.standard_min, or leave these squares out."
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("rules.budget", "rules.budget_eur"),
        ("new", "choose.new"),
        ("time_limit_s", "choose.time_limit_s"),
        ("Municipio 4", "Municipio 4"),
        (None, None),
    ],
)
def test_places_are_those_of_the_scenario(where: str | None, expected: str | None) -> None:
    assert in_planner_words(ProblemError("wrong", where=where), cell_ids=CELLS).where == expected


def test_several_faults_are_told_each_in_the_planners_words() -> None:
    faults: list[PlannerError] = [ProblemError("no", where="rules.budget"), InfeasibleError("sites", examples=["B-1"])]
    said = in_planner_words(FaultsError(faults), cell_ids=CELLS)
    assert isinstance(said, FaultsError)
    assert [type(fault) for fault in said.faults] == [ProblemError, InfeasibleError]
    assert (said.faults[0].where, said.faults[1].examples) == ("rules.budget_eur", ("B-1",))
