"""An estimate of the risk: rate, people and interval per piece, cell and quarter, with the draws behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError
from data.risk import RiskDefinition, RiskFactor
from layers.risk_draws import RiskDraws
from layers.risk_totals import RiskTotal
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]


class CentralModel(Protocol):
    """What a fitted estimator says of factors alone."""

    def logits(self, scores: Floats) -> Floats:
        """Return logits at scores of shape (n, n_factors); only their differences mean something."""
        ...


@dataclass(frozen=True, eq=False)
class RiskEstimate:
    """The risk of a definition, everywhere.

    Every frame has the columns base (people that the rate is of), count (people at risk), count_low, count_high, rate,
    rate_low, rate_high: the mean of the draws and the interval between two of their quantiles. Rates are shares in [0, 1],
    NaN where nobody of the base lives. The interval is that of the risk, not of how many people happen to be counted.

    Parameters
    ----------
    estimator
        "index" or "regression".
    totals
        What every draw meets.
    interval
        The two quantiles.
    pieces
        One row per piece of the units: cell, cell_id, nil; people with a place.
    cells
        One row per cell with pieces, index cell_id, in the order of the cells of the pack.
    quarters
        One row per quarter, index nil; all its people.
    no_place
        One row per quarter with people without a place, index nil.
    draws
        People at risk in each draw, in the order of pieces and quarters.
    units, model
        What the estimate was made from, for explanations.
    """

    definition: RiskDefinition
    factors: tuple[RiskFactor, ...]
    estimator: str
    totals: tuple[RiskTotal, ...]
    interval: tuple[float, float]
    pieces: pd.DataFrame
    cells: pd.DataFrame
    quarters: pd.DataFrame
    no_place: pd.DataFrame
    draws: RiskDraws
    units: RiskUnits
    model: CentralModel

    @property
    def n_draws(self) -> int:
        """Return how many draws there are."""
        return len(self.draws.quarters)

    @property
    def city(self) -> pd.Series[float]:
        """Return the figures of the whole city, people without a place among them."""
        frame = summarise(self.draws.quarters.sum(axis=1)[:, None], self.quarters[["base"]].sum().to_numpy(), self.interval)
        return pd.Series(frame.iloc[0])

    def sum_pieces(self, labels: ArrayLike) -> pd.DataFrame:
        """Return the figures of any union of pieces: larger cells, districts, service areas.

        Parameters
        ----------
        labels
            The union of each piece, shape (n_pieces,); pieces whose label is missing are left out.

        Returns
        -------
        pandas.DataFrame
            Index: the labels, sorted; columns as everywhere. Intervals come from the joint draws of the union.
        """
        given = pd.Series(np.asarray(labels))
        kept = np.flatnonzero(given.notna())
        names, position = np.unique(given.iloc[kept].to_numpy(), return_inverse=True)
        gather = sparse.csr_array((np.ones(len(kept)), (position, kept)), shape=(len(names), len(self.pieces)))
        base = np.asarray(gather @ self.pieces["base"].to_numpy(dtype=np.float64), dtype=np.float64)
        counts = np.asarray((gather @ self.draws.pieces.T.astype(np.float64)).T, dtype=np.float64)
        return summarise(counts, base, self.interval).set_index(pd.Index(names))


def summarise(counts: Floats | NDArray[np.float32], base: Floats, interval: Sequence[float]) -> pd.DataFrame:
    """Return mean and interval of draws, one row per place.

    Parameters
    ----------
    counts
        People at risk, shape (n_draws, n_places).
    base
        People that rates are of, shape (n_places,).
    interval
        Two quantiles.
    """
    low, high = np.quantile(counts, interval, axis=0)
    columns = {"count": counts.mean(axis=0, dtype=np.float64), "count_low": low, "count_high": high}
    frame = pd.DataFrame({"base": base, **{name: np.asarray(values, np.float64) for name, values in columns.items()}})
    share = np.full(len(base), np.nan)
    for name in columns:
        rate = np.divide(frame[name].to_numpy(), base, out=share.copy(), where=base > 0)
        frame[name.replace("count", "rate")] = rate
    return frame


def build_estimate(
    units: RiskUnits,
    draws: RiskDraws,
    *,
    model: CentralModel,
    estimator: str,
    totals: Sequence[RiskTotal],
    interval: tuple[float, float],
) -> RiskEstimate:
    """Return the estimate that draws amount to.

    Raises
    ------
    CountError
        If the interval is no two rising quantiles in [0, 1].
    """
    low, high = interval
    if not 0 <= low < high <= 1:
        what = f"the interval is {low:g} to {high:g}"
        raise CountError(what, where="interval", remedy="Give two quantiles, the lower first, such as 0.05 and 0.95")
    base = np.asarray(units.to_piece @ units.part_base, dtype=np.float64)
    pieces = units.pieces.join(summarise(draws.pieces, base, interval))
    no_place_base = np.asarray(units.to_no_place @ units.part_base, dtype=np.float64)
    nil = pd.Index(units.quarters, name="nil")
    no_place = summarise(draws.no_place, no_place_base, interval).set_index(nil)
    estimate = RiskEstimate(
        definition=units.definition,
        factors=units.factors,
        estimator=estimator,
        totals=tuple(totals),
        interval=interval,
        pieces=pieces,
        cells=pd.DataFrame(),
        quarters=summarise(draws.quarters, units.quarter_base, interval).set_index(nil),
        no_place=no_place[no_place_base > 0],
        draws=draws,
        units=units,
        model=model,
    )
    return _with_cells(estimate)


def _with_cells(estimate: RiskEstimate) -> RiskEstimate:
    ids = estimate.pieces.groupby("cell")["cell_id"].first()
    cells = estimate.sum_pieces(estimate.pieces["cell"]).set_index(pd.Index(ids.to_numpy(), name="cell_id"))
    return replace(estimate, cells=cells)
