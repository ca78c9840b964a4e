"""A TOML file is read or refused in words, and what a model refuses names the key and the nearest one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from data.errors import FaultsError, FileError, RecipeError, ScenarioError
from data.toml_file import read_toml, validate_model


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    colour: str
    size_m: int = 1


class _Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    inner: _Inner
    many: dict[str, _Inner] = {}
    rows: list[_Inner] = []


SOUND = {"name": "x", "inner": {"colour": "red"}}


def _refuse(content: object, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        validate_model(_Outer, content, where="x.toml", error=RecipeError)


def test_a_sound_table_fills_the_model() -> None:
    assert validate_model(_Outer, SOUND, where="x", error=RecipeError).inner.size_m == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({**SOUND, "nmae": 1}, r"x.toml: unknown key 'nmae'. Did you mean 'name'"),
        ({**SOUND, "inner": {"colour": "red", "size": 1}}, r"'inner.size'. Did you mean 'size_m'"),
        ({**SOUND, "many": {"a": {"color": "red", "colour": "red"}}}, r"'many.a.color'. Did you mean 'colour'"),
        ({**SOUND, "rows": [{"color": "red", "colour": "red"}]}, r"'rows.0.color'. Did you mean 'colour'"),
        ({"name": "x"}, "the key 'inner' is missing"),
        ({**SOUND, "name": 3}, "name: input should be a valid string, not 3"),
        ({**SOUND, "inner": 3}, "inner: .*, not 3"),
        (3, "x.toml: input should be"),
    ],
)
def test_a_fault_names_its_key(content: object, words: str) -> None:
    _refuse(content, words)


def test_the_error_is_the_one_that_was_asked_for() -> None:
    with pytest.raises(ScenarioError):
        validate_model(_Outer, {"name": "x"}, where="x", error=ScenarioError)


def test_all_faults_come_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        validate_model(_Outer, {"inner": {"colour": 1, "x": 2}}, where="x", error=RecipeError)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a = [", "is no TOML"), (b"a = '\xff'", r"is not UTF-8 text \(byte 5\)"), (b"a = 1\na = 2", "is no TOML")],
)
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(FileError, match=words):
        read_toml(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(FileError, match="cannot be read"):
        read_toml(tmp_path)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "inner", "many", "rows", "x"]), inner),
    max_leaves=8,
))  # fmt: skip
def test_no_lower_error_leaves_a_model(content: object) -> None:
    with contextlib.suppress(RecipeError, FaultsError):
        validate_model(_Outer, content, where="x", error=RecipeError)
