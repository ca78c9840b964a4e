"""The search over sites: each draw of a timetable is scanned for each site, and the samples of all draws are pooled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.connection_scan import scan_backward, scan_forward
from geo.scan_arrays import count_room, spread_row
from geo.scan_records import UNREACHED, Hops, Links, Profiles, Rules, Seats, build_profiles, build_seats
from geo.transit_samples import Pool, Window, rank_samples, sample_away, sample_towards


@dataclass(frozen=True, eq=False, kw_only=True)
class Draw:
    """One draw of a timetable as a search reads it: its hops, the changes into and out of each stop, its departures."""

    hops: Hops
    into: Links
    out_of: Links
    window: Window

    @property
    def rules(self) -> Rules:
        """Return the rules of its scans."""
        return Rules(self.window.cutoff_ms, bool(np.any(self.into.ways["ms"] == 0)))


@dataclass(frozen=True, eq=False, kw_only=True)
class SiteFound:
    """What was found for one site.

    Parameters
    ----------
    reached
        For each percentile, rising: demand points reached and their seconds.
    n_by_mode
        Samples within the cutoff by mode, in one row a demand point, or in one row for all.
    """

    reached: list[tuple[NDArray[np.intp], NDArray[np.float64]]]
    n_by_mode: NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Scratch:
    """What one thread writes into; nothing in it is kept from one site to the next."""

    at_stop: Profiles
    changing: Profiles
    seats: Seats
    arrivals: NDArray[np.int64]
    ready: NDArray[np.int64]
    samples: NDArray[np.int32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Search:
    """One request: draws over the same stops, walks, and the ranks of the percentiles, rising.

    Parameters
    ----------
    draws
        The draws.
    access, egress, walking
        Walks by demand point to stops, by site to stops, and by site to demand points.
    ranks
        Of each percentile among the samples of all draws, from 1, rising.
    n_modes
        Modes of the timetable.
    is_away
        Whether people leave the sites.
    by_pair
        Whether samples are counted by mode for each demand point.
    """

    draws: tuple[Draw, ...]
    access: Links
    egress: Links
    walking: Links
    ranks: NDArray[np.int64]
    n_modes: int
    is_away: bool
    by_pair: bool
    _own: threading.local = field(default_factory=threading.local)

    @property
    def n_demand(self) -> int:
        """Return how many demand points there are."""
        return len(self.access.start) - 1

    @property
    def n_sites(self) -> int:
        """Return how many sites there are."""
        return len(self.egress.start) - 1

    @property
    def n_stops(self) -> int:
        """Return how many stops there are."""
        return len(self.draws[0].into.start) - 1

    def run(self, *, workers: int) -> Iterator[SiteFound]:
        """Yield what is found for each site, in order; it does not depend on the number of workers."""
        if workers == 1:
            yield from map(self._search_site, range(self.n_sites))
            return
        with ThreadPoolExecutor(max_workers=workers) as pool:
            try:
                yield from pool.map(self._search_site, range(self.n_sites))
            finally:
                pool.shutdown(cancel_futures=True)  # whoever stops listening waits for the sites under way only

    def _search_site(self, site: int) -> SiteFound:
        scratch = self._scratch()
        pool = Pool(
            scratch.samples,
            np.zeros(self.n_demand, dtype=np.int64),
            np.zeros((self.n_demand if self.by_pair else 1, self.n_modes + 1), dtype=np.int64),
        )
        egress_ms = spread_row(self.egress, site, n=self.n_stops)
        walking_ms = spread_row(self.walking, site, n=self.n_demand)
        for draw in self.draws:
            if self.is_away:
                self._scan_away(draw, scratch, egress_ms, walking_ms, pool)
            else:
                self._scan_towards(draw, scratch, egress_ms, walking_ms, pool)
        percentile_ms = np.empty((self.n_demand, len(self.ranks)), dtype=np.int64)
        rank_samples(pool, self.ranks, percentile_ms)
        return SiteFound(reached=[_keep_reached(values) for values in percentile_ms.T], n_by_mode=pool.n_by_mode)

    def _scan_towards(
        self, draw: Draw, scratch: _Scratch, egress_ms: NDArray[np.int64], walking_ms: NDArray[np.int64], pool: Pool
    ) -> None:
        seats = scratch.seats[: len(draw.hops) + 1]
        _leave_seats(seats)
        scan_backward(draw.hops, draw.into, egress_ms, draw.rules, scratch.at_stop, scratch.changing, seats)
        sample_towards(scratch.at_stop, self.access, walking_ms, draw.window, pool)

    def _scan_away(
        self, draw: Draw, scratch: _Scratch, egress_ms: NDArray[np.int64], walking_ms: NDArray[np.int64], pool: Pool
    ) -> None:
        window, seats = draw.window, scratch.seats[: len(draw.hops) + 1]
        _leave_seats(seats)
        arrivals = scratch.arrivals[:, : window.n_departures]
        for k in range(window.n_departures):
            leave_ms = window.first_ms + k * window.step_ms
            scan_forward(draw.hops, draw.out_of, egress_ms, leave_ms, draw.rules, arrivals[:, k], scratch.ready, seats)
        sample_away(arrivals, self.access, walking_ms, window, pool)

    def _scratch(self) -> _Scratch:
        """Return the scratch of this thread, large enough for every draw."""
        made: _Scratch | None = getattr(self._own, "scratch", None)
        if made is None:
            made = self._own.scratch = self._build_scratch()
        return made

    def _build_scratch(self) -> _Scratch:
        rooms = [count_room(draw.hops, draw.into) for draw in self.draws]
        boarding, changing = (np.max([room[k] for room in rooms], axis=0) for k in (0, 1))
        nothing = np.zeros_like(boarding)
        widest = max(draw.window.n_departures for draw in self.draws)
        n_samples = sum(draw.window.n_departures for draw in self.draws)
        return _Scratch(
            at_stop=build_profiles(nothing if self.is_away else boarding),
            changing=build_profiles(nothing if self.is_away else changing),
            seats=build_seats(max(len(draw.hops) for draw in self.draws)),
            arrivals=np.empty((self.n_stops, widest if self.is_away else 0), dtype=np.int64),
            ready=np.empty(self.n_stops, dtype=np.int64),
            samples=np.empty((self.n_demand, n_samples), dtype=np.int32),
        )


def _leave_seats(seats: Seats) -> None:
    """Have nobody on the vehicle after the last hop: another draw may have had one there."""
    seats[-1:] = build_seats(0)


def _keep_reached(values: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    demand = np.flatnonzero(values < UNREACHED)
    return demand, values[demand] / 1000.0
