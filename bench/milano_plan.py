"""Real Milano, 100 m cells: source files → pack → plan, cold; pack → plan, warm."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bench.milano import CHECKOUT, DIFFUSA, build_command, find_milano
from bench.process import Run, run_median, run_once

WARM_RUNS = 5


def bench_milano_plan() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["real Milano: skipped, the real data is not beside the checkout"]
    scratch = Path(tempfile.mkdtemp())
    os.environ["DIFFUSA_CACHE"] = str(scratch / "cache")  # kept times of other runs must not help the cold one
    try:
        pack, out = scratch / "pack", scratch / "plan"
        build = build_command(root, pack)
        plan = [
            *DIFFUSA,
            "plan",
            str(CHECKOUT / "scenarios" / "job_centres_2023.toml"),
            "--city",
            str(pack),
            "-o",
            str(out),
            "--quiet",
        ]
        built, first = run_once(build), run_once(plan)
        cold = Run(
            wall_s=built.wall_s + first.wall_s,
            cpu_s=built.cpu_s + first.cpu_s,
            peak_gb=max(built.peak_gb, first.peak_gb),
        )
        low, median, high = run_median(plan, n=WARM_RUNS)
        size_mb = (out / "map.html").stat().st_size / 1e6
    finally:
        shutil.rmtree(scratch)
    spread = f"{median.wall_s:.1f} ({low.wall_s:.1f}–{high.wall_s:.1f})"
    return [
        "| case | wall s | CPU s | peak GB | reach |",
        "|---|---|---|---|---|",
        f"| cold: source files → pack → plan | {cold.wall_s:.1f} | {cold.cpu_s:.1f} | {cold.peak_gb:.2f} | ≤ 60 s, ≤ 2 GB |",
        (
            f"| warm: pack → plan, travel times kept, median of {WARM_RUNS} (least–largest) | {spread} "
            f"| {median.cpu_s:.1f} | {median.peak_gb:.2f} | ≤ 10 s, ≤ 2 GB |"
        ),
        "",
        f"Size of the map page: {size_mb:.2f} MB.",
    ]
