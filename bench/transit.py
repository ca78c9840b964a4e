"""Travel times by timetable in a generated city: towards every site each minute of two hours, away from it every ten."""

from __future__ import annotations

import sys
import time
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from geo.timetable import Timetable
from geo.transit_times import TransitTimes, transit_times

SEED = 2018
SPAN_M = 14_200.0
N_SITES = 100
N_ROWS = 142  # of cells of 100 m: 20,164 cells
WALK_M_S = 1.25
DETOUR = 1.3
START_S, END_S, CUTOFF_S = 8 * 3600, 10 * 3600, 45 * 60
# Lines of each mode, metres between stops, metres a second with stops, seconds between vehicles.
MODES = {"metro": (6, 700.0, 9.0, 240), "tram": (30, 350.0, 4.5, 1080), "bus": (90, 330.0, 4.0, 1860)}


def build_city_timetable(rng: np.random.Generator) -> Timetable:
    """Return straight lines across the square at random angles, vehicles both ways, one stop where lines meet within 60 m."""
    points: list[NDArray[np.float64]] = []
    hops: list[NDArray[np.int64]] = []
    trip_mode: list[int] = []
    n_points = 0
    for mode, (n_lines, spacing_m, speed_m_s, headway_s) in enumerate(MODES.values()):
        for _ in range(n_lines):
            line = _draw_line(rng, spacing_m=spacing_m)
            points.append(line)
            places = np.arange(n_points, n_points + len(line))
            n_points += len(line)
            for way in (places, places[::-1]):
                ride_s = np.rint(np.arange(len(way)) * spacing_m / speed_m_s / 10).astype(np.int64) * 10
                first_s = START_S - ride_s[-1] + int(rng.integers(headway_s // 60)) * 60
                for start_s in range(first_s, END_S + CUTOFF_S, headway_s):
                    trip = np.full(len(way) - 1, len(trip_mode))
                    hops.append(np.column_stack([way[:-1], way[1:], start_s + ride_s[:-1], start_s + ride_s[1:], trip]))
                    trip_mode.append(mode)
    return _join_timetable(np.concatenate(points), np.concatenate(hops), trip_mode)


def _draw_line(rng: np.random.Generator, *, spacing_m: float) -> NDArray[np.float64]:
    middle, angle = rng.uniform(0.15, 0.85, 2) * SPAN_M, rng.uniform(0, np.pi)
    along = np.arange(-SPAN_M, SPAN_M, spacing_m)
    line = middle + along[:, None] * np.array([np.cos(angle), np.sin(angle)])
    return line[((line >= 0) & (line <= SPAN_M)).all(axis=1)]


def _join_timetable(xy: NDArray[np.float64], hops: NDArray[np.int64], trip_mode: list[int]) -> Timetable:
    stop = np.arange(len(xy))
    for a, b in sorted(KDTree(xy).query_pairs(60.0)):
        stop[b] = stop[a]
    kept, stop = np.unique(stop, return_inverse=True)
    hops = hops[(hops[:, 3] >= START_S) & (hops[:, 2] <= END_S + CUTOFF_S)]
    hops = hops[np.lexsort((hops[:, 3], hops[:, 2]))]
    n_hops, none = len(hops), np.empty(0, dtype=np.int32)
    names = tuple(f"city:{k}" for k in range(len(kept)))
    return Timetable(
        crs="EPSG:3035",
        x=xy[kept, 0],
        y=xy[kept, 1],
        stop_ids=names,
        stop_names=names,
        station=np.arange(len(kept)),
        from_stop=stop[hops[:, 0]].astype(np.int32),
        to_stop=stop[hops[:, 1]].astype(np.int32),
        departure_s=hops[:, 2].astype(np.int32),
        arrival_s=hops[:, 3].astype(np.int32),
        trip=hops[:, 4].astype(np.int32),
        can_board=np.ones(n_hops, dtype=np.bool_),
        can_alight=np.ones(n_hops, dtype=np.bool_),
        trip_mode=np.array(trip_mode, dtype=np.int8),
        modes=tuple(MODES),
        transfer_from=none,
        transfer_to=none,
        transfer_min_s=none,
        forbidden_from=none,
        forbidden_to=none,
    )


def _walk(here: NDArray[np.float64], there: NDArray[np.float64], *, limit_m: float) -> sparse.csr_array:
    """Return the seconds of straight walks with a detour, in whole milliseconds."""
    found = KDTree(here).sparse_distance_matrix(KDTree(there), limit_m / DETOUR, output_type="coo_matrix")
    seconds = np.round(found.data * DETOUR / WALK_M_S, 3)
    return sparse.csr_array(sparse.coo_array((seconds, (found.row, found.col)), shape=found.shape))


def build_walks(rng: np.random.Generator, timetable: Timetable, *, n_sites: int) -> dict[str, sparse.csr_array]:
    """Return the walks between cells, stops and sites at random places."""
    side = (np.arange(N_ROWS) + 0.5) * SPAN_M / N_ROWS
    cells = np.column_stack([values.ravel() for values in np.meshgrid(side, side)])
    stops, sites = np.column_stack([timetable.x, timetable.y]), rng.uniform(0, SPAN_M, (n_sites, 2))
    return {
        "access": _walk(cells, stops, limit_m=750.0),
        "egress": _walk(sites, stops, limit_m=750.0),
        "footpaths": _walk(stops, stops, limit_m=400.0),
        "walking": _walk(cells, sites, limit_m=CUTOFF_S * WALK_M_S),
    }


def _time_case(
    timetable: Timetable, walks: dict[str, sparse.csr_array], *, direction: Literal["towards", "away"], step_s: int
) -> tuple[TransitTimes, float, float]:
    """Return what was found, the seconds on the clock and those of CPU."""
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    window = {"start_s": START_S, "end_s": END_S, "step_s": step_s, "cutoff_s": CUTOFF_S}
    found = transit_times(timetable, **walks, **window, direction=direction)
    return found, time.perf_counter() - begun_s, time.process_time() - begun_cpu_s


def bench_transit(n_sites: int = N_SITES) -> list[str]:
    """Return the rows of the table."""
    rng = np.random.default_rng(SEED)
    timetable = build_city_timetable(rng)
    walks = build_walks(rng, timetable, n_sites=n_sites)
    first = walks | {"egress": walks["egress"][:1], "walking": walks["walking"][:, :1]}
    n_links = walks["access"].nnz
    lines = [
        (
            f"{timetable.n_hops:,} hops, {timetable.n_stops:,} stops, {walks['footpaths'].nnz:,} footpaths, "
            f"{N_ROWS**2:,} cells, {n_links:,} walks between cells and stops, {n_sites} sites, cutoff {CUTOFF_S // 60} min."
        ),
        "",
        (
            "| case | departures | first site, compiling, s | wall s | CPU s | CPU ms per site | and departure "
            "| CPU ns per site, departure and walk | pairs | samples by mode |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    cases: tuple[tuple[Literal["towards", "away"], int], ...] = (("towards", 60), ("towards", 600), ("away", 600))
    for direction, step_s in cases:
        _, compile_s, _ = _time_case(timetable, first, direction=direction, step_s=step_s)
        found, wall_s, cpu_s = _time_case(timetable, walks, direction=direction, step_s=step_s)
        n, per_site_ms = found.n_departures, cpu_s * 1000 / n_sites
        modes = ", ".join(f"{mode} {share:.1%}" for mode, share in found.share_by_mode.items())
        lines.append(
            f"| {direction} | {n} | {compile_s:.1f} | {wall_s:.2f} | {cpu_s:.2f} | {per_site_ms:.1f} | {per_site_ms / n:.3f} "
            f"| {per_site_ms * 1e6 / n / n_links:.2f} | {found.seconds[50].nnz:,} | {modes} |"
        )
    return lines


if __name__ == "__main__":
    print("\n".join(bench_transit(int(sys.argv[1]) if len(sys.argv) > 1 else N_SITES)))
