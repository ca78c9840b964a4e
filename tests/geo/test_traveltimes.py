from __future__ import annotations

import itertools
from collections.abc import Sequence

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo.traveltimes as module
from data.errors import CountError, FaultsError, GeometryError, IdError
from data.pack import CityPack
from diffusa.city import read_people
from geo.network import Network, build_network, keep_main_component
from geo.traveltimes import TravelTimes, walking_times

CRS = "EPSG:3035"
Points = Sequence[tuple[float, float]]


def network(nodes: Points, edges: Sequence[tuple[int, int, float]]) -> Network:
    x, y = zip(*nodes, strict=True)
    u, v, length = zip(*edges, strict=True)
    return build_network(x, y, u, v, length, crs=CRS)


def walk(streets: Network, demand: Points, candidates: Points, **options: float) -> TravelTimes:
    asked = {"speed_m_s": 1.0, "cutoff_s": 10_000.0, "max_snap_m": 400.0, **options}
    return walking_times(
        streets,
        demand_ids=[f"d{i}" for i in range(len(demand))],
        demand_xy=np.array(demand, dtype=float).reshape(-1, 2),
        candidate_ids=[f"c{j}" for j in range(len(candidates))],
        candidate_xy=np.array(candidates, dtype=float).reshape(-1, 2),
        **asked,
    )


def stored(times: TravelTimes) -> dict[tuple[int, int], float]:
    entries = times.seconds.tocoo()
    return {(int(i), int(j)): float(value) for i, j, value in zip(entries.row, entries.col, entries.data, strict=True)}


LINE = network([(0, 0), (100, 0), (200, 0)], [(0, 1, 100), (1, 2, 100)])
RING = network([(0, 0), (100, 0), (100, 10), (0, 10)], [(0, 1, 300), (1, 2, 10), (2, 3, 100), (3, 0, 10)])


def test_both_ways_off_the_network_count() -> None:
    assert stored(walk(LINE, [(20, 30)], [(150, 40)])) == {(0, 0): 30 + 130 + 40}


def test_a_faster_walker_takes_less() -> None:
    assert stored(walk(LINE, [(0, 0)], [(200, 0)], speed_m_s=2.0)) == {(0, 0): 100.0}


def test_a_site_and_a_cell_at_the_same_place_are_a_stored_zero() -> None:
    times = walk(LINE, [(50, 0), (100, 0)], [(50, 0), (100, 0)])
    assert stored(times) == {(0, 0): 0.0, (0, 1): 50.0, (1, 0): 50.0, (1, 1): 0.0}
    assert times.seconds.nnz == 4


def test_on_one_edge_the_way_leads_along_it() -> None:
    assert stored(walk(LINE, [(10, 0)], [(90, 5)])) == {(0, 0): 85.0}


def test_on_one_edge_a_way_round_may_be_shorter() -> None:
    """The chord of 100 m is a street of 300 m; round the other side of the ring it is 5·3 + 10 + 100 + 10 + 5·3."""
    assert stored(walk(RING, [(5, 0)], [(95, 0)])) == {(0, 0): 150.0}


def test_of_parallel_streets_the_shorter_counts() -> None:
    twice = network([(0, 0), (100, 0), (200, 0)], [(0, 1, 140), (0, 1, 100), (1, 0, 120), (1, 2, 100)])
    assert stored(walk(twice, [(200, 0)], [(0, 0)])) == {(0, 0): 200.0}


def test_exactly_at_the_cutoff_is_kept_and_beyond_is_not() -> None:
    assert stored(walk(LINE, [(0, 0), (0, 0.002)], [(150, 0)], cutoff_s=150.0)) == {(0, 0): 150.0}


def test_a_time_that_should_equal_the_cutoff_does() -> None:
    tenths = network([(i * 0.1, 0) for i in range(31)], [(i, i + 1, 0.1) for i in range(30)])  # thirty times 0.1 is not 3.0
    assert stored(walk(tenths, [(0, 0)], [(3.0, 0)], cutoff_s=3.0)) == {(0, 0): 3.0}


def test_another_component_is_not_reachable() -> None:
    two = network([(0, 0), (100, 0), (0, 50), (100, 50)], [(0, 1, 100), (2, 3, 100)])
    assert stored(walk(two, [(10, 0), (10, 50)], [(60, 50)])) == {(1, 0): 50.0}


