"""Area or streets: how well each spreads Milano's residents back to the 235 m grid that was counted from ISTAT's sections."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from bench.milano import find_milano
from geo.crs import to_crs
from geo.dasymetric import Ancillary, weigh_streets
from geo.interpolate import spread_sources
from geo.network import Network, build_network, keep_main_component

CRS = "EPSG:3035"
GRID_M = 235
BLOCKS = (2, 4, 8)
PEOPLE = "P1"


@dataclass(frozen=True)
class Error:
    """How far a spread is from what was counted: people by cell, and the share of people who stand in a wrong cell."""

    rmse: float
    misplaced: float
    seconds: float


def bench_dasymetric() -> list[str]:
    """Return the rows of the table; says so where the real data is not there."""
    root = find_milano()
    if root is None:
        return ["spread by area and by streets: skipped, the real data is not beside the checkout"]
    grid, streets = _read(root / "census/milano_grid235m_census2011.gpkg"), _read_streets(root)
    ancillary = weigh_streets(streets, grid)
    lines = [
        "| from | sources | mean km² | RMSE by area | RMSE by streets | misplaced by area | misplaced by streets | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, sources in _list_sources(root, grid).items():
        by_area, by_streets = (measure_error(sources, grid, ancillary=one) for one in (None, ancillary))
        lines.append(
            f"| {name} | {len(sources):,} | {_mean_km2(sources):.2f} | {by_area.rmse:.0f} | {by_streets.rmse:.0f} "
            f"| {by_area.misplaced:.1%} | {by_streets.misplaced:.1%} | {by_area.seconds:.2f}, {by_streets.seconds:.2f} |"
        )
    note = "The grid was itself spread by area inside the sections, so below some 500 m it cannot speak against area."
    return [*lines, "", note]


def measure_error(sources: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, *, ancillary: Ancillary | None) -> Error:
    """Return how far the people of the sources, spread over the cells, are from those of the cells.

    Where the sources count other people in all than the cells, the cells are scaled: only the pattern is compared.
    """
    begun = time.perf_counter()
    spread = spread_sources(sources, cells, quarter=None, ancillary=ancillary)
    found = sources[PEOPLE].to_numpy(dtype=np.float64) @ spread.weights
    seconds = time.perf_counter() - begun
    counted = cells[PEOPLE].to_numpy(dtype=np.float64)
    counted = counted * (found.sum() / counted.sum())
    away = found - counted
    return Error(float(np.sqrt((away**2).mean())), float(np.abs(away).sum() / 2.0 / counted.sum()), seconds)


def _list_sources(root: Path, grid: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return the same residents in ever larger areas: sections, blocks of cells, census areas, quarters."""
    sections = _read(root / "census/milano_sez2011_points.gpkg")
    sections = sections[~sections["fictitious"]].reset_index(drop=True)
    quarters = _read(root / "boundaries/nil_pgt2030.gpkg")
    counted = sections.groupby("id_nil")[PEOPLE].sum().reindex(quarters["id_nil"], fill_value=0)
    blocks = {f"blocks of {size * GRID_M} m": build_blocks(grid, size=size) for size in BLOCKS}
    return {
        "census sections, as discs": sections,
        **blocks,
        "85 census areas (ACE)": _read(root / "census/milano_ace85_census2011.gpkg"),
        "88 quarters (NIL)": quarters.assign(**{PEOPLE: counted.to_numpy()}),
    }


def build_blocks(grid: gpd.GeoDataFrame, *, size: int) -> gpd.GeoDataFrame:
    """Return squares of size × size cells with their people; `column` and `row` say where a cell stands."""
    block = pd.MultiIndex.from_arrays([grid["column"] // size, grid["row"] // size])
    position = block.factorize()[0]
    shapes = [shapely.union_all(grid.geometry.to_numpy()[position == one]) for one in range(position.max() + 1)]
    people = np.bincount(position, weights=grid[PEOPLE])
    return gpd.GeoDataFrame({PEOPLE: people}, geometry=shapes, crs=grid.crs)


def _read(path: Path) -> gpd.GeoDataFrame:
    frame = gpd.read_file(path)
    if "cell_id" in frame:  # the lattice is straight in the CRS of the file alone
        corners = shapely.bounds(frame.geometry.to_numpy())[:, :2]
        steps = np.rint((corners - corners.min(axis=0)) / GRID_M).astype(np.int64)
        frame = frame.assign(column=steps[:, 0], row=steps[:, 1])
    return to_crs(frame, CRS, where=path.name)


def _read_streets(root: Path) -> Network:
    path = root / "streets/milan_streets_2016.gpkg"
    nodes = to_crs(gpd.read_file(path, layer="nodes"), CRS, where=path.name).sort_values("node")
    edges = gpd.read_file(path, layer="edges")
    ends = (pd.Index(nodes["node"]).get_indexer(edges[name]) for name in ("u", "v"))
    xy = shapely.get_coordinates(nodes.geometry.to_numpy())
    return keep_main_component(build_network(xy[:, 0], xy[:, 1], *ends, edges["length_m"], crs=CRS))[0]


def _mean_km2(sources: gpd.GeoDataFrame) -> float:
    is_point = shapely.get_type_id(sources.geometry.to_numpy()) == shapely.GeometryType.POINT
    area_m2: NDArray[np.float64] = shapely.area(sources.geometry.to_numpy())
    if is_point.all():
        area_m2 = sources["area_m2"].to_numpy(dtype=np.float64)
    return float(np.nanmean(area_m2) / 1e6)
