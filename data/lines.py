"""Lines without a timetable, run on assumed headways and speeds, as a feed like any other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.columns import clean_text, gather_columns, need_columns, read_booleans, read_counts, read_numbers
from data.feed import Feed
from data.line_checks import LINE_COLUMNS, check_assumed
from data.line_patterns import Pattern, list_patterns
from data.read_file import read_csv

DWELL_S = 20.0
"""How long a vehicle stands at a stop on the way, unless the assumptions say."""
M_S_PER_KM_H = 1000 / 3600


def read_lines(path: Path) -> pd.DataFrame:
    """Return a table of lines with their stops in order, from a CSV file.

    Returns
    -------
    DataFrame
        One row a stop of a branch: mode, line, branch, stop_id, name (text), seq (int64), lat, lon (degrees, EPSG:4326),
        and in_2025 (bool) if the file has it; file order, RangeIndex.

    Raises
    ------
    FileError
        If the file cannot be read.
    ColumnError
        If a column is missing.
    CountError
        If a sequence or coordinate is no number.
    """
    return clean_lines(read_csv(path, separator=",", encoding="utf-8", where=path.name), where=path.name)


def clean_lines(frame: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return a table of lines as `read_lines` does, from the texts of a CSV file.

    Raises
    ------
    ColumnError
        If a column is missing.
    CountError
        If a sequence or coordinate is no number.
    """
    need_columns(frame, LINE_COLUMNS, where=where)
    steps: dict[str, Callable[[], Any]] = {
        **{name: partial(clean_text, frame[name]) for name in ("mode", "line", "branch", "stop_id", "name")},
        "seq": partial(_read_sequence, frame, where),
        **{name: partial(read_numbers, frame, name, where=where, is_signed=True) for name in ("lat", "lon")},
    }
    if "in_2025" in frame.columns:
        steps["in_2025"] = partial(read_booleans, frame, "in_2025", where=where)
    return pd.DataFrame(gather_columns(steps))


def _read_sequence(frame: pd.DataFrame, where: str) -> pd.Series:
    return read_counts(frame, ["seq"], where=where)["seq"]


def build_assumed_feed(
    lines: pd.DataFrame,
    assumptions: pd.DataFrame,
    *,
    draw: int,
    seed: int = 0,
    first_date: dt.date,
    last_date: dt.date,
    name: str = "lines",
    time_zone: str = "Europe/Rome",
) -> Feed:
    """Return lines without a timetable as a feed that runs on every date, at headways and speeds that are assumed.

    Parameters
    ----------
    lines
        As `read_lines` returns them. Rows whose in_2025 is False are left out.
    assumptions
        One row a mode and period of the day: mode; from_s, until_s (seconds after midnight, may exceed 86 400; the end is
        not in the period); headway_s, the seconds between two vehicles of a line in one direction; speed_km_h, over the
        straight line between stops, standing not included; and dwell_s at each stop on the way, 20 s where it is absent.
        Periods of a mode may leave gaps, in which nothing departs, but may not overlap.
    draw, seed
        Which draw of the phases, and the seed of all draws: a line keeps its phases whatever other lines there are.
    first_date, last_date
        Dates between which the lines run, both included.
    name, time_zone
        As for a feed that was read.

    Raises
    ------
    ColumnError
        If a column is missing.
    FeedError
        If the time zone or a mode is unknown, a mode has no assumption, periods overlap or are empty, a branch has fewer
        than two stops, a stop has no place, or the dates are reversed.
    CountError
        If a headway or speed is not above 0, a dwell is negative, or draw or seed is negative.
    FaultsError
        If there are several of these.

    Notes
    -----
    The first vehicle of a period leaves its first stop at ``from_s + floor(u · headway_s)``, u drawn evenly from [0, 1)
    for each line, direction and draw. The branches of a line that share stops in one direction share its headway: each of
    k runs every ``k · headway_s``, set off so that where they have joined a vehicle passes every ``headway_s``. A vehicle
    keeps the speed of the period in which it sets off.
    """
    check_assumed(lines, assumptions, draw=draw, seed=seed, dates=(first_date, last_date), time_zone=time_zone)
    notes: list[str] = []
    patterns = list_patterns(_keep_current(lines, notes), draw=draw, seed=seed, notes=notes)
    runs = _plan_runs(patterns, assumptions)
    notes.insert(0, _describe(assumptions, draw=draw, seed=seed))
    return _assemble(lines, patterns, runs, name=name, time_zone=time_zone, dates=(first_date, last_date), notes=notes)


@dataclass(frozen=True)
class _Run:
    """One trip with its frequency: a pattern in one period."""

    pattern: Pattern
    arrival_s: NDArray[np.int64]
    departure_s: NDArray[np.int64]
    start_s: int
    until_s: int
    headway_s: int


