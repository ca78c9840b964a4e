"""Costs of sites and capacities: under any rules the solver finds what trying every plan finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import FaultsError, InfeasibleError, ProblemError
from optimize import capacity_answer, capacity_solve
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.solution import Status
from optimize.solve import solve
from optimize.verify import verify_solution
from tests.optimize.capacity_toys import OBJECTIVES, capacitated, capacity_problems, try_all_services
from tests.optimize.ruled_toys import places_of


def check_against_all(problem: LocationProblem) -> None:
    best = try_all_services(problem)
    if best is None:
        with pytest.raises((InfeasibleError, FaultsError)):
            solve(problem)
        return
    solution = solve(problem)
    assert solution.objective == pytest.approx(best.objective, rel=1e-7, abs=1e-7)
    assert solution.status is Status.OPTIMAL
    assert frozenset(solution.selected) in best.plans
    assert solution.is_tie_broken
    assert places_of(problem, frozenset(solution.selected)) == min(places_of(problem, frozenset(plan)) for plan in best.plans)
    assert verify_solution(problem, solution).objective == pytest.approx(best.objective, rel=1e-7, abs=1e-7)


@pytest.fixture(params=["whole", "narrowed"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small cases be solved whole, as they are, and narrowed by bounds, as large ones are."""
    if request.param == "narrowed":
        monkeypatch.setattr(capacity_answer, "PAIRS_TO_NARROW", 0)
        monkeypatch.setattr(capacity_solve, "PAIRS_TO_LINK_BY_NEED", 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_under_any_rules_the_solver_agrees_with_every_plan_tried(objective: str) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(capacity_problems(objective, has_rules=True))
    def agree(problem: LocationProblem) -> None:
        check_against_all(problem)

    agree()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_without_rules_the_solver_agrees_with_every_plan_tried(objective: str) -> None:
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(capacity_problems(objective, has_rules=False, max_candidates=6))
    def agree(problem: LocationProblem) -> None:
        check_against_all(problem)

    agree()


LINE: list[list[float | None]] = [[0.0, 100.0, 300.0], [100.0, 0.0, 200.0], [300.0, 200.0, 0.0]]
"""Three points on a line, each a candidate: 0, 100 and 300 s from the first."""


def test_a_site_is_opened_where_it_saves_more_travel_than_it_costs() -> None:
    solution = solve(capacitated("fixed_charge", LINE, [2.0, 1.0, 1.0], site_cost=np.array([90.0, 120.0, 150.0])))
    assert (solution.new, solution.objective) == (("site-00", "site-02"), 90.0 + 150.0 + 100.0)
    assert solution.allocation.candidate.tolist() == [0, 0, 2]
    assert solution.is_tie_broken


def test_a_price_of_travel_changes_the_plan() -> None:
    cheap = capacitated("fixed_charge", LINE, [2.0, 1.0, 1.0], site_cost=np.array([90.0, 120.0, 150.0]), impedance_price=0.25)
    solution = solve(cheap)
    assert (solution.new, solution.objective) == (("site-00",), 90.0 + 0.25 * (100.0 + 300.0))


def test_demand_that_may_stay_unserved_changes_the_plan() -> None:
    cost = np.array([90.0, 90.0, 500.0])
    problem = capacitated("fixed_charge", LINE, [2.0, 1.0, 1.0], site_cost=cost, unserved_impedance_s=50.0)
    solution = solve(problem)
    assert (solution.new, solution.objective) == (("site-00",), 90.0 + 50.0 + 50.0)
    assert solution.allocation.demand.tolist() == [0]


@pytest.mark.parametrize("objective", ["fixed_charge", "capacitated_fixed_charge"])
def test_what_is_open_already_costs_nothing_and_a_required_site_its_cost(objective: str) -> None:
    fields = {"capacity": np.full(3, 9.0)} if objective.startswith("capacitated") else {}
    cost = np.array([90.0, 120.0, 150.0])
    costs = {
        solve(capacitated(objective, LINE, [2.0, 1.0, 1.0], site_cost=cost, **fields, **said)).objective
        for said in ({"fixed": ("site-00",)}, {"rules": Rules(open_now=("site-00",))})
    }
    assert costs == {150.0 + 100.0}
    required = capacitated(objective, LINE, [2.0, 1.0, 1.0], site_cost=cost, required=("site-01",), **fields)
    assert solve(required).objective == 90.0 + 120.0 + 150.0


def test_a_budget_and_a_number_of_sites_bind_where_the_number_is_the_answer() -> None:
    cost = np.array([90.0, 120.0, 150.0])
    one = solve(capacitated("fixed_charge", LINE, [2.0, 1.0, 1.0], site_cost=cost, rules=Rules(new_at_most=1)))
    assert (one.new, one.objective) == (("site-00",), 90.0 + 400.0)
    poor = solve(capacitated("fixed_charge", LINE, [2.0, 1.0, 1.0], site_cost=cost, rules=Rules(budget=230.0)))
    assert (poor.new, poor.objective) == (("site-00", "site-01"), 210.0 + 200.0)


def median(**fields: object) -> LocationProblem:
    """Return three points of 4, 3 and 2 on the line, two new sites of 9 unless told otherwise."""
    given = {"new": 2, "capacity": np.full(3, 9.0), **fields}
    return capacitated("capacitated_p_median", LINE, [4.0, 3.0, 2.0], **given)


def test_without_need_of_it_capacity_changes_nothing() -> None:
    assert (solve(median()).new, solve(median()).objective) == (("site-00", "site-02"), 300.0)


def test_a_capacity_sends_demand_to_another_site() -> None:
    solution = solve(median(capacity=np.array([6.0, 0.0, 6.0])))
    assert (solution.new, solution.objective) == (("site-00", "site-02"), 600.0)
    assert solution.allocation.candidate.tolist() == [0, 2, 2]
    assert solution.allocation.share is None


def test_demand_as_large_as_the_capacity_fits() -> None:
    assert solve(median(capacity=np.array([7.0, 0.0, 2.0]))).objective == 300.0


def test_splitting_demand_changes_the_objective_and_the_shares() -> None:
    solution = solve(median(capacity=np.array([6.0, 0.0, 6.0]), is_split=True))
    assert solution.objective == pytest.approx(2 * 100.0 + 1 * 200.0)
    assert solution.allocation.demand.tolist() == [0, 1, 1, 2]
    assert solution.allocation.candidate.tolist() == [0, 0, 2, 2]
    assert solution.allocation.share == pytest.approx([1.0, 2 / 3, 1 / 3, 1.0])


def test_a_least_use_changes_the_plan() -> None:
    solution = solve(median(min_use=np.array([0.0, 0.0, 4.0])))
    assert (solution.new, solution.objective) == (("site-00", "site-01"), 2 * 200.0)


def test_a_fixed_site_must_be_viable_too() -> None:
    solution = solve(median(fixed=("site-02",), new=1, min_use=np.array([0.0, 0.0, 5.0])))
    assert (solution.new, solution.allocation.candidate.tolist()) == (("site-00",), [0, 2, 2])


def test_demand_beyond_the_capacities_stays_unserved_at_its_price() -> None:
    solution = solve(median(capacity=np.array([4.0, 0.0, 2.0]), unserved_impedance_s=1000.0))
    assert (solution.new, solution.objective) == (("site-00", "site-02"), 3000.0)
    assert solution.allocation.demand.tolist() == [0, 2]


def test_a_site_that_is_no_nearer_than_unserved_serves_nobody() -> None:
    fields = {"capacity": np.array([4.0, 0.0, 9.0]), "new": 2}
    far, near = (solve(median(unserved_impedance_s=limit, **fields)) for limit in (200.0, 200.5))
    assert (far.allocation.demand.tolist(), near.allocation.demand.tolist()) == ([0, 2], [0, 1, 2])


def test_demand_without_weight_is_in_no_allocation() -> None:
    problem = capacitated("capacitated_p_median", LINE, [4.0, 0.0, 2.0], new=2, capacity=np.array([4.0, 0.0, 2.0]))
    assert solve(problem).allocation.demand.tolist() == [0, 2]


def charge(**fields: object) -> LocationProblem:
    """Return three points of 4, 3 and 2 on the line, with costs and capacities of sites."""
    given = {"site_cost": np.array([90.0, 350.0, 150.0]), "capacity": np.array([6.0, 9.0, 6.0]), **fields}
    return capacitated("capacitated_fixed_charge", LINE, [4.0, 3.0, 2.0], **given)


def test_a_capacity_changes_which_sites_are_worth_their_cost() -> None:
    assert solve(charge(capacity=np.full(3, 9.0))).new == ("site-00", "site-02")
    solution = solve(charge())
    assert (solution.new, solution.objective) == (("site-00", "site-01", "site-02"), pytest.approx(590.0))


def test_demand_that_may_not_be_split_costs_more() -> None:
    split, whole = (
        solve(charge(capacity=np.array([6.0, 0.0, 6.0]))),
        solve(charge(capacity=np.array([6.0, 0.0, 6.0]), is_split=False)),
    )
    assert (split.objective, whole.objective) == (pytest.approx(240.0 + 400.0), pytest.approx(240.0 + 600.0))
    assert split.allocation.share is not None
    assert whole.allocation.share is None


def test_price_least_use_and_unserved_change_a_capacitated_plan() -> None:
    cheap = solve(charge(impedance_price=0.1))
    assert (cheap.new, cheap.objective) == (("site-00", "site-02"), pytest.approx(240.0 + 40.0))
    assert solve(charge(min_use=np.array([0.0, 0.0, 5.0]))).objective == pytest.approx(840.0)
    nobody = solve(charge(unserved_impedance_s=10.0))
    assert (nobody.new, nobody.objective) == ((), pytest.approx(90.0))


def coverage(**fields: object) -> LocationProblem:
    """Return three points of 4, 3 and 2 on the line, one site within 150 s."""
    given = {"new": 1, "standard_s": 150.0, "capacity": np.full(3, 9.0), **fields}
    return capacitated("capacitated_max_coverage", LINE, [4.0, 3.0, 2.0], **given)


def test_capacity_limits_what_a_site_covers() -> None:
    assert (solve(coverage()).new, solve(coverage()).objective) == (("site-00",), 7.0)
    small = solve(coverage(capacity=np.array([5.0, 6.0, 1.0])))
    assert (small.new, small.objective) == (("site-01",), pytest.approx(6.0))
    assert solve(coverage(new=2, capacity=np.array([5.0, 6.0, 1.0]))).objective == pytest.approx(7.0)


def test_whole_demand_points_cover_less_than_parts() -> None:
    solution = solve(coverage(capacity=np.array([5.0, 6.0, 1.0]), is_split=False))
    assert (solution.objective, solution.allocation.demand.tolist()) == (4.0, [0])


def test_the_standard_of_a_capacitated_cover_includes_its_end() -> None:
    assert solve(coverage(standard_s=100.0)).objective == 7.0
    assert solve(coverage(standard_s=99.9)).objective == 4.0


def test_a_least_use_keeps_an_idle_site_closed() -> None:
    apart = coverage(new=2, capacity=np.array([4.0, 3.0, 2.0]))
    assert solve(apart).new == ("site-00", "site-01")
    busy = solve(replace(apart, min_use=np.array([0.0, 3.5, 0.0])))
    assert (busy.new, busy.objective) == (("site-00", "site-02"), pytest.approx(6.0))


def test_what_a_class_is_served_is_handed_out_to_its_points_in_order() -> None:
    problem = capacitated(
        "capacitated_max_coverage",
        [[60.0, 60.0], [60.0, 60.0], [60.0, 60.0], [None, 60.0]],
        [4.0, 3.0, 3.0, 1.0],
        new=2,
        standard_s=60.0,
        capacity=np.array([5.0, 4.0]),
    )
    solution = solve(problem)
    assert solution.objective == pytest.approx(9.0)
    assert solution.model.n_classes == 2
    served = np.zeros(4)
    np.add.at(served, solution.allocation.demand, solution.allocation.share)
    assert (problem.weight * served).sum() == pytest.approx(9.0)
    assert (served <= 1.0 + 1e-12).all()


@pytest.mark.parametrize("name", ["capacity", "min_use", "is_split"])
def test_other_models_name_those_that_hold_capacities(name: str) -> None:
    value = True if name == "is_split" else np.ones(3)
    with pytest.raises(ProblemError) as caught:
        capacitated("p_median", LINE, [1.0, 1.0, 1.0], new=1, **{name: value})
    assert f"{name}: p_median has no use for {name}" in str(caught.value)
    for able in ("capacitated_fixed_charge", "capacitated_p_median", "capacitated_max_coverage"):
        assert able in str(caught.value)


@pytest.mark.parametrize("objective", ["capacitated_fixed_charge", "capacitated_p_median", "capacitated_max_coverage"])
def test_a_capacitated_model_needs_capacities(objective: str) -> None:
    with pytest.raises(FaultsError, match=f"{objective} needs capacity"):
        capacitated(objective, LINE, [1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"capacity": np.array([4.0, 4.0, 4.0])}, r"9 of weight must be served.*can serve 8\. Raise capacities, open 1 more"),
        ({"capacity": np.array([4.0, 1.0, 1.0])}, "can serve 5. Raise capacities, offer more candidates"),
        ({"capacity": np.array([3.0, 3.5, 3.5]), "new": 3}, r"more weight than any site .* \(1: 0\)"),
        ({"min_use": np.full(3, 9.5), "new": 1}, "only 0 can serve as much as their min_use asks"),
        ({"min_use": np.full(3, 5.0)}, "the open sites have to serve 10 together at least, and all demand is 9"),
        (
            {"min_use": np.array([0.0, 0.0, 6.0]), "capacity": np.array([9.0, 9.0, 5.0]), "fixed": ("site-02",)},
            r"cannot serve as much as .* \(1: site-02\)",
        ),
    ],
)
def test_what_cannot_be_is_said_before_solving(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InfeasibleError, match=said):
        solve(median(**fields))


