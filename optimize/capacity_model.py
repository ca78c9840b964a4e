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
class CapacityModel:
    """The linear model of a case.

    Parameters
    ----------
    case
        The case.
    lp, factor
        The `pulp.LpProblem`, a minimisation; its objective = cost × factor.
    is_open
        Variable of each free site, shape (n_free,).
    share, unserved
        Variables of the share of each pair, and of what of each row stays unserved.
    """

    case: CapacityCase
    lp: Any
    factor: float
    is_open: list[Any]
    share: list[Any]
    unserved: list[Any]

    def open_now(self) -> NDArray[np.float64]:
        """Return how far each site is open in the solution, shape (n_sites,)."""
        is_open = np.ones(self.case.n_sites)
        is_open[: self.case.n_free] = [variable.varValue or 0.0 for variable in self.is_open]
        return is_open

    def share_now(self) -> NDArray[np.float64]:
        """Return the share of each pair in the solution, shape (n_pairs,)."""
        return np.array([variable.varValue or 0.0 for variable in self.share], dtype=np.float64)


def build_capacity_model(problem: LocationProblem, case: CapacityCase) -> SiteModel:
    """Return the model of a case that takes any rule, its number of sites left to the rules.

    Parameters
    ----------
    problem
        Whose candidates order the allocation.
    case
        The case.
    """
    model = build_model_of_case(case)
    add_links(model, np.arange(case.pair_row.size))
    return as_site_model(problem, model)


def as_site_model(problem: LocationProblem, model: CapacityModel) -> SiteModel:
    """Return a model in the form that rules are added to."""
    return SiteModel(
        lp=model.lp,
        is_open=model.is_open,
        factor=model.factor,
        constant=float(model.case.open_cost[model.case.n_free :].sum()),
        total=model.case.total,
        n_classes=model.case.n_rows,
        allocation=partial(_read_allocation, problem, model),
    )


def build_model_of_case(case: CapacityCase) -> CapacityModel:
    """Return the model of a case without the links of pairs: what a closed site can serve is none of its capacity.

    Parameters
    ----------
    case
        The case.

    Notes
    -----
    Rows of capacity and of least use are divided by the size of the capacity, for solvers judge them by fixed tolerances.
    """
    lp, free = new_site_model("capacity", n_sites=case.n_free)
    kind = pulp.LpContinuous if case.is_split else pulp.LpInteger
    share = [lp.add_variable(f"x{k:07d}", 0, 1, cat=kind) for k in range(case.pair_row.size)]
    unserved = [lp.add_variable(f"u{i:07d}", 0, 0 if must else 1) for i, must in enumerate(case.is_must.tolist())]
    model = CapacityModel(case=case, lp=lp, factor=_factor(case), is_open=free, share=share, unserved=unserved)
    _set_objective(model)
    _add_service(model)
    _add_loads(model)
    return model


def largest_shares(case: CapacityCase) -> NDArray[np.float64]:
    """Return the largest share of its row that the site of each pair can hold, shape (n_pairs,)."""
    return np.asarray(np.minimum(1.0, case.capacity[case.pair_site] / case.weight[case.pair_row]))


def add_links(model: CapacityModel, pairs: NDArray[np.intp]) -> None:
    """Add that the sites of some pairs serve only where they are open, and never more of a row than they can hold.

    Parameters
    ----------
    model
        The model, changed in place.
    pairs
        Positions of the pairs, none of them added before.

    Notes
    -----
    A closed site serves nobody without them: they bring the relaxation nearer to whole sites.
    """
    case, most = model.case, largest_shares(model.case)
    for k in pairs.tolist():
        site = int(case.pair_site[k])
        if site < case.n_free:
            terms = [(model.share[k], 1.0), (model.is_open[site], -float(most[k]))]
            model.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=0.0), f"l{k:07d}")


def _factor(case: CapacityCase) -> float:
    """Return what brings the costs of a case to one size."""
    farthest = np.where(case.is_must, 0.0, case.unserved_cost)
    np.maximum.at(farthest, case.pair_row, case.pair_cost)
    return power_of_two(float(farthest.sum() + case.open_cost[: case.n_free].sum()))


def _set_objective(model: CapacityModel) -> None:
    """Set what is minimised."""
    case, factor = model.case, model.factor
    optional = np.flatnonzero(~case.is_must)
    terms = [term for term in zip(model.share, (case.pair_cost * factor).tolist(), strict=True) if term[1]]
    terms += [(model.unserved[i], float(case.unserved_cost[i]) * factor) for i in optional.tolist()]
    # Sites of cost 0 stand in it too: a model in which no integer variable is left is none to HiGHS, and has no bound.
    terms += zip(model.is_open, (case.open_cost[: case.n_free] * factor).tolist(), strict=True)
    model.lp.setObjective(pulp.LpAffineExpression(terms))


def _add_service(model: CapacityModel) -> None:
    """Add that the shares of each row, and what is left unserved, are all of it."""
    start = model.case.row_start.tolist()
    for i in range(model.case.n_rows):
        terms = [(share, 1.0) for share in model.share[start[i] : start[i + 1]]]
        terms.append((model.unserved[i], 1.0))
        model.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintEQ, rhs=1.0), f"a{i:07d}")


def _add_loads(model: CapacityModel) -> None:
    """Add what each open site can serve at most, and has to serve at least; a closed one serves nothing."""
    case = model.case
    for share, most in zip(model.share, largest_shares(case).tolist(), strict=True):
        share.upBound = most
    order = np.argsort(case.pair_site, kind="stable")
    start = np.searchsorted(case.pair_site[order], np.arange(case.n_sites + 1)).tolist()
    weight = case.weight[case.pair_row]
    for j in range(case.n_sites):
        pairs = order[start[j] : start[j + 1]]
        most = min(float(case.capacity[j]), float(weight[pairs].sum()))
        size = float(np.ldexp(1.0, int(np.frexp(max(most, float(weight[pairs].max(initial=0.0))))[1])))
        load = [(model.share[k], float(weight[k]) / size) for k in pairs.tolist()]
        limits = [("k", most, pulp.LpConstraintLE)] if pairs.size else []
        limits += [("m", float(case.min_use[j]), pulp.LpConstraintGE)] if case.min_use[j] > 0 else []
        for name, limit, sense in limits:
            scaled = limit / size
            terms, rhs = (load, scaled) if j >= case.n_free else ([*load, (model.is_open[j], -scaled)], 0.0)
            model.lp.addConstraint(linear_row(terms, sense=sense, rhs=rhs), f"{name}{j:07d}")


def _read_allocation(problem: LocationProblem, model: CapacityModel) -> Allocation:
    """Return who is served by which site.

    Notes
    -----
    Where demand may be split, it is given to the open sites anew: to an integer programme a site at 1 − 1e-7 is open,
    and shares that lean on this are not those of the plan.
    """
    case, is_open = model.case, model.open_now() > 0.5
    if case.is_split:
        return serve_by(problem, with_open(case, is_open))
    pair = np.flatnonzero(is_open[case.pair_site] & (model.share_now() > 0.5))
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
    model = build_model_of_case(case)
    outcome = run_solver(model.lp, SolverOptions(solver="highs", gap_abs=0.0, time_limit_s=None, seed=0, threads=1))
    if outcome.proof is not Proof.OPTIMAL:
        raise SolverError("the sites of a plan cannot serve the demand that they served in it", where="solver")
    return _by_demand(problem, case, clean_shares(case, model.share_now()))


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
