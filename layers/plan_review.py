"""What a review changed in a plan: each rule of the quarters, whose it is, and what it costs, found by solving without it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from layers.plan_choice import ObjectiveUnit
from layers.plan_text import Value
from layers.review import Voice

EffectKind = Literal["forbidden", "required", "candidate", "avoided", "preferred", "all"]


class ReviewEffect(Value):
    """One rule of a review about one site, all ``avoided`` or all ``preferred`` sites, or ``all`` rules together.

    `names` says what each site is called that the effect names, `open_sites` which of `sites` the plan opens or keeps open.
    `came_in` are the new sites that the plan has and the plan without the rule has not, `went_out` the other way round.
    `objective_with` and `objective_without` are in `unit`; the latter is None and `reached_change` empty where there is no plan
    without the rule. `reached_change` counts, by group, the people within the plan's standard with the rule less those without
    it: below 0 the rule costs people. `within` is by what share a plan may be worse for wishes. `is_proven` says whether both
    plans are proven best.
    """

    kind: EffectKind
    sites: tuple[str, ...]
    names: dict[str, str]
    voices: tuple[Voice, ...]
    open_sites: tuple[str, ...]
    changes_plan: bool
    came_in: tuple[str, ...]
    went_out: tuple[str, ...]
    unit: ObjectiveUnit
    objective_with: float
    objective_without: float | None
    reached_change: dict[str, float] = Field(default_factory=dict)
    is_proven: bool
    within: float | None = None