def test_demand_that_nobody_reaches_is_named_and_all_reasons_at_once() -> None:
    problem = capacitated(
        "capacitated_p_median",
        [[0.0, None], [None, None], [0.0, 0.0]],
        [2.0, 1.0, 8.0],
        new=1,
        capacity=np.array([5.0, 5.0]),
        min_use=np.array([6.0, 6.0]),
    )
    with pytest.raises(FaultsError) as caught:
        solve(problem)
    for said in ("reached by no site that may be open (1: 1)", "than any site", "11 of weight must be served", "only 0 can"):
        assert said in str(caught.value)


def test_what_only_the_solver_sees_is_refused_too() -> None:
    with pytest.raises(InfeasibleError):
        solve(median(capacity=np.full(3, 4.5)))  # 4, 3 and 2 do not fit into two of them whole


def test_under_rules_it_is_told_whether_they_or_the_capacities_stand_against_a_plan() -> None:
    idle = Rules(groups=(SiteGroup(name="first", ids=("site-00",), at_most=1),))
    with pytest.raises(InfeasibleError, match="3 new sites instead of 2"):
        solve(median(capacity=np.full(3, 4.5), rules=idle))
    whole = charge(capacity=np.full(3, 5.0), is_split=False, forbidden=("site-01",), rules=idle)
    with pytest.raises(InfeasibleError, match="no choice of sites serves the demand within their capacities"):
        solve(replace(whole, weight=np.array([4.0, 3.0, 3.0])))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_order_of_rows_and_columns_changes_nothing(objective: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(capacity_problems(objective, has_rules=False), st.integers(0, 1000))
    def agree(problem: LocationProblem, seed: int) -> None:
        rng = np.random.default_rng(seed)
        row, column = rng.permutation(problem.n_demand), rng.permutation(problem.n_candidates)
        columns = {name: getattr(problem, name) for name in ("site_cost", "capacity", "min_use")}
        other = replace(
            problem,
            weight=problem.weight[row],
            impedance_s=problem.impedance_s[row][:, column],
            candidate_ids=tuple(problem.candidate_ids[j] for j in column),
            **{name: None if values is None else values[column] for name, values in columns.items()},
        )
        try:
            solution = solve(problem)
        except (InfeasibleError, FaultsError):
            with pytest.raises((InfeasibleError, FaultsError)):
                solve(other)
            return
        shuffled = solve(other)
        assert set(shuffled.new) == set(solution.new)
        assert shuffled.objective == pytest.approx(solution.objective, rel=1e-9, abs=1e-9)

    agree()
