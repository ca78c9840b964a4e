"""Public transport of a question: timetables and drawn lines become travel times over the departures of a window."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from data.errors import PackError, ScenarioError
from data.feed import Feed
from data.lines import build_assumed_feed
from data.pack import CityPack
from data.recipe_transit import headway_table
from diffusa.scenario_travel import Travel
from geo.network import Network
from geo.snap import Snapped
from geo.timetable import Timetable
from geo.timetable_build import build_timetable
from geo.transit_draws import drawn_transit_times
from geo.transit_walks import walk_to_stops
from geo.traveltimes import TravelTimes
from layers.plan_text import Text
from layers.reach import values_at

Progress = Callable[[int, int], None]

AROUND_M = 2_000.0
"""Vehicles are followed so far beyond the city: people may change at the first station outside."""
MODE = "transit"
LINES = "lines"
LAYERS = ("lines", "headways", "quarters")
"""Layers that say what runs, and where."""


@dataclass(frozen=True, eq=False)
class PublicTransport:
    """What runs in a city around the window of a question.

    Parameters
    ----------
    pack, travel
        The city, and how people travel.
    cutoff_s
        Longest journey: so long after the window vehicles are followed.
    n_draws
        Draws of the phases; 0 where every vehicle runs by a timetable.
    limits
        What every page that rests on it says: assumed headways, the year of a network.
    """

    pack: CityPack
    travel: Travel
    cutoff_s: float
    n_draws: int
    limits: tuple[Text, ...]

    @cached_property
    def timetables(self) -> tuple[Timetable, ...]:
        """Return one timetable, or one a draw where lines run on assumed headways; all over the same stops.

        Raises
        ------
        FeedError
            If no trip of a feed runs on the date; the dates with service are named.
        """
        pack, travel = self.pack, self.travel
        feeds = [pack.feed(name) for name in pack.feeds]
        area = shapely.union_all(pack.read("quarters").geometry.to_numpy()).buffer(AROUND_M)
        lines = [[_draw_lines(pack, travel, draw=draw)] for draw in range(self.n_draws)] or [[]]
        return tuple(_build([*feeds, *drawn], pack, travel, area=area, cutoff_s=self.cutoff_s) for drawn in lines)

    @property
    def facts(self) -> dict[str, object]:
        """Return everything that the timetables depend on, for a digest; the code is not among it."""
        digests = self.pack.digests()
        files = [record.file for record in self.pack.feeds.values()]
        files += [self.pack.layers[name].file for name in LAYERS if name in self.pack.layers]
        window = self.travel.model_dump(mode="json", include={"window", "seed", "headways"})
        return {
            "files": {file: digests[file] for file in files},
            "crs": self.pack.city.crs,
            "window": window,
            "cutoff_s": self.cutoff_s,
            "n_draws": self.n_draws,
            "around_m": AROUND_M,
        }


def read_public_transport(pack: CityPack, travel: Travel, *, cutoff_s: float) -> PublicTransport:
    """Return the public transport of a city around the window of a scenario.

    Raises
    ------
    ScenarioError
        If the city has neither timetables nor lines, or headways are given for a city without lines.
    """
    if not pack.has_transit:
        what = "the city has neither timetables nor lines: mode 'transit' needs a layer of one of these roles"
        raise ScenarioError(what, where="travel.mode", remedy="Add one to the recipe, or choose a mode on the streets")
    has_lines = LINES in pack.layers
    if travel.headways and not has_lines:
        raise ScenarioError(
            "headways are assumed for lines without a timetable, and the city has none", where="travel.headways"
        )
    said = [limit for record in pack.feeds.values() for limit in record.limits]
    said += pack.layers[LINES].limits if has_lines else ()
    limits = tuple(Text(it=limit.it, en=limit.en) for limit in said)
    return PublicTransport(pack, travel, cutoff_s, n_draws=travel.draws if has_lines else 0, limits=limits)


def _draw_lines(pack: CityPack, travel: Travel, *, draw: int) -> Feed:
    date, day, time_zone = travel.when.date, dt.timedelta(days=1), pack.layers[LINES].time_zone
    if time_zone is None:
        raise PackError("the lines have no time zone", where=str(pack.folder), remedy="Build the pack again")
    return build_assumed_feed(
        pack.read(LINES),
        headway_table(pack.read("headways"), travel.headways),
        draw=draw,
        seed=travel.seed,
        first_date=date - day,  # vehicles of the evening before still run after midnight
        last_date=date + day,
        time_zone=time_zone,
    )


def _build(feeds: Sequence[Feed], pack: CityPack, travel: Travel, *, area: shapely.Geometry, cutoff_s: float) -> Timetable:
    window = travel.when
    return build_timetable(
        feeds,
        date=window.date,
        start_s=window.start_min * 60,
        end_s=window.end_min * 60,
        crs=pack.city.crs,
        area=area,
        tail_s=int(np.ceil(cutoff_s)),
        keep_idle_stops=True,
    )


@dataclass(frozen=True, eq=False)
class Ends:
    """The two ends of all journeys: ids and places, shape (n, 2), in metres in the CRS of the network."""

    demand_ids: tuple[str, ...]
    demand_xy: NDArray[np.float64]
    candidate_ids: tuple[str, ...]
    candidate_xy: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TransitFound:
    """Travel times by public transport, by percentile of the departures of a window.

    Parameters
    ----------
    ends
        The ends of the journeys.
    seconds
        By percentile: sparse, shape (n_demand, n_candidates), seconds; a pair not stored is not reached.
    samples_by_mode
        By mode of the longest ride: sparse, shape (n_demand, n_candidates), departures at which the cutoff is met; empty
        unless asked for.
    n_departures
        Samples of each pair.
    cutoff_s
        Longer journeys count as not reached.
    demand_snap, candidate_snap
        Where the ends meet the streets.
    unconnected_stop_ids
        Stops too far from any street: nobody boards or leaves a vehicle there.
    """

    ends: Ends
    seconds: Mapping[float, sparse.csr_array]
    samples_by_mode: Mapping[str, sparse.csr_array]
    n_departures: int
    cutoff_s: float
    demand_snap: Snapped
    candidate_snap: Snapped
    unconnected_stop_ids: tuple[str, ...]

    def times(self, percentile: float) -> TravelTimes:
        """Return the travel times at one of the percentiles."""
        return TravelTimes(
            seconds=self.seconds[percentile],
            demand_ids=self.ends.demand_ids,
            candidate_ids=self.ends.candidate_ids,
            cutoff_s=self.cutoff_s,
            mode=MODE,
            demand_snap=self.demand_snap,
            candidate_snap=self.candidate_snap,
        )


def search_by_timetable(
    transport: PublicTransport,
    network: Network,
    travel: Travel,
    ends: Ends,
    *,
    cutoff_s: float,
    percentiles: Sequence[float],
    with_modes: bool = False,
    progress: Progress | None = None,
) -> TransitFound:
    """Return the travel times between the ends at each percentile."""
    walks = walk_to_stops(
        network,
        transport.timetables[0],
        demand_ids=ends.demand_ids,
        demand_xy=ends.demand_xy,
        candidate_ids=ends.candidate_ids,
        candidate_xy=ends.candidate_xy,
        speed_m_s=travel.usual_speed_km_h / 3.6,
        cutoff_s=cutoff_s,
        max_access_s=travel.max_walk_min * 60.0,
        max_change_s=travel.max_change_walk_min * 60.0,
        max_snap_m=travel.max_snap_m,
    )
    window = travel.when
    found = drawn_transit_times(
        transport.timetables,
        walks=walks,
        start_s=window.start_min * 60,
        end_s=window.end_min * 60,
        percentiles=tuple(percentiles),
        direction=travel.direction,
        step_s=travel.usual_step_s(is_drawn=transport.n_draws > 0),
        min_change_s=travel.change_min * 60.0,
        cutoff_s=cutoff_s,
        workers=count_workers(),
        with_modes=with_modes,
        progress=progress,
    )
    return TransitFound(
        ends=ends,
        seconds=found.seconds,
        samples_by_mode=found.samples_by_mode or {},
        n_departures=found.n_departures,
        cutoff_s=cutoff_s,
        demand_snap=walks.demand_snap,
        candidate_snap=walks.candidate_snap,
        unconnected_stop_ids=walks.unconnected_stop_ids,
    )


def count_workers() -> int:
    """Return how many processors this process may use; the results do not depend on it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_journeys(
    found: TransitFound, *, cells: NDArray[np.intp], sites: NDArray[np.intp], weight: NDArray[np.float64]
) -> dict[str, float]:
    """Return the share of the journeys of some pairs by the mode of their longest ride; empty where there are none.

    Parameters
    ----------
    found
        Travel times with their samples by mode.
    cells, sites
        Rows and columns of the pairs, shape (n,).
    weight
        Need of each pair's cell, shape (n,).
    """
    n_by_mode = {mode: float(values_at(counts, cells, sites) @ weight) for mode, counts in found.samples_by_mode.items()}
    whole = sum(n_by_mode.values())
    return {mode: n / whole for mode, n in n_by_mode.items()} if whole > 0 else {}
