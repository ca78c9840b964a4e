from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.network import build_network, graph_seconds
from geo.search import build_access, measure_top_speed, order_in_space, search_tile
from geo.snap import snap_points

coordinate = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(coordinate, coordinate), max_size=40))
def test_the_order_in_space_names_every_point_once(points: list[tuple[float, float]]) -> None:
    order = order_in_space(np.array(points, dtype=float).reshape(-1, 2))
    assert sorted(order.tolist()) == list(range(len(points)))


def test_the_order_in_space_finishes_one_quadrant_before_the_next() -> None:
    points = np.array([(x, y) for x in range(8) for y in range(8)], dtype=float)
    ordered = points[order_in_space(points)]
    quadrants = (ordered >= 4).astype(int) @ [1, 2]
    assert quadrants.tolist() == sorted(quadrants.tolist())


def test_the_top_speed_is_above_the_walking_speed_where_lengths_are_shorter_than_chords() -> None:
    network = build_network([0, 100, 200], [0, 0, 0], [0, 1], [1, 2], [100, 50], crs=3035)
    assert measure_top_speed(network, graph_seconds(network, 1.25)) == 2.5


def test_only_the_surroundings_of_the_sources_are_searched_and_nothing_reachable_is_lost() -> None:
    n = 200
    xs = np.arange(n) * 100.0
    network = build_network(xs, np.zeros(n), range(n - 1), range(1, n), [100.0] * (n - 1), crs=3035)
    graph = graph_seconds(network, 1.0)
    points = np.column_stack([xs[:-1] + 50, np.full(n - 1, 5.0)])
    targets = build_access(network, snap_points(network, points), speed_m_s=1.0)
    sources = targets.take(np.array([100]))
    top_speed_m_s = measure_top_speed(network, graph)
    reached = search_tile(network, graph, sources, targets, cutoff_s=310.0, top_speed_m_s=top_speed_m_s)
    assert reached.target.tolist() == [97, 98, 99, 100, 101, 102, 103]
    assert reached.source.tolist() == [100] * 7
    assert reached.seconds.tolist() == [310, 210, 110, 10, 110, 210, 310]


def test_access_leaves_out_points_that_are_not_connected() -> None:
    network = build_network([0, 100], [0, 0], [0], [1], [200], crs=3035)
    access = build_access(network, snap_points(network, [[50, 500], [25, 30]], max_m=100), speed_m_s=2.0)
    assert access.point.tolist() == [1]
    assert access.seconds.tolist() == [[pytest.approx(25 + 15), pytest.approx(75 + 15)]]
    assert (access.edge_s.tolist(), access.off_network_s.tolist()) == ([100], [15])
