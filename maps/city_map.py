"""The map of a plan: a folium map whose layers draw one JSON value, in a page that opens with no network."""

from __future__ import annotations

from pathlib import Path

import folium
from branca.element import MacroElement
from folium.template import Template

from data.errors import FileError
from layers.plan import Plan
from maps.assets import page_script, read_template
from maps.cell_layer import CellLayer
from maps.i18n import messages_in
from maps.outlines import bounds_of
from maps.page import TILE_HOST, PageFigure
from maps.page_data import build_page_data
from maps.quarter_page import FOLDER, page_names

_TILES = TILE_HOST + "/{z}/{x}/{y}.png"
_PARTS = ("quarters", "districts", "lines", "stations", "areas", "served", "labels", "sites")
_TILES_ATTRIBUTION = '&copy; <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors'


class CityMap(folium.Map):
    """A folium map that links to nothing and leaves place for the panels around it."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 (folium's own hook)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    # Folium's own template forbids zooming the page on a phone, sets sizes inline, and calls jQuery.
    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}

        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = diffusa.open(
                L.map({{ this.get_name()|tojson }}, {
                    center: {{ this.location|tojson }},
                    crs: L.CRS.{{ this.crs }},
                    ...{{ this.options|tojavascript }}
                })
            );
        {% endmacro %}
        """
    )


class PageParts(MacroElement):
    """The header, panels and controls around the map; their texts and figures come from the page's data."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "PageParts"
        self._template = Template(read_template("parts.html"))


class PlanLayer(folium.map.Layer):
    """One layer that the page's script draws from the page's data.

    Parameters
    ----------
    part
        The script's part that holds the layer, such as ``quarters``, ``areas`` or ``sites``.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = diffusa.{{ this.part }}.layer;
        {% endmacro %}
        """
    )

    def __init__(self, part: str) -> None:
        super().__init__(name=part, overlay=True, control=False)
        self._name = "PlanLayer"
        self.part = part


class PageStart(MacroElement):
    """The last statement of the page: everything is there, draw it.

    Parameters
    ----------
    tiles
        The tile layer that may be switched on where the page is served.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            diffusa.start({{ this.tiles.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, tiles: folium.TileLayer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "PageStart"
        self.tiles = tiles


def build_map(plan: Plan) -> CityMap:
    """Return the folium map of a plan, to which the ordinary folium API can add; ``get_root().render()`` gives the page.

    Raises
    ------
    PlannerError
        As `maps.page_data.build_page_data` raises it.
    """
    document = plan.document
    language = document.city.language
    data = build_page_data(
        plan,
        messages=messages_in(page_script() + read_template("parts.html")),
        pages=[f"{FOLDER}/{name}" for name in page_names(plan)],
    )
    city_map = CityMap(
        location=_middle(plan),
        tiles=None,
        zoom_start=12,
        min_zoom=8,
        max_zoom=18,
        zoom_snap=0.25,  # lets a city fill its place
        fade_animation=False,  # what is drawn is there at once, also for paper
    )
    page = PageFigure(
        language=language,
        title=f"{getattr(document.title, language)} – {document.city.name}",
        summary=getattr(document.sentence, language),
        data=data,
    )
    page.add_child(PageParts())
    page.add_child(city_map)
    tiles = folium.TileLayer(_TILES, attr=_TILES_ATTRIBUTION, name="tiles", control=False, show=False, max_zoom=19)
    for layer in (tiles, CellLayer(), *map(PlanLayer, _PARTS)):
        city_map.add_child(layer)
    city_map.add_child(PageStart(tiles))
    return city_map


def _middle(plan: Plan) -> tuple[float, float]:
    (south, west), (north, east) = bounds_of([plan.nil, plan.cells])
    return (south + north) / 2, (west + east) / 2


def render_map(plan: Plan) -> str:
    """Return the page of a plan: one HTML document that fetches nothing; the same plan gives the same text.

    Raises
    ------
    PlannerError
        As `build_map` raises it.
    """
    page: str = build_map(plan).get_root().render()
    return page


def write_map(plan: Plan, path: Path) -> None:
    """Write the page of a plan to a file.

    Raises
    ------
    FileError
        If the file cannot be written.
    PlannerError
        As `build_map` raises it.
    """
    page = render_map(plan).encode("utf-8")
    try:
        path.write_bytes(page)
    except OSError as error:
        raise FileError(f"the map cannot be written: {error.strerror}", where=str(path)) from error
