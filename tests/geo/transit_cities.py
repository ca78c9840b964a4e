"""Small random cities with vehicles, for tests of the connection scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from geo.timetable import Timetable
from tests.geo.slow_transit import SlowCity, Trip

MODES = ("metro", "tram", "bus")
# Five minutes before midnight: the vehicles run past it.
START_S = 86_100
Walks = dict[tuple[int, int], float]


@dataclass(frozen=True)
class City:
    """A timetable and the walks round it, as dictionaries of pairs to seconds."""

    timetable: Timetable
    access: Walks
    egress: Walks
    footpaths: Walks
    walking: Walks
    n_demand: int
    n_candidates: int

    def ask(self) -> dict[str, Any]:
        """Return the city as arguments of `transit_times`."""
        n_stops = self.timetable.n_stops
        return {
            "timetable": self.timetable,
            "access": as_matrix(self.access, (self.n_demand, n_stops)),
            "egress": as_matrix(self.egress, (self.n_candidates, n_stops)),
            "footpaths": as_matrix(self.footpaths, (n_stops, n_stops)),
            "walking": as_matrix(self.walking, (self.n_demand, self.n_candidates)),
        }

    def slow(self, *, min_change_s: float) -> SlowCity:
        """Return the city for the slow search."""
        return SlowCity(self.timetable, self.footpaths, min_change_s=min_change_s)

    def trip(self, demand: int, candidate: int, *, direction: str) -> Trip:
        """Return one pair for the slow search."""
        ends = [
            {stop: s for (i, stop), s in self.access.items() if i == demand},
            {stop: s for (j, stop), s in self.egress.items() if j == candidate},
        ]
        out, home = ends if direction == "towards" else ends[::-1]
        return Trip(out, home, self.walking.get((demand, candidate)))

    def shuffled(self, rng: np.random.Generator) -> tuple[City, NDArray[np.intp], NDArray[np.intp]]:
        """Return the city with its stops, trips, points and sites in another order, and the places of the last two."""
        table = self.timetable
        stop, trip = rng.permutation(table.n_stops), rng.permutation(len(table.trip_mode))
        demand, candidate = rng.permutation(self.n_demand), rng.permutation(self.n_candidates)
        # Hops of different trips that leave and arrive together change places, those of one trip do not.
        order = np.lexsort((trip[table.trip], table.arrival_s, table.departure_s))
        mode = np.empty_like(table.trip_mode)
        mode[trip] = table.trip_mode
        places = {
            name: stop[getattr(table, name)].astype(np.int32)
            for name in ("from_stop", "to_stop", "transfer_from", "transfer_to", "forbidden_from", "forbidden_to")
        }
        moved = replace(table, **places, trip=trip[table.trip].astype(np.int32), trip_mode=mode)
        rows = ("from_stop", "to_stop", "departure_s", "arrival_s", "trip", "can_board", "can_alight")
        moved = replace(moved, **{name: getattr(moved, name)[order] for name in rows})
        city = City(
            moved,
            {(demand[i], stop[s]): v for (i, s), v in self.access.items()},
            {(candidate[j], stop[s]): v for (j, s), v in self.egress.items()},
            {(stop[a], stop[b]): v for (a, b), v in self.footpaths.items()},
            {(demand[i], candidate[j]): v for (i, j), v in self.walking.items()},
            self.n_demand,
            self.n_candidates,
        )
        return city, demand, candidate


def as_matrix(walks: Walks, shape: tuple[int, int]) -> sparse.csr_array:
    """Return pairs as a sparse matrix; a stored 0 stays."""
    rows = np.array([pair[0] for pair in walks], dtype=np.intp)
    columns = np.array([pair[1] for pair in walks], dtype=np.intp)
    return sparse.csr_array(sparse.coo_array((np.array(list(walks.values()), dtype=float), (rows, columns)), shape=shape))


def build_timetable(
    n_stops: int,
    trips: list[tuple[int, list[tuple[Any, ...]]]],
    *,
    transfers: dict[tuple[int, int], int] | None = None,
    forbidden: list[tuple[int, int]] | None = None,
) -> Timetable:
    """Return a timetable of trips, each a mode and hops (from, to, departure, arrival[, can_board, can_alight])."""
    rows = [
        (k, *hop, *((True, True)[len(hop) - 4 :] if len(hop) < 6 else ())) for k, (_, hops) in enumerate(trips) for hop in hops
    ]
    rows.sort(key=lambda row: (row[3], row[4]))
    transfers, forbidden = transfers or {}, forbidden or []

    def column(k: int, dtype: Any) -> Any:
        return np.array([row[k] for row in rows], dtype=dtype)

    names = tuple(f"city:{k}" for k in range(n_stops))
    return Timetable(
        crs="EPSG:3035",
        x=np.zeros(n_stops),
        y=np.zeros(n_stops),
        stop_ids=names,
        stop_names=names,
        station=np.arange(n_stops),
        trip=column(0, np.int32),
        from_stop=column(1, np.int32),
        to_stop=column(2, np.int32),
        departure_s=column(3, np.int32),
        arrival_s=column(4, np.int32),
        can_board=column(5, np.bool_),
        can_alight=column(6, np.bool_),
        trip_mode=np.array([mode for mode, _ in trips], dtype=np.int8),
        modes=MODES,
        transfer_from=np.array([a for a, _ in transfers], dtype=np.int32),
        transfer_to=np.array([b for _, b in transfers], dtype=np.int32),
        transfer_min_s=np.array(list(transfers.values()), dtype=np.int32),
        forbidden_from=np.array([a for a, _ in forbidden], dtype=np.int32),
        forbidden_to=np.array([b for _, b in forbidden], dtype=np.int32),
    )


def _draw_walks(rng: np.random.Generator, shape: tuple[int, int], *, share: float, longest_s: float) -> Walks:
    """Return walks of some pairs; half of them take whole minutes, so that vehicles are caught to the second."""
    chosen = np.argwhere(rng.random(shape) < share)
    whole = rng.integers(0, int(longest_s // 60) + 1, len(chosen)) * 60.0
    broken = np.round(rng.uniform(0, longest_s, len(chosen)), 3)
    seconds = np.where(rng.random(len(chosen)) < 0.5, whole, broken)
    return {(int(a), int(b)): float(s) for (a, b), s in zip(chosen, seconds, strict=True)}


def _draw_line(rng: np.random.Generator, n_stops: int) -> list[tuple[int, list[tuple[Any, ...]]]]:
    n_calls = int(rng.integers(2, 7))
    calls = rng.integers(0, n_stops, n_calls)
    ride_s = rng.choice([0, 0, 30, 60, 90, 120, 240], n_calls - 1)
    dwell_s = rng.choice([0, 0, 0, 30, 60], n_calls - 1)
    can_board, can_alight = rng.random((2, n_calls - 1)) < 0.85
    mode, headway_s = int(rng.integers(len(MODES))), int(rng.choice([60, 150, 300]))
    trips = []
    for k in range(int(rng.integers(1, 5))):
        now = START_S - 120 + int(rng.integers(0, 3)) * 60 + k * headway_s
        hops = []
        for h in range(n_calls - 1):
            departure = now + int(dwell_s[h])
            now = departure + int(ride_s[h])
            hops.append((int(calls[h]), int(calls[h + 1]), departure, now, bool(can_board[h]), bool(can_alight[h])))
        trips.append((mode, hops))
    return trips


def build_random_city(seed: int, *, n_stops: int, n_lines: int, n_demand: int = 3, n_candidates: int = 2) -> City:
    """Return a city with lines, transfers, forbidden transfers, and stops where nobody may get on or off."""
    rng = np.random.default_rng(seed)
    trips = [trip for _ in range(n_lines) for trip in _draw_line(rng, n_stops)]
    pairs = rng.integers(0, n_stops, (int(rng.integers(0, 2 * n_stops)), 2))
    forbidden = rng.integers(0, n_stops, (int(rng.integers(0, n_stops)), 2))
    timetable = build_timetable(
        n_stops,
        trips,
        transfers={(int(a), int(b)): int(rng.choice([0, 0, 30, 180])) for a, b in pairs},
        forbidden=[(int(a), int(b)) for a, b in forbidden],
    )
    return City(
        timetable,
        access=_draw_walks(rng, (n_demand, n_stops), share=0.4, longest_s=200),
        egress=_draw_walks(rng, (n_candidates, n_stops), share=0.3, longest_s=200),
        footpaths=_draw_walks(rng, (n_stops, n_stops), share=0.25, longest_s=150),
        walking=_draw_walks(rng, (n_demand, n_candidates), share=0.4, longest_s=1200),
        n_demand=n_demand,
        n_candidates=n_candidates,
    )


cities = st.builds(build_random_city, st.integers(0, 2**32 - 1), n_stops=st.integers(5, 12), n_lines=st.integers(2, 6))
