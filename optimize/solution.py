"""The solution: which sites, who is served by which, and how far it is proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

TIE_RULE = (
    "Of the plans whose objective is the same to 1e-9, the one that closes fewest sites, and then the one whose new ids stand "
    "first in the sorted list of free candidates: the least sum of their positions."
)
TIE_RULE_OPEN = "Not proven that no other plan is as good: another one may stand earlier in the sorted list of ids."


class Status(Enum):
    """How far a solution is proven."""

    OPTIMAL = "optimal"
    """No plan is better: the solver says so, was asked for a gap of 0, and its bound meets the objective."""

    FEASIBLE = "feasible"
    """The plan meets every rule; a better one may exist, within the gap."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Allocation:
    """Which selected site serves each served demand point.

    Parameters
    ----------
    demand
        Rows of the served demand points, shape (n_served,), ascending.
    candidate
        Column of the site that serves each, shape (n_served,): the nearest selected one, of equally near ones that with the
        smallest id, unless capacities say otherwise.
    share
        Part of the weight of the demand point that the site serves, in (0, 1], shape (n_served,); None for all of it.
        Where it is given a demand point may stand in several rows.
    """

    demand: NDArray[np.intp]
    candidate: NDArray[np.intp]
    share: NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Size and kind of the model that was solved.

    Parameters
    ----------
    formulation
        The model in a few words, with its source.
    solver
        Who solved it: ``highs`` or ``cbc``.
    rows, columns, nonzeros
        Size of the linear model, after aggregation and reduction.
    n_classes
        How many classes the demand was aggregated to: demand with the same cover (or, for the p-median,
        the same set of sites within a radius) is one class.
    n_candidates_left
        How many free candidates the bound could not rule out before the exact solve.
    """

    formulation: str
    solver: str
    rows: int
    columns: int
    nonzeros: int
    n_classes: int
    n_candidates_left: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """A plan with its proof.

    Parameters
    ----------
    status
        `Status.OPTIMAL` only when proven.
    selected
        All open sites, in the order of `LocationProblem.candidate_ids`.
    new
        Those of them that are opened: neither fixed nor open now, an upgrade among them; in the same order.
    closed
        Sites that are open now and close: nothing is open in their place any more; in the same order.
    objective
        ``max_coverage``: covered weight, of fixed and new sites together. ``p_median``: sum of
        weight × impedance in seconds, the unserved counted as `unserved_impedance_s`. ``set_cover``: cost of the new
        sites, or their number where there are no costs. ``p_center``: impedance of the worst-served, in seconds.
        ``gradual_coverage``: sum of weight × share. The fixed-charge objectives: cost of the new sites and of the travel.
        ``capacitated_p_median``, ``capacitated_max_coverage``: as without capacities, of the weight that is served.
        ``backup_coverage``: weight covered twice. ``weighted_backup_coverage``: weight covered once and again, by shares.
        ``k_nearest_median``: as ``p_median``. ``max_attendance``: as ``gradual_coverage``. ``market_capture``: captured weight.
        ``p_dispersion``: impedance between the nearest two sites, in its own unit. ``kolm_pollak``: the equally distributed
        equivalent, in seconds. ``worst_mean``: mean impedance of the worst-served, in seconds. ``lexicographic_center``: the
        worst impedance, in seconds; the impedances after it are proven where the status is optimal.
    best_bound
        What no plan can pass: above the objective where more is better, below it for the others. Equal
        to the objective where the status is optimal.
    gap
        |best_bound − objective| / the larger of both, in [0, 1]; 0 where the status is optimal.
    is_tie_broken
        Whether it is proven that, of all plans as good as this one, this is the one that the tie rule names.
    tie_rule
        `TIE_RULE` where that is proven, `TIE_RULE_OPEN` where it is not.
    allocation
        Who is served by which site.
    model
        Facts of the model.
    notes
        What a reader of the plan has to know, such as that the run was cut by the clock; one sentence each.
    seconds
        How long it took; not the same from run to run.
    """

    status: Status
    selected: tuple[str, ...]
    new: tuple[str, ...]
    objective: float
    best_bound: float
    gap: float
    is_tie_broken: bool
    tie_rule: str
    allocation: Allocation
    model: ModelFacts
    closed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
