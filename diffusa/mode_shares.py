"""By which vehicles people come: the journeys to their nearest open site, by the mode of the longest ride."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from diffusa.journeys import Journeys, search_modes
from diffusa.question import Question
from diffusa.transit import share_journeys
from layers.people import need_weight
from layers.plan import ModeShare
from layers.reach import nearest_site


def count_mode_shares(question: Question, journeys: Journeys, variants: Mapping[str, Sequence[str]]) -> tuple[ModeShare, ...]:
    """Return for each variant the share of the journeys by mode, largest first; empty where nobody takes a vehicle.

    The journeys are those of all cells to the site that is nearest at the percentile of the plan, at every departure at which
    they take no longer than the cutoff, weighted by the need of the cell.
    """
    if journeys.transport is None:
        return ()
    opened = sorted({site_id for site_ids in variants.values() for site_id in site_ids})
    found = search_modes(question, journeys, opened)
    people = question.people
    weight = need_weight(people.cells, people.totals, question.scenario.need)
    position = {site_id: column for column, site_id in enumerate(opened)}
    shares = []
    for variant, site_ids in variants.items():
        cells, nearest, _ = nearest_site(journeys.times, site_ids)
        columns = np.array([position[site_ids[row]] for row in nearest], dtype=np.intp)
        of_modes = share_journeys(found, cells=cells, sites=columns, weight=weight[cells])
        ranked = sorted(of_modes.items(), key=lambda item: (-item[1], item[0]))
        shares += [ModeShare(variant=variant, mode=mode, share=round(share, 6)) for mode, share in ranked]
    return tuple(shares)
