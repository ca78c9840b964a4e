"""Every rule as a pair of questions about the town, without it and with it, for each model; or as a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from optimize.objectives import OBJECTIVES, Objective, objectives_with
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules, SiteGroup, Spacing
from tests.optimize.rule_town import (
    BY_DOOR_S,
    COST,
    FREE_NUMBER,
    ROOMY,
    SITES,
    WEIGHT,
    chosen,
    others,
    plain_town,
    plan_of,
    town,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Two questions that differ by one rule."""

    without: LocationProblem
    ruled: LocationProblem


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


def asked(
    model: Objective, *, exactly: int | None = None, fields: Mapping[str, Any] | None = None, **rules: Any
) -> LocationProblem:
    """Return the town under rules: `exactly` so many new sites in every model, else as the rules say, else as the town asks."""
    given = dict(fields or {})
    if exactly is not None and model in FREE_NUMBER:
        rules |= {"new_at_least": exactly, "new_at_most": exactly}
    elif exactly is not None:
        given["new"] = exactly
    elif model not in FREE_NUMBER and {"new_at_least", "new_at_most"} & rules.keys():
        given["new"] = None
    if "budget" in rules and "site_cost" not in given:
        given["site_cost"] = COST
    return town(model, **given, rules=Rules(**rules))


def with_fields(**named: Callable[[Objective], Any]) -> Callable[[Objective], Case]:
    """Return what poses the town without and with some fields."""
    return lambda model: Case(without=plain_town(model), ruled=town(model, **{name: of(model) for name, of in named.items()}))


def with_rules(**named: Callable[[Objective], Any]) -> Callable[[Objective], Case]:
    """Return what poses the town without and with some rules."""
    return lambda model: Case(without=plain_town(model), ruled=asked(model, **{name: of(model) for name, of in named.items()}))


def columns(names: tuple[str, ...]) -> np.ndarray:
    """Return the columns of sites, which are also the rows of the people beside them."""
    return np.array([SITES.index(name) for name in names], dtype=np.intp)


def at_least(model: Objective) -> Case:
    """One more than a plan has whose number the costs decide."""
    without = asked(model) if model in FREE_NUMBER else _under_budget(model)
    n_new = len(plan_of(without).new)
    ruled = asked(model, new_at_least=n_new + 1) if model in FREE_NUMBER else _under_budget(model, new_at_least=n_new + 1)
    return Case(without=without, ruled=ruled)


def _under_budget(model: Objective, **rules: Any) -> LocationProblem:
    """Return the town under a budget for any two sites, or for three that are of little use."""
    cost = np.full(len(SITES), 5.0)
    cost[columns(("C", "F", "H"))] = 3.0
    return asked(model, fields={"site_cost": cost, "new": None}, budget=10.0, **rules)


def at_most(model: Objective) -> Case:
    """One fewer than a plan has that may open as many as it likes."""
    fields: dict[str, Any] = {} if model in FREE_NUMBER else {"new": None}
    groups: tuple[SiteGroup, ...] = ()
    if model == "p_dispersion":  # four corners that are far apart, or the middle and one more that are near
        groups = tuple(SiteGroup(name=f"{name} or G", ids=(name, "G"), at_least=1) for name in "ABCD")
        fields["forbidden"] = ("H",)
    without = asked(model, fields=fields, budget=99.0, groups=groups)
    n_new = len(plan_of(without).new)
    return Case(without=without, ruled=asked(model, fields=fields, budget=99.0, groups=groups, new_at_most=n_new - 1))


def budget(model: Objective) -> Case:
    """A little less than the plan costs; a set cover has the least cost already, so closing what is open comes dear."""
    if model == "set_cover":
        moving = {"open_now": chosen(model), "close_at_least": 1}
        without = asked(model, **moving)
        closing = np.zeros(len(SITES))
        closing[columns(plan_of(without).closed)] = 99.0
        return Case(without=without, ruled=asked(model, **moving, budget=20.0, closing_cost=closing))
    spent = float(COST[columns(chosen(model))].sum())
    return Case(without=plain_town(model), ruled=asked(model, budget=spent - 1.0))


