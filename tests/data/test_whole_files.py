"""Files take their places together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import FaultsError, FileError
from data.whole_files import check_file_places, write_files_whole

NAMES = ("a.gpkg", "b.csv")


def _write(folder: Path, text: str, *, names: tuple[str, ...] = NAMES) -> None:
    for name in names:
        (folder / name).write_text(text, encoding="utf-8")


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_new_files_take_the_place_of_the_old_ones_beside_other_things(tmp_path: Path) -> None:
    _write(tmp_path, "mine", names=("thesis.txt",))
    for text in ("one", "two"):
        with write_files_whole(tmp_path, NAMES) as part:
            _write(part, text)
    assert _contents(tmp_path) == {"thesis.txt": "mine", "a.gpkg": "two", "b.csv": "two"}


def test_a_failure_leaves_the_old_files_as_they_were(tmp_path: Path) -> None:
    _write(tmp_path, "old")
    with pytest.raises(UnicodeEncodeError), write_files_whole(tmp_path, NAMES) as part:
        _write(part, "new \ud800")
    assert _contents(tmp_path) == {"a.gpkg": "old", "b.csv": "old"}


@pytest.mark.parametrize("before", [{}, {"a.gpkg": "old"}, {"b.csv": "old"}, {"a.gpkg": "old", "b.csv": "old"}], ids=str)
def test_a_file_that_cannot_be_put_in_place_takes_the_others_back(tmp_path: Path, before: dict[str, str]) -> None:
    _write(tmp_path, "old", names=tuple(before))
    with pytest.raises(FileError, match="cannot be written"), write_files_whole(tmp_path, NAMES) as part:
        _write(part, "new", names=("a.gpkg",))
    assert _contents(tmp_path) == before


def test_a_full_disk_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"No space left on device.*a\.gpkg"), write_files_whole(tmp_path, NAMES):
        raise OSError(28, "No space left on device")
    assert _contents(tmp_path) == {}


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the folder is missing"):
        check_file_places(tmp_path / "none", NAMES)


def test_folders_and_open_files_in_the_way_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "b.csv").mkdir()
    _write(tmp_path, "open", names=("a.gpkg-wal",))
    with pytest.raises(FaultsError) as caught:
        check_file_places(tmp_path, NAMES)
    assert [fault.what for fault in caught.value.faults] == [
        "another program has the file open, or ended without closing it",
        "is a folder, not a file",
    ]


def test_an_empty_file_of_sqlite_is_not_in_the_way(tmp_path: Path) -> None:
    _write(tmp_path, "", names=("a.gpkg-wal",))
    check_file_places(tmp_path, NAMES)
