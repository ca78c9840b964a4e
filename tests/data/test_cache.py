"""Arrays kept between runs: never stale, never torn, never in the way."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import data.cache as module
from data.cache import ArrayCache, default_cache, digest_parts, sources_digest
from data.errors import CountError

ARRAYS = {
    "data": np.array([0.0, 1.5, 0.0]),
    "none": np.empty((0, 2), dtype=np.int32),
    "names": np.array(["è", "b"]),
    "flags": np.array([True, False]),
}
N_KILLS = 60 if os.environ.get("DIFFUSA_SOAK") == "1" else 6


def same(one: dict[str, np.ndarray] | None, other: dict[str, np.ndarray]) -> bool:
    return one is not None and set(one) == set(other) and all(
        (one[k].dtype, one[k].shape) == (other[k].dtype, other[k].shape) and (one[k] == other[k]).all() for k in other
    )  # fmt: skip


def test_what_was_stored_comes_back_with_its_types(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "deep" / "cache")
    assert cache.load("a") is None
    assert cache.store("a", ARRAYS)
    assert same(cache.load("a"), ARRAYS)
    assert cache.load("b") is None


def test_a_key_from_anywhere_stays_in_the_folder(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "cache")
    cache.store("../../outside", ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert same(cache.load("../../outside"), ARRAYS)


def test_python_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CountError, match="Python objects"):
        ArrayCache(tmp_path).store("a", {"x": np.array([{}], dtype=object)})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", [0, 31, 32, 200, -1])
def test_a_changed_byte_makes_an_entry_vanish(tmp_path: Path, place: int) -> None:
    cache = ArrayCache(tmp_path)
    cache.store("a", ARRAYS)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert cache.load("a") is None


def test_a_torn_or_moved_entry_is_none(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    cache.store("a", ARRAYS)
    (path,) = tmp_path.iterdir()
    cache.store("b", {"x": np.arange(3)})
    (other,) = set(tmp_path.iterdir()) - {path}
    other.write_bytes(path.read_bytes())
    assert cache.load("b") is None
    path.write_bytes(path.read_bytes()[:100])
    assert cache.load("a") is None


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ArrayCache(tmp_path / "file" / "cache")
    assert not cache.store("a", ARRAYS)
    assert cache.load("a") is None


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module.Path, "replace", fail)
    assert not cache.store("a", ARRAYS)
    assert not list(tmp_path.iterdir())


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, max_bytes=30_000)
    for number, key in enumerate("abc"):
        cache.store(key, {"x": np.zeros(1000)})
        for path in tmp_path.iterdir():  # as if time had passed
            os.utime(path, ns=(path.stat().st_mtime_ns - 10**9, path.stat().st_mtime_ns - 10**9))
        assert cache.load("a") is not None, number
    cache.store("d", {"x": np.zeros(1000)})
    assert [key for key in "abcd" if cache.load(key) is not None] == ["a", "c", "d"]


def test_what_a_killed_run_left_goes_after_a_day(tmp_path: Path) -> None:
    fresh, old = tmp_path / "new.part", tmp_path / "old.part"
    for path in (fresh, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    ArrayCache(tmp_path).store("a", ARRAYS)
    assert fresh.exists()
    assert not old.exists()


WRITER = """
import sys; import numpy as np; from pathlib import Path; from data.cache import ArrayCache
cache = ArrayCache(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    cache.store("a", {"x": np.full(200_000, 7.0)})
"""


def test_two_writers_killed_at_any_moment_leave_whole_entries_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cache = ArrayCache(tmp_path)
    for _ in range(N_KILLS):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(float(rng.uniform(0.01, 0.15)))
        for writer in writers:
            writer.kill()
            writer.wait()
            writer.stdout.close()  # type: ignore[union-attr]
        kept = cache.load("a")
        assert kept is None or (kept["x"] == 7.0).all()
    assert cache.store("a", {"x": np.full(200_000, 7.0)})
    assert cache.load("a") is not None


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates()
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)


@given(values, values)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    is_same = repr(one) == repr(other) or _canonical(one) == _canonical(other)
    assert (digest_parts({"x": one}) == digest_parts({"x": other})) == is_same


def _canonical(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(map(_canonical, value)) + "]" if isinstance(value, list) else f"{type(value).__name__}{value!r}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (1, True), (1, "1"), (None, "None"), (["ab", "c"], ["a", "bc"]), ([], {}), ("", None),
        (np.zeros(2), np.zeros(2, dtype=np.float32)), (np.zeros((2, 1)), np.zeros((1, 2))), (np.array(["a"]), ["a"]),
        (dt.date(2023, 10, 18), "2023-10-18"), ({"a": 1}, {"a": 1, "b": None}),
        (sparse.csr_array(([0.0], ([0], [0])), shape=(1, 1)), sparse.csr_array((1, 1))),
    ],
    ids=str,
)  # fmt: skip
def test_values_that_look_alike_are_told_apart(one: object, other: object) -> None:
    assert digest_parts({"x": one}) != digest_parts({"x": other})


def test_order_in_memory_and_of_keys_does_not_matter() -> None:
    table = np.arange(6).reshape(2, 3)
    assert digest_parts({"a": 1, "b": table}) == digest_parts({"b": np.asfortranarray(table), "a": np.int64(1)})


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(CountError, match="object has no digest"):
        digest_parts({"x": object()})
    with pytest.raises(CountError, match="ndarray has no digest"):
        digest_parts({"x": np.array([{}], dtype=object)})


def test_other_code_is_another_key(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("a = 1\n")
    package = ModuleType("made")
    package.__file__ = str(folder / "__init__.py")
    before = sources_digest(package)
    (folder / "part.py").write_text("a = 2\n")
    assert sources_digest(package) != before
    with pytest.raises(CountError, match="no source file"):
        sources_digest(ModuleType("nowhere"))


def test_the_folder_is_the_users_unless_named(tmp_path: Path) -> None:
    assert default_cache({"DIFFUSA_CACHE": str(tmp_path), "XDG_CACHE_HOME": "elsewhere"}).folder == tmp_path
    assert default_cache({"XDG_CACHE_HOME": str(tmp_path)}).folder == tmp_path / "diffusa"
    assert default_cache({}).folder == Path.home() / ".cache" / "diffusa"
