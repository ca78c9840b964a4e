from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.nested_areas import GRID_M, nest_areas

number = st.floats(-500, 500, allow_nan=False)


def test_the_outlines_stay_where_they_were() -> None:
    areas = np.array([shapely.box(0, 0, 10, 10), shapely.box(-5, -5, 20, 20)])
    nested = nest_areas(areas)
    assert shapely.equals(nested, areas).all()


def test_holes_stay_holes() -> None:
    hole = shapely.box(4, 4, 6, 6)
    small = shapely.box(0, 0, 10, 10) - hole
    large = shapely.box(-9, -9, 30, 30) - shapely.box(20, 20, 22, 22)
    nested = nest_areas(np.array([small, large]))
    assert shapely.equals(nested, [small, large]).all()


def test_what_sticks_out_of_the_larger_area_is_added_to_it() -> None:
    small, large = nest_areas(np.array([shapely.box(0, 0, 1, 1.25), shapely.box(0, 0, 3, 1)]))
    assert (small.area, large.area) == (1.25, 3.25)
    assert shapely.covers(large, small)


def test_equal_areas_stay_equal() -> None:
    disc = shapely.Point(4_258_500.1, 2_483_900.7).buffer(33.3)
    nested = nest_areas(np.array([disc, disc, disc]))
    assert nested[0].equals_exact(nested[1])
    assert nested[1].equals_exact(nested[2])
    assert abs(nested[0].area - disc.area) <= disc.length * GRID_M


def test_no_area_gives_none() -> None:
    assert len(nest_areas(np.empty(0, dtype=object))) == 0


@given(st.lists(st.tuples(number, number, st.floats(1, 200)), min_size=2, max_size=12), st.integers(2, 4))
def test_any_areas_nest_exactly_and_are_valid(discs: list[tuple[float, float, float]], n_areas: int) -> None:
    shapes = shapely.buffer([shapely.Point(4_258_500 + x, 2_483_900 + y) for x, y, _ in discs], [r for *_, r in discs])
    ends = np.linspace(1, len(shapes), n_areas).astype(int)
    areas = np.array([shapely.union_all(shapes[:end]) for end in ends], dtype=object)
    nested = nest_areas(areas)
    assert shapely.is_valid(nested).all()
    assert shapely.covers(nested[1:], nested[:-1]).all()
    assert (shapely.area(shapely.difference(nested[:-1], nested[1:])) == 0).all()
    assert (shapely.hausdorff_distance(nested, areas) < 5 * GRID_M).all()
