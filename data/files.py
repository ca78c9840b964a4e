"""Files: digests, sizes that contradict the content, folders that are replaced whole."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import FileError

CHUNK_BYTES = 1 << 20


def digest_file(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal digits.

    Raises
    ------
    FileError
        If the file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    return digest.hexdigest()


@contextmanager
def write_folder_whole(final: Path, *, marker: str) -> Iterator[Path]:
    """Give an empty folder beside `final` to write into, which takes its place when the block ends well.

    When the block fails, the folder is removed and what stood at `final` stays as it was.

    Parameters
    ----------
    final
        The folder to write; one that stands there is replaced.
    marker
        Name of a file that every folder of this kind has: a folder that holds other things is not replaced.

    Raises
    ------
    FileError
        If `final` holds something else, or the folder cannot be made, filled or put in place.
    """
    _check_replaceable(final, marker)
    part = final.with_name(final.name + ".part")
    try:
        if part.exists():
            shutil.rmtree(part)  # left by a run that was cut
        part.mkdir(parents=True)
    except OSError as error:
        raise FileError(f"cannot be written: {error.strerror or error}", where=str(part)) from error
    try:
        yield part
        replace_folder(part, final)
    except FileError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    except OSError as error:  # a full disk, most of all
        shutil.rmtree(part, ignore_errors=True)
        raise FileError(f"cannot be written: {error.strerror or error}", where=str(final)) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _check_replaceable(final: Path, marker: str) -> None:
    if not final.exists():
        return
    if not final.is_dir():
        raise FileError("is no folder", where=str(final), remedy="Name another folder to write")
    held = sorted(path.name for path in final.iterdir())
    if held and marker not in held:
        what = f"holds other things and no {marker}, so it is not replaced"
        raise FileError(what, where=str(final), n=len(held), examples=held, remedy="Name another folder to write")


def replace_folder(part: Path, final: Path) -> None:
    """Put the folder `part` in the place of `final`; the old one goes only when the new one stands.

    Raises
    ------
    FileError
        If a rename fails; the old folder is then back in its place.
    """
    old = final.with_name(final.name + ".old")
    try:
        if old.exists() and not final.exists():
            old.rename(final)  # a run was cut between its two renames
        if old.exists():
            shutil.rmtree(old)
        if final.exists():
            final.rename(old)
        try:
            part.rename(final)
        except OSError:
            if old.exists():
                old.rename(final)
            raise
        if old.exists():
            shutil.rmtree(old)
    except OSError as error:
        raise FileError(f"cannot be replaced: {error.strerror or error}", where=str(final)) from error
    _flush_folder(final.parent)


def _flush_folder(folder: Path) -> None:
    """Ask the file system to keep the rename; some have no handles for folders."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def find_source(root: Path, name: str) -> Path:
    """Return the path of a source file, which must lie inside `root`, links followed.

    Raises
    ------
    FileError
        If the file is missing, is no file, or lies outside the folder.
    """
    path = root / name
    try:
        is_inside = path.resolve().is_relative_to(root.resolve())
        exists, is_file = path.exists(), path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # a name too long, a folder that may not be entered, links in a ring
        raise FileError(f"cannot be reached: {error}", where=name) from error
    if not is_inside:
        raise FileError("the file lies outside the folder of the sources", where=name)
    if not exists:
        raise FileError("the file is missing", where=name, remedy=f"It was looked for in {root}")
    if not is_file:
        raise FileError("is no file", where=name)
    return path
