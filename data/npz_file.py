"""Arrays in one file: numpy's npz, with nothing in it that changes from run to run, and no Python objects."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import PackError

FIRST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
MAX_BYTES = 1 << 30
"""How much all arrays of a file may hold together, unpacked: 1 GiB."""
REMEDY = "Build the pack again"
NPZ_ERRORS = (
    OSError, ValueError, TypeError, EOFError, RuntimeError, MemoryError, SyntaxError, tokenize.TokenError, zlib.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What zipfile and numpy raise over a file that is broken or forged: a header may ask for any amount of memory."""


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays; numpy's own writer would put the time of day into the file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, values in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, values, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=FIRST_ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, buffer.getvalue())


def read_npz(
    path: Path, names: Collection[str], *, optional: Collection[str] = (), max_bytes: int = MAX_BYTES
) -> dict[str, NDArray[Any]]:
    """Return the arrays of these names, and those of the optional ones that are there.

    Raises
    ------
    PackError
        If the file cannot be read, an array is missing or holds Python objects, or all of them are more than `max_bytes`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            absent = [name for name in names if f"{name}.npy" not in members]
            if absent:
                raise ValueError(f"no array is called {', '.join(absent)}")
            asked = [*names, *(name for name in optional if f"{name}.npy" in members)]
            n_bytes = sum(members[f"{name}.npy"].file_size for name in asked)
            if n_bytes > max_bytes:
                raise ValueError(f"the arrays hold {n_bytes:,} bytes, more than {max_bytes:,}")
            return {name: _read_member(archive, members[f"{name}.npy"]) for name in asked}
    except NPZ_ERRORS as error:
        raise PackError(f"cannot be read: {error}", where=str(path), remedy=REMEDY) from error


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(info) as file:
        # One byte more than the directory says, so that a directory that lied is told by the checksum and bounds the memory.
        content = file.read(info.file_size + 1)
    array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return array
