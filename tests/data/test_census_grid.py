"""A census without quarters, with fractions, with institutions: what a recipe may say of it, and what is refused."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

from data.errors import CountError, FaultsError, GeometryError, RecipeError
from tests.data.tiny import CRS, PAPER, TinyCity, square


@pytest.fixture
def city(tiny: TinyCity) -> TinyCity:
    """Return the tiny city with a census of squares without quarters: one of them over both."""
    tiny.tables["layers"]["sections"] = {
        "role": "census", "file": "squares.gpkg", "id": "id", "fractional": True, "counts": ["P1", "P2"], **PAPER,
    }  # fmt: skip
    del tiny.tables["layers"]["totals"]
    counts = {"id": ["a", "b", "c"], "P1": [600.25, 399.5, 0.0], "P2": [300.5, 100.0, 0.0]}
    shapes = [square(0, 0, 500), square(750, 0, 500), square(1500, 500, 500)]
    tiny.frames["squares.gpkg"] = gpd.GeoDataFrame(counts, geometry=shapes, crs=CRS)
    return tiny


def _move(city: TinyCity, row: int, east: float) -> None:
    frame = city.frames["squares.gpkg"]
    shapes = frame.geometry.tolist()
    shapes[row] = square(east, 0, 500)
    city.frames["squares.gpkg"] = frame.set_geometry(shapes, crs=CRS)


def test_counts_may_have_fractions_where_the_recipe_says_so(city: TinyCity) -> None:
    census = city.read().layers["census"].frame
    assert census["P1"].tolist() == [600.25, 399.5, 0.0]
    assert "nil" not in census
    del city.layer("sections")["fractional"]
    with pytest.raises(CountError, match="counts are not whole numbers"):
        city.read()


@pytest.mark.parametrize("value", [-0.5, np.inf, None])
def test_fractions_are_still_counts(city: TinyCity, value: float | None) -> None:
    city.frames["squares.gpkg"] = city.frames["squares.gpkg"].assign(P1=[value, 399.5, 0.0])
    with pytest.raises(CountError):
        city.read()


def test_residents_with_fractions_meet_what_is_expected_to_half_a_person(city: TinyCity) -> None:
    city.tables["city"]["expect"]["residents"] = 1000
    city.read()
    city.tables["city"]["expect"]["residents"] = 1001
    with pytest.raises(CountError, match=r"expected are 1,001, found 999\.75"):
        city.read()


def test_official_counts_with_quarters_are_met_to_half_a_person(tiny: TinyCity) -> None:
    tiny.layer("sections")["fractional"] = True
    frame = tiny.frames["sections.gpkg"]
    tiny.frames["sections.gpkg"] = frame.assign(P1=[300.25, 200.0, 490.0, 10.0])
    assert tiny.read().layers["census"].frame["P1"].tolist() == [300.25, 200.0, 490.0, 10.0]
    (tiny.folder / "sections.gpkg").unlink()
    tiny.frames["sections.gpkg"] = frame.assign(P1=[300.75, 200.0, 490.0, 9.25])
    with pytest.raises(CountError, match=r"quarter 7, P1: sections 500\.75, official 500"):
        tiny.read()


def test_a_census_of_another_city_is_told(city: TinyCity) -> None:
    city.frames["squares.gpkg"] = (
        city.frames["squares.gpkg"]
        .translate(9000)
        .to_frame("geometry")
        .join(city.frames["squares.gpkg"].drop(columns="geometry"))
    )
    with pytest.raises(GeometryError, match=r"no section lies in the city, the nearest is 7\.0 km away"):
        city.read()


def test_people_far_from_the_city_are_refused_unless_they_are_left_out(city: TinyCity) -> None:
    _move(city, 1, 9000)
    with pytest.raises(GeometryError, match=r"sections with people lie more than 5 km from the city \(1: b\)\. Say outside"):
        city.read()
    city.layer("sections")["outside"] = "leave_out"
    assert len(city.read().layers["census"].frame) == 3


def test_squares_without_people_may_lie_anywhere(city: TinyCity) -> None:
    _move(city, 2, 9000)
    assert len(city.read().layers["census"].frame) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"no_place": "gone"}, "'no_place' needs the column of 'quarter'"),
        ({"quarter": "q", "outside": "nearest"}, "'outside' has no effect on sections with a 'quarter'"),
        ({"outside": "away"}, "outside"),
        ({"spread": "roads"}, "spread"),
    ],
)
def test_keys_that_contradict_one_another_are_refused(city: TinyCity, changes: dict[str, str], words: str) -> None:
    city.layer("sections").update(changes)
    with pytest.raises(RecipeError, match=words):
        city.recipe()


def test_official_counts_by_quarter_need_a_census_with_quarters(city: TinyCity) -> None:
    city.tables["layers"]["totals"] = {"role": "quarter_totals", "file": "t.csv", "id": "id_nil", "counts": ["P1"], **PAPER}
    with pytest.raises(RecipeError, match="cannot be held against a census without quarters"):
        city.recipe()


def test_sections_that_are_institutions_are_read_and_told(tiny: TinyCity) -> None:
    tiny.layer("sections")["institutions"] = "prison"
    tiny.frames["sections.gpkg"] = tiny.frames["sections.gpkg"].assign(prison=["no", "yes", "no", "no"])
    layer = tiny.read().layers["census"]
    assert layer.frame["is_institution"].tolist() == [False, True, False, False]
    assert "sections: sections that are institutions: 1" in layer.notes


def test_a_word_that_is_neither_true_nor_false_is_told_beside_other_faults(tiny: TinyCity) -> None:
    tiny.layer("sections")["institutions"] = "prison"
    frame = tiny.frames["sections.gpkg"]
    tiny.frames["sections.gpkg"] = frame.assign(prison=["no", "perhaps", "no", "no"], P1=[300, -200, 490, 10])
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert "prison in row 2: perhaps" in str(caught.value.faults[0])
    assert "P1 in row 2: -200" in str(caught.value.faults[1])
