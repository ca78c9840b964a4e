"""The rules in force in words, and what came of each, counted anew from the open sites and the travel times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import VerificationError
from diffusa.journeys import Journeys
from diffusa.numbers_in_words import COMMA, join, number, percent
from diffusa.problem_fields import asked_weight
from diffusa.question import Question
from diffusa.scenario_rules import CoverPer, RulesTable, SitesPer
from diffusa.sizes import sizes_of
from layers.plan_choice import RuleBrief
from layers.plan_text import Text
from layers.reach import is_within, nearest_seconds
from maps.i18n import both
from maps.modes import mode_name
from optimize.solution import Solution

ROOM = 1e-6
"""By how much a recounted share may miss a limit, for sums in another order."""


@dataclass(frozen=True)
class Kept:
    """What the rules were put to, and the answer.

    Parameters
    ----------
    question, journeys, solution
        What was asked, the travel times, and the sites chosen.
    """

    question: Question
    journeys: Journeys
    solution: Solution

    @property
    def asked(self) -> RulesTable:
        """Return the rules as the scenario has them."""
        return self.question.scenario.rules_in_force

    @property
    def opened(self) -> frozenset[str]:
        """Return the ids of the open sites."""
        return frozenset(self.solution.selected)

    def name(self, site_id: str) -> Text:
        """Return what a site is called, with its id."""
        sites = self.question.sites
        text = f"{sites.loc[sites['site_id'] == site_id, 'name'].iloc[0]} [{site_id}]"
        return Text(it=text, en=text)


def rules_in_words(kept: Kept) -> tuple[RuleBrief, ...]:
    """Return every rule in force with what came of it.

    Raises
    ------
    VerificationError
        A rule on covered shares or on distances does not hold in the recount.
    """
    parts = (_numbers, _budget, _closings, _pairs, _named_groups, _owners, _covers, _sites_per, _spacing)
    return tuple(brief for part in parts for brief in part(kept))


def _numbers(kept: Kept) -> Iterator[RuleBrief]:
    n_new = number(len(kept.solution.new))
    for key in ("new_at_least", "new_at_most"):
        limit = getattr(kept.asked, key)
        if limit is not None:
            asked = _limit(key, limit)
            rule = both("New places: {limit}", limit=asked)
            yield RuleBrief(key=key, rule=rule, outcome=both("kept: {n}", n=n_new))


def _limit(key: str, limit: int) -> Text:
    return both("at least {n}", n=number(limit)) if key.endswith("at_least") else both("at most {n}", n=number(limit))


def _limits(at_least: int | None, at_most: int | None) -> Text:
    parts = [_limit(key, limit) for key, limit in (("at_least", at_least), ("at_most", at_most)) if limit is not None]
    return join(parts, both(" and "))


def _budget(kept: Kept) -> Iterator[RuleBrief]:
    budget, cost = kept.asked.budget_eur, kept.question.costs.of_site
    if budget is None or cost is None:
        return
    spent = kept.question.choices.works_cost(cost, new=kept.solution.new, sizes=sizes_of(kept.solution))
    spent += (kept.asked.closing_cost_eur or 0.0) * len(kept.solution.closed)
    rule = both("A budget of {n} euros", n=number(budget))
    yield RuleBrief(key="budget_eur", rule=rule, outcome=both("kept: {n} euros", n=number(spent)))


def _closings(kept: Kept) -> Iterator[RuleBrief]:
    asked = kept.asked
    if not kept.question.open_now:
        return
    rule = both("Places open now that may close: {n}", n=number(len(kept.question.open_now)))
    if asked.close_at_least is not None or asked.close_at_most is not None:
        limits = _limits(asked.close_at_least, asked.close_at_most)
        rule = join([rule, both("of these {limits} close", limits=limits)], COMMA)
    closed = [kept.name(site_id) for site_id in kept.solution.closed]
    outcome = both("closing: {names}", names=join(closed, COMMA)) if closed else both("none closes")
    yield RuleBrief(key="open_now", rule=rule, outcome=outcome)


def _pairs(kept: Kept) -> Iterator[RuleBrief]:
    for one, other in kept.question.rules.together:
        rule = both("{one} and {other}: both or neither", one=kept.name(one), other=kept.name(other))
        outcome = both("kept: both open") if {one, other} <= kept.opened else both("kept: neither open")
        yield RuleBrief(key="together", rule=rule, outcome=outcome)
    for one, other in kept.question.rules.apart:
        rule = both("{one} and {other}: not both", one=kept.name(one), other=kept.name(other))
        found = [kept.name(site_id) for site_id in (one, other) if site_id in kept.opened]
        outcome = both("kept: {name} open", name=found[0]) if found else both("kept: neither open")
        yield RuleBrief(key="apart", rule=rule, outcome=outcome)


def _named_groups(kept: Kept) -> Iterator[RuleBrief]:
    by_name = {group.name: group for group in kept.question.rules.groups}
    for group in kept.asked.group:
        called = Text(it=group.called.it, en=group.called.en)
        n_open = number(len(kept.opened.intersection(by_name[group.called.en].ids)))
        rule = both("{name}: {limits} open", name=called, limits=_limits(group.at_least, group.at_most))
        yield RuleBrief(key="group", rule=rule, outcome=both("kept: {n}", n=n_open))


def _owners(kept: Kept) -> Iterator[RuleBrief]:
    if kept.asked.at_most_one_per is None:
        return
    sites = kept.question.sites
    owner = sites.loc[sites["site_id"].isin(kept.question.candidates), "owner"]
    n_unknown = int((owner.isna() | (owner == "")).sum())
    outcome = both("kept; candidates without a known owner, which are free of the rule: {n}", n=number(n_unknown))
    yield RuleBrief(key="at_most_one_per", rule=both("At most one new place of each owner"), outcome=outcome)


def _covers(kept: Kept) -> Iterator[RuleBrief]:
    for key, asked in (("floor_per", kept.asked.floor_per), ("ceiling_per", kept.asked.ceiling_per)):
        if asked is not None:
            yield _cover(kept, asked, key=key)


def _cover(kept: Kept, asked: CoverPer, *, key: str) -> RuleBrief:
    """Return a limit on covered shares with the district that comes nearest to it."""
    question, is_floor = kept.question, key == "floor_per"
    standard_min = asked.standard_min or question.scenario.travel.standard_min
    shares = _covered_shares(kept, standard_min, is_floor=is_floor)
    name = min(shares, key=shares.__getitem__) if is_floor else max(shares, key=shares.__getitem__)
    missed = asked.covered_share - shares[name] if is_floor else shares[name] - asked.covered_share
    if missed > ROOM:
        what = f"the open sites cover {shares[name]:.4%} of {name} within {standard_min:g} minutes"
        raise VerificationError(what, where=f"rules.{key}", remedy="Do not use this plan; it does not keep its rules")
    values = {
        "share": percent(asked.covered_share, digits=1),
        "district": _district(asked.district),
        "minutes": number(standard_min),
        "mode": mode_name(question.scenario.travel.mode),
    }
    found = {"share": percent(shares[name], digits=1), "name": Text(it=name, en=name)}
    if is_floor:
        rule = both("Floor: {share} of the need in each {district} within {minutes} minutes {mode}", **values)
        outcome = both("kept: lowest {share} in {name}", **found)
    else:
        rule = both("Ceiling: {share} of the need in each {district} within {minutes} minutes {mode}", **values)
        outcome = both("kept: highest {share} in {name}", **found)
    return RuleBrief(key=key, rule=_with_exceptions(rule, asked), outcome=outcome)


def _covered_shares(kept: Kept, standard_min: float, *, is_floor: bool) -> dict[str, float]:
    """Return the covered share of the need of each district of a rule, by its name."""
    question, journeys = kept.question, kept.journeys
    weight = asked_weight(question, journeys, standard_min=question.scenario.travel.standard_min)
    reached: NDArray[np.bool_] = is_within(nearest_seconds(journeys.times, kept.solution.selected), standard_min * 60.0)
    limits = [limit for limit in question.rules.covers if (limit.at_least is not None) is is_floor]
    return {
        limit.name.removesuffix(" (ceiling)"): float(weight[limit.rows][reached[limit.rows]].sum() / weight[limit.rows].sum())
        for limit in limits
    }


def _district(district: str) -> Text:
    return both("municipio") if district == "municipio" else both("quarter")


def _with_exceptions(rule: Text, asked: CoverPer | SitesPer) -> Text:
    if not asked.excepted:
        return rule
    return join([rule, both("but for {names}", names=", ".join(asked.excepted))], COMMA)


def _sites_per(kept: Kept) -> Iterator[RuleBrief]:
    asked = kept.asked.sites_per
    if asked is None:
        return
    counts = [len(kept.opened.intersection(ids)) for ids in kept.question.sites_by_district.values()]
    limits = _limits(asked.at_least, asked.at_most)
    rule = both("Open places in each {district}: {limits}", district=_district(asked.district), limits=limits)
    outcome = both("kept: from {low} to {high}", low=number(min(counts)), high=number(max(counts)))
    yield RuleBrief(key="sites_per", rule=_with_exceptions(rule, asked), outcome=outcome)


def _spacing(kept: Kept) -> Iterator[RuleBrief]:
    spacing_m = kept.asked.spacing_m
    if spacing_m is None:
        return
    rule = both("Open places at least {n} metres apart, straight", n=number(spacing_m))
    nearest_m = _nearest_m(kept, sorted(kept.opened))
    if nearest_m < spacing_m - ROOM:
        what = f"two open sites are {nearest_m:.1f} m apart"
        raise VerificationError(what, where="rules.spacing_m", remedy="Do not use this plan; it does not keep its rules")
    found = both("kept: the nearest two {n} metres", n=number(nearest_m)) if np.isfinite(nearest_m) else both("kept")
    yield RuleBrief(key="spacing_m", rule=rule, outcome=found)


def _nearest_m(kept: Kept, opened: Sequence[str]) -> float:
    """Return the straight metres between the nearest two open sites of which not both are fixed; infinite for none."""
    points = kept.question.sites.set_index("site_id").geometry.loc[list(opened)]
    x_m, y_m = points.x.to_numpy(), points.y.to_numpy()
    metres = np.hypot(x_m[:, None] - x_m, y_m[:, None] - y_m)
    is_fixed = np.isin(np.array(opened), kept.question.fixed)
    metres[np.eye(len(opened), dtype=np.bool_) | (is_fixed[:, None] & is_fixed)] = np.inf
    return float(metres.min(initial=np.inf))
