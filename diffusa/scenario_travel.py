"""The table [travel] of a scenario: how people travel, when, and how far is near enough."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data.recipe_transit import HeadwayEntry
from geo.modes import SPEED_KM_H, StreetMode

Minutes = Annotated[float, Field(gt=0, le=240, allow_inf_nan=False)]
Percentile = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
TravelMode = Literal["walk", "slow_walk", "bike", "transit"]

DAY_MIN = 24 * 60
STEP_DRAWN_MIN, STEP_TOWARDS_MIN, STEP_AWAY_MIN = 10.0, 1.0, 5.0
"""Minutes between departures: where phases are drawn each draw adds departures of its own, so that fewer are enough in each."""
WINDOW = re.compile(r"(\d{4}-\d{2}-\d{2}) +(\d{1,2}):(\d{2}) *[-–] *(\d{1,2}):(\d{2})")
ONLY_TRANSIT = (
    "window", "percentile", "direction", "step_min", "max_walk_min", "max_change_walk_min", "change_min", "draws", "seed",
    "headways",
)  # fmt: skip
"""Keys that mean something by public transport only."""


class Table(BaseModel):
    """A table of a scenario: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Window(BaseModel):
    """When people set off: minutes after midnight of a date on the local clock; the end may lie on the next day."""

    model_config = ConfigDict(frozen=True)

    date: dt.date
    start_min: int
    end_min: int

    def clock(self) -> tuple[str, str]:
        """Return start and end as a clock shows them."""
        start, end = (f"{minute // 60 % 24:02d}:{minute % 60:02d}" for minute in (self.start_min, self.end_min))
        return start, end


def parse_window(text: str) -> Window:
    """Return a window given as a text; one that ends before it starts ends on the next day.

    Raises
    ------
    ValueError
        If the text is no window.

    Examples
    --------
    >>> parse_window("2023-10-18 08:00-10:00").clock()
    ('08:00', '10:00')
    >>> parse_window("2023-10-18 23:30-00:30").end_min
    1470
    """
    found = WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no window: write it as '2023-10-18 08:00-10:00'")
    day, *clock = found.groups()
    hours_1, minutes_1, hours_2, minutes_2 = map(int, clock)
    if max(minutes_1, minutes_2) > 59 or hours_1 > 23 or (hours_2, minutes_2) > (24, 0):
        raise ValueError(f"{text!r} has a time that no clock shows")
    try:
        date = dt.date.fromisoformat(day)
    except ValueError as error:
        raise ValueError(f"{text!r} has a date that is in no calendar") from error
    start_min, end_min = hours_1 * 60 + minutes_1, hours_2 * 60 + minutes_2
    return Window(date=date, start_min=start_min, end_min=end_min if end_min > start_min else end_min + DAY_MIN)


class Travel(Table):
    """How people travel, and how far is near enough."""

    mode: Annotated[TravelMode, Field(description="on the streets, or by public transport")] = "walk"
    speed_km_h: Annotated[
        float | None,
        Field(
            gt=0,
            le=30,
            allow_inf_nan=False,
            description="speed on the streets and off them; default: the mode's; by public transport that of walking",
        ),
    ] = None
    standard_min: Annotated[Minutes, Field(description="coverage standard: covered means at most so many minutes")]
    cutoff_min: Annotated[
        Minutes | None, Field(description="where the search stops; default: the largest standard, at least 60 minutes")
    ] = None
    max_snap_m: Annotated[
        float, Field(gt=0, le=5000, allow_inf_nan=False, description="farther from any street is not connected")
    ] = 400.0
    window: Annotated[
        str | None, Field(description="transit: date and times of setting off, such as 2023-10-18 08:00-10:00")
    ] = None
    percentile: Annotated[
        Percentile, Field(description="transit: the travel time within which so many percent of the departures arrive")
    ] = 50.0
    direction: Annotated[
        Literal["towards", "away"], Field(description="transit: people travel towards the sites, or away from them")
    ] = "towards"
    step_min: Annotated[
        float | None, Field(gt=0, le=120, allow_inf_nan=False, description="transit: minutes between departures")
    ] = None
    max_walk_min: Annotated[Minutes, Field(description="transit: longest walk to the first stop and from the last")] = 10.0
    max_change_walk_min: Annotated[Minutes, Field(description="transit: longest walk between two vehicles")] = 5.0
    change_min: Annotated[
        float, Field(ge=0, le=60, allow_inf_nan=False, description="transit: time for a change, beside any walk")
    ] = 1.0
    draws: Annotated[
        int, Field(ge=20, le=500, description="transit: draws of when the vehicles of lines without a timetable pass")
    ] = 20
    seed: Annotated[int, Field(ge=0, description="transit: seed of the draws")] = 0
    headways: Annotated[
        tuple[HeadwayEntry, ...],
        Field(description="transit: headways and speeds assumed for a mode, in place of those of the city"),
    ] = ()

    @field_validator("window")
    @classmethod
    def _check_window(cls, text: str | None) -> str | None:
        if text is not None:
            parse_window(text)
        return text

    @model_validator(mode="after")
    def _check_keys_of_the_mode(self) -> Travel:
        fields = type(self).model_fields
        given = [name for name in ONLY_TRANSIT if getattr(self, name) != fields[name].default]
        if self.mode != "transit" and given:
            raise ValueError(f"{', '.join(given)}: no effect on the mode {self.mode!r}, take it out or write mode = 'transit'")
        if self.mode == "transit" and self.window is None:
            raise ValueError("the mode 'transit' needs a window, such as window = '2023-10-18 08:00-10:00'")
        if self.mode == "transit" and self.step_min is not None and self.step_min * 60 != round(self.step_min * 60):
            raise ValueError(f"step_min = {self.step_min:g} is no whole number of seconds")
        return self

    @property
    def street_mode(self) -> StreetMode:
        """Return the mode on the streets: by public transport people walk there."""
        return "walk" if self.mode == "transit" else self.mode

    @property
    def usual_speed_km_h(self) -> float:
        """Return the speed on the streets that counts: the scenario's own, else the mode's."""
        return self.speed_km_h if self.speed_km_h is not None else SPEED_KM_H[self.street_mode]

    @property
    def when(self) -> Window:
        """Return the window.

        Raises
        ------
        ValueError
            If there is none: people on the streets travel at any time.
        """
        if self.window is None:
            raise ValueError("there is no window")
        return parse_window(self.window)

    def usual_step_s(self, *, is_drawn: bool) -> int:
        """Return the seconds between departures that count: the scenario's own, else what suits the timetable."""
        usual_min = STEP_DRAWN_MIN if is_drawn else STEP_TOWARDS_MIN if self.direction == "towards" else STEP_AWAY_MIN
        return round((self.step_min if self.step_min is not None else usual_min) * 60)
