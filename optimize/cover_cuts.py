"""Cuts for covering: of three classes of demand, two sites that each cover two of them are one more than a relaxation needs.

Notes
-----
With :math:`z_a + Σ_{j ∈ N_a} y_j ≥ 1` for three classes, and :math:`n_j` of the three covered by site :math:`j`, half the sum
of the three rows, rounded up, is::

    z_a + z_b + z_c + Σ_j ⌈n_j / 2⌉ y_j ≥ 2

A relaxation that opens half of three sites, each of which covers another two of the classes, covers all of them and breaks it.
Cuts are sought at random among classes that share sites, added to the relaxation in rounds, and stay in the integer model.

References
----------
Caprara, Fischetti (1996), {0, ½}-Chvátal-Gomory cuts, Mathematical Programming 74: 221-235, doi:10.1007/BF02592196. Balas, Ng
(1989), On the set covering polytope: I. All the facets with coefficients in {0, 1, 2}, Mathematical Programming 43: 57-69.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pulp
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from optimize.aggregate import CoverClasses
from optimize.clock import Clock
from optimize.cover_model import CoverModel, build_model, linear_row
from optimize.highs import SolverOptions
from optimize.relaxation import Relaxation

MOST_ROUNDS = 100
MOST_PER_ROUND = 4_000
TRIES = 100
"""Random partners that are tried for each class in a round; with more, the cuts of a round are too much alike."""

LEAST_VIOLATION, MOST_SLACK = 0.02, 0.05
LEAST_GAIN = 0.02
"""Share of the gap that a round has to close, so that another follows."""

MARGIN = 1e-6
"""Share of the objective's size by which a reduced cost must exceed the gap: the solver's own are not exact."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverCuts:
    """Cuts, and what the relaxation with them says.

    Parameters
    ----------
    triple
        Three classes of each cut, shape (n_cuts, 3), ascending.
    lower
        What no plan can undercut, in units of cost.
    reduced
        By how much opening each site raises that, shape (n_sites,).
    use
        How far the relaxation opens each site, in [0, 1], shape (n_sites,).
    """

    triple: NDArray[np.intp]
    lower: float
    reduced: NDArray[np.float64]
    use: NDArray[np.float64]

    def is_idle(self, upper: float) -> NDArray[np.bool_]:
        """Return which sites are in no plan of at most that cost, shape (n_sites,)."""
        return np.asarray(self.reduced > upper - self.lower + MARGIN * max(abs(upper), abs(self.lower)))


def has_cuts(classes: CoverClasses) -> bool:
    """Return whether cuts can be sought for classes: none stands on another."""
    return classes.n > 0 and bool(np.all(classes.parent == np.arange(classes.n)))


def find_cuts(
    classes: CoverClasses, *, n_sites: int, n_open: int, upper: float, options: SolverOptions, clock: Clock, share: float
) -> CoverCuts:
    """Return cuts for classes without parents, found in rounds.

    Parameters
    ----------
    classes, n_sites, n_open
        As of `build_model`.
    upper
        Cost of the best plan known.
    options, clock
        How to ask the solver, and how long.
    share
        Of the time, after which to stop.
    """
    cover, random, n_slow = _cover(classes, n_sites), np.random.default_rng(options.seed), 0
    stop = _Stop(clock, share)
    model = _relaxed_model(classes, n_sites=n_sites, n_open=n_open)
    nothing = np.zeros(n_sites)
    cuts = CoverCuts(triple=np.zeros((0, 3), np.intp), lower=-np.inf, reduced=nothing, use=nothing)
    relaxation = Relaxation(model.lp, options, limit_s=stop.left_s())
    site, missed = _columns(model.is_open), _columns(model.is_missed)
    for _ in range(MOST_ROUNDS):
        value = relaxation.value()
        if value is None:
            break
        lower = value / model.factor + model.constant
        n_slow = n_slow + 1 if lower - cuts.lower < LEAST_GAIN * (upper - lower) else 0
        use = relaxation.column_values()[site]
        cuts = replace(cuts, lower=lower, reduced=relaxation.reduced_costs()[site] / model.factor, use=use)
        found = _violated(cover, use, classes.cost, random)
        if n_slow > 1 or upper <= lower or stop.is_past() or not len(found):
            break
        is_slack = relaxation.slack() > MOST_SLACK
        relaxation.drop(is_slack)
        cuts = replace(cuts, triple=np.concatenate([cuts.triple[~is_slack], found]))
        relaxation.add(_in_columns(_cut_rows(cover, found), found, site=site, missed=missed), least=2.0)
        relaxation.solve(limit_s=stop.left_s())
    return cuts


class _Stop:
    """When a share of the time that is left now will be over."""

    def __init__(self, clock: Clock, share: float) -> None:
        left_s = clock.left_s()
        self._clock, self._reserve_s = clock, None if left_s is None else (1.0 - share) * left_s

    def left_s(self) -> float | None:
        """Return the seconds until then, None for any number."""
        left_s = self._clock.left_s()
        return None if left_s is None or self._reserve_s is None else max(0.0, left_s - self._reserve_s)

    def is_past(self) -> bool:
        """Return whether it is over."""
        return self.left_s() == 0.0


def _relaxed_model(classes: CoverClasses, *, n_sites: int, n_open: int) -> CoverModel:
    """Return the model, sites open in part allowed."""
    model = build_model(classes, n_sites=n_sites, n_open=n_open)
    for site in model.is_open:
        site.cat = pulp.LpContinuous
    return model


def _columns(variables: list[Any]) -> NDArray[np.intp]:
    """Return the column of each variable, which it has once PuLP has handed it over."""
    return np.array([variable.index for variable in variables], dtype=np.intp)


