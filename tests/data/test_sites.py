"""Services and spaces: ids, kinds, tags, owners, positions and what is left out."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.clean.points import locate_points
from data.clean.sites import SITE_COLUMNS, make_ids
from data.errors import ColumnError, CountError, EmptyLayerError, FaultsError, GeometryError, IdError
from tests.data.tiny import CRS, TinyCity, place, point, square


def _sites(tiny: TinyCity, role: str) -> gpd.GeoDataFrame:
    frame = tiny.read().layers[role].frame
    assert isinstance(frame, gpd.GeoDataFrame)
    return frame.set_index("site_id", drop=False)


def test_sites_have_their_columns_and_types(tiny: TinyCity) -> None:
    for role in ("services", "spaces"):
        frame = tiny.read().layers[role].frame
        assert {name: str(frame[name].dtype) for name in SITE_COLUMNS} == SITE_COLUMNS
        assert list(frame.columns) == [*SITE_COLUMNS, "geometry"]
        assert set(frame.geom_type) == {"Point"}


def test_a_site_knows_its_quarter_district_and_source(tiny: TinyCity) -> None:
    services = _sites(tiny, "services")
    assert services["nil"].tolist() == [7, 9]
    assert services["district"].tolist() == [1, 2]
    assert set(services["source_layer"]) == {"jobs"}
    assert services.geometry["J-1"].distance(point(500, 500)) < 0.1


def test_without_districts_a_site_has_none(tiny: TinyCity) -> None:
    del tiny.tables["layers"]["districts"], tiny.tables["city"]["expect"]["districts"]
    assert _sites(tiny, "services")["district"].isna().all()


def test_tags_are_the_filters_that_a_row_meets(tiny: TinyCity) -> None:
    assert _sites(tiny, "services")["tags"].tolist() == ["open", ""]


def test_a_tag_needs_all_its_conditions(tiny: TinyCity) -> None:
    tiny.layer("jobs")["tags"] = {"both": {"status": ["open", "planned"], "quality": ["rough"]}}
    assert _sites(tiny, "services")["tags"].tolist() == ["", "both"]


def test_the_first_owner_rule_that_a_row_meets_gives_the_owner(tiny: TinyCity) -> None:
    tiny.layer("schools")["merge_same_position"] = False
    owners = _sites(tiny, "spaces")["owner"]
    assert owners.to_dict() == {"S-1": "Provincia", "S-2": "Comune", "S-3": "Comune"}


def test_a_row_that_meets_no_owner_rule_has_no_owner(tiny: TinyCity) -> None:
    tiny.layer("schools").update(merge_same_position=False, owners=[{"owner": "P", "where": {"type": ["LICEO"]}}])
    assert _sites(tiny, "spaces")["owner"].fillna("none").to_dict() == {"S-1": "P", "S-2": "none", "S-3": "none"}


def test_the_owner_may_come_from_a_column(tiny: TinyCity) -> None:
    tiny.layer("schools").update(merge_same_position=False, owners=[])
    tiny.layer("schools")["columns"]["owner"] = "type"
    assert _sites(tiny, "spaces")["owner"]["S-1"] == "LICEO"


def test_one_kind_for_all_or_a_column_of_kinds(tiny: TinyCity) -> None:
    assert set(_sites(tiny, "spaces")["kind"]) == {"schools"}
    tiny.layer("jobs").update(kind="job")
    del tiny.layer("jobs")["kind_column"]
    assert set(_sites(tiny, "services")["kind"]) == {"job"}


@pytest.mark.parametrize("value", ["Job Centre", "", "a;b"])
def test_a_kind_that_is_no_name_is_told(tiny: TinyCity, value: str) -> None:
    tiny.frames["jobs.csv"]["kind"] = ["job_centre", value]
    with pytest.raises(IdError, match=r"kinds in 'kind' are missing or no names .*\(1: row 2\)"):
        tiny.read()


def test_a_site_without_a_name_is_called_by_its_id(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"]["name"] = ["", "Nuovo"]
    assert _sites(tiny, "services")["name"]["J-1"] == "J-1"


def test_metres_by_the_quality_of_the_position(tiny: TinyCity) -> None:
    assert _sites(tiny, "services")["position_error_m"].tolist() == [10.0, 400.0]
    assert set(_sites(tiny, "spaces")["position_error_m"]) == {50.0}


def test_a_quality_without_metres_is_told_with_the_nearest(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"]["quality"] = ["exactly", "rough"]
    with pytest.raises(ColumnError, match=r"have no metres in 'position_error_m' \(1: 'exactly'\). Did you mean 'exact'"):
        tiny.read()


def test_a_missing_quality_is_told(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"]["quality"] = ["exact", ""]
    with pytest.raises(ColumnError, match=r"\(1: row 2\). Give every row a value"):
        tiny.read()


@pytest.mark.parametrize(("value", "words"), [("-1", "negative"), ("free", "no numbers"), ("inf", "infinite")])
def test_a_wrong_number_is_told(tiny: TinyCity, value: str, words: str) -> None:
    tiny.frames["jobs.csv"]["cost"] = ["", value]
    with pytest.raises(CountError, match=f"layers.jobs, jobs.csv: values are {words} .*cost in row 2: {value}"):
        tiny.read()


def test_missing_columns_of_tags_owners_and_texts_come_at_once(tiny: TinyCity) -> None:
    tiny.layer("schools")["tags"]["x"] = {"colour": ["red"]}
    tiny.layer("schools")["owners"].append({"owner": "x", "where": {"shape": ["round"]}})
    tiny.layer("schools")["columns"]["status"] = "state_of_it"
    with pytest.raises(FaultsError) as caught:
        tiny.read()
    assert all(isinstance(fault, ColumnError) for fault in caught.value.faults)
    assert len(caught.value.faults) == 3


def test_rows_that_are_left_out_are_counted_in_the_notes(tiny: TinyCity) -> None:
    notes = tiny.read().layers["spaces"].notes
    assert "schools: rows kept by the conditions of the recipe: 4 of 5" in notes
    assert "schools: sites outside the city, left out: 1 (S-5)" in notes
    assert "schools: rows at one position were merged: 3 rows became 2 sites" in notes


def test_a_value_that_no_row_has_is_noted(tiny: TinyCity) -> None:
    tiny.layer("schools")["tags"]["primary"] = {"type": ["PRIMARIA", "PRIMRIA"]}
    notes = tiny.read().layers["spaces"].notes
    assert "schools: values in the conditions of the recipe that no row has: type = PRIMRIA" in notes


def test_keep_that_leaves_nothing_is_told(tiny: TinyCity) -> None:
    tiny.layer("schools")["keep"] = {"state": ["perhaps"]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        tiny.read()


def test_sites_outside_the_city_can_be_refused(tiny: TinyCity) -> None:
    tiny.layer("schools")["outside"] = "error"
    with pytest.raises(GeometryError, match=r"layers.schools, schools.csv: sites lie outside the city \(1: S-5\)"):
        tiny.read()


def test_sites_that_all_lie_outside_are_refused_in_any_case(tiny: TinyCity) -> None:
    tiny.layer("schools")["keep"] = {"code": ["S-5"]}
    with pytest.raises(GeometryError, match=r"all sites lie outside the city"):
        tiny.read()


def test_swapped_coordinates_are_told(tiny: TinyCity) -> None:
    tiny.layer("jobs").update(x="lat", y="lon")
    with pytest.raises(GeometryError, match=r"longitude and latitude .*look swapped \(2: row 1, row 2\). Exchange"):
        tiny.read()


def test_one_row_with_swapped_coordinates_is_told(tiny: TinyCity) -> None:
    frame = tiny.frames["schools.csv"]
    frame.loc[0, ["lon", "lat"]] = frame.loc[0, ["lat", "lon"]].tolist()
    with pytest.raises(GeometryError, match=r"look swapped \(1: row 1\)"):
        tiny.read()


def test_a_position_at_nought_is_told(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"].loc[1, ["lon", "lat"]] = 0.0
    with pytest.raises(GeometryError, match=r"positions are at 0/0 \(1: row 2\)"):
        tiny.read()


@pytest.mark.parametrize("value", ["", "nan", "45,46", "inf"])
def test_a_coordinate_that_is_no_number_is_told(tiny: TinyCity, value: str) -> None:
    tiny.frames["jobs.csv"]["lat"] = [value, "45.5"]
    with pytest.raises(GeometryError, match=r"coordinates in 'lat' are missing or no numbers \(1: row 1\)"):
        tiny.read()


def test_a_latitude_beyond_the_pole_is_told(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"].loc[1, "lat"] = 455.0
    with pytest.raises(GeometryError, match=r"no degrees of longitude and latitude \(1: row 2\)"):
        tiny.read()


def test_positions_all_far_from_the_city_are_told(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"]["lon"] += 5
    with pytest.raises(GeometryError, match=r"all positions lie far from the city .*Look at the CRS"):
        tiny.read()


def test_a_point_of_no_place_in_the_crs_of_the_city_is_told(tiny: TinyCity) -> None:
    tiny.tables["city"]["crs"] = "EPSG:32632"
    tiny.frames["jobs.csv"].loc[1, ["lon", "lat"]] = [99.0, 0.0]
    with pytest.raises((GeometryError, FaultsError), match=r"positions cannot be brought into EPSG:32632 \(1: row 2\)"):
        tiny.read()


def test_points_of_a_vector_file_are_taken(tiny: TinyCity) -> None:
    frame = tiny.frames.pop("jobs.csv")
    tiny.frames["jobs.gpkg"] = gpd.GeoDataFrame(frame, geometry=[point(500, 500), point(1500, 500)], crs=CRS)
    table = tiny.layer("jobs")
    table["file"] = "jobs.gpkg"
    for key in ("x", "y", "crs"):
        del table[key]
    assert _sites(tiny, "services").geometry["J-2"].equals(point(1500, 500))


def test_polygons_of_a_vector_file_are_no_sites(tiny: TinyCity) -> None:
    frame = tiny.frames.pop("jobs.csv")
    tiny.frames["jobs.gpkg"] = gpd.GeoDataFrame(frame, geometry=[square(0), None], crs=CRS)
    table = tiny.layer("jobs")
    table["file"] = "jobs.gpkg"
    for key in ("x", "y", "crs"):
        del table[key]
    with pytest.raises(FaultsError, match=r"geometries are no points \(1: row 1\)"):
        tiny.read()


def test_ids_are_made_from_the_content_of_the_rows(tiny: TinyCity) -> None:
    table = tiny.layer("schools")
    del table["id"]
    table.update(id_prefix="SCH", id_from=["name", "address"], merge_same_position=False)
    assert _sites(tiny, "spaces").index.tolist() == ["SCH-DANTE-VIA-PO-1", "SCH-ROSSI-VIA-ADDA-3", "SCH-VERDI-VIA-PO-1"]


def test_made_ids_that_repeat_are_told(tiny: TinyCity) -> None:
    table = tiny.layer("schools")
    del table["id"]
    table.update(id_prefix="SCH", id_from=["address"])
    with pytest.raises(IdError, match=r"ids from address: ids repeat .*SCH-VIA-PO-1 in row 1, SCH-VIA-PO-1 in row 2"):
        tiny.read()


def test_a_made_id_of_nothing_is_missing(tiny: TinyCity) -> None:
    table = tiny.layer("schools")
    del table["id"]
    table.update(id_prefix="SCH", id_from=["name"])
    tiny.frames["schools.csv"].loc[0, "name"] = "???"
    with pytest.raises(IdError, match=r"ids are missing \(1: row 1\)"):
        tiny.read()


def test_one_id_in_two_sources_is_told(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"]["id"] = ["S-3", "J-2"]
    with pytest.raises(IdError, match=r"one id stands for several sites \(1: S-3 in jobs and schools\)"):
        tiny.read()


def test_sources_of_one_role_stand_in_one_table_sorted_by_id(tiny: TinyCity) -> None:
    tiny.frames["libraries.csv"] = tiny.frames["schools.csv"].assign(code=["S-0", "L-2", "L-3", "L-4", "L-5"])
    tiny.tables["layers"]["libraries"] = {**tiny.layer("schools"), "file": "libraries.csv", "kind": "libraries"}
    layer = tiny.read().layers["spaces"]
    assert layer.frame["site_id"].tolist() == ["L-2", "L-3", "S-1", "S-3"]
    assert layer.paper.files == ("schools.csv", "libraries.csv")
    assert list(layer.frame.index) == [0, 1, 2, 3]


def test_a_city_without_services_has_an_empty_layer_of_them(tiny: TinyCity) -> None:
    del tiny.tables["layers"]["jobs"]
    frame = tiny.read().layers["services"].frame
    assert len(frame) == 0
    assert list(frame.columns) == [*SITE_COLUMNS, "geometry"]
    assert frame.crs.to_epsg() == 3035


def test_the_order_of_rows_changes_nothing(tiny: TinyCity) -> None:
    before = tiny.read().layers["spaces"].frame
    (tiny.folder / "schools.csv").unlink()
    tiny.frames["schools.csv"] = tiny.frames["schools.csv"].iloc[::-1]
    pd.testing.assert_frame_equal(pd.DataFrame(tiny.read().layers["spaces"].frame), pd.DataFrame(before))


def test_control_characters_of_a_file_do_not_reach_the_layers(tiny: TinyCity) -> None:
    tiny.frames["jobs.csv"]["name"] = ["\x1b[31mCentro\x07", "<b>Nuovo</b>"]
    assert _sites(tiny, "services")["name"].tolist() == ["[31mCentro", "<b>Nuovo</b>"]


def test_a_point_on_the_border_lies_in_the_area_of_the_lowest_id() -> None:
    areas = gpd.GeoDataFrame({"nil": [9, 7]}, geometry=[square(0), square(1000)], crs=CRS)
    points = gpd.GeoSeries([point(1000, 500), point(-0.5, 500), point(-1.5, 500)], index=[4, 2, 9], crs=CRS)
    located = locate_points(points, areas, "nil")
    assert located.index.tolist() == [4, 2, 9]
    assert located.fillna(0).tolist() == [7, 9, 0]


@given(st.lists(st.tuples(st.floats(-500, 2500), st.floats(-500, 1500)), min_size=1, max_size=20))
def test_a_located_point_is_in_or_beside_its_area(places: list[tuple[float, float]]) -> None:
    areas = gpd.GeoDataFrame({"nil": [7, 9]}, geometry=[square(0), square(1000)], crs=CRS)
    points = gpd.GeoSeries([point(*where) for where in places], crs=CRS)
    for where, nil in zip(points, locate_points(points, areas, "nil").fillna(0), strict=True):
        distance = {7: shapely.distance(where, square(0)), 9: shapely.distance(where, square(1000))}
        assert distance[nil] <= 1 if nil else min(distance.values()) > 1


@given(st.lists(st.text(min_size=1), min_size=1, max_size=8))
def test_a_made_id_depends_on_its_row_alone(texts: list[str]) -> None:
    frame = pd.DataFrame({"name": pd.Series(texts, dtype="str")})
    alone = [make_ids(frame.iloc[[row]], "X", ["name"]).tolist()[0] for row in range(len(texts))]
    together = make_ids(frame, "X", ["name"])
    assert together.fillna("none").tolist() == [one if isinstance(one, str) else "none" for one in alone]
    assert all(one.isascii() for one in together.dropna())


def test_places_are_rounded_as_files_round_them() -> None:
    assert np.hypot(*np.subtract(place(0, 0), place(0, 100))) < 0.01
