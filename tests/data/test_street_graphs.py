"""Streets of a recipe that come as an OSM extract, as a graph of OSMnx, or as CSV tables of nodes and edges."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import pytest

from data.clean.streets import clean_street_graph
from data.errors import ColumnError, FaultsError, FileError, GeometryError, NetworkError, RecipeError
from data.pack import write_pack
from data.street_graph import StreetGraph
from tests.data.test_osm_file import write_osm
from tests.data.tiny import EAST, NORTH, PAPER, TinyCity, place

CORNERS = {40: place(100, 100), 10: place(100, 900), 20: place(1900, 900), 30: place(1900, 100)}
WAYS = [(1, [10, 20], "highway=residential oneway=yes"), (2, [20, 30, 40], "highway=footway"), (3, [20, 40], "highway=path")]


def use_graph(tiny: TinyCity, file: str, *, mode: str) -> Path:
    """Let the streets of the tiny city come from a graph; return where it is expected."""
    tiny.folder.mkdir(exist_ok=True)
    tiny.tables["layers"]["streets"] = {"role": "streets", "file": file, "mode": mode, **PAPER}
    return tiny.folder / file


def write_graphml(path: Path, *, length_m: float = 1810.0) -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (lon, lat) in CORNERS.items():
        graph.add_node(node, x=lon, y=lat)
    graph.add_edge(10, 20, osmid=1, length=length_m, oneway=True)
    graph.add_edge(20, 30, osmid=2, length=length_m, oneway=False)
    graph.add_edge(30, 20, osmid=2, length=length_m, oneway=False)
    ox.io.save_graphml(graph, path)


def test_an_osm_extract_becomes_the_streets_of_the_city(tiny: TinyCity) -> None:
    write_osm(use_graph(tiny, "tiny.osm", mode="walk"), WAYS, places=CORNERS)
    sources = tiny.read()
    network = sources.network
    assert (network.x - EAST).tolist() == pytest.approx([100, 1900, 100], abs=0.02)
    assert (network.y - NORTH).tolist() == pytest.approx([900, 900, 100], abs=0.02)
    assert list(zip(network.u, network.v, strict=True)) == [(0, 1), (1, 2), (1, 2)]
    assert network.is_one_way is None
    assert (sources.network_paper.files, sources.network_paper.source_crs) == (("tiny.osm",), "EPSG:4326")
    assert sources.network_paper.rows == 3


def test_the_mode_decides_which_ways_and_whether_one_ways_hold(tiny: TinyCity) -> None:
    write_osm(use_graph(tiny, "tiny.osm", mode="bike"), WAYS, places=CORNERS)
    sources = tiny.read()
    assert sources.network.is_one_way is not None
    assert sources.network.is_one_way.tolist() == [True, False]
    assert sources.notes == ("streets: one-way edges: 1 of 2",)


@pytest.mark.parametrize(("mode", "expected"), [("walk", None), ("slow_walk", None), ("bike", [True, False])])
def test_a_graph_of_osmnx_keeps_its_one_ways_for_bicycles_only(tiny: TinyCity, mode: str, expected: list[bool] | None) -> None:
    write_graphml(use_graph(tiny, "tiny.graphml", mode=mode))
    one_way = tiny.read().network.is_one_way
    assert (None if one_way is None else one_way.tolist()) == expected


def test_one_ways_come_back_from_the_pack(tiny: TinyCity, tmp_path: Path) -> None:
    write_osm(use_graph(tiny, "tiny.osm", mode="bike"), WAYS, places=CORNERS)
    one_way = write_pack(tiny.read(), tmp_path / "pack").network().is_one_way
    assert one_way is not None
    assert one_way.tolist() == [True, False]


def test_lengths_in_another_unit_are_refused(tiny: TinyCity) -> None:
    write_graphml(use_graph(tiny, "tiny.graphml", mode="walk"), length_m=1.81)
    with pytest.raises(NetworkError, match=r"layers\.streets, tiny\.graphml: lengths sum to"):
        tiny.read()


def test_a_missing_extract_is_told_as_every_missing_file(tiny: TinyCity) -> None:
    use_graph(tiny, "tiny.osm.pbf", mode="walk")
    with pytest.raises(FileError, match=r"tiny\.osm\.pbf: the file is missing"):
        tiny.read()


def test_nodes_without_a_place_in_the_crs_of_the_city_are_listed() -> None:
    graph = StreetGraph(
        node_id=np.array([5, 6]), lon=np.array([9.0, 9.0]), lat=np.array([45.0, -91.0]), u=np.array([0]), v=np.array([1]),
        length_m=np.array([1e7]), is_one_way=np.array([False]), way_ids=((1,),), highway=("path",),
    )  # fmt: skip
    with pytest.raises(GeometryError, match=r"no place in EPSG:3035.*\(1: 6\)"):
        clean_street_graph(graph, crs="EPSG:3035", where="streets")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "fly"}, "mode: .*'walk', 'slow_walk' or 'bike'"),
        ({"nodes_layer": "nodes"}, "unknown key 'nodes_layer'"),
        ({"crs": "EPSG:4326"}, "the key 'crs' has no effect"),
        ({"separator": ";"}, "CSV files only"),
        ({"file": "tiny.dxf"}, r"only \.csv.*\.gpkg.*\.osm\.pbf.*\.graphml"),
    ],
)
def test_keys_that_do_not_fit_a_graph_are_refused(tiny: TinyCity, change: dict[str, str], message: str) -> None:
    use_graph(tiny, "tiny.osm", mode="walk")
    tiny.layer("streets").update(change)
    with pytest.raises((RecipeError, FaultsError), match=message):
        tiny.recipe()


def use_tables(tiny: TinyCity) -> None:
    """Let the streets of the tiny city come from two CSV files."""
    tiny.tables["layers"]["streets"] = {
        "role": "streets", "file": "edges.csv", "nodes_file": "nodes.csv", "x": "lon", "y": "lat", "crs": "EPSG:4326",
        "node": "node", "u": "u", "v": "v", "length_m": "length_m", **PAPER,
    }  # fmt: skip
    nodes = [(node, lon, lat) for node, (lon, lat) in CORNERS.items()]
    tiny.frames["nodes.csv"] = pd.DataFrame(nodes, columns=["node", "lon", "lat"])
    edges = [(20, 30, 800.0, "false"), (10, 20, 1810.0, "true"), (30, 40, 1805.0, "false")]
    tiny.frames["edges.csv"] = pd.DataFrame(edges, columns=["u", "v", "length_m", "one_way"])


def test_tables_of_nodes_and_edges_become_the_streets_of_the_city(tiny: TinyCity) -> None:
    plain = tiny.read().network
    use_tables(tiny)
    sources = tiny.read()
    for name in ("u", "v", "length_m"):
        np.testing.assert_array_equal(getattr(sources.network, name), getattr(plain, name))
    assert sources.network.x == pytest.approx(plain.x, abs=0.02)
    assert sources.network.is_one_way is None
    assert sources.network_paper.files == ("edges.csv", "nodes.csv")


@pytest.mark.parametrize("is_csv", [True, False])
def test_a_column_of_one_ways_follows_its_edges(tiny: TinyCity, *, is_csv: bool) -> None:
    if is_csv:
        use_tables(tiny)
    else:
        tiny.frames["streets.gpkg/edges"]["one_way"] = [True, False, False]
    tiny.layer("streets")["one_way"] = "one_way"
    one_way = tiny.read().network.is_one_way
    assert one_way is not None
    assert one_way.tolist() == [True, False, False]


def test_tables_with_swapped_coordinates_are_refused(tiny: TinyCity) -> None:
    use_tables(tiny)
    tiny.layer("streets").update({"x": "lat", "y": "lon"})
    with pytest.raises(GeometryError, match="look swapped"):
        tiny.read()


def test_tables_need_their_columns(tiny: TinyCity) -> None:
    use_tables(tiny)
    tiny.layer("streets").update({"x": "longitude"})
    with pytest.raises(ColumnError, match="longitude"):
        tiny.read()


@pytest.mark.parametrize("file", ["nodes.gpkg", "nodes.osm"])
def test_the_nodes_of_a_table_of_edges_are_a_table(tiny: TinyCity, file: str) -> None:
    use_tables(tiny)
    tiny.layer("streets")["nodes_file"] = file
    with pytest.raises(RecipeError, match=r"CSV|cannot be read"):
        tiny.recipe()


def test_a_graph_needs_its_mode_and_tables_have_none(tiny: TinyCity) -> None:
    tiny.layer("streets")["mode"] = "walk"
    with pytest.raises(RecipeError, match="unknown key 'mode'"):
        tiny.recipe()
    use_graph(tiny, "tiny.osm", mode="walk")
    del tiny.layer("streets")["mode"]
    with pytest.raises(RecipeError, match="the key 'mode' is missing"):
        tiny.recipe()


def test_only_streets_come_from_graphs(tiny: TinyCity) -> None:
    tiny.layer("metro")["file"] = "metro.osm"
    with pytest.raises((RecipeError, FaultsError), match="files of this kind cannot be read"):
        tiny.recipe()
