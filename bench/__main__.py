"""Run every benchmark and print its table: ``make bench``, or ``python -m bench NAME`` for one."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.machine import describe_machine
from bench.milano_plan import bench_milano_plan
from bench.transit import bench_transit

BENCHMARKS: dict[str, Callable[[], list[str]]] = {
    "milano_plan": bench_milano_plan,
    "transit": bench_transit,
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
