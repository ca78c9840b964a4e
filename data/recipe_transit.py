"""What a recipe may say about public transport: feeds with a timetable, and lines whose headways and speeds are assumed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Protocol

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from data.city import Limit
from data.feed import is_time_zone
from data.lines import DWELL_S
from data.recipe_layers import TABLE_SUFFIXES, Conditions, SourceEntry, StrictModel, Text, check_file_name

FEED_SUFFIXES = (".zip",)
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
LAST_HOUR = 48
HEADWAY_COLUMNS = ("mode", "from_s", "until_s", "headway_s", "speed_km_h", "dwell_s", "source")


def check_feed_name(name: str) -> str:
    """Return the name of a GTFS archive, or of a folder with its files, as `check_file_name` does."""
    is_folder = "." not in name.rsplit("/", maxsplit=1)[-1]
    return check_file_name(name, suffixes=("",) if is_folder else FEED_SUFFIXES)


def check_table_name(name: str) -> str:
    """Return the name of a CSV file, as `check_file_name` does."""
    return check_file_name(name, suffixes=TABLE_SUFFIXES)


def check_time_zone(name: str) -> str:
    """Return the name of a time zone if there is one of this name."""
    if not is_time_zone(name):
        raise ValueError(f"there is no time zone {name!r}, write it as 'Europe/Rome'")
    return name


def check_clock(text: str) -> str:
    """Return a clock time if it is one; hours go on beyond 24 for what runs after midnight."""
    found = CLOCK.fullmatch(text)
    if found is None or int(found[1]) > LAST_HOUR:
        raise ValueError(f"{text!r} is no clock time: write it as '07:00', or '25:30' for half past one of the next day")
    return text


def _number(value: object) -> object:
    """Take a whole number for a number: TOML tells them apart, people do not."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Clock = Annotated[str, AfterValidator(check_clock)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]


class LimitEntry(StrictModel):
    """A sentence that every plan prints which rests on a layer."""

    it: Text
    en: Text


class HeadwayEntry(StrictModel):
    """What is assumed of the lines of a mode in a period of the day."""

    mode: Text
    begin: Annotated[Clock, Field(alias="from")]
    until: Clock
    headway_min: Positive
    speed_km_h: Positive
    dwell_s: Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)] = DWELL_S
    source: Text

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class HasLimits(Protocol):
    """An entry with sentences that every plan prints which rests on its layer."""

    @property
    def limits(self) -> list[LimitEntry]:
        """Return them."""


class TimetableEntry(SourceEntry):
    """A public-transport feed: a GTFS archive, or a folder with its files."""

    has_positions: ClassVar[bool] = False
    has_own_geometry: ClassVar[bool] = False

    role: Literal["timetable"]
    file: Annotated[str, AfterValidator(check_feed_name)]
    layer: None = None
    keep: Conditions = Field(default={}, max_length=0)
    drop_faulty: bool = False
    limits: list[LimitEntry] = Field(default_factory=list)


class LinesEntry(SourceEntry):
    """Lines without a timetable: their stops in order, and what is assumed of them."""

    has_positions: ClassVar[bool] = False
    has_own_geometry: ClassVar[bool] = False

    role: Literal["lines"]
    file: Annotated[str, AfterValidator(check_table_name)]
    time_zone: Annotated[str, AfterValidator(check_time_zone)]
    headways: Annotated[list[HeadwayEntry], Field(min_length=1)]
    limits: list[LimitEntry] = Field(default_factory=list)


def list_limits(entry: HasLimits) -> tuple[Limit, ...]:
    """Return the sentences of an entry."""
    return tuple(Limit(it=limit.it, en=limit.en) for limit in entry.limits)


def headway_rows(entries: Sequence[HeadwayEntry]) -> pd.DataFrame:
    """Return what is assumed as a table with the columns `HEADWAY_COLUMNS`, one row an entry, in seconds."""
    rows = [
        (one.mode, _seconds(one.begin), _seconds(one.until), one.headway_min * 60.0, one.speed_km_h, one.dwell_s, one.source)
        for one in entries
    ]
    table = pd.DataFrame(rows, columns=list(HEADWAY_COLUMNS))
    return table.astype({"mode": "str", "source": "str", "from_s": "int64", "until_s": "int64"})


def headway_table(city: pd.DataFrame, own: Sequence[HeadwayEntry]) -> pd.DataFrame:
    """Return what a city assumes, with the rows of every mode that a scenario names replaced by its own.

    Parameters
    ----------
    city
        The layer ``headways`` of a pack.
    own
        What the scenario assumes; may be empty.
    """
    if not own:
        return city
    table = headway_rows(own)
    return pd.concat([city[~city["mode"].isin(table["mode"])], table], ignore_index=True)


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return (int(hours) * 60 + int(minutes)) * 60
