"""How counts in the pieces of quarters follow official totals: a whole is scaled, its parts are fitted within it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import CountError, Faults
from data.groups import Group
from data.margins import SAME, Margins
from layers.update_fit import TableFit, fit_table

Floats = NDArray[np.float64]
MIXED_IN = 0.01
"""Part of each place's people that is taken to be as the quarter is to become, where its own mix cannot hold the totals."""


@dataclass(eq=False)
class Units:
    """The counts of an update: pieces and people without a place, as they were and as they become.

    Parameters
    ----------
    quarters
        Ids, sorted, shape (n_quarters,).
    row
        Position of the quarter of each unit, shape (n_units,).
    old
        Counts by group, shape (n_units,) each.
    new
        Counts by group, as far as they are updated.
    followed
        The whole that each group was scaled with which has no total of its own.
    mixed
        Groups and quarters in which the places with anybody of the group, or with anybody else, were too few to hold the
        totals: there every place was given some of the quarter's mix (`MIXED_IN`).
    n_iterations
        The most that any fit took.
    """

    quarters: NDArray[np.int64]
    row: NDArray[np.intp]
    old: Mapping[str, Floats]
    new: dict[str, Floats] = field(default_factory=dict)
    followed: dict[str, str] = field(default_factory=dict)
    mixed: list[tuple[str, int]] = field(default_factory=list)
    n_iterations: int = 0

    def sum(self, counts: Floats) -> Floats:
        """Return counts of units summed to quarters."""
        return np.bincount(self.row, weights=counts, minlength=len(self.quarters)).astype(np.float64)


def update_whole(group: Group, units: Units, margins: Margins) -> None:
    """Scale a group that is part of no other to its totals; one without totals stays as it is.

    Raises
    ------
    CountError
        If quarters lack a total, or where nobody was counted there should be somebody.
    """
    old = units.old[group.key]
    there = units.sum(old)
    if group.key in margins.quarters:
        asked = _asked_by_quarter(group.key, units, margins)
    elif group.key in margins.city:
        asked = there * _ratio(np.array([margins.city[group.key]]), np.array([there.sum()]))
    else:
        return
    _refuse_empty(group.key, there, asked, units, margins)
    units.new[group.key] = old * _ratio(asked, there)[units.row]


def update_parts(whole: Group, parts: Sequence[Group], units: Units, margins: Margins) -> None:
    """Fit the parts of a group that was updated: those with totals to them, the others as what holds them.

    Raises
    ------
    CountError
        If parts are more than their whole, or their totals cannot be met within it.
    """
    if whole.key not in units.new:
        return
    families: dict[str, list[Group]] = {}
    for part in parts:
        families.setdefault(f"by {part.by}" if part.by else part.key, []).append(part)
    faults = Faults()
    for family in families.values():
        try:
            _update_family(whole, family, units, margins)
        except CountError as error:
            faults.add(error)
    faults.raise_if_any()


def _update_family(whole: Group, family: Sequence[Group], units: Units, margins: Margins) -> None:
    """Update groups that have no member in common; with `rest`, what of the whole none of those with totals counts."""
    given = [part for part in family if part.key in margins.groups]
    rest = units.old[whole.key] - sum((units.old[part.key] for part in given), np.zeros(len(units.row)))
    _refuse_excess(whole, given or family, rest if given else _least_rest(whole, family, units), units)
    start = np.column_stack([*(units.old[part.key] for part in given), np.maximum(rest, 0.0)])
    fitted = _fit_family(whole, given, start, units, margins) if given else units.new[whole.key][:, None]
    for column, part in enumerate(given):
        units.new[part.key] = fitted[:, column]
    scale = _ratio(fitted[:, -1], start[:, -1])
    for part in family:
        if part not in given:
            units.new[part.key] = units.old[part.key] * scale
            units.followed[part.key] = whole.key


def _least_rest(whole: Group, family: Sequence[Group], units: Units) -> Floats:
    most = np.max([units.old[part.key] for part in family], axis=0)
    return np.asarray(units.old[whole.key] - most, dtype=np.float64)


def _fit_family(whole: Group, given: Sequence[Group], start: Floats, units: Units, margins: Margins) -> Floats:
    """Return the counts of each part and of the rest, shape (n_units, n_parts + 1), in rows that sum to the whole."""
    there = np.column_stack([units.sum(column) for column in start.T])
    asked = _ask_quarters(whole, given, there, units, margins)
    for column, part in enumerate(given):
        _refuse_empty(part.key, there[:, column], asked[:, column], units, margins)
    fitted = np.zeros_like(start)
    for position in range(len(units.quarters)):
        mine = np.flatnonzero(units.row == position)
        rows, columns = units.new[whole.key][mine], asked[position]
        try:
            fitted[mine] = _note(fit_table(start[mine], rows=rows, columns=columns), units)
        except CountError:
            mixed = start[mine] + MIXED_IN * units.old[whole.key][mine, None] * columns / columns.sum()
            fitted[mine] = _note(fit_table(mixed, rows=rows, columns=columns), units)
            units.mixed.append((_names(given), int(units.quarters[position])))
    return fitted


