from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from data.errors import CountError, FaultsError, GeometryError, IdError
from data.geopackage import read_geopackage, write_geopackage
from data.pack import CityPack
from diffusa.city import read_people
from diffusa.journeys import read_network
from geo.network import Network, build_network
from geo.service_areas import ServiceAreas, service_areas
from geo.stretches import place_on_edges
from geo.traveltimes import Mode, street_times, walking_times

# What the flat sides of a circle of 8 sides a quarter leave of its radius, less the lattice of the outlines.
FLAT = np.cos(np.pi / 32) - 0.001


def reach(
    network: Network,
    sites: ArrayLike,
    *,
    cutoffs_s: Sequence[float] = (100.0,),
    mode: Mode = "walk",
    speed_m_s: float = 1.0,
    max_snap_m: float = 400.0,
    buffer_m: float = 10.0,
) -> ServiceAreas:
    ids = [f"s{i}" for i in range(len(np.asarray(sites)))]
    return service_areas(
        network,
        site_ids=ids,
        site_xy=sites,
        cutoffs_s=cutoffs_s,
        mode=mode,
        speed_m_s=speed_m_s,
        max_snap_m=max_snap_m,
        buffer_m=buffer_m,
    )


def parts(areas: ServiceAreas, *, cutoff_s: float = 100.0) -> list[tuple[int, float, float]]:
    """Return edge, begin and end of every stretch of a cutoff."""
    rows = areas.stretches[areas.stretches["cutoff_s"] == cutoff_s]
    return list(zip(rows["edge"].tolist(), rows["from_m"].tolist(), rows["to_m"].tolist(), strict=True))


def street(length_m: float = 1000.0) -> Network:
    """Return one straight edge of 1000 m."""
    return build_network([0, 1000], [0, 0], [0], [1], [length_m], crs=3035)


def cross() -> Network:
    """Return four streets of 100 m that meet in the middle: to the east, north, west and south."""
    return build_network([0, 100, 0, -100, 0], [0, 0, 100, 0, -100], [0, 0, 0, 0], [1, 2, 3, 4], [100] * 4, crs=3035)


def square() -> Network:
    """Return four edges round a block of 100 m; the southern one is a detour of 900 m."""
    return build_network([0, 100, 100, 0], [0, 0, 100, 100], [0, 1, 2, 3], [1, 2, 3, 0], [900, 100, 100, 100], crs=3035)


def test_a_street_is_reached_both_ways_less_the_way_to_it() -> None:
    areas = reach(street(), [(500, 30)], cutoffs_s=[100], speed_m_s=2.0)
    assert parts(areas) == [(0, 330.0, 670.0)]
    row = areas.stretches.iloc[0]
    assert (row["site_id"], row["cutoff_s"], row["minutes"], row["length_m"]) == ("s0", 100.0, 100 / 60, 340.0)
    assert row["geometry"].equals(shapely.LineString([(330, 0), (670, 0)]))


def test_a_stretch_goes_on_beyond_the_crossing_into_every_street() -> None:
    areas = reach(cross(), [(60, 0)], cutoffs_s=[100])
    assert parts(areas) == [(0, 0.0, 100.0), (1, 0.0, 40.0), (2, 0.0, 40.0), (3, 0.0, 40.0)]
    lines = areas.stretches.geometry
    assert lines.iloc[2].equals(shapely.LineString([(0, 0), (-40, 0)]))


def test_a_street_entered_from_both_ends_keeps_its_unreached_middle() -> None:
    # The site stands at the north-west corner, 100 m from the west end of the detour and 200 m from the east end.
    areas = reach(square(), [(0, 100)], cutoffs_s=[500])
    assert parts(areas, cutoff_s=500) == [(0, 0.0, 400.0), (0, 600.0, 900.0), (1, 0.0, 100.0), (2, 0.0, 100.0), (3, 0.0, 100.0)]
    drawn = areas.stretches.geometry.iloc[0]
    assert shapely.length(drawn) == pytest.approx(100 * 400 / 900)


