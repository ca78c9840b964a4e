"""The tiny city, fresh for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.tiny import TinyCity


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCity:
    """Return the tiny city in a folder of its own."""
    return TinyCity(tmp_path / "sources")
