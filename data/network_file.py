"""The streets as arrays in one file: numpy's npz, with nothing in it that changes from run to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.city import NetworkArrays
from data.errors import PackError
from data.npz_file import read_npz, write_npz

TYPES = {"x": np.float64, "y": np.float64, "u": np.int64, "v": np.int64, "length_m": np.float64}
OPTIONAL_TYPES = {"is_one_way": np.bool_}
"""Arrays that a city without one-ways does not have."""


def write_network_file(path: Path, network: NetworkArrays) -> None:
    """Write the arrays; the same streets give the same bytes."""
    arrays = {name: getattr(network, name) for name in TYPES | OPTIONAL_TYPES}
    kinds = TYPES | OPTIONAL_TYPES
    write_npz(path, {name: values.astype(kinds[name]) for name, values in arrays.items() if values is not None})


def read_network_file(path: Path) -> NetworkArrays:
    """Return the arrays of a file.

    Raises
    ------
    PackError
        If the file cannot be read, or an array is missing, of another type or shape, or the one-ways are not one an edge.
    """
    arrays = read_npz(path, TYPES, optional=OPTIONAL_TYPES)
    types = TYPES | OPTIONAL_TYPES
    wrong = [name for name, array in arrays.items() if array.dtype != types[name] or array.ndim != 1]
    if not wrong and len(arrays.get("is_one_way", arrays["u"])) != len(arrays["u"]):
        wrong = ["is_one_way"]
    if wrong:
        raise PackError("arrays have another type or shape", where=str(path), examples=wrong)
    return NetworkArrays(
        x=arrays["x"],
        y=arrays["y"],
        u=_positions(arrays["u"]),
        v=_positions(arrays["v"]),
        length_m=arrays["length_m"],
        is_one_way=arrays.get("is_one_way"),
    )


def _positions(array: NDArray[np.int64]) -> NDArray[np.intp]:
    return array.astype(np.intp)
