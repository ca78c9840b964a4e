"""The page's data say what the plan says, and what cannot be drawn is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.errors import ColumnError, CountError, CrsError, EmptyLayerError, FaultsError, GeometryError
from layers.plan import Plan, reached_column, share_column, within_column
from maps.outlines import STEP_DEG, bounds_of, encode_points, encode_polygons, label_points
from maps.page_data import build_page_data
from maps.palettes import CHANGE, SHARE, minute_classes, people_classes, share_classes
from maps.safe import script_json


def _data(plan: Plan) -> dict[str, object]:
    found: dict[str, object] = json.loads(script_json(build_page_data(plan, messages=())))
    return found


def test_quarters_hold_the_numbers_of_the_plan(tiny_plan: Plan) -> None:
    quarters = _data(tiny_plan)["quarters"]
    for drawn, row in zip(quarters, tiny_plan.nil.to_dict("records"), strict=True):
        assert drawn["name"] == row["name"]
        assert drawn["people"] == [row["unemployed"], row["youth_15_29"]]
        assert drawn["reached"]["best"] == [row[reached_column("best", group)] for group in ("unemployed", "youth_15_29")]
        assert drawn["share"]["decided"][0] == pytest.approx(row[share_column("decided", "unemployed")])


def test_sites_hold_the_facts_of_the_plan(tiny_plan: Plan) -> None:
    for drawn, row in zip(_data(tiny_plan)["sites"], tiny_plan.sites.to_dict("records"), strict=True):
        assert (drawn["name"], drawn["role"], drawn["source"]) == (row["name"], row["role"], row["source"])
        assert drawn["within"] == [row[within_column(group)] for group in ("unemployed", "youth_15_29")]
        assert ("cost_eur" in drawn) == (row["role"] == "compared")  # NaN is left out, not drawn as nothing
        assert drawn["kind"]["it"] == ("biblioteca" if row["kind"] == "libraries" else "centro per l'impiego")


def test_a_status_is_named_in_both_languages(tiny_plan: Plan) -> None:
    names = [site["status"] for site in _data(tiny_plan)["sites"]]
    assert names[0] == {"it": "aperta", "en": "open"}
    assert names[1] == {"it": "prevista, 2024", "en": "planned, 2024"}


def test_a_status_that_nobody_named_keeps_its_words(tiny_plan: Plan) -> None:
    plan = replace(tiny_plan, sites=tiny_plan.sites.assign(status="half_built"))
    assert _data(plan)["sites"][0]["status"] == {"it": "half built", "en": "half built"}


def test_missing_columns_of_all_tables_are_said_at_once(tiny_plan: Plan) -> None:
    plan = replace(
        tiny_plan, cells=tiny_plan.cells.drop(columns="minutes_best"), sites=tiny_plan.sites.drop(columns=["in_best", "owner"])
    )
    with pytest.raises(FaultsError, match=r"(?s)minutes_best.*owner, in_best|owner") as caught:
        build_page_data(plan, messages=())
    assert "cells" in str(caught.value)
    assert "sites" in str(caught.value)


def test_one_missing_column_is_a_column_error(tiny_plan: Plan) -> None:
    with pytest.raises(ColumnError, match="share_best_unemployed"):
        build_page_data(replace(tiny_plan, nil=tiny_plan.nil.drop(columns="share_best_unemployed")), messages=())


@pytest.mark.parametrize("layer", ["cells", "nil"])
def test_a_plan_without_cells_or_quarters_is_refused(tiny_plan: Plan, layer: str) -> None:
    with pytest.raises(EmptyLayerError, match=layer):
        build_page_data(replace(tiny_plan, **{layer: getattr(tiny_plan, layer).iloc[:0]}), messages=())


@pytest.mark.parametrize("layer", ["districts", "stations", "sites"])
def test_a_layer_without_rows_or_columns_may_be_empty(tiny_plan: Plan, layer: str) -> None:
    empty = gpd.GeoDataFrame(geometry=[], crs="EPSG:3035")
    resting = ("areas", "allocation") if layer == "sites" else ()  # without sites nobody is served
    assert _data(replace(tiny_plan, **dict.fromkeys((layer, *resting), empty)))[layer] == []


def test_outlines_read_back_to_their_tolerance(city_plan: Plan) -> None:
    encoded = encode_polygons(city_plan.nil, where="nil")
    rebuilt = [
        shapely.MultiPolygon([shapely.Polygon(np.cumsum(np.reshape(part[0], (-1, 2)), axis=0) * STEP_DEG) for part in parts])
        for parts in encoded
    ]
    drawn = gpd.GeoSeries(rebuilt, crs="EPSG:4326").to_crs(3035)
    differing = shapely.area(shapely.symmetric_difference(drawn.to_numpy(), city_plan.nil.geometry.to_numpy()))
    assert (differing / shapely.length(city_plan.nil.geometry.to_numpy()) < 10).all()  # metres, on average along the border


def test_holes_stay_holes() -> None:
    ring = shapely.Point(4_255_000, 2_484_000).buffer(900).difference(shapely.Point(4_255_000, 2_484_000).buffer(300))
    assert len(encode_polygons(gpd.GeoDataFrame(geometry=[ring], crs="EPSG:3035"), where="nil")[0][0]) == 2


def test_names_stand_inside_their_quarter(city_plan: Plan) -> None:
    lon, lat = np.array(label_points(city_plan.nil, where="nil")).T
    points = gpd.GeoSeries(shapely.points(lon, lat), crs="EPSG:4326").to_crs(3035)
    assert shapely.contains(city_plan.nil.geometry.to_numpy(), points.to_numpy()).all()


def test_rows_without_a_shape_are_refused() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(), None], crs="EPSG:3035")
    for encode in (encode_points, encode_polygons, label_points):
        with pytest.raises(GeometryError, match="stations"):
            encode(frame, where="stations")


def test_shapes_without_a_crs_are_refused() -> None:
    with pytest.raises(CrsError, match="stations"):
        encode_points(gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)]), where="stations")


def test_bounds_hold_every_layer(tiny_plan: Plan) -> None:
    (south, west), (north, east) = bounds_of([tiny_plan.nil, tiny_plan.cells.iloc[:0]])
    assert 45 < south < north < 46
    assert 8.5 < west < east < 10


@pytest.mark.parametrize(("standard", "cutoff"), [(0.0, 60.0), (30.0, 20.0), (-5.0, 60.0)])
def test_a_standard_beyond_the_cutoff_is_refused(standard: float, cutoff: float) -> None:
    with pytest.raises(CountError, match="cutoff"):
        minute_classes(standard_min=standard, cutoff_min=cutoff, standards_min=())


@pytest.mark.parametrize("standards", [(), (30.0,), (15.0, 30.0, 45.0), (30.0, 35.0, 40.0, 45.0, 50.0), (60.0,)])
def test_minutes_have_a_class_end_at_the_standard_and_one_colour_each(standards: tuple[float, ...]) -> None:
    found = minute_classes(standard_min=30, cutoff_min=60, standards_min=standards)
    assert 30.0 in found["breaks"]
    assert found["breaks"] == sorted(set(found["breaks"]))
    assert len(found["breaks"]) == len(found["colors"])
    assert found["breaks"][-1] == 60.0


@pytest.mark.parametrize("values", [[], [0.0, np.nan], [0.2], [5.0] * 9, list(range(500)), [1e-6, 1e6]])
def test_people_have_rising_classes_and_one_colour_more(values: list[float]) -> None:
    found = people_classes(np.array(values, dtype=float))
    assert found["breaks"] == sorted(set(found["breaks"]))
    assert len(found["colors"]) == len(found["breaks"]) + 1


def test_every_class_of_a_scale_has_a_colour_of_its_own() -> None:
    assert len(set(CHANGE.values())) == len(CHANGE)
    assert share_classes()["colors"] == list(SHARE)
    assert len(set(SHARE)) == len(SHARE)


def _seen_by_deuteranope(color: str) -> np.ndarray:
    """Return linear RGB as Viénot, Brettel and Mollon (1999) compute it for a reader without green receptors."""
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]) @ linear


def test_gained_and_lost_are_told_apart_without_red_and_green() -> None:
    seen = {key: np.cbrt(np.clip(_seen_by_deuteranope(color), 0, 1)) for key, color in CHANGE.items()}
    keys = sorted(seen)
    assert min(np.abs(seen[a] - seen[b]).max() for a in keys for b in keys if a < b) > 0.1


def test_every_option_of_the_palette_changes_the_page(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan(radius_m=500)
    other = replace(plan, document=plan.document.model_copy(update={"standard_min": 15.0}))
    assert _data(plan)["scales"]["minutes"] != _data(other)["scales"]["minutes"]
