"""A town of eight sites, the question of every model about it, and its plan: what the cases of the rules begin from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optimize.decay import LinearDecay, PowerDecay
from optimize.objectives import FIELDS, OBJECTIVES, Objective
from optimize.problem import LocationProblem
from optimize.rules import SiteGroup
from optimize.solution import Solution
from optimize.solve import solve

SITES = ("A", "B", "C", "D", "E", "F", "G", "H")
PLACES_S = np.array(
    [[0, 0], [800, 40], [90, 700], [840, 760], [430, 90], [60, 380], [440, 400], [1300, 1300]], dtype=np.float64
)
"""Where the sites are, in seconds from A: four corners, two edges, G in the middle, and H out of town."""

WEIGHT = np.array([9.0, 8.0, 7.0, 8.5, 3.0, 4.0, 5.0, 0.0])
"""People beside each site: row i of the demand stands a minute from site i. Nobody lives beside H."""

COST = np.array([3.0, 4.0, 3.0, 5.0, 2.0, 2.0, 11.0, 3.0])
ROOMY = np.full(len(SITES), 40.0)
BY_DOOR_S = 100.0
"""A standard within which each site reaches the people beside it, and nobody else."""

NEW = 2


def _apart_s() -> NDArray[np.float64]:
    """Return the seconds between the sites, shape (n_sites, n_sites)."""
    return np.round(np.hypot(*np.moveaxis(PLACES_S[:, None] - PLACES_S[None, :], 2, 0)))


OWN_FIELDS: Mapping[Objective, Mapping[str, Any]] = {
    "max_coverage": {"standard_s": 500.0},
    "p_median": {},
    "set_cover": {"standard_s": 700.0, "site_cost": COST},
    "p_center": {},
    "gradual_coverage": {"decay": LinearDecay(full_s=100.0, zero_s=900.0)},
    "backup_coverage": {"standard_s": 900.0},
    "weighted_backup_coverage": {"standard_s": 600.0, "backup_share": 0.4},
    "fixed_charge": {"site_cost": COST, "impedance_price": 0.001},
    "capacitated_fixed_charge": {"site_cost": COST, "impedance_price": 0.001, "capacity": ROOMY},
    "capacitated_p_median": {"capacity": ROOMY},
    "capacitated_max_coverage": {"standard_s": 500.0, "capacity": ROOMY},
    "k_nearest_median": {"k_nearest": 2},
    "max_attendance": {"decay": PowerDecay(full_s=200.0, exponent=1.5)},
    "p_dispersion": {"site_impedance": sparse.csr_array(_apart_s())},
    "kolm_pollak": {"aversion": 1 / 300},
    "market_capture": {
        "attraction": np.array([3.0, 3.0, 2.0, 4.0, 2.0, 2.0, 3.0, 2.0]),
        "competitor_pull": WEIGHT / 900,
        "pull_exponent": 1.2,
    },
    "lexicographic_center": {},
    "worst_mean": {"worst_share": 0.4},
}
"""What each model reads beside the town. A model without an entry has no case, and its tests fail."""

FREE_NUMBER = tuple(model for model in OBJECTIVES if "new" not in FIELDS[model])
"""The models whose number of new sites is their answer."""


def town(model: Objective, **changes: Any) -> LocationProblem:
    """Return the question of a model about the town: two new sites, or as many as the model finds; changes come on top.

    No plan is more dispersed than that of a single site: this model is asked for two open sites at least, in every case.
    """
    fields: dict[str, Any] = {} if model in FREE_NUMBER else {"new": NEW}
    fields |= {**OWN_FIELDS[model], **changes}
    impedance_s = sparse.csr_array(_apart_s() + 60.0)
    problem = LocationProblem(objective=model, weight=WEIGHT, impedance_s=impedance_s, candidate_ids=SITES, **fields)
    if model != "p_dispersion":
        return problem
    two = SiteGroup(name="two sites", ids=SITES, at_least=2)
    return replace(problem, rules=replace(problem.rules, groups=(*problem.rules.groups, two)))


@cache
def plain_town(model: Objective) -> LocationProblem:
    """Return the question of a model about the town without any rule, made once."""
    return town(model)


@cache
def plan_of(problem: LocationProblem) -> Solution:
    """Return the proven plan of a problem; a problem is asked once."""
    return solve(problem)


def chosen(model: Objective) -> tuple[str, ...]:
    """Return the sites that the plan without any rule opens."""
    return plan_of(plain_town(model)).selected


def others(model: Objective) -> tuple[str, ...]:
    """Return the sites that the plan without any rule leaves out."""
    return tuple(name for name in SITES if name not in chosen(model))
