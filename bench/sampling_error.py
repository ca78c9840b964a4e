"""What it costs to ask every five minutes instead of every minute: a generated city, and the real lines of Milano."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from bench import transit
from data.lines import build_assumed_feed
from data.pack import CityPack
from diffusa.city import build_city
from diffusa.embedded import recipe_path
from diffusa.journeys import read_network
from diffusa.transit import AROUND_M
from geo.grid import build_grid
from geo.timetable import Timetable
from geo.timetable_build import build_timetable
from geo.transit_times import transit_times
from geo.transit_walks import walk_to_stops

CHECKOUT = Path(__file__).resolve().parents[1]
STEPS_S = (60, 300)
DATE = dt.date(2023, 10, 18)
N_SITES_CITY, N_SITES_MILANO = 100, 30
CELL_M = 300
WALK_M_S = 1.25


def bench_sampling_error(*, n_sites: int = N_SITES_CITY) -> list[str]:
    """Return the rows of the table."""
    rng = np.random.default_rng(transit.SEED)
    timetable = transit.build_city_timetable(rng)
    walks = transit.build_walks(rng, timetable, n_sites=n_sites)
    lines = [
        (
            "| feed | sites | pairs at both | mean difference, s | mean of its size, s | 95th percentile, s | largest, min "
            "| over 1 min | at one of the two only |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
        f"| generated city | {n_sites} | {_describe(timetable, walks)} |",
    ]
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared")) / "milano"
    if not root.is_dir():
        return [*lines, "", "Real Milano: skipped, the real data is not beside the checkout."]
    with tempfile.TemporaryDirectory() as folder:
        pack = build_city(recipe_path("milano"), root, Path(folder) / "pack")
        feed, walks = _prepare_milano(pack)
    return [*lines, f"| Trenord and lines of Milano, one draw | {N_SITES_MILANO} | {_describe(feed, walks)} |"]


def _describe(timetable: Timetable, walks: dict[str, sparse.csr_array]) -> str:
    """Return the cells of a row: the median of every five minutes less that of every minute, pair by pair."""
    fine, coarse = (
        transit_times(
            timetable,
            **walks,
            start_s=transit.START_S,
            end_s=transit.END_S,
            step_s=step_s,
            cutoff_s=transit.CUTOFF_S,
            direction="towards",
        ).seconds[50]
        for step_s in STEPS_S
    )
    difference_s, n_only_one = compare_times(fine, coarse)
    size_s = np.abs(difference_s)
    return (
        f"{len(size_s):,} | {difference_s.mean():+.1f} | {size_s.mean():.1f} | {np.quantile(size_s, 0.95):.0f} "
        f"| {size_s.max() / 60:.1f} | {(size_s > 60).mean():.1%} | {n_only_one:,}"
    )


def compare_times(fine: sparse.csr_array, coarse: sparse.csr_array) -> tuple[NDArray[np.float64], int]:
    """Return by how much the second table differs for the pairs of both, in seconds, and how many pairs only one has.

    A stored 0 is a pair as well, so pairs are matched by their places and not by arithmetic on the tables.
    """
    keys, values = zip(*(_list_pairs(table) for table in (fine, coarse)), strict=True)
    _, at_fine, at_coarse = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    n_only_one = len(keys[0]) + len(keys[1]) - 2 * len(at_fine)
    return values[1][at_coarse] - values[0][at_fine], n_only_one


def _list_pairs(table: sparse.csr_array) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs = table.tocoo()
    row, column = (ends.astype(np.int64) for ends in pairs.coords)
    return row * table.shape[1] + column, pairs.data


def _prepare_milano(pack: CityPack) -> tuple[Timetable, dict[str, sparse.csr_array]]:
    """Return what runs on a Wednesday morning, and the walks from cells of 300 m and to some of them as sites."""
    day = dt.timedelta(days=1)
    lines = build_assumed_feed(pack.read("lines"), pack.read("headways"), draw=0, first_date=DATE - day, last_date=DATE + day)
    city = shapely.union_all(pack.read("quarters").geometry.to_numpy())
    timetable = build_timetable(
        [pack.feed("trenord"), lines],
        date=DATE,
        start_s=transit.START_S,
        end_s=transit.END_S,
        crs=pack.city.crs,
        area=city.buffer(AROUND_M),
        tail_s=transit.CUTOFF_S,
    )
    network, _ = read_network(pack, mode="walk")
    cells = build_grid(city, crs=pack.city.crs, size_m=CELL_M)
    chosen = np.random.default_rng(transit.SEED).choice(cells.n, N_SITES_MILANO, replace=False)
    walks = walk_to_stops(
        network,
        timetable,
        demand_ids=cells.ids,
        demand_xy=cells.centres(),
        candidate_ids=cells.ids[chosen],
        candidate_xy=cells.centres()[chosen],
        speed_m_s=WALK_M_S,
        cutoff_s=transit.CUTOFF_S,
    )
    names = ("access", "egress", "footpaths", "walking")
    return timetable, {name: getattr(walks, name) for name in names}
