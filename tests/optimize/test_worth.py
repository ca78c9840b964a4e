"""What a site is worth is what trying every other plan says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from data.errors import FaultsError, InfeasibleError, VerificationError
from optimize.objectives import MAXIMISED
from optimize.problem import LocationProblem
from optimize.rules import Rules, SiteGroup
from optimize.solution import Solution
from optimize.solve import solve
from optimize.worth import SiteWorth, others_and_a_replacement, site_worth
from tests.optimize.capacity_toys import capacity_problems, whole_value
from tests.optimize.model_toys import model_problem
from tests.optimize.ruled_toys import meets_rules, ruled_value
from tests.optimize.test_rules import FIELDS, ruled_problems
from tests.optimize.toys import center, cover, coverage, dense, median

TABLE: list[list[float | None]] = [
    [0.0, 100.0, None, None],
    [None, 300.0, 0.0, None],
    [None, None, 500.0, 0.0],
    [None, None, None, 200.0],
]


def worth_of(problem: LocationProblem, **options: float) -> dict[str, SiteWorth]:
    return {worth.site: worth for worth in site_worth(problem, solve(problem), **options)}


def loss_between(problem: LocationProblem, best: float, other: float) -> float:
    return best - other if problem.objective in MAXIMISED else other - best


def test_with_a_standard_a_site_serves_alone_what_no_other_one_covers() -> None:
    problem = coverage(TABLE, [1.0, 2.0, 4.0, 8.0], fixed=("site-01", "site-02"), new=1)
    worth = worth_of(problem)
    assert [site.site for site in worth.values()] == ["site-01", "site-02", "site-03"]
    assert [site.weight_alone for site in worth.values()] == [1.0, 0.0, 8.0]
    assert [site.is_new for site in worth.values()] == [False, False, True]
    assert [site.loss for site in worth.values()] == [1.0, 0.0, 8.0]


def test_without_a_standard_a_site_serves_alone_what_is_allocated_to_it() -> None:
    worth = worth_of(median(TABLE, [1.0, 2.0, 4.0, 8.0], new=2, unserved_impedance_s=900.0))
    assert {site: found.weight_alone for site, found in worth.items()} == {"site-01": 3.0, "site-03": 12.0}
    assert worth["site-01"].loss == (900 - 100) * 1.0 + (900 - 300) * 2.0
    assert worth["site-01"].replacement == ("site-02",)
    assert worth["site-01"].replacement_loss == (900 - 100) * 1.0 - 300 * 2.0


def test_where_all_demand_must_be_served_a_site_without_which_it_is_not_has_no_loss_but_a_reason() -> None:
    worth = worth_of(center([[0.0, None, 500.0], [None, 0.0, None]], new=2))
    assert worth["site-01"].loss is None
    assert worth["site-01"].replacement is None
    assert worth["site-01"].replacement_loss is None
    assert not worth["site-01"].is_proven
    assert worth["site-01"].reasons[0].startswith("No plan without it: ")
    assert worth["site-01"].reasons[1].startswith("Nothing replaces it: ")
    assert worth["site-00"].replacement == ("site-02",)
    assert worth["site-00"].replacement_loss == 500.0


def test_the_replacement_meets_the_rules() -> None:
    problem = coverage([[0.0, 0.0, 0.0], [0.0, 0.0, None]], [3.0, 1.0], new=1)
    assert worth_of(problem)["site-00"].replacement == ("site-01",)
    group = SiteGroup(name="not the second", ids=("site-01",), at_most=0)
    found = worth_of(replace(problem, rules=Rules(groups=(group,))))["site-00"]
    assert (found.replacement, found.replacement_loss) == (("site-02",), 1.0)
    pair = worth_of(coverage([[0.0, None, 0.0], [None, 0.0, None]], new=2, rules=Rules(together=(("site-00", "site-01"),))))
    assert pair["site-00"].replacement is None


def test_with_a_site_all_sizes_of_its_place_fall_through() -> None:
    problem = coverage([[0.0, 0.0, 0.0], [0.0, None, None]], [3.0, 1.0], new=1)
    assert worth_of(problem)["site-00"].replacement == ("site-01",)
    in_sizes = replace(problem, rules=Rules(place=("corner", "corner", "yard")))
    assert worth_of(in_sizes)["site-00"].replacement == ("site-02",)


def test_a_standing_site_that_falls_through_is_replaced_by_one_more_new_site() -> None:
    problem = coverage([[0.0, 0.0, None], [None, None, 0.0]], [3.0, 1.0], fixed=("site-00",), new=1)
    found = worth_of(problem)["site-00"]
    assert (found.loss, found.replacement, found.replacement_loss) == (3.0, ("site-01",), 0.0)
    in_range = replace(problem, new=None, rules=Rules(new_at_most=1))
    assert worth_of(in_range)["site-00"].replacement == ("site-01",)


def test_a_site_that_is_open_now_may_have_closing_rules_that_end_with_it() -> None:
    rules = Rules(open_now=("site-00",), close_at_most=0)
    found = worth_of(coverage([[0.0, 0.0, None], [None, None, 0.0]], [3.0, 1.0], new=1, rules=rules))["site-00"]
    assert (found.is_new, found.replacement, found.replacement_loss) == (False, ("site-01",), 0.0)


def test_where_sites_are_counted_by_cost_several_may_replace_one() -> None:
    problem = cover([[0.0, 0.0, None], [0.0, None, 0.0]], site_cost=np.array([1.0, 1.0, 1.0]))
    found = worth_of(problem)["site-00"]
    assert (found.loss, found.replacement, found.replacement_loss) == (None, ("site-01", "site-02"), 1.0)


def test_capacities_count_in_what_is_lost() -> None:
    problem = model_problem(
        "capacitated_max_coverage",
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        [3.0, 3.0],
        new=2,
        standard_s=600.0,
        capacity=np.array([3.0, 3.0, 2.0]),
        is_split=True,
    )
    found = worth_of(problem)["site-00"]
    assert (found.loss, found.replacement, found.replacement_loss) == (3.0, ("site-02",), 1.0)


def test_when_the_time_is_over_what_is_left_has_a_reason() -> None:
    problem = coverage(TABLE, new=2)
    solution = solve(problem)
    late = site_worth(problem, solution, time_limit_s=1e-9)
    assert [(worth.loss, worth.replacement) for worth in late] == [(None, None), (None, None)]
    assert all("the time was over" in reason for worth in late for reason in worth.reasons)
    assert [worth.weight_alone for worth in late] == [worth.weight_alone for worth in site_worth(problem, solution)]


def test_progress_is_told_after_each_site() -> None:
    problem = coverage(TABLE, new=2)
    told: list[tuple[int, int]] = []
    site_worth(problem, solve(problem), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_a_plan_of_another_problem_is_refused() -> None:
    problem = coverage(TABLE, new=2)
    with pytest.raises(VerificationError):
        site_worth(problem, solve(replace(problem, new=1)))


Value = Callable[[LocationProblem, frozenset[str]], float | None]


def agrees_with_every_other_plan(problem: LocationProblem, *, value: Value) -> None:
    """Compare losses and replacements with what trying every set of sites says."""
    try:
        solution = solve(problem, explains=False)
    except (InfeasibleError, FaultsError):
        return
    for worth in site_worth(problem, solution):
        others = frozenset(solution.selected) - {worth.site}
        assert worth.weight_alone == pytest.approx(alone(problem, solution, worth.site))
        left = value(problem, others)
        assert (worth.loss is None) == (left is None)
        if left is not None:
            assert worth.loss == pytest.approx(loss_between(problem, solution.objective, left), rel=1e-7, abs=1e-7)
        tried = replacements(problem, solution, worth, value=value)
        assert (worth.replacement is None) == (not tried)
        if worth.replacement is not None:
            least = min(loss_between(problem, solution.objective, value) for value in tried.values())
            assert worth.replacement_loss == pytest.approx(least, rel=1e-7, abs=1e-7)
            own = loss_between(problem, solution.objective, tried[frozenset(worth.replacement)])
            assert own == pytest.approx(least, rel=1e-7, abs=1e-7)
            assert worth.is_proven


def alone(problem: LocationProblem, solution: Solution, site: str) -> float:
    """Count the weight that a site serves alone, row by row."""
    table, total = dense(problem), 0.0
    column = problem.candidate_ids.index(site)
    if problem.standard_s is not None:
        opened = [j for j, name in enumerate(problem.candidate_ids) if name in solution.selected]
        for i, weight in enumerate(problem.weight):
            total += weight * ([j for j in opened if table[i, j] <= problem.standard_s] == [column])
        return float(total)
    served = solution.allocation
    share = np.ones(served.demand.size) if served.share is None else served.share
    for i, j, part in zip(served.demand, served.candidate, share, strict=True):
        total += problem.weight[i] * part * (j == column)
    return float(total)


def replacements(
    problem: LocationProblem, solution: Solution, worth: SiteWorth, *, value: Value
) -> dict[frozenset[str], float]:
    """Return the objective of every way to replace a site, all others as they are, under the rules."""
    rules = problem
    if not worth.is_new:
        varied = others_and_a_replacement(problem, solution, worth.site)  # the numbers that a standing site changes
        rules = replace(varied, required=problem.required)
    others = frozenset(solution.selected) - {worth.site}
    place = dict(zip(problem.candidate_ids, problem.rules.place or problem.candidate_ids, strict=True))
    stays = rules.rules.open_now
    gone = {name for name in problem.candidate_ids if place[name] == place[worth.site] and name not in stays}
    may_open = sorted(set(problem.candidate_ids) - others - {worth.site, *gone, *problem.forbidden})
    found = {}
    for more in chain.from_iterable(combinations(may_open, n) for n in range(len(may_open) + 1)):
        plan = others | set(more)
        own = value(problem, plan) if meets_rules(rules, plan) else None
        if own is not None:
            found[frozenset(more)] = own
    return found


@pytest.mark.parametrize("objective", list(FIELDS))
def test_under_any_rules_losses_are_those_of_every_plan_tried(objective: str) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ruled_problems(objective))
    def agree(problem: LocationProblem) -> None:
        agrees_with_every_other_plan(problem, value=ruled_value)

    agree()


@pytest.mark.parametrize("objective", ["capacitated_fixed_charge", "capacitated_p_median", "capacitated_max_coverage"])
def test_under_any_rules_losses_with_capacities_are_those_of_every_plan_tried(objective: str) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(capacity_problems(objective, has_rules=True))
    def agree(problem: LocationProblem) -> None:
        agrees_with_every_other_plan(problem, value=whole_value)

    agree()
