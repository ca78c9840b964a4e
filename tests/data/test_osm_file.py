"""OSM extracts: ways cut where they meet, lengths on the ellipsoid, one-ways, and files that are not whole."""

from __future__ import annotations

import gzip
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import EmptyLayerError, FaultsError, FileError, GeometryError, IdError, NetworkError, RecipeError
from data.osm_file import read_osm
from data.street_graph import StreetGraph

# A plain grid of nodes: number 10 * row + column, a thousandth of a degree apart.
PLACES = {10 * row + column: (9.0 + column / 1000, 45.0 + row / 1000) for row in range(1, 4) for column in range(5)}
Way = tuple[int, list[int], str]


def write_osm(path: Path, ways: list[Way], *, places: dict[int, tuple[float, float]] | None = None, extra: str = "") -> Path:
    """Write a small .osm file by hand."""
    nodes = PLACES if places is None else places
    rows = [f'<node id="{node}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>' for node, (lon, lat) in sorted(nodes.items())]
    for number, refs, tags in ways:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inner += "".join('<tag k="{}" v="{}"/>'.format(*pair.split("=", 1)) for pair in tags.split())
        rows.append(f'<way id="{number}" version="1">{inner}</way>')
    path.write_text(f'<osm version="0.6" generator="hand">{extra}{"".join(rows)}</osm>', encoding="utf-8")
    return path


def edges(graph: StreetGraph) -> list[tuple[int, int, int, bool]]:
    """Return each edge as the ids of its ends, its way, and whether it is one-way."""
    ends = zip(graph.node_id[graph.u], graph.node_id[graph.v], graph.way_ids, graph.is_one_way, strict=True)
    return sorted((int(u), int(v), ways[0], bool(one_way)) for u, v, ways, one_way in ends)


@pytest.fixture
def osm(tmp_path: Path) -> Path:
    return tmp_path / "small.osm"


def test_ways_are_cut_at_shared_nodes_and_at_their_ends_only(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11, 12, 13, 14], "highway=residential"), (2, [2 * 10 + 2, 12], "highway=footway")])
    graph = read_osm(osm, mode="walk")
    assert edges(graph) == [(10, 12, 1, False), (12, 14, 1, False), (22, 12, 2, False)]
    assert graph.node_id.tolist() == [10, 12, 14, 22]
    assert sorted(graph.highway) == ["footway", "residential", "residential"]


def test_a_way_that_is_closed_to_the_mode_cuts_nothing(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11, 12], "highway=residential"), (2, [21, 11], "highway=steps")])
    assert edges(read_osm(osm, mode="bike")) == [(10, 12, 1, False)]
    assert len(edges(read_osm(osm, mode="walk"))) == 3


def test_lengths_follow_every_node_of_the_way_on_the_ellipsoid(osm: Path) -> None:
    write_osm(osm, [(1, [10, 21, 12], "highway=path")])
    graph = read_osm(osm, mode="walk")
    line = [PLACES[node] for node in (10, 21, 12)]
    expected = pyproj.Geod(ellps="WGS84").line_length([lon for lon, _ in line], [lat for _, lat in line])
    assert graph.length_m == pytest.approx([expected])
    assert (graph.lon[0], graph.lat[0]) == pytest.approx(PLACES[10])


def test_a_degree_of_the_equator_has_its_known_length(osm: Path) -> None:
    write_osm(osm, [(1, [1, 2], "highway=path")], places={1: (0.0, 0.0), 2: (1.0, 0.0)})
    assert read_osm(osm, mode="walk").length_m == pytest.approx([6378137.0 * np.pi / 180], abs=1e-3)


def test_a_one_way_street_leads_from_u_to_v(osm: Path) -> None:
    ways = [(1, [10, 11], "highway=residential oneway=yes"), (2, [21, 22], "highway=residential oneway=-1")]
    write_osm(osm, [*ways, (3, [11, 21], "highway=residential oneway=yes oneway:bicycle=no")])
    assert edges(read_osm(osm, mode="bike")) == [(10, 11, 1, True), (11, 21, 3, False), (22, 21, 2, True)]
    assert not read_osm(osm, mode="walk").is_one_way.any()


