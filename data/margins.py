"""Official totals of a later year: gathered from what a city gives, and held against one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data.city import LaterTotal
from data.errors import CountError, Faults, IdError, PlannerError, RecipeError, suggest_name
from data.groups import Group, census_groups

SAME = 1e-6
"""Relative difference up to which two official totals are the same: percentages are published rounded."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Margins:
    """Official totals of one year.

    Parameters
    ----------
    year
        The year.
    quarters
        Totals per quarter: index nil, sorted, one column per group; a table of no columns where none are given.
    city
        Totals of the whole city by group.
    doubtful
        Quarters whose totals the source says to take with care.
    source
        Who published them.
    """

    year: int
    quarters: pd.DataFrame
    city: Mapping[str, float]
    doubtful: tuple[int, ...] = ()
    source: str

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the keys of the groups that have a total."""
        return tuple(dict.fromkeys((*self.quarters.columns, *self.city)))

    @property
    def totals(self) -> dict[str, float]:
        """Return the total of the whole city by group: the one given for it, else the sum of its quarters."""
        summed = {str(key): float(self.quarters[key].sum()) for key in self.quarters.columns}
        return {**summed, **self.city}


def list_years(frame: pd.DataFrame | None, later: Sequence[LaterTotal]) -> tuple[int, ...]:
    """Return the years for which a city gives totals, rising."""
    of_quarters = [] if frame is None else frame["year"].unique().tolist()
    return tuple(sorted({*map(int, of_quarters), *(total.year for total in later)}))


def gather_margins(frame: pd.DataFrame | None, later: Sequence[LaterTotal], *, year: int, source: str) -> Margins:
    """Return the totals of one year.

    Parameters
    ----------
    frame
        The layer ``margins`` of a city; None where it has none.
    later
        Totals of the whole city.
    year, source
        The year that is asked for, and who published the totals per quarter.
    """
    own = frame[frame["year"] == year] if frame is not None else None
    sources = [source] if own is not None and len(own) else []
    sources += [total.source for total in later if total.year == year]
    return Margins(
        year=year,
        quarters=pd.DataFrame() if own is None else own.pivot_table(index="nil", columns="group", values="total", sort=True),
        city={total.group: float(total.total) for total in later if total.year == year},
        doubtful=() if own is None else tuple(sorted(set(own.loc[own["is_doubtful"], "nil"].tolist()))),
        source="; ".join(dict.fromkeys(sources)),
    )


def check_margins(margins: Margins, groups: Sequence[Group], *, where: str = "margins") -> None:
    """Check that the totals of a year are of groups that can be updated, and do not contradict one another.

    Raises
    ------
    IdError
        If a total is of a group that the city does not count.
    RecipeError
        If a group is of no census, is not older than its total, or the whole that it is part of has no total.
    CountError
        If the quarters do not sum to the city, a part is more than its whole, or parts without common members are: both
        are named with their values.
    FaultsError
        If there are several such faults.
    """
    known = {group.key: group for group in census_groups(groups)}
    faults = Faults()
    for key in margins.groups:
        if key not in known:
            what = f"there are totals of {margins.year} for {key!r}, which is no group counted in the census here"
            faults.add(IdError(what, where=where, remedy=suggest_name(key, known)))
            continue
        _check_group(known[key], known, margins, where, faults)
    faults.raise_if_any()
    for fault in (
        *_check_city_sums(margins, where),
        *_check_parts(margins, known, where),
        *_check_siblings(margins, known, where),
    ):
        faults.add(fault)
    faults.raise_if_any()


def _check_group(group: Group, known: Mapping[str, Group], margins: Margins, where: str, faults: Faults) -> None:
    if group.year >= margins.year:
        what = f"{group.key} was counted in {group.year}: totals of {margins.year} are not later"
        faults.add(RecipeError(what, where=where))
    root = group
    while root.parent is not None and root.parent in known:
        root = known[root.parent]
    if root.key not in margins.groups:
        what = f"there are totals of {margins.year} for {group.key}, and none for {root.key}, which it is part of"
        faults.add(RecipeError(what, where=where, remedy=f"Give those of {root.key}, or take out those of {group.key}"))


def _check_city_sums(margins: Margins, where: str) -> Iterable[PlannerError]:
    for key, total in margins.city.items():
        if key in margins.quarters and differs(float(margins.quarters[key].sum()), total):
            summed = float(margins.quarters[key].sum())
            what = f"{key} {margins.year}: the quarters sum to {summed:,.0f}, the city total is {total:,.0f}"
            yield CountError(what, where=where, remedy="Take out the one that is of another count")


def _check_parts(margins: Margins, known: Mapping[str, Group], where: str) -> Iterable[PlannerError]:
    """Hold each part against each whole that has totals of its own."""
    totals = margins.totals
    for key in margins.groups:
        for whole in dict.fromkeys((known[key].base, known[key].within)):
            if whole is None or whole not in totals:
                continue
            what = f"{key} {margins.year} is more than {whole}"
            if key in margins.quarters and whole in margins.quarters:
                pair = margins.quarters[[key, whole]]
                wrong = pair[pair[key] > pair[whole] * (1 + SAME)]
                if len(wrong):
                    examples = [f"quarter {nil}: {row[key]:,.0f} of {row[whole]:,.0f}" for nil, row in wrong.iterrows()]
                    yield CountError(what, where=where, n=len(wrong), examples=examples)
            elif totals[key] > totals[whole] * (1 + SAME):
                yield CountError(f"{what}: {totals[key]:,.0f} of {totals[whole]:,.0f} in the city", where=where)


def _check_siblings(margins: Margins, known: Mapping[str, Group], where: str) -> Iterable[PlannerError]:
    """Hold groups that have no member in common, summed, against their base."""
    totals = margins.totals
    families: dict[tuple[str, str], list[str]] = {}
    for key in margins.groups:
        group = known[key]
        if group.by is not None and group.base in totals:
            families.setdefault((str(group.base), group.by), []).append(key)
    for (base, _), keys in families.items():
        summed = sum(totals[key] for key in keys)
        if len(keys) > 1 and summed > totals[base] * (1 + SAME):
            what = f"{' + '.join(keys)} {margins.year} sum to {summed:,.0f}, {base} has {totals[base]:,.0f} in the city"
            yield CountError(what, where=where)


def differs(first: float, second: float) -> bool:
    """Return whether two official totals are not the same."""
    return abs(first - second) > SAME * max(1.0, abs(second))
