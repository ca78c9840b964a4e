"""The values of a plan: frozen, with no unknown fields; and a text in both languages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value that refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Value):
    """One text in the two languages of every page."""

    it: str
    en: str
