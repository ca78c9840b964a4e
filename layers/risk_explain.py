"""Why a quarter or a cell has its risk: what each factor adds to the risk of the city, in figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import logit

from data.errors import CountError, IdError
from layers.risk_estimate import CentralModel, RiskEstimate

Floats = NDArray[np.float64]
OTHER = "other"
"""Row of what the factors do not explain: the quarter's own effect, the totals, and differences within the place."""


def explain_quarters(estimate: RiskEstimate) -> pd.DataFrame:
    """Return what each factor adds to the risk of each quarter where people of the base live.

    Returns
    -------
    pandas.DataFrame
        Index: nil and factor (in the order of the catalogue, then "other"). Columns: share and city_share (of the factor; NaN
        for "other"), score and city_score (70 to 130), logit, and points: what is added to the rate of the city. The points
        of a quarter sum to its rate less that of the city.

    Raises
    ------
    CountError
        If nobody or everybody in the city is at risk.

    Notes
    -----
    Factors work together in the index, so that each is given its Shapley value: its effect averaged over all orders in which
    the scores of the city are exchanged for those of the place. Points divide the difference of the rates as the logits do.

    References
    ----------
    Shapley, L. S. (1953): A value for n-person games. In: Contributions to the theory of games II, Princeton, 307–317.
    """
    units = estimate.units
    n_sections = len(units.base)
    member = sparse.csr_array(
        (np.ones(n_sections), (units.section_quarter, np.arange(n_sections))), shape=(len(units.quarters), n_sections)
    )
    return _explain(estimate, member, estimate.quarters)


def explain_cells(estimate: RiskEstimate, cell_ids: Sequence[str]) -> pd.DataFrame:
    """Return what each factor adds to the risk of some cells, as `explain_quarters`; index cell_id and factor.

    Raises
    ------
    IdError
        If a cell is unknown.
    """
    position = pd.Index(estimate.cells.index).get_indexer(pd.Index(list(cell_ids)))
    unknown = [cell_id for cell_id, row in zip(cell_ids, position.tolist(), strict=True) if row < 0]
    if unknown:
        raise IdError("there are no such cells", where="cells", n=len(unknown), examples=unknown)
    own = estimate.pieces["cell_id"]
    explained = explain_unions(estimate, own.where(own.isin(list(cell_ids))))
    populated = set(estimate.cells.index[estimate.cells["base"] > 0])
    lived = [cell_id for cell_id in dict.fromkeys(cell_ids) if cell_id in populated]
    return pd.DataFrame(explained.rename_axis(["cell_id", "factor"]).loc[lived])


def explain_unions(estimate: RiskEstimate, labels: ArrayLike) -> pd.DataFrame:
    """Return what each factor adds to the risk of unions of pieces, as `explain_quarters`; index union and factor.

    Parameters
    ----------
    labels
        The union of each piece, shape (n_pieces,), as for `RiskEstimate.sum_pieces`; pieces whose label is missing are left
        out, and so are unions where nobody of the base lives.
    """
    figures = estimate.sum_pieces(labels).rename_axis("union")
    row = figures.index.get_indexer(pd.Index(pd.Series(np.asarray(labels))))
    pieces = np.flatnonzero(row >= 0)
    gather = sparse.csr_array((np.ones(len(pieces)), (row[pieces], pieces)), shape=(len(figures), len(estimate.pieces)))
    return _explain(estimate, sparse.csr_array(gather @ estimate.units.section_to_piece), figures)


def _explain(estimate: RiskEstimate, member: sparse.csr_array, figures: pd.DataFrame) -> pd.DataFrame:
    """Explain places, each given by the share of each section that lies in it, shape (n_places, n_sections)."""
    city_rate = float(estimate.city["rate"])
    if not 0 < city_rate < 1:
        raise CountError(f"the rate of the city is {city_rate:g}: no place differs from another")
    populated = np.flatnonzero(figures["base"] > 0)
    member, figures = sparse.csr_array(member[populated]), figures.iloc[populated]
    units = estimate.units
    city_base = units.base.sum()
    city_scores = units.base @ units.scores / city_base
    scores = (member @ (units.base[:, None] * units.scores)) / (member @ units.base)[:, None]
    added = share_effects(estimate.model, scores, city_scores)
    rate = figures["rate"].to_numpy(dtype=np.float64)
    whole = logit(rate) - logit(city_rate)
    logits = np.column_stack([added, whole - added.sum(axis=1)])
    near = np.abs(whole) < 1e-9  # the limit of the difference quotient, where it would be 0 / 0
    slope = np.where(near, rate * (1 - rate), (rate - city_rate) / np.where(near, 1.0, whole))
    points = added * slope[:, None]
    points = np.column_stack([points, rate - city_rate - points.sum(axis=1)])
    shares = np.column_stack([_divide(member @ units.numerator, member @ units.denominator), np.full(len(rate), np.nan)])
    city_shares = np.append(units.numerator.sum(axis=0) / units.denominator.sum(axis=0), np.nan)
    missing = np.full((len(rate), 1), np.nan)
    keys = [*(factor.key for factor in estimate.factors), OTHER]
    index = pd.MultiIndex.from_product([figures.index, keys], names=[figures.index.name, "factor"])
    return pd.DataFrame(
        {
            "share": shares.ravel(),
            "city_share": np.tile(city_shares, len(rate)),
            "score": np.column_stack([scores, missing]).ravel(),
            "city_score": np.tile(np.append(city_scores, np.nan), len(rate)),
            "logit": logits.ravel(),
            "points": points.ravel(),
        },
        index=index,
    )


def _divide(above: Floats, below: Floats) -> Floats:
    share = np.full(above.shape, np.nan)
    np.divide(above, below, out=share, where=below > 0)
    return share


def share_effects(model: CentralModel, scores: Floats, reference: Floats) -> Floats:
    """Return the Shapley value of each factor, shape (n_places, n_factors): rows sum to the difference of the logits.

    Parameters
    ----------
    scores
        Of the places, shape (n_places, n_factors).
    reference
        Scores that a factor has where it does not differ, shape (n_factors,).
    """
    n = scores.shape[1]
    logits: dict[frozenset[int], Floats] = {}
    for size in range(n + 1):
        for columns in combinations(range(n), size):
            mixed = np.tile(reference, (len(scores), 1))
            mixed[:, columns] = scores[:, columns]
            logits[frozenset(columns)] = model.logits(mixed)
    effect = np.zeros_like(scores)
    for chosen, before in logits.items():
        weight = factorial(len(chosen)) * factorial(max(n - len(chosen) - 1, 0)) / factorial(n)
        for factor in set(range(n)) - chosen:
            effect[:, factor] += weight * (logits[chosen | {factor}] - before)
    return effect
