"""Frequencies and transfer rules of a GTFS feed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, IdError
from data.gtfs_archive import GtfsTable
from data.gtfs_columns import look_up, parse_column, parse_one_of, parse_time, parse_whole, refuse_rows
from data.gtfs_stops import Stops
from data.gtfs_trips import TripGate, Trips

TIMED, LEAST_TIME, FORBIDDEN = 1, 2, 3
ON_BOARD = (4, 5)
NARROWING = ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id")


@dataclass(frozen=True)
class Frequencies:
    """One row a frequency, in file order."""

    trip: NDArray[np.intp]
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    headway_s: NDArray[np.int64]
    is_exact: NDArray[np.bool_]


@dataclass(frozen=True)
class Transfers:
    """One row a pair of stops, sorted; `min_s` means nothing where changing is forbidden."""

    from_stop: NDArray[np.intp]
    to_stop: NDArray[np.intp]
    min_s: NDArray[np.int64]
    is_forbidden: NDArray[np.bool_]


def read_frequencies(table: GtfsTable | None, trips: Trips, gate: TripGate) -> Frequencies:
    """Return the frequencies; none where the feed has no such table."""
    none = np.zeros(0, dtype=np.int64)
    if table is None:
        return Frequencies(none.astype(np.intp), none, none, none, none.astype(bool))
    trip = look_up(table, "trip_id", trips.position)
    refuse_rows(gate.faults, "trip_id is unknown", table, ~trip.is_given, column="trip_id", error=IdError)
    start, end = parse_column(table, "start_time", parse_time), parse_column(table, "end_time", parse_time)
    for column, clock in (("start_time", start), ("end_time", end)):
        wrong = ~clock.is_given
        gate.refuse(f"{column} is no time (H:MM:SS)", table, wrong, trip=trip.values, column=column)
    headway = parse_column(table, "headway_secs", parse_whole)
    no_headway = ~headway.is_given | (headway.values == 0)
    gate.refuse("headway_secs is no whole number above 0", table, no_headway, trip=trip.values, column="headway_secs")
    exact = parse_column(table, "exact_times", parse_one_of(0, 1))
    gate.refuse("exact_times is neither 0 nor 1", table, exact.is_wrong, trip=trip.values, column="exact_times")
    are_timed = start.is_given & end.is_given
    empty = are_timed & (start.values >= end.values)
    gate.refuse("a frequency ends before it starts", table, empty, trip=trip.values, column="end_time")
    order = np.lexsort([start.values, trip.values])
    overlaps = np.zeros(table.n, dtype=bool)
    before, after = order[:-1], order[1:]
    overlaps[after] = (trip.values[before] == trip.values[after]) & (start.values[after] < end.values[before])
    gate.refuse("frequencies of a trip overlap", table, overlaps & are_timed, trip=trip.values, column="start_time")
    is_exact = exact.values == 1
    n_loose = int((~is_exact).sum())
    if n_loose:
        text = "rows of frequencies.txt promise a headway and no clock times (exact_times 0): they are run from start_time on"
        gate.notes.append(f"{n_loose:,} {text}")
    return Frequencies(trip.values.astype(np.intp), start.values, end.values, headway.values, is_exact)


def read_transfers(table: GtfsTable | None, stops: Stops, faults: Faults, notes: list[str]) -> Transfers:
    """Return the rules for changing between two stops; none where the feed has no such table.

    Notes
    -----
    Type 0 says nothing that a search could use. Type 1, where the vehicle waits, needs no time. Type 2 needs its least
    time, type 3 forbids. Types 4 and 5 are about staying on board between two trips, and rows for one route or trip hold
    for those alone: none of these can be said of two stops, so they are left out and counted. A rule for a station holds
    for all of its stops, unless they have one of their own.
    """
    if table is None:
        return _sort_rules({})
    kind = parse_column(table, "transfer_type", parse_one_of(0, TIMED, LEAST_TIME, FORBIDDEN, *ON_BOARD))
    refuse_rows(faults, "transfer_type is none of 0 to 5", table, kind.is_wrong, column="transfer_type")
    is_narrow = np.zeros(table.n, dtype=bool)
    for column in NARROWING:
        if column in table.frame.columns:
            is_narrow |= table.frame[column].notna().to_numpy(dtype=bool)
    on_board = np.isin(kind.values, ON_BOARD)
    _note_left_out(kind.values, is_narrow, on_board, notes)
    start, end = look_up(table, "from_stop_id", stops.position), look_up(table, "to_stop_id", stops.position)
    for column, stop in (("from_stop_id", start), ("to_stop_id", end)):
        wrong = stop.is_wrong | (stop.is_empty & ~on_board & ~is_narrow)
        refuse_rows(faults, f"{column} is unknown", table, wrong, column=column, error=IdError)
    least = parse_column(table, "min_transfer_time", parse_whole)
    no_time = least.is_wrong | ((kind.values == LEAST_TIME) & least.is_empty & ~is_narrow)
    refuse_rows(faults, "min_transfer_time is no whole number", table, no_time, column="min_transfer_time")
    is_rule = np.isin(kind.values, (TIMED, LEAST_TIME, FORBIDDEN)) & ~is_narrow & start.is_given & end.is_given
    rules: dict[tuple[int, int], tuple[int, int, bool]] = {}
    clashes = np.zeros(table.n, dtype=bool)
    members = _list_members(stops)
    for row in np.flatnonzero(is_rule).tolist():
        one, two = int(start.values[row]), int(end.values[row])
        rank = int(not stops.is_station[one]) + int(not stops.is_station[two])
        seconds = int(least.values[row]) if kind.values[row] == LEAST_TIME else 0
        rule = (rank, seconds, bool(kind.values[row] == FORBIDDEN))
        for pair in product(members[one], members[two]):
            held = rules.get(pair)
            clashes[row] |= held is not None and held[0] == rank and held != rule
            if held is None or held[0] < rank:
                rules[pair] = rule
    refuse_rows(faults, "a pair of stops has several rules", table, clashes, column="from_stop_id")
    return _sort_rules(rules)


def _list_members(stops: Stops) -> list[list[int]]:
    """Return the stops that each stop or station stands for."""
    members: list[list[int]] = [[] if is_station else [row] for row, is_station in enumerate(stops.is_station.tolist())]
    for row, parent in enumerate(stops.station.tolist()):
        if parent != row:
            members[parent].append(row)
    return members


def _note_left_out(
    kind: NDArray[np.int64], is_narrow: NDArray[np.bool_], on_board: NDArray[np.bool_], notes: list[str]
) -> None:
    kinds = {
        "rows of transfers.txt of type 0 set no time and were left out": (kind == 0) & ~is_narrow,
        "rows of transfers.txt are about staying on board (types 4 and 5) and were left out": on_board,
        "rows of transfers.txt hold for single routes or trips and were left out": is_narrow & ~on_board,
    }
    notes.extend(f"{int(rows.sum()):,} {text}" for text, rows in kinds.items() if rows.any())


def _sort_rules(rules: dict[tuple[int, int], tuple[int, int, bool]]) -> Transfers:
    pairs = sorted(rules)
    return Transfers(
        np.array([one for one, _ in pairs], dtype=np.intp),
        np.array([two for _, two in pairs], dtype=np.intp),
        np.array([rules[pair][1] for pair in pairs], dtype=np.int64),
        np.array([rules[pair][2] for pair in pairs], dtype=bool),
    )
