"""How tests find something by the search of a page."""

from __future__ import annotations

from typing import Any


def find(page: Any, name: str) -> None:
    """Type a name into the search and take the first thing that is found."""
    page.fill("#search", name)
    page.press("#search", "Enter")
