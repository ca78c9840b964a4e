"""The sites of a plan as a review knows them: which quarter each lies in, and whether a rule can be made about it."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import pandas as pd

from layers.plan import Plan
from layers.review_settle import ReviewedSite
from layers.sites import sites_named


def reviewed_sites(plan: Plan) -> dict[str, ReviewedSite]:
    """Return every site of a plan by its id.

    Rules can be made about what the scenario let open (its candidates) and what it let close (its rule ``open_now``).
    """
    asked = plan.document.scenario
    tables = {name: _table(asked, name) for name in ("sites", "rules")}
    fixed = _named(plan.sites, tables["sites"].get("fixed"))
    may_close = _named(plan.sites, tables["rules"].get("open_now")) - fixed
    may_open = _named(plan.sites, tables["sites"].get("candidates")) | _named(plan.sites, tables["sites"].get("required"))
    reviewed = plan.document.reviewed
    if reviewed is not None:
        may_open |= {candidate.site for candidate in reviewed.candidate} | set(reviewed.sites_of("required"))
    answerable = (may_open | may_close) - fixed - _named(plan.sites, tables["sites"].get("forbidden"))
    rows = zip(plan.sites["site_id"], plan.sites["nil"], plan.sites["role"], strict=True)
    return {
        str(site_id): ReviewedSite(
            home=None if pd.isna(nil) else int(nil),
            is_in_plan=role == "proposed" or (role == "existing" and site_id in may_close),
            may_answer=site_id in answerable,
        )
        for site_id, nil, role in rows
    }


def _table(scenario: dict[str, object], name: str) -> dict[str, object]:
    table = scenario.get(name)
    return table if isinstance(table, dict) else {}


def _named(sites: gpd.GeoDataFrame, selectors: object) -> set[str]:
    """Return the sites of a plan that selectors name; those that the plan left out are none of its sites."""
    if not isinstance(selectors, Iterable) or sites.empty:
        return set()
    return {site_id for selector in selectors for site_id in sites_named(sites, str(selector))}
