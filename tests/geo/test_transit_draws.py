"""Draws of a timetable: their samples are pooled, whoever divides the work."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import CountError, FeedError
from geo.snap import Snapped
from geo.timetable import Timetable
from geo.transit_draws import drawn_transit_times
from geo.transit_times import TransitTimes, transit_times
from geo.transit_walks import TransitWalks
from tests.geo.test_transit_times import every_rank, list_samples, pairs
from tests.geo.transit_cities import START_S, City, build_random_city, build_timetable

STEP_S, N_STEPS, CUTOFF_S = 240, 2, 1500
DIRECTIONS = ("towards", "away")
NOWHERE = Snapped(np.empty(0, dtype=np.intp), np.empty(0), np.empty(0), np.empty(0, dtype=np.bool_))


def shifted(timetable: Timetable, seconds: int) -> Timetable:
    """Every vehicle later: another draw of the same lines."""
    return replace(
        timetable,
        departure_s=(timetable.departure_s + seconds).astype(np.int32),
        arrival_s=(timetable.arrival_s + seconds).astype(np.int32),
    )


def walks_of(city: City) -> TransitWalks:
    walks = {name: matrix for name, matrix in city.ask().items() if name != "timetable"}
    return TransitWalks(**walks, demand_snap=NOWHERE, candidate_snap=NOWHERE, stop_snap=NOWHERE, unconnected_stop_ids=())


def ask(city: City, timetables: list[Timetable], **options: Any) -> TransitTimes:
    n = len(timetables) * N_STEPS
    request: dict[str, Any] = {
        "start_s": START_S,
        "end_s": START_S + N_STEPS * STEP_S,
        "step_s": STEP_S,
        "cutoff_s": CUTOFF_S,
        "percentiles": every_rank(n),
    }
    return drawn_transit_times(timetables, walks=walks_of(city), **(request | options))


random_cities = st.builds(build_random_city, st.integers(0, 2**32 - 1), n_stops=st.integers(5, 10), n_lines=st.integers(2, 5))


@given(random_cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=25)
def test_all_samples_are_those_of_the_slow_search_over_each_draw(city: City, direction: Any) -> None:
    timetables = [shifted(city.timetable, seconds) for seconds in (0, 40, -75)]
    expected: dict[tuple[int, int], list[float]] = {}
    for draw, timetable in enumerate(timetables):
        slow = replace(city, timetable=timetable).slow(min_change_s=60)
        for k in range(N_STEPS):
            leave_s = START_S + k * STEP_S + draw * STEP_S // 3
            for i in range(city.n_demand):
                for j in range(city.n_candidates):
                    ms = slow.travel_ms(city.trip(i, j, direction=direction), leave_s=leave_s, cutoff_s=CUTOFF_S)
                    if ms is not None:
                        expected.setdefault((i, j), []).append(ms / 1000)
    found = ask(city, timetables, direction=direction, with_modes=True)
    assert found.n_departures == 3 * N_STEPS
    assert list_samples(found) == {pair: sorted(values) for pair, values in expected.items()}
    assert found.samples_by_mode is not None
    counted: Counter[tuple[int, int]] = Counter()
    for counts in found.samples_by_mode.values():
        counted.update({pair: int(n) for pair, n in pairs(counts).items()})
    assert counted == {pair: len(values) for pair, values in expected.items()}


@given(random_cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=15)
def test_workers_change_nothing(city: City, direction: Any) -> None:
    timetables = [city.timetable, shifted(city.timetable, 30)]
    one, two = (ask(city, timetables, direction=direction, workers=n, with_modes=True) for n in (1, 2))
    assert one.n_samples_by_mode == two.n_samples_by_mode
    assert one.samples_by_mode is not None
    assert two.samples_by_mode is not None
    matrices = [(one.seconds, two.seconds), (one.samples_by_mode, two.samples_by_mode)]
    for mine, yours in matrices:
        for key in mine:
            for part in ("data", "indices", "indptr"):
                assert getattr(mine[key], part).tobytes() == getattr(yours[key], part).tobytes()


@given(random_cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=15)
def test_one_draw_is_the_timetable(city: City, direction: Any) -> None:
    found = ask(city, [city.timetable], direction=direction)
    request = {"start_s": START_S, "end_s": START_S + N_STEPS * STEP_S, "step_s": STEP_S, "cutoff_s": CUTOFF_S}
    alone = transit_times(**city.ask(), **request, percentiles=every_rank(N_STEPS), direction=direction)
    assert list_samples(found) == list_samples(alone)
    assert found.n_samples_by_mode == alone.n_samples_by_mode
    assert alone.samples_by_mode is None


def test_draws_of_different_lengths_share_their_scratch() -> None:
    city = build_random_city(5, n_stops=8, n_lines=4)
    names = ("from_stop", "to_stop", "departure_s", "arrival_s", "trip", "can_board", "can_alight")
    none = replace(city.timetable, **{name: getattr(city.timetable, name)[:0] for name in names})
    both = ask(city, [none, city.timetable, none, city.timetable])
    again = ask(city, [none, city.timetable, none, city.timetable], workers=2)
    assert list_samples(both) == list_samples(again)
    assert sum(both.n_samples_by_mode.values()) > sum(ask(city, [none] * 4).n_samples_by_mode.values())


def test_a_later_draw_leaves_later_within_the_step() -> None:
    """One vehicle leaves at the start; the second of two draws, half a step later, has missed it."""
    table = build_timetable(2, [(0, [(0, 1, START_S, START_S + 60)])])
    city = City(table, access={(0, 0): 0.0}, egress={(0, 1): 0.0}, footpaths={}, walking={}, n_demand=1, n_candidates=1)
    found = ask(city, [table, table], start_s=START_S, end_s=START_S + STEP_S, percentiles=[50, 100])
    assert found.n_departures == 2
    assert pairs(found.seconds[50]) == {(0, 0): 60.0}
    assert pairs(found.seconds[100]) == {}


def test_a_window_shorter_than_the_step_loses_no_draw_silently() -> None:
    city = build_random_city(1, n_stops=5, n_lines=2)
    with pytest.raises(CountError, match="not every one of 3 draws has a departure"):
        ask(city, [city.timetable] * 3, end_s=START_S + 60)


def test_no_timetable_or_other_stops_are_refused() -> None:
    city = build_random_city(1, n_stops=5, n_lines=2)
    with pytest.raises(FeedError, match="there is no timetable"):
        ask(city, [], percentiles=[50])
    other = replace(city.timetable, stop_ids=tuple(f"other:{k}" for k in range(5)))
    with pytest.raises(FeedError, match=r"other stops or modes than the first \(1: 1\)"):
        ask(city, [city.timetable, other])


NEEDED_UNTIL_S = START_S + N_STEPS * STEP_S + CUTOFF_S


@pytest.mark.parametrize(("from_s", "until_s"), [(START_S + 1, NEEDED_UNTIL_S), (START_S, NEEDED_UNTIL_S - 1)])
def test_a_timetable_of_another_window_is_refused(from_s: int, until_s: int) -> None:
    city = build_random_city(1, n_stops=5, n_lines=2)
    with pytest.raises(FeedError, match="the request needs them from"):
        ask(city, [replace(city.timetable, kept_s=(from_s, until_s))])
    enough = replace(city.timetable, kept_s=(START_S, NEEDED_UNTIL_S))
    assert ask(city, [enough]).n_departures == N_STEPS
