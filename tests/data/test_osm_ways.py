"""Which ways carry which mode: the meaning of the tags, one rule a test."""

from __future__ import annotations

import pytest

from data.errors import RecipeError
from data.osm_ways import Direction, read_way_rules

WALK, BICYCLE = read_way_rules("walk"), read_way_rules("bike")


def _tags(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


@pytest.mark.parametrize(
    ("text", "walk", "bicycle"),
    [
        ("highway=residential", True, True),
        ("highway=trunk", True, True),
        ("highway=motorway", False, False),
        ("highway=footway", True, False),
        ("highway=footway bicycle=designated", True, True),
        ("highway=footway access=yes", True, False),
        ("highway=steps", True, False),
        ("highway=steps bicycle=yes", True, False),
        ("highway=path", True, True),
        ("highway=trail", True, True),
        ("highway=pedestrian", True, False),
        ("highway=pedestrian bicycle=yes", True, True),
        ("highway=pedestrian area=yes", False, False),
        ("highway=cycleway", False, True),
        ("highway=cycleway foot=designated", True, True),
        ("highway=cycleway access=yes", False, True),
        ("highway=platform", False, False),
        ("highway=construction foot=yes bicycle=yes", False, False),
        ("highway=proposed", False, False),
        ("highway=trunk motorroad=yes", False, False),
        ("highway=trunk motorroad=yes bicycle=yes", False, True),
        ("railway=rail", False, False),
    ],
)
def test_the_kind_of_way_decides_who_may_use_it(text: str, *, walk: bool, bicycle: bool) -> None:
    assert (WALK.is_open(_tags(text)), BICYCLE.is_open(_tags(text))) == (walk, bicycle)


@pytest.mark.parametrize(
    ("text", "walk", "bicycle"),
    [
        ("access=no", False, False),
        ("access=private", False, False),
        ("access=private foot=yes", True, False),
        ("access=private bicycle=permissive", False, True),
        ("access=no vehicle=yes", False, True),
        ("vehicle=no", True, False),
        ("vehicle=no bicycle=yes", True, True),
        ("foot=no", False, True),
        ("foot=private", False, True),
        ("bicycle=no", True, False),
        ("foot=use_sidepath bicycle=use_sidepath", False, False),
        ("bicycle=dismount", True, False),
        ("access=destination", True, True),
        ("access=customers", True, True),
        ("foot=unknown access=no", False, False),
        ("access=unknown", True, True),
        ("motor_vehicle=no", True, True),
    ],
)
def test_the_most_specific_access_key_decides(text: str, *, walk: bool, bicycle: bool) -> None:
    tags = {"highway": "service"} | _tags(text)
    assert (WALK.is_open(tags), BICYCLE.is_open(tags)) == (walk, bicycle)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Direction.BOTH),
        ("oneway=yes", Direction.FORWARD),
        ("oneway=1", Direction.FORWARD),
        ("oneway=true", Direction.FORWARD),
        ("oneway=-1", Direction.BACKWARD),
        ("oneway=no", Direction.BOTH),
        ("oneway=reversible", Direction.BOTH),
        ("oneway=yes oneway:bicycle=no", Direction.BOTH),
        ("oneway:bicycle=yes", Direction.FORWARD),
        ("oneway=yes oneway:bicycle=-1", Direction.BACKWARD),
        ("oneway=yes oneway:bicycle=unknown", Direction.FORWARD),
        ("oneway=yes cycleway=opposite", Direction.BOTH),
        ("oneway=yes cycleway=opposite_lane", Direction.BOTH),
        ("oneway=yes cycleway:left=opposite_track", Direction.BOTH),
        ("oneway=yes cycleway:right:oneway=-1", Direction.BOTH),
        ("oneway=yes cycleway=lane", Direction.FORWARD),
        ("oneway=yes cycleway=opposite oneway:bicycle=yes", Direction.FORWARD),
        ("junction=roundabout", Direction.FORWARD),
        ("junction=circular", Direction.FORWARD),
        ("junction=roundabout oneway=no", Direction.BOTH),
        ("junction=roundabout oneway=-1", Direction.BACKWARD),
    ],
)
def test_bicycles_follow_the_direction_that_is_tagged_for_them(text: str, expected: Direction) -> None:
    tags = {"highway": "residential"} | _tags(text)
    assert BICYCLE.find_direction(tags) is expected
    assert WALK.find_direction(tags) is Direction.BOTH


def test_values_that_say_nothing_clear_are_named() -> None:
    tags = _tags("highway=service access=service oneway=reversible")
    assert WALK.find_unclear(tags) == ["access=service"]
    assert BICYCLE.find_unclear(tags) == ["access=service", "oneway=reversible"]


def test_slow_walk_uses_the_ways_of_walk() -> None:
    slow = read_way_rules("slow_walk")
    assert slow.mode == "slow_walk"
    assert (slow.open, slow.if_tagged, slow.keys) == (WALK.open, WALK.if_tagged, WALK.keys)


def test_an_unknown_mode_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(RecipeError, match=r"'bikke'.*Did you mean 'bike'"):
        read_way_rules("bikke")
