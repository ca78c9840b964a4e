"""The document stands alone, is the same every time, and forbids what it does not need."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import folium
import folium.plugins
import pytest

from data.errors import FileError, PlannerError
from layers.plan import Plan
from maps.assets import page_script, page_styles, read_leaflet
from maps.city_map import build_map, render_map, write_map

MAX_BYTES = 1_500_000


class _Outline(HTMLParser):
    """The tags of a document with their attributes, and what stands in its script elements."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._is_script = False
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._is_script = tag == "script"
        if self._is_script and not attrs:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        if self._is_script and self.tags[-1] == ("script", {}):
            self.scripts[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def policy(self) -> str:
        return next(str(meta["content"]) for meta in self.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")


@pytest.fixture(scope="module")
def document(tiny_plan: Plan) -> str:
    return render_map(tiny_plan)


@pytest.fixture(scope="module")
def outline(document: str) -> _Outline:
    return _Outline(document)


def test_the_same_plan_gives_the_same_bytes(tiny_plan: Plan, make_plan: Callable[..., Plan], document: str) -> None:
    assert render_map(tiny_plan) == document
    assert render_map(make_plan()) == document


def test_rendering_a_map_twice_changes_nothing(tiny_plan: Plan, document: str) -> None:
    page = build_map(tiny_plan).get_root()
    assert page.render() == page.render() == document


def test_the_order_of_rows_does_not_change_the_cells(tiny_plan: Plan, document: str) -> None:
    shuffled = replace(tiny_plan, cells=tiny_plan.cells.sample(frac=1, random_state=1))
    assert render_map(shuffled) == document


def test_no_random_id_is_left(document: str) -> None:
    assert re.findall(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", document) == []


def test_nothing_on_the_page_points_off_it(outline: _Outline) -> None:
    loads = [attributes for tag, attributes in outline.tags if tag in ("link", "script", "img", "iframe", "object", "source")]
    addresses = [attributes.get(name) for attributes in loads for name in ("src", "href") if attributes.get(name)]
    assert [address for address in addresses if not str(address).startswith("data:")] == []


def test_styles_load_nothing(document: str) -> None:
    styles = "".join(re.findall(r"<style>(.*?)</style>", document, re.DOTALL))
    assert "@import" not in styles
    assert [url for url in re.findall(r"url\((.*?)\)", styles) if not url.startswith(("data:", "#"))] == []


def test_the_policy_forbids_everything_but_what_stands_on_the_page(outline: _Outline) -> None:
    directives = {part.split()[0]: part.split()[1:] for part in outline.policy.split(";")}
    assert directives["default-src"] == ["'none'"]
    assert directives["img-src"] == ["data:", "https://tile.openstreetmap.org"]
    assert "connect-src" not in directives  # so the default holds
    assert directives["base-uri"] == directives["form-action"] == ["'none'"]


def test_the_policy_allows_exactly_the_scripts_of_the_page(outline: _Outline) -> None:
    expected = [
        "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'" for text in outline.scripts
    ]
    found = next(part.split()[1:] for part in outline.policy.split(";") if part.split()[0] == "script-src")
    assert found == expected
    assert len(expected) == 3


def test_no_attribute_runs(outline: _Outline) -> None:
    assert [attributes for _, attributes in outline.tags if any(name.startswith("on") for name in attributes)] == []


def test_leaflet_stands_on_the_page_once_with_its_licence(document: str) -> None:
    leaflet = read_leaflet()
    assert document.count(leaflet.script.strip()) == 1
    assert f"Leaflet {leaflet.version}" in leaflet.script[:200]
    assert "BSD" in leaflet.script[:400] or "(c)" in leaflet.script[:400]
    assert "sourceMappingURL" not in document


def test_what_folium_would_link_is_not_there(document: str) -> None:
    assert not re.search("jquery|bootstrap|font-?awesome|cdn\\.", document, re.IGNORECASE)


def test_language_title_and_viewport_are_said(outline: _Outline, document: str, tiny_plan: Plan) -> None:
    assert outline.all("html") == [{"lang": "it"}]
    assert "<title>Quattro nuovi centri per l'impiego – Prova</title>" in document
    viewport = next(meta for meta in outline.all("meta") if meta.get("name") == "viewport")
    assert "user-scalable" not in str(viewport["content"])  # a reader may zoom the page
    brief = tiny_plan.document.city.model_copy(update={"language": "en"})
    english = replace(tiny_plan, document=tiny_plan.document.model_copy(update={"city": brief}))
    assert _Outline(render_map(english)).all("html") == [{"lang": "en"}]


def test_every_id_stands_once(outline: _Outline) -> None:
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_label_and_reference_names_an_id_that_is_there(outline: _Outline) -> None:
    ids = {attributes.get("id") for _, attributes in outline.tags}
    named = {attributes[name] for _, attributes in outline.tags for name in ("for", "aria-controls") if name in attributes}
    assert named <= ids


def test_a_page_of_twenty_thousand_cells_is_small(city_plan: Plan) -> None:
    assert 18_000 < len(city_plan.cells) < 22_000
    assert len(render_map(city_plan).encode()) <= MAX_BYTES


def test_ordinary_folium_elements_that_load_nothing_may_be_added(tiny_plan: Plan) -> None:
    city_map = build_map(tiny_plan)
    folium.CircleMarker((45.46, 9.19), tooltip="x").add_to(city_map)
    assert "L.circleMarker" in city_map.get_root().render()


@pytest.mark.parametrize("element", [folium.plugins.MarkerCluster(), folium.Popup("x")], ids=["linked scripts", "popup"])
def test_elements_that_need_other_scripts_are_refused(tiny_plan: Plan, element: folium.map.Layer) -> None:
    city_map = build_map(tiny_plan)
    city_map.add_child(element)
    with pytest.raises(PlannerError, match="does not carry"):
        city_map.get_root().render()


def test_the_map_is_written_as_it_is_rendered(tiny_plan: Plan, tmp_path: Path, document: str) -> None:
    write_map(tiny_plan, tmp_path / "map.html")
    assert (tmp_path / "map.html").read_bytes() == document.encode()


def test_a_map_that_cannot_be_written_says_so(tiny_plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_map(tiny_plan, tmp_path / "no" / "map.html")


def test_scripts_and_styles_have_line_feeds_only() -> None:
    assert "\r" not in page_script() + page_styles()


def test_no_script_writes_html() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", page_script())
