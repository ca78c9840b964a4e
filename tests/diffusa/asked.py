"""Scenarios of the sample city, changed by one table or another, and their plans."""

from __future__ import annotations

from data.pack import CityPack
from diffusa.planner import make_plan
from diffusa.scenario import Scenario
from layers.plan import PlanDocument
from layers.plan_choice import RuleBrief

COSTS = {"libraries": 200_000, "schools": 300_000, "regeneration": 900_000}


def scenario_of(**tables: object) -> Scenario:
    """Return a scenario of the sample city; a table given replaces its keys, a table {} with `only` all of it."""
    content: dict[str, object] = {
        "name": "n",
        "city": "sample",
        "service": "job_centre",
        "need": {"unemployed": 0.5, "youth_15_29": 0.5},
        "travel": {"standard_min": 15},
        "sites": {
            "fixed": ["job_centre:open"],
            "candidates": ["libraries:municipal", "schools:state", "regeneration", "job_centre:decided"],
        },
        "choose": {"new": 2},
    }
    for name, table in tables.items():
        own = content.get(name)
        content[name] = {**own, **table} if isinstance(own, dict) and isinstance(table, dict) and name != "need" else table
    return Scenario.model_validate(content)


def plan_of(pack: CityPack, **tables: object) -> PlanDocument:
    """Return the document of the plan of a changed scenario."""
    return make_plan(scenario_of(**tables), pack).document


def chosen(pack: CityPack, **tables: object) -> tuple[str, ...]:
    """Return the new sites that a changed scenario proposes."""
    return plan_of(pack, **tables).optima[-1].selected_new


def brief(document: PlanDocument, key: str) -> RuleBrief:
    """Return what a plan says of a rule."""
    return next(rule for rule in document.rules if rule.key == key)
