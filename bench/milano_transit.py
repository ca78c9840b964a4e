"""Real Milano by public transport: the whole plan with its 20 draws, searched anew and from kept times."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench.process import Run, run_once

CHECKOUT = Path(__file__).resolve().parents[1]


def bench_milano_transit() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "milano"
    if not root.is_dir():
        return ["real Milano by public transport: skipped, the real data is not beside the checkout"]
    diffusa = [sys.executable, "-m", "diffusa"]
    scratch = Path(tempfile.mkdtemp())
    pack, out = str(scratch / "pack"), scratch / "plan"
    os.environ["DIFFUSA_CACHE"] = str(scratch / "cache")  # kept times of other runs must not help
    try:
        run_once([*diffusa, "city", "build", "milano", "--root", str(root), "-o", pack, "--quiet"])
        scenario = str(CHECKOUT / "scenarios" / "job_centres_transit.toml")
        plan = [*diffusa, "plan", scenario, "--city", pack, "-o", str(out), "--quiet"]
        runs = {"travel times searched": run_once(plan), "travel times kept": run_once(plan)}
        size_mb = (out / "map.html").stat().st_size / 1e6
    finally:
        shutil.rmtree(scratch)
    lines = ["| case | wall s | CPU s | peak GB |", "|---|---|---|---|", *(_row(name, run) for name, run in runs.items())]
    return [*lines, "", f"Size of the map page: {size_mb:.2f} MB."]


def _row(name: str, run: Run) -> str:
    return f"| {name} | {run.wall_s:.1f} | {run.cpu_s:.1f} | {run.peak_gb:.2f} |"
