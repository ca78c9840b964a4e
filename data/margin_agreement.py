"""Whether the official totals of later years agree with the groups of a city and with one another."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pandas as pd

from data.city import LaterTotal
from data.errors import IdError
from data.groups import Group
from data.margins import check_margins, gather_margins, list_years
from data.reading import Reading
from data.recipe import Recipe


def check_city_margins(recipe: Recipe, reading: Reading, groups: tuple[Group, ...]) -> None:
    """Keep in the reading what is wrong with the totals of any later year, or given twice."""
    frames = reading.frames.get("margins", {})
    frame = pd.concat(list(frames.values()), ignore_index=True) if frames else None
    later = [LaterTotal(**one.model_dump()) for one in recipe.city.later]
    by_quarter = [] if frame is None else frame[["nil", "group", "year"]].itertuples(index=False, name=None)
    repeated = {f"{group} {year}" for (_, group, year), n in Counter(by_quarter).items() if n > 1}
    repeated |= {f"{group} {year}" for (group, year), n in Counter((one.group, one.year) for one in later).items() if n > 1}
    if repeated:
        what = "totals of one group and year are given twice"
        reading.faults.add(IdError(what, where="margins", n=len(repeated), examples=sorted(repeated)))
        return
    for year in list_years(frame, later):
        margins = gather_margins(frame, later, year=year, source=", ".join(frames))
        reading.attempt(partial(check_margins, margins, groups, where=f"totals of {year}"))
