"""The differencing check of one group: nothing small can be computed from what is released, what was, and what is public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from layers.plan import Plan, minutes_column, reached_column
from maps.release.atoms import NOWHERE, Atoms
from maps.release.attack import find_bounds
from maps.release.choices import Choices
from maps.release.differences import Leak, subtract_inside, subtract_pairs
from maps.release.figures import Figures, Label
from maps.release.rules import TINY, Rules

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Target:
    """Something hidden: what it is, its parts, how wide its interval must be, and what would be hidden if it leaks.

    Parameters
    ----------
    label
        What it is.
    parts
        Rows of its atoms.
    width
        How wide its interval must be: the minimum count, or all that is public knowledge allows.
    """

    label: Label
    parts: NDArray[np.intp]
    width: float


@dataclass(frozen=True)
class Checked:
    """What the check of one group did.

    Parameters
    ----------
    n_figures, n_parts, n_remainders, n_pairs, n_hidden, n_programmes
        Figures known to an outsider, parts of the city with people, remainders of (a), pairs of (b), hidden parts of (c) and
        linear programmes solved for them.
    leaks, leaking
        What leaks, and which hidden parts are among it.
    """

    n_figures: int
    n_parts: int
    n_remainders: int
    n_pairs: int
    n_hidden: int
    n_programmes: int
    leaks: tuple[Leak, ...]
    leaking: tuple[Target, ...] = ()


def check_group(
    figures: Figures, targets: tuple[Target, ...], people: Floats, *, lived: NDArray[np.bool_], rules: Rules
) -> Checked:
    """Return what the three checks of a group found.

    Parameters
    ----------
    figures
        Everything an outsider knows of the group: released now, released before, public.
    targets
        What is hidden.
    people
        People of each part, in a city that fits the true figures, shape (n_atoms,).
    lived
        Which parts may have people: the check takes it that an outsider knows where nobody lives, shape (n_atoms,).
    rules
        The rules of the release.
    """
    has_people = np.flatnonzero(figures.parts @ lived.astype(np.float64) > 0)
    figures = figures.of(has_people)
    n_remainders, inside = subtract_inside(figures, people, rules, lived=lived)
    n_pairs, pairs = subtract_pairs(figures, people, rules, lived=lived)
    columns = np.flatnonzero(lived)
    known = Figures(figures.labels, sparse.csr_array(figures.parts[:, columns]), figures.low, figures.high)
    asked = _target_rows(targets, columns, len(people))
    width = np.array([target.width for target in targets])
    bounds = find_bounds(known, asked, width, people=people[columns])
    tight = bounds.too_tight(width)
    hidden = [Leak("c", targets[row].label, (), bounds.low[row], bounds.high[row]) for row in tight]
    return Checked(
        n_figures=len(figures),
        n_parts=len(columns),
        n_remainders=n_remainders,
        n_pairs=n_pairs,
        n_hidden=len(targets),
        n_programmes=bounds.n_programmes,
        leaks=(*inside, *pairs, *hidden),
        leaking=tuple(targets[row] for row in tight),
    )


def _target_rows(targets: tuple[Target, ...], columns: NDArray[np.intp], n_atoms: int) -> sparse.csr_array:
    index = np.full(n_atoms, NOWHERE)
    index[columns] = np.arange(len(columns))
    rows = [index[target.parts] for target in targets]
    rows = [row[row != NOWHERE] for row in rows]
    pointers = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.intp)
    joined = np.concatenate(rows) if rows else np.zeros(0, dtype=np.intp)
    return sparse.csr_array((np.ones(len(joined)), joined, pointers), shape=(len(rows), len(columns)))


def find_lived(plan: Plan, group: str, atoms: Atoms) -> NDArray[np.bool_]:
    """Return which parts may have people of a group: those of cells with people, those without a place if there are any."""
    cells = plan.cells[group].to_numpy(dtype=np.float64)
    no_place = next(one.no_place for one in plan.document.groups if one.key == group)
    return np.where(atoms.cell == NOWHERE, no_place > 0, cells[atoms.cell] > 0)


def find_targets(plan: Plan, group: str, choices: Choices, *, people: Floats, atoms: Atoms, rules: Rules) -> tuple[Target, ...]:
    """Return what is hidden of a group: its small cells, its hidden squares, and what is behind hidden figures of areas.

    Notes
    -----
    Where a quarter's public total itself is below the minimum count no part of it can be less known than that total says; the
    interval must then be as wide as the total.
    """
    modelled = next(one.modelled for one in plan.document.groups if one.key == group)
    least = float(rules.min_count)
    total = plan.nil[group].to_numpy(dtype=np.float64)
    public = total if modelled is None else np.full(len(total), np.inf)
    cells = plan.cells[group].to_numpy(dtype=np.float64)
    placed = np.flatnonzero(atoms.cell != NOWHERE)
    order = placed[np.argsort(atoms.cell[placed], kind="stable")]
    starts = np.searchsorted(atoms.cell[order], np.arange(len(cells) + 1))

    def target(label: Label, parts: NDArray[np.intp]) -> Target:
        most = float(public[np.unique(atoms.quarter[parts])].sum())
        return Target(label, parts, min(least, most))

    ids = plan.cells["cell_id"].tolist()
    found = [
        target(Label("cell", ids[row]), order[starts[row] : starts[row + 1]])
        for row in np.flatnonzero(rules.is_small(cells)).tolist()
    ]
    by_square: dict[str, list[NDArray[np.intp]]] = {}
    for row in np.flatnonzero(np.isin(choices.squares, sorted(choices.hidden_squares)) & (cells > 0)).tolist():
        by_square.setdefault(str(choices.squares[row]), []).append(order[starts[row] : starts[row + 1]])
    found += [target(Label("hidden square", name), np.concatenate(rows)) for name, rows in sorted(by_square.items())]
    return (*found, *_area_targets(plan, group, choices, people=people, atoms=atoms, rules=rules, target=target))


def _area_targets(
    plan: Plan,
    group: str,
    choices: Choices,
    *,
    people: Floats,
    atoms: Atoms,
    rules: Rules,
    target: Callable[[Label, NDArray[np.intp]], Target],
) -> list[Target]:
    found = []
    modelled = next(one.modelled for one in plan.document.groups if one.key == group)
    for name, column, row in sorted(choices.hidden):
        table, own = (plan.nil, atoms.quarter) if name == "nil" else (plan.districts, atoms.district)
        area = str(table.iloc[row, 0])
        variant = next((one for one in plan.document.variants if reached_column(one.key, group) == column), None)
        if variant is None:
            continue  # the total itself, which is public or as wide as all of its parts
        minutes = plan.cells[minutes_column(variant.key)].to_numpy(dtype=np.float64)
        with np.errstate(invalid="ignore"):
            near = (minutes <= plan.document.standard_min)[atoms.cell] & (atoms.cell != NOWHERE)
        whole = people[own == row].sum()
        for word, parts in (("reached", (own == row) & near), ("not reached", (own == row) & ~near)):
            if modelled is None and whole - people[parts].sum() < TINY:
                continue  # all of a total that is public
            if TINY < people[parts].sum() < rules.min_count - TINY:
                label = Label(f"{word} {variant.key}, {'quarter' if name == 'nil' else 'district'}", area)
                found.append(target(label, np.flatnonzero(parts)))
    return found