def test_a_roundabout_is_ridden_one_way_and_cut_at_its_arms(osm: Path) -> None:
    ways = [(1, [10, 11, 21, 20, 10], "highway=primary junction=roundabout"), (2, [21, 31], "highway=primary")]
    write_osm(osm, ways)
    assert edges(read_osm(osm, mode="bike")) == [(10, 21, 1, True), (21, 10, 1, True), (21, 31, 2, False)]


def test_a_closed_way_that_meets_no_other_is_one_edge_back_to_itself(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11, 21, 10], "highway=path")])
    assert edges(read_osm(osm, mode="walk")) == [(10, 10, 1, False)]


def test_a_way_is_cut_where_it_crosses_itself(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11, 12, 22, 21, 11, 1 + 30], "highway=path")])
    assert edges(read_osm(osm, mode="walk")) == [(10, 11, 1, False), (11, 11, 1, False), (11, 31, 1, False)]


def test_two_ways_between_the_same_nodes_stay_two_edges(osm: Path) -> None:
    write_osm(osm, [(1, [10, 12], "highway=path"), (2, [10, 21, 12], "highway=path")])
    graph = read_osm(osm, mode="walk")
    assert edges(graph) == [(10, 12, 1, False), (10, 12, 2, False)]
    assert graph.length_m[0] < graph.length_m[1]


def test_a_node_named_twice_in_a_row_adds_no_edge(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11, 11, 12, 12], "highway=path")])
    assert edges(read_osm(osm, mode="walk")) == [(10, 12, 1, False)]


def test_nodes_on_one_another_become_one_and_nothing_falls_apart(osm: Path) -> None:
    places = PLACES | {99: PLACES[11]}
    ways = [(1, [10, 11], "highway=path"), (2, [11, 99], "highway=path"), (3, [99, 12], "highway=path")]
    graph = read_osm(write_osm(osm, ways, places=places), mode="walk")
    assert edges(graph) == [(10, 11, 1, False), (11, 12, 3, False)]
    assert graph.notes == ("edges of length 0, whose ends became one node: 1",)


def test_a_way_that_leaves_the_extract_is_cut_where_its_nodes_end(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11, 7777, 13, 14], "highway=path"), (2, [8888, 9999], "highway=path")])
    graph = read_osm(osm, mode="walk")
    assert edges(graph) == [(10, 11, 1, False), (13, 14, 1, False)]
    assert graph.notes == ("ways that leave the file, cut where their nodes end: 2",)


def test_values_that_say_nothing_clear_are_noted_for_open_ways(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11], "highway=service access=service"), (2, [11, 12], "highway=construction access=maybe")])
    assert read_osm(osm, mode="walk").notes == ("tags that say nothing clear, passed over: access=service (1)",)


def test_the_order_of_ways_in_the_file_changes_nothing(osm: Path) -> None:
    ways = [(1, [10, 11, 12], "highway=path"), (2, [11, 21, 31], "highway=path"), (3, [10, 20, 21], "highway=residential")]
    first = read_osm(write_osm(osm, ways), mode="walk")
    second = read_osm(write_osm(osm, ways[::-1]), mode="walk")
    for name in ("node_id", "lon", "lat", "u", "v", "length_m", "is_one_way"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert (first.way_ids, first.highway) == (second.way_ids, second.highway)


@pytest.mark.parametrize("suffix", [".osm.pbf", ".osm.gz"])
def test_every_format_gives_the_same_streets(osm: Path, suffix: str) -> None:
    write_osm(osm, [(1, [10, 11, 12], "highway=path"), (2, [11, 21], "highway=path")])
    other = osm.with_name(f"other{suffix}")
    if suffix == ".osm.gz":
        other.write_bytes(gzip.compress(osm.read_bytes()))
    else:
        with osmium.SimpleWriter(str(other)) as writer:
            for thing in osmium.FileProcessor(str(osm)):
                writer.add(thing)
    assert edges(read_osm(other, mode="walk")) == edges(read_osm(osm, mode="walk"))


def test_the_mode_must_be_known(osm: Path) -> None:
    with pytest.raises(RecipeError, match="'fly'"):
        read_osm(write_osm(osm, [(1, [10, 11], "highway=path")]), mode="fly")


def test_a_missing_file_is_named(osm: Path) -> None:
    with pytest.raises(FileError, match=r"small\.osm: the file does not exist"):
        read_osm(osm, mode="walk")


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"Known are \.osm\.pbf"):
        read_osm(tmp_path / "streets.shp", mode="walk")


