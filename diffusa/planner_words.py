"""Refusals of the optimizer in the planner's words: keys of the scenario for fields of a problem, squares for rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from data.errors import FaultsError, PlannerError

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "rules.budget": "rules.budget_eur",
        "rules.groups": "rules.group",
        "rules.covers": "rules.floor_per",
        "rules.closing_cost": "rules.closing_cost_eur",
        "standard_s": "travel.standard_min",
        "unserved_impedance_s": "travel.cutoff_min",
        "impedance_s": "travel",
        "target_share": "choose.target_share",
        "capacity": "choose.capacity_people",
        "min_use": "choose.min_use_people",
        "is_split": "choose.whole_squares",
        "site_cost": "costs",
        "site_impedance": "choose.objective",
        "time_limit_s": "choose.time_limit_s",
        "required": "sites.required",
        "new": "choose.new",
    }
)
"""What a field of a problem is called in a scenario, where it is the place of a fault."""

_FIELD = re.compile(r"\b(standard_s|unserved_impedance_s|target_share|min_use|is_split|site_cost)\b")
_ROWS = "demand rows"


def in_planner_words(error: PlannerError, *, cell_ids: Sequence[str]) -> PlannerError:
    """Return an error of the optimizer as one of the scenario, of the same class.

    Parameters
    ----------
    error
        What the optimizer raised.
    cell_ids
        Ids of the squares, in the order of the demand rows.
    """
    if isinstance(error, FaultsError):
        return FaultsError([in_planner_words(fault, cell_ids=cell_ids) for fault in error.faults])
    of_rows = _ROWS in error.what and all(text.isdigit() for text in error.examples)
    return type(error)(
        _said(error.what).replace(_ROWS, "squares"),
        where=None if error.where is None else WORDS.get(error.where, error.where),
        n=error.n,
        examples=[cell_ids[int(text)] for text in error.examples] if of_rows else error.examples,
        remedy=None if error.remedy is None else _said(error.remedy).replace("these rows", "these squares"),
    )


def _said(text: str) -> str:
    return _FIELD.sub(lambda found: WORDS[found[1]], text)
