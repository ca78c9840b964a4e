"""A curve as a drawing with axes: its points, the bounds above or below them, and the point of the plan itself.

Only numbers stand in it, as its table writes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from maps.report.charts import GRID, INK
from maps.safe import html_attribute, html_text

WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 16, 14, 48
_N_TICKS = 5
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
COLORS = ("#c2185b", "#08519c", "#5a6672", "#b35900")
_DASHES = ("", "7 3", "2 3", "9 3 2 3")

Shape = Literal["dot", "hollow"]


@dataclass(frozen=True)
class ChartPoint:
    """One point of a line.

    Parameters
    ----------
    x, y
        Where it lies, in units of the axes.
    bound
        The other end of what is not proven at this point; None where it is proven.
    """

    x: float
    y: float
    bound: float | None = None


@dataclass(frozen=True)
class ChartLine:
    """A line of a chart and its points, from the left."""

    points: tuple[ChartPoint, ...]


@dataclass(frozen=True)
class Axis:
    """An axis: what it is called, and how its numbers are written.

    Parameters
    ----------
    title
        Plain text.
    write
        Writes a number of the axis.
    """

    title: str
    write: Callable[[float], str]


def draw_chart(
    lines: Sequence[ChartLine],
    *,
    x_axis: Axis,
    y_axis: Axis,
    label: str,
    chosen: float | None = None,
    most: float | None = None,
) -> str:
    """Return a chart as an SVG with its accessible name; nothing where no line has a point.

    Parameters
    ----------
    lines
        Each has a colour and a dash of its own, in order; there are as many as colours at the most.
    x_axis, y_axis
        The axes; the one of y begins at 0.
    label
        The accessible name, plain text.
    chosen
        Where on the axis of x the plan itself stands; marked by a line.
    most
        The end of the axis of y; a round number beyond the points by default.
    """
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    values = [value for point in points for value in (point.y, point.bound) if value is not None]
    frame = _Frame.around([point.x for point in points], top=most if most is not None else _round_up(max(values)))
    drawn = [_grid(frame, x_axis, y_axis, [point.x for point in points])]
    if chosen is not None and frame.x_low <= chosen <= frame.x_high:
        x = frame.x(chosen)
        drawn.append(f'<path d="M{x} {_TOP}V{HEIGHT - _BOTTOM}" stroke="{INK}" stroke-width="1.5" stroke-dasharray="4 3"/>')
    drawn += [_line(frame, line, COLORS[row % len(COLORS)], _DASHES[row % len(_DASHES)]) for row, line in enumerate(lines)]
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{html_attribute(label)}">{"".join(drawn)}</svg>'
    )


@dataclass(frozen=True)
class _Frame:
    """What part of the plane a chart shows."""

    x_low: float
    x_high: float
    y_high: float

    @classmethod
    def around(cls, x: Sequence[float], *, top: float) -> _Frame:
        low, high = min(x), max(x)
        edge = 0.5 if low == high else 0.0
        return cls(low - edge, high + edge, top if top > 0 else 1.0)

    def x(self, value: float) -> float:
        part = (value - self.x_low) / (self.x_high - self.x_low)
        return round(_LEFT + part * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        part = min(max(value / self.y_high, 0.0), 1.0)
        return round(HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM), 1)


def _round_up(value: float) -> float:
    """Return the next round number: the axis ends there."""
    if value <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value / _N_TICKS)) if value > 0 else 1.0
    width = next(step * nice for nice in _NICE if step * nice * _N_TICKS >= value * (1 - 1e-9))
    return width * math.ceil(value / width * (1 - 1e-9))


def _grid(frame: _Frame, x_axis: Axis, y_axis: Axis, x_values: Sequence[float]) -> str:
    """Return the lines of the grid, the numbers beside them and the titles of the axes."""
    parts = []
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    for tick in range(_N_TICKS + 1):
        value = frame.y_high * tick / _N_TICKS
        y = frame.y(value)
        parts.append(f'<path d="M{_LEFT} {y}H{right}" stroke="{GRID}" stroke-width="1"/>')
        parts.append(_text(_LEFT - 8, y + 4, y_axis.write(value), anchor="end"))
    for value in _spaced(sorted(set(x_values)), frame):
        x = frame.x(value)
        parts.append(f'<path d="M{x} {bottom}v5" stroke="{INK}" stroke-width="1"/>')
        parts.append(_text(x, bottom + 18, x_axis.write(value), anchor="middle"))
    parts.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" stroke="{INK}" stroke-width="1" fill="none"/>')
    parts.append(_text((_LEFT + right) / 2, HEIGHT - 8, x_axis.title, anchor="middle"))
    y = (_TOP + bottom) / 2
    parts.append(
        f'<text transform="translate(14 {y:.0f}) rotate(-90)" font-size="12" text-anchor="middle" fill="{INK}">'
        f"{html_text(y_axis.title)}</text>"
    )
    return "".join(parts)


def _spaced(values: Sequence[float], frame: _Frame) -> list[float]:
    """Return the values that have room for their numbers on the axis of x."""
    kept: list[float] = []
    for value in values:
        if not kept or frame.x(value) - frame.x(kept[-1]) >= 44:
            kept.append(value)
    return kept


def _text(x: float, y: float, text: str, *, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" text-anchor="{anchor}" fill="{INK}">{html_text(text)}</text>'


def _line(frame: _Frame, line: ChartLine, color: str, dash: str) -> str:
    """Return a line, the reach of what is not proven at its points, and the points; those not proven are hollow."""
    places = [(frame.x(point.x), frame.y(point.y), point) for point in line.points]
    if not places:
        return ""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    way = "L".join(f"{x} {y}" for x, y, _ in places)
    parts = [f'<path d="M{way}" stroke="{color}" stroke-width="2" fill="none"{dashed}/>']
    for x, y, point in places:
        if point.bound is not None:
            parts.append(f'<path d="M{x} {y}V{frame.y(point.bound)}" stroke="{color}" stroke-width="4" stroke-opacity="0.45"/>')
        fill = color if point.bound is None else "#ffffff"
        parts.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="{fill}" stroke="{color}" stroke-width="2"/>')
    return "".join(parts)


def draw_key(position: int) -> str:
    """Return the sample of a line for a legend."""
    color, dash = COLORS[position % len(COLORS)], _DASHES[position % len(_DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        '<svg viewBox="0 0 36 12" width="36" height="12" aria-hidden="true">'
        f'<path d="M0 6H36" stroke="{color}" stroke-width="2" fill="none"{dashed}/>'
        f'<circle cx="18" cy="6" r="4" fill="{color}"/></svg>'
    )
