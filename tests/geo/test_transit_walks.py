"""Walks to stops, between them, and all the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.errors import CountError, CrsError, FaultsError
from geo.network import Network, build_network
from geo.timetable import Timetable
from geo.transit_walks import TransitWalks, walk_to_stops
from tests.geo.test_transit_times import pairs
from tests.geo.transit_cities import build_timetable


def street() -> Network:
    """One street of a kilometre along the x axis, a node every 100 m."""
    return build_network(np.arange(11) * 100.0, np.zeros(11), range(10), range(1, 11), [100.0] * 10, crs=3035)


def stops(*places: tuple[float, float], station: list[int] | None = None) -> Timetable:
    x, y = np.array(places, dtype=float).T
    made = build_timetable(len(places), [(0, [(0, 1, 100, 200)])])
    return replace(made, x=x, y=y, station=np.array(station if station else range(len(places)), dtype=np.intp))


def walk(timetable: Timetable, **options: Any) -> TransitWalks:
    request: dict[str, Any] = {
        "demand_ids": ["a", "b"],
        "demand_xy": [[0, 0], [950, 50]],
        "candidate_ids": ["s"],
        "candidate_xy": [[500, 0]],
        "speed_m_s": 1.0,
        "cutoff_s": 500,
        "max_access_s": 300,
        "max_change_s": 200,
        "max_snap_m": 60,
    }
    return walk_to_stops(street(), timetable, **(request | options))


def test_each_walk_keeps_its_own_limit_and_both_ends_count() -> None:
    found = walk(stops((200, 0), (350, 20), (700, 0)))
    assert pairs(found.access) == {(0, 0): 200.0, (1, 2): 300.0}
    assert pairs(found.egress) == {(0, 0): 300.0, (0, 1): 170.0, (0, 2): 200.0}
    assert pairs(found.footpaths) == {(0, 0): 0.0, (0, 1): 170.0, (1, 0): 170.0, (1, 1): 40.0, (2, 2): 0.0}
    assert pairs(found.walking) == {(0, 0): 500.0, (1, 0): 500.0}
    assert found.unconnected_stop_ids == ()


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ({"max_access_s": 100}, "access"),
        ({"max_access_s": 100}, "egress"),
        ({"max_change_s": 100}, "footpaths"),
        ({"cutoff_s": 499}, "walking"),
        ({"speed_m_s": 2.0}, "access"),
        ({"max_snap_m": 10}, "access"),
    ],
    ids=str,
)
def test_every_option_changes_a_walk(option: dict[str, float], name: str) -> None:
    timetable = stops((200, 0), (350, 20), (700, 0))
    assert pairs(getattr(walk(timetable, **option), name)) != pairs(getattr(walk(timetable), name))


def test_stops_of_one_station_are_joined_whatever_the_streets_do() -> None:
    far, off = (900.0, 0.0), (200.0, 400.0)
    apart = walk(stops((200, 0), far, off))
    joined = walk(stops((200, 0), far, off, station=[0, 0, 0]))
    assert set(pairs(apart.footpaths)) == {(0, 0), (1, 1)}
    assert pairs(joined.footpaths)[0, 1] == 700.0
    assert pairs(joined.footpaths)[2, 0] == 400.0
    assert pairs(joined.footpaths)[2, 1] == pytest.approx(np.hypot(700, 400), abs=5e-4)
    assert joined.unconnected_stop_ids == ("city:2",)


def test_within_a_station_the_nearer_way_counts() -> None:
    found = walk(stops((0, 50), (100, 50), (900, 0), station=[0, 0, 2]))
    assert pairs(found.footpaths)[0, 1] == 100.0  # on the streets it is 200


def test_stops_and_streets_in_different_crs_and_bad_limits_are_told_at_once() -> None:
    timetable = replace(stops((0, 0), (100, 0)), crs="EPSG:32632")
    with pytest.raises(FaultsError, match=r"(?s)stops are in EPSG:32632, streets in EPSG:3035.*max_access_s.*max_change_s"):
        walk(timetable, max_access_s=-1, max_change_s=np.nan)
    with pytest.raises(CrsError, match="EPSG:32632"):
        walk(timetable)
    with pytest.raises(CountError, match="longest walk"):
        walk(stops((0, 0), (100, 0)), max_change_s=np.inf)


def test_progress_tells_of_the_four_searches() -> None:
    seen: list[tuple[int, int]] = []
    walk(stops((200, 0), (350, 20)), progress=lambda done, whole: seen.append((done, whole)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
