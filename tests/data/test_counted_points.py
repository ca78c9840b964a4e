"""Layers of points that are only counted: what is kept, what is left out, and what a recipe may not say."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from data.check import check_pack
from data.city import CityLayer, CitySources, Paper
from data.errors import ColumnError, CountError, EmptyLayerError, FaultsError, GeometryError, IdError, RecipeError
from data.pack import read_pack, write_pack
from tests.data.tiny import CRS, PAPER, PLACE, TinyCity, place, square

ROWS = [
    ("A-1", "bar", "12", 200, 200),
    ("A-2", "pub", "", 300, 200),
    ("A-3", "bar", "30", 1500, 500),
    ("A-4", "bank", "1", 1600, 500),
    ("A-5", "bar", "99", 2500, 500),
]


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    """Return the tiny city with bars, one of them outside."""
    where = [place(east, north) for *_, east, north in ROWS]
    tiny.frames["bars.csv"] = pd.DataFrame([row[:3] for row in ROWS], columns=["id", "amenity", "seats"]).assign(
        lon=[lon for lon, _ in where], lat=[lat for _, lat in where]
    )
    tiny.tables["layers"]["amenities"] = {
        "role": "points", "file": "bars.csv", "id": "id", "columns": {"kind": "amenity"}, "numbers": {"seats": "seats"},
        **PLACE, **PAPER,
    }  # fmt: skip
    return tiny


def _points(sources: CitySources) -> pd.DataFrame:
    return sources.layers["points"].frame


def test_points_of_the_city_are_kept_with_their_columns(city: TinyCity) -> None:
    points = _points(city.read())
    assert list(points.columns) == ["layer", "kind", "seats", "nil", "geometry"]
    assert points["layer"].tolist() == ["amenities"] * 4
    assert points["kind"].tolist() == ["bar", "pub", "bar", "bank"]
    assert points["nil"].tolist() == [7, 7, 9, 9]
    np.testing.assert_array_equal(points["seats"], [12.0, np.nan, 30.0, 1.0])


def test_points_outside_the_city_are_counted_in_a_note(city: TinyCity) -> None:
    assert city.read().layers["points"].notes == ("amenities: points outside the city were left out: 1",)


def test_points_need_no_ids(city: TinyCity) -> None:
    del city.layer("amenities")["id"]
    city.frames["bars.csv"]["id"] = "A-1"
    assert len(_points(city.read())) == 4


def test_ids_that_repeat_are_refused(city: TinyCity) -> None:
    city.frames["bars.csv"]["id"] = "A-1"
    with pytest.raises(IdError, match=r"layers.amenities"):
        city.read()


def test_rows_may_be_left_out_by_a_condition(city: TinyCity) -> None:
    city.layer("amenities")["keep"] = {"amenity": ["bar"]}
    assert len(_points(city.read())) == 2
    city.layer("amenities")["keep"] = {"amenity": ["zoo"]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        city.read()


def test_a_layer_without_a_point_in_the_city_is_refused(city: TinyCity) -> None:
    city.layer("amenities")["keep"] = {"seats": [99]}
    with pytest.raises(GeometryError, match="no point lies in the city"):
        city.read()


def test_missing_columns_come_at_once(city: TinyCity) -> None:
    city.layer("amenities")["columns"].update(kind="kind", other="othr")
    with pytest.raises(FaultsError) as caught:
        city.read()
    assert {type(fault) for fault in caught.value.faults} == {ColumnError}
    assert len(caught.value.faults) == 2


def test_several_layers_stand_in_one(city: TinyCity) -> None:
    city.frames["shops.csv"] = city.frames["bars.csv"].rename(columns={"amenity": "shop"})
    city.tables["layers"]["shops"] = {
        **city.layer("amenities"),
        "file": "shops.csv",
        "columns": {"trade": "shop"},
        "numbers": {},
    }
    points = _points(city.read())
    assert points["layer"].value_counts().to_dict() == {"amenities": 4, "shops": 4}
    assert points.loc[points["layer"] == "shops", "kind"].isna().all()
    assert points.loc[points["layer"] == "shops", "trade"].tolist() == ["bar", "pub", "bar", "bank"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"columns": {"nil": "amenity"}}, "column 'nil' of its own"),
        ({"columns": {"seats": "amenity"}}, "'seats' stands in 'columns' and in 'numbers'"),
        ({"kind": "bars"}, "unknown key 'kind'"),
    ],
)
def test_a_recipe_that_does_not_hold_together_is_refused(city: TinyCity, keys: dict[str, object], message: str) -> None:
    city.layer("amenities").update(keys)
    with pytest.raises(RecipeError, match=message):
        city.recipe()


def test_a_pack_keeps_the_points(city: TinyCity, tmp_path: Path) -> None:
    sources = city.read()
    write_pack(sources, tmp_path / "pack")
    assert check_pack(tmp_path / "pack").is_sound
    pd.testing.assert_frame_equal(
        pd.DataFrame(read_pack(tmp_path / "pack").read("points").drop(columns="geometry")),
        pd.DataFrame(_points(sources).drop(columns="geometry")),
    )


BARS = """
[groups.bars]
points = "amenities"
where = { kind = ["bar", "pub"] }
it = "bar"
en = "bars"
unit = "establishments"
"""


def test_a_pack_is_held_against_its_points(city: TinyCity, tmp_path: Path) -> None:
    city.groups += BARS
    sources = city.read()
    ids = {"cell_id": ["a", "b"], "nil": [7, 9], "area_m2": [1e6, 1e6]}
    pieces = gpd.GeoDataFrame({**ids, "bars": [2.0, 3.0]}, geometry=[square(0), square(1000)], crs=CRS)
    frames = {"pieces": pieces, "cells": pieces, "no_place": pd.DataFrame({"nil": [9], "bars": [0.0]})}
    paper = Paper(source="derived", licence="CC0", attribution="nobody", date="2020")
    derived = {name: CityLayer(name=name, role="derived", frame=frame, paper=paper) for name, frame in frames.items()}
    write_pack(sources, tmp_path / "pack", derived=derived)
    report = check_pack(tmp_path / "pack")
    assert "bars: 3 establishments by quarter, 0 of them without a place, 5 in cells" in report.facts
    (fault,) = report.faults
    assert isinstance(fault, CountError)
    assert fault.examples == ("bars in quarter 9: counted 1.000, pieces and no_place 3.000",)
