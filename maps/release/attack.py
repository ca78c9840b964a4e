"""The outsider's linear programme: between what counts a part of the city lies by everything that is known of it.

Of each part that is checked only this is asked: is the interval at least as wide as it must be? Every solution of the programme
is a city that fits all that is released, so two solutions in which a part differs by enough settle it. A few solutions that
push many parts at once, up in one and down in the next, settle nearly all; the rest are asked one by one, and the answer for
each is exact.

References
----------
Zayatz, L. (1992). Using linear programming methodology for disclosure avoidance purposes. U.S. Bureau of the Census,
Statistical Research Division, RR-92/02.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import SolverError
from maps.release.figures import Figures

Floats = NDArray[np.float64]
_ROUNDS = 12
_TOLERANCE = 1e-3
"""People: bounds of the solver are exact to less than this."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """Between what counts each target lies.

    Parameters
    ----------
    low, high
        The least and the largest count found, shape (n_targets,). Those of targets that are wide enough need not be the ends;
        those of all others are.
    n_programmes
        Linear programmes that were solved.
    """

    low: Floats
    high: Floats
    n_programmes: int

    def too_tight(self, width: Floats) -> NDArray[np.intp]:
        """Return the targets whose interval is narrower than it must be."""
        return np.flatnonzero(self.high - self.low < width - 2 * _TOLERANCE)


def find_bounds(figures: Figures, targets: sparse.csr_array, width: Floats, *, people: Floats) -> Bounds:
    """Return between what counts targets lie, until each is as wide as it must be or its ends are known.

    Parameters
    ----------
    figures
        Everything that an outsider knows; counts of parts are not negative.
    targets
        Which parts each target counts, sparse of booleans, shape (n_targets, n_atoms).
    width
        How wide the interval of each must be, shape (n_targets,).
    people
        A city that fits the figures, shape (n_atoms,).

    Raises
    ------
    SolverError
        If the solver fails.

    Notes
    -----
    Parts that are in the same figures are alike: any of their people may live in any of them. A target that is one of several
    alike parts may so be empty, or hold all of them; its interval goes from 0 to the largest sum of the alike parts, which is
    asked once for all of them.
    """
    n_targets = targets.shape[0]
    if n_targets == 0:
        return Bounds(np.zeros(0), np.zeros(0), 0)
    single = np.diff(targets.indptr) == 1
    kind, columns = _find_kinds(figures.parts, sparse.csr_array(targets[~single]))
    n_alike = np.bincount(kind)
    rows = targets.tocoo()
    of_kind = sparse.csr_array((np.ones(rows.nnz), (rows.row, kind[rows.col])), shape=(n_targets, len(columns)))
    of_kind.data[:] = 1.0
    is_free = single & np.array(
        [n_alike[kind[targets.indices[start]]] > 1 for start in np.minimum(targets.indptr[:-1], targets.nnz - 1)]
    )
    asked, again, wide = _ask_once(of_kind, is_free, width)
    held = np.bincount(kind, weights=people, minlength=len(columns))
    programme = _Programme(sparse.csr_array(figures.parts[:, columns]), figures.low, figures.high)
    low, high = _search(programme, asked, is_free[again[1]], wide, asked @ held)
    return Bounds(low=low[again[0]], high=high[again[0]], n_programmes=programme.n_solved)


def _ask_once(
    of_kind: sparse.csr_array, is_free: NDArray[np.bool_], width: Floats
) -> tuple[sparse.csr_array, tuple[NDArray[np.intp], NDArray[np.intp]], Floats]:
    """Return the questions, each once; which one answers each target, which target each stands for; and their widths."""
    keys: dict[bytes, int] = {}
    answer = np.zeros(of_kind.shape[0], dtype=np.intp)
    stands: list[int] = []
    for row in range(of_kind.shape[0]):
        part = np.sort(of_kind.indices[of_kind.indptr[row] : of_kind.indptr[row + 1]])
        key = part.tobytes() + (b"1" if is_free[row] else b"0")
        if key not in keys:
            keys[key] = len(stands)
            stands.append(row)
        answer[row] = keys[key]
    wide = np.zeros(len(stands))
    np.maximum.at(wide, answer, width)
    rows = np.array(stands, dtype=np.intp)
    return sparse.csr_array(of_kind[rows]), (answer, rows), wide


def _search(
    programme: _Programme, asked: sparse.csr_array, is_free: NDArray[np.bool_], width: Floats, start: Floats
) -> tuple[Floats, Floats]:
    """Return the least and the largest count of each question, beginning from one city that fits."""
    low, high = np.where(is_free, 0.0, start), start.copy()

    def is_open() -> NDArray[np.intp]:
        return np.flatnonzero(high - low < width - 2 * _TOLERANCE)

    def note(solution: Floats) -> None:
        found = asked @ solution
        np.minimum(low, found, out=low)
        np.maximum(high, found, out=high)

    for number in range(_ROUNDS):
        rows = is_open()
        if not len(rows):
            break
        note(programme.solve(_push(asked, rows, number)))
    for row in is_open().tolist():
        for sign in (-1.0, 1.0):
            if high[row] - low[row] < width[row] - 2 * _TOLERANCE and not (is_free[row] and sign > 0):
                note(programme.solve(sign * asked[[row]].toarray().ravel()))
    return low, high


def _push(asked: sparse.csr_array, rows: NDArray[np.intp], number: int) -> Floats:
    """Return costs that push half of the open targets up and the others down; the next number turns them round."""
    if number < 2:
        signs = np.ones(len(rows))
    else:
        signs = np.where(np.random.default_rng(number // 2).random(len(rows)) < 0.5, 1.0, -1.0)
    turn = 1.0 if number % 2 else -1.0
    return np.asarray(turn * (signs @ asked[rows]), dtype=np.float64)


def _find_kinds(parts: sparse.csr_array, targets: sparse.csr_array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the kind of each part, and one part of each kind: those of a kind are in the same figures and targets."""
    stacked = sparse.csc_array(sparse.vstack([parts, targets], format="csc"))
    stacked.sort_indices()
    first: dict[bytes, int] = {}
    kind = np.zeros(stacked.shape[1], dtype=np.intp)
    columns: list[int] = []
    for column in range(stacked.shape[1]):
        key = stacked.indices[stacked.indptr[column] : stacked.indptr[column + 1]].tobytes()
        if key not in first:
            first[key] = len(columns)
            columns.append(column)
        kind[column] = first[key]
    return kind, np.array(columns, dtype=np.intp)