@pytest.mark.parametrize("content", [b"", b"this is no map", b'<osm version="0.6"><node id="1" lat="1" lon='])
@pytest.mark.parametrize("name", ["cut.osm", "cut.osm.pbf"])
def test_a_file_that_is_cut_or_no_map_is_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError, match="cannot be read to its end"):
        read_osm(path, mode="walk")


def test_entities_in_the_xml_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "laughs.osm"
    doctype = '<!DOCTYPE osm [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    path.write_text(f'{doctype}<osm version="0.6"><node id="1" lat="1" lon="1" user="&b;"/></osm>', encoding="utf-8")
    with pytest.raises(FileError, match="entities"):
        read_osm(path, mode="walk")


def test_a_file_without_a_way_for_the_mode_is_an_error(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11], "highway=steps"), (2, [10, 12], "building=yes")])
    with pytest.raises(EmptyLayerError, match=r"none of 1 ways .* 'bike'"):
        read_osm(osm, mode="bike")


def test_nodes_without_coordinates_are_listed(osm: Path) -> None:
    extra = '<node id="5" version="1"/><node id="6" version="1" lat="95" lon="9"/>'
    write_osm(osm, [(1, [5, 6, 10], "highway=path")], extra=extra)
    with pytest.raises((GeometryError, FileError), match=r"lack coordinates.*5, 6|latitude|95"):
        read_osm(osm, mode="walk")
    write_osm(osm, [(1, [5, 10], "highway=path")], extra='<node id="5" version="1"/>')
    with pytest.raises(GeometryError, match=r"lack coordinates .* \(1: 5\)"):
        read_osm(osm, mode="walk")


def test_ways_with_no_two_nodes_in_the_file_are_an_error(osm: Path) -> None:
    with pytest.raises(NetworkError, match="two nodes"):
        read_osm(write_osm(osm, [(1, [10, 77, 11], "highway=path")]), mode="walk")


def test_ids_that_repeat_or_were_never_uploaded_are_found_at_once(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11], "highway=path"), (1, [11, 12], "highway=path"), (-3, [-8, 12], "highway=path")])
    with pytest.raises(FaultsError) as caught:
        read_osm(osm, mode="walk")
    assert [type(fault) for fault in caught.value.faults] == [IdError, IdError]
    assert caught.value.faults[1].examples == ("-8", "-3")


def test_nodes_that_stand_twice_are_listed(osm: Path) -> None:
    write_osm(osm, [(1, [10, 11], "highway=path")], extra='<node id="10" version="1" lat="45" lon="9"/>')
    with pytest.raises(IdError, match=r"nodes stand twice .* \(1: 10\)"):
        read_osm(osm, mode="walk")


@given(refs=st.lists(st.lists(st.sampled_from(sorted(PLACES)), min_size=2, max_size=7), min_size=1, max_size=6))
def test_cutting_keeps_every_metre_and_only_the_nodes_that_matter(
    tmp_path_factory: pytest.TempPathFactory, refs: list[list[int]]
) -> None:
    chains = [[node for node, after in pairwise([*nodes, 0]) if node != after] for nodes in refs]
    path = write_osm(
        tmp_path_factory.mktemp("osm") / "any.osm", [(k + 1, nodes, "highway=path") for k, nodes in enumerate(refs)]
    )
    if all(len(chain) < 2 for chain in chains):
        with pytest.raises(NetworkError):
            read_osm(path, mode="walk")
        return
    graph = read_osm(path, mode="walk")
    geod = pyproj.Geod(ellps="WGS84")
    steps = [geod.inv(*PLACES[a], *PLACES[b])[2] for chain in chains for a, b in pairwise(chain)]
    assert graph.length_m.sum() == pytest.approx(sum(steps))
    named = Counter(node for chain in chains for node in chain)
    ends = {chain[end] for chain in chains if len(chain) > 1 for end in (0, -1)}
    joined = {node for chain in chains if len(chain) > 1 for node in chain}
    assert set(graph.node_id.tolist()) == ends | {node for node in joined if named[node] > 1}
