"""The table [choose] of a scenario: what is best, and how many sites.

Which options an objective reads is said once, by `optimize.objectives`; here stands what each option is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from diffusa.scenario_decay import DecayTable
from diffusa.scenario_rules import CoverPer, Euros, Selector
from diffusa.scenario_travel import Table
from optimize.objectives import FIELDS, OBJECTIVES, Objective

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PeopleByKind = dict[str, Positive]

MUST_REACH: Mapping[Objective, str] = MappingProxyType(
    {
        "set_cover": "the standard",
        "backup_coverage": "the standard",
        "p_center": "the cutoff",
        "lexicographic_center": "the cutoff",
    }
)
"""The objectives that have to reach everybody, and within what."""

FIELD_OF: Mapping[str, str] = MappingProxyType(
    {
        "target_share": "target_share",
        "by_cost": "site_cost",
        "travel_eur_per_hour": "impedance_price",
        "decay": "decay",
        "backup_share": "backup_share",
        "k_nearest": "k_nearest",
        "capacity_people": "capacity",
        "min_use_people": "min_use",
        "whole_squares": "is_split",
        "competitors": "competitor_pull",
        "attraction": "attraction",
        "pull_exponent": "pull_exponent",
        "aversion": "aversion",
        "worst_share": "worst_share",
    }
)
"""The field of a location problem that each option fills."""

_SAYS_BY_ITSELF = ("attraction", "by_cost", "whole_squares")
"""Options that may be left out though the objective needs their field."""


class Choose(Table):
    """What is best, and how many sites."""

    objective: Annotated[
        Objective,
        Field(
            description="max_coverage: most need within the standard; "
            "p_median: least mean minutes, where need beyond the cutoff counts as the cutoff; "
            "set_cover: fewest or cheapest sites that cover all need, or a share; "
            "p_center: least minutes of the worst-served; lexicographic_center: then of the next worst, and so on; "
            "gradual_coverage, max_attendance: most need, of which the nearest site has a share that decays; "
            "backup_coverage: most need within the standard of two sites, all within that of one; "
            "weighted_backup_coverage: most need covered, covering again counts as a share; "
            "k_nearest_median: the p_median, solved over the nearest sites first; "
            "p_dispersion: sites as far apart as can be, in straight metres; "
            "fixed_charge: least cost of works and travel; "
            "capacitated_…: sites that serve no more than so many people; "
            "market_capture: most need drawn from competitors; "
            "kolm_pollak: least minutes that would be as good if equal for all; "
            "worst_mean: least mean minutes of the worst-served share"
        ),
    ] = "max_coverage"
    new: Annotated[int | None, Field(ge=0, description="number of new sites, exact")] = None
    total: Annotated[int | None, Field(ge=1, description="number of open sites, fixed ones included, exact")] = None
    time_limit_s: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False, description="stop the solver after so many seconds; the plan then says so"),
    ] = None
    target_share: Annotated[
        float | None, Field(gt=0, le=1, description="set_cover: share of the need to be covered; default: all of it")
    ] = None
    by_cost: Annotated[bool, Field(description="set_cover: the cheapest works instead of the fewest sites")] = False
    travel_eur_per_hour: Annotated[
        Positive | None, Field(description="fixed charges: what an hour on the way costs, one trip for each person of need")
    ] = None
    decay: Annotated[DecayTable | None, Field(description="gradual_coverage, max_attendance: share by minutes")] = None
    backup_share: Annotated[
        float | None, Field(gt=0, lt=1, description="weighted_backup_coverage: what covering again counts beside once")
    ] = None
    k_nearest: Annotated[int | None, Field(ge=1, description="k_nearest_median: sites per square to begin with")] = None
    capacity_people: Annotated[
        PeopleByKind | None, Field(description="capacitated: people of need whom a site can serve, by its kind")
    ] = None
    min_use_people: Annotated[
        PeopleByKind | None, Field(description="capacitated: people of need whom a site has to serve, by its kind")
    ] = None
    whole_squares: Annotated[
        bool, Field(description="capacitated: people of one square all go to one site; slow, and hard to prove")
    ] = False
    competitors: Annotated[tuple[Selector, ...], Field(description="market_capture: sites that draw people, too")] = ()
    attraction: Annotated[Literal["equal", "floor_area"], Field(description="market_capture: what makes a site attractive")] = (
        "equal"
    )
    pull_exponent: Annotated[
        Positive | None, Field(description="market_capture: how fast attraction falls with travel time, such as 2")
    ] = None
    aversion: Annotated[
        Positive | None,
        Field(description="kolm_pollak: aversion to inequality, per minute; the larger, the more the worst count"),
    ] = None
    worst_share: Annotated[
        float | None, Field(gt=0, le=1, description="worst_mean: share of the need whose minutes count, the worst-served")
    ] = None
    unreached: Annotated[
        Literal["refuse", "leave_out"],
        Field(
            description="objectives that reach everybody: need out of reach of every site is an error, "
            "or left out and told on the page"
        ),
    ] = "refuse"
    budget_eur: Annotated[Euros | None, Field(description="the same as rules.budget_eur")] = None
    floor_per: Annotated[CoverPer | None, Field(description="the same as rules.floor_per")] = None

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Choose:
        given = [name for name in FIELD_OF if getattr(self, name) != type(self).model_fields[name].default]
        useless = [name for name in given if FIELD_OF[name] not in FIELDS[self.objective]]
        if self.by_cost and self.objective != "set_cover":
            useless = sorted({*useless, "by_cost"}, key=list(FIELD_OF).index)
        for name in useless:
            others = [one for one in OBJECTIVES if FIELD_OF[name] in FIELDS[one] and (name != "by_cost" or one == "set_cover")]
            raise ValueError(f"{self.objective} has no use for {name!r}: take it out, or choose {' or '.join(others)}")
        if self.unreached != "refuse" and self.target_share is not None:
            raise ValueError("'unreached' has no effect beside target_share: take one of them out")
        if self.unreached != "refuse" and self.objective not in MUST_REACH:
            raise ValueError(f"{self.objective} has no use for 'unreached': take it out, or choose {' or '.join(MUST_REACH)}")
        return self

    @model_validator(mode="after")
    def _nothing_missing(self) -> Choose:
        missing = [
            name
            for name, field in FIELD_OF.items()
            if FIELDS[self.objective].get(field) and name not in _SAYS_BY_ITSELF and not getattr(self, name)
        ]
        if missing:
            raise ValueError(f"{self.objective} needs {' and '.join(map(repr, missing))}")
        if "new" not in FIELDS[self.objective] and (self.new is not None or self.total is not None):
            what = "'new'" if self.new is not None else "'total'"
            raise ValueError(f"{self.objective} has no use for {what}: it finds how many; rules.new_at_most limits them")
        return self
