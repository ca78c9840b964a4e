from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from data.errors import CountError, GeometryError
from geo.network import Network, build_network
from geo.snap import snap_points

EAST = 4_258_500.0
NORTH = 2_483_900.0


def corner() -> Network:
    """Return an edge of 100 m to the east and one of 100 m from there to the north."""
    return build_network([0, 100, 100], [0, 0, 100], [0, 2], [1, 1], [110, 250], crs=3035)


def test_a_point_meets_the_nearest_edge_at_its_foot() -> None:
    snapped = snap_points(corner(), [[25, 30], [60, 80], [-30, -40]])
    assert snapped.edge.tolist() == [0, 1, 0]
    assert snapped.fraction.tolist() == [0.25, pytest.approx(0.2), 0.0]
    assert snapped.distance_m.tolist() == [30, 40, 50]


def test_the_fraction_runs_from_u_to_v() -> None:
    assert snap_points(corner(), [[100, 90]]).fraction.tolist() == [pytest.approx(0.1)]


def test_a_point_exactly_at_the_limit_is_connected_and_one_beyond_is_not() -> None:
    network = build_network([EAST, EAST + 300], [NORTH, NORTH + 400], [0], [1], [500], crs=3035)
    foot = np.array([EAST + 150, NORTH + 200])
    away = np.array([0.8, -0.6])
    points = [foot + 400 * away, foot + 400.001 * away]
    assert snap_points(network, points).is_connected.tolist() == [True, False]
    assert snap_points(network, points, max_m=400.001).is_connected.tolist() == [True, True]


def test_of_equally_near_edges_the_shortest_counts_then_the_first() -> None:
    xs, ys = [0, 100], [0, 0]
    longest_first = build_network(xs, ys, [0, 1, 0, 1], [1, 0, 1, 0], [300, 120, 120, 500], crs=3035)
    assert snap_points(longest_first, [[50, 7]]).edge.tolist() == [1]


def test_edges_drawn_there_and_back_are_equally_near_to_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        (x0, y0), (x1, y1) = rng.uniform(0, 1000, (2, 2))
        points = rng.uniform(0, 1000, (40, 2))
        network = build_network([x0, x1], [y0, y1], [0, 1], [1, 0], [300, 120], crs=3035)
        assert (snap_points(network, points).edge == 1).all()


def test_an_edge_without_a_chord_is_met_at_its_start() -> None:
    loop = build_network([0, 100], [0, 0], [0, 1], [1, 1], [100, 80], crs=3035)
    snapped = snap_points(loop, [[130, 0]])
    assert (snapped.edge.tolist(), snapped.fraction.tolist(), snapped.distance_m.tolist()) == ([1], [0.0], [30.0])


def test_no_points_give_nothing() -> None:
    snapped = snap_points(corner(), np.empty((0, 2)))
    assert len(snapped.edge) == len(snapped.fraction) == len(snapped.distance_m) == len(snapped.is_connected) == 0


@pytest.mark.parametrize("xy", [[1.0, 2.0], [[1.0, 2.0, 3.0]]])
def test_points_of_another_shape_are_an_error(xy: list[object]) -> None:
    with pytest.raises(GeometryError, match=r"not \(n, 2\)"):
        snap_points(corner(), xy)


def test_points_without_coordinates_are_an_error_that_names_them() -> None:
    with pytest.raises(GeometryError, match="lack coordinates") as caught:
        snap_points(corner(), [[0, 0], [np.nan, 0], [0, np.inf]])
    assert caught.value.examples == ("1", "2")


@pytest.mark.parametrize("max_m", [-1.0, np.nan])
def test_a_limit_that_is_no_distance_is_an_error(max_m: float) -> None:
    with pytest.raises(CountError, match="limit"):
        snap_points(corner(), [[0, 0]], max_m=max_m)


coordinate = st.integers(-300, 300)


@given(
    st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6),
    st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6),
    st.data(),
)
def test_no_edge_is_nearer_than_the_one_met(
    nodes: list[tuple[int, int]], points: list[tuple[int, int]], data: st.DataObject
) -> None:
    node = st.integers(0, len(nodes) - 1)
    edges = data.draw(st.lists(st.tuples(node, node), min_size=1, max_size=8))
    xs, ys = zip(*nodes, strict=True)
    u, v = zip(*edges, strict=True)
    network = build_network(xs, ys, u, v, [50.0] * len(edges), crs=3035)
    snapped = snap_points(network, points)
    for i, point in enumerate(points):
        least_m = min(LineString([nodes[a], nodes[b]]).distance(Point(point)) for a, b in edges)
        assert snapped.distance_m[i] == pytest.approx(least_m, abs=1e-5)
        start, end = (np.array(nodes[edges[snapped.edge[i]][k]], dtype=float) for k in (0, 1))
        foot = start + snapped.fraction[i] * (end - start)
        assert np.hypot(*(foot - point)) == pytest.approx(least_m, abs=1e-5)
