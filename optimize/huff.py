"""How sites and competitors pull demand, and what a set of open sites captures of it."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import ProblemError
from optimize.evaluate import demand_rows
from optimize.problem import LocationProblem
from optimize.problem_arrays import Csr
from optimize.reach import is_selected
from optimize.site_rules import SiteRules
from optimize.siting import RELATIVE_TOLERANCE, sum_at
from optimize.solution import Allocation

LEAST_IMPEDANCE_S = 60.0
"""Impedances below count as this: a site at the door does not pull without end."""

MOST_GROUPS = 200
"""How many groups of demand have a captured weight of their own: with more the cuts are tighter, and the rounds slower."""

STEPS_OF_NEWTON = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """An upper bound of the captured weight of a group: constant + Σ coefficient × open.

    Parameters
    ----------
    group
        Position of the group.
    constant
        Captured weight with none of the sites.
    coefficient
        Shape (n_sites,).
    """

    group: int
    constant: float
    coefficient: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """Demand that competitors pull too, by groups, and demand that only the sites pull.

    Parameters
    ----------
    pull
        Sparse, shape (n_rows, n_sites): how much each site pulls each row that has a weight and competitors.
    given, rival, weight
        Pull of what is open in every plan and of competitors, and weight, of each of these rows, shape (n_rows,).
    groups
        Sparse, shape (n_groups, n_rows): 1 where a row is in a group.
    alone
        Sets of sites that pull demand without competitors, which nothing open in every plan pulls.
    alone_weight
        Weight of each of these, shape (n_sets,).
    sure
        Weight captured in every plan: without competitors, and pulled by what is open in every plan.
    total
        Weight of all demand.
    """

    pull: Csr
    given: NDArray[np.float64]
    rival: NDArray[np.float64]
    weight: NDArray[np.float64]
    groups: Csr
    alone: tuple[tuple[int, ...], ...]
    alone_weight: NDArray[np.float64]
    sure: float
    total: float

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return int(self.groups.shape[0])

    @property
    def tolerance(self) -> float:
        """Up to what difference two plans capture the same."""
        return RELATIVE_TOLERANCE * self.total

    @cached_property
    def _row(self) -> NDArray[np.intp]:
        return np.repeat(np.arange(self.pull.shape[0]), np.diff(self.pull.indptr))

    @cached_property
    def _by_column(self) -> sparse.csc_array[np.float64]:
        return sparse.csc_array(self.pull)

    @cached_property
    def _alone_table(self) -> Csr:
        start = np.concatenate([[0], np.cumsum([len(sites) for sites in self.alone])])
        columns = np.array([j for sites in self.alone for j in sites], dtype=np.intp)
        return sparse.csr_array((np.ones(columns.size), columns, start), shape=(len(self.alone), self.pull.shape[1]))

    def most(self) -> NDArray[np.float64]:
        """Return what each group gives at most, with every site open, shape (n_groups,)."""
        return self._by_group(self._captured(self._utility(np.ones(self.pull.shape[1]))))

    def value(self, plan: NDArray[np.intp]) -> float:
        """Return what a plan captures."""
        opened = np.zeros(self.pull.shape[1])
        opened[plan] = 1.0
        is_in = set(plan.tolist())
        hit = [weight for sites, weight in zip(self.alone, self.alone_weight.tolist(), strict=True) if is_in & set(sites)]
        return math.fsum([*self._captured(self._utility(opened)), *hit, self.sure])

    def tangents(self, opened: NDArray[np.float64]) -> list[Cut]:
        """Return the lifted tangent of each group at sites that are open, all or in part, shape (n_sites,).

        Notes
        -----
        With h(u) what a row gives at a pull u of the sites, the tangent at u is h(u) + h'(u) (Σ a_j y_j − u). A site that
        alone pulls more than u needs less: with k = h(u) − h'(u) u, the coefficient h(a_j) − k in place of h'(u) a_j. No plan
        passes it, as h is concave: of sites a, b ≥ u and a rest r, h(a + b + r) ≤ h(a) + h(b + u) − h(u) + h'(u) r
        ≤ h(a) + h(b) + h'(u) (u + r) − h(u). For given y it is least where u = Σ min(a_j, u) y_j.
        """
        pulled = self._balance(opened)
        here = self._captured(self.given + pulled)
        slope = self.weight * self.rival / (self.given + pulled + self.rival) ** 2
        start = here - slope * pulled
        row, pull = self._row, self.pull.data
        alone = self._captured(self.given[row] + pull, row) - start[row]
        rise = self._sum_of_pairs(np.where(pull > pulled[row], alone, slope[row] * pull))
        return self._cuts(self._by_group(start), rise)

    def _balance(self, opened: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pull u of each row at which u = Σ min(a_j, u) y_j, the largest one, shape (n_rows,).

        Notes
        -----
        The difference of both sides is concave in u, 0 at 0, and not above 0 where u = Σ a_j y_j: Newton's way from there falls
        to the largest zero. Any u gives a tangent that holds, so a few steps do.
        """
        used = np.flatnonzero(opened > 0)
        share, pull = opened[used], self._by_column[:, used].toarray()
        pulled = np.asarray(pull @ share)
        for _ in range(STEPS_OF_NEWTON):
            missing = pulled - np.minimum(pull, pulled[:, None]) @ share
            slope = 1.0 - (pull >= pulled[:, None]) @ share
            is_above = (missing > 0) & (slope > 0)
            if not is_above.any():
                break
            pulled[is_above] = np.maximum(pulled[is_above] - missing[is_above] / slope[is_above], 0.0)
        return pulled

    def values_with(self, plan: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return what a plan captures with each one of the sites besides, shape (n_sites,)."""
        opened = np.zeros(self.pull.shape[1])
        opened[plan] = 1.0
        now, row = self._utility(opened), self._row
        captured = self._captured(now)
        gain = self._captured(now[row] + self.pull.data, row) - captured[row]
        is_missed = self._alone_table @ opened == 0
        more = sum_at(self.pull.indices.astype(np.intp), gain, n=opened.size) + self._alone_table.T @ (
            self.alone_weight * is_missed
        )
        return np.asarray(captured.sum() + float(self.alone_weight[~is_missed].sum()) + self.sure + more)

    def submodular(self, plan: NDArray[np.intp]) -> list[Cut]:
        """Return the submodular cut of each group at a plan: what sites add to it, and are worth beside all others."""
        opened = np.zeros(self.pull.shape[1])
        opened[plan] = 1.0
        now, every = self._utility(opened), self._utility(np.ones(opened.size))
        row, pull = self._row, self.pull.data
        captured, most = self._captured(now), self._captured(every)
        gain = self._sum_of_pairs(self._captured(now[row] + pull, row) - captured[row])
        loss = self._sum_of_pairs(most[row] - self._captured(np.maximum(every[row] - pull, self.given[row]), row))
        coefficient = np.where(opened[None, :] > 0, loss, gain)
        constant = self._by_group(captured) - (loss * opened[None, :]).sum(axis=1)
        return self._cuts(constant, coefficient)

    def _utility(self, opened: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.given + self.pull @ opened)

    def _captured(self, utility: NDArray[np.float64], row: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return what is captured of each row, or of the rows named, at a pull."""
        weight, rival = (self.weight, self.rival) if row is None else (self.weight[row], self.rival[row])
        return np.asarray(weight * utility / (utility + rival))

    def _by_group(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.groups @ values)

    def _sum_of_pairs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of a value of each pair over the rows of each group, shape (n_groups, n_sites)."""
        table = sparse.csr_array((values, self.pull.indices, self.pull.indptr), shape=self.pull.shape)
        return np.asarray((self.groups @ table).toarray())

    @staticmethod
    def _cuts(constant: NDArray[np.float64], coefficient: NDArray[np.float64]) -> list[Cut]:
        return [Cut(group=g, constant=float(constant[g]), coefficient=coefficient[g]) for g in range(constant.size)]


def pull_of_pairs(problem: LocationProblem) -> NDArray[np.float64]:
    """Return how much each candidate pulls each demand point, by stored pair, shape (n_pairs,).

    Raises
    ------
    ProblemError
        The problem has no attractions, or no exponent.
    """
    if problem.attraction is None or problem.pull_exponent is None:
        raise ProblemError(f"{problem.objective} is not solved without attraction and pull_exponent", where="attraction")
    seconds = np.maximum(problem.impedance_s.data, LEAST_IMPEDANCE_S)
    return np.asarray(problem.attraction[problem.impedance_s.indices] / seconds**problem.pull_exponent)


def competitor_pull(problem: LocationProblem) -> NDArray[np.float64]:
    """Return how much competitors pull each demand point, shape (n_demand,).

    Raises
    ------
    ProblemError
        The problem has none.
    """
    if problem.competitor_pull is None:
        raise ProblemError(f"{problem.objective} is not solved without it", where="competitor_pull")
    return problem.competitor_pull


def allocate_by_pull(problem: LocationProblem, selected: Collection[str]) -> Allocation:
    """Return the share of each demand point that each open site captures."""
    pull, rival, row = pull_of_pairs(problem), competitor_pull(problem), demand_rows(problem)
    is_pair = is_selected(problem, selected)[problem.impedance_s.indices] & (pull > 0)
    demand, candidate, pull = row[is_pair], problem.impedance_s.indices[is_pair], pull[is_pair]
    utility = np.bincount(demand, weights=pull, minlength=problem.n_demand)
    return Allocation(demand=demand, candidate=candidate.astype(np.intp), share=pull / (utility + rival)[demand])


def captured_weight(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the captured weight of a set of open sites."""
    pull, rival, row = pull_of_pairs(problem), competitor_pull(problem), demand_rows(problem)
    is_pair = is_selected(problem, selected)[problem.impedance_s.indices]
    utility = np.bincount(row[is_pair], weights=pull[is_pair], minlength=problem.n_demand)
    pulled = utility > 0
    return math.fsum(problem.weight[pulled] * (utility[pulled] / (utility[pulled] + rival[pulled])))


def build_market(problem: LocationProblem, rules: SiteRules) -> Market:
    """Return the market of a problem: rows by the site that pulls them most, so many groups at most."""
    pull, rival, row = pull_of_pairs(problem), competitor_pull(problem), demand_rows(problem)
    column = problem.impedance_s.indices
    is_given = rules.given[column]
    given = np.bincount(row[is_given], weights=pull[is_given], minlength=problem.n_demand).astype(np.float64)
    usable = rules.is_free[column] & (pull > 0)
    table = sparse.csr_array(
        (pull[usable], (row[usable], rules.site[column[usable]])), shape=(problem.n_demand, rules.free.size)
    )
    has_weight = problem.weight > 0
    contested = np.flatnonzero(has_weight & (rival > 0))
    alone = np.flatnonzero(has_weight & (rival == 0) & (given == 0) & (np.diff(table.indptr) > 0))
    part = sparse.csr_array(table[contested])
    part.sort_indices()
    sets: dict[tuple[int, ...], list[float]] = {}
    for i in alone.tolist():
        sites = tuple(sorted(table.indices[table.indptr[i] : table.indptr[i + 1]].tolist()))
        sets.setdefault(sites, []).append(float(problem.weight[i]))
    return Market(
        pull=part,
        given=given[contested],
        rival=rival[contested],
        weight=problem.weight[contested],
        groups=_groups(part),
        alone=tuple(sets),
        alone_weight=np.array([math.fsum(weights) for weights in sets.values()]),
        sure=math.fsum(problem.weight[has_weight & (rival == 0) & (given > 0)]),
        total=math.fsum(problem.weight),
    )


def _groups(pull: Csr) -> Csr:
    """Return the rows in groups, shape (n_groups, n_rows): each its own, or where they are many by the site that pulls most."""
    n_rows, n_sites = pull.shape
    if n_rows <= MOST_GROUPS:
        return sparse.csr_array(sparse.eye_array(n_rows, format="csr"))
    strongest = np.zeros(n_rows, dtype=np.intp)
    row = np.repeat(np.arange(n_rows), np.diff(pull.indptr))
    order = np.lexsort((pull.indices, pull.data, row))
    strongest[row[order]] = pull.indices[order]  # the last of each row is written last
    n_groups = max(min(MOST_GROUPS, n_sites), 1)
    group = strongest * n_groups // max(n_sites, 1)
    return sparse.csr_array((np.ones(n_rows), (group, np.arange(n_rows))), shape=(n_groups, n_rows))
