"""Whether a timetable and a request for travel times hold together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import CountError, Faults, FeedError, IdError, suggest_name
from geo.checks import add_if_any
from geo.scan_records import MOST_MODES
from geo.timetable import Timetable

DIRECTIONS = ("towards", "away")
WALKING = "walking"
DAY_S = 86_400


def check_draws(timetables: Sequence[Timetable], *, start_s: int, end_s: int, cutoff_s: float) -> None:
    """Raise unless all draws of a timetable can be searched, have the same stops and modes, and hold the whole request.

    Raises
    ------
    FeedError
        If there is no timetable, one does not hold together, stops or modes differ, or a timetable was built for another
        window: vehicles of the request would be missing.
    """
    if not timetables:
        raise FeedError("there is no timetable", where="timetables")
    for timetable in timetables:
        check_timetable(timetable)
    faults = Faults()
    first = timetables[0]
    other = [k for k, one in enumerate(timetables) if (one.stop_ids, one.modes) != (first.stop_ids, first.modes)]
    add_if_any(faults, FeedError, "draws have other stops or modes than the first", where="timetables", examples=other)
    for kept_s in dict.fromkeys(one.kept_s for one in timetables if one.kept_s is not None):
        if start_s < kept_s[0] or end_s + cutoff_s > kept_s[1]:
            what = (
                f"the timetable holds vehicles from {kept_s[0]} to {kept_s[1]} s, and the request needs them"
                f" from {start_s} to {end_s + cutoff_s:g} s"
            )
            faults.add(FeedError(what, where="timetables", remedy="Build it for a wider window, or with a longer tail_s"))
    faults.raise_if_any()


def check_timetable(timetable: Timetable) -> None:
    """Raise unless the timetable can be searched.

    Raises
    ------
    FeedError
        If columns differ in length, positions are none of a stop, trip or mode, hops are not sorted, run backward in
        time or overlap within their trip, times for a change are negative, or modes repeat.
    """
    faults = Faults()
    _check_lengths(faults, timetable)
    faults.raise_if_any()  # the checks below read columns side by side
    _check_positions(faults, timetable)
    _check_modes(faults, timetable)
    _check_times(faults, timetable)
    faults.raise_if_any()


def _check_lengths(faults: Faults, timetable: Timetable) -> None:
    hops = ("from_stop", "to_stop", "departure_s", "arrival_s", "trip", "can_board", "can_alight")
    groups = (hops, ("transfer_from", "transfer_to", "transfer_min_s"), ("forbidden_from", "forbidden_to"))
    for names in groups:
        lengths = {name: len(getattr(timetable, name)) for name in names}
        if len(set(lengths.values())) > 1:
            listed = [f"{name} has {length}" for name, length in lengths.items()]
            faults.add(FeedError("columns of one table differ in length: " + ", ".join(listed), where="timetable"))


def _check_positions(faults: Faults, timetable: Timetable) -> None:
    n_trips = len(timetable.trip_mode)
    bounds = {"trip": n_trips, "trip_mode": len(timetable.modes)}
    stop_columns = ("from_stop", "to_stop", "transfer_from", "transfer_to", "forbidden_from", "forbidden_to")
    for name, n in {**dict.fromkeys(stop_columns, timetable.n_stops), **bounds}.items():
        values = getattr(timetable, name)
        wrong = values[(values < 0) | (values >= n)]
        add_if_any(faults, FeedError, f"positions are not between 0 and {n - 1}", where=f"timetable {name}", examples=wrong)


def _check_modes(faults: Faults, timetable: Timetable) -> None:
    names = [*timetable.modes, WALKING]
    repeated = sorted({name for name in names if names.count(name) > 1})
    add_if_any(faults, FeedError, f"modes repeat, or are named {WALKING!r}", where="timetable modes", examples=repeated)
    if len(timetable.modes) >= MOST_MODES:
        faults.add(FeedError(f"there are {len(timetable.modes)} modes, {MOST_MODES - 1} are the most", where="timetable modes"))


def _check_times(faults: Faults, timetable: Timetable) -> None:
    departure_s, arrival_s = timetable.departure_s, timetable.arrival_s
    unsorted = np.flatnonzero(np.diff(departure_s) < 0) + 1
    add_if_any(faults, FeedError, "hops are not sorted by departure", where="timetable rows", examples=unsorted)
    backward = np.flatnonzero(arrival_s < departure_s)
    add_if_any(faults, FeedError, "hops arrive before they depart", where="timetable rows", examples=backward)
    overlapping = _find_overlaps(timetable)
    what = "hops of a trip depart before the hop before them has arrived, or stand before it"
    add_if_any(faults, FeedError, what, where="timetable rows", examples=overlapping)
    negative = np.flatnonzero(timetable.transfer_min_s < 0)
    add_if_any(faults, FeedError, "times for a change are negative", where="timetable transfer_min_s", examples=negative)


def _find_overlaps(timetable: Timetable) -> NDArray[np.intp]:
    """Return the hops that do not follow on from the hop before them in their trip.

    A hop that takes no time and the hop after it may stand in the wrong order without running backward in time; then they
    do not meet at a stop, but would the other way round.
    """
    order = np.argsort(timetable.trip, kind="stable")
    first, second = order[:-1], order[1:]
    is_same = timetable.trip[first] == timetable.trip[second]
    is_early = timetable.departure_s[second] < timetable.arrival_s[first]
    is_tied = timetable.departure_s[second] == timetable.departure_s[first]
    from_stop, to_stop = timetable.from_stop, timetable.to_stop
    is_swapped = is_tied & (to_stop[first] != from_stop[second]) & (to_stop[second] == from_stop[first])
    return np.sort(second[is_same & (is_early | is_swapped)])


def check_walks(
    timetable: Timetable,
    *,
    access: sparse.csr_array,
    egress: sparse.csr_array,
    footpaths: sparse.csr_array,
    walking: sparse.csr_array,
) -> None:
    """Raise unless each matrix of walks fits the others and holds finite seconds of at least 0.

    Raises
    ------
    CountError
        If a matrix has another shape, or holds seconds that are negative, infinite or NaN.
    """
    faults = Faults()
    n_demand, n_candidates, n_stops = access.shape[0], egress.shape[0], timetable.n_stops
    for name, matrix, shape in (
        ("access", access, (n_demand, n_stops)),
        ("egress", egress, (n_candidates, n_stops)),
        ("footpaths", footpaths, (n_stops, n_stops)),
        ("walking", walking, (n_demand, n_candidates)),
    ):
        if matrix.shape != shape:
            faults.add(CountError(f"the shape is {matrix.shape}, but {shape} is needed", where=name))
        wrong = matrix.data[~(np.isfinite(matrix.data) & (matrix.data >= 0))]
        add_if_any(faults, CountError, "seconds are negative or no numbers", where=name, examples=wrong)
    faults.raise_if_any()


def check_request(
    *, start_s: int, end_s: int, step_s: int, percentiles: Sequence[float], direction: str, min_change_s: float, cutoff_s: float
) -> None:
    """Raise unless the options make sense.

    Raises
    ------
    CountError
        If window, step, cutoff or change time are no usable numbers, or percentiles repeat, are none, or are not above 0
        and up to 100.
    IdError
        If there is no such direction.
    """
    faults = Faults()
    if direction not in DIRECTIONS:
        remedy = suggest_name(direction, DIRECTIONS)
        faults.add(IdError(f"there is no direction {direction!r}", where="direction", remedy=remedy))
    if not 0 < end_s - start_s <= DAY_S:
        what = f"the window from {start_s} to {end_s} s is empty or longer than a day"
        faults.add(CountError(what, where="start_s, end_s"))
    for name, value, is_right in (
        ("step_s", step_s, 0 < step_s <= DAY_S),
        ("cutoff_s", cutoff_s, 0 <= cutoff_s <= DAY_S),
        ("min_change_s", min_change_s, 0 <= min_change_s <= DAY_S),
    ):
        if not is_right:
            faults.add(
                CountError("the number of seconds is negative, no number, or more than a day", where=name, examples=[value])
            )
    wrong = [value for value in percentiles if not 0 < value <= 100]
    add_if_any(faults, CountError, "percentiles are not above 0 and up to 100", where="percentiles", examples=wrong)
    if len(set(percentiles)) != len(percentiles) or not percentiles:
        faults.add(CountError("percentiles repeat, or there are none", where="percentiles", examples=list(percentiles)))
    faults.raise_if_any()
