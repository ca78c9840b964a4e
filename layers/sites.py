"""Services and spaces: what is open, where something may open, and how a scenario names them.

A *selector* is the text by which a scenario names sites: ``kind`` (``regeneration``), ``kind:tag`` (``job_centre:open``) or the
id of one site (``CPI-STROZZI``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import geopandas as gpd
import pandas as pd

from data.errors import EmptyLayerError, Faults, IdError, suggest_name

SITE_COLUMNS = (
    "site_id",
    "name",
    "kind",
    "tags",
    "status",
    "owner",
    "address",
    "opened",
    "cost_eur",
    "floor_area_m2",
    "site_area_m2",
    "capacity",
    "permitted_uses",
    "position_quality",
    "position_error_m",
    "source",
    "source_layer",
    "nil",
    "district",
    "geometry",
)


def join_sites(services: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return services and spaces as one table, sorted by site_id, with the columns `SITE_COLUMNS`.

    Parameters
    ----------
    services, spaces
        Layers of a pack, in one CRS.

    Raises
    ------
    EmptyLayerError
        If there is neither a service nor a space.
    """
    parts = [frame for frame in (services, spaces) if len(frame)]
    if not parts:
        raise EmptyLayerError("the city has neither services nor spaces", remedy="Add layers with role 'services' or 'spaces'")
    joined = pd.concat([part.loc[:, list(SITE_COLUMNS)] for part in parts], ignore_index=True)
    return gpd.GeoDataFrame(joined, crs=parts[0].crs).sort_values("site_id", ignore_index=True)


def known_selectors(sites: gpd.GeoDataFrame) -> list[str]:
    """Return every ``kind`` and ``kind:tag`` that names at least one site, sorted."""
    kinds = set(sites["kind"])
    tagged = {f"{kind}:{tag}" for kind, tags in zip(sites["kind"], sites["tags"], strict=True) for tag in _split(tags)}
    return sorted(kinds | tagged)


def select_sites(sites: gpd.GeoDataFrame, selectors: Sequence[str], *, where: str) -> list[str]:
    """Return the ids of the sites that the selectors name, sorted, each once.

    Parameters
    ----------
    sites
        The joined sites.
    selectors
        Texts such as ``libraries:municipal``.
    where
        The key of the scenario, for the message.

    Raises
    ------
    IdError
        If a selector names nothing; the nearest that does is named. All unknown selectors are told at once.
    """
    faults = Faults()
    known = known_selectors(sites)
    found: set[str] = set()
    for selector in selectors:
        chosen = sites_named(sites, selector)
        if not chosen:
            faults.add(IdError(f"{selector!r} names no site", where=where, remedy=suggest_name(selector, known)))
        found |= chosen
    faults.raise_if_any()
    return sorted(found)


def sites_named(sites: gpd.GeoDataFrame, selector: str) -> set[str]:
    """Return the ids of the sites that one selector names; empty if it names none."""
    if selector in set(sites["site_id"]):
        return {selector}
    kind, _, tag = selector.partition(":")
    rows = zip(sites["site_id"], sites["kind"], sites["tags"], strict=True)
    return {site_id for site_id, of_kind, tags in rows if of_kind == kind and (not tag or tag in _split(tags))}


def _split(tags: object) -> Iterable[str]:
    return str(tags).split(";") if isinstance(tags, str) and tags else ()
