"""Service days on one axis of passing seconds: days on which the clock changes are 23 or 25 hours long."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

DAY_S = 86_400
HALF_DAY_S = 43_200


@dataclass(frozen=True)
class WindowClock:
    """An axis of seconds that pass, which shows the local clock of a date at the start of a window.

    Parameters
    ----------
    date
        Date of the window.
    zero_s
        The instant that the axis calls 0, seconds of the Unix epoch.
    """

    date: dt.date
    zero_s: int

    def shift(self, day: dt.date, *, time_zone: str) -> int:
        """Return what to add to the times of a service day: they count from noon minus 12 h in its time zone."""
        noon = dt.datetime.combine(day, dt.time(12), tzinfo=zoneinfo.ZoneInfo(time_zone))
        return int(noon.timestamp()) - HALF_DAY_S - self.zero_s


def set_clock(date: dt.date, start_s: int, *, time_zone: str) -> WindowClock:
    """Return the axis on which a window starts at `start_s` seconds after midnight by the local clock of a date.

    Notes
    -----
    An hour that the clock shows twice is its first one, and an hour that it skips is counted on from before.

    Examples
    --------
    >>> clock = set_clock(dt.date(2023, 10, 29), 8 * 3600, time_zone="Europe/Rome")
    >>> clock.shift(dt.date(2023, 10, 29), time_zone="Europe/Rome"), clock.shift(dt.date(2023, 10, 28), time_zone="Europe/Rome")
    (0, -90000)
    """
    start = _read_clock(date, start_s, time_zone)
    return WindowClock(date, int(start.timestamp()) - start_s)


def tell_clock(date: dt.date, start_s: int, end_s: int, *, time_zones: Sequence[str]) -> list[str]:
    """Return notes on a clock that changes within a window, and on feeds whose clock is not the one of the window."""
    notes = []
    start, end = _read_clock(date, start_s, time_zones[0]), _read_clock(date, end_s, time_zones[0])
    before, after = start.utcoffset(), end.utcoffset()
    if before != after and before is not None and after is not None:
        hours = (after - before).total_seconds() / 3600
        text = f"the clock of {time_zones[0]} changes by {hours:+g} h within the window or soon after it"
        notes.append(f"{text}: times count the seconds that pass from its start")
    others = sorted(set(time_zones) - {time_zones[0]})
    if others:
        notes.append(f"times are by the clock of {time_zones[0]}; feeds in {', '.join(others)} were brought to it")
    return notes


def _read_clock(date: dt.date, seconds: int, time_zone: str) -> dt.datetime:
    midnight = dt.datetime.combine(date, dt.time(), tzinfo=zoneinfo.ZoneInfo(time_zone))
    return midnight + dt.timedelta(seconds=seconds)  # aware datetimes of one zone add by the clock, not by what passes
