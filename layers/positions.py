"""Where a site may really stand: positions drawn within the error that its source admits.

Some sites are known to a few hundred metres only. A figure at a short standard then depends on where the site is put, so it is
counted again with positions drawn in the disc around the stated one, and shown as a range.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.traveltimes import TravelTimes

UNCERTAIN_FROM_M = 150.0
"""A site placed worse than this makes short figures ranges."""

SHORT_STANDARD_MIN = 20.0
"""Standards up to this are short: within it a few hundred metres change the answer."""

N_DRAWS = 32


@dataclass(frozen=True)
class DrawnPositions:
    """Drawn positions of the sites whose place is uncertain.

    Parameters
    ----------
    site_ids
        Ids of the drawn positions, ``<site>#<draw>``, shape (n_sites × n_draws,).
    xy
        Shape (n_sites × n_draws, 2), metres in the CRS of the sites.
    """

    site_ids: tuple[str, ...]
    xy: NDArray[np.float64]


@dataclass(frozen=True)
class UncertainTimes:
    """Travel times from the drawn positions; `sites` are those whose place is uncertain."""

    sites: frozenset[str]
    n_draws: int
    times: TravelTimes


def uncertain_sites(sites: gpd.GeoDataFrame) -> list[str]:
    """Return the ids of the sites placed worse than `UNCERTAIN_FROM_M`, in the order of the table."""
    return list(sites.loc[sites["position_error_m"] > UNCERTAIN_FROM_M, "site_id"])


def draw_positions(
    sites: gpd.GeoDataFrame, site_ids: Iterable[str], *, n_draws: int = N_DRAWS, seed: int = 0
) -> DrawnPositions:
    """Return positions drawn evenly in the disc of each site's position error.

    A site's draws depend on the seed and on its id only, so that other sites do not move them.

    Parameters
    ----------
    sites
        Sites with ``site_id``, ``position_error_m`` (metres) and point geometry, CRS in metres.
    site_ids
        Which sites to draw.
    n_draws
        Positions per site.
    seed
        Seed of the generator.
    """
    indexed = sites.set_index("site_id")
    ids: list[str] = []
    parts: list[NDArray[np.float64]] = []
    for site_id in site_ids:
        point, error_m = indexed.geometry[site_id], float(indexed["position_error_m"][site_id])
        rng = np.random.default_rng([seed, zlib.crc32(site_id.encode())])
        angle = rng.uniform(0.0, 2.0 * np.pi, n_draws)
        radius = error_m * np.sqrt(rng.uniform(0.0, 1.0, n_draws))  # the root makes the disc evenly filled
        parts.append(np.column_stack([point.x + radius * np.cos(angle), point.y + radius * np.sin(angle)]))
        ids.extend(drawn_id(site_id, draw) for draw in range(n_draws))
    return DrawnPositions(site_ids=tuple(ids), xy=np.concatenate(parts) if parts else np.empty((0, 2)))


def drawn_id(site_id: str, draw: int) -> str:
    """Return the id of one drawn position of a site."""
    return f"{site_id}#{draw}"