def _ask_quarters(whole: Group, given: Sequence[Group], there: Floats, units: Units, margins: Margins) -> Floats:
    """Return what each quarter should have of each part and of the rest; city totals are shared out by fitting."""
    sums = units.sum(units.new[whole.key])
    asked = np.zeros_like(there)
    fixed = [column for column, part in enumerate(given) if part.key in margins.quarters]
    free = [column for column, part in enumerate(given) if part.key not in margins.quarters]
    for column in fixed:
        asked[:, column] = _asked_by_quarter(given[column].key, units, margins)
    room = sums - asked.sum(axis=1)
    wrong = np.flatnonzero(room < -SAME * np.maximum(1.0, sums))
    if len(wrong):
        what = f"{_names([given[column] for column in fixed])} {margins.year} are more than {whole.key}"
        examples = [f"quarter {units.quarters[row]}: {asked[row].sum():,.0f} of {sums[row]:,.0f}" for row in wrong]
        raise CountError(what, where="update", n=len(wrong), examples=examples)
    # Rounded percentages may pass the whole by a hair: the whole holds.
    asked *= np.minimum(1.0, _ratio(sums, np.maximum(asked.sum(axis=1), sums)))[:, None]
    asked[:, -1] = np.maximum(room, 0.0)
    if free:
        open_columns = [*free, -1]
        parts = [given[column] for column in free]
        asked[:, open_columns] = _share_out(parts, there[:, open_columns], asked[:, -1], units, margins)
    return asked


def _share_out(free: Sequence[Group], there: Floats, room: Floats, units: Units, margins: Margins) -> Floats:
    """Return city totals shared out over the quarters, and the rest of the room in each."""
    totals = np.array([margins.city[part.key] for part in free])
    left = room.sum() - totals.sum()
    if left < -SAME * room.sum():
        what = f"{_names(free)} {margins.year} sum to {totals.sum():,.0f}, there is room for {room.sum():,.0f}"
        raise CountError(what, where="update")
    try:
        names = ([f"quarter {quarter}" for quarter in units.quarters], [*(part.key for part in free), "the rest"])
        fit = fit_table(there, rows=room, columns=np.array([*totals, max(left, 0.0)]), names=names)
    except CountError as error:
        what = f"{_names(free)} {margins.year}: {error.what}"
        raise CountError(what, where="update", examples=error.examples, remedy=error.remedy) from error
    return _note(fit, units)


def _note(fit: TableFit, units: Units) -> Floats:
    units.n_iterations = max(units.n_iterations, fit.n_iterations)
    return fit.table


def _asked_by_quarter(key: str, units: Units, margins: Margins) -> Floats:
    column = margins.quarters[key]
    absent = sorted({*units.quarters.tolist()} - {*column.dropna().index})
    if absent:
        what = f"{key} {margins.year}: quarters have no total"
        raise CountError(what, where="update", n=len(absent), examples=absent)
    beyond = column[(column > 0) & ~column.index.isin(units.quarters)]
    if len(beyond):
        what = f"{key} {margins.year}: there are totals of quarters where the city has no ground"
        raise CountError(what, where="update", n=len(beyond), examples=beyond.index.tolist())
    return column.reindex(pd.Index(units.quarters)).to_numpy(dtype=np.float64)


def _refuse_empty(key: str, there: Floats, asked: Floats, units: Units, margins: Margins) -> None:
    empty = np.flatnonzero((there <= 0) & (asked > 0))
    if len(empty):
        what = f"{key}: nobody was counted in quarters that have somebody in {margins.year}"
        examples = [f"quarter {units.quarters[row]}: {asked[row]:,.0f}" for row in empty]
        remedy = "Scaling nobody gives nobody: leave the total out, or give a census that counts these people"
        raise CountError(what, where="update", n=len(empty), examples=examples, remedy=remedy)


def _refuse_excess(whole: Group, parts: Sequence[Group], rest: Floats, units: Units) -> None:
    wrong = np.flatnonzero(rest < -SAME * np.maximum(1.0, units.old[whole.key]))
    if len(wrong):
        what = f"{_names(parts)} are more than {whole.key}, which is said to hold them"
        quarters = sorted({int(units.quarters[row]) for row in units.row[wrong]})
        remedy = "Look at 'base', 'within' and 'by' in the catalogue of groups"
        raise CountError(what, where="update", n=len(quarters), examples=[f"quarter {nil}" for nil in quarters], remedy=remedy)


def _ratio(new: Floats, old: Floats) -> Floats:
    """Return new over old; 0 where nobody was."""
    return np.divide(new, old, out=np.zeros_like(new, dtype=np.float64), where=old > 0)


def _names(groups: Sequence[Group]) -> str:
    return " + ".join(group.key for group in groups)
