"""Layers of Milano, read once."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from geo.crs import to_crs
from geo.grid import Grid, build_grid, build_pieces
from geo.network import Network, build_network, keep_main_component

CRS = "EPSG:3035"


def _read(path: Path, *, id_column: str, name: str, layer: str | None = None) -> gpd.GeoDataFrame:
    frame = gpd.read_file(path) if layer is None else gpd.read_file(path, layer=layer)
    frame = frame.drop(columns=name, errors="ignore").rename(columns={id_column: name})
    return to_crs(frame, CRS, where=path.name)


@pytest.fixture(scope="session")
def milano_quarters(milano_root: Path) -> gpd.GeoDataFrame:
    return _read(milano_root / "boundaries/nil_pgt2030.gpkg", id_column="id_nil", name="nil")


@pytest.fixture(scope="session")
def milano_districts(milano_root: Path) -> gpd.GeoDataFrame:
    return _read(milano_root / "boundaries/municipi.gpkg", id_column="municipio", name="district")


@pytest.fixture(scope="session")
def milano_sections(milano_root: Path) -> gpd.GeoDataFrame:
    sections = _read(milano_root / "census/milano_sez2011_points.gpkg", id_column="id_nil", name="nil")
    return sections[~sections["fictitious"]]


@pytest.fixture(scope="session")
def milano_grid(milano_quarters: gpd.GeoDataFrame) -> Grid:
    return build_grid(milano_quarters.union_all(), crs=CRS)


@pytest.fixture(scope="session")
def milano_pieces(milano_grid: Grid, milano_quarters: gpd.GeoDataFrame, milano_districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return build_pieces(milano_grid, milano_quarters, districts=milano_districts)


@pytest.fixture(scope="session")
def milano_all_streets(milano_root: Path) -> Network:
    path = milano_root / "streets/milan_streets_2016.gpkg"
    nodes = to_crs(gpd.read_file(path, layer="nodes"), CRS, where="nodes")
    edges = gpd.read_file(path, layer="edges")
    position = np.argsort(nodes["node"].to_numpy())
    xs, ys = nodes.geometry.x.to_numpy()[position], nodes.geometry.y.to_numpy()[position]
    return build_network(xs, ys, edges["u"], edges["v"], edges["length_m"], crs=CRS)


@pytest.fixture(scope="session")
def milano_streets(milano_all_streets: Network) -> Network:
    return keep_main_component(milano_all_streets)[0]
