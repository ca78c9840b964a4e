"""Arrays in one file: what is written comes back, and a broken or forged file is told."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data.errors import PackError
from data.npz_file import read_npz, write_npz

ARRAYS = {"a": np.arange(5), "b": np.array([[True, False]])}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "arrays.npz"


def _write_raw(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)


def _npy(header: str) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_arrays_come_back(path: Path) -> None:
    write_npz(path, ARRAYS)
    back = read_npz(path, ["a"], optional=["b", "c"])
    assert list(back) == ["a", "b"]
    for name, array in back.items():
        assert array.dtype == ARRAYS[name].dtype
        np.testing.assert_array_equal(array, ARRAYS[name])


def test_an_array_that_is_not_asked_for_is_not_read(path: Path) -> None:
    write_npz(path, ARRAYS)
    assert list(read_npz(path, ["b"])) == ["b"]


def test_an_absent_array_is_told(path: Path) -> None:
    write_npz(path, ARRAYS)
    with pytest.raises(PackError, match=r"cannot be read: no array is called c, d. Build the pack again"):
        read_npz(path, ["a", "c", "d"])


def test_more_bytes_than_allowed_are_not_unpacked(path: Path) -> None:
    write_npz(path, {"a": np.zeros(100_000)})
    with pytest.raises(PackError, match=r"the arrays hold 800,128 bytes, more than 800,000"):
        read_npz(path, ["a"], max_bytes=800_000)
    assert len(read_npz(path, ["a"], max_bytes=800_128)["a"]) == 100_000


def test_python_objects_are_neither_written_nor_read(path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz(path, {"a": np.array([{}], dtype=object)})
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([{}], dtype=object), allow_pickle=True)
    _write_raw(path, buffer.getvalue())
    with pytest.raises(PackError, match="Object arrays cannot be loaded"):
        read_npz(path, ["a"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array",
        _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000000,), }"),
        _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
        _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }") + b"\x00" * 23,
        _npy("{'descr': 'nothing', 'fortran_order': False, 'shape': (3,), }"),
        _npy("((((("),
        _npy("'''"),
        _npy("[" * 3000),
    ],
)
def test_a_forged_array_is_told(path: Path, content: bytes) -> None:
    _write_raw(path, content)
    with pytest.raises(PackError, match="cannot be read"):
        read_npz(path, ["a"])


def test_a_file_that_is_no_archive_or_cut_or_spoilt_is_told(path: Path) -> None:
    write_npz(path, ARRAYS)
    whole = path.read_bytes()
    middle = len(whole) // 4
    spoilt = whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    for content in (b"", b"x", whole[:-10], whole[: len(whole) // 2], spoilt):
        path.write_bytes(content)
        with pytest.raises(PackError, match="cannot be read"):
            read_npz(path, ["a", "b"])


def test_a_missing_file_is_told(path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        read_npz(path, ["a"])
