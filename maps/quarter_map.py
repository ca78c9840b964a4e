"""The drawings of a quarter's page: it among its neighbours, who is reached in it, who is left out, where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.plan import BEFORE, BEST, Plan, minutes_column
from maps.need_map import UNIT_M, Drawing
from maps.palettes import CHANGE, NOBODY, PEOPLE
from maps.safe import html_text

NEAR_M = 500.0
"""How far around a quarter its page looks."""
LEFT_OUT_BREAKS = (10.0, 20.0, 40.0)
"""Upper ends of the classes of people in a square, the last class open: no class is narrower than ten people."""
LEFT_OUT_COLORS = (PEOPLE[0], PEOPLE[1], PEOPLE[3], PEOPLE[4])
# The map of the plan has the same shapes; a test holds them against its script.
SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "existing": "M5 5h14v14H5z",
        "closed": "M5 5h14v14H5zM8 8l8 8M16 8l-8 8",
        "competitor": "M12 4 21 20H3z",
        "compared": "M12 2.5 21.5 12 12 21.5 2.5 12z",
        "proposed": "m12 1.6 3.1 6.9 7.5.8-5.6 5 1.6 7.4-6.6-3.8-6.6 3.8 1.6-7.4-5.6-5 7.5-.8z",
        "candidate": "M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
    }
)
_SYMBOL_PART = 18.0  # the window is as many symbols wide
_OUTLINE_M, _CITY_OUTLINE_M = 10.0, 60.0
_LETTER_PART, _LETTER_WIDTH = 0.42, 0.65  # height of a letter in symbols, its width in heights


@dataclass(frozen=True, eq=False)
class CityDrawing:
    """What the pages of all quarters share: the scale, the outlines of quarters, and the small map of the city."""

    drawing: Drawing
    outlines: NDArray[np.object_]
    paths: tuple[str, ...]
    city_path: str


def draw_city(plan: Plan) -> CityDrawing:
    """Return the drawings that every page shares."""
    drawing = Drawing(plan.nil)
    shapes = plan.nil.geometry.to_numpy()
    near, far = (shapely.coverage_simplify(shapes, tolerance) for tolerance in (_OUTLINE_M, _CITY_OUTLINE_M))
    return CityDrawing(
        drawing=drawing,
        outlines=near,
        paths=tuple(drawing.path(shape) for shape in near),
        city_path="".join(drawing.path(shape) for shape in far),
    )


def window_of(shape: shapely.Geometry) -> shapely.Polygon:
    """Return the rectangle that a quarter's map shows: the quarter and what is near it."""
    west, south, east, north = shapely.bounds(shape).tolist()
    window: shapely.Polygon = shapely.box(west - NEAR_M, south - NEAR_M, east + NEAR_M, north + NEAR_M)
    return window


def view_box(city: CityDrawing, window: shapely.Polygon) -> str:
    """Return the rectangle of a window as an SVG names it."""
    west, south, east, north = window.bounds
    x, y = city.drawing.units(np.array([[west, north], [east, south]]))
    return f"{x[0]} {y[0]} {x[1] - x[0]} {y[1] - y[0]}"


def draw_change(city: CityDrawing, plan: Plan, rows: NDArray[np.intp], *, groups: list[str]) -> str:
    """Return the squares of a quarter as one path a class: reached before, only after, no longer, not; those with nobody."""
    cells, standard_min = plan.cells.iloc[rows], plan.document.standard_min
    with np.errstate(invalid="ignore"):
        was, is_now = (cells[minutes_column(key)].to_numpy(dtype=np.float64) <= standard_min for key in (BEFORE, BEST))
    lived = (cells[groups].to_numpy(dtype=np.float64) != 0).any(axis=1)  # a number that is not given is not nobody
    names = np.select([~lived, was & is_now, is_now, was], ["nobody", "both", "gained", "lost"], default="outside")
    colors = {**CHANGE, "nobody": NOBODY}
    return _squares(city, cells, names, colors)


def draw_left_out(city: CityDrawing, plan: Plan, rows: NDArray[np.intp], *, group: str) -> str:
    """Return the squares that the plan does not reach as one path a class of the people who live there."""
    cells = plan.cells.iloc[rows]
    people = cells[group].to_numpy(dtype=np.float64)
    minutes = cells[minutes_column(BEST)].to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        is_left = ~(minutes <= plan.document.standard_min) & (people > 0)
    classes = np.searchsorted(LEFT_OUT_BREAKS, people, side="right")
    names = np.where(is_left, np.char.add("class-", classes.astype(str)), "reached")
    colors = {f"class-{position}": color for position, color in enumerate(LEFT_OUT_COLORS)}
    return _squares(city, cells, names, {**colors, "reached": NOBODY})


