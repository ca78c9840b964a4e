"""Checks of lines without a timetable and of what is assumed about them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from data.columns import need_columns
from data.errors import CountError, Faults, FeedError
from data.feed import MODES, is_time_zone

LINE_COLUMNS = ("mode", "line", "branch", "seq", "stop_id", "name", "lat", "lon")
ASSUMPTION_COLUMNS = ("mode", "from_s", "until_s", "headway_s", "speed_km_h")


def check_assumed(
    lines: pd.DataFrame, assumptions: pd.DataFrame, *, draw: int, seed: int, dates: tuple[dt.date, dt.date], time_zone: str
) -> None:
    """Check what `build_assumed_feed` is given, all of it at once.

    Raises
    ------
    ColumnError
        If a column is missing.
    FeedError
        If lines, periods, dates or the time zone do not hold together.
    CountError
        If a number is missing or too small.
    FaultsError
        If there are several of these.
    """
    need_columns(lines, LINE_COLUMNS, where="lines")
    need_columns(assumptions, ASSUMPTION_COLUMNS, where="assumptions")
    faults = Faults()
    for what, value in (("draw", draw), ("seed", seed)):
        if value < 0:
            faults.add(CountError(f"{what} is negative: {value}", where="lines"))
    if dates[0] > dates[1]:
        faults.add(FeedError(f"the last date, {dates[1]}, is before the first, {dates[0]}", where="lines"))
    if not is_time_zone(time_zone):
        faults.add(FeedError(f"the time zone {time_zone!r} is unknown", where="lines"))
    _check_lines(lines, assumptions, faults)
    _check_assumptions(assumptions, faults)
    faults.raise_if_any()


def _check_lines(lines: pd.DataFrame, assumptions: pd.DataFrame, faults: Faults) -> None:
    lines = lines[lines["in_2025"].to_numpy(dtype=bool)] if "in_2025" in lines.columns else lines
    if not len(lines):
        faults.add(FeedError("no line runs", where="lines"))
    empty = lines[["mode", "line", "branch", "seq", "stop_id"]].isna().any(axis=1).to_numpy(dtype=bool)
    places = lines[["lon", "lat"]].to_numpy(dtype=float)
    good = np.isfinite(places).all(axis=1) & (np.abs(places) <= [180, 90]).all(axis=1) & (places != 0).any(axis=1)
    repeats = lines.duplicated(["mode", "line", "branch", "seq"]).to_numpy(dtype=bool)
    kinds = {"mode, line, branch, seq or stop_id is missing": empty, "the stop has no place": ~good, "seq repeats": repeats}
    for what, wrong in kinds.items():
        if wrong.any():
            examples = [f"row {label + 1}" for label in lines.index[wrong]]
            faults.add(FeedError(what, where="lines", n=len(examples), examples=examples))
    n_stops = lines.groupby(["mode", "line", "branch"])["stop_id"].nunique()
    short = n_stops.index[n_stops < 2]
    if len(short):
        examples = ["/".join(key) for key in short]
        faults.add(FeedError("a branch has fewer than two stops", where="lines", n=len(short), examples=examples))
    modes = sorted(set(lines["mode"].dropna()))
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown:
        remedy = f"Known are {', '.join(MODES)}"
        faults.add(FeedError("the mode is unknown", where="lines", n=len(unknown), examples=unknown, remedy=remedy))
    silent = sorted(set(modes) - set(assumptions["mode"]))
    if silent:
        faults.add(FeedError("nothing is assumed for a mode of the lines", where="assumptions", n=len(silent), examples=silent))


def _check_assumptions(assumptions: pd.DataFrame, faults: Faults) -> None:
    columns = [column for column in (*ASSUMPTION_COLUMNS[1:], "dwell_s") if column in assumptions.columns]
    values = assumptions[columns].apply(pd.to_numeric, errors="coerce")
    kinds = {
        "a number is missing": values.isna().any(axis=1) | ~np.isfinite(values).all(axis=1),
        "headway_s is less than 1": values["headway_s"] < 1,
        "speed_km_h is not above 0": values["speed_km_h"] <= 0,
        "from_s is negative": values["from_s"] < 0,
    }
    if "dwell_s" in values:
        kinds["dwell_s is negative"] = values["dwell_s"] < 0
    for what, wrong in kinds.items():
        if wrong.any():
            examples = [f"row {row + 1}" for row in np.flatnonzero(wrong)]
            faults.add(CountError(what, where="assumptions", n=len(examples), examples=examples))
    is_empty = (values["until_s"] <= values["from_s"]).to_numpy(dtype=bool)
    if is_empty.any():
        examples = [f"row {row + 1}" for row in np.flatnonzero(is_empty)]
        faults.add(FeedError("a period ends before it starts", where="assumptions", n=len(examples), examples=examples))
    for mode, rows in values.groupby(assumptions["mode"].to_numpy(), sort=True):
        rows = rows.sort_values("from_s")
        if (rows["from_s"].to_numpy()[1:] < rows["until_s"].to_numpy()[:-1]).any():
            faults.add(FeedError(f"periods of {mode!r} overlap", where="assumptions"))
