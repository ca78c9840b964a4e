"""The tie rule: of equal plans, the one whose ids stand first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock
from optimize.cover_model import CoverModel, seek_earlier_plan
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.interchange import swap_savings
from optimize.siting import Siting


def first_of_equals(
    siting: Siting,
    rank: NDArray[np.intp],
    *,
    build: Callable[[], CoverModel],
    options: SolverOptions,
    clock: Clock,
) -> NDArray[np.intp] | None:
    """Return the ranks of the plan with the least sum of ranks among the optimal ones; None if not proven in time.

    Parameters
    ----------
    siting
        The problem, with all sites that are in an optimal plan.
    rank
        Ranks of the sites of an optimal plan.
    build
        Returns the model of the problem, in which every optimal plan is possible; it is changed here.
    options, clock
        How to ask the solver, and how long.

    Notes
    -----
    Swaps lead to a plan with a small sum; the solver is asked for an equal one with a smaller sum, until there is none.
    Most optimal plans have no equal, and that one question is as quick as the proof of the optimum was.
    """

    def seek(optimal: NDArray[np.intp], earliest: NDArray[np.intp]) -> tuple[bool, NDArray[np.intp] | None]:
        model = build()
        is_none = seek_earlier_plan(model, rank=siting.rank, plan=earliest, advantage=siting.tolerance)
        asked = replace(options, gap_abs=0.0, time_limit_s=clock.left_s())
        outcome = run_solver(model.lp, asked, start=[*model.start(optimal), (is_none, 1.0)])
        is_proven = outcome.proof is Proof.OPTIMAL
        return is_proven, model.plan() if is_proven and is_none.varValue <= 0.5 else None

    return first_sought(siting, rank, seek=seek)


Seek: TypeAlias = Callable[[NDArray[np.intp], NDArray[np.intp]], tuple[bool, NDArray[np.intp] | None]]
"""``seek(optimal, earliest)`` returns whether its word is proven, and an equal plan with a smaller sum of ranks."""


def first_sought(siting: Siting, rank: NDArray[np.intp], *, seek: Seek) -> NDArray[np.intp] | None:
    """Return what `first_of_equals` returns, asked in any way."""
    if siting.n_open in (0, siting.n_sites):  # the bound left one plan
        return rank
    optimal = np.searchsorted(siting.rank, rank)
    limit = siting.value(optimal) + siting.tolerance
    earliest = _swap_to_earlier(siting, optimal, limit=limit)
    while True:
        is_proven, found = seek(optimal, earliest)
        if not is_proven:
            return None
        if found is None:
            return siting.rank[earliest]
        is_smaller = siting.rank[found].sum() < siting.rank[earliest].sum()
        if found.size != siting.n_open or not is_smaller:  # never, but for the tolerances of the solver
            return None
        earliest = _swap_to_earlier(siting, found, limit=limit)


def _swap_to_earlier(siting: Siting, plan: NDArray[np.intp], *, limit: float) -> NDArray[np.intp]:
    """Return the plan after swaps of a site for one of a smaller rank, as long as it costs no more than the limit."""
    current = plan.copy()
    while True:
        cost = siting.value(current) - swap_savings(siting, current)
        drop = siting.rank[current][None, :] - siting.rank[:, None]
        drop = np.where(cost <= limit, drop, 0)
        site, place = divmod(int(np.argmax(drop)), current.size)
        if drop[site, place] <= 0:
            return np.sort(current)
        swapped = current.copy()
        swapped[place] = site
        if siting.value(swapped) > limit:  # what the sum of savings rounded away
            return np.sort(current)
        current = swapped
