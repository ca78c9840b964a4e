"""A problem whose rules can be kept, changed or left out one by one: the question behind every refusal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.cover_limits import add_cover_limits
from optimize.model import Model
from optimize.problem import LocationProblem
from optimize.rule_search import find_plan, rule_table
from optimize.rules import CoverLimit
from optimize.site_model import SiteModel, add_site_rows, new_site_model
from optimize.site_rows import SiteRow, site_rows
from optimize.site_rules import SiteRules

HARD = frozenset({"place"})
"""Rows that are no rule but a fact: of one place there is one size."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A rule that can be kept or left out as a whole.

    Parameters
    ----------
    key
        Which field of the rules it comes from.
    name
        What the planner calls it.
    """

    key: str
    name: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Elastic:
    """A problem with its rules as units.

    Parameters
    ----------
    problem, sites, model
        The problem, what `site_rules` says of it, and the model of its objective, of which only what must be served counts.
    """

    problem: LocationProblem
    sites: SiteRules
    model: Model

    @cached_property
    def rows(self) -> tuple[SiteRow, ...]:
        """Return the rows of the rules on sites."""
        return site_rows(self.problem, self.sites)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """Return the rules, in the order in which they are told."""
        by_row = [Unit(key=row.key, name=row.rule) for row in self.rows if row.key not in HARD]
        by_cover = [Unit(key="covers", name=limit.name) for limit in self.problem.rules.covers]
        return tuple(dict.fromkeys([*by_row, *by_cover]))

    def limit_of(self, unit: Unit) -> CoverLimit:
        """Return the limit on a covered share that a unit stands for."""
        return next(limit for limit in self.problem.rules.covers if limit.name == unit.name)

    def rows_of(self, kept: Collection[Unit]) -> list[SiteRow]:
        """Return the rows of some rules on sites, and those that are no rule but a fact."""
        return [row for row in self.rows if row.key in HARD or Unit(key=row.key, name=row.rule) in kept]

    def limits_of(self, kept: Collection[Unit]) -> list[CoverLimit]:
        """Return the limits on covered shares among some rules."""
        return [limit for limit in self.problem.rules.covers if Unit(key="covers", name=limit.name) in kept]

    def build(self, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]) -> SiteModel:
        """Return the model of some rules, without an objective."""
        built = self._demands()
        add_cover_limits(built, self.problem, self.sites, limits)
        add_site_rows(built.lp, built.is_open, rows)
        return built

    def seek(self, rows: Sequence[SiteRow], limits: Sequence[CoverLimit], *, rounds: int, seed: int) -> NDArray[np.intp] | None:
        """Return positions of sites that meet some rules, by local search; None where it finds none."""
        if self.model.needs is None:
            return None
        needed = (*limits, *self.model.needs(self.problem))
        table = rule_table(self.problem, self.sites, rows=rows, limits=needed)
        return None if table is None else find_plan(table, rounds=rounds, rng=np.random.default_rng(seed))

    def _demands(self) -> SiteModel:
        """Return the model of what must be served whatever the rules say, without an objective."""
        sites = replace(self.sites, n_open=0)  # how many are open is a rule like others here
        build = self.model.build or self.model.demands
        if build is None:
            lp, is_open = new_site_model("rules", n_sites=sites.free.size)
            return SiteModel(lp=lp, is_open=is_open)
        built = build(self.problem, sites)
        built.lp.setObjective(pulp.LpAffineExpression([]))
        return built
