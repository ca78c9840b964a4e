"""Travel times by timetable between demand points and candidate sites: sparse, up to a cutoff, by percentile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geo.connection_scan import scan_backward, scan_forward
from geo.scan_arrays import build_changes, build_hops, build_walks, count_room, spread_row
from geo.scan_records import UNREACHED, Hops, Links, Rules, build_profiles, build_seats
from geo.timetable import Timetable
from geo.transit_checks import WALKING, check_request, check_timetable, check_walks
from geo.transit_samples import Window, sample_away, sample_towards

# Towards a site one scan serves all departures, so every minute is asked; away from it each departure is a scan.
STEP_TOWARDS_S = 60
STEP_AWAY_S = 300
MIN_CHANGE_S = 60

# Demand points that reach one site, and their seconds.
_Column = tuple[NDArray[np.intp], NDArray[np.float64]]


@dataclass(frozen=True, eq=False, kw_only=True)
class TransitTimes:
    """Who reaches what by vehicle and on foot, and in how many seconds, over the departures of a window.

    Parameters
    ----------
    seconds
        By percentile: sparse, shape (n_demand, n_candidates), whole milliseconds, columns sorted within rows. A pair that
        is not stored is not reached within the cutoff at that percentile; a stored 0 is a reach.
    n_departures
        Samples of each pair: the departures of the window.
    n_samples_by_mode
        Samples of all pairs reached within the cutoff, by the mode of the longest ride of the fastest journey, and
        "walking" where walking all the way is no slower.
    direction
        "towards" the candidate sites or "away" from them.
    cutoff_s
        Longer journeys count as not reached; one of exactly this time is a reach.
    """

    seconds: Mapping[float, sparse.csr_array]
    n_departures: int
    n_samples_by_mode: Mapping[str, int]
    direction: str
    cutoff_s: float

    @property
    def share_by_mode(self) -> dict[str, float]:
        """Share of the samples reached within the cutoff by mode, in [0, 1]; empty if none is reached."""
        n = sum(self.n_samples_by_mode.values())
        return {mode: count / n for mode, count in self.n_samples_by_mode.items()} if n else {}


def transit_times(
    timetable: Timetable,
    *,
    access: sparse.csr_array,
    egress: sparse.csr_array,
    footpaths: sparse.csr_array,
    walking: sparse.csr_array,
    start_s: int,
    end_s: int,
    percentiles: Sequence[float] = (50,),
    direction: Literal["towards", "away"] = "towards",
    step_s: int | None = None,
    min_change_s: float = MIN_CHANGE_S,
    cutoff_s: float,
    progress: Callable[[int, int], None] | None = None,
) -> TransitTimes:
    """Return percentiles of the travel times between demand points and candidate sites over a window of departures.

    Parameters
    ----------
    timetable
        The vehicles. It must hold every hop between `start_s` and the last departure plus the cutoff.
    access
        Walks between demand points and stops, sparse, shape (n_demand, n_stops), seconds; a stored 0 is a walk.
    egress
        Walks between candidate sites and stops, sparse, shape (n_candidates, n_stops), seconds.
    footpaths
        Walks from stop (row) to stop (column) for changing, sparse, shape (n_stops, n_stops), seconds.
    walking
        Walking all the way, sparse, shape (n_demand, n_candidates), seconds.
    start_s, end_s
        The window, in seconds after midnight of the timetable's date: people leave at `start_s` and every `step_s` after
        it, before `end_s`.
    percentiles
        Above 0 and up to 100.
    direction
        "towards": people leave the demand point and arrive at the site. "away": the other way round.
    step_s
        Between departures; a minute towards the sites and five minutes away from them unless given.
    min_change_s
        From getting off one vehicle to getting on another, beside any walk between them.
    cutoff_s
        Longer journeys count as not reached.
    progress
        Called with the number of sites done and of all sites, after each site.

    Raises
    ------
    FeedError
        If the timetable does not hold together.
    CountError
        If a matrix has another shape or holds no usable seconds, or window, step, change time, cutoff or percentiles are
        no usable numbers.
    IdError
        If there is no such direction.

    Notes
    -----
    The time of a journey runs from the departure t to the arrival, waiting included. People walk to a stop of their choice,
    board without any reserve, and change as often as they like, each change at one stop or over one footpath. Staying on
    a vehicle is no change. A minimum time of a transfer of the timetable stands in place of walk and change time; a
    forbidden transfer is not made. Walking all the way competes at every t.

    Percentile p of the n samples of a pair is the least sample such that at least p % of the samples are not above it
    (nearest rank). A sample not reached within the cutoff counts as infinite and is never dropped: a pair reached at fewer
    than p % of the departures has no entry. Times count in whole milliseconds, as in `geo.traveltimes`.

    A sample counts for the mode of the longest single ride of a fastest journey. Where several arrive together: towards a
    site those that leave their stops last are looked at, away from it those that are first at each stop on their way; among
    them the longest ride counts, and of rides of one length the mode that stands first in the timetable.
    """
    step = step_s if step_s is not None else (STEP_AWAY_S if direction == "away" else STEP_TOWARDS_S)
    check_request(
        start_s=start_s,
        end_s=end_s,
        step_s=step,
        percentiles=percentiles,
        direction=direction,
        min_change_s=min_change_s,
        cutoff_s=cutoff_s,
    )
    check_timetable(timetable)
    check_walks(timetable, access=access, egress=egress, footpaths=footpaths, walking=walking)
    n_departures = math.ceil(Fraction(end_s - start_s, step))
    ranks = sorted((_nearest_rank(p, n=n_departures), p) for p in percentiles)
    cutoff_ms = round(cutoff_s * 1000)
    search = _Search(
        hops=build_hops(timetable, start_s=start_s, latest_ms=(n_departures - 1) * step * 1000 + cutoff_ms),
        changes=build_changes(timetable, footpaths, min_change_s=min_change_s, cutoff_ms=cutoff_ms),
        access=build_walks(access, cutoff_ms=cutoff_ms),
        egress=build_walks(egress, cutoff_ms=cutoff_ms),
        walking=build_walks(walking.T.tocsr(), cutoff_ms=cutoff_ms),
        window=Window(n_departures, step * 1000, cutoff_ms),
        ranks=np.array([rank for rank, _ in ranks], dtype=np.int64),
        n_by_mode=np.zeros(len(timetable.modes) + 1, dtype=np.int64),
    )
    columns: list[list[_Column]] = []
    for percentile_ms in search.away() if direction == "away" else search.towards():
        columns.append([_keep_reached(values) for values in percentile_ms.T])
        if progress is not None:
            progress(len(columns), egress.shape[0])
    joined = {p: _join_columns([column[k] for column in columns], n=access.shape[0]) for k, (_, p) in enumerate(ranks)}
    return TransitTimes(
        seconds={p: joined[p] for p in percentiles},
        n_departures=n_departures,
        n_samples_by_mode=dict(zip((*timetable.modes, WALKING), search.n_by_mode.tolist(), strict=True)),
        direction=direction,
        cutoff_s=float(cutoff_s),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Search:
    """The arrays of one request; `n_by_mode` is counted up while the sites are searched."""

    hops: Hops
    changes: tuple[Links, Links]
    access: Links
    egress: Links
    walking: Links
    window: Window
    ranks: NDArray[np.int64]
    n_by_mode: NDArray[np.int64]

    @property
    def n_stops(self) -> int:
        return len(self.changes[0].start) - 1

    @property
    def rules(self) -> Rules:
        return Rules(self.window.cutoff_ms, bool(np.any(self.changes[0].ways["ms"] == 0)))

    def _sites(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Yield for each site its walks to stops and to demand points, and the table for its percentiles."""
        n_demand = len(self.access.start) - 1
        for site in range(len(self.egress.start) - 1):
            egress_ms = spread_row(self.egress, site, n=self.n_stops)
            walking_ms = spread_row(self.walking, site, n=n_demand)
            yield egress_ms, walking_ms, np.empty((n_demand, len(self.ranks)), dtype=np.int64)

    def towards(self) -> Iterator[NDArray[np.int64]]:
        """Yield the percentiles of each site, shape (n_demand, n_percentiles), milliseconds."""
        into = self.changes[0]
        at_stop, changing = (build_profiles(room) for room in count_room(self.hops, into))
        seats, rules = build_seats(len(self.hops)), self.rules
        for egress_ms, walking_ms, percentile_ms in self._sites():
            scan_backward(self.hops, into, egress_ms, rules, at_stop, changing, seats)
            sample_towards(at_stop, self.access, walking_ms, self.window, self.ranks, percentile_ms, self.n_by_mode)
            yield percentile_ms

    def away(self) -> Iterator[NDArray[np.int64]]:
        """Yield the percentiles of each site, shape (n_demand, n_percentiles), milliseconds."""
        out_of, window = self.changes[1], self.window
        seats, rules = build_seats(len(self.hops)), self.rules
        reached = np.empty((self.n_stops, window.n_departures), dtype=np.int64)
        ready = np.empty(self.n_stops, dtype=np.int64)
        for egress_ms, walking_ms, percentile_ms in self._sites():
            for k in range(window.n_departures):
                leave_ms = k * window.step_ms
                at = reached[:, k]
                scan_forward(self.hops, out_of, egress_ms, leave_ms, rules, at, ready, seats)
            sample_away(reached, self.access, walking_ms, window, self.ranks, percentile_ms, self.n_by_mode)
            yield percentile_ms


def _nearest_rank(percentile: float, *, n: int) -> int:
    """Return the rank, from 1, of a percentile among n samples; exact, where floats would make 55 % of 20 more than 11."""
    return math.ceil(Fraction(str(percentile)) * n / 100)


def _keep_reached(values: NDArray[np.int64]) -> _Column:
    demand = np.flatnonzero(values < UNREACHED)
    return demand, values[demand] / 1000.0


def _join_columns(columns: Sequence[_Column], *, n: int) -> sparse.csr_array:
    """Return one matrix of n rows from the reached demand points of each site; a stored 0 stays."""
    demand = np.concatenate([np.empty(0, dtype=np.intp), *(rows for rows, _ in columns)])
    seconds = np.concatenate([np.empty(0), *(values for _, values in columns)])
    start = np.concatenate([[0], np.cumsum([len(rows) for rows, _ in columns], dtype=np.intp)])
    return sparse.csc_array((seconds, demand, start), shape=(n, len(columns))).tocsr()
