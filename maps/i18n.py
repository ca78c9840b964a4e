"""The texts of every page in Italian and English, and its numbers as each language writes them.

The English text is the key; the Italian one stands in ``locale/it/LC_MESSAGES/diffusa.po``. Page scripts and templates name
their texts as ``text("…")`` and ``data-text="…"``; `messages_in` finds them, so that a page carries the texts that it uses and
no list of them can drift.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from data.errors import IdError
from layers.plan_text import Text

Language = Literal["it", "en"]
LANGUAGES: tuple[Language, ...] = ("it", "en")
NO_DATA = "no data"
# How the page's own Intl.NumberFormat is called: numbers in Python and in the page must read the same.
_LOCALES: Mapping[str, str] = MappingProxyType({"it": "it_IT", "en": "en_GB"})
_USED_IN_PAGES = re.compile(r"""\btext\(\s*"((?:[^"\\]|\\.)*)"|\bdata-text(?:-label)?="([^"]*)\"""")


@lru_cache(maxsize=1)
def read_catalogue() -> Mapping[str, str]:
    """Return the Italian text of every English one."""
    path = resources.files("maps").joinpath("locale", "it", "LC_MESSAGES", "diffusa.po")
    with path.open("rb") as file:
        catalogue = read_po(file, locale="it")
    return MappingProxyType({str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string})


def message(text: str) -> str:
    """Return an English text as it is: marks one that is looked up elsewhere, so that it is found for the catalogue."""
    return text


def translate(text: str, /, *, language: Language, **values: object) -> str:
    """Return a text of the catalogue in one language.

    Parameters
    ----------
    text
        The English text, with ``{name}`` where a value is put in.
    language
        ``it`` or ``en``.
    values
        What is put in; a `Text` is put in in the language asked for, everything else as ``str`` writes it.

    Raises
    ------
    IdError
        If the catalogue has no such text, or a value that it names is not given.

    Examples
    --------
    >>> translate("Within {n} minutes", language="it", n=30)
    'Entro 30 minuti'
    """
    found = read_catalogue().get(text)
    if found is None:
        raise IdError("the catalogue has no such text", where="diffusa.po", examples=[text], remedy="Add it to the catalogue")
    chosen = found if language == "it" else text
    shown = {name: getattr(value, language) if isinstance(value, Text) else value for name, value in values.items()}
    try:
        return chosen.format_map(shown)
    except KeyError as error:
        raise IdError("a value of the text is not given", where=repr(text), examples=[error.args[0]]) from error


def both(text: str, /, **values: object) -> Text:
    """Return a text of the catalogue in both languages; parameters and errors are those of `translate`.

    Examples
    --------
    >>> both("Limits")
    Text(it='Limiti', en='Limits')
    """
    return Text(it=translate(text, language="it", **values), en=translate(text, language="en", **values))


def messages_in(source: str) -> tuple[str, ...]:
    """Return the texts that a page script or template names, each once, sorted.

    Examples
    --------
    >>> messages_in('title.textContent = text("Limits"); <h2 data-text="Sources">')
    ('Limits', 'Sources')
    """
    found = {in_script or in_template for in_script, in_template in _USED_IN_PAGES.findall(source)}
    return tuple(sorted(found))


def format_number(value: float | None, *, language: Language, digits: int = 0) -> str:
    """Return a number as a language writes it, halves rounded away from zero as browsers do; NaN and None are "no data".

    Examples
    --------
    >>> format_number(1242123, language="it"), format_number(12.25, language="en", digits=1)
    ('1.242.123', '12.3')
    """
    if value is None or not math.isfinite(value):
        return translate(NO_DATA, language=language)
    rounded = _round_half_up(Decimal(repr(float(value))), digits)
    return format_decimal(rounded, format=_pattern(digits), locale=_LOCALES[language])


def format_percent(share: float | None, *, language: Language, digits: int = 1) -> str:
    """Return a share in [0, 1] as a percentage; NaN and None are "no data".

    Examples
    --------
    >>> format_percent(0.4534, language="it")
    '45,3%'
    """
    if share is None or not math.isfinite(share):
        return translate(NO_DATA, language=language)
    rounded = _round_half_up(Decimal(repr(float(share))) * 100, digits)
    return format_decimal(rounded, format=_pattern(digits), locale=_LOCALES[language]) + "%"


def _round_half_up(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")
