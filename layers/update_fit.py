"""Iterative proportional fitting: a table of counts is scaled by rows and by columns until it has the margins asked for.

Own code and no library: `humanleague` (MIT, kept, compiled) scales in turn only and after 1,000 turns gives up on tables that
can be met, where zeros leave little room; `ipfn` (last release 2021) ends when a turn changes little, met or not; statsmodels
has none. A planner needs the refusal above all: which margins contradict one another, and which total no scaling can reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import CountError

Floats = NDArray[np.float64]
TOLERANCE = 1e-9
"""Relative difference up to which a margin is met."""
MAX_ITERATIONS = 500
PLAIN = 50
"""Iterations of scaling in turn before the longer steps begin."""
LONGEST, N_HALVINGS, ENOUGH = 20.0, 20, 1e-4
"""Of a step: the most it may change a logarithm, how often it is halved, the part of the promised descent that is enough."""
FLAT, NEAR = 1e-12, 1e-10
"""Below which part of the largest curvature there is none, and of all people a step promises too little to be measured."""


@dataclass(frozen=True, eq=False)
class TableFit:
    """A table with the margins asked for.

    Parameters
    ----------
    table
        Shape (n_rows, n_columns); zero where the start was.
    n_iterations
        How often rows and columns were scaled in turn.
    deviation
        Largest relative difference between a margin and what was asked for.
    """

    table: Floats
    n_iterations: int
    deviation: float


def fit_table(
    start: Floats,
    *,
    rows: Floats,
    columns: Floats,
    names: tuple[Sequence[str], Sequence[str]] | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> TableFit:
    """Return the table nearest to the start, in relative entropy, that has the margins.

    Parameters
    ----------
    start
        Counts, 0 or more, shape (n_rows, n_columns).
    rows, columns
        Sums asked for, 0 or more, shapes (n_rows,) and (n_columns,).
    names
        What rows and columns are called in messages; "row 1" and "column 1" by default.
    tolerance
        Relative difference up to which a margin is met.
    max_iterations
        After so many it is taken not to converge.

    Raises
    ------
    CountError
        If the margins differ in their sums, a row or column without anybody should have somebody, or the fit does not
        converge: then no scaling of the start has these margins.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940), On a least squares adjustment of a sampled frequency table when the expected
    marginal totals are known. Annals of Mathematical Statistics 11(4), 427-444. doi:10.1214/aoms/1177731829
    """
    spoken = names or ([f"row {n + 1}" for n in range(len(rows))], [f"column {n + 1}" for n in range(len(columns))])
    _check(start, rows, columns, spoken)
    table = np.array(start, dtype=np.float64)
    for n_iterations in range(1, max_iterations + 1):
        table *= _factors(rows, table.sum(axis=1))[:, None]
        table *= _factors(columns, table.sum(axis=0))[None, :] if n_iterations <= PLAIN else _leap(table, rows, columns)
        away = _deviations(table, rows, columns)
        if away.max(initial=0.0) <= tolerance:
            return TableFit(table, n_iterations, float(away.max(initial=0.0)))
    worst = int(away.argmax())
    there, asked = np.concatenate([table.sum(axis=1), table.sum(axis=0)])[worst], np.concatenate([rows, columns])[worst]
    raise CountError(
        f"the fit does not converge: after {max_iterations:,} iterations {[*spoken[0], *spoken[1]][worst]} has {there:,.3f}, "
        f"{asked:,.3f} are asked for",
        remedy="The margins ask for more than the rows and columns with anybody in them can hold",
    )


def _leap(table: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return what to multiply a table with whose rows fit, shape of the table: a Newton step of the columns, rows kept.

    The logarithms v of the column factors minimise Σ rows log Σ start exp(v) − Σ columns v, which is convex; scaling in turn
    descends it too, but may need a hundred thousand turns where zeros leave little room.
    """
    sums = table.sum(axis=0)
    share = np.divide(table, rows[:, None], out=np.zeros_like(table), where=rows[:, None] > 0)
    curvature = np.diag(sums) - table.T @ share
    # A factor common to all columns of a part changes nothing: rounding leaves its curvature a little above 0, and is cut off.
    step = -np.linalg.lstsq(curvature, sums - columns, rcond=FLAT)[0]
    step = np.clip(step, -LONGEST, LONGEST)
    slope = float((sums - columns) @ step)
    if abs(slope) <= NEAR * rows.sum():  # so near that rounding hides whether a step descends, and Newton's is right
        scaled = np.where(rows > 0, share @ np.exp(step), 1.0)
        return np.asarray(np.exp(step)[None, :] / scaled[:, None], dtype=np.float64)
    for length in 0.5 ** np.arange(N_HALVINGS):
        scaled = np.where(rows > 0, share @ np.exp(length * step), 1.0)
        change = float(rows @ np.log(scaled)) - length * float(columns @ step)
        if change <= ENOUGH * length * slope:
            return np.asarray(np.exp(length * step)[None, :] / scaled[:, None], dtype=np.float64)
    return np.broadcast_to(_factors(columns, sums)[None, :], table.shape)


def _check(start: Floats, rows: Floats, columns: Floats, names: tuple[Sequence[str], Sequence[str]]) -> None:
    if abs(rows.sum() - columns.sum()) > TOLERANCE * max(1.0, rows.sum()):
        raise CountError(f"the margins contradict one another: rows sum to {rows.sum():,.3f}, columns to {columns.sum():,.3f}")
    for spoken, asked, there in zip(names, (rows, columns), (start.sum(axis=1), start.sum(axis=0)), strict=True):
        empty = np.flatnonzero((asked > 0) & (there <= 0))
        if len(empty):
            examples = [f"{spoken[position]}: {asked[position]:,.3f}" for position in empty.tolist()]
            raise CountError("where nobody is there should be somebody", n=len(empty), examples=examples)


def _factors(asked: Floats, there: Floats) -> Floats:
    """Return what takes the sums to what is asked; 1 where nobody is."""
    return np.divide(asked, there, out=np.ones_like(asked), where=there > 0)


def _deviations(table: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return the relative difference of each row, then of each column; sums of 0 that are asked for are met by a factor 0."""
    asked = np.concatenate([rows, columns])
    there = np.concatenate([table.sum(axis=1), table.sum(axis=0)])
    return np.asarray(np.abs(there - asked) / np.where(asked > 0, asked, 1.0), dtype=np.float64)
