"""The table ``[contact]`` of a scenario: the office that publishes the plan, and how readers reach it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, model_validator

from diffusa.scenario_rules import InTwoLanguages
from diffusa.scenario_travel import Table
from layers.plan_contact import ContactBrief
from layers.plan_text import Text

Address = Annotated[str, Field(pattern=r"^https://[^\s\"<>]+$", max_length=500)]


class Contact(Table):
    """Who publishes the plan; it stands on the page about accessibility, which every other page links to."""

    office: Annotated[str | InTwoLanguages, Field(description="what the office is called, in one language or both")]
    email: Annotated[str | None, Field(pattern=r"^[^@\s\"<>]+@[^@\s\"<>]+\.[A-Za-z]{2,}$", max_length=254)] = None
    phone: Annotated[str | None, Field(pattern=r"^\+?[0-9][0-9 ./()-]{3,30}$")] = None
    page: Annotated[Address | None, Field(description="page where readers can write to the office")] = None
    declaration: Annotated[Address | None, Field(description="the official declaration of accessibility, if there is one")] = (
        None
    )
    drawn_up: Annotated[dt.date | None, Field(description="day on which the office drew up its statement")] = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Contact:
        if not (self.email or self.phone or self.page):
            raise ValueError("contact needs an email, a phone or a page: readers must be able to reach the office")
        return self

    def brief(self) -> ContactBrief:
        """Return the office as a plan keeps it."""
        office = self.office if isinstance(self.office, InTwoLanguages) else InTwoLanguages(it=self.office, en=self.office)
        return ContactBrief(
            office=Text(it=office.it, en=office.en),
            email=self.email or "",
            phone=self.phone or "",
            page=self.page or "",
            declaration=self.declaration or "",
            drawn_up=self.drawn_up.isoformat() if self.drawn_up else "",
        )
