"""Totals split into blocks; what contradicts is named on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import CountError, FaultsError, IdError, PlannerError
from data.risk_file import read_risk
from layers.risk_totals import Blocks, RiskTotal, split_totals

KEY = "inactive_not_student_2011"
QUARTERS = np.array([1, 2, 5, 9])
BASE = np.array([100.0, 200.0, 300.0, 0.0])


def total(name: str, *, definition: str = KEY, **values: object) -> RiskTotal:
    return RiskTotal(name=name, definition=definition, **values)  # type: ignore[arg-type]


def split(*totals: RiskTotal) -> Blocks:
    return split_totals(totals, definition=read_risk("istat2011").definition(KEY), quarters=QUARTERS, base=BASE)


CITY = total("city", rate=0.1)


def test_a_rate_of_the_city_is_one_block() -> None:
    blocks = split(CITY)
    assert blocks.quarter.tolist() == [0, 0, 0, 0]
    assert blocks.target.tolist() == pytest.approx([60.0])


def test_the_rest_of_the_city_is_what_quarters_leave() -> None:
    blocks = split(CITY, total("one", count=20.0, quarters=(1,)))
    assert blocks.quarter.tolist() == [0, 1, 1, 1]
    assert blocks.target.tolist() == pytest.approx([20.0, 40.0])


def test_totals_lie_within_one_another_whatever_their_order() -> None:
    totals = [CITY, total("two", count=50.0, quarters=(1, 2)), total("one", count=20.0, quarters=(1,))]
    for given in (totals, totals[::-1]):
        blocks = split(*given)
        assert blocks.quarter.tolist()[:3] == [0, 1, 2]
        assert blocks.target.tolist() == pytest.approx([20.0, 30.0, 10.0])


def test_quarters_that_no_total_speaks_of_are_in_no_block() -> None:
    assert split(total("one", count=20.0, quarters=(1,))).quarter.tolist() == [0, -1, -1, -1]


def test_the_same_total_twice_counts_once() -> None:
    assert split(CITY, total("again", count=60.0)).target.tolist() == pytest.approx([60.0])


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        ([CITY, total("one", count=70.0, quarters=(1,))], r"'city' is 60.0 people, 'one' within it 70.0"),
        ([CITY, total("other", count=61.0)], r"'city' and 'other' are of the same quarters: 60.0 and 61.0"),
        (
            [total("all", count=500.0), total("three", count=10.0, quarters=(5,))],
            r"'all' is 500.0 people, 'three' within it 10.0; the 490.0 left are more than the 300.0",
        ),
        (
            [CITY, *(total(f"q{nil}", rate=0.2, quarters=(nil,)) for nil in (1, 2, 5))],
            r"'city' is 60.0 people, .*'q1' \+ 'q2' \+ 'q5' within it 120.0",
        ),
        (
            [total("west", rate=0.1, quarters=(1, 2)), total("east", rate=0.1, quarters=(2, 5))],
            r"lie across one another: 'west' and 'east'",
        ),
    ],
)
def test_totals_that_contradict_one_another_are_both_named(totals: list[RiskTotal], said: str) -> None:
    with pytest.raises(CountError, match=said):
        split(*totals)


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        (total("x", rate=8.1), CountError, r"total 'x': the rate is 8.1.* Is it in percent\? Then give 0.081"),
        (total("x", rate=-0.1), CountError, r"outside of 0 to 1"),
        (total("x", rate=float("nan")), CountError, r"outside of 0 to 1"),
        (total("x", count=-1.0), CountError, r"the count is -1"),
        (total("x", count=601.0), CountError, r"601.0 at risk among 600.0 people"),
        (total("x"), CountError, r"needs a rate or a count"),
        (total("x", rate=0.1, count=60.0), CountError, r"needs a rate or a count"),
        (total("x", rate=0.1, quarters=(9,)), CountError, r"nobody lives there"),
        (total("x", rate=0.1, definition="neet_eurostat"), CountError, r"counts by 'neet_eurostat', while 'inactive"),
        (total("x", rate=0.1, quarters=(1, 7)), IdError, r"quarters that the city has not \(1: 7\)"),
        (total("x", rate=0.1, quarters=(1, 1)), IdError, r"names quarters twice \(1: 1\)"),
        (total("x", rate=0.1, quarters=()), IdError, r"names no quarter"),
    ],
)
def test_a_total_that_cannot_be_is_refused(wrong: RiskTotal, kind: type[PlannerError], said: str) -> None:
    with pytest.raises(kind, match=said):
        split(wrong)


def test_faults_of_all_totals_are_raised_at_once() -> None:
    with pytest.raises(FaultsError, match="2 faults"):
        split(total("x", rate=8.1), total("y", count=-1.0))
