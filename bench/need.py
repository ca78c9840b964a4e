"""The estimate of need on real Milano: units, 200 joint draws, explanation, tables and page, as one process."""

from __future__ import annotations

from bench.milano import DIFFUSA, find_milano, milano_pack
from bench.process import run_median

RUNS = 3


def bench_need() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["the estimate of need: skipped, the real data is not beside the checkout"]
    with milano_pack(root) as scratch:
        out = scratch / "need"
        low, median, high = run_median([*DIFFUSA, "need", "check", str(scratch / "pack"), "-o", str(out), "--quiet"], n=RUNS)
        size_mb = (out / "need.html").stat().st_size / 1e6
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