def _squares(city: CityDrawing, cells: gpd.GeoDataFrame, names: NDArray[np.str_], colors: Mapping[str, str]) -> str:
    """Return the squares of each class joined: a large park has more than a thousand of them."""
    shapes = cells.geometry.to_numpy()
    joined = {name: shapely.simplify(shapely.coverage_union_all(shapes[names == name]), 0.0) for name in colors}
    return "".join(
        f'<path class="{name}" fill="{colors[name]}" fill-rule="evenodd" d="{city.drawing.path(shape)}"/>'
        for name, shape in joined.items()
        if not shape.is_empty
    )


def draw_frame(city: CityDrawing, plan: Plan, position: int, window: shapely.Polygon) -> str:
    """Return the outlines of a quarter and of those around it, with the names of those that have room for one."""
    around = np.flatnonzero(shapely.intersects(plan.nil.geometry.to_numpy(), window))
    parts = [f'<path class="outline" d="{city.paths[row]}"/>' for row in around if row != position]
    parts.append(f'<path class="own" d="{city.paths[position]}"/>')
    names = plan.nil["name"].tolist()
    size = _LETTER_PART * _symbol_units(window)
    parts += [
        _name(city, str(names[row]), shapely.intersection(city.outlines[row], window), size)
        for row in around
        if row != position
    ]
    return "".join(parts)


def _name(city: CityDrawing, name: str, piece: shapely.Geometry, size: float) -> str:
    """Return the name of a neighbour in the piece of it that is seen, a line for each part; nothing where it has no room."""
    if shapely.is_empty(piece):
        return ""
    lines = name.split(" - ")
    west, south, east, north = shapely.bounds(piece).tolist()
    if _LETTER_WIDTH * size * max(map(len, lines)) > (east - west) / UNIT_M or size * len(lines) > (north - south) / UNIT_M:
        return ""
    x, y = city.drawing.units(shapely.get_coordinates(shapely.point_on_surface(piece)))
    spans = "".join(f'<tspan x="{x[0]}" dy="{size:.1f}">{html_text(line)}</tspan>' for line in lines)
    return f'<text class="name" x="{x[0]}" y="{y[0] - size * len(lines) / 2:.1f}" font-size="{size:.1f}">{spans}</text>'


def draw_sites(city: CityDrawing, sites: gpd.GeoDataFrame, window: shapely.Polygon) -> str:
    """Return the sites by shape and colour of their role, each with its number in the list (its row) and its name as title."""
    size = _symbol_units(window)
    x, y = city.drawing.units(shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2))
    drawn = []
    order = range(len(sites) - 1, -1, -1)  # the first of the list lie on top
    facts = list(zip(sites["role"], sites["name"], strict=True))
    for row in order:
        role, name = facts[row]
        right = 16 if role == "candidate" else 21
        at = f"translate({x[row] - size / 2:.1f} {y[row] - size / 2:.1f}) scale({size / 24:.3f})"
        drawn.append(
            f'<g class="site symbol-{role}" transform="{at}"><title>{row + 1}. {html_text(name)}</title>'
            f'<path d="{SHAPES[role]}"/><text x="{right}" y="10" font-size="10">{row + 1}</text></g>'
        )
    return "".join(drawn)


def draw_place(city: CityDrawing, position: int, *, label: str) -> str:
    """Return the small map of the city with the quarter filled."""
    width, height = city.drawing.width, city.drawing.height
    return (
        f'<svg class="place" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f'<use href="#city"/><path class="here" d="{city.paths[position]}"/></svg>'
    )


def draw_symbol(role: str) -> str:
    """Return the symbol of a role for a legend or a list; decoration, its meaning stands beside it."""
    return f'<svg class="symbol symbol-{role}" viewBox="0 0 24 24" aria-hidden="true"><path d="{SHAPES[role]}"/></svg>'


def _symbol_units(window: shapely.Polygon) -> float:
    west, south, east, north = window.bounds
    return float(max(east - west, north - south) / UNIT_M / _SYMBOL_PART)
