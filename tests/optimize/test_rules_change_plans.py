"""Every rule changes the plan of every model that takes it; the others refuse it by name: the fields of docs/rules.md."""

from __future__ import annotations

from dataclasses import fields

import pytest

from data.errors import ProblemError, VerificationError
from optimize.objectives import OBJECTIVES, Objective
from optimize.rules import Rules
from optimize.solution import Status
from optimize.verify import verify_solution
from tests.optimize.rule_cases import RULES, Rule, case_of
from tests.optimize.rule_town import COST, OWN_FIELDS, plan_of, town

TAKEN = [(rule, model) for rule in RULES for model in rule.taken_by]
REFUSED = [(rule, model) for rule in RULES for model in OBJECTIVES if model not in rule.taken_by]


def _named(pairs: list[tuple[Rule, Objective]]) -> list[str]:
    return [f"{rule.name}, {model}" for rule, model in pairs]


@pytest.mark.parametrize(("rule", "model"), TAKEN, ids=_named(TAKEN))
def test_the_rule_changes_the_plan(rule: Rule, model: Objective) -> None:
    case = case_of(rule, model)
    before, after = plan_of(case.without), plan_of(case.ruled)
    assert before.selected != after.selected
    assert before.status is after.status is Status.OPTIMAL
    assert verify_solution(case.ruled, after).objective == pytest.approx(after.objective, rel=1e-9)
    with pytest.raises(VerificationError):  # what the rule forbids, or what only the rule allows
        verify_solution(case.without if rule.widens else case.ruled, after if rule.widens else before)


@pytest.mark.parametrize(("rule", "model"), REFUSED, ids=_named(REFUSED))
def test_a_model_without_use_for_the_rule_refuses_it_and_names_those_that_have(rule: Rule, model: Objective) -> None:
    assert rule.refusal is not None
    field = rule.refusal.field
    with pytest.raises(ProblemError) as caught:
        town(model, **{field: rule.refusal.value})
    assert (caught.value.where, caught.value.what) == (field, f"{model} has no use for {field}")
    remedy = str(caught.value.remedy)
    assert rule.refusal.instead in remedy
    assert set(rule.taken_by) <= set(remedy.replace(",", "").split())


def test_every_model_is_asked_about_the_town() -> None:
    assert set(OWN_FIELDS) == set(OBJECTIVES)


def test_every_field_of_the_rules_has_a_row() -> None:
    given = {name for rule in RULES for name in rule.given_as.split(", ")}
    assert {f"rules.{field.name}" for field in fields(Rules)} <= given
    assert {"fixed", "required", "forbidden", "new", "site_cost", "capacity", "min_use", "target_share"} <= given


def test_a_cost_without_a_budget_is_refused_and_the_budget_named() -> None:
    with pytest.raises(ProblemError, match=r"give rules\.budget, or choose set_cover"):
        town("p_median", site_cost=COST)


def test_no_number_of_sites_is_refused_and_the_rules_that_limit_it_named() -> None:
    with pytest.raises(ProblemError, match=r"give rules\.new_at_most or rules\.budget"):
        town("p_median", new=None, rules=Rules(new_at_least=1))


def test_more_closings_than_are_open_are_refused() -> None:
    assert town("p_median", rules=Rules(open_now=("H",), close_at_least=1)).rules.close_at_least == 1
    with pytest.raises(ProblemError, match="at least 2 of the 1 that are open now cannot close"):
        town("p_median", rules=Rules(open_now=("H",), close_at_least=2))
