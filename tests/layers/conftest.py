"""A town small enough to count by hand: two quarters of 5 × 5 cells, four sections, one of them without a place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import sparse

from data.groups import Group
from geo.grid import build_grid
from geo.snap import Snapped
from geo.traveltimes import TravelTimes
from layers.people import People, build_people

CRS = "EPSG:3035"
EAST, NORTH = 4_250_000.0, 2_480_000.0


def group(key: str, plus: str, *, minus: str | None = None) -> Group:
    return Group(
        key=key,
        plus=(plus,),
        minus=(minus,) if minus else (),
        label_it=f"{key} (it)",
        label_en=f"{key} (en)",
        year=2011,
        source="made up",
    )


GROUPS = (group("residents", "P1"), group("unemployed", "P60", minus="P61"))


def square(column: int, row: int, *, size_m: float = 100.0) -> shapely.Polygon:
    west, south = EAST + column * 100.0, NORTH + row * 100.0
    return shapely.box(west, south, west + size_m, south + size_m)


@pytest.fixture(scope="session")
def quarters() -> gpd.GeoDataFrame:
    shapes = [square(0, 0, size_m=500.0), square(5, 0, size_m=500.0)]
    return gpd.GeoDataFrame({"nil": [1, 2], "name": ["West", "East"]}, geometry=shapes, crs=CRS)


@pytest.fixture(scope="session")
def districts() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"district": [7], "name": ["Seven"]}, geometry=[shapely.box(EAST, NORTH, EAST + 1000, NORTH + 500)], crs=CRS
    )


@pytest.fixture(scope="session")
def census() -> gpd.GeoDataFrame:
    """Return sections as polygons of whole cells: 100 people in one cell, 60 in two, 40 in the east, 5 without a place."""
    shapes = [square(0, 0), shapely.box(EAST + 100, NORTH, EAST + 300, NORTH + 100), square(5, 0), square(9, 4)]
    return gpd.GeoDataFrame(
        {
            "section": ["a", "b", "c", "x"],
            "nil": [1, 1, 2, 2],
            "district": [7, 7, 7, 7],
            "area_m2": [10_000.0, 20_000.0, 10_000.0, 100.0],
            "is_no_place": [False, False, False, True],
            "P1": [100, 60, 40, 5],
            "P60": [50, 30, 20, 2],
            "P61": [40, 25, 18, 1],
        },
        geometry=shapes,
        crs=CRS,
    )


@pytest.fixture(scope="session")
def people(census: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> People:
    grid = build_grid(quarters.union_all(), crs=CRS)
    made, _ = build_people(census, grid, quarters=quarters, districts=districts, groups=GROUPS)
    return made


def site_rows(rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    """Return a layer of sites with the columns of a pack; what a row does not say is empty."""
    texts = (
        "name",
        "tags",
        "status",
        "owner",
        "address",
        "opened",
        "permitted_uses",
        "position_quality",
        "source",
        "source_layer",
    )
    numbers = ("cost_eur", "floor_area_m2", "site_area_m2", "capacity", "position_error_m")
    frame = pd.DataFrame(rows)
    for column in texts:
        frame[column] = frame.get(column, pd.Series([""] * len(frame)))
    for column in numbers:
        frame[column] = frame.get(column, pd.Series([np.nan] * len(frame)))
    frame["nil"], frame["district"] = 1, 7
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)


@pytest.fixture(scope="session")
def sites() -> gpd.GeoDataFrame:
    """Return three sites at the centres of cells: an open job centre, a library and a school of a doubtful place."""
    return site_rows(
        [
            {
                "site_id": "JOB",
                "kind": "job_centre",
                "tags": "open",
                "geometry": square(0, 0).centroid,
                "position_error_m": 10.0,
            },
            {
                "site_id": "LIB",
                "kind": "libraries",
                "tags": "municipal;old",
                "geometry": square(5, 0).centroid,
                "position_error_m": 50.0,
            },
            {
                "site_id": "SCH",
                "kind": "schools",
                "tags": "state",
                "geometry": square(2, 0).centroid,
                "position_error_m": 300.0,
            },
        ]
    )


def straight_times(people: People, ids: list[str], points: list[shapely.Point], *, cutoff_s: float = 600.0) -> TravelTimes:
    """Return times as the crow flies at one metre a second, which is easy to check by hand."""
    xy = people.cells[["x", "y"]].to_numpy()
    to = np.array([[point.x, point.y] for point in points])
    seconds = np.round(np.hypot(*(xy[:, None, :] - to[None, :, :]).transpose(2, 0, 1)), 3)
    rows, columns = np.nonzero(seconds <= cutoff_s)
    stored = sparse.csr_array((seconds[rows, columns], (rows, columns)), shape=seconds.shape)
    return TravelTimes(
        seconds=stored,
        demand_ids=tuple(people.cells["cell_id"]),
        candidate_ids=tuple(ids),
        cutoff_s=cutoff_s,
        mode="walk",
        demand_snap=_on_street(len(xy)),
        candidate_snap=_on_street(len(ids)),
    )


def _on_street(n: int) -> Snapped:
    return Snapped(
        edge=np.zeros(n, dtype=np.intp),
        fraction=np.zeros(n),
        distance_m=np.zeros(n),
        is_connected=np.ones(n, dtype=bool),
    )


@pytest.fixture(scope="session")
def times(people: People, sites: gpd.GeoDataFrame) -> TravelTimes:
    return straight_times(people, list(sites["site_id"]), list(sites.geometry))
