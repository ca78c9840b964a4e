"""The estimate of need on real Milano: units, 200 joint draws, explanation, tables and page, as one process."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench.process import run_median, run_once

CHECKOUT = Path(__file__).resolve().parents[1]
RUNS = 3


def bench_need() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "milano"
    if not root.is_dir():
        return ["the estimate of need: skipped, the real data is not beside the checkout"]
    diffusa = [sys.executable, "-m", "diffusa"]
    scratch = Path(tempfile.mkdtemp())
    pack, out = str(scratch / "pack"), scratch / "need"
    try:
        run_once([*diffusa, "city", "build", "milano", "--root", str(root), "-o", pack, "--quiet"])
        low, median, high = run_median([*diffusa, "need", "check", pack, "-o", str(out), "--quiet"], n=RUNS)
        size_mb = (out / "need.html").stat().st_size / 1e6
    finally:
        shutil.rmtree(scratch)
    spread = f"{median.wall_s:.1f} ({low.wall_s:.1f}–{high.wall_s:.1f})"
    return [
        "| case | wall s | CPU s | peak GB | reach |",
        "|---|---|---|---|---|",
        (
            f"| 200 draws, tables, page, median of {RUNS} (least–largest) | {spread} "
            f"| {median.cpu_s:.1f} | {median.peak_gb:.2f} | ≤ 20 s, ≤ 1.5 GB |"
        ),
        "",
        f"Size of the page: {size_mb:.2f} MB.",
    ]
