"""The form of the models with capacities: rows of demand, sites that hold so much, and what serving a row from a site costs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimize.aggregate import fingerprint, merge_equal, sum_by_class
from optimize.evaluate import demand_rows, serving_pairs
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules
from optimize.siting import sum_at


@dataclass(frozen=True, kw_only=True, eq=False)
class CapacityCase:
    """Open sites and serve the rows from them, none beyond its capacity, so that all of it costs least.

    Parameters
    ----------
    column
        Column of each site in the problem, shape (n_sites,): the free ones in the order of `SiteRules.free`, then those that
        are open in every plan, by id.
    n_free
        How many of the sites are free.
    capacity, min_use
        Weight that each open site can serve, and that it has to serve, shape (n_sites,).
    open_cost
        What opening each site costs, shape (n_sites,).
    weight
        Weight of each row, above 0, shape (n_rows,).
    pair_row, pair_site, pair_cost
        Sorted by row, then site: serving all of the row from the site costs so much, shape (n_pairs,).
    unserved_cost
        What leaving all of a row unserved costs, shape (n_rows,); infinite where all of it must be served.
    member_start, member
        Demand points of each row: those of row ``k`` are ``member[member_start[k]:member_start[k + 1]]``.
    is_split
        Whether a row may be served by several sites, and in part.
    total
        What the objective is subtracted from, where more is better; 0 where less is.
    """

    column: NDArray[np.intp]
    n_free: int
    capacity: NDArray[np.float64]
    min_use: NDArray[np.float64]
    open_cost: NDArray[np.float64]
    weight: NDArray[np.float64]
    pair_row: NDArray[np.intp]
    pair_site: NDArray[np.intp]
    pair_cost: NDArray[np.float64]
    unserved_cost: NDArray[np.float64]
    member_start: NDArray[np.intp]
    member: NDArray[np.intp]
    is_split: bool
    total: float = 0.0

    @property
    def n_sites(self) -> int:
        """How many sites there are, those open in every plan included."""
        return int(self.column.size)

    @property
    def n_rows(self) -> int:
        """How many rows of demand there are."""
        return int(self.weight.size)

    @property
    def is_must(self) -> NDArray[np.bool_]:
        """Whether all of each row must be served, shape (n_rows,)."""
        return np.isinf(self.unserved_cost)

    @property
    def row_start(self) -> NDArray[np.intp]:
        """Where the pairs of each row begin, shape (n_rows + 1,)."""
        return np.searchsorted(self.pair_row, np.arange(self.n_rows + 1))


def build_case(
    problem: LocationProblem,
    sites: SiteRules,
    *,
    pair_price: NDArray[np.float64],
    unserved_price: float,
    open_cost: NDArray[np.float64],
    is_split: bool,
) -> CapacityCase:
    """Return the case of a problem, its rows in the order of what is in them.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it. Demand without weight is left out.
    pair_price
        What serving a unit of weight costs, of each stored pair, shape (n_pairs,).
    unserved_price
        What leaving a unit of weight unserved costs; infinite where all must be served.
    open_cost
        What opening each candidate costs, shape (n_candidates,).
    is_split
        Whether demand may be served by several sites.
    """
    given = np.array(sorted(np.flatnonzero(sites.given), key=problem.candidate_ids.__getitem__), dtype=np.intp)
    column = np.concatenate([sites.free, given]).astype(np.intp)
    site_of = np.full(problem.n_candidates, -1, dtype=np.intp)
    site_of[column] = np.arange(column.size)
    row, site = demand_rows(problem), site_of[problem.impedance_s.indices]
    capacity = _by_column(problem.capacity, column)
    room = np.append(capacity, 0.0)[site]  # of a candidate that may not open: the last one, nothing
    kept = serving_pairs(problem) & (site >= 0) & (problem.weight[row] > 0)
    if not is_split:
        kept &= problem.weight[row] <= room
    else:
        kept &= room > 0
    member = np.flatnonzero(problem.weight > 0)
    new_row = np.cumsum(problem.weight > 0) - 1
    case = CapacityCase(
        column=column,
        n_free=int(sites.free.size),
        capacity=capacity,
        min_use=_by_column(problem.min_use, column),
        open_cost=open_cost[column],
        weight=problem.weight[member],
        pair_row=new_row[row[kept]],
        pair_site=site[kept],
        pair_cost=(problem.weight[row] * pair_price)[kept],
        unserved_cost=problem.weight[member] * unserved_price,
        member_start=np.arange(member.size + 1),
        member=member,
        is_split=is_split,
    )
    return _in_order(case)


def _by_column(values: NDArray[np.float64] | None, column: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the values of some candidates, 0 where none are given."""
    return np.zeros(column.size) if values is None else values[column]


def _in_order(case: CapacityCase) -> CapacityCase:
    """Return the case with its rows sorted by what is in them: the order of the demand must not change a plan."""
    order = np.lexsort((case.pair_site, case.pair_row))
    row, cost = case.pair_row[order], case.pair_cost[order]
    place = case.pair_site[order].astype(np.float64) + 1.0
    sums = [sum_at(row, values, n=case.n_rows) for values in (cost, cost * place, place, place * place)]
    new_order = np.lexsort((*sums, case.weight))
    new_row = np.empty_like(new_order)
    new_row[new_order] = np.arange(new_order.size)
    row = new_row[case.pair_row]
    order = np.lexsort((case.pair_site, row))
    return replace(
        case,
        weight=case.weight[new_order],
        pair_row=row[order],
        pair_site=case.pair_site[order],
        pair_cost=case.pair_cost[order],
        unserved_cost=case.unserved_cost[new_order],
        member=case.member[new_order],
    )


def merge_rows(case: CapacityCase) -> CapacityCase:
    """Return the case with the rows of the same sites merged, where they may be split and cost nothing when served."""
    if not case.is_split or case.pair_cost.any():
        return case
    codes = np.zeros((2, case.n_rows), dtype=np.uint64)
    for total, code in zip(codes, fingerprint(case.pair_site), strict=True):
        np.add.at(total, case.pair_row, code)
    label, first = merge_equal(codes)
    is_first = np.zeros(case.n_rows, dtype=np.bool_)
    is_first[first] = True
    kept = is_first[case.pair_row]
    row, site = label[case.pair_row[kept]], case.pair_site[kept]
    order = np.lexsort((site, row))
    by_label = np.argsort(label, kind="stable")
    return replace(
        case,
        weight=sum_by_class(case.weight, label, first.size),
        pair_row=row[order],
        pair_site=site[order],
        pair_cost=np.zeros(order.size),
        unserved_cost=sum_by_class(case.unserved_cost, label, first.size),
        member_start=np.searchsorted(label[by_label], np.arange(first.size + 1)),
        member=case.member[by_label],
    )


def with_open(case: CapacityCase, is_open: NDArray[np.bool_]) -> CapacityCase:
    """Return the case in which some sites are open and no other ever is: all that is left is who serves whom.

    Parameters
    ----------
    case
        The case.
    is_open
        Whether each site is open, shape (n_sites,).
    """
    kept = is_open[case.pair_site]
    new_site = np.cumsum(is_open) - 1
    return replace(
        case,
        column=case.column[is_open],
        n_free=0,
        capacity=case.capacity[is_open],
        min_use=case.min_use[is_open],
        open_cost=case.open_cost[is_open],
        pair_row=case.pair_row[kept],
        pair_site=new_site[case.pair_site[kept]],
        pair_cost=case.pair_cost[kept],
    )
