"""Structure: demand with the same cover is one class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.siting import Siting, sum_at


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverClasses:
    """Sets of sites, each with what it costs that none of them is open.

    Parameters
    ----------
    cost
        What is paid while no site of the set is open, shape (n_classes,).
    is_must
        Sets of which a site has to be open, shape (n_classes,).
    parent
        Position of the class that is this one without its `step`, shape (n_classes,); a class without one has its
        own position.
    step_start, step_site
        Sites of each class that its parent does not have, all its sites where it has no parent: those of class ``k`` are
        ``step_site[step_start[k]:step_start[k + 1]]``.
    constant
        Cost that is in every plan.
    """

    cost: NDArray[np.float64]
    is_must: NDArray[np.bool_]
    parent: NDArray[np.intp]
    step_start: NDArray[np.intp]
    step_site: NDArray[np.intp]
    constant: float

    @property
    def n(self) -> int:
        """How many classes there are."""
        return int(self.cost.size)

    @property
    def n_coefficients(self) -> int:
        """How many coefficients the constraints of all classes have: sites of the step, the class itself, its parent."""
        return int(self.step_site.size + self.n + np.count_nonzero(self.parent != np.arange(self.n)))


def fingerprint(site: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Return two independent 64-bit codes of each site, shape (2, n); the code of a set is the sum of its sites' codes.

    Notes
    -----
    Two different sets among ten million have the same 128 bits with a chance below 1e-24.

    References
    ----------
    Zobrist (1970), A new hashing method with application for game playing; the mixing is SplitMix64, Steele, Lea, Flood
    (2014), Fast splittable pseudorandom number generators, doi:10.1145/2714064.2660195.
    """
    state = np.stack([site, site + (1 << 32)]).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    state *= np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


def merge_equal(codes: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which class each set is in, and the first set of each class; classes stand in the order of their codes.

    Parameters
    ----------
    codes
        Codes of the sets, shape (2, n).
    """
    order = np.lexsort((codes[1], codes[0]))
    ordered = codes[:, order]
    is_new = np.ones(order.size, dtype=np.bool_)
    is_new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    label = np.empty(order.size, dtype=np.intp)
    label[order] = np.cumsum(is_new) - 1
    return label, order[is_new]  # lexsort is stable, so this is the first of each class


def sum_by_class(values: NDArray[np.float64], label: NDArray[np.intp], n_classes: int) -> NDArray[np.float64]:
    """Return the sum of the values of each class, the same to the last bit in whichever order they come."""
    order = np.lexsort((values, label))
    return sum_at(label[order], values[order], n=n_classes)


def merge_equal_rows(siting: Siting) -> Siting:
    """Return the problem with rows of the same cover merged into one, for rows that cost nothing when served."""
    codes = np.zeros((2, siting.n_rows), dtype=np.uint64)
    for total, code in zip(codes, fingerprint(siting.pair_site), strict=True):
        np.add.at(total, siting.pair_row, code)
    label, first = merge_equal(codes)
    is_first = np.zeros(siting.n_rows, dtype=np.bool_)
    is_first[first] = True
    kept = is_first[siting.pair_row]
    site, row = siting.pair_site[kept], label[siting.pair_row[kept]]
    order = np.lexsort((row, site))
    return Siting(
        n_open=siting.n_open,
        rank=siting.rank,
        pair_site=site[order],
        pair_row=row[order],
        pair_cost=np.zeros(order.size),
        unserved_cost=sum_by_class(siting.unserved_cost, label, first.size),
        is_must=siting.is_must[first],
        constant=siting.constant,
        scale=siting.scale,
    )


def radius_classes(siting: Siting) -> CoverClasses:
    """Return the sets of sites within each radius of each row, equal sets merged.

    Notes
    -----
    A row whose services cost :math:`D_1 < D_2 < … < D_K`, and :math:`D_{K+1}` unserved, costs
    :math:`D_1 + Σ_k (D_{k+1} − D_k) z_k` where :math:`z_k` is 1 if no site within :math:`D_k` is open. Only the
    set of those sites matters to :math:`z_k`, so rows share it. Sets so large that every plan has one of their
    sites are left out.

    References
    ----------
    Cornuéjols, Nemhauser, Wolsey (1980), A canonical representation of simple plant location problems and its
    applications, doi:10.1137/0601030; Elloumi (2010), A tighter formulation of the p-median problem,
    doi:10.1007/s10878-008-9162-0; García, Labbé, Marín (2011), Solving large p-median problems with a radius
    formulation, doi:10.1287/ijoc.1100.0418.
    """
    order = np.lexsort((siting.pair_site, siting.pair_cost, siting.pair_row))
    row, site, cost = siting.pair_row[order], siting.pair_site[order], siting.pair_cost[order]
    row_start = np.searchsorted(row, np.arange(siting.n_rows + 1))
    size = np.arange(1, row.size + 1) - row_start[row]
    codes = np.cumsum(fingerprint(site), axis=1, dtype=np.uint64)
    before_row = np.concatenate([np.zeros((2, 1), dtype=np.uint64), codes], axis=1)[:, row_start[row]]
    codes -= before_row  # unsigned sums wrap around, which their differences do not notice
    following = np.append(cost[1:], 0.0)
    is_last = np.append(row[1:] != row[:-1], np.ones(min(row.size, 1), dtype=np.bool_))
    following[is_last] = siting.unserved_cost[row[is_last]]
    is_set = is_last | (following > cost)
    is_set &= siting.n_sites - size >= siting.n_open
    at = np.flatnonzero(is_set)
    label, first = merge_equal(codes[:, at])
    must = np.zeros(first.size, dtype=np.bool_)
    must[label[is_last[at] & siting.is_must[row[at]]]] = True
    parent, step_start, step_site = _steps(at, first=first, label=label, row=row, row_start=row_start, site=site)
    has_pair = row_start[1:] > row_start[:-1]
    cheapest = np.concatenate([cost[row_start[:-1][has_pair]], siting.unserved_cost[~has_pair]])
    return CoverClasses(
        cost=sum_by_class((following - cost)[at], label, first.size),
        is_must=must,
        parent=parent,
        step_start=step_start,
        step_site=step_site,
        constant=siting.constant + float(cheapest.sum()),
    )


def _steps(
    at: NDArray[np.intp],
    *,
    first: NDArray[np.intp],
    label: NDArray[np.intp],
    row: NDArray[np.intp],
    row_start: NDArray[np.intp],
    site: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return parent, start and sites of the step of each class, read off the row in which it was first met."""
    previous = np.maximum(first - 1, 0)
    has_parent = (first > 0) & (row[at[previous]] == row[at[first]])
    parent = np.where(has_parent, label[previous], np.arange(first.size))
    begin = np.where(has_parent, at[previous] + 1, row_start[row[at[first]]])
    length = at[first] + 1 - begin
    step_start = np.concatenate([[0], np.cumsum(length)])
    within = np.arange(step_start[-1]) - np.repeat(step_start[:-1], length)
    return parent, step_start, site[np.repeat(begin, length) + within]
