"""Location set covering problem: the fewest new sites, or those of the least cost, that cover all demand or a share of it.

Notes
-----
Objective and constraints, with :math:`N_i` the free candidates within the standard of demand class :math:`i`, which has the
weight :math:`w_i` and is not covered by a fixed or required site, and :math:`c_j` the cost of a site (1 where only their
number counts)::

    minimise    Σ_j c_j y_j
    subject to  Σ_{j ∈ N_i} y_j ≥ 1               for every class i             (all demand)
    or          Σ_{j ∈ N_i} y_j + z_i ≥ 1         for every class i,
                Σ_i w_i z_i ≤ (1 − share) Σ w     (a share of it; z_i: class i stays uncovered)
                y_j ∈ {0, 1},  0 ≤ z_i ≤ 1

The share counts the weight of all demand, that which nobody reaches included; so a share of 1 says the same as none. A greedy
plan (Chvátal 1979) is the start. Positions of the tie rule count from 1, so that a site of no use is not added.

References
----------
Toregas, Swain, ReVelle, Bergman (1971), The location of emergency service facilities, Operations Research 19: 1363-1373,
doi:10.1287/opre.19.6.1363. Daskin, Owen (1999), Two new location covering problems: the partial p-center problem and the
partial set covering problem, Geographical Analysis 31: 217-235. Chvátal (1979), A greedy heuristic for the set-covering
problem, Mathematics of Operations Research 4: 233-235, doi:10.1287/moor.4.3.233.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import InfeasibleError
from optimize.aggregate import merge_equal_rows
from optimize.clock import Clock
from optimize.cover_limits import add_cover_limits, check_reachable
from optimize.cover_model import power_of_two
from optimize.cover_need import CoverNeed
from optimize.cover_search import find_cover
from optimize.dominance import without_dominated_rows
from optimize.evaluate import demand_rows, serving_pairs, site_costs
from optimize.exact import Answer
from optimize.highs import SolverOptions
from optimize.needs import needs_target
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, new_site_model
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE, build_siting

FORMULATION = "LSCP (Toregas, Swain, ReVelle, Bergman 1971), demand aggregated by cover, without implied rows"

SHARE_OF_TIME_FOR_ROWS = 0.25
"""After which share of the time no more implied rows are sought."""


def solve_set_cover(problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float) -> Answer:
    """Return the cheapest cover with its proof.

    Parameters
    ----------
    problem
        With the objective ``set_cover``.
    rules
        What `site_rules` says of the problem.
    options, clock
        How to ask the solver, and how long.
    gap
        Relative gap at which to stop.

    Raises
    ------
    InfeasibleError
        Demand that must be covered is reached by no site that may be open, or less than the share is.
    SolverError
        The solver failed.
    """
    given_cost = float(site_costs(problem)[_is_required(problem)].sum())
    need = build_need(problem, rules, deadline=clock.deadline(SHARE_OF_TIME_FOR_ROWS))
    return find_cover(need, given_cost=given_cost, options=options, clock=clock, gap=gap)


def build_ruled_cover(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the covering model that takes any rule; staying open costs nothing."""
    cost = site_costs(problem).copy()
    cost[[name in set(problem.rules.open_now) for name in problem.candidate_ids]] = 0.0
    lp, is_open = new_site_model("cover", n_sites=rules.free.size)
    factor = power_of_two(float(cost.sum()))
    lp.setObjective(pulp.LpAffineExpression(list(zip(is_open, (cost[rules.free] * factor).tolist(), strict=True))))
    model = SiteModel(lp=lp, is_open=is_open, factor=factor, constant=float(cost[_is_required(problem)].sum()))
    check_reachable(problem, rules, needs_target(problem))
    add_cover_limits(model, problem, rules, needs_target(problem))
    return replace(model, n_classes=len(model.is_missed))


def build_need(problem: LocationProblem, rules: SiteRules, *, deadline: float | None = None) -> CoverNeed:
    """Return what is left to be covered, and by which sites.

    Parameters
    ----------
    problem, rules
        The problem, and what `site_rules` says of it.
    deadline
        Moment of `time.monotonic` at which to stop leaving rows out.

    Raises
    ------
    InfeasibleError
        Demand that must be covered is reached by no site that may be open, or less than the share is.
    """
    covers = serving_pairs(problem)
    row, column = demand_rows(problem)[covers], problem.impedance_s.indices[covers]
    left = problem.weight.copy()
    left[row[rules.given[column]]] = 0.0
    usable = rules.is_free[column]
    row, site = row[usable], rules.site[column[usable]]
    is_lost = left > 0
    is_lost[row] = False
    total = float(np.sort(problem.weight).sum())
    may_miss = _may_miss(problem, total=total, is_lost=is_lost)
    siting = build_siting(
        n_open=0,
        n_sites=rules.free.size,
        row=row,
        site=site,
        cost=np.zeros(row.size),
        unserved_cost=left,
        is_must=np.zeros(left.size, dtype=np.bool_),
        scale=total,
    )
    merged = merge_equal_rows(siting)
    return CoverNeed(
        siting=without_dominated_rows(merged, deadline=deadline) if may_miss is None else merged,
        cost=site_costs(problem)[rules.free],
        may_miss=may_miss,
    )


def _is_required(problem: LocationProblem) -> NDArray[np.bool_]:
    return np.array([name in set(problem.required) for name in problem.candidate_ids], dtype=np.bool_)


def _may_miss(problem: LocationProblem, *, total: float, is_lost: NDArray[np.bool_]) -> float | None:
    """Return how much weight may stay uncovered beside that which nobody reaches; None where all must be covered."""
    lost = np.flatnonzero(is_lost)
    if problem.target_share is None:
        _require_reach(lost)
        return None
    out_of_reach = float(np.sort(problem.weight[lost]).sum())
    may_miss = (1.0 - problem.target_share + RELATIVE_TOLERANCE) * total - out_of_reach
    if may_miss < 0:
        raise InfeasibleError(
            f"all sites that may be open cover {1.0 - out_of_reach / total:.4%} of the weight together, the target is "
            f"{problem.target_share:.4%}; demand rows that none of them covers",
            where="target_share",
            n=lost.size,
            examples=lost.tolist(),
            remedy="Lower the target, raise standard_s, or offer candidates nearer to these rows",
        )
    return may_miss


def _require_reach(lost: NDArray[np.intp]) -> None:
    """Raise if demand that must be covered is reached by no site that may be open."""
    if lost.size:
        raise InfeasibleError(
            "demand rows with a weight are within the standard of no site that may be open",
            where="impedance_s",
            n=lost.size,
            examples=lost.tolist(),
            remedy="Give target_share, raise standard_s, offer candidates nearer to them, or leave these rows out",
        )
