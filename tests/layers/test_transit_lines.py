from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from layers.transit_lines import MARGIN_M, train_stations, transit_lines
from tests.data.tiny_feed import TinyFeed

CRS = "EPSG:3035"


@pytest.fixture
def tiny(tmp_path: Path) -> TinyFeed:
    """Return a feed whose route is a railway: A, B, C, three and a half kilometres along a meridian."""
    feed = TinyFeed(tmp_path / "feed")
    feed.change("routes", "R,1,3", "R,S1,2")
    return feed


def at(*places: tuple[float, float]) -> list[shapely.Point]:
    return list(gpd.GeoSeries(gpd.points_from_xy(*zip(*places, strict=True), crs=4326)).to_crs(CRS))


def window(*places: tuple[float, float]) -> shapely.Geometry:
    return shapely.MultiPoint(at(*places)).envelope.buffer(10.0)


WHOLE = ((9.18, 45.45), (9.18, 45.51))


def metro(*stops: tuple[str, str, float, float], mode: str = "metro", line: str = "M1") -> pd.DataFrame:
    rows = [(mode, line, branch, f"{branch}{i}", name, i, lat, lon) for i, (branch, name, lon, lat) in enumerate(stops)]
    return pd.DataFrame(rows, columns=["mode", "line", "branch", "stop_id", "name", "seq", "lat", "lon"])


def test_a_railway_goes_from_stop_to_stop_once_for_all_trips(tiny: TinyFeed) -> None:
    made = transit_lines(None, [tiny.read()], window=window(*WHOLE), crs=CRS)
    assert made[["mode", "line"]].to_numpy().tolist() == [["train", ""]]
    a, b, c = at((9.18, 45.46), (9.18, 45.47), (9.18, 45.50))
    assert made.geometry[0].length == pytest.approx(a.distance(b) + b.distance(c))
    assert shapely.distance(made.geometry[0], b) == pytest.approx(0, abs=1e-6)


def test_a_train_that_runs_past_a_station_adds_no_stroke(tiny: TinyFeed) -> None:
    before = transit_lines(None, [tiny.read()], window=window(*WHOLE), crs=CRS)
    tiny.add("trips", "R,S,T3")
    tiny.add("stop_times", "T3,10:00:00,10:00:00,A,1", "T3,10:09:00,10:09:00,C,2")
    after = transit_lines(None, [tiny.read()], window=window(*WHOLE), crs=CRS)
    assert after.geometry[0].equals(before.geometry[0])


def test_a_way_around_that_is_much_longer_leaves_the_straight_one(tiny: TinyFeed) -> None:
    tiny.add("stops", "D,Delta,45.48,9.30")
    tiny.add("trips", "R,S,T3")
    tiny.add("stop_times", "T3,10:00:00,10:00:00,A,1", "T3,10:09:00,10:09:00,D,2", "T3,10:20:00,10:20:00,C,3")
    wide = window((9.18, 45.45), (9.31, 45.51))
    made = transit_lines(None, [tiny.read()], window=wide, crs=CRS)
    a, b, c, d = at((9.18, 45.46), (9.18, 45.47), (9.18, 45.50), (9.30, 45.48))
    assert made.geometry[0].length == pytest.approx(a.distance(b) + b.distance(c) + a.distance(d) + d.distance(c))


def test_buses_and_trams_are_left_out(tiny: TinyFeed) -> None:
    tiny.change("routes", "R,S1,2", "R,90,3")
    tram = metro(("x", "one", 9.18, 45.46), ("x", "two", 9.19, 45.46), mode="tram")
    made = transit_lines(tram, [tiny.read()], window=window(*WHOLE), crs=CRS)
    assert made.empty
    assert made.crs == CRS
    assert train_stations([tiny.read()], window=window(*WHOLE), crs=CRS).empty


def test_both_directions_of_a_metro_line_are_one_stroke() -> None:
    there = [("a", "one", 9.180, 45.46), ("a", "two", 9.190, 45.46), ("a", "three", 9.200, 45.46)]
    back = [("b", "three", 9.2001, 45.4601), ("b", "two", 9.1901, 45.4601), ("b", "one", 9.1801, 45.4601)]
    made = transit_lines(metro(*there, *back), [], window=window(*WHOLE), crs=CRS)
    assert made[["mode", "line"]].to_numpy().tolist() == [["metro", "M1"]]
    assert isinstance(made.geometry[0], shapely.LineString)
    one, three = at((9.18, 45.46), (9.20, 45.46))
    assert made.geometry[0].length == pytest.approx(one.distance(three), rel=0.01)


def test_lines_end_beyond_the_margin_of_the_city(tiny: TinyFeed) -> None:
    small = window((9.18, 45.459), (9.18, 45.461))
    made = transit_lines(None, [tiny.read()], window=small, crs=CRS)
    (a,) = at((9.18, 45.46))
    assert made.geometry[0].length == pytest.approx(MARGIN_M, rel=0.1)
    assert shapely.distance(made.geometry[0], a) == pytest.approx(0, abs=1e-6)
    stations = train_stations([tiny.read()], window=small, crs=CRS)
    assert stations["station_id"].tolist() == ["tiny:A", "tiny:B"]  # C is farther away
    assert stations["name"].tolist() == ["Alfa", "Beta"]
    assert stations["lines"].tolist() == ["S1", "S1"]
    assert transit_lines(None, [tiny.read()], window=window((8.0, 45.0), (8.01, 45.01)), crs=CRS).empty


def test_a_city_without_any_has_empty_layers() -> None:
    assert transit_lines(None, [], window=window(*WHOLE), crs=CRS).empty
    assert train_stations([], window=window(*WHOLE), crs=CRS).empty
