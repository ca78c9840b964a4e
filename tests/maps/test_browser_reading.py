"""Reading the map: cells, quarters and sites say what the plan's tables say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from layers.plan import Plan, minutes_column, reached_column, share_column, within_column
from maps.city_map import render_map
from maps.i18n import format_number, format_percent
from tests.maps.finding import find

pytestmark = pytest.mark.browser

VARIANTS = ("before", "decided", "best")


def _look_at(page: Any, plan: Plan, row: int) -> tuple[float, float]:
    """Bring the centre of a cell into the middle of the map and return where that is in the window."""
    lon, lat = gpd.GeoSeries([plan.cells.geometry.iloc[row].centroid], crs=plan.cells.crs).to_crs(4326).iloc[0].coords[0]
    page.evaluate("([lat, lon]) => diffusa.page.map().setView([lat, lon], 16, { animate: false })", [lat, lon])
    place = page.evaluate(
        """([lat, lon]) => {
            const map = diffusa.page.map(), frame = map.getContainer().getBoundingClientRect();
            const point = map.latLngToContainerPoint([lat, lon]);
            return [frame.left + point.x, frame.top + point.y];
        }""",
        [lat, lon],
    )
    return place[0], place[1]


def _extreme_rows(plan: Plan) -> list[int]:
    bounds = plan.cells.bounds
    return sorted(
        {int(bounds["minx"].argmin()), int(bounds["miny"].argmin()), int(bounds["maxx"].argmax()), int(bounds["maxy"].argmax())}
    )


def _minutes_text(value: float) -> str:
    return "nessun dato (non entro 60 minuti)" if np.isnan(value) else f"{format_number(value, language='it', digits=1)} min"


def _need_text(need: float, step: float) -> str:
    digits = 2 if step < 0.1 else 1
    steps = np.floor(need * 100_000 / step + 0.5)
    if need > 0 and steps == 0:
        return f"meno di {format_number(step, language='it', digits=digits)}"
    return format_number(steps * step, language="it", digits=digits)


def test_extreme_cells_are_where_they_should_be_and_say_their_values(city_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(city_plan)).page
    page.uncheck("#overlay-labels")
    for role in ("existing", "compared", "proposed"):
        page.uncheck(f"#overlay-{role}")
    for row in _extreme_rows(city_plan):
        cell = city_plan.cells.iloc[row]
        page.mouse.click(*_look_at(page, city_plan, row))
        popup = page.locator(".leaflet-popup-content")
        popup.wait_for()
        assert popup.locator(".id").inner_text() == cell["cell_id"]
        shown = popup.locator("dd").all_inner_texts()
        people = [
            format_number(cell[key], language="it") if round(cell[key]) or not cell[key] else "meno di 1"
            for key in ("unemployed", "youth_15_29")
        ]
        minutes = [_minutes_text(cell[minutes_column(variant)]) for variant in VARIANTS]
        served = city_plan.allocation.loc[city_plan.allocation["cell_id"] == cell["cell_id"], "site_id"]
        names = city_plan.sites.loc[city_plan.sites["site_id"].isin(served), "name"].tolist()
        assert shown == [*people, _need_text(cell["need"], page.evaluate("diffusa.plan.cells.need.step")), *minutes, *names]
        page.keyboard.press("Escape")


def test_pointer_reads_the_value_of_the_view(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    for overlay in ("existing", "compared", "proposed", "stations"):
        page.uncheck(f"#overlay-{overlay}")
    page.click("label[for=view-minutes]")
    page.mouse.move(*_look_at(page, tiny_plan, 400))
    tip = page.locator(".reading-tip")
    tip.wait_for()
    assert tip.inner_text().startswith(_minutes_text(tiny_plan.cells[minutes_column("best")].iloc[400]))


@pytest.fixture
def plan_with_gaps(make_plan: Callable[..., Plan]) -> Plan:
    plan = make_plan()
    plan.cells.loc[0, [minutes_column(variant) for variant in VARIANTS]] = np.nan
    plan.cells.loc[0, ["unemployed", "need"]] = np.nan
    plan.nil.loc[0, minutes_column("best")] = np.nan
    plan.nil.loc[0, share_column("best", "unemployed")] = np.nan
    return plan


def test_what_is_not_known_reads_no_data_and_never_zero(plan_with_gaps: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(plan_with_gaps)).page
    page.mouse.click(*_look_at(page, plan_with_gaps, 0))
    shown = page.locator(".leaflet-popup-content dd").all_inner_texts()
    assert shown[0] == "nessun dato"
    assert shown[2] == "nessun dato"
    assert shown[3:6] == ["nessun dato (non entro 60 minuti)"] * 3
    find(page, plan_with_gaps.nil["name"].iloc[0])
    rows = page.locator("#card tbody tr")
    assert rows.nth(0).locator("td").nth(2).locator("b").inner_text() == "nessun dato"
    assert rows.nth(2).locator("td").nth(2).inner_text() == "nessun dato"


def test_quarter_card_says_people_reached_shares_and_minutes(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    for index in range(len(tiny_plan.nil)):
        quarter = tiny_plan.nil.iloc[index]
        find(page, quarter["name"])
        assert page.inner_text("#card-title") == quarter["name"]
        for row, group in enumerate(("unemployed", "youth_15_29")):
            cells = page.locator("#card tbody tr").nth(row)
            assert format_number(quarter[group], language="it") in cells.locator("th").inner_text()
            for column, variant in enumerate(VARIANTS):
                found = cells.locator("td").nth(column)
                assert found.locator("b").inner_text() == format_percent(quarter[share_column(variant, group)], language="it")
                assert found.locator("small").inner_text() == format_number(
                    quarter[reached_column(variant, group)], language="it"
                )
        minutes = page.locator("#card tbody tr").nth(2).locator("td").all_inner_texts()
        assert minutes == [_text_or_no_data(quarter[minutes_column(variant)]) for variant in VARIANTS]


def _text_or_no_data(value: float) -> str:
    return "nessun dato" if np.isnan(value) else f"{format_number(value, language='it', digits=1)} min"


def test_click_on_a_coloured_quarter_opens_its_card(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    for overlay in ("existing", "compared", "proposed", "stations"):
        page.uncheck(f"#overlay-{overlay}")
    page.click("label[for=view-share]")
    page.mouse.click(*_look_at(page, tiny_plan, 300))
    nil = tiny_plan.cells["nil"].iloc[300]
    name = tiny_plan.nil.set_index("nil").loc[nil, "name"]
    assert page.inner_text("#card-title") == name
    page.keyboard.press("Tab")
    page.click("#card .close")
    assert page.locator("#card").is_hidden()


def test_each_site_has_a_text_alternative_and_a_popup_with_its_facts(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    document = tiny_plan.document
    sites = tiny_plan.sites[tiny_plan.sites["role"] != "candidate"]
    for site in sites.to_dict("records"):
        marker = page.locator(f".site[aria-label^='{site['name']} –']")
        assert marker.get_attribute("role") == "button"
        marker.focus()
        page.keyboard.press("Enter")
        popup = page.locator(".leaflet-popup-content")
        text = popup.inner_text()
        assert site["name"] == popup.locator("h3").inner_text()
        assert all(str(site[key]) in text for key in ("address", "owner", "source"))
        assert f"{format_number(site['position_error_m'], language='it')} m" in text
        assert ("384.000 euro" in text) == (site["role"] == "compared")
        assert ("non noto" in text) == (site["role"] == "proposed")
        within = [format_number(site[within_column(group.key)], language="it") for group in document.groups]
        assert popup.locator(".within dd").all_inner_texts() == within
        page.keyboard.press("Escape")


def test_other_candidates_have_popups_too(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.check("#overlay-candidate")
    last = len(tiny_plan.sites) - 1
    page.evaluate("index => diffusa.sites.show(diffusa.plan.sites[index], diffusa.page.map())", last)
    text = page.inner_text(".leaflet-popup-content")
    assert tiny_plan.sites["name"].iloc[last] in text
    assert "Non collegata alle strade" in text


def test_proposed_places_lead_to_their_site(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    names = tiny_plan.sites.loc[tiny_plan.sites["role"] == "proposed", "name"].tolist()
    assert page.locator("#proposed .place").all_inner_texts() == names
    page.uncheck("#overlay-proposed")
    page.locator("#proposed .place").nth(1).click()
    assert page.locator(".leaflet-popup-content h3").inner_text() == names[1]
    assert page.is_checked("#overlay-proposed")


def test_shapes_tell_the_roles_apart(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    read = """role => {
        const path = document.querySelector(`.overlays .symbol-${role} path`);
        return [path.getAttribute("d"), getComputedStyle(path).fill];
    }"""
    looks = [page.evaluate(read, role) for role in ("existing", "compared", "proposed", "candidate")]
    assert len({shape for shape, _ in looks}) == 4
    assert len({color for _, color in looks}) == 4


def test_sites_not_open_in_the_situation_are_marked(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.click("label[for=view-minutes]")
    for variant, n_marked in (("0", 7), ("1", 4), ("2", 3)):
        page.click(f"label[for=variant-{variant}]")
        assert page.locator(".site.is-not-open").count() == n_marked
        assert page.locator(".site[aria-label*='non aperta in questa situazione']").count() == n_marked


def test_keyboard_reads_the_middle_of_the_map(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.click("label[for=view-minutes]")
    _look_at(page, tiny_plan, 300)
    page.keyboard.press("Shift")
    page.focus(".folium-map")
    cell = tiny_plan.cells.iloc[300]
    assert page.text_content("#reading").startswith(_minutes_text(cell[minutes_column("best")]))
    page.keyboard.press("Enter")
    assert page.inner_text(".leaflet-popup-content .id") == cell["cell_id"]


def test_a_change_of_language_reaches_open_popups(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(tiny_plan)).page
    page.locator("#proposed .place").first.click()
    assert "Indirizzo" in page.inner_text(".leaflet-popup-content")
    page.focus("#language-en")
    page.keyboard.press("Enter")
    assert "Address" in page.inner_text(".leaflet-popup-content")


def test_missing_facts_of_a_site_are_left_out(make_plan: Callable[..., Plan], open_page: Callable[..., Any]) -> None:
    plan = make_plan()
    plan.sites["owner"] = pd.array([pd.NA] * len(plan.sites), dtype="string")
    plan.sites["address"] = None
    plan.sites["position_error_m"] = np.nan
    page = open_page(render_map(plan)).page
    page.locator("#proposed .place").first.click()
    text = page.inner_text(".leaflet-popup-content")
    assert "Proprietà" not in text
    assert "Indirizzo" not in text
    assert "precisione non nota" in text
