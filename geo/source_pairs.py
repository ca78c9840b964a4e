"""Pairs of a source and a piece with what they share: gathered in any order, summed in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True, eq=False)
class SourcePairs:
    """Which source shares how much with which piece."""

    source: NDArray[np.intp]
    piece: NDArray[np.intp]
    share: NDArray[np.float64]

    def of(self, kept: NDArray[np.bool_]) -> SourcePairs:
        """Return the pairs of the sources that are kept."""
        is_kept = kept[self.source]
        return SourcePairs(self.source[is_kept], self.piece[is_kept], self.share[is_kept])

    def among(self, others: SourcePairs, *, n_pieces: int) -> SourcePairs:
        """Return the pairs that stand among the others too."""
        key, known = (pairs.source * n_pieces + pairs.piece for pairs in (self, others))
        is_known = np.isin(key, known)
        return SourcePairs(self.source[is_known], self.piece[is_known], self.share[is_known])


def join_pairs(*parts: SourcePairs) -> SourcePairs:
    """Return the pairs of all parts, one after the other."""
    source, piece, share = (np.concatenate([getattr(part, name) for part in parts]) for name in ("source", "piece", "share"))
    return SourcePairs(source, piece, share)


def has_any(pairs: SourcePairs, n_sources: int) -> NDArray[np.bool_]:
    """Return which sources stand in a pair."""
    return np.bincount(pairs.source, minlength=n_sources) > 0


def normalise_pairs(pairs: SourcePairs, *, shape: tuple[int, int]) -> sparse.csr_array:
    """Return the share of each source in each piece, rows summing to 1, in the order of the pieces."""
    order = np.lexsort((pairs.piece, pairs.source))
    source, piece, share = pairs.source[order], pairs.piece[order], pairs.share[order]
    total = np.bincount(source, weights=share, minlength=shape[0])
    starts = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=shape[0]))])
    return sparse.csr_array((share / total[source], piece, starts), shape=shape)
