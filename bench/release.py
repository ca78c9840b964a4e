"""The release of the plan of real Milano: protecting, checking, writing, and what was protected."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from bench.milano import CHECKOUT, DIFFUSA, build_command, find_milano
from bench.process import run_once


def bench_release() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["real Milano: skipped, the real data is not beside the checkout"]
    scratch = Path(tempfile.mkdtemp())
    try:
        pack, plan, out = scratch / "pack", scratch / "plan", scratch / "out.zip"
        run_once(build_command(root, pack))
        scenario = str(CHECKOUT / "scenarios" / "job_centres_2023.toml")
        run_once([*DIFFUSA, "plan", scenario, "--city", str(pack), "-o", str(plan), "--quiet"])
        first = run_once([*DIFFUSA, "release", str(plan), "-o", str(out), "--quiet"])
        again = scratch / "again.zip"
        second = run_once([*DIFFUSA, "release", str(plan), "-o", str(again), "--earlier", str(out), "--quiet"])
        size_mb = out.stat().st_size / 1e6
        with zipfile.ZipFile(out) as file:
            log = json.loads(file.read("release_log.json"))
    finally:
        shutil.rmtree(scratch)
    rows = [
        "| case | wall s | CPU s | peak GB | reach |",
        "|---|---|---|---|---|",
        f"| release | {first.wall_s:.1f} | {first.cpu_s:.1f} | {first.peak_gb:.2f} | ≤ 60 s |",
        f"| the same with an earlier release | {second.wall_s:.1f} | {second.cpu_s:.1f} | {second.peak_gb:.2f} | ≤ 60 s |",
        "",
        f"Size of the zip: {size_mb:.2f} MB.",
        "",
        "| group | figures known | remainders (a) | pairs (b) | hidden parts (c) | programmes | squares | of them hidden |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for group, found in log["groups"].items():
        shown = log["protected"][group]
        cells = [
            *(found["figures known to an outsider"], found["remainders checked (a)"], found["pairs compared (b)"]),
            *(found["hidden parts bounded (c)"], found["linear programmes"], shown["squares"], shown["squares hidden"]),
        ]
        rows.append(f"| {group} | " + " | ".join(f"{value:,}" for value in cells) + " |")
    return rows