def _keep_current(lines: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    if "in_2025" not in lines.columns:
        return lines.reset_index(drop=True)
    kept = lines["in_2025"].to_numpy(dtype=bool)
    n_lines = lines.loc[~kept, "line"].nunique()
    if n_lines:
        notes.append(f"{int((~kept).sum()):,} rows of {n_lines:,} lines that no longer run were left out")
    return lines.loc[kept]


def _plan_runs(patterns: list[Pattern], assumptions: pd.DataFrame) -> list[_Run]:
    """Return one run a pattern and period, by pattern, then period."""
    periods = assumptions.sort_values(["mode", "from_s"], kind="stable").to_dict("records")
    runs = []
    for pattern in patterns:
        for period in periods:
            if period["mode"] != pattern.mode:
                continue
            headway, dwell = float(period["headway_s"]), float(period.get("dwell_s", DWELL_S))
            speed_m_s = float(period["speed_km_h"]) * M_S_PER_KM_H
            every = round(headway * pattern.n_sharing)
            ahead_s = pattern.ahead_m / speed_m_s + pattern.ahead_stops * dwell
            start = float(period["from_s"]) + ((pattern.phase + pattern.turn) * headway - ahead_s) % every
            if start >= float(period["until_s"]):
                continue  # a headway longer than the period: in this draw nothing of the branch falls into it
            drive = np.maximum(pattern.step_m / speed_m_s, 1.0)
            drive[0] = 0.0
            stand = np.full(len(drive), dwell)
            stand[[0, -1]] = 0.0
            departure = np.cumsum(drive + stand)
            arrival = np.rint(departure - stand).astype(np.int64)
            runs.append(_Run(pattern, arrival, np.rint(departure).astype(np.int64), int(start), int(period["until_s"]), every))
    return runs


def _describe(assumptions: pd.DataFrame, *, draw: int, seed: int) -> str:
    modes = ", ".join(
        f"{mode} {rows['headway_s'].min():g} to {rows['headway_s'].max():g} s"
        f" at {rows['speed_km_h'].min():g} to {rows['speed_km_h'].max():g} km/h"
        for mode, rows in assumptions.groupby("mode", sort=True)
    )
    return f"assumed headways and speeds, no timetable: {modes}; phases of draw {draw}, seed {seed}"


def _assemble(
    lines: pd.DataFrame,
    patterns: list[Pattern],
    runs: list[_Run],
    *,
    name: str,
    time_zone: str,
    dates: tuple[dt.date, dt.date],
    notes: list[str],
) -> Feed:
    rows = np.unique(np.concatenate([pattern.rows for pattern in patterns]))
    stops = lines.loc[rows].drop_duplicates("stop_id").reset_index(drop=True)
    place = pd.Series(np.arange(len(stops)), index=stops["stop_id"])
    routes = sorted({(pattern.mode, pattern.line) for pattern in patterns})
    route = {key: number for number, key in enumerate(routes)}
    calls = [place.loc[lines.loc[run.pattern.rows, "stop_id"]].to_numpy(dtype=np.intp) for run in runs]
    n_calls = np.array([len(one) for one in calls], dtype=np.intp)
    trips = np.arange(len(runs), dtype=np.intp)
    n_times = int(n_calls.sum())
    nothing = np.zeros(0, dtype=np.intp)
    n_days = (dates[1] - dates[0]).days + 1
    return Feed(
        name=name,
        time_zone=time_zone,
        stop_ids=tuple(stops["stop_id"]),
        stop_names=tuple(stops["name"].fillna("")),
        lon=stops["lon"].to_numpy(dtype=float),
        lat=stops["lat"].to_numpy(dtype=float),
        station=np.arange(len(stops), dtype=np.intp),
        trip_ids=tuple(f"{run.pattern.id}:{run.start_s}" for run in runs),
        trip_route=np.array([route[run.pattern.mode, run.pattern.line] for run in runs], dtype=np.intp),
        trip_service=np.zeros(len(runs), dtype=np.intp),
        route_ids=tuple(line for _, line in routes),
        route_names=tuple(line for _, line in routes),
        route_mode=tuple(mode for mode, _ in routes),
        time_trip=np.repeat(trips, n_calls),
        time_stop=np.concatenate([nothing, *calls]),
        arrival_s=np.concatenate([nothing.astype(np.int64), *(run.arrival_s for run in runs)]),
        departure_s=np.concatenate([nothing.astype(np.int64), *(run.departure_s for run in runs)]),
        can_board=np.ones(n_times, dtype=bool),
        can_alight=np.ones(n_times, dtype=bool),
        frequency_trip=trips,
        frequency_start_s=np.array([run.start_s for run in runs], dtype=np.int64),
        frequency_end_s=np.array([run.until_s for run in runs], dtype=np.int64),
        frequency_headway_s=np.array([run.headway_s for run in runs], dtype=np.int64),
        frequency_is_exact=np.ones(len(runs), dtype=bool),  # the phase was drawn, so nothing is left open
        transfer_from=nothing,
        transfer_to=nothing,
        transfer_min_s=nothing.astype(np.int64),
        transfer_is_forbidden=nothing.astype(bool),
        first_date=dates[0],
        last_date=dates[1],
        service_days=np.ones((1, n_days), dtype=bool),
        notes=tuple(notes),
    )
