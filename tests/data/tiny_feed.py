"""A feed of two bus trips over three stops, whose tables a test changes before it is written."""

from __future__ import annotations

import zipfile
from pathlib import Path

from data.feed import Feed
from data.gtfs import read_gtfs

TABLES = {
    "agency": "agency_id,agency_name,agency_timezone\nX,Tiny,Europe/Rome\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\nA,Alfa,45.46,9.18\nB,Beta,45.47,9.18\nC,Gamma,45.50,9.18\n",
    "routes": "route_id,route_short_name,route_type\nR,1,3\n",
    "trips": "route_id,service_id,trip_id\nR,S,T1\nR,S,T2\n",
    "stop_times": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "T1,08:00:00,08:00:00,A,1\nT1,08:05:00,08:06:00,B,2\nT1,08:20:00,08:20:00,C,3\n"
        "T2,09:00:00,09:00:00,A,1\nT2,09:05:00,09:06:00,B,2\nT2,09:20:00,09:20:00,C,3\n"
    ),
    "calendar": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "S,1,1,1,1,1,1,1,20231001,20231031\n"
    ),
}


class TinyFeed:
    """Tables of a feed by name without ".txt"; `table[name]` may be replaced or deleted before it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = dict(TABLES)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text in a table, which must be there."""
        if old not in self.table[name]:
            raise KeyError(old)
        self.table[name] = self.table[name].replace(old, new)

    def add(self, name: str, *rows: str) -> None:
        """Add rows to a table."""
        self.table[name] = self.table[name] + "".join(f"{row}\n" for row in rows)

    def write(self) -> Path:
        """Write the tables as a folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.table.items():
            (self.folder / f"{name}.txt").write_text(text, encoding="utf-8")
        return self.folder

    def write_zip(self) -> Path:
        """Write the tables as an archive."""
        path = self.folder.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in self.table.items():
                archive.writestr(f"{name}.txt", text)
        return path

    def read(self, *, name: str = "tiny", drop_faulty: bool = False) -> Feed:
        """Return the feed as it reads from a folder."""
        return read_gtfs(self.write(), name=name, drop_faulty=drop_faulty)
