"""The linear model of a case with capacities, and who is served by whom in its solution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import SolverError
from optimize.capacity_case import CapacityCase, with_open
from optimize.cover_model import linear_row, power_of_two
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.problem import LocationProblem
from optimize.site_model import SiteModel, new_site_model
from optimize.solution import Allocation

SMALLEST_SHARE = 1e-9
"""A part of a row below it is the rounding of the solver."""

SMALLEST_PIECE = 1e-14
"""A piece of a row below it is the rounding of a sum."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Parts:
    """Variables of a model: open sites (1 where open in every plan), shares of pairs, shares unserved (0 where none may be)."""

    lp: Any
    is_open: list[Any]
    share: list[Any]
    unserved: list[Any]


def build_capacity_model(
    problem: LocationProblem,
    case: CapacityCase,
    *,
    is_possible: NDArray[np.bool_] | None = None,
    is_sure: NDArray[np.bool_] | None = None,
) -> SiteModel:
    """Return the model of a case, its number of sites left to the rules.

    Parameters
    ----------
    problem
        Whose candidates order the allocation.
    case
        The case.
    is_possible, is_sure
        Free sites that may be open, and those that have to be, shape (n_free,); None for all, and for none.

    Notes
    -----
    Rows of capacity and of least use are divided by the size of the capacity, for solvers judge them by fixed tolerances.
    """
    factor, parts = _build(case)
    if is_possible is not None:
        for j in np.flatnonzero(~is_possible).tolist():
            parts.is_open[j].upBound = 0
    if is_sure is not None:
        for j in np.flatnonzero(is_sure).tolist():
            parts.is_open[j].lowBound = 1
    return SiteModel(
        lp=parts.lp,
        is_open=parts.is_open,
        factor=factor,
        constant=float(case.open_cost[case.n_free :].sum()),
        total=case.total,
        n_classes=case.n_rows,
        allocation=partial(_read_allocation, problem, case, parts),
    )


def _build(case: CapacityCase) -> tuple[float, _Parts]:
    """Return the model of a case as its variables, and the factor of its objective."""
    lp, free = new_site_model("capacity", n_sites=case.n_free)
    kind = pulp.LpContinuous if case.is_split else pulp.LpInteger
    share = [lp.add_variable(f"x{k:07d}", 0, 1, cat=kind) for k in range(case.pair_row.size)]
    unserved = [lp.add_variable(f"u{i:07d}", 0, 0 if must else 1) for i, must in enumerate(case.is_must.tolist())]
    parts = _Parts(lp=lp, is_open=free, share=share, unserved=unserved)
    factor = _set_objective(parts, case)
    _add_service(parts, case)
    _add_links(parts, case)
    _add_loads(parts, case)
    return factor, parts


def _set_objective(parts: _Parts, case: CapacityCase) -> float:
    """Set what is minimised and return its factor."""
    optional = np.flatnonzero(~case.is_must)
    farthest = np.zeros(case.n_rows)
    np.maximum.at(farthest, case.pair_row, case.pair_cost)
    farthest[optional] = np.maximum(farthest[optional], case.unserved_cost[optional])
    factor = power_of_two(float(farthest.sum() + case.open_cost[: case.n_free].sum()))
    terms = list(zip(parts.is_open, (case.open_cost[: case.n_free] * factor).tolist(), strict=True))
    terms += list(zip(parts.share, (case.pair_cost * factor).tolist(), strict=True))
    terms += [
        (parts.unserved[i], cost * factor) for i, cost in zip(optional, case.unserved_cost[optional].tolist(), strict=True)
    ]
    parts.lp.setObjective(pulp.LpAffineExpression([term for term in terms if term[1]]))
    return factor


def _add_service(parts: _Parts, case: CapacityCase) -> None:
    """Add that the shares of each row, and what is left unserved, are all of it."""
    start = case.row_start.tolist()
    for i in range(case.n_rows):
        terms = [(share, 1.0) for share in parts.share[start[i] : start[i + 1]]]
        terms.append((parts.unserved[i], 1.0))
        parts.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintEQ, rhs=1.0), f"a{i:07d}")


def _add_links(parts: _Parts, case: CapacityCase) -> None:
    """Add that a site serves only where it is open, and never more of a row than it can hold."""
    most = np.minimum(1.0, case.capacity[case.pair_site] / case.weight[case.pair_row]).tolist()
    for k, site in enumerate(case.pair_site.tolist()):
        if site < case.n_free:
            terms = [(parts.share[k], 1.0), (parts.is_open[site], -most[k])]
            parts.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=0.0), f"l{k:07d}")
        elif most[k] < 1.0:
            parts.share[k].upBound = most[k]


