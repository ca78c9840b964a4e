"""The tables of a GTFS archive or folder as text, once the archive is known to be harmless."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from data.columns import need_columns
from data.errors import ColumnError, Faults, FeedError, FileError, PlannerError

MAX_BYTES = 1 << 30
"""How much all files of an archive may hold together, unpacked: 1 GiB."""
MAX_FILES = 10_000
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
REQUIRED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "agency.txt": ("agency_timezone",),
    "stops.txt": ("stop_id", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id", "route_type"),
    "trips.txt": ("trip_id", "route_id", "service_id"),
    "stop_times.txt": ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
    "calendar.txt": ("service_id", *DAYS, "start_date", "end_date"),
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs"),
    "transfers.txt": ("from_stop_id", "to_stop_id", "transfer_type"),
}
"""The tables that are read, and the columns that each must have if it is there (GTFS Schedule reference)."""
REQUIRED_FILES = ("agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)


@dataclass(frozen=True)
class GtfsTable:
    """One table as text.

    Parameters
    ----------
    where
        Name of feed and file, for messages.
    frame
        Every cell as its text, missing where empty; the index counts rows of the file from 1, without the header.
    """

    where: str
    frame: pd.DataFrame

    @property
    def n(self) -> int:
        """How many rows the table has."""
        return len(self.frame)


def read_tables(path: Path, *, name: str, max_bytes: int = MAX_BYTES) -> dict[str, GtfsTable]:
    """Return the tables of a feed by file name; one that may be absent, and is, or has no row, is left out.

    Raises
    ------
    FileError
        If there is no such path, it is neither folder nor zip, or a table cannot be read.
    FeedError
        If an archive is hostile, a required file is missing or has no rows, or both calendars are missing.
    ColumnError
        If a required column is missing, or a column stands twice.
    FaultsError
        If there are several of these.
    """
    contents = _read_folder(path, max_bytes) if path.is_dir() else _read_zip(path, max_bytes)
    faults = Faults()
    tables: dict[str, GtfsTable] = {}
    for file, content in contents.items():
        try:
            tables[file] = _parse_table(content, file, where=f"{name}, {file}")
        except PlannerError as error:
            faults.add(error)
    for file in REQUIRED_FILES:
        if file not in contents:
            faults.add(FeedError("the file is missing", where=f"{name}, {file}", remedy="It must lie at the top, in no folder"))
        elif file in tables and not tables[file].n:
            faults.add(FeedError("has no rows", where=f"{name}, {file}"))
    calendars = ("calendar.txt", "calendar_dates.txt")
    if not any(file in tables and tables[file].n for file in calendars) and not (set(calendars) & (contents.keys() - tables)):
        faults.add(FeedError("neither calendar.txt nor calendar_dates.txt says on which dates services run", where=name))
    faults.raise_if_any()
    return {file: table for file, table in tables.items() if table.n}


def _read_folder(path: Path, max_bytes: int) -> dict[str, bytes]:
    try:
        entries = sorted(path.iterdir())
        links = [entry.name for entry in entries if entry.is_symlink()]
        if links:
            raise FeedError("the folder holds symbolic links", where=str(path), n=len(links), examples=links)
        files = [entry for entry in entries if entry.is_file()]
        _check_size(sum(entry.stat().st_size for entry in files), max_bytes, where=str(path))
        return {entry.name: entry.read_bytes() for entry in files if entry.name in REQUIRED_COLUMNS}
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def _read_zip(path: Path, max_bytes: int) -> dict[str, bytes]:
    where = str(path)
    if not path.exists():
        raise FileError("the feed does not exist", where=where)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_archive(infos, max_bytes, where)
            return {info.filename: _unpack(archive, info) for info in infos if info.filename in REQUIRED_COLUMNS}
    except PlannerError:
        raise
    except zipfile.BadZipFile as error:
        raise FileError(f"is no sound zip archive: {error}", where=where, remedy="Fetch the feed again") from error
    except ARCHIVE_ERRORS as error:
        raise FileError(f"the archive cannot be read: {error}", where=where, remedy="Fetch the feed again") from error


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return the content of a file, never more than the size that was checked.

    `ZipFile.read` would unpack up to 2 GiB at once and cut the rest away afterwards; a size asked for bounds the memory,
    and the checksum then tells of a directory that lied.
    """
    with archive.open(info) as file:
        return file.read(info.file_size + 1)


def _check_archive(infos: Iterable[zipfile.ZipInfo], max_bytes: int, where: str) -> None:
    """Refuse an archive that nobody who means well has packed, before anything in it is unpacked."""
    infos = list(infos)
    names = [info.filename for info in infos]
    kinds = {
        "names lead out of the archive": [info.filename for info in infos if _leads_out(info)],
        "files are symbolic links": [info.filename for info in infos if stat.S_ISLNK(info.external_attr >> 16)],
        "files are packed neither plainly nor with deflate": [
            info.filename for info in infos if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        ],  # Python bounds the memory for these two alone
        "files are encrypted": [info.filename for info in infos if info.flag_bits & 0x1],
        "names stand twice": sorted(name for name, n in Counter(names).items() if n > 1),
    }
    faults = Faults()
    for what, found in kinds.items():
        if found:
            faults.add(FeedError(what, where=where, n=len(found), examples=found, remedy="Fetch the feed from its publisher"))
    if len(names) > MAX_FILES:
        faults.add(FeedError(f"the archive has {len(names):,} files, more than {MAX_FILES:,}", where=where))
    try:
        _check_size(sum(info.file_size for info in infos), max_bytes, where=where)
    except FeedError as error:
        faults.add(error)
    faults.raise_if_any()


def _leads_out(info: zipfile.ZipInfo) -> bool:
    name = info.orig_filename
    is_windows = "\\" in name or name[1:2] == ":"
    return is_windows or "\0" in name or name.startswith("/") or ".." in PurePosixPath(name).parts


def _check_size(n_bytes: int, max_bytes: int, *, where: str) -> None:
    if n_bytes > max_bytes:
        what = f"holds {n_bytes:,} bytes unpacked, more than {max_bytes:,}"
        raise FeedError(what, where=where, remedy="Leave out the files that are not read, most of all shapes.txt")


def _parse_table(content: bytes, file: str, *, where: str) -> GtfsTable:
    columns = REQUIRED_COLUMNS[file]
    if not content.strip():
        return GtfsTable(where, pd.DataFrame(columns=list(columns), dtype="str"))
    try:
        # Blank lines are kept until the rows have their numbers. The header is read as a row: pandas would rename a
        # column that stands twice, and take the first column for an index where rows are longer than the header.
        raw = pd.read_csv(
            io.BytesIO(content), encoding="utf-8-sig", dtype=str, keep_default_na=False, na_values=[""], header=None,
            skip_blank_lines=False,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise FileError(f"the text is not UTF-8 (byte {error.start})", where=where) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise FileError(f"cannot be read as CSV: {str(error).strip()}", where=where) from error
    header = raw.iloc[0].fillna("").str.strip()
    twice = sorted(set(header[header.duplicated()]) - {""})
    if twice:
        raise ColumnError("columns stand twice in the header", where=where, examples=twice, n=len(twice))
    rows = raw.iloc[1:]
    rows.columns = pd.Index(header.tolist())
    need_columns(rows, columns, where=where)
    return GtfsTable(where, rows.loc[~rows[columns[0]].isna() | rows.notna().any(axis=1)])
