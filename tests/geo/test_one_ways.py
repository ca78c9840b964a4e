"""One-way streets: people travel from the demand to the site, along the streets as they lead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data.errors import NetworkError
from geo.network import Network, build_network, graph_seconds, keep_main_component, open_both_ways
from geo.snap import Snapped
from geo.traveltimes import TravelTimes, street_times, walking_times

Points = Sequence[tuple[float, float]]


def ride(
    network: Network,
    demand: Points,
    sites: Points,
    *,
    mode: Literal["walk", "slow_walk", "bike"] = "bike",
    cutoff_s: float = 3600.0,
) -> TravelTimes:
    return street_times(
        network,
        mode=mode,
        demand_ids=[f"d{i}" for i in range(len(demand))],
        demand_xy=demand,
        candidate_ids=[f"c{i}" for i in range(len(sites))],
        candidate_xy=sites,
        speed_m_s=1.0,
        cutoff_s=cutoff_s,
    )


def full(times: TravelTimes) -> NDArray[np.float64]:
    table = np.full(times.seconds.shape, np.inf)
    stored = times.seconds.tocoo()
    table[stored.coords] = stored.data
    return table


def ring(is_one_way: Sequence[bool] = (True, True, True, True)) -> Network:
    """Return a block of 100 m whose streets lead round it against the clock."""
    return build_network(
        [0, 100, 100, 0], [0, 0, 100, 100], [0, 1, 2, 3], [1, 2, 3, 0], [100] * 4, crs=3035, is_one_way=np.array(is_one_way)
    )


def test_people_travel_towards_the_site_along_the_one_ways() -> None:
    south, east = (50.0, 0.0), (100.0, 50.0)
    assert full(ride(ring(), [south], [east])).tolist() == [[100.0]]
    assert full(ride(ring(), [east], [south])).tolist() == [[300.0]]


def test_on_one_edge_people_ride_forward_only() -> None:
    assert full(ride(ring(), [(20.0, 0.0)], [(70.0, 0.0)])).tolist() == [[50.0]]
    assert full(ride(ring(), [(70.0, 0.0)], [(20.0, 0.0)])).tolist() == [[350.0]]


def test_a_point_on_a_two_way_street_leaves_and_is_reached_both_ways() -> None:
    network = ring([False, True, True, True])
    assert full(ride(network, [(70.0, 0.0)], [(20.0, 0.0)])).tolist() == [[50.0]]
    assert full(ride(network, [(20.0, 0.0)], [(0.0, 50.0)])).tolist() == [[330.0]]


def test_a_point_at_the_end_of_a_one_way_street_stands_at_the_crossing() -> None:
    # Node 1 has a two-way street to node 2; the one-way 0 -> 1 is shorter, so that the point meets that one.
    network = build_network([0, 50, 150], [0, 0, 0], [0, 1], [1, 2], [50, 100], crs=3035, is_one_way=np.array([True, False]))
    times = ride(network, [(150.0, 0.0), (0.0, 0.0)], [(50.0, 0.0)])
    assert times.candidate_snap.edge.tolist() == [0]
    assert full(times).tolist() == [[100.0], [50.0]]


def test_a_dead_end_against_the_one_way_is_not_reached() -> None:
    network = build_network([0, 100], [0, 0], [0], [1], [100], crs=3035, is_one_way=np.array([True]))
    assert full(ride(network, [(0.0, 0.0), (100.0, 0.0)], [(0.0, 0.0), (100.0, 0.0)])).tolist() == [[0, 100], [np.inf, 0]]


@pytest.mark.parametrize("mode", ["walk", "slow_walk"])
def test_on_foot_one_ways_are_ignored(mode: Literal["walk", "slow_walk"]) -> None:
    points = [(50.0, 0.0), (100.0, 50.0), (70.0, 0.0)]
    times = ride(ring(), points, points, mode=mode)
    assert times.mode == mode
    assert full(times).tobytes() == full(ride(open_both_ways(ring()), points, points)).tobytes()


def test_walking_times_are_street_times_on_foot() -> None:
    points = [(50.0, 0.0), (100.0, 50.0)]
    names = ["a", "b"]
    walked = walking_times(
        ring(), demand_ids=names, demand_xy=points, candidate_ids=names, candidate_xy=points, speed_m_s=1.0, cutoff_s=500
    )
    assert (walked.mode, full(walked).tolist()) == ("walk", [[0, 100], [100, 0]])


def test_a_network_without_one_ways_says_none() -> None:
    assert ring([False] * 4).is_one_way is None
    assert ring().is_one_way is not None
    assert open_both_ways(ring()).is_one_way is None


def test_arcs_lead_as_the_streets_do_and_back_when_reversed() -> None:
    network = ring([True, False, True, True])
    forward = graph_seconds(network, 1.0).toarray()
    assert sorted(zip(*np.nonzero(forward), strict=True)) == [(0, 1), (1, 2), (2, 1), (2, 3), (3, 0)]
    assert graph_seconds(network, 1.0, is_reversed=True).toarray().tolist() == forward.T.tolist()


def test_the_main_component_is_left_and_reached_from_everywhere() -> None:
    # A ring 0-1-2-3, a street out of it to 4, and a street into it from 5.
    xs, ys = [0, 100, 100, 0, 200, -100], [0, 0, 100, 100, 0, 0]
    u, v = [0, 1, 2, 3, 1, 5], [1, 2, 3, 0, 4, 0]
    network = build_network(xs, ys, u, v, [100] * 6, crs=3035, is_one_way=np.ones(6, dtype=bool))
    main, share = keep_main_component(network)
    assert (main.n_nodes, main.n_edges, main.x.tolist()) == (4, 4, [0, 100, 100, 0])
    assert (share.n_components, share.length_share, share.node_share) == (3, pytest.approx(4 / 6), pytest.approx(4 / 6))
    assert main.is_one_way is not None
    assert open_both_ways(network).component.tolist() == [0] * 6


def test_streets_from_which_no_way_leads_back_have_no_main_component() -> None:
    network = build_network([0, 1, 2], [0, 0, 0], [0, 1], [1, 2], [1, 1], crs=3035, is_one_way=[True, True])
    with pytest.raises(NetworkError, match="no way leads back"):
        keep_main_component(network)


@pytest.mark.parametrize("values", [[1, 0, 0, 0], [True], [[True] * 4]])
def test_one_ways_that_are_not_true_or_false_for_each_edge_are_an_error(values: list[object]) -> None:
    with pytest.raises(NetworkError, match="is_one_way"):
        build_network([0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 2, 3], [1, 2, 3, 0], [1] * 4, crs=3035, is_one_way=values)


# Against a reference: every point becomes a true node of a networkx graph.

place = st.tuples(st.integers(0, 12).map(lambda k: k * 25.0), st.integers(0, 12).map(lambda k: k * 25.0))
points = st.lists(place, min_size=1, max_size=6)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Return a small network with one-ways: parallel edges, loops, parts that cannot be left."""
    nodes = draw(st.lists(place, min_size=2, max_size=8))
    node = st.integers(0, len(nodes) - 1)
    edges = draw(st.lists(st.tuples(node, node, st.floats(0.5, 3.0), st.booleans()), min_size=1, max_size=14))
    xs, ys = zip(*nodes, strict=True)
    u, v, factor, one_way = zip(*edges, strict=True)
    chord_m = [float(np.hypot(xs[a] - xs[b], ys[a] - ys[b])) for a, b in zip(u, v, strict=True)]
    length_m = [5 + k * c for k, c in zip(factor, chord_m, strict=True)]
    return build_network(xs, ys, u, v, length_m, crs=3035, is_one_way=np.array(one_way))


