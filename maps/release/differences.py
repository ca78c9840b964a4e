"""Differencing by hand: a region minus the released regions inside it, and one region minus another.

References
----------
Costemalle, V. (2019). Detecting geographical differencing problems in the context of spatial data dissemination. Statistical
Journal of the IAOS 35(4), 559-568. doi:10.3233/SJI-190564
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from maps.release.figures import PUBLIC, Figures, Label
from maps.release.rules import Rules

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Leak:
    """A small part that somebody can compute from released figures.

    Parameters
    ----------
    check
        Which check found it: ``a``, ``b`` or ``c``.
    whole
        The figure from which others are taken off; for ``c`` what is hidden.
    parts
        The figures that are taken off.
    low, high
        Between what counts the part is then known to lie.
    """

    check: str
    whole: Label
    parts: tuple[Label, ...]
    low: float
    high: float

    def __str__(self) -> str:
        """Return it in words; the count itself is not said."""
        minus = f" minus {self.parts[0]}" if self.parts else ""
        more = f" and {len(self.parts) - 1} more" if len(self.parts) > 1 else ""
        return f"({self.check}) {self.whole}{minus}{more}: known to within {self.high - self.low:.1f} people"


def subtract_inside(figures: Figures, people: Floats, rules: Rules, *, lived: Bools) -> tuple[int, list[Leak]]:
    """Return how many remainders were checked, and those that leak: each region minus the released regions inside it.

    Parameters
    ----------
    figures
        The figures; those of one family and origin share no part.
    people
        People of each atom, in a city that fits the true figures, shape (n_atoms,).
    rules
        The rules of the release.
    lived
        Which atoms may have people, shape (n_atoms,).

    Notes
    -----
    A region lies inside another if all its people do. For each region and each family the remainder is taken of all regions
    of that family inside it; what mixes families is left to the linear programme.
    """
    parts = _lived(figures, lived)
    inside = _inside(parts)
    families = sorted({(label.origin, label.family) for label in figures.labels})
    code = {family: number for number, family in enumerate(families)}
    family = np.array([code[label.origin, label.family] for label in figures.labels])
    count = parts @ people
    n_checked = 0
    leaks: list[Leak] = []
    for whole in range(len(figures)):
        held = inside.indices[inside.indptr[whole] : inside.indptr[whole + 1]]
        for number in np.unique(family[held]):
            taken = held[family[held] == number]
            n_checked += 1
            rest = count[whole] - count[taken].sum()
            if rules.is_small(np.array([rest]))[0]:
                leaks += _judge("a", figures, whole, taken, rest, rules)
    return n_checked, leaks


def subtract_pairs(figures: Figures, people: Floats, rules: Rules, *, lived: Bools) -> tuple[int, list[Leak]]:
    """Return how many pairs were compared, and those that leak: one region minus another that lies in it.

    Two regions of which neither lies in the other cannot be subtracted; what several together tell is left to the linear
    programme. Parameters as in `subtract_inside`.
    """
    parts = _lived(figures, lived)
    inside = _inside(parts)
    count = parts @ people
    n = len(figures)
    whole = np.repeat(np.arange(n), np.diff(inside.indptr))
    inner = inside.indices
    rest = count[whole] - count[inner]
    leaks = [
        leak
        for row in np.flatnonzero(rules.is_small(rest))
        for leak in _judge("b", figures, int(whole[row]), inner[[row]].astype(np.intp), float(rest[row]), rules)
    ]
    return n * (n - 1) // 2, leaks


def _judge(check: str, figures: Figures, whole: int, taken: NDArray[np.intp], rest: float, rules: Rules) -> Iterator[Leak]:
    """Yield a leak where the remainder of a small count is known more tightly than the rule allows."""
    low = max(0.0, figures.low[whole] - figures.high[taken].sum())
    high = figures.high[whole] - figures.low[taken].sum()
    # Of a public total that is itself small nothing can be less known than it says.
    most = figures.high[whole] if figures.labels[whole].origin == PUBLIC else np.inf
    if high - low < min(float(rules.min_count), float(most)) - 1e-2 and rest > 0:
        parts = tuple(figures.labels[row] for row in taken)
        yield Leak(check, figures.labels[whole], parts, low, high)


def _lived(figures: Figures, lived: Bools) -> sparse.csr_array:
    """Return the figures' parts without those where nobody lives: whoever knows the city knows these."""
    scaled = sparse.csr_array(figures.parts.multiply(lived[None, :].astype(np.float64)))
    scaled.eliminate_zeros()
    return scaled


def _inside(lived: sparse.csr_array) -> sparse.csr_array:
    """Return which regions lie inside which: row whole, column part; not those with the same people."""
    size = np.asarray(lived.sum(axis=1)).ravel()
    common = sparse.coo_array(lived @ lived.T)
    whole, part = common.row, common.col
    kept = (common.data == size[part]) & (size[whole] > size[part])
    found = sparse.csr_array((np.ones(int(kept.sum())), (whole[kept], part[kept])), shape=common.shape)
    found.sort_indices()
    return found
