"""The city's rules: what a plan must be beside good, as frozen values that any model takes.

A new rule becomes a field here, a check in `rule_checks`, a row in `site_rows` (or variables in `cover_limits`), and a recount
in `verify_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class SiteGroup:
    """How many of some sites are open: at least two regeneration sites, at most one of an owner, at least one in a district.

    Parameters
    ----------
    name
        What the planner calls the rule; unique among the groups.
    ids
        The candidates of the group. Fixed sites and those open now count as well as new ones.
    at_least, at_most
        The limits; None for no limit, not both.
    """

    name: str
    ids: tuple[str, ...]
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverLimit:
    """Which share of a district's weight is covered.

    Parameters
    ----------
    name
        What the planner calls the district; unique among the limits.
    rows
        Demand rows of the district, shape (n,), each once.
    standard_s
        Covered means an open site within so many seconds, fixed ones included; the standard of the rule, whatever the
        objective's is.
    at_least, at_most
        Limits of the covered share of the district's weight, in [0, 1]; None for no limit, not both. They hold when
        no more than 1e-9 of the district's weight is missing.
    """

    name: str
    rows: NDArray[np.intp]
    standard_s: float
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Spacing:
    """Pairs of candidates that are too near one another to be open at once.

    Parameters
    ----------
    name
        What the planner calls the rule, such as "500 m apart".
    pairs
        Columns of candidates, shape (n_pairs, 2). `optimize.spacing.pairs_nearer` makes them from coordinates. A pair
        of which both are fixed is no conflict: they stand already.
    """

    name: str
    pairs: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """Rules on the sites and on who is served.

    Parameters
    ----------
    new_at_least, new_at_most
        Range of the number of new sites, where `LocationProblem.new` does not say it exactly. A new site is one in a place
        where nothing is open now.
    budget
        What opening, changing and closing may cost in all, in the unit of `LocationProblem.site_cost`.
    open_now
        Ids that are open now and may be closed or change their size; those of `LocationProblem.fixed` stay as they are.
        Staying open costs nothing, and of equal plans the one that closes fewest is taken. One that is forbidden closes.
    closing_cost
        What closing each candidate costs, shape (n_candidates,), of the ids of `open_now` only; without it nothing.
    close_at_least, close_at_most
        How many of `open_now` close: nothing is open in their place any more. With as many new sites this is relocation.
    place
        Where each candidate is, one name per candidate: candidates of one place are sizes of one site, and at most one of them
        is open. A candidate in the place of one that is open now is its upgrade or extension: it costs its `site_cost`, and
        is neither new nor a closing.
    together, apart
        Pairs of ids that are both open or both not; pairs of which at most one is open, unless both are fixed.
    groups, spacing, covers
        Limits on groups of sites, on distances, and on the covered share of districts.
    """

    new_at_least: int | None = None
    new_at_most: int | None = None
    budget: float | None = None
    open_now: tuple[str, ...] = ()
    closing_cost: NDArray[np.float64] | None = None
    close_at_least: int | None = None
    close_at_most: int | None = None
    place: tuple[str, ...] | None = None
    together: tuple[tuple[str, str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    groups: tuple[SiteGroup, ...] = ()
    spacing: Spacing | None = None
    covers: tuple[CoverLimit, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether there is no rule at all."""
        return all(getattr(self, field.name) in (None, ()) for field in fields(self) if field.name != "closing_cost")


NO_RULES = Rules()
