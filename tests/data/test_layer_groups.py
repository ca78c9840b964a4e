"""Which points count for a group and for how much, and what a quarter has in all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.errors import CountError, FaultsError, PackError
from data.groups import FromFacts, FromPoints, Group
from data.layer_groups import count_by_quarter, weigh_points

POINTS = pd.DataFrame(
    {
        "layer": ["a", "a", "a", "b"],
        "kind": pd.Series(["bar", "pub", "bar", "bar"], dtype="str"),
        "seats": [10.0, np.nan, 5.0, 99.0],
        "nil": pd.Series([1, 1, 2, 2], dtype="Int64"),
    }
)
FACTS = pd.DataFrame({"nil": [1, 2], "licences": [4.0, 0.0]})
LAYERS = {"points": POINTS, "quarter_facts": FACTS}
FROM_POINTS = FromPoints(points="a", where={"kind": ("bar",)})
BARS = Group(key="bars", origin=FROM_POINTS, label_it="bar", label_en="bars", year=2016, source="x")
LICENCES = replace(BARS, key="licences", origin=FromFacts(facts="counts", column="licences", like=("bars",)))


def test_points_of_the_layer_that_match_count_one() -> None:
    assert weigh_points(BARS, FROM_POINTS, POINTS).tolist() == [1, 0, 1, 0]
    assert weigh_points(BARS, FromPoints(points="a"), POINTS).tolist() == [1, 1, 1, 0]


def test_points_may_count_for_a_number() -> None:
    assert weigh_points(BARS, replace(FROM_POINTS, sum="seats"), POINTS).tolist() == [10, 0, 5, 0]


def test_a_point_without_its_number_is_refused() -> None:
    with pytest.raises(CountError, match=r"group bars, points of a: points have no number in 'seats' \(1\)"):
        weigh_points(BARS, FromPoints(points="a", sum="seats"), POINTS)


def test_conditions_that_no_point_meets_are_refused() -> None:
    with pytest.raises(CountError, match=r"no point meets the conditions \(1: kind = barr\)"):
        weigh_points(BARS, FromPoints(points="a", where={"kind": ("barr",)}), POINTS)


def test_quarters_sum_their_points_and_have_their_facts() -> None:
    assert count_by_quarter(BARS, LAYERS).to_dict() == {1: 1.0, 2: 1.0}
    assert count_by_quarter(LICENCES, LAYERS).to_dict() == {1: 4.0, 2: 0.0}


def test_facts_that_are_no_counts_are_refused() -> None:
    wrong = pd.DataFrame({"nil": [1, 2], "licences": [np.nan, -1.0]})
    with pytest.raises(FaultsError, match=r"quarters have no number \(1: 1\)[\s\S]*negative numbers \(1: 2\)") as caught:
        count_by_quarter(LICENCES, {"quarter_facts": wrong})
    assert {type(fault) for fault in caught.value.faults} == {CountError}


@pytest.mark.parametrize("group", [BARS, LICENCES, replace(BARS, origin=None, plus=("P1",))], ids=["points", "facts", "census"])
def test_a_layer_that_is_not_there_is_named(group: Group) -> None:
    with pytest.raises(PackError, match=f"the group '{group.key}' needs the layer '(points|quarter_facts|census)'"):
        count_by_quarter(group, {})
