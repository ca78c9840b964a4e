"""Figures: how many people of each group have an open site within each standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.traveltimes import TravelTimes
from layers.people import People
from layers.plan import Figure
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
    least and the largest share over the drawn positions and the stated one.

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
    counts = people.cells[list(groups)]
    totals = people.totals
    figures: list[Figure] = []
    for key, site_ids in variants.items():
        stated = nearest_seconds(times, site_ids)
        drawn = _drawn_seconds(times, site_ids, uncertain)
        for standard_min in standards_min:
            reached = _reached(stated, counts, standard_min)
            is_range = bool(drawn) and standard_min <= SHORT_STANDARD_MIN
            ranged = [_reached(seconds, counts, standard_min) for seconds in drawn] if is_range else []
            for group in groups:
                total = float(totals[group])
                every = [float(counted[group]) for counted in (reached, *ranged)]
                figures.append(
                    Figure(
                        variant=key,
                        group=group,
                        standard_min=standard_min,
                        reached=every[0],
                        total=total,
                        share=every[0] / total if total else 0.0,
                        share_low=min(every) / total if is_range and total else None,
                        share_high=max(every) / total if is_range and total else None,
                    )
                )
    return figures


def _reached(seconds: Floats, counts: pd.DataFrame, standard_min: float) -> pd.Series[float]:
    return counts[is_within(seconds, standard_min * 60.0)].sum()


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
