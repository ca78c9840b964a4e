"""What the rules of a scenario ask, one line each, before a city is there."""

from __future__ import annotations

from collections.abc import Iterator

from diffusa.scenario import Scenario
from diffusa.scenario_rules import CoverPer, RulesTable


def rule_lines(scenario: Scenario) -> Iterator[str]:
    """Yield each rule of a scenario in words, and what it assumes of costs.

    Examples
    --------
    >>> asked = {"choose": {"new": 2}, "rules": {"spacing_m": 500}, "sites": {"candidates": ["schools"]}}
    >>> city = {"name": "n", "city": "c", "service": "s", "need": {"unemployed": 1}, "travel": {"standard_min": 15}}
    >>> list(rule_lines(Scenario.model_validate({**asked, **city})))
    ['Rule: open sites at least 500 m apart, straight.']
    """
    rules = scenario.rules_in_force
    yield from (f"Rule: {line}." for line in _lines(scenario, rules))
    if scenario.costs:
        listed = ", ".join(f"{kind} {cost:,.0f}" for kind, cost in scenario.costs.items())
        yield f"Works cost assumed where a site's own is not known, in euros: {listed}."


def _lines(scenario: Scenario, rules: RulesTable) -> Iterator[str]:
    for name in ("new_at_least", "new_at_most"):
        if getattr(rules, name) is not None:
            yield f"{name.removeprefix('new_').replace('_', ' ')} {getattr(rules, name)} new sites"
    if rules.budget_eur is not None:
        yield f"works cost at most {rules.budget_eur:,.0f} euros"
    if rules.open_now:
        limits = limits_in_words(rules.close_at_least, rules.close_at_most)
        yield f"{', '.join(rules.open_now)} may close" + (f", {limits} of them" if limits else "")
    if rules.closing_cost_eur is not None:
        yield f"a closing takes {rules.closing_cost_eur:,.0f} euros from the budget"
    yield from (f"{one} and {other} are both open, or neither" for one, other in rules.together)
    yield from (f"{one} and {other} are not both open" for one, other in rules.apart)
    for group in rules.group:
        yield f"{group.called.en}: {limits_in_words(group.at_least, group.at_most)} open of {', '.join(group.sites)}"
    if rules.at_most_one_per is not None:
        yield f"at most one new site of each {rules.at_most_one_per}"
    for asked, limit in ((rules.floor_per, "at least"), (rules.ceiling_per, "at most")):
        if asked is not None:
            yield _cover_line(scenario, asked, limit)
    if rules.sites_per is not None:
        per = rules.sites_per
        but = f", but for {', '.join(per.excepted)}" if per.excepted else ""
        yield f"{limits_in_words(per.at_least, per.at_most)} open sites in each {per.district}{but}"
    if rules.spacing_m is not None:
        yield f"open sites at least {rules.spacing_m:,.0f} m apart, straight"


def _cover_line(scenario: Scenario, asked: CoverPer, limit: str) -> str:
    minutes = asked.standard_min or scenario.travel.standard_min
    but = f", but for {', '.join(asked.excepted)}" if asked.excepted else ""
    return f"{limit} {asked.covered_share:.1%} of the need in each {asked.district} within {minutes:g} minutes{but}"


def limits_in_words(at_least: int | None, at_most: int | None) -> str:
    """Return limits of a count in words, empty for none.

    Examples
    --------
    >>> limits_in_words(1, 3)
    'at least 1 and at most 3'
    """
    parts = [f"{word} {n}" for word, n in (("at least", at_least), ("at most", at_most)) if n is not None]
    return " and ".join(parts)
