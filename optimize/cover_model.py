"""The linear model of cover classes, written with PuLP: built sparse, row by row of classes and never pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.aggregate import CoverClasses

LARGEST_COST_EXPONENT = 20
"""Costs are multiplied by a power of two so that they sum to between 2^19 and 2^20."""


LARGEST_EXPONENT = 1000
"""Of a power of two that is still a number; smaller totals than that stay as small as they are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverModel:
    """The model of one set of classes.

    Parameters
    ----------
    lp
        The `pulp.LpProblem`, a minimisation; the cost that is in every plan is not in it.
    is_open
        The binary variable of each site, shape (n_sites,).
    factor
        A power of two: objective of `lp` = cost × factor.
    constant
        Cost that is in every plan, in units of cost.
    is_missed
        The variable of each class that says that no site of it is open, shape (n_classes,).
    """

    lp: Any
    is_open: list[Any]
    factor: float
    constant: float
    is_missed: list[Any] = field(default_factory=list)

    def plan(self) -> NDArray[np.intp]:
        """Return the positions of the open sites after a solve, ascending."""
        return np.flatnonzero([variable.varValue is not None and variable.varValue > 0.5 for variable in self.is_open])

    def start(self, plan: NDArray[np.intp]) -> list[tuple[Any, float]]:
        """Return a plan as values of the site variables."""
        is_open = np.zeros(len(self.is_open))
        is_open[plan] = 1.0
        return list(zip(self.is_open, is_open.tolist(), strict=True))


def build_model(classes: CoverClasses, *, n_sites: int, n_open: int) -> CoverModel:
    """Return the model that chooses `n_open` of `n_sites` sites at the least cost of the classes without an open site.

    Notes
    -----
    Solvers judge differences by fixed tolerances (HiGHS cuts off what is within 1e-6 of the best plan, whatever gap
    is asked for), so costs of any unit are brought to one size first; a power of two changes no digit of them. PuLP
    sorts variables by name: names of equal length keep the order of the sites and classes.
    """
    lp = pulp.LpProblem("siting", pulp.LpMinimize)
    is_open = [lp.add_variable(f"y{j:07d}", 0, 1, cat=pulp.LpInteger) for j in range(n_sites)]
    is_missed = [lp.add_variable(f"z{k:07d}", 0, 0 if must else 1) for k, must in enumerate(classes.is_must.tolist())]
    counted = np.flatnonzero(~classes.is_must)
    factor = power_of_two(float(classes.cost[counted].sum()))
    cost = (classes.cost * factor).tolist()
    lp.setObjective(pulp.LpAffineExpression([(is_missed[k], cost[k]) for k in counted.tolist()]))
    lp.addConstraint(linear_row([(site, 1.0) for site in is_open], sense=pulp.LpConstraintEQ, rhs=n_open), "n_open")
    sites, start, parent = classes.step_site.tolist(), classes.step_start.tolist(), classes.parent.tolist()
    for k in range(classes.n):
        terms = [(is_open[j], 1.0) for j in sites[start[k] : start[k + 1]]]
        terms.append((is_missed[k], 1.0))
        if parent[k] != k:
            terms.append((is_missed[parent[k]], -1.0))
        rhs = 1.0 if parent[k] == k else 0.0
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=rhs), f"c{k:07d}")
    return CoverModel(lp=lp, is_open=is_open, factor=factor, constant=classes.constant, is_missed=is_missed)


def seek_earlier_plan(model: CoverModel, *, rank: NDArray[np.intp], plan: NDArray[np.intp], advantage: float) -> Any:
    """Turn the model into the question whether an equal plan has a smaller sum of ranks; return the variable that says no.

    Parameters
    ----------
    model
        The model, changed in place.
    rank
        Position of each site in the sorted list of free candidates, shape (n_sites,), ascending.
    plan
        Positions of the sites of the plan whose sum is to be undercut.
    advantage
        By how much a plan with a smaller sum may cost more than the optimum.

    Notes
    -----
    The variable lifts the limit on the sum of ranks, for the price of the advantage. So a known optimal plan is a
    solution from the start, and cuts off as much as it did before; a constraint on the cost would be a dense row.
    """
    lp, place = model.lp, rank + 1
    limit = int(place[plan].sum()) - 1
    largest = int(place[rank.size - plan.size :].sum())
    is_lifted = lp.add_variable("is_lifted", 0, 1, cat=pulp.LpInteger)
    price = advantage * model.factor if lp.objective else 1.0  # without costs all plans are equal
    lp.setObjective(pulp.LpAffineExpression([*lp.objective.items(), (is_lifted, price)]))
    terms = list(zip(model.is_open, place.astype(np.float64).tolist(), strict=True))
    terms.append((is_lifted, float(limit - largest)))
    lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=limit), "rank")
    return is_lifted


def linear_row(terms: list[tuple[Any, float]], *, sense: int, rhs: float) -> Any:
    """Return a constraint of variables and coefficients."""
    return pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, rhs=rhs)


def power_of_two(total: float) -> float:
    """Return the power of two that brings a total to its size; 1 for nothing."""
    if total <= 0:
        return 1.0
    return float(np.ldexp(1.0, min(LARGEST_COST_EXPONENT - int(np.frexp(total)[1]), LARGEST_EXPONENT)))