def _add_loads(parts: _Parts, case: CapacityCase) -> None:
    """Add what each open site can serve at most, and has to serve at least."""
    order = np.argsort(case.pair_site, kind="stable")
    start = np.searchsorted(case.pair_site[order], np.arange(case.n_sites + 1)).tolist()
    weight = case.weight[case.pair_row]
    for j in range(case.n_sites):
        pairs = order[start[j] : start[j + 1]]
        size = float(np.ldexp(1.0, int(np.frexp(max(case.capacity[j], float(weight[pairs].max(initial=0.0))))[1])))
        load = [(parts.share[k], float(weight[k]) / size) for k in pairs.tolist()]
        for limit, sense, name in ((case.capacity[j], pulp.LpConstraintLE, "k"), (case.min_use[j], pulp.LpConstraintGE, "m")):
            if not _is_needed(float(limit), sense=sense, reachable=float(weight[pairs].sum())):
                continue
            scaled = float(limit) / size
            terms, rhs = (load, scaled) if j >= case.n_free else ([*load, (parts.is_open[j], -scaled)], 0.0)
            parts.lp.addConstraint(linear_row(terms, sense=sense, rhs=rhs), f"{name}{j:07d}")


def _is_needed(limit: float, *, sense: int, reachable: float) -> bool:
    """Return whether a limit of a load can ever bind."""
    return limit < reachable if sense == pulp.LpConstraintLE else limit > 0


def _read_allocation(problem: LocationProblem, case: CapacityCase, parts: _Parts) -> Allocation:
    """Return who is served by which site.

    Notes
    -----
    Where demand may be split, it is given to the open sites anew: to an integer programme a site at 1 − 1e-7 is open,
    and shares that lean on this are not those of the plan.
    """
    is_open = np.ones(case.n_sites, dtype=np.bool_)
    is_open[: case.n_free] = [variable.varValue is not None and variable.varValue > 0.5 for variable in parts.is_open]
    if case.is_split:
        return serve_by(problem, with_open(case, is_open))
    share = np.array([variable.varValue or 0.0 for variable in parts.share], dtype=np.float64)
    pair = np.flatnonzero(is_open[case.pair_site] & (share > 0.5))
    demand = case.member[case.pair_row[pair]]
    order = np.argsort(demand)
    return Allocation(demand=demand[order], candidate=case.column[case.pair_site[pair]][order])


def serve_by(problem: LocationProblem, case: CapacityCase) -> Allocation:
    """Return who is served by which site at the least cost, where all sites of a case are open and demand may be split.

    Raises
    ------
    SolverError
        The sites cannot serve the demand.
    """
    _, parts = _build(case)
    outcome = run_solver(parts.lp, SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1))
    if outcome.proof is not Proof.OPTIMAL:
        raise SolverError("the sites of a plan cannot serve the demand that they served in it", where="solver")
    share = np.array([variable.varValue or 0.0 for variable in parts.share], dtype=np.float64)
    return _by_demand(problem, case, clean_shares(case, share))


def clean_shares(case: CapacityCase, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares without those that are rounding; what is served in full, or must be, sums to 1."""
    share = np.where(share < SMALLEST_SHARE, 0.0, share)
    total = np.bincount(case.pair_row, weights=share, minlength=case.n_rows)
    is_full = (case.is_must | (total > 1.0 - SMALLEST_SHARE)) & (total > 0)
    return share / np.where(is_full, total, 1.0)[case.pair_row]


def _by_demand(problem: LocationProblem, case: CapacityCase, share: NDArray[np.float64]) -> Allocation:
    """Return shares of rows as shares of their demand points.

    Notes
    -----
    A row is a line of length 1. Its points take their part of it in their order, its sites theirs; so a piece between two
    cuts belongs to one point, and to one site or none.
    """
    demand, site, length = [], [], []
    start = case.row_start.tolist()
    for i in range(case.n_rows):
        pair = start[i] + np.flatnonzero(share[start[i] : start[i + 1]])
        if not pair.size:
            continue
        point = case.member[case.member_start[i] : case.member_start[i + 1]]
        part = problem.weight[point] / case.weight[i]
        at, of, size = _pieces(np.cumsum(part), np.cumsum(share[pair]))
        demand.append(point[at])
        site.append(case.column[case.pair_site[pair[of]]])
        length.append(np.minimum(size / part[at], 1.0))
    if not demand:
        return Allocation(demand=np.zeros(0, dtype=np.intp), candidate=np.zeros(0, dtype=np.intp), share=np.zeros(0))
    rows, columns, shares = np.concatenate(demand), np.concatenate(site), np.concatenate(length)
    order = np.lexsort((columns, rows))
    return Allocation(demand=rows[order], candidate=columns[order], share=shares[order])


def _pieces(
    point_end: NDArray[np.float64], site_end: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return which point and which site each piece of a line belongs to, and how long it is."""
    cut = np.unique(np.concatenate([point_end, site_end]))
    cut = cut[cut <= site_end[-1]]
    size = np.diff(cut, prepend=0.0)
    kept = size > SMALLEST_PIECE
    cut = cut[kept]
    point = np.minimum(np.searchsorted(point_end, cut), point_end.size - 1)
    return point, np.searchsorted(site_end, cut), size[kept]
