"""The timetable around one window of one date, as arrays that a search can scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Timetable:
    """Vehicle connections around one window, in seconds after midnight (local clock) of the window's date.

    Parameters
    ----------
    crs
        CRS of the stops, in metres, such as "EPSG:3035".
    x, y
        Where the stops are, in metres in that CRS, shape (n_stops,).
    stop_ids, stop_names
        Ids as "<feed>:<stop>", each once, and names, one a stop.
    station
        Position of the parent station, or of the stop itself where it has none, shape (n_stops,).
    from_stop, to_stop
        Where each hop begins and ends, positions of stops, shape (n_hops,). A hop leads from one stop of a trip to its
        next; hops are sorted by departure, then arrival, and the hops of one trip stand in the order of travel even where
        their times are equal.
    departure_s, arrival_s
        When each hop begins and ends, shape (n_hops,); after midnight of the window's date, so below 0 on the day
        before and above 86,400 on the day after.
    trip
        The trip of each hop, shape (n_hops,).
    can_board, can_alight
        Whether people may get on where the hop begins, and off where it ends, shape (n_hops,).
    trip_mode
        Position in `modes`, shape (n_trips,).
    modes
        Such as "metro", "tram", "bus", "train", "other".
    transfer_from, transfer_to, transfer_min_s
        Changes with a minimum time of their own: positions of stops, and seconds from arriving to departing, shape
        (n_transfers,).
    forbidden_from, forbidden_to
        Changes that may not be made, positions of stops, shape (n_forbidden,).
    notes
        What was assumed or left out.
    kept_s
        From when to when hops that depart are held, all of them; None where nobody has said.
    """

    crs: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    stop_ids: tuple[str, ...]
    stop_names: tuple[str, ...]
    station: NDArray[np.intp]
    from_stop: NDArray[np.int32]
    to_stop: NDArray[np.int32]
    departure_s: NDArray[np.int32]
    arrival_s: NDArray[np.int32]
    trip: NDArray[np.int32]
    can_board: NDArray[np.bool_]
    can_alight: NDArray[np.bool_]
    trip_mode: NDArray[np.int8]
    modes: tuple[str, ...]
    transfer_from: NDArray[np.int32]
    transfer_to: NDArray[np.int32]
    transfer_min_s: NDArray[np.int32]
    forbidden_from: NDArray[np.int32]
    forbidden_to: NDArray[np.int32]
    notes: tuple[str, ...] = ()
    kept_s: tuple[int, int] | None = None

    @property
    def n_stops(self) -> int:
        """Number of stops."""
        return len(self.stop_ids)

    @property
    def n_hops(self) -> int:
        """Number of hops between consecutive stops of a trip."""
        return len(self.from_stop)
