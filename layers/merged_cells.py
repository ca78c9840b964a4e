"""Cells of too few people for a figure, merged with their neighbours into cells of twice the size, not blanked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import CountError, Faults, IdError
from geo.grid import parse_cell_id

LEAST = 10.0
"""People of the base below which a figure is ruled by single persons."""
DOUBLINGS = 2
"""How often the size may double: 100 m, 200 m, 400 m."""


def merge_cells(
    cell_ids: Sequence[str], base: ArrayLike, *, least: float = LEAST, doublings: int = DOUBLINGS
) -> NDArray[np.str_]:
    """Return the cell, perhaps a larger one, in which the figure of each cell is shown.

    Parameters
    ----------
    cell_ids
        INSPIRE ids of cells of one size.
    base
        People that the figure is of: the base group of a rate, residents for a share of residents.
    least
        A cell with people, but fewer than these, is merged.
    doublings
        How often the size may double; 0 merges nothing.

    Returns
    -------
    numpy.ndarray
        INSPIRE ids, in the order of the cells: of the cell itself, or of a cell of two or four times its size. The figures of
        a merged cell are those of all people in it (`RiskEstimate.sum_pieces`), never a mean of rates.

    Raises
    ------
    IdError
        If an id is malformed, repeats, or the cells are of several sizes or grids.
    CountError
        If people are negative or no numbers, or there is not one number a cell.

    Notes
    -----
    Larger cells are those of the larger INSPIRE grid, so they nest, and do not depend on the city. A larger cell takes all
    within it as soon as one of them has too few people; where even the largest has too few, it stays as it is. Cells without
    people have no figure and cause no merging.

    Examples
    --------
    >>> merge_cells(["CRS3035RES100mN200E200", "CRS3035RES100mN300E200"], [4, 30]).tolist()
    ['CRS3035RES200mN200E200', 'CRS3035RES200mN200E200']
    """
    people = np.asarray(base, dtype=np.float64)
    epsg, size_m, north, east = _read_ids(cell_ids, people)
    level = np.zeros(len(people), dtype=np.int64)
    for step in range(1, doublings + 1):
        size = size_m << step
        block = _number(north // size, east // size)
        # What is shown now within each block: cells, and what was merged already.
        shown = _number(level, north // (size_m << level), east // (size_m << level))
        total = np.bincount(shown, weights=people)[shown]
        has_few = (total > 0) & (total < least)
        level[np.isin(block, block[has_few])] = step
    sizes = size_m << level
    parts = zip(sizes.tolist(), (north // sizes * sizes).tolist(), (east // sizes * sizes).tolist(), strict=True)
    return np.array([f"CRS{epsg}RES{size}mN{south}E{west}" for size, south, west in parts], dtype=str)


def _read_ids(cell_ids: Sequence[str], people: NDArray[np.float64]) -> tuple[int, int, NDArray[np.int64], NDArray[np.int64]]:
    faults = Faults()
    parsed = np.array([parse_cell_id(cell_id) for cell_id in cell_ids], dtype=np.int64).reshape(-1, 4)
    kinds = np.unique(parsed[:, :2], axis=0)
    if len(kinds) != 1:
        shown = [f"EPSG:{epsg} at {size} m" for epsg, size in kinds.tolist()]
        faults.add(IdError(f"cells are of {len(kinds)} grids, not of one", where="cells", examples=shown))
    if len(np.unique(parsed, axis=0)) < len(parsed):
        ids, times = np.unique(np.array(cell_ids, dtype=str), return_counts=True)
        faults.add(IdError("cells repeat", where="cells", n=int((times > 1).sum()), examples=ids[times > 1].tolist()))
    if people.shape != (len(parsed),):
        faults.add(CountError(f"people of {people.size} cells, while there are {len(parsed)}", where="cells"))
    elif not (np.isfinite(people) & (people >= 0)).all():
        wrong = np.flatnonzero(~(np.isfinite(people) & (people >= 0))).tolist()
        faults.add(CountError("people are negative or no numbers", where="cells", examples=[cell_ids[row] for row in wrong]))
    faults.raise_if_any()
    epsg, size_m = kinds[0].tolist()
    return epsg, size_m, parsed[:, 2], parsed[:, 3]


def _number(*keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return one whole number for each distinct combination."""
    return np.asarray(np.unique(np.column_stack(keys), axis=0, return_inverse=True)[1].ravel(), dtype=np.intp)
