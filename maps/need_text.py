"""Texts of the page of an estimate: those of the catalogue as HTML, and changes with their sign."""

from __future__ import annotations

from maps.i18n import Language, format_number, message, translate
from maps.safe import html_text

BACKTEST_NAMES = {
    ("index", False): message("index, which has seen no observed rate"),
    ("index", True): message("index, without the total of the area itself"),
    ("regression", False): message("regression, on the rates that it was fitted to"),
    ("regression", True): message("regression, each area foretold from the others"),
}
"""What a comparison with observed rates is called, by estimator and whether areas were foretold."""


def say(text: str, language: Language, /, **values: object) -> str:
    """Return a text of the catalogue as HTML."""
    return html_text(translate(text, language=language, **values))


def signed(value: float, language: Language) -> str:
    """Return a change with its sign; one that is written as nothing has none.

    Examples
    --------
    >>> signed(1.25, "en"), signed(-0.5, "it"), signed(-0.01, "en")
    ('+1.3', '−0,5', '0.0')
    """
    text = format_number(abs(value), language=language, digits=1)
    is_nothing = text == format_number(0.0, language=language, digits=1)
    return text if is_nothing else ("+" if value > 0 else "−") + text
