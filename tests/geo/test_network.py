from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import CountError, CrsError, FaultsError, NetworkError
from geo.network import Network, build_network, graph_seconds, keep_main_component


def line(lengths_m: list[float]) -> Network:
    """Return nodes in a row, joined by edges of these lengths."""
    n = len(lengths_m)
    return build_network(np.arange(n + 1) * 100.0, np.zeros(n + 1), range(n), range(1, n + 1), lengths_m, crs=3035)


def test_a_network_holds_what_it_was_given() -> None:
    network = build_network([0, 100, 0], [0, 0, 50], [0, 1], [1, 2], [120, 140], crs="EPSG:3035")
    assert (network.crs, network.n_nodes, network.n_edges) == ("EPSG:3035", 3, 2)
    assert network.length_m.tolist() == [120.0, 140.0]
    assert (network.u.dtype, network.length_m.dtype) == (np.intp, np.float64)
    assert network.component.tolist() == [0, 0, 0]


def test_a_crs_in_degrees_is_an_error() -> None:
    with pytest.raises(CrsError, match="degrees"):
        build_network([0, 1], [0, 0], [0], [1], [5], crs=4326)


@pytest.mark.parametrize("length_m", [np.nan, np.inf, -1.0, 0.0])
def test_an_edge_without_a_positive_length_is_an_error_that_names_it(length_m: float) -> None:
    with pytest.raises(NetworkError, match="length_m is missing, infinite, negative or 0") as caught:
        line([10, length_m])
    assert caught.value.examples == ("1",)


@pytest.mark.parametrize("end", [-1, 2])
def test_an_edge_that_ends_at_no_node_is_an_error(end: int) -> None:
    with pytest.raises(NetworkError, match="edges end at no node") as caught:
        build_network([0, 1], [0, 0], [0, 1], [1, end], [5, 5], crs=3035)
    assert caught.value.examples == ("1",)


def test_a_node_without_coordinates_is_an_error() -> None:
    with pytest.raises(NetworkError, match="nodes have no coordinates") as caught:
        build_network([0, np.nan, np.inf], [0, 0, 0], [0], [1], [5], crs=3035)
    assert (caught.value.n, caught.value.examples) == (2, ("1", "2"))


def test_all_faults_of_a_network_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        build_network([0, np.nan], [0, 0], [0, 0], [1, 7], [5, -5], crs=3035)
    assert len(caught.value.faults) == 3


def test_arrays_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(NetworkError, match="x and y differ in shape"):
        build_network([0, 1], [0], [0], [1], [5], crs=3035)
    with pytest.raises(NetworkError, match="u, v and length_m differ in shape"):
        build_network([0, 1], [0, 0], [0, 1], [1], [5], crs=3035)
    with pytest.raises(NetworkError, match="there is no edge"):
        build_network([0, 1], [0, 0], [], [], [], crs=3035)
    with pytest.raises(NetworkError, match="whole-number positions"):
        build_network([0, 1], [0, 0], [0.0], [1.0], [5], crs=3035)


def test_the_main_component_is_the_longest_not_the_one_with_most_nodes() -> None:
    x = np.arange(6.0)
    network = build_network(x, x, [0, 1, 2, 4], [1, 2, 3, 5], [1, 1, 1, 9], crs=3035)
    main, share = keep_main_component(network)
    assert main.x.tolist() == [4, 5]
    assert (main.u.tolist(), main.v.tolist(), main.length_m.tolist()) == ([0], [1], [9])
    assert (share.n_components, share.node_share, share.length_share) == (2, 2 / 6, 9 / 12)


def test_any_number_of_parallel_edges_joins_two_nodes() -> None:
    network = build_network([0, 100], [0, 0], [0] * 256, [1] * 256, [100] * 256, crs=3035)
    assert network.component.tolist() == [0, 0]


def test_of_equally_long_components_the_first_is_kept() -> None:
    x = np.arange(5.0)
    main, share = keep_main_component(build_network(x, x, [3, 0], [4, 1], [7, 7], crs=3035))
    assert main.x.tolist() == [0, 1]
    assert share.n_components == 3  # node 2 stands alone


def test_the_time_along_an_edge_is_its_true_length_by_the_speed_both_ways() -> None:
    seconds = graph_seconds(line([150, 300]), 1.5).toarray()
    assert seconds.tolist() == [[0, 100, 0], [100, 0, 200], [0, 200, 0]]


def test_the_speed_changes_the_times() -> None:
    assert graph_seconds(line([150]), 3.0)[0, 1] == 50


def test_of_parallel_edges_the_quickest_counts_and_they_are_never_summed() -> None:
    network = build_network([0, 100], [0, 0], [0, 1, 0, 0], [1, 0, 1, 1], [300, 120, 200, 120], crs=3035)
    assert graph_seconds(network, 1.0).toarray().tolist() == [[0, 120], [120, 0]]


@pytest.mark.parametrize("speed_m_s", [0.0, -1.0, np.nan, np.inf])
def test_a_speed_that_is_no_positive_number_is_an_error(speed_m_s: float) -> None:
    with pytest.raises(CountError, match="speed"):
        graph_seconds(line([150]), speed_m_s)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 900)), min_size=1, max_size=30))
def test_the_graph_holds_the_least_of_each_pair_of_nodes(edges: list[tuple[int, int, int]]) -> None:
    least: dict[tuple[int, int], int] = {}
    for u, v, length_m in edges:
        for pair in ((u, v), (v, u)):
            least[pair] = min(length_m, least.get(pair, length_m))
    u, v, length_m = zip(*edges, strict=True)
    graph = graph_seconds(build_network(np.arange(6), np.arange(6), u, v, length_m, crs=3035), 1.0)
    rows, columns = graph.tocoo().coords
    assert dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), graph.data.tolist(), strict=True)) == least


@pytest.mark.shared
def test_the_main_component_of_milano_is_the_known_one(milano_all_streets: Network) -> None:
    main, share = keep_main_component(milano_all_streets)
    assert (main.n_nodes, share.n_components) == (24_753, 1320)
    assert main.length_m.sum() == pytest.approx(2381e3, rel=1e-3)
    assert share.length_share == pytest.approx(0.917, abs=1e-3)
