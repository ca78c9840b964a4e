from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

import geo.traveltimes
from data.errors import CountError, FaultsError, GeometryError, IdError
from geo.grid import Grid, label_cells
from geo.network import Network, build_network
from geo.snap import Snapped
from geo.traveltimes import TravelTimes, walking_times

Points = Sequence[tuple[float, float]]


def name(xy: ArrayLike, *, prefix: str) -> list[str]:
    return [f"{prefix}{i}" for i in range(len(np.asarray(xy)))]


def walk(
    network: Network,
    demand: ArrayLike,
    candidates: ArrayLike,
    *,
    cutoff_s: float = 3600.0,
    speed_m_s: float = 1.0,
    max_snap_m: float = 400.0,
) -> TravelTimes:
    return walking_times(
        network,
        demand_ids=name(demand, prefix="d"),
        demand_xy=demand,
        candidate_ids=name(candidates, prefix="c"),
        candidate_xy=candidates,
        speed_m_s=speed_m_s,
        cutoff_s=cutoff_s,
        max_snap_m=max_snap_m,
    )


def pairs(times: TravelTimes) -> dict[tuple[int, int], float]:
    """Return the stored pairs, zeros among them."""
    rows, columns = times.seconds.tocoo().coords
    return dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), times.seconds.data.tolist(), strict=True))


def street(length_m: float = 1000.0) -> Network:
    """Return one straight edge of 1000 m."""
    return build_network([0, 1000], [0, 0], [0], [1], [length_m], crs=3035)


def square() -> Network:
    """Return four edges round a block of 100 m; the southern one is a detour of 900 m."""
    return build_network([0, 100, 100, 0], [0, 0, 100, 100], [0, 1, 2, 3], [1, 2, 3, 0], [900, 100, 100, 100], crs=3035)


def test_the_way_leads_to_the_edge_along_it_and_from_it() -> None:
    times = walk(street(), [(100, 30)], [(900, -50)], speed_m_s=2.0)
    assert pairs(times) == {(0, 0): (30 + 800 + 50) / 2}
    assert (times.mode, times.cutoff_s, times.demand_ids, times.candidate_ids) == ("walk", 3600.0, ("d0",), ("c0",))


def test_distances_along_an_edge_are_parts_of_its_true_length() -> None:
    assert pairs(walk(street(2000.0), [(100, 0)], [(600, 0)])) == {(0, 0): 1000.0}


@pytest.mark.parametrize(("cutoff_s", "n_pairs"), [(920.0, 1), (919.999, 0), (920.001, 1)])
def test_a_pair_exactly_at_the_cutoff_is_stored(cutoff_s: float, n_pairs: int) -> None:
    # 100 m off, 1000 m along, 50 m off, at 1.25 m/s.
    times = walk(street(), [(0, 100)], [(1000, 50)], speed_m_s=1.25, cutoff_s=cutoff_s)
    assert times.seconds.data.tolist() == [920.0] * n_pairs


def test_a_sum_that_should_equal_the_cutoff_does_whatever_its_rounding() -> None:
    n = 11
    xs = 4_258_500.1 + np.arange(n) * 0.1
    network = build_network(xs, np.zeros(n), range(n - 1), range(1, n), [0.1] * (n - 1), crs=3035)
    times = walk(network, [(xs[0], 0)], [(xs[-1], 0)], cutoff_s=1.0)
    assert times.seconds.data.tolist() == [1.0]


def test_a_node_reached_a_rounding_error_after_the_cutoff_is_reached() -> None:
    # 0.1 + 0.1 + 0.1 is more than 0.3; the point stands at the start of the short last edge, beyond the node in question.
    network = build_network([0, 0.1, 0.2, 0.3, 0.35], [0] * 5, [0, 1, 2, 3], [1, 2, 3, 4], [0.1, 0.1, 0.1, 0.05], crs=3035)
    times = walk(network, [(0.3, 0)], [(0, 0)], cutoff_s=0.3)
    assert (times.demand_snap.edge.tolist(), times.demand_snap.fraction.tolist()) == ([3], [0.0])
    assert times.seconds.data.tolist() == [0.3]


