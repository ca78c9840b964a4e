"""The linear model of a threshold and of what impedances are above it, between two ends and beyond."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.aggregate import fingerprint
from optimize.cover_model import linear_row, power_of_two
from optimize.evaluate import demand_rows, serving_pairs
from optimize.p_median import build_p_median
from optimize.problem import LocationProblem
from optimize.site_model import SetKey, SiteModel, model_of_siting
from optimize.site_rules import SiteRules

Link = tuple[float, tuple[tuple[SetKey, float], ...]]
"""What a row has between the ends: at least so much, and so much more for each set of which no site is open."""


@dataclass(frozen=True, kw_only=True)
class Tail:
    """What is counted of impedances.

    Parameters
    ----------
    low_s, high_s
        The ends between which the threshold is.
    weight
        The weight of which the mean is taken.
    """

    low_s: float
    high_s: float
    weight: float


@dataclass(kw_only=True, eq=False)
class _Costs:
    """What the rows add up to, gathered row by row.

    Parameters
    ----------
    by_set
        What a set without an open site costs beyond the upper end.
    links
        Weight of the rows with the same link.
    constant
        What every plan costs beyond the upper end.
    beyond
        Weight of the rows that are beyond the upper end in every plan.
    """

    by_set: dict[SetKey, float] = field(default_factory=dict)
    links: dict[Link, float] = field(default_factory=dict)
    constant: float = 0.0
    beyond: float = 0.0


def build_threshold_model(problem: LocationProblem, rules: SiteRules, tail: Tail) -> SiteModel:
    """Return the model whose cost is the threshold and the mean over the weight of the tail of what is above it.

    Parameters
    ----------
    problem, rules
        The problem, and what `site_rules` says of it.
    tail
        What is counted.

    Raises
    ------
    InfeasibleError
        Demand that must be served is reached by no site that may be open.
    """
    siting = build_p_median(problem, rules, price=lambda seconds: np.maximum(seconds - tail.low_s, 0.0))
    model = model_of_siting(siting, n_sites=rules.free.size, total=0.0)
    costs = _costs(problem, rules, tail, known=model.is_missed)
    lp, width_s = model.lp, tail.high_s - tail.low_s
    factor = power_of_two(max(tail.high_s, 1.0))
    above = lp.add_variable("above", 0, width_s)  # the threshold, from the lower end on
    terms = [(model.is_missed[key], cost * factor) for key, cost in costs.by_set.items() if cost > 0]
    terms.append((above, (1.0 - costs.beyond) * factor))
    for k, ((least_s, steps), weight) in enumerate(costs.links.items()):
        excess = lp.add_variable(f"u{k:07d}", 0, width_s)
        row = [(excess, 1.0), (above, 1.0), *((model.is_missed[key], -step) for key, step in steps)]
        lp.addConstraint(linear_row(row, sense=pulp.LpConstraintGE, rhs=least_s), f"u{k:07d}")
        terms.append((excess, weight * factor))
    lp.setObjective(pulp.LpAffineExpression(terms))
    return replace(model, factor=factor, constant=tail.low_s + costs.constant + costs.beyond * width_s)


def _costs(problem: LocationProblem, rules: SiteRules, tail: Tail, *, known: dict[SetKey, Any]) -> _Costs:
    """Return what the rows cost; sets that the model does not know have an open site in every plan."""
    costs, low_s, high_s = _Costs(), tail.low_s, tail.high_s
    serves = serving_pairs(problem)
    row, column = demand_rows(problem)[serves], problem.impedance_s.indices[serves]
    seconds = problem.impedance_s.data[serves]
    base_s = np.full(problem.n_demand, np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s)
    is_given = rules.given[column]
    np.minimum.at(base_s, row[is_given], seconds[is_given])
    usable = rules.is_free[column] & (seconds < base_s[row]) & (problem.weight[row] > 0)
    row, site, seconds = row[usable], rules.site[column[usable]], seconds[usable]
    order = np.lexsort((site, seconds, row))
    row, site, seconds = row[order], site[order], seconds[order]
    codes = np.cumsum(fingerprint(site), axis=1, dtype=np.uint64)
    codes = np.concatenate([np.zeros((2, 1), dtype=np.uint64), codes], axis=1)
    start = np.searchsorted(row, np.arange(problem.n_demand + 1))
    for i in np.flatnonzero(problem.weight > 0).tolist():
        steps, first_s = _steps(seconds[start[i] : start[i + 1]], base_s=float(base_s[i]), low_s=low_s)
        keys = codes[:, start[i] + np.array([n for n, _, _ in steps], dtype=np.intp)] - codes[:, start[i], None]
        named = [((int(one), int(other)), a, b) for (one, other), (_, a, b) in zip(keys.T.tolist(), steps, strict=True)]
        named = [(key, a, b) for key, a, b in named if key in known]
        weight = float(problem.weight[i]) / tail.weight
        costs.constant += weight * max(first_s - high_s, 0.0)
        for key, a, b in named:
            costs.by_set[key] = costs.by_set.get(key, 0.0) + weight * (max(b, high_s) - max(a, high_s))
        if first_s >= high_s:
            costs.beyond += weight
            continue
        between = tuple((key, min(b, high_s) - max(a, low_s)) for key, a, b in named if a < high_s)
        least_s = max(first_s - low_s, 0.0)
        if between or least_s > 0:
            costs.links[least_s, between] = costs.links.get((least_s, between), 0.0) + weight
    return costs


def _steps(seconds: NDArray[np.float64], *, base_s: float, low_s: float) -> tuple[list[tuple[int, float, float]], float]:
    """Return the steps of a row above the lower end, and what it counts with all its sites open.

    Parameters
    ----------
    seconds
        Its impedances, ascending.
    base_s
        What it counts without any of them; infinite where it must be served.
    low_s
        The lower end; sites within it are as good as one another.

    Returns
    -------
    Of each step how many of the nearest sites must all be closed for it, and from which impedance to which it goes.
    """
    if not seconds.size:
        return [], base_s
    clipped = np.append(np.maximum(seconds, low_s), base_s if math.isfinite(base_s) else seconds[-1])
    ends = np.flatnonzero(clipped[1:] > clipped[:-1])
    return [(k + 1, float(clipped[k]), float(clipped[k + 1])) for k in ends.tolist()], float(seconds[0])
