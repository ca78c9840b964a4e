"""Run every benchmark and print its table: ``make bench``, or ``python -m bench NAME`` for one."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.choice_capacitated import bench_choice_capacitated
from bench.choice_milano import bench_choice_milano
from bench.choice_models import bench_choice_models
from bench.choice_peers import bench_choice_peers
from bench.choice_size import bench_choice_size
from bench.choice_worth import bench_choice_worth
from bench.dasymetric import bench_dasymetric
from bench.helsinki import bench_helsinki
from bench.machine import describe_machine
from bench.map_page import bench_map_page
from bench.milano_plan import bench_milano_plan
from bench.milano_transit import bench_milano_transit
from bench.need import bench_need
from bench.release import bench_release
from bench.sampling_error import bench_sampling_error
from bench.streets import bench_streets
from bench.transit import bench_transit
from bench.transit_city import bench_transit_city

BENCHMARKS: dict[str, Callable[[], list[str]]] = {
    "milano_plan": bench_milano_plan,
    "milano_transit": bench_milano_transit,
    "map_page": bench_map_page,
    "release": bench_release,
    "need": bench_need,
    "dasymetric": bench_dasymetric,
    "streets": bench_streets,
    "choice_milano": bench_choice_milano,
    "choice_peers": bench_choice_peers,
    "choice_capacitated": bench_choice_capacitated,
    "choice_size": bench_choice_size,
    "choice_models": bench_choice_models,
    "choice_worth": bench_choice_worth,
    "helsinki": bench_helsinki,
    "transit": bench_transit,
    "transit_city": bench_transit_city,
    "sampling_error": bench_sampling_error,
}


def main() -> None:
    """Run the benchmarks named on the command line, or all of them."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown benchmark: {', '.join(unknown)}; known are {', '.join(BENCHMARKS)}")
    print("\n".join(describe_machine()))
    for name in names:
        print(f"\n## {name}\n")
        print("\n".join(BENCHMARKS[name]()), flush=True)


if __name__ == "__main__":
    main()
