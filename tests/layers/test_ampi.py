"""The index: hand-counted values, shrinkage that knows what chance does, and a risk that never falls as a factor rises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.errors import CountError, FaultsError
from data.risk_file import read_risk
from layers.ampi import HIGHEST, LOWEST, ampi, normalise_share, score_factors, shrink_shares

FACTORS = read_risk("istat2011").factors
ONE = np.zeros(4, dtype=np.intp)
scores_of_five = arrays(np.float64, 5, elements=st.floats(LOWEST, HIGHEST))
weights_of_five = arrays(np.float64, 5, elements=st.floats(0.01, 10))


def test_the_index_by_hand() -> None:
    # scores 80, 100, 120: mean 100, variance 800/3, so 100 + (800/3)/100
    assert ampi(np.array([80.0, 100.0, 120.0]), np.ones(3)) == pytest.approx(100 + 8 / 3)


def test_even_factors_have_no_penalty() -> None:
    assert ampi(np.full(5, 111.0), np.ones(5)) == pytest.approx(111.0)


def test_weights_change_the_index() -> None:
    scores = np.array([80.0, 120.0])
    assert ampi(scores, np.array([1.0, 3.0])) > ampi(scores, np.array([1.0, 1.0]))


def test_weights_per_draw_give_a_row_each() -> None:
    scores = np.array([[80.0, 120.0], [100.0, 100.0], [70.0, 130.0]])
    weights = np.array([[1.0, 1.0], [1.0, 3.0]])
    both = ampi(scores, weights)
    np.testing.assert_allclose(both, [ampi(scores, row) for row in weights])


@given(scores_of_five, weights_of_five, st.integers(0, 4), st.floats(0, HIGHEST - LOWEST))
def test_a_higher_factor_never_lowers_the_index(scores: np.ndarray, weights: np.ndarray, column: int, more: float) -> None:
    higher = scores.copy()
    higher[column] = min(HIGHEST, higher[column] + more)
    assert ampi(higher, weights) >= ampi(scores, weights) - 1e-9


@given(scores_of_five, st.permutations(range(5)))
def test_the_order_of_the_factors_changes_nothing(scores: np.ndarray, order: list[int]) -> None:
    assert ampi(scores[order], np.ones(5)) == pytest.approx(ampi(scores, np.ones(5)))


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_share_never_lowers_the_score_and_direction_turns_it(one: float, other: float) -> None:
    share = np.array(sorted([one, other]))
    raised = normalise_share(share, low=0.2, high=0.7, direction=1)
    lowered = normalise_share(share, low=0.2, high=0.7, direction=-1)
    assert raised[0] <= raised[1]
    np.testing.assert_allclose(raised + lowered, 200.0)
    assert (raised >= LOWEST).all()
    assert (raised <= HIGHEST).all()


def test_goalposts_change_the_score() -> None:
    share = np.array([0.3])
    wide, narrow = (normalise_share(share, low=0.0, high=high, direction=1)[0] for high in (1.0, 0.5))
    assert wide == pytest.approx(88.0)
    assert narrow == pytest.approx(106.0)


def test_small_sections_are_drawn_further_than_large_ones() -> None:
    numerator, denominator = np.array([9.0, 900.0, 100.0, 1.0]), np.array([10.0, 1000.0, 1000.0, 10.0])
    shrunk = shrink_shares(numerator, denominator, ONE)
    assert 0.5 < shrunk[0] < shrunk[1] < 0.9
    assert 0.1 < shrunk[2] < shrunk[3] < 0.5


def test_shares_that_differ_by_chance_alone_become_one() -> None:
    numerator, denominator = np.array([5.0, 5.0, 6.0, 4.0]), np.full(4, 10.0)
    np.testing.assert_allclose(shrink_shares(numerator, denominator, ONE), 0.5)


def test_a_section_without_anybody_has_the_share_of_its_quarter() -> None:
    group = np.array([0, 0, 1, 1], dtype=np.intp)
    shrunk = shrink_shares(np.array([800.0, 0.0, 100.0, 100.0]), np.array([1000.0, 0.0, 1000.0, 1000.0]), group)
    assert shrunk[1] == pytest.approx(shrunk[0], abs=0.02)


def test_a_quarter_without_anybody_has_the_share_of_all() -> None:
    group = np.array([0, 0, 1, 2], dtype=np.intp)
    shrunk = shrink_shares(np.array([800.0, 700.0, 100.0, 0.0]), np.array([1000.0, 1000.0, 1000.0, 0.0]), group)
    assert shrunk[3] == pytest.approx(1600 / 3000)


def test_an_extra_section_of_nobody_changes_no_other() -> None:
    numerator, denominator = np.array([9.0, 90.0, 10.0, 1.0]), np.array([10.0, 100.0, 100.0, 10.0])
    more = shrink_shares(np.append(numerator, 0.0), np.append(denominator, 0.0), np.zeros(5, dtype=np.intp))
    np.testing.assert_array_equal(more[:4], shrink_shares(numerator, denominator, ONE))


def _counts() -> tuple[np.ndarray, np.ndarray]:
    numerator = np.array([[100.0, 10.0], [500.0, 200.0], [300.0, 50.0], [700.0, 100.0]])
    return numerator, np.full((4, 2), 1000.0)


def test_every_factor_stands_in_its_column() -> None:
    numerator, denominator = _counts()
    scores = score_factors(numerator, denominator, ONE, FACTORS[:2])
    assert np.argmax(scores[:, 0]) == 3
    assert np.argmax(scores[:, 1]) == 1


def test_factors_that_say_nothing_are_named_at_once() -> None:
    numerator, denominator = np.full((4, 3), 500.0), np.full((4, 3), 1000.0)
    numerator[:, 1], denominator[:, 1] = 0.0, 0.0
    numerator[0, 2] = 1001.0
    with pytest.raises(FaultsError) as caught:
        score_factors(numerator, denominator, ONE, FACTORS[:3])
    assert "risk factor low_education: is the same everywhere: share 0.5" in str(caught.value)
    assert "risk factor unemployment: nobody is in the denominator" in str(caught.value)
    assert "risk factor other_inactivity: shares above 1 in 1 sections" in str(caught.value)


def test_a_factor_beyond_its_goalposts_everywhere_is_constant() -> None:
    numerator, denominator = _counts()
    far = replace(FACTORS[0], low=0.9, high=1.0)
    with pytest.raises(CountError, match="low_education: is the same everywhere"):
        score_factors(numerator[:, :1], denominator[:, :1], ONE, [far])
