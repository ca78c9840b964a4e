"""Groups from layers of points or of quarter facts: which points count, for how much, and what each quarter has in all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.columns import find_unused_values, match_rows
from data.errors import CountError, Faults, PackError
from data.groups import FromFacts, FromPoints, Group, count_group


def weigh_points(group: Group, origin: FromPoints, points: pd.DataFrame) -> NDArray[np.float64]:
    """Return how much each point counts for a group: 1 or its number, 0 for one that does not match.

    Parameters
    ----------
    group, origin
        The group, and the layer it is made from.
    points
        The layer ``points`` of a city: ``layer`` and the columns of the recipe.

    Raises
    ------
    CountError
        If no point matches, or one that does has no number to sum.
    """
    own = (points["layer"] == origin.points).to_numpy(dtype=bool)
    where = f"group {group.key}, points of {origin.points}"
    conditions = {column: list(values) for column, values in origin.where.items()}
    matched = own & match_rows(points, conditions)
    if not matched.any():
        unused = find_unused_values(points[own], conditions)
        raise CountError("no point meets the conditions", where=where, examples=unused, remedy="Look at 'where'")
    if origin.sum is None:
        return matched.astype(np.float64)
    numbers = points[origin.sum].to_numpy(dtype=np.float64)
    absent = matched & np.isnan(numbers)
    if absent.any():
        what = f"points have no number in {origin.sum!r}"
        remedy = "Fill in the numbers, leave these points out with 'where', or count points: take out 'sum'"
        raise CountError(what, where=where, n=int(absent.sum()), remedy=remedy)
    return np.where(matched, numbers, 0.0)


def count_by_quarter(group: Group, layers: Mapping[str, pd.DataFrame]) -> pd.Series[float]:
    """Return how many of a group each quarter has in all, from the layers that it is made from; index nil.

    Parameters
    ----------
    group
        Any group of the city.
    layers
        Layers of the city by name: census, points, quarter_facts, as far as they are there.

    Raises
    ------
    PackError
        If the layer that the group needs is not there.
    PlannerError
        If the group cannot be counted.
    """
    match group.origin:
        case FromPoints() as origin:
            points = _need(group, layers, "points")
            weight = pd.Series(weigh_points(group, origin, points), index=points["nil"].astype("int64"))
            return weight.groupby(level=0).sum()
        case FromFacts() as origin:
            return read_facts(group, origin, _need(group, layers, "quarter_facts"))
    census = _need(group, layers, "census")
    return count_group(census.set_index("section"), group).set_axis(census["nil"]).groupby(level=0).sum()


def read_facts(group: Group, origin: FromFacts, facts: pd.DataFrame) -> pd.Series[float]:
    """Return the number of each quarter of the facts; index nil.

    Raises
    ------
    CountError
        If a number is missing or negative; `FaultsError` if both happen.
    """
    numbers = facts.set_index("nil")[origin.column].astype("float64")
    faults = Faults()
    for wrong, what in ((numbers.isna(), "quarters have no number"), (numbers < 0, "quarters have negative numbers")):
        if wrong.any():
            quarters = numbers.index[wrong].tolist()
            where = f"group {group.key}, {origin.facts}.{origin.column}"
            faults.add(CountError(what, where=where, n=len(quarters), examples=quarters))
    faults.raise_if_any()
    return numbers


def _need(group: Group, layers: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    if name not in layers:
        raise PackError(f"the group {group.key!r} needs the layer {name!r}, which is not there", remedy="Build the pack again")
    return layers[name]
