"""The linear model that takes every rule: a variable for each site that may be chosen, and what a published model adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.aggregate import CoverClasses, fingerprint, radius_classes
from optimize.cover_model import linear_row, power_of_two
from optimize.site_rows import SiteRow
from optimize.siting import Siting
from optimize.solution import Allocation

PAIRS_BUILT_PER_SECOND = 100_000
"""What is sorted into classes and built as a model at least; no clock is looked at meanwhile (two busy cores of 2024)."""

SetKey = tuple[int, int]
"""The code of a set of sites, as `optimize.aggregate.fingerprint` makes it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteModel:
    """A minimisation over the sites that may be chosen.

    Parameters
    ----------
    lp
        The `pulp.LpProblem`.
    is_open
        The binary variable of each free site, in the order of `SiteRules.free`.
    factor, constant
        Objective of `lp` = (cost − constant) × factor; the cost is the objective of the problem where less is better, and
        `total` − objective where more is.
    total
        What the objective is subtracted from, where more is better; 0 where less is.
    is_missed
        The variable of each set of sites that is 1 where none of them is open, by the code of the set; rules share them.
    n_classes
        How many classes the demand was aggregated to.
    allocation
        Reads who is served by which site off the solved variables; None where the nearest open site serves.
    """

    lp: Any
    is_open: list[Any]
    factor: float = 1.0
    constant: float = 0.0
    total: float = 0.0
    is_missed: dict[SetKey, Any] = field(default_factory=dict)
    n_classes: int = 0
    allocation: Callable[[], Allocation] | None = None

    def plan(self) -> NDArray[np.intp]:
        """Return the positions of the open sites after a solve, ascending."""
        return np.flatnonzero([variable.varValue is not None and variable.varValue > 0.5 for variable in self.is_open])

    def objective_of(self, value: float) -> float:
        """Return the objective of the problem for a value of the model's."""
        cost = value / self.factor + self.constant
        return self.total - cost if self.total else cost

    def cost(self) -> float:
        """Return what the solved plan costs, by the variables."""
        return float(self.lp.objective.value() or 0.0) / self.factor + self.constant


def new_site_model(name: str, *, n_sites: int) -> tuple[Any, list[Any]]:
    """Return an empty minimisation and the binary variables of its sites.

    Notes
    -----
    PuLP sorts variables by name: names of equal length keep their order.
    """
    lp = pulp.LpProblem(name, pulp.LpMinimize)
    return lp, [lp.add_variable(f"y{j:07d}", 0, 1, cat=pulp.LpInteger) for j in range(n_sites)]


def model_of_siting(siting: Siting, *, n_sites: int, total: float) -> SiteModel:
    """Return the model of a problem in the form of a siting, its number of sites left to the rules.

    Parameters
    ----------
    siting
        Whose `n_open` is the least number of sites that any plan opens.
    n_sites
        How many sites may be chosen.
    total
        What the objective is subtracted from, where more is better; 0 where less is.
    """
    classes = radius_classes(siting)
    lp, is_open = new_site_model("siting", n_sites=n_sites)
    missed = [lp.add_variable(f"z{k:07d}", 0, 0 if must else 1) for k, must in enumerate(classes.is_must.tolist())]
    counted = np.flatnonzero(~classes.is_must)
    factor = power_of_two(float(classes.cost[counted].sum()))
    cost = (classes.cost * factor).tolist()
    lp.setObjective(pulp.LpAffineExpression([(missed[k], cost[k]) for k in counted.tolist()]))
    sites, start, parent = classes.step_site.tolist(), classes.step_start.tolist(), classes.parent.tolist()
    for k in range(classes.n):
        terms = [(is_open[j], 1.0) for j in sites[start[k] : start[k + 1]]]
        terms += [(missed[k], 1.0)] if parent[k] == k else [(missed[k], 1.0), (missed[parent[k]], -1.0)]
        rhs = 1.0 if parent[k] == k else 0.0
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=rhs), f"c{k:07d}")
    return SiteModel(
        lp=lp,
        is_open=is_open,
        factor=factor,
        constant=classes.constant,
        total=total,
        is_missed={key: missed[k] for k, key in enumerate(_class_keys(classes)) if not classes.is_must[k]},
        n_classes=classes.n,
    )


def _class_keys(classes: CoverClasses) -> list[SetKey]:
    """Return the code of the whole set of each class: that of its step and of all its parents."""
    step = np.zeros((2, classes.n), dtype=np.uint64)
    owner = np.repeat(np.arange(classes.n), np.diff(classes.step_start))
    for total, code in zip(step, fingerprint(classes.step_site), strict=True):
        np.add.at(total, owner, code)
    whole, parent, own = step.copy(), classes.parent.copy(), np.arange(classes.n)
    has_parent = parent != own
    while has_parent.any():  # each round climbs one parent; parents form no circle
        whole[:, has_parent] += step[:, parent[has_parent]]
        above = classes.parent[parent]
        has_parent &= above != parent
        parent = above
    return [(int(one), int(other)) for one, other in whole.T]


def add_site_rows(lp: Any, is_open: list[Any], rows: Sequence[SiteRow]) -> None:
    """Add the limits of rules on sites to a model; a row without sites that does not hold makes the model infeasible."""
    for k, row in enumerate(rows):
        largest = float(np.abs(row.coefficient).max(initial=0.0))
        factor = 1.0 if largest == 0 else float(np.ldexp(1.0, -int(np.frexp(largest)[1])))
        terms = [(is_open[j], a * factor) for j, a in zip(row.site.tolist(), row.coefficient.tolist(), strict=True)]
        name = f"r{k:07d}"
        if row.lower == row.upper:
            lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintEQ, rhs=row.lower * factor), name)
            continue
        if np.isfinite(row.lower):
            lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=row.lower * factor), f"{name}a")
        if np.isfinite(row.upper):
            lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=row.upper * factor), f"{name}b")
