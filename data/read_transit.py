"""Public transport that a recipe names: feeds with their papers, and lines whose running is assumed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from data.city import CityFeed, Paper
from data.columns import match_rows, need_columns
from data.errors import EmptyLayerError, FileError
from data.files import digest_file, find_source
from data.gtfs import read_gtfs
from data.line_checks import check_assumed
from data.lines import build_assumed_feed, clean_lines
from data.read_file import SourceTable
from data.recipe_transit import LinesEntry, TimetableEntry, headway_rows, list_limits

SOME_DAY = dt.date(2000, 1, 3)
"""Lines run alike on every day; whether they can run is tried on one of them."""


def read_feed(name: str, entry: TimetableEntry, root: Path) -> CityFeed:
    """Return the feed of an entry and its paper; its rows are the trips.

    Raises
    ------
    PlannerError
        Whatever `data.gtfs.read_gtfs` raises; FileError if the feed is missing or outside the folder.
    """
    path = root / entry.file
    files = _list_files(path, root) if path.is_dir() else [find_source(root, entry.file)]
    feed = read_gtfs(path, name=name, drop_faulty=entry.drop_faulty)
    paper = Paper(
        source=entry.source,
        licence=entry.licence,
        attribution=entry.attribution,
        date=entry.date,
        files=tuple(one.relative_to(root).as_posix() for one in files),
        files_sha256=tuple(digest_file(one) for one in files),
        source_crs="EPSG:4326",
        rows=feed.n_trips,
    )
    return CityFeed(feed=feed, paper=paper, limits=list_limits(entry))


def _list_files(folder: Path, root: Path) -> list[Path]:
    if not folder.resolve().is_relative_to(root.resolve()):
        raise FileError("the folder lies outside the folder of the sources", where=folder.name)
    return sorted(path for path in folder.glob("*.txt") if path.is_file())


def read_city_lines(table: SourceTable, entry: LinesEntry) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the lines, what is assumed of them, and notes, once it is known that they can run.

    Returns
    -------
    lines
        mode, line, branch, stop_id, name, seq, lat, lon (EPSG:4326); RangeIndex.
    headways
        As `data.recipe_transit.headway_rows` returns them.
    notes
        What was left out.

    Raises
    ------
    PlannerError
        Whatever `data.lines.clean_lines` and `data.lines.build_assumed_feed` raise; EmptyLayerError if `keep` leaves no row.
    """
    need_columns(table.frame, entry.keep, where=table.where)
    kept = table.frame[match_rows(table.frame, entry.keep)]
    if not len(kept):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    lines = clean_lines(kept, where=table.where)
    if "in_2025" in lines:
        lines = lines[lines["in_2025"]].drop(columns="in_2025")
    headways = headway_rows(entry.headways)
    # Before the rows are numbered anew: messages name those of the file.
    check_assumed(lines, headways, draw=0, seed=0, dates=(SOME_DAY, SOME_DAY), time_zone=entry.time_zone)
    lines = lines.reset_index(drop=True)
    tried = build_assumed_feed(
        lines, headways, draw=0, first_date=SOME_DAY, last_date=SOME_DAY, time_zone=entry.time_zone, name=table.where
    )
    n_left_out = len(table.frame) - len(lines)
    notes = [f"{n_left_out:,} rows were left out"] if n_left_out else []
    # The first note of a drawn feed says what was assumed and which draw it is: the table says the one, plans the other.
    return lines, headways, [*notes, *tried.notes[1:]]
