"""Hostile text in every field of a plan: it is shown as it is, and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from layers.plan import Plan, SourceBrief
from layers.plan_text import Text
from maps.city_map import render_map
from maps.safe import clean_text

pytestmark = pytest.mark.browser

PAYLOADS = {
    "script": "</script><script>window.wasRun = true</script>",
    "image": '<img src=x onerror="window.wasRun = true">',
    "backticks": "`${window.wasRun = true}`",
    "backslashes": r"\1 \g<1> $& $1 <\/script>",
    "quotes": "\"'><svg onload=window.wasRun=true>",
    "jinja": "{{ 7 * 7 }}{% raw %}{# x #}",
    "values": "{n} {variant} {__proto__} @@policy@@",
    "right to left": "\u202egpj.exe\u2066 עברית",
    "emoji": "👩‍👩‍👧 🏫\u200d\ufe0f",
    "long": "x" * 5_000,
    "controls": "a\x00b\u2028c\u2029d\x85<!--<script>",
    "entities": "&lt;b&gt; &amp; &#60;script&#62;",
    "half surrogate": "a\ud800b",
}


def _fill(plan: Plan, text: str) -> Plan:
    """Return a plan with the text wherever a plan has text."""
    both = Text(it=text, en=text)
    document = plan.document
    filled = document.model_copy(
        update={
            "name": text,
            "title": both,
            "sentence": both,
            "city": document.city.model_copy(update={"name": text}),
            "mode": text,
            "groups": tuple(group.model_copy(update={"label": both}) for group in document.groups),
            "variants": tuple(variant.model_copy(update={"name": both}) for variant in document.variants),
            "optima": tuple(optimum.model_copy(update={"tie_rule": both}) for optimum in document.optima),
            "limits": (both,),
            "assumptions": (both,),
            "sources": (SourceBrief(layer=text, source=text, licence=text, attribution=text, date=text),),
            "versions": {text: text},
        }
    )
    texts = ("name", "kind", "status", "owner", "address", "source")
    sites = plan.sites.assign(**dict.fromkeys(texts, text), opened=text, permitted_uses=text, position_quality=text)
    return replace(
        plan,
        document=filled,
        sites=sites,
        nil=plan.nil.assign(name=text),
        districts=plan.districts.assign(name=text),
        stations=plan.stations.assign(name=text, lines=text),
        lines=plan.lines.assign(line=text),
    )


@pytest.fixture(params=PAYLOADS.values(), ids=PAYLOADS.keys())
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _visit_everything(page: Any) -> dict[str, str]:
    """Open every sink of text and return what stands there."""
    found = {
        "title": page.text_content("#title"),
        "sentence": page.text_content("#sentence"),
        "limit": page.text_content("#limits li"),
        "assumption": page.text_content("#assumptions li"),
        "source": page.locator("#sources bdi").first.text_content(),
        "city": page.text_content("#city"),
        "label": page.locator(".label bdi").first.text_content(),
        "heading": page.locator("#figures thead th").first.text_content(),
    }
    page.evaluate("diffusa.sites.show(diffusa.sites.of('proposed')[0], diffusa.page.map())")
    found["site"] = page.text_content(".leaflet-popup-content h3")
    page.evaluate("diffusa.page.present(diffusa.page.map().getCenter(), () => diffusa.cells.facts(0))")
    found["cell"] = page.text_content(".leaflet-popup-content h3")
    page.evaluate("diffusa.card.open(diffusa.plan.quarters[0])")
    found["quarter"] = page.text_content("#card-title")
    page.click("#search")
    page.fill("#search", "")
    found["option"] = page.locator("#search-list [role=option] bdi").first.text_content()
    page.press("#search", "Escape")
    page.locator(".leaflet-stations-pane path").dispatch_event("mouseover", {"bubbles": True})
    found["station"] = page.locator(".reading-tip bdi").first.text_content()
    return found


def test_text_from_data_is_shown_and_does_nothing(tiny_plan: Plan, open_page: Callable[..., Any], text: str) -> None:
    opened = open_page(render_map(_fill(tiny_plan, text)))
    page = opened.page
    clean = clean_text(text)
    n_scripts = page.evaluate("document.scripts.length")
    shown = _visit_everything(page)
    shown = {sink: " ".join(seen.split()) for sink, seen in shown.items()}
    assert shown == dict.fromkeys(shown, " ".join(clean.split()))
    owners = page.locator(".owners bdi").all_text_contents()
    assert owners == list(dict.fromkeys(part.strip() for part in clean.split(";") if part.strip()))
    page.evaluate("diffusa.overlays.set(['proposed', 'areas', 'served', 'lines', 'candidate', 'candidate-0'])")
    found = page.evaluate("diffusa.change({ view: 'minutes', swipe: 50 }) ?? document.querySelector('.swipe-left').textContent")
    assert found == clean
    for view in ("minutes", "need", "people", "share", "none", "change"):
        page.evaluate("view => diffusa.change({ view })", view)
    assert page.locator(".site").first.get_attribute("aria-label").startswith(clean)
    page.click("#language-en")
    assert page.evaluate("window.wasRun") is None
    assert page.evaluate("document.scripts.length") == n_scripts == 4
    assert page.locator("img, iframe, object, body svg [onload], [onerror], [onclick]").count() == 0
    assert opened.faults == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("width", [360, 1280])
def test_no_text_makes_the_page_wider(tiny_plan: Plan, open_page: Callable[..., Any], width: int) -> None:
    page = open_page(render_map(_fill(tiny_plan, PAYLOADS["long"])), width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.scrollWidth") <= width
    assert page.locator(".folium-map").bounding_box()["height"] > 100


def test_data_cannot_add_a_script_to_the_policy(tiny_plan: Plan) -> None:
    plain = render_map(tiny_plan)
    hostile = render_map(_fill(tiny_plan, PAYLOADS["script"]))
    assert _policy(plain) == _policy(hostile)


def _policy(document: str) -> str:
    start = document.index("Content-Security-Policy")
    return document[start : document.index(">", start)]


def test_missing_texts_are_no_text(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    sites = tiny_plan.sites.assign(owner=None, address=pd.NA, status=float("nan"), source="")
    plan = replace(tiny_plan, sites=sites, stations=tiny_plan.stations.assign(lines=None))
    page = open_page(render_map(plan)).page
    page.locator("#proposed .place").first.click()
    shown = page.inner_text(".leaflet-popup-content")
    assert not {"None", "nan", "<NA>", "null", "undefined"} & set(shown.split())
