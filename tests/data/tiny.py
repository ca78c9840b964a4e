"""A tiny city written to disk: two quarters of a square kilometre each, whose files a test may spoil one by one."""

from __future__ import annotations

import copy
import functools
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from data.city import CitySources
from data.recipe import Recipe, parse_recipe
from data.sources import read_sources

EAST, NORTH = 4_270_000, 2_480_000
CRS = "EPSG:3035"
PAPER = {"source": "a test", "licence": "CC0", "attribution": "nobody", "date": "2020-02-05"}
SIDE_M = 1000
PLACE = {"x": "lon", "y": "lat", "crs": "EPSG:4326"}

GROUPS = """
[groups.residents]
plus = ["P1"]
it = "residenti"
en = "residents"
year = 2011
source = "a test"

[groups.women]
plus = ["P1"]
minus = ["P2"]
base = "residents"
it = "donne"
en = "women"
year = 2011
source = "a test"
"""

TABLES: dict[str, Any] = {
    "format": "diffusa-recipe/1",
    "city": {
        "id": "tiny", "name": "Tiny", "country": "IT", "crs": CRS, "language": "it", "groups": "groups.toml",
        "expect": {"residents": 1000, "quarters": 2, "districts": 2, "area_km2": 2.0},
    },
    "layers": {
        "nil": {"role": "quarters", "file": "nil.gpkg", "layer": "nil", "id": "id_nil", "columns": {"name": "nil"}, **PAPER},
        "districts": {"role": "districts", "file": "districts.gpkg", "id": "district", "columns": {"name": "name"}, **PAPER},
        "sections": {
            "role": "census", "file": "sections.gpkg", "id": "sez", "quarter": "id_nil", "district": "district",
            "area_m2": "area_m2", "no_place": "fictitious", "counts_pattern": "^P\\d+$", **PAPER,
        },
        "totals": {"role": "quarter_totals", "file": "totals.csv", "id": "id_nil", "counts": ["P1", "P2"], **PAPER},
        "facts": {"role": "quarter_facts", "file": "facts.csv", "id": "id_nil", "columns": {"coworking": "cw"}, **PAPER},
        "jobs": {
            "role": "services", "file": "jobs.csv", "id": "id", "kind_column": "kind", **PLACE,
            "columns": {"name": "name", "status": "status", "cost_eur": "cost", "position_quality": "quality"},
            "tags": {"open": {"status": ["open"]}}, "position_error_m": {"exact": 10, "rough": 400}, **PAPER,
        },
        "schools": {
            "role": "spaces", "file": "schools.csv", "id": "code", "kind": "schools", **PLACE,
            "columns": {"name": "name", "address": "address"}, "keep": {"state": [True]},
            "tags": {"primary": {"type": ["PRIMARIA"]}, "upper": {"type": ["LICEO"]}},
            "owners": [{"owner": "Provincia", "where": {"type": ["LICEO"]}}, {"owner": "Comune"}],
            "merge_same_position": True, "position_error_m": 50, **PAPER,
        },
        "metro": {
            "role": "stations", "file": "metro.csv", "id": "station", **PLACE,
            "columns": {"name": "station", "lines": "lines"}, **PAPER,
        },
        "streets": {
            "role": "streets", "file": "streets.gpkg", "nodes_layer": "nodes", "edges_layer": "edges", "node": "node",
            "u": "u", "v": "v", "length_m": "length_m", **PAPER,
        },
    },
}  # fmt: skip


@functools.cache
def _to_degrees() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def place(east: float, north: float) -> tuple[float, float]:
    """Return longitude and latitude of a point so many metres east and north of the corner of the tiny city."""
    lon, lat = _to_degrees().transform(EAST + east, NORTH + north)
    return round(lon, 7), round(lat, 7)


def square(east: float, north: float = 0, side: float = SIDE_M) -> shapely.Polygon:
    """Return a square whose south-west corner lies so many metres from that of the tiny city."""
    return shapely.box(EAST + east, NORTH + north, EAST + east + side, NORTH + north + side)


def point(east: float, north: float) -> shapely.Point:
    """Return a point so many metres from the corner of the tiny city."""
    return shapely.Point(EAST + east, NORTH + north)


def _places(rows: list[tuple[Any, ...]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*columns, "east", "north"])
    where = [place(east, north) for east, north in zip(frame.pop("east"), frame.pop("north"), strict=True)]
    return frame.assign(lon=[lon for lon, _ in where], lat=[lat for _, lat in where])


