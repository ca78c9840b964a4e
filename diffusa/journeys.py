"""Travel times of a question: from its sites, and from where uncertain sites may really stand, to all cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.pack import CityPack
from diffusa.question import Question
from geo.modes import StreetMode
from geo.network import ComponentShare, Network, build_network, keep_main_component, open_both_ways
from geo.traveltimes import ON_FOOT, TravelTimes, street_times
from layers.positions import SHORT_STANDARD_MIN, UncertainTimes, draw_positions, uncertain_sites

Progress = Callable[[int, int], None]

M_S_PER_KM_H = 1000.0 / 3600.0


@dataclass(frozen=True)
class Journeys:
    """Travel times between all sites of a question and all cells, and what the street network left out."""

    times: TravelTimes
    share: ComponentShare
    network: Network


def read_network(pack: CityPack, *, mode: StreetMode) -> tuple[Network, ComponentShare]:
    """Return the main component of the streets of a city as a mode uses them, and what share of the streets it is."""
    streets = pack.network()
    whole = build_network(
        streets.x, streets.y, streets.u, streets.v, streets.length_m, crs=pack.city.crs, is_one_way=streets.is_one_way
    )
    return keep_main_component(open_both_ways(whole) if mode in ON_FOOT else whole)


def travel(question: Question, pack: CityPack, *, progress: Progress | None = None) -> Journeys:
    """Return the travel times of a question."""
    network, share = read_network(pack, mode=question.scenario.travel.mode)
    points = question.sites.geometry
    times = _times(
        question, network, tuple(question.sites["site_id"]), np.column_stack([points.x, points.y]), progress=progress
    )
    return Journeys(times=times, share=share, network=network)


def travel_from_drawn_positions(question: Question, journeys: Journeys, *, open_ids: Sequence[str]) -> UncertainTimes | None:
    """Return the travel times from drawn positions of the open sites whose place is uncertain; None if there are none.

    Only short standards become ranges, so the search stops there.
    """
    doubtful = [site_id for site_id in uncertain_sites(question.sites) if site_id in set(open_ids)]
    short = [minutes for minutes in question.scenario.standards_min if minutes <= SHORT_STANDARD_MIN]
    if not doubtful or not short:
        return None
    drawn = draw_positions(question.sites, doubtful)
    times = _times(question, journeys.network, drawn.site_ids, drawn.xy, cutoff_s=max(short) * 60.0)
    return UncertainTimes(sites=frozenset(doubtful), n_draws=len(drawn.site_ids) // len(doubtful), times=times)


def _times(
    question: Question,
    network: Network,
    site_ids: tuple[str, ...],
    site_xy: NDArray[np.float64],
    *,
    cutoff_s: float | None = None,
    progress: Progress | None = None,
) -> TravelTimes:
    mode = question.scenario.travel
    cells = question.people.cells
    return street_times(
        network,
        mode=mode.mode,
        demand_ids=tuple(cells["cell_id"]),
        demand_xy=cells[["x", "y"]].to_numpy(dtype=np.float64),
        candidate_ids=site_ids,
        candidate_xy=site_xy,
        speed_m_s=mode.usual_speed_km_h * M_S_PER_KM_H,
        cutoff_s=cutoff_s if cutoff_s is not None else question.scenario.cutoff_min * 60.0,
        max_snap_m=mode.max_snap_m,
        progress=progress,
    )
