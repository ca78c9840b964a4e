"""The catalogue is whole, and numbers read as each language writes them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from data.errors import IdError
from layers.plan_text import Text
from maps.assets import SCRIPTS, page_script, read_template
from maps.i18n import both, format_number, format_percent, messages_in, read_catalogue, translate

_LOOKUPS = {"translate", "both", "message", "step"}
_PLACE = re.compile(r"\{(\w+)\}")


def _texts(node: ast.expr) -> list[str]:
    """Return the literal texts of an argument; both of a conditional."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _called(call: ast.Call) -> str | None:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", None)


def _texts_in_python(path: Path) -> set[str]:
    """Return the texts that a module looks up: as an argument, or through a name that holds one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and _called(node) in _LOOKUPS]
    names = {call.args[0].id for call in calls if isinstance(call.args[0], ast.Name)}
    held = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id in names for target in node.targets)
    ]
    return {text for node in [*(call.args[0] for call in calls), *held] for text in _texts(node)}


@pytest.fixture(scope="module")
def used(checkout: Path) -> set[str]:
    """Return every text that pages and rooms look up."""
    modules = [path for room in ("layers", "maps", "diffusa") for path in sorted((checkout / room).rglob("*.py"))]
    found = {text for path in modules for text in _texts_in_python(path)}
    return found | set(messages_in(page_script() + read_template("parts.html")))


def test_every_text_has_an_italian_one(used: set[str]) -> None:
    assert sorted(used - set(read_catalogue())) == []


def test_the_catalogue_holds_no_text_that_nobody_uses(used: set[str]) -> None:
    assert sorted(set(read_catalogue()) - used - {"Within {n} minutes"}) == []  # this one is the example of `translate`


def test_both_languages_name_the_same_values() -> None:
    differing = [
        text for text, italian in read_catalogue().items() if set(_PLACE.findall(text)) != set(_PLACE.findall(italian))
    ]
    assert differing == []


def test_no_text_stands_twice_in_the_catalogue(checkout: Path) -> None:
    path = checkout / "maps" / "locale" / "it" / "LC_MESSAGES" / "diffusa.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="it", abort_invalid=True)
    entries = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith('msgid "') and line != 'msgid ""'
    ]
    assert len(entries) == len([entry for entry in catalogue if entry.id])


def test_scripts_look_up_literal_texts_only() -> None:
    calls = re.compile(r'(?<![\w.])text\((?!\s*")[^)]*')
    allowed = {"text(message, values = {}", "text(part.dataset.text", "text(part.dataset.textLabel"}  # definition, templates
    found = {match for name in SCRIPTS for match in calls.findall(read_template(name))}
    assert found <= allowed


def test_a_text_is_put_in_in_its_own_language() -> None:
    found = both("{n} {group}", n=3, group=Text(it="disoccupati", en="unemployed people"))
    assert found == Text(it="3 disoccupati", en="3 unemployed people")


def test_a_text_that_the_catalogue_lacks_is_an_error() -> None:
    with pytest.raises(IdError, match="Nobody wrote this"):
        translate("Nobody wrote this", language="it")


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(IdError, match="not given"):
        translate("Within {n} minutes", language="it")


@pytest.mark.parametrize(
    ("value", "digits", "italian", "english"),
    [
        (1234, 0, "1.234", "1,234"),
        (0.5, 0, "1", "1"),
        (2.5, 0, "3", "3"),
        (12.25, 1, "12,3", "12.3"),
        (float("nan"), 0, "nessun dato", "no data"),
        (None, 0, "nessun dato", "no data"),
        (0, 1, "0,0", "0.0"),
    ],
)
def test_numbers_read_as_each_language_writes_them(value: float | None, digits: int, italian: str, english: str) -> None:
    assert format_number(value, language="it", digits=digits) == italian
    assert format_number(value, language="en", digits=digits) == english


@given(st.floats(0, 1))
def test_a_share_is_never_off_by_more_than_half_a_digit(share: float) -> None:
    shown = format_percent(share, language="it", digits=1)
    assert abs(float(shown.removesuffix("%").replace(",", ".")) / 100 - share) <= 0.0005 + 1e-12


def test_a_share_without_data_says_so() -> None:
    assert format_percent(float("nan"), language="en") == "no data"