def test_a_point_too_far_from_any_street_has_no_entry_and_is_listed() -> None:
    times = walk(LINE, [(50, 401), (50, 400)], [(50, 0), (50, -500)])
    assert stored(times) == {(1, 0): 400.0}
    assert times.unconnected_demand_ids == ("d0",)
    assert times.unconnected_candidate_ids == ("c1",)


def test_the_snapping_limit_is_the_callers() -> None:
    assert stored(walk(LINE, [(50, 30)], [(50, 0)], max_snap_m=20.0)) == {}


def test_progress_ends_when_all_sites_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TILE_SOURCES", 2)
    seen: list[tuple[int, int]] = []
    walking_times(
        LINE,
        demand_ids=["d"],
        demand_xy=np.array([[0.0, 0.0]]),
        candidate_ids=["a", "b", "c"],
        candidate_xy=np.array([[0.0, 0.0], [100.0, 0.0], [150.0, 0.0]]),
        cutoff_s=900,
        progress=lambda done, whole: seen.append((done, whole)),
    )
    assert seen == [(2, 3), (3, 3)]


def test_no_points_give_an_empty_answer() -> None:
    assert walk(LINE, [], [(0, 0)]).seconds.shape == (0, 1)
    assert walk(LINE, [(0, 0)], []).seconds.shape == (1, 0)


def test_faults_of_a_request_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        walking_times(
            LINE,
            demand_ids=["a", "a"],
            demand_xy=np.zeros((2, 2)),
            candidate_ids=["b"],
            candidate_xy=np.zeros((2, 2)),
            cutoff_s=-1,
        )
    assert {type(fault) for fault in caught.value.faults} == {IdError, CountError}
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("options", [{"speed_m_s": 0.0}, {"cutoff_s": float("nan")}, {"max_snap_m": -1.0}])
def test_a_number_that_cannot_be_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(CountError):
        walk(LINE, [(0, 0)], [(0, 0)], **options)


def test_a_point_without_coordinates_is_refused() -> None:
    with pytest.raises(GeometryError):
        walk(LINE, [(float("nan"), 0)], [(0, 0)])


# A small town of random streets, and a reference that knows nothing of tiles, limits or sparse matrices: the points become
# nodes of their own, and networkx walks between all of them.


@st.composite
def towns(draw: st.DrawFn) -> tuple[Network, Points, Points]:
    n = draw(st.integers(3, 9))
    places = st.tuples(st.integers(0, 40), st.integers(0, 40))
    nodes = [(x * 10.0, y * 10.0) for x, y in draw(st.lists(places, min_size=n, max_size=n, unique=True))]
    ends = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] != pair[1])
    pairs = draw(st.lists(ends, min_size=2, max_size=14))
    detours = draw(st.lists(st.sampled_from([1.0, 1.0, 1.3, 2.5]), min_size=len(pairs), max_size=len(pairs)))
    edges = [
        (u, v, float(np.hypot(*np.subtract(nodes[u], nodes[v]))) * detour)
        for (u, v), detour in zip(pairs, detours, strict=True)
    ]
    points = st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), min_size=1, max_size=5)
    return network(nodes, edges), draw(points), draw(points)


def reference(streets: Network, times: TravelTimes, *, cutoff_s: float) -> dict[tuple[int, int], float]:
    """Return the same pairs by networkx, at one metre a second: every edge is split where a point meets it."""
    graph = nx.Graph()
    meets: dict[int, list[tuple[float, object]]] = {edge: [] for edge in range(len(streets.u))}
    for kind, snapped in (("d", times.demand_snap), ("c", times.candidate_snap)):
        for point in np.flatnonzero(snapped.is_connected):
            name = (kind, int(point))
            meets[int(snapped.edge[point])].append((float(snapped.fraction[point]), (*name, "foot")))
            graph.add_edge(name, (*name, "foot"), length=float(snapped.distance_m[point]))
    for edge, along in meets.items():
        chain = [(0.0, int(streets.u[edge])), *sorted(along, key=lambda item: item[0]), (1.0, int(streets.v[edge]))]
        for (start, a), (end, b) in itertools.pairwise(chain):
            length = (end - start) * float(streets.length_m[edge])
            if not graph.has_edge(a, b) or graph[a][b]["length"] > length:
                graph.add_edge(a, b, length=length)
    found = {}
    for i in range(len(times.demand_ids)):
        if ("d", i) not in graph:
            continue
        for target, length in nx.single_source_dijkstra_path_length(graph, ("d", i), weight="length").items():
            if isinstance(target, tuple) and len(target) == 2 and target[0] == "c" and length <= cutoff_s:
                found[i, target[1]] = length
    return found


