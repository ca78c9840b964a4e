"""Uncapacitated facility location problem: the least cost of opening sites and of travel to the nearest of them.

Notes
-----
With :math:`f_j` what opening a site costs, and the rest as in the radius formulation of the p-median, times the price of a
unit of weight × impedance::

    minimise    Σ_j f_j y_j + price Σ_i w_i (D_i1 + Σ_k (D_i,k+1 − D_ik) z_S)      with S = S_ik
    subject to  z_S + Σ_{j ∈ S} y_j ≥ 1       for every set S
                z_S = 0                       where S holds every site that reaches i, and i must be served
                y_j ∈ {0, 1},  0 ≤ z_S ≤ 1    (z_S: no site of S is open)

How many sites are open is the answer. A fixed site costs nothing more, nor does one that is open now and stays.

References
----------
Balinski (1965), Integer programming: methods, uses, computation, Management Science 12: 253-313. Erlenkotter (1978), A
dual-based procedure for uncapacitated facility location, Operations Research 26: 992-1009, doi:10.1287/opre.26.6.992.
Cornuéjols, Nemhauser, Wolsey (1980), doi:10.1137/0601030, for the formulation.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import ProblemError
from optimize.cover_model import power_of_two
from optimize.evaluate import cost_of_sites, objective_value
from optimize.p_median import build_p_median
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import Siting
from optimize.solution import Allocation

FORMULATION = "UFLP (Balinski 1965), radius formulation (Cornuéjols, Nemhauser, Wolsey 1980), demand aggregated by set"


def build_fixed_charge(problem: LocationProblem, rules: SiteRules) -> Siting:
    """Return the travel as a siting problem, in the unit of the costs of sites.

    Parameters
    ----------
    problem
        With the objective ``fixed_charge``.
    rules
        What `site_rules` says of the problem.

    Raises
    ------
    InfeasibleError
        Demand that must be served is reached by no site that may be open.
    """
    siting, price = build_p_median(problem, rules), price_of_travel(problem)
    scale = siting.scale * price + float(np.sort(opening_costs(problem)).sum())
    unserved = np.where(siting.is_must, 2.0 * scale, siting.unserved_cost * price)
    return replace(
        siting,
        n_open=0 if problem.rules.is_empty else rules.n_open,
        pair_cost=siting.pair_cost * price,
        unserved_cost=unserved,
        constant=siting.constant * price + float(opening_costs(problem)[rules.given].sum()),
        scale=scale,
    )


def build_ruled_fixed_charge(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the model that takes any rule."""
    siting = build_fixed_charge(problem, rules)
    return with_site_costs(model_of_siting(siting, n_sites=rules.free.size, total=0.0), opening_costs(problem)[rules.free])


def with_site_costs(model: SiteModel, cost: NDArray[np.float64]) -> SiteModel:
    """Return a model, changed in place, in which opening each free site costs something besides.

    Parameters
    ----------
    model
        The model.
    cost
        Of each free site, shape (n_sites,).
    """
    terms = [(variable, value / model.factor) for variable, value in model.lp.objective.items()]
    terms += zip(model.is_open, cost.tolist(), strict=True)  # those of cost 0 too: without one, it is no integer programme
    factor = power_of_two(math.fsum(value for _, value in terms))
    model.lp.setObjective(pulp.LpAffineExpression([(variable, value * factor) for variable, value in terms]))
    return replace(model, factor=factor)


def opening_costs(problem: LocationProblem) -> NDArray[np.float64]:
    """Return what being open in a plan costs each candidate, shape (n_candidates,): nothing where it is open already.

    Raises
    ------
    ProblemError
        The problem has no costs.
    """
    if problem.site_cost is None:
        raise ProblemError(f"{problem.objective} is not solved without costs", where="site_cost")
    cost = problem.site_cost.copy()
    standing = {*problem.fixed, *problem.rules.open_now}
    cost[[name in standing for name in problem.candidate_ids]] = 0.0
    return cost


def price_of_travel(problem: LocationProblem) -> float:
    """Return what a unit of weight × impedance costs."""
    return 1.0 if problem.impedance_price is None else float(problem.impedance_price)


def measure_fixed_charge(problem: LocationProblem, allocation: Allocation, *, new: Collection[str]) -> float:
    """Return what the new sites and the travel of an allocation cost, counted from the arrays."""
    return cost_of_sites(problem, new) + price_of_travel(problem) * objective_value(problem, allocation, new=new)