def _frames() -> dict[str, pd.DataFrame]:
    quarters = {"id_nil": [7, 9], "nil": ["Alfa", "Beta"]}
    districts = {"district": [1, 2], "name": ["Ovest", "Est"]}
    sections = {
        "sez": [11, 12, 13, 14], "id_nil": [7, 7, 9, 9], "district": [1, 1, 2, 2], "area_m2": [1e4, None, 2e4, 100.0],
        "fictitious": [False, False, False, True], "P1": [300, 200, 490, 10], "P2": [100, 120, 240, 9],
    }  # fmt: skip
    jobs = [
        ("J-1", "Centro", "job_centre", "open", "", "exact", 500, 500),
        ("J-2", "Nuovo", "job_centre", "planned", "384000", "rough", 1500, 500),
    ]
    schools = [
        ("S-2", "Dante", "Via Po 1", "PRIMARIA", "True", 200, 200),
        ("S-1", "Verdi", "Via Po 1", "LICEO", "True", 200, 200),
        ("S-3", "Rossi", "Via Adda 3", "PRIMARIA", "True", 1700, 300),
        ("S-4", "Privata", "Via Adda 4", "PRIMARIA", "False", 1700, 400),
        ("S-5", "Lontana", "Via Fuori 1", "PRIMARIA", "True", 2600, 300),
    ]
    nodes = {"node": [40, 10, 20, 30]}
    points = [point(100, 100), point(100, 900), point(1900, 900), point(1900, 100)]
    edges = {"u": [10, 20, 30], "v": [20, 30, 40], "length_m": [1810.0, 800.0, 1805.0]}
    lines = [shapely.LineString([(EAST, NORTH), (EAST + 1, NORTH)])] * 3
    return {
        "nil.gpkg": gpd.GeoDataFrame(quarters, geometry=[square(0), square(1000)], crs=CRS),
        "districts.gpkg": gpd.GeoDataFrame(districts, geometry=[square(0), square(1000)], crs=CRS),
        "sections.gpkg": gpd.GeoDataFrame(
            sections, geometry=[point(250, 250), point(750, 750), point(1500, 500), point(1010, 10)], crs=CRS
        ),
        "totals.csv": pd.DataFrame({"id_nil": [7, 9], "P1": [500, 500], "P2": [220, 249]}),
        "facts.csv": pd.DataFrame({"id_nil": [9, 7], "cw": ["3", ""]}),
        "jobs.csv": _places(jobs, ["id", "name", "kind", "status", "cost", "quality"]),
        "schools.csv": _places(schools, ["code", "name", "address", "type", "state"]),
        "metro.csv": _places([("Porta", "M1", 900, 500), ("Fuori", "M2", 2500, 500)], ["station", "lines"]),
        "streets.gpkg/nodes": gpd.GeoDataFrame(nodes, geometry=points, crs=CRS),
        "streets.gpkg/edges": gpd.GeoDataFrame(edges, geometry=lines, crs=CRS),
        # the node ids in the order of the points: 40 south-west, 10 north-west, 20 north-east, 30 south-east
    }  # fmt: skip


@dataclass
class TinyCity:
    """The recipe and the files of the tiny city; change them, then read."""

    folder: Path
    tables: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(TABLES))
    frames: dict[str, pd.DataFrame] = field(default_factory=_frames)
    groups: str = GROUPS

    def layer(self, name: str) -> dict[str, Any]:
        """Return the recipe's table of a layer."""
        table: dict[str, Any] = self.tables["layers"][name]
        return table

    def recipe(self) -> Recipe:
        """Return the recipe."""
        return parse_recipe(self.tables)

    def write(self) -> None:
        """Write every file that is not there yet."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "groups.toml").write_text(self.groups, encoding="utf-8")
        present = {path.name for path in self.folder.iterdir()}
        for name, frame in self.frames.items():
            file, _, layer = name.partition("/")
            if file in present:
                continue
            if isinstance(frame, gpd.GeoDataFrame):
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", message="'crs' was not provided")
                    frame.to_file(self.folder / file, layer=layer or Path(file).stem, driver="GPKG")
            else:
                frame.to_csv(self.folder / file, index=False)

    def read(self) -> CitySources:
        """Write what is missing and return the clean sources."""
        self.write()
        return read_sources(self.recipe(), self.folder)
