"""The benchmark of spreading: it measures what it says, and runs on real Milano."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from bench import dasymetric
from geo.dasymetric import weigh_streets
from geo.network import build_network

CELLS = gpd.GeoDataFrame(
    {"P1": [30.0, 10.0, 0.0, 0.0], "column": [0, 1, 2, 3], "row": 0},
    geometry=[shapely.box(east, 0, east + 100, 100) for east in (0, 100, 200, 300)],
    crs=dasymetric.CRS,
)


def test_the_error_is_that_of_the_cells() -> None:
    whole = gpd.GeoDataFrame({"P1": [40.0]}, geometry=[shapely.box(0, 0, 400, 100)], crs=dasymetric.CRS)
    by_area = dasymetric.measure_error(whole, CELLS, ancillary=None)
    assert by_area.misplaced == pytest.approx(20 / 40)
    assert by_area.rmse == pytest.approx(np.sqrt((20**2 + 0 + 10**2 + 10**2) / 4))
    streets = build_network([10, 85, 100, 125], [50] * 4, [0, 2], [1, 3], [75.0, 25.0], crs=dasymetric.CRS)
    by_streets = dasymetric.measure_error(whole, CELLS, ancillary=weigh_streets(streets, CELLS))
    assert (by_streets.misplaced, by_streets.rmse) == pytest.approx((0, 0))


def test_only_the_pattern_is_compared() -> None:
    half = gpd.GeoDataFrame({"P1": [20.0]}, geometry=[shapely.box(0, 0, 400, 100)], crs=dasymetric.CRS)
    assert dasymetric.measure_error(half, CELLS, ancillary=None).misplaced == pytest.approx(0.5)


def test_blocks_hold_the_people_of_their_cells() -> None:
    blocks = dasymetric.build_blocks(CELLS, size=2)
    assert blocks["P1"].tolist() == [40, 0]
    assert blocks.geometry.iloc[0].equals(shapely.box(0, 0, 200, 100))


def test_without_the_real_data_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFUSA_SHARED", str(tmp_path))
    assert dasymetric.bench_dasymetric() == ["spread by area and by streets: skipped, the real data is not beside the checkout"]


@pytest.mark.shared
def test_streets_win_from_large_areas_and_lose_from_sections(shared_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence for the default: a section is spread by area, an area of a square kilometre or more by streets."""
    monkeypatch.setenv("DIFFUSA_SHARED", str(shared_root))
    rows = [line.strip("| ").split(" | ") for line in dasymetric.bench_dasymetric() if line.startswith("| ")][1:]
    misplaced = {row[0]: (float(row[5].strip("%")), float(row[6].strip("%"))) for row in rows}
    assert len(misplaced) == 6
    for name, (by_area, by_streets) in misplaced.items():
        is_small = name in ("census sections, as discs", "blocks of 470 m")
        assert (by_area < by_streets) == is_small, name