def test_a_street_entered_from_both_ends_is_whole_once_the_ways_meet() -> None:
    assert parts(reach(square(), [(0, 100)], cutoffs_s=[600]), cutoff_s=600)[0] == (0, 0.0, 900.0)
    assert len(parts(reach(square(), [(0, 100)], cutoffs_s=[599]), cutoff_s=599)) == 5


def test_the_own_street_of_a_site_is_reached_from_the_site_and_round_the_block() -> None:
    # 450 m from either end of the detour; round the block nothing more is entered than what the ends give.
    network = build_network([0, 100, 100, 0], [0, 0, 100, 100], [0, 1, 2, 3], [1, 2, 3, 0], [900, 10, 10, 10], crs=3035)
    areas = reach(network, [(10, 0)], cutoffs_s=[200])
    assert parts(areas, cutoff_s=200) == [(0, 0.0, 290.0), (0, 820.0, 900.0), (1, 0.0, 10.0), (2, 0.0, 10.0), (3, 0.0, 10.0)]


def test_exactly_at_the_cutoff_is_in() -> None:
    # 30 m off and 900 m along at 2 m/s: the far end is exactly 465 s away.
    ends = {c: parts(reach(street(), [(100, 30)], cutoffs_s=[c], speed_m_s=2.0), cutoff_s=c) for c in (464.5, 465.0, 465.5)}
    assert ends == {464.5: [(0, 0.0, 999.0)], 465.0: [(0, 0.0, 1000.0)], 465.5: [(0, 0.0, 1000.0)]}


def test_a_node_exactly_at_the_cutoff_ends_the_stretch_and_one_second_more_enters_the_next_street() -> None:
    assert parts(reach(cross(), [(100, 0)], cutoffs_s=[100])) == [(0, 0.0, 100.0)]
    assert len(parts(reach(cross(), [(100, 0)], cutoffs_s=[101]), cutoff_s=101)) == 4


def test_a_sum_that_should_be_the_cutoff_reaches_all_whatever_its_rounding() -> None:
    network = build_network([0, 100, 200, 300], [0] * 4, [0, 1, 2], [1, 2, 3], [0.1] * 3, crs=3035)
    assert len(parts(reach(network, [(0, 0)], cutoffs_s=[0.3]), cutoff_s=0.3)) == 3
    assert reach(network, [(0, 0)], cutoffs_s=[0.3]).stretches["length_m"].sum() == pytest.approx(0.3)


def test_a_site_exactly_as_far_from_its_street_as_the_cutoff_has_an_area_without_a_stretch() -> None:
    areas = reach(street(), [(500, 100)], cutoffs_s=[99.999, 100.0])
    assert areas.polygons["cutoff_s"].tolist() == [100.0]
    assert len(areas.stretches) == 0
    assert areas.polygons.geometry.iloc[0].covers(shapely.Point(500, 0))


def test_a_site_that_is_not_connected_has_no_area_and_is_listed() -> None:
    areas = reach(street(), [(500, 30), (500, 31), (900, 0)], max_snap_m=30.0)
    assert areas.unconnected_site_ids == ("s1",)
    assert areas.polygons["site_id"].tolist() == ["s0", "s2"]
    assert set(areas.stretches["site_id"]) == {"s0", "s2"}


@pytest.mark.parametrize("sites", [[(500, 5000)], np.empty((0, 2))])
def test_where_nothing_is_reached_the_layers_have_their_columns_and_no_row(sites: ArrayLike) -> None:
    areas = reach(street(), sites)
    full = reach(street(), [(500, 0)])
    for found, other in ((areas.polygons, full.polygons), (areas.stretches, full.stretches)):
        assert len(found) == 0
        assert (found.dtypes == other.dtypes).all()
        assert found.crs == "EPSG:3035"


def test_sites_beyond_the_cutoff_and_within_it_stand_together() -> None:
    areas = reach(street(), [(500, 300), (500, 50)])
    assert areas.polygons["site_id"].tolist() == ["s1"]
    assert areas.unconnected_site_ids == ()


def test_another_component_is_not_reached() -> None:
    network = build_network([0, 100, 0, 100], [0, 0, 50, 50], [0, 2], [1, 3], [100, 100], crs=3035)
    assert parts(reach(network, [(0, 0)], cutoffs_s=[1000]), cutoff_s=1000) == [(0, 0.0, 100.0)]


