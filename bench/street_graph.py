"""Generated streets: a jittered grid with some diagonals and many gaps, every street open both ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.network import Network, build_network, keep_main_component

SPACING_M = 58.0
JITTER = 0.25
KEPT_SHARE, DIAGONAL_SHARE = 0.655, 0.045
DETOUR = 0.25
GRAIN_M = 0.125
"""Lengths are multiples of an eighth of a metre: exact as floats and in the whole millimetres of other programs."""


def build_streets(rng: np.random.Generator, *, n_rows: int) -> Network:
    """Return the main component of about n_rows² nodes and 1.37 streets a node."""
    numbers = np.arange(n_rows * n_rows).reshape(n_rows, n_rows)
    x, y = (
        (axis.ravel() + rng.uniform(-JITTER, JITTER, numbers.size)) * SPACING_M
        for axis in np.meshgrid(np.arange(n_rows), np.arange(n_rows))
    )
    ends = np.concatenate(
        [
            _keep(rng, numbers[:, :-1], numbers[:, 1:], share=KEPT_SHARE),
            _keep(rng, numbers[:-1], numbers[1:], share=KEPT_SHARE),
            _keep(rng, numbers[:-1, :-1], numbers[1:, 1:], share=DIAGONAL_SHARE),
        ]
    )
    u, v = ends.T
    length_m = np.hypot(x[u] - x[v], y[u] - y[v]) * rng.uniform(1.0, 1.0 + DETOUR, len(u))
    network = build_network(x, y, u, v, np.ceil(length_m / GRAIN_M) * GRAIN_M, crs="EPSG:3035")
    return keep_main_component(network)[0]


def _keep(rng: np.random.Generator, tails: NDArray[np.int64], heads: NDArray[np.int64], *, share: float) -> NDArray[np.int64]:
    """Return the ends of some of the streets, shape (n, 2)."""
    is_kept = rng.random(tails.size) < share
    return np.column_stack([tails.ravel()[is_kept], heads.ravel()[is_kept]])
