"""Files written whole or not at all, several of them together, into a folder that may hold other things."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from data.errors import Faults, FileError

_SQLITE_BESIDE = ("-wal", "-journal")


def check_file_places(folder: Path, names: Sequence[str]) -> None:
    """Check that files can be written where they are asked for, before the work that fills them.

    Parameters
    ----------
    folder
        Where they will lie.
    names
        What they are called there.

    Raises
    ------
    FileError
        If the folder is missing, a folder has the name of a file, or another program has one of them open; `FaultsError`
        if several.
    """
    if not folder.is_dir():
        raise FileError("the folder is missing", where=str(folder), remedy="Make it, or name another")
    faults = Faults()
    for final in (folder / name for name in names):
        if final.is_dir():
            faults.add(FileError("is a folder, not a file", where=str(final), remedy="Name a file to write"))
        # SQLite merges what waits beside a file into whatever stands there under the name: into the new file too.
        beside = [final.with_name(final.name + suffix) for suffix in _SQLITE_BESIDE]
        waiting = [path.name for path in beside if path.is_file() and path.stat().st_size]
        if waiting:
            what = "another program has the file open, or ended without closing it"
            faults.add(FileError(what, where=str(final), examples=waiting, remedy="Close it there, or name another file"))
    faults.raise_if_any()


@contextmanager
def write_files_whole(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Give an empty folder to write files into, which take their places in `folder` when the block ends well.

    When the block fails, or one file cannot be put in place, what stood in `folder` stays as it was.

    Parameters
    ----------
    folder
        A folder that exists.
    names
        The files that the block writes; those that stand in `folder` under these names are replaced.

    Raises
    ------
    FileError
        As `check_file_places`, or if a file cannot be written or put in place.
    """
    check_file_places(folder, names)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".diffusa-") as scratch:
            new, old = Path(scratch, "new"), Path(scratch, "old")
            new.mkdir()
            old.mkdir()
            yield new
            _put_in_place(folder, names, new=new, old=old)
    except FileError:
        raise
    except OSError as error:  # a full disk, most of all
        raise FileError(f"cannot be written: {error.strerror or error}", where=str(folder), examples=names) from error


def _put_in_place(folder: Path, names: Sequence[str], *, new: Path, old: Path) -> None:
    """Put each new file in its place, the one that stood there aside; if one fails, undo what was done."""
    placed: list[Path] = []
    try:
        for name in names:
            if (folder / name).exists():
                (folder / name).replace(old / name)
            (new / name).replace(folder / name)
            placed.append(folder / name)
    except OSError:
        for path in placed:
            path.unlink()
        for path in old.iterdir():
            path.replace(folder / path.name)
        raise
