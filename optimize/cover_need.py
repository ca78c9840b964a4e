"""What is left to be covered by sites of which each has its cost, a greedy cover, and what no cover can undercut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.siting import Siting


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverNeed:
    """Open sites at the least cost so that all rows are covered, or no more weight than allowed stays uncovered.

    Parameters
    ----------
    siting
        Rows and the sites that cover them, at no cost; `unserved_cost` is the weight of a row.
    cost
        What each site costs, shape (n_sites,).
    may_miss
        How much weight may stay uncovered; None where every row must be covered. All sites together meet it.
    """

    siting: Siting
    cost: NDArray[np.float64]
    may_miss: float | None

    @property
    def row_value(self) -> NDArray[np.float64]:
        """What covering each row is worth, shape (n_rows,): its weight, or 1 where every row must be covered."""
        return np.ones(self.siting.n_rows) if self.may_miss is None else self.siting.unserved_cost

    @property
    def is_useful(self) -> NDArray[np.bool_]:
        """Whether each site covers a row, shape (n_sites,)."""
        return np.diff(self.siting.start) > 0

    def is_met(self, plan: NDArray[np.intp]) -> bool:
        """Return whether the sites of a plan cover enough."""
        missed = self.siting.row_cost(plan)
        return not missed.any() if self.may_miss is None else bool(missed.sum() <= self.may_miss)

    def cost_of(self, plan: NDArray[np.intp]) -> float:
        """Return what the sites of a plan cost."""
        return float(np.sort(self.cost[plan]).sum())

    def least_cost(self) -> float:
        """Return what no cover can undercut: the sites with the most value for their cost, cut where the need is met.

        Notes
        -----
        The bound of the knapsack problem without integers (Dantzig 1957), with overlaps counted as often as they occur.
        """
        value = self.siting.sum_by_site(self.row_value[self.siting.pair_row])
        at = np.flatnonzero(value > 0)
        at = at[np.argsort(self.cost[at] / value[at], kind="stable")]
        needed = float(self.row_value.sum()) - (self.may_miss or 0.0)
        before = np.concatenate([[0.0], np.cumsum(value[at])])[:-1]
        part = np.clip((needed - before) / value[at], 0.0, 1.0)
        return float(np.sum(part * self.cost[at]))


def greedy_cover(need: CoverNeed) -> NDArray[np.intp]:
    """Return a cover: the site with the most newly covered value for its cost, again and again, then without idle sites.

    References
    ----------
    Chvátal (1979), doi:10.1287/moor.4.3.233.
    """
    siting, left = need.siting, need.row_value.copy()
    chosen: list[int] = []
    while not need.is_met(np.array(chosen, dtype=np.intp)):
        gain = siting.sum_by_site(left[siting.pair_row])
        ratio = np.where(gain > 0, need.cost / np.where(gain > 0, gain, 1.0), np.inf)
        best = int(np.lexsort((-gain, ratio))[0])
        chosen.append(best)
        left[siting.pair_row[siting.start[best] : siting.start[best + 1]]] = 0.0
    return _without_idle(need, np.array(sorted(chosen), dtype=np.intp))


def _without_idle(need: CoverNeed, plan: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the plan without sites that are not needed, the dearest dropped first."""
    kept = plan
    for site in plan[np.lexsort((-plan, -need.cost[plan]))]:
        without = kept[kept != site]
        if need.is_met(without):
            kept = without
    return kept
