"""The table [study] of a scenario, what is asked beside the best plan: worth of sites, near-equal plans, trade-off curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from diffusa.scenario_choose import Choose
from diffusa.scenario_rules import RulesTable
from diffusa.scenario_travel import Table
from optimize.objectives import FIELDS

Over = Literal["new", "budget", "floor", "standard"]
CurveValue = Annotated[float, Field(ge=0, allow_inf_nan=False)]

CHEAP = frozenset({"max_coverage"})
MOST_CHEAP = 6
"""Objectives, and a number of new sites, for which studies take a few seconds in a large city; see docs/benchmarks.md."""

LONGEST_S = 60.0
"""How long studies may take that nobody limits."""

_FIELD_OF: Mapping[Over, str] = MappingProxyType({"new": "new", "standard": "standard_s"})
"""What of a problem an objective has to read for a curve over it."""


class Near(Table):
    """Plans that are nearly as good as the best one."""

    within_percent: Annotated[
        float, Field(ge=0, lt=100, allow_inf_nan=False, description="by how many percent of the objective they may be worse")
    ] = 1.0
    k: Annotated[int, Field(ge=0, le=100, description="how many to list at most, the best one among them; 0 for none")] = 5

    @model_validator(mode="after")
    def _more_than_the_best(self) -> Near:
        if self.k == 1:
            raise ValueError("k = 1 lists the best plan alone: write 0 for no study, or 2 and more")
        return self


class Curve(Table):
    """The objective against one number that is traded for it."""

    over: Annotated[
        Over,
        Field(
            description="new: number of new sites; budget: euros; floor: covered share of every district that has a floor; "
            "standard: minutes"
        ),
    ] = "new"
    values: Annotated[tuple[CurveValue, ...], Field(min_length=1, max_length=60, description="each once, in any order")]

    @model_validator(mode="after")
    def _check_values(self) -> Curve:
        repeated = [f"{value:g}" for value, n in Counter(self.values).items() if n > 1]
        if repeated:
            raise ValueError(f"values repeat: {', '.join(repeated)}")
        wrong = [f"{value:g}" for value in self.values if not self._is_value(value)]
        if wrong:
            kind = {"new": "counts of sites", "floor": "shares in [0, 1]", "standard": "minutes above 0 and at most 240"}
            raise ValueError(f"values are no {kind[self.over]}: {', '.join(wrong)}")
        return self

    def _is_value(self, value: float) -> bool:
        fits = {"new": value == int(value), "floor": value <= 1, "standard": 0 < value <= 240}
        return fits.get(self.over, True)


class Study(Table):
    """What is asked beside the best plan; what is left out is studied where that takes a few seconds."""

    worth: Annotated[
        bool | None,
        Field(description="what is lost without each open site, and what would replace it; default: yes where it is cheap"),
    ] = None
    near: Annotated[Near | None, Field(description="plans nearly as good; default: up to 5 within 1 % where it is cheap")] = (
        None
    )
    curve: Annotated[
        tuple[Curve, ...] | None,
        Field(description="trade-off curves, [] for none; default: over new, from 0 to one more, where it is cheap"),
    ] = None
    time_limit_s: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False, description="stop all studies after so many seconds; the plan says what is missing"),
    ] = LONGEST_S

    @model_validator(mode="after")
    def _curves_once(self) -> Study:
        repeated = [over for over, n in Counter(curve.over for curve in self.curve or ()).items() if n > 1]
        if repeated:
            raise ValueError(f"curve.over repeats: {', '.join(repeated)}; give all values in one")
        return self


def is_cheap(choose: Choose, rules: RulesTable, *, new: int | None) -> bool:
    """Return whether studies take a few seconds, so that they are made where nobody asks.

    Notes
    -----
    It is said by what is asked, not by a clock: the same scenario has the same studies on every machine.
    """
    return choose.objective in CHEAP and rules.is_empty and new is not None and 1 <= new <= MOST_CHEAP


def check_study(study: Study, choose: Choose, rules: RulesTable, *, cutoff_min: float) -> None:
    """Check that each curve trades something that the scenario has.

    Raises
    ------
    ValueError
        A curve has no effect, or goes beyond the cutoff; all of them are named.
    """
    faults = []
    for curve in study.curve or ():
        if curve.over in _FIELD_OF and _FIELD_OF[curve.over] not in FIELDS[choose.objective]:
            faults.append(f"study.curve over {curve.over!r} has no effect: {choose.objective} has no use for it")
        if curve.over == "budget" and rules.budget_eur is None:
            faults.append("study.curve over 'budget' has no effect without rules.budget_eur")
        if curve.over == "floor" and rules.floor_per is None:
            faults.append("study.curve over 'floor' has no effect without rules.floor_per")
        if curve.over == "standard" and max(curve.values) > cutoff_min:
            faults.append(f"study.curve over 'standard' goes beyond the cutoff of {cutoff_min:g} minutes")
    if faults:
        raise ValueError("; ".join(faults))
