"""What a figure was measured on: processor, cores, memory, versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "geopandas", "shapely", "pyogrio", "PuLP", "highspy", "folium", "numba", "networkx", "osmnx")
PEERS = ("pandana", "spopt")
"""Only benchmarks know them; where one is not installed its rows are left out."""


def describe_machine() -> list[str]:
    """Return lines that say on what machine and with what versions a benchmark ran."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join([*(f"{name} {version(name)}" for name in PACKAGES), *map(_describe_peer, PEERS)])
    return [
        f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB, {platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}, {versions}",
    ]


def _describe_peer(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or "unknown processor"
