"""How good a plan at least comes next: the cheapest one that is a swap away from those that were met."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from optimize.interchange import swap_savings
from optimize.siting import Siting


class SwapLimits:
    """What the next best plan of a siting costs at most.

    Parameters
    ----------
    siting
        The problem.
    most
        What plans may cost that count.
    """

    def __init__(self, siting: Siting, *, most: float) -> None:
        self._siting, self._most = siting, most
        self._cost_of: dict[tuple[int, ...], float] = {}
        self._n_swapped = 0

    def next_known(self, met: Sequence[NDArray[np.intp]]) -> tuple[float, NDArray[np.intp]] | None:
        """Return cost and sites of the cheapest plan known beside those that were met; None where none is known.

        Parameters
        ----------
        met
            The plans that were met, as positions of sites, ascending; those of the last call first.
        """
        for plan in met[self._n_swapped :]:
            self._swap(plan)
        self._n_swapped = len(met)
        return self._cheapest({tuple(plan.tolist()) for plan in met})

    def _swap(self, plan: NDArray[np.intp]) -> None:
        """Keep every plan that is a swap away and costs no more than the limit."""
        if not plan.size:
            return
        cost = self._siting.value(plan) - swap_savings(self._siting, plan)
        for site, place in np.argwhere(cost <= self._most).tolist():
            swapped = tuple(sorted({*plan.tolist(), site} - {int(plan[place])}))
            self._cost_of[swapped] = float(cost[site, place])

    def _cheapest(self, met: Collection[tuple[int, ...]]) -> tuple[float, NDArray[np.intp]] | None:
        known = ((cost, plan) for plan, cost in self._cost_of.items() if plan not in met)
        cheapest = min(known, default=None)
        return None if cheapest is None else (cheapest[0], np.array(cheapest[1], dtype=np.intp))
