"""The rules on sites: which are open in every plan, which are free, and whether the numbers can be met."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.errors import InfeasibleError
from optimize.problem import LocationProblem


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteRules:
    """Columns of the impedances by what the rules say of them.

    Parameters
    ----------
    given
        Whether each candidate is open in every plan, because it is fixed or required, shape (n_candidates,).
    free
        Columns of the candidates that may be chosen, sorted by id: the sites, shape (n_sites,).
    is_free
        Whether each candidate may be chosen, shape (n_candidates,).
    site
        Position in `free` of each candidate that may be chosen, shape (n_candidates,); of no meaning for the others.
    n_open
        How many of the free ones to open; at most, where the number of new sites is the answer; at least, under rules.
    """

    given: NDArray[np.bool_]
    free: NDArray[np.intp]
    is_free: NDArray[np.bool_]
    site: NDArray[np.intp]
    n_open: int


def keep_sites(sites: SiteRules, kept: NDArray[np.bool_]) -> SiteRules:
    """Return the rules with only some of the free sites left to choose from; `kept` has shape (n_sites,)."""
    free = sites.free[kept]
    is_free = np.zeros_like(sites.is_free)
    is_free[free] = True
    site = np.zeros_like(sites.site)
    site[free] = np.arange(free.size)
    return replace(sites, free=free, is_free=is_free, site=site, n_open=min(sites.n_open, int(free.size)))


def site_rules(problem: LocationProblem) -> SiteRules:
    """Return the rules of a problem as columns and counts.

    Raises
    ------
    InfeasibleError
        More sites are required than may be opened, or more are to be opened than are free.
    """
    required, fixed, forbidden = set(problem.required), set(problem.fixed), set(problem.forbidden)
    if problem.new is None or not problem.rules.is_empty:  # rules are summed up in `rule_sums`
        return _rules_by_column(problem)
    if len(required) > problem.new:
        raise InfeasibleError(
            f"{len(required)} sites are required, but new = {problem.new}",
            where="required",
            examples=sorted(required),
            n=len(required),
            remedy=f"Set new to {len(required)} or more, or require fewer",
        )
    n_available = problem.n_candidates - len(fixed) - len(forbidden)
    if problem.new > n_available:
        raise InfeasibleError(
            f"new = {problem.new}, but only {n_available} of {problem.n_candidates} candidates are neither fixed "
            f"({len(fixed)}) nor forbidden ({len(forbidden)})",
            where="new",
            remedy=f"Set new to {n_available} or less, or offer more candidates",
        )
    return _rules_by_column(problem)


def _rules_by_column(problem: LocationProblem) -> SiteRules:
    """Return the rules as columns, their counts taken as checked."""
    names = problem.candidate_ids
    open_now, taken_out = {*problem.fixed, *problem.required}, set(problem.forbidden)
    given = np.array([name in open_now for name in names], dtype=np.bool_)
    is_free = ~given & np.array([name not in taken_out for name in names], dtype=np.bool_)
    free = np.array(sorted(np.flatnonzero(is_free), key=names.__getitem__), dtype=np.intp)
    site = np.zeros(len(names), dtype=np.intp)
    site[free] = np.arange(free.size)
    return SiteRules(given=given, free=free, is_free=is_free, site=site, n_open=_number_to_open(problem, n_free=free.size))


def _number_to_open(problem: LocationProblem, *, n_free: int) -> int:
    """Return how many of the free sites a plan opens: at least, under rules."""
    if problem.rules.is_empty:
        return n_free if problem.new is None else problem.new - len(problem.required)
    least = problem.new if problem.new is not None else problem.rules.new_at_least or 0
    return min(max(least - len(problem.required), 0), n_free)
