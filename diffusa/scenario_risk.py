"""The table [risk] of a scenario: how the group of people at risk is estimated, where the city's own rate is not enough."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from diffusa.scenario_travel import Table
from layers.risk_draws import N_DRAWS, SMALLEST_N_DRAWS


class Risk(Table):
    """How people at risk are estimated; the need and the report name them by the key of the definition."""

    definition: Annotated[str, Field(min_length=1, description="key of the definition: whose risk")]
    rate_pct: Annotated[
        float | None,
        Field(gt=0, lt=100, allow_inf_nan=False, description="percent of the whole city; default: the official rate"),
    ] = None
    seed: Annotated[int, Field(ge=0, description="seed of the draws")] = 0
    n_draws: Annotated[int, Field(ge=SMALLEST_N_DRAWS, le=10_000, description="joint draws")] = N_DRAWS
    without: Annotated[tuple[str, ...], Field(description="factors that are switched off")] = ()
    observed: Annotated[
        str | None,
        Field(
            min_length=1,
            description="CSV of observed rates, beside the scenario; fitted to, or met",
        ),
    ] = None
    areas: Annotated[
        str | None,
        Field(min_length=1, description="areas that observed rates are of, in place of quarters; a file beside the scenario"),
    ] = None
    meet: Annotated[bool, Field(description="observed rates are totals that every draw meets: no regression")] = False
    unit: Annotated[
        Literal["percent", "share"] | None,
        Field(description="what observed rates are in; 'percent' also says that a rate_pct below 1 is meant"),
    ] = None
    year: Annotated[int | None, Field(description="the year of observed rates that counts")] = None
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _factors_once(self) -> Risk:
        if len(set(self.without)) < len(self.without):
            raise ValueError("without names a factor twice")
        return self

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Risk:
        is_meant = self.unit == "percent" and self.rate_pct is not None and self.rate_pct < 1
        others = (self.year is not None, self.unit is not None and not is_meant, self.areas is not None, self.meet)
        if self.observed is None and any(others):
            raise ValueError("'areas', 'meet', 'unit' and 'year' are of observed rates, and none are named")
        return self

    def stand_in(self, folder: Path) -> None:
        """Say in which folder the scenario lies: the path of the observed rates starts there."""
        self._folder = folder

    @property
    def observed_path(self) -> Path | None:
        """Return where the observed rates are."""
        return None if self.observed is None else self._folder / self.observed

    @property
    def areas_path(self) -> Path | None:
        """Return where the areas are that observed rates are of."""
        return None if self.areas is None else self._folder / self.areas
