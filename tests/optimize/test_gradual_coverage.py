"""Coverage that decays: every kind of decay changes a plan, and every plan tried agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, ProblemError
from optimize.decay import Decay, LinearDecay, LogisticDecay, StepDecay
from optimize.gradual_coverage import build_gradual_coverage
from optimize.problem import LocationProblem
from optimize.site_rules import site_rules
from optimize.solution import Status
from optimize.solve import solve
from tests.optimize.test_properties import check_against_all_plans, shuffled, solve_or_none
from tests.optimize.toys import coverage, gradual, problems

# site-00 is beside the first demand point, site-01 between both.
TABLE: list[list[float | None]] = [[0.0, 500.0], [None, 500.0]]

DECAYS: list[Decay] = [
    StepDecay(steps=((300.0, 1.0), (600.0, 0.4))),
    StepDecay(steps=((600.0, 0.7),)),
    LinearDecay(full_s=120.0, zero_s=900.0),
    LogisticDecay(middle_s=400.0, spread_s=150.0),
]


def as_gradual(problem: LocationProblem, decay: Decay) -> LocationProblem:
    return replace(problem, objective="gradual_coverage", decay=decay, standard_s=None, unserved_impedance_s=None)


@settings(max_examples=200, deadline=None)
@given(problems(), st.sampled_from(DECAYS))
def test_the_solver_agrees_with_trying_every_plan(problem: LocationProblem, decay: Decay) -> None:
    question = as_gradual(problem, decay)
    check_against_all_plans(question, solve_or_none(question))


@settings(max_examples=20, deadline=None)
@given(problems(max_candidates=12), st.sampled_from(DECAYS))
def test_the_solver_agrees_with_trying_every_plan_of_twelve_candidates(problem: LocationProblem, decay: Decay) -> None:
    question = as_gradual(problem, decay)
    check_against_all_plans(question, solve_or_none(question))


@settings(max_examples=50, deadline=None)
@given(problems(), st.sampled_from(DECAYS), st.integers(0, 1000))
def test_shuffling_rows_and_columns_changes_nothing(problem: LocationProblem, decay: Decay, seed: int) -> None:
    question = as_gradual(problem, decay)
    solution, other = solve_or_none(question), solve_or_none(shuffled(question, seed))
    assume(solution is not None and other is not None)
    assert solution is not None
    assert other is not None
    assert (set(other.selected), other.objective) == (set(solution.selected), solution.objective)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_one_whole_step_is_maximal_covering(problem: LocationProblem) -> None:
    assume(problem.objective == "max_coverage" and problem.standard_s is not None)
    question = as_gradual(problem, StepDecay(steps=((problem.standard_s or 0.0, 1.0),)))
    plain, stepped = solve_or_none(problem), solve_or_none(question)
    assume(plain is not None and stepped is not None)
    assert plain is not None
    assert stepped is not None
    assert (stepped.new, stepped.objective) == (plain.new, plain.objective)


@pytest.mark.parametrize(
    ("decay", "new", "objective"),
    [
        (LinearDecay(full_s=100.0, zero_s=500.0), "site-00", 1.0),
        (LinearDecay(full_s=400.0, zero_s=800.0), "site-01", 1.5),
        (StepDecay(steps=((499.0, 1.0),)), "site-00", 1.0),
        (StepDecay(steps=((400.0, 1.0), (500.0, 0.75))), "site-01", 1.5),
        (LogisticDecay(middle_s=300.0, spread_s=100.0), "site-00", 1 / (1 + np.exp(-3.0))),
        (LogisticDecay(middle_s=600.0, spread_s=100.0), "site-01", 2 / (1 + np.exp(-1.0))),
    ],
)
def test_the_decay_changes_the_plan(decay: Decay, new: str, objective: float) -> None:
    solution = solve(gradual(TABLE, decay=decay))
    assert solution.status is Status.OPTIMAL
    assert solution.new == (new,)
    assert solution.objective == pytest.approx(objective, rel=1e-12)


def test_a_fixed_site_covers_its_share_already() -> None:
    solution = solve(gradual([[600.0, 300.0, None], [None, None, 500.0]], fixed=("site-00",)))
    assert solution.new == ("site-02",)
    assert solution.objective == pytest.approx(0.5 + 2 / 3, rel=1e-12)


def test_only_a_site_with_a_share_serves() -> None:
    solution = solve(gradual([[300.0], [900.0], [899.0]]))
    assert solution.allocation.demand.tolist() == [0, 2]


def test_a_gap_is_kept() -> None:
    rng = np.random.default_rng(1)
    problem = gradual(rng.integers(1, 1200, (80, 30)).astype(float).tolist(), new=4)
    solution = solve(problem, gap=0.2)
    assert solution.status is Status.FEASIBLE
    assert solution.gap <= 0.2
    assert solution.objective <= solve(problem).objective <= solution.best_bound


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: StepDecay(steps=()), "are not ascending seconds"),
        (lambda: StepDecay(steps=((600.0, 1.0), (300.0, 0.5))), "are not ascending seconds"),
        (lambda: StepDecay(steps=((300.0, 0.5), (600.0, 1.0))), "are not ascending seconds"),
        (lambda: StepDecay(steps=((300.0, 1.5),)), "are not ascending seconds"),
        (lambda: StepDecay(steps=((np.nan, 1.0),)), "are not ascending seconds"),
        (lambda: LinearDecay(full_s=600.0, zero_s=600.0), "are not seconds with"),
        (lambda: LinearDecay(full_s=-1.0, zero_s=600.0), "are not seconds with"),
        (lambda: LinearDecay(full_s=0.0, zero_s=np.inf), "are not seconds with"),
        (lambda: LogisticDecay(middle_s=-1.0, spread_s=60.0), "-1.0 is no number of seconds ≥ 0"),
        (lambda: LogisticDecay(middle_s=600.0, spread_s=0.0), "0.0 is no number of seconds > 0"),
    ],
)
def test_a_decay_that_is_none_is_refused(made: Any, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        made()
    assert said in str(caught.value)


def test_both_faults_of_a_decay_are_told() -> None:
    with pytest.raises(FaultsError) as caught:
        LogisticDecay(middle_s=np.nan, spread_s=-1.0)
    assert len(caught.value.faults) == 2


def test_gradual_coverage_needs_a_decay_and_others_have_no_use_for_it() -> None:
    with pytest.raises(ProblemError, match="gradual_coverage needs decay"):
        gradual(TABLE, decay=None)
    with pytest.raises(ProblemError, match="max_coverage has no use for decay"):
        coverage(TABLE, decay=DECAYS[0])
    with pytest.raises(ProblemError, match="'linear' is no decay"):
        gradual(TABLE, decay="linear")


def test_a_problem_of_another_objective_is_refused_by_the_model() -> None:
    problem = coverage(TABLE)
    with pytest.raises(ProblemError, match="max_coverage is not solved without a decay"):
        build_gradual_coverage(problem, site_rules(problem))
