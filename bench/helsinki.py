"""Central Helsinki from its OSM extract against a walking graph that OSMnx made of it: times, and the ways that differ."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import osmium
import pyproj
from numpy.typing import NDArray

from data.graphml_file import read_graphml
from data.osm_file import read_osm
from data.street_graph import StreetGraph
from geo.network import Network, build_network, keep_main_component
from geo.traveltimes import walking_times

CHECKOUT = Path(__file__).resolve().parents[1]
CRS = "EPSG:3035"
LET_IN_BY_TAG = ("cycleway", "platform")
"""What the other program's filter leaves out whatever its tag `foot` says."""
N_POINTS, N_SITES, SEEDS = 200, 20, range(5)


def bench_helsinki() -> list[str]:
    """Return the table of differences and the list of ways that only one of the two has."""
    folder = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "cities" / "helsinki"
    if not folder.is_dir():
        return ["Helsinki: skipped, the real data is not beside the checkout"]
    extract = folder / "helsinki_center.osm.pbf"
    ours, theirs = read_osm(extract, mode="walk"), read_graphml(folder / "helsinki_center_walk.graphml.gz")
    is_shared = np.array([highway not in LET_IN_BY_TAG for highway in ours.highway])
    other = _network(theirs)
    lines = ["| our ways | median | 95th percentile | least | largest |", "|---|---|---|---|---|"]
    for name, chosen in (
        ("every way that lets people in", np.ones_like(is_shared)),
        ("without cycleways, platforms", is_shared),
    ):
        own, _ = keep_main_component(_network(ours, chosen))
        found = np.concatenate([_compare(own, other, seed=seed) for seed in SEEDS])
        size = np.abs(found)
        cells = (f"{np.median(size):.2%}", f"{np.quantile(size, 0.95):.2%}", f"{found.min():+.2%}", f"{found.max():+.2%}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, "", *_list_ways(ours, theirs, extract)]


def _network(graph: StreetGraph, chosen: NDArray[np.bool_] | None = None) -> Network:
    edges = slice(None) if chosen is None else chosen
    x, y = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(graph.lon, graph.lat)
    return build_network(x, y, graph.u[edges], graph.v[edges], graph.length_m[edges], crs=CRS)


def _compare(ours: Network, theirs: Network, *, seed: int) -> NDArray[np.float64]:
    """Return how much longer ours takes than theirs, as a share, between junctions that both have."""
    known = {(round(x, 3), round(y, 3)) for x, y in zip(ours.x, ours.y, strict=True)}
    shared = np.array([(x, y) for x, y in zip(theirs.x, theirs.y, strict=True) if (round(x, 3), round(y, 3)) in known])
    points = shared[np.random.default_rng(seed).choice(len(shared), N_POINTS + N_SITES, replace=False)]
    names = [str(number) for number in range(len(points))]
    tables = [
        walking_times(
            network,
            demand_ids=names[:N_POINTS],
            demand_xy=points[:N_POINTS],
            candidate_ids=names[N_POINTS:],
            candidate_xy=points[N_POINTS:],
            cutoff_s=7200.0,
        ).seconds.toarray()
        for network in (ours, theirs)
    ]
    return np.asarray(tables[0] / tables[1] - 1, dtype=np.float64).ravel()


def _list_ways(ours: StreetGraph, theirs: StreetGraph, extract: Path) -> list[str]:
    """Return the ways that stand in one graph only, by the tags that decide about them."""
    own = {way for ways in ours.way_ids for way in ways}
    other = {way for ways in theirs.way_ids for way in ways}
    only = {"only in ours": own - other, "only in theirs": other - own}
    tags = {
        way.id: f"highway={way.tags.get('highway')}, foot={way.tags.get('foot')}"
        for way in osmium.FileProcessor(str(extract), osmium.osm.WAY)
    }
    lines = []
    for where, ways in only.items():
        lines.append(f"{len(ways)} ways {where}:")
        for tag, n in sorted(Counter(tags.get(way, "not in the extract") for way in ways).items()):
            listed = sorted(way for way in ways if tags.get(way, "not in the extract") == tag)
            lines.append(f"- {tag} ({n}): {', '.join(map(str, listed))}")
    return lines
