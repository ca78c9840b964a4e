"""The time that a run may take."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Clock:
    """When a run began, and how long it may take.

    Parameters
    ----------
    began
        Moment of `time.monotonic`.
    limit_s
        Seconds that the run may take; None for any.
    """

    began: float
    limit_s: float | None

    def left_s(self) -> float | None:
        """Return how many seconds are left, None for any."""
        if self.limit_s is None:
            return None
        return max(0.0, self.began + self.limit_s - time.monotonic())

    def deadline(self, share: float) -> float | None:
        """Return the moment of `time.monotonic` at which that share of the time is over, None for never."""
        return None if self.limit_s is None else self.began + share * self.limit_s