def refer(network: Network, demand: Snapped, sites: Snapped) -> NDArray[np.float64]:
    """Return metres from each demand point to each site, infinite where no way leads."""
    graph = nx.DiGraph()
    graph.add_nodes_from(("n", k) for k in range(network.n_nodes))
    stops: dict[int, list[tuple[float, tuple[str, int]]]] = {edge: [] for edge in range(network.n_edges)}
    for kind, snapped in (("d", demand), ("c", sites)):
        for i in np.flatnonzero(snapped.is_connected).tolist():
            stops[int(snapped.edge[i])].append((float(snapped.fraction[i]), (kind, i)))
    for edge, found in stops.items():
        length_m = float(network.length_m[edge])
        is_one_way = network.is_one_way is not None and bool(network.is_one_way[edge])
        chain = [(0.0, ("n", int(network.u[edge]))), *sorted(found), (1.0, ("n", int(network.v[edge])))]
        for (start, a), (end, b) in pairwise(chain):
            step_m = (end - start) * length_m
            _add(graph, a, b, step_m)
            if not is_one_way or step_m == 0:
                _add(graph, b, a, step_m)
    far_m = np.full((len(demand.edge), len(sites.edge)), np.inf)
    for i in np.flatnonzero(demand.is_connected).tolist():
        reached = nx.single_source_dijkstra_path_length(graph, ("d", i))
        for j in np.flatnonzero(sites.is_connected).tolist():
            far_m[i, j] = reached.get(("c", j), np.inf) + demand.distance_m[i] + sites.distance_m[j]
    return far_m


