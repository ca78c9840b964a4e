"""Which sites may be in a best plan under rules: a linear relaxation, a plan of its best sites, and what both rule out.

Notes
-----
The relaxation of the whole model gives a bound and a reduced cost of each site. The sites that it opens, and those of the least
reduced cost, are a core problem (Balas, Zemel 1980; kernel search: Angelelli, Mansini, Speranza 2010) whose best plan is
quickly found; a core without a plan is doubled. A site whose reduced cost is more than the plan costs above the bound is in no
better or equal plan. What is left is small, and its demand has fewer classes.

References
----------
Balas, Zemel (1980), An algorithm for large zero-one knapsack problems, Operations Research 28: 1130-1154,
doi:10.1287/opre.28.5.1130. Angelelli, Mansini, Speranza (2010), Kernel search, Computers & Operations Research 37: 2017-2026,
doi:10.1016/j.cor.2010.02.002.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimize.clock import Clock
from optimize.highs import Proof, SolverOptions, run_relaxation, run_solver
from optimize.site_model import SiteModel
from optimize.site_rules import SiteRules, keep_sites

SMALLEST_CORE = 40
SITES_PER_OPEN_SITE = 3
"""How many sites of the core there are for each that the relaxation opens, all or in part."""

CORE_FROM = 60
"""With fewer sites than that the whole model is solved at once."""

ROOM = 1e-6
"""By which share of the cost a plan must be worse before its sites are ruled out, far above the solver's tolerances."""

SHARE_OF_TIME = 0.5
"""Which share of the time that is left a core may take."""

Build = Callable[[SiteRules], SiteModel]
Seek = Callable[[], NDArray[np.intp] | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Core:
    """The sites that may be in a best plan.

    Parameters
    ----------
    sites
        The rules with those sites only.
    lower
        What no plan can undercut, in units of cost.
    start
        The best plan of the core, as ids of columns; empty where none was found in time.
    best
        Columns of the sites of most promise by the relaxation; empty where the clock cut it.
    total
        What the objective is subtracted from, where more is better; 0 where less is, or where no model was built.
    is_infeasible
        Whether the relaxation has no plan.
    """

    sites: SiteRules
    lower: float
    start: NDArray[np.intp]
    best: NDArray[np.intp]
    total: float = 0.0
    is_infeasible: bool = False


def find_core(sites: SiteRules, *, build: Build, seek: Seek, options: SolverOptions, clock: Clock) -> Core:
    """Return the sites that may be in a best plan, and a plan to begin from.

    Parameters
    ----------
    sites
        The sites that may be chosen.
    build
        Makes the model of some of them, with every rule.
    seek
        Returns the columns of sites that meet every rule, however good; None where it finds none. They are in the core.
    options, clock
        How to ask the solver, and how long.
    """
    none = np.zeros(0, dtype=np.intp)
    nothing = Core(sites=sites, lower=-np.inf, start=none, best=none)
    if sites.free.size < CORE_FROM:
        return nothing
    whole = build(sites)
    nothing = replace(nothing, total=whole.total)
    relaxed = run_relaxation(whole.lp, replace(options, time_limit_s=clock.left_s()))
    if relaxed.bound is None:
        return replace(nothing, is_infeasible=relaxed.proof is Proof.INFEASIBLE)
    lower = relaxed.bound / whole.factor + whole.constant
    # A site in no row and with no cost is not given to the solver, and has neither.
    opened = np.array([variable.varValue or 0.0 for variable in whole.is_open])
    reduced = np.array([variable.dj or 0.0 for variable in whole.is_open]) / whole.factor
    order = np.lexsort((reduced, -opened))
    sought = seek()
    if sought is not None:
        is_sought = np.isin(sites.free[order], sought)
        order = np.concatenate([order[is_sought], order[~is_sought]])
    size = max(SMALLEST_CORE, SITES_PER_OPEN_SITE * int((opened > ROOM).sum()))
    found = _solve_core(sites, order, size, start=sought, build=build, options=options, clock=clock)
    if found is None:
        start = none if sought is None else np.sort(sought)
        return replace(nothing, lower=lower, start=start, best=sites.free[order[:size]])
    upper, start = found
    room = ROOM * max(abs(upper), abs(whole.total), abs(lower))
    kept = (lower + reduced <= upper + room) | (opened > ROOM) | np.isin(sites.free, start)
    return Core(sites=keep_sites(sites, kept), lower=lower, start=start, best=start, total=whole.total)


def start_of(model: SiteModel, sites: SiteRules, columns: NDArray[np.intp] | None) -> list[tuple[Any, float]]:
    """Return a plan, given as columns, as values of the site variables; nothing where there is none."""
    if columns is None or not columns.size:
        return []
    return list(zip(model.is_open, np.isin(sites.free, columns).astype(np.float64).tolist(), strict=True))


def _solve_core(
    sites: SiteRules,
    order: NDArray[np.intp],
    size: int,
    *,
    start: NDArray[np.intp] | None,
    build: Build,
    options: SolverOptions,
    clock: Clock,
) -> tuple[float, NDArray[np.intp]] | None:
    """Return cost and columns of the best plan of the first sites, of twice as many where those have none; None for no plan."""
    while size < order.size and clock.left_s() != 0:
        kept = np.zeros(order.size, dtype=np.bool_)
        kept[order[:size]] = True
        part = keep_sites(sites, kept)
        model = build(part)
        left_s = clock.left_s()
        asked = replace(options, gap_abs=0.0, time_limit_s=None if left_s is None else SHARE_OF_TIME * left_s)
        outcome = run_solver(model.lp, asked, start=start_of(model, part, start))
        if outcome.proof in (Proof.OPTIMAL, Proof.PLAN):
            return model.cost(), part.free[model.plan()]
        if outcome.proof is Proof.NOTHING:
            return None
        size *= 2
    return None
