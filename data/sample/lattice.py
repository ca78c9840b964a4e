"""The ground of the sample city: a lattice of squares with moved corners, which quarters and districts tile exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from data.sample.facts import OUTSIDE, CityFact

BLOCKS_PER_SIDE = 2  # a square is cut into 2 × 2 blocks, the atoms of sections and streets


@dataclass(frozen=True)
class Lattice:
    """The squares of the city.

    Parameters
    ----------
    corners
        Shape (rows + 1, columns + 1, 2): x and y in metres, in the CRS of the facts; row 0 is the northern edge.
    letters, districts
        Shape (rows, columns): the quarter of each square, and its district (0 outside the city).
    """

    corners: NDArray[np.float64]
    letters: NDArray[np.str_]
    districts: NDArray[np.int64]

    def squares(self) -> NDArray[np.object_]:
        """Return one polygon per square, shape (rows, columns)."""
        return _quadrilaterals(self.corners)

    def outline(self, chosen: NDArray[np.bool_]) -> shapely.Geometry:
        """Return the area of the chosen squares; neighbours share every vertex of their border."""
        return shapely.normalize(shapely.union_all(self.squares()[chosen]))


@dataclass(frozen=True)
class Blocks:
    """Quarters of squares, 2 × 2 in each; arrays of shape (2 rows, 2 columns), outside ones too (letter ".")."""

    letters: NDArray[np.str_]
    districts: NDArray[np.int64]
    xy: NDArray[np.float64]
    area_m2: NDArray[np.float64]


def build_lattice(city: CityFact, *, rng: np.random.Generator) -> Lattice:
    """Return the lattice, its corners moved by at most `jitter_m` in each direction and rounded to centimetres."""
    letters = np.array([list(row) for row in city.plan])
    districts = np.array([[0 if d == OUTSIDE else int(d) for d in row] for row in city.districts], dtype=np.int64)
    n_rows, n_columns = letters.shape
    x = city.corner[0] + city.square_m * np.arange(n_columns + 1)
    y = city.corner[1] + city.square_m * np.arange(n_rows, -1, -1)
    regular = np.stack(np.meshgrid(x, y), axis=-1)
    moved = regular + rng.uniform(-city.jitter_m, city.jitter_m, size=regular.shape)
    return Lattice(corners=moved.round(2), letters=letters, districts=districts)


def build_blocks(lattice: Lattice) -> Blocks:
    """Return the blocks of all squares, cut through the middles of their sides."""
    polygons = _quadrilaterals(_halve(_halve(lattice.corners, axis=0), axis=1))
    centres = shapely.get_coordinates(shapely.centroid(polygons.ravel()))
    twice = np.ones((BLOCKS_PER_SIDE, BLOCKS_PER_SIDE), dtype=np.int64)
    return Blocks(
        letters=lattice.letters.repeat(BLOCKS_PER_SIDE, axis=0).repeat(BLOCKS_PER_SIDE, axis=1),
        districts=np.kron(lattice.districts, twice),
        xy=centres.reshape(*polygons.shape, 2),
        area_m2=shapely.area(polygons),
    )


def _halve(corners: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    first = np.moveaxis(corners, axis, 0)
    cut = np.empty((BLOCKS_PER_SIDE * len(first) - 1, *first.shape[1:]))
    cut[0::2] = first
    cut[1::2] = (first[:-1] + first[1:]) / 2
    return np.moveaxis(cut, 0, axis)


def _quadrilaterals(corners: NDArray[np.float64]) -> NDArray[np.object_]:
    ring = [corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:], corners[:-1, :-1], corners[1:, :-1]]
    return np.asarray(shapely.polygons(np.stack(ring, axis=-2)), dtype=np.object_)
