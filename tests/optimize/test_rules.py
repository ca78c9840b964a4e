"""Every rule changes a plan, and under any rules the solver finds what trying every set of sites finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, InfeasibleError
from optimize import core_sites
from optimize.decay import LinearDecay, PowerDecay
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.solution import Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.model_toys import between, market
from tests.optimize.ruled_toys import places_of, some_rules, try_all_ruled
from tests.optimize.toys import csr, ids

FIELDS: dict[str, dict[str, Any] | Callable[[int, int], dict[str, Any]]] = {
    "max_coverage": {"standard_s": 600.0},
    "gradual_coverage": {"decay": LinearDecay(full_s=200.0, zero_s=800.0)},
    "p_median": {"unserved_impedance_s": 1500.0},
    "set_cover": {"standard_s": 600.0, "target_share": 0.7},
    "p_center": {},
    "backup_coverage": {"standard_s": 600.0},
    "weighted_backup_coverage": {"standard_s": 600.0, "backup_share": 0.6},
    "k_nearest_median": {"k_nearest": 1, "unserved_impedance_s": 1500.0},
    "max_attendance": {"decay": PowerDecay(full_s=200.0, exponent=1.5)},
    "p_dispersion": lambda n_demand, n_candidates: {"site_impedance": between(n_candidates, n_demand, share=0.8)},
    "kolm_pollak": {"aversion": 1 / 300, "unserved_impedance_s": 1500.0},
    "market_capture": market,
    "lexicographic_center": {},
    "worst_mean": {"worst_share": 0.4, "unserved_impedance_s": 1500.0},
}


@st.composite
def ruled_problems(draw: st.DrawFn, objective: str) -> LocationProblem:
    n_demand, n_candidates = draw(st.integers(2, 6)), draw(st.integers(3, 7))
    seconds = st.sampled_from([0.0, 150.0, 300.0, 450.0, 600.0, 700.0, 1200.0])
    if objective not in ("p_center", "lexicographic_center"):
        seconds = st.one_of(st.none(), seconds)
    table = [[draw(seconds) for _ in range(n_candidates)] for _ in range(n_demand)]
    weight = np.array([float(draw(st.integers(0, 9))) for _ in range(n_demand)])
    weight[0] = 1.0
    names = ids(n_candidates)
    roles = draw(st.permutations(names))
    open_now = tuple(roles[:1]) if draw(st.booleans()) else ()
    fixed = tuple(roles[1:2]) if draw(st.booleans()) else ()
    rules = draw(some_rules(n_demand=n_demand, n_candidates=n_candidates, open_now=open_now))
    taken = dict(zip(names, rules.place or names, strict=True))
    if fixed and open_now and taken[fixed[0]] == taken[open_now[0]]:
        fixed = ()
    with_weight = [limit for limit in rules.covers if weight[limit.rows].sum() > 0]
    rules = replace(rules, covers=tuple(with_weight))
    number: dict[str, Any] = {}
    if objective == "set_cover":
        rules = replace(rules, new_at_least=draw(st.sampled_from([None, 1, 2])))
    elif draw(st.booleans()):
        number = {"new": draw(st.integers(0, 3))}
    else:
        rules = replace(rules, new_at_most=draw(st.integers(1, 3)))
    cost = None
    if objective == "set_cover" or draw(st.booleans()):
        cost = np.array([float(draw(st.integers(0, 5))) for _ in names])
        if objective != "set_cover" or draw(st.booleans()):
            closing = np.array([float(draw(st.integers(0, 2))) for _ in names]) if open_now else None
            rules = replace(rules, budget=float(draw(st.integers(3, 12))), closing_cost=closing)
    return LocationProblem(
        objective=objective,  # type: ignore[arg-type]
        weight=weight,
        impedance_s=csr(table),
        candidate_ids=names,
        fixed=fixed,
        rules=rules,
        site_cost=cost,
        **number,
        **(fields(n_demand, n_candidates) if callable(fields := FIELDS[objective]) else fields),
    )


def agrees_with_every_set(objective: str) -> None:
    """Solve drawn problems, each as trying every set of open sites does; of equal plans the one that the tie rule names."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ruled_problems(objective))
    def agree(problem: LocationProblem) -> None:
        best = try_all_ruled(problem, is_more_better=objective in MAXIMISED)
        if best is None:
            with pytest.raises((InfeasibleError, FaultsError)):
                solve(problem)
            return
        solution = solve(problem)
        assert solution.status is Status.OPTIMAL
        assert solution.objective == pytest.approx(best.objective, rel=1e-9, abs=1e-9)
        assert frozenset(solution.selected) in best.plans
        assert solution.is_tie_broken
        assert places_of(problem, frozenset(solution.selected)) == min(places_of(problem, plan) for plan in best.plans)
        assert verify_solution(problem, solution).objective == pytest.approx(best.objective, rel=1e-9, abs=1e-9)

    agree()


@pytest.mark.parametrize("objective", list(FIELDS))
def test_under_any_rules_the_solver_agrees_with_every_set_tried(objective: str) -> None:
    agrees_with_every_set(objective)


@pytest.mark.parametrize("objective", [name for name in FIELDS if name != "p_center"])
def test_the_core_of_the_sites_rules_no_best_plan_out(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CORE_FROM", 0), ("SMALLEST_CORE", 1), ("SITES_PER_OPEN_SITE", 1)):
        monkeypatch.setattr(core_sites, name, value)
    agrees_with_every_set(objective)