def may_close(model: Objective) -> Case:
    """No more sites than the plan has, one of them not in it: it is fixed, or open now and may close."""
    poor, most = others(model)[-1:], _as_many_as_the_plan(model)
    return Case(without=asked(model, fields={"fixed": poor}, **most), ruled=asked(model, open_now=poor, **most))


def _as_many_as_the_plan(model: Objective) -> dict[str, Any]:
    n = len(chosen(model))
    return {"new_at_most": n, "groups": (SiteGroup(name="sites in all", ids=SITES, at_most=n),)}


def close_at_least(model: Objective) -> Case:
    """A site that is open now, and stays open if nobody closes it."""
    known = {"open_now": chosen(model)[:1], "new_at_least": 1, "new_at_most": len(chosen(model))}
    return Case(without=asked(model, **known), ruled=asked(model, **known, close_at_least=1))


def close_at_most(model: Objective) -> Case:
    """A site that closes if it may."""
    known = {"open_now": others(model)[-1:], **_as_many_as_the_plan(model)}
    return Case(without=asked(model, **known), ruled=asked(model, **known, close_at_most=0))


def closing_cost(model: Objective) -> Case:
    """A site that closes if that costs nothing."""
    known = {"open_now": others(model)[-1:], **_as_many_as_the_plan(model), "budget": 99.0}
    return Case(without=asked(model, **known), ruled=asked(model, **known, closing_cost=np.full(len(SITES), 100.0)))


def relocation(model: Objective) -> Case:
    """The sites of the plan are open now: nothing is new, or one of them moves."""
    known = {"open_now": chosen(model)}
    moved = asked(model, exactly=1, **known, close_at_least=1, close_at_most=1)
    return Case(without=asked(model, exactly=0, **known), ruled=moved)


def upgrade(model: Objective) -> Case:
    """One site fewer than in the plan, and a poor one that is open now: in whose place a site of the plan is a larger size."""
    poor = others(model)[-1]
    place = tuple("square" if name in (poor, chosen(model)[0]) else name for name in SITES)
    known = {"open_now": (poor,), "exactly": len(chosen(model)) - 1}
    return Case(without=asked(model, **known), ruled=asked(model, **known, place=place))


def one_size(model: Objective) -> tuple[str, ...]:
    """Two sites of the plan as two sizes in one place."""
    return tuple("square" if name in chosen(model)[:2] else name for name in SITES)


def of_site(model: Objective, value: float, *, others_have: float) -> np.ndarray:
    """Return a value for the first site of the plan, and one for all others."""
    values = np.full(len(SITES), others_have)
    values[columns(chosen(model)[:1])] = value
    return values


def district(names: tuple[str, ...], **limits: float) -> tuple[CoverLimit, ...]:
    """Return a limit on the share of the people beside some sites who have an open one at the door."""
    return (CoverLimit(name="district", rows=columns(names), standard_s=BY_DOOR_S, **limits),)


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
    Rule(name="new sites, at least", given_as="rules.new_at_least", pose=at_least),
    Rule(name="new sites, at most", given_as="rules.new_at_most", pose=at_most),
    Rule(name="budget", given_as="rules.budget, site_cost", pose=budget),
    Rule(name="open now, may close", given_as="rules.open_now", pose=may_close, widens=True),
    Rule(name="closings, at least", given_as="rules.close_at_least", pose=close_at_least),
    Rule(name="closings, at most", given_as="rules.close_at_most", pose=close_at_most),
    Rule(name="cost of closing", given_as="rules.closing_cost", pose=closing_cost),
    Rule(
        name="relocation: as many closings as new sites",
        given_as="new, rules.close_at_least, rules.close_at_most",
        pose=relocation,
    ),
    Rule(name="one size of a place", given_as="rules.place", pose=with_rules(place=one_size)),
    Rule(name="upgrade or extension of an open site", given_as="rules.place, rules.open_now", pose=upgrade, widens=True),
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
