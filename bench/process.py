"""Time a command as a whole process: seconds on the clock, seconds of CPU, peak memory of the process."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

KIB_PER_GB = 1_000_000_000 / 1024


@dataclass(frozen=True)
class Run:
    """One run of a command."""

    wall_s: float
    cpu_s: float
    peak_gb: float


def run_once(command: Sequence[str]) -> Run:
    """Return what one run of a command took.

    Raises
    ------
    subprocess.CalledProcessError
        If the command fails.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, peak_gb=usage.ru_maxrss / KIB_PER_GB)


def run_median(command: Sequence[str], *, n: int) -> tuple[Run, Run, Run]:
    """Return the least, the median and the largest of several runs, figure by figure."""
    runs = [run_once(command) for _ in range(n)]

    def pick(choose: object) -> Run:
        values = {name: choose([getattr(run, name) for run in runs]) for name in ("wall_s", "cpu_s", "peak_gb")}  # type: ignore[operator]
        return Run(**values)

    return pick(min), pick(statistics.median), pick(max)