def test_parallel_streets_are_both_reached() -> None:
    network = build_network([0, 100], [0, 0], [0, 0], [1, 1], [100, 300], crs=3035)
    assert parts(reach(network, [(0, 0)], cutoffs_s=[150]), cutoff_s=150) == [(0, 0, 100), (1, 0, 150), (1, 250, 300)]


def one_way_ring() -> Network:
    """Return `square` as a ring of one-ways: south to the east, then north, west and south again."""
    ring = square()
    return build_network(ring.x, ring.y, ring.u, ring.v, ring.length_m, crs=3035, is_one_way=[True] * 4)


def test_by_bicycle_the_area_holds_the_streets_that_lead_to_the_site() -> None:
    # The site stands in the middle of the eastern street: people come to it from the south and round the corner.
    areas = reach(one_way_ring(), [(100, 50)], cutoffs_s=[250], mode="bike")
    assert parts(areas, cutoff_s=250) == [(0, 700.0, 900.0), (1, 0.0, 50.0)]


def test_by_bicycle_what_lies_past_the_site_is_reached_all_the_way_round() -> None:
    areas = reach(one_way_ring(), [(100, 50)], cutoffs_s=[1180], mode="bike")
    assert parts(areas, cutoff_s=1180) == [(0, 0, 900), (1, 0, 50), (1, 70, 100), (2, 0, 100), (3, 0, 100)]


@pytest.mark.parametrize("mode", ["walk", "slow_walk"])
def test_on_foot_one_ways_are_ignored(mode: Mode) -> None:
    walked = reach(one_way_ring(), [(100, 50)], cutoffs_s=[120], mode=mode)
    assert walked.stretches.equals(reach(square(), [(100, 50)], cutoffs_s=[120]).stretches)


def test_a_street_without_a_chord_has_a_length_and_an_empty_line() -> None:
    network = build_network([0, 100], [0, 0], [0, 1], [1, 1], [100, 80], crs=3035)
    areas = reach(network, [(0, 0)], cutoffs_s=[130])
    assert areas.stretches["length_m"].tolist() == [100, 30, 30]
    assert areas.stretches.geometry.is_empty.tolist() == [False, True, True]
    assert areas.polygons.geometry.is_valid.all()


def test_the_polygon_is_as_wide_as_asked() -> None:
    area = reach(street(), [(500, 0)], buffer_m=40.0).polygons.geometry.iloc[0]
    assert area.bounds == pytest.approx((360, -40, 640, 40), abs=0.002)
    assert area.area == pytest.approx(200 * 80 + np.pi * 40**2, rel=0.005)


def test_rows_stand_in_the_order_of_the_sites_with_rising_cutoffs() -> None:
    areas = reach(cross(), [(0, 60), (60, 0)], cutoffs_s=[90, 30, 60])
    rows = list(zip(areas.polygons["site_id"], areas.polygons["cutoff_s"], strict=True))
    assert rows == [(site, cutoff) for site in ("s0", "s1") for cutoff in (30, 60, 90)]
    assert areas.polygons["minutes"].tolist() == [0.5, 1.0, 1.5] * 2
    keys = areas.stretches[["site_id", "cutoff_s", "edge", "from_m"]]
    assert keys.equals(keys.sort_values(list(keys.columns), ignore_index=True))
    assert areas.polygons.crs == areas.stretches.crs == "EPSG:3035"


def test_a_site_reaches_the_same_whoever_is_asked_with_it() -> None:
    both = reach(cross(), [(0, 60), (60, 5)], cutoffs_s=[30, 90])
    alone = reach(cross(), [(60, 5)], cutoffs_s=[30, 90])
    for name in ("polygons", "stretches"):
        of_both: gpd.GeoDataFrame = getattr(both, name)
        of_alone = getattr(alone, name).assign(site_id="s1")
        assert of_both[of_both["site_id"] == "s1"].reset_index(drop=True).equals(of_alone)


