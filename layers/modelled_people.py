"""Modelled groups: people whom nobody counted, put on the grid beside those who were, with the draws behind every figure."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from data.errors import CountError, Faults, IdError
from data.groups import Group
from layers.people import TOLERANCE, People
from layers.plan import high_column, low_column
from layers.risk_estimate import RiskEstimate

Floats = NDArray[np.float64]


def add_modelled(people: People, estimate: RiskEstimate) -> People:
    """Return people with one more group: those at risk by an estimate, in pieces, in cells and without a place.

    Parameters
    ----------
    people
        The people of the pack that the estimate was made from.
    estimate
        The group takes its key and its labels from the definition; its counts are the means of the draws, so the city total
        is the one that the estimate meets.

    Raises
    ------
    IdError
        If a group has that key already, or the estimate is of other pieces.
    CountError
        If the estimate counts the base of its rates otherwise than the people do.
    """
    key, base = estimate.definition.key, _find_base(people, estimate)
    faults = Faults()
    if key in people.keys:
        faults.add(IdError(f"a group is called {key!r} already", remedy="A group is either counted or modelled"))
    _check_pieces(people, estimate, faults)
    faults.raise_if_any()
    if base is not None:
        _check_base(people, estimate, base.key)
    group = Group(
        key=key,
        plus=estimate.definition.base.plus,
        base=None if base is None else base.key,
        label_it=estimate.definition.label_it,
        label_en=estimate.definition.label_en,
        year=estimate.definition.year or estimate.definition.base.year,
        source=estimate.definition.source,
    )
    return replace(
        people,
        groups=(*people.groups, group),
        pieces=gpd.GeoDataFrame(people.pieces.assign(**{key: estimate.pieces["count"].to_numpy()})),
        cells=gpd.GeoDataFrame(people.cells.assign(**{key: _sum_cells(people, estimate.pieces["count"].to_numpy())})),
        no_place=_add_no_place(people.no_place, estimate),
        modelled={**people.modelled, key: estimate},
    )


def _find_base(people: People, estimate: RiskEstimate) -> Group | None:
    """Return the counted group that rates are of: the one of the same census codes."""
    wanted = estimate.definition.base
    codes = (frozenset(wanted.plus), frozenset(wanted.minus))
    return next((one for one in people.groups if (frozenset(one.plus), frozenset(one.minus)) == codes), None)


def _check_pieces(people: People, estimate: RiskEstimate, faults: Faults) -> None:
    names = ["cell_id", "nil"]
    is_same = len(people.pieces) == len(estimate.pieces) and bool(
        (people.pieces[names].to_numpy() == estimate.pieces[names].to_numpy()).all()
    )
    if not is_same:
        what = f"the estimate is of {len(estimate.pieces):,} pieces that are not the {len(people.pieces):,} of the people"
        faults.add(IdError(what, where=estimate.definition.key, remedy="Estimate the risk anew for this city"))


def _check_base(people: People, estimate: RiskEstimate, base: str) -> None:
    counted = people.pieces[base].to_numpy(dtype=np.float64)
    modelled = estimate.pieces["base"].to_numpy(dtype=np.float64)
    is_whole = bool((counted == np.round(counted)).all())  # then each piece is rounded to one of its two neighbours
    allowed = TOLERANCE * np.maximum(1.0, counted) + (1.0 if is_whole else 0.0)
    wrong = np.flatnonzero(np.abs(counted - modelled) > allowed)
    if len(wrong):
        what = f"the estimate has {modelled.sum():,.0f} people of the group {base!r} in cells, the city {counted.sum():,.0f}"
        examples = [str(one) for one in people.pieces["cell_id"].to_numpy()[wrong]]
        remedy = "Rates belong to the people they were estimated for: the same census and year (plan without [people] year)"
        raise CountError(what, where=estimate.definition.key, n=len(wrong), examples=examples, remedy=remedy)


def _sum_cells(people: People, values: Floats) -> Floats:
    return np.bincount(people.pieces["cell"].to_numpy(), weights=values, minlength=len(people.cells)).astype(np.float64)


def _add_no_place(no_place: pd.DataFrame, estimate: RiskEstimate) -> pd.DataFrame:
    """Return the table with those at risk; quarters without anybody of the base have none."""
    count = estimate.no_place["count"].reindex(no_place["nil"].to_numpy(), fill_value=0.0)
    return no_place.assign(**{estimate.definition.key: count.to_numpy(dtype=np.float64)})


def piece_draws(people: People, key: str) -> Floats:
    """Return the people of a modelled group in each piece and draw, shape (n_pieces, n_draws)."""
    return people.modelled[key].draws.pieces.T.astype(np.float64)


def cell_draws(people: People, key: str) -> Floats:
    """Return the people of a modelled group in each cell and draw, shape (n_cells, n_draws)."""
    return sum_rows(piece_draws(people, key), people.pieces["cell"], n=len(people.cells))


def quarter_draws(people: People, key: str) -> pd.DataFrame:
    """Return all people of a modelled group per quarter and draw, those without a place among them; index nil, sorted.

    They are summed from pieces, so that a quarter that is reached as a whole is reached to exactly 1 in every draw.
    """
    estimate = people.modelled[key]
    quarters = estimate.units.quarters
    row = np.searchsorted(quarters, people.pieces["nil"].to_numpy(dtype=np.int64))
    placed = sum_rows(piece_draws(people, key), row, n=len(quarters))
    return pd.DataFrame(placed + estimate.draws.no_place.T, index=pd.Index(quarters, name="nil"))


def sum_rows(draws: Floats, row: ArrayLike, *, n: int) -> Floats:
    """Return draws of many small places summed to n larger ones, shape (n, n_draws); `row` is the larger one of each."""
    rows = np.asarray(row, dtype=np.intp)
    gather = sparse.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(n, len(rows)))
    return np.asarray(gather @ draws, dtype=np.float64)


def find_interval(people: People, key: str, draws: Floats) -> tuple[Floats, Floats]:
    """Return the lower and upper end of the interval of a modelled group over the last axis; NaN where draws are."""
    low, high = np.quantile(draws, people.modelled[key].interval, axis=-1)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def interval_columns(people: People, key: str, draws: Floats, *, name: str) -> dict[str, Floats]:
    """Return the interval as two columns of a table, beside that of the name; draws of shape (n_rows, n_draws)."""
    low, high = find_interval(people, key, draws)
    return {low_column(name): low, high_column(name): high}
