"""What is merged and what is hidden: the choices that turn a plan into one that may be released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.merged_cells import merge_cells
from layers.plan import GroupBrief, Plan, reached_column
from maps.release.rules import Rules

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Choices:
    """What is merged and hidden of one group.

    Parameters
    ----------
    squares
        INSPIRE id of the square, perhaps larger, in which each cell's people are counted, shape (n_cells,).
    hidden_squares
        Ids of those without a figure.
    hidden
        Figures of tables that are hidden: (``nil`` or ``districts``, column, row).
    """

    squares: Texts
    hidden_squares: frozenset[str]
    hidden: frozenset[tuple[str, str, int]]

    def hide_squares(self, ids: Sequence[str]) -> Choices:
        """Return the choices with more squares hidden."""
        return replace(self, hidden_squares=self.hidden_squares | frozenset(ids))

    def hide(self, figures: Sequence[tuple[str, str, int]]) -> Choices:
        """Return the choices with more figures of tables hidden."""
        return replace(self, hidden=self.hidden | frozenset(figures))


def base_of(group: GroupBrief, keys: Sequence[str]) -> str:
    """Return the group whose people decide what is hidden of one: that of its rate where the plan counts it, else itself."""
    return group.modelled.base if group.modelled and group.modelled.base in keys else group.key


def choose_protection(plan: Plan, group: str, rules: Rules) -> Choices:
    """Return what is merged and hidden of a group to begin with: all that is small by itself, and none of it alone.

    Parameters
    ----------
    plan
        The plan as it was made.
    group
        Key of a group that decides for itself.
    rules
        The rules of the release.
    """
    people = plan.cells[group].to_numpy(dtype=np.float64)
    squares = merge_cells(plan.cells["cell_id"].tolist(), people, least=rules.min_count)
    code, names = pd.factorize(squares)
    sums = pd.Series(np.bincount(code, weights=people), index=names)
    hidden = set(sums.index[rules.is_small(sums.to_numpy())])
    hidden |= _join_lonely(plan, squares, people, sums, hidden, rules)
    figures: set[tuple[str, str, int]] = set()
    for name, table in (("nil", plan.nil), ("districts", plan.districts)):
        if group in table.columns and len(table):
            figures |= _hide_areas(name, table, group, [variant.key for variant in plan.document.variants], rules)
    return Choices(squares=squares, hidden_squares=frozenset(hidden), hidden=frozenset(figures))


def _join_lonely(plan: Plan, squares: Texts, people: Floats, sums: pd.Series, hidden: set[str], rules: Rules) -> set[str]:
    """Return squares that are hidden with one that would be the only hidden one of a quarter: the smallest that may be."""
    lived = people > 0
    pairs = pd.DataFrame({"nil": plan.cells["nil"].to_numpy()[lived], "square": squares[lived]}).drop_duplicates()
    pairs["people"] = sums.loc[pairs["square"]].to_numpy()
    ordered = [rows for _, rows in pairs.sort_values(["nil", "people", "square"]).groupby("nil", sort=True)]
    joined: set[str] = set()
    while True:  # a square that is hidden for one quarter may be the only one of its neighbour
        before = len(joined)
        for rows in ordered:
            is_hidden = rows["square"].isin(hidden | joined)
            others = rows[~is_hidden & (rows["people"] < rules.hidden_most)]
            if is_hidden.sum() == 1 and len(others):
                joined.add(str(others["square"].iloc[0]))
        if len(joined) == before:
            return joined


def _hide_areas(
    name: str, table: gpd.GeoDataFrame, group: str, variants: Sequence[str], rules: Rules
) -> set[tuple[str, str, int]]:
    """Return the figures of small areas, and those reached, or not reached, that are few; none alone in its variant."""
    total = table[group].to_numpy(dtype=np.float64)
    is_small = rules.is_small(total)
    columns = [group, *(reached_column(variant, group) for variant in variants)]
    hidden = {(name, column, row) for column in columns for row in np.flatnonzero(is_small).tolist()}
    for column in columns[1:]:
        reached = table[column].to_numpy(dtype=np.float64)
        few = (rules.is_small(reached) | rules.is_small(total - reached)) & ~is_small
        rows = set(np.flatnonzero(few).tolist())
        rows |= lonely_partner(reached, total, rows | set(np.flatnonzero(is_small).tolist()))
        hidden |= {(name, column, row) for row in rows}
    return hidden


def lonely_partner(reached: Floats, total: Floats, hidden: set[int]) -> set[int]:
    """Return the row that is hidden with a lonely one: the smallest of which some are reached and some are not.

    Examples
    --------
    >>> lonely_partner(np.array([3.0, 20.0, 30.0]), np.array([90.0, 80.0, 40.0]), {0})
    {2}
    """
    if len(hidden) != 1:
        return set()
    able = [row for row in np.argsort(total, kind="stable").tolist() if row not in hidden and 0 < reached[row] < total[row]]
    return set(able[:1])


def count_protection(choices: Mapping[str, Choices], plan: Plan) -> dict[str, dict[str, int]]:
    """Return by group what was merged and hidden, in numbers."""
    counted = {}
    for group, chosen in choices.items():
        people = plan.cells[group].to_numpy(dtype=np.float64)
        sizes = pd.Series(chosen.squares).str.extract(r"RES(\d+)m", expand=False).astype(int)
        lived = people > 0
        by_size = {f"cells shown at {size} m": int((sizes[lived] == size).sum()) for size in sorted(set(sizes[lived]))}
        hidden = np.isin(chosen.squares, sorted(chosen.hidden_squares)) & lived
        counted[group] = {
            "cells with people": int(lived.sum()),
            **by_size,
            "squares": len(set(chosen.squares[lived])),
            "squares hidden": len(chosen.hidden_squares),
            "cells in hidden squares": int(hidden.sum()),
            "figures of quarters hidden": sum(name == "nil" for name, _, _ in chosen.hidden),
            "figures of districts hidden": sum(name == "districts" for name, _, _ in chosen.hidden),
        }
    return counted
