from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from data.errors import CountError, FaultsError, FeedError, IdError
from geo.transit_times import TransitTimes, transit_times
from tests.geo.transit_cities import START_S, City, Walks, as_matrix, build_timetable, cities

MINUTES = 8
CUTOFF_S = 1500
DIRECTIONS = ("towards", "away")
seeds = st.integers(0, 2**32 - 1)


def pairs(matrix: sparse.csr_array) -> dict[tuple[int, int], float]:
    found = matrix.tocoo()
    return dict(zip(zip(*(axis.tolist() for axis in found.coords), strict=True), found.data.tolist(), strict=True))


def int32(*values: int) -> NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def every_rank(n: int) -> list[float]:
    """Percentiles that give every one of n samples, in order."""
    return [100 * (k + 0.5) / n for k in range(n)]


def list_samples(found: TransitTimes) -> dict[tuple[int, int], list[float]]:
    """Every sample within the cutoff, by pair, in order."""
    samples: dict[tuple[int, int], list[float]] = {}
    for percentile in sorted(found.seconds):
        for pair, seconds in pairs(found.seconds[percentile]).items():
            samples.setdefault(pair, []).append(seconds)
    return samples


def ask_window(city: City, *, minutes: int = MINUTES, **options: Any) -> TransitTimes:
    request = {
        "start_s": START_S,
        "end_s": START_S + 60 * minutes,
        "step_s": 60,
        "cutoff_s": CUTOFF_S,
        "percentiles": every_rank(minutes),
    }
    return transit_times(**(city.ask() | request | options))


@given(cities, st.sampled_from(DIRECTIONS), st.sampled_from([0, 0.5, 60]))
@settings(max_examples=60, deadline=None)
def test_every_pair_at_every_minute_is_as_the_slow_search_finds_it(city: City, direction: str, min_change_s: float) -> None:
    slow = city.slow(min_change_s=min_change_s)
    expected: dict[tuple[int, int], list[float]] = {}
    for leave_s in range(START_S, START_S + 60 * MINUTES, 60):
        at_once = {}
        for i in range(city.n_demand):
            for j in range(city.n_candidates):
                trip = city.trip(i, j, direction=direction)
                ms = slow.travel_ms(trip, leave_s=leave_s, cutoff_s=CUTOFF_S)
                if ms is not None:
                    at_once[i, j] = ms / 1000
                    expected.setdefault((i, j), []).append(ms / 1000)
        options: Any = {"direction": direction, "min_change_s": min_change_s, "percentiles": [50]}
        found = ask_window(city, start_s=leave_s, end_s=leave_s + 60, **options)
        assert pairs(found.seconds[50]) == at_once
    found = ask_window(city, direction=direction, min_change_s=min_change_s)
    assert list_samples(found) == {pair: sorted(values) for pair, values in expected.items()}


@given(cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=25, deadline=None)
def test_the_mode_counted_is_that_of_a_fastest_journey(city: City, direction: str) -> None:
    slow = city.slow(min_change_s=30)
    alone = replace_pairs(city, 0, 0)
    trip = city.trip(0, 0, direction=direction)
    for leave_s in range(START_S, START_S + 60 * MINUTES, 120):
        found = ask_window(alone, direction=direction, min_change_s=30, percentiles=[50], start_s=leave_s, end_s=leave_s + 60)
        counted = {mode for mode, n in found.n_samples_by_mode.items() if n}
        ms = slow.travel_ms(trip, leave_s=leave_s, cutoff_s=CUTOFF_S)
        if ms is None:
            assert counted == set()
        elif trip.walking is not None and round(trip.walking * 1000) == ms:
            assert counted == {"walking"}
        else:
            assert len(counted) == 1
            assert counted <= slow.list_fastest_modes(trip, leave_s=leave_s)


def replace_pairs(city: City, demand: int, candidate: int) -> City:
    """The city with one demand point and one site."""

    def keep(walks: Walks, row: int) -> Walks:
        return {(0, b): s for (a, b), s in walks.items() if a == row}

    walking = keep({(i, 0): s for (i, j), s in city.walking.items() if j == candidate}, demand)
    access, egress = keep(city.access, demand), keep(city.egress, candidate)
    return replace(city, access=access, egress=egress, walking=walking, n_demand=1, n_candidates=1)


@given(cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=25, deadline=None)
def test_vehicles_are_never_slower_than_walking_all_the_way(city: City, direction: str) -> None:
    found = ask_window(city, direction=direction)
    for pair, seconds in city.walking.items():
        if seconds <= CUTOFF_S:
            assert all(pairs(times)[pair] <= seconds for times in found.seconds.values())


