"""What every test may ask for: the real data beside the checkout, a browser, and where the checkout is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def _require_or_skip(variable: str, reason: str) -> None:
    if os.environ.get(variable) == "1":
        pytest.fail(f"{reason}, and {variable}=1 asks for it", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_root() -> Path:
    """Return the folder with the real data: DIFFUSA_SHARED, else `shared` beside the checkout."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared"))
    if not root.is_dir():
        _require_or_skip("DIFFUSA_REQUIRE_SHARED", f"the real data is not there (looked for {root.name}/ beside the checkout)")
    return root


@pytest.fixture(scope="session")
def milano_root(shared_root: Path) -> Path:
    """Return the folder with the real files of Milano."""
    return shared_root / "milano"


@pytest.fixture(scope="session")
def benchmarks_root(shared_root: Path) -> Path:
    """Return the folder with the published instances."""
    return shared_root / "benchmarks"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Debian's Chromium, or of the one that DIFFUSA_CHROMIUM names."""
    found = os.environ.get("DIFFUSA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        _require_or_skip("DIFFUSA_REQUIRE_BROWSER", "no Chromium is installed")
    return str(found)
