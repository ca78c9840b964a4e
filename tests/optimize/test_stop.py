"""A run can be watched, and stopped by hand: the best plan so far stays, with its gap."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from scipy import sparse

from optimize import ruled
from optimize.clock import Clock, Deadline, never, stop_by_hand
from optimize.highs import Outcome, Proof
from optimize.problem import LocationProblem
from optimize.rules import NO_RULES, Rules, SiteGroup
from optimize.solution import Status
from optimize.solve import solve
from optimize.verify import verify_solution


def hard(*, n_demand: int = 4000, n_sites: int = 400, p: int = 30, rules: Rules = NO_RULES) -> LocationProblem:
    """Return a covering problem whose discs overlap so much that its plan is not proven in seconds."""
    rng = np.random.default_rng(5)
    demand, site = rng.random((n_demand, 2)), rng.random((n_sites, 2))
    distance = np.hypot(*(demand[:, None, :] - site[None, :, :]).transpose(2, 0, 1))
    return LocationProblem(
        objective="max_coverage",
        weight=rng.integers(1, 100, n_demand).astype(float),
        impedance_s=sparse.csr_array(np.where(distance <= 0.1, distance * 1000 + 1, 0.0)),
        candidate_ids=tuple(f"s{j:04d}" for j in range(n_sites)),
        new=p,
        standard_s=101.0,
        rules=rules,
    )


@contextmanager
def interrupt_after(seconds: float) -> Iterator[None]:
    """Press Ctrl-C once, so many seconds from now."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


pytestmark = pytest.mark.usefixtures("hears_ctrl_c")

HALF = Rules(groups=(SiteGroup(name="half", ids=tuple(f"s{j:04d}" for j in range(60)), at_most=4),))


@pytest.mark.parametrize("rules", [NO_RULES, HALF], ids=["without rules", "with a rule"])
def test_the_first_interrupt_keeps_the_best_plan_with_its_gap(rules: Rules) -> None:
    problem = hard(rules=rules)
    with interrupt_after(3.0):
        began = time.monotonic()
        solution = solve(problem, time_limit_s=60.0)
        seconds = time.monotonic() - began
    assert seconds < 40.0
    assert solution.status is Status.FEASIBLE
    assert 0.0 < solution.gap < 0.2
    assert solution.notes == ("The run was stopped by hand: a longer one may give a better plan.",)
    assert verify_solution(problem, solution).objective == pytest.approx(solution.objective)


def test_after_a_run_an_interrupt_interrupts_again() -> None:
    solve(hard(n_demand=50, n_sites=10, p=2))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_interrupt_interrupts() -> None:
    with stop_by_hand() as is_stopped:
        signal.raise_signal(signal.SIGINT)
        assert is_stopped()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_outside_the_main_thread_nobody_listens() -> None:
    seen = []

    def listen() -> None:
        with stop_by_hand() as is_stopped:
            seen.append(is_stopped)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert seen == [never]


def test_a_deadline_has_come_once_the_run_is_stopped() -> None:
    stopped = threading.Event()
    clock = Clock(began=time.monotonic(), limit_s=None, is_stopped=stopped.is_set)
    deadline = clock.deadline(0.5)
    assert isinstance(deadline, Deadline)
    assert clock.left_s() is None
    assert not time.monotonic() >= deadline
    stopped.set()
    assert time.monotonic() >= deadline
    assert clock.left_s() == 0.0
    assert Clock(began=0.0, limit_s=None).deadline(0.5) is None


@pytest.mark.parametrize("rules", [NO_RULES, HALF], ids=["without rules", "with a rule"])
def test_progress_tells_plan_and_bound_in_units_of_the_objective(rules: Rules) -> None:
    told: list[tuple[float, float, float]] = []
    problem = hard(n_demand=2000, n_sites=200, p=20, rules=rules)
    solution = solve(problem, time_limit_s=10.0, progress=lambda *values: told.append(values))
    finite = [(plan, bound) for _, plan, bound in told if math.isfinite(plan) and math.isfinite(bound)]
    room = 1e-6 * float(problem.weight.sum())
    assert finite
    assert all(0.5 * solution.objective <= plan <= solution.best_bound + room for plan, _ in finite)
    assert all(bound >= solution.objective - room for _, bound in finite)
    seconds = [one for one, _, _ in told]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0


def test_a_plan_of_the_core_stays_when_the_time_is_over_before_the_whole_model_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Outcome(proof=Proof.NOTHING, bound=None)
    monkeypatch.setattr(ruled, "run_solver", lambda *_args, **_options: nothing)
    problem = hard(
        n_demand=500, n_sites=80, p=5, rules=Rules(groups=(SiteGroup(name="few", ids=("s0001", "s0002"), at_most=1),))
    )
    solution = solve(problem, time_limit_s=30.0)
    assert solution.status is Status.FEASIBLE
    assert 0.0 <= solution.gap < 0.2
    assert len(solution.new) == 5


def test_a_run_within_another_stops_with_it() -> None:
    with stop_by_hand(), stop_by_hand() as is_stopped:
        signal.raise_signal(signal.SIGINT)
        assert is_stopped()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_run_within_one_that_keeps_its_stop_to_itself_goes_on() -> None:
    with stop_by_hand(reaches_inner=False) as is_stopped:
        with stop_by_hand() as inner:
            signal.raise_signal(signal.SIGINT)
            assert inner is never
        assert is_stopped()
