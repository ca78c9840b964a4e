"""The linear relaxation of market capture: lifted tangents at what it opens, round after round, kept in HiGHS."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optimize.capture_master import Master, build_master
from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.huff import Cut, Market
from optimize.problem import LocationProblem
from optimize.relaxation import Relaxation
from optimize.site_rules import SiteRules

MOST_ROUNDS = 60

CLOSE = 1e-5
"""Share of the objective by which the relaxation may pass its tangents when its rounds end."""

NEAR = 0.02
"""How far above the relaxation a tangent may be to be of use to the whole model, as a share of a group's part of all weight."""

ROOM = 1e-6
"""By which share of all weight a site must lower the bound below the plan to be closed, far above the solver's tolerances."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxed:
    """What the relaxation says.

    Parameters
    ----------
    bound
        What no plan captures more than.
    loss
        By how much opening each site lowers that bound, shape (n_sites,).
    cuts
        The tangents that are of use.
    """

    bound: float
    loss: NDArray[np.float64]
    cuts: tuple[Cut, ...]

    def closed(self, best: float, market: Market) -> NDArray[np.bool_]:
        """Return which sites are in no plan that captures as much as the best one."""
        return np.asarray(self.bound - self.loss < best - ROOM * market.total)


def relax(
    problem: LocationProblem,
    rules: SiteRules,
    market: Market,
    points: Sequence[NDArray[np.float64]],
    *,
    options: SolverOptions,
    clock: Clock,
    share: float,
) -> Relaxed:
    """Return the bound of the linear relaxation.

    Parameters
    ----------
    problem, rules, market
        The problem, what `site_rules` says of it, and its pulls.
    points
        Where the first tangents are, as openings of sites, shape (n_sites,) each.
    options, clock
        How to ask the solver, and how long.
    share
        Part of the time after which the rounds end.
    """
    deadline = clock.deadline(share)
    cuts = [cut for point in points for cut in market.tangents(point)]
    nothing = Relaxed(bound=market.total, loss=np.zeros(rules.free.size), cuts=tuple(cuts))
    if not market.n_groups or not rules.free.size:
        return nothing
    master = build_master(problem, rules, market, (), is_whole=False)
    solver = Relaxation(master.lp, options, limit_s=clock.left_s())
    if solver.value() is None:
        return nothing
    site, group = _indices(master.is_open), _indices(master.captured_of)
    found, pending = nothing, cuts
    for _ in range(MOST_ROUNDS):
        solver.add(_rows(master, pending, n_columns=solver.column_values().size), least=0.0)
        solver.solve(limit_s=clock.left_s())
        value = solver.value()
        if value is None:
            break
        loss = np.maximum(solver.reduced_costs()[site], 0.0) / master.factor
        is_near = solver.slack() <= NEAR * market.total * master.factor / market.n_groups
        near = tuple(cut for cut, is_kept in zip(cuts, is_near.tolist(), strict=True) if is_kept)
        found = Relaxed(bound=master.captured(value), loss=loss, cuts=near)
        if deadline is not None and time.monotonic() >= deadline:
            break
        column = solver.column_values()
        opened = np.clip(column[site], 0.0, 1.0)
        captured = column[group] / master.factor
        tangents = market.tangents(opened)
        excess = np.array([captured[cut.group] - cut.constant - cut.coefficient @ opened for cut in tangents])
        if excess.max() <= CLOSE * market.total / market.n_groups:
            break
        pending = [cut for cut, more in zip(tangents, excess.tolist(), strict=True) if more > 0]
        cuts = [*cuts, *pending]
    return found


def _indices(variables: Sequence[Any]) -> NDArray[np.intp]:
    return np.array([variable.index for variable in variables], dtype=np.intp)


def _rows(master: Master, cuts: Sequence[Cut], *, n_columns: int) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return tangents as rows over the columns of the solver, none of which falls below 0."""
    table = np.zeros((len(cuts), n_columns))
    table[:, _indices(master.is_open)] = [cut.coefficient for cut in cuts]
    table[:, master.one.index] = [cut.constant for cut in cuts]
    table *= master.factor
    table[np.arange(len(cuts)), _indices([master.captured_of[cut.group] for cut in cuts])] = -1.0
    return sparse.csr_array(table)
