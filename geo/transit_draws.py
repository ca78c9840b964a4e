"""Travel times by timetable over several draws of it: where the phases of lines are not known, every draw is a possible day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from geo.timetable import Timetable
from geo.transit_times import MIN_CHANGE_S, TransitTimes, search_draws
from geo.transit_walks import TransitWalks

STEP_S = 600


def drawn_transit_times(
    timetables: Sequence[Timetable],
    *,
    walks: TransitWalks,
    start_s: int,
    end_s: int,
    percentiles: Sequence[float] = (50,),
    direction: Literal["towards", "away"] = "towards",
    step_s: int = STEP_S,
    min_change_s: float = MIN_CHANGE_S,
    cutoff_s: float,
    workers: int = 1,
    with_modes: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> TransitTimes:
    """Return percentiles of the travel times over the departures of a window and the draws of a timetable.

    Parameters
    ----------
    timetables
        The draws, over the same stops and modes (`build_timetable` with ``keep_idle_stops=True``); one is a timetable.
    walks
        As `geo.transit_walks.walk_to_stops` returns them.
    start_s, end_s, percentiles, direction, min_change_s, cutoff_s, progress
        As in `geo.transit_times.transit_times`.
    step_s
        Between the departures of one draw. Draw d of n leaves at ``start_s + d · step_s / n`` and every `step_s` after it, so
        that all draws together cover the window evenly.
    workers
        Threads among which the sites are divided; the result does not depend on it.
    with_modes
        Whether the samples of each pair are also counted by mode.

    Raises
    ------
    FeedError
        If there is no timetable, one does not hold together or lacks vehicles of the window, or their stops differ.
    CountError, IdError
        As `geo.transit_times.transit_times`.

    Notes
    -----
    The samples of all draws of a pair are pooled, and percentiles are taken of the pool by the nearest rank: with 20 draws of
    12 departures the median is the 120th of 240. So a draw in which vehicles miss one another by a minute weighs as much as
    one in which they meet. A sample not reached within the cutoff counts as infinite and is never dropped.
    """
    return search_draws(
        timetables,
        access=walks.access,
        egress=walks.egress,
        footpaths=walks.footpaths,
        walking=walks.walking,
        start_s=start_s,
        end_s=end_s,
        percentiles=percentiles,
        direction=direction,
        step_s=step_s,
        min_change_s=min_change_s,
        cutoff_s=cutoff_s,
        workers=workers,
        with_modes=with_modes,
        progress=progress,
    )
