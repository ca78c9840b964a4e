"""Backup coverage: the most weight within the standard of two open sites, all of it or most of it within that of one.

Notes
-----
With :math:`N_i` the free candidates within the standard of demand class :math:`i`, :math:`w_i` its weight and :math:`g_i` how
many fixed and required sites cover it, the first model (BACOP1, ``backup_coverage``) covers all demand once and the most twice;
the second (BACOP2, ``weighted_backup_coverage``) weighs covering once with 1 − share and covering again with share::

    BACOP1   maximise    Σ_i w_i (1 − u_i)
    BACOP2   maximise    Σ_i w_i ((1 − share)(1 − z_i) + share (1 − u_i))
    both     subject to  Σ_{j ∈ N_i} y_j + g_i + z_i ≥ 1,  Σ_{j ∈ N_i} y_j + g_i + z_i + u_i ≥ 2,  u_i ≥ z_i
                         y_j ∈ {0, 1},  0 ≤ z_i, u_i ≤ 1;  z_i = 0 in BACOP1   (z_i: not covered, u_i: not covered twice)

The last row keeps covering again from counting where there is no covering once. u is 0 or 1 in every optimum with integer y
and z; so is z, but where the share is above one half: the second site is then worth more than the first, and z is integer.

References
----------
Hogan, ReVelle (1986), Concepts and applications of backup coverage, Management Science 32: 1434-1444,
doi:10.1287/mnsc.32.11.1434.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import InfeasibleError, ProblemError
from optimize.aggregate import fingerprint, merge_equal, sum_by_class
from optimize.cover_model import linear_row, power_of_two
from optimize.evaluate import demand_rows, serving_pairs
from optimize.interchange import add_greedily, interchange
from optimize.max_coverage import build_max_coverage
from optimize.problem import LocationProblem
from optimize.reach import n_covering
from optimize.site_model import SetKey, SiteModel, new_site_model
from optimize.site_rules import SiteRules

FORMULATION = "BACOP1 (Hogan, ReVelle 1986), demand aggregated by cover"
FORMULATION_WEIGHTED = "BACOP2 (Hogan, ReVelle 1986), demand aggregated by cover"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Classes:
    """Demand covered by equally many given sites, by the sets of free sites that cover it.

    Parameters
    ----------
    keys, sets
        Codes of the sets, and the sites of each as positions in `SiteRules.free`.
    weight
        Weight of each class, shape (n_classes,).
    lost
        Demand rows that no free site covers.
    """

    keys: list[SetKey]
    sets: list[list[int]]
    weight: NDArray[np.float64]
    lost: NDArray[np.intp]


def build_backup(problem: LocationProblem, sites: SiteRules) -> SiteModel:
    """Return the model in which all demand that has a weight is covered, and the weight not covered twice is the cost.

    Raises
    ------
    InfeasibleError
        Demand that has a weight is covered by no site that may be open.
    """
    once = _classes(problem, sites, n_given=0)
    if once.lost.size:
        raise InfeasibleError(
            "demand rows with a weight are within the standard of no site that may be open",
            where="impedance_s",
            n=once.lost.size,
            examples=once.lost.tolist(),
            remedy="Choose weighted_backup_coverage, raise standard_s, offer candidates nearer, or leave these rows out",
        )
    return _build(problem, sites, once, share_once=None, share_twice=1.0)


def build_weighted_backup(problem: LocationProblem, sites: SiteRules) -> SiteModel:
    """Return the model in which the cost is the weight not covered, and a share of it that not covered twice.

    Raises
    ------
    ProblemError
        The problem has no share of backup.
    """
    if problem.backup_share is None:
        raise ProblemError(f"{problem.objective} is not solved without a share", where="backup_share")
    once = _classes(problem, sites, n_given=0)
    return _build(problem, sites, once, share_once=1.0 - problem.backup_share, share_twice=problem.backup_share)


def start_weighted_backup(problem: LocationProblem, sites: SiteRules) -> NDArray[np.intp]:
    """Return a plan to begin from, as positions of free sites: that of covering once or of covering twice, what is better."""
    siting = build_max_coverage(problem, sites)
    plans = [interchange(siting, add_greedily(siting)), _add_by_worth(problem, sites)]
    return max(plans, key=lambda plan: weighted_cover(problem, _names(problem, sites, plan)))


def _add_by_worth(problem: LocationProblem, sites: SiteRules) -> NDArray[np.intp]:
    """Return the plan to which the site that adds the most weight covered once and again was added, again and again."""
    share = problem.backup_share or 0.0
    covers = serving_pairs(problem) & (problem.weight[demand_rows(problem)] > 0)
    row, column = demand_rows(problem)[covers], problem.impedance_s.indices[covers]
    n_sites = np.bincount(row[sites.given[column]], minlength=problem.n_demand)
    usable = sites.is_free[column]
    row, site = row[usable], sites.site[column[usable]]
    chosen: list[int] = []
    for _ in range(sites.n_open):
        worth = problem.weight * np.where(n_sites == 0, 1.0 - share, np.where(n_sites == 1, share, 0.0))
        gain = np.bincount(site, weights=worth[row], minlength=sites.free.size)
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        chosen.append(best)
        n_sites[row[site == best]] += 1
    return np.sort(np.array(chosen, dtype=np.intp))


def _names(problem: LocationProblem, sites: SiteRules, plan: NDArray[np.intp]) -> set[str]:
    columns = np.concatenate([sites.free[plan], np.flatnonzero(sites.given)])
    return {problem.candidate_ids[j] for j in columns.tolist()}


def covered_again(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the weight that two open sites cover."""
    return math.fsum(problem.weight[n_covering(problem, selected) >= 2])


