"""What a recipe may say about official totals of a later year, to which the counts of the census are updated."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from data.recipe_layers import Name, SourceEntry, StrictModel, Target, Text
from data.recipe_transit import LimitEntry

Year = Annotated[int, Field(ge=1800, le=2200)]


class ShareEntry(StrictModel):
    """A group that a table gives in percent of another one."""

    column: Text
    of: Name


class MarginsEntry(SourceEntry):
    """Totals per quarter of one year: a column per group, in people or in percent of another group of the table."""

    has_positions: ClassVar[bool] = False
    has_own_geometry: ClassVar[bool] = False

    role: Literal["margins"]
    id: Text
    year: Year
    columns: Annotated[dict[Target, Text], Field(min_length=1)]
    percent: Annotated[dict[Target, ShareEntry], Field(default={})]
    blank_is_zero: bool = False
    doubtful: list[int] = Field(default_factory=list)
    limits: list[LimitEntry] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_groups(self) -> MarginsEntry:
        twice = sorted({*self.columns} & {*self.percent})
        if twice:
            raise ValueError(f"the group {twice[0]!r} stands in 'columns' and in 'percent'")
        for group, share in self.percent.items():
            if share.of not in self.columns:
                raise ValueError(f"percent.{group} is of {share.of!r}, which is none of 'columns'")
        return self


class LaterTotalEntry(StrictModel):
    """An official total of the whole city in a later year."""

    year: Year
    group: Name
    total: Annotated[int, Field(ge=0)]
    source: Text
