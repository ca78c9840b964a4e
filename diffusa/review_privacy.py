"""What must not stand in a review: mail addresses, telephone numbers and tax codes are taken out of what people write."""

from __future__ import annotations

import re

REMOVED = "[…]"
_PATTERNS = (
    re.compile(r"[^\s@<>()\[\],;:]+\s?(?:@|\(at\)|\[at\])\s?[^\s@<>()\[\],;:]+\.[^\s@<>()\[\],;:]+", re.IGNORECASE),
    re.compile(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b", re.IGNORECASE),  # codice fiscale
    # A telephone number: 8 digits or more, with signs between them; dates and sums of money have fewer, or other signs.
    re.compile(r"(?<![\d.,])\+?\d(?:[ ./-]?\d){7,14}(?![\d.,]?\d)"),
)


def remove_personal(text: str) -> tuple[str, int]:
    """Return a text without mail addresses, telephone numbers and tax codes, and how many there were.

    Names cannot be told from other words: the sheets ask not to write them, and ``review.toml`` is to be read by
    somebody before it is sent on.

    Examples
    --------
    >>> remove_personal("scrivere a anna.b@example.org o 02 1234 5678")
    ('scrivere a […] o […]', 2)
    >>> remove_personal("in 2024 for 1.200.000 euros, via Roma 12")
    ('in 2024 for 1.200.000 euros, via Roma 12', 0)
    """
    n = 0
    for pattern in _PATTERNS:
        text, found = pattern.subn(REMOVED, text)
        n += found
    return text, n