def _add(graph: nx.DiGraph[object], a: object, b: object, weight: float) -> None:
    """Keep the shorter of parallel arcs."""
    known = graph.get_edge_data(a, b)
    graph.add_edge(a, b, weight=weight if known is None else min(weight, known["weight"]))


@given(networks(), points, points, st.sampled_from([60.0, 200.0, 900.0]))
def test_times_are_those_of_a_directed_reference(network: Network, demand: Points, sites: Points, cutoff_s: float) -> None:
    times = ride(network, demand, sites, cutoff_s=cutoff_s)
    expected = refer(network, times.demand_snap, times.candidate_snap)
    found = full(times)
    stored = np.isfinite(found)
    assert not (stored & (expected > cutoff_s + 0.001)).any()
    assert not (~stored & (expected < cutoff_s - 0.001)).any()
    assert found[stored] == pytest.approx(expected[stored], abs=0.00051)


@given(networks(), points, points)
def test_a_one_way_never_shortens_a_journey(network: Network, demand: Points, sites: Points) -> None:
    bound, free = (full(ride(streets, demand, sites)) for streets in (network, open_both_ways(network)))
    assert (free <= bound).all()


@given(networks(), points, points)
def test_turning_every_one_way_round_swaps_there_and_back(network: Network, demand: Points, sites: Points) -> None:
    places = np.unique(np.column_stack([network.x, network.y]), axis=0)
    assume(len(places) == len(network.x))  # of nodes at one place, which edge a point snaps to depends on their order
    one_way = np.zeros(network.n_edges, dtype=bool) if network.is_one_way is None else network.is_one_way
    turned = build_network(network.x, network.y, network.v, network.u, network.length_m, crs=3035, is_one_way=one_way)
    there, back = full(ride(network, demand, sites)), full(ride(turned, sites, demand)).T
    both = np.isfinite(there) & np.isfinite(back)
    assert np.array_equal(np.isfinite(there), np.isfinite(back))
    assert there[both] == pytest.approx(back[both], abs=0.0011)


@given(networks())
def test_in_the_main_component_every_node_reaches_every_other(network: Network) -> None:
    assume(network.is_one_way is None or not network.is_one_way.all())
    main, share = keep_main_component(network)
    seconds = graph_seconds(main, 1.0)
    assert nx.is_strongly_connected(nx.from_scipy_sparse_array(seconds, create_using=nx.DiGraph))
    assert 0 < share.node_share <= 1
