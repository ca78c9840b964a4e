"""Census sections keep their counts and their official quarter, and people without a place are told apart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import ColumnError, CountError, EmptyLayerError, FaultsError, GeometryError, IdError
from tests.data.tiny import CRS, PLACE, TinyCity, place, point, square


def _census(tiny: TinyCity) -> gpd.GeoDataFrame:
    frame = tiny.read().layers["census"].frame
    assert isinstance(frame, gpd.GeoDataFrame)
    return frame


def _set(tiny: TinyCity, column: str, row: int, value: object) -> None:
    frame = tiny.frames["sections.gpkg"]
    values = frame[column].astype(object).tolist()
    values[row] = value
    tiny.frames["sections.gpkg"] = frame.assign(**{column: pd.Series(values).infer_objects()})


def _move(tiny: TinyCity, row: int, where: shapely.Geometry | None) -> None:
    frame = tiny.frames["sections.gpkg"]
    geometry = frame.geometry.tolist()
    geometry[row] = where
    tiny.frames["sections.gpkg"] = frame.set_geometry(geometry).set_crs(CRS, allow_override=True)


def test_the_census_has_its_fixed_columns_and_types(tiny: TinyCity) -> None:
    census = _census(tiny)
    fixed = {"section": "str", "nil": "int64", "district": "Int64", "area_m2": "float64", "is_no_place": "bool"}
    assert {name: str(census[name].dtype) for name in fixed} == fixed
    assert list(census.columns) == [*fixed, "P1", "P2", "geometry"]
    assert census["P1"].dtype == np.int64
    assert census["section"].tolist() == ["11", "12", "13", "14"]
    assert census["is_no_place"].tolist() == [False, False, False, True]


def test_the_order_of_rows_changes_nothing(tiny: TinyCity) -> None:
    before = _census(tiny)
    (tiny.folder / "sections.gpkg").unlink()
    tiny.frames["sections.gpkg"] = tiny.frames["sections.gpkg"].iloc[[2, 0, 3, 1]]
    pd.testing.assert_frame_equal(pd.DataFrame(_census(tiny)), pd.DataFrame(before))


def test_counts_are_taken_by_name_or_by_pattern(tiny: TinyCity) -> None:
    del tiny.layer("sections")["counts_pattern"]
    tiny.layer("sections")["counts"] = ["P2", "P1", "P2"]
    assert list(_census(tiny).columns[5:7]) == ["P2", "P1"]


def test_a_count_that_is_no_column_is_told(tiny: TinyCity) -> None:
    del tiny.layer("sections")["counts_pattern"]
    tiny.layer("sections")["counts"] = ["P1", "P22"]
    with pytest.raises(ColumnError, match=r"'P22' is missing. Did you mean 'P2'"):
        tiny.read()


def test_a_pattern_that_fits_no_column_is_told(tiny: TinyCity) -> None:
    tiny.layer("sections")["counts_pattern"] = "^Q"
    with pytest.raises(ColumnError, match=r"no column fits counts_pattern = '\^Q'"):
        tiny.read()


def test_a_pattern_that_takes_a_fixed_name_is_told(tiny: TinyCity) -> None:
    tiny.layer("sections")["counts_pattern"] = "P|area_m2"
    with pytest.raises(ColumnError, match=r"names that the census layer uses itself \(1: area_m2\)"):
        tiny.read()


def test_missing_columns_and_missing_counts_come_at_once(tiny: TinyCity) -> None:
    tiny.layer("sections").update(quarter="nil", counts_pattern="^Q")
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("P1", -3, "counts are negative .*P1 in row 2: -3"),
        ("P1", None, "counts are missing .*P1 in row 2"),
        ("P1", 2.5, "counts are not whole numbers .*P1 in row 2: 2.5"),
        ("P1", "many", "counts are no numbers .*P1 in row 2: many"),
        ("area_m2", -1.0, "values are negative .*area_m2 in row 2"),
    ],
)
def test_a_wrong_number_is_told_by_column_and_row(tiny: TinyCity, column: str, value: object, words: str) -> None:
    _set(tiny, column, 1, value)
    with pytest.raises(CountError, match=words):
        tiny.read()


def test_sections_that_repeat_are_told(tiny: TinyCity) -> None:
    _set(tiny, "sez", 1, 11)
    with pytest.raises(IdError, match=r"column sez: ids repeat .*11 in row 1, 11 in row 2"):
        tiny.read()


def test_a_quarter_that_does_not_exist_is_told(tiny: TinyCity) -> None:
    _set(tiny, "id_nil", 1, 8)
    with pytest.raises(IdError, match=r"column id_nil: rows name quarters that do not exist \(1: 8 in row 2\)"):
        tiny.read()


def test_a_district_that_does_not_exist_is_told(tiny: TinyCity) -> None:
    _set(tiny, "district", 1, 8)
    with pytest.raises(IdError, match=r"rows name districts that do not exist \(1: 8 in row 2\)"):
        tiny.read()


def test_faults_of_several_columns_come_at_once(tiny: TinyCity) -> None:
    _set(tiny, "id_nil", 1, 8)
    _set(tiny, "P1", 2, -1)
    _set(tiny, "fictitious", 0, None)
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert [type(fault) for fault in caught.value.faults] == [IdError, CountError, CountError]


def test_without_the_columns_of_the_recipe_nothing_is_made_up(tiny: TinyCity) -> None:
    for key in ("district", "area_m2", "no_place"):
        del tiny.layer("sections")[key]
    census = _census(tiny)
    assert census["district"].isna().all()
    assert census["area_m2"].isna().all()
    assert not census["is_no_place"].any()


def test_polygons_stay_polygons(tiny: TinyCity) -> None:
    frame = tiny.frames["sections.gpkg"]
    squares = [square(0, 0, 500), square(500, 500, 500), square(1000), square(0, 0, 1)]
    tiny.frames["sections.gpkg"] = frame.set_geometry(squares).set_crs(CRS, allow_override=True)
    assert set(_census(tiny).geom_type) == {"Polygon"}


def test_sections_may_come_as_a_table_with_coordinates(tiny: TinyCity) -> None:
    frame = tiny.frames.pop("sections.gpkg")
    where = [place(250, 250), place(750, 750), place(1500, 500), (None, None)]
    table = pd.DataFrame(frame.drop(columns="geometry"))
    tiny.frames["sections.csv"] = table.assign(lon=[lon for lon, _ in where], lat=[lat for _, lat in where])
    tiny.layer("sections").update(file="sections.csv", **PLACE)
    census = _census(tiny)
    assert census.geometry.isna().tolist() == [False, False, False, True]
    assert census.geometry[0].distance(point(250, 250)) < 0.1


def test_a_section_without_a_place_needs_no_position(tiny: TinyCity) -> None:
    _move(tiny, 3, None)
    assert _census(tiny).geometry.isna().tolist() == [False, False, False, True]


def test_a_section_with_a_place_needs_a_position(tiny: TinyCity) -> None:
    _move(tiny, 0, None)
    with pytest.raises(GeometryError, match=r"geometries are absent or empty \(1: row 1\)"):
        tiny.read()


def test_lines_are_no_sections(tiny: TinyCity) -> None:
    _move(tiny, 0, shapely.LineString([point(0, 0), point(1, 1)]))
    with pytest.raises(GeometryError, match=r"geometries are no points \(1: row 1\)"):
        tiny.read()


def test_sections_outside_their_quarter_are_noted(tiny: TinyCity) -> None:
    _move(tiny, 0, point(1030, 500))
    _move(tiny, 1, point(1600, 500))
    notes = tiny.read().layers["census"].notes
    assert "sections: sections that lie outside the quarter they belong to: 2, by 600 m at most" in notes
    assert "sections: sections more than 500 m from their quarter: 1 (12)" in notes


def test_sections_lost_far_from_their_quarter_are_told(tiny: TinyCity) -> None:
    _move(tiny, 0, point(7000, 500))
    with pytest.raises(GeometryError, match=r"more than 5 km from the quarter they belong to \(1: 11 is 6 km away\)"):
        tiny.read()


def test_keep_that_leaves_nothing_is_told(tiny: TinyCity) -> None:
    tiny.layer("sections")["keep"] = {"P1": [1]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        tiny.read()
