"""What a city is once its sources are clean: facts, layers with their papers, street arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.feed import Feed
from data.groups import Group


@dataclass(frozen=True, kw_only=True)
class KnownRate:
    """An official rate of the whole city: the key of its definition, a share in [0, 1], and who published it."""

    definition: str
    rate: float
    source: str


@dataclass(frozen=True, kw_only=True)
class LaterTotal:
    """An official total of the whole city in a year after the census: of whom, how many, and who published it."""

    year: int
    group: str
    total: int
    source: str


@dataclass(frozen=True, kw_only=True)
class CityFacts:
    """The city itself: id, name, country, projected CRS, cell size in metres, language of the texts in its files.

    `risk_rates` are official rates of the whole city, which estimates of the risk must meet; `later` are official totals
    of it, to which people can be updated.
    """

    id: str
    name: str
    country: str
    crs: str
    cell_m: int
    language: str
    is_sample: bool = False
    risk_rates: tuple[KnownRate, ...] = ()
    later: tuple[LaterTotal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Where a layer comes from and on what terms.

    Parameters
    ----------
    source, licence, attribution
        As the recipe gives them; the attribution goes wherever the layer is shown.
    date
        What the data describes: YYYY, YYYY-MM or YYYY-MM-DD.
    files, files_sha256
        The source files as the recipe names them, and the digest of each; empty for a derived layer.
    source_crs
        CRS in which the file came; None for a table without positions.
    rows
        Rows of the source file, before any was left out.
    """

    source: str
    licence: str
    attribution: str
    date: str
    files: tuple[str, ...] = ()
    files_sha256: tuple[str, ...] = ()
    source_crs: str | None = None
    rows: int | None = None


def join_papers(papers: tuple[Paper, ...]) -> Paper:
    """Return one paper for a layer that several sources make up: each distinct text once, in order."""
    if len(papers) == 1:
        return papers[0]
    files = {name: digest for paper in papers for name, digest in zip(paper.files, paper.files_sha256, strict=True)}
    return Paper(
        source=_join(paper.source for paper in papers),
        licence=_join(paper.licence for paper in papers),
        attribution=_join(paper.attribution for paper in papers),
        date=_join(sorted(paper.date for paper in papers)),
        files=tuple(files),
        files_sha256=tuple(files.values()),
        source_crs=_join(paper.source_crs for paper in papers if paper.source_crs) or None,
        rows=sum(paper.rows or 0 for paper in papers),
    )


def _join(texts: object) -> str:
    return "; ".join(dict.fromkeys(texts))  # type: ignore[call-overload]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A sentence in the two languages of every page, which a plan prints that rests on a layer."""

    it: str
    en: str


@dataclass(frozen=True, kw_only=True)
class CityLayer:
    """One clean layer: a GeoDataFrame in the CRS of the city, or a table; its paper; what was noted while cleaning.

    `limits` stand on every plan that rests on the layer; lines without a timetable have a `time_zone`.
    """

    name: str
    role: str
    frame: gpd.GeoDataFrame | pd.DataFrame
    paper: Paper
    notes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    time_zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class CityFeed:
    """A public-transport feed, its paper, and what stands on every plan that rests on it."""

    feed: Feed
    paper: Paper
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NetworkArrays:
    """The streets as arrays: node positions in the CRS of the city, edges by node position, true lengths.

    Parameters
    ----------
    x, y
        Shape (n_nodes,), metres; nodes are sorted by their id in the source.
    u, v
        Shape (n_edges,), positions in `x`; edges are sorted by u, v and length.
    length_m
        Shape (n_edges,), metres along the street.
    is_one_way
        Whether an edge leads from u to v only, shape (n_edges,); None where every edge leads both ways.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    u: NDArray[np.intp]
    v: NDArray[np.intp]
    length_m: NDArray[np.float64]
    is_one_way: NDArray[np.bool_] | None = None


@dataclass(frozen=True, kw_only=True)
class CitySources:
    """Everything that a recipe gives, clean: layers by role, groups, streets, feeds, and the paper of each recipe entry."""

    city: CityFacts
    groups: tuple[Group, ...]
    layers: Mapping[str, CityLayer]
    network: NetworkArrays
    network_paper: Paper
    papers: Mapping[str, Paper] = field(default_factory=dict)
    feeds: Mapping[str, CityFeed] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
