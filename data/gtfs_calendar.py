"""The dates on which each service of a GTFS feed runs: calendar.txt and calendar_dates.txt resolved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, FeedError, IdError
from data.gtfs_archive import DAYS, GtfsTable
from data.gtfs_columns import Parsed, look_up, parse_column, parse_date, parse_one_of, read_ids, read_texts, refuse_rows

MAX_SERVICE_DAYS = 200_000_000
"""How many services times days a feed may span; one whose dates are mistyped would fill the memory."""
ADDED, REMOVED = 1, 2


@dataclass(frozen=True)
class Calendar:
    """Whether each service runs on `first_date` plus so many days, shape (n_services, n_days); `position` finds services."""

    position: dict[str, int]
    first_date: dt.date
    last_date: dt.date
    service_days: NDArray[np.bool_]


@dataclass(frozen=True)
class _Weeks:
    """The rows of calendar.txt: service, first and last day, and the days of the week (Monday first)."""

    service: NDArray[np.intp]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weekdays: NDArray[np.bool_]


@dataclass(frozen=True)
class _Exceptions:
    """The rows of calendar_dates.txt: service, day, and whether service is added or removed."""

    service: NDArray[np.intp]
    day: NDArray[np.int64]
    is_added: NDArray[np.bool_]


def read_calendar(tables: Mapping[str, GtfsTable], faults: Faults, notes: list[str], *, where: str) -> Calendar:
    """Return the dates of service, cut to the first and last date on which any service runs."""
    weeks_table, exceptions_table = tables.get("calendar.txt"), tables.get("calendar_dates.txt")
    position = read_ids(weeks_table, "service_id", faults) if weeks_table else {}
    if exceptions_table:
        for service in read_texts(exceptions_table, "service_id"):
            if service:
                position.setdefault(service, len(position))
    position = {service: row for row, service in enumerate(position)}
    weeks = _read_weeks(weeks_table, position, faults) if weeks_table else None
    exceptions = _read_exceptions(exceptions_table, position, faults) if exceptions_table else None
    nothing = Calendar(position, dt.date.min, dt.date.min, np.zeros((len(position), 1), dtype=bool))
    if faults:
        return nothing
    resolved = _resolve(position, weeks, exceptions, faults, where)
    if resolved is None:
        return nothing
    n_idle = int((~resolved.service_days.any(axis=1)).sum())
    if n_idle:
        notes.append(f"{n_idle:,} of {len(position):,} services run on no date")
    return resolved


def _read_weeks(table: GtfsTable, position: Mapping[str, int], faults: Faults) -> _Weeks:
    dates: dict[str, Parsed] = {}
    for column in ("start_date", "end_date"):
        dates[column] = parse_column(table, column, parse_date)
        wrong = dates[column].is_wrong | dates[column].is_empty
        refuse_rows(faults, f"{column} is no date (YYYYMMDD)", table, wrong, column=column, id_column="service_id")
    start, end = dates["start_date"], dates["end_date"]
    is_reversed = start.is_given & end.is_given & (start.values > end.values)
    refuse_rows(faults, "start_date is later than end_date", table, is_reversed, column="service_id")
    weekdays = np.zeros((table.n, len(DAYS)), dtype=bool)
    for number, day in enumerate(DAYS):
        flag = parse_column(table, day, parse_one_of(0, 1))
        refuse_rows(faults, f"{day} is neither 0 nor 1", table, ~flag.is_given, column=day, id_column="service_id")
        weekdays[:, number] = flag.values == 1
    service = look_up(table, "service_id", position).values.astype(np.intp)
    return _Weeks(service, start.values, end.values, weekdays)


def _read_exceptions(table: GtfsTable, position: Mapping[str, int], faults: Faults) -> _Exceptions:
    service = look_up(table, "service_id", position)
    refuse_rows(faults, "service_id is missing", table, service.is_empty, error=IdError)
    day = parse_column(table, "date", parse_date)
    refuse_rows(faults, "date is no date (YYYYMMDD)", table, ~day.is_given, column="date", id_column="service_id")
    kind = parse_column(table, "exception_type", parse_one_of(ADDED, REMOVED))
    wrong = ~kind.is_given
    refuse_rows(faults, "exception_type is neither 1 nor 2", table, wrong, column="exception_type", id_column="service_id")
    pairs = np.column_stack([service.values, day.values])
    _, first = np.unique(pairs, axis=0, return_index=True)
    repeats = np.ones(table.n, dtype=bool)
    repeats[first] = False
    repeats &= day.is_given & service.is_given
    refuse_rows(faults, "a service has several exceptions for one date", table, repeats, column="date", id_column="service_id")
    return _Exceptions(service.values.astype(np.intp), day.values, kind.values == ADDED)


def _resolve(
    position: dict[str, int], weeks: _Weeks | None, exceptions: _Exceptions | None, faults: Faults, where: str
) -> Calendar | None:
    bounds = [] if weeks is None else [weeks.start.min(), weeks.end.max()]
    if exceptions is not None and exceptions.is_added.any():
        added = exceptions.day[exceptions.is_added]
        bounds += [added.min(), added.max()]
    first, last = (int(min(bounds)), int(max(bounds))) if bounds else (1, 1)
    if (last - first + 1) * len(position) > MAX_SERVICE_DAYS:
        what = f"the services span {dt.date.fromordinal(first)} to {dt.date.fromordinal(last)}, more than can be held"
        faults.add(FeedError(what, where=where, remedy="Correct the dates that are mistyped"))
        return None
    days = np.arange(first, last + 1)
    runs = np.zeros((len(position), days.size), dtype=bool)
    if weeks is not None:
        weekday = (days + 6) % 7  # ordinal 1, 0001-01-01, was a Monday
        in_range = (days >= weeks.start[:, None]) & (days <= weeks.end[:, None])
        runs[weeks.service] = weeks.weekdays[:, weekday] & in_range
    if exceptions is not None:
        inside = (exceptions.day >= first) & (exceptions.day <= last)
        runs[exceptions.service[inside], exceptions.day[inside] - first] = exceptions.is_added[inside]
    running = np.flatnonzero(runs.any(axis=0))
    if not running.size:
        faults.add(FeedError("no service runs on any date", where=where))
        return None
    start, end = int(running[0]), int(running[-1])
    kept = np.ascontiguousarray(runs[:, start : end + 1])
    return Calendar(position, dt.date.fromordinal(first + start), dt.date.fromordinal(first + end), kept)
