"""Iterative proportional fitting meets every margin, or says which it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import CountError
from layers.update_fit import Floats, fit_table


@st.composite
def consistent(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    """Return a start and the margins of another table with the same zeros, so that a fit exists."""
    shape = (draw(st.integers(1, 8)), draw(st.integers(1, 5)))
    cells = st.one_of(st.just(0.0), st.floats(0.1, 1000.0))
    start = np.array(draw(st.lists(cells, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))).reshape(shape)
    scale = np.array(draw(st.lists(st.floats(0.1, 10.0), min_size=start.size, max_size=start.size))).reshape(shape)
    aimed = start * scale
    return start, aimed.sum(axis=1), aimed.sum(axis=0)


@given(consistent())
def test_every_margin_is_met(case: tuple[Floats, Floats, Floats]) -> None:
    start, rows, columns = case
    fit = fit_table(start, rows=rows, columns=columns)
    np.testing.assert_allclose(fit.table.sum(axis=1), rows, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.table.sum(axis=0), columns, rtol=1e-9, atol=1e-12)
    assert fit.deviation <= 1e-9
    assert (fit.table >= 0).all()


@given(consistent())
def test_nobody_stays_nobody(case: tuple[Floats, Floats, Floats]) -> None:
    start, rows, columns = case
    assert (fit_table(start, rows=rows, columns=columns).table[start == 0] == 0).all()


@given(consistent(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_nothing(case: tuple[Floats, Floats, Floats], random: object) -> None:
    start, rows, columns = case
    generator = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    row, column = generator.permutation(len(rows)), generator.permutation(len(columns))
    plain = fit_table(start, rows=rows, columns=columns).table
    turned = fit_table(start[row][:, column], rows=rows[row], columns=columns[column]).table
    np.testing.assert_allclose(turned, plain[row][:, column], rtol=1e-6, atol=1e-9)


@given(consistent(), st.lists(st.floats(0.1, 10.0), min_size=8, max_size=8))
def test_scaling_rows_of_the_start_changes_nothing(case: tuple[Floats, Floats, Floats], scales: list[float]) -> None:
    start, rows, columns = case
    factors = np.array(scales[: len(rows)])[:, None]
    plain = fit_table(start, rows=rows, columns=columns).table
    np.testing.assert_allclose(fit_table(start * factors, rows=rows, columns=columns).table, plain, rtol=1e-6, atol=1e-9)


def test_a_table_solved_by_hand() -> None:
    fit = fit_table(np.array([[1.0, 1.0], [1.0, 1.0]]), rows=np.array([30.0, 10.0]), columns=np.array([20.0, 20.0]))
    np.testing.assert_allclose(fit.table, [[15.0, 15.0], [5.0, 5.0]])
    assert fit.n_iterations == 1


def test_odds_ratios_stay() -> None:
    fit = fit_table(np.array([[4.0, 1.0], [2.0, 3.0]]), rows=np.array([7.0, 5.0]), columns=np.array([6.0, 6.0]))
    (a, b), (c, d) = fit.table
    assert a * d / (b * c) == pytest.approx(4.0 * 3.0 / (1.0 * 2.0))


def test_margins_that_contradict_one_another_are_refused_with_both_sums() -> None:
    with pytest.raises(CountError, match=r"rows sum to 30\.000, columns to 31\.000"):
        fit_table(np.ones((2, 2)), rows=np.array([10.0, 20.0]), columns=np.array([15.0, 16.0]))


@pytest.mark.parametrize(
    ("start", "name"), [([[0.0, 0.0], [1.0, 1.0]], "row 1: 10"), ([[0.0, 1.0], [0.0, 1.0]], "column 1: 15")]
)
def test_somebody_where_nobody_was_is_refused(start: list[list[float]], name: str) -> None:
    with pytest.raises(CountError, match=name):
        fit_table(np.array(start), rows=np.array([10.0, 20.0]), columns=np.array([15.0, 15.0]))


def test_a_fit_that_zeros_forbid_does_not_converge_and_says_so() -> None:
    start = np.array([[1.0, 0.0], [1.0, 1.0]])  # the first row can only be in the first column, which is to be smaller
    rows, columns = np.array([20.0, 10.0]), np.array([10.0, 20.0])
    with pytest.raises(
        CountError, match=r"does not converge: after 200 iterations column 1 has 20\.000, 10\.000 are asked for"
    ):
        fit_table(start, rows=rows, columns=columns, max_iterations=200)
    with pytest.raises(CountError, match=r"after 500 iterations young has 20\.000"):
        fit_table(start, rows=rows, columns=columns, names=(["quarter 1", "quarter 2"], ["young", "the rest"]))


def test_a_fit_with_little_room_is_met_all_the_same() -> None:
    start = np.array([[736.0, 0.0], [0.25, 108.0]])  # scaling in turn comes nearer by a part in 6,000 at a time
    fit = fit_table(start, rows=np.array([736.0, 108.125]), columns=np.array([736.125, 108.0]))
    np.testing.assert_allclose(fit.table, [[736.0, 0.0], [0.125, 108.0]], rtol=1e-6)


def test_a_wider_tolerance_ends_sooner() -> None:
    start, rows, columns = np.array([[9.0, 1.0], [1.0, 2.0]]), np.array([5.0, 7.0]), np.array([8.0, 4.0])
    coarse = fit_table(start, rows=rows, columns=columns, tolerance=1e-2)
    assert coarse.n_iterations < fit_table(start, rows=rows, columns=columns).n_iterations
    assert coarse.deviation > 1e-9


def test_a_fit_with_little_room_between_the_columns_converges() -> None:
    start = np.array([[0.433946703, 7.20038181], [438.267428, 0.0], [0.0, 0.267124829]])
    rows = np.array([3.32544296, 3756.89930, 0.507564659])
    columns = np.array([rows.sum() - 3.76365975, 3.76365975])
    fit = fit_table(start, rows=rows, columns=columns)
    np.testing.assert_allclose(fit.table.sum(axis=0), columns, rtol=1e-9)
    np.testing.assert_allclose(fit.table.sum(axis=1), rows, rtol=1e-9)