@given(cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=25, deadline=None)
def test_a_later_percentile_is_never_below_an_earlier_one(city: City, direction: str) -> None:
    found = ask_window(city, direction=direction, percentiles=[90, 25, 50])
    low, middle, high = (pairs(found.seconds[p]) for p in (25, 50, 90))
    assert high.keys() <= middle.keys() <= low.keys()
    assert all(low[pair] <= middle[pair] for pair in middle)
    assert all(middle[pair] <= high[pair] for pair in high)


@given(cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=25, deadline=None)
def test_a_longer_window_only_adds_samples(city: City, direction: str) -> None:
    short = list_samples(ask_window(city, direction=direction, minutes=5))
    long = list_samples(ask_window(city, direction=direction, minutes=9))
    for pair, samples in short.items():
        assert Counter(samples) <= Counter(long[pair])


@given(cities, st.sampled_from(DIRECTIONS), seeds)
@settings(max_examples=40, deadline=None)
def test_the_order_of_stops_trips_points_and_sites_changes_nothing(city: City, direction: str, seed: int) -> None:
    shuffled, demand, candidate = city.shuffled(np.random.default_rng(seed))
    found, again = ask_window(city, direction=direction), ask_window(shuffled, direction=direction)
    moved = {(demand[i], candidate[j]): samples for (i, j), samples in list_samples(found).items()}
    assert moved == list_samples(again)
    assert found.n_samples_by_mode == again.n_samples_by_mode


@given(cities, st.sampled_from(DIRECTIONS))
@settings(max_examples=10, deadline=None)
def test_the_same_city_gives_the_same_bytes(city: City, direction: str) -> None:
    first, second = (ask_window(city, direction=direction) for _ in range(2))
    for percentile, times in first.seconds.items():
        other = second.seconds[percentile]
        assert times.has_sorted_indices
        for name in ("data", "indices", "indptr"):
            assert getattr(times, name).tobytes() == getattr(other, name).tobytes()


# Stop 0 is two minutes from the demand point, stop 3 one minute from the site. A metro leaves stop 0 at 00:10 and every ten
# minutes until 00:40, and a bus takes people on from stop 1; both ways.
def line_city(**options: Any) -> City:
    trips = []
    for k in range(4):
        t = 600 * (k + 1)
        trips += [(0, [(0, 1, t, t + 120)]), (2, [(1, 3, t + 200, t + 500)])]
        trips += [(2, [(3, 1, t, t + 300)]), (0, [(1, 0, t + 380, t + 500)])]
    walks: dict[str, Walks] = {"access": {(0, 0): 120.0}, "egress": {(0, 3): 60.0}, "footpaths": {}, "walking": {}}
    table = build_timetable(4, trips, transfers=options.pop("transfers", None), forbidden=options.pop("forbidden", None))
    return City(table, **(walks | options), n_demand=1, n_candidates=1)


def ask_line(city: City | None = None, **options: Any) -> TransitTimes:
    request: dict[str, Any] = {"start_s": 0, "end_s": 1800, "cutoff_s": 1800, "percentiles": [50]}
    return transit_times(**((city or line_city()).ask() | request | options))


def one(found: TransitTimes, percentile: float = 50) -> float | None:
    return pairs(found.seconds[percentile]).get((0, 0))


def test_a_journey_counts_from_leaving_the_door_waiting_included() -> None:
    # Leave at 00:08, reach stop 0 at 00:10, ride to 00:12, change, ride from 00:13:20 to 00:18:20, walk to 00:19:20.
    assert one(ask_line(start_s=480, end_s=540)) == 680
    assert one(ask_line(start_s=481, end_s=541)) == 680 + 599


def test_away_from_the_site_people_walk_from_it_first() -> None:
    # Leave the site at 00:09, bus 00:10 to 00:15, metro 00:16:20 to 00:18:20, walk to 00:20:20.
    assert one(ask_line(start_s=540, end_s=600, direction="away")) == 680


def test_every_minute_is_asked_towards_the_site_and_every_five_away_from_it() -> None:
    assert ask_line().n_departures == 30
    assert ask_line(direction="away").n_departures == 6
    assert ask_line(end_s=1801).n_departures == 31


def test_the_step_changes_the_answer() -> None:
    assert one(ask_line(step_s=60)) == 920
    assert one(ask_line(step_s=600)) == 1160


def test_the_percentile_changes_the_answer_by_nearest_rank() -> None:
    # Ten samples a round, 680 at the last minute that catches the metro and a minute more for each before it.
    found = ask_line(percentiles=[10, 50, 50.1, 100], start_s=480 - 540, end_s=540)
    assert [one(found, p) for p in (10, 50, 50.1, 100)] == [680, 920, 980, 1220]


def test_the_percentiles_are_exact_where_floating_point_is_not() -> None:
    # 55 % of 20 samples are eleven of them; 0.55 × 20 in floating point is a little more.
    found = ask_line(percentiles=[55], start_s=-60, end_s=1140)
    assert one(found, 55) == 680 + 5 * 60


