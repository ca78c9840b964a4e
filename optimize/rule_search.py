"""A plan that meets the rules, found by local search: quick where there is one, and no proof where none is found.

Notes
-----
The search counts by how much a set of open sites breaks the rules: what is too much or too little in each row, by its largest
coefficient, and shares of districts that are missing. From nothing, the site is added that lowers this most; then sites are
swapped, added and dropped as long as it falls; then some are dropped at random and it begins again (iterated local search,
Lourenço, Martin, Stützle 2003). Solvers find such plans slowly: parts of sites meet the relaxation of a floor easily.

References
----------
Lourenço, Martin, Stützle (2003), Iterated local search, Handbook of Metaheuristics: 320-353, doi:10.1007/0-306-48056-5_11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optimize.cover_limits import SHARE_ROOM, DistrictCover, district_cover
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit
from optimize.site_rows import SiteRow
from optimize.site_rules import SiteRules

ROUNDS = 30
DROPPED = 0.5
"""Which share of the open sites is dropped before a new round."""

LARGEST_TABLE = 20_000_000
"""With more rows × sites than that there is no search: its tables would not fit."""

BROKEN = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleTable:
    """Rules as tables over the sites that may be chosen.

    Parameters
    ----------
    rows
        Coefficients of the rules on sites, each by its largest, shape (n_rows, n_sites).
    lower, upper
        Limits of each row, shape (n_rows,).
    covers
        Sparse, shape (n_sites, n_sets): 1 where a site covers a set of demand.
    share
        Sparse, shape (n_sets, n_limits): which share of the district of each limit a set is.
    given, least, most
        Share of each district that is covered in every plan, and its limits, shape (n_limits,).
    """

    rows: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    covers: sparse.csr_array
    share: sparse.csr_array
    given: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    @property
    def n_sites(self) -> int:
        """How many sites there are to choose from."""
        return int(self.covers.shape[0])

    def broken(self, activity: NDArray[np.float64], covered: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much plans break the rules; one plan per column of the activity and row of the covered shares."""
        rows = np.maximum(self.lower[:, None] - activity, 0.0) + np.maximum(activity - self.upper[:, None], 0.0)
        shares = np.maximum(self.least - covered, 0.0) + np.maximum(covered - self.most, 0.0)
        return np.asarray(rows.sum(axis=0) + shares.sum(axis=1))


def find_plan(table: RuleTable, *, rng: np.random.Generator, rounds: int = ROUNDS) -> NDArray[np.intp] | None:
    """Return positions of sites that together meet all rules, ascending; None where the search finds none.

    Parameters
    ----------
    table
        The rules.
    rng
        Decides which sites are dropped between two rounds.
    rounds
        How often the search begins anew.
    """
    is_open = np.zeros(table.n_sites, dtype=np.bool_)
    best, best_broken = is_open, np.inf
    for _ in range(rounds):
        is_open, broken = _descend(table, is_open)
        if broken <= BROKEN:
            return np.flatnonzero(is_open)
        if broken < best_broken:
            best, best_broken = is_open, broken
        is_open = best.copy()
        opened = np.flatnonzero(best)
        is_open[rng.choice(opened, size=int(np.ceil(DROPPED * opened.size)), replace=False)] = False
    return None


def _descend(table: RuleTable, is_open: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], float]:
    """Return the sites after the best addition, drop or swap again and again, and by how much they break the rules."""
    current, now = is_open, float(_after_adding(table, is_open)[1])
    while now > BROKEN:
        following, then = _best_move(table, current, now)
        if then >= now - BROKEN:
            break
        current, now = following, then
    return current, now


def _best_move(table: RuleTable, is_open: NDArray[np.bool_], now: float) -> tuple[NDArray[np.bool_], float]:
    best, least = is_open, now
    for dropped in (None, *np.flatnonzero(is_open).tolist()):
        base = is_open.copy()
        if dropped is not None:
            base[dropped] = False
        broken, without = _after_adding(table, base)
        broken[base] = np.inf
        if dropped is not None:
            broken[dropped] = np.inf
            if without < least - BROKEN:
                best, least = base, without
        added = int(np.argmin(broken)) if broken.size else 0
        if broken.size and broken[added] < least - BROKEN:
            best, least = base.copy(), float(broken[added])
            best[added] = True
    return best, least


def _after_adding(table: RuleTable, is_open: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Return by how much the rules are broken after adding each site, shape (n_sites,), and without adding any."""
    opened = np.flatnonzero(is_open)
    activity = table.rows[:, opened].sum(axis=1)
    is_missed = np.asarray(table.covers[opened].sum(axis=0)).ravel() == 0
    missed = table.share.multiply(is_missed[:, None]).tocsr()
    whole = table.given + np.asarray(table.share.sum(axis=0)).ravel()
    covered = whole - np.asarray(missed.sum(axis=0)).ravel()
    gains = (table.covers @ missed).toarray()
    return (
        table.broken(activity[:, None] + table.rows, covered[None, :] + gains),
        float(table.broken(activity[:, None], covered[None, :])[0]),
    )


def rule_table(
    problem: LocationProblem, sites: SiteRules, *, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]
) -> RuleTable | None:
    """Return rules as tables; None where they would be too large."""
    n_sites = int(sites.free.size)
    if not n_sites or len(rows) * n_sites > LARGEST_TABLE:
        return None
    dense = np.zeros((len(rows), n_sites))
    lower, upper = np.zeros(len(rows)), np.zeros(len(rows))
    for k, row in enumerate(rows):
        size = float(np.abs(row.coefficient).max(initial=0.0)) or 1.0
        dense[k, row.site] = row.coefficient / size
        lower[k], upper[k] = row.lower / size, row.upper / size
    districts = [district_cover(problem, sites, limit) for limit in limits]
    covers, share = _sets(districts, n_sites=n_sites)
    floors = np.array([0.0 if limit.at_least is None else limit.at_least - SHARE_ROOM for limit in limits])
    ceilings = np.array([1.0 if limit.at_most is None else limit.at_most + SHARE_ROOM for limit in limits])
    given = np.array([cover.given / cover.total for cover in districts])
    return RuleTable(rows=dense, lower=lower, upper=upper, covers=covers, share=share, given=given, least=floors, most=ceilings)


def _sets(districts: Sequence[DistrictCover], *, n_sites: int) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return which site covers which set, and which share of each district a set is; equal sets of districts are one."""
    number: dict[tuple[int, int], int] = {}
    site, set_of_site, set_of_share, district, share = [], [], [], [], []
    for d, cover in enumerate(districts):
        for key, members, weight in zip(cover.keys, cover.sets, cover.weight.tolist(), strict=True):
            if key not in number:
                number[key] = len(number)
                site.append(members)
                set_of_site.append(np.full(members.size, number[key]))
            set_of_share.append(number[key])
            district.append(d)
            share.append(weight / cover.total)
    columns = np.concatenate(set_of_site) if set_of_site else np.zeros(0, dtype=np.intp)
    members_of = np.concatenate(site) if site else np.zeros(0, dtype=np.intp)
    covers = sparse.csr_array((np.ones(columns.size), (members_of, columns)), shape=(n_sites, len(number)))
    shares = sparse.csr_array((share, (set_of_share, district)), shape=(len(number), len(districts)))
    return covers, shares
