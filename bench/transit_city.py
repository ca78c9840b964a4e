"""Travel times by timetable at the size of a city: 3,000 sites and 20,164 cells, each case in a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench import transit
from bench.process import Run, run_once
from geo.transit_times import transit_times

N_SITES = 3000
CASES: tuple[tuple[Literal["towards", "away"], int], ...] = (("away", 600), ("towards", 60))
REACH = {"away": "≤ 90 s, ≤ 2 GB", "towards": "reported; twice the row above is the aim"}


def bench_transit_city(n_sites: int = N_SITES) -> list[str]:
    """Return the rows of the table; the search alone is timed inside the process, the rest from outside."""
    lines = [
        "| case | departures | sites | hops | CPU s of the search | CPU s of the process | wall s | peak GB | pairs | reach |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    searches = []
    for direction, step_s in CASES:
        run, found = _run_case(direction, step_s=step_s, n_sites=n_sites)
        searches.append(found["cpu_s"])
        lines.append(
            f"| {direction} | {found['n_departures']} | {n_sites:,} | {found['n_hops']:,} | {found['cpu_s']:.1f} "
            f"| {run.cpu_s:.1f} | {run.wall_s:.1f} | {run.peak_gb:.2f} | {found['n_pairs']:,} | {REACH[direction]} |"
        )
    return [*lines, "", f"Towards over away, CPU s of the search: {searches[1] / searches[0]:.1f}."]


def _run_case(direction: str, *, step_s: int, n_sites: int) -> tuple[Run, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "found.json"
        run = run_once([sys.executable, "-m", "bench.transit_city", direction, str(step_s), str(n_sites), str(told)])
        return run, json.loads(told.read_text(encoding="utf-8"))


def search_city(direction: Literal["towards", "away"], *, step_s: int, n_sites: int) -> dict[str, float]:
    """Return what one search took, without the making of its input, and how much it found."""
    rng = np.random.default_rng(transit.SEED)
    timetable = transit.build_city_timetable(rng)
    walks = transit.build_walks(rng, timetable, n_sites=n_sites)
    begun_s = time.process_time()
    found = transit_times(
        timetable,
        **walks,
        start_s=transit.START_S,
        end_s=transit.END_S,
        step_s=step_s,
        cutoff_s=transit.CUTOFF_S,
        direction=direction,
    )
    return {
        "cpu_s": time.process_time() - begun_s,
        "n_departures": found.n_departures,
        "n_hops": timetable.n_hops,
        "n_pairs": int(found.seconds[50].nnz),
    }


if __name__ == "__main__":
    _, asked, step, sites, path = sys.argv
    taken = search_city("away" if asked == "away" else "towards", step_s=int(step), n_sites=int(sites))
    Path(path).write_text(json.dumps(taken), encoding="utf-8")
