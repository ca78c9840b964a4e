"""The street arrays in their file: what is written comes back, with one-ways or without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.city import NetworkArrays
from data.errors import PackError
from data.network_file import read_network_file, write_network_file

STREETS = NetworkArrays(
    x=np.array([0.0, 100.0, 200.0]),
    y=np.zeros(3),
    u=np.array([0, 1], dtype=np.intp),
    v=np.array([1, 2], dtype=np.intp),
    length_m=np.array([100.0, 120.0]),
)


def test_streets_without_one_ways_come_back_without(tmp_path: Path) -> None:
    write_network_file(tmp_path / "network.npz", STREETS)
    back = read_network_file(tmp_path / "network.npz")
    assert back.is_one_way is None
    assert back.length_m.tolist() == [100.0, 120.0]


def test_one_ways_come_back(tmp_path: Path) -> None:
    write_network_file(tmp_path / "network.npz", replace(STREETS, is_one_way=np.array([False, True])))
    back = read_network_file(tmp_path / "network.npz").is_one_way
    assert back is not None
    assert (back.dtype, back.tolist()) == (np.bool_, [False, True])


@pytest.mark.parametrize("is_one_way", [None, np.array([False, True])])
def test_the_same_streets_are_the_same_bytes(tmp_path: Path, is_one_way: np.ndarray | None) -> None:
    for name in ("a.npz", "b.npz"):
        write_network_file(tmp_path / name, replace(STREETS, is_one_way=is_one_way))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("values", [np.array([1, 0]), np.array([True]), np.array([[True, False]])])
def test_one_ways_of_another_type_or_number_are_refused(tmp_path: Path, values: np.ndarray) -> None:
    arrays = {name: getattr(STREETS, name) for name in ("x", "y", "length_m")}
    ends = {name: getattr(STREETS, name).astype(np.int64) for name in ("u", "v")}
    np.savez(tmp_path / "network.npz", **arrays, **ends, is_one_way=values)
    with pytest.raises(PackError, match=r"another type or shape .*is_one_way"):
        read_network_file(tmp_path / "network.npz")
