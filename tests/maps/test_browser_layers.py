"""What lies over the cells: service areas, who is served where, the tree of layers, metro and railways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import GeometryError, IdError
from layers.plan import Plan, reached_column, share_column
from maps.city_map import render_map
from maps.i18n import format_number, format_percent
from maps.page_data import build_page_data

pytestmark = pytest.mark.browser

RINGS = """index => {
    const found = diffusa.plan.cells.areas[index];
    return found.rings.map((steps) => {
        let column = 0, line = 0;
        return Array.from({ length: steps.length / 2 }, (_, i) => {
            column += steps[2 * i];
            line += steps[2 * i + 1];
            const at = diffusa.cells.at(column, line);
            return [at.lng, at.lat];
        });
    });
}"""


@pytest.fixture
def page(tiny_plan: Plan, open_page: Callable[..., Any]) -> Any:
    return open_page(render_map(tiny_plan)).page


def _drawn_area(page: Any, index: int, crs: object) -> shapely.Geometry:
    rings = [shapely.Polygon(ring) for ring in page.evaluate(RINGS, index)]
    metric = gpd.GeoSeries(rings, crs=4326).to_crs(crs)
    shape: shapely.Geometry = shapely.Polygon()
    for ring in metric:
        shape = shapely.symmetric_difference(shape, ring)  # a hole lies in its ring
    return shape


def test_areas_are_drawn_where_their_cells_are(tiny_plan: Plan, page: Any) -> None:
    for index, (shape, n_cells) in enumerate(zip(tiny_plan.areas.geometry, tiny_plan.areas["n_cells"], strict=True)):
        drawn = _drawn_area(page, index, tiny_plan.areas.crs)
        assert shapely.symmetric_difference(drawn, shape).area < 0.001 * shape.area
        assert drawn.area == pytest.approx(n_cells * 10_000, rel=1e-3)


def test_areas_follow_the_situation(page: Any) -> None:
    page.click("label[for=overlay-areas]")
    page.click("label[for=view-reached]")
    for variant, n_open in (("0", 1), ("1", 4), ("2", 5)):
        page.click(f"label[for=variant-{variant}]")
        assert page.locator(".leaflet-areas-pane path").count() == 2 * n_open  # a light coat below each border
    page.click("label[for=view-change]")
    assert page.locator(".leaflet-areas-pane path").count() == 2 * 5
    page.click("label[for=overlay-areas]")
    assert page.locator(".leaflet-areas-pane path").count() == 0


def test_a_site_that_is_looked_at_shows_its_area_and_whom_it_serves(tiny_plan: Plan, page: Any) -> None:
    page.locator("#proposed .place").first.click()
    site_id = tiny_plan.sites.loc[tiny_plan.sites["role"] == "proposed", "site_id"].iloc[0]
    served = int((tiny_plan.allocation["site_id"] == site_id).sum())
    assert page.locator(".leaflet-areas-pane path").count() == 1
    page.evaluate("diffusa.page.map().fitBounds(diffusa.plan.bounds, { animate: false })")
    assert page.evaluate("diffusa.served.chosen()") == served > 0
    page.evaluate("diffusa.page.map().closePopup()")
    assert page.locator(".leaflet-areas-pane path").count() == 0
    assert page.evaluate("diffusa.served.chosen()") == 0


def test_every_served_cell_names_its_site(tiny_plan: Plan, page: Any) -> None:
    names = page.evaluate(
        "Array.from({ length: diffusa.cells.n }, (_, cell) =>"
        " [diffusa.cells.idOf(cell), diffusa.served.sitesOf(cell).map((site) => site.site_id)])"
    )
    shown = {cell_id: site_ids for cell_id, site_ids in names if site_ids}
    expected = {row.cell_id: [row.site_id] for row in tiny_plan.allocation.itertuples()}
    assert shown == expected


def test_a_cell_that_capacities_split_names_all_its_sites(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    first = tiny_plan.allocation.iloc[[0]]
    other = next(site_id for site_id in tiny_plan.sites["site_id"] if site_id != first["site_id"].iloc[0])
    more = first.assign(site_id=other, unemployed=first["unemployed"] + 5)
    split = gpd.GeoDataFrame(pd.concat([tiny_plan.allocation, more], ignore_index=True), crs=tiny_plan.allocation.crs)
    page = open_page(render_map(replace(tiny_plan, allocation=split))).page
    names = page.evaluate(
        "id => { for (let cell = 0; cell < diffusa.cells.n; cell += 1)"
        " if (diffusa.cells.idOf(cell) === id) return diffusa.served.sitesOf(cell).map((site) => site.site_id); }",
        first["cell_id"].iloc[0],
    )
    assert names == [other, first["site_id"].iloc[0]]  # who serves more of it comes first


def test_strokes_thin_out_from_afar(city_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(city_plan)).page
    page.click("label[for=overlay-served]")
    whole = page.evaluate("[diffusa.served.n(), diffusa.served.drawn(), diffusa.served.every()]")
    assert whole[0] == len(city_plan.allocation)
    assert whole[1] <= 1_400
    assert whole[2] > 1
    assert f"Tratti di un quadrato su {whole[2] ** 2}" in page.inner_text("#key-note")
    site = city_plan.allocation["site_id"].iloc[0]
    page.evaluate(
        "id => { const site = diffusa.plan.sites.find((one) => one.site_id === id);"
        " diffusa.page.map().setView([site.at[1], site.at[0]], 16, { animate: false }); }",
        site,
    )
    assert page.evaluate("diffusa.served.every()") == 1
    page.click("label[for=overlay-served]")
    assert page.locator("canvas.strokes").count() == 0


def test_a_branch_of_the_tree_turns_its_layers_on_and_off(page: Any) -> None:
    state = "id => { const box = document.getElementById(id); return [box.checked, box.indeterminate]; }"
    assert page.evaluate(state, "overlay-places") == [False, True]  # other candidates are off
    page.focus("#overlay-places")
    page.keyboard.press("Space")
    assert page.evaluate(state, "overlay-places") == [True, False]
    assert page.is_checked("#overlay-candidate")
    page.keyboard.press("Space")
    assert page.evaluate(state, "overlay-places") == [False, False]
    assert page.locator(".site").count() == 0
    page.check("#overlay-existing")
    assert page.evaluate(state, "overlay-places") == [False, True]


def test_kinds_of_a_role_have_their_own_boxes_and_marks(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    kinds = np.where(np.arange(len(tiny_plan.sites)) % 2, "schools", tiny_plan.sites["kind"])
    page = open_page(render_map(replace(tiny_plan, sites=tiny_plan.sites.assign(kind=kinds)))).page
    page.check("#overlay-candidate")
    everything = page.locator(".leaflet-candidates-pane path").count()
    shapes = page.evaluate(
        "[...document.querySelectorAll('.tree ul ul .symbol-candidate path')].map((path) => path.getAttribute('d'))"
    )
    assert len(set(shapes)) == len(shapes) == 2
    page.locator(".tree ul ul input[id^=overlay-candidate]").first.uncheck()
    assert 0 < page.locator(".leaflet-candidates-pane path").count() < everything
    assert "scuole" in page.inner_text("#overlays")


def test_metro_and_railways_come_on_demand(tiny_plan: Plan, page: Any) -> None:
    assert page.locator(".leaflet-lines-pane path").count() == 0
    page.check("#overlay-lines")
    assert page.locator(".leaflet-lines-pane path").count() == 2 * len(tiny_plan.lines)
    read = "[...document.querySelectorAll('.leaflet-lines-pane path')].map((path) => path.getAttribute('stroke-dasharray'))"
    looks = page.evaluate(read)
    assert len({look for look in looks if look}) == 1  # railways are dashed, the metro is not
    page.set_viewport_size({"width": 360, "height": 740})
    assert "Metropolitana e ferrovie" in page.inner_text("#key")


def test_names_of_stations_come_from_near(page: Any) -> None:
    page.evaluate("diffusa.page.map().setZoom(12, { animate: false })")
    assert page.locator(".label-station").count() == 0
    page.evaluate(
        "diffusa.page.map().setView([diffusa.plan.stations[0].at[1], diffusa.plan.stations[0].at[0]], 15, { animate: false })"
    )
    assert page.locator(".label-station").all_inner_texts() == ["Duomo"]
    page.uncheck("#overlay-stations")
    page.evaluate("diffusa.page.map().panBy([5, 5], { animate: false })")
    assert page.locator(".label-station").count() == 0


def test_the_card_leads_to_the_page_of_the_quarter(tiny_plan: Plan, page: Any) -> None:
    page.evaluate("diffusa.card.open(diffusa.plan.quarters[1])")
    link = page.locator("#card .page-link a")
    assert link.get_attribute("href") == "quarters/02-quartiere-2.html"
    assert link.inner_text() == "Pagina del quartiere"


@pytest.mark.parametrize("width", [360, 1280])
def test_districts_are_coloured_and_open_their_card(tiny_plan: Plan, open_page: Callable[..., Any], width: int) -> None:
    page = open_page(render_map(tiny_plan), width=width).page
    page.evaluate("diffusa.change({ view: 'districts', group: 'youth_15_29' })")
    district = tiny_plan.districts.iloc[0]
    share = format_percent(district[share_column("best", "youth_15_29")], language="it")
    assert page.evaluate("diffusa.views.current().read(diffusa.plan.districts[0])") == share
    fill = page.locator(".leaflet-district-fills-pane path")
    assert fill.get_attribute("fill") == page.evaluate("diffusa.views.current().color(diffusa.plan.districts[0])")
    fill.dispatch_event("click", {"bubbles": True})
    assert page.inner_text("#card-title") == district["name"]
    cells = page.locator("#card tbody tr").nth(1).locator("td")
    assert cells.last.locator("b").inner_text() == share
    reached = format_number(district[reached_column("best", "youth_15_29")], language="it")
    assert cells.last.locator("small").inner_text() == reached
    assert page.locator("#card tbody tr").count() == 2  # mean minutes are those of quarters
    page.evaluate("diffusa.change({ view: 'minutes' })")
    assert page.locator(".leaflet-district-fills-pane path").count() == 0


def test_districts_without_figures_have_no_view(tiny_plan: Plan, open_page: Callable[..., Any]) -> None:
    plain = tiny_plan.districts[["district", "name", "geometry"]]
    opened = open_page(render_map(replace(tiny_plan, districts=plain)))
    assert opened.page.locator("#view-districts").count() == 0
    assert opened.faults == []


def test_areas_and_allocations_that_do_not_fit_the_plan_are_refused(tiny_plan: Plan) -> None:
    for name, column in (("areas", "site_id"), ("allocation", "site_id"), ("allocation", "cell_id")):
        wrong = replace(tiny_plan, **{name: getattr(tiny_plan, name).assign(**{column: "nowhere"})})
        with pytest.raises(IdError, match="nowhere"):
            build_page_data(wrong, messages=())
    moved = tiny_plan.areas.set_geometry(tiny_plan.areas.translate(13.0, 0.0))
    with pytest.raises(GeometryError, match="do not follow the cells"):
        build_page_data(replace(tiny_plan, areas=moved), messages=())
