"""The document around a map: one HTML file that fetches nothing, the same bytes for the same plan.

Folium and branca give every element a random id, link their scripts and styles to other hosts, and have no policy. `PageFigure`
replaces the ids by the position in the tree, writes the scripts into the page, and forbids every fetch.
"""

# ruff: noqa: SLF001 (branca keeps the tree of elements, their ids and names in attributes that have no public reader)

from __future__ import annotations

import re
from collections.abc import Iterator

import folium
from branca.element import Element, Figure
from jinja2 import Template

from data.errors import PlannerError
from maps.assets import page_script, page_styles, read_leaflet, read_template
from maps.safe import hash_script, html_text, script_json

TILE_HOST = "https://tile.openstreetmap.org"
_POLICY_MARK = "@@policy@@"
_DATA_MARK = '<script type="application/json"'
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_RANDOM_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


class PageFigure(Figure):
    """A figure whose document stands alone.

    Parameters
    ----------
    language
        The language in which the page opens.
    title, summary
        Plain text: the title of the window, and what a reader without scripts gets.
    data
        What the page's script draws; see `maps.page_data.build_page_data`.

    Notes
    -----
    Whoever adds folium elements to the map may use those that load nothing. `folium.Popup` needs jQuery, which the page does
    not carry: use a tooltip, or put the facts into the page's data.
    """

    def __init__(self, *, language: str, title: str, summary: str, data: dict[str, object]) -> None:
        super().__init__(title=title)
        self.header._children.clear()  # the charset that branca declares stands first in our own document
        self._template = Template(read_template("document.html"), autoescape=False)
        self.language = language
        self.title_html = html_text(title)
        self.summary_html = html_text(summary)
        self.data = data

    def render(self, **kwargs: object) -> str:
        """Return the document; rendering again returns the same.

        Raises
        ------
        PlannerError
            If an element would load scripts or styles from another host, or needs jQuery.
        """
        parts = (self.header, self.html, self.script)
        own = [part._children.copy() for part in parts]
        for child in self._children.values():
            child.render(**kwargs)
        _require_self_contained(self)
        drawn = self._draw(kwargs)
        for part, children in zip(parts, own, strict=True):
            part._children = children  # a folium layer would leave its statements here once for each rendering
        numbered = _number_elements(drawn, self)
        return numbered.replace(_POLICY_MARK, _policy(numbered), 1)

    def _draw(self, kwargs: dict[str, object]) -> str:
        leaflet = read_leaflet()
        drawn: str = self._template.render(
            this=self,
            kwargs=kwargs,
            policy=_POLICY_MARK,
            leaflet=leaflet,
            icons_json=script_json({**leaflet.icon_urls, "imagePath": ""}),
            styles=page_styles(),
            script=page_script(),
            data_json=script_json(self.data),
        )
        return drawn


def _elements(element: Element) -> Iterator[Element]:
    for child in element._children.values():
        yield child
        yield from _elements(child)


def _require_self_contained(figure: Figure) -> None:
    linked = [
        element._name
        for element in _elements(figure)
        if getattr(element, "default_js", None) or getattr(element, "default_css", None) or isinstance(element, folium.Popup)
    ]
    if linked:
        remedy = "Use elements that load nothing, such as a tooltip, or empty their default_js and default_css"
        raise PlannerError("elements need scripts that the page does not carry", where="map", examples=linked, remedy=remedy)


def _number_elements(document: str, figure: Figure) -> str:
    """Return the document with each element's random id replaced by its position in the tree."""
    numbers = {element._id: f"{position:04d}" for position, element in enumerate([figure, *_elements(figure)])}
    return _RANDOM_ID.sub(lambda match: numbers.get(match[0], match[0]), document)


def _policy(document: str) -> str:
    """Return the content security policy: the page's own scripts by their hashes, images of the tile host, nothing else.

    Scripts are looked for before and after the body that data fills, never in it.
    """
    head, rest = document.split("<body", 1)
    tail = rest[rest.index(_DATA_MARK) :]
    hashes = " ".join(hash_script(script) for part in (head, tail) for script in _SCRIPT.findall(part))
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: {TILE_HOST}; "
        "base-uri 'none'; form-action 'none'"
    )
