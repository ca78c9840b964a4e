"""p-median problem: the least sum of weight × impedance to the nearest selected site.

Notes
-----
The classic model has a variable for every pair of demand and site (Hakimi 1964; ReVelle, Swain 1970), too many for
a city. In the radius formulation, with :math:`D_{i1} < … < D_{iK}` the impedances from demand :math:`i` and
:math:`S_{ik}` the free candidates within :math:`D_{ik}`::

    minimise    Σ_i w_i (D_i1 + Σ_k (D_i,k+1 − D_ik) z_S)            with S = S_ik
    subject to  z_S + Σ_{j ∈ S ∖ S'} y_j ≥ z_S'   for every set S, S' the set of the radius before
                z_S = 0                           where S holds every site that reaches i, and i must be served
                Σ_j y_j = new
                y_j ∈ {0, 1},  0 ≤ z_S ≤ 1        (z_S: no site of S is open)

with the constraint :math:`z_S + Σ_{j ∈ S} y_j ≥ 1` for the smallest radius. Demand that shares a set shares its
variable. :math:`D_{i,K+1}` is what :math:`i` counts without any new site: the nearest fixed or required one, or
`unserved_impedance_s`; sites farther than that do not matter.

References
----------
Cornuéjols, Nemhauser, Wolsey (1980), doi:10.1137/0601030; Elloumi (2010), doi:10.1007/s10878-008-9162-0;
García, Labbé, Marín (2011), doi:10.1287/ijoc.1100.0418.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from data.errors import InfeasibleError
from optimize.evaluate import demand_rows, serving_pairs
from optimize.lagrange import Bounds
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, model_of_siting
from optimize.site_rules import SiteRules
from optimize.siting import Siting, build_siting

FORMULATION = "p-median, radius formulation (Elloumi 2010; García, Labbé, Marín 2011), demand aggregated by set"


Price = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""What a unit of weight costs at each impedance; it never falls as impedance grows, and is never negative."""


def impedance_itself(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the price of the p-median."""
    return seconds


def build_p_median(problem: LocationProblem, rules: SiteRules, *, price: Price = impedance_itself) -> Siting:
    """Return the siting problem of the demand that has a weight.

    Parameters
    ----------
    problem
        With the objective ``p_median``, or one that is a p-median of other costs.
    rules
        What `site_rules` says of the problem.
    price
        What a unit of weight costs at each impedance.

    Raises
    ------
    InfeasibleError
        Demand that must be served is reached by no site that may be open.
    """
    serves = serving_pairs(problem)
    row, column = demand_rows(problem)[serves], problem.impedance_s.indices[serves]
    seconds = problem.impedance_s.data[serves]
    usable = rules.is_free[column]
    base_s = _impedance_without_choice(problem, row=row, seconds=seconds, is_given=rules.given[column])
    is_must = np.isinf(base_s) & (problem.weight > 0)
    _require_reach(is_must, row=row[usable], n_open=_most_to_open(problem, rules))
    farthest_s = np.where(is_must, float(seconds.max(initial=0.0)), np.minimum(base_s, np.finfo(np.float64).max))
    scale = float(np.sort(problem.weight * price(farthest_s)).sum())
    scale = scale if scale > 0 else float(np.sort(problem.weight).sum())  # where every impedance is 0
    return build_siting(
        n_open=rules.n_open,
        n_sites=rules.free.size,
        row=row[usable],
        site=rules.site[column[usable]],
        cost=problem.weight[row[usable]] * price(seconds[usable]),
        unserved_cost=np.where(is_must, 2.0 * scale, problem.weight * price(np.where(np.isinf(base_s), 0.0, base_s))),
        is_must=is_must,
        scale=scale,
    )


def build_ruled_median(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the p-median model that takes any rule."""
    return model_of_siting(build_p_median(problem, rules), n_sites=rules.free.size, total=0.0)


def _impedance_without_choice(
    problem: LocationProblem, *, row: NDArray[np.intp], seconds: NDArray[np.float64], is_given: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return what each demand point counts with the fixed and required sites alone; infinite where nothing serves it."""
    unserved_s = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    base_s = np.full(problem.n_demand, unserved_s)
    np.minimum.at(base_s, row[is_given], seconds[is_given])
    return base_s


def _most_to_open(problem: LocationProblem, rules: SiteRules) -> int:
    """Return how many free sites a plan opens at most, as far as is known."""
    return rules.n_open if problem.rules.is_empty else int(rules.free.size)


def _require_reach(is_must: NDArray[np.bool_], *, row: NDArray[np.intp], n_open: int) -> None:
    """Raise if demand that must be served is reached by no free site, or if none may be opened for it."""
    is_reached = np.zeros(is_must.size, dtype=np.bool_)
    is_reached[row] = n_open > 0
    lost = np.flatnonzero(is_must & ~is_reached)
    if lost.size:
        raise InfeasibleError(
            "demand rows with a weight are reached by no site that may be open",
            where="impedance_s",
            n=lost.size,
            examples=lost.tolist(),
            remedy="Give unserved_impedance_s, search with a larger cutoff, offer candidates nearer to them, "
            "or leave these rows out",
        )


def absolute_gap(siting: Siting, bounds: Bounds, *, gap: float) -> float:  # as in the other models
    """Return the difference between plan and bound that a relative gap of the objective allows."""
    return gap * max(bounds.lower, 0.0)  # the optimum costs no less
