"""Which candidates are too near one another, from where they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from data.errors import ProblemError


def pairs_nearer(x_m: NDArray[np.float64], y_m: NDArray[np.float64], *, spacing_m: float) -> NDArray[np.intp]:
    """Return the pairs of candidates less than a distance apart, shape (n_pairs, 2), sorted; at the distance is far enough.

    Parameters
    ----------
    x_m, y_m
        Coordinates in metres, shape (n_candidates,).
    spacing_m
        Least distance of two open sites, straight, above 0.

    Raises
    ------
    ProblemError
        The spacing is no distance, or a coordinate is no number.

    Examples
    --------
    >>> pairs_nearer(np.array([0.0, 300.0, 800.0]), np.zeros(3), spacing_m=500.0).tolist()
    [[0, 1]]
    """
    if isinstance(spacing_m, bool) or not (np.isfinite(spacing_m) and spacing_m > 0):
        raise ProblemError(f"{spacing_m!r} is no distance above 0 m", where="spacing_m")
    points = np.column_stack([x_m, y_m])
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if wrong.size:
        raise ProblemError("candidates have no coordinates", where="spacing", n=wrong.size, examples=wrong.tolist())
    pairs = KDTree(points).query_pairs(spacing_m, output_type="ndarray").astype(np.intp)
    distance_m = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T) if pairs.size else np.zeros(0)
    near = np.sort(pairs[distance_m < spacing_m], axis=1)
    return near[np.lexsort((near[:, 1], near[:, 0]))]


def cover_by_cliques(is_near: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return sets of sites, all near one another, such that any two that are near are in one of them.

    Parameters
    ----------
    is_near
        Which sites are near one another, shape (n_sites, n_sites), symmetric, its diagonal false.

    Examples
    --------
    >>> is_near = np.array([[False, True, True, False], [True, False, True, False], [True, True, False, True], [False] * 4])
    >>> is_near[3, 2] = True
    >>> [clique.tolist() for clique in cover_by_cliques(is_near)]
    [[0, 1, 2], [2, 3]]
    """
    left, cliques = is_near.copy(), []
    for site in range(len(is_near)):
        while left[site].any():
            members = [site, int(np.argmax(left[site]))]
            joins = is_near[members[0]] & is_near[members[1]]
            while joins.any():
                gain = np.where(joins, left[:, members].sum(axis=1), -1)
                members.append(int(np.argmax(gain)))
                joins = joins & is_near[members[-1]]
            clique = np.sort(np.array(members, dtype=np.intp))
            left[np.ix_(clique, clique)] = False
            cliques.append(clique)
    return cliques
