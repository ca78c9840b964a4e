"""Public transport for the tiny city: a feed of two bus trips, a metro line and a bus line on assumed headways."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.data.tiny import PAPER, TinyCity, place
from tests.data.tiny_feed import TinyFeed

BUSES = {"role": "timetable", "file": "buses.zip", **PAPER}
METRO = {"mode": "metro", "from": "06:00", "until": "25:30", "headway_min": 4, "speed_km_h": 36, "dwell_s": 25}
BUS = {"mode": "bus", "from": "07:00", "until": "21:00", "headway_min": 7.5, "speed_km_h": 18.0}
LIMIT = {"it": "Frequenze presunte.", "en": "Assumed headways."}
STOPS = [
    ("metro", "M1", "1", "1", "a", "Alfa", "True", 100, 500),
    ("metro", "M1", "1", "2", "b", "Beta", "True", 1000, 500),
    ("metro", "M1", "1", "3", "c", "Gamma", "True", 1900, 500),
    ("bus", "9", "1", "1", "d", "Delta", "False", 100, 100),
    ("bus", "9", "1", "2", "e", "Eta", "False", 100, 900),
    ("bus", "5", "1", "1", "d", "Delta", "True", 100, 100),
    ("bus", "5", "1", "2", "c", "Gamma", "True", 1900, 500),
]


def lines_table(rows: list[tuple[Any, ...]] | None = None) -> pd.DataFrame:
    """Return the lines as a CSV file holds them."""
    columns = ["mode", "line", "branch", "seq", "stop_id", "name", "runs", "east", "north"]
    frame = pd.DataFrame(rows or STOPS, columns=columns)
    where = [place(east, north) for east, north in zip(frame.pop("east"), frame.pop("north"), strict=True)]
    return frame.assign(lon=[lon for lon, _ in where], lat=[lat for _, lat in where])


def add_transit(tiny: TinyCity) -> None:
    """Give the city a feed `buses` and lines, in its recipe and its files."""
    tiny.folder.mkdir(exist_ok=True)
    TinyFeed(tiny.folder / "buses").write_zip()
    tiny.frames["lines.csv"] = lines_table()
    tiny.tables["layers"]["buses"] = dict(BUSES)
    tiny.tables["layers"]["assumed"] = {
        "role": "lines",
        "file": "lines.csv",
        "keep": {"runs": [True]},
        "time_zone": "Europe/Rome",
        "headways": [{**METRO, "source": "a guess"}, {**BUS, "source": "another"}],
        "limits": [dict(LIMIT)],
        **PAPER,
    }
