"""Limits on the covered share of districts, as rows of a linear model whose sets of sites are shared with its objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import Faults, InfeasibleError
from optimize.aggregate import fingerprint, merge_equal
from optimize.cover_model import linear_row
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit
from optimize.site_model import SetKey, SiteModel
from optimize.site_rules import SiteRules

SHARE_ROOM = 1e-9
"""Which share of a district's weight may be missing from a limit, for the rounding of sums."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DistrictCover:
    """What is left of a district to be covered.

    Parameters
    ----------
    total, given, reachable
        Weight of the district; of what is covered in every plan; of what some plan covers.
    keys
        Codes of the sets of free sites that cover some of it, and the weight that each set covers, shape (n_sets,).
    sets
        The sites of each set, as positions in `SiteRules.free`.
    weight
        Weight that each set covers, shape (n_sets,).
    """

    total: float
    given: float
    reachable: float
    keys: list[SetKey]
    sets: list[NDArray[np.intp]]
    weight: NDArray[np.float64]


def district_cover(problem: LocationProblem, sites: SiteRules, limit: CoverLimit) -> DistrictCover:
    """Return the weight of a district by the sets of free sites that cover it at the standard of the limit."""
    matrix, rows = problem.impedance_s, np.asarray(limit.rows, dtype=np.intp)
    rows = rows[problem.weight[rows] > 0]
    weight = problem.weight[rows]
    part = matrix[rows]
    covers = part.data <= limit.standard_s
    row = np.repeat(np.arange(rows.size), np.diff(part.indptr))[covers]
    column = part.indices[covers]
    is_given = np.zeros(rows.size, dtype=np.bool_)
    is_given[row[sites.given[column]]] = True
    usable = sites.is_free[column] & ~is_given[row]
    row, site = row[usable], sites.site[column[usable]]
    codes = np.zeros((2, rows.size), dtype=np.uint64)
    for total, code in zip(codes, fingerprint(site), strict=True):
        np.add.at(total, row, code)
    reached = np.unique(row)
    label, first = merge_equal(codes[:, reached])
    order = np.lexsort((site, row))
    row, site = row[order], site[order]
    begin, end = np.searchsorted(row, reached[first]), np.searchsorted(row, reached[first], side="right")
    return DistrictCover(
        total=float(np.sort(weight).sum()),
        given=float(np.sort(weight[is_given]).sum()),
        reachable=float(np.sort(weight[is_given]).sum() + np.sort(weight[reached]).sum()),
        keys=[(int(one), int(other)) for one, other in codes[:, reached[first]].T],
        sets=[site[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)],
        weight=np.bincount(label, weights=weight[reached], minlength=first.size).astype(np.float64),
    )


def check_reachable(problem: LocationProblem, sites: SiteRules, limits: Sequence[CoverLimit]) -> None:
    """Raise if a limit cannot be met even with every site open, or with no more than what is open in every plan.

    Raises
    ------
    InfeasibleError
        A limit cannot be met; `FaultsError` where there are several.
    """
    faults = Faults()
    for limit in limits:
        cover = district_cover(problem, sites, limit)
        most, least = cover.reachable / cover.total, cover.given / cover.total
        if limit.at_least is not None and most < limit.at_least - SHARE_ROOM:
            what = f"a floor of {limit.at_least:.1%} is asked, all sites that may be open together cover {most:.2%}"
            remedy = f"Lower the floor to {np.floor(most * 1000) / 10:.1f} %, raise its standard, or offer candidates there"
            faults.add(InfeasibleError(what, where=limit.name, remedy=remedy))
        if limit.at_most is not None and least > limit.at_most + SHARE_ROOM:
            what = f"a ceiling of {limit.at_most:.1%} is asked, what is open in every plan covers {least:.2%} already"
            faults.add(
                InfeasibleError(what, where=limit.name, remedy=f"Raise the ceiling to {np.ceil(least * 1000) / 10:.1f} %")
            )
    faults.raise_if_any()


def add_cover_limits(model: SiteModel, problem: LocationProblem, sites: SiteRules, limits: Sequence[CoverLimit]) -> None:
    """Add the limits to a model; sets of sites that it has a variable of already are not given another."""
    for limit in limits:
        number = model.lp.numConstraints()  # no other row has a name with it
        cover = district_cover(problem, sites, limit)
        missed = [_variable(model, key, members) for key, members in zip(cover.keys, cover.sets, strict=True)]
        if limit.at_most is not None:
            _tie_down(model, missed, cover.sets, name=f"u{number:07d}")
        _add_limit(model.lp, missed, cover, limit, name=f"d{number:07d}")


def _variable(model: SiteModel, key: SetKey, members: NDArray[np.intp]) -> Any:
    """Return the variable of a set that is 1 where none of its sites is open; a new one with its row where there is none."""
    if key not in model.is_missed:
        number = len(model.is_missed)
        variable = model.lp.add_variable(f"x{number:07d}", 0, 1)
        terms = [(model.is_open[j], 1.0) for j in members.tolist()]
        terms.append((variable, 1.0))
        model.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=1.0), f"s{number:07d}")
        model.is_missed[key] = variable
    return model.is_missed[key]


def _tie_down(model: SiteModel, missed: list[Any], sets: list[NDArray[np.intp]], *, name: str) -> None:
    """Add that a set of which a site is open is not missed: a ceiling must not be met by calling people missed."""
    for k, (variable, members) in enumerate(zip(missed, sets, strict=True)):
        for j in members.tolist():
            row = linear_row([(variable, 1.0), (model.is_open[j], 1.0)], sense=pulp.LpConstraintLE, rhs=1.0)
            model.lp.addConstraint(row, f"{name}_{k:07d}_{j:07d}")


def _add_limit(lp: Any, missed: list[Any], cover: DistrictCover, limit: CoverLimit, *, name: str) -> None:
    """Add the rows of one limit, as shares of the district's weight."""
    terms = list(zip(missed, (cover.weight / cover.total).tolist(), strict=True))
    covered = cover.reachable / cover.total  # with every site of the model open
    if limit.at_least == 1.0:  # of every set a site is open, however little weight it has
        for variable in missed:
            variable.upBound = 0
    elif limit.at_least is not None:
        rhs = covered - limit.at_least + SHARE_ROOM
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=rhs), f"{name}a")
    if limit.at_most is not None:
        rhs = covered - limit.at_most - SHARE_ROOM
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=rhs), f"{name}b")
