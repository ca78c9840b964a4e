"""The objectives that a location problem may have, and which of its fields each of them reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

Objective: TypeAlias = Literal[
    "max_coverage",
    "p_median",
    "set_cover",
    "p_center",
    "gradual_coverage",
    "backup_coverage",
    "weighted_backup_coverage",
    "fixed_charge",
    "capacitated_fixed_charge",
    "capacitated_p_median",
    "capacitated_max_coverage",
    "k_nearest_median",
    "max_attendance",
    "p_dispersion",
    "kolm_pollak",
    "market_capture",
    "lexicographic_center",
    "worst_mean",
]

OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

OPTIONAL_FIELDS = (
    "new",
    "standard_s",
    "unserved_impedance_s",
    "site_cost",
    "target_share",
    "decay",
    "capacity",
    "min_use",
    "is_split",
    "impedance_price",
    "site_impedance",
    "backup_share",
    "k_nearest",
    "attraction",
    "competitor_pull",
    "pull_exponent",
    "aversion",
    "worst_share",
)
"""Fields of a problem that not every objective reads."""

FIELDS: Mapping[Objective, Mapping[str, bool]] = MappingProxyType(
    {
        "max_coverage": MappingProxyType({"new": True, "standard_s": True}),
        "p_median": MappingProxyType({"new": True, "unserved_impedance_s": False}),
        "set_cover": MappingProxyType({"standard_s": True, "site_cost": False, "target_share": False}),
        "p_center": MappingProxyType({"new": True}),
        "gradual_coverage": MappingProxyType({"new": True, "decay": True}),
        "backup_coverage": MappingProxyType({"new": True, "standard_s": True}),
        "weighted_backup_coverage": MappingProxyType({"new": True, "standard_s": True, "backup_share": True}),
        "fixed_charge": MappingProxyType({"site_cost": True, "impedance_price": False, "unserved_impedance_s": False}),
        "capacitated_fixed_charge": MappingProxyType(
            {
                "site_cost": True,
                "capacity": True,
                "min_use": False,
                "is_split": False,
                "impedance_price": False,
                "unserved_impedance_s": False,
            }
        ),
        "capacitated_p_median": MappingProxyType(
            {"new": True, "capacity": True, "min_use": False, "is_split": False, "unserved_impedance_s": False}
        ),
        "capacitated_max_coverage": MappingProxyType(
            {"new": True, "standard_s": True, "capacity": True, "min_use": False, "is_split": False}
        ),
        "k_nearest_median": MappingProxyType({"new": True, "k_nearest": True, "unserved_impedance_s": False}),
        "max_attendance": MappingProxyType({"new": True, "decay": True}),
        "p_dispersion": MappingProxyType({"new": True, "site_impedance": True}),
        "kolm_pollak": MappingProxyType({"new": True, "aversion": True, "unserved_impedance_s": False}),
        "market_capture": MappingProxyType({"new": True, "attraction": True, "competitor_pull": True, "pull_exponent": True}),
        "lexicographic_center": MappingProxyType({"new": True}),
        "worst_mean": MappingProxyType({"new": True, "worst_share": True, "unserved_impedance_s": False}),
    }
)
"""The optional fields that each objective reads, and whether it needs them.

Rules lend two of them to every objective: a range of new sites or a budget may stand for `new`, and a budget reads `site_cost`.
"""

MAXIMISED: frozenset[Objective] = frozenset(
    {
        "max_coverage",
        "gradual_coverage",
        "backup_coverage",
        "weighted_backup_coverage",
        "capacitated_max_coverage",
        "max_attendance",
        "p_dispersion",
        "market_capture",
    }
)
"""The objectives of which more is better."""


def objectives_with(field: str) -> tuple[Objective, ...]:
    """Return the objectives that read a field.

    Examples
    --------
    >>> objectives_with("target_share")
    ('set_cover',)
    """
    return tuple(objective for objective in OBJECTIVES if field in FIELDS[objective])