class _Programme:
    """One programme that is asked again and again with other costs, each time from where it stood."""

    def __init__(self, rows: sparse.csr_array, low: Floats, high: Floats) -> None:
        n_rows, n_columns = rows.shape
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = n_columns, n_rows
        model.col_cost_ = np.zeros(n_columns)
        model.col_lower_, model.col_upper_ = np.zeros(n_columns), np.full(n_columns, highspy.kHighsInf)
        model.row_lower_, model.row_upper_ = low, high
        columns = sparse.csc_array(rows)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = columns.indptr.astype(np.int32)
        model.a_matrix_.index_ = columns.indices.astype(np.int32)
        model.a_matrix_.value_ = columns.data.astype(np.float64)
        highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003  # as in optimize.highs
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 0),
            ("solver", "simplex"),
            ("presolve", "off"),
            ("simplex_strategy", 4),
        ):
            self._highs.setOptionValue(name, value)
        if self._highs.passModel(model) == highspy.HighsStatus.kError:
            raise SolverError("the programme of the release check cannot be built", where="solver")
        self._columns = np.arange(n_columns, dtype=np.int32)
        self.n_solved = 0

    def solve(self, cost: Floats) -> Floats:
        """Return a city of least cost."""
        self._highs.changeColsCost(len(cost), self._columns, cost)
        self._highs.run()
        self.n_solved += 1
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise SolverError("no city fits all figures together", where="release check")
        if status == highspy.HighsModelStatus.kUnbounded:
            # Something has no upper end at all. The point where the solver stood fits all figures; a bound on all parts
            # would be another rule, so the ray is followed as far as any count of people goes.
            return self._follow(cost)
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"the release check ended with {status}", where="solver")
        return np.array(self._highs.getSolution().col_value)

    def _follow(self, cost: Floats) -> Floats:
        upper = np.full(len(cost), 1e7)
        self._highs.changeColsBounds(len(cost), self._columns, np.zeros(len(cost)), upper)
        return self.solve(cost)