@settings(max_examples=150, deadline=None)
@given(towns(), st.sampled_from([60.0, 300.0, 5_000.0]))
def test_networkx_agrees_on_every_pair(town: tuple[Network, Points, Points], cutoff_s: float) -> None:
    streets, demand, candidates = town
    times = walk(streets, demand, candidates, cutoff_s=cutoff_s, max_snap_m=120.0)
    ours, theirs = stored(times), reference(streets, times, cutoff_s=cutoff_s)
    on_the_edge = {
        pair for pair in ours.keys() ^ theirs.keys() if abs(ours.get(pair, theirs.get(pair, 0.0)) - cutoff_s) < 0.001
    }
    assert ours.keys() - on_the_edge == theirs.keys() - on_the_edge
    for pair in ours.keys() & theirs.keys():
        assert ours[pair] == pytest.approx(theirs[pair], abs=0.00051)


@settings(max_examples=40, deadline=None)
@given(towns())
def test_there_and_back_take_the_same_time(town: tuple[Network, Points, Points]) -> None:
    streets, demand, candidates = town
    there, back = walk(streets, demand, candidates), walk(streets, candidates, demand)
    assert stored(there) == {(i, j): value for (j, i), value in stored(back).items()}


@settings(max_examples=40, deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_order_of_points_changes_nothing(town: tuple[Network, Points, Points], random: np.random.Generator) -> None:
    streets, demand, candidates = town
    turn = list(range(len(candidates)))
    random.shuffle(turn)
    turned = stored(walk(streets, demand, [candidates[j] for j in turn]))
    assert {(i, turn[j]): value for (i, j), value in turned.items()} == stored(walk(streets, demand, candidates))


@settings(max_examples=40, deadline=None)
@given(towns(), st.floats(1, 300), st.floats(1, 300))
def test_a_longer_cutoff_keeps_every_shorter_way(town: tuple[Network, Points, Points], one: float, two: float) -> None:
    streets, demand, candidates = town
    short = stored(walk(streets, demand, candidates, cutoff_s=min(one, two)))
    long = stored(walk(streets, demand, candidates, cutoff_s=max(one, two)))
    assert short.items() <= long.items()


@settings(max_examples=40, deadline=None)
@given(towns())
def test_triangle_inequality_holds_between_sites(town: tuple[Network, Points, Points]) -> None:
    """A detour by a third site never pays; its own way off the street, counted twice, only makes it longer."""
    streets, places, _ = town
    seconds = stored(walk(streets, places, places))
    for (i, k), first in seconds.items():
        for (also_k, j), second in seconds.items():
            if also_k == k and (i, j) in seconds:
                assert seconds[i, j] <= first + second + 0.0011


@settings(max_examples=30, deadline=None)
@given(towns(), st.integers(1, 3))
def test_tiles_change_nothing(town: tuple[Network, Points, Points], size: int) -> None:
    streets, demand, candidates = town
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_TILE_SOURCES", size)
        tiled = stored(walk(streets, demand, candidates))
    assert tiled == stored(walk(streets, demand, candidates))


@pytest.mark.shared
def test_milano_walks_the_same_twice_and_agrees_with_networkx(milano_pack: CityPack) -> None:
    arrays, people = milano_pack.network(), read_people(milano_pack)
    streets, share = keep_main_component(build_network(arrays.x, arrays.y, arrays.u, arrays.v, arrays.length_m, crs=CRS))
    assert len(streets.x) == 24_753
    assert share.n_components == 1_320
    cells = people.cells[["x", "y"]].to_numpy()
    sites = cells[::1500] + 17.0
    times, again = walk(streets, cells, sites, cutoff_s=1800.0), walk(streets, cells, sites, cutoff_s=1800.0)
    assert times.seconds.data.tobytes() == again.seconds.data.tobytes()
    sample = cells[::60]
    ours = walk(streets, sample, sites, cutoff_s=1800.0)
    theirs = reference(streets, ours, cutoff_s=1800.0)
    assert len(theirs) > 50
    assert stored(ours).keys() == theirs.keys()
    assert max(abs(stored(ours)[pair] - theirs[pair]) for pair in theirs) < 0.00051
