"""Figures: how many people of each group have an open site within each standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.traveltimes import TravelTimes
from layers.modelled_people import cell_draws, find_interval, quarter_draws
from layers.people import People
from layers.plan_choice import Figure
from layers.positions import SHORT_STANDARD_MIN, UncertainTimes, drawn_id
from layers.reach import is_within, nearest_seconds

Floats = NDArray[np.float64]


def count_figures(
    variants: Mapping[str, Sequence[str]],
    times: TravelTimes,
    people: People,
    *,
    groups: Sequence[str],
    standards_min: Sequence[float],
    uncertain: UncertainTimes | None = None,
) -> list[Figure]:
    """Return the people reached for each variant, group and standard.

    The denominator of a share is everybody of the group in the city, with those who have no place and so are never reached.
    A share at a standard of at most `SHORT_STANDARD_MIN` minutes that rests on a site whose place is uncertain carries the
    least and the largest share over the drawn positions and the stated one. Those of a modelled group always carry an interval:
    the reach is counted in each joint draw of the estimate, and the ends are quantiles of these counts; where positions are
    drawn, too, it goes from the least lower end to the largest upper one.

    Parameters
    ----------
    variants
        Open sites per variant key.
    times
        Travel times, shape (n_cells, n_sites), rows in the order of ``people.cells``.
    people
        The counts.
    groups
        Keys of the groups to count.
    standards_min
        Coverage standards in minutes, each at most the cutoff.
    uncertain
        Travel times from drawn positions; None where every place is certain.
    """
    totals = people.totals
    ways = {group: _Counting.of(people, group) for group in groups}
    figures: list[Figure] = []
    for key, site_ids in variants.items():
        stated = nearest_seconds(times, site_ids)
        drawn = _drawn_seconds(times, site_ids, uncertain)
        for standard_min in standards_min:
            is_range = bool(drawn) and standard_min <= SHORT_STANDARD_MIN
            every = [is_within(seconds, standard_min * 60.0) for seconds in (stated, *(drawn if is_range else ()))]
            for group in groups:
                total, reached = float(totals[group]), ways[group].count(every[0])
                bounds = ways[group].bounds(every) if total else None
                figures.append(
                    Figure(
                        variant=key,
                        group=group,
                        standard_min=standard_min,
                        reached=reached,
                        total=total,
                        share=reached / total if total else 0.0,
                        reached_low=bounds.reached_low if bounds else None,
                        reached_high=bounds.reached_high if bounds else None,
                        share_low=bounds.share_low if bounds else None,
                        share_high=bounds.share_high if bounds else None,
                    )
                )
    return figures


@dataclass(frozen=True)
class _Bounds:
    reached_low: float
    reached_high: float
    share_low: float
    share_high: float


@dataclass(frozen=True, eq=False)
class _Counting:
    """How one group is counted: its people in each cell, and for a modelled one those of each draw."""

    people: People
    key: str
    cells: Floats
    total: float
    draws: Floats | None
    total_draws: Floats | None

    @classmethod
    def of(cls, people: People, key: str) -> _Counting:
        is_modelled = key in people.modelled
        return cls(
            people=people,
            key=key,
            cells=people.cells[key].to_numpy(dtype=np.float64),
            total=float(people.totals[key]),
            draws=cell_draws(people, key) if is_modelled else None,
            total_draws=quarter_draws(people, key).to_numpy().sum(axis=0) if is_modelled else None,
        )

    def count(self, is_near: NDArray[np.bool_]) -> float:
        return float(self.cells[is_near].sum())

    def bounds(self, every: Sequence[NDArray[np.bool_]]) -> _Bounds | None:
        """Return the ends over every position; None where neither a position nor the people are uncertain."""
        if self.draws is None or self.total_draws is None:
            if len(every) == 1:
                return None
            counts = [self.count(is_near) for is_near in every]
            return _Bounds(min(counts), max(counts), min(counts) / self.total, max(counts) / self.total)
        reached = np.array([self.draws[is_near].sum(axis=0) for is_near in every])
        low, high = find_interval(self.people, self.key, reached)
        share_low, share_high = find_interval(self.people, self.key, reached / self.total_draws)
        return _Bounds(float(low.min()), float(high.max()), float(share_low.min()), float(share_high.max()))


def _drawn_seconds(times: TravelTimes, site_ids: Sequence[str], uncertain: UncertainTimes | None) -> list[Floats]:
    """Return the seconds to the nearest open site in each draw; empty if every open site has a certain place."""
    if uncertain is None:
        return []
    moving = [site_id for site_id in site_ids if site_id in uncertain.sites]
    if not moving:
        return []
    resting = nearest_seconds(times, [site_id for site_id in site_ids if site_id not in uncertain.sites])
    return [
        np.fmin(resting, nearest_seconds(uncertain.times, [drawn_id(site_id, draw) for site_id in moving]))
        for draw in range(uncertain.n_draws)
    ]
