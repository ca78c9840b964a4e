"""The zip of a release: the same files give the same bytes; one made before is read with care, for anybody may have made it."""

from __future__ import annotations

import hashlib
import json
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from data.errors import FileError, PlannerError, ReleaseError
from layers.plan_folder import DOCUMENT, QUARTERS, TABLES, read_plan
from maps.release.protect import Earlier
from maps.release.rules import Rules

LOG_NAME = "release_log.json"
MANIFEST_NAME = "manifest.json"
RELEASE_FORMAT = "diffusa-release/1"
_WRITTEN = (2000, 1, 1, 0, 0, 0)
"""The time in every entry: the real one would change the bytes from run to run."""
_MOST_BYTES, _MOST_FILES = 500_000_000, 2_000
_CHUNK = 1 << 20
_READ = (DOCUMENT, TABLES, QUARTERS, LOG_NAME)


def write_zip(folder: Path, path: Path) -> None:
    """Write all files of a folder into a new zip, sorted by name, with a manifest of their digests.

    Raises
    ------
    FileError
        If the zip stands there already, or cannot be written.
    """
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    files[MANIFEST_NAME] = _manifest(files)
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, date_time=_WRITTEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(entry, files[name], compresslevel=9)
        part.replace(path)
    except OSError as error:
        raise FileError(f"cannot be written: {error.strerror or error}", where=str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def _manifest(files: Mapping[str, bytes]) -> bytes:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    return (json.dumps({"format": RELEASE_FORMAT, "sha256": digests}, indent=2) + "\n").encode()


def check_place(path: Path) -> None:
    """Check that a zip can be written, before the work that fills it.

    Raises
    ------
    FileError
        If something stands there already, the folder is missing, or the name does not end in ``.zip``.
    """
    if path.suffix.lower() != ".zip":
        raise FileError("a release is a zip", where=str(path), remedy="Name a file that ends in .zip")
    if path.exists():
        raise FileError("stands there already, and a release is never replaced", where=str(path), remedy="Name another file")
    if not path.parent.is_dir():
        raise FileError("the folder is missing", where=str(path.parent), remedy="Make it, or name another")


def read_earlier(path: Path) -> Earlier:
    """Return a release made before.

    Raises
    ------
    FileError
        If there is no such file.
    ReleaseError
        If it is no release, larger than one can be, or not as its manifest says.
    """
    if not path.is_file():
        raise FileError("the file is missing", where=str(path), remedy="Name a zip that 'diffusa release' has written")
    try:
        with zipfile.ZipFile(path) as archive:
            content = _read_entries(archive, path)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        if isinstance(error, PlannerError):
            raise
        raise ReleaseError(f"is no zip that can be read: {error}", where=str(path)) from error
    return _parse(content, path)


def _read_entries(archive: zipfile.ZipFile, path: Path) -> dict[str, bytes]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    size = sum(entry.file_size for entry in entries)
    if len(entries) > _MOST_FILES or size > _MOST_BYTES or len(set(names)) < len(names):
        what = f"holds {len(entries)} files of {size} bytes, some perhaps twice: no release is like that"
        raise ReleaseError(what, where=str(path))
    missing = [name for name in (*_READ, MANIFEST_NAME) if name not in names]
    if missing:
        remedy = "Name a zip that 'diffusa release' has written"
        raise ReleaseError("is no whole release, files are missing", where=str(path), examples=missing, remedy=remedy)
    return {name: _read_entry(archive, name, path) for name in (*_READ, MANIFEST_NAME)}


def _read_entry(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """Return one file; what its head says of its size is not trusted."""
    parts, size = [], 0
    with archive.open(name) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > _MOST_BYTES:
                raise ReleaseError(f"{name} is larger than it says", where=str(path))
            parts.append(chunk)
    return b"".join(parts)


def _parse(content: Mapping[str, bytes], path: Path) -> Earlier:
    try:
        digests = dict(json.loads(content[MANIFEST_NAME])["sha256"])
        log = json.loads(content[LOG_NAME])
        form, min_count = log["format"], int(log["min_count"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"its manifest or log cannot be read: {error}", where=str(path)) from error
    changed = [name for name in _READ if digests.get(name) != hashlib.sha256(content[name]).hexdigest()]
    if changed:
        remedy = "Take the zip as it was released"
        raise ReleaseError("was changed after it was written", where=str(path), examples=changed, remedy=remedy)
    if form != RELEASE_FORMAT:
        raise ReleaseError(f"is of the format {form!r}, not {RELEASE_FORMAT!r}", where=str(path))
    with tempfile.TemporaryDirectory() as scratch:
        for name in (DOCUMENT, TABLES, QUARTERS):
            Path(scratch, name).write_bytes(content[name])
        try:
            return Earlier(name=path.name, plan=read_plan(Path(scratch)), rules=Rules(min_count))
        except PlannerError as error:
            raise ReleaseError(f"holds no plan that can be read: {error.what}", where=str(path)) from error