def test_progress_counts_the_connected_sites() -> None:
    seen: list[tuple[int, int]] = []
    xy = [(0, 0), (0, 9000), (50, 0)]
    service_areas(
        cross(), site_ids=list("abc"), site_xy=xy, cutoffs_s=[60], progress=lambda done, of_all: seen.append((done, of_all))
    )
    assert seen == [(1, 2), (2, 2)]


def test_each_option_changes_the_answer() -> None:
    usual = reach(street(), [(500, 30)])
    assert reach(street(), [(500, 30)], cutoffs_s=[200]).stretches["length_m"].sum() > usual.stretches["length_m"].sum()
    assert reach(street(), [(500, 30)], speed_m_s=2).stretches["length_m"].sum() > usual.stretches["length_m"].sum()
    assert len(reach(street(), [(500, 30)], max_snap_m=29).polygons) == 0
    walked, cycled = (reach(one_way_ring(), [(100, 50)], mode=mode).stretches for mode in ("walk", "bike"))
    assert cycled["length_m"].sum() < walked["length_m"].sum()
    wider = reach(street(), [(500, 30)], buffer_m=11)
    assert wider.polygons.area.sum() > usual.polygons.area.sum()
    assert wider.stretches.equals(usual.stretches)


def test_the_layers_make_a_geopackage_of_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.gpkg", "b.gpkg"):
        areas = reach(cross(), [(60, 0), (0, 90)], cutoffs_s=[60, 120])
        write_geopackage(tmp_path / name, {"service_areas": areas.polygons, "stretches": areas.stretches})
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    back = read_geopackage(tmp_path / "a.gpkg", "service_areas")
    assert isinstance(back, gpd.GeoDataFrame)
    assert shapely.equals(back.geometry.to_numpy(), areas.polygons.geometry.to_numpy()).all()
    assert back["minutes"].tolist() == [1.0, 2.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"site_ids": ["a", "a"]}, IdError, "ids repeat"),
        ({"site_ids": ["a"]}, IdError, "1 ids for 2 points"),
        ({"site_xy": [[0, 0], [np.nan, 0]]}, GeometryError, "lack coordinates"),
        ({"site_xy": [1.0, 2.0]}, GeometryError, r"not \(n, 2\)"),
        ({"cutoffs_s": []}, CountError, "there is no cutoff"),
        ({"cutoffs_s": [60.0, -1.0]}, CountError, "cutoffs are negative or no numbers"),
        ({"cutoffs_s": [np.nan]}, CountError, "cutoffs are negative or no numbers"),
        ({"cutoffs_s": [np.inf]}, CountError, "cutoffs are negative or no numbers"),
        ({"cutoffs_s": [60.0, 90.0, 60.0]}, CountError, "cutoffs repeat"),
        ({"speed_m_s": 0.0}, CountError, "speed"),
        ({"max_snap_m": -1.0}, CountError, "limit"),
        ({"buffer_m": 0.99}, CountError, "at least 1 m"),
        ({"buffer_m": np.inf}, CountError, "at least 1 m"),
        ({"buffer_m": np.nan}, CountError, "at least 1 m"),
    ],
)
def test_what_cannot_be_used_is_an_error(change: dict[str, object], error: type[Exception], message: str) -> None:
    request = {"site_ids": ["a", "b"], "site_xy": [[0, 0], [9, 0]], "cutoffs_s": [60.0], **change}
    with pytest.raises(error, match=message):
        service_areas(cross(), **request)  # type: ignore[arg-type]


def test_all_faults_of_a_request_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        service_areas(cross(), site_ids=["a", "a"], site_xy=[[0, 0]], cutoffs_s=[-1.0, -1.0], buffer_m=0.0)
    assert len(caught.value.faults) == 5


# A town of 3 × 3 crossings 100 m apart: streets never run together, so a site stands on the street on which it is put.
CROSSINGS = [(x * 100.0, y * 100.0) for y in range(3) for x in range(3)]
BLOCKS = [(i, i + 1) for i in range(9) if i % 3 < 2] + [(i, i + 3) for i in range(6)]
LENGTHS = [1, 2, 4, 5, 10, 20]


