"""Small drawings inside tables: a share as a bar, several shares on one line. Their figures stand beside them.

Colours and sizes are attributes, so that a drawing looks alike in a browser and in a PDF. Drawings hold numbers only: no text
from data stands in them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

COLORS: Mapping[str, str] = MappingProxyType(
    {"existing": "#4a5966", "compared": "#d9a900", "proposed": "#c2185b", "loss": "#c2185b", "rest": "#7a2e00"}
)
"""Colours of situations, as on the pages of quarters, and of what a place is worth."""
TRACK = "#e9edf1"
INK = "#1a2530"
GRID = "#c3ccd4"
WIDTH = 200
_HEIGHT, _BAR = 16, 12
_RADIUS = 5.0


def share_bar(share: float, *, kind: str, ends: Sequence[float] = ()) -> str:
    """Return a share of [0, 1] as a bar, with a line from the low to the high end of its interval.

    Parameters
    ----------
    share
        NaN draws nothing.
    kind
        A key of `COLORS`.
    ends
        Low and high end, or nothing.
    """
    if math.isnan(share):
        return ""
    line = ""
    if len(ends) == 2 and not any(map(math.isnan, ends)):
        x = [_x(end) for end in ends]
        line = f'<path d="M{x[0]} 2v8M{x[1]} 2v8M{x[0]} 6H{x[1]}" stroke="{INK}" stroke-width="1.5" fill="none"/>'
    return (
        f'<svg class="bar" viewBox="0 0 {WIDTH} {_BAR}" width="{WIDTH}" height="{_BAR}" aria-hidden="true">'
        f'<rect width="{WIDTH}" height="{_BAR}" fill="{TRACK}"/>'
        f'<rect width="{_x(share)}" height="{_BAR}" fill="{COLORS[kind]}"/>{line}</svg>'
    )


def parts_bar(parts: Iterable[tuple[float, str]], *, most: float) -> str:
    """Return values over one another, each from the left, as one bar; the largest fills it.

    Parameters
    ----------
    parts
        Value and kind of each, the longest first; values that are not known are left out.
    most
        The value that fills the bar.
    """
    if most <= 0:
        return ""
    bars = "".join(
        f'<rect width="{_x(max(value, 0.0) / most)}" height="{_BAR}" fill="{COLORS[kind]}"/>'
        for value, kind in parts
        if not math.isnan(value)
    )
    return (
        f'<svg class="bar" viewBox="0 0 {WIDTH} {_BAR}" width="{WIDTH}" height="{_BAR}" aria-hidden="true">'
        f'<rect width="{WIDTH}" height="{_BAR}" fill="{TRACK}"/>{bars}</svg>'
    )


def strip(points: Sequence[tuple[float, str]], *, width: int = WIDTH) -> str:
    """Return shares of [0, 1] on one line, a mark of its own shape for each kind; the first and the last are joined.

    Parameters
    ----------
    points
        Share and kind of each situation, in their order; a share that is not known has no mark.
    width
        Length of the line in pixels.
    """
    known = [(share, kind) for share, kind in points if not math.isnan(share)]
    if not known:
        return ""
    ticks = [_x(tick, width) for tick in (0.0, 0.25, 0.5, 0.75, 1.0)]
    lines = "".join(f'<path d="M{tick} 2v12" stroke="{GRID}" stroke-width="1"/>' for tick in ticks)
    way = f'<path d="M{_x(known[0][0], width)} 8H{_x(known[-1][0], width)}" stroke="{INK}" stroke-width="2"/>'
    marks = "".join(mark(kind, _x(share, width), _HEIGHT / 2) for share, kind in known)
    return _strip(f"{lines}{way}{marks}", width=width, height=_HEIGHT)


def _strip(content: str, *, width: int, height: int) -> str:
    return (
        f'<svg class="strip" viewBox="-6 0 {width + 12} {height}" width="{width + 12}" height="{height}" '
        f'aria-hidden="true">{content}</svg>'
    )


def strip_scale(*, width: int = WIDTH) -> str:
    """Return the scale above strips of a width: 0, 50 and 100 %."""
    ticks = ((0.0, "start", "0"), (0.5, "middle", "50"), (1.0, "end", "100 %"))
    texts = "".join(
        f'<text x="{_x(at, width)}" y="11" font-size="11" text-anchor="{anchor}" fill="{INK}">{text}</text>'
        for at, anchor, text in ticks
    )
    return _strip(texts, width=width, height=14)


def mark(kind: str, x: float, y: float, *, is_hollow: bool = False) -> str:
    """Return the mark of a kind: a square for today, a diamond for what is compared, a dot for the plan."""
    r = _RADIUS
    color = COLORS[kind]
    paint = f'fill="{"#ffffff" if is_hollow else color}" stroke="{color if is_hollow else "#ffffff"}" stroke-width="1.5"'
    if kind == "existing":
        return f'<path d="M{x - r + 1:.1f} {y - r + 1:.1f}h{2 * r - 2:.1f}v{2 * r - 2:.1f}h{2 - 2 * r:.1f}z" {paint}/>'
    if kind == "compared":
        return f'<path d="M{x:.1f} {y - r:.1f}l{r:.1f} {r:.1f}l{-r:.1f} {r:.1f}l{-r:.1f} {-r:.1f}z" {paint}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" {paint}/>'


def _x(share: float, width: int = WIDTH) -> float:
    return round(width * min(max(share, 0.0), 1.0), 1)