def test_the_change_time_changes_the_answer() -> None:
    assert one(ask_line(start_s=480, end_s=540, min_change_s=80)) == 680
    assert one(ask_line(start_s=480, end_s=540, min_change_s=81)) == 1280


def test_the_cutoff_changes_the_answer_and_is_itself_within() -> None:
    assert one(ask_line(start_s=480, end_s=540, cutoff_s=680)) == 680
    assert one(ask_line(start_s=480, end_s=540, cutoff_s=679.999)) is None


def test_the_window_changes_the_answer() -> None:
    assert one(ask_line(end_s=1800)) == 920
    assert one(ask_line(end_s=60)) == 1160
    assert one(ask_line(start_s=1740)) == 1220


def test_the_direction_changes_the_answer() -> None:
    assert one(ask_line(start_s=480, end_s=540)) != one(ask_line(start_s=480, end_s=540, direction="away"))


def test_a_transfer_time_of_the_timetable_stands_in_place_of_the_change_time() -> None:
    assert one(ask_line(line_city(transfers={(1, 1): 81}), start_s=480, end_s=540)) == 1280
    assert one(ask_line(line_city(transfers={(1, 1): 80}), start_s=480, end_s=540, min_change_s=300)) == 680


def test_of_several_times_for_one_transfer_the_longest_counts() -> None:
    for times in ((10, 81), (81, 10)):
        table = replace(line_city().timetable, transfer_from=int32(1, 1), transfer_to=int32(1, 1), transfer_min_s=int32(*times))
        assert one(ask_line(replace(line_city(), timetable=table), start_s=480, end_s=540)) == 1280


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_changes_that_take_no_time_work_in_both_directions(order: tuple[int, ...]) -> None:
    rides = {"towards": [(0, 1), (1, 2), (2, 3)], "away": [(3, 2), (2, 1), (1, 0)]}
    for direction, hops in rides.items():
        table = build_timetable(4, [(0, [(*hops[k], 600, 600)]) for k in order])
        options = {"direction": direction, "min_change_s": 0, "start_s": 420, "end_s": 421}
        assert one(ask_line(replace(line_city(), timetable=table), **options)) == (240 if direction == "towards" else 300)


def test_a_forbidden_transfer_is_not_made_even_with_a_time() -> None:
    assert one(ask_line(line_city(forbidden=[(1, 1)], transfers={(1, 1): 10}))) is None


def test_a_footpath_takes_its_walk_and_the_change_time() -> None:
    table = build_timetable(4, [(0, [(0, 1, 600, 700)]), (2, [(2, 3, 800, 900)])])
    city = replace(line_city(), timetable=table, footpaths={(1, 2): 40.0})
    assert one(ask_line(city, start_s=480, end_s=540, min_change_s=60)) == 480
    assert one(ask_line(city, start_s=480, end_s=540, min_change_s=61)) is None
    assert one(ask_line(replace(city, footpaths={(2, 1): 40.0}), start_s=480, end_s=540)) is None


def test_a_footpath_is_not_followed_by_another() -> None:
    table = build_timetable(5, [(0, [(0, 1, 600, 700)]), (2, [(2, 3, 1000, 1100)])])
    city = replace(line_city(), timetable=table, footpaths={(1, 4): 10.0, (4, 2): 10.0})
    assert one(ask_line(city, start_s=480, end_s=540)) is None


def test_staying_on_a_vehicle_is_no_change() -> None:
    table = build_timetable(4, [(0, [(0, 1, 600, 700), (1, 3, 700, 800, False, True)])], forbidden=[(1, 1)])
    assert one(ask_line(replace(line_city(), timetable=table), start_s=480, end_s=540)) == 380


def test_nobody_boards_or_alights_where_it_is_not_allowed() -> None:
    for flags in ((False, True), (True, False)):
        table = build_timetable(4, [(0, [(0, 3, 600, 700, *flags)])])
        assert one(ask_line(replace(line_city(), timetable=table), start_s=480, end_s=540)) is None


def test_a_pair_reached_in_less_than_half_of_the_minutes_has_no_median() -> None:
    city = replace(line_city(), timetable=build_timetable(4, [(0, [(0, 3, 600, 700)])]))
    # The last minute that catches the vehicle is 00:08: nine samples of the window are reached, then ten of none.
    found = ask_line(city, start_s=0, end_s=60 * 18, percentiles=[50, 51])
    assert (one(found, 50), one(found, 51)) == (760, None)
    assert found.n_samples_by_mode == {"metro": 9, "tram": 0, "bus": 0, "walking": 0}