def weighted_cover(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the weight covered once and again, each by its share."""
    share = problem.backup_share or 0.0
    n_sites = n_covering(problem, selected)
    parts = [(1.0 - share) * problem.weight[n_sites >= 1], share * problem.weight[n_sites >= 2]]
    return math.fsum(np.concatenate(parts))


def _classes(problem: LocationProblem, sites: SiteRules, *, n_given: int) -> _Classes:
    """Return the classes of the demand that so many given sites cover."""
    covers = serving_pairs(problem)
    row, column = demand_rows(problem)[covers], problem.impedance_s.indices[covers]
    n_already = np.bincount(row[sites.given[column]], minlength=problem.n_demand)
    is_in = (problem.weight > 0) & (n_already == n_given)
    usable = is_in[row] & sites.is_free[column]
    row, site = row[usable], sites.site[column[usable]]
    order = np.lexsort((site, row))
    row, site = row[order], site[order]
    codes = np.zeros((2, problem.n_demand), dtype=np.uint64)
    for total, code in zip(codes, fingerprint(site), strict=True):
        np.add.at(total, row, code)
    reached = np.unique(row)
    label, first = merge_equal(codes[:, reached])
    begin, end = np.searchsorted(row, reached[first]), np.searchsorted(row, reached[first], side="right")
    is_lost = is_in.copy()
    is_lost[reached] = False
    return _Classes(
        keys=[(int(one), int(other)) for one, other in codes[:, reached[first]].T],
        sets=[site[a:b].tolist() for a, b in zip(begin.tolist(), end.tolist(), strict=True)],
        weight=sum_by_class(problem.weight[reached], label, first.size),
        lost=np.flatnonzero(is_lost),
    )


def _build(
    problem: LocationProblem, sites: SiteRules, once: _Classes, *, share_once: float | None, share_twice: float
) -> SiteModel:
    """Return the model; without a share of covering once everybody is covered.

    Parameters
    ----------
    once
        The demand that no given site covers; that which one covers is found here.
    share_once, share_twice
        What a unit of weight costs that is not covered, and that is not covered twice.
    """
    again = _classes(problem, sites, n_given=1)
    lp, is_open = new_site_model("backup", n_sites=sites.free.size)
    is_second_dearer = share_once is not None and share_twice > share_once
    category = pulp.LpInteger if is_second_dearer else pulp.LpContinuous
    whole = float(np.sort(problem.weight).sum())
    factor = power_of_two(whole)
    missed: dict[SetKey, Any] = {}
    price: dict[SetKey, float] = {}
    costs: list[tuple[Any, float]] = []
    for k, (key, members, weight) in enumerate(zip(once.keys, once.sets, once.weight.tolist(), strict=True)):
        none = missed[key] = lp.add_variable(f"z{k:07d}", 0, 0 if share_once is None else 1, cat=category)
        single = lp.add_variable(f"u{k:07d}", 0, 1)
        price[key] = (share_once or 0.0) * weight
        costs.append((single, share_twice * weight * factor))
        terms = [(is_open[j], 1.0) for j in members]
        lp.addConstraint(linear_row([*terms, (none, 1.0)], sense=pulp.LpConstraintGE, rhs=1.0), f"a{k:07d}")
        lp.addConstraint(linear_row([*terms, (none, 1.0), (single, 1.0)], sense=pulp.LpConstraintGE, rhs=2.0), f"b{k:07d}")
        lp.addConstraint(linear_row([(single, 1.0), (none, -1.0)], sense=pulp.LpConstraintGE, rhs=0.0), f"c{k:07d}")
    for k, (key, members, weight) in enumerate(zip(again.keys, again.sets, again.weight.tolist(), strict=True)):
        if key not in missed:
            missed[key] = lp.add_variable(f"x{k:07d}", 0, 1)
            terms = [*((is_open[j], 1.0) for j in members), (missed[key], 1.0)]
            lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=1.0), f"e{k:07d}")
        price[key] = price.get(key, 0.0) + share_twice * weight
    costs += [(missed[key], each * factor) for key, each in price.items()]
    lp.setObjective(pulp.LpAffineExpression(costs))
    never = [(share_once or 0.0) + share_twice] * once.lost.size + [share_twice] * again.lost.size
    return SiteModel(
        lp=lp,
        is_open=is_open,
        factor=factor,
        constant=math.fsum(problem.weight[np.concatenate([once.lost, again.lost])] * np.array(never)),
        total=whole,
        is_missed=missed,
        n_classes=len(once.keys) + len(again.keys),
    )