def _in_columns(
    rows: sparse.csr_array[np.float64, tuple[int, int]],
    triple: NDArray[np.intp],
    *,
    site: NDArray[np.intp],
    missed: NDArray[np.intp],
) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return the whole rows of cuts, by the columns of the model."""
    own = np.repeat(np.arange(len(triple)), np.diff(rows.indptr))
    row = np.concatenate([own, np.repeat(np.arange(len(triple)), 3)])
    column = np.concatenate([site[rows.indices], missed[triple.ravel()]])
    factor = np.concatenate([rows.data, np.ones(triple.size)])
    return sparse.csr_array((factor, (row, column)), shape=(len(triple), site.size + missed.size))


def add_cuts(model: CoverModel, classes: CoverClasses, cuts: CoverCuts, *, is_closed: NDArray[np.bool_]) -> None:
    """Add cuts to a model, and close sites in it; it is changed in place."""
    rows = _cut_rows(_cover(classes, len(model.is_open)), cuts.triple)
    site, start, factor = rows.indices.tolist(), rows.indptr.tolist(), rows.data.tolist()
    for k, triple in enumerate(cuts.triple.tolist()):
        terms = [(model.is_open[site[at]], factor[at]) for at in range(start[k], start[k + 1])]
        terms += [(model.is_missed[one], 1.0) for one in triple]
        model.lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintGE, rhs=2.0), f"t{k:07d}")
    for j in np.flatnonzero(is_closed).tolist():
        model.is_open[j].upBound = 0


def _cover(classes: CoverClasses, n_sites: int) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return which site covers which class as ones, shape (n_classes, n_sites)."""
    ones = np.ones(classes.step_site.size)
    return sparse.csr_array((ones, classes.step_site, classes.step_start), shape=(classes.n, n_sites))


def _cut_rows(
    cover: sparse.csr_array[np.float64, tuple[int, int]], triple: NDArray[np.intp]
) -> sparse.csr_array[np.float64, tuple[int, int]]:
    """Return the coefficients of the sites in each cut, shape (n_cuts, n_sites)."""
    rows = sparse.csr_array(cover[triple[:, 0]] + cover[triple[:, 1]] + cover[triple[:, 2]])
    rows.data = np.ceil(rows.data / 2)
    return rows


def _violated(
    cover: sparse.csr_array[np.float64, tuple[int, int]],
    is_open: NDArray[np.float64],
    cost: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.intp]:
    """Return the cuts that a relaxed plan breaks most, weighed by what missing the cheapest class of each costs."""
    used = np.flatnonzero(is_open > LEAST_VIOLATION / 10)
    part = sparse.csr_array(cover[:, used])
    by_site = sparse.csc_array(part)
    triple, score = np.zeros((cover.shape[0], 3), np.int64), np.zeros(cover.shape[0])
    start, site, by_start, row = (one.astype(np.int64) for one in (part.indptr, part.indices, by_site.indptr, by_site.indices))
    _search_triples(start, site, by_start, row, is_open[used], cost, random.random((TRIES, 5)), triple, score)
    best = np.argsort(-score, kind="stable")[:MOST_PER_ROUND]
    return np.unique(np.sort(triple[best[score[best] > 0]], axis=1), axis=0)  # the three classes may all find the same one


@njit(nogil=True)
def _search_triples(
    start: NDArray[np.int64],
    site: NDArray[np.int64],
    by_site_start: NDArray[np.int64],
    by_site: NDArray[np.int64],
    is_open: NDArray[np.float64],
    cost: NDArray[np.float64],
    draws: NDArray[np.float64],
    triple: NDArray[np.int64],
    score: NDArray[np.float64],
) -> None:
    """Write down the best of some random triples of each class, and how much it is broken by × its cheapest class."""
    count = np.zeros(is_open.size, np.int64)
    members = np.zeros(3, np.int64)
    for a in range(cost.size):
        if start[a + 1] - start[a] < 2:
            continue
        turn = (a * 0.6180339887498949) % 1.0  # so that the classes do not all draw the same
        for t in range(draws.shape[0]):
            draw = (draws[t] + turn) % 1.0
            j = site[start[a] + int(draw[0] * (start[a + 1] - start[a]))]
            b = by_site[by_site_start[j] + int(draw[1] * (by_site_start[j + 1] - by_site_start[j]))]
            origin = a if draw[2] < 0.5 else b
            j = site[start[origin] + int(draw[3] * (start[origin + 1] - start[origin]))]
            c = by_site[by_site_start[j] + int(draw[4] * (by_site_start[j + 1] - by_site_start[j]))]
            if a in (b, c) or b == c:
                continue
            members[0], members[1], members[2] = a, b, c
            excess = _mass_on_two(members, start, site, is_open, count) - 1.0
            value = excess * min(cost[a], cost[b], cost[c])
            if excess > LEAST_VIOLATION and value > score[a]:
                score[a] = value
                triple[a, :] = members


@njit(nogil=True)
def _mass_on_two(
    members: NDArray[np.int64],
    start: NDArray[np.int64],
    site: NDArray[np.int64],
    is_open: NDArray[np.float64],
    count: NDArray[np.int64],
) -> float:
    """Return how many sites, open in part, cover two or more of the members; `count` is all zeros before and after."""
    mass = 0.0
    for k in members:
        for at in range(start[k], start[k + 1]):
            count[site[at]] += 1
            if count[site[at]] == 2:
                mass += is_open[site[at]]
    for k in members:
        for at in range(start[k], start[k + 1]):
            count[site[at]] = 0
    return mass
