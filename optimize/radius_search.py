"""Whether some of the sites cover all demand within a radius: quickly where that can be told, by the model where not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pulp
from numpy.typing import NDArray

from optimize.aggregate import CoverClasses, merge_equal_rows, radius_classes
from optimize.clock import Clock
from optimize.cover_model import build_model
from optimize.cover_need import CoverNeed, greedy_cover
from optimize.dominance import without_dominated, without_dominated_rows
from optimize.exact import CLASSES_PER_SECOND
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.siting import Siting, build_siting

BOUND_ROOM = 1e-6
"""By how much a bound must pass the number of sites before it counts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Radii:
    """Pairs of demand and sites, and the radii that may be the answer.

    Parameters
    ----------
    n_open, n_sites
        How many sites to open, of how many.
    row, site, seconds
        The pairs, shape (n_pairs,), each nearer than what is open in every plan.
    base_s
        Impedance of each row with what is open in every plan, shape (n_rows,); infinite for none, 0 for rows that do
        not count.
    values
        The radii, ascending: every row has a site within the first.
    """

    n_open: int
    n_sites: int
    row: NDArray[np.intp]
    site: NDArray[np.intp]
    seconds: NDArray[np.float64]
    base_s: NDArray[np.float64]
    values: NDArray[np.float64]

    def worst_s(self, plan: NDArray[np.intp]) -> float:
        """Return the impedance of the worst-served row in a plan."""
        nearest_s = self.base_s.copy()
        is_in_plan = np.isin(self.site, plan)
        np.minimum.at(nearest_s, self.row[is_in_plan], self.seconds[is_in_plan])
        return float(nearest_s.max())

    def siting_within(self, radius_s: float) -> Siting:
        """Return the rows that no given site covers within a radius, each to be covered, and the sites that do."""
        is_within = (self.seconds <= radius_s) & (self.base_s[self.row] > radius_s)
        is_must = self.base_s > radius_s
        siting = build_siting(
            n_open=self.n_open,
            n_sites=self.n_sites,
            row=self.row[is_within],
            site=self.site[is_within],
            cost=np.zeros(int(is_within.sum())),
            unserved_cost=is_must.astype(np.float64),
            is_must=is_must,
            scale=1.0,
        )
        return merge_equal_rows(siting)

    def classes_within(self, radius_s: float) -> CoverClasses:
        """Return the sets of sites of which one has to be open, so that all is covered within a radius."""
        return radius_classes(self.siting_within(radius_s))


@dataclass(frozen=True, kw_only=True, eq=False)
class Probe:
    """What is known of a radius: a plan that covers all within it, or None where there is none."""

    plan: NDArray[np.intp] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Search:
    """Between which radii the answer lies, and a plan for the upper one.

    Parameters
    ----------
    low, high
        Positions in `Radii.values`: no radius before `low` has a plan.
    plan
        Positions of the open sites, ascending, shape (n_open,): all is covered within the radius `high`.
    is_cut
        Whether the clock cut the search.
    """

    low: int
    high: int
    plan: NDArray[np.intp]
    is_cut: bool = False

    def with_plan(self, radii: Radii, plan: NDArray[np.intp]) -> Search:
        """Return the search with a plan for a smaller radius: its own worst impedance."""
        high = int(np.searchsorted(radii.values, radii.worst_s(plan)))
        return replace(self, high=high, plan=plan)

    def above(self, position: int) -> Search:
        """Return the search after the answer that the radius at a position has no plan."""
        return replace(self, low=max(self.low, position + 1))

    def cut(self) -> Search:
        """Return the search as the clock left it."""
        return replace(self, is_cut=True)


def quick_probe(radii: Radii, position: int) -> Probe | None:
    """Return what a greedy cover or a bound says of a radius; None where they say nothing."""
    siting = radii.siting_within(radii.values[position])
    if not siting.n_rows:
        return Probe(plan=np.arange(radii.n_open))
    need = CoverNeed(siting=siting, cost=np.ones(radii.n_sites), may_miss=None)
    if need.least_cost() > radii.n_open + BOUND_ROOM:
        return Probe(plan=None)
    greedy = greedy_cover(need)
    return Probe(plan=_filled(greedy, radii)) if greedy.size <= radii.n_open else None


def _filled(plan: NDArray[np.intp], radii: Radii) -> NDArray[np.intp]:
    """Return the plan with the first other sites added, until it has as many as are to be opened."""
    others = np.setdiff1d(np.arange(radii.n_sites), plan)
    return np.sort(np.concatenate([plan, others[: radii.n_open - plan.size]]))


def probe(radii: Radii, position: int, *, options: SolverOptions, clock: Clock) -> Probe | None:
    """Return what the model says of a radius; None where the time was over before.

    Raises
    ------
    SolverError
        The solver failed.
    """
    siting = without_dominated(radii.siting_within(radii.values[position]), deadline=clock.deadline(1.0))
    classes, left_s = radius_classes(siting), clock.left_s()
    if left_s is not None and classes.n > CLASSES_PER_SECOND * left_s:
        return None
    model = build_model(classes, n_sites=siting.n_sites, n_open=siting.n_open)
    outcome = run_solver(model.lp, replace(options, gap_abs=0.0, time_limit_s=left_s))
    if outcome.proof is Proof.NOTHING:
        return None
    return Probe(plan=None if outcome.proof is Proof.INFEASIBLE else _filled(siting.rank[model.plan()], radii))


def first_plan_within(radii: Radii, found: Search, *, options: SolverOptions, clock: Clock) -> NDArray[np.intp] | None:
    """Return the plan with the least sum of positions that covers all within the best radius; None if not proven in time."""
    siting = without_dominated_rows(radii.siting_within(radii.values[found.high]), deadline=clock.deadline(1.0))
    if siting.n_open in (0, siting.n_sites):
        return found.plan
    left_s = clock.left_s()
    if left_s is not None and left_s <= 0:
        return None
    model = build_model(radius_classes(siting), n_sites=siting.n_sites, n_open=siting.n_open)
    position = np.arange(1.0, siting.n_sites + 1.0).tolist()
    model.lp.setObjective(pulp.LpAffineExpression(list(zip(model.is_open, position, strict=True))))
    asked = replace(options, gap_abs=0.0, time_limit_s=left_s)
    outcome = run_solver(model.lp, asked, start=model.start(found.plan))
    plan = model.plan()
    is_sound = plan.size == siting.n_open and siting.is_feasible(plan)
    return plan if outcome.proof is Proof.OPTIMAL and is_sound else None
