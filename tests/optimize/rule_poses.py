"""How every rule is posed: a pair of questions about the town, without it and with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimize.objectives import Objective
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit, Rules, SiteGroup
from tests.optimize.rule_town import BY_DOOR_S, COST, FREE_NUMBER, SITES, chosen, others, plain_town, plan_of, town


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Two questions that differ by one rule."""

    without: LocationProblem
    ruled: LocationProblem


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
