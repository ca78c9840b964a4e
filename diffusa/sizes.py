"""Sizes of sites: one that may open in several becomes several candidates of one place, and one site again once chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from diffusa.scenario_sizes import Size
from optimize.problem_arrays import Csr
from optimize.rules import Rules, SiteGroup
from optimize.solution import Solution

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class SizedSolution(Solution):
    """A solution over sites, made of one over their sizes.

    Parameters
    ----------
    sizes
        Key of the size of each open site that has one.
    over_choices
        The solution over sizes.
    """

    sizes: Mapping[str, str]
    over_choices: Solution


def sizes_of(solution: Solution) -> dict[str, str]:
    """Return the key of the size of each open site of a solution that has one."""
    return dict(solution.sizes) if isinstance(solution, SizedSolution) else {}


def over_choices(solution: Solution) -> Solution:
    """Return the solution as the optimizer gave it, over sizes where there are some."""
    return solution.over_choices if isinstance(solution, SizedSolution) else solution


@dataclass(frozen=True, eq=False)
class Sizes:
    """The choices of a question: every site as it is or in each of its sizes, in the order of the sites.

    Parameters
    ----------
    site_ids
        Ids of the sites, in the order of their columns in the travel times.
    site
        Column of the site of each choice, shape (n_choices,).
    size
        Size of each choice, None as it is.
    open_now
        Ids that are open now and may close or grow.
    """

    site_ids: tuple[str, ...]
    site: NDArray[np.intp]
    size: tuple[Size | None, ...]
    open_now: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_plain(self) -> bool:
        """Return whether every site is as it is."""
        return all(size is None for size in self.size)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the id of each choice: that of its site, and its size."""
        pairs = zip(self.site.tolist(), self.size, strict=True)
        return tuple(self.site_ids[site] + (f"#{size.key}" if size else "") for site, size in pairs)

    def site_of(self) -> dict[str, str]:
        """Return the site of each choice, by the choice's id."""
        return {name: self.site_ids[site] for name, site in zip(self.ids, self.site.tolist(), strict=True)}

    def choices_of(self) -> dict[str, tuple[str, ...]]:
        """Return the choices of each site, by the site's id."""
        found: dict[str, tuple[str, ...]] = {}
        for name, site_id in self.site_of().items():
            found[site_id] = (*found.get(site_id, ()), name)
        return found

    def column(self, values: Floats | None, name: str) -> Floats | None:
        """Return a value of each choice: that of its size where it has one, else that of its site."""
        if values is None or self.is_plain:
            return values
        found = values[self.site].astype(np.float64)
        for choice, size in enumerate(self.size):
            own = None if size is None else getattr(size, name)
            if own is not None:
                found[choice] = own
        return found

    def columns(self, matrix: Csr) -> Csr:
        """Return a matrix with a column of each choice instead of each site."""
        found: Csr = matrix if self.is_plain else matrix[:, self.site]
        return found

    def expand(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Return all choices of some sites."""
        choices = self.choices_of()
        return tuple(name for site_id in ids for name in choices[site_id])

    def rules(self, rules: Rules, *, required: Sequence[str]) -> Rules:
        """Return rules on sites as rules on choices; a required site is open in one of its sizes."""
        if self.is_plain:
            return rules
        choices = self.choices_of()
        groups = [replace(group, ids=self.expand(group.ids)) for group in rules.groups]
        groups += [
            SiteGroup(name=f"{site_id} in one of its sizes", ids=choices[site_id], at_least=1)
            for site_id in required
            if len(choices[site_id]) > 1
        ]
        return replace(
            rules,
            closing_cost=None if rules.closing_cost is None else rules.closing_cost[self.site],
            place=tuple(self.site_ids[site] for site in self.site),
            apart=tuple(pair for one, other in rules.apart for pair in product(choices[one], choices[other])),
            groups=tuple(groups),
            spacing=None if rules.spacing is None else replace(rules.spacing, pairs=self._pairs(rules.spacing.pairs)),
        )

    def _pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.intp]:
        by_site: dict[int, list[int]] = {}
        for choice, site in enumerate(self.site.tolist()):
            by_site.setdefault(site, []).append(choice)
        found = [pair for one, other in pairs.tolist() for pair in product(by_site[one], by_site[other])]
        return np.array(found, dtype=np.intp).reshape(-1, 2)

    def plain(self, solution: Solution) -> Solution:
        """Return a solution over choices as one over sites: which are open, which of them are new, who goes where."""
        if self.is_plain:
            return solution
        site_of = self.site_of()
        told = {item.name: getattr(solution, item.name) for item in fields(solution)}
        told |= {
            "selected": tuple(site_of[name] for name in solution.selected),
            "new": tuple(site_of[name] for name in solution.new if site_of[name] not in self.open_now),
            "allocation": replace(solution.allocation, candidate=self.site[solution.allocation.candidate]),
        }
        return SizedSolution(**told, sizes=dict(self._chosen(solution)), over_choices=solution)

    def _chosen(self, solution: Solution) -> Iterator[tuple[str, str]]:
        selected = set(solution.selected)
        for name, site, size in zip(self.ids, self.site.tolist(), self.size, strict=True):
            if size is not None and name in selected:
                yield self.site_ids[site], size.key

    def works_cost(self, of_site: Floats, *, new: Sequence[str], sizes: Mapping[str, str]) -> float:
        """Return what the works of a choice cost: those of new sites, in their sizes, and those of sites that grow."""
        by_key = {size.key: size for size in self.size if size is not None}
        total = 0.0
        for column, site_id in enumerate(self.site_ids):
            own = by_key[sizes[site_id]].cost_eur if site_id in sizes else None
            if site_id in new or site_id in sizes:
                total += float(of_site[column]) if own is None else own
        return total


def as_they_are(site_ids: Sequence[str]) -> Sizes:
    """Return the choices of sites that have no sizes."""
    return Sizes(tuple(site_ids), np.arange(len(site_ids), dtype=np.intp), (None,) * len(site_ids))
