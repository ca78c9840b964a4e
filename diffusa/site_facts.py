"""What an objective has to know of each site of a question: how many people it can serve, and how much it attracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, ScenarioError, suggest_name
from diffusa.scenario import Scenario
from optimize.objectives import FIELDS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SiteFacts:
    """Facts of the sites of a question, each of shape (n_sites,) in their order; None where the objective does not ask.

    Parameters
    ----------
    capacity_people, min_use_people
        People of need whom each site can serve, and whom it has to serve.
    attraction
        How much each site attracts: its floor area in square metres, or 1.
    """

    capacity_people: Floats | None = None
    min_use_people: Floats | None = None
    attraction: Floats | None = None


def site_facts(
    scenario: Scenario, sites: gpd.GeoDataFrame, *, may_open: frozenset[str], competitors: tuple[str, ...], faults: Faults
) -> SiteFacts:
    """Return the facts that the objective of a scenario asks for; every fault is added.

    Parameters
    ----------
    scenario
        What is asked.
    sites
        The sites of the question.
    may_open
        Ids of those that are open in some plan.
    competitors
        Ids of those that draw people, too.
    faults
        Where faults are gathered.
    """
    choose = scenario.choose
    opened = sites[sites["site_id"].isin(may_open)]
    for name, by_kind in (("capacity_people", choose.capacity_people), ("min_use_people", choose.min_use_people)):
        _check_kinds(by_kind, opened, where=f"choose.{name}", is_whole=name == "capacity_people", faults=faults)
    attraction = None
    if "attraction" in FIELDS[choose.objective]:
        attraction = _attraction(scenario, sites, may_open=may_open, competitors=competitors, faults=faults)
    return SiteFacts(
        capacity_people=_by_kind(choose.capacity_people, sites),
        min_use_people=_by_kind(choose.min_use_people, sites),
        attraction=attraction,
    )


def _by_kind(people: Mapping[str, float] | None, sites: gpd.GeoDataFrame) -> Floats | None:
    if people is None:
        return None
    return np.array([people.get(kind, 0.0) for kind in sites["kind"]])


def _check_kinds(
    people: Mapping[str, float] | None, opened: gpd.GeoDataFrame, *, where: str, is_whole: bool, faults: Faults
) -> None:
    """Add a fault for kinds that no site has, and for those of sites that are not named though each has to be."""
    kinds = set(opened["kind"])
    for kind in people or {}:
        if kind not in kinds:
            what = f"no site that may be open is of the kind {kind!r}"
            faults.add(ScenarioError(what, where=where, remedy=suggest_name(kind, kinds)))
    missing = sorted(kinds - set(people or {}))
    if people is not None and is_whole and missing:
        what = "kinds of sites that may be open are not named"
        faults.add(ScenarioError(what, where=where, n=len(missing), examples=missing))


def _attraction(
    scenario: Scenario, sites: gpd.GeoDataFrame, *, may_open: frozenset[str], competitors: tuple[str, ...], faults: Faults
) -> Floats:
    """Return how much each site attracts; a fault for sites whose floor area has to be known and is not."""
    if scenario.choose.attraction == "equal":
        return np.ones(len(sites))
    area = sites["floor_area_m2"].astype(float)
    is_asked = sites["site_id"].isin({*may_open, *competitors})
    unknown = sites.loc[is_asked & ~(area > 0), "site_id"]
    if len(unknown):
        what, remedy = "sites have no floor area", "Write attraction = 'equal', or leave these sites out"
        faults.add(ScenarioError(what, where="choose.attraction", n=len(unknown), examples=unknown, remedy=remedy))
    return np.asarray(area.fillna(0.0), dtype=np.float64)
