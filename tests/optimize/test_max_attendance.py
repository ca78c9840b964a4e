"""Attendance: fewer come the farther the nearest site is, and each decay chooses another site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, ProblemError
from optimize.decay import Decay, ExponentialDecay, LinearDecay, PowerDecay
from optimize.problem import LocationProblem
from optimize.solution import Status
from optimize.solve import solve
from tests.optimize.model_toys import as_objective, model_problem
from tests.optimize.ruled_toys import check_against_all_sets
from tests.optimize.toys import problems

# site-00 is beside the first demand point, site-01 between all three.
TABLE: list[list[float | None]] = [[0.0, 600.0], [3000.0, 600.0], [3000.0, 600.0]]
DECAYS: list[Decay] = [
    LinearDecay(full_s=0.0, zero_s=1000.0),
    PowerDecay(full_s=60.0, exponent=2.0),
    PowerDecay(full_s=300.0, exponent=0.5),
    ExponentialDecay(scale_s=400.0),
]


@pytest.mark.parametrize(
    ("decay", "new", "objective"),
    [
        (PowerDecay(full_s=60.0, exponent=2.0), "site-00", 1.0 + 2 * 0.02**2),
        (PowerDecay(full_s=600.0, exponent=2.0), "site-01", 3.0),
        (PowerDecay(full_s=150.0, exponent=0.5), "site-01", 1.5),
        (ExponentialDecay(scale_s=300.0), "site-00", 1.0 + 2 * np.exp(-10.0)),
        (ExponentialDecay(scale_s=1200.0), "site-01", 3 * np.exp(-0.5)),
        (LinearDecay(full_s=0.0, zero_s=800.0), "site-00", 1.0),
    ],
)
def test_the_decay_changes_the_plan(decay: Decay, new: str, objective: float) -> None:
    solution = solve(model_problem("max_attendance", TABLE, decay=decay, new=1))
    assert solution.status is Status.OPTIMAL
    assert solution.new == (new,)
    assert solution.objective == pytest.approx(objective, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(problems(max_candidates=12), st.sampled_from(DECAYS))
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem, decay: Decay) -> None:
    check_against_all_sets(as_objective(problem, "max_attendance", decay=decay))


@pytest.mark.parametrize("decay", DECAYS)
def test_attendance_never_rises_with_impedance_and_nobody_comes_from_nowhere(decay: Decay) -> None:
    share = decay.share(np.array([0.0, 1.0, 60.0, 599.0, 600.0, 9000.0, np.inf]))
    assert (np.diff(share) <= 0).all()
    assert (share[0], share[-1]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: PowerDecay(full_s=0.0, exponent=2.0), "0.0 is no number of seconds > 0"),
        (lambda: PowerDecay(full_s=60.0, exponent=np.inf), "inf is no power > 0"),
        (lambda: ExponentialDecay(scale_s=-5.0), "-5.0 is no number of seconds > 0"),
    ],
)
def test_a_decay_that_is_none_is_refused(made: Any, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        made()
    assert said in str(caught.value)


def test_both_faults_of_a_power_are_told() -> None:
    with pytest.raises(FaultsError) as caught:
        PowerDecay(full_s=np.nan, exponent=0.0)
    assert len(caught.value.faults) == 2


def test_attendance_needs_a_decay() -> None:
    with pytest.raises(ProblemError, match="max_attendance needs decay"):
        model_problem("max_attendance", TABLE, new=1)