@st.composite
def towns(draw: st.DrawFn) -> tuple[Network, int]:
    """Return some of the streets of the town, with whole lengths, and one of them."""
    streets = draw(st.lists(st.sampled_from(BLOCKS), min_size=1, unique=True))
    lengths = [draw(st.sampled_from(LENGTHS)) for _ in streets]
    x, y = np.array(CROSSINGS).T
    u, v = np.array([draw(st.permutations(ends)) for ends in streets]).T
    return build_network(x, y, u, v, lengths, crs=3035), draw(st.integers(0, len(streets) - 1))


def count_metres(network: Network, edge: int, along_m: int, *, budget_m: int) -> int:
    """Return how many metres of street are walked within a budget, every metre being an edge of its own."""
    graph = nx.Graph()
    for e, (u, v, length) in enumerate(zip(network.u.tolist(), network.v.tolist(), network.length_m.astype(int), strict=True)):
        places = [("node", u, 0), *((("edge"), e, metre) for metre in range(1, length)), ("node", v, 0)]
        nx.add_path(graph, places)
        if e == edge:
            start = places[along_m]
    steps = nx.single_source_shortest_path_length(graph, start)
    return sum(1 for a, b in graph.edges if a in steps and min(steps[a], steps[b]) < budget_m)


@given(towns(), st.data())
def test_the_summed_length_is_what_networkx_counts_metre_by_metre(town: tuple[Network, int], data: st.DataObject) -> None:
    network, edge = town
    length = int(network.length_m[edge])
    along = data.draw(st.integers(0 if length == 1 else 1, max(length - 1, 1)))
    # Beside a crossing a site would stand on another street.
    off = data.draw(st.integers(0, 3 if 0 < along < length else 0))
    cutoff = data.draw(st.integers(0, 70))
    (foot,) = place_on_edges(network, np.array([edge]), np.array([float(along)]))
    step = np.array(
        [network.x[network.v[edge]] - network.x[network.u[edge]], network.y[network.v[edge]] - network.y[network.u[edge]]]
    )
    site = foot + off * np.array([-step[1], step[0]]) / 100.0
    areas = reach(network, [site], cutoffs_s=[cutoff])
    snapped_m = areas.site_snap.fraction[0] * network.length_m[areas.site_snap.edge[0]]
    expected = count_metres(network, int(areas.site_snap.edge[0]), round(snapped_m), budget_m=cutoff - off)
    assert areas.stretches["length_m"].sum() == pytest.approx(expected, abs=1e-9)


@given(towns(), st.tuples(st.integers(0, 200), st.integers(0, 200)), st.integers(0, 70), st.data())
def test_a_place_is_on_a_stretch_exactly_when_its_time_by_bicycle_is_within_the_cutoff(
    town: tuple[Network, int], site: tuple[int, int], cutoff: int, data: st.DataObject
) -> None:
    both, _ = town
    one_way = [data.draw(st.booleans()) for _ in range(both.n_edges)]
    network = build_network(both.x, both.y, both.u, both.v, both.length_m, crs=3035, is_one_way=one_way)
    edge = np.repeat(np.arange(network.n_edges), 3)
    at_m = np.tile([0.13, 0.51, 0.87], network.n_edges) * network.length_m[edge]
    areas = reach(network, [site], cutoffs_s=[cutoff], mode="bike", speed_m_s=1.5)
    times = street_times(
        network,
        mode="bike",
        demand_ids=[str(i) for i in range(len(edge))],
        demand_xy=place_on_edges(network, edge, at_m),
        candidate_ids=["s0"],
        candidate_xy=[site],
        speed_m_s=1.5,
        cutoff_s=cutoff,
    )
    assert times.demand_snap.edge.tolist() == edge.tolist()
    is_within = np.isin(np.arange(len(edge)), times.seconds.tocoo().coords[0])
    own, own_m = int(areas.site_snap.edge[0]), float(areas.site_snap.fraction[0] * network.length_m[areas.site_snap.edge[0]])
    for i in range(len(edge)):
        ends = [(begin, end) for e, begin, end in parts(areas, cutoff_s=cutoff) if e == edge[i]]
        # Times are whole milliseconds, and a stretch has a length: at an end, or at the site itself, either answer is right.
        bounds = [bound for part in ends for bound in part] + ([own_m] if own == edge[i] else [])
        if not any(abs(at_m[i] - bound) < 0.001 for bound in bounds):
            assert is_within[i] == any(begin <= at_m[i] <= end for begin, end in ends)


