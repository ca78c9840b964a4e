"""The time that a run may take, and the hand that may stop it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

Stopped = Callable[[], bool]
"""Whether the run was stopped by hand."""


def never() -> bool:
    """Return that nobody stopped the run."""
    return False


class Deadline(float):
    """A moment of `time.monotonic` that has come, too, once the run is stopped by hand.

    It is a number, so that loops ask it as one: ``time.monotonic() >= deadline``.

    Examples
    --------
    >>> time.monotonic() >= Deadline(float("inf"), never), time.monotonic() >= Deadline(float("inf"), lambda: True)
    (False, True)
    """

    _is_stopped: Stopped

    def __new__(cls, moment: float, is_stopped: Stopped) -> Deadline:
        """Return a moment; `is_stopped` says whether it has come before its time."""
        made = super().__new__(cls, moment)
        made._is_stopped = is_stopped
        return made

    def __le__(self, now: float) -> bool:
        """Return whether the moment has come; Python asks it for ``now >= deadline`` as well."""
        return self._is_stopped() or float.__le__(self, now)

    __hash__ = float.__hash__


@dataclass(frozen=True)
class Share:
    """A share of the time that is larger in a short run.

    Parameters
    ----------
    usual
        Of the whole time.
    least_s
        Seconds that are given in a shorter run too, where they are no more than `most` of it.
    most
        Of the whole time.

    Examples
    --------
    >>> quarter = Share(0.25, least_s=20, most=0.5)
    >>> quarter.of(600), quarter.of(60), quarter.of(10)
    (150.0, 20, 5.0)
    """

    usual: float
    least_s: float
    most: float

    def of(self, limit_s: float) -> float:
        """Return the seconds of a run of so many seconds."""
        return max(self.usual * limit_s, min(self.least_s, self.most * limit_s))


@dataclass(frozen=True, kw_only=True)
class Clock:
    """When a run began, how long it may take, and whether it was stopped by hand.

    Parameters
    ----------
    began
        Moment of `time.monotonic`.
    limit_s
        Seconds that the run may take; None for any.
    is_stopped
        Whether it was stopped by hand: then there is no time left.
    """

    began: float
    limit_s: float | None
    is_stopped: Stopped = never

    def left_s(self) -> float | None:
        """Return how many seconds are left, None for any."""
        if self.is_stopped():
            return 0.0
        if self.limit_s is None:
            return None
        return max(0.0, self.began + self.limit_s - time.monotonic())

    def has_time_for(self, n: float, *, per_second: float) -> bool:
        """Return whether time is left for a step that looks at no clock, on so many things of which it takes so many a second.

        Examples
        --------
        >>> clock = Clock(began=time.monotonic(), limit_s=10.0)
        >>> clock.has_time_for(5_000, per_second=1_000), clock.has_time_for(50_000, per_second=1_000)
        (True, False)
        """
        left_s = self.left_s()
        return left_s is None or (left_s > 0 and n <= per_second * left_s)

    def deadline(self, share: float | Share) -> Deadline | None:
        """Return the moment of `time.monotonic` at which that share of the time is over, None for never."""
        if self.limit_s is None:
            return None if self.is_stopped is never else Deadline(float("inf"), self.is_stopped)
        given_s = share.of(self.limit_s) if isinstance(share, Share) else share * self.limit_s
        return Deadline(self.began + given_s, self.is_stopped)


class _Stop:
    """A listener of Ctrl-C: the first one stops the run, the second one interrupts."""

    def __init__(self, *, reaches_inner: bool) -> None:
        self._stopped = threading.Event()
        self.reaches_inner = reaches_inner

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def is_stopped(self) -> bool:
        return self._stopped.is_set()


@contextmanager
def stop_by_hand(*, reaches_inner: bool = True) -> Iterator[Stopped]:
    """Turn the first Ctrl-C into a stop that keeps the best plan so far; give what says whether it came.

    Parameters
    ----------
    reaches_inner
        Whether a run within this one stops as well; else it comes to its end.

    Notes
    -----
    A second Ctrl-C interrupts as ever. Only the main thread can listen, and only where no stranger does: elsewhere nothing
    stops the run. Within another run it is that one's stop that is given.
    """
    listens = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if isinstance(listens, _Stop) and listens.reaches_inner:
        yield listens.is_stopped
        return
    if listens is not signal.default_int_handler:
        yield never
        return
    stop = _Stop(reaches_inner=reaches_inner)
    signal.signal(signal.SIGINT, stop)
    try:
        yield stop.is_stopped
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
