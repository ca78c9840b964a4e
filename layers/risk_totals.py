"""Totals that are given, and the parts of the city in which they are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import CountError, Faults, IdError, PlannerError
from data.risk import RiskDefinition

Floats = NDArray[np.float64]
TOLERANCE = 1e-6
"""Relative difference up to which two totals are the same."""


@dataclass(frozen=True, kw_only=True)
class RiskTotal:
    """An official total: a rate of the base, or a count.

    Parameters
    ----------
    name
        What the total is called where it is shown or contradicts another.
    definition
        Key of the definition that it counts by.
    rate, count
        A share in [0, 1], or people; one of both.
    quarters
        The quarters that it is of; None for the whole city.
    """

    name: str
    definition: str
    rate: float | None = None
    count: float | None = None
    quarters: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Blocks:
    """Parts of the city, each with the people at risk that must live in it.

    Parameters
    ----------
    quarter
        Block of each quarter, shape (n_quarters,); −1 for quarters that no total speaks of.
    target
        People at risk of each block, shape (n_blocks,).
    """

    quarter: NDArray[np.intp]
    target: Floats


@dataclass(frozen=True)
class _Sum:
    """A total as the positions of its quarters and a count."""

    name: str
    members: frozenset[int]
    count: float


def split_totals(
    totals: Sequence[RiskTotal], *, definition: RiskDefinition, quarters: NDArray[np.int64], base: Floats
) -> Blocks:
    """Return the blocks in which totals are met: each total less those that lie within it.

    Parameters
    ----------
    totals
        Any two of them must be apart, or one within the other.
    definition
        The one that is estimated.
    quarters, base
        Ids of the quarters, sorted, and the people of each that rates are of; shape (n_quarters,).

    Raises
    ------
    CountError
        If two totals contradict one another or lie across (both are named); if one is of another definition, has no rate and
        no count, or both; a rate outside [0, 1], perhaps in percent; more people at risk than people; or nobody that it
        could be of.
    IdError
        If a quarter is unknown to the city, stands twice in a total, or none is named.
    """
    faults = Faults()
    sums = [_read_total(total, definition, quarters, base, faults) for total in totals]
    faults.raise_if_any()
    ordered = sorted((one for one in sums if one), key=lambda one: (len(one.members), sorted(one.members), one.name))
    quarter = np.full(len(quarters), -1, dtype=np.intp)
    targets: list[float] = []
    placed: list[_Sum] = []
    for total in ordered:
        inner = _find_inner(total, placed, faults)
        if any(one.members == total.members for one in inner):
            _check_same(total, next(one for one in inner if one.members == total.members), faults)
            continue
        rest = sorted(total.members.difference(*(one.members for one in inner)))
        left = _subtract(total, inner, float(base[rest].sum()), faults)
        placed = [one for one in placed if one not in inner] + [total]
        if base[rest].sum() > 0:
            quarter[rest] = len(targets)
            targets.append(left)
    faults.raise_if_any()
    return Blocks(quarter, np.array(targets, dtype=np.float64))


def _read_total(
    total: RiskTotal, definition: RiskDefinition, quarters: NDArray[np.int64], base: Floats, faults: Faults
) -> _Sum | None:
    """Return a total as a count, or None after its faults were added."""
    own, where = Faults(), f"total {total.name!r}"
    if total.definition != definition.key:
        what = f"counts by {total.definition!r}, while {definition.key!r} is estimated"
        own.add(CountError(what, where=where, remedy="Totals of different definitions are never mixed"))
    members = range(len(quarters)) if total.quarters is None else _find_quarters(total.quarters, quarters, where, own)
    people = float(base[list(members)].sum())
    count = _read_count(total, people, where, own)
    if not own and people <= 0:
        own.add(CountError("nobody lives there that it could be of", where=where, remedy="Leave it out"))
    if not own and count > people * (1 + TOLERANCE):
        own.add(CountError(f"{count:,.1f} at risk among {people:,.1f} people", where=where))
    try:
        own.raise_if_any()
    except PlannerError as error:
        faults.add(error)
        return None
    return _Sum(total.name, frozenset(members), min(count, people))


def _find_quarters(wanted: tuple[int, ...], quarters: NDArray[np.int64], where: str, faults: Faults) -> list[int]:
    unknown = sorted(set(wanted) - set(quarters.tolist()))
    if unknown:
        faults.add(IdError("names quarters that the city has not", where=where, n=len(unknown), examples=unknown))
    twice = sorted({one for one in wanted if wanted.count(one) > 1})
    if twice:
        faults.add(IdError("names quarters twice", where=where, n=len(twice), examples=twice))
    if not wanted:
        faults.add(IdError("names no quarter", where=where, remedy="Leave the quarters out for the whole city"))
    return [int(position) for position in np.flatnonzero(np.isin(quarters, wanted))]


def _read_count(total: RiskTotal, people: float, where: str, faults: Faults) -> float:
    if (total.rate is None) == (total.count is None):
        faults.add(CountError("needs a rate or a count, and not both", where=where))
    elif total.rate is not None:
        fault = find_rate_fault(total.rate, where)
        if fault is None:
            return total.rate * people
        faults.add(fault)
    elif total.count is not None and not (np.isfinite(total.count) and total.count >= 0):
        faults.add(CountError(f"the count is {total.count:g}", where=where, remedy="Give 0 or more"))
    return float(total.count or 0.0)


def find_rate_fault(rate: float, where: str) -> CountError | None:
    """Return what is wrong with a rate that should be a share in [0, 1], or None."""
    if np.isfinite(rate) and 0 <= rate <= 1:
        return None
    if np.isfinite(rate) and 1 < rate <= 100:
        what = f"the rate is {rate:g}, which no share can be"
        return CountError(what, where=where, remedy=f"Is it in percent? Then give {rate / 100:g}")
    return CountError(f"the rate is {rate:g}, outside of 0 to 1", where=where)


def _find_inner(total: _Sum, placed: list[_Sum], faults: Faults) -> list[_Sum]:
    """Return the totals within this one; one that lies across it is a fault."""
    inner = []
    for one in placed:
        if one.members <= total.members:
            inner.append(one)
        elif one.members & total.members:
            what = f"totals lie across one another: {one.name!r} and {total.name!r}"
            faults.add(CountError(what, remedy="Give totals that are apart or one within the other"))
    return inner


def _check_same(total: _Sum, other: _Sum, faults: Faults) -> None:
    if abs(total.count - other.count) > TOLERANCE * max(total.count, other.count):
        what = f"{other.name!r} and {total.name!r} are of the same quarters: {other.count:,.1f} and {total.count:,.1f} people"
        faults.add(CountError(what, where="totals contradict one another", remedy="Leave one of them out"))


def _subtract(total: _Sum, inner: list[_Sum], people: float, faults: Faults) -> float:
    """Return what of a total is left for the quarters without one of their own, where `people` live."""
    within = sum(one.count for one in inner)
    left, slack = total.count - within, TOLERANCE * max(total.count, within)
    names = " + ".join(repr(one.name) for one in inner[:3]) + (f" + {len(inner) - 3} more" if len(inner) > 3 else "")
    said = f"{total.name!r} is {total.count:,.1f} people, {names} within it {within:,.1f}"
    if inner and left < -slack:
        faults.add(CountError(said, where="totals contradict one another", remedy="Leave one of them out"))
    elif inner and left > people + slack:
        what = f"{said}; the {left:,.1f} left are more than the {people:,.1f} people elsewhere"
        faults.add(CountError(what, where="totals contradict one another", remedy="Leave one of them out"))
    return min(max(left, 0.0), people)
