"""The sequences of stops that the vehicles of a line follow, in both directions, each with its phase."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.interpolate_times import measure_steps

SHARP_TURN_COS = -0.5
"""A path turns back where it turns by more than 120°."""
ZIGZAG_SHARE = 1 / 3
"""A sequence that turns back at more than this share of its inner stops is in no order that a vehicle drives."""


@dataclass(frozen=True)
class Pattern:
    """One sequence of stops in driving order.

    Parameters
    ----------
    id
        "line:branch:there" or "line:branch:back".
    mode, line
        Mode and name of the line.
    rows
        Rows of the table of lines, in driving order.
    step_m
        Straight distance of each stop from the one before it, 0 for the first.
    n_sharing, turn
        How many branches share the headway in this direction, and which of them this one is, from 0.
    ahead_m, ahead_stops
        How much longer the way is, metres and stops, from its first stop to the one where it joins the first branch of
        those that share, than that branch's own way there.
    phase
        Share of the headway after which the first vehicle leaves, in [0, 1); one for all that share the headway.
    """

    id: str
    mode: str
    line: str
    rows: NDArray[np.intp]
    step_m: NDArray[np.float64]
    n_sharing: int
    turn: int
    ahead_m: float
    ahead_stops: int
    phase: float


def list_patterns(lines: pd.DataFrame, *, draw: int, seed: int, notes: list[str]) -> list[Pattern]:
    """Return the patterns of all lines, sorted by mode, line and branch.

    Parameters
    ----------
    lines
        Table of lines, checked; its index is a RangeIndex over its rows or a part of one.
    draw, seed
        For the phases.
    notes
        Where to say what was done with the sequences.

    Notes
    -----
    A line with one branch is run both ways; one with several has both directions among them. A sequence that turns back
    on itself at more than a third of its stops interleaves directions: it is put in the order of the nearest next stop,
    starting from its first, each stop once.
    """
    patterns: list[Pattern] = []
    tangled: list[str] = []
    n_reversed = 0
    for (mode, line), rows in lines.groupby(["mode", "line"], sort=True):
        directions: list[tuple[str, NDArray[np.intp]]] = []
        branches = [(str(name), part.sort_values("seq", kind="stable")) for name, part in rows.groupby("branch", sort=True)]
        for branch, part in branches:
            order = part.index.to_numpy(dtype=np.intp)
            if is_tangled(part["lon"].to_numpy(dtype=float), part["lat"].to_numpy(dtype=float)):
                tangled.append(f"{line}")
                order = _untangle(part)
            directions.append((f"{line}:{branch}:there", order))
            if len(branches) == 1:
                directions.append((f"{line}:{branch}:back", order[::-1]))
                n_reversed += 1
        patterns += _share(str(mode), str(line), directions, lines, draw=draw, seed=seed)
    if n_reversed:
        notes.append(f"{n_reversed:,} lines with one sequence of stops run both ways along it, at the same stops")
    if tangled:
        text = "lines whose stops zigzag were put in the order of the nearest next stop"
        notes.append(f"{len(tangled):,} {text}: {', '.join(tangled)}")
    return patterns


def is_tangled(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> bool:
    """Return whether a path turns back at more than a third of its inner points.

    Examples
    --------
    >>> is_tangled(np.array([9.0, 9.1, 9.2, 9.3]), np.full(4, 45.0))
    False
    >>> is_tangled(np.array([9.0, 9.3, 9.1, 9.2]), np.full(4, 45.0))
    True
    """
    x, y = lon * np.cos(np.radians(lat.mean())), lat
    step_x, step_y = np.diff(x), np.diff(y)
    length = np.hypot(step_x, step_y)
    product = length[1:] * length[:-1]
    cosine = (step_x[1:] * step_x[:-1] + step_y[1:] * step_y[:-1]) / np.where(product > 0, product, 1.0)
    return bool(len(cosine) and (cosine < SHARP_TURN_COS).mean() > ZIGZAG_SHARE)


def _untangle(part: pd.DataFrame) -> NDArray[np.intp]:
    part = part.drop_duplicates("stop_id")
    rows, lat = part.index.to_numpy(dtype=np.intp), part["lat"].to_numpy(dtype=float)
    x, y = part["lon"].to_numpy(dtype=float) * np.cos(np.radians(lat.mean())), lat
    order = [0]
    is_left = np.arange(len(rows)) > 0
    while is_left.any():
        apart = np.hypot(x - x[order[-1]], y - y[order[-1]])
        order.append(int(np.argmin(np.where(is_left, apart, np.inf))))
        is_left[order[-1]] = False
    return rows[order]


def _share(
    mode: str, line: str, directions: Sequence[tuple[str, NDArray[np.intp]]], lines: pd.DataFrame, *, draw: int, seed: int
) -> list[Pattern]:
    """Group the branches that run the same way, and give each group its phase."""
    stops = [lines.loc[order, "stop_id"].tolist() for _, order in directions]
    groups: list[list[int]] = []
    for number in range(len(directions)):
        home = next((group for group in groups if any(runs_along(stops[number], stops[other]) for other in group)), None)
        if home is None:
            groups.append([number])
        else:
            home.append(number)
    patterns = []
    for group in groups:
        phase = draw_phase(f"{mode}/{line}/{directions[group[0]][0]}", draw=draw, seed=seed)
        steps = [_measure(lines, directions[number][1]) for number in group]
        for turn, number in enumerate(group):
            name, order = directions[number]
            ahead = _measure_lead(stops[number], stops[group[0]], steps[turn], steps[0])
            patterns.append(Pattern(name, mode, line, order, steps[turn], len(group), turn, *ahead, phase))
    return patterns


def _measure(lines: pd.DataFrame, order: NDArray[np.intp]) -> NDArray[np.float64]:
    places = lines.loc[order, ["lon", "lat"]].to_numpy(dtype=float)
    return measure_steps(places[:, 0], places[:, 1])


def _measure_lead(
    stops: Sequence[str], first_stops: Sequence[str], step_m: NDArray[np.float64], first_step_m: NDArray[np.float64]
) -> tuple[float, int]:
    """Return how much longer, in metres and stops, the way to the first shared stop is than that of the first branch."""
    own = next((number for number, stop in enumerate(stops) if stop in first_stops), None)
    if own is None:
        return 0.0, 0
    other = first_stops.index(stops[own])
    return float(step_m[: own + 1].sum() - first_step_m[: other + 1].sum()), own - other


def runs_along(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two sequences share stops, more often in the same order than not.

    Examples
    --------
    >>> runs_along(["a", "b", "c"], ["b", "c", "d"]), runs_along(["a", "b"], ["b", "a"]), runs_along(["a"], ["a"])
    (True, False, False)
    """
    place = {stop: number for number, stop in enumerate(other)}
    shared = [place[stop] for stop in one if stop in place]
    steps = np.sign(np.diff(shared))
    return bool(steps.sum() > 0)


def draw_phase(key: str, *, draw: int, seed: int) -> float:
    """Return a number in [0, 1) that depends on the key, the draw and the seed, and on nothing else."""
    return float(np.random.default_rng([seed, draw, zlib.crc32(key.encode())]).random())