def test_times_are_whole_milliseconds() -> None:
    assert walk(street(), [(0, 0)], [(1000, 0)], speed_m_s=3.0).seconds.data.tolist() == [333.333]


def test_a_stored_zero_is_a_reach() -> None:
    times = walk(street(), [(0, 0), (500, 0), (500, 10)], [(500, 0), (0, 0)], cutoff_s=0.0)
    assert pairs(times) == {(0, 1): 0.0, (1, 0): 0.0}
    assert times.seconds.nnz == 2


def test_points_on_one_edge_meet_along_it() -> None:
    assert pairs(walk(square(), [(20, -5)], [(50, -5)])) == {(0, 0): 10 + 270}


def test_points_on_one_edge_take_the_shorter_way_round() -> None:
    # 720 m apart along the southern edge, but 90 m + 300 m + 90 m round the other way.
    assert pairs(walk(square(), [(10, 0)], [(90, 0)])) == {(0, 0): pytest.approx(480)}


def test_points_on_parallel_edges_meet_at_their_ends() -> None:
    network = build_network([0, 100], [0, 0], [0, 0], [1, 1], [100, 300], crs=3035)
    times = walk(network, [(30, 0)], [(80, 0)])
    assert times.demand_snap.edge.tolist() == [0]
    assert pairs(times) == {(0, 0): 50.0}


def test_the_quickest_of_parallel_edges_is_walked_and_they_are_never_summed() -> None:
    network = build_network([0, 100, 200, 300], [0] * 4, [0, 1, 2, 1], [1, 2, 3, 2], [100, 700, 100, 150], crs=3035)
    assert pairs(walk(network, [(0, 0)], [(300, 0)])) == {(0, 0): 350.0}


def test_another_component_is_not_reached() -> None:
    network = build_network([0, 100, 0, 100], [0, 0, 50, 50], [0, 2], [1, 3], [100, 100], crs=3035)
    times = walk(network, [(0, 0), (0, 50)], [(100, 0)])
    assert pairs(times) == {(0, 0): 100.0}
    assert times.unconnected_demand_ids == ()


def test_a_site_makes_no_shortcut_for_the_way_to_another() -> None:
    # The site lies between two streets that meet only far away; nobody walks across through it.
    xs, ys = [0, 1000, 0, 1000], [0, 0, 10, 10]
    network = build_network(xs, ys, [0, 2, 1], [1, 3, 3], [1000, 1000, 10], crs=3035)
    alone = walk(network, [(0, 10)], [(0, 0)])
    with_others = walk(network, [(0, 10)], [(0, 0), (0, 4), (0, 6), (500, 5)])
    assert pairs(alone) == {(0, 0): 2010.0}
    assert pairs(with_others)[0, 0] == 2010.0


def test_points_too_far_from_the_network_have_no_entry_and_are_listed() -> None:
    times = walk(street(), [(500, 0), (500, 401)], [(500, 400), (500, -400.5), (500, 9)])
    assert pairs(times) == {(0, 0): 400.0, (0, 2): 9.0}
    assert times.unconnected_demand_ids == ("d1",)
    assert times.unconnected_candidate_ids == ("c1",)
    assert times.seconds.shape == (2, 3)


def test_the_snapping_limit_changes_the_answer() -> None:
    assert pairs(walk(street(), [(500, 0)], [(500, 90)], max_snap_m=80)) == {}
    assert pairs(walk(street(), [(500, 0)], [(500, 90)], max_snap_m=90)) == {(0, 0): 90.0}


def test_speed_and_cutoff_change_the_answer() -> None:
    assert pairs(walk(street(), [(0, 0)], [(800, 0)], speed_m_s=2.0)) == {(0, 0): 400.0}
    assert pairs(walk(street(), [(0, 0)], [(800, 0)], cutoff_s=799.0)) == {}


def test_lengths_shorter_than_their_chords_do_not_hide_what_is_reachable() -> None:
    n = 30
    network = build_network(np.arange(n) * 100.0, np.zeros(n), range(n - 1), range(1, n), [20.0] * (n - 1), crs=3035)
    times = walk(network, [(100.0 * i, 0) for i in range(n)], [(0, 0)], cutoff_s=500.0)
    assert times.seconds.nnz == 26


