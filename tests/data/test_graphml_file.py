"""Graphs of OSMnx: arcs that become streets, one-ways that stay, and XML that is not trusted."""

from __future__ import annotations

import gzip
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx as ox
import pytest

from data import graphml_file
from data.errors import CrsError, EmptyLayerError, FaultsError, FileError, GeometryError, IdError, NetworkError
from data.graphml_file import read_graphml
from data.street_graph import StreetGraph

PLACES = {1: (9.0, 45.0), 2: (9.001, 45.0), 3: (9.001, 45.001), 4: (9.0, 45.001)}
Arc = tuple[int, int, dict[str, object]]


def write_graph(path: Path, arcs: list[Arc], *, crs: str = "EPSG:4326") -> Path:
    """Write a graph as OSMnx does."""
    graph = nx.MultiDiGraph(crs=crs)
    for node in {end for tail, head, _ in arcs for end in (tail, head)}:
        graph.add_node(node, x=PLACES[node][0], y=PLACES[node][1])
    for tail, head, facts in arcs:
        graph.add_edge(tail, head, **({"osmid": 7, "length": 80.0, "highway": "path"} | facts))
    ox.io.save_graphml(graph, path)
    return path


def edges(graph: StreetGraph) -> list[tuple[int, int, bool]]:
    ends = zip(graph.node_id[graph.u], graph.node_id[graph.v], graph.is_one_way, strict=True)
    return sorted((int(u), int(v), bool(one_way)) for u, v, one_way in ends)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.graphml"


TWO_WAY: list[Arc] = [(1, 2, {"oneway": False}), (2, 1, {"oneway": False, "reversed": True})]


def test_two_opposite_arcs_of_one_street_are_one_edge_both_ways(path: Path) -> None:
    graph = read_graphml(write_graph(path, TWO_WAY))
    assert edges(graph) == [(1, 2, False)]
    assert (graph.way_ids, graph.highway, graph.length_m.tolist()) == (((7,),), ("path",), [80.0])
    assert (graph.lon.tolist(), graph.lat.tolist()) == ([9.0, 9.001], [45.0, 45.0])


def test_an_arc_that_says_it_is_one_way_stays_so(path: Path) -> None:
    arcs: list[Arc] = [*TWO_WAY, (2, 3, {"oneway": True}), (3, 2, {"oneway": True})]
    assert edges(read_graphml(write_graph(path, arcs))) == [(1, 2, False), (2, 3, True), (3, 2, True)]


def test_an_arc_alone_that_says_it_is_not_one_way_is_both_ways_and_noted(path: Path) -> None:
    graph = read_graphml(write_graph(path, [(1, 2, {"oneway": False})]))
    assert edges(graph) == [(1, 2, False)]
    assert graph.notes == ("directed edges that say they are not one-way, without their opposite: 1",)


def test_an_arc_alone_that_says_nothing_is_one_way(path: Path) -> None:
    assert edges(read_graphml(write_graph(path, [(2, 1, {})]))) == [(2, 1, True)]


@pytest.mark.parametrize("change", [{"length": 81.0}, {"osmid": 8}])
def test_opposite_arcs_of_different_streets_are_not_joined(path: Path, change: dict[str, object]) -> None:
    assert edges(read_graphml(write_graph(path, [(1, 2, {}), (2, 1, change)]))) == [(1, 2, True), (2, 1, True)]


def test_the_ways_of_a_simplified_edge_are_joined_in_either_order(path: Path) -> None:
    arcs: list[Arc] = [
        (1, 2, {"osmid": [9, 4], "length": 80.1, "highway": ["path", "steps"]}),
        (2, 1, {"osmid": [4, 9], "length": 80.1 + 1e-9, "highway": ["path", "steps"]}),
    ]
    graph = read_graphml(write_graph(path, arcs))
    assert (edges(graph), graph.way_ids, graph.highway) == ([(1, 2, False)], ((4, 9),), ("path;steps",))


def test_a_loop_that_stands_there_for_each_way_round_is_one_edge(path: Path) -> None:
    arcs: list[Arc] = [*TWO_WAY, (1, 1, {"oneway": False}), (1, 1, {"oneway": False, "reversed": True})]
    assert edges(read_graphml(write_graph(path, arcs))) == [(1, 1, False), (1, 2, False)]


