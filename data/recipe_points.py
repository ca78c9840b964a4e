"""What a recipe may say about points that are only counted, such as shops: groups are made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from data.recipe_layers import PlaceEntry, Target, Text

OWN_COLUMNS = ("layer", "nil", "geometry")
"""Columns that a layer of points has itself."""


class PointsEntry(PlaceEntry):
    """Points with columns of text and of numbers; those outside the city are left out and counted."""

    role: Literal["points"]
    id: Text | None = None
    columns: Annotated[dict[Target, Text], Field(default={})]
    numbers: Annotated[dict[Target, Text], Field(default={})]

    @model_validator(mode="after")
    def _check_names(self) -> PointsEntry:
        twice = sorted({*self.columns} & {*self.numbers})
        if twice:
            raise ValueError(f"the column {twice[0]!r} stands in 'columns' and in 'numbers'")
        taken = sorted({*self.columns, *self.numbers} & {*OWN_COLUMNS})
        if taken:
            raise ValueError(f"the layer has a column {taken[0]!r} of its own, choose another name")
        return self
