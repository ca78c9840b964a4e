"""The location problem: arrays, objective and rules, validated as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import Faults
from optimize.decay import Decay
from optimize.objectives import Objective
from optimize.problem_arrays import Csr, checked_ids, checked_impedance, checked_numbers, checked_weight
from optimize.problem_checks import check_problem
from optimize.rules import NO_RULES, Rules

__all__ = ["Csr", "LocationProblem"]

_ID_FIELDS = ("candidate_ids", "fixed", "required", "forbidden")
_BY_CANDIDATE = ("site_cost", "capacity", "min_use", "attraction")


@dataclass(frozen=True, kw_only=True, eq=False)
class LocationProblem:
    """Where to open `new` sites, in addition to the fixed ones.

    Parameters
    ----------
    objective
        ``max_coverage``: the most weight within `standard_s` of a selected site. ``p_median``: the least
        sum of weight × impedance to the nearest selected site. ``set_cover``: the fewest new sites, or those of the
        least cost, that cover all demand or a share of it. ``p_center``: the least impedance of the worst-served
        demand point that has a weight. ``gradual_coverage``: the most weight, of which the nearest selected site covers
        a share. ``fixed_charge``: the least cost of new sites and of travel to the nearest. ``capacitated_fixed_charge``,
        ``capacitated_p_median``, ``capacitated_max_coverage``: as those without capacities, but that the plan says who is
        served by which site, and none serves more than its capacity or less than its least use. ``backup_coverage``: all
        demand that has a weight is covered, and the most of it twice. ``weighted_backup_coverage``: the most weight covered
        once and again, by shares. ``k_nearest_median``: the p-median, solved from the nearest candidates of each demand point
        on. ``max_attendance``: the most weight that comes to the nearest selected site. ``market_capture``: the most weight
        drawn from competitors. ``p_dispersion``: the nearest two selected sites as far apart as can be. ``kolm_pollak``: the
        least impedance that, the same for all, would be as good. ``worst_mean``: the least mean impedance of the worst-served.
        ``lexicographic_center``: the least worst impedance, then the fewest that bear it and the least next worst, and so on.
    weight
        Need of each demand point, shape (n_demand,), finite and not negative. A demand point of weight 0
        has no need: no rule speaks of it.
    impedance_s
        Sparse CSR, shape (n_demand, n_candidates), seconds, finite and not negative. **A pair that is not
        stored is not reachable; a stored 0 is a reach.**
    candidate_ids
        Unique ids of the columns; includes the fixed sites.
    new
        How many sites to open, exactly; the required ones count, the fixed ones do not. For every objective but
        ``set_cover`` and the fixed-charge ones, whose answer it is; the rules may give a range of it instead.
    standard_s
        Coverage standard in seconds; covered means impedance ≤ standard. For the objectives of covering.
    unserved_impedance_s
        What a demand point counts that no selected site reaches in less, or has room for, in seconds. For ``p_median``,
        ``k_nearest_median``, ``kolm_pollak``, ``worst_mean``, the fixed-charge objectives and others made of them; without it
        every demand point that has a weight must be served.
    site_cost
        What opening each candidate costs, shape (n_candidates,), finite and not negative, in a unit of the caller's; a
        fixed site costs nothing more. For ``set_cover``, where without it each costs 1, so that they are counted, for the
        fixed-charge objectives, and for every objective under a budget.
    target_share
        Share of the weight to be covered, in (0, 1], by fixed and new sites together; reached when no more than 1e-9 of
        the weight is missing. Only for ``set_cover``; without it all demand that has a weight must be covered.
    decay
        Share that a site covers, or that comes to it, by its impedance. For ``gradual_coverage`` and ``max_attendance``.
    capacity
        Weight that each candidate can serve, shape (n_candidates,), not negative. Only for the capacitated objectives, in
        which demand goes to any open site that reaches it (within the standard, nearer than unserved), not to the nearest.
    min_use
        Weight that each open candidate, fixed ones included, has to serve to be viable, shape (n_candidates,). Only for the
        capacitated objectives.
    is_split
        Whether the weight of one demand point may be served by several sites, or in part. Only for the capacitated
        objectives; without it yes, but no for ``capacitated_p_median``.
    impedance_price
        What a unit of weight × second costs, in the unit of `site_cost`; 1 without it. Only for the fixed-charge objectives.
    site_impedance
        Sparse CSR, shape (n_candidates, n_candidates), symmetric: how far candidates are from one another, in seconds or
        metres; a pair that is not stored is farther than any stored one. Only for ``p_dispersion``.
    backup_share
        How much covering again counts, in (0, 1); covering once counts 1 − share. Only for ``weighted_backup_coverage``.
    k_nearest
        How many of the nearest candidates of each demand point the model begins with. Only for ``k_nearest_median``.
    attraction
        How much each candidate attracts, such as its floor space, shape (n_candidates,). Only for ``market_capture``.
    competitor_pull
        Sum of attraction / impedance^exponent over the competitors of each demand point, shape (n_demand,); impedances below
        60 s count as 60 s, those of candidates too. Only for ``market_capture``.
    pull_exponent
        How fast attraction falls with impedance, above 0; 2 is usual. Only for ``market_capture``.
    aversion
        Aversion to inequality per second, above 0: at 1/600 a demand point that is ten minutes farther counts e times as much.
        `optimize.equivalent.aversion_per_s` gives that of a number without a unit. Only for ``kolm_pollak``.
    worst_share
        Share of the weight, in (0, 1], the worst-served of which the mean impedance is taken. Only for ``worst_mean``.
    fixed
        Ids that are open now.
    required
        Ids that are among the new sites in every plan.
    forbidden
        Ids that are in no plan.
    rules
        What a plan must be besides; see `optimize.rules.Rules`.

    Raises
    ------
    ProblemError
        A value is not what this docstring asks for, an id is unknown or repeats, or rules contradict each other;
        `FaultsError` where there are several faults.

    Notes
    -----
    The arrays are copied and made read-only; the impedances are kept as a `csr_array` with sorted indices.
    """

    objective: Objective
    weight: NDArray[np.float64]
    impedance_s: Csr
    candidate_ids: tuple[str, ...]
    new: int | None = None
    standard_s: float | None = None
    unserved_impedance_s: float | None = None
    site_cost: NDArray[np.float64] | None = None
    target_share: float | None = None
    decay: Decay | None = None
    capacity: NDArray[np.float64] | None = None
    min_use: NDArray[np.float64] | None = None
    is_split: bool | None = None
    impedance_price: float | None = None
    site_impedance: Csr | None = None
    backup_share: float | None = None
    k_nearest: int | None = None
    attraction: NDArray[np.float64] | None = None
    competitor_pull: NDArray[np.float64] | None = None
    pull_exponent: float | None = None
    aversion: float | None = None
    worst_share: float | None = None
    fixed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    rules: Rules = NO_RULES

    def __post_init__(self) -> None:
        faults = Faults()
        frozen: dict[str, object] = {
            "weight": checked_weight(self.weight, faults),
            "impedance_s": checked_impedance(self.impedance_s, where="impedance_s", of="demand rows", faults=faults),
            "competitor_pull": checked_numbers(self.competitor_pull, where="competitor_pull", of="demand rows", faults=faults),
            **{name: checked_ids(getattr(self, name), name=name, faults=faults) for name in _ID_FIELDS},
        }
        for name in _BY_CANDIDATE:
            frozen[name] = checked_numbers(getattr(self, name), where=name, of="candidates", faults=faults)
        if self.site_impedance is not None:
            frozen["site_impedance"] = checked_impedance(
                self.site_impedance, where="site_impedance", of="candidates", faults=faults
            )
        for name, value in frozen.items():
            object.__setattr__(self, name, value)
        check_problem(self, faults)
        faults.raise_if_any()

    @property
    def n_demand(self) -> int:
        """How many demand points there are."""
        return int(self.weight.size)

    @property
    def n_candidates(self) -> int:
        """How many candidates there are, the fixed sites among them."""
        return len(self.candidate_ids)
