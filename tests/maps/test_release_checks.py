"""The differencing check: planted leaks of each class are found, bounds are exact, and what is protected is not refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from maps.release.attack import find_bounds
from maps.release.differences import subtract_inside, subtract_pairs
from maps.release.figures import PUBLIC, Figures, Label
from maps.release.rules import Rules, known_bounds, rate_class, round_count

RULES = Rules(10)


def figures(*rows: tuple[str, str, list[int], float, float], n: int, origin: str = "this release") -> Figures:
    parts = np.zeros((len(rows), n))
    for number, (_, _, atoms, _, _) in enumerate(rows):
        parts[number, atoms] = 1.0
    return Figures(
        labels=tuple(Label(family, key, origin) for family, key, _, _, _ in rows),
        parts=sparse.csr_array(parts),
        low=np.array([row[3] for row in rows]),
        high=np.array([row[4] for row in rows]),
    )


def targets(*rows: list[int], n: int) -> sparse.csr_array:
    matrix = np.zeros((len(rows), n))
    for number, atoms in enumerate(rows):
        matrix[number, atoms] = 1.0
    return sparse.csr_array(matrix)


# A quarter of 100 people: two squares of 60 and 36 in it leave 4 on its border.
PEOPLE = np.array([60.0, 36.0, 4.0])
LIVED = np.ones(3, dtype=bool)


def test_a_region_minus_all_squares_inside_it_is_found() -> None:
    known = figures(("quarter", "1", [0, 1, 2], 100, 100), ("square", "a", [0], 60, 60), ("square", "b", [1], 36, 36), n=3)
    n, leaks = subtract_inside(known, PEOPLE, RULES, lived=LIVED)
    assert n == 1
    assert [(leak.check, str(leak.whole), len(leak.parts)) for leak in leaks] == [("a", "quarter 1", 2)]
    assert (leaks[0].low, leaks[0].high) == (4, 4)
    assert "quarter 1 minus square a and 1 more" in str(leaks[0])
    assert not subtract_pairs(known, PEOPLE, RULES, lived=LIVED)[1]  # 40 and 64 are left of the pairs


def test_rounding_that_leaves_the_remainder_open_is_enough() -> None:
    known = figures(
        ("quarter", "1", [0, 1, 2], 100, 100), ("square", "a", [0], 57.5, 62.5), ("square", "b", [1], 32.5, 37.5), n=3
    )
    assert not subtract_inside(known, PEOPLE, RULES, lived=LIVED)[1]
    assert subtract_inside(known, PEOPLE, Rules(20), lived=LIVED)[1]  # ten people of width are too few then


def test_a_pair_whose_difference_is_small_is_found() -> None:
    people = np.array([50.0, 3.0])
    known = figures(("reached best, quarter", "1", [0, 1], 53, 53), ("reached before, quarter", "1", [0], 50, 50), n=2)
    n, leaks = subtract_pairs(known, people, RULES, lived=np.ones(2, dtype=bool))
    assert n == 1
    assert [(leak.check, str(leak.parts[0])) for leak in leaks] == [("b", "reached before, quarter 1")]


def test_a_pair_is_found_through_an_earlier_release() -> None:
    people = np.array([50.0, 3.0])
    now = figures(("reached best, quarter", "1", [0, 1], 53, 53), n=2)
    before = figures(("reached best, quarter", "1", [0], 50, 50), n=2, origin="spring.zip")
    lived = np.ones(2, dtype=bool)
    assert not subtract_pairs(now, people, RULES, lived=lived)[1]
    (leak,) = subtract_pairs(now.joined(before), people, RULES, lived=lived)[1]
    assert "spring.zip" in str(leak)


def test_parts_where_nobody_lives_do_not_hide_that_one_region_lies_in_another() -> None:
    people = np.array([50.0, 3.0, 0.0])
    known = figures(("quarter", "1", [0, 1], 53, 53), ("square", "a", [0, 2], 50, 50), n=3)
    assert subtract_pairs(known, people, RULES, lived=people > 0)[1]
    assert not subtract_pairs(known, people, RULES, lived=np.ones(3, dtype=bool))[1]


def test_a_public_total_that_is_small_itself_is_no_leak_of_the_release() -> None:
    people = np.array([3.0, 2.0])
    public = figures(("total of quarter", "1", [0, 1], 5, 5), n=2, origin=PUBLIC)
    hidden = figures(("hidden square", "a", [0], 0, 20), n=2)
    assert not subtract_pairs(public.joined(hidden), people, RULES, lived=np.ones(2, dtype=bool))[1]
    shown = figures(("square", "a", [0], 3, 3), n=2)
    assert subtract_pairs(public.joined(shown), people, RULES, lived=np.ones(2, dtype=bool))[1]


def test_what_no_pair_tells_is_found_by_the_linear_programme() -> None:
    # x + y, y + z and x + z: none lies in another, and each is computed from the three.
    people = np.array([4.0, 30.0, 50.0])
    known = figures(("f", "1", [0, 1], 34, 34), ("g", "2", [1, 2], 80, 80), ("h", "3", [0, 2], 54, 54), n=3)
    lived = np.ones(3, dtype=bool)
    assert not subtract_inside(known, people, RULES, lived=lived)[1]
    assert not subtract_pairs(known, people, RULES, lived=lived)[1]
    bounds = find_bounds(known, targets([0], n=3), np.array([10.0]), people=people)
    assert bounds.too_tight(np.array([10.0])).tolist() == [0]
    assert (bounds.low[0], bounds.high[0]) == pytest.approx((4.0, 4.0), abs=1e-6)


def test_a_cell_that_is_alike_with_others_of_its_square_is_protected_without_a_programme() -> None:
    people = np.array([4.0, 8.0])
    known = figures(("square", "a", [0, 1], 10, 12.5), n=2)
    bounds = find_bounds(known, targets([0], [1], n=2), np.full(2, 10.0), people=people)
    assert not len(bounds.too_tight(np.full(2, 10.0)))
    assert bounds.n_programmes == 0


def test_nothing_hidden_needs_no_programme() -> None:
    known = figures(("square", "a", [0], 50, 50), n=1)
    assert find_bounds(known, targets(n=1), np.zeros(0), people=np.array([50.0])).n_programmes == 0


@st.composite
def cities(draw: st.DrawFn) -> tuple[Figures, sparse.csr_array, np.ndarray]:
    """Draw a city of some parts, figures of some of them in rounded or exact form, and hidden parts."""
    n = draw(st.integers(2, 7))
    people = np.array(draw(st.lists(st.integers(1, 40), min_size=n, max_size=n)), dtype=float)
    members = st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True)
    rows = [("f", str(number), atoms) for number, atoms in enumerate(draw(st.lists(members, min_size=1, max_size=5)))]
    slack = draw(st.sampled_from([0.0, 2.5, 5.0]))
    counted = [(family, key, atoms, people[atoms].sum() - slack, people[atoms].sum() + slack) for family, key, atoms in rows]
    whole = ("all", "", list(range(n)), people.sum(), people.sum())
    asked = draw(st.lists(members, min_size=1, max_size=4))
    return figures(*counted, whole, n=n), targets(*asked, n=n), people


@given(cities())
def test_bounds_are_those_of_another_solver(case: tuple[Figures, sparse.csr_array, np.ndarray]) -> None:
    known, asked, people = case
    width = np.full(asked.shape[0], 10.0)
    bounds = find_bounds(known, asked, width, people=people)
    matrix = known.parts.toarray()
    tight = set(bounds.too_tight(width).tolist())
    for row, cost in enumerate(asked.toarray()):
        above, below = np.vstack([matrix, -matrix]), np.concatenate([known.high, -known.low])
        low, high = (sign * linprog(sign * cost, A_ub=above, b_ub=below, bounds=(0, None)).fun for sign in (1, -1))
        assert (row in tight) == (high - low < 10 - 2e-3)
        if row in tight:
            assert (bounds.low[row], bounds.high[row]) == pytest.approx((low, high), abs=1e-5)
        assert bounds.low[row] >= low - 1e-5
        assert bounds.high[row] <= high + 1e-5


@given(st.lists(st.floats(0, 500), min_size=1, max_size=20), st.integers(3, 40))
def test_the_true_count_lies_in_what_is_known_of_a_rounded_one(counts: list[float], min_count: int) -> None:
    rules, people = Rules(min_count), np.array(counts)
    shown = people[(people == 0) | (people >= min_count)]
    low, high = known_bounds(np.maximum(round_count(shown, rules.step), 0), rules.step, least=min_count)
    assert (low <= shown + 1e-9).all()
    assert (shown <= high + 1e-9).all()
    low, high = known_bounds(round_count(people, rules.city_step), rules.city_step)
    assert (low <= people + 1e-9).all()
    assert (people <= high + 1e-9).all()
    assert (high - low >= min_count).all()  # figures of the city are never hidden, so each leaves that much


def test_a_rate_is_its_class() -> None:
    assert rate_class(np.array([0.0, 0.0999, 0.1, 1.0])).tolist() == pytest.approx([0.0125, 0.0875, 0.125, 0.75])
