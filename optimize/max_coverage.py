"""Maximal covering location problem: the most weight within the standard of a selected site.

Notes
-----
Objective and constraints, with :math:`N_i` the free candidates within the standard of demand class :math:`i`, which
has the weight :math:`w_i` and is not covered by a fixed or required site::

    maximise    Σ_i w_i − Σ_i w_i z_i
    subject to  z_i + Σ_{j ∈ N_i} y_j ≥ 1     for every class i      (z_i: class i stays uncovered)
                Σ_j y_j = new
                y_j ∈ {0, 1},  0 ≤ z_i ≤ 1

It is the form with uncovered demand of the paper's section "An equivalent formulation"; :math:`z_i` may be
continuous, for it is 0 or 1 in every optimum with integer :math:`y`. Covered means impedance ≤ standard.

References
----------
Church, ReVelle (1974), The maximal covering location problem, Papers of the Regional Science Association 32: 101-118,
doi:10.1007/BF01942293.
"""

from __future__ import annotations

import numpy as np

from optimize.aggregate import merge_equal_rows
from optimize.evaluate import demand_rows, serving_pairs
from optimize.lagrange import Bounds
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import Siting, build_siting

FORMULATION = "MCLP (Church, ReVelle 1974), demand aggregated by cover"


def build_max_coverage(problem: LocationProblem, rules: SiteRules) -> Siting:
    """Return the covering problem of the demand that no fixed or required site covers: the weight left uncovered is a cost.

    Parameters
    ----------
    problem
        With the objective ``max_coverage``.
    rules
        What `site_rules` says of the problem.
    """
    covers = serving_pairs(problem)
    row, column = demand_rows(problem)[covers], problem.impedance_s.indices[covers]
    weight_left = problem.weight.copy()
    weight_left[row[rules.given[column]]] = 0.0
    usable = rules.is_free[column]
    siting = build_siting(
        n_open=rules.n_open,
        n_sites=rules.free.size,
        row=row[usable],
        site=rules.site[column[usable]],
        cost=np.zeros(int(usable.sum())),
        unserved_cost=weight_left,
        is_must=np.zeros(problem.n_demand, dtype=np.bool_),
        scale=float(np.sort(problem.weight).sum()),
    )
    return merge_equal_rows(siting)


def build_ruled_coverage(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the covering model that takes any rule; its classes are shared by limits on the covered share."""
    siting = build_max_coverage(problem, rules)
    return model_of_siting(siting, n_sites=rules.free.size, total=siting.scale)


def absolute_gap(siting: Siting, bounds: Bounds, *, gap: float) -> float:
    """Return the uncovered weight between plan and bound that a relative gap of the covered weight allows."""
    return gap * max(siting.scale - bounds.upper, 0.0)  # the optimum covers no less
