"""Central Helsinki read twice: our reading of the OSM extract against a walking graph that another program made of it.

Read as the tags mean, the two differ in one rule only: the graph leaves out every cycleway and platform, the extract keeps
those whose `foot` tag lets people in. What hangs on them alone is then out of the graph as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import pyproj
import pytest
from numpy.typing import NDArray

from data.errors import FileError
from data.graphml_file import read_graphml
from data.osm_file import read_osm
from data.street_graph import StreetGraph
from geo.network import Network, build_network, keep_main_component
from geo.traveltimes import walking_times

pytestmark = pytest.mark.shared
CRS = "EPSG:3035"
LET_IN_BY_TAG = {"cycleway", "platform"}
SPHERE_ERROR = 0.005
"""The graph measured on a sphere, which at 60° north is up to 0.4 % off the ellipsoid; the rest is for rounded lengths."""


@pytest.fixture(scope="module")
def folder(shared_root: Path) -> Path:
    return shared_root / "cities" / "helsinki"


@pytest.fixture(scope="module")
def ours(folder: Path) -> StreetGraph:
    return read_osm(folder / "helsinki_center.osm.pbf", mode="walk")


@pytest.fixture(scope="module")
def theirs(folder: Path) -> StreetGraph:
    return read_graphml(folder / "helsinki_center_walk.graphml.gz")


def _is_in_graph_of_others(ours: StreetGraph) -> NDArray[np.bool_]:
    return np.array([highway not in LET_IN_BY_TAG for highway in ours.highway])


def _network(graph: StreetGraph, chosen: NDArray[np.bool_] | None = None) -> Network:
    edges = slice(None) if chosen is None else chosen
    x, y = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(graph.lon, graph.lat)
    return build_network(x, y, graph.u[edges], graph.v[edges], graph.length_m[edges], crs=CRS)


def _main_ways(graph: StreetGraph, chosen: NDArray[np.bool_]) -> set[int]:
    network = _network(graph, chosen)
    main = np.bincount(network.component[network.u], weights=network.length_m).argmax()
    edges = np.flatnonzero(chosen)[network.component[network.u] == main]
    return {way for edge in edges for way in graph.way_ids[edge]}


def _compare(ours: Network, theirs: Network, *, seed: int) -> NDArray[np.float64]:
    """Return how much longer ours takes than theirs, as a share, between 200 and 20 junctions that both have."""
    known = {(round(x, 3), round(y, 3)) for x, y in zip(ours.x, ours.y, strict=True)}
    shared = np.array([(x, y) for x, y in zip(theirs.x, theirs.y, strict=True) if (round(x, 3), round(y, 3)) in known])
    points = shared[np.random.default_rng(seed).choice(len(shared), 220, replace=False)]
    names = [str(number) for number in range(220)]
    tables = [
        walking_times(
            network, demand_ids=names[:200], demand_xy=points[:200], candidate_ids=names[200:], candidate_xy=points[200:],
            cutoff_s=7200.0,
        ).seconds.toarray()
        for network in (ours, theirs)
    ]  # fmt: skip
    assert all((table > 0).all() for table in tables)
    return np.asarray(tables[0] / tables[1] - 1, dtype=np.float64).ravel()


def test_every_walkable_way_of_the_graph_is_read_from_the_extract(ours: StreetGraph, theirs: StreetGraph) -> None:
    assert {way for ways in theirs.way_ids for way in ways} <= {way for ways in ours.way_ids for way in ways}


def test_without_the_cycleways_and_platforms_that_let_people_in_the_connected_ways_are_the_same(
    ours: StreetGraph, theirs: StreetGraph
) -> None:
    assert _main_ways(ours, _is_in_graph_of_others(ours)) == {way for ways in theirs.way_ids for way in ways}


def test_the_cycleways_and_platforms_that_were_read_say_that_people_on_foot_may_use_them(
    folder: Path, ours: StreetGraph
) -> None:
    chosen = {ways[0] for ways, highway in zip(ours.way_ids, ours.highway, strict=True) if highway in LET_IN_BY_TAG}
    ways = osmium.FileProcessor(str(folder / "helsinki_center.osm.pbf"), osmium.osm.WAY)
    foot = {way.id: way.tags.get("foot") for way in ways if way.id in chosen}
    assert len(foot) == 92
    assert set(foot.values()) <= {"yes", "designated"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_on_the_same_ways_walking_times_agree(ours: StreetGraph, theirs: StreetGraph, seed: int) -> None:
    same, _ = keep_main_component(_network(ours, _is_in_graph_of_others(ours)))
    difference = np.abs(_compare(same, _network(theirs), seed=seed))
    assert np.median(difference) <= 0.01
    assert np.quantile(difference, 0.95) <= SPHERE_ERROR


def test_with_the_ways_that_the_graph_leaves_out_nobody_walks_longer(ours: StreetGraph, theirs: StreetGraph) -> None:
    whole, _ = keep_main_component(_network(ours))
    difference = _compare(whole, _network(theirs), seed=0)
    assert np.median(np.abs(difference)) <= 0.01
    assert difference.max() <= SPHERE_ERROR
    assert difference.min() < -0.1  # the ways that are open to people on foot after all do shorten journeys


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_an_extract_that_is_cut_short_is_an_error_wherever_it_ends(folder: Path, tmp_path: Path, share: float) -> None:
    whole = (folder / "helsinki_center.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FileError, match=r"cut\.osm\.pbf: cannot be read to its end"):
        read_osm(path, mode="walk")


def test_bicycles_have_one_ways_and_people_on_foot_have_none(folder: Path, ours: StreetGraph) -> None:
    bicycle = read_osm(folder / "helsinki_center.osm.pbf", mode="bike")
    assert not ours.is_one_way.any()
    assert 0.2 < bicycle.is_one_way.mean() < 0.4
    assert "footway" in bicycle.highway  # those that say bicycle=yes
    assert "steps" not in bicycle.highway
