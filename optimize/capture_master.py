"""The linear model of the rounds of market capture: sites, captured weight of groups of demand, and the cuts that bound it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.cover_limits import add_cover_limits
from optimize.cover_model import linear_row, power_of_two
from optimize.huff import Cut, Market
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, add_site_rows, new_site_model
from optimize.site_rows import site_rows, tie_places
from optimize.site_rules import SiteRules


@dataclass(frozen=True, kw_only=True, eq=False)
class Master:
    """A minimisation of the weight that is not captured.

    Parameters
    ----------
    lp
        The `pulp.LpProblem`.
    is_open
        The variable of each free site.
    captured_of
        The variable of each group, in units of the model.
    factor
        Objective of `lp` = − captured weight × factor, but for `sure` and the weight of demand without competitors.
    constant
        The captured weight at an objective of 0.
    one
        A variable that is 1, where sites may be open in part: rows that are added later have their constant at it.
    """

    lp: Any
    is_open: list[Any]
    captured_of: list[Any]
    factor: float
    constant: float
    one: Any = None

    def plan(self) -> NDArray[np.intp]:
        """Return the positions of the open sites after a solve, ascending."""
        return np.flatnonzero(self.opened() > 0.5)

    def captured(self, objective: float) -> float:
        """Return the captured weight that an objective of the model stands for."""
        return self.constant - objective / self.factor

    def excess(self, cut: Cut) -> float:
        """Return by how much the solved group passes a cut, in units of weight."""
        captured = (self.captured_of[cut.group].varValue or 0.0) / self.factor
        return float(captured - cut.constant - cut.coefficient @ self.opened())

    def opened(self) -> NDArray[np.float64]:
        """Return how far each site is open, shape (n_sites,); one that stands in no row is not."""
        return np.array([variable.varValue or 0.0 for variable in self.is_open], dtype=np.float64)


def build_master(
    problem: LocationProblem,
    rules: SiteRules,
    market: Market,
    cuts: Sequence[Cut],
    *,
    banned: Sequence[NDArray[np.intp]] = (),
    at_least: float | None = None,
    closed: NDArray[np.bool_] | None = None,
    is_whole: bool = True,
) -> Master:
    """Return the model with every rule.

    Parameters
    ----------
    problem, rules, market
        The problem, what `site_rules` says of it, and its pulls.
    cuts
        Upper bounds of the captured weight of groups.
    banned
        Plans that are cut off, as positions of open sites.
    at_least
        Weight that has to be captured; then the objective is the sum of the positions of the open sites.
    closed
        Which sites are in no plan that is sought, shape (n_sites,); None for none.
    is_whole
        Whether sites are open or not; without it they may be in part, and all of them stand in a row.
    """
    lp, is_open = new_site_model("capture", n_sites=rules.free.size)
    is_closed = np.zeros(rules.free.size, dtype=np.bool_) if closed is None else closed
    for j in np.flatnonzero(is_closed).tolist():
        is_open[j].upBound = 0
    one = None if is_whole else _relax(lp, is_open)
    factor = power_of_two(market.total)
    captured = [lp.add_variable(f"t{g:07d}", 0, most * factor) for g, most in enumerate(market.most().tolist())]
    hit = [lp.add_variable(f"h{k:07d}", 0, 1) for k in range(len(market.alone))]
    for k, sites in enumerate(market.alone):
        terms = [*((is_open[j], 1.0) for j in sites), (hit[k], -1.0)]
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=0.0), f"a{k:07d}")
    for k, cut in enumerate(cuts):
        used = np.flatnonzero((cut.coefficient != 0) & ~is_closed)
        terms = [(is_open[j], -a) for j, a in zip(used.tolist(), (cut.coefficient[used] * factor).tolist(), strict=True)]
        terms.append((captured[cut.group], 1.0))
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=cut.constant * factor), f"k{k:07d}")
    for k, plan in enumerate(banned):
        is_in = set(plan.tolist())
        terms = [(site, -1.0 if j in is_in else 1.0) for j, site in enumerate(is_open)]
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=1.0 - len(is_in)), f"n{k:07d}")
    gain = [(variable, 1.0) for variable in captured]
    gain += [(variable, weight * factor) for variable, weight in zip(hit, market.alone_weight.tolist(), strict=True)]
    if at_least is None:
        lp.setObjective(pulp.LpAffineExpression([(variable, -a) for variable, a in gain]))
    else:
        rhs = (at_least - market.sure) * factor
        if gain:
            lp.addConstraint(linear_row(gain, sense=pulp.LpConstraintGE, rhs=rhs), "at_least")
        lp.setObjective(pulp.LpAffineExpression(list(zip(is_open, tie_places(problem, rules).tolist(), strict=True))))
    model = SiteModel(lp=lp, is_open=is_open)
    add_cover_limits(model, problem, rules, problem.rules.covers)
    add_site_rows(lp, is_open, site_rows(problem, rules))
    return Master(lp=lp, is_open=is_open, captured_of=captured, factor=factor, constant=market.sure, one=one)


def _relax(lp: Any, is_open: list[Any]) -> Any:
    """Let sites be open in part, and add a row that holds for all of them: a variable in no row is not given to the solver."""
    for variable in is_open:
        variable.cat = pulp.LpContinuous
    one = lp.add_variable("one", 1, 1)
    terms = [(variable, 1.0) for variable in (*is_open, one)]
    lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=float(len(terms))), "every")
    return one
