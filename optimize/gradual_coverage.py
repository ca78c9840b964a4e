"""Gradual covering problem: the most weight, of which the nearest selected site covers a share that decays with impedance.

Notes
-----
With :math:`f` the decay, which never rises, and :math:`D_{i1} < … < D_{iK}` the impedances at which a site covers some of
demand :math:`i`, the part left uncovered is :math:`1 − f(D)` of the nearest selected site; so the objective and constraints are
those of the radius formulation of the p-median, with :math:`S_{ik}` the free candidates within :math:`D_{ik}`::

    minimise    Σ_i w_i (1 − f(D_i1) + Σ_k (f(D_ik) − f(D_i,k+1)) z_S)    with S = S_ik, f(D_i,K+1) the share without choice
    subject to  z_S + Σ_{j ∈ S} y_j ≥ 1       for every set S
                Σ_j y_j = new
                y_j ∈ {0, 1},  0 ≤ z_S ≤ 1    (z_S: no site of S is open)

The share without choice is that of the nearest fixed or required site, 0 without one.

References
----------
Church, Roberts (1983), Generalized coverage models and public facility location, Papers of the Regional Science Association
53: 117-135. Berman, Krass, Drezner (2003), The gradual covering decay location problem on a network, European Journal of
Operational Research 151: 474-480. Elloumi (2010), doi:10.1007/s10878-008-9162-0, for the formulation.
"""

from __future__ import annotations

import numpy as np

from data.errors import ProblemError
from optimize.evaluate import demand_rows
from optimize.lagrange import Bounds
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import Siting, build_siting

FORMULATION = "gradual MCLP (Church, Roberts 1983; Berman, Krass, Drezner 2003), radius formulation (Elloumi 2010)"


def build_gradual_coverage(problem: LocationProblem, rules: SiteRules) -> Siting:
    """Return the siting problem in which the weight left uncovered is the cost.

    Parameters
    ----------
    problem
        With the objective ``gradual_coverage``.
    rules
        What `site_rules` says of the problem.

    Raises
    ------
    ProblemError
        The problem has no decay.
    """
    if problem.decay is None:
        raise ProblemError(f"{problem.objective} is not solved without a decay", where="decay")
    row, column = demand_rows(problem), problem.impedance_s.indices
    share = problem.decay.share(problem.impedance_s.data)
    usable, is_given = rules.is_free[column], rules.given[column]
    base_share = np.zeros(problem.n_demand)
    np.maximum.at(base_share, row[is_given], share[is_given])
    return build_siting(
        n_open=rules.n_open,
        n_sites=rules.free.size,
        row=row[usable],
        site=rules.site[column[usable]],
        cost=problem.weight[row[usable]] * (1.0 - share[usable]),
        unserved_cost=problem.weight * (1.0 - base_share),
        is_must=np.zeros(problem.n_demand, dtype=np.bool_),
        scale=float(np.sort(problem.weight).sum()),
    )


def build_ruled_gradual(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the gradual covering model that takes any rule."""
    siting = build_gradual_coverage(problem, rules)
    return model_of_siting(siting, n_sites=rules.free.size, total=siting.scale)


def absolute_gap(siting: Siting, bounds: Bounds, *, gap: float) -> float:
    """Return the uncovered weight between plan and bound that a relative gap of the covered weight allows."""
    return gap * max(siting.scale - bounds.upper, 0.0)  # the optimum covers no less
