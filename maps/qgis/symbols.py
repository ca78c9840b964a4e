"""The symbols of a plan in QGIS: shapes, colours and sizes like those of the page's map, in millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from maps.qgis.qml import Part, Symbol, rgba

_INK, _WHITE = "#1a1a1a", "#ffffff"
# Okabe and Ito's palette (2008), which colour-blind readers can tell apart, each with a shape of its own.
_KIND_MARKS = (
    ("#0072b2", "circle"),
    ("#e69f00", "square"),
    ("#009e73", "triangle"),
    ("#d55e00", "diamond"),
    ("#cc79a7", "pentagon"),
    ("#56b4e9", "hexagon"),
    ("#f0e442", "star"),
    ("#000000", "cross_fill"),
)


def fill(color: str, *, alpha: float = 1.0, is_edged: bool = True) -> Symbol:
    """Return an area of one colour; its edge in the same colour closes the slits between squares."""
    edge = {"outline_style": "solid" if is_edged else "no", "outline_color": rgba(color), "outline_width": "0"}
    return Symbol("fill", (Part("SimpleFill", {"color": rgba(color), "style": "solid", **edge}),), alpha)


def outlined(color: str, edge: str, *, width_mm: float, alpha: float = 1.0) -> Symbol:
    """Return an area with an edge of another colour."""
    options = {"color": rgba(color), "style": "solid", "outline_color": rgba(edge), "outline_style": "solid"}
    return Symbol("fill", (Part("SimpleFill", {**options, "outline_width": f"{width_mm:g}"}),), alpha)


def outline(color: str, *, width_mm: float, dash: str = "solid") -> Symbol:
    """Return the edge of an area alone."""
    options = {"style": "no", "color": rgba(_WHITE, 0), "outline_color": rgba(color), "outline_style": dash}
    return Symbol("fill", (Part("SimpleFill", {**options, "outline_width": f"{width_mm:g}"}),))


def line(color: str, *, width_mm: float, dash: str = "solid", alpha: float = 1.0) -> Symbol:
    """Return a line."""
    options = {"line_color": rgba(color), "line_width": f"{width_mm:g}", "line_width_unit": "MM", "line_style": dash}
    return Symbol("line", (Part("SimpleLine", {**options, "capstyle": "round", "joinstyle": "round"}),), alpha)


def _mark(shape: str, color: str, *, size_mm: float, edge: str = _WHITE, edge_mm: float = 0.4) -> Part:
    options = {
        "name": shape,
        "color": rgba(color),
        "outline_color": rgba(edge),
        "outline_width": f"{edge_mm:g}",
        "outline_width_unit": "MM",
        "size": f"{size_mm:g}",
        "size_unit": "MM",
    }
    return Part("SimpleMarker", options)


def marker(shape: str, color: str, *, size_mm: float, edge: str = _WHITE, edge_mm: float = 0.4, alpha: float = 1.0) -> Symbol:
    """Return a point of one shape."""
    return Symbol("marker", (_mark(shape, color, size_mm=size_mm, edge=edge, edge_mm=edge_mm),), alpha)


ROLE_SYMBOLS: Mapping[str, Symbol] = MappingProxyType(
    {
        "candidate": marker("circle", "#4c5761", size_mm=1.6, edge_mm=0.2, alpha=0.6),
        "competitor": marker("triangle", "#7a4aa8", size_mm=4.2),
        "closed": Symbol(
            "marker",
            (
                _mark("square", _WHITE, size_mm=3.8, edge="#b3261e", edge_mm=0.5),
                _mark("cross2", "#b3261e", size_mm=2.2, edge="#b3261e", edge_mm=0.5),
            ),
        ),
        "existing": marker("square", _INK, size_mm=3.8),
        "compared": marker("diamond", "#f5c518", size_mm=4.6, edge=_INK),
        "proposed": marker("star", "#c2185b", size_mm=6.0),
    }
)
"""What a site is in a plan, those that lie below others first."""


def kind_symbol(position: int) -> Symbol:
    """Return the symbol of a kind of sites by its position among the kinds; after eight they come again, larger."""
    color, shape = _KIND_MARKS[position % len(_KIND_MARKS)]
    return marker(shape, color, size_mm=3.0 + position // len(_KIND_MARKS), edge=_INK, edge_mm=0.2)
