"""The table choose.decay of a scenario: which share of people a site has by its minutes."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from data.errors import ProblemError
from diffusa.scenario_travel import Minutes, Table
from optimize.decay import Decay, ExponentialDecay, LinearDecay, LogisticDecay, PowerDecay, StepDecay

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
FromZero = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Step(Table):
    """Shares within limits, and nothing beyond the last."""

    kind: Literal["step"]
    steps: Annotated[
        tuple[tuple[Minutes, float], ...], Field(min_length=1, description="pairs of minutes and the share within them")
    ]

    @field_validator("steps")
    @classmethod
    def _fall(cls, steps: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        try:
            StepDecay(steps=steps)
        except ProblemError as error:
            raise ValueError("needs minutes that rise and shares in (0, 1] that fall, as [[10, 1.0], [20, 0.5]]") from error
        return steps

    def decay(self) -> Decay:
        """Return the decay in seconds."""
        return StepDecay(steps=tuple((minutes * 60.0, share) for minutes, share in self.steps))


class Linear(Table):
    """All within one limit, nothing from another on, along a line between."""

    kind: Literal["linear"]
    full_min: FromZero
    zero_min: Minutes

    @model_validator(mode="after")
    def _fall(self) -> Linear:
        if self.full_min >= self.zero_min:
            raise ValueError(f"full_min = {self.full_min:g} is not below zero_min = {self.zero_min:g}")
        return self

    def decay(self) -> Decay:
        """Return the decay in seconds."""
        return LinearDecay(full_s=self.full_min * 60.0, zero_s=self.zero_min * 60.0)


class Logistic(Table):
    """Half at the middle, never all and never nothing."""

    kind: Literal["logistic"]
    middle_min: FromZero
    spread_min: Positive

    def decay(self) -> Decay:
        """Return the decay in seconds."""
        return LogisticDecay(middle_s=self.middle_min * 60.0, spread_s=self.spread_min * 60.0)


class Power(Table):
    """All within a limit, and (limit / minutes) to a power beyond it."""

    kind: Literal["power"]
    full_min: Positive
    exponent: Positive

    def decay(self) -> Decay:
        """Return the decay in seconds."""
        return PowerDecay(full_s=self.full_min * 60.0, exponent=self.exponent)


class Exponential(Table):
    """All at the site itself, and 0.37 of it a scale away."""

    kind: Literal["exponential"]
    scale_min: Positive

    def decay(self) -> Decay:
        """Return the decay in seconds."""
        return ExponentialDecay(scale_s=self.scale_min * 60.0)


DecayTable: TypeAlias = Annotated[Step | Linear | Logistic | Power | Exponential, Field(discriminator="kind")]
