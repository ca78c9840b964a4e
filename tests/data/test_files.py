"""A folder is replaced whole or not at all, and a source file lies inside its folder."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from data.errors import FileError
from data.files import digest_file, find_source, replace_folder, write_folder_whole


def _fill(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 1_000_000)
    assert digest_file(path) == hashlib.sha256(b"abc" * 1_000_000).hexdigest()


def test_a_digest_of_nothing_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        digest_file(tmp_path / "none")


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "pack"
    for text in ("one", "two"):
        with write_folder_whole(final, marker="m") as part:
            _fill(part, "m", text)
    assert (final / "m").read_text(encoding="utf-8") == "two"
    assert [path.name for path in final.parent.iterdir()] == ["pack"]


def test_a_failure_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    final = tmp_path / "pack"
    _fill(final, "m", "old")
    with pytest.raises(FileError, match="cannot be read"), write_folder_whole(final, marker="m") as part:
        digest_file(_fill(part, "m", "new").with_name("none"))
    assert (final / "m").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_what_a_cut_run_left_is_cleared(tmp_path: Path) -> None:
    _fill(tmp_path / "pack.part", "stale", "x")
    with write_folder_whole(tmp_path / "pack", marker="m") as part:
        assert not list(part.iterdir())
        _fill(part, "m", "new")
    assert [path.name for path in (tmp_path / "pack").iterdir()] == ["m"]


def test_a_run_cut_between_its_renames_loses_nothing(tmp_path: Path) -> None:
    final = tmp_path / "pack"
    _fill(tmp_path / "pack.old", "m", "old")
    part = tmp_path / "pack.part"
    _fill(part, "m", "new")
    replace_folder(part, final)
    assert (final / "m").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_when_the_new_folder_cannot_be_put_in_place_the_old_one_is_back(tmp_path: Path) -> None:
    final = tmp_path / "pack"
    _fill(final, "m", "old")
    with pytest.raises(FileError, match="cannot be replaced"):
        replace_folder(tmp_path / "absent", final)
    assert (final / "m").read_text(encoding="utf-8") == "old"


def test_a_folder_of_other_things_is_not_replaced(tmp_path: Path) -> None:
    _fill(tmp_path / "home", "letters.txt", "dear")
    with (
        pytest.raises(FileError, match=r"holds other things and no m.*letters.txt"),
        write_folder_whole(tmp_path / "home", marker="m"),
    ):
        pass
    assert (tmp_path / "home" / "letters.txt").exists()


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path) -> None:
    path = _fill(tmp_path, "pack", "x")
    with pytest.raises(FileError, match="is no folder"), write_folder_whole(path, marker="m"):
        pass


def test_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    with write_folder_whole(tmp_path / "pack", marker="m") as part:
        _fill(part, "m", "new")
    assert (tmp_path / "pack" / "m").exists()


def test_a_folder_that_cannot_be_made_is_a_file_error(tmp_path: Path) -> None:
    _fill(tmp_path, "file", "x")
    with pytest.raises(FileError, match="cannot be written"), write_folder_whole(tmp_path / "file" / "pack", marker="m"):
        pass


def test_a_source_file_is_found(tmp_path: Path) -> None:
    path = _fill(tmp_path / "a", "x.csv", "x")
    assert find_source(tmp_path, "a/x.csv") == path


def test_a_missing_source_file_is_named_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a/x.csv: the file is missing"):
        find_source(tmp_path, "a/x.csv")


def test_a_folder_in_place_of_a_source_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(FileError, match="is no file"):
        find_source(tmp_path, "x.csv")


@pytest.mark.parametrize("name", ["../out.csv", "link.csv"])
def test_a_source_file_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    outside = _fill(tmp_path, "out.csv", "x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.csv").symlink_to(outside)
    with pytest.raises(FileError, match="outside the folder"):
        find_source(root, name)


def test_a_name_that_no_file_system_takes_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be reached"):
        find_source(tmp_path, "x" * 5000 + ".csv")


def test_a_disk_that_fails_while_the_folder_is_filled_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: No space left"), write_folder_whole(tmp_path / "p", marker="m"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())
