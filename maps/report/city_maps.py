"""The maps of a report: quarters by the share that is reached, in each situation, with the places that are open there.

They are drawings without tiles or a script. The figures behind them stand in the table by quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.plan import BEFORE, BEST, GroupBrief, Variant, open_column, share_column
from maps.i18n import format_percent, message
from maps.need_map import Drawing
from maps.palettes import NO_DATA, NOBODY, SHARE, SHARE_BREAKS
from maps.quarter_figures import FEW, Row, is_few, value
from maps.quarter_map import SHAPES
from maps.quarter_sites import role_name
from maps.report.view import ROLE_ORDER, View, note, section
from maps.safe import html_attribute, html_text

_TOLERANCE_M = 60.0
_SYMBOL_PART = 24.0  # the longer side of a map is as many symbols
_SITE_PAINT = {
    "proposed": 'fill="#c2185b" stroke="#ffffff" stroke-width="1.4"',
    "existing": 'fill="#1a1a1a" stroke="#ffffff" stroke-width="1.4"',
    "compared": 'fill="#f5c518" stroke="#1a1a1a" stroke-width="1.4"',
    "closed": 'fill="#ffffff" stroke="#b3261e" stroke-width="2.2"',
    "candidate": 'fill="#5a6672" stroke="#ffffff" stroke-width="1.4"',
    "competitor": 'fill="#7a4aa8" stroke="#ffffff" stroke-width="1.4"',
}


class CityShapes:
    """The outlines that all maps of a report share.

    Parameters
    ----------
    nil, districts
        Tables of a plan, in its metric CRS; districts may be empty.
    """

    def __init__(self, nil: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> None:
        self.drawing = Drawing(nil)
        shapes = shapely.coverage_simplify(nil.geometry.to_numpy(), _TOLERANCE_M)
        self.paths = tuple(self.drawing.path(shape) for shape in shapes)
        around = shapely.simplify(districts.geometry.to_numpy(), _TOLERANCE_M) if len(districts) else ()
        self.district_path = "".join(self.drawing.path(shape) for shape in around)

    @property
    def box(self) -> str:
        """Return the whole drawing as an SVG names it, with room for symbols at its edge."""
        edge = round(self.symbol / 2)
        return f"{-edge} {-edge} {self.drawing.width + 2 * edge} {self.drawing.height + 2 * edge}"

    @property
    def symbol(self) -> float:
        """Return how many units wide a symbol is."""
        return max(self.drawing.width, self.drawing.height) / _SYMBOL_PART


def store_shapes(shapes: CityShapes) -> str:
    """Return the outlines once, hidden; maps on a screen show them by reference."""
    quarters = "".join(f'<path id="quarter-{row}" d="{path}"/>' for row, path in enumerate(shapes.paths))
    districts = f'<path id="districts" d="{shapes.district_path}"/>'
    return f'<svg class="store" width="0" height="0" aria-hidden="true"><defs>{quarters}{districts}</defs></svg>'


def render_maps(view: View, shapes: CityShapes) -> str:
    """Return a pair of maps, before and after, for each group of the need."""
    title = message("Where it changes")
    variants = [variant for variant in view.variants() if variant.key in (BEFORE, BEST)]
    rows = pd.DataFrame(view.plan.nil.drop(columns=view.plan.nil.geometry.name)).to_dict("records")
    figures = "".join(_pair(view, shapes, group, variants, rows) for group in view.need_groups)
    text = message("Numbers are those of the places of the plan, below. The figures stand in the table by quarter.")
    return section(view, "maps", view.say(title), _legend(view, rows), figures, note(view.say(text)))


def _pair(view: View, shapes: CityShapes, group: GroupBrief, variants: Sequence[Variant], rows: Sequence[Row]) -> str:
    maps = "".join(
        f"<figure>{_map(view, shapes, group, variant, rows)}<figcaption>{view.pick(group.label)}: {view.pick(variant.name)}"
        "</figcaption></figure>"
        for variant in variants
    )
    return f'<div class="pair">{maps}</div>'


def _map(view: View, shapes: CityShapes, group: GroupBrief, variant: Variant, rows: Sequence[Row]) -> str:
    n = view.minutes(view.document.standard_min)
    text = message("{group}, {variant}: share with an open place within {n} minutes, by quarter")
    label = view.words(text, group=group.label, variant=variant.name, n=n)
    column = share_column(variant.key, group.key)
    parts = [_quarter(view, shapes, position, share_color(row, group, column)) for position, row in enumerate(rows)]
    lines = f'd="{shapes.district_path}"' if view.is_paper else 'href="#districts"'
    tag = "path" if view.is_paper else "use"
    parts.append(f'<{tag} {lines} fill="none" stroke="#1a2530" stroke-width="7"/>')
    return (
        f'<svg class="city-map" viewBox="{shapes.box}" role="img" aria-label="{html_attribute(label)}" '
        f'data-variant="{html_attribute(variant.key)}" data-group="{html_attribute(group.key)}">'
        f"{''.join(parts)}{_sites(view, shapes, variant)}</svg>"
    )


def _quarter(view: View, shapes: CityShapes, position: int, color: str) -> str:
    paint = f'fill="{color}" stroke="#7d8b97" stroke-width="2.5"'
    if view.is_paper:
        return f'<path d="{shapes.paths[position]}" {paint}/>'
    return f'<use href="#quarter-{position}" {paint}/>'


def share_color(row: Row, group: GroupBrief, column: str) -> str:
    """Return the colour of the share of a quarter; its own where few people live, and where nothing is known."""
    share = value(row, column)
    if is_few(row, group) and not np.isnan(value(row, group.key)):
        return NOBODY
    if np.isnan(share) or is_few(row, group):
        return NO_DATA
    return SHARE[min(int(np.searchsorted(SHARE_BREAKS, share - 1e-9, side="left")), len(SHARE) - 1)]


def _sites(view: View, shapes: CityShapes, variant: Variant) -> str:
    """Return the places of the plan that are open in a situation, and those that it closes; the first lie on top."""
    drawn = []
    geometry = view.plan.sites.set_index(view.plan.sites["site_id"].astype(str)).geometry if view.places else None
    for number, row in reversed(list(enumerate(view.places, 1))):
        is_shown = bool(row[open_column(variant.key)]) or (variant.key == BEST and row["role"] == "closed")
        if geometry is not None and is_shown:
            x, y = shapes.drawing.units(shapely.get_coordinates(geometry.loc[str(row["site_id"])]))
            drawn.append(_site(view, number, row, float(x[0]), float(y[0]), shapes.symbol, variant))
    return "".join(drawn)


def _site(view: View, number: int, row: Row, x: float, y: float, size: float, variant: Variant) -> str:
    # before the plan, a place that it will close is open like any other
    role = "existing" if variant.key == BEFORE else str(row["role"])
    at = f"translate({x - size / 2:.0f} {y - size / 2:.0f}) scale({size / 24:.2f})"
    text = f'<text x="22" y="11" font-size="18" font-weight="700" fill="#1a2530">{number}</text>'
    halo = (
        f'<text x="22" y="11" font-size="18" font-weight="700" fill="#ffffff" stroke="#ffffff" stroke-width="5" '
        f'aria-hidden="true">{number}</text>'
    )
    title = f"<title>{number}. {html_text(row['name'])}</title>"
    return f'<g class="site" transform="{at}">{title}<path d="{SHAPES[role]}" {_SITE_PAINT[role]}/>{halo}{text}</g>'


def _legend(view: View, rows: Sequence[Row]) -> str:
    """Return the classes that the maps have, and the roles of the places on them."""
    ends = [format_percent(end, language=view.language, digits=0) for end in SHARE_BREAKS]
    texts = [view.say(message("up to {high}"), high=ends[0])]
    texts += [view.say(message("{low} to {high}"), low=low, high=high) for low, high in pairwise(ends)]
    items = [(color, text) for color, text in zip(SHARE, texts, strict=True)]
    columns = [(group, share_column(key, group.key)) for key in (BEFORE, BEST) for group in view.need_groups]
    if any(share_color(row, group, column) == NOBODY for row in rows for group, column in columns):
        items.append((NOBODY, view.say(FEW)))
    if any(share_color(row, group, column) == NO_DATA for row in rows for group, column in columns):
        items.append((NO_DATA, view.say(message("no data"))))
    squares = "".join(
        f'<li><svg viewBox="0 0 18 14" width="18" height="14" aria-hidden="true"><rect width="18" height="14" fill="{color}" '
        f'stroke="#8a97a3"/></svg> {text}</li>'
        for color, text in items
    )
    return f'<ul class="legend row">{squares}{_roles(view)}</ul>'


def _roles(view: View) -> str:
    roles = [role for role in ROLE_ORDER if any(row["role"] == role for row in view.places)]
    return "".join(f"<li>{draw_place(role)} {html_text(role_name(view.plan, role, view.language))}</li>" for role in roles)


def draw_place(role: str) -> str:
    """Return the symbol of a role with its colours as attributes; decoration, its meaning stands beside it."""
    return (
        f'<svg class="symbol" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">'
        f'<path d="{SHAPES[role]}" {_SITE_PAINT[role]}/></svg>'
    )
