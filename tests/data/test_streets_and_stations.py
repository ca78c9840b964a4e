"""Streets become arrays sorted by id; stations are context, inside the city and around it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from data.errors import ColumnError, CrsError, EmptyLayerError, GeometryError, IdError, NetworkError
from tests.data.tiny import CRS, EAST, NORTH, TinyCity, point, square


def test_nodes_are_sorted_by_id_and_edges_by_their_ends(tiny: TinyCity) -> None:
    network = tiny.read().network
    assert (network.x - EAST).tolist() == [100, 1900, 1900, 100]
    assert (network.y - NORTH).tolist() == [900, 900, 100, 100]
    assert list(zip(network.u, network.v, network.length_m, strict=True)) == [(0, 1, 1810), (1, 2, 800), (2, 3, 1805)]
    assert network.u.dtype == np.intp


def test_the_order_of_nodes_and_edges_changes_nothing(tiny: TinyCity) -> None:
    before = tiny.read().network
    (tiny.folder / "streets.gpkg").unlink()
    for name in ("nodes", "edges"):
        tiny.frames[f"streets.gpkg/{name}"] = tiny.frames[f"streets.gpkg/{name}"].iloc[::-1]
    after = tiny.read().network
    for name in ("x", "y", "u", "v", "length_m"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_streets_of_another_crs_are_brought_into_that_of_the_city(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/nodes"] = tiny.frames["streets.gpkg/nodes"].to_crs("EPSG:32632")
    assert tiny.read().network.x.tolist() == pytest.approx([EAST + 100, EAST + 1900, EAST + 1900, EAST + 100])


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_an_edge_needs_a_length(tiny: TinyCity, value: float) -> None:
    tiny.frames["streets.gpkg/edges"].loc[1, "length_m"] = value
    with pytest.raises(NetworkError, match=r"lengths in 'length_m' are missing, no numbers, or not positive \(1: row 2\)"):
        tiny.read()


def test_an_edge_needs_its_nodes(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/edges"].loc[1, "v"] = 77
    with pytest.raises(NetworkError, match=r"edges name nodes in 'v' that do not exist \(1: 77 in row 2\)"):
        tiny.read()


def test_an_end_that_is_no_id_is_told(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/edges"]["u"] = [10.0, np.nan, 30.0]
    with pytest.raises(IdError, match=r"column u: ids are missing \(1: row 2\)"):
        tiny.read()


def test_nodes_that_repeat_are_told(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/nodes"].loc[1, "node"] = 40
    with pytest.raises(IdError, match="column node: ids repeat"):
        tiny.read()


def test_lengths_in_kilometres_are_told(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/edges"]["length_m"] /= 1000
    with pytest.raises(NetworkError, match=r"lengths sum to 4, the straight lines to 4,400 m. Give lengths in metres"):
        tiny.read()


def test_nodes_that_are_no_points_are_told(tiny: TinyCity) -> None:
    frame = tiny.frames["streets.gpkg/nodes"]
    tiny.frames["streets.gpkg/nodes"] = frame.set_geometry([square(0), *frame.geometry[1:]]).set_crs(CRS, allow_override=True)
    with pytest.raises(GeometryError, match=r"nodes are no points \(1: row 1\)"):
        tiny.read()


def test_nodes_without_a_crs_are_told(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/nodes"] = tiny.frames["streets.gpkg/nodes"].set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match="the CRS is absent"):
        tiny.read()


def test_a_missing_column_of_the_edges_is_told(tiny: TinyCity) -> None:
    tiny.layer("streets")["length_m"] = "length"
    with pytest.raises(ColumnError, match=r"'length' is missing. Did you mean 'length_m'"):
        tiny.read()


def test_edges_that_end_where_they_begin_are_noted(tiny: TinyCity) -> None:
    tiny.frames["streets.gpkg/edges"].loc[1, "v"] = 20
    assert tiny.read().notes == ("streets: edges that end where they begin: 1",)


def test_streets_of_another_city_are_told(tiny: TinyCity) -> None:
    frame = tiny.frames["streets.gpkg/nodes"]
    moved = frame.translate(xoff=50_000)
    tiny.frames["streets.gpkg/nodes"] = frame.set_geometry(moved)
    with pytest.raises(NetworkError, match="no street node lies in the extent of the quarters"):
        tiny.read()


def test_stations_outside_the_city_stay(tiny: TinyCity) -> None:
    frame = tiny.read().layers["stations"].frame
    assert list(frame.columns) == ["station_id", "name", "lines", "geometry"]
    assert frame[["station_id", "name", "lines"]].to_numpy().tolist() == [["Fuori", "Fuori", "M2"], ["Porta", "Porta", "M1"]]


def test_stations_without_names_and_lines_have_ids_and_nothing(tiny: TinyCity) -> None:
    del tiny.layer("metro")["columns"]
    frame = tiny.read().layers["stations"].frame
    assert frame["name"].tolist() == ["Fuori", "Porta"]
    assert frame["lines"].tolist() == ["", ""]


def test_keep_leaves_stations_out(tiny: TinyCity) -> None:
    tiny.layer("metro")["keep"] = {"lines": ["M1"]}
    assert tiny.read().layers["stations"].frame["name"].tolist() == ["Porta"]
    tiny.layer("metro")["keep"] = {"lines": ["M9"]}
    with pytest.raises(EmptyLayerError, match="no row is left"):
        tiny.read()


def test_a_city_without_stations_has_no_layer_of_them(tiny: TinyCity) -> None:
    del tiny.tables["layers"]["metro"]
    assert "stations" not in tiny.read().layers


def test_stations_of_several_files_stand_in_one_table(tiny: TinyCity) -> None:
    tiny.frames["rail.gpkg"] = gpd.GeoDataFrame({"station": ["Nord"], "lines": ["S1"]}, geometry=[point(1, 1)], crs=CRS)
    table = {key: value for key, value in tiny.layer("metro").items() if key not in ("x", "y", "crs")}
    tiny.tables["layers"]["rail"] = {**table, "file": "rail.gpkg"}
    assert tiny.read().layers["stations"].frame["name"].tolist() == ["Fuori", "Nord", "Porta"]


def test_one_station_in_two_files_is_told(tiny: TinyCity) -> None:
    tiny.tables["layers"]["rail"] = dict(tiny.layer("metro"))
    with pytest.raises(IdError, match=r"one id stands for several stations \(2: Fuori, Porta\)"):
        tiny.read()


def test_a_column_of_missing_lines_is_text(tiny: TinyCity) -> None:
    tiny.frames["metro.csv"]["lines"] = ["", "M2"]
    frame = tiny.read().layers["stations"].frame
    assert str(frame["lines"].dtype) == "str"
    assert pd.isna(frame["lines"].iloc[1])
