"""What a plan says of its choice: figures, the proven or bounded optimum, rules in force, and what was studied beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from layers.plan_text import Text, Value

ObjectiveUnit = Literal["share", "seconds", "sites", "euros", "metres"]


class Figure(Value):
    """People of a group within a standard: `reached` of `total` (which includes people without a place).

    The ends of `reached` and of `share` are given where the position of an open site is too uncertain for one number, and for
    every figure of a modelled group.
    """

    variant: str
    group: str
    standard_min: float
    reached: float
    total: float
    share: float
    reached_low: float | None = None
    reached_high: float | None = None
    share_low: float | None = None
    share_high: float | None = None


class Optimum(Value):
    """One proven or bounded choice; `objective` and `best_bound` are in `unit`, a share being one of the weighted need.

    `value` says the objective in words, `closed` names what is open now and closes, `sizes` gives the key of the size in which
    a site opens, or to which one that is open now grows, where there are several. `figures` counts what this choice reaches
    at its own standard, under the variant `BEST`.
    """

    standard_min: float
    objective_name: str
    unit: ObjectiveUnit = "share"
    value: Text | None = None
    new: int
    total_open: int
    selected_new: tuple[str, ...]
    closed: tuple[str, ...] = ()
    sizes: dict[str, str] = Field(default_factory=dict)
    status: Literal["optimal", "feasible"]
    objective: float
    best_bound: float
    gap: float
    is_verified: bool
    tie_rule: Text
    figures: tuple[Figure, ...] = ()


class RuleBrief(Value):
    """A rule in force: its key in the scenario, what it asks, and what came of it, counted from the open sites."""

    key: str
    rule: Text
    outcome: Text


class SizeBrief(Value):
    """A size in which sites may open: what it costs, and what else the scenario says of it."""

    key: str
    name: Text
    cost_eur: float | None = None
    capacity_people: float | None = None
    min_use_people: float | None = None
    floor_area_m2: float | None = None


class SiteWorthBrief(Value):
    """What one open site of the plan is worth; losses are in the unit of the plan's optimum.

    `alone` counts, by group, the people within the plan's standard of this site and of no other open one. `loss` is by how much
    the objective is worse without the site and with nothing in its place, None where the others are no plan; `replacement`
    are the sites that replace it best while all others stay (usually one; None where nothing may), `replacement_loss` what is
    then still lost. `is_proven` says whether no replacement is better, `reasons` why something is not known.
    """

    site_id: str
    is_new: bool
    alone: dict[str, float]
    loss: float | None
    replacement: tuple[str, ...] | None
    replacement_loss: float | None
    is_proven: bool
    reasons: tuple[Text, ...] = ()


class NearPlanBrief(Value):
    """One plan that is nearly as good: its new sites, its objective, and by what share of the best one's it is worse."""

    selected_new: tuple[str, ...]
    closed: tuple[str, ...] = ()
    sizes: dict[str, str] = Field(default_factory=dict)
    objective: float
    worse: float
    is_proven: bool


class NearPlansBrief(Value):
    """The plans within a share of the best one, the best first; `is_complete`: there are no others.

    `site_share` says for each new site of any of them in what share of the plans it stands.
    """

    within: float
    plans: tuple[NearPlanBrief, ...]
    is_complete: bool
    site_share: dict[str, float]
    notes: tuple[Text, ...] = ()


class CurvePointBrief(Value):
    """One point of a trade-off curve: the best plan at one value of what is traded; None where there is no plan.

    `reached` counts people by group within the plan's standard of the open sites of that point.
    """

    value: float
    objective: float | None
    best_bound: float | None
    gap: float | None
    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    selected_new: tuple[str, ...] = ()
    reached: dict[str, float] = Field(default_factory=dict)
    reason: Text | None = None


class CurveBrief(Value):
    """The objective against what is traded for it.

    `over` says what the values are: the number of new sites, the budget in euros, the least covered share of every district, or
    the standard in minutes.
    """

    over: Literal["new", "budget", "floor", "standard"]
    points: tuple[CurvePointBrief, ...]
