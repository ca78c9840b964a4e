"""Capacitated maximal covering location problem: the most weight served within the standard, no site beyond its capacity.

Notes
-----
With :math:`x_{ij}` the share of demand :math:`i` that site :math:`j`, within the standard, serves, :math:`Q_j` its capacity and
:math:`q_j` what an open site has to serve to be viable::

    maximise    Σ_i w_i − Σ_i w_i u_i
    subject to  Σ_j x_ij + u_i = 1             for every i     (u_i: the share that stays unserved)
                x_ij ≤ min(1, Q_j / w_i) y_j   for every pair
                q_j y_j ≤ Σ_i w_i x_ij ≤ Q_j y_j    for every j
                Σ_j y_j = new,  y_j ∈ {0, 1}
                0 ≤ x_ij ≤ 1, or x_ij ∈ {0, 1} where demand may not be split

Where demand may be split, that which the same sites cover is one class: what flows from classes to sites decides, and is handed
out to the demand points of the class in their order. Demand without weight is in no allocation.

References
----------
Current, Storbeck (1988), Capacitated covering models, Environment and Planning B: Planning and Design 15: 153-163. Pirkul,
Schilling (1991), The maximal covering location problem with capacities on total workload, Management Science 37: 233-248.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimize.capacity_case import CapacityCase, build_case
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules

FORMULATION = "capacitated MCLP (Current, Storbeck 1988), demand that may be split aggregated by cover"


def build_coverage_case(problem: LocationProblem, sites: SiteRules) -> CapacityCase:
    """Return the case of a problem with the objective ``capacitated_max_coverage``: the weight left unserved is a cost.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    """
    case = build_case(
        problem,
        sites,
        pair_price=np.zeros(problem.impedance_s.data.size),
        unserved_price=1.0,
        open_cost=np.zeros(problem.n_candidates),
        is_split=problem.is_split is not False,
    )
    return replace(case, total=float(np.sort(problem.weight).sum()))
