from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.discs import measure_disc_overlaps


def measure(x: float, y: float, *, radius_m: float, polygon: BaseGeometry) -> float:
    found = measure_disc_overlaps(np.array([[x, y]]), np.array([radius_m]), np.array([polygon], dtype=object))
    return float(found[0])


@pytest.mark.parametrize(
    ("x", "y", "radius_m", "share"),
    [
        (50, 50, 10, 1.0),
        (0, 50, 10, 0.5),
        (0, 0, 10, 0.25),
        (-10, 50, 10, 0.0),
        (-99, 50, 10, 0.0),
        (100, 100, 50, 0.25),
    ],
)
def test_a_disc_on_a_side_or_corner_shares_a_half_or_a_quarter(x: float, y: float, radius_m: float, share: float) -> None:
    shared_m2 = measure(x, y, radius_m=radius_m, polygon=box(0, 0, 100, 100))
    assert shared_m2 == pytest.approx(share * math.pi * radius_m**2, abs=1e-9)


def test_a_polygon_inside_the_disc_is_shared_whole() -> None:
    assert measure(3, 4, radius_m=500, polygon=box(0, 0, 100, 100)) == pytest.approx(10_000)


def test_a_segment_of_the_circle_has_its_known_area() -> None:
    # Half the radius beyond the chord: r² (π/3 − √3/4).
    assert measure(0, 0, radius_m=1, polygon=box(0.5, -9, 9, 9)) == pytest.approx(math.pi / 3 - math.sqrt(3) / 4)


def test_a_hole_is_taken_away_whichever_way_its_ring_runs() -> None:
    hole = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    shell = [(-9, -9), (9, -9), (9, 9), (-9, 9)]
    for ring in (hole, hole[::-1]):
        for outline in (shell, shell[::-1]):
            assert measure(0, 0, radius_m=2, polygon=Polygon(outline, [ring])) == pytest.approx(4 * math.pi - 4)


def test_parts_of_a_multipolygon_add_up() -> None:
    halves = MultiPolygon([box(-9, -9, -0.5, 9), box(0.5, -9, 9, 9)])
    assert measure(0, 0, radius_m=1, polygon=halves) == pytest.approx(2 * (math.pi / 3 - math.sqrt(3) / 4))


def test_repeated_vertices_and_a_vertex_at_the_centre_do_no_harm() -> None:
    spiked = Polygon([(0, 0), (0, 0), (10, 0), (10, 0), (10, 10), (0, 10), (0, 0)])
    assert measure(0, 0, radius_m=4, polygon=spiked) == pytest.approx(4 * math.pi)
    assert measure(1e-17, 1e-17, radius_m=4, polygon=spiked) == pytest.approx(4 * math.pi)


coordinate = st.floats(-200, 200, allow_nan=False).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8), coordinate, coordinate, st.floats(0.5, 300))
def test_the_exact_area_is_that_of_a_polygon_with_very_many_sides(
    points: list[tuple[float, float]], x: float, y: float, radius_m: float
) -> None:
    polygon = shapely.MultiPoint(points).buffer(7, quad_segs=2).union(Polygon(points).convex_hull.buffer(0))
    fine = Point(x, y).buffer(radius_m, quad_segs=2000)
    shared_m2 = measure(x, y, radius_m=radius_m, polygon=polygon)
    assert shared_m2 == pytest.approx(fine.intersection(polygon).area, abs=1e-5 * math.pi * radius_m**2)


@given(coordinate, coordinate, st.floats(0.5, 150))
def test_a_partition_of_the_plane_shares_the_whole_disc(x: float, y: float, radius_m: float) -> None:
    squares = [box(i, j, i + 100, j + 100) for i in range(-400, 400, 100) for j in range(-400, 400, 100)]
    n = len(squares)
    shared_m2 = measure_disc_overlaps(np.tile([x, y], (n, 1)), np.full(n, radius_m), np.array(squares, dtype=object))
    assert shared_m2.sum() == pytest.approx(math.pi * radius_m**2)
    assert shared_m2.min() > -1e-9 * radius_m**2
