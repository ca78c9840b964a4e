"""What is hidden beside, where something small could be computed: the figures that the computation needs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.plan import Plan, reached_column
from maps.release.atoms import NOWHERE, Atoms
from maps.release.check import Checked, Target
from maps.release.choices import Choices, lonely_partner
from maps.release.figures import THIS, Label

Hidden = tuple[str, str, int]


def hide_leaks(choices: Choices, checked: Checked, plan: Plan, group: str, atoms: Atoms) -> Choices:
    """Return choices that hide what the leaks of a check need; the same choices where nothing is left to hide.

    Parameters
    ----------
    choices
        What was hidden when the check was made.
    checked
        What it found.
    plan
        The plan as it was made.
    group
        The group.
    atoms
        The parts of the city.
    """
    squares: set[str] = set()
    figures: set[Hidden] = set()
    for leak in checked.leaks:
        for label in (*leak.parts, leak.whole) if leak.check != "c" else ():
            found = _figure_of(label, plan, group)
            if label.origin == THIS and label.family == "square":
                squares.add(label.key)
                break
            if found is not None and found not in choices.hidden:
                figures.add(found)
                break
    for target in checked.leaking:
        more = _figures_around(target, plan, group, atoms) - choices.hidden
        figures |= more
        if not more:
            squares |= _squares_around(target, choices, atoms)
    changed = choices.hide_squares(sorted(squares)).hide(sorted(figures))
    return _join_lonely(changed, plan, group)


def _figure_of(label: Label, plan: Plan, group: str) -> Hidden | None:
    """Return the figure of a table that a label names; None for squares, the city, and what is not released now."""
    for name, word, table, key in (("nil", "quarter", plan.nil, "nil"), ("districts", "district", plan.districts, "district")):
        if label.origin != THIS or not label.family.endswith(word):
            continue
        rows = np.flatnonzero(table[key].astype(str).to_numpy() == label.key)
        columns = {f"reached {variant.key}, {word}": reached_column(variant.key, group) for variant in plan.document.variants}
        column = group if label.family == word else columns.get(label.family)
        if column is not None and len(rows):
            return name, column, int(rows[0])
    return None


def _figures_around(target: Target, plan: Plan, group: str, atoms: Atoms) -> set[Hidden]:
    """Return the figures of those reached in the quarters of a hidden part."""
    quarters = np.unique(atoms.quarter[target.parts]).tolist()
    columns = [reached_column(variant.key, group) for variant in plan.document.variants]
    return {("nil", column, row) for row in quarters for column in columns}


def _squares_around(target: Target, choices: Choices, atoms: Atoms) -> set[str]:
    cells = atoms.cell[target.parts]
    return {str(name) for name in choices.squares[cells[cells != NOWHERE]]} - choices.hidden_squares


def _join_lonely(choices: Choices, plan: Plan, group: str) -> Choices:
    more: set[Hidden] = set()
    for name, table in (("nil", plan.nil), ("districts", plan.districts)):
        if group not in table.columns:
            continue
        total = pd.to_numeric(table[group]).to_numpy(dtype=np.float64)
        for variant in plan.document.variants:
            column = reached_column(variant.key, group)
            rows = {row for where, key, row in choices.hidden if (where, key) == (name, column)}
            more |= {(name, column, row) for row in lonely_partner(table[column].to_numpy(dtype=np.float64), total, rows)}
    return choices.hide(sorted(more))