@given(
    towns(),
    st.tuples(st.floats(-60, 260), st.floats(-60, 260)),
    st.lists(st.floats(0, 120), min_size=2, max_size=4, unique=True),
    st.floats(1, 80),
)
def test_areas_of_any_rising_cutoffs_nest_exactly(
    town: tuple[Network, int], site: tuple[float, float], cutoffs: list[float], buffer_m: float
) -> None:
    network, _ = town
    moved = build_network(network.x + 4_258_500.3, network.y + 2_483_900.7, network.u, network.v, network.length_m, crs=3035)
    areas = reach(moved, [(site[0] + 4_258_500.3, site[1] + 2_483_900.7)], cutoffs_s=cutoffs, speed_m_s=1.3, buffer_m=buffer_m)
    assert areas.polygons["cutoff_s"].is_monotonic_increasing
    assert areas.polygons.is_valid.all()
    for smaller, larger in pairwise(areas.polygons.geometry):
        assert larger.covers(smaller)
        assert smaller.difference(larger).area == 0.0
    for smaller_s, larger_s in pairwise(sorted(cutoffs)):
        outer = parts(areas, cutoff_s=larger_s)
        for edge, begin, end in parts(areas, cutoff_s=smaller_s):
            assert any(edge == e and b <= begin and end <= f for e, b, f in outer)
    for cutoff_s, area in zip(areas.polygons["cutoff_s"], areas.polygons.geometry, strict=True):
        assert shapely.covers(area, areas.stretches.geometry[areas.stretches["cutoff_s"] == cutoff_s].to_numpy()).all()


# The job centre in via Strozzi within 10, 15 and 30 minutes.
CUTOFFS_S = (600.0, 900.0, 1800.0)
BUFFER_M = 25.0


@pytest.fixture(scope="module")
def network(milano_pack: CityPack) -> Network:
    return read_network(milano_pack, mode="walk")[0]


@pytest.fixture(scope="module")
def site_xy(milano_pack: CityPack) -> list[tuple[float, float]]:
    services = milano_pack.read("services")
    point = services.loc[services["site_id"] == "CPI-STROZZI", "geometry"].iloc[0]
    return [(point.x, point.y)]


@pytest.fixture(scope="module")
def areas(network: Network, site_xy: list[tuple[float, float]]) -> ServiceAreas:
    return service_areas(network, site_ids=["CPI-STROZZI"], site_xy=site_xy, cutoffs_s=CUTOFFS_S, buffer_m=BUFFER_M)


@pytest.mark.shared
def test_areas_are_valid_and_nest_exactly(areas: ServiceAreas) -> None:
    assert areas.polygons["minutes"].tolist() == [10.0, 15.0, 30.0]
    assert areas.polygons.is_valid.all()
    for smaller, larger in pairwise(areas.polygons.geometry):
        assert larger.covers(smaller)
        assert smaller.difference(larger).area == 0.0


@pytest.mark.shared
def test_no_street_is_farther_than_it_can_be_walked(areas: ServiceAreas, site_xy: list[tuple[float, float]]) -> None:
    farthest = shapely.hausdorff_distance(areas.polygons.geometry.to_numpy(), shapely.Point(site_xy[0]))
    assert (farthest <= np.array(CUTOFFS_S) * 1.25 * 1.01 + BUFFER_M).all()


