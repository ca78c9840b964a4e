"""Capacitated facility location problem: the least cost of opening sites and of travel, no site beyond its capacity.

Notes
-----
With :math:`f_j` what opening a site costs, the price of a unit of weight × impedance, and the rest as in the capacitated
p-median::

    minimise    Σ_j f_j y_j + price (Σ_ij w_i d_ij x_ij + Σ_i w_i D u_i)
    subject to  Σ_j x_ij + u_i = 1             for every i     (u_i: the share that stays unserved, 0 without a D)
                x_ij ≤ min(1, Q_j / w_i) y_j   for every pair
                q_j y_j ≤ Σ_i w_i x_ij ≤ Q_j y_j    for every j
                y_j ∈ {0, 1},  0 ≤ x_ij ≤ 1, or x_ij ∈ {0, 1} where demand may not be split

How many sites are open is the answer. A fixed site costs nothing more, nor does one that is open now and stays.

References
----------
Balinski (1965), Integer programming: methods, uses, computation, Management Science 12: 253-313. Beasley (1988), An algorithm
for solving large capacitated warehouse location problems, European Journal of Operational Research 33: 314-325.
"""

from __future__ import annotations

import numpy as np

from optimize.capacity_case import CapacityCase, build_case
from optimize.fixed_charge import opening_costs, price_of_travel
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules

FORMULATION = "CFLP (Balinski 1965; Beasley 1988)"


def build_charge_case(problem: LocationProblem, sites: SiteRules) -> CapacityCase:
    """Return the case of a problem with the objective ``capacitated_fixed_charge``.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    """
    price = price_of_travel(problem)
    unserved = np.inf if problem.unserved_impedance_s is None else price * problem.unserved_impedance_s
    return build_case(
        problem,
        sites,
        pair_price=price * problem.impedance_s.data,
        unserved_price=unserved,
        open_cost=opening_costs(problem),
        is_split=problem.is_split is not False,
    )
