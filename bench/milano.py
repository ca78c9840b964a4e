"""Real Milano for the benchmarks: where its files are, and a pack of them that goes away again."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.process import run_once

CHECKOUT = Path(__file__).resolve().parents[1]
DIFFUSA = (sys.executable, "-m", "diffusa")


def find_milano() -> Path | None:
    """Return the folder with the real files; None where it is not beside the checkout."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "milano"
    return root if root.is_dir() else None


def build_command(root: Path, pack: Path) -> list[str]:
    """Return the command that makes the pack."""
    return [*DIFFUSA, "city", "build", "milano", "--root", str(root), "-o", str(pack), "--quiet"]


@contextmanager
def milano_pack(root: Path) -> Iterator[Path]:
    """Give a folder in which ``pack`` is the pack of Milano."""
    scratch = Path(tempfile.mkdtemp())
    try:
        run_once(build_command(root, scratch / "pack"))
        yield scratch
    finally:
        shutil.rmtree(scratch)
