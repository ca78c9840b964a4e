"""Slow travel times by timetable: one pair, one departure, round after round, in plain Python; shares no code with geo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geo.timetable import Timetable


@dataclass(frozen=True)
class Hop:
    """One row of the timetable, times in milliseconds."""

    start: int
    end: int
    departure: int
    arrival: int
    can_board: bool
    can_alight: bool
    mode: int


@dataclass(frozen=True)
class Trip:
    """One pair: walks from the origin to stops, from stops to the destination, and all the way, in seconds."""

    out: Mapping[int, float]
    home: Mapping[int, float]
    walking: float | None


class SlowCity:
    """A timetable and its footpaths, kept as lists and dictionaries."""

    def __init__(self, timetable: Timetable, footpaths: Mapping[tuple[int, int], float], *, min_change_s: float) -> None:
        self.n_stops = timetable.n_stops
        self.modes = timetable.modes
        self.trips: dict[int, list[Hop]] = defaultdict(list)
        for k in range(timetable.n_hops):
            self.trips[int(timetable.trip[k])].append(
                Hop(
                    int(timetable.from_stop[k]),
                    int(timetable.to_stop[k]),
                    int(timetable.departure_s[k]) * 1000,
                    int(timetable.arrival_s[k]) * 1000,
                    bool(timetable.can_board[k]),
                    bool(timetable.can_alight[k]),
                    int(timetable.trip_mode[timetable.trip[k]]),
                )
            )
        self.change = dict(self._list_changes(timetable, footpaths, min_change_s))

    def _list_changes(
        self, timetable: Timetable, footpaths: Mapping[tuple[int, int], float], min_change_s: float
    ) -> Iterator[tuple[tuple[int, int], int]]:
        given: dict[tuple[int, int], int] = {}
        for a, b, s in zip(timetable.transfer_from, timetable.transfer_to, timetable.transfer_min_s, strict=True):
            given[int(a), int(b)] = max(int(s) * 1000, given.get((int(a), int(b)), 0))
        forbidden = {(int(a), int(b)) for a, b in zip(timetable.forbidden_from, timetable.forbidden_to, strict=True)}
        for a in range(self.n_stops):
            for b in range(self.n_stops):
                if (a, b) in forbidden:
                    continue
                if (a, b) in given:
                    yield (a, b), given[a, b]
                elif a == b:
                    yield (a, b), round(min_change_s * 1000)
                elif (a, b) in footpaths:
                    yield (a, b), round(footpaths[a, b] * 1000) + round(min_change_s * 1000)

    def travel_ms(self, trip: Trip, *, leave_s: int, cutoff_s: float) -> int | None:
        """Return the shortest travel time, vehicles and walking all the way; None if longer than the cutoff."""
        found = [self.ride_ms(trip, leave_s=leave_s)]
        if trip.walking is not None:
            found.append(round(trip.walking * 1000))
        return min((ms for ms in found if ms is not None and ms <= round(cutoff_s * 1000)), default=None)

    def ride_ms(self, trip: Trip, *, leave_s: int) -> int | None:
        """Return the shortest travel time with at least one vehicle: each round boards one vehicle more."""
        leave = leave_s * 1000
        ready = {stop: leave + round(walk * 1000) for stop, walk in trip.out.items()}
        landed: dict[int, int] = {}
        while ready:
            improved: dict[int, int] = {}
            for hops in self.trips.values():
                is_aboard = False
                for hop in hops:
                    is_aboard |= hop.can_board and hop.start in ready and ready[hop.start] <= hop.departure
                    if (
                        is_aboard
                        and hop.can_alight
                        and hop.arrival < min(landed.get(hop.end, 10**12), improved.get(hop.end, 10**12))
                    ):
                        improved[hop.end] = hop.arrival
            landed |= improved
            ready = {}
            for (a, b), change in self.change.items():
                if a in improved:
                    ready[b] = min(improved[a] + change, ready.get(b, 10**12))
        arrivals = [landed[stop] + round(walk * 1000) for stop, walk in trip.home.items() if stop in landed]
        return min(arrivals) - leave if arrivals else None

    def list_fastest_modes(self, trip: Trip, *, leave_s: int) -> set[str]:
        """Return the modes that the longest ride of a fastest journey by vehicle can have, every journey looked at."""
        best = self.ride_ms(trip, leave_s=leave_s)
        if best is None:
            return set()
        leave = leave_s * 1000
        latest = leave + best
        seen: set[tuple[int, int, int, tuple[int, int]]] = set()
        found: set[int] = set()
        queue: list[tuple[int, int, int, tuple[int, int]]] = []

        def board(stop: int, ready: int, longest: tuple[int, int]) -> None:
            for name, hops in self.trips.items():
                for k, hop in enumerate(hops):
                    if hop.start == stop and hop.can_board and ready <= hop.departure <= latest:
                        queue.append((name, k, hop.departure, longest))

        for stop, walk in trip.out.items():
            board(stop, leave + round(walk * 1000), (-1, 0))
        while queue:
            state = queue.pop()
            if state in seen:
                continue
            seen.add(state)
            name, k, since, longest = state
            hop = self.trips[name][k]
            if hop.arrival > latest:
                continue
            if k + 1 < len(self.trips[name]):
                queue.append((name, k + 1, since, longest))
            if not hop.can_alight:
                continue
            after = max(longest, ((hop.arrival - since) // 1000, -hop.mode))
            if hop.end in trip.home and hop.arrival + round(trip.home[hop.end] * 1000) == latest:
                found.add(-after[1])
            for b in range(self.n_stops):
                if (hop.end, b) in self.change:
                    board(b, hop.arrival + self.change[hop.end, b], after)
        return {self.modes[mode] for mode in found}