def test_people_on_foot_use_every_street_both_ways(path: Path) -> None:
    graph = read_graphml(write_graph(path, [(2, 1, {"oneway": True})]))
    assert edges(graph.open_both_ways()) == [(2, 1, False)]


def test_a_gzipped_graph_reads_the_same(path: Path) -> None:
    plain = read_graphml(write_graph(path, TWO_WAY))
    zipped = path.with_name("graph.graphml.gz")
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert edges(read_graphml(zipped)) == edges(plain)


def test_a_projected_graph_comes_back_to_degrees(path: Path) -> None:
    graph = ox.io.load_graphml(write_graph(path, TWO_WAY))
    ox.io.save_graphml(ox.projection.project_graph(graph, to_crs="EPSG:32632"), path)
    read = read_graphml(path)
    assert np.allclose(read.lon, [9.0, 9.001], atol=1e-9)
    assert np.allclose(read.lat, [45.0, 45.0], atol=1e-9)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE graphml SYSTEM "http://127.0.0.1/graphml.dtd">',
        '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_a_document_type_definition_is_refused(path: Path, doctype: str) -> None:
    text = write_graph(path, TWO_WAY).read_text(encoding="utf-8")
    path.write_text(text.replace("<graphml", f"{doctype}<graphml", 1), encoding="utf-8")
    with pytest.raises(FileError, match="document type definition"):
        read_graphml(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_graphml(path)


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"Known are \.graphml"):
        read_graphml(tmp_path / "graph.xml")


def test_a_file_cut_short_is_an_error(path: Path) -> None:
    text = write_graph(path, TWO_WAY).read_bytes()
    path.write_bytes(text[: len(text) // 2])
    with pytest.raises(FileError, match="cut short"):
        read_graphml(path)
    zipped = path.with_name("graph.graphml.gz")
    zipped.write_bytes(gzip.compress(text)[:-20])
    with pytest.raises(FileError, match="to its end"):
        read_graphml(zipped)


def test_a_file_that_unpacks_to_too_much_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_graph(path, TWO_WAY)
    monkeypatch.setattr(graphml_file, "MAX_BYTES", 100)
    with pytest.raises(FileError, match="more than 100 bytes"):
        read_graphml(path)


def test_xml_that_is_no_graph_is_an_error(path: Path) -> None:
    path.write_text("<html></html>", encoding="utf-8")
    with pytest.raises(FileError, match="no GraphML"):
        read_graphml(path)


def test_a_graph_without_edges_is_an_error(path: Path) -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node(1, x=9.0, y=45.0)
    ox.io.save_graphml(graph, path)
    with pytest.raises(EmptyLayerError, match="no edge"):
        read_graphml(path)


def test_a_graph_without_directions_is_refused(path: Path) -> None:
    text = write_graph(path, TWO_WAY).read_text(encoding="utf-8")
    path.write_text(text.replace('edgedefault="directed"', 'edgedefault="undirected"'), encoding="utf-8")
    with pytest.raises(NetworkError, match="no direction"):
        read_graphml(path)


def test_every_fault_of_nodes_and_edges_is_found_at_once(path: Path) -> None:
    text = write_graph(path, [(1, 2, {"length": 80.0}), (2, 3, {"osmid": 5, "length": -4.0})]).read_text(encoding="utf-8")
    text = text.replace('<edge source="1" target="2"', '<edge source="1" target="77"').replace(">5<", ">five<")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_graphml(path)
    found = {type(fault): fault.examples for fault in caught.value.faults}
    assert found == {GeometryError: ("77",), NetworkError: ("2 to 3: -4.0",), IdError: ("2 to 3: five",)}


def test_node_ids_are_whole_numbers(path: Path) -> None:
    text = write_graph(path, TWO_WAY).read_text(encoding="utf-8").replace('"1"', '"one"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IdError, match=r"whole numbers .* \(1: one\)|whole numbers \(1: one\)"):
        read_graphml(path)


def test_a_graph_must_name_its_crs(path: Path) -> None:
    text = write_graph(path, TWO_WAY).read_text(encoding="utf-8").replace("EPSG:4326", "nowhere")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CrsError, match="names no CRS"):
        read_graphml(path)
