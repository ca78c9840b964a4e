"""Whether a workbook that came by mail may be opened: what it unpacks to, and that it declares no entities."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from data.errors import FileError

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_UNPACKED = 40 * 1024 * 1024
MOST_MEMBERS = 200
_REMEDY = "Ask for the sheet again, saved from the one that was sent"


def check_workbook_file(path: Path) -> None:
    """Check that a file is a workbook of a size that a review sheet can have.

    A packed file of some kilobytes can unpack to gigabytes: sizes are counted while it unpacks, not believed.

    Raises
    ------
    FileError
        If it is no such file.
    """
    where = path.name
    try:
        if path.stat().st_size > LARGEST_FILE:
            what = f"the file is larger than {LARGEST_FILE // 1024**2} MB, no review sheet is"
            raise FileError(what, where=where, remedy=_REMEDY)
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            if len(members) > MOST_MEMBERS:
                raise FileError(f"the file packs {len(members)} files, no review sheet does", where=where, remedy=_REMEDY)
            left = LARGEST_UNPACKED
            for member in members:
                left -= _check_member(packed, member, left, where=where)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"the file is no workbook, or is broken: {error}", where=where, remedy=_REMEDY) from error


def _check_member(packed: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, *, where: str) -> int:
    """Return how many bytes a packed file unpacks to."""
    size = 0
    tail = b""
    with packed.open(member) as file:
        while chunk := file.read(1 << 20):
            size += len(chunk)
            if size > left:
                what = f"the file unpacks to more than {LARGEST_UNPACKED // 1024**2} MB, no review sheet does"
                raise FileError(what, where=where, remedy=_REMEDY)
            seen = tail + chunk
            if member.filename.endswith((".xml", ".rels", ".vml")) and b"<!" in seen and _declares(seen):
                raise FileError("the file declares entities, no workbook does", where=where, remedy=_REMEDY)
            tail = chunk[-16:]
    return size


def _declares(seen: bytes) -> bool:
    upper = seen.upper()
    return b"<!DOCTYPE" in upper or b"<!ENTITY" in upper
