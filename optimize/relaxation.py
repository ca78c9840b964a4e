"""A linear relaxation that grows by rows: written with PuLP, then kept in HiGHS, to begin each time where it ended."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse

from data.errors import SolverError
from optimize.highs import SolverOptions

_ENDED = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kInterrupt,
)
"""How a solve ends that another one would not end otherwise."""


class Relaxation:
    """A linear minimisation in HiGHS.

    Parameters
    ----------
    lp
        A `pulp.LpProblem` without integer variables; it is solved once here.
    options
        Of which threads and seed count; it is always HiGHS that solves.
    limit_s
        Seconds of this solve, None for any number.

    Raises
    ------
    SolverError
        The solver fails.

    Notes
    -----
    PuLP hands a model over as a whole, and rows that were added since are solved from nothing: on NewYork with p = 70, seven
    rounds of cuts took 23 s so and twelve rounds 4 s here. So this one place speaks to HiGHS itself.
    """

    def __init__(self, lp: Any, options: SolverOptions, *, limit_s: float | None) -> None:
        highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003  # as in `run_solver`
        solver = pulp.HiGHS(
            msg=False,
            solver="ipm",  # from nothing the simplex method takes ten times as long
            timeLimit=limit_s,
            threads=options.threads,
            random_seed=options.seed,
        )
        try:
            lp.solve(solver)
        except (pulp.PulpError, LookupError, OSError) as error:
            raise SolverError(f"highs failed: {type(error).__name__}: {error}", where="solver") from error
        self._highs = lp.solverModel
        self._highs.setOptionValue("solver", "simplex")  # from the last basis
        self._n_first = self._highs.getNumRow()

    @property
    def n_nonzeros(self) -> int:
        """How many coefficients the rows have."""
        return int(self._highs.getNumNz())

    def value(self) -> float | None:
        """Return the least value, None where it was not reached in time."""
        is_optimal = self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(self._highs.getInfo().objective_function_value) if is_optimal else None

    def column_values(self) -> NDArray[np.float64]:
        """Return the value of each variable, in the order of their indices."""
        return np.array(self._highs.getSolution().col_value)

    def reduced_costs(self) -> NDArray[np.float64]:
        """Return the reduced cost of each variable, in the order of their indices."""
        return np.array(self._highs.getSolution().col_dual)

    def set_bounds(self, columns: NDArray[np.intp], *, least: NDArray[np.float64], most: NDArray[np.float64]) -> None:
        """Set between which values each of some variables has to be."""
        self._highs.changeColsBounds(columns.size, columns.astype(np.int32), least, most)

    def first_duals(self) -> NDArray[np.float64]:
        """Return by how much the least value rises with the right-hand side of each row that was there from the start."""
        return np.array(self._highs.getSolution().row_dual)[: self._n_first]

    def row_duals(self) -> NDArray[np.float64]:
        """Return by how much the least value rises with the right-hand side of each added row."""
        return np.array(self._highs.getSolution().row_dual)[self._n_first :]

    def slack(self) -> NDArray[np.float64]:
        """Return by how much each added row exceeds its right-hand side."""
        values, least = self._highs.getSolution().row_value, self._highs.getLp().row_lower_
        return np.asarray(np.array(values)[self._n_first :] - np.array(least)[self._n_first :])

    def drop(self, is_dropped: NDArray[np.bool_]) -> None:
        """Take some of the added rows out again."""
        rows = (self._n_first + np.flatnonzero(is_dropped)).astype(np.int32)
        if rows.size:
            self._highs.deleteRows(rows.size, rows)

    def add(self, rows: sparse.csr_array[np.float64, tuple[int, int]], *, least: float | NDArray[np.float64]) -> None:
        """Add rows whose value is at least a number, one for all or one for each."""
        n_rows = rows.shape[0]
        lower, upper = np.broadcast_to(least, n_rows).astype(np.float64), np.full(n_rows, highspy.kHighsInf)
        start = rows.indptr[:-1].astype(np.int32)
        self._highs.addRows(n_rows, lower, upper, rows.nnz, start, rows.indices.astype(np.int32), rows.data)

    def solve(self, *, limit_s: float | None) -> None:
        """Solve again, from the last basis on; from nothing, where that basis leads HiGHS into numerical trouble."""
        self._highs.setOptionValue("time_limit", highspy.kHighsInf if limit_s is None else self._highs.getRunTime() + limit_s)
        self._highs.run()
        if self._highs.getModelStatus() not in _ENDED:
            self._highs.clearSolver()
            self._highs.run()
