"""How many demand points are farther than each of some thresholds, as rows of a linear model over the sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.cover_limits import add_cover_limits
from optimize.cover_model import linear_row
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, add_site_rows, new_site_model
from optimize.site_rows import site_rows
from optimize.site_rules import SiteRules


@dataclass(frozen=True, kw_only=True, eq=False)
class Times:
    """Impedances of the demand that counts, to the sites that may be chosen.

    Parameters
    ----------
    row, site, seconds
        The pairs nearer than what is open in every plan, shape (n_pairs,), sorted by row, then seconds.
    base_s
        Impedance of each row with what is open in every plan, shape (n_rows,); infinite for none.
    """

    row: NDArray[np.intp]
    site: NDArray[np.intp]
    seconds: NDArray[np.float64]
    base_s: NDArray[np.float64]

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.base_s.size)

    def of_plan(self, plan: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the impedance of each row in a plan, shape (n_rows,)."""
        found = self.base_s.copy()
        is_in = np.isin(self.site, plan)
        np.minimum.at(found, self.row[is_in], self.seconds[is_in])
        return found

    def least(self) -> NDArray[np.float64]:
        """Return the impedance of each row with every site open, shape (n_rows,)."""
        found = self.base_s.copy()
        np.minimum.at(found, self.row, self.seconds)
        return found

    def below(self, seconds: float) -> float:
        """Return the largest impedance that is stored and less; −1 where there is none."""
        known = np.concatenate([self.seconds, self.base_s])
        return float(known[known < seconds].max(initial=-1.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class CountModel:
    """A model of the sites and of the rows farther than thresholds.

    Parameters
    ----------
    lp, is_open
        The `pulp.LpProblem`, with every rule, and the variable of each site.
    farther
        For each threshold the variables of sets of rows that are 1 where the set is farther, each with its number of rows.
    always
        For each threshold how many rows are farther in every plan.
    """

    lp: Any
    is_open: list[Any]
    farther: dict[float, list[tuple[Any, float]]] = field(default_factory=dict)
    always: dict[float, int] = field(default_factory=dict)

    def plan(self) -> NDArray[np.intp]:
        """Return the positions of the open sites after a solve, ascending."""
        return np.flatnonzero([variable.varValue is not None and variable.varValue > 0.5 for variable in self.is_open])

    def limit(self, threshold: float, most: int) -> None:
        """Add that no more rows than that are farther."""
        name, rhs = f"l{self.lp.numConstraints():07d}", most - self.always[threshold]
        self.lp.addConstraint(linear_row(self.farther[threshold], sense=pulp.LpConstraintLE, rhs=rhs), name)

    def ban(self, plan: NDArray[np.intp]) -> None:
        """Add that the open sites are not exactly these."""
        is_in = set(plan.tolist())
        terms = [(site, -1.0 if j in is_in else 1.0) for j, site in enumerate(self.is_open)]
        row = linear_row(terms, sense=pulp.LpConstraintGE, rhs=1.0 - len(is_in))
        self.lp.addConstraint(row, f"n{self.lp.numConstraints():07d}")

    def minimise_count(self, threshold: float) -> None:
        """Set the objective: how many rows are farther, those left out that are in every plan."""
        self.lp.setObjective(pulp.LpAffineExpression(self.farther[threshold]))

    def minimise_places(self, places: NDArray[np.float64]) -> None:
        """Set the objective: the sum of what each open site adds by the tie rule, as `tie_places` says it."""
        self.lp.setObjective(pulp.LpAffineExpression(list(zip(self.is_open, places.tolist(), strict=True))))


def build_counts(
    problem: LocationProblem, rules: SiteRules, times: Times, thresholds: Sequence[float], *, rows: NDArray[np.intp]
) -> CountModel:
    """Return the model that counts some of the rows.

    Parameters
    ----------
    problem, rules
        The problem, whose rules are all in the model, and what `site_rules` says of it.
    times
        The impedances.
    thresholds
        In seconds, each once.
    rows
        The rows that are counted, shape (n,), ascending.

    Notes
    -----
    Of a row the sites within a threshold are those within the next smaller one and some more: its variable at the larger is
    tied to that at the smaller by those alone. Rows with the same sites share their variables.
    """
    lp, is_open = new_site_model("counts", n_sites=rules.free.size)
    ascending = sorted(thresholds)
    counts: dict[float, dict[str, int]] = {threshold: {} for threshold in ascending}
    always = dict.fromkeys(ascending, 0)
    missed: dict[frozenset[int], Any] = {}
    start = np.searchsorted(times.row, np.arange(times.n_rows + 1))
    for i in rows.tolist():
        pairs = slice(start[i], start[i + 1])
        site, length = times.site[pairs].tolist(), np.searchsorted(times.seconds[pairs], ascending, side="right").tolist()
        above: Any = None
        for threshold, n, before in zip(ascending, length, [0, *length[:-1]], strict=True):
            if times.base_s[i] <= threshold:
                break
            if n == 0:
                always[threshold] += 1
                continue
            key = frozenset(site[:n])
            if key not in missed:
                missed[key] = _new_set(lp, is_open, site[before:n], above=above, number=len(missed))
            above = missed[key]
            counts[threshold][above.name] = counts[threshold].get(above.name, 0) + 1
    by_name = {variable.name: variable for variable in missed.values()}
    model = CountModel(
        lp=lp,
        is_open=is_open,
        farther={t: [(by_name[name], float(n)) for name, n in found.items()] for t, found in counts.items()},
        always=always,
    )
    add_cover_limits(SiteModel(lp=lp, is_open=is_open), problem, rules, problem.rules.covers)
    add_site_rows(lp, is_open, site_rows(problem, rules))
    return model


def _new_set(lp: Any, is_open: list[Any], more: list[int], *, above: Any, number: int) -> Any:
    """Return the variable of a set that is 1 where none of its sites is open: those of a smaller set, if any, and some more."""
    variable = lp.add_variable(f"z{number:07d}", 0, 1)
    terms = [(variable, 1.0), *((is_open[j], 1.0) for j in more)]
    if above is not None:
        terms.append((above, -1.0))
    row = linear_row(terms, sense=pulp.LpConstraintGE, rhs=1.0 if above is None else 0.0)
    lp.addConstraint(row, f"c{number:07d}")
    return variable
