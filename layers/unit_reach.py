"""Who is reached in each quarter or district, counted by the pieces of cells that lie in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.modelled_people import interval_columns, piece_draws, sum_rows
from layers.people import People
from layers.plan import reached_column, share_column
from layers.reach import is_within

Floats = NDArray[np.float64]
Unit = Literal["nil", "district"]


def reach_columns(
    people: People,
    seconds: Mapping[str, Floats],
    totals: pd.DataFrame,
    *,
    unit: Unit,
    groups: Sequence[str],
    standard_min: float,
) -> list[pd.DataFrame]:
    """Return the people of each unit reached within the standard, and their share of all its people, for each variant.

    Parameters
    ----------
    people
        The counts; a piece shares the minutes of its cell.
    seconds
        Seconds from each cell to its nearest open site by variant, shape (n_cells,); NaN beyond the cutoff.
    totals
        All people of each unit, those without a place among them; index the unit, one column per group.
    unit
        The column of the pieces that names their unit.
    groups
        Keys of the groups to count.
    standard_min
        Coverage standard in minutes.

    Returns
    -------
    Frames with the index of `totals`; a share is NaN where nobody of the group lives.
    """
    pieces = people.pieces
    counts = pieces[list(groups)].to_numpy(dtype=np.float64)
    parts = []
    for key, of_cells in seconds.items():
        near = is_within(of_cells[pieces["cell"].to_numpy()], standard_min * 60.0)
        reached = pd.DataFrame(counts * near[:, None], columns=list(groups)).groupby(pieces[unit].to_numpy()).sum()
        reached = reached.reindex(totals.index, fill_value=0.0)
        shares = reached / totals.where(totals > 0)
        parts.append(reached.set_axis([reached_column(key, group) for group in groups], axis=1))
        parts.append(shares.set_axis([share_column(key, group) for group in groups], axis=1))
    return parts


def reach_ends(
    people: People, group: str, seconds: Mapping[str, Floats], whole: pd.DataFrame, *, unit: Unit, standard_min: float
) -> pd.DataFrame:
    """Return the ends of all figures of a modelled group per unit: its people, those reached, and their share.

    Parameters
    ----------
    people, seconds, unit, standard_min
        As for `reach_columns`.
    group
        Key of the group.
    whole
        All people of the group per unit and draw, those without a place among them; index the unit.
    """
    row = whole.index.get_indexer(pd.Index(people.pieces[unit]))
    draws, is_inside = piece_draws(people, group), row >= 0
    ends = interval_columns(people, group, whole.to_numpy(), name=group)
    for key, of_cells in seconds.items():
        near = is_within(of_cells[people.pieces["cell"].to_numpy()], standard_min * 60.0)
        reached = sum_rows((draws * near[:, None])[is_inside], row[is_inside], n=len(whole))
        share = np.divide(reached, whole, out=np.full(whole.shape, np.nan), where=whole.to_numpy() > 0)
        ends |= interval_columns(people, group, reached, name=reached_column(key, group))
        ends |= interval_columns(people, group, share, name=share_column(key, group))
    return pd.DataFrame(ends, index=whole.index)


def main_district(people: People) -> pd.DataFrame:
    """Return the district with the largest area in each quarter: columns nil and district."""
    areas = people.pieces.groupby(["nil", "district"], as_index=False)["area_m2"].sum()
    ranked = areas.sort_values(["nil", "area_m2", "district"], ascending=[True, False, True])
    return pd.DataFrame(ranked.drop_duplicates("nil")[["nil", "district"]])
