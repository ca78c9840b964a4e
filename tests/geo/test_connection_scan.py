from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from geo.connection_scan import scan_backward, scan_forward
from geo.scan_arrays import build_changes, build_hops, build_walks, count_room, spread_row
from geo.scan_records import FAR_MS, MODE_MASK, TAIL_BITS, UNREACHED, Profiles, Rules, build_profiles, build_seats
from geo.timetable import Timetable
from tests.geo.transit_cities import START_S, City, Walks, as_matrix, build_timetable, cities

METRO, TRAM, BUS = range(3)
LATEST_MS = 10_000_000


def list_departures(profiles: Profiles, stop: int) -> list[tuple[float, float, int]]:
    """Departures of a stop as seconds of departure and arrival and the mode, latest first."""
    kept = profiles.departures[profiles.start[stop] + 1 : profiles.end[stop]]
    return [(float(d) / 1000, int(label >> TAIL_BITS) / 1000, int(label & MODE_MASK)) for d, label in kept.tolist()]


def scan_to(
    table: Timetable,
    egress_s: dict[int, float],
    *,
    footpaths: Walks | None = None,
    min_change_s: float = 60,
    cutoff_s: float = 3600,
    start_s: int = 0,
) -> Profiles:
    hops = build_hops(table, start_s=start_s, latest_ms=LATEST_MS)
    cutoff_ms = int(cutoff_s * 1000)
    paths = as_matrix(footpaths or {}, (table.n_stops, table.n_stops))
    into, _ = build_changes(table, paths, min_change_s=min_change_s, cutoff_ms=cutoff_ms)
    egress = build_walks(as_matrix({(0, s): v for s, v in egress_s.items()}, (1, table.n_stops)), cutoff_ms=cutoff_ms)
    at_stop, changing = (build_profiles(room) for room in count_room(hops, into))
    rules = Rules(cutoff_ms, bool((into.ways["ms"] == 0).any()))
    scan_backward(hops, into, spread_row(egress, 0, n=table.n_stops), rules, at_stop, changing, build_seats(len(hops)))
    return at_stop


def test_each_departure_arrives_before_the_one_that_leaves_after_it() -> None:
    # The slow bus of 00:05 arrives after the metro of 00:06: nobody takes it.
    table = build_timetable(2, [(METRO, [(0, 1, 360, 600)]), (BUS, [(0, 1, 300, 700)]), (BUS, [(0, 1, 120, 420)])])
    assert list_departures(scan_to(table, {1: 30.0}), 0) == [(360, 630, METRO), (120, 450, BUS)]


def test_of_two_that_leave_together_the_first_to_arrive_is_kept() -> None:
    table = build_timetable(2, [(BUS, [(0, 1, 300, 700)]), (METRO, [(0, 1, 300, 600)])])
    assert list_departures(scan_to(table, {1: 0.0}), 0) == [(300, 600, METRO)]


def test_of_two_that_leave_and_arrive_together_the_mode_named_first_counts() -> None:
    for order in ((BUS, TRAM), (TRAM, BUS)):
        table = build_timetable(2, [(mode, [(0, 1, 300, 600)]) for mode in order])
        assert list_departures(scan_to(table, {1: 0.0}), 0) == [(300, 600, TRAM)]


def test_the_mode_is_that_of_the_longest_ride() -> None:
    for metro_s, mode in ((200, BUS), (400, METRO)):
        table = build_timetable(3, [(METRO, [(0, 1, 300, 300 + metro_s)]), (BUS, [(1, 2, 760, 1060)])])
        assert list_departures(scan_to(table, {2: 0.0}), 0) == [(300, 1060, mode)]


def test_a_departure_beyond_the_cutoff_is_left_out() -> None:
    table = build_timetable(2, [(METRO, [(0, 1, 300, 600)])])
    assert list_departures(scan_to(table, {1: 30.0}, cutoff_s=330), 0) == [(300, 630, METRO)]
    assert list_departures(scan_to(table, {1: 30.0}, cutoff_s=329.999), 0) == []


def test_of_ways_that_part_on_a_vehicle_and_arrive_together_the_longest_ride_counts() -> None:
    # On to stop 2 and walk, or off at stop 1 and by bus: both at 00:15, and the bus ride is the longest of all.
    table = build_timetable(4, [(METRO, [(0, 1, 300, 360), (1, 2, 360, 420)]), (BUS, [(1, 3, 420, 900)])])
    assert list_departures(scan_to(table, {2: 480.0, 3: 0.0}), 0) == [(300, 900, BUS)]
    assert list_departures(scan_to(table, {2: 479.0, 3: 0.0}), 0) == [(300, 899, METRO)]


def test_a_change_after_a_ride_that_took_no_time_is_within_the_cutoff() -> None:
    table = build_timetable(3, [(METRO, [(0, 1, 300, 300)]), (BUS, [(1, 2, 360, 600)])])
    assert list_departures(scan_to(table, {2: 0.0}, cutoff_s=300), 0) == [(300, 600, BUS)]
    assert list_departures(scan_to(table, {2: 0.0}, cutoff_s=299), 0) == []


def test_a_footpath_leads_from_where_people_get_off_to_where_they_get_on() -> None:
    table = build_timetable(4, [(METRO, [(0, 1, 300, 360)]), (BUS, [(2, 3, 480, 600)])])
    assert list_departures(scan_to(table, {3: 0.0}, footpaths={(1, 2): 60.0}), 0) == [(300, 600, BUS)]
    assert list_departures(scan_to(table, {3: 0.0}, footpaths={(2, 1): 60.0}), 0) == []