def test_no_points_give_an_empty_matrix() -> None:
    nothing = np.empty((0, 2))
    assert walk(street(), nothing, [(0, 0)]).seconds.shape == (0, 1)
    assert walk(street(), [(0, 0)], nothing).seconds.shape == (1, 0)
    assert walk(street(), nothing, nothing).seconds.nnz == 0


def test_progress_counts_the_sites_up_to_all_of_them() -> None:
    xy = [(float(i), 0.0) for i in range(70)]
    told: list[tuple[int, int]] = []
    walking_times(
        street(),
        demand_ids=["d"],
        demand_xy=[(0.0, 0.0)],
        candidate_ids=name(xy, prefix="c"),
        candidate_xy=xy,
        cutoff_s=60.0,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(32, 70), (64, 70), (70, 70)]


def test_ids_that_repeat_or_do_not_fit_are_errors_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        walking_times(
            street(),
            demand_ids=["a", "a"],
            demand_xy=[(0, 0), (1, 0)],
            candidate_ids=["c"],
            candidate_xy=[(0, 0), (1, 0)],
            cutoff_s=60,
        )
    assert [type(fault) for fault in caught.value.faults] == [IdError, IdError]
    assert "demand: ids repeat (1: a)" in str(caught.value)
    assert "candidates: there are 1 ids for 2 points" in str(caught.value)


@pytest.mark.parametrize("cutoff_s", [-1.0, np.nan, np.inf])
def test_a_cutoff_that_is_no_time_is_an_error(cutoff_s: float) -> None:
    with pytest.raises(CountError, match="cutoff"):
        walk(street(), [(0, 0)], [(0, 0)], cutoff_s=cutoff_s)


def test_speed_and_snapping_limit_that_are_no_numbers_are_errors() -> None:
    with pytest.raises(CountError, match="speed"):
        walk(street(), [(0, 0)], [(0, 0)], speed_m_s=0.0)
    with pytest.raises(CountError, match="limit"):
        walk(street(), [(0, 0)], [(0, 0)], max_snap_m=-1.0)


def test_points_without_coordinates_are_an_error() -> None:
    with pytest.raises(GeometryError, match="lack coordinates"):
        walk(street(), [(np.nan, 0)], [(0, 0)])


# Against a reference: every point becomes a true node of a networkx graph.

