"""Groups of people: what is counted, how it is made from the layers of a city, and how it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from data.errors import ColumnError, CountError, Faults, suggest_name


@dataclass(frozen=True, kw_only=True)
class FromPoints:
    """A group counted in a layer of points, each in the cell where it lies.

    Parameters
    ----------
    points
        Name of the layer in the recipe.
    where
        Conditions on its columns; all points by default.
    sum
        Column of numbers that is summed, such as pupils of a school; None counts the points.
    """

    points: str
    where: Mapping[str, tuple[bool | int | float | str, ...]] = field(default_factory=dict)
    sum: str | None = None


@dataclass(frozen=True, kw_only=True)
class FromFacts:
    """A group given per quarter and spread within the quarter like another group.

    Parameters
    ----------
    facts
        Name of the layer of quarter facts in the recipe.
    column
        Its column.
    like
        Keys of groups: the quarter's number is spread in proportion to the first of them that has anybody there.
    """

    facts: str
    column: str
    like: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group of people (or households, or establishments).

    Parameters
    ----------
    key
        Name of the group in scenarios and files.
    plus, minus
        Census codes that are added and taken off; both empty where the group has another origin.
    origin
        The layer it is made from; None for a group of census codes.
    base
        Key of the group that shares are of; None for a group that is its own whole.
    within
        Key of a smaller group that holds it, where there is one; it then follows that one in an update, not its base.
    by
        What tells it from others of its base, such as "age": groups with one base and one `by` have no member in common.
    label_it, label_en
        What pages call it.
    unit
        What is counted: people, households, establishments.
    year, source
        When it was counted, and by whom.
    updated_from
        The year of the census, where `year` is a later one to which official totals took the counts.
    """

    key: str
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    origin: FromPoints | FromFacts | None = None
    base: str | None = None
    within: str | None = None
    by: str | None = None
    label_it: str
    label_en: str
    unit: str = "people"
    year: int
    source: str
    updated_from: int | None = None

    @property
    def parent(self) -> str | None:
        """Return the key of the smallest group that holds this one."""
        return self.within or self.base


def census_groups(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the groups that are sums of census codes."""
    return tuple(group for group in groups if group.origin is None)


def check_codes(groups: Iterable[Group], columns: Iterable[str], *, where: str) -> None:
    """Check that every code of every group is a column.

    Raises
    ------
    ColumnError
        For each code that is none; `FaultsError` if there are several.
    """
    known = sorted(columns)
    faults = Faults()
    for group in groups:
        for code in group.plus + group.minus:
            if code not in known:
                what = f"the group {group.key!r} needs the column {code!r}, which is missing"
                faults.add(ColumnError(what, where=where, remedy=suggest_name(code, known)))
    faults.raise_if_any()


def count_group(frame: pd.DataFrame, group: Group) -> pd.Series[float]:
    """Return how many of the group each row holds: float, index of the frame, name of the group.

    Raises
    ------
    ColumnError
        If a code of the group is no column, or the group has none: it is not a sum of census codes.
    CountError
        If a row comes out negative or is no number: what is taken off is then no part of what is added.
    """
    where = f"group {group.key}"
    if not group.plus:
        raise ColumnError("the group is no sum of census codes", where=where, remedy="Count it from its layer")
    check_codes((group,), frame.columns, where=where)
    total = pd.Series(0.0, index=frame.index, name=group.key)
    for code in group.plus:
        total = total + frame[code].astype("float64")
    for code in group.minus:
        total = total - frame[code].astype("float64")
    wrong = total.isna() | (total < 0)
    if wrong.any():
        what_rows = frame.index.name or "row"
        rows = [f"{what_rows} {label}: {value:g}" for label, value in total[wrong].items()]
        what = f"{' + '.join(group.plus)} − ({' + '.join(group.minus)}) is negative or no number"
        raise CountError(what, where=where, n=int(wrong.sum()), examples=rows)
    return total.rename(group.key)
