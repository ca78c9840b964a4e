"""Travel times of a question: from its sites, and from where uncertain sites may really stand, to all cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from data.pack import CityPack
from diffusa.question import Question
from diffusa.times_cache import TimesCache
from diffusa.transit import MODE as TRANSIT
from diffusa.transit import Ends, PublicTransport, TransitFound, read_public_transport, search_by_timetable
from geo.modes import SPEED_KM_H, StreetMode
from geo.network import ComponentShare, Network, build_network, keep_main_component, open_both_ways
from geo.traveltimes import ON_FOOT, TravelTimes, street_times
from layers.plan import lens_key
from layers.positions import SHORT_STANDARD_MIN, UncertainTimes, draw_positions, uncertain_sites

Progress = Callable[[int, int], None]

M_S_PER_KM_H = 1000.0 / 3600.0
OWN = ""
"""The key of the lens through which the plan itself is counted."""


@dataclass(frozen=True)
class Lens:
    """A way of counting the same sites: a mode of travel, and a percentile of the departures by public transport."""

    key: str
    mode: str
    street_mode: StreetMode
    speed_km_h: float
    percentile: float | None = None


@dataclass(frozen=True, eq=False)
class Streets:
    """The main component of the streets as a mode uses them, and what share of the streets it is."""

    network: Network
    share: ComponentShare


@dataclass(frozen=True, eq=False)
class Journeys:
    """Travel times between all sites of a question and all cells, through each lens; the plan's own lens comes first.

    Parameters
    ----------
    lenses
        The ways of counting, by key.
    times_of
        Travel times by the key of the lens.
    streets
        The streets by mode.
    transport
        What runs; None where nobody travels by public transport.
    n_departures
        Samples of each pair by public transport.
    unconnected_stop_ids
        Stops too far from any street.
    cache
        Where travel times are kept.
    """

    lenses: Mapping[str, Lens]
    times_of: Mapping[str, TravelTimes]
    streets: Mapping[StreetMode, Streets]
    transport: PublicTransport | None = None
    n_departures: int = 0
    unconnected_stop_ids: tuple[str, ...] = ()
    cache: TimesCache = field(default_factory=TimesCache)

    @property
    def times(self) -> TravelTimes:
        """Return the travel times of the plan's own lens."""
        return self.times_of[OWN]


def read_network(pack: CityPack, *, mode: StreetMode) -> tuple[Network, ComponentShare]:
    """Return the main component of the streets of a city as a mode uses them, and what share of the streets it is."""
    streets = pack.network()
    whole = build_network(
        streets.x, streets.y, streets.u, streets.v, streets.length_m, crs=pack.city.crs, is_one_way=streets.is_one_way
    )
    return keep_main_component(open_both_ways(whole) if mode in ON_FOOT else whole)


def list_lenses(question: Question) -> dict[str, Lens]:
    """Return the ways of counting of a question by their keys, the plan's own first."""
    scenario = question.scenario
    is_transit = scenario.travel.mode == TRANSIT
    asked = scenario.travel
    own = Lens(OWN, asked.mode, asked.street_mode, asked.usual_speed_km_h, asked.percentile if is_transit else None)
    others = [replace(own, key=lens_key(percentile), percentile=percentile) for percentile in scenario.report.percentiles]
    others += [Lens(mode, mode, mode, SPEED_KM_H[mode]) for mode in scenario.report.modes]
    return {lens.key: lens for lens in (own, *others)}


def travel(
    question: Question, pack: CityPack, *, cache: TimesCache | None = None, progress: Progress | None = None
) -> Journeys:
    """Return the travel times of a question.

    Raises
    ------
    PlannerError
        If the city lacks what the mode needs, or the date of the window is one without service.
    """
    lenses = list_lenses(question)
    modes: dict[StreetMode, None] = dict.fromkeys([question.scenario.travel.street_mode, *question.scenario.report.modes])
    streets = {mode: Streets(*read_network(pack, mode=mode)) for mode in modes}
    cutoff_s = question.scenario.cutoff_min * 60.0
    transport = None
    if question.scenario.travel.mode == TRANSIT:
        transport = read_public_transport(pack, question.scenario.travel, cutoff_s=cutoff_s)
    journeys = Journeys(lenses, {}, streets, transport, cache=cache or TimesCache())
    points = question.sites.geometry
    places = tuple(question.sites["site_id"]), np.column_stack([points.x, points.y])
    times_of, found = _search(question, journeys, *places, cutoff_s=cutoff_s, progress=progress)
    if found is None:
        return replace(journeys, times_of=times_of)
    return replace(
        journeys, times_of=times_of, n_departures=found.n_departures, unconnected_stop_ids=found.unconnected_stop_ids
    )