place = st.tuples(st.integers(0, 12).map(lambda k: k * 25.0), st.integers(0, 12).map(lambda k: k * 25.0))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Return a small network: parallel edges, loops, components apart, lengths below and above the chord."""
    nodes = draw(st.lists(place, min_size=2, max_size=8))
    node = st.integers(0, len(nodes) - 1)
    edges = draw(st.lists(st.tuples(node, node, st.floats(0.5, 3.0)), min_size=1, max_size=14))
    xs, ys = zip(*nodes, strict=True)
    u, v, factor = zip(*edges, strict=True)
    chord_m = [float(np.hypot(xs[a] - xs[b], ys[a] - ys[b])) for a, b in zip(u, v, strict=True)]
    return build_network(xs, ys, u, v, [5 + k * c for k, c in zip(factor, chord_m, strict=True)], crs=3035)


def refer(network: Network, demand: Snapped, candidates: Snapped) -> NDArray[np.float64]:
    """Return metres between all points, infinite where there is no way."""
    stops: dict[int, list[tuple[float, tuple[str, int]]]] = {edge: [] for edge in range(network.n_edges)}
    graph = nx.MultiGraph()
    for kind, snapped in (("d", demand), ("c", candidates)):
        for i in np.flatnonzero(snapped.is_connected).tolist():
            stops[int(snapped.edge[i])].append((float(snapped.fraction[i]), (kind, i)))
            graph.add_edge((kind, i), (kind + "-off", i), weight=float(snapped.distance_m[i]))
    for edge, found in stops.items():
        chain = [(0.0, ("n", int(network.u[edge]))), *sorted(found), (1.0, ("n", int(network.v[edge])))]
        for (start, a), (end, b) in pairwise(chain):
            graph.add_edge(a, b, weight=(end - start) * network.length_m[edge])
    far_m = np.full((len(demand.edge), len(candidates.edge)), np.inf)
    for j in np.flatnonzero(candidates.is_connected).tolist():
        reached = nx.single_source_dijkstra_path_length(graph, ("c-off", j))
        for i in range(len(demand.edge)):
            far_m[i, j] = reached.get(("d-off", i), np.inf)
    return far_m


def full(times: TravelTimes) -> NDArray[np.float64]:
    table = np.full(times.seconds.shape, np.inf)
    pairs_ = times.seconds.tocoo()
    table[pairs_.coords] = pairs_.data
    return table


points = st.lists(place, min_size=1, max_size=7)


@given(networks(), points, points, st.sampled_from([60.0, 200.0, 900.0]), st.sampled_from([0.0, 60.0, 400.0]))
def test_times_are_those_of_a_reference_with_every_point_as_a_node(
    network: Network, demand: Points, candidates: Points, cutoff_s: float, max_snap_m: float
) -> None:
    times = walk(network, demand, candidates, cutoff_s=cutoff_s, speed_m_s=1.25, max_snap_m=max_snap_m)
    expected = refer(network, times.demand_snap, times.candidate_snap) / 1.25
    found = full(times)
    stored = np.isfinite(found)
    assert (times.seconds.data <= cutoff_s).all()
    assert not (stored & (expected > cutoff_s + 0.001)).any()
    assert not (~stored & (expected < cutoff_s - 0.001)).any()
    assert found[stored] == pytest.approx(expected[stored], abs=0.00051)


@given(networks(), points, points)
def test_walking_there_takes_as_long_as_walking_back(network: Network, demand: Points, candidates: Points) -> None:
    there = full(walk(network, demand, candidates, cutoff_s=500.5))
    back = full(walk(network, candidates, demand, cutoff_s=500.5))
    apart = np.isfinite(there) != np.isfinite(back.T)
    assert (np.minimum(there, back.T)[apart] >= 500.499).all()
    both = np.isfinite(there) & np.isfinite(back.T)
    assert there[both] == pytest.approx(back.T[both], abs=0.0011)


@given(networks(), points)
def test_no_way_is_longer_than_a_way_with_a_stop(network: Network, stops: Points) -> None:
    table = full(walk(network, stops, stops, cutoff_s=10_000))
    through = (table[:, :, None] + table[None, :, :]).min(axis=1)
    reached = np.isfinite(through)
    assert (table[reached] <= through[reached] + 0.002).all()


@given(networks(), points, points, st.integers(0, 99))
def test_the_order_of_points_changes_nothing(network: Network, demand: Points, candidates: Points, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(demand)), rng.permutation(len(candidates))
    straight = full(walk(network, demand, candidates))
    turned = full(walk(network, np.array(demand)[rows], np.array(candidates)[columns]))
    assert turned.tobytes() == straight[np.ix_(rows, columns)].tobytes()


@given(networks(), points, points, st.floats(0, 400), st.floats(0, 400))
def test_a_longer_cutoff_keeps_every_pair_of_a_shorter_one(
    network: Network, demand: Points, candidates: Points, one_s: float, other_s: float
) -> None:
    short, long = (pairs(walk(network, demand, candidates, cutoff_s=value)) for value in sorted((one_s, other_s)))
    assert short.items() <= long.items()


# Milano.


@pytest.fixture(scope="module")
def cells_xy(milano_grid: Grid, milano_pieces: gpd.GeoDataFrame) -> NDArray[np.float64]:
    return label_cells(milano_grid, milano_pieces)[["x", "y"]].to_numpy()


@pytest.fixture(scope="module")
def sites_xy(cells_xy: NDArray[np.float64]) -> NDArray[np.float64]:
    rng = np.random.default_rng(7)
    return cells_xy[rng.choice(len(cells_xy), 332, replace=False)] + rng.uniform(-50, 50, (332, 2))


@pytest.fixture(scope="module")
def milano_times(milano_streets: Network, cells_xy: NDArray[np.float64], sites_xy: NDArray[np.float64]) -> TravelTimes:
    return walk(milano_streets, cells_xy, sites_xy, cutoff_s=2700.0, speed_m_s=1.25)


@pytest.mark.shared
def test_milano_is_walked_as_by_a_search_of_the_whole_network(milano_times: TravelTimes, milano_streets: Network) -> None:
    graph = nx.Graph()
    streets = zip(milano_streets.u.tolist(), milano_streets.v.tolist(), milano_streets.length_m.tolist(), strict=True)
    for u, v, length_m in streets:
        least_m = min(length_m, graph.get_edge_data(u, v, {"weight": length_m})["weight"])
        graph.add_edge(u, v, weight=least_m)
    demand, candidates = milano_times.demand_snap, milano_times.candidate_snap
    edge_m = milano_streets.length_m[demand.edge]
    for j in np.flatnonzero(candidates.is_connected)[::25].tolist():
        own, fraction = int(candidates.edge[j]), float(candidates.fraction[j])
        own_m = float(milano_streets.length_m[own])
        at_u, at_v = (
            nx.single_source_dijkstra_path_length(graph, int(ends[own])) for ends in (milano_streets.u, milano_streets.v)
        )
        nodes_m = np.array(
            [min(at_u[k] + fraction * own_m, at_v[k] + (1 - fraction) * own_m) for k in range(milano_streets.n_nodes)]
        )
        via_u = nodes_m[milano_streets.u[demand.edge]] + demand.fraction * edge_m
        via_v = nodes_m[milano_streets.v[demand.edge]] + (1 - demand.fraction) * edge_m
        along = np.where(demand.edge == own, abs(demand.fraction - fraction) * own_m, np.inf)
        far_m = np.minimum(np.minimum(via_u, via_v), along) + demand.distance_m + candidates.distance_m[j]
        far_s = np.where(demand.is_connected, far_m / 1.25, np.inf)
        column = milano_times.seconds[:, [j]].tocoo()
        assert np.sort(column.coords[0]).tolist() == np.flatnonzero(np.round(far_s, 3) <= 2700).tolist()
        assert column.data == pytest.approx(far_s[column.coords[0]], abs=0.00051)


@pytest.mark.shared
def test_tiles_and_the_order_of_sites_change_no_byte(
    monkeypatch: pytest.MonkeyPatch,
    milano_times: TravelTimes,
    milano_streets: Network,
    cells_xy: NDArray[np.float64],
    sites_xy: NDArray[np.float64],
) -> None:
    monkeypatch.setattr(geo.traveltimes, "_TILE_SOURCES", 5)
    again = walk(milano_streets, cells_xy, sites_xy, cutoff_s=2700.0, speed_m_s=1.25)
    for part in ("data", "indices", "indptr"):
        assert getattr(again.seconds, part).tobytes() == getattr(milano_times.seconds, part).tobytes()
    order = np.random.default_rng(1).permutation(len(sites_xy))
    turned = walk(milano_streets, cells_xy, sites_xy[order], cutoff_s=2700.0, speed_m_s=1.25)
    assert turned.seconds.toarray().tobytes() == milano_times.seconds.toarray()[:, order].tobytes()


@pytest.mark.shared
def test_walking_in_milano_is_symmetric(
    milano_times: TravelTimes,
    milano_streets: Network,
    cells_xy: NDArray[np.float64],
    sites_xy: NDArray[np.float64],
) -> None:
    some = np.arange(0, len(cells_xy), 60)
    back = full(walk(milano_streets, sites_xy, cells_xy[some], cutoff_s=2700.0, speed_m_s=1.25)).T
    there = full(milano_times)[some]
    apart = np.isfinite(there) != np.isfinite(back)
    assert (np.minimum(there, back)[apart] >= 2699.999).all()
    both = np.isfinite(there) & np.isfinite(back)
    assert both.sum() > 5000
    assert there[both] == pytest.approx(back[both], abs=0.0011)