def test_changes_that_take_no_time_work_among_hops_that_take_none() -> None:
    # All at 00:05, and scanned in either order: 0 to 1, 1 to 2 with another vehicle, 2 to 3 with a third.
    rides = [(0, 1), (1, 2), (2, 3)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)):
        table = build_timetable(4, [(METRO, [(*rides[k], 300, 300)]) for k in order])
        assert list_departures(scan_to(table, {3: 0.0}, min_change_s=0), 0) == [(300, 300, METRO)]
        assert list_departures(scan_to(table, {3: 0.0}, min_change_s=0.001), 0) == []


def test_a_trip_that_comes_back_to_a_stop_can_be_left_at_either_time() -> None:
    loop = [(0, 1, 300, 400), (1, 2, 400, 500), (2, 1, 500, 600), (1, 3, 600, 700)]
    found = scan_to(build_timetable(4, [(METRO, loop)]), {1: 10.0})
    assert list_departures(found, 0) == [(300, 410, METRO)]
    assert list_departures(found, 2) == [(500, 610, METRO)]


def test_a_trip_that_began_before_the_window_is_boarded_within_it() -> None:
    table = build_timetable(3, [(METRO, [(0, 1, -300, -60), (1, 2, 60, 300)])])
    found = scan_to(table, {2: 0.0})
    assert list_departures(found, 0) == []
    assert list_departures(found, 1) == [(60, 300, METRO)]


def label_from(table: Timetable, egress_s: dict[int, float], *, leave_s: int, cutoff_s: float = 3600) -> list[int]:
    hops = build_hops(table, start_s=0, latest_ms=LATEST_MS)
    n, cutoff_ms = table.n_stops, int(cutoff_s * 1000)
    paths: sparse.csr_array = as_matrix({}, (n, n))
    _, out_of = build_changes(table, paths, min_change_s=60, cutoff_ms=cutoff_ms)
    egress_ms = np.full(n, FAR_MS, dtype=np.int64)
    for stop, seconds in egress_s.items():
        egress_ms[stop] = int(seconds * 1000)
    reached, ready = np.empty((2, n), dtype=np.int64)
    rules = Rules(cutoff_ms, False)
    scan_forward(hops, out_of, egress_ms, leave_s * 1000, rules, reached, ready, build_seats(len(hops)))
    return [int(label) for label in reached]


def reach_from(table: Timetable, egress_s: dict[int, float], *, leave_s: int, cutoff_s: float = 3600) -> list[float | None]:
    labels = label_from(table, egress_s, leave_s=leave_s, cutoff_s=cutoff_s)
    return [None if label == UNREACHED else (label >> TAIL_BITS) / 1000 for label in labels]


def test_the_forward_scan_gives_the_first_arrival_at_each_stop() -> None:
    rides: list[tuple[int, list[tuple[Any, ...]]]] = [
        (METRO, [(0, 1, 300, 360), (1, 2, 400, 500)]),
        (BUS, [(1, 3, 419, 430)]),
        (BUS, [(1, 3, 420, 600)]),
    ]
    table = build_timetable(4, rides)
    assert reach_from(table, {0: 100.0}, leave_s=200) == [None, 360, 500, 600]
    assert reach_from(table, {0: 100.0}, leave_s=201) == [None] * 4
    assert reach_from(table, {0: 100.0}, leave_s=200, cutoff_s=300) == [None, 360, 500, None]


def test_forward_the_longest_ride_of_those_who_meet_on_a_vehicle_counts() -> None:
    # By tram for 500 s and a change to the metro, or by bus for 100 s to where the metro calls next.
    table = build_timetable(
        4, [(TRAM, [(0, 1, 0, 500)]), (BUS, [(0, 2, 400, 500)]), (METRO, [(1, 2, 560, 620), (2, 3, 620, 680)])]
    )
    labels = label_from(table, {0: 0.0}, leave_s=0)
    assert [label >> TAIL_BITS for label in labels[2:]] == [500_000, 680_000]
    assert [label & MODE_MASK for label in labels[2:]] == [BUS, TRAM]


def test_a_departure_after_another_does_not_see_its_passengers() -> None:
    table = build_timetable(3, [(METRO, [(0, 1, 300, 500), (1, 2, 600, 700)])])
    hops = build_hops(table, start_s=0, latest_ms=LATEST_MS)
    _, out_of = build_changes(table, as_matrix({}, (3, 3)), min_change_s=60, cutoff_ms=LATEST_MS)
    egress_ms = np.array([0, FAR_MS, FAR_MS], dtype=np.int64)
    reached, ready = np.empty((2, 3), dtype=np.int64)
    seats = build_seats(len(hops))
    for leave_s, expected in ((300, [False, True, True]), (301, [False] * 3)):
        scan_forward(hops, out_of, egress_ms, leave_s * 1000, Rules(LATEST_MS, False), reached, ready, seats)
        assert (reached < UNREACHED).tolist() == expected


@given(cities, st.sampled_from([0, 60]))
@settings(max_examples=40, deadline=None)
def test_profiles_are_sorted_without_dominated_departures_within_the_cutoff(city: City, min_change_s: float) -> None:
    egress = {stop: s for (site, stop), s in city.egress.items() if site == 0}
    options: Any = {"footpaths": city.footpaths, "min_change_s": min_change_s, "start_s": START_S, "cutoff_s": 1500}
    found = scan_to(city.timetable, egress, **options)
    for stop in range(city.timetable.n_stops):
        listed = list_departures(found, stop)
        departures, arrivals = [d for d, _, _ in listed], [a for _, a, _ in listed]
        assert departures == sorted(set(departures), reverse=True)
        assert arrivals == sorted(set(arrivals), reverse=True)
        assert all(0 <= a - d <= 1500 for d, a, _ in listed)
        assert found.end[stop] <= found.start[stop + 1]
