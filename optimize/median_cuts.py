"""Cuts for the median: what a row costs at least, by its price; the relaxation with them says the prices of the best bound.

Notes
-----
With :math:`θ_i` for what row :math:`i` costs, whatever the price :math:`λ_i`::

    θ_i ≥ λ_i − Σ_j max(0, λ_i − c_ij) y_j

Sites that are open in part break such a cut most at the cost up to which the openings of its sites add up to one, as the sorted
costs say at once. Added in rounds, these cuts give the linear relaxation of the p-median with a variable for each row instead
of one for each radius. Their duals mix the prices of a row to one, and by those prices the Lagrangian bound is as good as
the relaxation, counted without the tolerances of a solver.

References
----------
Duran-Mateluna, Ales, Elloumi (2023), An efficient Benders decomposition for the p-median problem, European Journal of
Operational Research 308: 84-96, doi:10.1016/j.ejor.2022.11.033.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse

from optimize.cover_model import linear_row, power_of_two
from optimize.highs import SolverOptions
from optimize.pricing import RowLists
from optimize.relaxation import Relaxation
from optimize.siting import Siting, sum_at

FULL = 1.0 - 1e-9
"""From which sum of openings on a row is served."""

LEAST_VIOLATION, MOST_SLACK = 1e-6, 1e-3
"""Shares of what an average row costs: by which a cut must be broken to be added, and may be slack and stay."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MedianCuts:
    """Cuts, each of one row and one price.

    Parameters
    ----------
    row, price
        Of each cut, shape (n_cuts,).
    saving
        By how much each site undercuts the price, sparse, shape (n_cuts, n_sites).
    """

    row: NDArray[np.intp]
    price: NDArray[np.float64]
    saving: sparse.csr_array[np.float64, tuple[int, int]]

    def least(self, is_open: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the row of each cut costs at least where sites are open in part, shape (n_cuts,)."""
        return np.asarray(self.price - self.saving @ is_open)


def cuts_at(siting: Siting, lists: RowLists, row: NDArray[np.intp], price: NDArray[np.float64]) -> MedianCuts:
    """Return the cut of each row at its price.

    Parameters
    ----------
    siting, lists
        The problem, and the pairs of each of its rows.
    row, price
        Of each cut, shape (n_cuts,).
    """
    length = lists.start[row + 1] - lists.start[row]
    cut = np.repeat(np.arange(row.size), length)
    at = np.repeat(lists.start[row] - np.cumsum(length) + length, length) + np.arange(cut.size)
    saving = price[cut] - lists.cost[at]
    is_saving = saving > 0
    start = np.concatenate([[0], np.cumsum(np.bincount(cut[is_saving], minlength=row.size))])
    rows = sparse.csr_array((saving[is_saving], lists.site[at[is_saving]], start), shape=(row.size, siting.n_sites))
    return MedianCuts(row=row, price=price, saving=rows)


def critical_price(siting: Siting, lists: RowLists, is_open: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the price of each row at which its cut says most of sites that are open in part, shape (n_rows,)."""
    total = np.concatenate([[0.0], np.cumsum(is_open[lists.site])])
    begin, end = lists.start[:-1], lists.start[1:]
    at = np.searchsorted(total[1:], total[begin] + FULL)
    is_full = at < end
    price = siting.unserved_cost.copy()
    price[is_full] = lists.cost[at[is_full]]
    return price


def broken_cuts(siting: Siting, lists: RowLists, is_open: NDArray[np.float64], row_cost: NDArray[np.float64]) -> MedianCuts:
    """Return the cuts that a relaxed plan breaks, at most one for each row.

    Parameters
    ----------
    siting, lists
        The problem, and the pairs of each of its rows.
    is_open, row_cost
        The relaxed plan, and what it says that each row costs, shapes (n_sites,) and (n_rows,).
    """
    price = critical_price(siting, lists, is_open)
    all_rows = cuts_at(siting, lists, np.arange(siting.n_rows), price)
    excess = all_rows.least(is_open) - row_cost
    broken = np.flatnonzero(excess > LEAST_VIOLATION * float(row_cost.mean()))
    return cuts_at(siting, lists, broken, price[broken])


class MedianMaster:
    """The relaxation of a p-median with cuts, kept in HiGHS between rounds.

    Parameters
    ----------
    siting
        The problem.
    options
        How to ask the solver.
    limit_s
        Seconds of the first solve, None for any number.
    rank_limit
        The most that the ranks of the open sites may sum to; None for any sum.
    """

    def __init__(
        self, siting: Siting, *, options: SolverOptions, limit_s: float | None, rank_limit: float | None = None
    ) -> None:
        self._siting, self._has_limit = siting, rank_limit is not None
        self._least = siting.unserved_cost.copy()
        np.minimum.at(self._least, siting.pair_row, siting.pair_cost)
        total = float(self._least.sum()) + float(siting.row_cost(np.arange(0)).sum())
        self._factor = power_of_two(total)
        lp = pulp.LpProblem("median", pulp.LpMinimize)
        is_open = [lp.add_variable(f"y{j:07d}", 0, 1) for j in range(siting.n_sites)]
        cost = [lp.add_variable(f"z{i:07d}", least) for i, least in enumerate((self._least * self._factor).tolist())]
        lp.setObjective(pulp.LpAffineExpression([(one, 1.0) for one in cost]))
        lp.addConstraint(linear_row([(one, 1.0) for one in is_open], sense=pulp.LpConstraintEQ, rhs=siting.n_open), "n_open")
        if rank_limit is not None:
            terms = list(zip(is_open, siting.rank.astype(np.float64).tolist(), strict=True))
            lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=rank_limit), "rank")
        self._relaxation = Relaxation(lp, options, limit_s=limit_s)
        self._site = np.array([one.index for one in is_open], dtype=np.intp)
        self._cost = np.array([one.index for one in cost], dtype=np.intp)
        self._row, self._price = np.zeros(0, dtype=np.intp), np.zeros(0)

    @property
    def n_cuts(self) -> int:
        """How many cuts there are."""
        return int(self._row.size)

    @property
    def n_nonzeros(self) -> int:
        """How many coefficients the cuts, and the number of sites, have."""
        return self._relaxation.n_nonzeros

    def openings(self) -> NDArray[np.float64]:
        """Return how far each site is open, shape (n_sites,)."""
        return np.clip(self._relaxation.column_values()[self._site], 0.0, 1.0)

    def row_costs(self) -> NDArray[np.float64]:
        """Return what each row costs, shape (n_rows,)."""
        return self._relaxation.column_values()[self._cost] / self._factor

    def prices(self) -> NDArray[np.float64]:
        """Return the price of each row that the duals of its cuts mix, shape (n_rows,)."""
        share, n = np.maximum(self._relaxation.row_duals(), 0.0), self._siting.n_rows
        left = np.maximum(1.0 - sum_at(self._row, share, n=n), 0.0)  # stands for the bound of the row's own variable
        price = sum_at(self._row, share * self._price, n=n) + left * self._least
        return np.clip(price, 0.0, self._siting.unserved_cost)

    def charge(self) -> float:
        """Return what a rank costs by the dual of their limit."""
        return max(0.0, -float(self._relaxation.first_duals()[1])) / self._factor if self._has_limit else 0.0

    def fix(self, state: NDArray[np.int8]) -> None:
        """Hold sites open or closed, and let the others go, as `optimize.median_tree` writes it."""
        self._relaxation.set_bounds(self._site, least=(state == 1).astype(np.float64), most=(state != 0).astype(np.float64))

    def add(self, cuts: MedianCuts) -> None:
        """Add cuts, and take those out that are slack."""
        n_cuts, siting = cuts.row.size, self._siting
        is_slack = self._relaxation.slack() > MOST_SLACK * float(self.row_costs().mean()) * self._factor
        self._relaxation.drop(is_slack)
        self._row, self._price = np.append(self._row[~is_slack], cuts.row), np.append(self._price[~is_slack], cuts.price)
        own = np.repeat(np.arange(n_cuts), np.diff(cuts.saving.indptr))
        row = np.concatenate([own, np.arange(n_cuts)])
        column = np.concatenate([self._site[cuts.saving.indices], self._cost[cuts.row]])
        factor = np.concatenate([cuts.saving.data * self._factor, np.ones(n_cuts)])
        rows = sparse.csr_array((factor, (row, column)), shape=(n_cuts, siting.n_sites + siting.n_rows))
        self._relaxation.add(rows, least=cuts.price * self._factor)

    def solve(self, *, limit_s: float | None) -> bool:
        """Solve again, from the last basis on; return whether that was done in time."""
        self._relaxation.solve(limit_s=limit_s)
        return self._relaxation.value() is not None
