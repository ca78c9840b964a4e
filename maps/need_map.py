"""The map of an estimate as one drawing: quarters and cells, coloured by the risk or by how wide its interval is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from maps.palettes import NO_DATA, PEOPLE
from maps.safe import html_attribute, html_text

RISK = PEOPLE
WIDTH = ("#edf8fb", "#b2d8d8", "#66b2b2", "#2b8080", "#004c4c")
STEP = 0.005
"""Classes end at half points."""
UNIT_M = 10.0
"""One unit of the drawing: whole units keep squares square."""


@dataclass(frozen=True)
class Classes:
    """Classes of a share: their upper ends, the last class open, and a colour each."""

    breaks: tuple[float, ...]
    colors: tuple[str, ...]

    def color(self, value: float) -> str:
        """Return the colour of a value; that of no data for NaN."""
        if np.isnan(value):
            return NO_DATA
        return self.colors[int(np.searchsorted(self.breaks, value - 1e-9, side="left"))]


def build_classes(values: NDArray[np.float64], weights: NDArray[np.float64], *, colors: Sequence[str]) -> Classes:
    """Return classes near the fifths of the people, which end at half points.

    Parameters
    ----------
    values
        Shares, shape (n,); NaN is left out.
    weights
        People that they are of, shape (n,).
    colors
        As many as classes at the most.
    """
    known = np.isfinite(values) & (weights > 0)
    order = np.argsort(values[known], kind="stable")
    if not len(order):
        return Classes((), (colors[0],))
    so_far = np.cumsum(weights[known][order]) / weights[known].sum()
    n = len(colors)
    places = np.minimum(np.searchsorted(so_far, np.arange(1, n) / n), len(order) - 1)
    ends = sorted({round(round(float(values[known][order][place]) / STEP) * STEP, 4) for place in places})
    chosen = np.linspace(0, n - 1, len(ends) + 1).round().astype(int)
    return Classes(tuple(ends), tuple(colors[index] for index in chosen))


class Drawing:
    """Shapes of a city in whole units of the drawing, north up.

    Parameters
    ----------
    quarters
        Polygons in a metric CRS, which give the extent.
    """

    def __init__(self, quarters: gpd.GeoDataFrame) -> None:
        west, south, east, north = quarters.total_bounds
        self._west, self._north = float(west), float(north)
        self.width = int(np.ceil((east - west) / UNIT_M))
        self.height = int(np.ceil((north - south) / UNIT_M))

    def units(self, xy: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return points, shape (n, 2) in metres, as whole units to the right and down."""
        x, y = self.exact_units(xy)
        return np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)

    def exact_units(self, xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points, shape (n, 2) in metres, as units to the right and down, not rounded."""
        return (xy[:, 0] - self._west) / UNIT_M, (self._north - xy[:, 1]) / UNIT_M

    def path(self, geometry: shapely.Geometry) -> str:
        """Return a polygon or several as the data of an SVG path."""
        rings = [ring for part in shapely.get_parts(geometry) for ring in (part.exterior, *part.interiors)]
        return "".join(self._ring(np.asarray(ring.coords)) for ring in rings)

    def _ring(self, xy: NDArray[np.float64]) -> str:
        x, y = self.units(xy[:-1])
        steps = "".join(f"l{dx} {dy}" for dx, dy in zip(np.diff(x).tolist(), np.diff(y).tolist(), strict=True))
        return f"M{x[0]} {y[0]}{steps}z"


def draw_cells(drawing: Drawing, cells: gpd.GeoDataFrame, values: NDArray[np.float64], classes: Classes) -> str:
    """Return the cells as one path a colour."""
    colors = np.array([classes.color(value) for value in values.tolist()])
    parts = []
    for color in dict.fromkeys(colors.tolist()):
        paths = "".join(drawing.path(shape) for shape in cells.geometry.to_numpy()[colors == color])
        parts.append(f'<path fill="{color}" d="{paths}"/>')
    return "".join(parts)


def draw_quarters(
    drawing: Drawing, quarters: gpd.GeoDataFrame, values: NDArray[np.float64], classes: Classes, titles: Sequence[str]
) -> str:
    """Return the quarters, each a path with its title."""
    shapes = shapely.simplify(quarters.geometry.to_numpy(), UNIT_M)
    return "".join(
        f'<path fill="{classes.color(value)}" d="{drawing.path(shape)}"><title>{html_text(title)}</title></path>'
        for shape, value, title in zip(shapes, values.tolist(), titles, strict=True)
    )


def draw_outlines(drawing: Drawing, quarters: gpd.GeoDataFrame) -> str:
    """Return the outlines of the quarters."""
    shapes = shapely.simplify(quarters.geometry.to_numpy(), UNIT_M)
    return f'<path class="outline" d="{"".join(drawing.path(shape) for shape in shapes)}"/>'


def draw_interval(low: float, mean: float, high: float, *, most: float, label: str) -> str:
    """Return a small chart of one interval: a line from its low to its high end and a dot at the mean."""
    x = [round(150 * value / most, 1) for value in (low, mean, high)]
    return (
        f'<svg class="interval" viewBox="0 0 156 14" role="img" aria-label="{html_attribute(label)}">'
        f'<line x1="{x[0] + 3}" x2="{x[2] + 3}" y1="7" y2="7"/><circle cx="{x[1] + 3}" cy="7" r="4"/></svg>'
    )
