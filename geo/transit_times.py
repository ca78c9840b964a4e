"""Travel times by timetable between demand points and candidate sites: sparse, up to a cutoff, by percentile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import CountError
from geo.scan_arrays import build_changes, build_hops, build_walks
from geo.timetable import Timetable
from geo.transit_checks import WALKING, check_draws, check_request, check_walks
from geo.transit_samples import Window
from geo.transit_search import Draw, Search, SiteFound

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
    samples_by_mode
        The same samples for each pair: by mode sparse, shape (n_demand, n_candidates); None unless asked for.
    """

    seconds: Mapping[float, sparse.csr_array]
    n_departures: int
    n_samples_by_mode: Mapping[str, int]
    direction: str
    cutoff_s: float
    samples_by_mode: Mapping[str, sparse.csr_array] | None = None

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
    step = step_s if step_s is not None else usual_step_s(direction)
    return search_draws(
        [timetable],
        access=access,
        egress=egress,
        footpaths=footpaths,
        walking=walking,
        start_s=start_s,
        end_s=end_s,
        percentiles=percentiles,
        direction=direction,
        step_s=step,
        min_change_s=min_change_s,
        cutoff_s=cutoff_s,
        progress=progress,
    )


def usual_step_s(direction: str) -> int:
    """Return the seconds between departures where nobody says: away from a site each departure costs a scan."""
    return STEP_AWAY_S if direction == "away" else STEP_TOWARDS_S


def search_draws(
    timetables: Sequence[Timetable],
    *,
    access: sparse.csr_array,
    egress: sparse.csr_array,
    footpaths: sparse.csr_array,
    walking: sparse.csr_array,
    start_s: int,
    end_s: int,
    percentiles: Sequence[float],
    direction: Literal["towards", "away"],
    step_s: int,
    min_change_s: float,
    cutoff_s: float,
    workers: int = 1,
    with_modes: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> TransitTimes:
    """Return percentiles over the samples of several draws of a timetable; `geo.transit_draws` says what they mean.

    Raises
    ------
    FeedError, CountError, IdError
        As `transit_times`; FeedError also if there is no timetable.
    """
    check_request(
        start_s=start_s,
        end_s=end_s,
        step_s=step_s,
        percentiles=percentiles,
        direction=direction,
        min_change_s=min_change_s,
        cutoff_s=cutoff_s,
    )
    check_draws(timetables, start_s=start_s, end_s=end_s, cutoff_s=cutoff_s)
    check_walks(timetables[0], access=access, egress=egress, footpaths=footpaths, walking=walking)
    windows = _list_windows(len(timetables), span_ms=(end_s - start_s) * 1000, step_ms=step_s * 1000, cutoff_s=cutoff_s)
    n_departures = sum(window.n_departures for window in windows)
    ranks = sorted((_nearest_rank(p, n=n_departures), p) for p in percentiles)
    cutoff_ms = windows[0].cutoff_ms
    draws = []
    for timetable, window in zip(timetables, windows, strict=True):
        latest_ms = window.first_ms + (window.n_departures - 1) * window.step_ms + cutoff_ms
        into, out_of = build_changes(timetable, footpaths, min_change_s=min_change_s, cutoff_ms=cutoff_ms)
        hops = build_hops(timetable, start_s=start_s, latest_ms=latest_ms)
        draws.append(Draw(hops=hops, into=into, out_of=out_of, window=window))
    search = Search(
        draws=tuple(draws),
        access=build_walks(access, cutoff_ms=cutoff_ms),
        egress=build_walks(egress, cutoff_ms=cutoff_ms),
        walking=build_walks(walking.T.tocsr(), cutoff_ms=cutoff_ms),
        ranks=np.array([rank for rank, _ in ranks], dtype=np.int64),
        n_modes=len(timetables[0].modes),
        is_away=direction == "away",
        by_pair=with_modes,
    )
    found = []
    for site in search.run(workers=workers):
        found.append(site)
        if progress is not None:
            progress(len(found), search.n_sites)
    modes = (*timetables[0].modes, WALKING)
    joined = {p: _join_columns([site.reached[k] for site in found], n=search.n_demand) for k, (_, p) in enumerate(ranks)}
    totals = sum((site.n_by_mode.sum(axis=0) for site in found), np.zeros(len(modes), dtype=np.int64))
    return TransitTimes(
        seconds={p: joined[p] for p in percentiles},
        n_departures=n_departures,
        n_samples_by_mode=dict(zip(modes, totals.tolist(), strict=True)),
        direction=direction,
        cutoff_s=float(cutoff_s),
        samples_by_mode=_join_modes(found, modes, n=search.n_demand) if with_modes else None,
    )


def _list_windows(n_draws: int, *, span_ms: int, step_ms: int, cutoff_s: float) -> list[Window]:
    """Return the departures of each draw: the draws divide the step, so that together they cover the window evenly."""
    firsts = [draw * step_ms // n_draws for draw in range(n_draws)]
    kept = [first_ms for first_ms in firsts if first_ms < span_ms]
    if len(kept) < n_draws:
        what = f"the window of {span_ms // 1000} s is too short: not every one of {n_draws} draws has a departure in it"
        raise CountError(what, where="start_s, end_s", remedy=f"Take a step of at most {span_ms // 1000} s")
    return [Window(-(-(span_ms - first_ms) // step_ms), step_ms, round(cutoff_s * 1000), first_ms) for first_ms in firsts]


def _nearest_rank(percentile: float, *, n: int) -> int:
    """Return the rank, from 1, of a percentile among n samples; exact, where floats would make 55 % of 20 more than 11."""
    return math.ceil(Fraction(str(percentile)) * n / 100)


def _join_columns(columns: Sequence[_Column], *, n: int) -> sparse.csr_array:
    """Return one matrix of n rows from the reached demand points of each site; a stored 0 stays."""
    demand = np.concatenate([np.empty(0, dtype=np.intp), *(rows for rows, _ in columns)])
    seconds = np.concatenate([np.empty(0), *(values for _, values in columns)])
    start = np.concatenate([[0], np.cumsum([len(rows) for rows, _ in columns], dtype=np.intp)])
    return sparse.csc_array((seconds, demand, start), shape=(n, len(columns))).tocsr()


def _join_modes(found: Sequence[SiteFound], modes: Sequence[str], *, n: int) -> dict[str, sparse.csr_array]:
    """Return the samples of each pair by mode; a pair without a sample is not stored."""
    joined = {}
    for k, mode in enumerate(modes):
        rows = [np.flatnonzero(site.n_by_mode[:, k]) for site in found]
        counts = [site.n_by_mode[some, k].astype(np.float64) for some, site in zip(rows, found, strict=True)]
        joined[mode] = _join_columns(list(zip(rows, counts, strict=True)), n=n)
    return joined
