"""What works at the sites of a question cost: their own cost if it is known, else what is assumed of their kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, ScenarioError, suggest_name
from diffusa.scenario import Scenario


@dataclass(frozen=True)
class WorksCosts:
    """Costs of the sites of a question.

    Parameters
    ----------
    of_site
        Euros, shape (n_sites,), 0 where a site cannot be new; None where no costs count.
    n_assumed
        How many candidates have the cost that is assumed of their kind, by kind.
    """

    of_site: NDArray[np.float64] | None = None
    n_assumed: Mapping[str, int] = field(default_factory=dict)


def works_costs(
    scenario: Scenario,
    sites: gpd.GeoDataFrame,
    candidates: tuple[str, ...],
    *,
    faults: Faults,
    shut: Collection[str] = (),
    priced: Collection[str] = (),
) -> WorksCosts:
    """Return what opening each site of a question costs; a fault where candidates have no cost, or a cost has no use.

    Parameters
    ----------
    scenario
        What is asked.
    sites
        The sites of the question.
    candidates
        Ids that may be new.
    faults
        Where faults are gathered.
    shut
        Ids that would be candidates but for a review: they need a cost too, as the plan without its rules is asked for.
    priced
        Ids of sites that open in sizes only, each of which says its cost.
    """
    if not scenario.needs_costs:
        return WorksCosts()
    is_candidate = sites["site_id"].isin([*candidates, *shut])
    own = sites["cost_eur"].astype(float)
    lacking = sites.loc[is_candidate & own.isna() & ~sites["site_id"].isin(list(priced)), "kind"]
    assumed = sites["kind"].map(scenario.costs).astype(float)
    missing = Counter(kind for kind in lacking if kind not in scenario.costs)
    if missing:
        faults.add(
            ScenarioError(
                "candidates have no cost: " + ", ".join(f"{n} {kind}" for kind, n in sorted(missing.items())),
                where="costs",
                remedy="Assume one for each kind, such as [costs] " + f"{min(missing)} = 300_000",
            )
        )
    for kind in scenario.costs:
        if kind not in set(lacking):
            what = f"no candidate of the kind {kind!r} is without a cost of its own"
            faults.add(ScenarioError(what, where="costs", remedy=suggest_name(kind, set(lacking)) if len(lacking) else None))
    cost = own.fillna(assumed).where(is_candidate, 0.0).fillna(0.0)
    told = sites.loc[sites["site_id"].isin(candidates) & own.isna() & ~sites["site_id"].isin(list(priced)), "kind"]
    n_assumed = {str(kind): int(n) for kind, n in sorted(Counter(told).items())}
    return WorksCosts(of_site=cost.to_numpy(dtype=np.float64), n_assumed=n_assumed)