def travel_from_drawn_positions(
    question: Question, journeys: Journeys, *, open_ids: Sequence[str]
) -> dict[str, UncertainTimes]:
    """Return by lens the travel times from drawn positions of the open sites whose place is uncertain.

    Empty if there are none. Only short standards become ranges, so the search stops there.
    """
    doubtful = [site_id for site_id in uncertain_sites(question.sites) if site_id in set(open_ids)]
    short = [minutes for minutes in question.scenario.standards_min if minutes <= SHORT_STANDARD_MIN]
    if not doubtful or not short:
        return {}
    drawn = draw_positions(question.sites, doubtful)
    times_of, _ = _search(question, journeys, drawn.site_ids, drawn.xy, cutoff_s=max(short) * 60.0)
    n_draws = len(drawn.site_ids) // len(doubtful)
    return {key: UncertainTimes(sites=frozenset(doubtful), n_draws=n_draws, times=times) for key, times in times_of.items()}


def search_modes(question: Question, journeys: Journeys, site_ids: Sequence[str]) -> TransitFound:
    """Return the journeys by public transport between all cells and some sites, with their samples by mode.

    Raises
    ------
    ValueError
        If nobody travels by public transport.
    """
    if journeys.transport is None:
        raise ValueError("nobody travels by public transport")
    points = question.sites.set_index("site_id").geometry.loc[list(site_ids)]
    return _by_timetable(
        question,
        journeys,
        journeys.transport,
        _ends(question, tuple(site_ids), np.column_stack([points.x, points.y])),
        cutoff_s=question.scenario.cutoff_min * 60.0,
        with_modes=True,
    )


def _search(
    question: Question,
    journeys: Journeys,
    site_ids: tuple[str, ...],
    site_xy: NDArray[np.float64],
    *,
    cutoff_s: float,
    progress: Progress | None = None,
) -> tuple[dict[str, TravelTimes], TransitFound | None]:
    """Return the travel times by lens between some sites and all cells, and what was found by public transport."""
    ends = _ends(question, site_ids, site_xy)
    times_of = {}
    found: TransitFound | None = None
    for key, lens in journeys.lenses.items():
        if lens.percentile is None:
            times_of[key] = _on_streets(question, journeys, lens, ends, cutoff_s=cutoff_s, progress=progress)
            continue
        if found is None and journeys.transport is not None:
            found = _by_timetable(question, journeys, journeys.transport, ends, cutoff_s=cutoff_s, progress=progress)
        if found is not None:
            times_of[key] = found.times(lens.percentile)
    return times_of, found


def _ends(question: Question, site_ids: tuple[str, ...], site_xy: NDArray[np.float64]) -> Ends:
    cells = question.people.cells
    return Ends(tuple(cells["cell_id"]), cells[["x", "y"]].to_numpy(dtype=np.float64), site_ids, site_xy)


def _on_streets(
    question: Question, journeys: Journeys, lens: Lens, ends: Ends, *, cutoff_s: float, progress: Progress | None
) -> TravelTimes:
    network = journeys.streets[lens.street_mode].network
    speed_m_s, max_snap_m = lens.speed_km_h * M_S_PER_KM_H, question.scenario.travel.max_snap_m
    return journeys.cache.street_times(
        lambda: street_times(
            network,
            mode=lens.street_mode,
            demand_ids=ends.demand_ids,
            demand_xy=ends.demand_xy,
            candidate_ids=ends.candidate_ids,
            candidate_xy=ends.candidate_xy,
            speed_m_s=speed_m_s,
            cutoff_s=cutoff_s,
            max_snap_m=max_snap_m,
            progress=progress,
        ),
        network=network,
        ends=ends,
        options={"mode": lens.street_mode, "speed_m_s": speed_m_s, "cutoff_s": cutoff_s, "max_snap_m": max_snap_m},
    )


def _by_timetable(
    question: Question,
    journeys: Journeys,
    transport: PublicTransport,
    ends: Ends,
    *,
    cutoff_s: float,
    with_modes: bool = False,
    progress: Progress | None = None,
) -> TransitFound:
    asked, network = question.scenario.travel, journeys.streets["walk"].network
    percentiles = tuple(lens.percentile for lens in journeys.lenses.values() if lens.percentile is not None)
    return journeys.cache.transit_times(
        lambda: search_by_timetable(
            transport,
            network,
            asked,
            ends,
            cutoff_s=cutoff_s,
            percentiles=percentiles,
            with_modes=with_modes,
            progress=progress,
        ),
        network=network,
        transport=transport,
        ends=ends,
        options={
            "travel": asked.model_dump(mode="json", exclude={"mode", "standard_min", "cutoff_min", "percentile"}),
            "cutoff_s": cutoff_s,
            "percentiles": percentiles,
            "with_modes": with_modes,
        },
    )
