"""Real Milano by public transport: the whole plan with its 20 draws, searched anew and from kept times."""

from __future__ import annotations

import os

from bench.milano import CHECKOUT, DIFFUSA, find_milano, milano_pack
from bench.process import Run, run_once


def bench_milano_transit() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["real Milano by public transport: skipped, the real data is not beside the checkout"]
    with milano_pack(root) as scratch:
        os.environ["DIFFUSA_CACHE"] = str(scratch / "cache")  # kept times of other runs must not help
        scenario = str(CHECKOUT / "scenarios" / "job_centres_transit.toml")
        plan = [*DIFFUSA, "plan", scenario, "--city", str(scratch / "pack"), "-o", str(scratch / "plan"), "--quiet"]
        runs = {"travel times searched": run_once(plan), "travel times kept": run_once(plan)}
        size_mb = (scratch / "plan" / "map.html").stat().st_size / 1e6
    lines = ["| case | wall s | CPU s | peak GB |", "|---|---|---|---|", *(_row(name, run) for name, run in runs.items())]
    return [*lines, "", f"Size of the map page: {size_mb:.2f} MB."]


def _row(name: str, run: Run) -> str:
    return f"| {name} | {run.wall_s:.1f} | {run.cpu_s:.1f} | {run.peak_gb:.2f} |"
