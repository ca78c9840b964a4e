"""The table [people] of a scenario: of which year the people are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from diffusa.scenario_travel import Table


class PeopleOfYear(Table):
    """The year to which people are updated by official totals of the city."""

    year: Annotated[
        int,
        Field(ge=1800, le=2200, description="a year of which the city has official totals; default: that of the census"),
    ]
