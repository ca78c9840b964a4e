"""Arrays kept between runs, known by the digest of everything that they depend on.

A key says all that an answer rests on, so an entry is never stale: other data, other options or other code have another key. An
entry carries its own digest; one that is torn, changed or foreign is not there. Two runs may write at once: each writes
a file of its own and renames it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import CountError

Arrays = Mapping[str, NDArray[Any]]

MAX_BYTES = 4_000_000_000
SUFFIX = ".cached"
_DIGEST_BYTES = 32


def digest_parts(parts: Mapping[str, object]) -> str:
    """Return the sha256 of named values, as hexadecimal digits.

    Parameters
    ----------
    parts
        Arrays (of numbers, truth values or texts), sparse arrays by row, texts, numbers, truth values, None, dates, and
        sequences and mappings of these. The order of the keys of a mapping does not matter; values of different types differ.

    Raises
    ------
    CountError
        If a value is of another kind, and so cannot be told from others.

    Examples
    --------
    >>> digest_parts({"speed": 1.25, "mode": "walk"}) == digest_parts({"mode": "walk", "speed": 1.25})
    True
    >>> digest_parts({"speed": 1}) == digest_parts({"speed": 1.0})
    False
    """
    digest = hashlib.sha256()
    _feed(digest, parts)
    return digest.hexdigest()


def _feed(digest: Any, value: object) -> None:
    """Give a value to a digest: its kind and length come first, so that no two values give the same bytes."""
    match value:
        case np.ndarray() if value.dtype != object:
            _feed_text(digest, f"array {value.dtype.str} {value.shape}")
            digest.update(np.ascontiguousarray(value).data if value.size else b"")
        case np.generic():
            _feed(digest, value.item())
        case bool() | int() | float() | None | dt.date():
            _feed_text(digest, f"{type(value).__name__} {value!r}")
        case str():
            _feed_text(digest, f"text {value}")
        case Mapping():
            _feed_text(digest, f"mapping {len(value)}")
            for key in sorted(value):
                _feed_text(digest, f"key {key}")
                _feed(digest, value[key])
        case tuple() | list():
            _feed_sequence(digest, value)
        case sparse.csr_array():
            _feed(digest, {name: getattr(value, name) for name in ("shape", "data", "indices", "indptr")})
        case _:
            raise CountError(f"a value of the kind {type(value).__name__} has no digest", where="digest_parts")


def _feed_sequence(digest: Any, values: tuple[object, ...] | list[object]) -> None:
    _feed_text(digest, f"sequence {len(values)}")
    if values and all(type(value) is str for value in values):
        # Ids come by the ten thousand: their lengths and their joined text are as good as each for itself, and much faster.
        texts = [str(value).encode("utf-8", "surrogatepass") for value in values]
        digest.update(b"texts " + ",".join(str(len(text)) for text in texts).encode() + b"\n")
        digest.update(b"".join(texts))
        return
    for value in values:
        _feed(digest, value)


def _feed_text(digest: Any, text: str) -> None:
    encoded = text.encode("utf-8", "surrogatepass")
    digest.update(f"{len(encoded)}:".encode())
    digest.update(encoded)


def sources_digest(*packages: ModuleType) -> str:
    """Return the sha256 of the source text of packages and modules: other code is another key.

    Raises
    ------
    CountError
        If a module has no source file.
    """
    digest = hashlib.sha256()
    for package in packages:
        source = getattr(package, "__file__", None)
        if source is None:
            raise CountError(f"{package.__name__} has no source file", where="sources_digest")
        path = Path(source)
        for file in sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]:
            _feed_text(digest, file.relative_to(path.parent).as_posix())
            _feed_text(digest, file.read_text(encoding="utf-8"))
    return digest.hexdigest()


@dataclass(frozen=True)
class ArrayCache:
    """Arrays in a folder, one file an entry.

    Parameters
    ----------
    folder
        Where they lie; made when the first one is stored.
    max_bytes
        Beyond it the entries that were not used for longest go.
    """

    folder: Path
    max_bytes: int = MAX_BYTES

    def load(self, key: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays stored under a key; None where there are none, or what is there is not what was written."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(key.encode() + body).digest() != digest:
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        _touch(path)
        return arrays

    def store(self, key: str, arrays: Arrays) -> bool:
        """Keep arrays under a key; return whether that went well: a folder that cannot be written is no fault of a run.

        Raises
        ------
        CountError
            If an array holds Python objects.
        """
        objects = [name for name, values in arrays.items() if values.dtype == object]
        if objects:
            raise CountError("arrays hold Python objects, which are never stored", where=str(self.folder), examples=objects)
        buffer = io.BytesIO()
        np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]
        body = buffer.getvalue()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(key, hashlib.sha256(key.encode() + body).digest() + body)
            self._evict()
        except OSError:
            return False
        return True

    def _path(self, key: str) -> Path:
        # The name is made of the key, never the key itself: it may come from anywhere.
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}{SUFFIX}"

    def _write(self, key: str, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            part.replace(self._path(key))
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _evict(self) -> None:
        """Take away the entries that were not used for longest, and parts that a killed run has left for a day."""
        found = []
        for path in self.folder.iterdir():
            try:
                facts = path.stat()
            except OSError:
                continue  # another run was faster
            if path.suffix == SUFFIX:
                found.append((facts.st_mtime_ns, path.name, facts.st_size, path))
            elif path.suffix == ".part" and facts.st_mtime < dt.datetime.now(tz=dt.UTC).timestamp() - 86_400:
                path.unlink(missing_ok=True)
        size = sum(n_bytes for _, _, n_bytes, _ in found)
        for _, _, n_bytes, path in sorted(found):
            if size <= self.max_bytes:
                return
            path.unlink(missing_ok=True)
            size -= n_bytes


def _touch(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return  # a folder of somebody else: what is used last cannot be noted


def default_cache(environ: Mapping[str, str]) -> ArrayCache:
    """Return the cache of this user: the folder that DIFFUSA_CACHE names, else one in the user's cache folder.

    Parameters
    ----------
    environ
        Environment variables.
    """
    if environ.get("DIFFUSA_CACHE"):
        return ArrayCache(Path(environ["DIFFUSA_CACHE"]))
    local = environ.get("XDG_CACHE_HOME") or environ.get("LOCALAPPDATA")
    return ArrayCache((Path(local) if local else Path.home() / ".cache") / "diffusa")