@pytest.mark.shared
def test_the_summed_length_is_that_of_the_walk_with_networkx(network: Network, areas: ServiceAreas) -> None:
    snap = areas.site_snap
    graph = nx.Graph()
    for u, v, length_m in zip(network.u.tolist(), network.v.tolist(), network.length_m.tolist(), strict=True):
        shortest = min(length_m, graph.get_edge_data(u, v, {"m": length_m})["m"])
        graph.add_edge(u, v, m=shortest)
    edge, along_m = int(snap.edge[0]), float(snap.fraction[0] * network.length_m[snap.edge[0]])
    graph.add_edge("site", int(network.u[edge]), m=along_m)
    graph.add_edge("site", int(network.v[edge]), m=float(network.length_m[edge]) - along_m)
    away_m = nx.single_source_dijkstra_path_length(graph, "site", weight="m")
    for cutoff_s, rows in areas.stretches.groupby("cutoff_s"):
        budget_m = cutoff_s * 1.25 - float(snap.distance_m[0])
        walked_m = 0.0
        for e, (u, v, length_m) in enumerate(zip(network.u, network.v, network.length_m, strict=True)):
            rest = [max(budget_m - away_m.get(int(end), np.inf), 0.0) for end in (u, v)]
            if e != edge:
                walked_m += min(sum(rest), length_m)
        # At ten minutes and more the whole street of the site is reached.
        assert rows["length_m"].sum() == pytest.approx(walked_m + network.length_m[edge], abs=1e-6)


@pytest.mark.shared
def test_cells_reached_touch_the_area_unless_they_stand_off_their_street(
    milano_pack: CityPack, network: Network, areas: ServiceAreas, site_xy: list[tuple[float, float]]
) -> None:
    cells = read_people(milano_pack).cells
    times = walking_times(
        network,
        demand_ids=list(cells["cell_id"]),
        demand_xy=cells[["x", "y"]].to_numpy(),
        candidate_ids=["CPI-STROZZI"],
        candidate_xy=site_xy,
        cutoff_s=max(CUTOFFS_S),
    )
    ways = times.seconds.tocoo()
    cell, seconds = ways.coords[0], ways.data
    snap = times.demand_snap
    meeting = shapely.points(place_on_edges(network, snap.edge, snap.fraction * network.length_m[snap.edge]))
    for cutoff_s, area in zip(areas.polygons["cutoff_s"], areas.polygons.geometry, strict=True):
        reached = cell[seconds <= cutoff_s]
        shapely.prepare(area)
        assert len(reached) > 0
        assert shapely.covers(area, meeting[reached]).all()
        near = reached[snap.distance_m[reached] <= BUFFER_M * FLAT]
        points = shapely.points(cells[["x", "y"]].to_numpy()[near])
        assert shapely.covers(area, points).all()
        touches = shapely.intersects(area, cells.geometry.to_numpy()[reached])
        assert (snap.distance_m[reached[~touches]] > BUFFER_M * FLAT).all()
        assert touches.mean() > 0.9


@pytest.mark.shared
def test_a_place_on_a_street_is_on_a_stretch_exactly_when_it_is_within_the_cutoff(
    network: Network, areas: ServiceAreas, site_xy: list[tuple[float, float]]
) -> None:
    rng = np.random.default_rng(11)
    edge = rng.integers(0, network.n_edges, 20_000)
    places = place_on_edges(network, edge, rng.uniform(0, 1, len(edge)) * network.length_m[edge])
    times = walking_times(
        network,
        demand_ids=[str(i) for i in range(len(edge))],
        demand_xy=places,
        candidate_ids=["CPI-STROZZI"],
        candidate_xy=site_xy,
        cutoff_s=max(CUTOFFS_S),
    )
    snap = times.demand_snap
    at_m = snap.fraction * network.length_m[snap.edge]
    for cutoff_s, rows in areas.stretches.groupby("cutoff_s"):
        ways = times.seconds.tocoo()
        is_within = np.zeros(len(edge), dtype=bool)
        is_within[ways.coords[0][ways.data <= cutoff_s]] = True
        is_on = np.zeros(len(edge), dtype=bool)
        is_at_an_end = np.zeros(len(edge), dtype=bool)
        for e, begin, end in rows[["edge", "from_m", "to_m"]].itertuples(index=False):
            of_edge = snap.edge == e
            is_on |= of_edge & (at_m >= begin) & (at_m <= end)
            # Times are whole milliseconds: within a millimetre of an end either answer is right.
            is_at_an_end |= of_edge & (np.minimum(abs(at_m - begin), abs(at_m - end)) < 0.001)
        assert is_within.sum() > 50
        assert (is_within == is_on)[~is_at_an_end].all()
        assert is_at_an_end.sum() < 10
