"""The steps of a long job: shown as they run, and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from maps.i18n import Language, translate


class Steps:
    """Show and time the steps of a job.

    Parameters
    ----------
    console
        Where the progress bars go; None shows nothing.
    language
        Language of what is shown.
    """

    def __init__(self, *, console: Console | None = None, language: Language = "en") -> None:
        self._console = console
        self._language = language
        self._seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Run one step; yields a function (done, all) that moves its bar."""
        begun = time.perf_counter()
        with Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console or Console(quiet=True),
            disable=self._console is None,
        ) as progress:
            task = progress.add_task(translate(name, language=self._language), total=None)
            yield lambda done, whole: progress.update(task, completed=done, total=whole)
            progress.update(task, completed=1, total=1)
        self._seconds[name] = time.perf_counter() - begun

    def record(self) -> dict[str, float]:
        """Return the seconds of each step that has ended."""
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}
