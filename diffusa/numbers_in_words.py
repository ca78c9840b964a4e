"""Numbers and shares as each language writes them, and texts joined in both."""

from __future__ import annotations

from collections.abc import Sequence

from layers.plan_text import Text
from maps.i18n import format_number, format_percent

COMMA = Text(it=", ", en=", ")


def number(value: float, *, digits: int = 0) -> Text:
    """Return a number as each language writes it."""
    return Text(it=format_number(value, language="it", digits=digits), en=format_number(value, language="en", digits=digits))


def percent(share: float, *, digits: int = 0) -> Text:
    """Return a share in [0, 1] as a percentage, as each language writes it."""
    return Text(it=format_percent(share, language="it", digits=digits), en=format_percent(share, language="en", digits=digits))


def join(texts: Sequence[Text], between: Text) -> Text:
    """Return texts one after the other, each language with its own between them."""
    return Text(it=between.it.join(text.it for text in texts), en=between.en.join(text.en for text in texts))
