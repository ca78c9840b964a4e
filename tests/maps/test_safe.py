"""Text from data never leaves the place that it is put in."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Template

from maps.safe import clean_text, html_attribute, html_text, script_json

_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


def _without_controls(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_without_controls(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): _without_controls(item) for key, item in value.items()}
    return value


@given(_VALUES)
def test_json_for_scripts_reads_back_and_holds_no_mark(value: object) -> None:
    text = script_json(value)
    assert json.loads(text) == _without_controls(value)
    assert not re.search("[<>&\u2028\u2029\n\r]", text)
    assert Template(text).render() == text  # no opening mark of a template either


@given(_TEXTS)
def test_html_text_reads_back(text: str) -> None:
    escaped = html_text(text)
    assert html.unescape(escaped) == clean_text(text) or "\r" in text
    assert not re.search("[<>{}]", escaped)


@given(_TEXTS)
def test_an_attribute_cannot_be_left(text: str) -> None:
    assert not re.search("[<>\"'`{}]", html_attribute(text))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.nan, np.float64("-inf"), pd.NA, pd.NaT, None])
def test_what_is_not_known_is_null(value: object) -> None:
    assert script_json([value]) == "[null]"


def test_numpy_values_are_plain_numbers() -> None:
    value = {"a": np.int64(3), "b": np.bool_(True), "c": np.array([1.5, np.nan]), "d": (1, 2)}
    assert json.loads(script_json(value)) == {"a": 3, "b": True, "c": [1.5, None], "d": [1, 2]}


def test_controls_and_half_surrogates_go() -> None:
    assert clean_text("a\x00b\x1bc\x85d\ud800e\tf\n") == "abcd\ufffde\tf\n"