def test_walking_all_the_way_competes_at_every_minute() -> None:
    found = ask_line(line_city(walking={(0, 0): 800.0}), start_s=480 - 540, end_s=540, percentiles=every_rank(10))
    assert list_samples(found)[0, 0] == [680, 740, *[800] * 8]
    assert found.n_samples_by_mode == {"metro": 0, "tram": 0, "bus": 2, "walking": 8}
    assert found.share_by_mode == {"metro": 0.0, "tram": 0.0, "bus": 0.2, "walking": 0.8}


def test_walking_for_exactly_the_cutoff_is_a_reach() -> None:
    city = replace(line_city(walking={(0, 0): 300.0}), timetable=build_timetable(4, []))
    assert one(ask_line(city, cutoff_s=300)) == 300
    assert one(ask_line(city, cutoff_s=299.999)) is None


def test_a_stored_zero_is_a_walk_and_a_reach() -> None:
    found = ask_line(line_city(walking={(0, 0): 0.0}))
    assert one(found) == 0
    assert one(ask_line(line_city(access={(0, 0): 0.0}, egress={(0, 3): 0.0}), start_s=600, end_s=660)) == 500


def test_nothing_is_reached_without_vehicles_and_walks() -> None:
    city = replace(line_city(access={}), timetable=build_timetable(4, []))
    found = ask_line(city)
    assert found.seconds[50].nnz == 0
    assert found.share_by_mode == {}


def test_progress_tells_every_site() -> None:
    told: list[tuple[int, int]] = []
    city = replace(line_city(), n_candidates=3)
    ask_line(city, progress=lambda done, n: told.append((done, n)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("end_s", 0),
        ("end_s", 86_401),
        ("step_s", 0),
        ("cutoff_s", -1),
        ("cutoff_s", float("nan")),
        ("cutoff_s", float("inf")),
        ("min_change_s", -1),
        ("percentiles", [0]),
        ("percentiles", [101]),
        ("percentiles", []),
        ("percentiles", [50, 50]),
    ],
)
def test_an_option_that_is_no_usable_number_is_refused(option: str, value: object) -> None:
    with pytest.raises(CountError, match=option):
        ask_line(None, **{option: value})


def test_an_unknown_direction_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(IdError, match="Did you mean 'towards'"):
        ask_line(direction="toward")


def test_all_faults_of_a_request_are_told_at_once() -> None:
    with pytest.raises(FaultsError, match="3 faults"):
        ask_line(direction="toward", step_s=0, cutoff_s=-1)


@pytest.mark.parametrize("name", ["access", "egress", "footpaths", "walking"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_seconds_that_are_no_walk_are_refused(name: str, value: float) -> None:
    shape = line_city().ask()[name].shape
    with pytest.raises(CountError, match=name):
        ask_line(None, **{name: as_matrix({(0, 0): value}, shape)})


@pytest.mark.parametrize("name", ["access", "egress", "footpaths", "walking"])
def test_a_matrix_of_another_shape_is_refused(name: str) -> None:
    shape = line_city().ask()[name].shape
    with pytest.raises(CountError, match="is needed"):
        ask_line(None, **{name: as_matrix({}, (shape[0], shape[1] + 1))})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"trip": int32(0)}, "differ in length"),
        ({"from_stop": int32(0, 4)}, "not between 0 and 3"),
        ({"trip": int32(0, -1)}, "not between 0 and 0"),
        ({"trip_mode": np.array([3], dtype=np.int8)}, "not between 0 and 2"),
        ({"modes": ("metro", "walking", "metro")}, "metro, walking"),
        ({"modes": tuple(f"m{k}" for k in range(300))}, "300 modes"),
        (
            {
                "departure_s": int32(650, 600),
                "trip": int32(0, 1),
                "trip_mode": np.zeros(2, dtype=np.int8),
                "arrival_s": int32(650, 700),
            },
            "not sorted",
        ),
        ({"arrival_s": int32(599, 700)}, "before they depart"),
        ({"arrival_s": int32(660, 700)}, "hops of a trip"),
        (
            {"departure_s": int32(700, 700), "arrival_s": int32(700, 700), "from_stop": int32(1, 0), "to_stop": int32(3, 1)},
            "hops of a trip",
        ),
        ({"transfer_from": int32(1), "transfer_to": int32(1), "transfer_min_s": int32(-1)}, "negative"),
        ({"forbidden_from": int32(1), "forbidden_to": int32(9)}, "forbidden_to"),
    ],
)
def test_a_timetable_that_does_not_hold_together_is_refused(changed: dict[str, Any], told: str) -> None:
    table = build_timetable(4, [(0, [(0, 1, 600, 640), (1, 3, 650, 700)])])
    with pytest.raises(FeedError, match=told):
        ask_line(replace(line_city(), timetable=replace(table, **changed)))
