"""Every rule of the city with what poses it to a model that takes it, and how the others refuse it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from optimize.objectives import OBJECTIVES, Objective, objectives_with
from optimize.rules import SiteGroup, Spacing
from tests.optimize import rule_poses as poses
from tests.optimize.rule_poses import Case, columns, district, of_site, one_size, with_fields, with_rules
from tests.optimize.rule_town import ROOMY, WEIGHT, chosen, others, plain_town, town


@dataclass(frozen=True, kw_only=True, eq=False)
class Refusal:
    """How models refuse a rule.

    Parameters
    ----------
    field, value
        What gives it to them.
    reason
        Why they have no use for it.
    instead
        What the refusal says they can be given instead, beside the models that it names.
    """

    field: str
    value: Any
    reason: str
    instead: str = "Leave it out"


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """A rule of the city.

    Parameters
    ----------
    name
        What the planner calls it.
    given_as
        The field or fields of the problem that say it.
    pose
        Makes its case for a model.
    widens
        Whether it allows more than before (a site that may close, a share instead of all), so that the plan with it is none
        without it; the other rules allow less: the plan without them is none with them.
    refusal
        How the models that do not read its field refuse it; None for a rule that every model takes.
    """

    name: str
    given_as: str
    pose: Callable[[Objective], Case]
    widens: bool = False
    refusal: Refusal | None = None

    @property
    def taken_by(self) -> tuple[Objective, ...]:
        """The models that take it."""
        return OBJECTIVES if self.refusal is None else objectives_with(self.refusal.field)


RULES: tuple[Rule, ...] = (
    Rule(name="fixed site", given_as="fixed", pose=with_fields(fixed=lambda model: others(model)[:1]), widens=True),
    Rule(name="required site", given_as="required", pose=with_fields(required=lambda model: others(model)[:1])),
    Rule(name="forbidden site", given_as="forbidden", pose=with_fields(forbidden=lambda model: chosen(model)[:1])),
    Rule(
        name="pair together",
        given_as="rules.together",
        pose=with_rules(together=lambda model: ((chosen(model)[0], others(model)[0]),)),
    ),
    Rule(name="pair apart", given_as="rules.apart", pose=with_rules(apart=lambda model: (chosen(model)[:2],))),
    Rule(
        name="new sites, exactly",
        given_as="new",
        pose=lambda model: Case(without=plain_town(model), ruled=town(model, new=3)),
        refusal=Refusal(
            field="new",
            value=3,
            reason="The number of new sites is the answer of these models; a range of it is a rule for them too",
            instead="give rules.new_at_least and rules.new_at_most",
        ),
    ),
    Rule(name="new sites, at least", given_as="rules.new_at_least", pose=poses.at_least),
    Rule(name="new sites, at most", given_as="rules.new_at_most", pose=poses.at_most),
    Rule(name="budget", given_as="rules.budget, site_cost", pose=poses.budget),
    Rule(name="open now, may close", given_as="rules.open_now", pose=poses.may_close, widens=True),
    Rule(name="closings, at least", given_as="rules.close_at_least", pose=poses.close_at_least),
    Rule(name="closings, at most", given_as="rules.close_at_most", pose=poses.close_at_most),
    Rule(name="cost of closing", given_as="rules.closing_cost", pose=poses.closing_cost),
    Rule(
        name="relocation: as many closings as new sites",
        given_as="new, rules.close_at_least, rules.close_at_most",
        pose=poses.relocation,
    ),
    Rule(name="one size of a place", given_as="rules.place", pose=with_rules(place=one_size)),
    Rule(name="upgrade or extension of an open site", given_as="rules.place, rules.open_now", pose=poses.upgrade, widens=True),
    Rule(
        name="group of sites, at least",
        given_as="rules.groups",
        pose=with_rules(groups=lambda model: (SiteGroup(name="kind", ids=others(model)[:2], at_least=1),)),
    ),
    Rule(
        name="group of sites, at most",
        given_as="rules.groups",
        pose=with_rules(groups=lambda model: (SiteGroup(name="owner", ids=chosen(model)[:2], at_most=1),)),
    ),
    Rule(
        name="covered share of a district, floor",
        given_as="rules.covers",
        pose=with_rules(covers=lambda model: district(others(model)[:2], at_least=0.3)),
    ),
    Rule(
        name="covered share of a district, ceiling",
        given_as="rules.covers",
        pose=with_rules(covers=lambda model: district(chosen(model), at_most=0.8)),
    ),
    Rule(
        name="minimum spacing",
        given_as="rules.spacing",
        pose=with_rules(spacing=lambda model: Spacing(name="spacing", pairs=columns(chosen(model)[:2]).reshape(1, 2))),
    ),
    Rule(
        name="capacity",
        given_as="capacity",
        pose=with_fields(capacity=lambda model: of_site(model, 4.0, others_have=ROOMY[0])),
        refusal=Refusal(field="capacity", value=ROOMY, reason="In these models a site serves whoever comes"),
    ),
    Rule(
        name="minimum use",
        given_as="min_use",
        pose=with_fields(min_use=lambda model: of_site(model, 30.0, others_have=0.0)),
        refusal=Refusal(
            field="min_use",
            value=WEIGHT,
            reason="In these models nobody is sent to another site than their own choice, so no site can be filled",
        ),
    ),
    Rule(
        name="share of all demand to be covered",
        given_as="target_share",
        pose=with_fields(target_share=lambda _: 0.6),
        widens=True,
        refusal=Refusal(
            field="target_share",
            value=0.6,
            reason="In these models coverage is the objective, or no part of it; a floor of the covered share is a rule",
            instead="give a floor in rules.covers",
        ),
    ),
)
"""Every rule: a row of docs/rules.md each."""


@cache
def case_of(rule: Rule, model: Objective) -> Case:
    """Return the case of a rule and a model, made once."""
    return rule.pose(model)
