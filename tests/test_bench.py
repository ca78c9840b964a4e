"""The benchmarks: their inputs are the same each time, and a small one of each runs and finds what it must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from bench import machine, sampling_error, street_graph, streets, transit, transit_city

SMALL = (streets.Case(n_sources=20, cutoff_m=500.0, n_ego=3, reach="≤ 1 ms"),)


def read_rows(lines: list[str]) -> list[list[str]]:
    """Return the cells of the rows of a table, without its head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:]


def test_the_same_seed_makes_the_same_streets() -> None:
    first, second, other = (street_graph.build_streets(np.random.default_rng(seed), n_rows=20) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.length_m, second.length_m)
    np.testing.assert_array_equal(np.column_stack([first.u, first.v]), np.column_stack([second.u, second.v]))
    assert not np.array_equal(first.length_m, other.length_m)


def test_generated_streets_hang_together_and_have_lengths_that_are_exact_in_millimetres() -> None:
    network = street_graph.build_streets(np.random.default_rng(1), n_rows=60)
    assert (network.component == 0).all()
    assert 0.9 * 3600 < network.n_nodes < 3600
    assert network.n_edges / network.n_nodes == pytest.approx(1.37, abs=0.05)
    assert not (network.length_m * 1000 % 1).any()
    assert (network.length_m >= np.hypot(*(axis[network.u] - axis[network.v] for axis in (network.x, network.y)))).all()


def test_the_same_seed_makes_the_same_city_timetable() -> None:
    first, second = (transit.build_city_timetable(np.random.default_rng(transit.SEED)) for _ in range(2))
    np.testing.assert_array_equal(first.departure_s, second.departure_s)
    np.testing.assert_array_equal(first.from_stop, second.from_stop)
    assert first.n_hops == 76_077


def test_ours_is_held_against_its_peers_on_the_same_nodes() -> None:
    rows = read_rows(streets.bench_streets(SMALL, n_rows=30, n_cells=200))
    names = [row[2] for row in rows]
    assert names[0] == "ours, nodes"
    assert "networkx.ego_graph, 3 of the sources" in names
    assert ("pandana, nodes_in_range" in names) == (streets.pandana is not None)
    nodes = {row[2]: row[5] for row in rows}
    if streets.pandana is not None:
        assert nodes["pandana, nodes_in_range"] == nodes["ours, nodes"]
    assert nodes["ours, 200 cells, search alone"] != "0"


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streets, "pandana", None)
    lines = streets.bench_streets(SMALL, n_rows=30, n_cells=200)
    assert any(line.startswith("pandana: skipped") for line in lines)
    assert len(read_rows(lines)) == 4
    monkeypatch.setattr(machine, "PEERS", ("no-such-program",))
    assert machine.describe_machine()[1].endswith("no-such-program not installed")


def test_unequal_work_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streets, "_count_ego", lambda graph, sources, cutoff_m: np.full(len(sources), -1))
    with pytest.raises(RuntimeError, match=r"networkx\.ego_graph reaches other nodes than ours from 3 sources"):
        streets.bench_streets(SMALL, n_rows=30, n_cells=200)


def test_a_city_of_two_sites_is_searched_both_ways_in_processes_of_their_own() -> None:
    rows = read_rows(transit_city.bench_transit_city(n_sites=2))
    assert [row[:3] for row in rows] == [["away", "12", "2"], ["towards", "120", "2"]]
    for row in rows:
        assert int(row[8].replace(",", "")) > 0.1 * 2 * transit.N_ROWS**2
        assert float(row[4]) <= float(row[5])


def test_tables_are_compared_pair_by_pair_and_a_stored_zero_is_a_pair() -> None:
    fine = sparse.csr_array((np.array([0.0, 100.0, 50.0]), np.array([0, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    coarse = sparse.csr_array((np.array([30.0, 70.0, 9.0]), np.array([0, 1, 1]), np.array([0, 2, 3])), shape=(2, 2))
    difference_s, n_only_one = sampling_error.compare_times(fine, coarse)
    assert difference_s.tolist() == [30.0, -30.0]
    assert n_only_one == 2


def test_the_real_lines_are_skipped_by_name_where_they_are_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFUSA_SHARED", str(tmp_path))
    lines = sampling_error.bench_sampling_error(n_sites=2)
    assert lines[-1] == "Real Milano: skipped, the real data is not beside the checkout."
    (row,) = read_rows(lines)
    assert row[0] == "generated city"
    assert int(row[2].replace(",", "")) > 0.1 * 2 * transit.N_ROWS**2
