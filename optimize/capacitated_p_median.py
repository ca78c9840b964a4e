"""Capacitated p-median problem: the least sum of weight × impedance to sites that hold no more than their capacity.

Notes
-----
With :math:`x_{ij}` the share of demand :math:`i` that site :math:`j` serves, :math:`Q_j` its capacity and :math:`q_j` what an
open site has to serve to be viable::

    minimise    Σ_ij w_i d_ij x_ij + Σ_i w_i D u_i
    subject to  Σ_j x_ij + u_i = 1             for every i     (u_i: the share that stays unserved, 0 without a D)
                x_ij ≤ min(1, Q_j / w_i) y_j   for every pair
                q_j y_j ≤ Σ_i w_i x_ij ≤ Q_j y_j    for every j
                Σ_j y_j = new,  y_j ∈ {0, 1}
                x_ij ∈ {0, 1}, or 0 ≤ x_ij ≤ 1 where demand may be split

Demand goes to any site that reaches it, not to the nearest one. :math:`D` is `unserved_impedance_s`; sites that are not nearer
than that serve nobody. Demand without weight is in no allocation.

References
----------
Mulvey, Beck (1984), Solving capacitated clustering problems, European Journal of Operational Research 18: 339-348. Ceselli,
Righini (2005), A branch-and-price algorithm for the capacitated p-median problem, Networks 45: 125-142,
doi:10.1002/net.20059.
"""

from __future__ import annotations

import numpy as np

from optimize.capacity_case import CapacityCase, build_case
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules

FORMULATION = "capacitated p-median (Mulvey, Beck 1984; Ceselli, Righini 2005)"


def build_median_case(problem: LocationProblem, sites: SiteRules) -> CapacityCase:
    """Return the case of a problem with the objective ``capacitated_p_median``.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    """
    return build_case(
        problem,
        sites,
        pair_price=problem.impedance_s.data,
        unserved_price=np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s,
        open_cost=np.zeros(problem.n_candidates),
        is_split=bool(problem.is_split),
    )
