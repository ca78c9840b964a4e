"""The sizes of a scenario put to a city: selectors become sites, and every fault is told at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.errors import PlannerError, ScenarioError
from diffusa.city_rules import RuleCity
from diffusa.scenario_sizes import Size
from diffusa.sizes import Sizes
from layers.sites import select_sites
from optimize.rules import Rules


def sizes_by_site(city: RuleCity) -> dict[str, tuple[Size, ...]]:
    """Return the sizes of each site that has some; every fault is added.

    Parameters
    ----------
    city
        What the sizes are put to.
    """
    found: dict[str, tuple[Size, ...]] = {}
    for size in city.scenario.sites.size:
        where = f"sites.size {size.key!r}"
        try:
            named = select_sites(city.all_sites, size.sites, where=where)
        except PlannerError as error:
            city.faults.add(error)
            continue
        sized = [site_id for site_id in named if site_id in {*city.candidates, *city.open_now}]
        if not sized:
            what = "none of these sites is a candidate, or open now and may change"
            city.faults.add(ScenarioError(what, where=where, n=len(named), examples=named))
        grows = [site_id for site_id in sized if site_id in city.open_now]
        if grows and city.scenario.needs_costs and size.cost_eur is None:
            what = "sites that are open now may grow to it at no known cost"
            city.faults.add(ScenarioError(what, where=where, n=len(grows), examples=grows, remedy="Give cost_eur"))
        for site_id in sized:
            found[site_id] = (*found.get(site_id, ()), size)
    return found


def priced_sites(by_site: Mapping[str, tuple[Size, ...]]) -> frozenset[str]:
    """Return the sites each of whose sizes says its cost."""
    return frozenset(site_id for site_id, sizes in by_site.items() if all(size.cost_eur is not None for size in sizes))


def put_sizes(city: RuleCity, by_site: Mapping[str, tuple[Size, ...]], rules: Rules) -> Sizes | None:
    """Return the choices of a question, None where no site has sizes.

    A site that has sizes and stands in a pair that is to be open together is a fault.

    Parameters
    ----------
    city
        What the sizes are put to.
    by_site
        What `sizes_by_site` says of it.
    rules
        The rules on its sites.
    """
    site_ids = tuple(city.sites["site_id"])
    if not by_site:
        return None
    paired = sorted({site_id for pair in rules.together for site_id in pair if site_id in by_site})
    if paired:
        what = "sites that have several sizes cannot be in a pair that is open together"
        remedy = "Give them one size less, or write a group of rules.group"
        city.faults.add(ScenarioError(what, where="rules.together", n=len(paired), examples=paired, remedy=remedy))
    choices: list[tuple[int, Size | None]] = []
    for column, site_id in enumerate(site_ids):
        sizes = by_site.get(site_id, ())
        if not sizes or site_id in city.open_now:
            choices.append((column, None))
        choices += [(column, size) for size in sizes]
    return Sizes(
        site_ids=site_ids,
        site=np.array([column for column, _ in choices], dtype=np.intp),
        size=tuple(size for _, size in choices),
        open_now=frozenset(city.open_now),
    )
